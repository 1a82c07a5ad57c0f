"""Account exports of ICBC 工商银行 (历史明细, debit and credit cards), CSV in UTF-8 or GB18030."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loantrail.money import yuan_text
from loantrail.sources.exact import scaled_integer
from loantrail.sources.export_rows import (
    is_readable_amount,
    own_account,
    refuse_undecodable,
    visible_counterparty,
)
from loantrail.sources.exports import Export, Row, heading_score, newest_first, read_export
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.statement_lines import Line, LineGatherer, joined

_COLUMNS: Final = ("交易日期", "摘要", "记账金额(收入)", "记账金额(支出)", "记账币种", "余额")
_YUAN_DIGITS: Final = 2


class IcbcAdapter:
    """Reads ICBC exports of debit cards (with and without counterparty accounts) and of credit cards."""

    name = "icbc"
    chinese = "工商银行历史明细"

    def recognises(self, path: Path, head: bytes) -> int:
        return heading_score(path, head, _COLUMNS)

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines; `sequence` runs from the oldest row on. Raises what `read_export` raises."""
        lines = LineGatherer(source, amount_unit="major")
        export = read_export(source, _COLUMNS)
        account = own_account(export, source, lines, "卡号", "账号")
        refuse_undecodable(export, lines)
        rows = export.rows
        dates = [_date(row) for row in rows]
        backwards = newest_first(dates)
        hidden = 0
        for index, row in enumerate(rows):
            balance = row.text("余额")
            if balance is not None and not is_readable_amount(balance):
                balance, hidden = None, hidden + 1
            amount = _amount(row, lines)
            if amount is None:
                continue
            direction, text = amount
            number, remark = visible_counterparty(row.text("对方账户"))
            lines.line(
                Line(
                    position=row.position,
                    sequence=len(rows) - index if backwards else index + 1,
                    booked_at=dates[index],
                    account=account,
                    direction=direction,
                    amount_fen=text,
                    currency=row.text("记账币种"),
                    counterparty_account=number,
                    counterparty_name=row.text("对方户名") or row.text("交易场所"),
                    purpose_text=joined(row.text("摘要"), row.text("交易详情"), row.text("交易场所"), remark),
                    balance_fen=balance,
                    institution="工商银行",
                ),
                row.original,
            )
        if hidden:
            lines.notice(
                "余额",
                "balance_unreadable",
                f"the balance of {hidden} of {len(rows)} rows is no number; the rows are kept without it",
            )
        _check_totals(export, lines)
        yield from lines.batches(export.bytes_read, final=True)


def _date(row: Row) -> str:
    return row["记账日期"] or row["交易日期"]


def _amount(row: Row, lines: LineGatherer) -> tuple[str, str] | None:
    """Direction and amount, of which exactly one column holds one; else the row is refused."""
    income, expense = row.text("记账金额(收入)"), row.text("记账金额(支出)")
    if (income is None) == (expense is None):
        reason = "amount_missing" if income is None else "amount_ambiguous"
        message = f"记账金额(收入) is {income!r}, 记账金额(支出) is {expense!r}: one of them must be given; correct the row"
        lines.refuse(row.position, "记账金额", reason, message, row.original)
        return None
    return ("credit", income) if income is not None else ("debit", expense or "")


def _check_totals(export: Export, lines: LineGatherer) -> None:
    """Compare the footer's totals with the rows."""
    if len(export.footers) != 1:
        return
    for column in ("记账金额(收入)", "记账金额(支出)"):
        footer = scaled_integer(export.footers[0][column], _YUAN_DIGITS)
        read = [scaled_integer(row[column], _YUAN_DIGITS) for row in export.rows if row.text(column)]
        total = sum(value for value in read if isinstance(value, int))
        if isinstance(footer, int) and footer != total:
            lines.notice(
                column,
                "total_difference",
                f"the footer says {export.footers[0][column]}, the rows add up to {yuan_text(total)}; rows are missing or "
                "were changed",
            )


ADAPTERS: Final[tuple[Adapter, ...]] = (IcbcAdapter(),)

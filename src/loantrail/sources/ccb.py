"""Account exports of CCB 建设银行 (交易明细), XLS as the bank delivers them, or the same table as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loantrail.sources.exact import scaled_integer
from loantrail.sources.export_rows import (
    is_readable_amount,
    own_account,
    refuse_undecodable,
    visible_counterparty,
)
from loantrail.sources.exports import Row, heading_score, newest_first, read_export
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.statement_lines import Line, LineGatherer, joined

_COLUMNS: Final = ("记账日", "交易日期", "支出", "收入", "账户余额", "摘要", "对方账号", "对方户名")
_FOOTER: Final = ("以上数据",)


class CcbAdapter:
    """Reads CCB exports."""

    name = "ccb"
    chinese = "建设银行交易明细"

    def recognises(self, path: Path, head: bytes) -> int:
        return heading_score(path, head, _COLUMNS)

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines; `sequence` runs from the oldest row on. Raises what `read_export` raises."""
        lines = LineGatherer(source, amount_unit="major")
        export = read_export(source, _COLUMNS, _FOOTER)
        account = own_account(export, source, lines, "账号")
        currency = export.fact("币种")
        institution = joined("建设银行", export.fact("开户机构"))
        refuse_undecodable(export, lines)
        rows = export.rows
        moments = [joined(row["交易日期"], row.text("交易时间")) or "" for row in rows]
        backwards = newest_first(moments)
        hidden = 0
        for index, row in enumerate(rows):
            balance = row.text("账户余额")
            if balance is not None and not is_readable_amount(balance):
                balance, hidden = None, hidden + 1
            amount = _amount(row, lines)
            if amount is None:
                continue
            number, remark = visible_counterparty(row.text("对方账号"))
            lines.line(
                Line(
                    position=row.position,
                    sequence=len(rows) - index if backwards else index + 1,
                    booked_at=moments[index],
                    account=account,
                    direction=amount[0],
                    amount_fen=amount[1],
                    currency=row.text("币种") or currency,
                    counterparty_account=number,
                    counterparty_name=row.text("对方户名"),
                    purpose_text=joined(row.text("摘要"), row.text("交易地点"), remark),
                    balance_fen=balance,
                    institution=institution,
                ),
                row.original,
            )
        if hidden:
            lines.notice(
                "账户余额",
                "balance_unreadable",
                f"the balance of {hidden} of {len(rows)} rows is no number; the rows are kept without it",
            )
        yield from lines.batches(export.bytes_read, final=True)


def _amount(row: Row, lines: LineGatherer) -> tuple[str, str] | None:
    """Direction and amount. The other column is empty or zero; else the row is refused."""
    expense, income = row.text("支出") or "0", row.text("收入") or "0"
    nothing = [scaled_integer(text, 8) == 0 for text in (expense, income)]
    if nothing == [False, False]:
        message = f"支出 is {expense!r} and 收入 is {income!r}: only one of them can be; correct the row"
        lines.refuse(row.position, "支出", "amount_ambiguous", message, row.original)
        return None
    return ("credit", income) if nothing[0] and not nothing[1] else ("debit", expense)


ADAPTERS: Final[tuple[Adapter, ...]] = (CcbAdapter(),)

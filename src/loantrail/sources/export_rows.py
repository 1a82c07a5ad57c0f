"""What the rows of all bank and wallet exports have in common."""

from __future__ import annotations

import re

from loantrail.sources.exact import scaled_integer
from loantrail.sources.exports import Export
from loantrail.sources.model import SourceFile
from loantrail.sources.statement_lines import LineGatherer, is_masked


def is_readable_amount(text: str) -> bool:
    """Whether the text is a number at all; its exactness is judged with the row."""
    return isinstance(scaled_integer(text, 8), int)


def own_account(export: Export, source: SourceFile, lines: LineGatherer, *names: str) -> str | None:
    """The account number: the option `account`, else what stands above the heading. A masked one is said to be so."""
    account = source.options.get("account") or export.fact(*names)
    if account is not None and is_masked(account):
        lines.take_masked_account()
        lines.notice(
            "account",
            "account_masked",
            f"the account number {account} is partly hidden, other accounts may share it; give the whole number with the "
            "option `account`",
        )
    return account


def refuse_undecodable(export: Export, lines: LineGatherer) -> None:
    """Refuse the rows that hold a byte which is not of the file's encoding, or cannot be taken apart."""
    for row in export.undecodable:
        message = "the row holds a byte that is not of the file's encoding, or a cell without an end; export it again"
        lines.refuse(row.position, "", "row_unreadable", message, row.original)
    for name in export.ignored_sheets:
        lines.notice(
            "",
            "sheet_ignored",
            f"the sheet {name!r} holds the same kind of table; only the first one is read",
        )
    if not export.rows and not export.undecodable:
        lines.notice("", "no_rows", "the export has its heading and no transaction below it; export it again")


def visible_counterparty(number: str | None) -> tuple[str | None, str | None]:
    """(account number, remark): a masked number identifies no account and becomes a remark."""
    if number is None or not is_masked(number):
        return number, None
    return None, f"对方账号 {number}"


def check_record_count(export: Export, lines: LineGatherer) -> None:
    """Compare the number of records that stands above the heading (`共66笔记录`) with the rows."""
    for cells in export.above:
        said = re.match(r"共(\d{1,9})笔记录", "".join(cells))
        if said is None:
            continue
        rows = len(export.rows) + len(export.undecodable)
        if int(said[1]) != rows:
            lines.notice(
                "",
                "record_count_difference",
                f"the export says it has {int(said[1])} records, it holds {rows}; those that are there are kept, export it "
                "again",
            )

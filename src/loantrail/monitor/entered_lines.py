"""Lines that are entered, as the database takes them and as frames show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from loantrail.ledger.store_entering import NULL, escaped
from loantrail.monitor.model import Entered

INSTANT: Final = pl.Datetime("us", "UTC")
_OF_LINE: Final = {
    "booked_at": INSTANT,
    "account": pl.String(),
    "direction": pl.String(),
    "amount_fen": pl.Int64(),
    "currency": pl.String(),
    "counterparty_account": pl.String(),
    "counterparty_name": pl.String(),
    "purpose_text": pl.String(),
    "balance_fen": pl.Int64(),
    "reverses": pl.String(),
    "reference": pl.String(),
    "document_no": pl.String(),
    "counterparty_institution": pl.String(),
    "account_name": pl.String(),
    "institution": pl.String(),
}
_OF_ENTRY: Final = {
    "line_id": pl.String(),
    "arrival_number": pl.Int64(),
    "position": pl.Int64(),
    "sequence": pl.Int64(),
    "unit_id": pl.String(),
}


def frame_of(entered: Sequence[Entered], source_file: str) -> pl.DataFrame:
    """The columns of `published.statement_line`, in order of arrival; accounts as they are written."""
    lines = [one.line for one in entered]
    columns = [
        pl.Series(name, [getattr(one, name) for one in entered], dtype=kind)
        for name, kind in _OF_ENTRY.items()
    ]
    columns += [
        pl.Series(name, [getattr(line, name) for line in lines], dtype=kind)
        for name, kind in _OF_LINE.items()
    ]
    return pl.DataFrame(columns).with_columns(pl.lit(source_file).alias("source_file"))


def row_of(one: Entered, file_id: int) -> str:
    """One line for `store_entering.copy_lines`: its `LINE_COLUMNS`."""
    line = one.line
    balance = NULL if line.balance_fen is None else line.balance_fen
    texts = (
        line.account,
        line.counterparty_account,
        line.counterparty_name,
        line.purpose_text,
        line.reverses,
        line.reference,
        line.document_no,
        line.counterparty_institution,
        line.account_name,
        line.institution,
    )
    if not line.is_plain or "\\" in "".join(filter(None, texts)):
        texts = [None if text is None else escaped(text) for text in texts]
    account, other, name, purpose, reverses, reference, document, bank, own_name, own_bank = [
        NULL if text is None else text for text in texts
    ]
    return (
        f"{one.line_id}\t{one.arrival_number}\t{file_id}\t{one.position}\t{line.instant_text}\t{one.sequence}\t{account}\t"
        f"{line.direction}\t{line.amount_fen}\t{line.currency}\t{other}\t{name}\t{purpose}\t{balance}\t{reverses}\t"
        f"{reference}\t{document}\t{bank}\t{own_name}\t{own_bank}\t{escaped(one.unit_id)}\n"
    )

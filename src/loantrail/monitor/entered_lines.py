"""Lines that are entered, as the database takes them."""

from __future__ import annotations

from loantrail.ledger.store_entering import NULL, escaped
from loantrail.monitor.model import Entered


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
        f"{one.line_id}\t{one.arrival_number}\t{file_id}\t{one.arrival_number}\t{line.instant_text}\t{one.sequence}\t{account}\t"
        f"{line.direction}\t{line.amount_fen}\t{line.currency}\t{other}\t{name}\t{purpose}\t{balance}\t{reverses}\t"
        f"{reference}\t{document}\t{bank}\t{own_name}\t{own_bank}\t{escaped(one.unit_id)}\n"
    )

"""Credit transfers between banks (pacs.008) turned into the two statement lines that each of them makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loantrail.sources.iso20022_parts import (
    Amount,
    Party,
    amount_of,
    child,
    minor_units,
    party_of,
    references_of,
    remittance_text,
    text,
)
from loantrail.sources.iso20022_xml import Element, as_bytes
from loantrail.sources.statement_lines import Line, LineGatherer, first_of, joined

LINES_OF_A_TRANSFER: Final = 2


@dataclass(slots=True)
class PaymentMessage:
    """One `FIToFICstmrCdtTrf` while it is read, with the totals that its header announces."""

    created_at: str | None = None
    settled_on: str | None = None
    announced_transfers: int | None = None
    announced_total: Amount | None = None
    transfers: int = 0
    total_fen: int = 0

    def read_header(self, header: Element) -> None:
        self.created_at = text(header, "CreDtTm")
        self.settled_on = text(header, "IntrBkSttlmDt")
        number = text(header, "NbOfTxs") or ""
        if number.isascii() and number.isdigit() and len(number) < 16:
            self.announced_transfers = int(number)
        total = child(header, "TtlIntrBkSttlmAmt")
        self.announced_total = None if total is None else amount_of(total)

    def check_totals(self, lines: LineGatherer) -> None:
        """Compare number and sum of the transfers with the header."""
        if self.announced_transfers is not None and self.announced_transfers != self.transfers:
            lines.notice(
                "NbOfTxs",
                "record_count_difference",
                f"the header announces {self.announced_transfers} transfers, the message holds {self.transfers}; "
                "all that are there are kept",
            )
        total = self.announced_total
        if total is not None and total.amount_fen is not None and total.amount_fen != self.total_fen:
            lines.notice(
                "TtlIntrBkSttlmAmt",
                "total_difference",
                f"the header announces a total of {total.given} {total.currency}, which the transfers do not reach; "
                "all that are there are kept",
            )


def transfer_lines(transfer: Element, message: PaymentMessage, position: int, lines: LineGatherer) -> int:
    """Hand the two lines of one `CdtTrfTxInf` to `lines`: the debit of the debtor's account, then the credit of the
    creditor's, both for the settlement amount and with the same reference. A side without an account number is
    refused by name, the other side stays. Returns the next free position.
    """
    original = as_bytes(transfer)
    message.transfers += 1
    amount = amount_of(child(transfer, "IntrBkSttlmAmt"))
    if amount.amount_fen is None:
        for side in range(LINES_OF_A_TRANSFER):
            lines.refuse(
                position + side,
                "IntrBkSttlmAmt",
                amount.problem,
                f"IntrBkSttlmAmt is {amount.given!r} {amount.currency or ''}: {amount.problem}; the sender must "
                "correct it",
                original,
            )
        return position + LINES_OF_A_TRANSFER
    message.total_fen += amount.amount_fen
    settled_on = text(transfer, "IntrBkSttlmDt") or message.settled_on
    booked_at = settled_on or text(transfer, "AccptncDtTm") or message.created_at
    references = references_of(child(transfer, "PmtId"))
    debtor, creditor = (party_of(transfer, transfer, side) for side in ("Dbtr", "Cdtr"))
    instructed = child(transfer, "InstdAmt")
    purpose = joined(
        "pacs.008",
        remittance_text(child(transfer, "RmtInf")),
        first_of(text(transfer, "Purp", "Cd"), text(transfer, "Purp", "Prtry")),
        _instructed_text(instructed, amount),
        f"on behalf of {debtor.ultimate_name}" if debtor.ultimate_name else None,
        f"for {creditor.ultimate_name}" if creditor.ultimate_name else None,
    )
    end_to_end = text(transfer, "PmtId", "EndToEndId")
    sides: tuple[tuple[str, Party, Party], ...] = (("debit", debtor, creditor), ("credit", creditor, debtor))
    for offset, (direction, own, other) in enumerate(sides):
        if own.account is None:
            named = "DbtrAcct" if direction == "debit" else "CdtrAcct"
            message_text = f"the transfer names no {named}: whose account is it; the sender must add it"
            lines.refuse(position + offset, named, "account_missing", message_text, original)
            continue
        lines.line(
            Line(
                position=position + offset,
                sequence=position + offset,
                booked_at=booked_at,
                account=own.account,
                direction=direction,
                amount_fen=amount.amount_fen,
                currency=amount.currency,
                counterparty_account=other.account,
                counterparty_name=other.name,
                purpose_text=purpose,
                reference=references.shared,
                document_no=end_to_end if end_to_end != "NOTPROVIDED" else None,
                counterparty_institution=other.institution,
                account_name=own.name,
                institution=own.institution,
            ),
            original,
        )
    return position + LINES_OF_A_TRANSFER


def _instructed_text(instructed: Element | None, settled: Amount) -> str | None:
    """What the debtor ordered, where that is another amount than what is settled."""
    if instructed is None:
        return None
    ordered = minor_units(instructed.text, instructed.get("Ccy"))
    if ordered.amount_fen == settled.amount_fen and ordered.currency == settled.currency:
        return None
    return f"ordered {ordered.given} {ordered.currency or ''}"

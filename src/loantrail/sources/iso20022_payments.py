"""Credit transfers between banks (pacs.008) turned into the two statement lines that each of them makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from loantrail.sources.iso20022_parts import (
    REMITTANCE_PATHS,
    Amount,
    Party,
    amount_of,
    creditor_of,
    debtor_of,
    party_paths,
    reference_paths,
    references_of,
    remittance_text,
)
from loantrail.sources.iso20022_xml import CURRENCY, Values
from loantrail.sources.statement_lines import Line, LineGatherer, joined

_TOTAL: Final = "TtlIntrBkSttlmAmt"
HEADER_PATHS: Final = ("CreDtTm", "IntrBkSttlmDt", "NbOfTxs", f"{_TOTAL}$")
TRANSFER_PATHS: Final = (
    *party_paths("", "", "Dbtr"), *party_paths("", "", "Cdtr"), *reference_paths("PmtId"), *REMITTANCE_PATHS,
    "Purp/Cd=Purp", "Purp/Prtry=Purp", "IntrBkSttlmAmt$", "InstdAmt$", "IntrBkSttlmDt", "AccptncDtTm",
)  # fmt: skip
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

    def read_header(self, values: Values) -> None:
        self.created_at = values.get("CreDtTm")
        self.settled_on = values.get("IntrBkSttlmDt")
        number = values.get("NbOfTxs", "")
        if number.isascii() and number.isdigit() and len(number) < 16:
            self.announced_transfers = int(number)
        if _TOTAL in values or _TOTAL + CURRENCY in values:
            self.announced_total = amount_of(values, _TOTAL)

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


def transfer_lines(
    values: Values, original: bytes, message: PaymentMessage, position: int, lines: LineGatherer
) -> int:
    """Hand the two lines of one `CdtTrfTxInf` to `lines`: the debit of the debtor's account, then the credit of the
    creditor's, both for the settlement amount and with the same reference. A side without an account number is
    refused by name, the other side stays. Returns the next free position.
    """
    message.transfers += 1
    amount = amount_of(values, "IntrBkSttlmAmt")
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
    settled_on = values.get("IntrBkSttlmDt") or message.settled_on
    booked_at = settled_on or values.get("AccptncDtTm") or message.created_at
    references = references_of(values)
    debtor, creditor = debtor_of(values), creditor_of(values)
    purpose = joined(
        "pacs.008",
        *remittance_text(values),
        values.get("Purp"),
        _instructed_text(values, amount),
        f"on behalf of {debtor.ultimate_name}" if debtor.ultimate_name else None,
        f"for {creditor.ultimate_name}" if creditor.ultimate_name else None,
    )
    end_to_end = values.get("EndToEndId")
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


def _instructed_text(values: Values, settled: Amount) -> str | None:
    """What the debtor ordered, where that is another amount than what is settled."""
    if "InstdAmt" not in values:
        return None
    ordered = amount_of(values, "InstdAmt")
    if ordered.amount_fen == settled.amount_fen and ordered.currency == settled.currency:
        return None
    return f"ordered {ordered.given} {ordered.currency or ''}"

"""Entries of an account statement, report or notification (camt.053, .052, .054) turned into statement lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from loantrail.money import yuan_text
from loantrail.sources.iso20022_parts import (
    Amount,
    Party,
    References,
    account_number,
    amount_of,
    child,
    children,
    direction_of,
    institution_of,
    moment_of,
    party_name,
    party_of,
    references_of,
    remittance_text,
    text,
)
from loantrail.sources.iso20022_xml import Element, as_bytes
from loantrail.sources.statement_lines import Line, LineGatherer, first_of, joined

DETAILS_KEPT_MAX: Final = 1_000
"""Details of one entry whose elements stay in memory; of a larger batch only what was read from them."""

_NOT_BOOKED: Final = frozenset(("PDNG", "INFO", "FUTR"))
_TRUE: Final = frozenset(("true", "1"))
_DETAIL_AMOUNTS: Final = (
    ("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "CntrValAmt", "Amt"), ("AmtDtls", "InstdAmt", "Amt"),
)  # fmt: skip
"""Where a detail may state its amount, best first; the first in the entry's currency counts."""
_REMEDIES: Final = {
    "amount_missing": "the bank must state it",
    "amount_not_a_number": "amounts are written with digits and one decimal point",
    "amount_not_positive": "an amount is above zero, the indicator says which way it went",
    "amount_finer_than_minor_unit": "an amount is a whole number of the currency's smallest unit",
    "amount_too_large": "amounts stay below 2^62 minor units",
    "currency_missing": "the attribute Ccy names it",
    "currency_unknown": "use the ISO 4217 code",
}


@dataclass(slots=True)
class Detail:
    """One transaction of an entry."""

    amounts: tuple[Amount, ...]
    direction: str | None
    debtor: Party
    creditor: Party
    references: References
    purpose: str | None
    returned: bool
    element: Element | None
    """None in a very large batch."""


def read_detail(element: Element, *, keep: bool) -> Detail:
    """Read a `TxDtls`. `keep` leaves the element itself at hand for a refusal's original."""
    parties, agents = child(element, "RltdPties"), child(element, "RltdAgts")
    amounts = (child(element, *path) for path in _DETAIL_AMOUNTS)
    returned = child(element, "RtrInf")
    reason = returned if returned is None else first_of(
        text(returned, "Rsn", "Cd"), text(returned, "Rsn", "Prtry"), text(returned, "RtrRsn", "Cd")
    )  # fmt: skip
    return Detail(
        amounts=tuple(amount_of(amount) for amount in amounts if amount is not None),
        direction=direction_of(element),
        debtor=party_of(parties, agents, "Dbtr"),
        creditor=party_of(parties, agents, "Cdtr"),
        references=references_of(child(element, "Refs")),
        purpose=joined(
            remittance_text(child(element, "RmtInf")),
            first_of(text(element, "Purp", "Cd"), text(element, "Purp", "Prtry")),
            text(element, "AddtlTxInf"),
            None if returned is None else joined("return", reason, *_remarks(returned)),
        ),
        returned=returned is not None,
        element=element if keep else None,
    )


def _remarks(returned: Element) -> list[str | None]:
    return [part.text for part in children(returned, "AddtlInf")]


@dataclass(slots=True)
class Statement:
    """One `Stmt`, `Rpt` or `Ntfctn` while it is read: whose it is, and how its balance runs."""

    number: int
    """1-based within the file."""
    account: str | None = None
    account_name: str | None = None
    institution: str | None = None
    created_at: str | None = None
    opening: Amount | None = None
    closing: Amount | None = None
    running_fen: int = 0
    """Opening balance and all booked entries so far."""
    followed: bool = True
    """Whether every booked entry could be added up: only then does a line say the balance after it."""
    details: list[Detail] = field(default_factory=list[Detail])
    """Of the entry being read."""

    def read_account(self, element: Element) -> None:
        self.account = account_number(element) or self.account
        self.account_name = first_of(party_name(child(element, "Ownr")), text(element, "Nm"))
        self.institution = institution_of(child(element, "Svcr"))

    def read_balance(self, element: Element) -> None:
        """Keep opening (OPBD, else the previous closing PRCD) and closing (CLBD) booked balance."""
        code = first_of(text(element, "Tp", "CdOrPrtry", "Cd"), text(element, "Tp", "Cd"))
        amount = amount_of(child(element, "Amt"))
        if amount.amount_fen is not None and direction_of(element) == "debit":
            amount = Amount(-amount.amount_fen, amount.currency)
        if code == "OPBD" or (code == "PRCD" and self.opening is None):
            self.opening = amount
            self.running_fen = amount.amount_fen or 0
        elif code == "CLBD":
            self.closing = amount

    def book(self, direction: str, amount_fen: int, currency: str | None) -> int | None:
        """Add a booked amount; the balance after it where it is certain, else None."""
        self.running_fen += amount_fen if direction == "credit" else -amount_fen
        if self.opening is None or self.opening.amount_fen is None or self.opening.currency != currency:
            self.followed = False
        return self.running_fen if self.followed else None

    def check_balances(self, lines: LineGatherer) -> None:
        """Compare opening balance and entries with the closing balance, where one currency runs through."""
        opening, closing = self.opening, self.closing
        where = f"statement {self.number} of account {self.account or '?'}"
        for name, balance in (("opening", opening), ("closing", closing)):
            if balance is not None and balance.amount_fen is None:
                lines.notice(
                    "balance_fen",
                    "balance_unreadable",
                    f"the {name} balance {balance.given!r} of {where} cannot be read: {balance.problem}",
                )
                return
        if opening is None or closing is None or closing.amount_fen is None:
            return
        if opening.currency != closing.currency:
            lines.notice(
                "balance_fen",
                "balance_currency_differs",
                f"{where} opens in {opening.currency} and closes in {closing.currency}: its balances cannot be "
                "checked; ask the bank for a statement in one currency",
            )
        elif not self.followed or self.running_fen != closing.amount_fen:
            currency = closing.currency or ""
            reached = yuan_text(self.running_fen, currency) if self.followed else "no certain amount in"
            lines.notice(
                "balance_fen",
                "balance_difference",
                f"opening balance and booked entries of {where} come to {reached} {currency}, its closing balance "
                f"says {yuan_text(closing.amount_fen, currency)} {currency}; all its entries are kept, ask the "
                "bank what is missing",
            )


def entry_lines(
    entry: Element, statement: Statement, position: int, lines: LineGatherer, default_account: str | None
) -> int:
    """Hand the lines of one `Ntry` to `lines`; returns the next free position.

    An entry of several transactions is broken into them when their amounts, in the entry's currency, add up to it
    exactly. Otherwise it stays one line, for its own amount, without a counterparty that not all of them share.
    """
    details, statement.details = statement.details, []
    original = as_bytes(entry)
    status = first_of(text(entry, "Sts", "Cd"), text(entry, "Sts", "Prtry"), text(entry, "Sts"))
    if status != "BOOK":
        reason = "entry_not_booked" if status in _NOT_BOOKED else "entry_status_unknown"
        message = f"the entry's status is {status!r}: only booked entries (BOOK) have moved money"
        lines.refuse(position, "Sts", reason, f"{message}; it comes again once it is booked", original)
        return position + 1
    direction = direction_of(entry)
    if direction is None:
        statement.followed = False
        given = text(entry, "CdtDbtInd")
        message = f"CdtDbtInd is {given!r}, neither DBIT nor CRDT; the bank must correct it"
        lines.refuse(position, "CdtDbtInd", "direction_unknown", message, original)
        return position + 1
    amount = amount_of(child(entry, "Amt"))
    if amount.amount_fen is None:
        statement.followed = False
        at = "Ccy" if amount.problem.startswith("currency") else "Amt"
        shown = amount.currency if at == "Ccy" and amount.currency else amount.given
        message = f"{at} is {shown!r}: {amount.problem}; {_REMEDIES[amount.problem]}"
        lines.refuse(position, at, amount.problem, message, original)
        return position + 1

    common = _Entry(
        entry=entry,
        statement=statement,
        account=statement.account or default_account,
        direction=direction,
        amount=amount,
        booked_at=_booked_at(entry, statement, position, lines),
        reversal=(text(entry, "RvslInd") or "") in _TRUE,
    )
    shares = _shares(details, amount, direction)
    if shares is not None:
        for detail, (share_direction, share_fen) in zip(details, shares, strict=True):
            element = detail.element
            piece = original if element is None else as_bytes(element)
            lines.line(common.line(position, detail, share_direction, share_fen), piece)
            position += 1
        return position
    announced = _announced(entry, details)
    detail = details[0] if len(details) == 1 and announced == 1 else None
    if announced > 1:
        lines.notice(
            "TxDtls",
            "batch_not_broken",
            f"the entry at position {position} stands for {announced} transactions, whose amounts are not given or "
            "do not add up to it; it is kept as one line of its own amount",
            original,
        )
        detail = _common_detail(details) if len(details) == announced else None
    lines.line(common.line(position, detail, direction, amount.amount_fen), original)
    return position + 1


def _booked_at(entry: Element, statement: Statement, position: int, lines: LineGatherer) -> str | None:
    booked_at = moment_of(child(entry, "BookgDt"))
    if booked_at is None:
        value_date = moment_of(child(entry, "ValDt"))
        booked_at = value_date or statement.created_at
        if booked_at is not None:
            taken = "value date" if value_date else "date of the statement"
            message = (
                f"the entry at position {position} has no BookgDt; its {taken} {booked_at} stands for it"
            )
            lines.notice("BookgDt", "booking_date_missing", message)
    return booked_at


def _announced(entry: Element, details: list[Detail]) -> int:
    """How many transactions the entry stands for: as many as are described, or as its batch says."""
    announced = 0
    for group in (*children(entry, "NtryDtls"), entry):
        for batch in children(group, "Btch"):
            number = text(batch, "NbOfTxs") or ""
            announced += int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    return max(announced, len(details), 1)


def _shares(details: list[Detail], amount: Amount, direction: str) -> list[tuple[str, int]] | None:
    """Direction and amount of each detail when they add up to the entry exactly; else None."""
    if len(details) < 2:
        return None
    shares: list[tuple[str, int]] = []
    for detail in details:
        fitting = (each.amount_fen for each in detail.amounts if each.currency == amount.currency)
        share_fen = next((fen for fen in fitting if fen is not None), None)
        if share_fen is None:
            return None
        shares.append((detail.direction or direction, share_fen))
    if sum(fen if way == direction else -fen for way, fen in shares) == amount.amount_fen:
        return shares
    # some banks mark every detail the other way than its entry; the entry is what the account saw
    if len({way for way, _ in shares}) == 1 and sum(fen for _, fen in shares) == amount.amount_fen:
        return [(direction, fen) for _, fen in shares]
    return None


def _common_detail(details: list[Detail]) -> Detail | None:
    """What all details of an unbroken entry agree on."""
    if not details:
        return None
    first, rest = details[0], details[1:]
    nobody = Party()
    return Detail(
        amounts=(),
        direction=None,
        debtor=first.debtor if all(one.debtor == first.debtor for one in rest) else nobody,
        creditor=first.creditor if all(one.creditor == first.creditor for one in rest) else nobody,
        references=first.references
        if all(one.references == first.references for one in rest)
        else References(),
        purpose=joined(*(one.purpose for one in details)),
        returned=all(one.returned for one in details),
        element=None,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the lines of one entry have in common."""

    entry: Element
    statement: Statement
    account: str | None
    direction: str
    amount: Amount
    booked_at: str | None
    reversal: bool

    def line(self, position: int, detail: Detail | None, direction: str, amount_fen: int) -> Line:
        party = self._counterparty(detail, direction)
        taken_back = self.reversal or (detail is not None and detail.returned)
        shared = None if detail is None else detail.references.shared
        servicer = first_of(
            None if detail is None else detail.references.servicer,
            text(self.entry, "AcctSvcrRef"),
            text(self.entry, "NtryRef"),
        )
        document = None if detail is None else detail.references.document
        # a reversal or return repeats the references of the payment that it takes back; its own is the bank's
        reverses = shared if taken_back else None
        reference = servicer if taken_back else (shared or servicer)
        if reference == reverses:
            reference = None
        purpose = joined(
            None if detail is None else detail.purpose,
            *(part.text for part in children(self.entry, "AddtlNtryInf")),
            "reversal" if self.reversal else None,
            f"on behalf of {party.ultimate_name}"
            if party.ultimate_name and party.ultimate_name != party.name
            else None,
        )
        return Line(
            position=position,
            sequence=position,
            booked_at=self.booked_at,
            account=self.account,
            direction=direction,
            amount_fen=amount_fen,
            currency=self.amount.currency,
            counterparty_account=party.account,
            counterparty_name=party.name,
            purpose_text=purpose or _bank_code(self.entry),
            balance_fen=self.statement.book(direction, amount_fen, self.amount.currency),
            reverses=reverses,
            reference=reference,
            document_no=document or servicer,
            counterparty_institution=party.institution,
            account_name=self.statement.account_name,
            institution=self.statement.institution,
        )

    def _counterparty(self, detail: Detail | None, direction: str) -> Party:
        """Who stands on the other side. In a reversal or return both parties keep the part they had in the
        original payment, so the account holder of a credit is its debtor."""
        if detail is None:
            return Party()
        ours, theirs = detail.creditor, detail.debtor
        if (direction == "debit") != (self.reversal or detail.returned):
            ours, theirs = theirs, ours
        own = self.account
        if own is not None and theirs.account == own and ours.account != own:
            return ours
        return theirs


def _bank_code(entry: Element) -> str | None:
    """The bank transaction code, where nothing else says what the entry is."""
    code = child(entry, "BkTxCd")
    domain = [
        text(code, "Domn", "Cd"),
        text(code, "Domn", "Fmly", "Cd"),
        text(code, "Domn", "Fmly", "SubFmlyCd"),
    ]
    return "-".join(part for part in domain if part) or text(code, "Prtry", "Cd")

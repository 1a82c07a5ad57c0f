"""Entries of an account statement, report or notification (camt.053, .052, .054) turned into statement lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from loantrail.money import yuan_text
from loantrail.sources.iso20022_parts import (
    REMITTANCE_PATHS,
    Amount,
    Party,
    References,
    account_of,
    account_paths,
    amount_of,
    creditor_of,
    debtor_of,
    direction_of,
    institution_of,
    institution_paths,
    moment_of,
    moment_paths,
    name_paths,
    party_paths,
    reference_paths,
    references_of,
    remittance_text,
)
from loantrail.sources.iso20022_xml import CURRENCY, Values
from loantrail.sources.statement_lines import Line, LineGatherer, joined

DETAILS_KEPT_MAX: Final = 1_000
"""Details of one entry whose original bytes stay in memory; of a larger batch only what was read from them."""

_NOT_BOOKED: Final = frozenset(("PDNG", "INFO", "FUTR"))
_TRUE: Final = frozenset(("true", "1"))

ACCOUNT_PATHS: Final = (
    *account_paths("", "own"), *name_paths("Ownr", "owner"), "Nm=account_name", *institution_paths("Svcr", "own"),
)  # fmt: skip
BALANCE_PATHS: Final = ("Tp/CdOrPrtry/Cd=code", "Tp/Cd=code", "Amt$", "CdtDbtInd")
_BANK_CODE: Final = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
ENTRY_PATHS: Final = (
    "Sts", "Sts/Cd=Sts", "Sts/Prtry=Sts", *moment_paths("BookgDt"), *moment_paths("ValDt"), "Amt$", "CdtDbtInd",
    "RvslInd", "AcctSvcrRef", "NtryRef", "AddtlNtryInf*", *_BANK_CODE, "BkTxCd/Prtry/Cd",
    "NtryDtls/Btch/NbOfTxs*=NbOfTxs", "Btch/NbOfTxs*=NbOfTxs",
)  # fmt: skip
_DETAIL_AMOUNTS: Final = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt")
"""Where a detail may state its amount, best first; the first in the entry's currency counts."""
DETAIL_PATHS: Final = (
    *party_paths("RltdPties/", "RltdAgts/", "Dbtr"), *party_paths("RltdPties/", "RltdAgts/", "Cdtr"),
    *reference_paths("Refs"), *REMITTANCE_PATHS, "Purp/Cd=Purp", "Purp/Prtry=Purp", "CdtDbtInd", "AddtlTxInf",
    "RtrInf/Rsn/Cd=return", "RtrInf/Rsn/Prtry=return", "RtrInf/RtrRsn/Cd=return", "RtrInf/AddtlInf*",
    "RtrInf/OrgnlBkTxCd/Domn/Cd=returned", "RtrInf/OrgnlBkTxCd/Prtry/Cd=returned", "RtrInf/Orgtr/Nm=returned",
    *(f"{path}$" for path in _DETAIL_AMOUNTS),
)  # fmt: skip
_RETURN_MARKS: Final = ("return", "returned", "RtrInf/AddtlInf")
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
    original: bytes
    """Empty in a very large batch."""


def read_detail(values: Values, original: bytes) -> Detail:
    """Read a `TxDtls`."""
    returned = any(mark in values for mark in _RETURN_MARKS)
    return Detail(
        amounts=tuple(
            amount_of(values, path) for path in _DETAIL_AMOUNTS if path in values or path + CURRENCY in values
        ),
        direction=direction_of(values),
        debtor=debtor_of(values),
        creditor=creditor_of(values),
        references=references_of(values),
        purpose=joined(
            *remittance_text(values),
            values.get("Purp"),
            values.get("AddtlTxInf"),
            *(("return", values.get("return"), values.get("RtrInf/AddtlInf")) if returned else ()),
        ),
        returned=returned,
        original=original,
    )


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

    def read_account(self, values: Values) -> None:
        self.account = account_of(values, "own") or self.account
        self.account_name = values.get("owner") or values.get("account_name")
        self.institution = institution_of(values, "own")

    def read_balance(self, values: Values) -> None:
        """Keep opening (OPBD, else the previous closing PRCD) and closing (CLBD) booked balance."""
        code = values.get("code")
        amount = amount_of(values, "Amt")
        if amount.amount_fen is not None and direction_of(values) == "debit":
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
    values: Values,
    original: bytes,
    statement: Statement,
    position: int,
    lines: LineGatherer,
    default_account: str | None,
) -> int:
    """Hand the lines of one `Ntry` to `lines`; returns the next free position.

    An entry of several transactions is broken into them when their amounts, in the entry's currency, add up to it
    exactly. Otherwise it stays one line, for its own amount, without a counterparty that not all of them share.
    """
    details, statement.details = statement.details, []
    status = values.get("Sts")
    if status != "BOOK":
        reason = "entry_not_booked" if status in _NOT_BOOKED else "entry_status_unknown"
        message = f"the entry's status is {status!r}: only booked entries (BOOK) have moved money"
        lines.refuse(position, "Sts", reason, f"{message}; it comes again once it is booked", original)
        return position + 1
    direction = direction_of(values)
    if direction is None:
        statement.followed = False
        given = values.get("CdtDbtInd")
        message = f"CdtDbtInd is {given!r}, neither DBIT nor CRDT; the bank must correct it"
        lines.refuse(position, "CdtDbtInd", "direction_unknown", message, original)
        return position + 1
    amount = amount_of(values, "Amt")
    if amount.amount_fen is None:
        statement.followed = False
        at = "Ccy" if amount.problem.startswith("currency") else "Amt"
        shown = amount.currency if at == "Ccy" and amount.currency else amount.given
        message = f"{at} is {shown!r}: {amount.problem}; {_REMEDIES[amount.problem]}"
        lines.refuse(position, at, amount.problem, message, original)
        return position + 1

    common = _Entry(
        values=values,
        statement=statement,
        account=statement.account or default_account,
        direction=direction,
        amount=amount,
        booked_at=_booked_at(values, statement, position, lines),
        reversal=values.get("RvslInd") in _TRUE,
    )
    shares = _shares(details, amount, direction)
    if shares is not None:
        for detail, (share_direction, share_fen) in zip(details, shares, strict=True):
            lines.line(common.line(position, detail, share_direction, share_fen), detail.original or original)
            position += 1
        return position
    announced = _announced(values, details)
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


def _booked_at(values: Values, statement: Statement, position: int, lines: LineGatherer) -> str | None:
    booked_at = moment_of(values, "BookgDt")
    if booked_at is None:
        value_date = moment_of(values, "ValDt")
        booked_at = value_date or statement.created_at
        if booked_at is not None:
            taken = "value date" if value_date else "date of the statement"
            message = (
                f"the entry at position {position} has no BookgDt; its {taken} {booked_at} stands for it"
            )
            lines.notice("BookgDt", "booking_date_missing", message)
    return booked_at


def _announced(values: Values, details: list[Detail]) -> int:
    """How many transactions the entry stands for: as many as are described, or as its batches say."""
    numbers = values.get("NbOfTxs", "").split()
    announced = sum(
        int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 16
    )
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
        original=b"",
    )


@dataclass(slots=True)
class _Entry:
    """What the lines of one entry have in common."""

    values: Values
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
        servicer = None if detail is None else detail.references.servicer
        servicer = servicer or self.values.get("AcctSvcrRef") or self.values.get("NtryRef")
        document = None if detail is None else detail.references.document
        # a reversal or return repeats the references of the payment that it takes back; its own is the bank's
        reverses = shared if taken_back else None
        reference = servicer if taken_back else (shared or servicer)
        if reference == reverses:
            reference = None
        purpose = joined(
            None if detail is None else detail.purpose,
            self.values.get("AddtlNtryInf"),
            "reversal" if self.reversal else None,
            f"on behalf of {party.ultimate_name}" if party.ultimate_name else None,
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
            purpose_text=purpose or _bank_code(self.values),
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


def _bank_code(values: Values) -> str | None:
    """The bank transaction code, where nothing else says what the entry is."""
    domain = (values.get(path) for path in _BANK_CODE)
    return "-".join(part for part in domain if part) or values.get("BkTxCd/Prtry/Cd")

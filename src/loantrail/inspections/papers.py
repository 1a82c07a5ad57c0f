"""Which papers a line of the statement is asked for, which of them are known, and what is missing. Pure.

Known are the contract's payees, entrusted-payment orders and invoices of the books, and what people brought as vouchers. A
payment order names its payee as a contract does. The amounts and uses that papers are asked for are parameters.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from loantrail.ids import derived_id
from loantrail.inspections.model import RETAIL_KINDS, Paper
from loantrail.parameters import ParameterBook

WHOLE_LINE: Final = ""
"""The payee that a voucher names which speaks for all of a line."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Paper -> uses that it is asked for, and from which amount to one payee on."""

    uses: dict[Paper, frozenset[str]]
    least_fen: dict[Paper, int]
    any_will_do: bool
    """Retail: any paper that names the payee stands for a receipt."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Who got the loan's money of a line, and how much of it. `name_key`: the name as papers are compared by; `account` and
    `name_key` are empty for cash."""

    account: str
    party_id: str
    name_key: str
    amount_fen: int

    @property
    def key(self) -> str:
        """What tells the payees of a line apart, and what a voucher names its payee by."""
        return payee_key(self.account, self.name_key)


def payee_key(account: str, name_key: str) -> str:
    """The account, or where a line gave only a name, an id made of the name; empty for cash."""
    return account or (derived_id("payee name", name_key) if name_key else "")


def payee_id_of(loan_id: str, use: str, key: str) -> str:
    """What a page calls a payee of a line by, of its `Payee.key`: an account number may be masked there."""
    return derived_id("payee", loan_id, use, key)


@dataclass(frozen=True, slots=True)
class Named:
    """A contract or payment order that names a payee, by party, account or name; each may be empty."""

    number: str
    account: str
    party_id: str
    name_key: str

    def names(self, payee: Payee) -> bool:
        return (
            (self.account != "" and self.account == payee.account)
            or (self.party_id != "" and self.party_id == payee.party_id)
            or (self.name_key != "" and self.name_key == payee.name_key)
        )


@dataclass(frozen=True, slots=True)
class Invoice:
    """A valid invoice of a seller to the borrower. `total_fen`: with tax."""

    number: str
    party_id: str
    name_key: str
    total_fen: int
    issued_on: datetime.date


@dataclass(frozen=True, slots=True)
class Known:
    """What the books hold of papers for one loan."""

    contracts: Sequence[Named] = ()
    orders: Sequence[Named] = ()
    invoices: Sequence[Invoice] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """A voucher that stands, and what it speaks for: a line, and a payee of it (`Payee.key`) or WHOLE_LINE."""

    voucher_id: str
    paper: Paper
    use: str
    payee_account: str = WHOLE_LINE


@dataclass(frozen=True, slots=True)
class Lack:
    """A paper that is missing, and for how much: for an invoice what no invoice covers yet."""

    paper: Paper
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PayeePapers:
    """The papers of one payee of a line."""

    payee: Payee
    contracts: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    invoices: tuple[str, ...] = ()
    invoiced_fen: int = 0
    vouchers: tuple[str, ...] = ()
    lacks: tuple[Lack, ...] = field(default=())


def asked_of(borrower_kind: str, parameters: ParameterBook, on_date: datetime.date) -> Asked:
    """What is asked of a loan of such a borrower on a business date."""
    retail = borrower_kind in RETAIL_KINDS
    kind = "retail" if retail else "company"

    def uses(name: str) -> frozenset[str]:
        return frozenset(parameters.at_or_first(name, on_date).names)

    other_least = parameters.at_or_first("check_paper_least_fen", on_date).number
    return Asked(
        uses={
            Paper.CONTRACT: uses(f"check_contract_uses_{kind}"),
            Paper.INVOICE: frozenset() if retail else uses("check_invoice_uses_company"),
            Paper.RECEIPT: uses(f"check_receipt_uses_{kind}"),
            Paper.BANK_STATEMENT: uses("check_statement_uses"),
        },
        least_fen={
            Paper.CONTRACT: parameters.at_or_first("check_contract_least_fen", on_date).number,
            Paper.INVOICE: other_least,
            Paper.RECEIPT: other_least,
            Paper.BANK_STATEMENT: other_least,
        },
        any_will_do=retail,
    )


def papers_of(
    use: str, payees: Sequence[Payee], known: Known, brought: Sequence[Brought], asked: Asked
) -> list[PayeePapers]:
    """The papers of each payee of a line, in the order given."""
    mine = [one for one in brought if one.use == use]
    return [_of_payee(use, payee, known, mine, asked) for payee in payees]


def _of_payee(use: str, payee: Payee, known: Known, brought: Sequence[Brought], asked: Asked) -> PayeePapers:
    contracts = tuple(one.number for one in known.contracts if one.names(payee))
    orders = tuple(one.number for one in known.orders if one.names(payee))
    invoices = [
        one
        for one in known.invoices
        if (one.party_id != "" and one.party_id == payee.party_id)
        or (one.name_key != "" and one.name_key == payee.name_key)
    ]
    invoiced_fen = sum(one.total_fen for one in invoices)
    speaking = [one for one in brought if one.payee_account in (WHOLE_LINE, payee.key)]
    papers = {one.paper for one in speaking}
    has = {
        Paper.CONTRACT: bool(contracts or orders) or Paper.CONTRACT in papers,
        Paper.INVOICE: invoiced_fen >= payee.amount_fen or Paper.INVOICE in papers,
        Paper.RECEIPT: Paper.RECEIPT in papers,
        Paper.BANK_STATEMENT: Paper.BANK_STATEMENT in papers,
    }
    if asked.any_will_do:
        has[Paper.RECEIPT] |= bool(contracts or orders or invoices) or bool(
            papers & {Paper.CONTRACT, Paper.INVOICE}
        )
    lacks = [
        Lack(paper, payee.amount_fen - invoiced_fen if paper is Paper.INVOICE else payee.amount_fen)
        for paper, uses in asked.uses.items()
        if use in uses and payee.amount_fen >= asked.least_fen[paper] and not has[paper]
    ]
    return PayeePapers(
        payee=payee,
        contracts=contracts,
        orders=orders,
        invoices=tuple(one.number for one in invoices),
        invoiced_fen=invoiced_fen,
        vouchers=tuple(dict.fromkeys(one.voucher_id for one in speaking)),
        lacks=tuple(lacks),
    )


def lacking_fen(papers: Sequence[PayeePapers]) -> dict[Paper, int]:
    """Paper -> for how much of a line it is missing."""
    found: dict[Paper, int] = {}
    for one in papers:
        for lack in one.lacks:
            found[lack.paper] = found.get(lack.paper, 0) + lack.amount_fen
    return found

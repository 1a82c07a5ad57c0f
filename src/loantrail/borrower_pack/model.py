"""What a pack for a borrower holds. Pure.

Nothing here can name anybody but the borrower and, as the borrower's own statement has it, whom the borrower paid: there is no
field for it. Warnings, rules, scores, judgements and leads have none either.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from loantrail.inspections.model import Paper


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payment of the loan. `account`: the borrower's own that it came to; None where it went elsewhere."""

    on: datetime.date
    amount_fen: int
    account: str | None


@dataclass(frozen=True, slots=True)
class Due:
    number: int
    on: datetime.date
    principal_fen: int
    interest_fen: int


@dataclass(frozen=True, slots=True)
class Repaid:
    """`account`: the borrower's own that it was paid from; None where it came from elsewhere."""

    on: datetime.date
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    account: str | None


@dataclass(frozen=True, slots=True)
class OwnLine:
    """A line of the borrower's own statement that carried money of this loan: what the borrower paid, and of it the loan's money as
    it is counted on the borrower's own accounts. Payee and text are those of that line."""

    line_id: str
    booked_at: datetime.datetime
    account: str
    amount_fen: int
    loan_fen: int
    payee_name: str
    payee_account: str
    text: str


@dataclass(frozen=True, slots=True)
class Documented:
    """A direct payee: what the loan's money paid there, which papers are known, and which are still asked for. `use` is empty
    where the loan's statement does not count it as documented."""

    payee_name: str
    payee_account: str
    loan_fen: int
    use: str
    contracts: tuple[str, ...]
    orders: tuple[str, ...]
    invoices: tuple[str, ...]
    invoiced_fen: int
    voucher_count: int
    asked_for: tuple[tuple[Paper, int], ...]
    """Paper, and the fen that it is missing for."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Where the borrower answers, and by when: the deadline of the loan's check where one is open."""

    unit: str
    by: datetime.date | None


@dataclass(frozen=True, slots=True)
class Pack:
    """All that a pack says of one loan, as of `data_date` (None: the loan was not followed yet)."""

    loan_id: str
    contract_id: str
    borrower: str
    product: str
    purpose: str
    payment_mode: str
    currency: str
    contract_fen: int
    amount_fen: int
    balance_fen: int
    rate_ppm: int
    issued_on: datetime.date
    matures_on: datetime.date
    data_date: datetime.date | None
    answering: Answering
    paid_out: tuple[PaidOut, ...] = ()
    schedule: tuple[Due, ...] = ()
    repaid: tuple[Repaid, ...] = ()
    lines: tuple[OwnLine, ...] = ()
    payees: tuple[Documented, ...] = field(default=())

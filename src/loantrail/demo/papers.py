"""The documents that stand beside the money: drawdowns, payment orders, contract payees, invoices, repayments;
and the truth about what was planted, kept apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


@dataclass(slots=True)
class Papers:
    """Rows refer to loans by row, to accounts by row of the account book, to movements by entry number."""

    drawdowns: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """(loan, entry, instant, amount)."""
    orders: list[tuple[int, int, int, str, int]] = field(default_factory=list[tuple[int, int, int, str, int]])
    """(loan, payee account, amount, document number, day)."""
    payees: dict[tuple[int, int], None] = field(default_factory=dict[tuple[int, int], None])
    """(loan, payee account) named in the contract, in order."""
    payee_names: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """(loan, name) of contract payees whose account is not known."""
    invoices: list[tuple[Int64, Int64, Int64, Int64]] = field(
        default_factory=list[tuple[Int64, Int64, Int64, Int64]]
    )
    """Columns (seller account, buyer party, day, amount with tax) of batches of invoices."""
    declared: list[tuple[int, int, str]] = field(default_factory=list[tuple[int, int, str]])
    """(loan, party, role) of co-borrowers and declared related parties."""
    repayments: list[tuple[Int64, Int64, Int64, Int64, Int64, Int64]] = field(
        default_factory=list[tuple[Int64, Int64, Int64, Int64, Int64, Int64]]
    )
    """Columns (loan, entry, instant, principal, interest, penalty)."""

    def invoice(self, seller: Int64 | int, buyer: Int64 | int, day: Int64 | int, amount: Int64 | int) -> None:
        """Issue invoices (scalars repeat)."""
        columns = np.broadcast_arrays(np.atleast_1d(np.asarray(seller)), buyer, day, amount)
        self.invoices.append(
            (
                columns[0].astype(np.int64),
                columns[1].astype(np.int64),
                columns[2].astype(np.int64),
                columns[3].astype(np.int64),
            )
        )


@dataclass(frozen=True, slots=True)
class Planted:
    loan: int
    pattern: str
    destination_class: str
    amount_fen: int
    entries: tuple[int, ...]
    instant: int
    route: str
    also: tuple[str, ...]
    """Other patterns that the same movements truly show."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    loan: int
    look_alike: str
    resembles: tuple[str, ...]
    amount_fen: int
    entries: tuple[int, ...]
    instant: int


@dataclass(slots=True)
class KnownTruth:
    """What really happened. Nothing that the bank sees is made from this."""

    planted: list[Planted] = field(default_factory=list[Planted])
    look_alikes: list[LookAlike] = field(default_factory=list[LookAlike])
    uses: list[tuple[Int64, str, Int64]] = field(default_factory=list[tuple[Int64, str, Int64]])
    """(loans, use, amounts) in batches."""

    def use(self, loan: Int64 | int, use: str, amount_fen: Int64 | int) -> None:
        """Note the true final use of part of a loan."""
        loans, amounts = np.broadcast_arrays(np.atleast_1d(np.asarray(loan)), amount_fen)
        self.uses.append((loans.astype(np.int64), use, amounts.astype(np.int64)))

    def repay_overdrafts(self, taken: list[tuple[int, int]]) -> None:
        """Correct the uses of loans (loan, fen) that first repaid an overdraft: so much less was left for what
        the borrower paid most for."""
        loans = {loan for loan, _ in taken}
        sums: dict[int, dict[str, int]] = {loan: {} for loan in loans}
        for rows, use, amounts in self.uses:
            for loan, amount in zip(rows.tolist(), amounts.tolist(), strict=True):
                if loan in loans:
                    sums[loan][use] = sums[loan].get(use, 0) + amount
        for loan, fen in taken:
            left = fen
            for use, amount in sorted(sums[loan].items(), key=lambda item: -item[1]):
                less = min(left, amount)
                sums[loan][use] -= less
                left -= less
                if less:
                    self.use(loan, use, -less)
            self.use(loan, "overdraft_repaid", fen - left)

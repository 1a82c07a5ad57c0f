"""What a count over a part of the books must be told of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from loantrail.early_warning.frames import Shape, T
from loantrail.few_rows import empty

TOUCHED: Final[Shape] = {"account": T, "transaction_id": T}
HELD: Final[Shape] = {"account": T, "transaction_id": T, "fen": pl.Int64}
REACHED: Final[Shape] = {"account": T, "transaction_id": T, "loan_id": T, "borrower": T}


@dataclass(frozen=True, slots=True)
class Beforehand:
    """`touched` (TOUCHED): accounts that have windows, from which transaction on; null: from the start.
    `held` (HELD): loan money of loans outside the part that came to an account (below zero: left it) in a transaction;
    null: before all of them. `reached` (REACHED): such a loan's money reached an account; `borrower` as `borrower_key`.
    `assumed`: accounts whose balance is no record. Transactions named are in the part."""

    touched: pl.DataFrame = field(default_factory=lambda: empty(TOUCHED))
    held: pl.DataFrame = field(default_factory=lambda: empty(HELD))
    reached: pl.DataFrame = field(default_factory=lambda: empty(REACHED))
    assumed: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether anything of it happens in the course of the count."""
        return bool(len(self.held) or len(self.reached) or len(self.touched))


def borrower_key() -> pl.Expr:
    """Whose side the accounts of a loan are on: its borrower, else the account it was paid out to, else itself."""
    return pl.coalesce("borrower_party_id", "disbursement_account", "loan_id")

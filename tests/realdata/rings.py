"""The planted cycles of AMLSim, put together again from the transfers: its label names accounts, not cycles.

Each cycle moves one amount of its own, below 20 units, where ordinary transfers are of 100 and more; every payer pays the
next one one to five times on one day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Payment:
    """What one account of a cycle pays the next one, on one day."""

    payer: str
    payee: str
    day: int
    amount_fen: int
    """Of all its transfers together."""
    transaction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """The payments of one cycle that the data hold, in the order of the cycle where it is whole."""

    payments: tuple[Payment, ...]
    whole: bool

    def turned(self) -> list[tuple[Payment, ...]]:
        """The payments from each of their beginnings."""
        return [self.payments[at:] + self.payments[:at] for at in range(len(self.payments))]

    def goes_round(self) -> bool:
        """Whether from some beginning each payment follows the one before, so that money can go round."""
        return self.whole and any(_in_order(one) for one in self.turned())


def rings_of(transfers: pl.DataFrame, below_fen: int) -> list[Ring]:
    """The cycles in `transfers` (`transaction_id, debit_account, credit_account, amount_fen, day`)."""
    rings: list[Ring] = []
    planted = transfers.filter(pl.col("amount_fen") < below_fen)
    for _, same in planted.group_by("amount_fen", maintain_order=True):
        paid = [
            Payment(payer, payee, day, amount_fen, tuple(ids))
            for payer, payee, day, amount_fen, ids in same.group_by(
                "debit_account", "credit_account", "day", maintain_order=True
            )
            .agg(pl.col("amount_fen").sum(), pl.col("transaction_id"))
            .rows()
        ]
        of_payer = {one.payer: one for one in paid}
        # Two cycles of one amount are two as long as they share no account.
        assert len(of_payer) == len(paid)
        rings += _parted(of_payer)
    return rings


def _parted(of_payer: dict[str, Payment]) -> list[Ring]:
    left = dict(of_payer)
    rings: list[Ring] = []
    paid = {one.payee for one in of_payer.values()}
    # An open one begins with who is paid by nobody; what is left then goes round.
    for start in [*(one for one in of_payer if one not in paid), *of_payer]:
        chain: list[Payment] = []
        account = start
        while account in left:
            chain.append(left.pop(account))
            account = chain[-1].payee
        if chain:
            rings.append(Ring(tuple(chain), account == start))
    return rings


def _in_order(payments: Sequence[Payment]) -> bool:
    days = [one.day for one in payments]
    return days == sorted(days)

"""What one state of the tail says other than the one before. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from loantrail.few_rows import FewRows
from loantrail.ledger.transfers import TRANSACTION_COLUMNS
from loantrail.monitor.affected import Told
from loantrail.monitor.concerned import MoneyLost
from loantrail.monitor.entering import TailEvents
from loantrail.monitor.tail_order import Ordered
from loantrail.tracing.model import Int64

MOVED: Final = FewRows({"loan_id": pl.String, "amount_fen": pl.Int64, "use": pl.String})
"""Loan money that moves in a transaction."""
FEW: Final = 256
"""So few rows are compared one by one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What other lines of the tail changed."""

    loans: list[str]
    """Loans to be judged again, sorted."""
    whole: frozenset[str]
    """Those of them of which all is to be looked at: of the others only what their borrower's side moved, not their money."""
    draining: frozenset[str]
    """Loans to be judged again where rapid in and out was found before."""
    doubtful: frozenset[str]
    """Loans of which all is to be looked at when they are judged next."""
    anew: frozenset[str]
    """Those loans of which earlier transactions are no longer what they were: what was found in them does not count."""
    replaced: frozenset[str]
    """Those loans of which transactions are gone without having been in the windows of others: what was found in them
    does not count."""
    gone: frozenset[str]
    """Transactions that are gone, or say something else."""
    transactions: tuple[str, ...]
    """Transactions that are new or say something else, sorted."""
    order: Ordered
    """Of the tail: which transaction each line is of, and what nothing rests on, as its other line is yet to come."""

    @property
    def concerns_loans(self) -> bool:
        return bool(self.loans or self.draining or self.doubtful)

    def of_loans(self, loans: Collection[str]) -> Changed:
        """The same of these of the loans alone. What is doubtful is said of none of them."""
        some = frozenset(loans)
        return replace(
            self,
            loans=[loan for loan in self.loans if loan in some],
            whole=self.whole & some,
            draining=self.draining & some,
            doubtful=frozenset(),
            anew=self.anew & some,
            replaced=self.replaced & some,
        )


def owed(loans: Iterable[str], order: Ordered) -> Changed:
    """As if all of these loans might say something else, though no line changed."""
    listed, none = sorted(loans), frozenset[str]()
    every = frozenset(listed)
    return Changed(listed, every, none, none, every, none, none, (), order)


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of the trace when events were taken in place of others."""

    first_hop: int
    """Hops from this row on are new or stand where others stood."""
    loans: set[int]
    """Loans whose hops are others than before."""
    anew: set[int]
    """Those of them of which earlier hops in transactions that stay are gone or changed."""
    lost: MoneyLost
    """Earlier hops in transactions that are gone."""
    transactions: set[str]
    """Transactions of the tail in which loan money moves otherwise than before, or did."""
    events: Int64
    """Positions of earlier events of which that may be so."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one state of the tail to another, which differ from place `row` on."""

    order: Ordered
    """Of the other."""
    row: int
    fresh: set[str]
    """Transactions that are new or say something else."""
    gone: set[str]
    """Those that are gone, or said something else."""
    told_gone: Told
    told_moved: Told
    """Those of them in which loan money moved otherwise."""
    anew: set[int]
    replaced: set[int]
    moved: Moved


@dataclass(frozen=True, slots=True)
class Shown:
    """What is others in the tail than before, from place `row` on; loans by number of the trace."""

    events: TailEvents
    row: int
    fresh: frozenset[str]
    gone: frozenset[str]
    rows: Int64
    """Rows of the index of those that are new or say something else."""
    anew: set[int]
    replaced: set[int]
    moved: set[int]
    """Loans whose money moved otherwise."""


def as_frames(transactions: pl.DataFrame) -> pl.DataFrame:
    """Transactions of the tail (`Ordered.transactions`) with the columns that frames of the books have (`tracing.books.bank_frames`)."""
    return pl.DataFrame(
        [
            *transactions.get_columns()[: len(TRANSACTION_COLUMNS)],
            transactions["destination_class"].cast(pl.String),
            transactions["documented"],
            transactions["basis"].cast(pl.String).alias("class_basis"),
            transactions["confidence_permille"].cast(pl.Int64).alias("class_confidence_permille"),
        ]
    )


def first_other(one: pl.DataFrame, other: pl.DataFrame, start: int = 0) -> int:
    """The first row from `start` on in which two frames differ; where one is longer, what it has more. Before `start` they
    are the same."""
    shared = min(len(one), len(other)) - start
    if shared <= 0:
        return start
    left, right = one.slice(start, shared), other.slice(start, shared)
    if shared <= FEW:
        differ = (mine != theirs for mine, theirs in zip(left.iter_rows(), right.iter_rows(), strict=True))
        return start + next((place for place, here in enumerate(differ) if here), shared)
    differs = pl.Series([False]).new_from_index(0, shared)
    for name in one.columns:
        differs |= left[name].ne_missing(right[name])
    places = differs.arg_true()
    return start + (int(places[0]) if len(places) else shared)


def fresh_of(one: pl.DataFrame, other: pl.DataFrame, row: int) -> set[str]:
    """Transactions from `row` on that the other frame does not have in these words, wherever they stand."""
    said = [name for name in one.columns if name != "sequence"]
    mine, theirs = one.slice(row), other.slice(row)
    if mine.is_empty() or theirs.is_empty():
        return set(mine["transaction_id"].to_list())
    if len(mine) <= FEW and len(theirs) <= FEW:
        known = set(theirs.select(said).iter_rows())
        names = mine["transaction_id"].to_list()
        rows = zip(names, mine.select(said).iter_rows(), strict=True)
        return {name for name, words in rows if words not in known}
    new = mine.join(theirs, on=said, how="anti", nulls_equal=True)
    return set(new["transaction_id"].to_list())

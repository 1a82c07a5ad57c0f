"""Bounds beside every line of a loan's statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.tracing import kernel
from loantrail.tracing.bounds import Line, statement_bounds
from loantrail.tracing.model import USE_OUTSIDE, Bool, Int64
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.statement import (
    HELD_BY_BORROWER,
    HELD_BY_RELATED_PARTY,
    HELD_BY_THIRD_PARTY,
    IN_TRANSIT_LINE,
    USE_CODES,
)
from loantrail.tracing.trace import events_of

BOUNDS: Final[dict[str, Any]] = {
    "loan_id": pl.String,
    "use": pl.String,
    "least_fen": pl.Int64,
    "most_fen": pl.Int64,
    "proven": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class LoanBounds:
    """What bounds of single loans are computed from."""

    named: NamedHistory
    related: Int64
    """Sorted `loan * accounts + account` of related parties' accounts."""
    unlimited: dict[str, NDArray[np.bool_]]
    """Reason -> accounts [m] whose own money is not known."""


def held_masks(kept: LoanBounds, loan: int) -> dict[str, Bool]:
    """The accounts [m] whose money of this loan stands, without use, in each of the lines for held money."""
    history = kept.named.history
    accounts = np.arange(history.account_count, dtype=np.int64)
    side = np.zeros(history.account_count, np.bool_)
    kernel.mark_borrowers_sides(events_of(history), accounts, np.full(len(accounts), loan, np.int64), side)
    related = np.zeros(history.account_count, np.bool_)
    first = np.searchsorted(kept.related, loan * history.account_count)
    last = np.searchsorted(kept.related, (loan + 1) * history.account_count)
    related[kept.related[first:last] - loan * history.account_count] = True
    related &= ~side
    lots = ~history.terminal
    return {
        HELD_BY_BORROWER: side & lots,
        HELD_BY_RELATED_PARTY: related & lots,
        HELD_BY_THIRD_PARTY: ~side & ~related & lots,
        "pooled": history.terminal,
    }


def bounded_line(use: str, masks: dict[str, Bool]) -> Line:
    """What bounds ask for a statement line; `masks` from `held_masks`."""
    if use in masks:
        code = USE_CODES.get(use)
        return Line(frozenset() if code is None else frozenset((code,)), masks[use])
    if use == IN_TRANSIT_LINE:
        return Line(held_in_transit=True)
    return Line(frozenset((USE_CODES.get(use, USE_OUTSIDE),)))


def all_line_bounds(kept: LoanBounds, statement: pl.DataFrame, loans: Sequence[str]) -> pl.DataFrame:
    """`loan_id, use, least_fen, most_fen, proven` for every statement line of `loans`."""
    number = {loan: index for index, loan in enumerate(kept.named.loans)}
    uses_of: dict[str, list[str]] = {}
    for loan, use in statement.select("loan_id", "use").iter_rows():
        uses_of.setdefault(loan, []).append(use)
    rows: list[tuple[str, str, int, int, bool]] = []
    for loan in loans:
        uses = uses_of.get(loan, [])
        if not uses or loan not in number:
            continue
        masks = held_masks(kept, number[loan])
        found = statement_bounds(
            kept.named.history, number[loan], [bounded_line(use, masks) for use in uses], kept.unlimited
        )
        rows += [
            (loan, use, bounds.least_fen, bounds.most_fen, bounds.proven)
            for use, bounds in zip(uses, found, strict=True)
        ]
    return pl.DataFrame(
        rows,
        schema=BOUNDS,
        orient="row",
    )

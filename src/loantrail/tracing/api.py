"""Tracing from Python and from files: tables in, tables out, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from loantrail.destinations.arrival import arrival_classes
from loantrail.errors import InputError, Place
from loantrail.sources.model import Refusal
from loantrail.tracing.assemble import NamedHistory, assemble
from loantrail.tracing.inputs import Table, read_inputs
from loantrail.tracing.model import Convention
from loantrail.tracing.results import result_frames
from loantrail.tracing.trace import trace_history

CONVENTIONS: Final = tuple(convention.name.lower() for convention in Convention)


@dataclass(frozen=True, slots=True)
class TraceResult:
    """What `trace` found; see the README for the columns."""

    hops: pl.DataFrame
    positions: pl.DataFrame
    statement: pl.DataFrame
    convention: str
    opening: str
    """`given` or `inferred` (then each account starts with the least that never overdraws it)."""
    problems: list[Refusal] = field(default_factory=list[Refusal])
    """Rows that were refused, and links that could not be followed."""


def convention_named(name: str) -> Convention:
    """The convention of that name. Raises InputError for another word."""
    try:
        return Convention[name.upper()]
    except KeyError:
        raise InputError(
            f"there is no convention {name!r}",
            Place(field="convention"),
            f"Use one of {', '.join(CONVENTIONS)}",
        ) from None


def read_history(
    transactions: Table,
    disbursements: Table,
    balances: Table | None = None,
    orders: Table | None = None,
    accounts: Table | None = None,
) -> NamedHistory:
    """Read the tables into a history. Raises FileUnreadable or ColumnMissing when a table cannot be used."""
    inputs = read_inputs(transactions, disbursements, balances, orders, accounts)
    return assemble(inputs, arrival_classes(inputs.transactions, inputs.accounts))


def trace(
    transactions: Table,
    disbursements: Table,
    balances: Table | None = None,
    convention: str = "fifo",
    *,
    orders: Table | None = None,
    accounts: Table | None = None,
) -> TraceResult:
    """Follow the money of every disbursed loan.

    Tables are paths (CSV or Parquet) or polars, pandas or pyarrow tables with the columns the README lists.
    Raises FileUnreadable or ColumnMissing when a table cannot be used; single bad rows are `problems`.
    """
    chosen = convention_named(convention)
    named = read_history(transactions, disbursements, balances, orders, accounts)
    hops, positions, lines = result_frames(named, trace_history(named.history, chosen))
    return TraceResult(
        hops=hops,
        positions=positions,
        statement=lines,
        convention=chosen.name.lower(),
        opening=named.opening,
        problems=named.problems,
    )


__all__ = ["CONVENTIONS", "TraceResult", "convention_named", "read_history", "trace"]

"""Tracing from Python and from files: tables in, tables out, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from loantrail.destinations.arrival import arrival_classes
from loantrail.errors import InputError, LimitExceeded, Place, ValueRefused
from loantrail.sources.model import Refusal
from loantrail.tracing.assemble import assemble
from loantrail.tracing.bounds import bounds as network_bounds
from loantrail.tracing.evidence import evidence
from loantrail.tracing.inputs import DESTINATIONS, Inputs, Table, read_inputs, read_table, refusal
from loantrail.tracing.model import Convention, Trace
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.results import result_frames
from loantrail.tracing.trace import trace_history

CONVENTIONS: Final = tuple(convention.name.lower() for convention in Convention)
_HARMLESS: Final = frozenset(
    ("duplicate", "self_transfer", "reversal_of_unknown", "reversal_accounts_differ", "reversal_not_followed")
)
"""Problems that leave every movement of money and every balance known."""


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
    named: NamedHistory | None = field(default=None, repr=False)
    traced: Trace | None = field(default=None, repr=False)

    def evidence(self, loan_id: str, use: str) -> pl.DataFrame:
        """The paths that a statement line rests on; see `loantrail.tracing.evidence.evidence`."""
        if self.named is None or self.traced is None:
            raise InputError("this result holds no history", remedy="Trace again")
        return evidence(self.named, self.traced, loan_id, use)


@dataclass(frozen=True, slots=True)
class BoundsResult:
    """Least and most, in fen, of the loans together that can have reached the destinations, however one counts."""

    loans: tuple[str, ...]
    disbursed_fen: int
    least_fen: int
    most_fen: int
    proven: bool
    """The balances on the way are known, and no row was refused that could have changed the figures. Accounts whose
    balance is not known are taken to hold unlimited own money."""
    reasons: tuple[str, ...]
    """What made it not proven."""
    opening: str
    """`given` or `inferred`."""
    outer: bool
    """The network was too large to follow whole: the figures hold, the true ones may lie closer together."""
    problems: list[Refusal] = field(default_factory=list[Refusal])
    """Rows that were refused, and destinations that appear in no transaction."""


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
    return _history_of(read_inputs(transactions, disbursements, balances, orders, accounts))


def _history_of(inputs: Inputs) -> NamedHistory:
    return assemble(inputs, arrival_classes(inputs.transactions, inputs.accounts))


def _traced(inputs: Inputs, named: NamedHistory, convention: Convention) -> Trace:
    """The trace. Raises LimitExceeded with the file and its row, for the place in the order that the trace names."""
    try:
        return trace_history(named.history, convention)
    except LimitExceeded as problem:
        if problem.place.row is None:
            raise
        row = inputs.transactions["row"][int(named.row_of_event[problem.place.row - 1])]
        place = Place(inputs.names["transactions"], row, "amount_fen")
        raise LimitExceeded(problem.problem, place, problem.remedy) from problem


def _facts_missing(inputs: Inputs) -> bool:
    """Rows were refused that may have moved money, paid out a loan or given a balance."""
    files = {inputs.names.get(name) for name in ("transactions", "disbursements", "balances")}
    return any(item.source_file in files and item.reason not in _HARMLESS for item in inputs.problems)


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
    inputs = read_inputs(transactions, disbursements, balances, orders, accounts)
    named = _history_of(inputs)
    traced = _traced(inputs, named, chosen)
    hops, positions, lines = result_frames(named, traced)
    return TraceResult(
        hops=hops,
        positions=positions,
        statement=lines,
        convention=chosen.name.lower(),
        opening=named.opening,
        problems=named.problems,
        named=named,
        traced=traced,
    )


def bounds(
    transactions: Table,
    disbursements: Table,
    balances: Table | None = None,
    *,
    loans: str | Sequence[str],
    destinations: Table,
    orders: Table | None = None,
    accounts: Table | None = None,
    outside: bool = False,
) -> BoundsResult:
    """The least and the most that can have reached a set of accounts, whichever counting rule one takes.

    Tables as for `trace`; `loans` one id or several (together), `destinations` a table with the column `account`
    or a list of accounts: money that arrives there counts and is not followed further. With `outside` money that
    leaves for the outside world counts too. Without `balances` every account holds unlimited own money.
    Raises FileUnreadable or ColumnMissing when a table cannot be used, ValueRefused for a loan that was not paid
    out, LimitExceeded beyond 2^62 fen.
    """
    inputs = read_inputs(transactions, disbursements, balances, orders, accounts)
    named = _history_of(inputs)
    wanted = (loans,) if isinstance(loans, str) else tuple(dict.fromkeys(map(str, loans)))
    numbers = {loan: number for number, loan in enumerate(named.loans)}
    for loan in wanted:
        if loan not in numbers:
            raise ValueRefused(
                f"loan {loan} is not among the loans paid out",
                Place(field="loans"),
                f"The disbursements pay out {len(numbers)} loans; check the id",
            )
    if isinstance(destinations, (list, tuple, set, frozenset)):
        destinations = pl.DataFrame(
            {"account": sorted(map(str, destinations))}, schema={"account": pl.String}
        )
    table, refused, file = read_table(destinations, DESTINATIONS)
    known = pl.DataFrame({"account": named.accounts}).with_row_index("index")
    found = table.join(known, on="account", how="left", maintain_order="left")
    unknown = [
        refusal(file, row, "account", "account_unknown", f"account {account} is in no accepted transaction")
        for row, account in found.filter(pl.col("index").is_null()).select("row", "account").iter_rows()
    ]
    everywhere = np.ones(named.history.account_count, np.bool_)
    result = network_bounds(
        named.history,
        [numbers[loan] for loan in wanted],
        found["index"].drop_nulls().to_list(),
        {"opening_inferred": everywhere} if named.opening == "inferred" else None,
        outside,
    )
    facts_missing = _facts_missing(inputs)
    return BoundsResult(
        loans=wanted,
        disbursed_fen=result.disbursed_fen,
        least_fen=result.least_fen,
        most_fen=result.most_fen,
        proven=result.proven and not facts_missing,
        reasons=(*result.reasons, "rows_refused") if facts_missing else result.reasons,
        opening=named.opening,
        outer=result.outer,
        problems=[*named.problems, *refused, *unknown],
    )


__all__ = [
    "CONVENTIONS",
    "BoundsResult",
    "TraceResult",
    "bounds",
    "convention_named",
    "read_history",
    "trace",
]

"""The inputs of a trace out of the books, in the columns of its files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.ledger.books import store
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.merges.store import merged_at
from loantrail.ledger.merging import known_openings, resolved
from loantrail.ledger.pairing import PairingParameters
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.ledger.reconcile import reconcile
from loantrail.ledger.transfers import build_transfers, numbered_pairs

RECENT_TRANSACTIONS: Final = 4_000
"""So many transactions at the end of the order are open at least: where new lines find their partners."""
LINED_TRANSACTIONS: Final = 100_000
"""So many at the end of the order are told line by line: so far back the live step goes for a line that comes late."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A state of the books that was read before: lines that arrived, pairings and merges that were made later are not in
    it."""

    last_arrival: int
    read_at: datetime.datetime
    then: bool = False
    """Earlier contents of changed records stand in the tables of `books_then`."""


@dataclass(frozen=True, slots=True)
class TracingInputs:
    transactions: pl.DataFrame
    """`transfers.TRANSACTION_COLUMNS`, in the order to trace them; ids as in published.transfer."""
    disbursements: pl.DataFrame
    """`loan_id, transaction_id`."""
    balances: pl.DataFrame
    """`account, balance_fen` before the first row: what the bank gave, else what reconciled balances imply."""
    unlinked: pl.DataFrame
    """`loan_id, problem` of each disbursement that no single line shows."""
    references: pl.DataFrame
    """`transaction_id, account, reference` of every line that carries the bank's own reference."""
    problems: pl.DataFrame
    """`transfers.PROBLEM_SCHEMA`: statements that contradict each other, reversals of unknown lines."""
    unreconciled: pl.DataFrame
    """`account` of each statement whose own balances do not add up."""
    last_arrival: int
    """The highest arrival number among the lines that were read; 0 without lines."""
    read_at: datetime.datetime
    """When the database was read, by its own clock: what was booked later was not seen."""
    merged: pl.DataFrame
    """`merging.MERGED_SCHEMA`: accounts that were merged away by then. None of them stands in the frames above."""
    own: pl.Series
    """Accounts that statements were given of."""
    waiting: pl.DataFrame
    """Disbursements that no line shows yet: `loan_id, account, amount_fen, currency, booked_at, reference`."""
    recent: Recent


@dataclass(frozen=True, slots=True)
class Recent:
    """The end of the order, line by line: every line booked at `since` or later is in it. What is read of the books reaches as far back as
    the step may have to go; `recent` gives less of it."""

    since: datetime.datetime | None
    """None where there are no lines."""
    lines: pl.DataFrame
    """`line_id, booked_at, transaction_id`."""
    first_place: int
    """Place in the order of the first transaction of these lines; those behind it are all among them."""


def tracing_inputs(
    connection: type_of_connection, parameters: PairingParameters | None = None, as_of: AsOf | None = None
) -> TracingInputs:
    """Read everything that a trace of all loans needs, in the caller's transaction (`store_moments.one_moment`), which
    stays open. With `as_of` the lines, pairings and merges that an earlier reading saw, other records as `as_of.then`
    says."""
    then = as_of is not None and as_of.then
    if as_of is None:
        last_arrival, read_at = store.read_extent(connection)
        lines = store.read_lines(connection)
        pairs = store.read_pairs(connection)
    else:
        last_arrival, read_at = as_of.last_arrival, as_of.read_at
        lines = store.read_lines(connection, last_arrival)
        pairs = store.read_pairs(connection, read_at)
    return inputs_of(
        Read(
            lines=lines,
            pairs=pairs,
            disbursements=store.read_disbursements(connection, then),
            openings=store.read_openings(connection, then),
            merged=merged_at(connection, read_at),
            last_arrival=last_arrival,
            read_at=read_at,
        ),
        parameters,
    )


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of the books: lines (books.store.read_lines), pairs (read_pairs), disbursements, openings, merges."""

    lines: pl.DataFrame
    pairs: pl.DataFrame
    disbursements: pl.DataFrame
    openings: pl.DataFrame
    merged: pl.DataFrame
    last_arrival: int
    read_at: datetime.datetime


def inputs_of(held: Read, parameters: PairingParameters | None = None) -> TracingInputs:
    """The inputs of a trace of all loans, out of what was read."""
    merged = held.merged
    wanted = resolved(held.disbursements, ["account"], merged)
    given = known_openings(held.openings, held.lines, merged)
    lines = resolved(held.lines, ["account", "counterparty_account"], merged)
    transfers = build_transfers(lines, numbered_pairs(held.pairs, lines))
    found = link_disbursements(wanted, lines, parameters)
    links = pl.DataFrame(
        {
            "loan_id": wanted.get_column("loan_id").gather(found.links.get_column("row")),
            "transaction_id": transfers.transaction_of_line.gather(found.links.get_column("line")),
        }
    )
    unlinked = found.unlinked.select(
        wanted.get_column("loan_id").gather(found.unlinked.get_column("row")).alias("loan_id"), "problem"
    )
    checked = reconcile(lines)
    implied = (
        checked.filter(pl.col("state") == "reconciled", pl.col("opening_fen").is_not_null())
        .select("account", pl.col("opening_fen").alias("balance_fen"))
        .join(given, on="account", how="anti")
    )
    balances = pl.concat([given, implied]).sort("account")
    references = (
        lines.select("account", "reference")
        .with_columns(transfers.transaction_of_line.alias("transaction_id"))
        .drop_nulls("reference")
        .select("transaction_id", "account", "reference")
    )
    return TracingInputs(
        transactions=transfers.transactions,
        disbursements=links,
        balances=balances,
        unlinked=unlinked,
        references=references,
        problems=transfers.problems,
        unreconciled=checked.filter(pl.col("state") == "differs").select("account").unique("account"),
        last_arrival=held.last_arrival,
        read_at=held.read_at,
        merged=merged,
        own=lines.get_column("account").unique(),
        waiting=wanted[found.unlinked.get_column("row")],
        recent=_recent(
            lines.select("line_id", "booked_at", transaction_id=transfers.transaction_of_line),
            transfers.transactions,
            len(transfers.transactions) - LINED_TRANSACTIONS,
        ),
    )


def recent(read: TracingInputs, earliest: datetime.datetime | None = None) -> Recent:
    """The last RECENT_TRANSACTIONS of what was read; where a line booked at `earliest` is to have its place, as many before that. No more
    than was read line by line."""
    told, booked = read.recent, read.transactions["booked_at"]
    if told.since is None:
        return told
    end = len(booked) if earliest is None else int((booked < earliest).sum())
    return _recent(told.lines, read.transactions, end - RECENT_TRANSACTIONS, told.since)


def _recent(
    told: pl.DataFrame, transactions: pl.DataFrame, place: int, reach: datetime.datetime | None = None
) -> Recent:
    """From the transaction that stands in this place on, but no further back than `reach`. `told`: `Recent.lines` of all these."""
    ordered = transactions.select("transaction_id", "booked_at", place=pl.col("sequence") - 1)
    if ordered.is_empty():
        return Recent(None, told, 0)
    since: datetime.datetime = ordered["booked_at"][max(place, 0)]
    since = since if reach is None else max(since, reach)
    touched = told.filter(pl.col("booked_at") >= since).select("transaction_id").unique()
    places = ordered.join(touched, on="transaction_id", how="semi")["place"]
    first = int(places.min() or 0)  # pyright: ignore[reportArgumentType]  a whole number
    end = ordered.slice(first).select("transaction_id")
    return Recent(since, told.join(end, on="transaction_id", how="semi", maintain_order="left"), first)

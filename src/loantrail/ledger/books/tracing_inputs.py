"""The inputs of a trace out of the books, in the columns of its files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import polars as pl

from loantrail.ledger.books import store
from loantrail.ledger.disbursements import link_disbursements
from loantrail.ledger.merges.store import merged_at
from loantrail.ledger.merging import known_openings, resolved
from loantrail.ledger.pairing import PairingParameters
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.ledger.reconcile import reconcile
from loantrail.ledger.transfers import build_transfers


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
    merged = merged_at(connection, read_at)
    wanted = resolved(store.read_disbursements(connection, then), ["account"], merged)
    given = known_openings(store.read_openings(connection, then), lines, merged)
    lines = resolved(lines, ["account", "counterparty_account"], merged)
    rows = lines.select("line_id").with_row_index("row")
    numbered = (
        pairs.join(rows.rename({"row": "debit"}), left_on="debit_line", right_on="line_id")
        .join(rows.rename({"row": "credit"}), left_on="credit_line", right_on="line_id")
        .select("debit", "credit", "basis")
        .sort("debit")
    )
    transfers = build_transfers(lines, numbered)
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
        last_arrival=last_arrival,
        read_at=read_at,
        merged=merged,
    )

"""Trace the books: read them, follow every loan, look for leads, store what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import polars as pl

from loantrail import clock
from loantrail.early_warning.patterns import leads_of
from loantrail.early_warning.view import prepare
from loantrail.errors import InputError
from loantrail.ids import derived_id
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.parameters import shipped_parameters
from loantrail.tracing import snapshots, store, store_evaluation
from loantrail.tracing.api import convention_named
from loantrail.tracing.books import bank_frames, books_as_of, read_books, unlimited_accounts
from loantrail.tracing.judging import judge
from loantrail.tracing.loan_bounds import BOUNDS, LoanBounds, all_line_bounds
from loantrail.tracing.model import Convention
from loantrail.tracing.past import history_of_run
from loantrail.tracing.results import hop_frame
from loantrail.tracing.statement import rests, statement_of
from loantrail.tracing.tables import LINEAGE, run_tables
from loantrail.tracing.trace import trace_history
from loantrail.tracing.warnings import warn


@dataclass(frozen=True, slots=True)
class Found:
    """What a run over the books gave."""

    run_id: str
    convention: str
    loans: int
    events: int
    hops: int
    statement: pl.DataFrame
    leads: pl.DataFrame
    unlinked: pl.DataFrame
    problems: list[str]


def trace_books(
    connection: type_of_connection,
    convention: str = "fifo",
    say: Callable[[str], object] = lambda _text: None,
) -> Found:
    """Trace all loans of the books and store the run; one at a time, so that no older state of the books replaces a newer
    one. What was changed before is evaluated then. Leads and bounds come with the lineage conventions.

    Raises InputError when the books hold no lines, ConservationBroken when a statement would not sum (nothing is
    stored then), DatabaseUnavailable when the database fails.
    """
    chosen = convention_named(convention)
    with store_evaluation.alone(connection):
        # Asked before the books are read: what is requested later may not be in them.
        number = store_evaluation.requested(connection)
        found = _traced(connection, chosen, say)
        if chosen == Convention.FIFO:
            store_evaluation.finish(connection, number, found.run_id)
            connection.commit()
    return found


def _traced(connection: type_of_connection, chosen: Convention, say: Callable[[str], object]) -> Found:
    books = read_books(connection, say)
    named, history = books.named, books.named.history
    say("following the money")
    traced = trace_history(history, chosen)
    rest = rests(history, traced, books.related)
    statement = statement_of(rest, history, chosen, named.loans)
    hops = hop_frame(named, traced).with_columns(
        pl.Series("booked_at", named.booked_at_us[traced.hops.event]).cast(pl.Datetime("us", "UTC"))
    )
    leads = pl.DataFrame(schema={"loan_id": pl.String, "pattern": pl.String})
    frames_of_bank = bank_frames(books, hops, statement)
    view = prepare(frames_of_bank, shipped_parameters()) if chosen in LINEAGE else None
    if view is not None:
        say("looking for leads")
        leads = leads_of(view)
    software = version("loantrail")
    run_id = derived_id("run", chosen.name, books.data_version, software)
    say("storing what was found")
    frames = run_tables(books, run_id, hops, traced.hops.ended, rest, statement, leads, chosen)
    store.write_run(
        connection,
        {
            "run_id": run_id,
            "convention": chosen.name.lower(),
            "data_version": books.data_version,
            "software_version": software,
            "opening": named.opening,
            "created_at": clock.now(),
            "data_date": clock.business_date(books_as_of(books.read.transactions)),
            "last_arrival": books.read.last_arrival,
            "read_at": books.read.read_at,
            "loan_count": len(named.loans),
            "event_count": history.event_count,
            "hop_count": len(hops),
        },
        frames,
    )
    snapshots.keep(run_id, LoanBounds(named, books.related, unlimited_accounts(books)))
    if chosen == Convention.FIFO and view is not None:
        bounds = pl.DataFrame(schema=BOUNDS)
        if len(leads):
            say("bounds of the loans with leads")
            warned = leads["loan_id"].unique(maintain_order=True).to_list()
            bounds = all_line_bounds(
                LoanBounds(named, books.related, unlimited_accounts(books)), statement, warned
            )
            store.write_bounds(connection, run_id, bounds)
        say("judging by the rules")
        over = hops.filter(pl.Series(traced.hops.ended)).select("hop_id")
        hits, codes = judge(connection, frames_of_bank, view, over, run_id, say)
        say("gathering warnings")
        warn(connection, books, leads, bounds, hits, codes)
    return Found(
        run_id=run_id,
        convention=chosen.name.lower(),
        loans=len(named.loans),
        events=history.event_count,
        hops=len(hops),
        statement=statement,
        leads=leads,
        unlinked=books.read.unlinked,
        problems=[f"{item.source_file}, row {item.position}: {item.message}" for item in named.problems],
    )


def line_bounds(connection: type_of_connection, loan_id: str) -> dict[str, tuple[int, int, bool]]:
    """Least, most and whether proven for every line of a loan's FIFO statement, computed on request and stored
    beside the lines. Reads all books again, as the run did, when its history is not kept on this machine.

    Raises InputError when the books were not traced or do not hold the loan.
    """
    run_id = store.current_run_id(connection)
    if run_id is None:
        raise InputError("the books have not been traced", remedy="Run: loantrail trace --database")
    kept = history_of_run(connection, run_id)
    if loan_id not in kept.named.loans:
        raise InputError(f"loan {loan_id} has no disbursement in the statements", remedy="Check the loan id")
    uses = store.statement_uses(connection, run_id, loan_id)
    found = all_line_bounds(kept, pl.DataFrame({"loan_id": [loan_id] * len(uses), "use": uses}), [loan_id])
    store.write_bounds(connection, run_id, found)
    return {
        use: (least, most, proven)
        for use, least, most, proven in found.select("use", "least_fen", "most_fen", "proven").iter_rows()
    }

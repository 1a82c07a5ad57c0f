"""Trace the books: read them, follow every loan, look for leads, store what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import polars as pl

from loantrail import clock
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.patterns import leads_of
from loantrail.early_warning.view import View, prepare
from loantrail.errors import InputError
from loantrail.ids import derived_id
from loantrail.inspections.scheduling import schedule
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing import kept_ground, snapshots, store, store_evaluation
from loantrail.tracing.api import convention_named
from loantrail.tracing.books import Books, bank_frames, books_as_of, read_books, unlimited_accounts
from loantrail.tracing.ground import Ground
from loantrail.tracing.judging import judge
from loantrail.tracing.loan_bounds import BOUNDS, LoanBounds, all_line_bounds
from loantrail.tracing.model import Convention
from loantrail.tracing.past import history_of_run
from loantrail.tracing.results import hop_frame
from loantrail.tracing.statement import rests, statement_of
from loantrail.tracing.tables import LINEAGE, run_tables
from loantrail.tracing.trace import trace_history
from loantrail.tracing.warnings import gather, warn


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


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace of the books that is not stored yet."""

    convention: Convention
    run_id: str
    software_version: str
    books: Books
    tables: dict[str, pl.DataFrame]
    """Table of the schema `tracing` -> rows with `run_id`."""
    over: pl.DataFrame
    """`hop_id` of the hops that came to rest."""
    statement: pl.DataFrame
    leads: pl.DataFrame
    frames: Frames
    view: View | None
    """The frames, prepared; None for conventions without lineage."""
    bounds_from: LoanBounds

    @property
    def ground(self) -> Ground:
        """What the live step stands on."""
        return Ground(self.run_id, self.books, self.frames.hops, self.statement, self.over, self.leads)


def trace_books(
    connection: type_of_connection,
    convention: str = "fifo",
    say: Callable[[str], object] = lambda _text: None,
    anew: bool = False,
    on_traced: Callable[[type_of_connection, Ground], None] | None = None,
) -> Found:
    """Trace all loans of the books and store the run; one at a time, so that no older state of the books replaces a newer
    one. What was changed before is evaluated then. Leads and bounds come with the lineage conventions. With `anew` the
    rows of a run over the same state of the books are replaced too. `on_traced` is told of a FIFO trace once it is stored.

    Raises InputError when the books hold no lines, ConservationBroken when a statement would not sum (nothing is
    stored then), DatabaseUnavailable when the database fails.
    """
    chosen = convention_named(convention)
    with store_evaluation.alone(connection):
        # Asked before the books are read: what is requested later may not be in them.
        number = store_evaluation.requested(connection)
        traced = trace_anew(connection, chosen, say)
        found = store_traced(connection, traced, say, anew)
        if chosen == Convention.FIFO:
            store_evaluation.finish(connection, number, found.run_id)
            connection.commit()
            if on_traced is not None:
                on_traced(connection, traced.ground)
    return found


def trace_anew(
    connection: type_of_connection, chosen: Convention, say: Callable[[str], object] = lambda _text: None
) -> Traced:
    """Read the books and trace them; nothing is stored, nothing kept is used. Raises as `trace_books` does."""
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
    frames = bank_frames(books, hops, statement)
    view = prepare(frames, books.parameters) if chosen in LINEAGE else None
    if view is not None:
        say("looking for leads")
        leads = leads_of(view)
    software = version("loantrail")
    run_id = derived_id("run", chosen.name, books.data_version, software)
    return Traced(
        convention=chosen,
        run_id=run_id,
        software_version=software,
        books=books,
        tables=run_tables(books, run_id, hops, traced.hops.ended, rest, statement, leads, chosen),
        over=hops.filter(pl.Series(traced.hops.ended)).select("hop_id"),
        statement=statement,
        leads=leads,
        frames=frames,
        view=view,
        bounds_from=LoanBounds(named, books.related, unlimited_accounts(books)),
    )


def bounds_of_leads(traced: Traced, say: Callable[[str], object] = lambda _text: None) -> pl.DataFrame:
    """Bounds (BOUNDS) of all statement lines of the loans with leads."""
    if traced.leads.is_empty():
        return pl.DataFrame(schema=BOUNDS)
    say("bounds of the loans with leads")
    warned = traced.leads["loan_id"].unique(maintain_order=True).to_list()
    return all_line_bounds(traced.bounds_from, traced.statement, warned)


def store_traced(
    connection: type_of_connection,
    traced: Traced,
    say: Callable[[str], object] = lambda _text: None,
    anew: bool = False,
) -> Found:
    """Store a trace of the books with what follows from it; commits. Raises as `trace_books` does."""
    books, run_id = traced.books, traced.run_id
    named, events, hops = books.named, books.named.history.event_count, len(traced.tables["hop"])
    convention = traced.convention.name.lower()
    say("storing what was found")
    if traced.convention == Convention.FIFO:
        # Before screens show the run: whoever judges live lines stands on it from that moment on.
        kept_ground.keep(traced.ground, store.current_run_id(connection))
    store.write_run(
        connection,
        {
            "run_id": run_id,
            "convention": convention,
            "data_version": books.data_version,
            "software_version": traced.software_version,
            "opening": named.opening,
            "created_at": clock.now(),
            "data_date": clock.business_date(books_as_of(books.read.transactions)),
            "last_arrival": books.read.last_arrival,
            "read_at": books.read.read_at,
            "loan_count": len(named.loans),
            "event_count": events,
            "hop_count": hops,
        },
        traced.tables,
        anew,
    )
    snapshots.keep(run_id, traced.bounds_from)
    if traced.convention == Convention.FIFO and traced.view is not None:
        bounds = bounds_of_leads(traced, say)
        if len(bounds):
            store.write_bounds(connection, run_id, bounds)
        say("judging by the rules")
        hits, codes = judge(
            connection, traced.frames, traced.view, traced.over, run_id, books.parameters, say
        )
        say("gathering warnings")
        warn(connection, gather(books, traced.leads, bounds, hits, codes), books.read.last_arrival)
        say("making loan checks")
        schedule(connection, parameters_in_force(connection))
        connection.commit()
    return Found(
        run_id=run_id,
        convention=convention,
        loans=len(named.loans),
        events=events,
        hops=hops,
        statement=traced.statement,
        leads=traced.leads,
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

"""`loantrail nightly`: one business date, checked whole, then taken in step by step.

Each step is noted with its times and counts. A run that was killed goes on behind the last step, or file, that was committed;
what is done twice changes nothing. Whatever is wrong with a delivery is found before anything of it is taken in.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.clock import monotonic_seconds, now, sleep
from loantrail.errors import DatabaseUnavailable, FileUnreadable, LoantrailError, Place
from loantrail.ledger.importing import import_files
from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.ledger.pairs.booking import settle
from loantrail.nightly import store, store_alarms
from loantrail.nightly.decide import check, compare_ledger, holds_back, is_older, unchecked
from loantrail.nightly.inspecting import (
    content_hash_of,
    delivery_hash,
    folder_of,
    inspect_folder,
    waiting_dates,
)
from loantrail.nightly.model import GENERAL_LEDGER, Alarm, FoundFile, FoundFolder, LedgerTotal
from loantrail.nightly.reading import is_bare, opened_lines, read_ledger
from loantrail.nightly.taking import take_table
from loantrail.postgres.connection import Database
from loantrail.postgres.failures import database_failures
from loantrail.sources.dry_run import Outcome
from loantrail.sources.files import Opened
from loantrail.tracing.database import trace_books

Say = Callable[[str], object]
KILLED_RUN_PATIENCE_SECONDS: Final = 10.0
STEPS: Final = ("check", "master", "lines", "pair", "reconcile", "ledger", "trace")
_RANK: Final = {name: rank for rank, name in enumerate((*RECORD_TYPES, GENERAL_LEDGER))}


@dataclass(slots=True)
class Night:
    """What became of a business date."""

    business_date: datetime.date
    state: str
    """`complete`, `held`, or `known`: it was in the books already."""
    alarms: list[Alarm] = field(default_factory=list[Alarm])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    counts: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    run_id: str = ""
    attempt: int = 0
    resumed: bool = False


@dataclass(slots=True)
class _Work:
    """A run that is under way. `notes` is a connection of its own: notes are there whatever becomes of the work."""

    books: Database
    notes: store.type_of_connection
    root: Path
    run: store.Run
    night: Night
    say: Say
    done: set[str]

    @property
    def folder(self) -> Path:
        return folder_of(self.root, self.run.business_date)

    @contextmanager
    def step(self, name: str) -> Generator[dict[str, int]]:
        """Notes a step around the block; the block fills the counts."""
        counts: dict[str, int] = {}
        started, clock = now(), monotonic_seconds()
        self._note(name, "running", started, counts)
        self.say(name)
        try:
            yield counts
        except BaseException:
            with suppress(store.DATABASE_ERROR):
                self._note(name, "failed", started, counts)
            raise
        self._note(name, "done", started, counts)
        self.night.seconds[name] = monotonic_seconds() - clock
        self.night.counts[name] = counts

    def _note(self, name: str, state: str, started: datetime.datetime, counts: dict[str, int]) -> None:
        ended = None if state == "running" else now()
        ordinal = STEPS.index(name) + 1
        store.note_step(self.notes, self.run.run_id, ordinal, name, state, started, ended, counts)
        self.notes.commit()

    def raise_alarms(self, alarms: list[Alarm]) -> None:
        self.night.alarms += alarms
        store_alarms.raise_alarms(self.notes, self.run, alarms, now())
        self.notes.commit()


@contextmanager
def _alone(notes: store.type_of_connection) -> Generator[None]:
    """For the length of the block this is the one nightly run. A run that was killed lets go only when the server has
    seen its end. Raises DatabaseUnavailable when another one works."""
    limit = monotonic_seconds() + KILLED_RUN_PATIENCE_SECONDS
    while not store.lock(notes):
        if monotonic_seconds() > limit:
            raise DatabaseUnavailable("another nightly run is at work", remedy="Wait until it has ended")
        sleep(0.1)
    try:
        yield
    finally:
        store.unlock(notes)


def run_night(
    books: Database,
    root: Path,
    day: datetime.date,
    *,
    again: bool = False,
    accepted: Collection[str] = (),
    traces: bool = True,
    say: Say = lambda _text: None,
) -> Night:
    """Take in the delivery of a business date, or say why not.

    `again` runs a date once more, with corrected files or the same; `accepted` are alarms that a person lets pass. Of
    several dates in a row only the last needs to be traced: `traces` false leaves that step out.
    Raises DatabaseUnavailable when another nightly run works or the database fails, StorageExhausted when the disk is
    full: the same call goes on later.
    """
    with database_failures(), books.connect() as notes, _alone(notes):
        started, clock = now(), monotonic_seconds()
        found = inspect_folder(root, day, say)
        known = store.known_deliveries(notes, waiting_dates(root))
        alarms = check(found, known, again=again, accepted=accepted)
        content = delivery_hash(found)
        before = store.last_run(notes, day)
        notes.commit()
        if before is not None and before.state == "complete" and before.content_hash == content and not again:
            return Night(day, "known", run_id=before.run_id, attempt=before.attempt)
        older = is_older(day, known)
        if older and not holds_back(alarms):
            newest = known.newest.isoformat() if known.newest else ""
            alarms.append(Alarm("older_date", expected=newest))
        run = store.begin_run(
            notes,
            day,
            folder_of(root, day).name,
            content,
            version("loantrail"),
            started,
            is_older=older,
            again=again,
        )
        night = Night(day, "held", run_id=run.run_id, attempt=run.attempt)
        work = _Work(books, notes, root, run, night, say, store.steps_done(notes, run.run_id))
        night.resumed = "check" in work.done and before is not None and before.run_id == run.run_id
        bad = {alarm.file for alarm in alarms if alarm.kind.holds_back}
        store.note_files(notes, run.run_id, found.files, bad)
        counts = {"files": len(found.files), "rows": sum(file.rows for file in found.files)}
        held = holds_back(alarms)
        store.note_step(notes, run.run_id, 1, "check", "failed" if held else "done", started, now(), counts)
        night.seconds["check"], night.counts["check"] = monotonic_seconds() - clock, counts
        work.raise_alarms(alarms)
        if held:
            store_alarms.resolve_alarms(notes, run, alarms, now(), unchecked=unchecked(alarms))
            store.end_run(notes, run.run_id, "held", now())
            return night
        try:
            _take_in(work, found, again=again, traces=traces)
        except LoantrailError as problem:
            with suppress(store.DATABASE_ERROR):
                notes.rollback()
                work.raise_alarms([Alarm("run_failed", parameters={"problem": problem.problem})])
                store.end_run(notes, run.run_id, "failed", now(), str(problem))
            raise
        store_alarms.resolve_alarms(notes, run, night.alarms, now())
        store.end_run(notes, run.run_id, "complete", now())
        night.state = "complete"
    return night


def _take_in(work: _Work, found: FoundFolder, *, again: bool, traces: bool) -> None:
    with work.books.connect() as connection:
        if work.run.data_loaded_at is None:
            _take_masters(work, connection, found)
            _take_lines(work, found, again=again)
            _settle(work, connection)
            _compare(work, connection, found)
            store.note_data_loaded(work.notes, work.run.run_id, now())
            work.notes.commit()
        if not traces:
            return
        with work.step("trace") as counts:
            traced = trace_books(connection, "fifo", work.say)
            counts |= {"loans": traced.loans, "hops": traced.hops, "leads": len(traced.leads)}
            store.note_trace(work.notes, work.run.run_id, traced.run_id)


def _ordered(found: FoundFolder) -> list[FoundFile]:
    return sorted(found.files, key=lambda one: _RANK[one.declared.record_type])


def _take_masters(work: _Work, connection: store.type_of_connection, found: FoundFolder) -> None:
    """Customers, contracts, loans and the rest, types that others point to first; each file is one transaction."""
    tables = [one for one in _ordered(found) if one.declared.record_type not in (LINE, GENERAL_LEDGER)]
    taken = store.files_taken(work.notes, work.run.run_id)
    types = [one.declared.record_type for one in tables]
    with work.step("master") as counts:
        for one in tables:
            name = one.declared.file
            if name in taken:
                continue
            if work.run.is_older:
                store.note_file_taken(work.notes, work.run.run_id, name, {}, "left_out")
                work.notes.commit()
                continue
            work.say(name)
            is_sole = types.count(one.declared.record_type) == 1
            became, alarms = take_table(connection, work.run, work.root, work.folder, one, is_sole=is_sole)
            work.raise_alarms(alarms)
            for key in ("read", "new", "changed", "same", "removed", "vanished", "refused"):
                counts[key] = counts.get(key, 0) + became[key]


def _take_lines(work: _Work, found: FoundFolder, *, again: bool) -> None:
    files = [one for one in _ordered(found) if one.declared.record_type == LINE]
    taken = store.files_taken(work.notes, work.run.run_id)
    before = store.lines_of_folder(work.notes, work.folder.name)
    with work.step("lines") as counts:
        for one in files:
            if one.declared.file in taken:
                continue
            outcome = _import(work, one)
            became = {
                "read": outcome.read[LINE],
                "accepted": outcome.accepted[LINE],
                "duplicate": outcome.duplicate[LINE],
                "refused": outcome.read[LINE] - outcome.accepted[LINE] - outcome.duplicate[LINE],
            }
            store.note_file_taken(work.notes, work.run.run_id, one.declared.file, became)
            work.notes.commit()
            work.raise_alarms(_line_alarms(one.declared.file, became, is_first=before == 0))
            for key, value in became.items():
                counts[key] = counts.get(key, 0) + value
        # Records that waited for others come in here, even where no lines came.
        import_files([], books=work.books, settles=False)
        held = store.lines_of_folder(work.notes, work.folder.name)
        told = counts.get("accepted", 0) + counts.get("duplicate", 0)
        if again and before and held > told:
            work.raise_alarms([Alarm("lines_withdrawn", actual=str(held - told))])


def _import(work: _Work, one: FoundFile) -> Outcome:
    path = work.folder / one.declared.file
    name = f"{work.folder.name}/{one.declared.file}"

    def files() -> Iterator[Opened]:
        if content_hash_of(path) != one.sha256:
            raise FileUnreadable(
                "changed while the delivery was taken in", Place(name), "Let the bank finish its delivery"
            )
        if not is_bare(path):
            yield opened_lines(path, name, one.declared, work.root)

    def progress(_name: str, read: int) -> None:
        work.say(f"reading {name}, {read:,} bytes so far")

    outcome = import_files(files(), progress, books=work.books, settles=False)
    for unusable in outcome.unusable:
        raise unusable.problem
    return outcome


def _line_alarms(file: str, became: dict[str, int], *, is_first: bool) -> list[Alarm]:
    alarms: list[Alarm] = []
    if became["refused"]:
        alarms.append(Alarm("rows_refused", file, actual=str(became["refused"])))
    if is_first and became["read"] and not became["accepted"]:
        alarms.append(Alarm("lines_all_known", file))
    return alarms


def _settle(work: _Work, connection: store.type_of_connection) -> None:
    """Pairing and reconciling are one transaction; the times of the parts are told apart."""
    marks: list[tuple[datetime.datetime, float]] = []
    clock = monotonic_seconds()
    with work.step("pair") as counts:
        report = settle(connection, on_paired=lambda: marks.append((now(), monotonic_seconds())))
        counts["accounts"] = len(report)
    if marks:
        paired_at, mark = marks[0]
        work.night.seconds["pair"] = mark - clock
        work.night.seconds["reconcile"] = monotonic_seconds() - mark
        store.note_step_end(work.notes, work.run.run_id, "pair", paired_at)
    else:
        paired_at = now()
    states = dict(report.group_by("state").len().iter_rows()) if len(report) else {}
    counts = {str(state): int(number) for state, number in states.items()}
    store.note_step(
        work.notes,
        work.run.run_id,
        STEPS.index("reconcile") + 1,
        "reconcile",
        "done",
        paired_at,
        now(),
        counts,
    )
    work.notes.commit()
    work.night.counts["reconcile"] = counts
    differing = report.filter(pl.col("state") == "differs")
    if len(differing):
        work.raise_alarms([Alarm("balances_differ", actual=str(len(differing)))])


def _compare(work: _Work, connection: store.type_of_connection, found: FoundFolder) -> None:
    """The loans against the general ledger. Of an older date nothing is compared: the loans stand at a newer one."""
    files = [one for one in found.files if one.declared.record_type == GENERAL_LEDGER]
    with work.step("ledger") as counts:
        if work.run.is_older:
            for one in files:
                store.note_file_taken(work.notes, work.run.run_id, one.declared.file, {}, "left_out")
            return
        if not files:
            work.raise_alarms([Alarm("ledger_not_delivered")])
            return
        totals: list[LedgerTotal] = []
        for one in files:
            path = work.folder / one.declared.file
            totals += read_ledger(path, one.declared.file, one.declared, work.root)
            store.note_file_taken(
                work.notes, work.run.run_id, one.declared.file, {"read": one.rows, "accepted": one.rows}
            )
        subjects = found.manifest.subjects if found.manifest else ()
        compared, alarms = compare_ledger(
            totals, store.loan_totals(connection), store.unit_parents(connection), subjects
        )
        connection.rollback()
        store.write_ledger(work.notes, work.run, compared)
        work.raise_alarms(alarms)
        differing = sum(1 for one in compared if one.ledger_fen is None or one.difference_fen)
        counts |= {"compared": len(compared), "differing": differing}

"""`loantrail import`: files into the books, so that a kill at any moment loses nothing and doubles nothing.

Each group of rows is committed together with its refusals, the progress of its file and the note for the pairing. A
run that was killed is run again with the same files: what is committed is skipped, and if it were not, its keys
would tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Protocol

import polars as pl

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.errors import InputError
from loantrail.ids import new_id
from loantrail.ledger import intake, store
from loantrail.ledger.ahead import ahead
from loantrail.ledger.intake import RECORD_TYPES, Occurrences
from loantrail.ledger.pairs.booking import settle
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.replaying import replay_waiting
from loantrail.ledger.reconcile import REPORT_SCHEMA
from loantrail.ledger.taking import DEFAULT_UNIT, KeysTaken, Taken, make_ready, stored_refusal, take_rows
from loantrail.postgres.connection import database
from loantrail.postgres.failures import database_failures
from loantrail.sources.dry_run import FIRST_NEW_MOST, FIRST_REFUSED_MOST, Outcome, RefusedRow
from loantrail.sources.files import Opened, Unusable, content_digest, read_batches
from loantrail.sources.model import Batch, Refusal

ROWS_AT_ONCE: Final = 100_000
"""Small batches of an adapter are gathered up to this many rows before they are committed."""
TRIES: Final = 8
"""How often a group is taken again when another import was in the way."""


class Books(Protocol):
    """Anything that connects to the books, such as `loantrail.postgres.connection.Database`."""

    def connect(self) -> AbstractContextManager[store.type_of_connection]:
        """A connection for the length of a `with` block, for work that commits by itself."""
        ...


@dataclass(slots=True)
class _Group:
    """Batches that are committed together: one record type."""

    record_type: str
    batches: list[Batch]
    first_position: int
    """Number of the first record among all records of the file, for types whose rows do not carry it."""

    @property
    def records_read(self) -> int:
        return sum(batch.records_read for batch in self.batches)


def import_files(
    files: Iterable[Opened | Unusable],
    on_progress: Callable[[str, int], None] = lambda _name, _bytes: None,
    books: Books | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
    settles: bool = True,
) -> Outcome:
    """Take the files into the books, then pair what is new and check the balances of the accounts concerned.

    `books` is the database; without it the one of the settings. Bad rows and files are refused and named, the rest
    goes on. Without `settles` the pairing is left to the caller (`pairs.booking.settle`). Raises DatabaseUnavailable or StorageExhausted when the database fails: what is committed stays, and the
    same call resumes.
    """
    if books is None:
        with database() as opened:
            return import_files(files, on_progress, opened, rows_at_once, settles)
    outcome = Outcome()
    run_id = new_id()
    with database_failures(), books.connect() as connection:
        store.begin_run(connection, run_id, clock.now())
        connection.commit()
        taken_files: set[int] = set()
        try:
            for file in files:
                if isinstance(file, Unusable):
                    _refuse_file(connection, file, None, outcome)
                else:
                    taken_files |= _take_file(connection, run_id, file, outcome, on_progress, rows_at_once)
            replayed = replay_waiting(connection, taken_files)
            for (record_type, file_id), count in replayed.items():
                if file_id in taken_files:
                    outcome.refused["unknown_reference"] -= count
                    outcome.accepted[record_type] += count
            if replayed:
                _leave_out_replayed(connection, outcome)
            report = settle(connection) if settles else pl.DataFrame(schema=REPORT_SCHEMA)
        except DEFECTS as problem:
            # Where the database itself failed, not even this can be noted.
            with suppress(store.DATABASE_ERROR):
                connection.rollback()
                store.end_run(connection, run_id, clock.now(), "failed", str(problem))
                connection.commit()
            raise
        store.end_run(connection, run_id, clock.now(), "finished", None)
        connection.commit()
    outcome.refused = +outcome.refused
    outcome.accounts_reconciled = int((report["state"] == "reconciled").sum())
    outcome.accounts_without_balances = int((report["state"] == "no_balances").sum())
    outcome.differences = report.filter(pl.col("state") == "differs").to_dicts()
    return outcome


def _take_file(
    connection: store.type_of_connection,
    run_id: str,
    file: Opened,
    outcome: Outcome,
    on_progress: Callable[[str, int], None],
    rows_at_once: int,
) -> set[int]:
    """The entry of the file in the books, as a set; empty when it could not be read at all."""
    name = file.source.name
    outcome.formats[name] = file.adapter.name
    try:
        digest = content_digest(file.source.path)
    except OSError as problem:
        unreadable = InputError(f"cannot be read ({problem.strerror})", remedy="Check the path")
        _refuse_file(connection, Unusable(name, unreadable), None, outcome)
        return set()
    file_id, committed = store.begin_file(
        connection,
        run_id,
        name,
        file.adapter.name,
        file.source.options,
        digest,
        file.bytes_total,
        version("loantrail"),
        clock.now(),
    )
    connection.commit()
    occurrences = Occurrences()
    state, problem = "finished", None
    try:
        groups = _groups(read_batches(file), committed, rows_at_once)
        with ahead(_keyed(group, occurrences) for group in groups) as keyed_groups:
            for keyed in keyed_groups:
                _take_group(connection, keyed, file_id, name, committed, outcome)
                committed = max(committed - len(keyed.group.batches), 0)
                on_progress(name, max(batch.bytes_read for batch in keyed.group.batches))
    except InputError as unusable:
        state, problem = "failed", str(unusable)
        connection.rollback()
        _refuse_file(connection, Unusable(name, unusable), file_id, outcome)
    store.end_file(connection, file_id, clock.now(), state, problem)
    connection.commit()
    on_progress(name, file.bytes_total)
    return {file_id}


def _groups(batches: Iterator[Batch], committed: int, rows_at_once: int) -> Iterator[_Group]:
    """Batches of one type gathered up to `rows_at_once`. A group never spans the point where an earlier run ended."""
    group: _Group | None = None
    rows = 0
    read = 0
    failure: InputError | None = None
    count = 0
    while True:
        try:
            batch = next(batches, None)
        except InputError as problem:
            # What was read before the file went bad is taken in first.
            batch, failure = None, problem
        full = group is not None and (rows >= rows_at_once or count == committed)
        if group is not None and (batch is None or full or batch.record_type != group.record_type):
            yield group
            group = None
        if failure is not None:
            raise failure
        if batch is None:
            return
        if group is None:
            group, rows = _Group(batch.record_type, [], read + 1), 0
        group.batches.append(batch)
        rows += len(batch.rows) + len(batch.refusals)
        read += batch.records_read
        count += 1


@dataclass(frozen=True, slots=True)
class _Keyed:
    group: _Group
    rows: pl.DataFrame
    """As the adapter gave them."""
    keyed: pl.DataFrame
    """As `intake.with_keys` gives them."""


def _keyed(group: _Group, occurrences: Occurrences) -> _Keyed:
    record_type = RECORD_TYPES[group.record_type]
    rows = pl.concat([batch.rows for batch in group.batches])
    return _Keyed(
        group,
        rows,
        intake.with_keys(record_type, intake.prepared(record_type, rows, DEFAULT_UNIT), occurrences),
    )


def _take_group(
    connection: store.type_of_connection,
    prepared: _Keyed,
    file_id: int,
    name: str,
    committed: int,
    outcome: Outcome,
) -> None:
    group, rows, keyed = prepared.group, prepared.rows, prepared.keyed
    record_type = RECORD_TYPES[group.record_type]
    refusals = [refusal for batch in group.batches for refusal in batch.refusals]
    if committed > 0:
        # Committed by an earlier run; its keys had to be counted all the same.
        outcome.read[record_type.name] += group.records_read
        outcome.duplicate[record_type.name] += len(rows)
        for refusal in refusals:
            outcome.refused[refusal.reason] += 1
        _note_first(outcome, [_entry(refusal, record_type.name, file_id) for refusal in refusals])
        return
    with database_failures():
        ready = make_ready(connection, record_type, keyed)
    repeated = len(rows) - len(keyed)
    entries = [_entry(refusal, record_type.name, file_id) for refusal in refusals]
    positions = _positions(group, rows, refusals)
    found: list[quarantine.StoredRefusal] = []

    def work() -> Taken:
        taken = take_rows(connection, record_type, ready, file_id)
        found[:] = [
            stored_refusal(
                one, record_type.name, rows.row(one.row, named=True), name, positions[one.row], file_id
            )
            for one in taken.broken
        ]
        quarantine.add_refusals(connection, [*entries, *found])
        store.note_progress(
            connection,
            file_id,
            len(group.batches),
            max(batch.bytes_read for batch in group.batches),
            group.records_read,
            taken.accepted,
            taken.duplicate + repeated,
            len(refusals) + len(taken.broken),
        )
        return taken

    taken = committed_work(connection, work)
    outcome.read[record_type.name] += group.records_read
    outcome.accepted[record_type.name] += taken.accepted
    outcome.duplicate[record_type.name] += taken.duplicate + repeated
    outcome.refused += Counter(refusal.reason for refusal in refusals)
    outcome.refused += Counter(one.reason for one in taken.broken)
    _note_first(outcome, [*entries, *found])
    outcome.new_accounts += len(taken.opened)
    if taken.opened and (room := FIRST_NEW_MOST - len(outcome.first_new_accounts)) > 0:
        named = keyed.filter(pl.col("account").is_in(list(taken.opened)))
        first = named.get_column("account").unique(maintain_order=True).head(room)
        outcome.first_new_accounts += first.to_list()


def _note_first(outcome: Outcome, refused: Sequence[quarantine.StoredRefusal]) -> None:
    """The first rows that were refused, by their places within each group."""
    room = FIRST_REFUSED_MOST - len(outcome.first_refused)
    outcome.first_refused += [
        RefusedRow(one.refusal_id, one.position, one.field, one.reason, one.message)
        for one in sorted(refused, key=lambda one: one.position)[:room]
    ]


def _leave_out_replayed(connection: store.type_of_connection, outcome: Outcome) -> None:
    """What pointed to a record that came later in the same import is refused no more."""
    replayed = quarantine.replayed_of(connection, [one.refusal_id for one in outcome.first_refused])
    outcome.first_refused = [one for one in outcome.first_refused if one.refusal_id not in replayed]


def committed_work(connection: store.type_of_connection, work: Callable[[], Taken]) -> Taken:
    """Run and commit `work`; again when another import held what it needed."""
    for attempt in range(TRIES):
        try:
            with database_failures():
                taken = work()
                connection.commit()
                return taken
        except (KeysTaken, *store.COLLISIONS):
            connection.rollback()
            if attempt == TRIES - 1:
                raise
            clock.sleep(0.02 * 2**attempt)
    raise AssertionError("the loop above returns or raises")


def _positions(group: _Group, rows: pl.DataFrame, refusals: Sequence[Refusal]) -> list[int]:
    """Number of each row in its file: what the row says, else counted, those refused by the adapter left out."""
    if "position" in rows.columns:
        return rows.get_column("position").to_list()
    gone = {refusal.position for refusal in refusals}
    counted = range(group.first_position, group.first_position + group.records_read)
    left = [position for position in counted if position not in gone]
    return left if len(left) >= len(rows) else [0] * len(rows)


def _entry(refusal: Refusal, record_type: str, file_id: int | None) -> quarantine.StoredRefusal:
    """The quarantine entry of what an adapter refused."""
    return quarantine.StoredRefusal(
        refusal_id=quarantine.refusal_id(
            record_type,
            refusal.source_file,
            refusal.position,
            refusal.field,
            refusal.reason,
            refusal.original,
            "" if refusal.original else refusal.message,
        ),
        file_id=file_id,
        source_file=refusal.source_file,
        position=refusal.position,
        record_type=record_type,
        field=refusal.field,
        reason=refusal.reason,
        message=refusal.message,
        original=refusal.original,
        record=None,
        corrected=None,
        state="open",
        created_at=clock.now(),
    )


def _refuse_file(
    connection: store.type_of_connection, file: Unusable, file_id: int | None, outcome: Outcome
) -> None:
    """A file that cannot be used, wholly or from some point on: noted, and the others go on."""
    outcome.unusable.append(file)
    place = file.problem.place
    refusal = Refusal(file.name, place.row or 0, place.field, file.problem.code, str(file.problem), b"")
    quarantine.add_refusals(connection, [_entry(refusal, "", file_id)])
    connection.commit()

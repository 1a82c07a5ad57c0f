"""SQL of the schema `nightly`, and what a nightly run reads of other nouns through their published views."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loantrail.ids import new_id
from loantrail.nightly.model import Compared, FoundFile, Known, Loaded, LoanTotal

type_of_connection = psycopg.Connection[tuple[Any, ...]]
DATABASE_ERROR: Final = psycopg.Error

_LOCK: Final = "loantrail.nightly"


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a business date."""

    run_id: str
    business_date: datetime.date
    attempt: int
    state: str
    is_older: bool
    content_hash: str
    data_loaded_at: datetime.datetime | None


_RUN: Final = "run_id, business_date, attempt, state, is_older, content_hash, data_loaded_at"


def lock(connection: type_of_connection) -> bool:
    """Whether this connection may do nightly work now; it keeps the right until `unlock`, or until it closes."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (_LOCK,)).fetchone()
    connection.commit()
    return row is not None and bool(row[0])


def unlock(connection: type_of_connection) -> None:
    """Give the right up: a connection of a pool does not close. Rolls back what was left open; a connection that is
    broken gave it up already."""
    if connection.closed:
        return
    with suppress(DATABASE_ERROR):
        connection.rollback()
        connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))
        connection.commit()


def last_run(connection: type_of_connection, day: datetime.date) -> Run | None:
    """The last attempt at a business date."""
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(
            f"SELECT {_RUN} FROM nightly.run WHERE business_date = %s ORDER BY attempt DESC LIMIT 1",  # noqa: S608  constant columns
            (day,),
        ).fetchone()


def begin_run(
    connection: type_of_connection,
    day: datetime.date,
    folder: str,
    content_hash: str,
    software_version: str,
    at: datetime.datetime,
    *,
    is_older: bool,
    again: bool,
) -> Run:
    """The attempt to go on with: the last one where it did not come to its end and was about the same content, else a
    new one. Commits."""
    last = last_run(connection, day)
    goes_on = last is not None and last.content_hash == content_hash and last.state != "complete"
    if last is not None and goes_on and not (again and last.state == "held"):
        connection.execute(
            "UPDATE nightly.run SET state = 'running', problem = NULL, finished_at = NULL, "
            "started_at = CASE WHEN state = 'held' THEN %s ELSE started_at END, is_older = %s WHERE run_id = %s",
            (at, is_older, last.run_id),
        )
        connection.commit()
        return Run(last.run_id, day, last.attempt, "running", is_older, content_hash, last.data_loaded_at)
    run_id, attempt = new_id(), 1 if last is None else last.attempt + 1
    connection.execute(
        "INSERT INTO nightly.run (run_id, business_date, attempt, state, is_older, folder, content_hash, software_version, "
        "started_at) VALUES (%s, %s, %s, 'running', %s, %s, %s, %s, %s)",
        (run_id, day, attempt, is_older, folder, content_hash, software_version, at),
    )
    connection.commit()
    return Run(run_id, day, attempt, "running", is_older, content_hash, None)


def end_run(
    connection: type_of_connection, run_id: str, state: str, at: datetime.datetime, problem: str | None = None
) -> None:
    connection.execute(
        "UPDATE nightly.run SET state = %s, finished_at = %s, problem = %s WHERE run_id = %s",
        (state, at, problem, run_id),
    )
    connection.commit()


def note_data_loaded(connection: type_of_connection, run_id: str, at: datetime.datetime) -> None:
    """From now on the books stand at this run's date."""
    connection.execute(
        "UPDATE nightly.run SET data_loaded_at = coalesce(data_loaded_at, %s) WHERE run_id = %s", (at, run_id)
    )


def note_trace(connection: type_of_connection, run_id: str, trace_run_id: str) -> None:
    connection.execute("UPDATE nightly.run SET trace_run_id = %s WHERE run_id = %s", (trace_run_id, run_id))


# Steps -------------------------------------------------------------------------------------------------------


def steps_done(connection: type_of_connection, run_id: str) -> set[str]:
    """Names of the steps that an earlier process finished."""
    rows = connection.execute(
        "SELECT step FROM nightly.step WHERE run_id = %s AND state = 'done'", (run_id,)
    ).fetchall()
    return {str(row[0]) for row in rows}


def note_step(
    connection: type_of_connection,
    run_id: str,
    ordinal: int,
    step: str,
    state: str,
    started_at: datetime.datetime,
    finished_at: datetime.datetime | None,
    counts: Mapping[str, int],
) -> None:
    """Enter a step, or what became of it."""
    connection.execute(
        "INSERT INTO nightly.step (run_id, ordinal, step, state, started_at, finished_at, counts) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (run_id, step) DO UPDATE SET state = excluded.state, "
        "started_at = excluded.started_at, finished_at = excluded.finished_at, counts = excluded.counts",
        (run_id, ordinal, step, state, started_at, finished_at, Jsonb(dict(counts))),
    )


def note_step_end(connection: type_of_connection, run_id: str, step: str, at: datetime.datetime) -> None:
    """A step ended earlier than it was noted."""
    connection.execute(
        "UPDATE nightly.step SET finished_at = %s WHERE run_id = %s AND step = %s", (at, run_id, step)
    )


# Files -------------------------------------------------------------------------------------------------------


def note_files(
    connection: type_of_connection, run_id: str, files: Sequence[FoundFile], bad: set[str]
) -> None:
    """Enter the files of a delivery as they were found; one that is taken in already stays so."""
    for one in files:
        declared = one.declared
        connection.execute(
            "INSERT INTO nightly.file (run_id, file, record_type, mode, size_bytes, content_hash, rows_expected, rows_found, "
            "totals_expected, totals_found, state) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (run_id, file) DO UPDATE SET state = CASE WHEN nightly.file.state = 'taken' THEN 'taken' "
            "ELSE excluded.state END",
            (
                run_id,
                declared.file,
                declared.record_type,
                declared.mode,
                one.size_bytes if one.exists else None,
                one.sha256 or None,
                declared.rows,
                one.rows if one.exists and not one.problem else None,
                # As text: JSON numbers beyond 2^53 are cut by many readers.
                Jsonb({name: str(fen) for name, fen in declared.totals.items()}),
                Jsonb({name: str(one.totals.get(name, 0)) for name in declared.totals}),
                "bad" if declared.file in bad else "checked",
            ),
        )


def files_taken(connection: type_of_connection, run_id: str) -> set[str]:
    rows = connection.execute(
        "SELECT file FROM nightly.file WHERE run_id = %s AND state IN ('taken', 'left_out')", (run_id,)
    ).fetchall()
    return {str(row[0]) for row in rows}


FILE_COUNTS: Final = (
    "read",
    "accepted",
    "duplicate",
    "refused",
    "new",
    "changed",
    "same",
    "removed",
    "vanished",
)


def note_file_taken(
    connection: type_of_connection, run_id: str, file: str, counts: Mapping[str, int], state: str = "taken"
) -> None:
    """Enter what became of a file's rows; `counts` has some of FILE_COUNTS."""
    connection.execute(
        "UPDATE nightly.file SET state = %s, rows_read = %s, rows_accepted = %s, rows_duplicate = %s, rows_refused = %s, "
        "rows_new = %s, rows_changed = %s, rows_same = %s, rows_removed = %s, rows_vanished = %s "
        "WHERE run_id = %s AND file = %s",
        (state, *(counts.get(name) for name in FILE_COUNTS), run_id, file),
    )


def known_deliveries(connection: type_of_connection, waiting: Sequence[datetime.date]) -> Known:
    """What the books know of earlier deliveries; `waiting` are dates whose folders lie there."""
    dates = [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT business_date FROM nightly.run WHERE data_loaded_at IS NOT NULL ORDER BY business_date"
        ).fetchall()
    ]
    rows = connection.execute(
        "SELECT r.business_date, f.file, f.record_type, f.mode, coalesce(f.content_hash, ''), coalesce(f.rows_found, 0) "
        "FROM (SELECT DISTINCT ON (r.business_date) r.business_date, r.run_id FROM nightly.run r JOIN nightly.file f "
        "USING (run_id) WHERE f.state IN ('taken', 'left_out') ORDER BY r.business_date, r.attempt DESC) r "
        "JOIN nightly.file f USING (run_id) WHERE f.state IN ('taken', 'left_out')"
    ).fetchall()
    connection.commit()
    return Known(
        tuple(dates), tuple(Loaded(*row) for row in rows), tuple(one for one in waiting if one not in dates)
    )


def lines_of_folder(connection: type_of_connection, folder: str) -> int:
    """Lines in the books that came with the files of a folder."""
    row = connection.execute(
        "SELECT coalesce(sum(rows_accepted), 0) FROM published.import_file WHERE starts_with(name, %s)",
        (f"{folder}/",),
    ).fetchone()
    return 0 if row is None else int(row[0])


# General ledger ----------------------------------------------------------------------------------------------


def loan_totals(connection: type_of_connection) -> list[LoanTotal]:
    """Balances of the loans on the balance sheet by product, unit and currency."""
    rows = connection.execute(
        "SELECT product, unit_id, currency, sum(balance_fen)::bigint, count(*) FROM published.loan "
        "WHERE state IN ('outstanding', 'overdue') GROUP BY product, unit_id, currency ORDER BY product, unit_id, currency"
    ).fetchall()
    return [LoanTotal(str(a), str(b), str(c), int(d), int(e)) for a, b, c, d, e in rows]


def unit_parents(connection: type_of_connection) -> dict[str, str | None]:
    """Unit -> the unit above it."""
    return {
        str(unit): parent
        for unit, parent in connection.execute(
            "SELECT unit_id, parent_unit_id FROM published.organisation_unit"
        ).fetchall()
    }


def write_ledger(connection: type_of_connection, run: Run, compared: Sequence[Compared]) -> None:
    """Replace the run's reconciliation with the general ledger."""
    connection.execute("DELETE FROM nightly.ledger_balance WHERE run_id = %s", (run.run_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO nightly.ledger_balance (run_id, business_date, subject, subject_name, unit_id, currency, ledger_fen, "
            "loans_fen, loan_count, difference_fen) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    run.run_id,
                    run.business_date,
                    one.subject,
                    one.subject_name,
                    one.unit_id,
                    one.currency,
                    one.ledger_fen,
                    one.loans_fen,
                    one.loan_count,
                    one.difference_fen,
                )
                for one in compared
            ],
        )


# Reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DateRow:
    business_date: datetime.date
    state: str
    attempt: int
    is_older: bool
    loaded_at: datetime.datetime | None
    lines_accepted: int
    records_new: int
    records_changed: int
    rows_refused: int
    open_alarm_count: int


def list_dates(connection: type_of_connection, limit: int = 60) -> list[DateRow]:
    """Business dates, newest first."""
    with connection.cursor(row_factory=class_row(DateRow)) as cursor:
        return cursor.execute(
            "SELECT business_date, state, attempt, is_older, loaded_at, lines_accepted, records_new, records_changed, "
            "rows_refused, open_alarm_count FROM published.nightly_date ORDER BY business_date DESC LIMIT %s",
            (limit,),
        ).fetchall()


@dataclass(frozen=True, slots=True)
class StepRow:
    step: str
    state: str
    seconds: float | None
    counts: dict[str, int]


def list_steps(connection: type_of_connection, run_id: str) -> list[StepRow]:
    """The steps of a run in their order."""
    with connection.cursor(row_factory=class_row(StepRow)) as cursor:
        return cursor.execute(
            "SELECT step, state, seconds, counts FROM published.nightly_step WHERE run_id = %s ORDER BY ordinal",
            (run_id,),
        ).fetchall()


def data_date(connection: type_of_connection) -> datetime.date | None:
    """The business date that the books stand at."""
    row = connection.execute("SELECT data_date FROM published.nightly_data_date").fetchone()
    return None if row is None else row[0]

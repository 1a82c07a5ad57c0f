"""SQL of the state of re-evaluation: one row, and a lock that whoever traces anew holds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row

Database = Connection[Any]
_LOCK: Final = "loantrail.tracing.evaluation"


def request(connection: Database) -> int:
    """Note that something changed that the trace depends on; the number of this change. The caller commits, best
    together with the change itself."""
    row = connection.execute(
        "UPDATE tracing.evaluation SET requested = requested + 1, requested_at = clock_timestamp() RETURNING requested"
    ).fetchone()
    assert row is not None
    return int(row[0])


def request_for_records(connection: Database) -> int | None:
    """As `request`, for records that came in; None where the books do not hold yet what a trace begins with. The caller
    commits."""
    row = connection.execute(
        "UPDATE tracing.evaluation SET requested = requested + 1, requested_at = clock_timestamp() "
        "WHERE EXISTS (SELECT 1 FROM published.statement_line) AND EXISTS (SELECT 1 FROM published.disbursement) "
        "RETURNING requested"
    ).fetchone()
    return None if row is None else int(row[0])


def request_again(connection: Database) -> bool:
    """Have what failed tried again; False where nothing failed. The caller commits."""
    return (
        connection.execute(
            "UPDATE tracing.evaluation SET failed = 0, failed_at = NULL, problem = NULL, remedy = NULL "
            "WHERE failed > evaluated"
        ).rowcount
        == 1
    )


def outstanding(connection: Database) -> int | None:
    """The number of the last change that is neither in a run nor failed; None where there is none."""
    row = connection.execute(
        "SELECT requested FROM tracing.evaluation WHERE requested > greatest(evaluated, failed)"
    ).fetchone()
    return None if row is None else int(row[0])


def lock(connection: Database) -> bool:
    """Become the one that traces anew, until `unlock` or the end of the session; False where another one does."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (_LOCK,)).fetchone()
    return bool(row and row[0])


@contextmanager
def alone(connection: Database) -> Generator[None]:
    """For the length of the block nobody else traces anew; waits until whoever does has ended. Commits."""
    connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (_LOCK,))
    connection.commit()
    try:
        yield
    finally:
        if not connection.closed:
            connection.rollback()
            unlock(connection)
            connection.commit()


def requested(connection: Database) -> int:
    """The number of the last change that was noted."""
    row = connection.execute("SELECT requested FROM tracing.evaluation").fetchone()
    return 0 if row is None else int(row[0])


def unlock(connection: Database) -> None:
    connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))


def begin(connection: Database) -> None:
    """Note that a run began. The caller commits, as below."""
    connection.execute("UPDATE tracing.evaluation SET started_at = clock_timestamp()")


def finish(connection: Database, number: int, run_id: str) -> None:
    """Note that the changes up to `number` are in the run."""
    connection.execute(
        "UPDATE tracing.evaluation SET evaluated = greatest(evaluated, %s), run_id = %s, started_at = NULL, "
        "finished_at = clock_timestamp(), failed = 0, failed_at = NULL, problem = NULL, remedy = NULL",
        (number, run_id),
    )


def fail(connection: Database, number: int, problem: str, remedy: str) -> None:
    """Note that the changes up to `number` were tried in vain, and why."""
    connection.execute(
        "UPDATE tracing.evaluation SET failed = %s, failed_at = clock_timestamp(), started_at = NULL, problem = %s, "
        "remedy = %s",
        (number, problem, remedy),
    )


def state(connection: Database) -> dict[str, Any]:
    """The row, and `working`: whether somebody holds the lock."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            """
            SELECT requested, requested_at, evaluated, started_at, finished_at, failed, failed_at, problem, remedy,
                   EXISTS (
                       SELECT 1 FROM pg_locks
                       WHERE locktype = 'advisory' AND granted AND objsubid = 1
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                         AND (classid::bigint << 32 | objid::bigint) = hashtext(%s)::bigint
                   ) AS working
            FROM tracing.evaluation
            """,
            (_LOCK,),
        ).fetchone()
    assert row is not None
    return row


def live_waiting(connection: Database) -> dict[str, Any]:
    """How much came in live and waits: `unpaired_lines, untraced_lines, waiting_since`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "SELECT unpaired_lines, untraced_lines, since AS waiting_since FROM published.live_waiting"
        ).fetchone()
    assert row is not None
    return row

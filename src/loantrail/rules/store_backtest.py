"""SQL of back-tests: asked for, worked at one at a time over all processes, cancelled, kept."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.rules.backtest"
_COLUMNS: Final = sql.SQL(
    "backtest_id, b.rule_id, v.code, v.version, compared_with, c.version AS compared_version, "
    "b.content_hash <> v.content_hash AS changed_since, from_date, to_date, b.state, requested_by, requested_at, "
    "started_at, finished_at, rows_done, rows_total, cancel_requested, cancelled_by, "
    "result - '{only_new_loans,only_old_loans,examples}'::text[] AS result, problem, remedy"
)
"""Of the result the figures alone: what names loans is read by `naming`."""
_FROM: Final = sql.SQL(
    "FROM rules.backtest b JOIN rules.rule_version v USING (rule_id) LEFT JOIN rules.rule_version c ON c.rule_id = compared_with"
)


def insert(connection: Database, row: Mapping[str, Any]) -> None:
    """Ask for a back-test."""
    connection.execute(
        "INSERT INTO rules.backtest (backtest_id, request_key, rule_id, compared_with, content_hash, from_date, to_date, "
        "state, requested_by, requested_at) VALUES (%(backtest_id)s, %(request_key)s, %(rule_id)s, "
        "%(compared_with)s, %(content_hash)s, %(from_date)s, %(to_date)s, 'queued', %(requested_by)s, clock_timestamp())",
        row,
    )


def by_request(connection: Database, request_key: str) -> Row | None:
    row = connection.execute(
        "SELECT backtest_id FROM rules.backtest WHERE request_key = %s", (request_key,)
    ).fetchone()
    return None if row is None else one(connection, row[0])


def one(connection: Database, backtest_id: str) -> Row | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} {} WHERE backtest_id = %s").format(_COLUMNS, _FROM), (backtest_id,)
        ).fetchone()


def naming(connection: Database, backtest_id: str) -> Row | None:
    """What the result of a back-test says of single loans (`only_new_loans, only_old_loans, examples`), whoever reaches them;
    None where there is no result."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT result -> 'only_new_loans' AS only_new_loans, result -> 'only_old_loans' AS only_old_loans, "
            "result -> 'examples' AS examples FROM rules.backtest WHERE backtest_id = %s AND result IS NOT NULL",
            (backtest_id,),
        ).fetchone()


def of_rule(connection: Database, code: str) -> list[Row]:
    """The last back-tests of a rule, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL("SELECT {} {} WHERE v.code = %s ORDER BY requested_at DESC LIMIT 20").format(
                _COLUMNS, _FROM
            ),
            (code,),
        ).fetchall()


def tried(connection: Database, code: str) -> set[str]:
    """Ids of the versions of a rule of which a back-test came to its end, and which were not changed since."""
    rows = connection.execute(
        "SELECT DISTINCT b.rule_id FROM rules.backtest b JOIN rules.rule_version v USING (rule_id) "
        "WHERE v.code = %s AND b.state = 'finished' AND b.content_hash = v.content_hash",
        (code,),
    ).fetchall()
    return {str(row[0]) for row in rows}


def unfinished(connection: Database) -> bool:
    """Whether one waits to be worked at, is worked at, or was left by a server that stopped."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM rules.backtest WHERE state IN ('queued', 'running'))"
    ).fetchone()
    return bool(row and row[0])


def lock(connection: Database) -> bool:
    """Become the one that works at back-tests, until `unlock` or the end of the session; False where another does."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (_LOCK,)).fetchone()
    return bool(row and row[0])


def unlock(connection: Database) -> None:
    connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))


def interrupt(connection: Database) -> int:
    """Mark those that a process left behind; whoever holds the lock knows that nobody is at them. The caller commits."""
    return connection.execute(
        "UPDATE rules.backtest SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'interrupted' END, "
        "finished_at = clock_timestamp(), problem = 'The server stopped while the back-test ran', "
        "remedy = 'Start it again' WHERE state = 'running'"
    ).rowcount


def take(connection: Database) -> str | None:
    """Begin with the oldest that waits. The caller commits."""
    row = connection.execute(
        "UPDATE rules.backtest SET state = 'running', started_at = clock_timestamp() WHERE backtest_id = "
        "(SELECT backtest_id FROM rules.backtest WHERE state = 'queued' ORDER BY requested_at, backtest_id LIMIT 1) "
        "RETURNING backtest_id"
    ).fetchone()
    return None if row is None else row[0]


def progress(connection: Database, backtest_id: str, rows_done: int, rows_total: int) -> bool:
    """Note how far it is; False where somebody asked to cancel it. The caller commits."""
    row = connection.execute(
        "UPDATE rules.backtest SET rows_done = %s, rows_total = %s WHERE backtest_id = %s RETURNING cancel_requested",
        (rows_done, rows_total, backtest_id),
    ).fetchone()
    return not (row and row[0])


def finish(connection: Database, backtest_id: str, state: str, result: Mapping[str, Any] | None) -> None:
    connection.execute(
        "UPDATE rules.backtest SET state = %s, finished_at = clock_timestamp(), result = %s WHERE backtest_id = %s",
        (state, None if result is None else Jsonb(result), backtest_id),
    )


def fail(connection: Database, backtest_id: str, problem: str, remedy: str) -> None:
    connection.execute(
        "UPDATE rules.backtest SET state = 'failed', finished_at = clock_timestamp(), problem = %s, remedy = %s "
        "WHERE backtest_id = %s",
        (problem, remedy, backtest_id),
    )


def cancel(connection: Database, backtest_id: str, by: str) -> bool:
    """Ask a back-test to stop; one that waits stops at once. False where it had ended."""
    return (
        connection.execute(
            "UPDATE rules.backtest SET cancel_requested = true, cancelled_by = %s, "
            "state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, "
            "finished_at = CASE WHEN state = 'queued' THEN clock_timestamp() END "
            "WHERE backtest_id = %s AND state IN ('queued', 'running') AND NOT cancel_requested",
            (by, backtest_id),
        ).rowcount
        == 1
    )


def period(connection: Database) -> tuple[datetime.date, datetime.date] | None:
    """First and last business date that the current trace knows of; None without a trace."""
    row = connection.execute(
        "SELECT h.first, coalesce(r.data_date, h.last) FROM published.trace_run r, LATERAL ("
        "SELECT min(booked_at AT TIME ZONE 'Asia/Shanghai')::date AS first, "
        "max(booked_at AT TIME ZONE 'Asia/Shanghai')::date AS last FROM published.trace_hop WHERE run_id = r.run_id) h "
        "WHERE r.current ORDER BY lower(r.convention) <> 'fifo', r.created_at DESC LIMIT 1"
    ).fetchone()
    return None if row is None or row[0] is None or row[1] is None else (row[0], row[1])

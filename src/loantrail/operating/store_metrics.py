"""SQL of what is told to Prometheus about the database. Reads only."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection

Database = Connection[Any]
Counts = Sequence[tuple[str, float]]

_LIVE: Final = """
SELECT coalesce(sum(rows_accepted), 0)::float8, coalesce(sum(rows_duplicate), 0)::float8,
       coalesce(sum(rows_refused), 0)::float8
FROM published.import_file WHERE adapter = 'live'
"""


def live_rows(connection: Database) -> Counts:
    """Rows that came in live since the books were begun, by what became of them, whichever way they came."""
    row = connection.execute(_LIVE).fetchone()
    assert row is not None
    return tuple(zip(("accepted", "duplicate", "refused"), map(float, row), strict=True))


def queues(connection: Database) -> Counts:
    """How much waits for whom."""
    row = connection.execute(
        """
        SELECT waiting.unpaired_lines, waiting.untraced_lines,
               evaluation.requested - greatest(evaluation.evaluated, evaluation.failed),
               (SELECT count(*) FROM published.warning_delivery WHERE state = 'waiting'),
               (SELECT count(*) FROM published.warning_delivery WHERE state = 'failed'),
               (SELECT count(*) FROM published.rule_backtest WHERE state = 'queued'),
               (SELECT count(*) FROM published.refusal WHERE state = 'open')
        FROM published.live_waiting AS waiting, tracing.evaluation
        """
    ).fetchone()
    assert row is not None
    names = (
        "unpaired_lines", "untraced_lines", "trace_requests", "messages", "failed_messages", "backtests", "refusals",
    )  # fmt: skip
    return tuple(zip(names, map(float, row), strict=True))


def oldest_waiting(connection: Database) -> datetime.datetime | None:
    """Since when the oldest live line waits for a trace."""
    row = connection.execute("SELECT since FROM published.live_waiting").fetchone()
    return None if row is None else row[0]


def last_runs(connection: Database) -> Sequence[tuple[str, datetime.datetime]]:
    """When what ran last ended: `trace`, `nightly`."""
    rows = connection.execute(
        """
        SELECT 'trace', max(created_at) FROM published.trace_run WHERE current
        UNION ALL
        SELECT 'nightly', max(finished_at) FROM published.nightly_run WHERE state = 'complete'
        """
    ).fetchall()
    return [(str(name), at) for name, at in rows if at is not None]


def data_date(connection: Database) -> datetime.date | None:
    """The last business date of the data that pages show."""
    row = connection.execute(
        "SELECT max(data_date) FROM published.trace_run WHERE current AND lower(convention) = 'fifo'"
    ).fetchone()
    return None if row is None else row[0]


def last_night_state(connection: Database) -> str | None:
    """State of the last attempt at the newest business date."""
    row = connection.execute(
        "SELECT state FROM published.nightly_date WHERE NOT is_older ORDER BY business_date DESC LIMIT 1"
    ).fetchone()
    return None if row is None else str(row[0])


def backtest_runs(connection: Database) -> bool:
    """Whether a back-test is at work."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.rule_backtest WHERE state = 'running')"
    ).fetchone()
    return bool(row and row[0])


def open_threads(connection: Database) -> Counts:
    """Warnings that are open, by level."""
    rows = connection.execute(
        "SELECT level, count(*) FROM published.warning_thread WHERE state = 'open' GROUP BY level"
    ).fetchall()
    return [(str(level), float(count)) for level, count in rows]

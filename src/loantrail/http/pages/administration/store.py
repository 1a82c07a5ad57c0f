"""What the page of jobs reads. For the owner's connection: it speaks of no customer."""

from __future__ import annotations

from typing import Final

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row

# One row for each kind of work, with the state in words of the page.
_JOBS: Final = """
SELECT 'trace' AS name, 'resting' AS state, '' AS about, NULL::timestamptz AS began_at, max(created_at) AS ended_at,
       0::bigint AS waiting_count, 0::bigint AS failed_count, NULL::text AS problem
FROM published.trace_run WHERE current
UNION ALL
SELECT 'evaluation',
       CASE WHEN failed > evaluated AND failed >= requested THEN 'failed'
            WHEN requested <= greatest(evaluated, failed) THEN 'resting'
            WHEN started_at > coalesce(finished_at, '-infinity') THEN 'running' ELSE 'waiting' END,
       '', started_at, finished_at, requested - least(requested, greatest(evaluated, failed)),
       CASE WHEN failed > evaluated THEN 1 ELSE 0 END, CASE WHEN failed > evaluated THEN problem END
FROM tracing.evaluation
UNION ALL
(SELECT 'nightly', CASE state WHEN 'running' THEN 'running' WHEN 'complete' THEN 'resting' ELSE 'failed' END,
        business_date::text, started_at, finished_at, 0,
        (SELECT count(*) FROM published.nightly_alarm WHERE state = 'open'), problem
 FROM published.nightly_date ORDER BY started_at DESC LIMIT 1)
UNION ALL
(SELECT 'import', CASE state WHEN 'running' THEN 'running' WHEN 'failed' THEN 'failed' ELSE 'resting' END,
        name, started_at, finished_at, 0, (SELECT count(*) FROM published.refusal WHERE state = 'open'), problem
 FROM published.import_file WHERE adapter <> 'live' ORDER BY started_at DESC, file_id DESC LIMIT 1)
UNION ALL
SELECT 'live', CASE WHEN untraced_lines + unpaired_lines > 0 THEN 'waiting' ELSE 'resting' END, '', since,
       (SELECT max(started_at) FROM published.import_file WHERE adapter = 'live'), untraced_lines + unpaired_lines, 0, NULL
FROM published.live_waiting
UNION ALL
(SELECT 'backtest',
        CASE state WHEN 'running' THEN 'running' WHEN 'queued' THEN 'waiting' WHEN 'failed' THEN 'failed' ELSE 'resting' END,
        (SELECT code FROM published.rule_version AS version WHERE version.rule_id = tried.rule_id), started_at, finished_at,
        (SELECT count(*) FROM published.rule_backtest WHERE state = 'queued'),
        (SELECT count(*) FROM published.rule_backtest WHERE state = 'failed'), problem
 FROM published.rule_backtest AS tried
 ORDER BY state = 'running' DESC, state = 'queued' DESC, requested_at DESC LIMIT 1)
UNION ALL
SELECT 'message',
       CASE WHEN count(*) FILTER (WHERE state = 'failed') > 0 THEN 'failed'
            WHEN count(*) FILTER (WHERE state = 'waiting') > 0 THEN 'waiting' ELSE 'resting' END,
       '', max(created_at), max(sent_at), count(*) FILTER (WHERE state = 'waiting'),
       count(*) FILTER (WHERE state = 'failed'),
       (array_agg(problem ORDER BY created_at DESC) FILTER (WHERE state = 'failed'))[1]
FROM published.warning_delivery
"""


def jobs(connection: Database) -> list[Row]:
    """A row for each kind of work that was ever done, as `loantrail.http.pages.administration.model.Job`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_JOBS).fetchall()


def database_bytes(connection: Database) -> int:
    """What the database takes of its disk."""
    row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0

"""What came in from where, and how fresh each kind of record is, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def sources(connection: Database) -> list[Row]:
    """A row for each way by which files came in, the latest first, as `model_sources.SourceStanding`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT adapter AS source, count(*)::int AS file_count,
                   count(*) FILTER (WHERE state = 'failed')::int AS failed_count, sum(rows_accepted)::text AS rows_accepted,
                   sum(rows_refused)::text AS rows_refused, max(coalesce(finished_at, started_at)) AS last_at,
                   (array_agg(name ORDER BY started_at DESC, file_id DESC))[1] AS last_name, NULL::date AS business_date
            FROM published.import_file GROUP BY adapter
            UNION ALL
            SELECT 'nightly', count(*)::int, count(*) FILTER (WHERE file.state = 'bad')::int,
                   coalesce(sum(file.rows_accepted), 0)::text, coalesce(sum(file.rows_refused), 0)::text,
                   max(run.data_loaded_at), (array_agg(file.file ORDER BY run.data_loaded_at DESC NULLS LAST))[1],
                   max(run.business_date) FILTER (WHERE run.data_loaded_at IS NOT NULL)
            FROM published.nightly_file AS file JOIN published.nightly_run AS run USING (run_id) HAVING count(*) > 0
            ORDER BY last_at DESC NULLS LAST, source
            """
        ).fetchall()


def deliveries(connection: Database, record_types: Collection[str], lines: str) -> dict[str, Row]:
    """Kind of record -> what brought it in last, as `model_sources.RecordFreshness`; kinds that nothing brought are left out.
    Formats of banks and wallets bring `lines`, and so does a file of our own form whose name tells no kind."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH taken AS (
                SELECT file.record_type, file.file AS name, run.data_loaded_at AS delivered_at, run.business_date,
                       file.rows_accepted, file.rows_refused, 'nightly' AS source
                FROM published.nightly_file AS file JOIN published.nightly_run AS run USING (run_id)
                WHERE run.data_loaded_at IS NOT NULL AND file.state = 'taken'
                UNION ALL
                SELECT CASE WHEN adapter = 'loantrail' AND stem = ANY(%(types)s) THEN stem ELSE %(lines)s END,
                       name, finished_at, NULL, rows_accepted, rows_refused, adapter
                FROM published.import_file, substring(name FROM '([a-z_]+)[.][A-Za-z0-9]+$') AS stem
                WHERE state = 'finished'
            )
            SELECT DISTINCT ON (record_type) record_type, name, delivered_at, business_date,
                   coalesce(rows_accepted, 0) AS rows_accepted, coalesce(rows_refused, 0) AS rows_refused, source
            FROM taken WHERE record_type = ANY(%(types)s) ORDER BY record_type, delivered_at DESC NULLS LAST, name
            """,
            {"types": list(record_types), "lines": lines},
        ).fetchall()
    return {row["record_type"]: row for row in rows}


def complete_date(connection: Database) -> datetime.date | None:
    """The last business date whose nightly files were taken in whole."""
    row = connection.execute("SELECT complete_date FROM published.nightly_data_date").fetchone()
    return row[0] if row else None

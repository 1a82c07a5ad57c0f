"""SQL of what warns costs: threads, loans and days, as far as who asks may see them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from loantrail.rules.volume import Volume

Database = Connection[Any]


def volume(connection: Database) -> Volume:
    """All threads that were not superseded, the loans that were paid out, and the days that the books of the last evaluation tell of
    (cost.span_of_books); without one from the first thread to the last of the data."""
    row = connection.execute(
        """
        WITH thread AS (
            SELECT count(*) FILTER (WHERE state <> 'superseded') AS threads,
                   count(*) FILTER (WHERE state <> 'superseded' AND level IN ('orange', 'red')) AS severe,
                   min((first_at AT TIME ZONE 'Asia/Shanghai')::date) AS first,
                   max((first_at AT TIME ZONE 'Asia/Shanghai')::date) AS last
            FROM published.warning_thread
        ), judged AS (
            SELECT min(first_date) AS first, max(last_date) AS last FROM published.rule_evaluation
        )
        SELECT threads, severe, (SELECT count(DISTINCT loan_id) FROM published.disbursement),
               coalesce(coalesce(judged.last, greatest(thread.last, (SELECT max(data_date) FROM published.trace_run WHERE current)))
                        - coalesce(judged.first, thread.first) + 1, 0)
        FROM thread, judged
        """
    ).fetchone()
    assert row is not None
    return Volume(*map(int, row))


def threads_of_codes(connection: Database) -> dict[str, tuple[int, int]]:
    """Of each pattern or rule the threads, not superseded, that a hit of it rests in and warns, and those in which that hit is orange
    or red."""
    rows = connection.execute(
        """
        SELECT hit.rule_code, count(DISTINCT thread.thread_id),
               count(DISTINCT thread.thread_id) FILTER (WHERE hit.level IN ('orange', 'red'))
        FROM published.warning_hit AS hit JOIN published.warning_thread AS thread USING (loan_id)
        WHERE hit.standing AND hit.suppressed_by IS NULL AND thread.state <> 'superseded' GROUP BY hit.rule_code
        """
    ).fetchall()
    return {str(code): (int(threads), int(severe)) for code, threads, severe in rows}

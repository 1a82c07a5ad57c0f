"""How many warnings there are, and what each rule adds to the work."""

from __future__ import annotations

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def months(connection: Database, limit: int) -> list[Row]:
    """`month, threads, severe` of the last months with a line in the books, newest first. A thread counts in the
    month in which what it speaks of first happened; months without one count too."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            WITH span AS (
                SELECT date_trunc('month', (min(first_at) AT TIME ZONE 'Asia/Shanghai')) AS first,
                       date_trunc('month', greatest(max(first_at) AT TIME ZONE 'Asia/Shanghai',
                           (SELECT max(data_date) FROM published.trace_run WHERE current)::timestamp)) AS last
                FROM published.warning_thread
            ), counted AS (
                SELECT date_trunc('month', first_at AT TIME ZONE 'Asia/Shanghai') AS month, count(*) AS threads,
                       count(*) FILTER (WHERE level IN ('orange', 'red')) AS severe
                FROM published.warning_thread WHERE state <> 'superseded' GROUP BY 1
            )
            SELECT to_char(one, 'YYYY-MM') AS month, coalesce(threads, 0) AS threads, coalesce(severe, 0) AS severe
            FROM span, generate_series(span.first, span.last, interval '1 month') AS one
            LEFT JOIN counted ON counted.month = one ORDER BY one DESC LIMIT %s
            """,
            (limit,),
        ).fetchall()


def rules(connection: Database) -> list[Row]:
    """`rule_code, hits, threads, alone, true_positives, false_alarms, suppressed` of every rule with a hit, the most
    threads first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT hit.rule_code, count(*) FILTER (WHERE hit.standing AND hit.suppressed_by IS NULL) AS hits,
                   count(DISTINCT thread.thread_id) AS threads,
                   count(DISTINCT thread.thread_id) FILTER (WHERE cardinality(thread.rule_codes) = 1) AS alone,
                   count(DISTINCT thread.thread_id) FILTER (WHERE thread.disposition = 'true_positive') AS true_positives,
                   count(DISTINCT thread.thread_id) FILTER (WHERE thread.disposition = 'false_alarm') AS false_alarms,
                   count(*) FILTER (WHERE hit.standing AND hit.suppressed_by IS NOT NULL) AS suppressed
            FROM published.warning_hit AS hit
            LEFT JOIN published.warning_thread AS thread
                ON thread.loan_id = hit.loan_id AND hit.standing AND hit.suppressed_by IS NULL
            GROUP BY hit.rule_code HAVING bool_or(hit.standing) ORDER BY threads DESC, hit.rule_code
            """
        ).fetchall()

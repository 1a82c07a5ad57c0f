"""What the workbench reads of warnings, rules and data, through the published views."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from psycopg import sql
from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row
from loantrail.http.pages.warnings.store import IS_ANSWERED
from loantrail.http.pages.warnings.store_judging import ANSWERS, MAY_JUDGE, NOBODY_WORKS, Judging

# A proposal or a judgement that waits, and whose it is not: maker is never checker. Others may answer for its level.
_FOR_ME: Final = f"""
    {MAY_JUDGE} AND thread.state IN ('open', 'snoozed') AND (
        (thread.lowering_by <> '' AND thread.lowering_by <> ALL(%(me)s))
        OR (thread.finding_by <> '' AND thread.finding_approved_by = '' AND thread.finding_by <> ALL(%(me)s))
        OR ({IS_ANSWERED} AND thread.disposed_by <> ALL(%(me)s)))
"""
_TASK: Final = """
    SELECT thread.thread_id, thread.loan_id, loan.borrower_name, loan.currency, thread.level, thread.due_at,
           thread.due_at < %(now)s AS overdue, thread.escalated, thread.rule_codes, thread.amount_fen, thread.proven_fen,
           thread.assignee, coalesce(person.name, thread.assignee) AS assignee_name,
           thread.assignee = ANY(%(me)s) AS mine, unit.name AS unit_name
    FROM published.warning_thread AS thread
    JOIN published.loan AS loan ON loan.loan_id = thread.loan_id
    LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = thread.unit_id
    LEFT JOIN published.staff AS person ON person.staff_id = thread.assignee
"""
# Answered already: the next act is a second person's. What nobody works waits for who answers for it.
_TO_DO: Final = f"""
    thread.state = 'open' AND (thread.assignee = ANY(%(me)s) OR ({NOBODY_WORKS} AND {ANSWERS})) AND NOT {IS_ANSWERED}
"""


def warning_counts(connection: Database, me: Sequence[str], judging: Judging, now: datetime.datetime) -> Row:
    """`open_count, overdue_count, mine_count, unassigned_count, items_count, review_count` and `levels` of the open
    warnings in reach. `me`: the names that this person's work stands under; `judging`: what they
    answer for and may judge."""
    values: Row = {"me": list(me), "now": now} | judging.values()
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            sql.SQL(
                """
                SELECT count(*) FILTER (WHERE thread.state = 'open') AS open_count,
                       count(*) FILTER (WHERE thread.state = 'open' AND due_at < %(now)s) AS overdue_count,
                       count(*) FILTER (WHERE thread.state = 'open' AND assignee = ANY(%(me)s)) AS mine_count,
                       count(*) FILTER (WHERE thread.state = 'open' AND assignee = '') AS unassigned_count,
                       count(*) FILTER (WHERE {to_do}) AS items_count,
                       count(*) FILTER (WHERE {for_me}) AS review_count
                FROM published.warning_thread AS thread JOIN published.loan AS loan ON loan.loan_id = thread.loan_id
                WHERE thread.state IN ('open', 'snoozed')
                """
            ).format(to_do=sql.SQL(_TO_DO), for_me=sql.SQL(_FOR_ME)),
            values,
        ).fetchone()
        levels = cursor.execute(
            "SELECT level, count(*) AS count FROM published.warning_thread WHERE state = 'open' GROUP BY 1"
        ).fetchall()
    assert found is not None  # an aggregate always gives a row
    return found | {"levels": {row["level"]: row["count"] for row in levels}}


def warning_tasks(
    connection: Database,
    me: Sequence[str],
    judging: Judging,
    now: datetime.datetime,
    limit: int,
    *,
    reviews: bool = False,
) -> list[Row]:
    """What this person can take up, or decide as the second one (`reviews`), the most urgent first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            sql.SQL(
                "{} WHERE {} ORDER BY thread.due_at, thread.proven_fen DESC, thread.thread_id LIMIT %(limit)s"
            ).format(sql.SQL(_TASK), sql.SQL(_FOR_ME if reviews else _TO_DO)),
            {"me": list(me), "now": now, "limit": limit} | judging.values(),
        ).fetchall()


def warning_changes(connection: Database, since: datetime.datetime, limit: int) -> tuple[list[Row], int, int]:
    """Warnings that came or rose since then, newest and severest first, each once; how many came; how many rose."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            WITH told AS (
                SELECT DISTINCT ON (event.thread_id) event.thread_id, event.kind, event.at
                FROM published.warning_event AS event
                WHERE event.at >= %(since)s AND event.kind IN ('opened', 'level_raised', 'reopened')
                ORDER BY event.thread_id, event.kind = 'opened' DESC, event.version DESC
            )
            SELECT told.*, thread.loan_id, loan.borrower_name, thread.level, thread.rule_codes,
                   count(*) FILTER (WHERE told.kind = 'opened') OVER () AS opened,
                   count(*) FILTER (WHERE told.kind <> 'opened') OVER () AS raised
            FROM told JOIN published.warning_thread AS thread USING (thread_id)
            JOIN published.loan AS loan ON loan.loan_id = thread.loan_id
            WHERE thread.state <> 'superseded'
            ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], thread.level), told.at DESC, told.thread_id
            LIMIT %(limit)s
            """,
            {"since": since, "limit": limit},
        ).fetchall()
    opened, raised = (rows[0]["opened"], rows[0]["raised"]) if rows else (0, 0)
    return [{key: row[key] for key in row if key not in ("opened", "raised")} for row in rows], opened, raised


def rule_counts(connection: Database) -> Row:
    """How many versions of rules stand in each state, and `running`: back-tests under way."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT count(*) FILTER (WHERE state = 'published') AS published_count,
                   count(*) FILTER (WHERE state = 'shadow') AS shadow_count,
                   count(*) FILTER (WHERE state = 'draft') AS draft_count,
                   count(*) FILTER (WHERE state = 'proposed') AS proposed_count,
                   (SELECT count(*) FROM published.rule_backtest WHERE state IN ('queued', 'running'))
                       AS backtest_running_count
            FROM published.rule_version
            """
        ).fetchone()
    assert found is not None  # an aggregate always gives a row
    return found


def data_standing(connection: Database) -> Row:
    """`complete_date, open_alarm_count, critical_alarm_count, open_refusal_count, failed_import_count, unsent_count`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            """
            SELECT (SELECT complete_date FROM published.nightly_data_date) AS complete_date,
                   (SELECT count(*) FROM published.nightly_alarm WHERE state = 'open') AS open_alarm_count,
                   (SELECT count(*) FROM published.nightly_alarm WHERE state = 'open' AND severity = 'critical')
                       AS critical_alarm_count,
                   (SELECT count(*) FROM published.refusal WHERE state = 'open') AS open_refusal_count,
                   (SELECT count(*) FROM published.import_file WHERE state = 'failed') AS failed_import_count,
                   (SELECT count(*) FROM published.warning_delivery WHERE state = 'failed') AS unsent_count
            """
        ).fetchone()
    assert found is not None  # a row of numbers
    return found


def last_import(connection: Database) -> Row | None:
    """The file that was taken in last."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, state, problem, started_at, rows_accepted, rows_refused FROM published.import_file "
            "ORDER BY started_at DESC, file_id DESC LIMIT 1"
        ).fetchone()

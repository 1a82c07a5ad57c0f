"""What the nightly page reads, through the published views."""

from __future__ import annotations

import datetime

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def dates(connection: Database, offset: int, limit: int) -> tuple[list[Row], int]:
    """Business dates, newest first, and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT business_date, state, attempt, is_older, started_at, finished_at, problem, loaded_at, lines_accepted,
                   records_new, records_changed, rows_refused, file_count, open_alarm_count, critical_alarm_count
            FROM published.nightly_date ORDER BY business_date DESC LIMIT %s OFFSET %s
            """,
            (limit, offset),
        ).fetchall()
        total = cursor.execute(
            "SELECT count(DISTINCT business_date) AS total FROM published.nightly_run"
        ).fetchone()
    return rows, int(total["total"]) if total else 0


def known_dates(connection: Database) -> set[datetime.date]:
    """Every business date that was ever run."""
    return {
        row[0]
        for row in connection.execute("SELECT DISTINCT business_date FROM published.nightly_run").fetchall()
    }


def data_dates(connection: Database) -> Row:
    """`data_date, complete_date`, null where nothing was taken in."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute("SELECT data_date, complete_date FROM published.nightly_data_date").fetchone()
    return found or {"data_date": None, "complete_date": None}


def attempts(connection: Database, day: datetime.date) -> list[Row]:
    """Runs of a date, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT run_id, attempt, state, folder, started_at, finished_at, data_loaded_at, problem
            FROM published.nightly_run WHERE business_date = %s ORDER BY attempt DESC
            """,
            (day,),
        ).fetchall()


def steps(connection: Database, run_id: str) -> list[Row]:
    """Steps of a run in their order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT step, state, started_at, seconds, counts FROM published.nightly_step
            WHERE run_id = %s ORDER BY ordinal
            """,
            (run_id,),
        ).fetchall()


def files(connection: Database, run_id: str) -> list[Row]:
    """Files of a run, with `totals_expected` and `totals_found` as objects."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT file, record_type, mode, state, size_bytes, rows_expected, rows_found, totals_expected, totals_found,
                   rows_accepted, rows_duplicate, rows_refused, rows_new, rows_changed, rows_same, rows_removed,
                   rows_vanished
            FROM published.nightly_file WHERE run_id = %s ORDER BY file
            """,
            (run_id,),
        ).fetchall()


def ledger(connection: Database, day: datetime.date) -> list[Row]:
    """The general ledger against the loans of a date, differences first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT one.subject, one.subject_name, one.unit_id, unit.name AS unit_name, one.currency, one.ledger_fen,
                   one.loans_fen, one.loan_count, one.difference_fen, one.differs
            FROM published.nightly_ledger AS one
            LEFT JOIN published.organisation_unit AS unit ON unit.unit_id = one.unit_id
            WHERE one.business_date = %s ORDER BY one.differs DESC, one.subject, one.unit_id, one.currency
            """,
            (day,),
        ).fetchall()

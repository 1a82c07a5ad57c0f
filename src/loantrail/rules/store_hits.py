"""SQL of what rules found in the last trace."""

# ruff: noqa: S608  the statements are made of words of this file

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
from psycopg import Connection, sql
from psycopg.rows import dict_row

from loantrail.rules.evaluate import FOUND_BY_RULE

Database = Connection[Any]
Row = dict[str, Any]
_JUDGED_AS_IT_STANDS: Final = (
    "SELECT e.rule_id FROM rules.evaluation e JOIN rules.rule_version v USING (rule_id, content_hash)"
)
"""Versions that say now what they said when they were judged: what was found of another content is told of none."""
_HIT: Final = (
    "hit_id", "rule_id", "run_id", "rule_code", "rule_version", "loan_id", "at", "level", "amount_fen", "share_ppm",
    "destination_class", "transaction_ids", "explanation", "explanation_chinese", "explained",
)  # fmt: skip


def replace(connection: Database, hits: pl.DataFrame, evaluations: Sequence[Mapping[str, Any]]) -> None:
    """Put what the last evaluation found in the place of what the one before did. `hits`: evaluate.FOUND with `rule_id, run_id`. The
    caller commits."""
    connection.execute("DELETE FROM rules.hit")
    connection.execute("DELETE FROM rules.evaluation")
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY rules.hit ({', '.join(_HIT)}) FROM STDIN") as copy,
    ):
        for row in hits.select(_HIT).iter_rows():
            copy.write_row(row)
    connection.execute(
        "UPDATE rules.hit h SET unit_id = l.unit_id FROM published.loan l WHERE l.loan_id = h.loan_id"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO rules.evaluation (rule_id, run_id, at, first_date, last_date, loans, loans_hit, severe_loans, "
            "microseconds, stopped, content_hash) VALUES (%(rule_id)s, %(run_id)s, %(at)s, %(first_date)s, %(last_date)s, "
            "%(loans)s, %(loans_hit)s, %(severe_loans)s, %(microseconds)s, %(stopped)s, %(content_hash)s)",
            list(evaluations),
        )


def set_span(connection: Database, first: datetime.date, last: datetime.date) -> None:
    """Say of the last evaluation which days its books tell of (cost.span_of_books). The caller commits."""
    connection.execute("UPDATE rules.evaluation SET first_date = %s, last_date = %s", (first, last))


def span(connection: Database) -> tuple[datetime.date, datetime.date] | None:
    """First and last day that the books of the last evaluation tell of; None without one."""
    row = connection.execute("SELECT min(first_date), max(last_date) FROM rules.evaluation").fetchone()
    return None if row is None or row[0] is None or row[1] is None else (row[0], row[1])


def stop_runaway(
    connection: Database, rule_id: str, loans_hit: int, loans: int, on_date: datetime.date
) -> None:
    """Note that a version hits too many loans by lines that came since the last evaluation. The moment stays that of the
    evaluation: what people did with versions since is not judged by it. What an earlier content took and hit is told no more.
    The caller commits."""
    connection.execute(
        f"DELETE FROM rules.hit WHERE rule_id = %s AND rule_id NOT IN ({_JUDGED_AS_IT_STANDS})", (rule_id,)
    )
    connection.execute(
        "INSERT INTO rules.evaluation AS known (rule_id, run_id, at, last_date, loans, loans_hit, severe_loans, microseconds, "
        "stopped, content_hash) SELECT %(rule_id)s, coalesce(max(run_id), ''), coalesce(max(at), clock_timestamp()), %(on_date)s, "
        "%(loans)s, %(loans_hit)s, 0, 0, 'runaway', "
        "(SELECT content_hash FROM rules.rule_version WHERE rule_id = %(rule_id)s) FROM rules.evaluation "
        "ON CONFLICT (rule_id) DO UPDATE SET loans = excluded.loans, loans_hit = excluded.loans_hit, severe_loans = 0, "
        "stopped = excluded.stopped, content_hash = excluded.content_hash, microseconds = "
        "CASE known.content_hash WHEN excluded.content_hash THEN known.microseconds ELSE 0 END",
        {"rule_id": rule_id, "on_date": on_date, "loans": loans, "loans_hit": loans_hit},
    )


def loans_hit_by(connection: Database, code: str, version: str) -> set[str]:
    """Loans with a hit of that version that stands in the warnings."""
    rows = connection.execute(
        "SELECT DISTINCT loan_id FROM published.warning_hit WHERE standing AND rule_code = %s AND rule_version = %s",
        (code, version),
    ).fetchall()
    return {str(row[0]) for row in rows}


def found_in_run(connection: Database, run_id: str) -> pl.DataFrame | None:
    """What all versions found in that run, FOUND_BY_RULE; None where the last evaluation is of another run."""
    row = connection.execute("SELECT bool_and(run_id = %s) FROM rules.evaluation", (run_id,)).fetchone()
    if row is None or not row[0]:
        return None
    columns = sql.SQL(", ").join(
        sql.SQL("explained::text") if name == "explained" else sql.Identifier(name) for name in FOUND_BY_RULE
    )
    rows = connection.execute(
        sql.SQL("SELECT {} FROM rules.hit WHERE run_id = %s AND rule_id IN ({})").format(
            columns, sql.SQL(_JUDGED_AS_IT_STANDS)
        ),
        (run_id,),
    ).fetchall()
    return pl.DataFrame(rows, schema=dict(FOUND_BY_RULE), orient="row")


def stop_broken(connection: Database, rule_ids: Sequence[str]) -> None:
    """Say of versions that broke between two evaluations that they are stopped, until the next. Where that one is being stored it says
    itself what is to be said, and nobody waits for it."""
    connection.execute(
        f"UPDATE rules.evaluation SET stopped = 'defect' WHERE rule_id IN ({_JUDGED_AS_IT_STANDS} "
        "WHERE e.rule_id = ANY(%s) AND stopped IS NULL FOR UPDATE OF e SKIP LOCKED)",
        (list(rule_ids),),
    )


def evaluations(connection: Database) -> dict[str, Row]:
    """Rule id -> what the last evaluation of it found; none of a version that was changed since."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT * FROM rules.evaluation WHERE rule_id IN ({_JUDGED_AS_IT_STANDS})"
        ).fetchall()
    return {row["rule_id"]: row for row in rows}


def hits_of(connection: Database, rule_id: str, offset: int, limit: int) -> list[Row]:
    """A page of the hits of a version, the latest first; none where it was changed since it was judged."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT hit_id, loan_id, at, level, amount_fen, share_ppm, destination_class, transaction_ids, explanation, "
            f"explanation_chinese, explained FROM rules.hit WHERE rule_id = %s AND rule_id IN ({_JUDGED_AS_IT_STANDS}) "
            "ORDER BY at DESC, hit_id LIMIT %s OFFSET %s",
            (rule_id, limit, offset),
        ).fetchall()


def confirmed_loans(connection: Database) -> list[str]:
    """Loans whose warning a person found true, or two persons established."""
    rows = connection.execute(
        "SELECT loan_id FROM published.warning_thread WHERE disposition = 'true_positive' OR finding_approved_by <> '' "
        "ORDER BY loan_id"
    ).fetchall()
    return [row[0] for row in rows]

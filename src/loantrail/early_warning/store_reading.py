"""Warnings as frames, for whoever counts them."""

from __future__ import annotations

import polars as pl
from psycopg import sql

from loantrail.ledger.pairs.store import read_frame, type_of_connection


def read_warnings(connection: type_of_connection) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hits that stand and warn (`loan_id, rule_code, at`) and threads that are not superseded (`loan_id, level`)."""
    hits = read_frame(
        connection,
        sql.SQL(
            "SELECT loan_id, rule_code, (extract(epoch FROM at) * 1000000)::bigint FROM published.warning_hit "
            "WHERE standing AND suppressed_by IS NULL ORDER BY loan_id, rule_code"
        ),
        {"loan_id": pl.String(), "rule_code": pl.String(), "at": pl.Datetime("us", "UTC")},
    )
    threads = read_frame(
        connection,
        sql.SQL(
            "SELECT loan_id, level FROM published.warning_thread WHERE state <> 'superseded' ORDER BY loan_id"
        ),
        {"loan_id": pl.String(), "level": pl.String()},
    )
    connection.rollback()
    return hits, threads

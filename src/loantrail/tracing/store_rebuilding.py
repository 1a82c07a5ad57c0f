"""SQL of a comparison: what stands, column by column in the form in which a run computes it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import polars as pl
from psycopg import sql

from loantrail.ledger.pairs.store import read_frame, type_of_connection

_FORMS: Final[dict[str, LiteralString]] = {
    "booked_at": "to_char(booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'",
    "transaction_ids": "'{' || array_to_string(transaction_ids, ',') || '}'",
    "patterns": "array_to_string(patterns, ',')",
    "lead_classes": "array_to_string(lead_classes, ',')",
    "ended": "ended::integer",
    "proven": "proven::integer",
}
"""Column -> how it is read."""
_INSTANT: Final = pl.Datetime("us", "UTC")
RULE_HIT: Final[dict[str, Any]] = {
    "hit_id": pl.String, "rule_code": pl.String, "rule_version": pl.String, "loan_id": pl.String, "at": _INSTANT,
    "level": pl.String, "amount_fen": pl.Int64, "share_ppm": pl.Int64, "destination_class": pl.String,
    "transaction_ids": pl.List(pl.String), "explanation": pl.String, "explanation_chinese": pl.String,
    "explained": pl.String, "unit_id": pl.String,
}  # fmt: skip
WARNING_HIT: Final[dict[str, Any]] = {
    "hit_id": pl.String, "rule_code": pl.String, "rule_version": pl.String, "loan_id": pl.String, "at": _INSTANT,
    "level": pl.String, "amount_fen": pl.Int64, "share_ppm": pl.Int64, "destination_class": pl.String,
    "transaction_ids": pl.List(pl.String), "explanation": pl.String, "explanation_chinese": pl.String,
    "suppressed_by": pl.String, "proven_fen": pl.Int64, "payee_accounts": pl.List(pl.String), "unit_id": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """The run that screens read."""

    run_id: str
    data_version: str
    software_version: str
    data_date: datetime.date | None


def standing_run(connection: type_of_connection) -> Standing | None:
    """The current FIFO run; None where the books were never traced."""
    row = connection.execute(
        "SELECT run_id, data_version, software_version, data_date FROM tracing.run WHERE current AND convention = 'fifo'"
    ).fetchone()
    connection.rollback()
    return None if row is None else Standing(*row)


def rows_of(
    connection: type_of_connection, run_id: str, table: str, schema: dict[str, Any], only: str = ""
) -> pl.DataFrame:
    """The rows of a run in a table of the schema `tracing`, in the columns and types of `schema`; `only`: a column that
    must not be null. Leaves the transaction open."""
    columns = sql.SQL(", ").join(
        sql.SQL(_FORMS[name]) if name in _FORMS else sql.Identifier(name) for name in schema
    )
    query = sql.SQL("SELECT {} FROM {} WHERE run_id = {}").format(
        columns, sql.Identifier("tracing", table), sql.Literal(run_id)
    )
    if only:
        query += sql.SQL(" AND {} IS NOT NULL").format(sql.Identifier(only))
    flags = [name for name, dtype in schema.items() if dtype == pl.Boolean]
    read = read_frame(connection, query, {**schema, **dict.fromkeys(flags, pl.Int64())})
    return read.with_columns(pl.col(flags).cast(pl.Boolean))


def rule_hits(connection: type_of_connection) -> pl.DataFrame:
    """What all judged rules found, RULE_HIT. Leaves the transaction open."""
    rows = connection.execute(
        "SELECT hit_id, rule_code, rule_version, loan_id, at, level, amount_fen, share_ppm, destination_class, "
        "transaction_ids, explanation, explanation_chinese, explained::text, unit_id FROM published.rule_hit"
    ).fetchall()
    return _frame(rows, RULE_HIT)


def warning_hits(connection: type_of_connection, codes: tuple[str, ...]) -> pl.DataFrame:
    """The hits of these rules that stand in the warnings, WARNING_HIT. Leaves the transaction open."""
    rows = connection.execute(
        "SELECT hit_id, rule_code, rule_version, loan_id, at, level, amount_fen, share_ppm, destination_class, "
        "transaction_ids, explanation, explanation_chinese, suppressed_by, proven_fen, payee_accounts, unit_id "
        "FROM published.warning_hit WHERE standing AND rule_code = ANY(%s)",
        (sorted(codes),),
    ).fetchall()
    return _frame(rows, WARNING_HIT)


def _frame(rows: list[tuple[Any, ...]], schema: dict[str, Any]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pl.DataFrame(
        {
            name: pl.Series(name, list(values), dtype=dtype)
            for (name, dtype), values in zip(schema.items(), columns, strict=True)
        }
    )


def open_requests(connection: type_of_connection) -> bool:
    """Whether a change waits for a run, or its run failed. Leaves the transaction open."""
    row = connection.execute("SELECT requested > evaluated FROM tracing.evaluation").fetchone()
    return bool(row and row[0])


def rules_changed(connection: type_of_connection) -> bool:
    """Whether people put other versions of rules to work since they were judged last. Leaves the transaction open."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM published.rule_event WHERE kind NOT IN ('drafted', 'changed', 'propose_retire', 'keep') "
        "AND at > (SELECT max(at) FROM published.rule_evaluation))"
    ).fetchone()
    return bool(row and row[0])


def lists_expired(connection: type_of_connection) -> bool:
    """Whether entries of a list that were in force at the last judgement are past their day now. Leaves the transaction
    open."""
    row = connection.execute(
        """
        WITH judged AS (SELECT (max(at) AT TIME ZONE 'Asia/Shanghai')::date AS day FROM published.rule_evaluation),
             today AS (SELECT (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date AS day)
        SELECT EXISTS (
            SELECT 1 FROM published.list_entry, judged, today
            WHERE checked_at IS NOT NULL AND ended_at IS NULL AND expires_on >= judged.day AND expires_on < today.day
        )
        """
    ).fetchone()
    return bool(row and row[0])

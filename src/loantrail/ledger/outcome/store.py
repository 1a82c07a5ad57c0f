"""What the ledger knows of its imports and of what they left open. Reads only."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

type_of_connection = psycopg.Connection[Any]
type_of_row = dict[str, Any]

_LINE_COLUMNS: Final = """
    replace(line.line_id::text, '-', '') AS line_id, line.booked_at, coalesce(ml.survivor, line.account) AS account,
    line.direction, line.amount_fen, line.currency,
    coalesce(mo.survivor, line.counterparty_account) AS counterparty_account, line.counterparty_name,
    line.purpose_text, line.reference,
    line.document_no, file.name AS source_file, line.position
"""
_NOW: Final = """
    LEFT JOIN ledger.merged_account AS ml ON ml.account = line.account
    LEFT JOIN ledger.merged_account AS mo ON mo.account = line.counterparty_account
"""
_OURS_UNPAIRED: Final = """
    FROM ledger.statement_line AS raw
    LEFT JOIN ledger.merged_account AS merged ON merged.account = raw.counterparty_account
    JOIN published.known_account AS other
        ON other.account = coalesce(merged.survivor, raw.counterparty_account) AND other.has_lines
    WHERE NOT EXISTS (
        SELECT 1 FROM ledger.transfer AS t
        WHERE t.state = 'valid' AND t.debit_line = raw.line_id AND t.credit_line IS NOT NULL
    ) AND NOT EXISTS (
        SELECT 1 FROM ledger.transfer AS t
        WHERE t.state = 'valid' AND t.credit_line = raw.line_id AND t.debit_line IS NOT NULL
    ) AND (%(since)s::timestamptz IS NULL OR raw.booked_at >= %(since)s)
      AND (%(keys)s::text[] IS NULL OR raw.account = ANY(%(keys)s) OR raw.counterparty_account = ANY(%(keys)s))
"""


def import_runs(connection: type_of_connection, offset: int, limit: int) -> tuple[list[type_of_row], int]:
    """Runs of imports with their files (`files`: list), newest first, and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        runs = cursor.execute(
            "SELECT run_id, started_at, finished_at, state, problem FROM ledger.import_run "
            "ORDER BY started_at DESC, run_id LIMIT %s OFFSET %s",
            (limit, offset),
        ).fetchall()
        files = cursor.execute(
            """
            SELECT run_id, file_id, name, adapter, size_bytes, state, problem, bytes_committed, rows_read,
                   rows_accepted, rows_duplicate, rows_refused, started_at, finished_at
            FROM ledger.import_file WHERE run_id = ANY(%s) ORDER BY file_id
            """,
            ([run["run_id"] for run in runs],),
        ).fetchall()
        total = cursor.execute("SELECT count(*) AS total FROM ledger.import_run").fetchone()
    of_run: dict[str, list[type_of_row]] = {}
    for file in files:
        of_run.setdefault(file.pop("run_id"), []).append(file)
    for run in runs:
        run["files"] = of_run.get(run["run_id"], [])
    return runs, int(total["total"]) if total else 0


def files_named(connection: type_of_connection, names: Sequence[str]) -> dict[str, type_of_row]:
    """How far each file of these names has come: the newest entry of each."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT DISTINCT ON (name) name, file_id, adapter, state, problem, bytes_committed, rows_read,
                   rows_accepted, rows_duplicate, rows_refused
            FROM ledger.import_file WHERE name = ANY(%s) ORDER BY name, file_id DESC
            """,
            (list(names),),
        ).fetchall()
    return {row["name"]: row for row in rows}


def refusals_of_files(connection: type_of_connection, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """File name -> reason -> refusals that are not settled yet."""
    rows = connection.execute(
        """
        SELECT source_file, reason, count(*) FROM ledger.refusal
        WHERE source_file = ANY(%s) AND state IN ('open', 'corrected') GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
        """,
        (list(names),),
    ).fetchall()
    found: dict[str, dict[str, int]] = {}
    for name, reason, count in rows:
        found.setdefault(str(name), {})[str(reason)] = int(count)
    return found


def earlier_imports(
    connection: type_of_connection, hashes: Sequence[str], names: Sequence[str]
) -> dict[str, type_of_row]:
    """Content hash -> the last finished entry of a file with that content and none of these names."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT DISTINCT ON (content_hash) content_hash, name, finished_at FROM ledger.import_file
            WHERE content_hash = ANY(%s) AND state = 'finished' AND name <> ALL(%s)
            ORDER BY content_hash, file_id DESC
            """,
            (list(hashes), list(names)),
        ).fetchall()
    return {row["content_hash"]: row for row in rows}


def unpaired_of_ours(
    connection: type_of_connection,
    account: str | None,
    since: datetime.datetime | None,
    offset: int,
    limit: int,
) -> tuple[list[type_of_row], int]:
    """Lines whose counterparty is an account of ours and that have no partner, newest first, and how many there
    are. `account` keeps those that it is one side of, `since` those booked then or later: without it every line of
    the books is looked at."""
    keys = None
    if account is not None:
        found = connection.execute(
            "SELECT account FROM published.account_key WHERE survivor = coalesce("
            "(SELECT survivor FROM published.merged_account WHERE account = %(account)s), %(account)s)",
            {"account": account},
        ).fetchall()
        keys = [account, *(str(row[0]) for row in found)]
    parameters = {"keys": keys, "since": since, "offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"""
            WITH found AS MATERIALIZED (SELECT raw.line_id, raw.booked_at {_OURS_UNPAIRED}),
            chosen AS (
                SELECT line_id, booked_at FROM found
                ORDER BY booked_at DESC, line_id LIMIT %(limit)s OFFSET %(offset)s
            )
            SELECT {_LINE_COLUMNS}, ambiguous.group_id IS NOT NULL AS ambiguous, counted.total
            FROM (SELECT count(*) AS total FROM found) AS counted
            LEFT JOIN chosen ON true
            LEFT JOIN ledger.statement_line AS line
                ON line.line_id = chosen.line_id AND line.booked_at = chosen.booked_at
            {_NOW}
            LEFT JOIN ledger.import_file AS file ON file.file_id = line.file_id
            LEFT JOIN ledger.ambiguous_pairing AS ambiguous ON ambiguous.line_id = chosen.line_id
            ORDER BY line.booked_at DESC, line.line_id
            """,  # noqa: S608  constant parts
            parameters,
        ).fetchall()
    total = int(rows[0]["total"]) if rows else 0
    lines = [{name: value for name, value in row.items() if name != "total"} for row in rows]
    return [line for line in lines if line["line_id"] is not None], total


def ambiguous_groups(
    connection: type_of_connection, offset: int, limit: int
) -> tuple[list[type_of_row], int]:
    """Groups of lines that fit each other equally well (`lines`: list), newest first, and how many there are."""
    with connection.cursor(row_factory=dict_row) as cursor:
        total = cursor.execute(
            "SELECT count(DISTINCT group_id) AS total FROM ledger.ambiguous_pairing"
        ).fetchone()
        rows = cursor.execute(
            f"""
            WITH chosen AS (
                SELECT group_id, max(booked_at) AS last_booked_at, min(reason) AS reason
                FROM ledger.ambiguous_pairing GROUP BY group_id
                ORDER BY last_booked_at DESC, group_id LIMIT %(limit)s OFFSET %(offset)s
            )
            SELECT replace(chosen.group_id::text, '-', '') AS group_id, chosen.reason, {_LINE_COLUMNS}
            FROM chosen
            JOIN ledger.ambiguous_pairing AS one ON one.group_id = chosen.group_id
            JOIN ledger.statement_line AS line ON line.line_id = one.line_id AND line.booked_at = one.booked_at
            JOIN ledger.import_file AS file ON file.file_id = line.file_id
            {_NOW}
            ORDER BY chosen.last_booked_at DESC, chosen.group_id, line.booked_at, line.line_id
            """,  # noqa: S608  constant parts
            {"offset": offset, "limit": limit},
        ).fetchall()
    groups: dict[str, type_of_row] = {}
    for row in rows:
        group = groups.setdefault(
            row["group_id"], {"group_id": row.pop("group_id"), "reason": row.pop("reason"), "lines": []}
        )
        row.pop("group_id", None)
        row.pop("reason", None)
        group["lines"].append(row)
    return list(groups.values()), int(total["total"]) if total else 0

"""SQL of intake: staging, keys, rows, progress. Nothing here decides; `intake` does, on what is found here.

Staging tables are temporary: private to the connection, never logged, emptied at each commit. Rows arrive in them by
COPY and move on by INSERT ... SELECT.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final, LiteralString, cast

import polars as pl
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from loantrail.clock import BUSINESS_ZONE
from loantrail.ledger.intake import LINE, RECORD_TYPES
from loantrail.parties.names import KEY_COLUMNS, with_name_keys
from loantrail.records import Kind, RecordType

type_of_connection = psycopg.Connection[tuple[Any, ...]]

_SQL_TYPES: Final = {
    Kind.TEXT: "text",
    Kind.AMOUNT_FEN: "bigint",
    Kind.INTEGER: "bigint",
    Kind.RATE_PPM: "bigint",
    Kind.DATE: "date",
    Kind.INSTANT: "timestamptz",
    Kind.BOOLEAN: "boolean",
    Kind.CURRENCY: "char(3)",
    Kind.CHOICE: "text",
}
_LINE_COLUMNS: Final = tuple(name for name in RECORD_TYPES[LINE].field_names if name != "source_file")
_KEY_COLUMNS: Final = ("row_number", "source_key", "content_hash", "proven", "is_first")
# Until PostgreSQL 17 a line that holds nothing else ends the data of COPY, even within quotes.
_END_OF_COPY: Final = r"(?m)^\\\.\r?$"


DATABASE_ERROR: Final = psycopg.Error
COLLISIONS: Final = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
"""What another import at the same time can cause: taking the work again settles it."""


def _columns(record_type: RecordType) -> tuple[str, ...]:
    if record_type.name == LINE:
        return _LINE_COLUMNS
    extra = ("account_number",) if record_type.name == "account" else KEY_COLUMNS.get(record_type.name, ())
    return (*record_type.field_names, *extra)


def _names(names: Sequence[str], of: str = "") -> sql.Composed:
    if of:
        return sql.SQL(", ").join(sql.Identifier(of, name) for name in names)
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _staging(record_type: RecordType) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staging_{record_type.name}")


def _table(record_type: RecordType) -> sql.Identifier:
    return sql.Identifier(record_type.schema, record_type.name)


def _count(connection: type_of_connection, query: sql.Composed | LiteralString, *parameters: object) -> int:
    row = connection.execute(query, parameters).fetchone()
    return 0 if row is None else int(row[0])


# Staging -----------------------------------------------------------------------------------------------------


def stage(connection: type_of_connection, record_type: RecordType, rows: pl.DataFrame) -> None:
    """Put prepared and keyed rows into the record type's staging table."""
    columns = _columns(record_type)
    types = {field.name: _SQL_TYPES[field.kind] for field in record_type.fields}
    declared = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(cast(LiteralString, types.get(name, "text"))))
        for name in columns
    )
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE IF NOT EXISTS {} (row_number integer, source_key uuid, content_hash uuid, "
            "proven boolean, is_first boolean, {}) ON COMMIT DELETE ROWS"
        ).format(sql.Identifier(f"staging_{record_type.name}"), declared)
    )
    wanted = with_name_keys(record_type.name, rows).select(*_KEY_COLUMNS, *columns)
    texts = [name for name, kind in wanted.schema.items() if kind == pl.String]
    wanted = wanted.with_columns(pl.col(texts).str.replace_all(_END_OF_COPY, r"\ ."))
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        _staging(record_type), _names((*_KEY_COLUMNS, *columns))
    )
    with connection.cursor() as cursor, cursor.copy(copy) as stream:
        stream.write(wanted.write_csv(include_header=False, quote_style="necessary").encode())
    connection.execute(sql.SQL("ANALYZE {}").format(_staging(record_type)))


def resolve_currencies(connection: type_of_connection, record_type: RecordType) -> None:
    """Records that name an account and no currency take that of their loan or contract."""
    parent = {
        "repayment": ("account", "loan_note", "loan_id"),
        "entrusted_order": ("payee_account", "loan_note", "loan_id"),
        "contract_payee": ("account", "loan_contract", "contract_id"),
    }.get(record_type.name)
    if parent is None:
        return
    column, table, key = (sql.Identifier(name) for name in parent)
    connection.execute(
        sql.SQL(
            "UPDATE {staging} s SET {column} = s.{column} || '/' || p.currency FROM ledger.{table} p "
            "WHERE p.{key} = s.{key} AND p.currency <> 'CNY' AND s.{column} IS NOT NULL"
        ).format(staging=_staging(record_type), column=column, table=table, key=key)
    )


def unknown_references(
    connection: type_of_connection, record_type: RecordType, field: str, target: RecordType, target_field: str
) -> list[tuple[int, str]]:
    """`(row number, value)` of staged rows whose `field` names a record that is neither in the books nor staged."""
    query = sql.SQL(
        "SELECT s.row_number, s.{field} FROM {staging} s WHERE s.{field} IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = s.{field})"
    ).format(
        field=sql.Identifier(field),
        staging=_staging(record_type),
        table=_table(target),
        key=sql.Identifier(target_field),
    )
    if target.name == record_type.name:
        query += sql.SQL(" AND NOT EXISTS (SELECT 1 FROM {staging} o WHERE o.{key} = s.{field})").format(
            staging=_staging(record_type), key=sql.Identifier(target_field), field=sql.Identifier(field)
        )
    return [(int(row), str(value)) for row, value in connection.execute(query).fetchall()]


def unstage(connection: type_of_connection, record_type: RecordType, row_numbers: Sequence[int]) -> None:
    """Take refused rows out of staging."""
    connection.execute(
        sql.SQL("DELETE FROM {} WHERE row_number = ANY(%s)").format(_staging(record_type)),
        (list(row_numbers),),
    )


# Keys --------------------------------------------------------------------------------------------------------


def drop_duplicates(connection: type_of_connection, record_type: RecordType) -> int:
    """Remove staged rows whose key and content are in the books; how many."""
    return connection.execute(
        sql.SQL(
            "DELETE FROM {} s USING ledger.intake_key k "
            "WHERE k.source = %s AND k.source_key = s.source_key AND k.content_hash = s.content_hash"
        ).format(_staging(record_type)),
        (record_type.name,),
    ).rowcount


def conflicts(connection: type_of_connection, record_type: RecordType) -> list[tuple[int, str, str, bool]]:
    """`(row number, key, content, proven)` of staged rows whose key is taken, in the books or by an earlier row."""
    rows = connection.execute(
        sql.SQL(
            "SELECT s.row_number, s.source_key, s.content_hash, s.proven FROM {} s WHERE NOT s.is_first OR EXISTS ("
            "SELECT 1 FROM ledger.intake_key k WHERE k.source = %s AND k.source_key = s.source_key) "
            "ORDER BY s.row_number"
        ).format(_staging(record_type)),
        (record_type.name,),
    ).fetchall()
    return [(int(row), key.hex, content.hex, bool(proven)) for row, key, content, proven in rows]


def give_keys(connection: type_of_connection, record_type: RecordType, keys: dict[int, str]) -> None:
    """Staged rows take other keys; those rows are then firsts of their own."""
    connection.execute(
        sql.SQL(
            "UPDATE {} s SET source_key = n.source_key, is_first = true "
            "FROM unnest(%s::integer[], %s::uuid[]) AS n(row_number, source_key) WHERE n.row_number = s.row_number"
        ).format(_staging(record_type)),
        (list(keys), list(keys.values())),
    )


def claim_all_keys(connection: type_of_connection, record_type: RecordType) -> bool:
    """Enter the keys of all staged rows. Where one is there already, none is entered, and the answer is False."""
    staged = _count(connection, sql.SQL("SELECT count(*) FROM {}").format(_staging(record_type)))
    connection.execute("SAVEPOINT claim")
    # In the order of keys: two imports that wait for each other would be a deadlock.
    claimed = connection.execute(
        sql.SQL(
            "INSERT INTO ledger.intake_key (source, source_key, content_hash, row_id) "
            "SELECT %s, source_key, content_hash, source_key FROM {} ORDER BY source_key ON CONFLICT DO NOTHING"
        ).format(_staging(record_type)),
        (record_type.name,),
    ).rowcount
    if claimed == staged:
        connection.execute("RELEASE SAVEPOINT claim")
        return True
    connection.execute("ROLLBACK TO SAVEPOINT claim")
    return False


# Rows --------------------------------------------------------------------------------------------------------


def insert_records(connection: type_of_connection, record_type: RecordType) -> int:
    """Move staged rows of any type but lines into their table; how many.

    An account that intake made up from lines, and a unit made up for rows without one, give way to the bank's own.
    """
    columns = _columns(record_type)
    query = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}").format(
        _table(record_type), _names(columns), _names(columns), _staging(record_type)
    )
    if record_type.name in ("account", "organisation_unit"):
        key = record_type.key[0]
        updates = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name != key
        )
        query += sql.SQL(" ON CONFLICT ({}) DO UPDATE SET {}").format(sql.Identifier(key), updates)
        if record_type.name == "account":
            query += sql.SQL(", auto_created = false WHERE ledger.account.auto_created")
    return connection.execute(query).rowcount


def ensure_unit(connection: type_of_connection, unit_id: str, name: str) -> None:
    """The unit of rows that name none."""
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, name, kind) VALUES (%s, %s, 'department') ON CONFLICT DO NOTHING",
        (unit_id, name),
    )


def ensure_partitions(connection: type_of_connection, months: Sequence[datetime.date]) -> None:
    """Create the partitions of these months (first days, Asia/Shanghai). Commits; call it outside a batch.

    A table that is made by itself and attached lets everybody read and write meanwhile; one that is made as a partition
    would wait for the longest reader, and all others behind it.
    """
    for month in months:
        name = f"statement_line_{month:%Y_%m}"
        following = (month.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
        first, last = (
            datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE).astimezone(datetime.UTC)
            for day in (month, following)
        )
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('loantrail.statement_line.partition'))")
            if _count(connection, "SELECT (to_regclass(%s) IS NOT NULL)::integer", f"ledger.{name}"):
                continue
            connection.execute(
                sql.SQL(
                    "CREATE TABLE ledger.{0} (LIKE ledger.statement_line INCLUDING ALL); "
                    "ALTER TABLE ledger.statement_line ATTACH PARTITION ledger.{0} FOR VALUES FROM ({1}) TO ({2})"
                ).format(sql.Identifier(name), sql.Literal(first), sql.Literal(last))
            )
    connection.commit()


def newest_line(connection: type_of_connection, after: datetime.datetime) -> datetime.datetime | None:
    """When the last line of the books was booked, if after that; else when any was; None where there is none."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(booked_at) FROM ledger.statement_line WHERE booked_at > %s), "
        "(SELECT booked_at FROM ledger.statement_line LIMIT 1))",
        (after,),
    ).fetchone()
    return None if row is None else row[0]


def insert_lines(connection: type_of_connection, file_id: int, unit_id: str) -> int:
    """Move staged lines into the books and leave word for the pairing; how many."""
    columns = _names(_LINE_COLUMNS)
    row = connection.execute(
        sql.SQL(
            """
            WITH added AS (
                INSERT INTO ledger.statement_line (line_id, file_id, unit_id, {columns})
                SELECT s.source_key, %s, coalesce(a.unit_id, %s), {staged}
                FROM pg_temp.staging_statement_line s LEFT JOIN ledger.account a ON a.account = s.account
                ORDER BY s.row_number
                RETURNING arrival_number, booked_at
            ), noted AS (
                INSERT INTO ledger.pairing_pending
                       (file_id, first_arrival, last_arrival, first_booked_at, last_booked_at, line_count)
                SELECT %s, min(arrival_number), max(arrival_number), min(booked_at), max(booked_at), count(*)
                FROM added HAVING count(*) > 0
            )
            SELECT count(*) FROM added
            """
        ).format(columns=columns, staged=_names(_LINE_COLUMNS, of="s")),
        (file_id, unit_id, file_id),
    ).fetchone()
    return 0 if row is None else int(row[0])


# Runs, files -------------------------------------------------------------------------------------------------


def begin_run(connection: type_of_connection, run_id: str, at: datetime.datetime) -> None:
    connection.execute("INSERT INTO ledger.import_run (run_id, started_at) VALUES (%s, %s)", (run_id, at))


def end_run(
    connection: type_of_connection, run_id: str, at: datetime.datetime, state: str, problem: str | None
) -> None:
    connection.execute(
        "UPDATE ledger.import_run SET finished_at = %s, state = %s, problem = %s WHERE run_id = %s",
        (at, state, problem, run_id),
    )


def begin_file(
    connection: type_of_connection,
    run_id: str,
    name: str,
    adapter: str,
    options: dict[str, str],
    content_hash: str,
    size_bytes: int,
    software_version: str,
    at: datetime.datetime,
) -> tuple[int, int]:
    """`(file_id, batches committed)`: those of an earlier run over the same content that did not come to its end,
    else a new entry."""
    row = connection.execute(
        """
        UPDATE ledger.import_file SET run_id = %(run)s, state = 'running', problem = NULL
        WHERE file_id = (
            SELECT file_id FROM ledger.import_file
            WHERE content_hash = %(hash)s AND adapter = %(adapter)s AND options = %(options)s AND name = %(name)s
              AND software_version = %(version)s AND state <> 'finished'
            ORDER BY file_id DESC LIMIT 1
        )
        RETURNING file_id, batches_committed
        """,
        {
            "run": run_id,
            "hash": content_hash,
            "adapter": adapter,
            "options": Jsonb(options),
            "name": name,
            "version": software_version,
        },
    ).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO ledger.import_file (run_id, name, adapter, options, content_hash, size_bytes, "
            "software_version, started_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING file_id, 0",
            (run_id, name, adapter, Jsonb(options), content_hash, size_bytes, software_version, at),
        ).fetchone()
    if row is None:
        raise RuntimeError("INSERT ... RETURNING gave no row")
    return int(row[0]), int(row[1])


def note_progress(
    connection: type_of_connection,
    file_id: int,
    batches: int,
    bytes_read: int,
    read: int,
    accepted: int,
    duplicate: int,
    refused: int,
) -> None:
    """So many more batches of the file stand in this transaction."""
    connection.execute(
        "UPDATE ledger.import_file SET batches_committed = batches_committed + %s, "
        "bytes_committed = greatest(bytes_committed, %s), rows_read = rows_read + %s, "
        "rows_accepted = rows_accepted + %s, rows_duplicate = rows_duplicate + %s, rows_refused = rows_refused + %s "
        "WHERE file_id = %s",
        (batches, bytes_read, read, accepted, duplicate, refused, file_id),
    )


def end_file(
    connection: type_of_connection, file_id: int, at: datetime.datetime, state: str, problem: str | None
) -> None:
    connection.execute(
        "UPDATE ledger.import_file SET finished_at = %s, state = %s, problem = %s WHERE file_id = %s",
        (at, state, problem, file_id),
    )

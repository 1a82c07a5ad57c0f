"""SQL of the schema `signals`: the rows of a run, packed by blocks of neighbouring loans.

A row has some three hundred signals, and a reader wants those of one loan or all: Parquet files of some thousand rows
are forty times smaller than rows of the database and written as fast.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl
from psycopg import sql

from loantrail.ledger.pairs.store import type_of_connection
from loantrail.signals.catalogue import DAY, no_rows, row_schema

BLOCK_ROWS: Final = 4000
"""Rows after which a block ends, once its last loan is whole."""
BLOCKS_AT_ONCE: Final = 8
"""Blocks that are fetched together."""


def kept(
    connection: type_of_connection, run_id: str, parts: Iterable[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """Hands on the parts of `rows.signal_rows`, each after it was stored as rows of the run, in place of what the run
    had. The caller commits. A run that is not stored, such as one of a test, keeps nothing."""
    known = connection.execute("SELECT 1 FROM published.trace_run WHERE run_id = %s", (run_id,)).fetchone()
    if known is not None:
        connection.execute("DELETE FROM signals.block WHERE run_id = %s", (run_id,))
    for number, rows in enumerate(parts):
        if known is not None:
            _write(connection, run_id, number, rows)
        yield rows


def _write(connection: type_of_connection, run_id: str, part: int, rows: pl.DataFrame) -> None:
    ordered = rows.sort("loan_id", maintain_order=True)
    query = sql.SQL(
        "COPY signals.block (run_id, part, block, first_loan, last_loan, row_count, content) FROM STDIN (FORMAT binary)"
    )
    with connection.cursor() as cursor, cursor.copy(query) as stream:
        stream.set_types(["text", "int4", "int4", "text", "text", "int4", "bytea"])
        for number, block in enumerate(_blocks(ordered)):
            content = io.BytesIO()
            block.write_parquet(content, compression="zstd", compression_level=1)
            loans = block["loan_id"]
            stream.write_row((run_id, part, number, loans[0], loans[-1], len(block), content.getvalue()))


def _blocks(ordered: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cuts rows that are sorted by loan; each loan stands in one block."""
    lengths = ordered["loan_id"].rle().struct.field("len").to_list()
    start = length = 0
    for rows in lengths:
        length += rows
        if length >= BLOCK_ROWS:
            yield ordered.slice(start, length)
            start, length = start + length, 0
    if length:
        yield ordered.slice(start, length)


def rows_of_loan(connection: type_of_connection, run_id: str, loan_id: str) -> pl.DataFrame:
    """The rows of one loan (`row_schema`) in the order in which they were taken."""
    found = connection.execute(
        "SELECT content FROM signals.block WHERE run_id = %s AND %s BETWEEN first_loan AND last_loan "
        "ORDER BY part, block",
        (run_id, loan_id),
    ).fetchall()
    parts = [
        pl.scan_parquet(io.BytesIO(row[0])).filter(pl.col("loan_id") == loan_id).collect() for row in found
    ]
    return pl.concat([no_rows(), *parts])


def rows_of_run(connection: type_of_connection, run_id: str) -> pl.DataFrame:
    """All rows of a run (`row_schema`), part by part, by loan within one."""
    found = connection.execute(
        "SELECT content FROM signals.block WHERE run_id = %s ORDER BY part, block", (run_id,)
    ).fetchall()
    return pl.concat([no_rows(), *(pl.read_parquet(io.BytesIO(row[0])) for row in found)])


def ends_of_last_day(
    connection: type_of_connection, run_id: str, columns: Sequence[str]
) -> pl.DataFrame | None:
    """These of the columns (`row_schema`) of the rows about ends of days: of a run that wants them of its last day alone they stand
    behind all others. None where nothing is stored of the run, or it cannot be read."""
    parts = connection.execute(
        "SELECT DISTINCT part FROM signals.block WHERE run_id = %s ORDER BY part DESC", (run_id,)
    ).fetchall()
    if not parts:
        return None
    schema = row_schema()
    found = [pl.DataFrame(schema={name: schema[name] for name in columns})]
    for (part,) in parts:
        blocks = connection.execute(
            "SELECT content FROM signals.block WHERE run_id = %s AND part = %s ORDER BY block", (run_id, part)
        ).fetchall()
        wanted = ["occasion", *columns]
        try:
            rows = pl.concat([pl.read_parquet(io.BytesIO(row[0]), columns=wanted) for row in blocks])
        except (pl.exceptions.PolarsError, OSError):
            return None
        days = rows.filter(pl.col("occasion") == DAY)
        found.append(days.select(*columns))
        if len(days) < len(rows):
            break
    return pl.concat(found)


def blocks_of_run(
    connection: type_of_connection, run_id: str
) -> Iterator[tuple[int, int, pl.DataFrame | None]]:
    """`(part, block, rows)` of a run, one after the other; None for a block that cannot be read, or whose loans and
    number of rows are not those that stand beside it. Leaves the transaction open."""
    with connection.cursor(name="blocks_of_run") as cursor:
        cursor.itersize = BLOCKS_AT_ONCE
        cursor.execute(
            "SELECT part, block, first_loan, last_loan, row_count, content FROM signals.block WHERE run_id = %s "
            "ORDER BY part, block",
            (run_id,),
        )
        for part, block, first_loan, last_loan, row_count, content in cursor:
            yield part, block, _block_rows(content, (first_loan, last_loan, row_count))


def _block_rows(content: bytes, label: tuple[str, str, int]) -> pl.DataFrame | None:
    try:
        rows = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        return None
    loans = rows.get_column("loan_id", default=None)
    if rows.schema != row_schema() or loans is None or not loans.is_sorted():
        return None
    return rows if (loans[0], loans[-1], len(rows)) == label else None

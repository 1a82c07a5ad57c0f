"""Frames with exactly the columns of a record type, and Parquet files that are the same byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from loantrail.errors import StorageExhausted
from loantrail.records import Kind, RecordType

POLARS_TYPE: Final[dict[Kind, Any]] = {
    Kind.TEXT: pl.String,
    Kind.AMOUNT_FEN: pl.Int64,
    Kind.INTEGER: pl.Int64,
    Kind.RATE_PPM: pl.Int64,
    Kind.DATE: pl.Date,
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.BOOLEAN: pl.Boolean,
    Kind.CURRENCY: pl.String,
    Kind.CHOICE: pl.String,
}


def record_frame(record_type: RecordType, columns: Mapping[str, Any]) -> pl.DataFrame:
    """A frame with all fields of `record_type` in order. Fields not given take their default, else null; a date
    is given as dates or as day numbers since 1970, an instant as UTC microseconds."""
    length = max((len(values) for values in columns.values() if not isinstance(values, str)), default=0)
    series: list[pl.Series] = []
    for field in record_type.fields:
        kind = POLARS_TYPE[field.kind]
        if field.name in columns:
            values = columns[field.name]
            if isinstance(values, str):
                series.append(pl.repeat(values, length, dtype=kind, eager=True).alias(field.name))
            else:
                series.append(pl.Series(field.name, values).cast(kind))
        elif field.default is not None and field.kind is not Kind.BOOLEAN:
            series.append(pl.repeat(field.default, length, dtype=kind, eager=True).alias(field.name))
        else:
            series.append(pl.Series(field.name, [None] * length, dtype=kind))
    unknown = set(columns) - set(record_type.field_names)
    if unknown:
        raise KeyError(f"{record_type.name} has no field {', '.join(sorted(unknown))}")
    return pl.DataFrame(series)


def gather(values: pl.Series, rows: NDArray[Any]) -> pl.Series:
    """`values` at `rows`; null where a row is -1."""
    index = pl.Series(rows.astype(np.int64))
    return values.gather(index.set(index < 0, None).cast(pl.UInt32))


def write_frames(path: Path, frames: Iterator[pl.DataFrame] | list[pl.DataFrame]) -> int:
    """Write frames of one schema as the row groups of one Parquet file; returns the rows written.

    Raises StorageExhausted when the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for frame in frames:
            table: pa.Table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd", version="2.6")
            writer.write_table(table, row_group_size=1 << 20)
            rows += frame.height
    except OSError as problem:
        if problem.errno == 28:
            raise StorageExhausted(
                f"no space left for {path.name}", remedy="Free some space or give another --out"
            ) from problem
        raise
    finally:
        if writer is not None:
            writer.close()
    return rows

"""Tables in files: delimited text and Parquet, read as blocks of columns."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from loantrail.errors import ConfigurationError, FileUnreadable, InputError, Place
from loantrail.sources.columns import Reading
from loantrail.sources.delimited import Block, find_layout, read_delimited
from loantrail.sources.encoding import recognise_file_encoding
from loantrail.sources.model import HEAD_BYTES, Refusal, SourceFile

PARQUET_MAGIC: Final = b"PAR1"
ROWS_PER_BLOCK: Final = 131_072


def table_columns(
    path: Path, head: bytes, is_header: Callable[[tuple[str, ...]], bool]
) -> tuple[str, ...] | None:
    """The columns of a delimited or Parquet file if `is_header` accepts them; None else. Never raises."""
    try:
        if head.startswith(PARQUET_MAGIC):
            columns = tuple(pl.read_parquet_schema(path))
            return columns if is_header(columns) else None
        layout = find_layout(head, "", is_header=is_header)
    except (InputError, OSError, pl.exceptions.PolarsError, ValueError):
        return None
    return layout.columns if layout else None


def read_table(
    source: SourceFile,
    is_header: Callable[[tuple[str, ...]], bool],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Iterator[Block]:
    """The records of a delimited or Parquet file, block by block.

    Columns of a Parquet file keep their types. Raises FileUnreadable when the file cannot be opened, is damaged,
    has no header that `is_header` accepts, or (delimited) no record after it.
    """
    head = read_head(source.path, source.name)
    if head.startswith(PARQUET_MAGIC):
        yield from _read_parquet(source)
        return
    encoding = encoding or recognise_file_encoding(source.path, head, source.name)
    layout = find_layout(head, source.name, is_header=is_header, encoding=encoding, delimiter=delimiter)
    if layout is None:
        raise FileUnreadable(
            "no line among the first 100 holds the expected column names",
            Place(source.name),
            "Compare the header with the mapping file",
        )
    yield from read_delimited(source.path, source.name, layout)


def read_head(path: Path, name: str) -> bytes:
    """The first HEAD_BYTES bytes. Raises FileUnreadable when the file cannot be opened."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError as problem:
        raise FileUnreadable(
            f"cannot be opened ({problem.strerror})", Place(name), "Check the path"
        ) from None


def _read_parquet(source: SourceFile) -> Iterator[Block]:
    try:
        with pq.ParquetFile(source.path) as file:
            first = 1
            # dictionary pages, unlike plain ones, would come as categories
            for batch in file.iter_batches(batch_size=ROWS_PER_BLOCK):
                texts = cast(pl.DataFrame, pl.from_arrow(batch))
                positions = pl.Series("position", range(first, first + len(texts)), dtype=pl.Int64)
                first += len(texts)
                yield Block(texts, positions, RowsAsText(texts), (), bytes_read=0)
    except (pa.ArrowException, OSError) as problem:
        raise FileUnreadable(
            f"the Parquet file is damaged or cut off ({str(problem).splitlines()[0]})",
            Place(source.name),
            "Copy or export it again",
        ) from None


class RowsAsText(list[bytes]):
    """Rows of a typed table as one line of CSV each, made only when one is asked for."""

    def __init__(self, rows: pl.DataFrame) -> None:
        super().__init__()
        self._rows = rows

    def __getitem__(self, index: int) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]  rows are asked for one at a time
        buffer = io.StringIO()
        self._rows[index : index + 1].write_csv(buffer)
        return buffer.getvalue().encode()


def reading_of(source: SourceFile, base: Reading | None = None) -> Reading:
    """How values are written: `base`, overruled by the options of the command line (`zone`, `account`, and
    `default.FIELD` for any field). Raises ConfigurationError for a zone that does not exist."""
    base = base or Reading()
    defaults = dict(base.defaults)
    for key, value in source.options.items():
        if key.startswith("default."):
            defaults[key.removeprefix("default.")] = value
    if "account" in source.options:
        defaults.setdefault("account", source.options["account"])
    zone = source.options.get("zone", base.zone)
    check_zone(zone)
    return Reading(
        zone=zone,
        amount_unit=base.amount_unit,
        rate_unit=base.rate_unit,
        decimal_comma=base.decimal_comma,
        date_formats=base.date_formats,
        instant_formats=base.instant_formats,
        defaults=cast(Mapping[str, str], defaults),
    )


def check_zone(zone: str) -> None:
    """Raises ConfigurationError unless `zone` is the IANA name of a time zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"there is no time zone called {zone}", remedy="Use an IANA name such as Asia/Shanghai"
        ) from None


def merged(block: Block, refusals: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    """The refusals of a block's lines and of its rows together, in order of position."""
    return tuple(sorted((*block.refusals, *refusals), key=lambda refusal: refusal.position))

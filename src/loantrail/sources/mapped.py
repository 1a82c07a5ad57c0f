"""CSV and Parquet of any layout, read through a mapping file: one given, or a shipped one that fits the header."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from loantrail.errors import ColumnMissing, Place
from loantrail.sources.canonical import RECORD_TYPES
from loantrail.sources.columns import Reading, accept
from loantrail.sources.delimited import Block, find_layout
from loantrail.sources.kinds import float_texts
from loantrail.sources.mapping import (
    Elapsed,
    Mapping,
    Record,
    SplitAmount,
    Value,
    columns_missing,
    read_mapping,
    shipped_mappings,
)
from loantrail.sources.model import Batch, Refusal, SourceFile
from loantrail.sources.tables import PARQUET_MAGIC, merged, read_head, read_table, reading_of, table_columns

_LINE: Final = RECORD_TYPES["statement_line"]
_OPPOSITE: Final = {"debit": "credit", "credit": "debit"}
_NEGATIVE: Final = r"^\s*[-－(（]"
_NOTHING: Final = r"^[\s0０.,，．－-]*$"


@dataclass(frozen=True, slots=True)
class Mapped:
    """Reads a file through a mapping."""

    name: str = "mapping"
    chinese: str = "映射文件"

    def recognises(self, path: Path, head: bytes) -> int:
        columns = table_columns(path, head, lambda columns: _fitting(columns) is not None)
        return 70 if columns else 0

    def first_record_type(self, source: SourceFile) -> str | None:
        """The first record type of the mapping: files that others refer to are read first."""
        return _mapping_for(source).records[0].record_type

    def read(self, source: SourceFile) -> Iterator[Batch]:
        mapping = _mapping_for(source)
        reading = reading_of(source, mapping.reading)
        for block in read_table(source, mapping.fits, encoding=mapping.encoding, delimiter=mapping.delimiter):
            first = True
            for record in mapping.records:
                # what is wrong with the line itself is told once, with the first record type
                part = block if first else replace(block, refusals=())
                yield _batch(record, part, source.name, reading)
                first = False


def _fitting(columns: tuple[str, ...]) -> Mapping | None:
    """The shipped mapping that says most about a header like this."""
    fitting = [mapping for mapping in shipped_mappings() if mapping.recognised_by and mapping.fits(columns)]
    return max(fitting, key=lambda mapping: len(mapping.recognised_by), default=None)


def _mapping_for(source: SourceFile) -> Mapping:
    """Raises ColumnMissing naming the columns when the mapping that was asked for does not fit the file."""
    head = read_head(source.path, source.name)
    if "mapping" not in source.options:
        columns = table_columns(source.path, head, lambda columns: _fitting(columns) is not None)
        fitting = _fitting(columns) if columns else None
        if fitting is None:
            raise ColumnMissing("no shipped mapping fits the header", Place(source.name), "Give --mapping")
        return fitting
    mapping = read_mapping(Path(source.options["mapping"]))
    if table_columns(source.path, head, mapping.fits) is None:
        _tell_missing(mapping, source, head)
    return mapping


def _tell_missing(mapping: Mapping, source: SourceFile, head: bytes) -> None:
    if head.startswith(PARQUET_MAGIC):
        columns = table_columns(source.path, head, bool)
        if columns is None:
            return  # damaged: reading it says so
    else:
        # the line that looks most like the header is the one to compare with
        wanted = mapping.needed_columns() | set(mapping.recognised_by)
        best: list[tuple[str, ...]] = [()]

        def nearest(columns: tuple[str, ...]) -> bool:
            best[0] = max(best[0], columns, key=lambda held: len(wanted & set(held)))
            return mapping.fits(columns)

        layout = find_layout(
            head, source.name, is_header=nearest, encoding=mapping.encoding, delimiter=mapping.delimiter
        )
        if layout is not None:
            return
        columns = best[0]
    missing = columns_missing(mapping, set(columns))
    raise ColumnMissing(
        f"the mapping {mapping.name} needs columns that the file lacks: {', '.join(missing)}",
        Place(source.name, field=missing[0]),
        "Compare the header with the mapping; list a column that may be absent under optional_columns",
    )


def batch_of(mapping: Mapping, record_type: str, block: Block, source: SourceFile) -> Batch:
    """The records of one type that a block gives, in the block's order. Raises ColumnMissing when the mapping gives no
    such records."""
    for record in mapping.records:
        if record.record_type == record_type:
            return _batch(record, block, source.name, reading_of(source, mapping.reading))
    raise ColumnMissing(
        f"the mapping {mapping.name} gives no {record_type}", Place(source.name), "Name another mapping"
    )


def _batch(record: Record, block: Block, source_file: str, reading: Reading) -> Batch:
    record_type = RECORD_TYPES[record.record_type]
    if record.two_sided:
        return _two_sided(record, block, source_file, reading)
    texts = _fields(record, block, reading)
    accepted = accept(
        record_type, texts, source_file, block.originals, reading=reading, positions=block.positions
    )
    refusals = merged(block, accepted.refusals)
    return Batch(
        record_type.name, accepted.rows, refusals, len(accepted.rows) + len(refusals), block.bytes_read
    )


def _fields(record: Record, block: Block, reading: Reading) -> pl.DataFrame:
    columns = [_series(value, block.texts, reading).alias(name) for name, value in record.fields.items()]
    if record.amount:
        columns += _split(record.amount, block.texts)
    if record.newest_first and "sequence" not in record.fields:
        columns.append((-block.positions).alias("sequence"))
    return pl.DataFrame(columns)


def _two_sided(record: Record, block: Block, source_file: str, reading: Reading) -> Batch:
    """Both lines of each transfer. A row is accepted whole or refused whole; its lines stand at the positions
    2n-1 (debit) and 2n (credit) of row n and share a reference."""
    assert record.two_sided is not None
    common = _fields(record, block, reading)
    refused: dict[int, Refusal] = {refusal.position: refusal for refusal in block.refusals}
    sides: list[pl.DataFrame] = []
    for direction, values in (("debit", record.two_sided.debit), ("credit", record.two_sided.credit)):
        own = [_series(value, block.texts, reading).alias(name) for name, value in values.items()]
        lines = common.with_columns(*own, pl.lit(direction).alias("direction"))
        if "reference" not in lines.columns:
            lines = lines.with_columns(block.positions.cast(pl.String).alias("reference"))
        lines = lines.with_columns(block.positions.alias("position"))
        accepted = accept(
            _LINE, lines, source_file, block.originals, reading=reading, positions=block.positions
        )
        for refusal in accepted.refusals:
            refused.setdefault(refusal.position, refusal)
        sides.append(accepted.rows)
    for position, row in _self_transfers(sides[0]):
        original = block.originals[int(block.positions.index_of(position) or 0)]
        message = f"account {row} pays to itself: the row moves nothing; correct one of the two accounts"
        refusal = Refusal(source_file, position, "counterparty_account", "self_transfer", message, original)
        refused.setdefault(position, refusal)
    numbers = pl.Series(list(refused), dtype=pl.Int64)
    kept = [side.filter(~pl.col("position").is_in(numbers.implode())) for side in sides]
    lines = pl.concat(
        side.with_columns(
            position=pl.col("position") * 2 - (1 - number), sequence=pl.col("sequence") * 2 - (1 - number)
        )
        for number, side in enumerate(kept)
    ).sort("position")
    refusals = tuple(refused[position] for position in sorted(refused))
    return Batch(_LINE.name, lines, refusals, len(lines) + len(refusals), block.bytes_read)


def _self_transfers(debits: pl.DataFrame) -> Iterator[tuple[int, str]]:
    same = debits.filter(pl.col("account") == pl.col("counterparty_account"))
    return same.select("position", "account").iter_rows()


def _series(value: Value, texts: pl.DataFrame, reading: Reading) -> pl.Series:
    """The text (or, for a plain column, the typed values) that an expression gives for each row."""
    height = len(texts)
    if value.constant is not None:
        return pl.Series([value.constant]).new_from_index(0, height)
    if value.elapsed is not None:
        return _elapsed(value.elapsed, texts, reading)
    if value.join is not None:
        held = [_as_text(texts.get_column(name)) for name in value.join if name in texts.columns]
        if not held:
            return _absent(height)
        series = (
            pl.DataFrame([part.alias(str(number)) for number, part in enumerate(held)])
            .select(pl.concat_str(pl.all(), separator=value.separator, ignore_nulls=True))
            .to_series()
        )
    else:
        assert value.column is not None
        if value.column not in texts.columns:
            return _absent(height)
        series = texts.get_column(value.column)
    if value.extract is not None:
        series = _as_text(series).str.extract(value.extract)
    if value.values is not None:
        series = _as_text(series).str.strip_chars()
        if value.otherwise is None:
            return series.replace(value.values)
        known = series.replace_strict(value.values, default=value.otherwise, return_dtype=pl.String)
        return known.set(series.is_null(), None)
    return series


def _absent(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype == pl.String:
        text = series.str.strip_chars()
        return text.set((text == "").fill_null(value=False), None)
    return float_texts(series) if series.dtype.is_float() else series.cast(pl.String)


def _elapsed(elapsed: Elapsed, texts: pl.DataFrame, reading: Reading) -> pl.Series:
    """Text that is no whole number stays as it is, so that it is refused with what stood there."""
    origin = datetime.datetime.fromisoformat(elapsed.since)
    if origin.tzinfo is None:
        origin = origin.replace(tzinfo=ZoneInfo(reading.zone))
    given = _as_text(texts.get_column(elapsed.column))
    units = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}
    count = given.cast(pl.Int64, strict=False)
    # beyond a thousand years the sum would leave the calendar: such a number stays text
    count = count.set(
        (count.abs() > 366_000 * 86_400_000 // units[elapsed.every]).fill_null(value=False), None
    )
    moment = pl.lit(origin.astimezone(datetime.UTC)).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"count": count, "given": given})
    read = moment + pl.duration(milliseconds=pl.col("count") * units[elapsed.every])
    shown = read.dt.strftime("%Y-%m-%d %H:%M:%S%.6fZ")
    return frame.select(pl.when(pl.col("count").is_null()).then("given").otherwise(shown)).to_series()


def _split(amount: SplitAmount, texts: pl.DataFrame) -> list[pl.Series]:
    """`amount_fen` and `direction` columns."""
    if amount.signed is not None:
        frame = pl.DataFrame({"amount": _as_text(texts.get_column(amount.signed))})
        direction = (
            pl.when(pl.col("amount").str.contains(_NEGATIVE))
            .then(pl.lit(amount.negative_is))
            .otherwise(pl.lit(_OPPOSITE[amount.negative_is]))
        )
        negative = pl.col("amount").str.contains(_NEGATIVE)
        value = pl.when(negative).then(_without_sign("amount")).otherwise(pl.col("amount"))
        chosen = frame.select(value.alias("amount_fen"), direction.alias("direction"))
        return chosen.get_columns()
    assert amount.debit is not None
    assert amount.credit is not None
    sides = {
        "debit": _as_text(texts.get_column(amount.debit)),
        "credit": _as_text(texts.get_column(amount.credit)),
    }
    empty = {name: pl.col(name).is_null() | pl.col(name).str.contains(_NOTHING) for name in sides}
    side = pl.when(empty["debit"] & ~empty["credit"]).then(pl.lit("credit")).otherwise(pl.lit("debit"))
    # nothing on both sides keeps what is written there (0.00 is not positive, nothing is missing)
    value = (
        pl.when(~empty["debit"] & ~empty["credit"])
        .then(pl.format("{} and {}", "debit", "credit"))
        .when(~empty["debit"])
        .then("debit")
        .when(~empty["credit"])
        .then("credit")
        .otherwise(pl.coalesce("debit", "credit"))
    )
    chosen = pl.DataFrame(sides).select(value.alias("amount_fen"), side.alias("direction"))
    if amount.negative_flips:
        negative = pl.col("amount_fen").str.contains(_NEGATIVE)
        chosen = chosen.select(
            pl.when(negative)
            .then(_without_sign("amount_fen"))
            .otherwise(pl.col("amount_fen"))
            .alias("amount_fen"),
            pl.when(negative)
            .then(pl.col("direction").replace(_OPPOSITE))
            .otherwise(pl.col("direction"))
            .alias("direction"),
        )
    return chosen.get_columns()


def _without_sign(column: str) -> pl.Expr:
    return pl.col(column).str.replace(_NEGATIVE, "").str.strip_chars_end(")）").str.strip_chars()


ADAPTERS: Final = (Mapped(),)

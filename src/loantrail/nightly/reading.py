"""Reads the tables of a delivery: canonical columns or a mapping file, with the columns that say what becomes of a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.errors import ColumnMissing, Place
from loantrail.ledger.intake import RECORD_TYPES
from loantrail.nightly.model import GENERAL_LEDGER, OPERATIONS, Declared, LedgerTotal
from loantrail.records import Field, Kind, RecordType
from loantrail.sources.columns import Reading, accept, polars_schema
from loantrail.sources.delimited import Block, find_layout
from loantrail.sources.files import Opened
from loantrail.sources.mapped import batch_of
from loantrail.sources.mapping import Mapping, read_mapping
from loantrail.sources.model import HEAD_BYTES, Refusal, SourceFile
from loantrail.sources.registry import named
from loantrail.sources.tables import PARQUET_MAGIC, merged, read_table, reading_of

_CONTROLS: Final = {
    "full": (),
    "incremental": ("operation",),
    "chain": ("start", "end"),
    "append": (),
    "totals": (),
}
_OPEN_END: Final = ("99991231", "9999-12-31", "9999/12/31")
_LEDGER_TYPE: Final = RecordType(
    name=GENERAL_LEDGER,
    schema="nightly",
    chinese="总账合计",
    key=("subject", "unit_id", "currency"),
    fields=(
        Field("subject", Kind.TEXT, chinese="科目"),
        Field("unit_id", Kind.TEXT, chinese="机构"),
        Field("currency", Kind.CURRENCY, default="CNY", chinese="币种"),
        Field("balance_fen", Kind.AMOUNT_FEN, chinese="余额"),
    ),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some records of a file."""

    rows: pl.DataFrame
    """Typed rows as `sources.columns.accept` makes them; of a deletion the key fields may be all."""
    positions: pl.Series
    """Record number of each row."""
    controls: pl.DataFrame
    """One row per row of `rows`: `operation` (insert, update, delete, or null where unknown), `start`, `end` (Date),
    as far as the mode has them; `given` is the operation as written."""
    refusals: tuple[Refusal, ...]
    raw_totals: dict[str, int]
    """Sums of the amount columns as they stand in the file, refused rows included where they are numbers."""


def record_type_of(declared: Declared) -> RecordType:
    """The record type of a declared file, that of ledger totals included."""
    return _LEDGER_TYPE if declared.record_type == GENERAL_LEDGER else RECORD_TYPES[declared.record_type]


def opened_lines(path: Path, name: str, declared: Declared, root: Path) -> Opened:
    """A file of statement lines as `ledger.importing` takes it."""
    options = {"mapping": str(_mapping_path(declared, root))} if declared.mapping else {}
    adapter = named("mapping" if declared.mapping else "loantrail")
    return Opened(SourceFile(path, name, options), adapter, path.stat().st_size)


def is_bare(path: Path) -> bool:
    """Whether the file holds no record: it is empty, or a header alone."""
    if path.stat().st_size > HEAD_BYTES:
        return False
    content = path.read_bytes()
    return not content.startswith(PARQUET_MAGIC) and len(content.strip().splitlines()) <= 1


def column_lacking(path: Path, name: str, declared: Declared, root: Path) -> str:
    """The first column that the header of a bare file lacks; empty where it has all, or the file is empty whole.

    Raises InputError for an unknown encoding, ConfigurationError for a mapping that cannot be read.
    """
    head = path.read_bytes()
    if not head.strip():
        return ""
    wanted = {declared.columns[control] for control in _CONTROLS[declared.mode]}
    mapping = read_mapping(_mapping_path(declared, root)) if declared.mapping else None
    if mapping:
        wanted |= {*mapping.recognised_by, *mapping.needed_columns()}
    else:
        wanted |= _needed(record_type_of(declared))
    encoding, delimiter = (mapping.encoding, mapping.delimiter) if mapping else (None, None)
    layout = find_layout(
        head, name, is_header=lambda columns: wanted <= set(columns), encoding=encoding, delimiter=delimiter
    )
    if layout is not None:
        return ""
    cut = find_layout(head, name, encoding=encoding, delimiter=delimiter)
    return sorted(wanted - set(cut.columns if cut else ()))[0]


def _needed(record_type: RecordType) -> set[str]:
    """Columns that a file of canonical columns must have."""
    free = ("unit_id", "source_file", "position", "sequence")
    needed = {
        field.name
        for field in record_type.fields
        if field.required and field.default is None and field.name not in free
    }
    return needed | {"unit_id"} if record_type.name == GENERAL_LEDGER else needed


def _mapping_path(declared: Declared, root: Path) -> Path:
    beside = root / declared.mapping
    return beside if beside.is_file() else Path(declared.mapping)


def read_parts(path: Path, name: str, declared: Declared, root: Path) -> Iterator[Part]:
    """The records of a file. Raises InputError when the file as a whole, or its rest, cannot be used, ColumnMissing
    when a column of the mode is not there, ConfigurationError for a mapping that cannot be read."""
    record_type = record_type_of(declared)
    mapping = read_mapping(_mapping_path(declared, root)) if declared.mapping else None
    source = SourceFile(path, name)
    wanted = [declared.columns[control] for control in _CONTROLS[declared.mode]]
    needed = _needed(record_type)
    fits = mapping.fits if mapping else lambda columns: needed <= set(columns)
    encoding, delimiter = (mapping.encoding, mapping.delimiter) if mapping else (None, None)
    for block in read_table(source, fits, encoding=encoding, delimiter=delimiter):
        lacking = [column for column in wanted if column not in block.texts.columns]
        if lacking:
            raise ColumnMissing(f"lacks the column {lacking[0]}", Place(name, field=lacking[0]))
        yield (
            _mapped(mapping, record_type, block, source, declared)
            if mapping
            else _canonical(record_type, block, source, declared)
        )


def _canonical(record_type: RecordType, block: Block, source: SourceFile, declared: Declared) -> Part:
    lacking = {field.name for field in record_type.fields if field.required and field.default is None}
    lacking -= {*block.texts.columns, "unit_id", "source_file", "position", "sequence"}
    if lacking:
        # Parquet files are not asked for their header.
        column = sorted(lacking)[0]
        raise ColumnMissing(f"lacks the column {column}", Place(source.name, field=column))
    texts = _without_open_ends(record_type, block.texts)
    controls = _controls(block, declared)
    reading = reading_of(source, Reading(amount_unit="minor"))
    if "operation" not in controls.columns:
        accepted = accept(
            record_type, texts, source.name, block.originals, reading=reading, positions=block.positions
        )
        return _part(block, accepted.rows, accepted.refusals, controls, _raw_totals(record_type, texts))
    # A deletion need not repeat more than the key.
    is_deletion = (controls.get_column("operation") == "delete").fill_null(value=False)
    only_key = replace(
        record_type, fields=tuple(one for one in record_type.fields if one.name in record_type.key)
    )
    parts: list[pl.DataFrame] = []
    refusals: list[Refusal] = []
    for mask, kind in ((~is_deletion, record_type), (is_deletion, only_key)):
        numbers = mask.arg_true()
        accepted = accept(
            kind,
            texts.filter(mask),
            source.name,
            [block.originals[number] for number in numbers],
            reading=reading,
            positions=block.positions.filter(mask),
        )
        refusals += accepted.refusals
        gone = {refusal.position for refusal in accepted.refusals}
        kept = [one for one in block.positions.filter(mask).to_list() if one not in gone]
        parts.append(accepted.rows.with_columns(pl.Series("_position", kept, dtype=pl.Int64)))
    both = pl.concat(parts, how="diagonal").sort("_position")
    rows = both.select(pl.col(name).cast(kind) for name, kind in polars_schema(record_type).items())
    return _part(block, rows, tuple(refusals), controls, _raw_totals(record_type, texts))


def _mapped(
    mapping: Mapping, record_type: RecordType, block: Block, source: SourceFile, declared: Declared
) -> Part:
    batch = batch_of(mapping, record_type.name, block, source)
    totals = {
        field.name: int(batch.rows.get_column(field.name).sum() or 0)
        for field in record_type.fields
        if field.kind is Kind.AMOUNT_FEN
    }
    own = tuple(one for one in batch.refusals if one not in block.refusals)
    return _part(block, batch.rows, own, _controls(block, declared), totals)


def _part(
    block: Block,
    rows: pl.DataFrame,
    refusals: tuple[Refusal, ...],
    controls: pl.DataFrame,
    totals: dict[str, int],
) -> Part:
    gone = [refusal.position for refusal in refusals]
    keep = ~block.positions.is_in(gone)
    return Part(rows, block.positions.filter(keep), controls.filter(keep), merged(block, refusals), totals)


def _controls(block: Block, declared: Declared) -> pl.DataFrame:
    """`operation` and `given`, or `start` and `end`, of every record of the block."""
    names = _CONTROLS[declared.mode]
    if names == ("operation",):
        given = block.texts.get_column(declared.columns["operation"]).cast(pl.String).str.strip_chars()
        known = given.str.to_uppercase().replace_strict(OPERATIONS, default=None, return_dtype=pl.String)
        return pl.DataFrame({"operation": known, "given": given})
    found = {name: _dates(block.texts.get_column(declared.columns[name])) for name in names}
    return pl.DataFrame(found) if found else pl.DataFrame({"row": block.positions})


def _dates(given: pl.Series) -> pl.Series:
    if given.dtype == pl.Date:
        return given
    texts = given.cast(pl.String).str.strip_chars().str.replace_all(r"[-/.]", "").str.slice(0, 8)
    return texts.str.to_date("%Y%m%d", strict=False)


def _without_open_ends(record_type: RecordType, texts: pl.DataFrame) -> pl.DataFrame:
    """99991231 in a field that may be empty says that there is no such date."""
    for field in record_type.fields:
        if field.kind is not Kind.DATE or field.required or field.name not in texts.columns:
            continue
        column = pl.col(field.name)
        no_date = column.cast(pl.String).str.strip_chars().is_in(_OPEN_END)
        texts = texts.with_columns(pl.when(no_date).then(None).otherwise(column).alias(field.name))
    return texts


def _raw_totals(record_type: RecordType, texts: pl.DataFrame) -> dict[str, int]:
    return {
        field.name: int(texts.get_column(field.name).cast(pl.Int64, strict=False).sum() or 0)
        for field in record_type.fields
        if field.kind is Kind.AMOUNT_FEN and field.name in texts.columns
    }


def read_ledger(path: Path, name: str, declared: Declared, root: Path) -> list[LedgerTotal]:
    """The totals of a general-ledger file. InputError as `read_parts`."""
    if is_bare(path):
        return []
    return [
        LedgerTotal(str(subject), str(unit), str(currency), int(fen))
        for part in read_parts(path, name, declared, root)
        for subject, unit, currency, fen in part.rows.select(
            "subject", "unit_id", "currency", "balance_fen"
        ).iter_rows()
    ]

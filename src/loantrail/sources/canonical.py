"""Loantrail's own files: CSV or Parquet whose columns are the fields of a record type, amounts in fen.

`loantrail import --dry-run` writes them, the demo bank is delivered in them, and a bank that prepares its data
itself needs no mapping file when it writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail.errors import FileUnreadable, Place
from loantrail.ledger import model as ledger
from loantrail.parties import model as parties
from loantrail.records import RecordType
from loantrail.sources.columns import Reading, accept
from loantrail.sources.model import Batch, SourceFile
from loantrail.sources.tables import merged, read_head, read_table, reading_of, table_columns

RECORD_TYPES: Final = {item.name: item for item in (*parties.RECORD_TYPES, *ledger.RECORD_TYPES)}
"""Every record type that can be imported, by name; those that others refer to come first."""

_FROM_THE_FILE: Final = frozenset({"source_file", "position", "sequence"})
_NAMED: Final = {"rows": "statement_line"}
"""Other file stems: what a dry run calls its statement lines."""


def record_type_of(path: Path, columns: tuple[str, ...]) -> RecordType | None:
    """The record type whose file this is: every column is one of its fields, every field that has no default is
    a column, and where several fit, the one that the file is named after."""
    held = set(columns)
    fitting = [item for item in RECORD_TYPES.values() if _fits(item, held)]
    stem = _NAMED.get(path.name.split(".")[0], path.name.split(".")[0])
    for item in fitting:
        if item.name == stem:
            return item
    return max(fitting, key=lambda item: len(held & set(item.field_names)), default=None)


def _fits(record_type: RecordType, held: set[str]) -> bool:
    needed = {item.name for item in record_type.fields if item.required and item.default is None}
    return needed - _FROM_THE_FILE <= held <= set(record_type.field_names)


@dataclass(frozen=True, slots=True)
class Canonical:
    """Reads files whose columns are a record type's fields."""

    name: str = "loantrail"
    chinese: str = "贷迹标准文件"

    def recognises(self, path: Path, head: bytes) -> int:
        columns = table_columns(path, head, lambda columns: record_type_of(path, columns) is not None)
        return 90 if columns else 0

    def first_record_type(self, source: SourceFile) -> str | None:
        """The record type of the file: files that others refer to are read first."""
        head = read_head(source.path, source.name)
        columns = table_columns(
            source.path, head, lambda columns: record_type_of(source.path, columns) is not None
        )
        found = record_type_of(source.path, columns) if columns else None
        return found.name if found else None

    def read(self, source: SourceFile) -> Iterator[Batch]:
        found: list[RecordType] = []

        def is_header(columns: tuple[str, ...]) -> bool:
            record_type = record_type_of(source.path, columns)
            found.extend([record_type] if record_type else [])
            return record_type is not None

        reading = reading_of(source, Reading(amount_unit="minor"))
        for block in read_table(source, is_header):
            record_type = found[-1] if found else record_type_of(source.path, tuple(block.texts.columns))
            if record_type is None:
                raise FileUnreadable(
                    "the columns are those of no record type", Place(source.name), "Write a mapping file"
                )
            accepted = accept(
                record_type,
                block.texts,
                source.name,
                block.originals,
                reading=reading,
                positions=block.positions,
            )
            refusals = merged(block, accepted.refusals)
            read = len(accepted.rows) + len(refusals)
            yield Batch(record_type.name, accepted.rows, refusals, read, block.bytes_read)


ADAPTERS: Final = (Canonical(),)

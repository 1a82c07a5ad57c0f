"""What an adapter is: it recognises a format and turns its bytes into batches of records and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 65536
"""How much of a file an adapter sees when it is asked whether it recognises it."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not accepted. Nothing is dropped silently: `original` holds its bytes."""

    source_file: str
    position: int
    """1-based number of the record in its file, header not counted; 0 when the whole file is meant."""
    field: str
    reason: str
    """A stable name such as `amount_not_positive`."""
    message: str
    """What was wrong and what to do, in words."""
    original: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some records of one type. `rows` has exactly the columns of the record type, in its order, with the
    polars types that `loantrail.records.Kind` names; null where an optional value is absent."""

    record_type: str
    rows: pl.DataFrame
    refusals: tuple[Refusal, ...] = ()
    records_read: int = 0
    """Records of the file that this batch accounts for: len(rows) + refused ones."""
    bytes_read: int = 0
    """How far into the file this batch reaches, for progress and resuming; 0 when unknown."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read. `name` is how the books call it (stable over machines: relative path)."""

    path: Path
    name: str
    options: dict[str, str] = field(default_factory=dict[str, str])
    """Of the command line or the mapping: `mapping` (path of a mapping file), `zone`, `account`, ..."""


class Adapter(Protocol):
    """Adapters are small and alike. A bank adds one as an entry point in the group `loantrail.sources`."""

    name: str
    """Short and stable: `camt`, `mt940`, `icbc`."""
    chinese: str

    def recognises(self, path: Path, head: bytes) -> int:
        """Confidence 0..100 that this adapter reads the file whose first HEAD_BYTES bytes are `head`.
        0 is no; never raises."""
        ...

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Stream the file as batches. Raises an InputError when the file as a whole cannot be used; bad rows
        are refusals in the batches. May yield batches of several record types."""
        ...

"""Looks at a delivery as it lies there: every file hashed and read to its end, rows counted, amounts summed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loantrail.clock import BUSINESS_ZONE
from loantrail.errors import ColumnMissing, FileUnreadable, InputError, Place
from loantrail.ids import content_hash
from loantrail.ledger.intake import LINE
from loantrail.nightly.chain import broken_keys, joined_key
from loantrail.nightly.manifest import read_manifest
from loantrail.nightly.model import FLAG, GENERAL_LEDGER, MANIFEST, Declared, FoundFile, FoundFolder, Manifest
from loantrail.nightly.reading import column_lacking, is_bare, opened_lines, read_parts, record_type_of
from loantrail.records import Kind
from loantrail.sources.files import content_digest, read_batches
from loantrail.sources.tables import PARQUET_MAGIC, read_head

_ROWS_AT_ONCE: Final = 262_144
Trouble = list[tuple[str, Mapping[str, str]]]


def folder_of(root: Path, day: datetime.date) -> Path:
    """Where the delivery of a business date lies."""
    return root / f"{day:%Y%m%d}"


def waiting_dates(root: Path) -> list[datetime.date]:
    """Dates whose folders lie under the root with their ready flag, ascending."""
    if not root.is_dir():
        return []
    found: list[datetime.date] = []
    for folder in root.iterdir():
        if len(folder.name) == 8 and folder.name.isdigit() and (folder / FLAG).is_file():
            try:
                found.append(datetime.datetime.strptime(folder.name, "%Y%m%d").date())  # noqa: DTZ007  a date, no instant
            except ValueError:
                continue
    return sorted(found)


def inspect_folder(
    root: Path, day: datetime.date, say: Callable[[str], object] = lambda _text: None
) -> FoundFolder:
    """What lies there for a business date. Without flag nothing else is looked at; nothing is raised for bad content."""
    folder = folder_of(root, day)
    if not folder.is_dir():
        return FoundFolder(day, exists=False)
    if not (folder / FLAG).is_file():
        return FoundFolder(day, exists=True)
    found = FoundFolder(day, exists=True, has_flag=True)
    if not (folder / MANIFEST).is_file():
        return found
    found = replace(found, has_manifest=True)
    try:
        manifest = read_manifest(folder / MANIFEST)
    except InputError as problem:
        return replace(found, problem=str(problem))
    found = replace(found, manifest=manifest)
    if manifest.business_date != day:
        return found
    files: list[FoundFile] = []
    for declared in manifest.files:
        say(f"checking {declared.file}")
        files.append(_inspect_file(folder, declared, root))
    return replace(found, files=tuple(files), unlisted=_unlisted(folder, manifest))


def _unlisted(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    known = {FLAG, MANIFEST, *(one.file for one in manifest.files)}
    names = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    return tuple(sorted(name for name in names if name not in known))


def _inspect_file(folder: Path, declared: Declared, root: Path) -> FoundFile:
    path = folder / declared.file
    if not path.is_file():
        return FoundFile(declared, exists=False)
    found = FoundFile(declared, exists=True, size_bytes=path.stat().st_size, sha256=content_hash_of(path))
    try:
        if is_bare(path):
            # A header that was cut off is half a file, although its rows are as many as declared: none.
            lacking = column_lacking(path, declared.file, declared, root)
            trouble = (("control_missing", {"expected": lacking}),) if lacking else ()
            return replace(found, trouble=trouble)
        if declared.record_type == LINE:
            return _inspect_lines(path, found, root)
        return _inspect_table(path, found, root)
    except ColumnMissing as problem:
        expected = problem.place.field
        trouble = (("control_missing", {"expected": expected}),)
        return replace(found, trouble=trouble, rows=declared.rows, totals=declared.totals)
    except (InputError, OSError) as problem:
        text = problem.problem if isinstance(problem, InputError) else str(problem.strerror)
        return replace(found, problem=text)


def content_hash_of(path: Path) -> str:
    """SHA-256 of a file; empty where it cannot be read."""
    try:
        return content_digest(path)
    except OSError:
        return ""


def _inspect_lines(path: Path, found: FoundFile, root: Path) -> FoundFile:
    declared = found.declared
    if not declared.mapping and read_head(path, path.name).startswith(PARQUET_MAGIC):
        counted = _count_parquet_lines(path)
        if counted is not None:
            rows, total, latest = counted
            return replace(found, rows=rows, totals={"amount_fen": total}, latest=latest)
    rows = refused = 0
    totals = {"amount_fen": 0, "balance_fen": 0}
    latest: datetime.date | None = None
    for batch in read_batches(opened_lines(path, declared.file, declared, root)):
        rows += batch.records_read
        refused += len(batch.refusals)
        for name in totals:
            totals[name] += int(batch.rows.get_column(name).sum() or 0)
        last = cast("datetime.datetime | None", batch.rows.get_column("booked_at").max())
        latest = _later(latest, last)
    return replace(found, rows=rows, refused=refused, totals=totals, latest=latest)


def _later(latest: datetime.date | None, instant: datetime.datetime | None) -> datetime.date | None:
    if instant is None:
        return latest
    day = instant.astimezone(BUSINESS_ZONE).date()
    return day if latest is None or day > latest else latest


def _count_parquet_lines(path: Path) -> tuple[int, int, datetime.date | None] | None:
    """Rows, sum of amounts, latest business date of a file of typed columns, every column read; None where the columns
    are of other types."""
    rows = total = 0
    latest: datetime.date | None = None
    try:
        with pq.ParquetFile(path) as file:
            schema = cast(Any, file.schema_arrow)
            names = set(schema.names)
            if not {"amount_fen", "booked_at"} <= names:
                return None
            if not pa.types.is_int64(schema.field("amount_fen").type):
                return None
            if (
                not pa.types.is_timestamp(schema.field("booked_at").type)
                or not schema.field("booked_at").type.tz
            ):
                return None
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                rows += batch.num_rows
                total += int(cast(Any, pc).sum(batch.column("amount_fen")).as_py() or 0)
                latest = _later(latest, cast(Any, pc).max(batch.column("booked_at")).as_py())
    except (pa.ArrowException, OSError) as problem:
        raise FileUnreadable(
            f"the Parquet file is damaged or cut off ({str(problem).splitlines()[0]})", Place(path.name)
        ) from None
    return rows, total, latest


def _inspect_table(path: Path, found: FoundFile, root: Path) -> FoundFile:
    declared = found.declared
    record_type = record_type_of(declared)
    totals = {field.name: 0 for field in record_type.fields if field.kind is Kind.AMOUNT_FEN}
    rows = refused = 0
    trouble: Trouble = []
    keys: list[pl.DataFrame] = []
    for part in read_parts(path, declared.file, declared, root):
        rows += len(part.rows) + len(part.refusals)
        refused += len(part.refusals)
        for name, fen in part.raw_totals.items():
            totals[name] += fen
        if declared.mode == "incremental":
            bad = part.controls.filter(pl.col("operation").is_null())
            if len(bad) and not trouble:
                trouble.append(("operation_unknown", {"value": str(bad.get_column("given")[0])}))
        if declared.mode == "chain":
            key = joined_key(part.rows, record_type.key).alias("key")
            keys.append(part.controls.select("start", "end").with_columns(key))
    if keys:
        told = pl.concat(keys)
        for key in broken_keys(*(told.get_column(name) for name in ("key", "start", "end")))[:1]:
            trouble.append(("chain_broken", {"key": key.replace("\x1f", " ")}))
    if declared.record_type == GENERAL_LEDGER and refused:
        trouble.append(("ledger_unusable", {"actual": str(refused)}))
    return replace(found, rows=rows, refused=refused, totals=totals, trouble=tuple(trouble))


def delivery_hash(found: FoundFolder) -> str:
    """Names the content of a whole delivery: the manifest's files and what is in them."""
    parts = sorted(f"{one.declared.file}\n{one.sha256}\n" for one in found.files)
    return content_hash(part.encode() for part in (found.business_date.isoformat(), *parts))

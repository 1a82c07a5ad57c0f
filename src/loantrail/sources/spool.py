"""Records of one type on their way to a Parquet file: written batch by batch, duplicates found at the end.

Only two hashes' worth of memory is kept for each record, so that ten million fit; whether two records that share
the hash of a key are really the same is decided on the records themselves.
"""

from __future__ import annotations

import bisect
import datetime
import errno
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from loantrail import clock
from loantrail.errors import LoantrailError, Place, StorageExhausted
from loantrail.ledger import intake
from loantrail.ledger.booked_ahead import lines_far_ahead
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.records import RecordType
from loantrail.sources.columns import polars_schema
from loantrail.sources.model import Batch, Refusal

ROW: Final = "_row"
FILE: Final = "_file"
_CONTENT: Final = tuple(
    name
    for name in STATEMENT_LINE.field_names
    if name not in ("source_file", "position", "sequence", "institution", "account_name")
)


@contextmanager
def disk_failures_named(path: Path) -> Generator[None]:
    """A full disk, or one that refuses, as an error that says so. Raises StorageExhausted or LoantrailError."""
    try:
        yield
    except OSError as problem:
        place = Place(str(path))
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageExhausted("the disk is full", place, "Make room and run it again") from problem
        raise LoantrailError(
            f"cannot be written ({problem.strerror or problem})",
            place,
            "Check the folder and its permissions",
        ) from problem


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """Places, in order, of values that occur more than once."""
    if len(hashes) < 2:
        return np.empty(0, dtype=np.int64)
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    return np.sort(order[np.concatenate((same, [False])) | np.concatenate(([False], same))])


def _shown(rows: pl.DataFrame, row: int) -> bytes:
    return json.dumps(rows.row(row, named=True), ensure_ascii=False, default=str).encode()


class Spool:
    """Writes `path` by way of a hidden file beside it, so that a run that is cut short leaves no half file.

    What is a duplicate, and what a conflict, is decided as intake does: `loantrail.ledger.intake`.
    """

    def __init__(self, record_type: RecordType, path: Path) -> None:
        self.record_type = record_type
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        self._hashes: list[np.ndarray] = []
        self._begins: list[int] = []
        self._origins: list[tuple[str, pl.Series]] = []
        self._counted: dict[str, int] = {}
        self._newest: datetime.datetime | None = None
        """When the last of the written lines was booked."""
        self.height = 0
        with disk_failures_named(path):
            schema = pl.DataFrame(schema=polars_schema(record_type)).to_arrow().schema
            self._writer = pq.ParquetWriter(self._part, schema, compression="zstd")

    def add(self, batch: Batch, source_file: str) -> list[Refusal]:
        """Write the batch's rows. Returns refusals of rows that break a rule which takes more than one field."""
        begin = self._counted.get(source_file, 0)
        self._counted[source_file] = begin + batch.records_read
        rows = batch.rows
        if rows.is_empty():
            return []
        if self._is_lines:
            positions = rows.get_column("position")
        else:
            counted = pl.Series(range(begin + 1, begin + batch.records_read + 1), dtype=pl.Int64)
            gone = [refusal.position for refusal in batch.refusals]
            positions = counted.filter(~counted.is_in(gone)).head(len(rows))
        broken = self._broken(rows)
        refusals = [
            Refusal(
                source_file, positions[one.row], one.field, one.reason, one.message, _shown(rows, one.row)
            )
            for one in broken
        ]
        if broken:
            places = pl.Series(range(len(rows)))
            keep = ~places.is_in([one.row for one in broken])
            rows, positions = rows.filter(keep), positions.filter(keep)
        if self._is_lines and len(rows):
            latest = cast("datetime.datetime", rows.get_column("booked_at").max())
            self._newest = latest if self._newest is None else max(self._newest, latest)
        self._begins.append(self.height)
        self._origins.append((source_file, positions))
        self._hashes.append(self._key_hashes(rows))
        self.height += len(rows)
        with disk_failures_named(self.path):
            self._writer.write_table(rows.to_arrow())
        return refusals

    def _broken(self, rows: pl.DataFrame) -> list[intake.Broken]:
        if self._is_lines:
            return lines_far_ahead(rows, clock.now(), lambda _after: self._newest)
        return intake.broken_rules(self.record_type, rows)

    def finish(self) -> tuple[int, list[Refusal]]:
        """Close the file. Returns how many records were the same as an earlier one, and refusals of those whose
        key an earlier, different one has; neither is in the file."""
        with disk_failures_named(self.path):
            self._writer.close()
        repeated, refusals = self._judge()
        with disk_failures_named(self.path):
            dropped = np.array(sorted([*repeated, *refusals]), dtype=np.int64)
            if len(dropped):
                self._rewrite_without(dropped)
            self._part.replace(self.path)
        self._hashes.clear()
        self.height -= len(dropped)
        return len(repeated), [refusals[row] for row in sorted(refusals)]

    def discard(self) -> None:
        """Leave no file behind."""
        self._writer.close()
        self._part.unlink(missing_ok=True)

    @property
    def _is_lines(self) -> bool:
        return self.record_type.name == intake.LINE

    def _key_hashes(self, rows: pl.DataFrame) -> np.ndarray:
        """One column; for statement lines two: of the key with reference (0 without), of the content."""
        if not self._is_lines:
            prepared = intake.prepared(self.record_type, rows, default_unit="")
            return prepared.select(self.record_type.key).hash_rows().to_numpy().reshape(-1, 1)
        day = rows.get_column("booked_at").dt.date().alias("day")
        key = rows.select("account", "currency", "direction", "reference").with_columns(day).hash_rows()
        content = rows.select(_CONTENT).hash_rows()
        has_reference = rows.get_column("reference").is_not_null()
        return np.stack([key.set(~has_reference, 0).to_numpy(), content.to_numpy()], axis=1)

    def _suspects(self) -> np.ndarray:
        """Rows whose key another row may have."""
        hashes = np.concatenate(self._hashes)
        if not self._is_lines:
            return _repeated(hashes[:, 0])
        keys = hashes[:, 0]
        with_reference = np.flatnonzero(keys)
        found = [with_reference[_repeated(keys[with_reference])]]
        names = {name: number for number, name in enumerate(dict.fromkeys(name for name, _ in self._origins))}
        if len(names) > 1:
            # equal lines of one file are two lines, of two files the same line exported twice
            sizes = np.diff([*self._begins, self.height])
            files = np.repeat([names[name] for name, _ in self._origins], sizes)
            rows = _repeated(hashes[:, 1])
            order = rows[np.argsort(hashes[rows, 1], kind="stable")]
            other_file = (hashes[order, 1][1:] == hashes[order, 1][:-1]) & (
                files[order][1:] != files[order][:-1]
            )
            suspicious = hashes[order, 1][1:][other_file]
            found.append(rows[np.isin(hashes[rows, 1], suspicious)])
        return np.unique(np.concatenate(found))

    def _judge(self) -> tuple[list[int], dict[int, Refusal]]:
        """Rows that repeat an earlier one, and refusals, by row, of those that contradict an earlier one."""
        repeated: list[int] = []
        refusals: dict[int, Refusal] = {}
        suspects = self._suspects() if self._hashes else np.empty(0, dtype=np.int64)
        if not len(suspects):
            return repeated, refusals
        everything = pl.scan_parquet(self._part, row_index_name=ROW)
        chosen = pl.col(ROW).is_in(pl.lit(pl.Series(suspects.astype(np.uint32))).implode())
        if self._is_lines:
            # whether balances prove a line needs its neighbours in the account
            accounts = everything.filter(chosen).select(pl.col("account").unique()).collect().to_series()
            chosen = pl.col("account").is_in(pl.lit(accounts).implode())
        rows = everything.filter(chosen).collect().sort(ROW)
        files = pl.Series([self._origin(row)[0] for row in rows.get_column(ROW).to_list()], dtype=pl.String)
        seen: dict[str, str] = {}
        for part in rows.with_columns(files.alias(FILE)).partition_by(FILE, maintain_order=True):
            numbers = part.get_column(ROW).to_list()
            prepared = intake.prepared(self.record_type, part.drop(ROW, FILE), default_unit="")
            keyed = intake.with_keys(self.record_type, prepared, intake.Occurrences())
            kept = set(keyed.get_column("row_number").to_list())
            repeated += [number for place, number in enumerate(numbers) if place not in kept]
            for place, key, content, proven in keyed.select(
                "row_number", "source_key", "content_hash", "proven"
            ).iter_rows():
                own_key = key
                if proven and seen.get(key, content) != content:
                    own_key = intake.repeat_key(key, content)
                if own_key not in seen:
                    seen[own_key] = content
                elif seen[own_key] == content:
                    repeated.append(numbers[place])
                else:
                    refusals[numbers[place]] = self._conflict(numbers[place], part, place)
        return repeated, refusals

    def _conflict(self, row: int, part: pl.DataFrame, place: int) -> Refusal:
        broken = intake.other_content(self.record_type, place)
        source_file, position = self._origin(row)
        return Refusal(
            source_file,
            position,
            broken.field,
            broken.reason,
            broken.message,
            _shown(part.drop(ROW, FILE), place),
        )

    def _origin(self, row: int) -> tuple[str, int]:
        """File and position of a written row."""
        index = bisect.bisect_right(self._begins, row) - 1
        source_file, positions = self._origins[index]
        return source_file, int(positions[row - self._begins[index]])

    def _rewrite_without(self, dropped: np.ndarray) -> None:
        again = self._part.with_name(f"{self._part.name}.again")
        with (
            pq.ParquetFile(self._part) as file,
            pq.ParquetWriter(again, file.schema_arrow, compression="zstd") as writer,
        ):
            begin = 0
            for batch in file.iter_batches(batch_size=131_072):
                rows = pl.DataFrame(pl.from_arrow(batch))
                inside = dropped[(dropped >= begin) & (dropped < begin + len(rows))] - begin
                keep = np.ones(len(rows), dtype=bool)
                keep[inside] = False
                writer.write_table(rows.filter(pl.Series(keep)).to_arrow().cast(file.schema_arrow))
                begin += len(rows)
        again.replace(self._part)

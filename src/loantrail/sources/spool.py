"""Records of one type on their way to a Parquet file: written batch by batch, duplicates found at the end.

Only two hashes' worth of memory is kept for each record, so that ten million fit; whether two records that share
the hash of a key are really the same is decided on the records themselves.
"""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from loantrail.errors import LoantrailError, Place, StorageExhausted
from loantrail.records import RecordType
from loantrail.sources.columns import polars_schema
from loantrail.sources.model import Batch, Refusal

ROW: str = "_row"


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


class Spool:
    """Writes `path` by way of `path.part`, so that a run that is cut short leaves no half file."""

    def __init__(self, record_type: RecordType, path: Path) -> None:
        self.record_type = record_type
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        self._hashes: list[np.ndarray] = []
        self._origins: list[tuple[int, str, pl.Series]] = []
        self._counted: dict[str, int] = {}
        self.height = 0
        with disk_failures_named(path):
            schema = pl.DataFrame(schema=polars_schema(record_type)).to_arrow().schema
            self._writer = pq.ParquetWriter(self._part, schema, compression="zstd")

    def add(self, batch: Batch, source_file: str) -> None:
        """Write the batch's rows."""
        begin = self._counted.get(source_file, 0)
        self._counted[source_file] = begin + batch.records_read
        if batch.rows.is_empty():
            return
        refused = [refusal.position for refusal in batch.refusals]
        positions = pl.Series(range(begin + 1, begin + batch.records_read + 1), dtype=pl.Int64)
        positions = positions.filter(~positions.is_in(refused)).head(len(batch.rows))
        self._origins.append((self.height, source_file, positions))
        self._hashes.append(batch.rows.select(self.record_type.key).hash_rows().to_numpy())
        self.height += len(batch.rows)
        with disk_failures_named(self.path):
            self._writer.write_table(batch.rows.to_arrow())

    def finish(self) -> tuple[int, list[Refusal]]:
        """Close the file. Returns how many records were the same as an earlier one, and refusals of those whose
        key an earlier, different one has; neither is in the file."""
        with disk_failures_named(self.path):
            self._writer.close()
        duplicate_count, refusals, dropped = self._judge()
        with disk_failures_named(self.path):
            if len(dropped):
                self._rewrite_without(dropped)
            self._part.replace(self.path)
        self._hashes.clear()
        return duplicate_count, refusals

    def discard(self) -> None:
        """Leave no file behind."""
        self._writer.close()
        self._part.unlink(missing_ok=True)

    def _judge(self) -> tuple[int, list[Refusal], np.ndarray]:
        nothing = np.empty(0, dtype=np.int64)
        if not self._hashes:
            return 0, [], nothing
        hashes = np.concatenate(self._hashes)
        order = np.argsort(hashes, kind="stable")
        same = hashes[order][1:] == hashes[order][:-1]
        if not same.any():
            return 0, [], nothing
        suspects = np.sort(order[np.concatenate((same, [False])) | np.concatenate(([False], same))])
        rows = (
            pl.scan_parquet(self._part, row_index_name=ROW)
            .filter(pl.col(ROW).is_in(pl.lit(pl.Series(suspects.astype(np.uint32))).implode()))
            .collect()
            .sort(ROW)
        )
        key = list(self.record_type.key)
        content = list(self.record_type.field_names)
        first = pl.col(ROW).first().over(key)
        judged = rows.with_columns(first.alias("_first"))
        judged = judged.with_columns(
            (pl.col(ROW) != pl.col("_first")).alias("_repeats"),
            # equality of every field, a null equal to a null
            pl.all_horizontal(
                pl.col(name).eq_missing(pl.col(name).first().over(key)) for name in content
            ).alias("_same"),
        ).filter("_repeats")
        refusals = [self._conflict(row, key) for row in judged.filter(~pl.col("_same")).iter_rows(named=True)]
        return int(judged["_same"].sum()), refusals, judged[ROW].to_numpy().astype(np.int64)

    def _conflict(self, row: dict[str, object], key: list[str]) -> Refusal:
        number = row[ROW]
        first = row["_first"]
        assert isinstance(number, int)
        assert isinstance(first, int)
        source_file, position = self._origin(number)
        first_file, first_position = self._origin(first)
        shown = ", ".join(f"{name}={row[name]}" for name in key)
        content = ", ".join(f"{name}={row[name]}" for name in self.record_type.field_names)
        return Refusal(
            source_file,
            position,
            key[-1],
            "key_conflict",
            f"{shown} was given before with other content ({first_file}, row {first_position}); "
            "correct one of the two",
            content.encode(),
        )

    def _origin(self, row: int) -> tuple[str, int]:
        begin, source_file, positions = next(item for item in reversed(self._origins) if item[0] <= row)
        return source_file, int(positions[row - begin])

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

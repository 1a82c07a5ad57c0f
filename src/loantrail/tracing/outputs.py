"""Write what a trace found, each file whole or not at all, the same bytes for the same input."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import polars as pl

from loantrail.errors import FileUnreadable, Place, StorageExhausted
from loantrail.sources.model import Refusal
from loantrail.tracing.api import TraceResult

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside `path`, then rename: a full disk or a stop leaves no half file.

    Raises StorageExhausted when the disk is full, FileUnreadable when the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as problem:
        _discard(part)
        place = Place(str(path))
        if problem.errno in _FULL or "No space left" in str(problem):
            raise StorageExhausted("the disk is full", place, "Free some room and run it again") from problem
        raise FileUnreadable(
            f"cannot be written ({problem.strerror or problem})", place, "Check the folder"
        ) from problem
    except pl.exceptions.PolarsError as problem:
        _discard(part)
        raise FileUnreadable(
            f"cannot be written ({problem})", Place(str(path)), "Check the folder"
        ) from problem


def _discard(part: Path) -> None:
    # Where the folder itself could not be made there is nothing to remove.
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def write_trace(result: TraceResult, folder: Path) -> list[Path]:
    """`hops.parquet`, `positions.parquet`, `statement.parquet`, `refused.csv`. Returns the paths."""
    written: list[Path] = []
    for name, frame in (
        ("hops", result.hops),
        ("positions", result.positions),
        ("statement", result.statement),
    ):
        path = folder / f"{name}.parquet"
        write_whole(path, lambda part, frame=frame: frame.write_parquet(part, compression="zstd"))
        written.append(path)
    path = folder / "refused.csv"
    write_whole(path, lambda part: problem_frame(result.problems).write_csv(part))
    return [*written, path]


def problem_frame(problems: Iterable[Refusal]) -> pl.DataFrame:
    """`refused.csv`: source_file, position, field, reason, message."""
    listed = sorted(problems, key=lambda item: (item.source_file, item.position, item.field))
    return pl.DataFrame(
        {
            "source_file": [item.source_file for item in listed],
            "position": [item.position for item in listed],
            "field": [item.field for item in listed],
            "reason": [item.reason for item in listed],
            "message": [item.message for item in listed],
        },
        schema={
            "source_file": pl.String,
            "position": pl.Int64,
            "field": pl.String,
            "reason": pl.String,
            "message": pl.String,
        },
    )

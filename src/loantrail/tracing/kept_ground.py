"""The ground of the last runs, kept in the home folder: the process that judges live lines stands on it without reading all books.

    HOME/ground/RUN/         as `ground.write_ground` writes it
    HOME/ground/.RANDOM/     being written

Account numbers and names stand in it, as in the database beside it: nobody but the owner may pass the folder.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from loantrail import clock
from loantrail.parameters import ParameterBook
from loantrail.settings import read_settings
from loantrail.tracing.ground import Ground, is_written, read_ground, write_ground
from loantrail.tracing.store import read_extent_of_run

if TYPE_CHECKING:
    from psycopg import Connection

DAY_SECONDS: Final = 86_400
_LOG = logging.getLogger(__name__)


def _folder() -> Path:
    return read_settings().home / "ground"


def keep(ground: Ground, current: str | None) -> None:
    """Keep it, beside that of the run that screens show now; others go. Does without the disk when it fails: the books are there."""
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _forget_all_but(folder, {ground.run_id, current})
        if is_written(folder / ground.run_id):
            return
        made = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        try:
            write_ground(ground, made)
            shutil.rmtree(folder / ground.run_id, ignore_errors=True)
            made.rename(folder / ground.run_id)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except (OSError, pl.exceptions.PolarsError) as problem:
        _LOG.warning("what the run left is not kept, the books are read again instead: %s", problem)


def of(connection: Connection[Any], run_id: str | None, parameters: ParameterBook) -> Ground | None:
    """What was kept of this run; None where nothing was, or it cannot be used. Ends the transaction."""
    extent = None if run_id is None else read_extent_of_run(connection, run_id)
    try:
        if run_id is None or extent is None or not is_written(_folder() / run_id):
            return None
        found = read_ground(_folder() / run_id, parameters)
    # Whatever lies there, the books are there; a panic of the frames is no Exception.
    except (Exception, pl.exceptions.PanicException) as problem:
        _LOG.warning("what the last run left is not used, the books are read instead: %s", problem)
        return None
    read = found.books.read
    # Of a run of another database over as many files and lines it has the name, not the moment.
    return found if (read.last_arrival, read.read_at) == extent else None


def _forget_all_but(folder: Path, wanted: Set[str | None]) -> None:
    """And what processes left behind that were killed."""
    yesterday = clock.now().timestamp() - DAY_SECONDS
    for path in folder.iterdir():
        if path.stat().st_mtime < yesterday if path.name.startswith(".") else path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)

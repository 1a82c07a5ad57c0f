"""The ground of the last runs, kept in the home folder: the process that judges live lines stands on it without reading all books.

    HOME/ground/RUN/         as `ground.write_ground` writes it
    HOME/ground/.RANDOM/     being written

Account numbers and names stand in it, as in the database beside it: nobody but the owner may pass the folder.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Final

import polars as pl

from loantrail import clock
from loantrail.errors import InputError
from loantrail.parameters import ParameterBook
from loantrail.settings import read_settings
from loantrail.tracing.ground import Ground, is_written, read_ground, write_ground

KEPT: Final = 2
DAY_SECONDS: Final = 86_400
_LOG = logging.getLogger(__name__)


def _folder() -> Path:
    return read_settings().home / "ground"


def keep(ground: Ground) -> None:
    """Keep it; older ones go. Does without the disk when it fails: the books are there."""
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        try:
            write_ground(ground, made)
            shutil.rmtree(folder / ground.run_id, ignore_errors=True)
            made.rename(folder / ground.run_id)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        _forget_older(folder)
    except (OSError, pl.exceptions.PolarsError) as problem:
        _LOG.warning("what the run left is not kept, the books are read again instead: %s", problem)


def of(run_id: str | None, parameters: ParameterBook) -> Ground | None:
    """What was kept of this run; None where nothing was, or it cannot be read."""
    if run_id is None or not is_written(_folder() / run_id):
        return None
    try:
        return read_ground(_folder() / run_id, parameters)
    except InputError as problem:
        _LOG.warning("%s", problem)
        return None


def _forget_older(folder: Path) -> None:
    """All but the last, and what processes left behind that were killed."""
    newest_first = sorted(folder.glob("[!.]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    yesterday = clock.now().timestamp() - DAY_SECONDS
    left = [path for path in folder.glob(".*") if path.stat().st_mtime < yesterday]
    for old in (*newest_first[KEPT:], *left):
        shutil.rmtree(old, ignore_errors=True)

"""Statements of all loans by a convention other than the official one, computed on request and kept.

A result is named by run and convention; the run names the state of the data. It is kept in memory and beside the
run's history, and goes when the run is no longer kept.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from loantrail.errors import InputError
from loantrail.ledger.pairs.store import type_of_connection
from loantrail.settings import read_settings
from loantrail.tracing import snapshots, store
from loantrail.tracing.loan_bounds import LoanBounds
from loantrail.tracing.model import Convention
from loantrail.tracing.past import history_of_run
from loantrail.tracing.statement import LINE_GROUPS, PURPOSE_OF_PRODUCT, rests, statement_of
from loantrail.tracing.trace import trace_history

SCHEMA: Final = {"loan_id": pl.String, "use": pl.String, "amount_fen": pl.Int64}
TAINTS_MAX: Final = 256
KEPT_MAX: Final = 12
"""Results kept in memory and on disk: two runs with all conventions."""

# One at a time: a trace of all loans takes whole cores, and a request that waited finds it done.
_COMPUTING: Final = threading.Lock()
_kept: dict[tuple[str, str], pl.DataFrame] = {}
_taints: dict[tuple[str, str], dict[str, int]] = {}


def kept_statements(run_id: str, convention: Convention) -> pl.DataFrame | None:
    """The statements if they were computed before, else None. See `statements_by`."""
    name = convention.name.lower()
    frame = _kept.get((run_id, name))
    if frame is None:
        frame = _read(_file(run_id, name))
        if frame is not None:
            _remember(run_id, name, frame)
    return frame


def statements_by(connection: type_of_connection, run_id: str, convention: Convention) -> pl.DataFrame:
    """`loan_id, use, amount_fen` of every loan of the run, traced by `convention`, which is not POISON.

    Raises ConservationBroken when a statement would not sum.
    """
    with _COMPUTING:
        found = kept_statements(run_id, convention)
        if found is not None:
            return found
        kept = _history(connection, run_id)
        history, loans = kept.named.history, kept.named.loans
        rest = rests(history, trace_history(history, convention), kept.related)
        frame = statement_of(rest, history, convention, loans)
        _remember(run_id, convention.name.lower(), frame)
        _write(_file(run_id, convention.name.lower()), frame)
        return frame


def taint_of(connection: type_of_connection, run_id: str, loan_id: str) -> dict[str, int]:
    """Where POISON says that one loan's money may be: use -> how many accounts (payments, where it left the records)
    the taint reached. Amounts mean nothing there.

    The loan is traced alone: taints do not touch each other, and together they would fill the memory. Money of
    another loan is plain money then. Raises InputError for a loan that was not paid out.
    """
    with _COMPUTING:
        if (run_id, loan_id) in _taints:
            return _taints[run_id, loan_id]
        kept = _history(connection, run_id)
        if loan_id not in kept.named.loans:
            raise InputError(
                f"loan {loan_id} has no disbursement in the statements", remedy="Check the loan id"
            )
        reached = _reached(kept, kept.named.loans.index(loan_id))
        while len(_taints) >= TAINTS_MAX:
            _taints.pop(next(iter(_taints)))
        _taints[run_id, loan_id] = reached
        return reached


def _reached(kept: LoanBounds, loan: int) -> dict[str, int]:
    history = kept.named.history
    disburses = history.specials.disburses
    alone = replace(
        history,
        specials=replace(
            history.specials, disburses=np.where(disburses == loan, disburses, -1).astype(np.int32)
        ),
    )
    rest = rests(alone, trace_history(alone, Convention.POISON), kept.related)
    frame = pl.DataFrame(
        {
            "use": pl.Series(rest.line, dtype=pl.String),
            # Accounts count from 0; a payment out of the records counts as a place of its own, below.
            "place": np.where(rest.account >= 0, rest.account, -1 - rest.hop),
        }
    )
    counts = frame.group_by("use").agg(pl.col("place").n_unique())
    return dict(counts.sort("use").iter_rows())


def group_of_line(use: str, product: str) -> str:
    """The group that a statement line of this use stands in for a loan of this product."""
    if use in PURPOSE_OF_PRODUCT.get(product, frozenset()):
        return "documented"
    return LINE_GROUPS.get(use, "other")


def forget() -> None:
    """Drop what is kept in memory."""
    _kept.clear()
    _taints.clear()


def _folder() -> Path:
    return read_settings().home / "histories"


def _file(run_id: str, convention: str) -> Path:
    return _folder() / f"{run_id}.{convention}.parquet"


def _remember(run_id: str, convention: str, frame: pl.DataFrame) -> None:
    while len(_kept) >= KEPT_MAX:
        _kept.pop(next(iter(_kept)))
    _kept[run_id, convention] = frame


def _read(file: Path) -> pl.DataFrame | None:
    try:
        frame = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError):
        return None  # a file that does not fit is as good as none
    return frame if dict(frame.schema) == SCHEMA else None


def _write(file: Path, frame: pl.DataFrame) -> None:
    """Does without the disk when it fails; the oldest results go."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        frame.write_parquet(part)
        part.replace(file)
        files = sorted(file.parent.glob("*.parquet"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in files[KEPT_MAX:]:
            old.unlink(missing_ok=True)
    except (OSError, pl.exceptions.PolarsError):
        return


def _history(connection: type_of_connection, run_id: str) -> LoanBounds:
    """As `history_of_run`, but for a run of earlier software, which does not say what it read: InputError when the
    books changed since."""
    if (
        snapshots.load(run_id) is None
        and store.read_extent_of_run(connection, run_id) is None
        and store.data_version(connection) != store.data_version_of_run(connection, run_id)
    ):
        raise InputError(
            "the books changed since they were traced, so other conventions would count other data",
            remedy="Trace again: loantrail trace --database",
        )
    return history_of_run(connection, run_id)

"""Assembled histories kept beside the database, so that bounds on request need not read all books again.

Only arrays and texts are stored (numpy without pickled objects); a file that does not fit is as good as none.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from loantrail.settings import read_settings
from loantrail.tracing.loan_bounds import LoanBounds
from loantrail.tracing.model import History, Specials
from loantrail.tracing.named import NamedHistory

KEPT: Final = 2
_loaded: dict[str, LoanBounds] = {}


def _texts(column: pl.Series) -> np.ndarray:
    """A column of texts as bytes that numpy can keep."""
    stream = io.BytesIO()
    column.rename("text").to_frame().write_ipc(stream, compression="zstd")
    return np.frombuffer(stream.getvalue(), np.uint8)


def _series(name: str, content: np.ndarray) -> pl.Series:
    return pl.read_ipc(io.BytesIO(content.tobytes()))["text"].rename(name)


def _folder() -> Path:
    return read_settings().home / "histories"


def keep(run_id: str, kept: LoanBounds) -> None:
    """Store the history of a run, in memory and on disk; older files go. Does without the disk when it fails."""
    _loaded.clear()
    _loaded[run_id] = kept
    named, history = kept.named, kept.named.history
    arrays = {
        f"history_{item.name}": getattr(history, item.name)
        for item in fields(History)
        if item.name != "specials"
    }
    arrays |= {f"special_{item.name}": getattr(history.specials, item.name) for item in fields(Specials)}
    arrays |= {f"unlimited_{index}": mask for index, mask in enumerate(kept.unlimited.values())}
    facts = {"loans": named.loans, "opening": named.opening, "reasons": list(kept.unlimited)}
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f".{run_id}.part"
        with part.open("wb") as stream:
            np.savez(
                stream,
                related=kept.related,
                accounts=np.frombuffer(json.dumps(named.accounts.to_list()).encode(), np.uint8),
                facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
                class_of_account=named.class_of_account,
                transactions=_texts(named.transaction_ids.gather(named.row_of_event)),
                booked_at_us=named.booked_at_us,
                **arrays,
            )
        part.replace(folder / f"{run_id}.npz")
        files = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in files[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def load(run_id: str) -> LoanBounds | None:
    """The history of a run, or None when it is not kept."""
    if run_id in _loaded:
        return _loaded[run_id]
    try:
        with np.load(_folder() / f"{run_id}.npz", allow_pickle=False) as stored:
            facts = json.loads(stored["facts"].tobytes())
            history = History(
                specials=Specials(**{item.name: stored[f"special_{item.name}"] for item in fields(Specials)}),
                **{
                    item.name: stored[f"history_{item.name}"]
                    for item in fields(History)
                    if item.name != "specials"
                },
            )
            transactions = _series("transaction_id", stored["transactions"])
            named = NamedHistory(
                history=history,
                accounts=pl.Series("account", json.loads(stored["accounts"].tobytes()), dtype=pl.String),
                loans=facts["loans"],
                transaction_ids=transactions,
                row_of_event=np.arange(len(transactions), dtype=np.int64),
                booked_at_us=stored["booked_at_us"],
                opening=facts["opening"],
                class_of_account=stored["class_of_account"],
            )
            kept = LoanBounds(
                named,
                stored["related"],
                {reason: stored[f"unlimited_{index}"] for index, reason in enumerate(facts["reasons"])},
            )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, pl.exceptions.PolarsError):
        return None
    _loaded.clear()
    _loaded[run_id] = kept
    return kept


def forget() -> None:
    """Drop what is kept in memory."""
    _loaded.clear()

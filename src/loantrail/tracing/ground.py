"""What a run over the books leaves for the live step to stand on, and how one process hands it to another: a folder of frames.

    ground.json            numbers, instants and names
    NAME.arrow             one frame each (Arrow IPC)

What is derived from these quickly is derived anew where it is read.
"""

from __future__ import annotations

import datetime
import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.errors import InputError, Place
from loantrail.ledger.books.tracing_inputs import Recent, TracingInputs
from loantrail.parameters import ParameterBook
from loantrail.tracing import kept_history
from loantrail.tracing.books import Books, bank_frames, books_as_of, books_in_order

_READ: Final = (
    "transactions", "disbursements", "balances", "unlinked", "problems", "unreconciled", "merged", "waiting",
)  # fmt: skip
"""Frames of TracingInputs. Those of lines' references are a quarter of all that would be read, and nobody who stands on a run looks
for them: who asks for the line of a reference asks the database."""
_FACTS: Final = "ground.json"
_OWN: Final = "account"
_ID: Final = "transaction_id"
_LAYOUT: Final = 4
"""Another number with every change of what is written."""


_NO_REFERENCES: Final = pl.DataFrame(schema=dict.fromkeys((_ID, "account", "reference"), pl.String))


@dataclass(frozen=True, slots=True)
class Ground:
    """What a FIFO run over the books left."""

    run_id: str
    books: Books
    """Where it was read again, `books.read.references` is without rows."""
    hops: pl.DataFrame
    statement: pl.DataFrame
    over: pl.DataFrame
    """`hop_id` of the hops that came to rest."""
    leads: pl.DataFrame

    @property
    def as_of(self) -> datetime.datetime:
        """When the latest transaction was booked."""
        return books_as_of(self.books.read.transactions)

    def frames(self) -> Frames:
        """What the patterns of misuse look at."""
        return bank_frames(self.books, self.hops, self.statement)


def write_ground(ground: Ground, folder: Path) -> None:
    """Write it into an empty folder, the facts last: where they are, all is. OSError where that fails."""
    books, read = ground.books, ground.books.read
    frames = {f"read-{name}": getattr(read, name) for name in _READ}
    frames |= {f"context-{name}": frame for name, frame in books.context.items()}
    frames |= {f"history-{name}": frame for name, frame in kept_history.frames_of(books.named).items()}
    frames |= {
        "own": read.own.rename(_OWN).to_frame(),
        "recent": read.recent.lines,
        "classes": books.classes.drop(_ID),  # they are in the order of the transactions
        "corrections": books.corrections,
        "hops": ground.hops,
        "statement": ground.statement,
        "over": ground.over,
        "leads": ground.leads,
    }
    for name, frame in frames.items():
        path = folder / f"{name}.arrow"
        # Larger than `zstd`, and read faster.
        frame.write_ipc(path, compression="lz4")
        _sync(path)
    facts = {
        "run_id": ground.run_id,
        "data_version": books.data_version,
        "software_version": version("loantrail"),
        "layout": _LAYOUT,
        "last_arrival": read.last_arrival,
        "read_at": read.read_at.isoformat(),
        "since": None if read.recent.since is None else read.recent.since.isoformat(),
        "first_place": read.recent.first_place,
        "context": sorted(books.context),
        "history": kept_history.facts_of(books.named),
    }
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
    _sync(folder / _FACTS)


def _sync(path: Path) -> None:
    with path.open("rb+") as written:
        os.fsync(written.fileno())


def is_written(folder: Path) -> bool:
    """Whether a whole one lies there that this version of the program wrote."""
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        return (facts["software_version"], facts["layout"]) == (version("loantrail"), _LAYOUT)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_ground(folder: Path, parameters: ParameterBook) -> Ground:
    """What was written there. InputError where it cannot be read."""

    def frame(name: str) -> pl.DataFrame:
        return pl.read_ipc(folder / f"{name}.arrow")

    try:
        facts: dict[str, Any] = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        since = facts["since"]
        recent = Recent(
            None if since is None else datetime.datetime.fromisoformat(since),
            frame("recent"),
            facts["first_place"],
        )
        read = TracingInputs(
            **{name: frame(f"read-{name}") for name in _READ},
            references=_NO_REFERENCES,
            last_arrival=facts["last_arrival"],
            read_at=datetime.datetime.fromisoformat(facts["read_at"]),
            own=frame("own")[_OWN],
            recent=recent,
        )
        context = {name: frame(f"context-{name}") for name in facts["context"]}
        classes = frame("classes").insert_column(0, read.transactions[_ID])
        corrections = frame("corrections")
        hops, statement, over, leads = (frame(name) for name in ("hops", "statement", "over", "leads"))
        named = kept_history.history_from(
            lambda name: frame(f"history-{name}"),
            facts["history"],
            read.transactions["transaction_id"],
            len(context["orders"]),
        )
    except (OSError, KeyError, ValueError, TypeError, pl.exceptions.PolarsError) as problem:
        raise InputError(
            f"what a run over the books left cannot be read: {problem}",
            Place(str(folder)),
            "Nothing is lost: the books are read anew",
        ) from problem
    books = books_in_order(named, classes, read, context, corrections, parameters, facts["data_version"])
    return Ground(facts["run_id"], books, hops, statement, over, leads)

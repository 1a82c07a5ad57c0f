"""Verifying the audit log from its first entry to its last, against heads that were kept elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any, Final

from loantrail.audit import store
from loantrail.audit.chain import Walk
from loantrail.audit.model import Entry, Head, Verdict

PIECE_ENTRIES: Final = 100_000
"""Entries between two reports of how far it is. Batches of so many are held at once."""
VERIFIED: Final = "audit.verify"
"""The action of an entry that tells of a verification."""
_LEAST_NUMBER: Final = -(2**63)


def verify(
    connection: store.Database,
    anchors: Sequence[Head] = (),
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Go along the whole chain, in one state of the database, and name the first broken entry.

    Appending goes on meanwhile. `progress` is told, now and then, up to which entry all is well. The connection must have no
    transaction open.
    """
    walk = Walk(anchors)
    with connection.transaction():
        store.read_all(connection)
        first = store.next_number(connection, _LEAST_NUMBER)
        while first is not None:
            # A number below one is broken; it is met in the first piece.
            last = max(first, 1) + PIECE_ENTRIES - 1
            batches = store.batches_between(connection, first, last)
            with closing(store.entries_between(connection, first, last)) as entries:
                if walk.take(batches, entries) is not None:
                    break
            if progress is not None:
                progress(walk.entry_no)
            first = store.next_number(connection, last + 1)
    return walk.finish()


def told_of(verdict: Verdict) -> dict[str, Any]:
    """What an entry of a verification tells: `after` of VERIFIED."""
    broken = verdict.broken
    return {
        "entry_count": verdict.entry_count,
        "batch_count": verdict.batch_count,
        "anchors": verdict.anchors,
        "head": verdict.head.head,
        "broken": None if broken is None else asdict(broken),
    }


def record(connection: store.Database, verdict: Verdict, person: str) -> None:
    """Leave an entry that a command verified the log, and with what result, in the caller's transaction."""
    entry = Entry(store.now_us(), person, VERIFIED, "audit", after=told_of(verdict))
    store.append(connection, [entry])

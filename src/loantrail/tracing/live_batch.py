"""What a trace that goes on is told, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from loantrail.tracing.model import NO_SPECIAL, Bool, History, Hops, Int8, Int32, Int64, Specials
from loantrail.tracing.trace import no_specials


def _none_32() -> Int32:
    return np.zeros(0, np.int32)


def _none_64() -> Int64:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to take in, and the accounts, loans and sides that became known with them.

    *Positions* are places in the total order as it is after this batch. `specials` is as in `History`, except that
    `carries` names the event that opened the slot (its position), not a row.
    """

    debit: Int32  # [n]
    credit: Int32  # [n]
    amount_fen: Int64  # [n]
    arrival_use: Int8  # [n]
    special: Int32  # [n] row of `specials`, or NO_SPECIAL
    specials: Specials
    before: Int64 | None = None
    """[n], ascending: each event goes before the one at this position of the order so far; None: all go to the end.
    Event i is then at position `before[i] + i`."""
    reversing: Int64 = field(default_factory=_none_64)
    """Reversals that became known only now: positions of the events that take back ..."""
    original: Int64 = field(default_factory=_none_64)
    """... and of those taken back."""
    opening_fen: Int64 = field(default_factory=_none_64)
    """Opening balances of new accounts; they get the next numbers."""
    terminal: Bool | None = None
    """Of the new accounts; None: none is terminal."""
    loan_borrower: Int32 = field(default_factory=_none_32)
    """Borrowers of new loans; they get the next numbers."""
    side_account: Int32 = field(default_factory=_none_32)
    """New sides: account ..."""
    side_borrower: Int32 = field(default_factory=_none_32)
    """... and borrower whose side it is on."""

    @property
    def event_count(self) -> int:
        return len(self.debit)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch changed."""

    first_hop: int
    """Hops from this one on are new, or take the place of others where a late event made the trace begin again
    further back."""
    hop_count: int
    """Hops that there are now."""
    changed_hops: Int64
    """Earlier hops whose `ended` changed: a reversal that came later made their money wait."""
    changed_accounts: Int32
    """Accounts whose balance or lots may have changed, ascending."""
    first_event: int
    """Events from this position on were processed, some of them perhaps again."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment not yet made."""

    debit: int
    credit: int
    amount_fen: int
    arrival_use: int = 0
    specific_loan: int = -1
    specific_fen: int = 0
    repays: int = -1
    disburses: int = -1


def no_events() -> Batch:
    """A batch without events, for `dataclasses.replace`."""
    return Batch(
        debit=_none_32(),
        credit=_none_32(),
        amount_fen=_none_64(),
        arrival_use=np.zeros(0, np.uint8),
        special=_none_32(),
        specials=no_specials(0),
    )


def events_of_history(history: History, which: Int64) -> Batch:
    """The events at the ascending positions `which` of a history, as a batch that goes to the end; references keep the
    positions of the history. Accounts, loans and sides are left to the caller."""
    opener = np.full(len(history.specials.carries), -1, np.int64)
    with_special = np.flatnonzero(history.special != NO_SPECIAL)
    opener[history.special[with_special]] = with_special
    special = history.special[which]
    chosen = special != NO_SPECIAL
    rows = special[chosen]
    numbered = np.full(len(which), NO_SPECIAL, np.int32)
    numbered[chosen] = np.arange(len(rows), dtype=np.int32)
    parts = {one.name: getattr(history.specials, one.name)[rows] for one in fields(Specials)}
    carried = parts["carries"]
    parts["carries"] = np.where(
        carried >= 0, opener[np.maximum(carried, 0)] if len(opener) else -1, -1
    ).astype(np.int32)
    return Batch(
        debit=history.debit[which],
        credit=history.credit[which],
        amount_fen=history.amount_fen[which],
        arrival_use=history.arrival_use[which],
        special=numbered,
        specials=Specials(**parts),
    )


def hops_of(rows: np.recarray) -> Hops:
    """Rows of the pool of hops as columns."""

    def column(name: str) -> np.ndarray:
        return np.ascontiguousarray(rows[name])

    return Hops(
        loan=column("loan"),
        event=column("event"),
        parent=column("parent"),
        amount_fen=column("fen"),
        offset_fen=column("offset"),
        use=column("use"),
        use_before=column("use_before"),
        depth=column("depth"),
        ended=column("ended"),
    )

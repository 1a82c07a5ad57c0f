"""Trace a history with the compiled kernel."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loantrail.errors import LimitExceeded, Place
from loantrail.tracing import kernel
from loantrail.tracing.kernel_arrival import SPECIAL_ROW, Events
from loantrail.tracing.kernel_state import (
    EVENT_AT,
    HOP_COUNT,
    LOT_TOP,
    NEED,
    UNTRACED_COUNT,
    State,
    empty_pool,
    empty_state,
)
from loantrail.tracing.model import (
    IN_TRANSIT,
    NO_SPECIAL,
    OUTSIDE,
    Convention,
    History,
    Holdings,
    Hops,
    Int32,
    Specials,
    Trace,
    Untraced,
)

FIRST_CAPACITY: Final = 1 << 16


def valid_reversals(history: History) -> tuple[Int32, Int32]:
    """Reversing events and what they reverse, by the rules of tracing.md (early ones turned round), sorted by
    reversing event. Links that do not hold are left out; the caller reports them."""
    special_events = np.flatnonzero(history.special != NO_SPECIAL)
    rows = history.special[special_events]
    linked = history.specials.reverses[rows] >= 0
    reversing, rows = special_events[linked], rows[linked]
    original = history.specials.reverses[rows].astype(np.int64)

    def can_link(event: NDArray[np.int64]) -> NDArray[np.bool_]:
        row = history.special[event]
        plain = (
            (row == NO_SPECIAL) | (history.specials.disburses[row] < 0) & (history.specials.carries[row] < 0)
            if len(history.specials.carries)
            else np.ones(len(event), np.bool_)
        )
        return plain & (history.credit[event] != IN_TRANSIT) & (history.debit[event] != IN_TRANSIT)

    valid = (
        (original != reversing)
        & (original < history.event_count)
        & (history.debit[reversing] == history.credit[original])
        & (history.credit[reversing] == history.debit[original])
        & can_link(reversing)
        & can_link(original)
    )
    reversing, original = reversing[valid], original[valid]
    links = {int(r): int(o) for r, o in zip(reversing, original, strict=True) if o < r}
    for r, o in zip(reversing.tolist(), original.tolist(), strict=True):
        if o > r and o not in links:
            links[o] = r
    ordered = sorted(links)
    return np.array(ordered, np.int32), np.array([links[event] for event in ordered], np.int32)


def _prepared(history: History) -> History:
    """The history with only valid reversals, early ones turned round, and a slot wherever money that is later
    taken back leaves the accounts."""
    if not (history.specials.reverses >= 0).any():
        return history
    reversing, original = valid_reversals(history)
    needs_slot = original[
        (history.credit[original] == OUTSIDE) | history.terminal[np.maximum(history.credit[original], 0)]
    ]
    lacking = np.union1d(reversing, needs_slot)
    lacking = lacking[history.special[lacking] == NO_SPECIAL]
    special = history.special.copy()
    special[lacking] = len(history.specials.reverses) + np.arange(len(lacking))
    added = no_specials(len(lacking))
    specials = Specials(
        *(
            np.concatenate([getattr(history.specials, field.name), getattr(added, field.name)])
            for field in fields(Specials)
        )
    )
    specials.reverses[:] = -1
    specials.reverses[special[reversing]] = original
    specials.opens_slot[special[needs_slot]] = True
    return replace(history, special=special, specials=specials)


def events_of(history: History) -> Events:
    """The arrays the kernel reads."""
    specials = history.specials
    rows = empty_pool(SPECIAL_ROW, len(specials.reverses))
    for field in fields(specials):
        rows[field.name] = getattr(specials, field.name)
    rows["group"] = np.arange(len(rows))
    reversing = np.flatnonzero(specials.reverses >= 0)
    if len(reversing):
        _, first, inverse = np.unique(specials.reverses[reversing], return_index=True, return_inverse=True)
        rows["group"][reversing] = reversing[first][inverse]
    return Events(
        debit=history.debit,
        credit=history.credit,
        amount_fen=history.amount_fen,
        arrival_use=history.arrival_use,
        special=history.special,
        specials=rows,
        terminal=history.terminal,
        side_start=history.side_start,
        side_borrower=history.side_borrower,
        loan_borrower=history.loan_borrower,
    )


def _longer(pool: Any, used: int, need: int) -> Any:
    """The pool itself while `need` more rows fit, else a longer copy."""
    if len(pool) - used >= need:
        return pool
    longer = empty_pool(pool.dtype, max(2 * len(pool), used + need))
    longer[:used] = pool[:used]
    return longer


def grown(state: State, need: int) -> State:
    """Longer pools where an event that may touch `need` rows might not fit."""
    counters = state.counters
    return state._replace(
        lots=_longer(state.lots, int(counters[LOT_TOP]), 2 * need),
        hops=_longer(state.hops, int(counters[HOP_COUNT]), 2 * need),
        untraced=_longer(state.untraced, int(counters[UNTRACED_COUNT]), need),
        slices=_longer(state.slices, 0, 4 * need),
    )


def trace_history(history: History, convention: Convention, capacity: int = FIRST_CAPACITY) -> Trace:
    """Follow every loan's money through the whole history.

    Raises LimitExceeded, naming the event (its row is the 1-based place in the order), when a balance would
    leave +-2^62 fen.
    """
    history = _prepared(history)
    events = events_of(history)
    state = empty_state(history.opening_fen, len(events.specials), capacity)
    start = 0
    while True:
        status = kernel.run(state, events, int(convention), start, history.event_count)
        start = int(state.counters[EVENT_AT])
        if status == kernel.DONE:
            break
        if status == kernel.TOO_LARGE:
            raise LimitExceeded(
                "a balance would reach 2^62 fen", Place(row=start + 1), "Check the amounts before this row"
            )
        state = grown(state, int(state.counters[NEED]))
    return _result(history, events, state, convention)


def _result(history: History, events: Events, state: State, convention: Convention) -> Trace:
    hops = state.hops[: int(state.counters[HOP_COUNT])]
    dropped = state.untraced[: int(state.counters[UNTRACED_COUNT])]
    return Trace(
        convention=convention,
        hops=Hops(
            loan=_column(hops, "loan"),
            event=_column(hops, "event"),
            parent=_column(hops, "parent"),
            amount_fen=_column(hops, "fen"),
            offset_fen=_column(hops, "offset"),
            use=_column(hops, "use"),
            use_before=_column(hops, "use_before"),
            depth=_column(hops, "depth"),
            ended=_column(hops, "ended"),
        ),
        holdings=_holdings(history, events, state, convention),
        untraced=Untraced(
            account=_column(dropped, "account"),
            event=_column(dropped, "event"),
            loan=_column(dropped, "loan"),
            use=_column(dropped, "use"),
            amount_fen=_column(dropped, "fen"),
        ),
        balance_fen=state.balance[: history.account_count],
    )


def _column(pool: Any, name: str) -> Any:
    return np.ascontiguousarray(pool[name])


def _holdings(history: History, events: Events, state: State, convention: Convention) -> Holdings:
    opener = np.full(len(events.specials), -1, np.int64)
    with_special = np.flatnonzero(history.special != NO_SPECIAL)
    opener[history.special[with_special]] = with_special
    places = np.arange(len(state.accounts))
    count = kernel.count_holdings(state, places)
    holdings = Holdings(
        account=np.zeros(count, np.int32),
        loan=np.zeros(count, np.int32),
        use=np.zeros(count, np.uint8),
        amount_fen=np.zeros(count, np.int64),
        hop=np.zeros(count, np.int32),
    )
    kernel.collect_holdings(
        state,
        events,
        int(convention),
        places,
        opener,
        holdings.account,
        holdings.loan,
        holdings.use,
        holdings.amount_fen,
        holdings.hop,
    )
    return holdings


def no_specials(count: int = 0) -> Specials:
    """`count` rows of specials that say nothing yet."""
    nothing: Int32 = np.full(count, -1, np.int32)
    return Specials(
        disburses=nothing.copy(),
        reverses=nothing.copy(),
        specific_loan=nothing.copy(),
        specific_fen=np.zeros(count, np.int64),
        opens_slot=np.zeros(count, np.bool_),
        carries=nothing.copy(),
        repays=nothing.copy(),
    )


def warm_up() -> None:
    """Compile every kernel (or load it from the cache) by tracing one tiny history by each convention."""
    specials = no_specials(1)
    specials.disburses[0] = 0
    history = History(
        debit=np.array([-1, 0], np.int32),
        credit=np.array([0, 1], np.int32),
        amount_fen=np.array([2, 1], np.int64),
        arrival_use=np.zeros(2, np.uint8),
        special=np.array([0, NO_SPECIAL], np.int32),
        specials=specials,
        opening_fen=np.zeros(2, np.int64),
        terminal=np.zeros(2, np.bool_),
        side_start=np.array([0, 1, 1], np.int32),
        side_borrower=np.array([0], np.int32),
        loan_borrower=np.array([0], np.int32),
    )
    for convention in Convention:
        trace_history(history, convention)
    on_side = np.zeros(1, np.bool_)
    kernel.mark_borrowers_sides(events_of(history), np.zeros(1, np.int64), np.zeros(1, np.int64), on_side)
    opening = np.zeros(2, np.int64)
    kernel.least_openings(history.debit, history.credit, history.amount_fen, opening)
    kernel.bare_balances(history.debit, history.credit, history.amount_fen, opening)

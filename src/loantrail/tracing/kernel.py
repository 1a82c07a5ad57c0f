"""Compiled: one pass over the events, the convention as an argument. Rules: docs/concepts/tracing.md.

A plain event between accounts without labelled money costs one balance update on each side.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from loantrail.jit import jit, jit_inner
from loantrail.tracing.kernel_arrival import (
    ENDS,
    NORMAL,
    WAITS,
    Events,
    apply_arrival_rule,
    arrive,
    on_borrowers_side,
    record_hop,
    set_offsets,
    slot_convention,
    use_after,
    wait_in_slot,
)
from loantrail.tracing.kernel_lots import (
    add_slice,
    push_back,
    push_front,
    take,
)
from loantrail.tracing.kernel_reversal import first_hop_of, reverse
from loantrail.tracing.kernel_state import (
    EVENT_AT,
    FREE_COUNT,
    HOP_COUNT,
    LOT_TOP,
    NEED,
    POISON,
    PRO_RATA,
    UNTRACED_COUNT,
    State,
)
from loantrail.tracing.kernel_state import FIFO as FIFO_CODE
from loantrail.tracing.kernel_state import LIFO as LIFO_CODE
from loantrail.tracing.model import (
    IN_TRANSIT,
    OUTSIDE,
    OWN,
    USE_NONE,
    USE_RELENT,
    Bool,
    Int8,
    Int32,
    Int64,
)

DONE: Final = 0
GROW: Final = 1
"""A pool of arrays is too short; counters[NEED] says what the event at counters[EVENT_AT] may need."""
TOO_LARGE: Final = 2
"""A balance would leave +-2^62 at counters[EVENT_AT]."""
BALANCE_LIMIT: Final = 4611686018427387904


@jit_inner
def rows_needed(state: State, events: Events, event: int) -> int:
    """An upper bound on the lots and slices that the event may touch."""
    need = 8
    debit, special = events.debit[event], events.special[event]
    if debit >= 0:
        need += state.accounts[debit].lot_count
    if special >= 0:
        accounts = len(events.terminal)
        if events.specials[special].carries >= 0:
            need += state.accounts[accounts + events.specials[special].carries].lot_count
        original = events.specials[special].reverses
        if original >= 0 and original < event:
            need += 2 * (first_hop_of(state, original + 1) - first_hop_of(state, original))
            if events.special[original] >= 0:
                need += state.accounts[accounts + events.special[original]].lot_count
    return need


@jit_inner
def has_room(state: State, need: int) -> bool:
    free = state.counters[FREE_COUNT] + len(state.lots) - state.counters[LOT_TOP]
    return (
        free >= 2 * need
        and len(state.slices) >= 4 * need
        and len(state.hops) - state.counters[HOP_COUNT] >= 2 * need
        and len(state.untraced) - state.counters[UNTRACED_COUNT] >= need
    )


@jit_inner
def special_event(state: State, events: Events, convention: int, event: int) -> None:
    """An event that is more than an own-money transfer."""
    debit, credit = events.debit[event], events.credit[event]
    amount = events.amount_fen[event]
    special = events.special[event]
    arrival_use = events.arrival_use[event]
    repays, loan, tied_loan, tied_fen, carries, opens = -1, -1, -1, 0, -1, False
    if special >= 0:
        repays = events.specials[special].repays
        if events.specials[special].reverses >= 0:
            reverse(state, events, convention, event, special, arrival_use, repays)
            return
        loan = events.specials[special].disburses
        tied_loan = events.specials[special].specific_loan
        tied_fen = events.specials[special].specific_fen
        carries = events.specials[special].carries
        opens = events.specials[special].opens_slot
    at = 0
    if carries >= 0:
        slot_account = len(events.terminal) + carries
        if state.head[slot_account] >= 0:
            at = take(state, slot_convention(convention), slot_account, amount, -1, 0, at)
        else:
            state.balance[slot_account] -= amount
            at = add_slice(state, at, OWN, USE_NONE, amount, -1)
        if debit >= 0:
            state.balance[debit] -= amount
    elif debit >= 0 and state.head[debit] >= 0:
        at = take(state, convention, debit, amount, tied_loan, tied_fen, at)
    else:
        if debit >= 0:
            state.balance[debit] -= amount
        at = add_slice(state, at, OWN, USE_NONE, amount, -1)
    set_offsets(state, 0, at)
    if loan >= 0:
        # The bank lends anew: labelled money it consumes for that ends here.
        for i in range(at):
            if state.slices[i].loan != OWN:
                use = state.slices[i].use
                record_hop(
                    state,
                    convention,
                    event,
                    i,
                    state.slices[i].fen,
                    state.slices[i].offset,
                    USE_RELENT if use == USE_NONE else use,
                    True,
                )
        at = add_slice(state, 0, loan, USE_NONE, amount, -1)
        state.slices[0].offset = 0
    if credit == IN_TRANSIT:
        wait_in_slot(state, convention, len(events.terminal) + special, amount, 0, at)
        return
    apply_arrival_rule(state, events, credit, arrival_use, repays, 0, at)
    mode = NORMAL
    if credit == OUTSIDE or events.terminal[credit]:
        mode = WAITS if opens else ENDS
    hops_before = state.counters[HOP_COUNT]
    arrive(state, events, convention, event, credit, amount, 0, at, mode)
    if loan >= 0:
        for row in range(hops_before, state.counters[HOP_COUNT]):
            state.hops[row].depth = 0


@jit
def run(state: State, events: Events, convention: int, start: int, stop: int) -> int:
    """Process events [start, stop). Returns DONE, GROW or TOO_LARGE with counters[EVENT_AT] at the event that
    is not yet processed."""
    balance, head = state.balance, state.head
    for event in range(start, stop):
        debit, credit = events.debit[event], events.credit[event]
        if events.special[event] < 0 and (debit < 0 or head[debit] < 0) and (credit < 0 or head[credit] < 0):
            amount = events.amount_fen[event]
            if debit >= 0:
                left = balance[debit] - amount
                if left <= -BALANCE_LIMIT:
                    state.counters[EVENT_AT] = event
                    return TOO_LARGE
                balance[debit] = left
            if credit >= 0:
                grown = balance[credit] + amount
                if grown >= BALANCE_LIMIT:
                    state.counters[EVENT_AT] = event
                    if debit >= 0:
                        balance[debit] += amount
                    return TOO_LARGE
                balance[credit] = grown
            continue
        amount = events.amount_fen[event]
        if debit >= 0 and balance[debit] - amount <= -BALANCE_LIMIT:
            state.counters[EVENT_AT] = event
            return TOO_LARGE
        if credit >= 0 and balance[credit] + amount >= BALANCE_LIMIT:
            state.counters[EVENT_AT] = event
            return TOO_LARGE
        need = rows_needed(state, events, event)
        if not has_room(state, need):
            state.counters[EVENT_AT] = event
            state.counters[NEED] = need
            return GROW
        if events.special[event] >= 0 or (debit >= 0 and head[debit] >= 0):
            special_event(state, events, convention, event)
            continue
        # Own money into an account that holds labelled money.
        if debit >= 0:
            balance[debit] -= amount
        balance[credit] += amount
        if convention == FIFO_CODE:
            push_back(state, credit, OWN, USE_NONE, amount, -1)
        elif convention == LIFO_CODE:
            push_front(state, credit, OWN, USE_NONE, amount, -1)
        elif convention == PRO_RATA:
            add_own_bucket(state, credit, amount)
    state.counters[EVENT_AT] = stop
    return DONE


@jit_inner
def add_own_bucket(state: State, account: int, amount: int) -> None:
    """PRO_RATA: own money joins its one bucket."""
    lot = state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == OWN:
            state.lots[lot].fen += amount
            return
        lot = state.lots[lot].next_lot
    push_back(state, account, OWN, USE_NONE, amount, -1)


@jit
def count_holdings(state: State, places: Int64) -> int:
    """Labelled lots left in these places: accounts, and slots behind them."""
    count = 0
    for place in places:
        lot = state.head[place]
        while lot >= 0:
            if state.lots[lot].loan != OWN:
                count += 1
            lot = state.lots[lot].next_lot
    return count


@jit
def collect_holdings(
    state: State,
    events: Events,
    convention: int,
    places: Int64,
    opener: Int64,
    account: Int32,
    loan: Int32,
    use: Int8,
    fen: Int64,
    hop: Int32,
) -> None:
    """The places in the order given; lots front to back. `opener[slot]` is the event that opened it: what still
    waits there has the use of its arrival."""
    accounts = len(events.terminal)
    row = 0
    for place in places:
        lot = state.head[place]
        while lot >= 0:
            held = state.lots[lot]
            lot = held.next_lot
            if held.loan == OWN:
                continue
            account[row] = place
            use[row] = held.use
            if place >= accounts:
                event = opener[place - accounts]
                account[row] = events.credit[event]
                if events.credit[event] != IN_TRANSIT:
                    use[row] = use_after(
                        events,
                        int(events.credit[event]),
                        int(events.arrival_use[event]),
                        events.specials[place - accounts].repays,
                        held.loan,
                        held.use,
                    )
            loan[row] = held.loan
            fen[row] = state.balance[place] if convention == POISON else held.fen
            hop[row] = -1 if convention in (PRO_RATA, POISON) else held.hop
            row += 1


@jit
def mark_borrowers_sides(events: Events, account: Int64, loan: Int64, on_side: Bool) -> None:
    """on_side[i]: account[i] is on the borrower's side of loan[i]."""
    for i in range(len(account)):
        on_side[i] = account[i] >= 0 and on_borrowers_side(events, account[i], loan[i])


@jit
def bare_balances(debit: Int32, credit: Int32, amount_fen: Int64, balance: Int64) -> None:
    """The least any ledger must do: the yardstick of the kernel's speed."""
    for event in range(len(debit)):
        if debit[event] >= 0:
            balance[debit[event]] -= amount_fen[event]
        if credit[event] >= 0:
            balance[credit[event]] += amount_fen[event]


@jit
def least_openings(debit: Int32, credit: Int32, amount_fen: Int64, opening: Int64) -> None:
    """For each account the least opening balance that never overdraws it; `opening` comes in as zeros."""
    balance = np.zeros(len(opening), np.int64)
    for event in range(len(debit)):
        account = debit[event]
        if account >= 0:
            balance[account] -= amount_fen[event]
            opening[account] = max(opening[account], -balance[account])
        account = credit[event]
        if account >= 0:
            balance[account] += amount_fen[event]

"""Compiled: what a trace that goes on needs beyond `kernel.run` (docs/concepts/live.md). FIFO only."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantrail.jit import jit, jit_inner
from loantrail.tracing.kernel_arrival import Events
from loantrail.tracing.kernel_digest import absorb, begin, finish
from loantrail.tracing.kernel_lots import add_lot, new_lot, push_back
from loantrail.tracing.kernel_reversal import first_hop_of
from loantrail.tracing.kernel_state import FIFO, FREE_HEAD, HOP_COUNT, LOT_TOP, State
from loantrail.tracing.model import OWN, USE_NONE, Int32, Int64


@jit
def hops_begin(state: State, event: int) -> int:
    """Row of the first hop of `event` or of a later one."""
    return first_hop_of(state, event)


@jit_inner
def note_place(place: int, seen: Int32, stamp: int, places: Int32, count: int) -> int:
    if place < 0 or seen[place] == stamp:
        return count
    seen[place] = stamp
    places[count] = place
    return count + 1


@jit
def touched(
    state: State, events: Events, start: int, stop: int, seen: Int32, stamp: int, places: Int32
) -> tuple[int, int, int]:
    """Accounts and slots that events [start, stop) may change, each once (`seen` holds other stamps): into `places` (room
    for five an event). Returns how many, the labelled fen they hold, and the fen that the events disburse."""
    accounts = len(events.terminal)
    count, disbursed = 0, 0
    for event in range(start, stop):
        count = note_place(int(events.debit[event]), seen, stamp, places, count)
        count = note_place(int(events.credit[event]), seen, stamp, places, count)
        special = events.special[event]
        if special >= 0:
            count = note_place(accounts + special, seen, stamp, places, count)
            if events.specials[special].disburses >= 0:
                disbursed += events.amount_fen[event]
            carries = events.specials[special].carries
            if carries >= 0:
                count = note_place(accounts + carries, seen, stamp, places, count)
            original = events.specials[special].reverses
            if original >= 0 and events.special[original] >= 0:
                slot = accounts + int(events.special[original])
                count = note_place(slot, seen, stamp, places, count)
    return count, labelled_in(state, places, count), disbursed


@jit_inner
def labelled_in(state: State, places: Int32, count: int) -> int:
    held = 0
    for i in range(count):
        held += state.accounts[places[i]].labelled
    return held


@jit
def labelled_of(state: State, places: Int32, count: int) -> int:
    """Labelled fen of the first `count` places."""
    return labelled_in(state, places, count)


@jit
def ended_by(state: State, first: int, last: int) -> int:
    """Fen that hops [first, last) ended."""
    ended = 0
    for row in range(first, last):
        if state.hops[row].ended:
            ended += state.hops[row].fen
    return ended


@jit
def open_slot_late(state: State, events: Events, event: int) -> int:
    """Have the slices of an event that went outside or into a terminal account wait in its slot after all, as if the
    slot had been open from the beginning. Returns the labelled fen that are held again.

    Nothing but a reversal of the event looks into the slot, and its slices can be told from its hops: they stand in
    consumption order, `offset` says where each begins, the gaps are own money.
    """
    slot = len(events.terminal) + events.special[event]
    amount = events.amount_fen[event]
    state.balance[slot] += amount
    first, last = first_hop_of(state, event), first_hop_of(state, event + 1)
    at, held = 0, 0
    for row in range(first, last):
        offset, fen = state.hops[row].offset, state.hops[row].fen
        if offset > at:
            push_back(state, slot, OWN, USE_NONE, offset - at, -1)
        add_lot(state, FIFO, slot, state.hops[row].loan, state.hops[row].use_before, fen, row)
        state.hops[row].ended = False
        at = offset + fen
        held += fen
    if last > first and at < amount:
        push_back(state, slot, OWN, USE_NONE, amount - at, -1)
    return held


@jit
def pack_lots(state: State, places: Int64, lots: Any, counts: Int32) -> None:
    """The lots of each place, front to back, one after the other; `counts[i]` of them are of places[i]."""
    row = 0
    for i in range(len(places)):
        lot = state.head[places[i]]
        while lot >= 0:
            lots[row].fen = state.lots[lot].fen
            lots[row].loan = state.lots[lot].loan
            lots[row].hop = state.lots[lot].hop
            lots[row].use = state.lots[lot].use
            lots[row].next_lot = 0
            counts[i] += 1
            row += 1
            lot = state.lots[lot].next_lot


@jit
def unpack_lots(state: State, places: Int64, lots: Any, counts: Int32) -> None:
    """Undo `pack_lots` in a state without lots."""
    row = 0
    for i in range(len(places)):
        place = places[i]
        for _ in range(counts[i]):
            # Not `push_back`: own lots that lie side by side stay two.
            lot = new_lot(state, lots[row].loan, lots[row].use, lots[row].fen, lots[row].hop)
            if state.accounts[place].tail < 0:
                state.head[place] = lot
            else:
                state.lots[state.accounts[place].tail].next_lot = lot
            state.accounts[place].tail = lot
            state.accounts[place].lot_count += 1
            if lots[row].loan != OWN:
                state.accounts[place].labelled += lots[row].fen
            row += 1


@jit_inner
def keep_lot(state: State, lot: int, rows: Int32, kept: Any, count: int) -> int:
    rows[count] = lot
    kept[count] = state.lots[lot]
    return count + 1


@jit
def journal(
    state: State, events: Events, event: int, ends: Any, numbers: Int64, rows: Int32, kept: Any
) -> int:
    """Keep what one event may change, but for rows that no hop or lot uses yet. Returns how many lots were kept.

    `ends` (two ACCOUNT_ROWs) and `numbers` (the counters, two balances, two heads): debit and credit account. `rows` and
    `kept`: the lots of the debit account, the last one of the credit account, and as many free ones as may be used (room
    for two per lot of the debit account and sixteen more).
    """
    debit, credit = int(events.debit[event]), int(events.credit[event])
    first = len(state.counters)
    numbers[:first] = state.counters
    count = 0
    spare = 8
    if debit >= 0:
        ends[0] = state.accounts[debit]
        numbers[first] = state.balance[debit]
        numbers[first + 2] = state.head[debit]
        lot = int(state.head[debit])
        while lot >= 0:
            count = keep_lot(state, lot, rows, kept, count)
            spare += 1
            lot = int(state.lots[lot].next_lot)
    if credit >= 0:
        ends[1] = state.accounts[credit]
        numbers[first + 1] = state.balance[credit]
        numbers[first + 3] = state.head[credit]
        if state.accounts[credit].tail >= 0:
            count = keep_lot(state, int(state.accounts[credit].tail), rows, kept, count)
    lot = int(state.counters[FREE_HEAD])
    while lot >= 0 and spare > 0:
        count = keep_lot(state, lot, rows, kept, count)
        spare -= 1
        lot = int(state.lots[lot].next_lot)
    return count


@jit
def undo(
    state: State,
    events: Events,
    event: int,
    ends: Any,
    numbers: Int64,
    rows: Int32,
    kept: Any,
    count: int,
    found: Any,
) -> int:
    """Put back what `journal` kept after the event was processed; its hops go to `found`. Returns how many there are."""
    debit, credit = int(events.debit[event]), int(events.credit[event])
    first = len(state.counters)
    hops = int(state.counters[HOP_COUNT] - numbers[HOP_COUNT])
    for i in range(hops):
        row = numbers[HOP_COUNT] + i
        found[i] = state.hops[row]
        clear_hop(state, row)
    for lot in range(numbers[LOT_TOP], state.counters[LOT_TOP]):
        state.lots[lot].fen = 0
        state.lots[lot].loan = 0
        state.lots[lot].hop = 0
        state.lots[lot].next_lot = 0
        state.lots[lot].use = 0
    for i in range(count - 1, -1, -1):
        state.lots[rows[i]] = kept[i]
    if debit >= 0:
        state.accounts[debit] = ends[0]
        state.balance[debit] = numbers[first]
        state.head[debit] = numbers[first + 2]
    if credit >= 0:
        state.accounts[credit] = ends[1]
        state.balance[credit] = numbers[first + 1]
        state.head[credit] = numbers[first + 3]
    state.counters[:] = numbers[:first]
    return hops


@jit_inner
def clear_hop(state: State, row: int) -> None:
    state.hops[row].fen = 0
    state.hops[row].offset = 0
    state.hops[row].taken_back = 0
    state.hops[row].loan = 0
    state.hops[row].event = 0
    state.hops[row].parent = 0
    state.hops[row].depth = 0
    state.hops[row].use = 0
    state.hops[row].use_before = 0
    state.hops[row].ended = False


@jit
def clear_hops(state: State, first: int, last: int) -> None:
    """Rows of the pool that no hop uses are all zero."""
    for row in range(first, last):
        clear_hop(state, row)


@jit
def digest_places(state: State, places: Int64, kinds: Int64, names: Any, loans: Any, total: Any) -> None:
    """Add the digest of each place that is not empty to `total` (two words, sums modulo 2^64: the order of places does
    not count). `names[i]` (two words) is what place i is called, `kinds[i]` 0 for an account and 1 for a slot. `loans`
    has the name of each loan."""
    v = np.zeros(4, np.uint64)
    digest = np.zeros(2, np.uint64)
    for i in range(len(places)):
        place = places[i]
        if state.balance[place] == 0 and state.head[place] < 0:
            continue
        begin(v)
        absorb(v, np.uint64(kinds[i]))
        absorb(v, names[i, 0])
        absorb(v, names[i, 1])
        absorb(v, np.uint64(state.balance[place]))
        lot = state.head[place]
        while lot >= 0:
            held = state.lots[lot]
            if held.loan == OWN:
                absorb(v, np.uint64(0))
                absorb(v, np.uint64(0))
            else:
                absorb(v, loans[held.loan, 0])
                absorb(v, loans[held.loan, 1])
            absorb(v, np.uint64(held.fen))
            absorb(v, np.uint64(np.int64(held.hop) + 1))
            absorb(v, np.uint64(held.use))
            lot = held.next_lot
        finish(v, digest)
        total[0] += digest[0]
        total[1] += digest[1]


@jit
def digest_taken_back(event: Int64, fen: Int64, total: Any) -> None:
    """As `digest_places`: what was taken back of each event."""
    v = np.zeros(4, np.uint64)
    digest = np.zeros(2, np.uint64)
    for i in range(len(event)):
        begin(v)
        absorb(v, np.uint64(2))
        absorb(v, np.uint64(event[i]))
        absorb(v, np.uint64(fen[i]))
        finish(v, digest)
        total[0] += digest[0]
        total[1] += digest[1]


@jit
def digest_trace(state: State, loans: Any, event_count: int, places: Any, digest: Any) -> None:
    """`digest` (two words): the number of events, every hop by its content in order, and the sum over `places`."""
    v = np.zeros(4, np.uint64)
    begin(v)
    absorb(v, np.uint64(event_count))
    for row in range(state.counters[HOP_COUNT]):
        absorb(v, loans[state.hops[row].loan, 0])
        absorb(v, loans[state.hops[row].loan, 1])
        absorb(v, np.uint64(state.hops[row].event))
        absorb(v, np.uint64(np.int64(state.hops[row].parent) + 1))
        absorb(v, np.uint64(state.hops[row].fen))
        absorb(v, np.uint64(state.hops[row].offset))
        absorb(v, np.uint64(state.hops[row].depth))
        ended = np.uint64(1) if state.hops[row].ended else np.uint64(0)
        absorb(
            v,
            np.uint64(state.hops[row].use)
            | np.uint64(state.hops[row].use_before) << np.uint64(8)
            | ended << np.uint64(16),
        )
    absorb(v, places[0])
    absorb(v, places[1])
    finish(v, digest)

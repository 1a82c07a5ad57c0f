"""Compiled: reversals (tracing.md, Reversal)."""

from __future__ import annotations

import numpy as np

from loantrail.jit import jit_inner
from loantrail.tracing.kernel_arrival import (
    ENDS,
    NORMAL,
    RETURNED,
    WAITS,
    Events,
    apply_arrival_rule,
    arrive,
    set_offsets,
    slot_convention,
)
from loantrail.tracing.kernel_lots import (
    add_slice,
    drop_lots,
    take,
    take_matching,
    unlink,
)
from loantrail.tracing.kernel_share import share_out
from loantrail.tracing.kernel_state import (
    HOP_COUNT,
    LIFO,
    POISON,
    PRO_RATA,
    State,
)
from loantrail.tracing.model import OUTSIDE, OWN, USE_NONE


@jit_inner
def first_hop_of(state: State, event: int) -> int:
    """Hops stand in the order of events: binary search for the first one of `event` or later."""
    low, high = 0, state.counters[HOP_COUNT]
    while low < high:
        middle = (low + high) // 2
        if state.hops[middle].event < event:
            low = middle + 1
        else:
            high = middle
    return low


@jit_inner
def take_own_newest(state: State, convention: int, account: int, amount: int) -> int:
    """Own money of the account, newest first, up to `amount`; lowers the balance; returns what was found."""
    available = max(state.balance[account], 0)
    if state.head[account] < 0 or convention > PRO_RATA:
        if state.head[account] >= 0:
            available -= state.accounts[account].labelled
        found = min(amount, available)
        state.balance[account] -= found
        return found
    own = 0
    lot = state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == OWN:
            own += state.lots[lot].fen
        lot = state.lots[lot].next_lot
    found = min(amount, own)
    # The newest own money is at the front of a stack and at the back of a queue.
    skip = 0 if convention == LIFO else own - found
    left = found
    before, lot = -1, state.head[account]
    while lot >= 0 and left > 0:
        fen = state.lots[lot].fen
        if state.lots[lot].loan != OWN:
            before, lot = lot, state.lots[lot].next_lot
            continue
        kept = min(skip, fen)
        skip -= kept
        taken = min(fen - kept, left)
        left -= taken
        if taken == fen:
            lot = unlink(state, account, before, lot)
        else:
            state.lots[lot].fen = fen - taken
            before, lot = lot, state.lots[lot].next_lot
    state.balance[account] -= found
    return found


@jit_inner
def take_hop_lots(
    state: State, convention: int, account: int, loan: int, hop: int, amount: int, at: int
) -> int:
    """What is left in the account of the lots that `hop` brought; returns fen found; lowers the balance."""
    end = take_matching(state, convention, account, loan, hop, amount, at)
    found = 0
    for i in range(at, end):
        found += state.slices[i].fen
    state.balance[account] -= found
    return found


@jit_inner
def undo_segments(
    state: State, convention: int, account: int, original: int, low: int, high: int, at: int
) -> tuple[int, int]:
    """Take back [low, high) of the original, from its end; appends the found segments in consumption order.
    Returns (end, missing)."""
    begin = first_hop_of(state, original)
    end_hop = first_hop_of(state, original + 1)
    count = end_hop - begin
    # Hops of one event are few; sorted by where they begin, last first.
    order = np.empty(count, np.int32)
    for n in range(count):
        row = begin + n
        place = n
        while place > 0 and state.hops[order[place - 1]].offset < state.hops[row].offset:
            order[place] = order[place - 1]
            place -= 1
        order[place] = row
    first = at
    missing = 0
    position = high
    n = 0
    while position > low:
        while n < count and state.hops[order[n]].offset >= position:
            n += 1
        row = order[n] if n < count else -1
        row_end = state.hops[row].offset + state.hops[row].fen if row >= 0 else 0
        if row >= 0 and row_end >= position:
            start = max(low, state.hops[row].offset)
            wanted = position - start
            loan = state.hops[row].loan
            # The slices found are scratch beyond `at`; one slice stands for the whole segment.
            found = take_hop_lots(state, convention, account, loan, row, wanted, at)
            use = state.hops[row].use_before
            parent = row
        else:
            start = max(low, row_end)
            wanted = position - start
            found = take_own_newest(state, convention, account, wanted)
            loan = OWN
            use = USE_NONE
            parent = -1
        missing += wanted - found
        if found > 0:
            at = add_slice(state, at, loan, use, found, parent)
        position = start
    i, j = first, at - 1
    while i < j:
        swap_slices(state, i, j)
        i += 1
        j -= 1
    for i in range(first, at):
        state.slices[i].after = state.slices[i].use
        if state.slices[i].loan != OWN:
            state.slices[i].use = state.hops[state.slices[i].hop].use
    return at, missing


@jit_inner
def swap_slices(state: State, i: int, j: int) -> None:
    loan, use, fen, hop = state.slices[i].loan, state.slices[i].use, state.slices[i].fen, state.slices[i].hop
    add_slice(state, i, state.slices[j].loan, state.slices[j].use, state.slices[j].fen, state.slices[j].hop)
    add_slice(state, j, loan, use, fen, hop)


@jit_inner
def take_bucket(state: State, account: int, loan: int, use: int, amount: int) -> int:
    """PRO_RATA: from the bucket of a label; lowers the balance; returns what was found."""
    if state.head[account] < 0:
        found = min(amount, max(state.balance[account], 0)) if loan == OWN else 0
        state.balance[account] -= found
        return found
    before, lot = -1, state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == loan and state.lots[lot].use == use:
            found = min(amount, state.lots[lot].fen)
            if found == state.lots[lot].fen:
                unlink(state, account, before, lot)
            else:
                state.lots[lot].fen -= found
            if loan != OWN:
                state.accounts[account].labelled -= found
            state.balance[account] -= found
            return found
        before, lot = lot, state.lots[lot].next_lot
    return 0


@jit_inner
def undo_in_proportion(
    state: State,
    account: int,
    in_slot: bool,
    original: int,
    original_fen: int,
    reversed_fen: int,
    amount: int,
    at: int,
) -> tuple[int, int]:
    """PRO_RATA: `amount` shared over what of the original is not yet taken back. A slot keeps labels as they
    left, an account as they arrived. Returns (end, missing)."""
    begin = first_hop_of(state, original)
    end_hop = first_hop_of(state, original + 1)
    first = at
    labelled, labelled_back = 0, 0
    for row in range(begin, end_hop):
        labelled += state.hops[row].fen
        labelled_back += state.hops[row].taken_back
    own = (original_fen - labelled) - (reversed_fen - labelled_back)
    add_slice(state, first, OWN, USE_NONE, own, -1)
    for n in range(end_hop - begin):
        row = begin + n
        add_slice(
            state,
            first + 1 + n,
            state.hops[row].loan,
            state.hops[row].use_before,
            state.hops[row].fen - state.hops[row].taken_back,
            -1,
        )
    count = end_hop - begin + 1
    share_out(state, first, first + count, original_fen - reversed_fen, amount)
    missing = 0
    for n in range(count):
        i = first + n
        share = state.slices[i].part
        row = begin + n - 1
        found = 0
        if n == 0:
            found = take_bucket(state, account, OWN, USE_NONE, share)
        else:
            state.hops[row].taken_back += share
            if not state.hops[row].ended:
                use = state.hops[row].use_before if in_slot else state.hops[row].use
                found = take_bucket(state, account, state.hops[row].loan, use, share)
        missing += share - found
        if found > 0:
            before = state.slices[i].use
            use_now = state.hops[row].use if n > 0 else USE_NONE
            add_slice(state, at, state.slices[i].loan, use_now, found, -1)
            state.slices[at].after = before
            at += 1
    return at, missing


@jit_inner
def undo_poison(state: State, account: int, in_slot: bool, original: int, amount: int, at: int) -> int:
    """POISON: the labels of the original, each once as it left, that the account still carries."""
    first = at
    for row in range(first_hop_of(state, original), first_hop_of(state, original + 1)):
        hop = state.hops[row]
        if hop.ended or amount == 0:
            continue
        known = False
        for i in range(first, at):
            if state.slices[i].loan == hop.loan and state.slices[i].after == hop.use_before:
                known = True
        if known:
            continue
        use = hop.use_before if in_slot else hop.use
        lot = state.head[account]
        while lot >= 0:
            if state.lots[lot].loan == hop.loan and state.lots[lot].use == use:
                add_slice(state, at, hop.loan, hop.use, amount, -1)
                state.slices[at].after = hop.use_before
                at += 1
                break
            lot = state.lots[lot].next_lot
    state.balance[account] -= amount
    if state.balance[account] <= 0:
        drop_lots(state, account)
    return at


@jit_inner
def reverse(
    state: State, events: Events, convention: int, event: int, special: int, arrival_use: int, repays: int
) -> None:
    """Event R takes back the last part of event O that is not yet taken back."""
    original = events.specials[special].reverses
    source, target = int(events.debit[event]), int(events.credit[event])
    amount = int(events.amount_fen[event])
    original_fen = int(events.amount_fen[original])
    group = int(events.specials[special].group)
    reversed_before = int(state.reversed_fen[group])
    undone = min(amount, original_fen - reversed_before)
    state.reversed_fen[group] = reversed_before + undone
    # What reached the outside world or a terminal account waits in a slot.
    in_slot = source == OUTSIDE or events.terminal[source]
    place = len(events.terminal) + int(events.special[original]) if in_slot else source
    place_convention = slot_convention(convention) if in_slot else convention
    missing = 0
    at = 0
    if convention == POISON:
        at = undo_poison(state, place, in_slot, original, undone, at)
    elif convention == PRO_RATA:
        if undone > 0:
            at, missing = undo_in_proportion(
                state, place, in_slot, original, original_fen, reversed_before, undone, at
            )
    else:
        high = original_fen - reversed_before
        at, missing = undo_segments(state, place_convention, place, original, high - undone, high, at)
    if convention != POISON and state.accounts[place].labelled == 0 and state.head[place] >= 0:
        drop_lots(state, place)
    found_end = at
    rest = missing + amount - undone
    if in_slot:
        if source >= 0:
            state.balance[source] -= amount
        if rest > 0 and convention != POISON:
            at = add_slice(state, at, OWN, USE_NONE, rest, -1)
    elif rest > 0:
        if state.head[source] >= 0:
            at = take(state, convention, source, rest, -1, 0, at)
        else:
            if convention != POISON:
                at = add_slice(state, at, OWN, USE_NONE, rest, -1)
            state.balance[source] -= rest
    # The one list of the rest is split at `missing`: what is missing returns, the excess is ordinary.
    split = found_end
    passed = 0
    while split < at and passed < missing:
        fen = state.slices[split].fen
        if passed + fen > missing:
            for i in range(at, split, -1):
                swap_slices(state, i, i - 1)
            at += 1
            part = missing - passed
            add_slice(
                state,
                split,
                state.slices[split + 1].loan,
                state.slices[split + 1].use,
                part,
                state.slices[split + 1].hop,
            )
            state.slices[split + 1].fen = fen - part
            fen = part
        passed += fen
        split += 1
    set_offsets(state, 0, at)
    apply_arrival_rule(state, events, target, arrival_use, repays, found_end, at)
    ends = target == OUTSIDE or events.terminal[target]
    if ends:
        mode = WAITS if events.specials[special].opens_slot else ENDS
        arrive(state, events, convention, event, target, amount, 0, at, mode)
        return
    arrive(state, events, convention, event, target, undone, 0, split, RETURNED)
    if amount > undone:
        arrive(state, events, convention, event, target, amount - undone, split, at, NORMAL)

"""Compiled: how the slices of an event arrive: use, overdraft, slots, lots and hops (tracing.md, Arrival)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from loantrail.jit import jit_inner
from loantrail.tracing.kernel_lots import (
    add_lot,
    begin_lots,
    drop_small_labels,
    push_front,
)
from loantrail.tracing.kernel_share import share_out
from loantrail.tracing.kernel_state import (
    FIFO,
    HOP_COUNT,
    LIFO,
    OWN_FIRST,
    POISON,
    PRO_RATA,
    State,
)
from loantrail.tracing.model import (
    OUTSIDE,
    OWN,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OVERDRAFT,
    USE_OWN_INSTALMENT,
    USE_REPAYMENT,
    Bool,
    Int8,
    Int32,
    Int64,
)

NORMAL: Final = 0
RETURNED: Final = 1  # by a reversal: to the end it left, overdraft from the last slice backwards
ENDS: Final = 2  # outside, terminal
WAITS: Final = 3  # in a slot, after a hop into a pooled account


SPECIAL_ROW: Final = np.dtype(
    [
        ("specific_fen", np.int64),
        ("disburses", np.int32),
        ("reverses", np.int32),
        ("specific_loan", np.int32),
        ("carries", np.int32),
        ("repays", np.int32),
        ("group", np.int32),  # the first special row that reverses the same event
        ("opens_slot", np.bool_),
    ],
    align=True,
)


class Events(NamedTuple):
    """The arrays of `History`, as compiled code reads them."""

    debit: Int32
    credit: Int32
    amount_fen: Int64
    arrival_use: Int8
    special: Int32
    specials: Any  # SPECIAL_ROW
    terminal: Bool
    side_start: Int32
    side_borrower: Int32
    loan_borrower: Int32


@jit_inner
def on_borrowers_side(events: Events, account: int, loan: int) -> bool:
    borrower = events.loan_borrower[loan]
    for i in range(events.side_start[account], events.side_start[account + 1]):
        if events.side_borrower[i] == borrower:
            return True
    return False


@jit_inner
def use_after(events: Events, account: int, arrival_use: int, repays: int, loan: int, use: int) -> int:
    """The arrival rule."""
    if account >= 0 and on_borrowers_side(events, account, loan):
        return USE_NONE
    if use != USE_NONE:
        return use
    if arrival_use == USE_REPAYMENT:
        return USE_OWN_INSTALMENT if repays == loan else USE_OTHER_DEBT
    if arrival_use == USE_NONE and account == OUTSIDE:
        return USE_OUTSIDE
    return arrival_use


@jit_inner
def apply_arrival_rule(
    state: State, events: Events, account: int, arrival_use: int, repays: int, first: int, last: int
) -> None:
    for i in range(first, last):
        loan = state.slices[i].loan
        if loan == OWN:
            state.slices[i].after = USE_NONE
        else:
            state.slices[i].after = use_after(events, account, arrival_use, repays, loan, state.slices[i].use)


@jit_inner
def set_offsets(state: State, first: int, last: int) -> None:
    at = 0
    for i in range(first, last):
        state.slices[i].offset = at
        at += state.slices[i].fen


@jit_inner
def record_hop(
    state: State, convention: int, event: int, i: int, fen: int, offset: int, use: int, ended: bool
) -> int:
    """A hop for (part of) slice i; slice_hop[i] is its parent."""
    row = state.counters[HOP_COUNT]
    state.counters[HOP_COUNT] = row + 1
    parent = state.slices[i].hop
    state.hops[row].loan = state.slices[i].loan
    state.hops[row].event = event
    state.hops[row].parent = parent
    state.hops[row].fen = fen
    state.hops[row].use = use
    state.hops[row].use_before = state.slices[i].use
    state.hops[row].ended = ended
    if convention in (PRO_RATA, POISON):
        state.hops[row].offset = -1
        state.hops[row].depth = -1
    else:
        state.hops[row].offset = offset
        state.hops[row].depth = state.hops[parent].depth + 1 if parent >= 0 else 0
    return row


@jit_inner
def overdraft_part(state: State, convention: int, event: int, i: int, part: int, from_end: bool) -> None:
    """Part of slice i repays the overdraft and ends; the slice shrinks to the rest."""
    offset = state.slices[i].offset
    if from_end:
        offset += state.slices[i].fen - part
    else:
        state.slices[i].offset += part
    state.slices[i].fen -= part
    if state.slices[i].loan != OWN and part > 0:
        use = state.slices[i].after
        record_hop(state, convention, event, i, part, offset, USE_OVERDRAFT if use == USE_NONE else use, True)


@jit_inner
def repay_in_loan_order(state: State, convention: int, event: int, first: int, last: int, left: int) -> int:
    """Labelled slices, older loans first; returns what is still to repay."""
    done = -1
    while left > 0:
        loan = -1
        for i in range(first, last):
            candidate = state.slices[i].loan
            if candidate > done and state.slices[i].fen > 0 and (loan < 0 or candidate < loan):
                loan = candidate
        if loan < 0:
            break
        for i in range(first, last):
            if left > 0 and state.slices[i].loan == loan:
                part = min(left, state.slices[i].fen)
                overdraft_part(state, convention, event, i, part, False)
                left -= part
        done = loan
    return left


@jit_inner
def repay_with_own(state: State, convention: int, event: int, first: int, last: int, left: int) -> int:
    for i in range(first, last):
        if left > 0 and state.slices[i].loan == OWN:
            part = min(left, state.slices[i].fen)
            overdraft_part(state, convention, event, i, part, False)
            left -= part
    return left


@jit_inner
def repay_overdraft(
    state: State, convention: int, event: int, first: int, last: int, repaid: int, mode: int
) -> None:
    """`repaid` fen of the slices end: those that a debit at this instant would take from this credit."""
    left = repaid
    if convention == POISON:
        for i in range(first, last):
            overdraft_part(state, convention, event, i, min(repaid, state.slices[i].fen), False)
    elif mode == RETURNED or convention == LIFO:
        for i in range(last - 1, first - 1, -1):
            if left > 0:
                part = min(left, state.slices[i].fen)
                overdraft_part(state, convention, event, i, part, True)
                left -= part
    elif convention == FIFO:
        for i in range(first, last):
            if left > 0:
                part = min(left, state.slices[i].fen)
                overdraft_part(state, convention, event, i, part, False)
                left -= part
    elif convention == PRO_RATA:
        total = 0
        for i in range(first, last):
            total += state.slices[i].fen
        share_out(state, first, last, total, repaid)
        for i in range(first, last):
            overdraft_part(state, convention, event, i, state.slices[i].part, False)
    elif convention == OWN_FIRST:
        left = repay_with_own(state, convention, event, first, last, left)
        repay_in_loan_order(state, convention, event, first, last, left)
    else:
        left = repay_in_loan_order(state, convention, event, first, last, left)
        repay_with_own(state, convention, event, first, last, left)


@jit_inner
def slot_convention(convention: int) -> int:
    """A slot passes its slices on in their order, so it is a queue, except where there is no order."""
    return convention if convention in (PRO_RATA, POISON) else FIFO


@jit_inner
def wait_in_slot(
    state: State, convention: int, slot_account: int, amount: int, first: int, last: int
) -> None:
    """The slices wait, with the use they left with."""
    state.balance[slot_account] += amount
    any_labelled = False
    for i in range(first, last):
        if state.slices[i].loan != OWN:
            any_labelled = True
    if any_labelled:
        for i in range(first, last):
            add_lot(
                state,
                slot_convention(convention),
                slot_account,
                state.slices[i].loan,
                state.slices[i].use,
                state.slices[i].fen,
                state.slices[i].hop,
            )


@jit_inner
def pass_hops(state: State, convention: int, event: int, first: int, last: int, ended: bool) -> None:
    """Hops for all labelled slices; each slice's hop becomes the new one."""
    for i in range(first, last):
        fen = state.slices[i].fen
        if state.slices[i].loan == OWN or fen == 0:
            continue
        hop = record_hop(
            state, convention, event, i, fen, state.slices[i].offset, state.slices[i].after, ended
        )
        state.slices[i].hop = -1 if convention in (PRO_RATA, POISON) else hop


@jit_inner
def arrive(
    state: State,
    events: Events,
    convention: int,
    event: int,
    account: int,
    amount: int,
    first: int,
    last: int,
    mode: int,
) -> None:
    """Slices [first, last), with their use after arrival and offsets set, reach `account`; its balance grows
    by `amount`. `account` may be OUTSIDE with mode ENDS."""
    if mode in (ENDS, WAITS):
        pass_hops(state, convention, event, first, last, mode == ENDS)
        if mode == WAITS:
            slot_account = len(events.terminal) + events.special[event]
            wait_in_slot(state, convention, slot_account, amount, first, last)
        if account >= 0:
            state.balance[account] += amount
        return
    balance_before = state.balance[account]
    state.balance[account] = balance_before + amount
    if balance_before < 0:
        repay_overdraft(state, convention, event, first, last, min(amount, -balance_before), mode)
    hops_before = state.counters[HOP_COUNT]
    pass_hops(state, convention, event, first, last, False)
    any_labelled = state.counters[HOP_COUNT] > hops_before
    if state.head[account] < 0:
        if not any_labelled:
            return
        begin_lots(state, convention, account, balance_before)
    if mode == RETURNED and convention <= LIFO:
        for i in range(last - 1, first - 1, -1):
            fen = state.slices[i].fen
            if fen > 0:
                if state.slices[i].loan != OWN:
                    state.accounts[account].labelled += fen
                push_front(
                    state, account, state.slices[i].loan, state.slices[i].after, fen, state.slices[i].hop
                )
        return
    for i in range(first, last):
        fen = state.slices[i].fen
        if fen > 0:
            add_lot(
                state,
                convention,
                account,
                state.slices[i].loan,
                state.slices[i].after,
                fen,
                state.slices[i].hop,
            )
    if convention == PRO_RATA:
        drop_small_labels(state, account, event)

"""Compiled: one pass over transactions and ends of days, in batches of any cut; the rows of an event are taken once it
is counted and before the next one. What is counted: docs/concepts/signals.md."""

from __future__ import annotations

from typing import Final

from loantrail.jit import jit, jit_inner
from loantrail.signals.kernel_members import map_key, new_set, place_of, remember, roll_set, see
from loantrail.signals.kernel_state import (
    ADD,
    CLOCK,
    COUNT,
    ENTRY_FREE_COUNT,
    ENTRY_TOP,
    EVENT_AT,
    GAVE_BACK,
    GROUPS,
    HANDED_ON,
    HOLD,
    IDLE,
    MAP_COUNT,
    MONTH,
    NEED,
    NODE_FREE_COUNT,
    NODE_TOP,
    OPEN,
    OPEN_OR_QUICK,
    OVERFLOWN,
    PAID,
    PAIR,
    PAYEE,
    QUICK,
    REACH,
    RETURNED,
    SERIES_COUNT,
    SET_COUNT,
    SET_COUNT_AT,
    SUM,
    SUPPLIED,
    TOUCH,
    WINDOWS,
    Events,
    Members,
    State,
    Windows,
)
from loantrail.signals.kernel_windows import SUM_LIMIT, largest, new_series, put, roll
from loantrail.tracing.kernel_share import multiply_divide
from loantrail.tracing.model import Int32, Int64

DONE: Final = 0
GROW: Final = 1
"""A pool is too short for the event at counters[EVENT_AT]: counters[NEED] rows may be needed in each."""
TOO_LARGE: Final = 2
"""A sum would reach 2^62 at counters[EVENT_AT]; the state is of no use any more."""
NOT_IN_ORDER: Final = 3
"""The event at counters[EVENT_AT] is before the one that was counted last."""

OUT: Final = 0
IN: Final = 1
PAYEES: Final = 0
BORROWERS: Final = 1
PAID_PAIR: Final = 0
RECEIVED_PAIR: Final = 1
MEMBER: Final = 2
LOAN_PAYEE: Final = 3


@jit_inner
def on_side(events: Events, account: int, borrower: int) -> bool:
    if account < 0:
        return False
    for i in range(events.side_start[account], events.side_start[account + 1]):
        if events.side_borrower[i] == borrower:
            return True
    return False


@jit_inner
def has_room(state: State, need: int) -> bool:
    counters = state.counters
    return (
        len(state.windows.entries) - counters[ENTRY_TOP] + counters[ENTRY_FREE_COUNT] >= need
        and len(state.members.nodes) - counters[NODE_TOP] + counters[NODE_FREE_COUNT] >= need
        and len(state.windows.series) - counters[SERIES_COUNT] >= need
        and len(state.members.sets) - counters[SET_COUNT] >= need
        and len(state.members.map_key) >= 2 * (counters[MAP_COUNT] + need)
    )


@jit_inner
def put_at(windows: Windows, places: Int32, row: int, side: int, now: int, amount: int) -> None:
    """Into the series that `places[row, side]` names, which begins with its first amount."""
    if places[row, side] < 0:
        places[row, side] = new_series(windows)
    put(windows, int(places[row, side]), now, amount)


@jit_inner
def see_at(kept: Members, places: Int32, row: int, which: int, member: int, now: int) -> None:
    """In the set that `places[row, which]` names. The nameless outside is a member as well, numbered 0."""
    if places[row, which] < 0:
        places[row, which] = new_set(kept)
    members = int(places[row, which])
    see(kept, members, map_key(MEMBER, members, member + 1), now)


@jit_inner
def put_pair(
    windows: Windows, kept: Members, kind: int, borrower: int, party: int, now: int, amount: int
) -> None:
    key = map_key(kind, borrower, party)
    place = place_of(kept.map_key, key)
    if kept.map_key[place] != key:
        remember(kept, place, key, new_series(windows))
    put(windows, kept.map_value[place], now, amount)


@jit_inner
def count_transaction(state: State, events: Events, event: int) -> None:
    """Windows of accounts, borrowers and pairs."""
    windows = state.windows
    now, amount = events.at_us[event], events.amount_fen[event]
    debit, credit = events.debit[event], events.credit[event]
    if debit >= 0:
        first, last = events.side_start[debit], events.side_start[debit + 1]
        if last > first and credit >= 0:
            state.touched[credit] = True
        if state.touched[debit]:
            put_at(windows, state.account_series, debit, OUT, now, amount)
            see_at(state.members, state.account_set, debit, PAYEES, events.payee[event], now)
        for i in range(first, last):
            borrower = events.side_borrower[i]
            if not on_side(events, credit, borrower):
                put_at(windows, state.borrower_series, borrower, OUT, now, amount)
            if events.payee[event] >= 0:
                put_pair(windows, state.members, PAID_PAIR, borrower, events.payee[event], now, amount)
    if credit >= 0:
        if state.touched[credit]:
            put_at(windows, state.account_series, credit, IN, now, amount)
        for i in range(events.side_start[credit], events.side_start[credit + 1]):
            borrower = events.side_borrower[i]
            if not on_side(events, debit, borrower):
                put_at(windows, state.borrower_series, borrower, IN, now, amount)
            if events.payer[event] >= 0:
                put_pair(windows, state.members, RECEIVED_PAIR, borrower, events.payer[event], now, amount)


@jit_inner
def reaches(part: int, whole: int, share_ppm: int) -> bool:
    """Whether part / whole >= share_ppm / 10^6, exactly."""
    if part <= 0 or whole <= 0:
        return False
    quotient, _rest = multiply_divide(min(part, whole), 1_000_000, whole)
    return quotient >= share_ppm


@jit_inner
def add_to_loan(state: State, loan: int, group: int, now: int, fen: int) -> None:
    put_at(state.windows, state.loan_series, loan, group, now, fen)
    state.loan_sum[loan, group] += fen
    if abs(state.loan_sum[loan, group]) >= SUM_LIMIT:
        state.counters[OVERFLOWN] = 1


@jit_inner
def is_open(state: State, pair: int, gate: int) -> bool:
    if gate == OPEN:
        return state.pair_open[pair, 0] != 0
    if gate == QUICK:
        return state.pair_open[pair, 1] != 0
    return state.pair_open[pair, 0] != 0 or state.pair_open[pair, 1] != 0


@jit_inner
def release(state: State, loan: int, pair: int, now: int) -> None:
    """What gates of the pair that are open now held back is counted now."""
    for group in range(GROUPS):
        if state.pair_held[pair, group] != 0 and is_open(state, pair, OPEN):
            add_to_loan(state, loan, group, now, state.pair_held[pair, group])
            state.pair_held[pair, group] = 0
    for place, gate in ((GROUPS, OPEN_OR_QUICK), (GROUPS + 1, QUICK)):
        if state.pair_held[pair, place] != 0 and is_open(state, pair, gate):
            add_to_loan(state, loan, RETURNED, now, state.pair_held[pair, place])
            state.pair_held[pair, place] = 0


@jit_inner
def act(state: State, events: Events, event: int) -> None:
    """What the loan money of the event means."""
    now, share = events.at_us[event], events.handed_on_ppm[event]
    first, last = events.action_start[event], events.action_start[event + 1]
    for i in range(first, last):
        action = events.actions[i]
        if action.kind != PAIR:
            break
        state.pair_sum[action.pair, action.group] += action.fen
    for i in range(first, last):
        action = events.actions[i]
        loan, pair, fen = action.loan, action.pair, action.fen
        if action.kind == PAIR:
            sums = state.pair_sum[pair]
            if reaches(sums[HANDED_ON], sums[SUPPLIED], share):
                state.pair_open[pair, 0] = 1
            if reaches(sums[GAVE_BACK], sums[PAID], share):
                state.pair_open[pair, 1] = 1
            release(state, loan, pair, now)
        elif action.kind == ADD:
            gate, group = action.gate, action.group
            if gate == 0 or is_open(state, pair, gate):
                add_to_loan(state, loan, group, now, fen)
            elif gate == OPEN:
                state.pair_held[pair, group] += fen
            else:
                state.pair_held[pair, GROUPS if gate == OPEN_OR_QUICK else GROUPS + 1] += fen
        elif action.kind == HOLD:
            state.labelled[pair] += fen
        elif action.kind == IDLE:
            state.loan_idle[loan] += fen
        elif action.kind == REACH:
            see_at(state.members, state.account_set, pair, BORROWERS, int(events.loan_borrower[loan]), now)
        elif action.kind == PAYEE:
            key = map_key(LOAN_PAYEE, loan, pair)
            place = place_of(state.members.map_key, key)
            if state.members.map_key[place] != key:
                remember(state.members, place, key, 0)
                state.loan_payees[loan] += 1


@jit_inner
def write_series(
    windows: Windows,
    series: int,
    now: int,
    out: Int64,
    row: int,
    column: int,
    length: int,
    counts: bool,
    most: bool,
) -> int:
    """Sums, then counts, then maxima of the first windows; zeros without a series. Gives the next column."""
    if series >= 0:
        roll(windows, series, now)
        for window in range(length):
            out[row, column + window] = max(0, windows.series[series, SUM + window])
            if counts:
                out[row, column + length + window] = windows.series[series, COUNT + window]
            if most:
                out[row, column + 2 * length + window] = largest(windows, series, now, window)
    return column + length * (1 + int(counts) + int(most))


@jit_inner
def pair_series(kept: Members, kind: int, borrower: int, party: int) -> int:
    if party < 0:
        return -1
    key = map_key(kind, borrower, party)
    place = place_of(kept.map_key, key)
    return kept.map_value[place] if kept.map_key[place] == key else -1


@jit_inner
def write_row(state: State, events: Events, now: int, wanted_row: int, row: int, out: Int64) -> None:
    """The columns of model.COLUMNS into `out[row]`, which comes in as zeros."""
    wanted = events.wanted[wanted_row]
    loan, account, payee_account, payee = wanted.loan, wanted.account, wanted.payee_account, wanted.payee
    borrower = int(events.loan_borrower[loan])
    column = 0
    for group in range(GROUPS):
        out[row, column] = max(0, state.loan_sum[loan, group])
        column = write_series(
            state.windows, state.loan_series[loan, group], now, out, row, column + 1, WINDOWS, False, False
        )
    out[row, column] = state.loan_payees[loan]
    out[row, column + 1] = state.loan_idle[loan]
    if account >= 0:
        out[row, column + 2] = state.balance[account]
        out[row, column + 3] = state.labelled[account]
    if payee_account >= 0 and state.account_set[payee_account, BORROWERS] >= 0:
        members = state.account_set[payee_account, BORROWERS]
        roll_set(state.members, members, now)
        out[row, column + 4] = state.members.sets[members, SET_COUNT_AT + MONTH]
    column += 5
    series = pair_series(state.members, PAID_PAIR, borrower, payee)
    column = write_series(state.windows, series, now, out, row, column, WINDOWS, True, True)
    series = pair_series(state.members, RECEIVED_PAIR, borrower, payee)
    column = write_series(state.windows, series, now, out, row, column, WINDOWS, True, False)
    for side in (IN, OUT):
        series = state.account_series[payee_account, side] if payee_account >= 0 else -1
        column = write_series(state.windows, series, now, out, row, column, 3, False, False)
    series = state.account_series[account, OUT] if account >= 0 else -1
    column = write_series(state.windows, series, now, out, row, column, WINDOWS, True, True)
    if account >= 0 and state.account_set[account, PAYEES] >= 0:
        members = state.account_set[account, PAYEES]
        roll_set(state.members, members, now)
        for window in range(WINDOWS):
            out[row, column + window] = state.members.sets[members, SET_COUNT_AT + window]
    column += WINDOWS
    series = state.account_series[account, IN] if account >= 0 else -1
    column = write_series(state.windows, series, now, out, row, column, WINDOWS, False, False)
    for side in (OUT, IN):
        series = state.borrower_series[borrower, side]
        column = write_series(state.windows, series, now, out, row, column, WINDOWS, False, False)


@jit
def run(state: State, events: Events, start: int, stop: int, first_row: int, out: Int64) -> int:
    """Count events [start, stop) and write their rows, which begin at `first_row` of `events.wanted`, into `out`
    [rows from first_row on, columns], zeros before. Gives DONE, or GROW, TOO_LARGE, NOT_IN_ORDER with
    counters[EVENT_AT] at the event that is not counted."""
    counters, balance = state.counters, state.balance
    for event in range(start, stop):
        counters[EVENT_AT] = event
        now = events.at_us[event]
        if now < counters[CLOCK]:
            return NOT_IN_ORDER
        debit, credit = events.debit[event], events.credit[event]
        amount = events.amount_fen[event]
        first_action, last_action = events.action_start[event], events.action_start[event + 1]
        acts = last_action > first_action
        counts = acts or (debit >= 0 and state.touched[debit]) or (credit >= 0 and state.touched[credit])
        if counts:
            need = 8 + (GROUPS + 4) * (last_action - first_action)
            if debit >= 0:
                need += 4 * (events.side_start[debit + 1] - events.side_start[debit])
            if credit >= 0:
                need += 4 * (events.side_start[credit + 1] - events.side_start[credit])
            if not has_room(state, need):
                counters[NEED] = need
                return GROW
        counters[CLOCK] = now
        if debit >= 0:
            balance[debit] -= amount
            if balance[debit] <= -SUM_LIMIT:
                return TOO_LARGE
        if credit >= 0:
            balance[credit] += amount
            if balance[credit] >= SUM_LIMIT:
                return TOO_LARGE
        if counts:
            for i in range(first_action, last_action):
                if events.actions[i].kind == REACH or events.actions[i].kind == TOUCH:
                    state.touched[events.actions[i].pair] = True
            count_transaction(state, events, event)
            if acts:
                act(state, events, event)
            if counters[OVERFLOWN]:
                return TOO_LARGE
        for row in range(events.row_start[event], events.row_start[event + 1]):
            write_row(state, events, now, row, row - first_row, out)
    counters[EVENT_AT] = stop
    return DONE


@jit
def shares(part: Int64, whole: Int64, share: Int64) -> None:
    """share[i] = part[i] * 10^6 // whole[i], at most 2^62 - 1; 0 where `whole` is not above zero."""
    for i in range(len(part)):
        if whole[i] > 0 and part[i] > 0:
            if part[i] // whole[i] >= SUM_LIMIT // 1_000_000:
                share[i] = SUM_LIMIT - 1
            else:
                share[i] = multiply_divide(1_000_000, part[i], whole[i])[0]

"""Compiled: the lots of one account."""

from __future__ import annotations

from loantrail.jit import jit_inner
from loantrail.tracing.kernel_share import share_out
from loantrail.tracing.kernel_state import (
    FIFO,
    FREE_COUNT,
    FREE_HEAD,
    LIFO,
    LOT_TOP,
    OWN_FIRST,
    POISON,
    PRO_RATA,
    UNTRACED_COUNT,
    State,
)
from loantrail.tracing.model import OWN, PRO_RATA_LABELS_MAX, USE_NONE


@jit_inner
def new_lot(state: State, loan: int, use: int, fen: int, hop: int) -> int:
    counters = state.counters
    lot = counters[FREE_HEAD]
    if lot >= 0:
        counters[FREE_HEAD] = state.lots[lot].next_lot
        counters[FREE_COUNT] -= 1
    else:
        lot = counters[LOT_TOP]
        counters[LOT_TOP] += 1
    state.lots[lot].loan = loan
    state.lots[lot].use = use
    state.lots[lot].fen = fen
    state.lots[lot].hop = hop
    state.lots[lot].next_lot = -1
    return lot


@jit_inner
def free_lot(state: State, lot: int) -> None:
    state.lots[lot].next_lot = state.counters[FREE_HEAD]
    state.counters[FREE_HEAD] = lot
    state.counters[FREE_COUNT] += 1


@jit_inner
def unlink(state: State, account: int, before: int, lot: int) -> int:
    """Take `lot` (whose predecessor is `before`, or -1) out of the account's list; returns the next lot."""
    following = state.lots[lot].next_lot
    if before < 0:
        state.head[account] = following
    else:
        state.lots[before].next_lot = following
    if following < 0:
        state.accounts[account].tail = before
    state.accounts[account].lot_count -= 1
    free_lot(state, lot)
    return following


@jit_inner
def drop_lots(state: State, account: int) -> None:
    """No labelled money is left: forget the own lots, the balance says it all."""
    lot = state.head[account]
    while lot >= 0:
        following = state.lots[lot].next_lot
        free_lot(state, lot)
        lot = following
    state.head[account] = -1
    state.accounts[account].tail = -1
    state.accounts[account].lot_count = 0
    state.accounts[account].labelled = 0


@jit_inner
def push_front(state: State, account: int, loan: int, use: int, fen: int, hop: int) -> None:
    front = state.head[account]
    if loan == OWN and front >= 0 and state.lots[front].loan == OWN:
        state.lots[front].fen += fen
        return
    lot = new_lot(state, loan, use, fen, hop)
    state.lots[lot].next_lot = front
    state.head[account] = lot
    if front < 0:
        state.accounts[account].tail = lot
    state.accounts[account].lot_count += 1


@jit_inner
def push_back(state: State, account: int, loan: int, use: int, fen: int, hop: int) -> None:
    back = state.accounts[account].tail
    if loan == OWN and back >= 0 and state.lots[back].loan == OWN:
        state.lots[back].fen += fen
        return
    lot = new_lot(state, loan, use, fen, hop)
    if back < 0:
        state.head[account] = lot
    else:
        state.lots[back].next_lot = lot
    state.accounts[account].tail = lot
    state.accounts[account].lot_count += 1


@jit_inner
def insert_by_loan(state: State, account: int, loan: int, use: int, fen: int, hop: int) -> None:
    """OWN_FIRST, LOAN_FIRST: after every lot of the same or an older loan."""
    back = state.accounts[account].tail
    if back < 0 or state.lots[back].loan <= loan:
        push_back(state, account, loan, use, fen, hop)
        return
    before = -1
    at = state.head[account]
    while state.lots[at].loan <= loan:
        before = at
        at = state.lots[at].next_lot
    lot = new_lot(state, loan, use, fen, hop)
    state.lots[lot].next_lot = at
    if before < 0:
        state.head[account] = lot
    else:
        state.lots[before].next_lot = lot
    state.accounts[account].lot_count += 1


@jit_inner
def merge_bucket(state: State, account: int, loan: int, use: int, fen: int, hop: int) -> bool:
    """PRO_RATA, POISON: into the bucket of the label; a label that was not there joins at the back.
    Returns whether it joined."""
    lot = state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == loan and state.lots[lot].use == use:
            state.lots[lot].fen += fen
            return False
        lot = state.lots[lot].next_lot
    lot = new_lot(state, loan, use, fen, hop)
    back = state.accounts[account].tail
    if back < 0:
        state.head[account] = lot
    else:
        state.lots[back].next_lot = lot
    state.accounts[account].tail = lot
    state.accounts[account].lot_count += 1
    return True


@jit_inner
def add_lot(state: State, convention: int, account: int, loan: int, use: int, fen: int, hop: int) -> None:
    """A slice comes to rest in an account that keeps lots."""
    if convention == POISON:
        if loan != OWN and merge_bucket(state, account, loan, use, 0, -1):
            state.accounts[account].labelled += 1
        return
    if loan != OWN:
        state.accounts[account].labelled += fen
    if convention == FIFO:
        push_back(state, account, loan, use, fen, hop)
    elif convention == LIFO:
        push_front(state, account, loan, use, fen, hop)
    elif convention == PRO_RATA:
        merge_bucket(state, account, loan, use, fen, -1)
    elif loan != OWN:
        insert_by_loan(state, account, loan, use, fen, hop)


@jit_inner
def begin_lots(state: State, convention: int, account: int, balance_before: int) -> None:
    """The first labelled money arrives: what was there is one own lot."""
    if balance_before > 0 and convention <= PRO_RATA:
        push_back(state, account, OWN, USE_NONE, balance_before, -1)


@jit_inner
def drop_small_labels(state: State, account: int, event: int) -> None:
    """PRO_RATA: while an account holds too many labels, the smallest (ties: the last to enter) becomes own
    money and is reported."""
    own = 0
    lot = state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == OWN:
            own = 1
        lot = state.lots[lot].next_lot
    while state.accounts[account].lot_count - own > PRO_RATA_LABELS_MAX:
        before, at = -1, state.head[account]
        small, small_before = -1, -1
        while at >= 0:
            if state.lots[at].loan != OWN and (small < 0 or state.lots[at].fen <= state.lots[small].fen):
                small, small_before = at, before
            before, at = at, state.lots[at].next_lot
        fen = state.lots[small].fen
        row = state.counters[UNTRACED_COUNT]
        state.untraced[row].account = account
        state.untraced[row].event = event
        state.untraced[row].loan = state.lots[small].loan
        state.untraced[row].use = state.lots[small].use
        state.untraced[row].fen = fen
        state.counters[UNTRACED_COUNT] += 1
        unlink(state, account, small_before, small)
        state.accounts[account].labelled -= fen
        merge_bucket(state, account, OWN, USE_NONE, fen, -1)
        own = 1


@jit_inner
def add_slice(state: State, at: int, loan: int, use: int, fen: int, hop: int) -> int:
    state.slices[at].loan = loan
    state.slices[at].use = use
    state.slices[at].fen = fen
    state.slices[at].hop = hop
    return at + 1


@jit_inner
def take_front(state: State, account: int, amount: int, at: int) -> int:
    """FIFO, LIFO: from the front of the list; appends slices from index `at`, returns the end."""
    left = amount
    while left > 0:
        lot = state.head[account]
        fen = state.lots[lot].fen
        taken = fen if fen <= left else left
        loan = state.lots[lot].loan
        at = add_slice(state, at, loan, state.lots[lot].use, taken, state.lots[lot].hop)
        if loan != OWN:
            state.accounts[account].labelled -= taken
        if taken == fen:
            unlink(state, account, -1, lot)
        else:
            state.lots[lot].fen = fen - taken
        left -= taken
    return at


@jit_inner
def take_by_loan(state: State, account: int, amount: int, own_first: bool, at: int) -> int:
    """OWN_FIRST, LOAN_FIRST."""
    own = max(state.balance[account], 0) - state.accounts[account].labelled
    left = amount
    if own_first and own > 0:
        taken = min(own, left)
        at = add_slice(state, at, OWN, USE_NONE, taken, -1)
        left -= taken
    labelled = min(left, state.accounts[account].labelled)
    at = take_front(state, account, labelled, at)
    left -= labelled
    if left > 0:
        at = add_slice(state, at, OWN, USE_NONE, left, -1)
    return at


@jit_inner
def take_in_proportion(state: State, account: int, amount: int, total: int, at: int) -> int:
    """PRO_RATA: `total` is what the buckets hold together."""
    first = at
    lot = state.head[account]
    while lot >= 0:
        at = add_slice(state, at, state.lots[lot].loan, state.lots[lot].use, state.lots[lot].fen, -1)
        lot = state.lots[lot].next_lot
    share_out(state, first, at, total, amount)
    before, lot, i, kept = -1, state.head[account], first, first
    while lot >= 0:
        share = state.slices[i].part
        loan, use = state.slices[i].loan, state.slices[i].use
        if share > 0:
            kept = add_slice(state, kept, loan, use, share, -1)
            if loan != OWN:
                state.accounts[account].labelled -= share
        if share == state.lots[lot].fen:
            lot = unlink(state, account, before, lot)
        else:
            state.lots[lot].fen -= share
            before, lot = lot, state.lots[lot].next_lot
        i += 1
    return kept


@jit_inner
def take_matching(
    state: State, convention: int, account: int, loan: int, hop: int, amount: int, at: int
) -> int:
    """Front to back, from lots of `loan` that a disbursement brought (hop < 0), or of exactly hop `hop`.
    PRO_RATA: from the bucket (loan, no use). Appends slices."""
    left = amount
    before, lot = -1, state.head[account]
    while lot >= 0 and left > 0:
        if hop >= 0:
            match = state.lots[lot].hop == hop and state.lots[lot].loan == loan
        elif convention == PRO_RATA:
            match = state.lots[lot].loan == loan and state.lots[lot].use == USE_NONE
        else:
            match = (
                state.lots[lot].loan == loan
                and state.lots[lot].hop >= 0
                and state.hops[state.lots[lot].hop].depth == 0
            )
        if not match:
            before, lot = lot, state.lots[lot].next_lot
            continue
        fen = state.lots[lot].fen
        taken = min(fen, left)
        at = add_slice(state, at, loan, state.lots[lot].use, taken, state.lots[lot].hop)
        state.accounts[account].labelled -= taken
        left -= taken
        if taken == fen:
            lot = unlink(state, account, before, lot)
        else:
            state.lots[lot].fen = fen - taken
            before, lot = lot, state.lots[lot].next_lot
    return at


@jit_inner
def has_label_of(state: State, account: int, loan: int) -> bool:
    lot = state.head[account]
    while lot >= 0:
        if state.lots[lot].loan == loan:
            return True
        lot = state.lots[lot].next_lot
    return False


@jit_inner
def take_poison(state: State, account: int, tied_loan: int, tied: int, covered: int, at: int) -> int:
    """POISON: every label for the whole amount; the tied part for its loan's labels alone."""
    if tied > 0:
        lot = state.head[account]
        while lot >= 0:
            if state.lots[lot].loan == tied_loan:
                at = add_slice(state, at, tied_loan, state.lots[lot].use, tied, -1)
            lot = state.lots[lot].next_lot
    if covered > tied:
        lot = state.head[account]
        while lot >= 0:
            at = add_slice(state, at, state.lots[lot].loan, state.lots[lot].use, covered - tied, -1)
            lot = state.lots[lot].next_lot
    return at


@jit_inner
def take(
    state: State, convention: int, account: int, amount: int, tied_loan: int, tied_fen: int, at: int
) -> int:
    """Take `amount` out of an account that keeps lots, by the rules of tracing.md, and lower its balance.
    Appends the slices, the untraceable part last; returns the end."""
    available = max(state.balance[account], 0)
    covered = min(amount, available)
    if convention == POISON:
        tied = min(tied_fen, covered) if has_label_of(state, account, tied_loan) else 0
        at = take_poison(state, account, tied_loan, tied, covered, at)
        state.balance[account] -= amount
        if state.balance[account] <= 0:
            drop_lots(state, account)
        return at
    first = at
    tied = 0
    if tied_loan >= 0 and tied_fen > 0:
        at = take_matching(state, convention, account, tied_loan, -1, min(tied_fen, covered), at)
        for i in range(first, at):
            tied += state.slices[i].fen
        state.balance[account] -= tied
    left = covered - tied
    if left > 0:
        if convention <= LIFO:
            at = take_front(state, account, left, at)
        elif convention == PRO_RATA:
            at = take_in_proportion(state, account, left, available - tied, at)
        else:
            at = take_by_loan(state, account, left, convention == OWN_FIRST, at)
    state.balance[account] -= amount - tied
    if state.accounts[account].labelled == 0:
        drop_lots(state, account)
    if amount > covered:
        at = add_slice(state, at, OWN, USE_NONE, amount - covered, -1)
    return at

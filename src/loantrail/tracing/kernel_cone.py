"""The network of everything that labelled money may have done: arcs of a max-flow problem, built in one pass.

An account is a chain of nodes. Money comes in while a node is *filling* and goes out while it is *paying*; the
first credit after a payment starts the next node, joined by an arc that holds at most the balance in between. In
between, capacities of payments and balances follow from each other, so that fewer nodes than events are exact.

Two layers: money whose use is still empty (layer 0) and money that a final arrival has given a use (layer 1). The
layers share the accounts, not the capacities: a relaxation that widens bounds by use and leaves bounds by
destination (layer 0 alone) exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit, jit_inner
from loantrail.tracing.model import (
    IN_TRANSIT,
    OUTSIDE,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OVERDRAFT,
    USE_OWN_INSTALMENT,
    USE_RELENT,
    USE_REPAYMENT,
    Bool,
    Int8,
    Int32,
    Int64,
)

Int64Table = NDArray[np.int64]
Int32Table = NDArray[np.int32]

SOURCE: Final = 0
SINK_DESTINATION: Final = 300
"""In the use column of a sink: the money arrived at a destination."""
SINK_ANYWHERE: Final = 301
"""In the use column of a sink: not followed further, so it may end anywhere."""

MODE_CONTRACT: Final = 1
"""The reversal gives back part of its original as if that had never left the payer."""
MODE_EITHER: Final = 2
"""The payee keeps no lots: the money may have ended there or come back."""

_ARCS: Final = 0
_NODES: Final = 1
_SINKS: Final = 2
_ROOM_PER_EVENT: Final = 32


@jit_inner
def _grown(table: Int64Table, used: int, more: int) -> Int64Table:
    if used + more <= len(table):
        return table
    larger = np.empty((2 * len(table) + more, table.shape[1]), np.int64)
    larger[:used] = table[:used]
    return larger


@jit_inner
def _new_node(counts: Int64) -> int:
    counts[_NODES] += 1
    return counts[_NODES] - 1


@jit_inner
def _arc(arcs: Int64Table, counts: Int64, tail: int, head: int, fen: int) -> None:
    row = counts[_ARCS]
    arcs[row, 0] = tail
    arcs[row, 1] = head
    arcs[row, 2] = fen
    counts[_ARCS] = row + 1


@jit_inner
def _sink(sinks: Int64Table, counts: Int64, tail: int, fen: int, use: int, account: int) -> None:
    row = counts[_SINKS]
    sinks[row, 0] = tail
    sinks[row, 1] = fen
    sinks[row, 2] = use
    sinks[row, 3] = account
    counts[_SINKS] = row + 1


@jit_inner
def _put(
    arcs: Int64Table, counts: Int64, node: Int32Table, layer: int, holder: int, tail: int, fen: int
) -> None:
    """Money joins the account's node of the layer, which is filling."""
    if fen <= 0:
        return
    if node[layer, holder] < 0:
        node[layer, holder] = _new_node(counts)
    _arc(arcs, counts, tail, node[layer, holder], fen)


@jit
def plan_reversals(
    debit: Int32,
    credit: Int32,
    amount: Int64,
    opening: Int64,
    lotless: Bool,
    destination: Bool,
    unlimited: Bool,
    earlier: Int32,
    later: Int32,
) -> tuple[Int64, Int8]:
    """How each reversal pair (`earlier`, `later` events, sorted by `later`) enters the network.

    Returns the fen that it takes back and its mode, 0 for a pair that stays an ordinary transfer. A pair contracts
    when the payee had no other event in between (reversals of the same original apart), was not overdrawn and the
    reversal is within what is left of the original.
    """
    pairs = len(later)
    fen = np.zeros(pairs, np.int64)
    mode = np.zeros(pairs, np.uint8)
    accounts = len(opening)
    touches = np.zeros(accounts, np.int64)
    balance = opening.copy()
    by_earlier = np.argsort(earlier)
    touches_then = np.zeros(pairs, np.int64)
    balance_then = np.zeros(pairs, np.int64)
    next_earlier = 0
    next_later = 0
    taken_back = np.zeros(pairs, np.int64)  # by the first pair (in `by_earlier`) of the original
    contracted = np.zeros(pairs, np.int64)
    first_of = np.zeros(pairs, np.int64)
    for place in range(pairs):
        pair = by_earlier[place]
        same = place > 0 and earlier[pair] == earlier[by_earlier[place - 1]]
        first_of[pair] = first_of[by_earlier[place - 1]] if same else pair
    for event in range(len(debit)):
        payer, payee, moved = int(debit[event]), int(credit[event]), int(amount[event])
        if next_later < pairs and later[next_later] == event:
            pair = next_later
            next_later += 1
            first = first_of[pair]
            fen[pair] = min(moved, amount[earlier[pair]] - taken_back[first])
            taken_back[first] += fen[pair]
            if payer < 0 or lotless[payer]:
                mode[pair] = MODE_EITHER if fen[pair] > 0 else 0
            if payer >= 0 and fen[pair] == moved:
                quiet = touches[payer] - touches_then[pair] == contracted[first]
                covered = unlimited[payer] or balance_then[pair] >= 0
                if quiet and (destination[payer] or (covered and not lotless[payer])):
                    mode[pair] = MODE_CONTRACT
                    contracted[first] += 1
        if payer >= 0:
            touches[payer] += 1
        while next_earlier < pairs and earlier[by_earlier[next_earlier]] == event:
            pair = by_earlier[next_earlier]
            next_earlier += 1
            if payee >= 0:
                touches_then[pair] = touches[payee] + 1
                balance_then[pair] = balance[payee]
        if payee >= 0:
            touches[payee] += 1
            balance[payee] += moved
        if payer >= 0:
            balance[payer] -= moved
    return fen, mode


@jit
def build_cone(
    debit: Int32,
    credit: Int32,
    amount: Int64,
    arrival_use: Int8,
    special: Int32,
    disburses: Int32,
    opens_slot: Bool,
    carries: Int32,
    repays: Int32,
    opening: Int64,
    terminal: Bool,
    destination: Bool,
    unlimited: Bool,
    side: Bool,
    in_set: Bool,
    follow_uses: bool,
    total: int,
    pair_earlier: Int32,
    pair_later: Int32,
    pair_fen: Int64,
    pair_mode: Int8,
    arcs_max: int,
) -> tuple[Int64Table, Int64Table, int, Bool, bool]:
    """Arcs of what the money of the loans in `in_set` may have done.

    Accounts are `[m]` masks, loans `[k]`; pairs are sorted by `pair_later`, `total` is
    the fen that the loans paid out, and stands for "without limit".
    Returns arcs (rows tail, head, fen), sinks (rows tail, fen, use, account), the number of nodes, the accounts
    that the money may have lain in, and whether following stopped at `arcs_max`.
    """
    accounts = len(opening)
    holders = accounts + len(disburses)
    counts = np.zeros(3, np.int64)
    counts[_NODES] = 1
    arcs = np.empty((1024, 3), np.int64)
    sinks = np.empty((1024, 4), np.int64)
    node = np.full((2, holders), -1, np.int32)
    paying = np.zeros(holders, np.bool_)
    balance = np.zeros(holders, np.int64)
    balance[:accounts] = opening
    slot_at = np.full(holders, IN_TRANSIT, np.int32)
    touched = np.zeros(accounts, np.bool_)
    pairs = len(pair_later)
    bypass = np.full((2, pairs), -1, np.int32)
    by_earlier = np.argsort(pair_earlier)
    next_earlier = 0
    next_later = 0
    stopped_at = len(debit)
    tails = np.full(2, -1, np.int64)
    for event in range(len(debit)):
        if counts[_ARCS] > arcs_max:
            stopped_at = event
            break
        arcs = _grown(arcs, counts[_ARCS], _ROOM_PER_EVENT)
        sinks = _grown(sinks, counts[_SINKS], _ROOM_PER_EVENT)
        payer, payee = int(debit[event]), int(credit[event])
        moved, row = int(amount[event]), int(special[event])
        carried = carries[row] if row >= 0 else -1
        loan = disburses[row] if row >= 0 else -1

        # What labelled money the payer can give
        holder = -1
        if carried >= 0:
            holder = accounts + carried
        elif payer >= 0 and not terminal[payer] and not destination[payer]:
            holder = payer
        free = 0 <= holder < accounts and unlimited[holder]
        tails[:] = -1
        covered = min(moved, total)
        if holder >= 0:
            if not free:
                covered = min(covered, max(balance[holder], 0))
            if covered > 0:
                tails[:] = node[:, holder]
        gives_back = next_later < pairs and pair_later[next_later] == event
        around = gives_back and pair_mode[next_later] != 0
        if around:
            tails[:] = bypass[:, next_later]
            covered = min(pair_fen[next_later], total)
        if gives_back:
            next_later += 1
        if payer >= 0:
            balance[payer] -= moved
        if carried >= 0:
            balance[holder] = max(balance[holder] - moved, 0)
        if holder >= 0:
            paying[holder] = True
            if not free and balance[holder] <= 0:
                node[:, holder] = -1

        if loan >= 0:  # what the payer gives is lent again; the credit is the new loan's
            if tails[0] >= 0:
                _sink(sinks, counts, tails[0], covered, USE_RELENT, payer)
            tails[:] = -1
            if in_set[loan]:
                tails[0] = SOURCE
                covered = min(moved, total)

        if next_earlier < pairs and pair_earlier[by_earlier[next_earlier]] == event:
            first = next_earlier
            net = moved
            active = 0
            while next_earlier < pairs and pair_earlier[by_earlier[next_earlier]] == event:
                if pair_mode[by_earlier[next_earlier]] == MODE_CONTRACT:
                    net -= pair_fen[by_earlier[next_earlier]]
                active += 1 if pair_mode[by_earlier[next_earlier]] != 0 else 0
                next_earlier += 1
            arcs = _grown(arcs, counts[_ARCS], 2 * (next_earlier - first) + _ROOM_PER_EVENT)
            for layer in range(2):
                if tails[layer] < 0 or active == 0:
                    continue
                middle = _new_node(counts)
                _arc(arcs, counts, tails[layer], middle, covered)
                for place in range(first, next_earlier):
                    pair = by_earlier[place]
                    if pair_mode[pair] == 0:
                        continue
                    bypass[layer, pair] = _new_node(counts)
                    _arc(arcs, counts, middle, bypass[layer, pair], min(pair_fen[pair], covered))
                tails[layer] = middle
            covered = min(covered, net)
            if covered <= 0:
                tails[:] = -1
        labelled = tails[0] >= 0 or tails[1] >= 0

        # Arrival
        opens = row >= 0 and opens_slot[row]
        if payee == IN_TRANSIT:
            if opens:
                balance[accounts + row] = moved
                for layer in range(2):
                    if tails[layer] >= 0:
                        _put(arcs, counts, node, layer, accounts + row, tails[layer], covered)
            continue
        if payee >= 0 and destination[payee]:
            balance[payee] += moved
            for layer in range(2):
                if tails[layer] >= 0:
                    _sink(sinks, counts, tails[layer], covered, SINK_DESTINATION, payee)
            continue
        use = int(arrival_use[event]) if follow_uses else USE_NONE
        if use == USE_REPAYMENT:
            own = row >= 0 and repays[row] >= 0 and in_set[repays[row]]
            use = USE_OWN_INSTALMENT if own else USE_OTHER_DEBT
        cleared = payee >= 0 and side[payee]
        if cleared:
            use = USE_NONE
        if payee == OUTSIDE or (terminal[payee] and not opens):
            if payee == OUTSIDE and use == USE_NONE:
                use = USE_OUTSIDE
            if payee >= 0:
                balance[payee] += moved
            if tails[0] >= 0:
                _sink(sinks, counts, tails[0], covered, use, payee)
                if gives_back and use != USE_NONE and payee >= 0:
                    _sink(sinks, counts, tails[0], covered, USE_NONE, payee)
            if tails[1] >= 0 and (cleared or (gives_back and not around)):
                _sink(sinks, counts, tails[1], covered, USE_NONE if payee >= 0 else USE_OUTSIDE, payee)
            continue
        owed = 0
        target = payee
        if terminal[payee]:
            target = accounts + row
            slot_at[target] = payee
            balance[target] = moved
        else:
            if not unlimited[payee]:
                owed = min(moved, max(-balance[payee], 0))
            if paying[payee] and (labelled or not unlimited[payee]):
                for layer in range(2):
                    if node[layer, payee] >= 0:
                        kept = total if unlimited[payee] else min(balance[payee], total)
                        held = int(node[layer, payee])
                        node[layer, payee] = -1
                        _put(arcs, counts, node, layer, payee, held, kept)
                paying[payee] = False
            touched[payee] |= labelled
        balance[payee] += moved
        space = min(covered, moved - owed)
        for layer in range(2):
            tail = int(tails[layer])
            if tail < 0:
                continue
            if layer == 0 and use != USE_NONE:
                middle = _new_node(counts)
                _arc(arcs, counts, tail, middle, covered)
                _sink(sinks, counts, middle, covered, use, payee)
                tail = middle
            if layer == 0 and use != USE_NONE and not gives_back:
                _put(arcs, counts, node, 1, target, tail, space)
            elif layer == 0 or cleared or (gives_back and not around):
                # Money given back has the use again that it left with, so that it may be empty once more
                if owed > 0:
                    middle = _new_node(counts)
                    _arc(arcs, counts, tail, middle, covered)
                    _sink(sinks, counts, middle, min(owed, covered), USE_OVERDRAFT, payee)
                    tail = middle
                _put(arcs, counts, node, 0, target, tail, space)
            else:
                _put(arcs, counts, node, 1, target, tail, space)

    stopped = stopped_at < len(debit)
    for holder in range(holders):
        sinks = _grown(sinks, counts[_SINKS], 2)
        where = holder if holder < accounts else slot_at[holder]
        limited = holder >= accounts or not unlimited[holder]
        kept = min(max(balance[holder], 0), total) if limited else total
        for layer in range(2):
            if node[layer, holder] >= 0 and (layer == 0 or stopped):
                _sink(
                    sinks,
                    counts,
                    node[layer, holder],
                    kept,
                    SINK_ANYWHERE if stopped else USE_NONE,
                    where,
                )
    if stopped:
        for pair in range(next_later, pairs):
            sinks = _grown(sinks, counts[_SINKS], 2)
            for layer in range(2):
                if bypass[layer, pair] >= 0:
                    _sink(sinks, counts, bypass[layer, pair], total, SINK_ANYWHERE, OUTSIDE)
        for event in range(stopped_at, len(debit)):
            row = special[event]
            if row >= 0 and disburses[row] >= 0 and in_set[disburses[row]]:
                sinks = _grown(sinks, counts[_SINKS], 1)
                _sink(sinks, counts, SOURCE, amount[event], SINK_ANYWHERE, OUTSIDE)
    return arcs[: counts[_ARCS]], sinks[: counts[_SINKS]], counts[_NODES], touched, stopped

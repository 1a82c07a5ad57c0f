"""The network of everything that labelled money may have done: arcs of a max-flow problem, built in one pass.

An account is a chain of nodes. Money comes in while a node is *filling* and goes out while it is *paying*; the
first credit after a payment starts the next node, joined by an arc that holds at most the balance in between. In
between, capacities of payments and balances follow from each other, so that fewer nodes than events are exact.

Layer 0 is money whose use is still empty; every use has a layer more. The layers share the accounts, not the
capacities: a relaxation that can widen bounds by use and leaves bounds by destination (layer 0 alone) exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.jit import jit, jit_inner
from loantrail.tracing.kernel_reach import MODE_CONTRACT
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
SINK_ELSEWHERE: Final = 302
"""In the use column of a sink: no destination can be reached from here."""

_ARCS: Final = 0
_NODES: Final = 1
_SINKS: Final = 2


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
    if node[holder, layer] < 0:
        node[holder, layer] = _new_node(counts)
    _arc(arcs, counts, tail, node[holder, layer], fen)


@jit_inner
def _resolved(use: int, row: int, repays: Int32, in_set: Bool) -> int:
    if use != USE_REPAYMENT:
        return use
    own = row >= 0 and repays[row] >= 0 and in_set[repays[row]]
    return USE_OWN_INSTALMENT if own else USE_OTHER_DEBT


@jit_inner
def _layers_after(
    after: Bool, layer: int, use_layer: int, cleared: bool, original_layer: int, original_cleared: bool
) -> None:
    """Mark the layers in which money given back may arrive: by the arrival rule, or with the use that it had
    before its original moved it."""
    after[:] = False
    after[0 if cleared else layer if layer > 0 else use_layer] = True
    after[layer] = True
    if original_cleared and layer == 0:
        after[:] = True
    if original_layer > 0 and layer == original_layer:
        after[0] = True


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
    worth: Bool,
    layer_of_use: Int32,
    layer_use: Int32,
    by_use: bool,
    total: int,
    pair_earlier: Int32,
    pair_later: Int32,
    pair_fen: Int64,
    pair_mode: Int8,
    arcs_max: int,
) -> tuple[Int64Table, Int64Table, int, Bool, bool]:
    """Arcs of what the money of the loans in `in_set` may have done.

    Accounts are `[m]` masks, loans `[k]`; pairs are sorted by `pair_later`. `worth` `[n]` comes from
    `worth_following`. `layer_of_use` maps the codes of uses to layers, `layer_use` back; they count
    where `by_use`, else there is layer 0 alone. `total` is the fen that the loans paid out, and stands for "without limit".
    Returns arcs (rows tail, head, fen), sinks (rows tail, fen, use, account), the number of nodes, the accounts
    that the money may have lain in, and whether following stopped at `arcs_max`.
    """
    accounts = len(opening)
    holders = accounts + len(disburses)
    layers = len(layer_use)
    counts = np.zeros(3, np.int64)
    counts[_NODES] = 1
    arcs = np.empty((1024, 3), np.int64)
    sinks = np.empty((1024, 4), np.int64)
    node = np.full((holders, layers), -1, np.int32)
    held_layers = np.zeros(
        holders, np.int32
    )  # how many nodes of an account there may be, to skip most quickly
    paying = np.zeros(holders, np.bool_)
    balance = np.zeros(holders, np.int64)
    balance[:accounts] = opening
    slot_event = np.full(holders, -1, np.int64)
    touched = np.zeros(accounts, np.bool_)
    pairs = len(pair_later)
    bypass = np.full((layers, pairs), -1, np.int32)
    by_earlier = np.argsort(pair_earlier)
    next_earlier = 0
    next_later = 0
    stopped_at = len(debit)
    tails = np.full(layers, -1, np.int64)
    after = np.zeros(layers, np.bool_)
    for event in range(len(debit)):
        if counts[_ARCS] > arcs_max:
            stopped_at = event
            break
        payer, payee = int(debit[event]), int(credit[event])
        moved, row = int(amount[event]), int(special[event])
        carried = int(carries[row]) if row >= 0 else -1
        loan = int(disburses[row]) if row >= 0 else -1

        # What labelled money the payer can give
        holder = -1
        if carried >= 0:
            holder = accounts + carried
        elif payer >= 0 and not terminal[payer] and not destination[payer]:
            holder = payer
        free = 0 <= holder < accounts and unlimited[holder]
        covered = min(moved, total)
        labelled = False
        if holder >= 0 and held_layers[holder] > 0:
            if not free:
                covered = min(covered, max(balance[holder], 0))
            tails[:] = node[holder]
            labelled = covered > 0
            paying[holder] = True
        gives_back = next_later < pairs and pair_later[next_later] == event
        around = gives_back and pair_mode[next_later] != 0
        original = int(pair_earlier[next_later]) if gives_back else -1
        if around:
            tails[:] = bypass[:, next_later]
            covered = min(pair_fen[next_later], total)
            labelled = True
        if gives_back:
            next_later += 1
        if payer >= 0:
            balance[payer] -= moved
        if carried >= 0:
            balance[holder] = max(balance[holder] - moved, 0)
        if holder >= 0 and held_layers[holder] > 0 and not free and balance[holder] <= 0:
            node[holder] = -1
            held_layers[holder] = 0
        if not labelled and loan < 0:
            # Only other money: it matters where labelled money lies and has paid since it came
            if payee >= 0:
                if held_layers[payee] > 0 and paying[payee] and not unlimited[payee]:
                    arcs = _grown(arcs, counts[_ARCS], layers)
                    for layer in range(layers):
                        if node[payee, layer] >= 0:
                            held = int(node[payee, layer])
                            node[payee, layer] = -1
                            _put(arcs, counts, node, layer, payee, held, min(balance[payee], total))
                    paying[payee] = False
                balance[payee] += moved
            if row >= 0 and opens_slot[row]:
                balance[accounts + row] = moved
            while next_earlier < pairs and pair_earlier[by_earlier[next_earlier]] == event:
                next_earlier += 1
            continue
        arcs = _grown(arcs, counts[_ARCS], layers * (2 * layers + 6))
        sinks = _grown(sinks, counts[_SINKS], layers * (2 * layers + 2))

        if loan >= 0:  # what the payer gives is lent again; the credit is the new loan's
            if labelled:
                for layer in range(layers):
                    if tails[layer] >= 0:
                        use = layer_use[layer] if layer > 0 else USE_RELENT
                        _sink(sinks, counts, tails[layer], covered, use, payer)
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
            arcs = _grown(arcs, counts[_ARCS], layers * (active + 2 * layers + 7))
            for layer in range(layers):
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

        # Arrival
        opens = row >= 0 and opens_slot[row]
        target = payee
        into_slot = opens and (
            payee == IN_TRANSIT or (payee >= 0 and terminal[payee] and not destination[payee])
        )
        arrives = payee >= 0 and destination[payee]
        ends = payee == OUTSIDE or arrives or (payee >= 0 and terminal[payee] and not into_slot)
        cleared = payee >= 0 and side[payee]
        use_layer = 0
        if by_use and not cleared:
            use_layer = int(layer_of_use[_resolved(int(arrival_use[event]), row, repays, in_set)])
        owed = 0
        if into_slot:
            target = accounts + row
            slot_event[target] = event
            balance[target] = moved
        elif payee >= 0 and not ends:
            if not unlimited[payee]:
                owed = min(moved, max(-balance[payee], 0))
            if held_layers[payee] > 0 and paying[payee]:
                for layer in range(layers):
                    if node[payee, layer] >= 0:
                        kept = total if unlimited[payee] else min(balance[payee], total)
                        held = int(node[payee, layer])
                        node[payee, layer] = -1
                        _put(arcs, counts, node, layer, payee, held, kept)
            paying[payee] = False
        if payee >= 0:
            balance[payee] += moved
        original_layer = 0
        original_cleared = False
        if gives_back and not around and by_use:
            original_payee = int(credit[original])
            original_cleared = original_payee >= 0 and side[original_payee]
            if not original_cleared:
                code = _resolved(int(arrival_use[original]), int(special[original]), repays, in_set)
                original_layer = int(layer_of_use[code])
        space = min(covered, moved - owed)
        for layer in range(layers):
            if tails[layer] < 0:
                continue
            tail = int(tails[layer])
            if into_slot or around:
                after[:] = False
                after[layer] = True  # waits as it left, or comes back as it left
            elif gives_back:
                _layers_after(after, layer, use_layer, cleared, original_layer, original_cleared)
                middle = _new_node(counts)
                _arc(arcs, counts, tail, middle, covered)
                tail = middle
            else:
                after[:] = False
                after[0 if cleared else layer if layer > 0 else use_layer] = True
            for then in range(layers):
                if not after[then]:
                    continue
                if arrives:
                    _sink(sinks, counts, tail, covered, SINK_DESTINATION, payee)
                elif ends:
                    use = layer_use[then]
                    if then == 0 and payee == OUTSIDE:
                        use = USE_OUTSIDE
                    _sink(sinks, counts, tail, covered, use, payee)
                elif not worth[event] and (not by_use or (then > 0 and not into_slot)):
                    _sink(sinks, counts, tail, covered, layer_use[then] if by_use else SINK_ELSEWHERE, payee)
                else:
                    from_node = tail
                    if owed > 0:
                        from_node = _new_node(counts)
                        _arc(arcs, counts, tail, from_node, covered)
                        use = layer_use[then] if then > 0 else USE_OVERDRAFT
                        _sink(sinks, counts, from_node, min(owed, covered), use, payee)
                    if node[target, then] < 0:
                        held_layers[target] += 1
                    _put(arcs, counts, node, then, target, from_node, space)
                    if node[target, then] < 0:
                        held_layers[target] -= 1
                    if target < accounts:
                        touched[target] = True

    stopped = stopped_at < len(debit)
    for holder in range(holders):
        if held_layers[holder] == 0:
            continue
        sinks = _grown(sinks, counts[_SINKS], layers)
        where = holder
        limited = holder >= accounts or not unlimited[holder]
        kept = min(max(balance[holder], 0), total) if limited else total
        for layer in range(layers):
            if node[holder, layer] < 0:
                continue
            use = int(layer_use[layer])
            if holder >= accounts:
                opener = slot_event[holder]
                where = int(credit[opener])
                if where >= 0 and side[where]:
                    use = USE_NONE
                elif where >= 0 and layer == 0 and by_use:
                    code = _resolved(int(arrival_use[opener]), int(special[opener]), repays, in_set)
                    use = int(layer_use[layer_of_use[code]])
            _sink(sinks, counts, node[holder, layer], kept, SINK_ANYWHERE if stopped else use, where)
    if stopped:
        for pair in range(next_later, pairs):
            sinks = _grown(sinks, counts[_SINKS], layers)
            for layer in range(layers):
                if bypass[layer, pair] >= 0:
                    _sink(sinks, counts, bypass[layer, pair], total, SINK_ANYWHERE, OUTSIDE)
        for event in range(stopped_at, len(debit)):
            row = int(special[event])
            if row >= 0 and disburses[row] >= 0 and in_set[disburses[row]]:
                sinks = _grown(sinks, counts[_SINKS], 1)
                _sink(sinks, counts, SOURCE, amount[event], SINK_ANYWHERE, OUTSIDE)
    return arcs[: counts[_ARCS]], sinks[: counts[_SINKS]], counts[_NODES], touched, stopped

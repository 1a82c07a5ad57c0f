"""From the hops of one loan to what a statement line rests on. Pure.

Money rests at a hop when nothing moved it on: the hop's amount less what its children carry, all of it when the hop
ended. Walking up from there, the *arrival* of a use is the first hop after which the use never changed; money held
without a use arrived with the hop that it rests at. So every fen of a line has one arrival and one path to it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """One row of the trace, in fen. `parent_hop_id` is None for a disbursement and where the convention keeps no
    parents; `use` is the use after arrival, empty while there is none."""

    hop_id: str
    parent_hop_id: str | None
    transfer_id: str
    booked_at: datetime.datetime
    from_account: str | None
    to_account: str | None
    amount_fen: int
    depth: int
    use: str
    ended: bool


@dataclass(frozen=True, slots=True)
class TracedPath:
    """`hops` from the disbursement to the arrival; `moved_fen[i]` is what `hops[i]` moved of the loan's money."""

    hops: tuple[Hop, ...]
    moved_fen: tuple[int, ...]
    counted_fen: int


@dataclass(frozen=True, slots=True)
class LineArrival:
    """The transaction of `hop` brought `counted_fen` of the line, over `paths`, largest first."""

    hop: Hop
    counted_fen: int
    paths: tuple[TracedPath, ...]


def line_arrivals(hops: Sequence[Hop], use: str, held_use: Mapping[str, str]) -> list[LineArrival]:
    """The arrivals that the line `use` rests on, largest first, ties in the order they were booked.

    `held_use` names, for each account that holds money of the loan without a use, the line it belongs to.
    """
    by_id = {hop.hop_id: hop for hop in hops}
    moved_on: defaultdict[str, int] = defaultdict(int)
    for hop in hops:
        if hop.parent_hop_id is not None:
            moved_on[hop.parent_hop_id] += hop.amount_fen
    counted: defaultdict[str, int] = defaultdict(int)
    for hop in hops:
        resting_fen = hop.amount_fen - moved_on[hop.hop_id]
        if resting_fen > 0 and _line_of(hop, held_use) == use:
            counted[_arrival_of(hop, by_id).hop_id] += resting_fen
    by_transfer: defaultdict[str, list[tuple[tuple[Hop, ...], int]]] = defaultdict(list)
    for hop_id, amount_fen in counted.items():
        arrival = by_id[hop_id]
        by_transfer[arrival.transfer_id].append((_chain(arrival, by_id), amount_fen))
    arrivals = [_arrival(chains) for chains in by_transfer.values()]
    arrivals.sort(key=lambda arrival: (-arrival.counted_fen, arrival.hop.booked_at, arrival.hop.transfer_id))
    return arrivals


def _line_of(hop: Hop, held_use: Mapping[str, str]) -> str:
    if hop.use:
        return hop.use
    if hop.ended:  # without a use only outside, or in an account where the trace ends
        return "pooled" if hop.to_account else "outside"
    return held_use.get(hop.to_account or "", "")


def _arrival_of(hop: Hop, by_id: Mapping[str, Hop]) -> Hop:
    if not hop.use:
        return hop
    arrival = hop
    while arrival.parent_hop_id is not None:
        parent = by_id.get(arrival.parent_hop_id)
        if parent is None or parent.use != hop.use:
            break
        arrival = parent
    return arrival


def _chain(hop: Hop, by_id: Mapping[str, Hop]) -> tuple[Hop, ...]:
    chain = [hop]
    while (parent_id := chain[-1].parent_hop_id) is not None and parent_id in by_id:
        chain.append(by_id[parent_id])
    chain.reverse()
    return tuple(chain)


def _arrival(chains: Sequence[tuple[tuple[Hop, ...], int]]) -> LineArrival:
    # Slices of one transaction that came over the same transactions are one path to a reader.
    merged: dict[tuple[str, ...], list[tuple[tuple[Hop, ...], int]]] = {}
    for chain, amount_fen in chains:
        merged.setdefault(tuple(hop.transfer_id for hop in chain), []).append((chain, amount_fen))
    paths = [_path(same) for same in merged.values()]
    paths.sort(key=lambda path: (-path.counted_fen, tuple(hop.transfer_id for hop in path.hops)))
    return LineArrival(chains[0][0][-1], sum(amount_fen for _, amount_fen in chains), tuple(paths))


def _path(same: Sequence[tuple[tuple[Hop, ...], int]]) -> TracedPath:
    first = same[0][0]
    moved_fen = tuple(
        # Slices that split later share their first hops: each hop counts once.
        sum({chain[position].hop_id: chain[position].amount_fen for chain, _ in same}.values())
        for position in range(len(first))
    )
    return TracedPath(first, moved_fen, sum(amount_fen for _, amount_fen in same))

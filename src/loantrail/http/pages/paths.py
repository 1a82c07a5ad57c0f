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
from typing import NamedTuple


class Hop(NamedTuple):
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


class LineArrival(NamedTuple):
    """The transaction of `hop` brought `counted_fen` of the line, in the slices named by their arriving hops."""

    hop: Hop
    counted_fen: int
    slices: tuple[tuple[Hop, int], ...]


class LoanTrail:
    """The hops of one loan, and how they hang together."""

    def __init__(self, hops: Sequence[Hop]) -> None:
        self._hops = hops
        self._by_id = {hop.hop_id: hop for hop in hops}
        self._moved: dict[str, int] | None = None
        self._found: dict[tuple[str, frozenset[tuple[str, str]]], list[LineArrival]] = {}

    def __len__(self) -> int:
        return len(self._hops)

    def arrivals(self, use: str, held_use: Mapping[str, str]) -> list[LineArrival]:
        """The arrivals that the line `use` rests on, largest first, ties in the order they were booked.

        `held_use` names, for each account that holds money of the loan without a use, the line it belongs to.
        """
        kept = (use, frozenset(held_use.items()))
        found = self._found.get(kept)
        if found is None:
            found = self._found[kept] = self._arrivals(use, held_use)
        return found

    def _arrivals(self, use: str, held_use: Mapping[str, str]) -> list[LineArrival]:
        moved_on = self._moved_on()
        counted: dict[str, int] = {}
        for hop in self._hops:
            resting_fen = hop.amount_fen - moved_on.get(hop.hop_id, 0)
            if resting_fen > 0 and (hop.use or _line_of(hop, held_use)) == use:
                hop_id = self._arrival_of(hop).hop_id
                counted[hop_id] = counted.get(hop_id, 0) + resting_fen
        by_transfer: dict[str, list[tuple[Hop, int]]] = {}
        for hop_id, amount_fen in counted.items():
            arrival = self._by_id[hop_id]
            by_transfer.setdefault(arrival.transfer_id, []).append((arrival, amount_fen))
        arrivals = [
            LineArrival(slices[0][0], sum([amount_fen for _, amount_fen in slices]), tuple(slices))
            for slices in by_transfer.values()
        ]
        arrivals.sort(
            key=lambda arrival: (-arrival.counted_fen, arrival.hop.booked_at, arrival.hop.transfer_id)
        )
        return arrivals

    def _moved_on(self) -> dict[str, int]:
        """Hop -> what its children carry, counted once for all lines."""
        if self._moved is None:
            moved_on: defaultdict[str, int] = defaultdict(int)
            for hop in self._hops:
                if hop.parent_hop_id is not None:
                    moved_on[hop.parent_hop_id] += hop.amount_fen
            self._moved = dict(moved_on)
        return self._moved

    def paths(self, arrival: LineArrival) -> list[TracedPath]:
        """The ways from the disbursement to the arrival, the one that carried most first. Slices that came over the
        same transactions are one path."""
        same_way: defaultdict[tuple[str, ...], list[tuple[tuple[Hop, ...], int]]] = defaultdict(list)
        for hop, amount_fen in arrival.slices:
            chain = self._chain(hop)
            same_way[tuple(step.transfer_id for step in chain)].append((chain, amount_fen))
        paths = [_path(chains) for chains in same_way.values()]
        paths.sort(key=lambda path: (-path.counted_fen, tuple(hop.transfer_id for hop in path.hops)))
        return paths

    def _arrival_of(self, hop: Hop) -> Hop:
        if not hop.use:
            return hop
        arrival = hop
        while arrival.parent_hop_id is not None:
            parent = self._by_id.get(arrival.parent_hop_id)
            if parent is None or parent.use != hop.use:
                break
            arrival = parent
        return arrival

    def _chain(self, hop: Hop) -> tuple[Hop, ...]:
        chain = [hop]
        while (parent_id := chain[-1].parent_hop_id) is not None and parent_id in self._by_id:
            chain.append(self._by_id[parent_id])
        chain.reverse()
        return tuple(chain)


def _line_of(hop: Hop, held_use: Mapping[str, str]) -> str:
    if hop.use:
        return hop.use
    if hop.ended:  # without a use only outside, or in an account where the trace ends
        return "pooled" if hop.to_account else "outside"
    return held_use.get(hop.to_account or "", "")


def _path(chains: Sequence[tuple[tuple[Hop, ...], int]]) -> TracedPath:
    first = chains[0][0]
    moved_fen = tuple(
        # Slices that split later share their first hops: each hop counts once.
        sum({chain[position].hop_id: chain[position].amount_fen for chain, _ in chains}.values())
        for position in range(len(first))
    )
    return TracedPath(first, moved_fen, sum(amount_fen for _, amount_fen in chains))

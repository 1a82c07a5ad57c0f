"""What a reversal finds of its original's money at the payee: the slow twin's half of the section "Reversal"."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

from loantrail.tracing.model import NO_HOP, OWN, USE_NONE
from loantrail.tracing.slow_pots import BucketPot, Pot, Slice, TaintPot, own, share


@dataclass(frozen=True)
class Hop:
    """A row of `Hops`, in plain numbers."""

    loan: int
    event: int
    parent: int
    amount: int
    offset: int
    use: int
    use_before: int
    depth: int
    ended: bool


def find_segments(pot: Pot, hops: Sequence[tuple[int, Hop]], start: int, end: int) -> tuple[list[Slice], int]:
    """Take the interval [start, end) of the original out of `pot` (of its payee, or its slot), last fen first, hops (index, hop) and the own
    money in the gaps between. Gives what was there, in the original's order, and how much was missing."""
    segments: list[tuple[int, int, Hop | None, int]] = []
    reached = 0
    for index, hop in sorted(hops, key=lambda pair: pair[1].offset):
        segments.append((reached, hop.offset, None, NO_HOP))
        reached = hop.offset + hop.amount
        segments.append((hop.offset, reached, hop, index))
    segments.append((reached, max(end, reached), None, NO_HOP))
    found: list[Slice] = []
    missing = 0
    for begin, finish, hop, index in reversed(segments):
        length = min(finish, end) - max(begin, start)
        if length <= 0:
            continue
        if hop is None:
            amount = pot.take_back_own(length)
            piece = Slice(OWN, USE_NONE, amount)
        else:
            amount = pot.take_hop(index, length)
            piece = Slice(hop.loan, hop.use, amount, index, restored_use=hop.use_before)
        if amount:
            found.insert(0, piece)
        missing += length - amount
    return found, missing


def find_shares(
    pot: BucketPot,
    hops: Sequence[tuple[int, Hop]],
    taken_back: MutableMapping[int, int],
    limit: int,
    again: int,
    in_slot: bool,
) -> tuple[list[Slice], int]:
    """PRO_RATA: share `again` over own money and the hops by what none took back yet (`limit` in all); take from
    the bucket of each what it still holds. `taken_back` counts by hop. Gives what was there and the missing."""
    still = [hop.amount - taken_back[index] for index, hop in hops]
    own_part, *parts = share(again, [limit - sum(still), *still])
    found = own(pot.take_back_own(own_part))
    for (index, hop), part in zip(hops, parts, strict=True):
        taken_back[index] += part
        use = hop.use_before if in_slot else hop.use
        amount = 0 if hop.ended else pot.take_label(hop.loan, use, part)
        if amount:
            found.append(Slice(hop.loan, hop.use, amount, restored_use=hop.use_before))
    return found, again - sum(piece.amount for piece in found)


def find_taint(pot: TaintPot, hops: Sequence[tuple[int, Hop]], again: int, in_slot: bool) -> list[Slice]:
    """POISON: every label of the original that the account still has, once, for the whole of `again`."""
    found: dict[tuple[int, int], Slice] = {}
    for _, hop in hops:
        use = hop.use_before if in_slot else hop.use
        if again and not hop.ended and pot.holds(hop.loan, use):
            found.setdefault(
                (hop.loan, hop.use_before), Slice(hop.loan, hop.use, again, restored_use=hop.use_before)
            )
    return list(found.values())

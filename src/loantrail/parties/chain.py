"""Chains of ownership and of guarantees between parties. Pure.

An *effective* share multiplies the shares along a chain and adds up the chains: who holds 60% of a firm that holds half of
another holds 30% of it. A chain names no party twice. Where holdings run in a circle, what comes round a second time is not
counted again: the share is then the least that is held, and the circle is named beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

WHOLE_PPM: Final = 1_000_000
CHAINS_MAX: Final = 5_000
"""More chains than this are not walked; the answer says so."""
LENGTH_MAX: Final = 12
"""A longer chain is not followed; the answer says so."""
CIRCLES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Holding:
    """`holder` holds a share of `held`, in millionths; None where it is not on record how large."""

    holder: str
    held: str
    share_ppm: int | None


@dataclass(frozen=True, slots=True)
class Chain:
    """Parties from the far end to the one that was asked about, and the product of the shares between them in millionths,
    rounded down; None where one of the shares is not on record."""

    parties: tuple[str, ...]
    share_ppm: int | None


@dataclass(frozen=True, slots=True)
class Stake:
    """What one party holds in all, over its chains: the sum of those with known shares, rounded down once."""

    party: str
    share_ppm: int
    direct_ppm: int
    chains: tuple[Chain, ...]
    """The largest first; those without a known share last."""

    @property
    def partly_unknown(self) -> bool:
        """Whether a chain has a share that is not on record: then the sum is the least."""
        return any(chain.share_ppm is None for chain in self.chains)


@dataclass(frozen=True, slots=True)
class Stakes:
    """`stakes`: the largest first. `circles`: holdings that run in a circle, each told once, from its least party on.
    `complete`: False where there is more than was walked."""

    stakes: tuple[Stake, ...]
    circles: tuple[tuple[str, ...], ...]
    complete: bool


def owners(holdings: Iterable[Holding], party: str) -> Stakes:
    """Who holds `party`, directly and through others."""
    return _stakes(((one.held, one.holder, one.share_ppm) for one in holdings), party)


def holdings_of(holdings: Iterable[Holding], party: str) -> Stakes:
    """What `party` holds, directly and through others; chains end with `party` here too."""
    return _stakes(((one.holder, one.held, one.share_ppm) for one in holdings), party)


def circles_through(
    links: Iterable[tuple[str, str]], party: str, longest: int = LENGTH_MAX
) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Circles of directed links that lead from `party` back to it, the shortest first, each beginning with `party`; and
    whether these are all. No circle names another party twice."""
    onward = _onward(links)
    found: list[tuple[str, ...]] = []
    walked = 0
    waiting: list[tuple[str, ...]] = [(party,)]
    for way in waiting:  # grows while it is walked: the shortest ways come first
        for following in onward.get(way[-1], ()):
            walked += 1
            if walked > CHAINS_MAX or len(found) == CIRCLES_MAX:
                return tuple(found), False
            if following == party:
                found.append(way)
            elif following not in way:
                if len(way) >= longest:
                    return tuple(found), False
                waiting.append((*way, following))
    return tuple(found), True


def _onward(links: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    onward: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in links:
        if one != other:
            onward[one].add(other)
    return {party: sorted(others) for party, others in onward.items()}


def _stakes(steps: Iterable[tuple[str, str, int | None]], party: str) -> Stakes:
    """Walks from `party` over steps `(from, to, share)`."""
    onward: defaultdict[str, dict[str, int | None]] = defaultdict(dict)
    for one, other, share_ppm in steps:
        if one != other:
            onward[one][other] = _joined(onward[one].get(other, 0), share_ppm)
    chains: defaultdict[str, list[tuple[tuple[str, ...], Fraction | None]]] = defaultdict(list)
    circles: set[tuple[str, ...]] = set()
    complete = True
    walked = 0
    waiting: list[tuple[tuple[str, ...], Fraction | None]] = [((party,), Fraction(1))]
    for way, share in waiting:  # grows while it is walked
        for following, share_ppm in sorted(onward.get(way[-1], {}).items()):
            if following in way:
                circles.add(_told_once(way[way.index(following) :]))
                continue
            walked += 1
            if walked > CHAINS_MAX or len(way) > LENGTH_MAX:
                complete = False
                continue
            known = None if share is None or share_ppm is None else share * Fraction(share_ppm, WHOLE_PPM)
            further = (*way, following)
            chains[following].append((further, known))
            waiting.append((further, known))
    stakes = sorted(
        (_stake(other, ways, onward[party].get(other)) for other, ways in chains.items()),
        key=lambda stake: (-stake.share_ppm, min(len(chain.parties) for chain in stake.chains), stake.party),
    )
    return Stakes(
        tuple(stakes), tuple(sorted(circles, key=lambda one: (len(one), one))[:CIRCLES_MAX]), complete
    )


def _joined(one: int | None, other: int | None) -> int | None:
    """Two holdings of the same in the same are one; a share that is not on record leaves it unknown."""
    return None if one is None or other is None else one + other


def _stake(
    other: str, ways: Sequence[tuple[tuple[str, ...], Fraction | None]], direct_ppm: int | None
) -> Stake:
    known = [share for _, share in ways if share is not None]
    chains = [Chain(tuple(reversed(way)), None if share is None else _ppm(share)) for way, share in ways]
    chains.sort(
        key=lambda chain: (
            chain.share_ppm is None,
            -(chain.share_ppm or 0),
            len(chain.parties),
            chain.parties,
        )
    )
    return Stake(other, _ppm(sum(known, Fraction(0))), direct_ppm or 0, tuple(chains))


def _ppm(share: Fraction) -> int:
    return int(share * WHOLE_PPM)


def _told_once(circle: tuple[str, ...]) -> tuple[str, ...]:
    """The same circle whichever of its parties it was entered by."""
    first = circle.index(min(circle))
    return circle[first:] + circle[:first]

"""The graph of parties around one: which of them are shown. Pure.

Nearer ones come first; among those equally near the ones whose relation says most, then the larger share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

WEIGHTS: Final = (
    "controller",
    "shareholder",
    "group_member",
    "guarantees",
    "co_borrower",
    "legal_representative",
    "declared_related_party",
    "spouse",
    "family",
    "executive",
    "same_address",
    "same_phone",
    "same_agent",
)
"""Kinds of relations, the weightiest first."""


class Linked(Protocol):
    """A relation between two parties."""

    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def share_ppm(self) -> int | None: ...


L = TypeVar("L", bound=Linked)


@dataclass(frozen=True, slots=True)
class Around(Generic[L]):
    """`distance`: party -> relations between it and the middle, in the order of finding. `links`: all between these
    parties. `further`: party -> related parties that are not among them, where that was looked at."""

    distance: dict[str, int]
    links: list[L]
    further: dict[str, int]
    complete: bool


def around(
    middle: str, depth: int, most: int, links_of: Callable[[Collection[str]], tuple[Iterable[L], bool]]
) -> Around[L]:
    """The parties up to `depth` relations away from `middle`, at most `most` of them. `links_of` gives the links of
    parties, and whether these are all; it is asked once for each step outwards."""
    distance = {middle: 0}
    known: dict[tuple[str, str, str], L] = {}
    asked: set[str] = set()
    complete = True
    frontier = [middle]
    for step in range(1, depth + 2):
        # One step more than is shown: it tells what lies between the outermost, and how much lies beyond.
        found, all_there = links_of(frontier)
        complete &= all_there
        asked.update(frontier)
        fresh: dict[str, tuple[int, int, str]] = {}
        for link in found:
            known[link.source, link.target, link.kind] = link
            for one, other in ((link.source, link.target), (link.target, link.source)):
                if one in distance and other not in distance:
                    fresh[other] = min(fresh.get(other, _LAST), (*_weight(link), other))
        if step > depth:
            break
        frontier = sorted(fresh, key=fresh.__getitem__)
        room = most - len(distance)
        complete &= len(frontier) <= room
        frontier = frontier[:room]
        distance |= dict.fromkeys(frontier, step)
        if not frontier:
            break
    beyond: dict[str, set[str]] = {party: set() for party in distance if party in asked}
    for link in known.values():
        for one, other in ((link.source, link.target), (link.target, link.source)):
            if one in beyond and other not in distance:
                beyond[one].add(other)
    shown = [link for link in known.values() if link.source in distance and link.target in distance]
    return Around(distance, shown, {party: len(others) for party, others in beyond.items()}, complete)


_LAST: Final = (len(WEIGHTS) + 1, 0, "")


def _weight(link: Linked) -> tuple[int, int]:
    place = WEIGHTS.index(link.kind) if link.kind in WEIGHTS else len(WEIGHTS)
    return place, -(link.share_ppm or 0)

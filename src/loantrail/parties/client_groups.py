"""Groups of connected customers (集团客户): parties that control or membership joins, directly or over others. Pure.

Whoever is joined to anybody of a group is of the group: the transitive closure of the links, whichever way they point.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MEMBER: Final = "group_member"
"""From a member to the head of its group."""


@dataclass(frozen=True, slots=True)
class Link:
    """A relation that joins two parties."""

    one: str
    other: str
    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """Parties that are joined. `group_id` is the least of their ids, so that it stays while the group does; `head` is the
    party that most of them are members of, empty where the records name none."""

    group_id: str
    head: str
    members: tuple[str, ...]


def client_groups(links: Iterable[Link]) -> Mapping[str, Group]:
    """Party -> its group, of every party that a link names."""
    parent: dict[str, str] = {}

    def root(party: str) -> str:
        parent.setdefault(party, party)
        while parent[party] != party:
            parent[party] = parent[parent[party]]
            party = parent[party]
        return party

    heads: defaultdict[str, int] = defaultdict(int)
    for link in links:
        one, other = root(link.one), root(link.other)
        if one != other:
            parent[max(one, other)] = min(one, other)
        if link.kind == MEMBER:
            heads[link.other] += 1
    members: defaultdict[str, list[str]] = defaultdict(list)
    for party in sorted(parent):
        members[root(party)].append(party)
    groups: dict[str, Group] = {}
    for group_id, parties in members.items():
        named = Counter({party: heads[party] for party in parties if heads.get(party)})
        head = min(named, key=lambda party: (-named[party], party)) if named else ""
        group = Group(group_id, head, tuple(parties))
        groups |= dict.fromkeys(parties, group)
    return groups

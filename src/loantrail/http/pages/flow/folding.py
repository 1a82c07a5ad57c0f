"""Folds the movements of one loan's money into a graph that fits on a screen. Pure.

A *node* is an account (or an account at one hop), or a *summary* of what is not shown behind one node. The money is
followed movement by movement: what enters a hidden account belongs to the summary of the shown node it was paid from,
until it reaches a shown account again or rests. So nothing is estimated: at every node and every summary, what lay
there before plus what came in is what went out plus what rests, to the fen.

Which nodes are shown depends on the whole trace and the reader's choices, never on the range of dates, so that the
picture stands still while the dates change; the amounts are those of the range.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

LOAN: Final = "loan"
"""Id of the node that money starts from."""
BRANCHES: Final = 8
"""Accounts shown behind one node before the rest is summed up."""
ROUND_MAX: Final = 12
"""Accounts that one level of the first view shows."""
NODES_MAX: Final = 400

HopRow = tuple[str, str | None, str, datetime.date, str | None, int, int, str, bool]
"""hop_id, parent_hop_id, transfer_id, business date, to_account, amount_fen, depth, use, ended."""


@dataclass(frozen=True, slots=True)
class View:
    """What the reader wants to see. `opened`, `closed`, `shown` name nodes; `more` names a node once for each further
    page of its accounts."""

    by_account: bool = True
    levels: int = 2
    opened: Set[str] = frozenset()
    closed: Set[str] = frozenset()
    shown: Set[str] = frozenset()
    more: Mapping[str, int] = field(default_factory=dict[str, int])
    since: datetime.date | None = None
    until: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Holders:
    """What says in which line unused money stands: account -> line, from the trace's end; and the sides, for moments
    before it."""

    line: Mapping[str, str]
    borrower: Set[str] = frozenset()
    related: Set[str] = frozenset()

    def line_of(self, account: str | None, use: str, ended: bool) -> str:
        """The statement line of money that rests in `account`."""
        if use:
            return use
        if ended or not account:
            return "pooled" if account else "outside"
        if line := self.line.get(account):
            return line
        if account in self.borrower:
            return "held_by_borrower"
        return "held_by_related_party" if account in self.related else "held_by_third_party"


@dataclass(slots=True)
class Node:
    """One node of the folded graph, amounts in fen."""

    id: str
    kind: str
    """loan, account, outside, folded (behind a closed node) or rest (what an open node does not show)."""
    account: str | None
    layer: int
    behind: str | None = None
    """The shown node that it stands behind: the one that paid it most, over the whole trace."""
    opened: bool = False
    target_count: int = 0
    before_fen: int = 0
    in_fen: int = 0
    out_fen: int = 0
    resting: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    arriving: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Use after arrival -> amount, over the whole trace."""
    members: set[str] = field(default_factory=set)
    """Node ids that a summary stands for."""
    entering: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Of those, the ones paid from its node itself, and how much over the whole trace."""

    @property
    def resting_fen(self) -> int:
        return sum(self.resting.values())


@dataclass(slots=True)
class Edge:
    """Money from one node to another within the range of dates."""

    source: str
    target: str
    first_on: datetime.date
    last_on: datetime.date
    amount_fen: int = 0
    transfers: set[str] = field(default_factory=set)
    uses: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Folded:
    """The whole picture. `days`: business date -> moved (the disbursements apart), over the whole trace."""

    nodes: dict[str, Node]
    edges: list[Edge]
    days: dict[datetime.date, list[int]]
    lines: dict[str, int]


def node_id(account: str | None, use: str, depth: int, by_account: bool) -> str:
    """The id of the node that a movement arrives at. Money that left the records stands under its use."""
    name = f"={account}" if account else f"~{use or 'outside'}"
    return name if by_account else f"{depth}/{name}"


@dataclass(slots=True)
class _Whole:
    """The unfolded graph, hop by hop: where each arrives, its parent's number or -1, where it leaves from."""

    keys: list[str]
    parents: list[int]
    sources: list[str]
    layers: dict[str, int]
    accounts: dict[str, str | None]


class LoanFlow:
    """The hops of one loan in the order of the trace (parents first), and what every view of them shares."""

    def __init__(self, hops: Sequence[HopRow]) -> None:
        self.hops = hops
        self.account_count = len({hop[4] for hop in hops if hop[4]})
        self._wholes: dict[bool, _Whole] = {}

    @property
    def layered(self) -> bool:
        """Whether the convention keeps paths; without them there is nothing to draw."""
        return not self.hops or self.hops[0][6] >= 0

    def fold(self, view: View, holders: Holders) -> Folded:
        """The graph as `view` wants it."""
        whole = self._wholes.get(view.by_account)
        if whole is None:
            whole = self._wholes[view.by_account] = _whole(self.hops, view.by_account)
        nodes = _shown_nodes(self.hops, whole, view)
        edges: dict[tuple[str, str], Edge] = {}
        days: dict[datetime.date, list[int]] = {}
        at = _follow(self.hops, whole, view, nodes, edges, days)
        lines = _rest(self.hops, whole.parents, at, nodes, view.until, holders)
        for edge in edges.values():
            nodes[edge.source].out_fen += edge.amount_fen
            nodes[edge.target].in_fen += edge.amount_fen
        return Folded(nodes, list(edges.values()), dict(sorted(days.items())), lines)


def fold(hops: Sequence[HopRow], view: View, holders: Holders) -> Folded:
    """The graph of `hops` as `view` wants it."""
    return LoanFlow(hops).fold(view, holders)


def _whole(hops: Sequence[HopRow], by_account: bool) -> _Whole:
    index: dict[str, int] = {}
    keys: list[str] = []
    parents: list[int] = []
    sources: list[str] = []
    layers: dict[str, int] = {LOAN: 0}
    accounts: dict[str, str | None] = {LOAN: None}
    for number, (hop_id, parent_id, _, _, account, _, depth, use, _) in enumerate(hops):
        index[hop_id] = number
        key = node_id(account, use, depth, by_account)
        parent = index.get(parent_id, -1) if parent_id else -1
        keys.append(key)
        parents.append(parent)
        sources.append(keys[parent] if parent >= 0 else LOAN)
        known = layers.get(key)
        if known is None:
            layers[key] = depth + 1
            accounts[key] = account
        elif depth + 1 < known:
            layers[key] = depth + 1
    return _Whole(keys, parents, sources, layers, accounts)


def _targets(hops: Sequence[HopRow], whole: _Whole, payers: Sequence[str]) -> dict[str, dict[str, int]]:
    """What each of `payers` paid to whom, over the whole trace."""
    paid: dict[str, dict[str, int]] = {payer: {} for payer in payers}
    keys = whole.keys
    for number, source in enumerate(whole.sources):
        if source in paid:
            key = keys[number]
            if key != source:
                to = paid[source]
                to[key] = to.get(key, 0) + hops[number][5]
    return paid


def _shown_nodes(hops: Sequence[HopRow], whole: _Whole, view: View) -> dict[str, Node]:
    """Level by level from the loan: the largest accounts behind each open node."""
    nodes: dict[str, Node] = {LOAN: Node(LOAN, "loan", None, 0, opened=True)}
    frontier: list[str] = [LOAN]
    while frontier:
        chosen: dict[str, None] = {}
        offers: list[tuple[int, str, str]] = []
        left: dict[str, list[str]] = {}
        targets = _targets(hops, whole, frontier)
        for key in frontier:
            behind: dict[str, int] = targets[key]
            nodes[key].target_count = len(behind)
            hidden = sorted(
                (target for target in behind if target not in nodes),
                key=lambda target: (-behind[target], target),
            )
            chosen.update((target, None) for target in hidden if target in view.shown)
            by_hand = key in view.opened or key in view.more
            if key != LOAN and not by_hand:
                nodes[key].opened = nodes[key].layer <= view.levels and key not in view.closed
            else:
                nodes[key].opened = True
            if not nodes[key].opened:
                continue
            count = BRANCHES * (1 + view.more.get(key, 0))
            if by_hand:
                chosen.update(dict.fromkeys(hidden[:count]))
            else:
                offers += [(-behind[target], key, target) for target in hidden[:count]]
            left[key] = hidden
        for _, _, target in sorted(offers):
            if len(chosen) >= ROUND_MAX:
                break
            chosen[target] = None
        for hidden in left.values():
            # One account alone is no longer to read than the line that would sum it up.
            alone = [target for target in hidden if target not in chosen]
            if len(alone) == 1:
                chosen[alone[0]] = None
        payers, frontier = frontier, list(chosen)[: max(0, NODES_MAX - len(nodes))]
        for key in frontier:
            payer = max(payers, key=lambda payer: targets[payer].get(key, 0))
            account = whole.accounts[key]
            kind = "account" if account else "outside"
            nodes[key] = Node(key, kind, account, whole.layers[key], payer)
    return nodes


def _follow(
    hops: Sequence[HopRow],
    whole: _Whole,
    view: View,
    nodes: dict[str, Node],
    edges: dict[tuple[str, str], Edge],
    days: dict[datetime.date, list[int]],
) -> list[str]:
    """Adds up every movement between nodes; the node that each arrives at."""
    at: list[str] = []
    since, until = view.since, view.until
    for number, (_, _, transfer_id, day, _, amount_fen, _, use, _) in enumerate(hops):
        parent = whole.parents[number]
        source = at[parent] if parent >= 0 else LOAN
        key = whole.keys[number]
        here = key if key in nodes else _summary(nodes, source)
        node = nodes[here]
        if here != key:
            node.members.add(key)
            if source != here:
                node.entering[key] += amount_fen
        at.append(here)
        counted = days.setdefault(day, [0, 0])
        counted[parent < 0] += amount_fen
        if here == source:
            continue
        node.arriving[use] += amount_fen
        if until is not None and day > until:
            continue
        if since is not None and day < since:
            node.before_fen += amount_fen
            if source != LOAN:
                nodes[source].before_fen -= amount_fen
            continue
        edge = edges.get((source, here))
        if edge is None:
            edge = edges[source, here] = Edge(source, here, day, day)
        edge.amount_fen += amount_fen
        edge.transfers.add(transfer_id)
        edge.uses[use] += amount_fen
        if day < edge.first_on:
            edge.first_on = day
        elif day > edge.last_on:
            edge.last_on = day
    return at


def _summary(nodes: dict[str, Node], source: str) -> str:
    """The summary behind the shown node `source`; `source` itself where it is one."""
    if source[0] == "+":
        return source
    key = f"+{source}"
    if key not in nodes:
        kind = "rest" if nodes[source].opened else "folded"
        nodes[key] = Node(key, kind, None, nodes[source].layer + 1, source)
    return key


def _rest(
    hops: Sequence[HopRow],
    parents: Sequence[int],
    at: Sequence[str],
    nodes: Mapping[str, Node],
    until: datetime.date | None,
    holders: Holders,
) -> dict[str, int]:
    """Puts what rests at the end of the range into its node; the sums by statement line."""
    left = [0] * len(hops)
    for number, (_, _, _, day, _, amount_fen, _, _, _) in enumerate(hops):
        if until is not None and day > until:
            continue
        left[number] = amount_fen
        if parents[number] >= 0:
            left[parents[number]] -= amount_fen
    lines: defaultdict[str, int] = defaultdict(int)
    for number, fen in enumerate(left):
        if fen:
            _, _, _, _, account, _, _, use, ended = hops[number]
            line = holders.line_of(account, use, ended)
            nodes[at[number]].resting[line] += fen
            lines[line] += fen
    return dict(lines)

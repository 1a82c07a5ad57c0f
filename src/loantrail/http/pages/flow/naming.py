"""Gives the folded graph the names, classes and suspicions that the books and the trace hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

from loantrail.http.pages.flow.folding import LOAN, Edge, Folded, Holders, LoanFlow, Node, View
from loantrail.http.pages.flow.model import By, Flow, FlowDay, FlowEdge, FlowNode, Member, Share
from loantrail.tracing.statement import LINE_GROUPS

MEMBERS_MAX: Final = 10


@dataclass(slots=True)
class Naming:
    """`patterns`: transfer -> patterns of leads; `suspected`: classes that leads speak of."""

    holders: Holders
    patterns: Mapping[str, Sequence[str]]
    suspected: Set[str]
    classes: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def member_accounts(self, folded: Folded) -> set[str]:
        """The accounts that summaries name."""
        return {
            account
            for node in folded.nodes.values()
            for key, _ in _largest(node)
            if (account := _account_of(key)) is not None
        }

    def node(self, node: Node, patterns: Sequence[str]) -> FlowNode:
        """One node, ready for a page."""
        account = node.account or ""
        role = "related" if account in self.holders.related else ""
        if account and account in self.holders.borrower:
            role = "borrower"
        elif self.classes.get(account) in ("related_party", "guarantor"):
            role = "related"
        use = _dominant(node)
        return FlowNode(
            node_id=node.id,
            kind=node.kind,
            behind=node.behind,
            account=node.account,
            name=self.names.get(account) if account else None,
            layer=node.layer,
            role=role,
            use=use,
            line_group=self._group(node, use),
            destination_class=self.classes.get(account),
            patterns=list(patterns),
            before_fen=node.before_fen,
            in_fen=node.in_fen,
            out_fen=node.out_fen,
            resting_fen=node.resting_fen,
            resting=_shares(node.resting),
            open=node.opened,
            target_count=node.target_count,
            account_count=len({_account_of(key) or key for key in node.members}) or 1,
            members=[
                Member(
                    node_id=key,
                    account=_account_of(key),
                    name=self.names.get(_account_of(key) or ""),
                    use="" if _account_of(key) else key.rpartition("~")[2],
                    amount_fen=amount_fen,
                )
                for key, amount_fen in _largest(node)
            ],
            member_count=len(node.entering),
        )

    def _group(self, node: Node, use: str) -> str:
        if not use:
            return "left_bank" if node.kind == "outside" else "held"
        group = LINE_GROUPS.get(use, "other")
        if group == "prohibited":
            return "suspected" if use in self.suspected else "restricted"
        return group

    def edge_patterns(self, edge: Edge) -> list[str]:
        """The patterns of the leads that name a transaction of the edge."""
        named = self.patterns.keys() & edge.transfers
        return sorted({pattern for transfer_id in named for pattern in self.patterns[transfer_id]})


def flow_answer(
    loan_id: str,
    currency: str,
    view: View,
    run: Mapping[str, Any] | None,
    flow: LoanFlow | None,
    drawn: tuple[Folded, Naming] | None,
) -> Flow:
    """The whole answer; without a graph where the loan was not traced."""
    nodes: list[FlowNode] = []
    edges: list[FlowEdge] = []
    lines: list[Share] = []
    days: list[FlowDay] = []
    disbursed_fen = 0
    if drawn:
        folded, naming = drawn
        arriving: dict[str, set[str]] = {}
        for edge in sorted(folded.edges, key=lambda edge: -edge.amount_fen):
            patterns = naming.edge_patterns(edge)
            arriving.setdefault(edge.target, set()).update(patterns)
            edges.append(_edge(edge, patterns))
        nodes = [naming.node(node, sorted(arriving.get(key, ()))) for key, node in folded.nodes.items()]
        lines = _shares(folded.lines)
        days = [
            FlowDay(day=day, moved_fen=moved_fen, disbursed_fen=paid_fen)
            for day, (moved_fen, paid_fen) in folded.days.items()
        ]
        disbursed_fen = sum(
            paid_fen for day, (_, paid_fen) in folded.days.items() if view.until is None or day <= view.until
        )
    return Flow(
        currency=currency,
        loan_id=loan_id,
        traced=bool(flow and flow.hops),
        layered=flow is None or flow.layered,
        convention=run["convention"] if run else None,
        data_date=run["data_date"] if run else None,
        by=By.ACCOUNT if view.by_account else By.HOP,
        since=view.since,
        until=view.until,
        disbursed_fen=disbursed_fen,
        hop_count=len(flow.hops) if flow else 0,
        account_count=flow.account_count if flow else 0,
        nodes=nodes,
        edges=edges,
        lines=lines,
        days=days,
    )


def _edge(edge: Edge, patterns: list[str]) -> FlowEdge:
    return FlowEdge(
        source=edge.source,
        target=edge.target,
        amount_fen=edge.amount_fen,
        transaction_count=len(edge.transfers),
        first_on=edge.first_on,
        last_on=edge.last_on,
        uses=_shares(edge.uses),
        patterns=patterns,
    )


def _shares(amounts: Mapping[str, int]) -> list[Share]:
    ordered = sorted(((-fen, use) for use, fen in amounts.items() if fen), key=lambda pair: pair)
    return [Share(use=use, amount_fen=-fen) for fen, use in ordered]


def _dominant(node: Node) -> str:
    """The use of most of what came; what has one goes before an equal amount without."""
    if node.id == LOAN or not node.arriving:
        return ""
    return max(node.arriving.items(), key=lambda pair: (pair[1], pair[0]))[0]


def _largest(node: Node) -> list[tuple[str, int]]:
    return sorted(node.entering.items(), key=lambda pair: (-pair[1], pair[0]))[:MEMBERS_MAX]


def _account_of(key: str) -> str | None:
    """The account in a node id: `=account`, or `depth/=account`."""
    head, mark, account = key.partition("=")
    return account if mark and (not head or head.endswith("/")) else None

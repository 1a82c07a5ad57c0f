"""Puts together what the relations and the cash flow of a customer are answered with."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Final

from loantrail.clock import BUSINESS_ZONE, business_date
from loantrail.http.pages.customers import store_cash, store_relations
from loantrail.http.pages.customers.graph import Around, around
from loantrail.http.pages.customers.model_sides import (
    CashFlow,
    CashFlows,
    CashMonth,
    CurrencySum,
    OwnershipChain,
    OwnershipStake,
    RelationEdge,
    RelationNode,
    Relations,
)
from loantrail.http.pages.customers.months import Beside, Month, by_month, month_before, month_of
from loantrail.http.pages.customers.store_relations import Link
from loantrail.http.pages.store import Database, Row
from loantrail.parties import chain
from loantrail.parties.chain import WHOLE_PPM, Holding, Stakes

NODES_MAX: Final = 120
"""Parties in one graph; more no reader takes in."""
STAKES_MAX: Final = 50
CHAINS_SHOWN_MAX: Final = 5


def relations_of(
    connection: Database, party_id: str, depth: int, data_date: datetime.date | None, warned: bool
) -> Relations:
    """The graph around a customer, and the chains of ownership and circles of guarantees that it stands in."""

    def links_of(parties: Collection[str]) -> tuple[list[Link], bool]:
        return store_relations.links(connection, parties, data_date)

    seen = around(party_id, depth, NODES_MAX, links_of)
    above, above_complete = store_relations.holdings(connection, party_id, data_date, upwards=True)
    below, below_complete = store_relations.holdings(connection, party_id, data_date, upwards=False)
    given, given_complete = store_relations.guarantees_around(connection, party_id, data_date)
    owners, held = chain.owners(above, party_id), chain.holdings_of(below, party_id)
    rings, rings_complete = chain.circles_through(given, party_id)
    circular = sorted({*owners.circles, *held.circles}, key=lambda one: (len(one), one))
    spoken_of = {party for ring in (*rings, *circular) for party in ring} | {
        party
        for stakes in (owners, held)
        for stake in stakes.stakes
        for one in stake.chains
        for party in one.parties
    }
    known = store_relations.parties(connection, sorted({*seen.distance, *spoken_of}), warned)
    named = _Named(known, [*seen.distance, *sorted(spoken_of)])
    return Relations(
        data_date=data_date,
        depth=depth,
        nodes=[_node(named, known.get(one), one, seen) for one in seen.distance],
        edges=[_edge(named, link) for link in sorted(seen.links, key=_edge_order)],
        owners=_stakes(named, owners),
        holdings=_stakes(named, held),
        circular=[[named.node(one) for one in ring] for ring in circular],
        guarantee_circles=[[named.node(one) for one in ring] for ring in rings],
        over_whole=_over_whole([*above, *below]),
        names={named.node(one): named.name(one) for one in sorted(spoken_of)},
        capped=not (
            seen.complete
            and above_complete
            and below_complete
            and given_complete
            and rings_complete
            and owners.complete
            and held.complete
        ),
    )


class _Named:
    """Node ids: a party's number where the reader may see the party, else a place in the graph."""

    def __init__(self, known: Mapping[str, Row], parties: Collection[str]) -> None:
        self._known = known
        self._hidden: dict[str, str] = {}
        for party in parties:
            if party not in known:
                self._hidden.setdefault(party, f"hidden-{len(self._hidden) + 1}")

    def node(self, party: str) -> str:
        return self._hidden.get(party, party)

    def party(self, party: str) -> str | None:
        return party if party in self._known else None

    def name(self, party: str) -> str | None:
        row = self._known.get(party)
        return row["name"] if row else None

    def kind(self, party: str) -> str | None:
        row = self._known.get(party)
        return row["kind"] if row else None


def _node(named: _Named, row: Row | None, party: str, seen: Around[Link]) -> RelationNode:
    return RelationNode(
        node_id=named.node(party),
        party_id=named.party(party),
        name=named.name(party),
        kind=named.kind(party),
        is_customer=row["is_customer"] if row else None,
        distance=seen.distance[party],
        balances=[
            CurrencySum(currency=one["currency"], amount_fen=int(one["amount_fen"]))
            for one in (row["balances"] if row else [])
        ],
        worst_class=row["worst_class"] if row else None,
        level=row["level"] if row else None,
        further_count=seen.further.get(party, 0),
    )


def _edge_order(link: Link) -> tuple[str, str, str]:
    return link.source, link.target, link.kind


def _edge(named: _Named, link: Link) -> RelationEdge:
    return RelationEdge(
        source=named.node(link.source),
        target=named.node(link.target),
        kind=link.kind,
        share_ppm=link.share_ppm,
        guaranteed=[CurrencySum(currency=one.currency, amount_fen=one.amount_fen) for one in link.guaranteed],
        guarantee_count=link.guarantee_count,
        valid_from=link.valid_from,
        source_text=link.source_text,
    )


def _stakes(named: _Named, stakes: Stakes) -> list[OwnershipStake]:
    return [
        OwnershipStake(
            node_id=named.node(stake.party),
            party_id=named.party(stake.party),
            name=named.name(stake.party),
            kind=named.kind(stake.party),
            share_ppm=stake.share_ppm,
            direct_ppm=stake.direct_ppm,
            at_least=stake.partly_unknown,
            chain_count=len(stake.chains),
            chains=[
                OwnershipChain(nodes=[named.node(party) for party in one.parties], share_ppm=one.share_ppm)
                for one in stake.chains[:CHAINS_SHOWN_MAX]
            ],
        )
        for stake in stakes.stakes[:STAKES_MAX]
    ]


def _over_whole(holdings: Collection[Holding]) -> bool:
    held: dict[str, int] = {}
    for one in {(one.holder, one.held): one for one in holdings}.values():
        held[one.held] = held.get(one.held, 0) + (one.share_ppm or 0)
    return any(share > WHOLE_PPM for share in held.values())


# Cash flow ---------------------------------------------------------------------------------------------------


def cash_flow_of(
    connection: Database,
    party_id: str,
    name: str,
    month_count: int,
    run: Row | None,
) -> CashFlows:
    """The last months up to the data date (without one, up to the last line) of the customer's accounts."""
    keys = store_cash.account_keys(connection, party_id)
    booked = store_cash.booked_between(connection, keys)
    if booked is None:
        return CashFlows(first_month=None, last_month=None, flows=[])
    data_date: datetime.date | None = run["data_date"] if run else None
    last = month_of(data_date or business_date(booked[1]))
    earliest = month_of(business_date(booked[0]))
    first = min(max(month_before(last, month_count - 1), earliest), last)
    start, end = _midnight(first), _midnight(month_of(last + datetime.timedelta(days=31)))
    sums, accounts = store_cash.line_sums(connection, keys, name, start, end)
    beside = Beside(
        disbursed=store_cash.disbursed(connection, party_id, keys, start, end),
        loan_out=store_cash.loan_out(connection, run["run_id"], party_id, keys, start, end) if run else [],
        repaid=store_cash.repaid(connection, party_id, start, end),
    )
    return CashFlows(
        first_month=first,
        last_month=last,
        flows=[
            CashFlow(
                currency=currency,
                account_count=accounts.get(currency, 0),
                months=[_cash_month(month) for month in months],
            )
            for currency, months in by_month(sums, beside, first, last).items()
        ],
    )


def _cash_month(month: Month) -> CashMonth:
    return CashMonth(
        month=month.month,
        in_fen=month.in_fen,
        out_fen=month.out_fen,
        net_fen=month.net_fen,
        own_fen=month.own_fen,
        disbursed_fen=month.disbursed_fen,
        loan_out_fen=month.loan_out_fen,
        repaid_fen=month.repaid_fen,
        line_count=month.line_count,
    )


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE).astimezone(datetime.UTC)

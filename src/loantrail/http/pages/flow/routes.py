"""The flow of one loan's money: the folded graph, the search in it, the transactions behind a node."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Set
from typing import Annotated, Final

from fastapi import APIRouter, Query

from loantrail.http.access import Reading, allowed
from loantrail.http.pages import store as pages
from loantrail.http.pages.flow import kept, store
from loantrail.http.pages.flow.folding import View, node_id
from loantrail.http.pages.flow.model import By, Flow, FlowTransaction, FlowTransactions, Found, FoundList
from loantrail.http.pages.flow.naming import Naming, flow_answer
from loantrail.http.pages.routes import LOAN_PROBLEMS, PRINTABLE, LoanId, Offset
from loantrail.http.problems import NotFound
from loantrail.identity.abilities import Ability

NODES_ASKED_MAX: Final = 300

router = APIRouter()

NodeIds = Annotated[
    list[Annotated[str, Query(min_length=1, max_length=160, pattern=PRINTABLE)]],
    Query(max_length=NODES_ASKED_MAX),
]
Day = Annotated[datetime.date | None, Query(description="A business date, included.")]
Text = Annotated[str, Query(min_length=1, max_length=160, pattern=PRINTABLE)]


@router.get(
    "/loans/{loan_id}/flow",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["flow"],
    responses=LOAN_PROBLEMS,
)
def loan_flow(
    connection: Reading,
    loan_id: LoanId,
    by: By = By.ACCOUNT,
    levels: Annotated[int, Query(ge=0, le=6, description="Hops that are open at first.")] = 2,
    open: NodeIds = [],  # noqa: B006  the name that the interface shows; never changed
    close: NodeIds = [],  # noqa: B006  never changed
    show: NodeIds = [],  # noqa: B006  never changed
    more: NodeIds = [],  # noqa: B006  never changed
    since: Day = None,
    until: Day = None,
) -> Flow:
    """Where the loan's money went, folded: nodes named in `open` are unfolded, in `close` folded; `show` shows
    accounts that a summary stands for, `more` (once for each page) further ones behind a node."""
    currency, party_id = _loan(connection, loan_id)
    run = pages.current_run(connection)
    view = View(
        by is By.ACCOUNT,
        levels,
        frozenset(open),
        frozenset(close),
        frozenset(show),
        Counter(more),
        since,
        until,
    )
    if run is None:
        return flow_answer(loan_id, currency, view, None, None, None)
    run_id = run["run_id"]
    flow = kept.loan_flow(connection, run_id, loan_id)
    if not flow.hops or not flow.layered:
        return flow_answer(loan_id, currency, view, run, flow, None)
    holders = store.holders(connection, run_id, loan_id, party_id)
    folded = flow.fold(view, holders)
    accounts = {node.account for node in folded.nodes.values() if node.account}
    patterns, suspected = store.lead_patterns(connection, run_id, loan_id)
    naming = Naming(holders, patterns, suspected, store.payee_classes(connection, run_id, loan_id, accounts))
    naming.names = _names(connection, run_id, loan_id, accounts | naming.member_accounts(folded))
    return flow_answer(loan_id, currency, view, run, flow, (folded, naming))


@router.get(
    "/loans/{loan_id}/flow/search",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["flow"],
    responses=LOAN_PROBLEMS,
)
def search_flow(connection: Reading, loan_id: LoanId, text: Text, by: By = By.ACCOUNT) -> FoundList:
    """Accounts of the flow by a fragment of name or number, also those folded away, with the way to them."""
    _loan(connection, loan_id)
    run = pages.current_run(connection)
    if run is None or not text.strip():
        return FoundList(total_count=0, items=[])
    total, found = store.found_accounts(connection, run["run_id"], loan_id, text.strip())
    return FoundList(
        total_count=total,
        items=[
            Found(
                account=account,
                name=name,
                amount_fen=amount_fen,
                layer=len(way),
                path=[
                    node_id(step, use, depth, by is By.ACCOUNT)
                    for depth, (step, use) in enumerate(zip(way, uses, strict=True))
                ],
            )
            for account, name, amount_fen, way, uses in found
        ],
    )


@router.get(
    "/loans/{loan_id}/flow/transactions",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["flow"],
    responses=LOAN_PROBLEMS,
)
def flow_transactions(
    connection: Reading,
    loan_id: LoanId,
    account: Annotated[Text | None, Query(description="In or out of this account.")] = None,
    use: Annotated[Text | None, Query(description="Or: out of the records, counted as this use.")] = None,
    depth: Annotated[int | None, Query(ge=0, le=1_000_000, description="Arriving at this hop only.")] = None,
    payer: Annotated[Text | None, Query(description="Only what came from this account.")] = None,
    arriving: Annotated[bool, Query(description="Only what came in.")] = False,
    since: Day = None,
    until: Day = None,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> FlowTransactions:
    """The transactions that carried this loan's money in and out of a node, or along an edge."""
    currency, _ = _loan(connection, loan_id)
    run = pages.current_run(connection)
    run_id = run["run_id"] if run else ""
    wanted = store.Wanted(run_id, loan_id, account, use, depth, payer, arriving, since, until, offset, limit)
    total_count, total_fen, rows = store.flow_transactions(connection, wanted)
    transfers = pages.transfers(connection, [row["transfer_id"] for row in rows])
    names = pages.account_names(
        connection, {row[side] for row in rows for side in ("payer_account", "payee_account") if row[side]}
    )
    patterns, _ = store.lead_patterns(connection, run_id, loan_id)
    items: list[FlowTransaction] = []
    for row in rows:
        transfer = transfers.get(row["transfer_id"], {})
        items.append(
            FlowTransaction(
                transfer_id=row["transfer_id"],
                booked_at=row["booked_at"],
                payer_account=row["payer_account"],
                payer_name=names.get(row["payer_account"] or "") or transfer.get("debit_name"),
                payee_account=row["payee_account"],
                payee_name=names.get(row["payee_account"] or "") or transfer.get("credit_name"),
                amount_fen=row["amount_fen"],
                transfer_fen=transfer.get("amount_fen"),
                purpose_text=transfer.get("purpose_text"),
                hop=row["hop"],
                uses=[use for use in row["uses"] if use],
                patterns=patterns.get(row["transfer_id"], []),
            )
        )
    return FlowTransactions(
        currency=currency,
        total_count=total_count,
        amount_fen=total_fen,
        offset=offset,
        limit=limit,
        items=items,
    )


def _names(connection: Reading, run_id: str, loan_id: str, accounts: Set[str]) -> Mapping[str, str]:
    """Who holds the accounts: by the records, else as the loan's own transactions name them."""
    names = dict(pages.account_names(connection, accounts))
    paying = store.largest_transfers(connection, run_id, loan_id, accounts - names.keys())
    transfers = pages.transfers(connection, paying.values())
    for account, transfer_id in paying.items():
        name = transfers.get(transfer_id, {}).get("credit_name")
        if name:
            names[account] = name
    return names


def _loan(connection: Reading, loan_id: str) -> tuple[str, str]:
    found = store.loan_currency(connection, loan_id)
    if found is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    return found

"""The list of accounts, and one account: head, curve, lines."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query

from loantrail.destinations.store import of_target
from loantrail.http.access import Reading, allowed
from loantrail.http.pages.accounts import store, store_curve, store_lines
from loantrail.http.pages.accounts.asked import AccountPart, query_of
from loantrail.http.pages.accounts.curve import drawn, running_balances
from loantrail.http.pages.accounts.line_pages import cursor_of, lines_of, midnight, place_of
from loantrail.http.pages.accounts.model import (
    AccountList,
    AccountPage,
    AccountRow,
    BalanceState,
    Curve,
    CurveSeries,
    LinePage,
)
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, PRINTABLE, Limit
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.http.problems import NotFound, Superseded, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.merges import store as merges

router = APIRouter()

LINES_DRAWN_MAX: Final = 2_000
"""An account with more lines is drawn by day."""
FEN_MAX: Final = 2**62

AccountKey = Annotated[
    str, Path(min_length=1, max_length=128, pattern=PRINTABLE, description="An account, as the books key it.")
]
Cursor = Annotated[
    str,
    Query(
        max_length=80,
        pattern=r"^([0-9]{1,17}\.[0-9]{1,18}\.[0-9]{1,18})?$",
        description="As the page before gave it.",
    ),
]
Amount = Annotated[int | None, Query(ge=0, le=FEN_MAX)]
_PROBLEMS: Final = LOAN_PROBLEMS | problem_responses(HTTPStatus.CONFLICT)
"""Of one account: it may have been merged away."""


@router.get(
    "/accounts", dependencies=[allowed(Ability.READ_LOANS)], tags=["accounts"], responses=LIST_PROBLEMS
)
def list_accounts(connection: Reading, asked: Annotated[AccountPart, Query()]) -> AccountList:
    """The accounts of the books, ours and those that ours dealt with."""
    run = current_run(connection)
    query = query_of(asked, asked.offset, asked.limit)
    rows, count = store.accounts(connection, run["run_id"] if run else None, query)
    return AccountList(
        total_count=count,
        offset=asked.offset,
        limit=asked.limit,
        items=[AccountRow.model_validate(row) for row in rows],
    )


@router.get(
    "/accounts/{account}", dependencies=[allowed(Ability.READ_LOANS)], tags=["accounts"], responses=_PROBLEMS
)
def one_account(connection: Reading, account: AccountKey) -> AccountPage:
    """One account: who holds it, whether its balances add up, whose loan money lies there."""
    facts, keys = facts_of(connection, account)
    run = current_run(connection)
    loans = store.loans_held(connection, run["run_id"], keys) if run else []
    extent = store.extent if facts["ours"] else store.mirrored_extent
    return AccountPage.model_validate(
        {
            **facts,
            **extent(connection, keys),
            "opening_balance_fen": store.opening_balance(connection, keys),
            "reconciliation": store.reconciliation(connection, account, facts["currency"]),
            "run_id": run["run_id"] if run else None,
            "loan_fen": sum(row["amount_fen"] for row in loans),
            "loan_count": len(loans),
            "loans": loans[: store.LOANS_SHOWN_MAX],
            "corrections": of_target(connection, [], keys),
            "same_number": store.same_number(connection, facts["account_number"], account),
            "merged": merges.merged_into(connection, keys),
        }
    )


@router.get(
    "/accounts/{account}/curve",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["accounts"],
    responses=_PROBLEMS,
)
def account_curve(connection: Reading, account: AccountKey) -> Curve:
    """The balance over time, and whose loan money lay in it: exact to the fen, from the lots of the trace."""
    facts, keys = facts_of(connection, account)
    checked = store.reconciliation(connection, account, facts["currency"])
    line_count = int(checked["line_count"]) if checked else 0
    daily = line_count > LINES_DRAWN_MAX
    balances: list[tuple[datetime.datetime, int | None]] = []
    state = BalanceState.UNKNOWN
    if facts["ours"]:
        stated = bool(checked and checked["balance_count"])
        if not daily:
            moved = store_curve.balances_by_line(connection, keys)
        elif stated:
            extent = store.extent(connection, keys)
            moved = store_curve.stated_balances_by_day(
                connection, keys, extent["first_booked_at"], extent["last_booked_at"]
            )
        else:
            moved = store_curve.moved_by_day(connection, keys)
        opening_fen = store.opening_balance(connection, keys)
        balances = list(running_balances(moved, opening_fen))
        known = opening_fen is not None
        state = BalanceState.STATED if stated else BalanceState.COMPUTED if known else BalanceState.ASSUMED
    run = current_run(connection)
    flows = store_curve.flows(connection, run["run_id"], keys, daily) if run else []
    lines = drawn(balances, flows)
    names = store.borrowers(connection, [loan for loan, _ in lines.loans if loan])
    return Curve(
        currency=facts["currency"],
        daily=daily,
        balance_state=state,
        times=lines.times,
        balance_fen=lines.balance_fen,
        labelled_fen=lines.labelled_fen,
        loans=[
            CurveSeries(loan_id=loan, borrower_name=names.get(loan or ""), amounts_fen=amounts)
            for loan, amounts in lines.loans
        ],
        loan_count=lines.loan_count,
    )


@router.get(
    "/accounts/{account}/lines",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["accounts"],
    responses=_PROBLEMS,
)
def account_lines(
    connection: Reading,
    account: AccountKey,
    cursor: Cursor = "",
    booked_from: Annotated[datetime.date | None, Query(description="First business date.")] = None,
    booked_to: Annotated[datetime.date | None, Query(description="Last business date.")] = None,
    least_fen: Amount = None,
    most_fen: Amount = None,
    direction: Literal["credit", "debit"] | None = None,
    text: Annotated[
        str, Query(max_length=100, pattern=PRINTABLE, description="Fragment of the other side or of a text.")
    ] = "",
    limit: Limit = 50,
) -> LinePage:
    """The lines of an account, the newest first. An account without a statement of its own is seen from those of the
    accounts that dealt with it."""
    facts, keys = facts_of(connection, account)
    query = store_lines.LineQuery(
        keys=tuple(keys),
        mirrored=not facts["ours"],
        after=place_of(cursor),
        booked_from=midnight(booked_from, 0),
        booked_before=midnight(booked_to, 1),
        least_fen=least_fen,
        most_fen=most_fen,
        direction=direction,
        text=text.strip(),
        limit=limit,
    )
    items, more = lines_of(connection, query)
    return LinePage(
        currency=facts["currency"],
        items=[line for line, _ in items],
        next_cursor=cursor_of(items[-1][1]) if more else None,
        mirrored=query.mirrored,
    )


def merged_away(account: str, survivor: str) -> Superseded:
    """The answer to a request for an account that was merged into another."""
    return Superseded(
        f"Account {account} was merged into account {survivor}",
        remedy=f"Open account {survivor}: it holds what was booked under both numbers",
        successors=[survivor],
    )


def facts_of(connection: Database, account: str) -> tuple[Row, list[str]]:
    """What the books say of an account, and every key under which it is written, its own first."""
    facts = store.account_facts(connection, account)
    if facts is None:
        survivor = merges.survivor_of(connection, account)
        if survivor is not None:
            raise merged_away(account, survivor)
        found = store.successors(connection, account)
        if found:
            raise NotFound(
                f"Account {account} is no longer kept under this key",
                remedy="Its number belongs to the account that took its place",
                successors=found,
            )
        raise NotFound(f"There is no account {account}", remedy="Search the list of accounts")
    return facts, merges.keys_of(connection, account)

"""The list of accounts, and one account: head, curve, lines."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Path, Query

from loantrail.clock import BUSINESS_ZONE
from loantrail.destinations.store import of_target
from loantrail.errors import InputError, Place
from loantrail.http.access import Reading, allowed
from loantrail.http.pages.accounts import store, store_curve, store_lines
from loantrail.http.pages.accounts.curve import drawn, running_balances
from loantrail.http.pages.accounts.model import (
    AccountList,
    AccountPage,
    AccountRow,
    BalanceState,
    Curve,
    CurveSeries,
    Line,
    LinePage,
)
from loantrail.http.pages.accounts.pairing_words import pairing_state
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, PRINTABLE, Limit, Offset
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.http.problems import NotFound, Superseded, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.merges import store as merges
from loantrail.ledger.model import ACCOUNT_KINDS

router = APIRouter()

LINES_DRAWN_MAX: Final = 2_000
"""An account with more lines is drawn by day."""
FEN_MAX: Final = 2**62

AccountKey = Annotated[
    str, Path(min_length=1, max_length=128, pattern=PRINTABLE, description="An account, as the books key it.")
]
AccountKind = Literal[tuple(ACCOUNT_KINDS)]  # pyright: ignore[reportInvalidTypeForm]  made of the one list of kinds
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
def list_accounts(
    connection: Reading,
    search: Annotated[
        str,
        Query(
            max_length=100,
            pattern=PRINTABLE,
            description="Fragments of a number or name, blanks between them.",
        ),
    ] = "",
    kind: Annotated[list[AccountKind] | None, Query(max_length=20)] = None,  # type: ignore[valid-type]  as above
    side: store.Side = store.Side.ANY,
    loan_money: store.LoanMoney = store.LoanMoney.ANY,
    reconciliation: Literal["reconciled", "differs", "no_balances"] | None = None,
    sort: store.AccountSort = store.AccountSort.LOAN_MONEY,
    direction: Literal["ascending", "descending"] = "descending",
    offset: Offset = 0,
    limit: Limit = 50,
) -> AccountList:
    """The accounts of the books, ours and those that ours dealt with."""
    run = current_run(connection)
    query = store.AccountQuery(
        words=tuple(search.split()[:8]),
        kinds=tuple(cast("list[str]", kind or [])),
        side=side,
        loan_money=loan_money,
        reconciliation=reconciliation,
        sort=sort,
        ascending=direction == "ascending",
        offset=offset,
        limit=limit,
    )
    rows, count = store.accounts(connection, run["run_id"] if run else None, query)
    return AccountList(
        total_count=count, offset=offset, limit=limit, items=[AccountRow.model_validate(row) for row in rows]
    )


@router.get(
    "/accounts/{account}", dependencies=[allowed(Ability.READ_LOANS)], tags=["accounts"], responses=_PROBLEMS
)
def one_account(connection: Reading, account: AccountKey) -> AccountPage:
    """One account: who holds it, whether its balances add up, whose loan money lies there."""
    facts, keys = _facts(connection, account)
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
    facts, keys = _facts(connection, account)
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
    facts, keys = _facts(connection, account)
    query = store_lines.LineQuery(
        keys=tuple(keys),
        mirrored=not facts["ours"],
        after=_place(cursor),
        booked_from=_midnight(booked_from, 0),
        booked_before=_midnight(booked_to, 1),
        least_fen=least_fen,
        most_fen=most_fen,
        direction=direction,
        text=text.strip(),
        limit=limit + 1,
    )
    rows = store_lines.lines(connection, query)
    more, rows = len(rows) > limit, rows[:limit]
    run = current_run(connection)
    ids = [row["transfer_id"] for row in rows]
    moved = store_lines.loan_money(connection, run["run_id"], ids) if run else {}
    judged = _judged(connection, run, ids)
    balances = _balances(connection, query, rows)
    return LinePage(
        currency=facts["currency"],
        items=[
            _line(row, query.mirrored, moved.get(row["transfer_id"], (0, 0)), judged, balance)
            for row, balance in zip(rows, balances, strict=True)
        ],
        next_cursor=_cursor(rows[-1]) if more else None,
        mirrored=query.mirrored,
    )


def merged_away(account: str, survivor: str) -> Superseded:
    """The answer to a request for an account that was merged into another."""
    return Superseded(
        f"Account {account} was merged into account {survivor}",
        remedy=f"Open account {survivor}: it holds what was booked under both numbers",
        successors=[survivor],
    )


def _facts(connection: Database, account: str) -> tuple[Row, list[str]]:
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


def _place(cursor: str) -> store_lines.Place | None:
    if not cursor:
        return None
    microseconds, sequence, arrival = (int(part) for part in cursor.split("."))
    try:
        at = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
            microseconds=microseconds
        )
    except OverflowError:
        raise InputError(
            "the cursor names no time", Place(field="cursor"), "Begin with the first page again"
        ) from None
    return at, sequence, arrival


def _cursor(row: Row) -> str:
    since = row["booked_at"] - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return f"{since // datetime.timedelta(microseconds=1)}.{row['sequence']}.{row['arrival_number']}"


def _midnight(date: datetime.date | None, days_later: int) -> datetime.datetime | None:
    if date is None:
        return None
    try:
        return datetime.datetime.combine(
            date + datetime.timedelta(days=days_later), datetime.time(), BUSINESS_ZONE
        ).astimezone(datetime.UTC)
    except OverflowError:
        return None  # the first or last day that there is bounds nothing


def _judged(connection: Database, run: Row | None, transfer_ids: list[str]) -> dict[str, Row]:
    from loantrail.http.pages.store import destinations

    return dict(destinations(connection, run["run_id"], transfer_ids)) if run else {}


def _balances(
    connection: Database, query: store_lines.LineQuery, rows: list[Row]
) -> list[tuple[int | None, bool]]:
    """`(balance after the line, whether it was counted)` of each row: stated, else counted on from a neighbour of the
    page, else from the account's opening balance."""
    stated: list[tuple[int | None, bool]] = [(row["balance_fen"], False) for row in rows]
    if query.mirrored:
        return [(None, False)] * len(rows)
    if query.narrowed or all(balance is not None for balance, _ in stated):
        return stated
    if all(balance is None for balance, _ in stated):
        opening_fen = store.opening_balance(connection, query.keys)
        if opening_fen is None:
            return stated
        last = rows[0]
        place = (last["booked_at"], last["sequence"], last["arrival_number"])
        total = opening_fen + store_lines.moved_up_to(connection, query.keys, place)
        newest: Row = {**last, "balance_fen": total}
        rows = [newest, *rows[1:]]
    oldest_first = [(row["booked_at"], _signed(row), row["balance_fen"]) for row in reversed(rows)]
    counted = [balance for _, balance in running_balances(oldest_first, None)]
    return [(balance, given is None) for balance, (given, _) in zip(reversed(counted), stated, strict=True)]


def _signed(row: Row) -> int:
    return row["amount_fen"] if row["direction"] == "credit" else -row["amount_fen"]


def _line(
    row: Row, mirrored: bool, moved: tuple[int, int], judged: dict[str, Row], balance: tuple[int | None, bool]
) -> Line:
    judgement = judged.get(row["transfer_id"], {})
    flipped = "debit" if row["direction"] == "credit" else "credit"
    return Line.model_validate(
        {
            "line_id": row["line_id"],
            "transfer_id": row["transfer_id"],
            "booked_at": row["booked_at"],
            "direction": flipped if mirrored else row["direction"],
            "amount_fen": row["amount_fen"],
            "balance_fen": balance[0],
            "balance_computed": balance[1],
            "counterparty": {
                "account": row["other_account"],
                "name": row["other_name"] or row["account_name" if mirrored else "written_name"],
            },
            "counterparty_is_ours": row["other_is_ours"],
            "purpose_text": row["purpose_text"],
            "reference": row["reference"],
            # The other side of a mirrored line is the account itself, which has no lines.
            "pairing": pairing_state({**row, "other_is_ours": False} if mirrored else row),
            "pairing_basis": row["pairing_basis"],
            "loan_fen": moved[0],
            "loan_count": moved[1],
            "destination_class": judgement.get("destination_class"),
            "basis": judgement.get("basis"),
            "reverses": row["reverses"],
        }
    )

"""Lines of an account part by part, the newest first: balances, pairing, loan money, and where the next part begins."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from loantrail.clock import BUSINESS_ZONE
from loantrail.errors import InputError, Place
from loantrail.http.pages.accounts import store, store_lines
from loantrail.http.pages.accounts.curve import running_balances
from loantrail.http.pages.accounts.model import Line
from loantrail.http.pages.accounts.pairing_words import pairing_state
from loantrail.http.pages.store import Database, Row, current_run, destinations

READ_AT_ONCE: Final = 1_000


def lines_of(connection: Database, query: store_lines.LineQuery) -> tuple[list[tuple[Line, Row]], bool]:
    """At most `query.limit` lines, each with its row, and whether there are more behind them."""
    rows = store_lines.lines(connection, replace(query, limit=query.limit + 1))
    more, rows = len(rows) > query.limit, rows[: query.limit]
    run = current_run(connection)
    ids = [row["transfer_id"] for row in rows]
    moved = store_lines.loan_money(connection, run["run_id"], ids) if run else {}
    judged = dict(destinations(connection, run["run_id"], ids)) if run else {}
    balances = _balances(connection, query, rows)
    lines = [
        (_line(row, query.mirrored, moved.get(row["transfer_id"], (0, 0)), judged, balance), row)
        for row, balance in zip(rows, balances, strict=True)
    ]
    return lines, more


def every_line(connection: Database, query: store_lines.LineQuery) -> Iterator[Line]:
    """All lines that `query` finds, read part by part."""
    more = True
    while more:
        items, more = lines_of(connection, replace(query, limit=READ_AT_ONCE))
        yield from (line for line, _ in items)
        if more:
            query = replace(query, after=_standing(items[-1][1]))


def place_of(cursor: str) -> store_lines.Place | None:
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


def cursor_of(row: Row) -> str:
    since = row["booked_at"] - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return f"{since // datetime.timedelta(microseconds=1)}.{row['sequence']}.{row['arrival_number']}"


def midnight(date: datetime.date | None, days_later: int) -> datetime.datetime | None:
    if date is None:
        return None
    try:
        return datetime.datetime.combine(
            date + datetime.timedelta(days=days_later), datetime.time(), BUSINESS_ZONE
        ).astimezone(datetime.UTC)
    except OverflowError:
        return None  # the first or last day that there is bounds nothing


def _standing(row: Row) -> store_lines.Place:
    return row["booked_at"], row["sequence"], row["arrival_number"]


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

"""What `view.direct_arrivals`, `first_arrivals`, `looked_through` and `tied_payees` give, of a few moves: row by row. Pure."""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import polars as pl

from loantrail.clock import business_date
from loantrail.early_warning.moves import DAY_US, MILLION, Move, moves_of
from loantrail.early_warning.related import related_parties
from loantrail.few_rows import FewRows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from loantrail.early_warning.view import View

DEPOSITS: Final = ("time_deposit", "structured_deposit")
OWN_DEPOSITS: Final = {
    "margin_deposit": "acceptance_margin",
    "time_deposit": "time_deposit",
    "structured_deposit": "time_deposit",
}
"""A kind of account in the borrower's own name -> the class of what is put there."""
_PAYEES: Final = FewRows({"loan_id": pl.String, "account": pl.String})
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
Arrival = tuple[int, str, int]
"""A row of the moves, the class, and 1 or -1."""


def direct_of_few(view: View) -> pl.DataFrame:
    """As `view.direct_arrivals`."""
    return _frame(view, _direct(moves_of(view)))


def first_of_few(view: View, direct: pl.DataFrame, generic: Collection[str], longest: int) -> pl.DataFrame:
    """As `view.first_arrivals`, of the direct ones. `generic`: classes that money passes through; `longest`: so many hands."""
    moves = moves_of(view)
    open_payees = looked_through_rows(view)
    reached = {
        move.hop_id
        for row, arrived, _ in _direct(moves)
        if arrived == "supplier" and (move := moves[row]).use == "supplier" and _paid_to(move) in open_payees
    }
    passed: list[Arrival] = []
    for _ in range(longest if reached else 0):
        onward = [
            (row, move)
            for row, move in enumerate(moves)
            if move.use_before == "supplier" and move.parent_hop_id in reached
        ]
        if not onward:
            break
        reached = set()
        for row, move in onward:
            if move.destination_class is not None and move.destination_class not in generic:
                passed.append((row, move.destination_class, 1))
            else:
                reached.add(move.hop_id)
    return pl.concat([direct, _frame(view, passed)]) if passed else direct


def _frame(view: View, arrivals: list[Arrival]) -> pl.DataFrame:
    rows = view.moves[[row for row, _, _ in arrivals]]
    sign = pl.Series([sign for _, _, sign in arrivals], dtype=pl.Int64)
    return rows.with_columns(
        amount_fen=pl.col("amount_fen") * sign, arrived=pl.Series([one for _, one, _ in arrivals], dtype=pl.String)
    )  # fmt: skip


def _direct(moves: list[Move]) -> list[Arrival]:
    set_now: list[Arrival] = []
    parked: list[Arrival] = []
    undone: list[Arrival] = []
    left: list[Arrival] = []
    for row, move in enumerate(moves):
        if move.use is not None:
            if move.use != move.use_before:
                set_now.append((row, move.use, 1))
        else:
            moved_within = move.from_side and move.from_kind is not None and move.from_kind == move.to_kind
            own = OWN_DEPOSITS.get(move.to_kind or "")
            if move.to_side and own is not None and not moved_within:
                parked.append((row, own, 1))
            if move.use_before is not None and move.to_side:
                undone.append((row, move.use_before, -1))
        if move.from_side and move.from_kind in DEPOSITS and move.to_kind not in DEPOSITS:
            left.append((row, "time_deposit", -1))
    return [*set_now, *parked, *undone, *left]


def _paid_to(move: Move) -> tuple[str, str | None]:
    return move.loan_id, move.to_account


def _suppliers(moves: list[Move]) -> list[Move]:
    """First payments to documented payees."""
    return [
        move
        for move in moves
        if move.use == "supplier" and move.to_account is not None and move.use_before != "supplier"
    ]


def looked_through_rows(view: View) -> set[tuple[str, str | None]]:
    """As `view.looked_through`."""
    moves = moves_of(view)
    paid = _suppliers(moves)
    if not paid:
        return set()
    onward: defaultdict[str, list[Move]] = defaultdict(list)
    for move in moves:
        if move.use_before == "supplier" and move.parent_hop_id is not None:
            onward[move.parent_hop_id].append(move)
    days_us = view.number("handed_on_days") * DAY_US
    got: defaultdict[tuple[str, str | None], int] = defaultdict(int)
    quick: defaultdict[tuple[str, str | None], int] = defaultdict(int)
    for move in paid:
        got[_paid_to(move)] += move.amount_fen
        quick[_paid_to(move)] += sum(
            one.amount_fen for one in onward.get(move.hop_id or "", ()) if one.at_us - move.at_us <= days_us
        )
    share = view.threshold("handed_on_share_ppm")
    handed = {
        key
        for key, fen in quick.items()
        if fen > 0
        and (
            fen * MILLION > got[key] * share.number
            or (share.inclusive and fen * MILLION == got[key] * share.number)
        )
    }
    return handed | tied_rows(view)


def tied_rows(view: View) -> set[tuple[str, str | None]]:
    """As `view.tied_payees`."""
    paid = _suppliers(moves_of(view))
    owners = {move.to_owner for move in paid if move.to_owner is not None}
    if not owners:
        return set()
    tied: set[tuple[str, str | None]] = {
        *related_parties(view).select("loan_id", "party_id").rows(),
        *view.guarantors.select("loan_id", "guarantor_party_id").rows(),
    }
    companies = view.parties.filter(pl.col("party_id").is_in(list(owners))).select(
        "party_id", "registered_on"
    )
    registered: dict[str | None, datetime.date | None] = dict(companies.rows())
    return {
        _paid_to(move)
        for move in paid
        if move.to_owner is not None
        and (
            (move.loan_id, move.to_owner) in tied
            or _is_young(view, registered.get(move.to_owner), move.at_us)
        )
    }


def _is_young(view: View, registered_on: datetime.date | None, at_us: int) -> bool:
    """As `view.young_on`."""
    if registered_on is None:
        return False
    threshold = view.threshold("young_company_months")
    year, month = divmod(registered_on.year * 12 + registered_on.month - 1 + threshold.number, 12)
    limit = datetime.date(year, month + 1, min(registered_on.day, monthrange(year, month + 1)[1]))
    day = business_date(_EPOCH + datetime.timedelta(microseconds=at_us))
    return day < limit or (threshold.inclusive and day == limit)


def payees_frame(rows: Iterable[tuple[str, str | None]]) -> pl.DataFrame:
    """loan_id, account."""
    return _PAYEES.frame(sorted(rows))

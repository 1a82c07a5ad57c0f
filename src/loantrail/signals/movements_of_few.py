"""The rows of `wanted.movements` of a few loans: row by row, as joining small frames costs more than that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import polars as pl

from loantrail.early_warning.moves import Move, moves_of
from loantrail.early_warning.patterns_return import guarantors_in_force
from loantrail.early_warning.related import business_day, related_parties
from loantrail.early_warning.view import View
from loantrail.few_rows import FewRows
from loantrail.signals.catalogue import DAYS_KEPT, MOVEMENT
from loantrail.signals.facts import payee_signals, since_disbursement
from loantrail.signals.kernel_state import DAY_US

_TRACED: Final = FewRows({
    "traced_amount_fen": pl.Int64, "depth": pl.Int64, "is_disbursement": pl.Boolean, "use_before": pl.String,
    "use_after": pl.String,
})  # fmt: skip
_SIDES: Final = FewRows(
    {"from_borrower_side": pl.Boolean, "to_borrower_side": pl.Boolean, "ordered": pl.Boolean}
)
_PAYEE: Final = FewRows({
    "owner": pl.String, "payee_kind": pl.String, "registered_on": pl.Date, "insured_staff_count": pl.Int64,
    "tax_paid_on": pl.Date, "payee_relation": pl.String, "is_guarantor": pl.Boolean, "is_named_guarantor": pl.Boolean,
})  # fmt: skip


class _Wanted(NamedTuple):
    """A row that is wanted: of which loan, and of which row of the transactions."""

    loan_id: str
    row: int
    transaction_id: str
    debit: str | None
    credit: str | None
    credit_name: str | None


def movements_of_few(
    view: View, transactions: pl.DataFrame, loans: pl.DataFrame, side: pl.DataFrame, only: pl.Series | None
) -> pl.DataFrame:
    """As `wanted.movements` but for `loan_balance_fen`, in another order, of these loans (facts.loan_facts) with their
    sides; `only`: the transactions (ids) that are wanted. The view `is_few`."""
    sides: set[tuple[str, str | None]] = set(side.select("loan_id", "account").rows())
    ids: set[str] = set(loans["loan_id"].to_list())
    traced: defaultdict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in moves_of(view):
        if move.loan_id in ids and move.transaction_id is not None:
            traced[move.loan_id, move.transaction_id].append(move)
    known = _known(transactions, {one for _, one in traced}, {account for _, account in sides}, only)
    wanted = _wanted(known, loans, sides, traced.keys())
    place = {loan: row for row, loan in enumerate(loans["loan_id"].to_list())}
    of_loan = loans[[place[one.loan_id] for one in wanted]]
    of_money = _TRACED.frame([_money(traced.get((one.loan_id, one.transaction_id))) for one in wanted])
    ordered = set(view.orders.select("loan_id", "payee_account").drop_nulls().rows())
    of_sides = _SIDES.frame(
        [
            ((one.loan_id, one.debit) in sides, (one.loan_id, one.credit) in sides, (one.loan_id, one.credit) in ordered)
            for one in wanted
        ],
    )  # fmt: skip
    rows = known[[one.row for one in wanted]].rename({"booked_at": "at"})
    rows = pl.concat([rows, of_loan, of_money, of_sides, _payees(wanted, view)], how="horizontal")
    return rows.with_columns(
        *since_disbursement(), occasion=pl.lit(MOVEMENT), business_date=business_day("at"), row_account="debit_account"
    ).with_columns(payee_signals())  # fmt: skip


def _known(
    transactions: pl.DataFrame, ids: Collection[str], accounts: Collection[str | None], only: pl.Series | None
) -> pl.DataFrame:
    """The transactions of these ids, and what these accounts paid."""
    named = pl.Series(sorted(one for one in accounts if one is not None), dtype=pl.String)
    asked = pl.col("debit_account").is_in(named.implode()).fill_null(value=False) | pl.col(
        "transaction_id"
    ).is_in(pl.Series(sorted(ids), dtype=pl.String).implode())
    if only is not None:
        asked &= pl.col("transaction_id").is_in(only.implode())
    return transactions.filter(asked)


def _wanted(
    known: pl.DataFrame,
    loans: pl.DataFrame,
    sides: Collection[tuple[str, str | None]],
    traced: Collection[tuple[str, str]],
) -> list[_Wanted]:
    """With money of the loan, or paid by its side within the days that are kept."""
    rows = known.select(
        "transaction_id", "debit_account", "credit_account", "credit_name", pl.col("booked_at").dt.epoch("us")
    ).rows()
    since: dict[str, int | None] = dict(
        loans.select("loan_id", pl.col("disbursed_at").dt.epoch("us")).iter_rows()
    )
    loans_of: defaultdict[str | None, set[str]] = defaultdict(set)
    for loan, account in sides:
        if since.get(loan) is not None:
            loans_of[account].add(loan)
    moved: defaultdict[str, set[str]] = defaultdict(set)
    for loan, transaction_id in traced:
        moved[transaction_id].add(loan)
    found: list[_Wanted] = []
    for row, (transaction_id, debit, credit, credit_name, at_us) in enumerate(rows):
        if transaction_id is None:
            continue
        paid = {loan for loan in loans_of[debit] if 0 <= at_us - (since[loan] or 0) <= DAYS_KEPT * DAY_US}
        for loan in sorted(moved[transaction_id] | paid):
            found.append(_Wanted(loan, row, transaction_id, debit, credit, credit_name))
    return found


def _money(moves: list[Move] | None) -> tuple[Any, ...]:
    """As `facts.traced_part`; without any of the loan's money nothing."""
    if moves is None:
        return 0, None, False, None, None
    largest = min(moves, key=lambda move: (-move.amount_fen, move.hop_id or ""))
    depth = min(move.depth for move in moves)
    amount_fen = sum(move.amount_fen for move in moves)
    return amount_fen, depth, any(move.depth == 0 for move in moves), largest.use_before, largest.use


def _payees(wanted: list[_Wanted], view: View) -> pl.DataFrame:
    """What is known of the payees."""

    def among(
        frame: pl.DataFrame, key: str, texts: set[str | None], *columns: str
    ) -> dict[str | None, tuple[Any, ...]]:
        named = pl.Series(sorted(one for one in texts if one is not None), dtype=pl.String)
        if named.is_empty():
            return {}
        found = frame.filter(pl.col(key).is_in(named.implode()))
        return {row[0]: row[1:] for row in found.select(key, *columns).rows()}

    owners = among(view.accounts, "account", {one.credit for one in wanted}, "owner")
    parties = among(
        view.parties, "party_id", {owner for (owner,) in owners.values()}, "kind", "registered_on", "insured_staff_count",
        "tax_paid_on",
    )  # fmt: skip
    related = {
        (loan, party): relation
        for loan, party, relation in related_parties(view).select("loan_id", "party_id", "relation").rows()
    }
    guarantors = guarantors_in_force(view)
    told = (
        guarantors.select("loan_id", "guarantor_party_id", "guarantor_name").rows() if len(guarantors) else []
    )
    by_owner = {(loan, party) for loan, party, _ in told}
    by_name = {(loan, name) for loan, _, name in told if name is not None}
    rows: list[tuple[Any, ...]] = []
    for one in wanted:
        (owner,) = owners.get(one.credit, (None,))
        rows.append(
            (
                owner, *parties.get(owner, (None,) * 4), related.get((one.loan_id, owner)),
                True if (one.loan_id, owner) in by_owner else None,
                True if (one.loan_id, one.credit_name) in by_name else None,
            )
        )  # fmt: skip
    return _PAYEE.frame(rows)

"""Loans to compare with where many borrowers' money met in one account within days (patterns_payee.multi_borrower_pool).

What is found here is no pool yet, only wide enough to hold every one that the pattern finds for the loans judged.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantrail.early_warning.payments import NO_PAYEE_KINDS
from loantrail.monitor.slice_index import EPOCH, Index
from loantrail.monitor.slice_rows import among, distinct
from loantrail.signals.kernel_state import DAY_US
from loantrail.tracing.model import Int64


@dataclass(frozen=True, slots=True)
class Pools:
    """By row and number of the index: other loans, their hops into the same accounts and the hops before these, the
    transactions of all; and what was handed on of them."""

    loans: Int64
    hops: Int64
    transactions: Int64
    handed: pl.DataFrame


def pools_around(around: Index, loans: list[int], hops: Int64, handed: pl.DataFrame) -> Pools:
    """`hops` and `handed`: those of the loans that are judged."""
    none = np.zeros(0, np.int64)
    found, numbers, parts = [none], set[int](), [handed.clear()]
    for account, instants in _came(around, hops, handed).items():
        others, also = _others(around, account, instants)
        if not others:
            continue
        others -= set(loans)
        into = around.hops_into.of(account)
        found.append(into[among(around.hop_loan.array[into], np.array(sorted(others), np.int64))])
        parts.append(also.filter(pl.col("loan_id").is_in([around.records.loan_ids[loan] for loan in others])))
        numbers |= others
    rows = distinct(*found)
    parents = around.hop_parent.array[rows]
    rows = distinct(rows, parents[parents >= 0])
    made = around.hop_transaction.array[rows]
    return Pools(np.array(sorted(numbers), np.int64), rows, made[made >= 0], pl.concat(parts))


def _came(around: Index, hops: Int64, handed: pl.DataFrame) -> dict[int, list[int]]:
    """Accounts that got a large enough share of a loan, and when."""
    own = hops[around.hop_reaches.array[hops] & (around.hop_transaction.array[hops] >= 0)]
    own = own[_enough(around, own)]
    accounts, at = around.hop_to.array[own], around.at_us.array[around.hop_transaction.array[own]]
    came = {
        account: at[accounts == account].tolist()
        for account in distinct(accounts).tolist()
        if may_pool(around, account)
    }
    for name, at in handed.select("credit_account", pl.col("booked_at").to_physical()).iter_rows():
        account = around.accounts.known(name)
        if account in came or (account >= 0 and may_pool(around, account)):
            came.setdefault(account, []).append(at)
    return came


def _enough(around: Index, into: Int64) -> np.ndarray:
    """Of hops into accounts: those of loans of which enough came to the same account, at any time."""
    pairs = (around.hop_to.array[into].astype(np.int64) << 32) | around.hop_loan.array[into]
    known = distinct(pairs)
    back = np.searchsorted(known, pairs)
    fen = np.bincount(back, weights=around.hop_fen.array[into].astype(np.float64))
    share = around.number("multi_borrower_pool_share_ppm") / 1_000_000
    # A little wider than the pattern, which compares exactly.
    least = around.records.loan_amounts[known & 0xFFFFFFFF] * share * (1 - 1e-9) - 1
    return (fen >= least)[back]


def _others(around: Index, account: int, instants: list[int]) -> tuple[set[int], pl.DataFrame]:
    """Loans whose money came there within days of one of the instants, where it is that of enough borrowers, and what was
    handed on to there; no loans where it is not."""
    records = around.records
    days, least = around.number("multi_borrower_pool_days"), around.number("multi_borrower_pool_borrowers")
    also = around.handed.into(around.accounts.names[account])
    into = around.hops_into.of(account)
    if len(into) + len(also) < least:
        return set(), also
    into = into[around.hop_reaches.array[into] & (around.hop_transaction.array[into] >= 0)]
    into = into[_enough(around, into)]
    loans = np.concatenate(
        [around.hop_loan.array[into], [records.number_of(loan) for loan in also["loan_id"].to_list()]]
    ).astype(np.int64)
    at = np.concatenate(
        [around.at_us.array[around.hop_transaction.array[into]], also["booked_at"].to_physical().to_numpy()]
    )
    order = np.argsort(at, kind="stable")
    loans, at = loans[order], at[order]
    near: set[int] = set()
    for instant in sorted(set(instants)):
        first = np.searchsorted(at, instant - days * DAY_US, side="left")
        last = np.searchsorted(at, instant + days * DAY_US, side="right")
        if last - first >= least:
            met = set(loans[first:last].tolist())
            if len({records.borrowers[loan] for loan in met}) >= least:
                near |= met
    return near, also


def may_pool(around: Index, account: int) -> bool:
    """Whether a pool may be in the account: of a person, of somebody not on record, or of a company that was young when
    the first loan was paid out; and not one of the bank's own kinds."""
    key = account, around.number("young_company_months")
    found = around.may_pool.get(key)
    if found is None:
        found = around.may_pool[key] = _may_pool(around, account)
    return found


def _may_pool(around: Index, account: int) -> bool:
    known = around.records.accounts.of([around.accounts.names[account]])
    if not len(known):
        return True
    if known["kind"][0] in NO_PAYEE_KINDS:
        return False
    party = around.records.parties.of([known["owner"][0]])
    if not len(party) or party["kind"][0] in (None, "individual"):
        return True
    registered: datetime.date | None = party["registered_on"][0]
    if registered is None:
        return False
    young_us = (around.number("young_company_months") * 31 + 1) * DAY_US
    return (registered - EPOCH.date()).days * DAY_US + young_us >= around.records.began_us

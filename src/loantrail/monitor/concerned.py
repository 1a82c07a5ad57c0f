"""Which loans lines concern whose own money did not move in them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loantrail.monitor.entering import TailEvents
from loantrail.monitor.known import Known
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import among, distinct
from loantrail.tracing.model import Bool, Int64


@dataclass(frozen=True, slots=True)
class MoneyLost:
    """Loan money that moved in transactions of the tail that are gone; places of the tail."""

    loans: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    """Place of such a transaction -> loans."""
    last_staying: dict[int, int] = field(default_factory=dict[int, int])
    """Loan -> the last place of a transaction that stays in which its money moved."""


def money_lost(
    places: list[int], hops: list[tuple[Any, ...]], there: set[tuple[Any, ...]], gone: set[str]
) -> MoneyLost:
    """Of the hops of before (live_hops.content_of) and the places of their transactions; `there`: those that are now."""
    lost = MoneyLost()
    for place, hop in zip(places, hops, strict=True):
        if hop[0] not in gone:
            lost.last_staying[hop[1]] = place
        elif hop not in there:
            lost.loans.setdefault(place, set()).add(hop[1])
    return lost


def _there(events: TailEvents, row: int, transactions: set[str]) -> Bool:
    return np.array([one in transactions for one in events.transaction_id[row:].to_list()], np.bool_)


def loans_of_sides(known: Known, events: TailEvents, row: int, transactions: set[str]) -> set[int]:
    """Loans of borrowers whose side paid or was paid in these transactions, which stand from `row` of the tail on."""
    there = _there(events, row, transactions)
    ends = np.concatenate([events.debit[row:][there], events.credit[row:][there]])
    return {loan for end in np.unique(ends).tolist() for loan in known.loans_of_account(end)}


def before_others(
    index: Index, known: Known, events: TailEvents, row: int, gone: set[str], lost: MoneyLost
) -> tuple[set[int], set[int]]:
    """Loans of borrowers whose side moved in these transactions, which are taken out of the tail (from `row` on), and those whose
    money did (`lost`): those of which a transaction that stays stood behind, and so had them in its windows; and the others."""
    ids = events.transaction_id[row:].to_list()
    is_gone = np.array([one in gone for one in ids], np.bool_)
    debit, credit = events.debit[row:], events.credit[row:]
    stays = np.flatnonzero(~is_gone)
    seen: set[int] = set()
    others: set[int] = set()
    for place in np.flatnonzero(is_gone).tolist():
        loans = {
            loan
            for end in (int(debit[place]), int(credit[place]))
            if end >= 0
            for loan in known.loans_of_account(end)
        }
        loans |= lost.loans.get(row + place, set())
        if loans <= seen:
            continue
        after = stays[np.searchsorted(stays, place) :]
        numbers = [index.records.number_of(known.loans[loan]) for loan in loans]
        names = {
            index.accounts.names[one] for n in numbers if n >= 0 for one in index.side_accounts(n).tolist()
        }
        ends = [number for name in names for number in known.numbering.all_of(name)]
        accounts = np.array([one for one in (*ends, debit[place], credit[place]) if one >= 0], np.int64)
        disturbs = np.isin(debit[after], accounts).any() or np.isin(credit[after], accounts).any()
        moved_behind = {loan for loan in loans if lost.last_staying.get(loan, -1) > row + place}
        (seen if disturbs else others).update(loans)
        seen |= moved_behind
    return seen, others - seen


def behind(index: Index, events: TailEvents, row: int, fresh: set[str]) -> set[str]:
    """Loans that have a new transaction before others that were there: it is in the windows of what stands behind it. All loans
    of the new one, and those of the others that share an account with it."""
    ids = events.transaction_id[row:]
    is_fresh = _there(events, row, fresh)
    known, late = np.flatnonzero(~is_fresh), np.flatnonzero(is_fresh)
    late = late[late < known[-1]] if len(known) else late[:0]
    if not len(late):
        return set()
    debit, credit = events.debit[row:], events.credit[row:]
    accounts = np.unique(np.concatenate([debit[late], credit[late]]))
    accounts = accounts[accounts >= 0]
    after = known[known > late[0]]
    after = after[np.isin(debit[after], accounts) | np.isin(credit[after], accounts)]
    return set(index.loans_of(ids.gather(np.concatenate([late, after]))))


def with_money_in(index: Index, rows: Int64) -> set[int]:
    """Loans (numbers) whose money moved in these transactions (rows, ascending)."""
    if not len(rows):
        return set()
    ends = np.concatenate([index.debit.array[rows], index.credit.array[rows]])
    found: set[int] = set()
    for grouped in (index.hops_into, index.hops_from):
        for account in distinct(ends[grouped.any_of(ends)]).tolist():
            hops = grouped.of(account)
            moved = hops[among(index.hop_transaction.array[hops], rows)]
            found.update(index.hop_loan.array[moved].tolist())
    found.discard(-1)
    return found

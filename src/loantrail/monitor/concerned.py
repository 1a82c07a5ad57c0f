"""Which loans lines concern whose own money did not move in them. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from loantrail.monitor.entering import TailEvents
from loantrail.monitor.known import Known
from loantrail.monitor.slice_index import Index
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.model import Bool

HUB_LOANS: Final = 50
"""An account that more loans reached says nothing about a single one when it moves."""


def _there(events: TailEvents, row: int, transactions: set[str]) -> Bool:
    return np.array([one in transactions for one in events.transaction_id[row:].to_list()], np.bool_)


def loans_of_sides(known: Known, events: TailEvents, row: int, transactions: set[str]) -> set[int]:
    """Loans of borrowers whose side paid or was paid in these transactions, which stand from `row` of the tail on."""
    there = _there(events, row, transactions)
    ends = np.concatenate([events.debit[row:][there], events.credit[row:][there]])
    return {loan for end in np.unique(ends).tolist() for loan in known.loans_of_account(end)}


def loans_near(
    known: Known, trace: LiveTrace, events: TailEvents, row: int, fresh: set[str], since: int
) -> set[int]:
    """Loans of borrowers whose side moved, and loans whose money reached an account that moved from position `since` on."""
    moved = _there(events, row, fresh)
    ends = np.concatenate([events.debit[row:][moved], events.credit[row:][moved]])
    accounts = np.unique(ends[ends >= 0])
    accounts = accounts[~known.terminal[accounts]]
    found: set[int] = set()
    for account in accounts.tolist():
        found.update(known.loans_of_account(account))
    pool = trace.state.hops[: trace.hop_count]
    reached = pool[np.searchsorted(pool["event"], since) :]
    to = trace.log.credit[reached["event"]]
    here = np.isin(to, accounts)
    by_account: dict[int, set[int]] = {}
    for account, loan in zip(to[here].tolist(), reached["loan"][here].tolist(), strict=True):
        by_account.setdefault(account, set()).add(loan)
    for loans in by_account.values():
        if len(loans) <= HUB_LOANS:
            found.update(loans)
    return found


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

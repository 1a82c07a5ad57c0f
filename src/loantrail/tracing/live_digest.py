"""What a trace that goes on is, in 128 bits. Pure."""

from __future__ import annotations

import numpy as np

from loantrail.tracing import kernel_live
from loantrail.tracing.kernel_digest import UInt64
from loantrail.tracing.live import LiveTrace


def state_digest(trace: LiveTrace, accounts: UInt64 | None = None, loans: UInt64 | None = None) -> str:
    """128 bits over everything that later events can depend on, as 32 hexadecimal digits: balances, lots in list
    order, open slots by the event that opened them, what was taken back, and every hop by content. The same for any
    cuts, rewinds and layouts of the pools. `accounts` and `loans` (two words a row) are their lasting names, so that
    their numbers do not count; without them the numbers are the names."""
    log, state, room = trace.log, trace.state, trace.log.account_room
    opener = log.special_event[: log.special_count]
    places = np.concatenate([np.arange(log.account_count), room + np.arange(log.special_count)])
    names = np.zeros((len(places), 2), np.uint64)
    names[: log.account_count] = _numbered(log.account_count) if accounts is None else accounts
    names[log.account_count :, 0] = opener
    kinds = (places >= room).astype(np.int64)
    taken_back = sorted((event, int(state.reversed_fen[row])) for event, row in log.group.items())
    pairs = np.array([pair for pair in taken_back if pair[1]], np.int64).reshape(-1, 2)
    loan_names = np.concatenate(
        [_numbered(log.loan_count) if loans is None else loans, np.zeros((1, 2), np.uint64)]
    )
    total = np.zeros(2, np.uint64)
    digest = np.zeros(2, np.uint64)
    kernel_live.digest_places(state, places, kinds, names, loan_names, total)
    kernel_live.digest_taken_back(pairs[:, 0].copy(), pairs[:, 1].copy(), total)
    kernel_live.digest_trace(state, loan_names, log.count, total, digest)
    return f"{int(digest[0]):016x}{int(digest[1]):016x}"


def _numbered(count: int) -> UInt64:
    names = np.zeros((count, 2), np.uint64)
    names[:, 0] = np.arange(count)
    names[:, 1] = 1
    return names

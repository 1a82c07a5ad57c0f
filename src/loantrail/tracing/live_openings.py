"""Opening balances that became known, or were inferred anew, while a trace goes on.

A balance before the first event does not matter to the trace of an account that loan money never reached: its own money
only grows. Where loan money did reach it, the trace goes back to the first such event and processes what follows again.
"""

from __future__ import annotations

import numpy as np

from loantrail.tracing.live import LiveTrace
from loantrail.tracing.model import Int32, Int64


def set_openings(trace: LiveTrace, accounts: Int32, opening_fen: Int64) -> int:
    """Give these accounts other opening balances. Returns the first position that was processed again, or the count of
    events where none was."""
    log = trace.log
    change = opening_fen - log.opening_fen[accounts]
    moved = np.flatnonzero(change)
    if not len(moved):
        return log.count
    accounts, change = accounts[moved], change[moved]
    reached = trace.first_reached(accounts)
    first = int(trace.state.hops["event"][reached]) if reached < trace.hop_count else log.count
    gone = trace.rewind(first) if first < log.count else None
    trace.forget_steps()
    log.opening_fen[accounts] += change
    trace.state.balance[accounts] += change
    for mark in trace.marks:
        known = accounts < len(mark.balance)
        mark.balance[accounts[known]] += change[known]
    if gone is not None:
        trace.append(gone)
    return first

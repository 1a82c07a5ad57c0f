"""Bounds of one transaction: the least and the most of a loan's money that it can have carried. Pure.

The transaction is cut in two by an account of its own between payer and payee, and that account is the destination.
What passes there passed the transaction; every balance elsewhere stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from loantrail.tracing.bounds import Bounds, bounds
from loantrail.tracing.model import NO_SPECIAL, OUTSIDE, Bool, History


def transaction_bounds(
    history: History, loan: int, event: int, unlimited: Mapping[str, Bool] | None = None
) -> Bounds | None:
    """Least and most of `loan` in `event`; None for an event that is linked to another (a reversal, a part of a
    transfer in transit, a pooled account's forwarding) or pays out a loan: cutting it would undo the link."""
    row = int(history.special[event])
    specials = history.specials
    linked = np.flatnonzero(specials.reverses == event)
    if len(linked) or history.debit[event] < 0 or history.credit[event] < OUTSIDE:
        return None
    if row != NO_SPECIAL and (
        specials.disburses[row] >= 0
        or specials.reverses[row] >= 0
        or specials.opens_slot[row]
        or specials.carries[row] >= 0
    ):
        return None
    between = history.account_count
    first = slice(0, event + 1)
    rest = slice(event, history.event_count)

    def cut(column: np.ndarray, before: int | None, after: int | None) -> np.ndarray:
        """The column with the event twice: its value in the first half, and in the second."""
        longer = np.concatenate([column[first], column[rest]])
        if before is not None:
            longer[event] = before
        if after is not None:
            longer[event + 1] = after
        return longer

    later = specials.reverses > event
    cut_history = replace(
        history,
        debit=cut(history.debit, None, between),
        credit=cut(history.credit, between, None),
        amount_fen=cut(history.amount_fen, None, None),
        arrival_use=cut(history.arrival_use, 0, None),
        special=cut(history.special, None, NO_SPECIAL),
        specials=replace(specials, reverses=np.where(later, specials.reverses + 1, specials.reverses)),
        opening_fen=np.append(history.opening_fen, np.int64(0)),
        terminal=np.append(history.terminal, False),
        side_start=np.append(history.side_start, history.side_start[-1]),
    )
    masks = {reason: np.append(mask, False) for reason, mask in (unlimited or {}).items()}
    return bounds(cut_history, [loan], [between], masks)

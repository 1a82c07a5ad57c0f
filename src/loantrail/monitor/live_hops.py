"""Hops of a trace that goes on as rows of the books. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.monitor.slice_rows import distinct
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_batch import hops_of
from loantrail.tracing.model import NO_SPECIAL, Convention, History, Holdings, Hops, Int64, Trace, Untraced
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.results import hop_frame
from loantrail.tracing.trace import no_specials

_COMPARED: Final = ("loan", "fen", "use", "use_before", "depth", "ended")


def accounts_of_hops(trace: LiveTrace, first: int = 0) -> Int64:
    """Accounts (numbers) that loan money moved out of or into in the hops from row `first` on, ascending; -1 for the world
    outside."""
    events = trace.state.hops["event"][first : trace.hop_count]
    return distinct(trace.log.debit[events], trace.log.credit[events])


def frame_of_hops(
    trace: LiveTrace,
    first: int,
    names: Sequence[str],
    loans: Sequence[str],
    transactions: Callable[[Int64], pl.Series],
    booked_us: Callable[[Int64], Int64],
) -> pl.DataFrame:
    """Hops from row `first` on (frames.HOPS and `ended`), in the order of the trace. `transactions` and `booked_us` tell of
    events, by position. Only loans with such hops are looked at."""
    pool = trace.state.hops[: trace.hop_count]
    chosen = np.unique(pool["loan"][first:])
    rows = np.flatnonzero(np.isin(pool["loan"], chosen))
    named, hops = compact(trace, rows, names, loans, transactions)
    nothing = np.zeros(0, np.int32)
    traced = Trace(
        convention=Convention.FIFO,
        hops=hops,
        holdings=Holdings(nothing, nothing, np.zeros(0, np.uint8), np.zeros(0, np.int64), nothing),
        untraced=Untraced(nothing, nothing, nothing, np.zeros(0, np.uint8), np.zeros(0, np.int64)),
        balance_fen=np.zeros(len(named.accounts), np.int64),
    )
    booked = booked_us(pool["event"][rows].astype(np.int64))
    frame = hop_frame(named, traced).with_columns(
        pl.Series("booked_at", booked).cast(pl.Datetime("us", "UTC")), pl.Series("ended", hops.ended)
    )
    return frame.slice(int(np.searchsorted(rows, first)))


def compact(
    trace: LiveTrace,
    rows: Int64,
    names: Sequence[str],
    loans: Sequence[str],
    transactions: Callable[[Int64], pl.Series],
) -> tuple[NamedHistory, Hops]:
    """These hops (whole loans, ascending), numbered anew with the few events, accounts and loans that they name."""
    log = trace.log
    hops = hops_of(trace.state.hops[rows])
    events, event = np.unique(hops.event, return_inverse=True)
    chosen, loan = np.unique(hops.loan, return_inverse=True)
    ends = np.concatenate([log.debit[events], log.credit[events]])
    accounts, place = np.unique(ends[ends >= 0], return_inverse=True)
    numbered = ends.copy()
    numbered[ends >= 0] = place
    place_of_row = np.full(int(rows[-1]) + 1 if len(rows) else 1, -1, np.int32)
    place_of_row[rows] = np.arange(len(rows), dtype=np.int32)
    parent = np.where(hops.parent >= 0, place_of_row[np.maximum(hops.parent, 0)], hops.parent)
    count = len(events)
    history = History(
        debit=numbered[:count].astype(np.int32),
        credit=numbered[count:].astype(np.int32),
        amount_fen=log.amount_fen[events],
        arrival_use=log.arrival_use[events],
        special=np.full(count, NO_SPECIAL, np.int32),
        specials=no_specials(0),
        opening_fen=np.zeros(len(accounts), np.int64),
        terminal=np.zeros(len(accounts), np.bool_),
        side_start=np.zeros(len(accounts) + 1, np.int32),
        side_borrower=np.zeros(0, np.int32),
        loan_borrower=np.zeros(len(chosen), np.int32),
    )
    named = NamedHistory(
        history=history,
        accounts=pl.Series([names[one] for one in accounts.tolist()], dtype=pl.String),
        loans=[str(loans[int(one)]) for one in chosen],
        transaction_ids=transactions(events.astype(np.int64)),
        row_of_event=np.arange(count, dtype=np.int64),
        booked_at_us=np.zeros(count, np.int64),
        opening="given",
        class_of_account=np.zeros(len(accounts), np.uint8),
    )
    renumbered = Hops(
        loan=loan.astype(np.int32),
        event=event.astype(np.int32),
        parent=parent.astype(np.int32),
        amount_fen=hops.amount_fen,
        offset_fen=hops.offset_fen,
        use=hops.use,
        use_before=hops.use_before,
        depth=hops.depth,
        ended=hops.ended,
    )
    return named, renumbered


def content_of(rows: Any, transactions: pl.Series, place: int) -> list[tuple[Any, ...]]:
    """What hops from the tail (rows of the pool, events from position `place` on) say, for comparison: transaction, loan and the
    rest of each."""
    ids = transactions.gather(rows["event"].astype(np.int64) - place).to_list() if len(rows) else []
    return list(zip(ids, *(rows[name].tolist() for name in _COMPARED), strict=True))


def loans_that_differ(old: Any, new: Any) -> set[int]:
    """Loans of which two lists of rows of the pool, over the same events, do not say the same."""
    if len(old) == len(new):
        differs = np.zeros(len(old), np.bool_)
        for name in (*_COMPARED, "event", "offset"):
            differs |= old[name] != new[name]
        return set(old["loan"][differs].tolist()) | set(new["loan"][differs].tolist())
    names = (*_COMPARED, "event")
    one, other = (set(zip(*(rows[name].tolist() for name in names), strict=True)) for rows in (old, new))
    return {int(row[0]) for row in one ^ other}

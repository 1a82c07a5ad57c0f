"""From movements to statements: references, opening and running balances, one-sided lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.flow_book import Flows
from loantrail.demo.papers import Papers
from loantrail.demo.season import day_of

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Lines:
    """One row per statement line of an account of this bank, in the order of movements, debit before credit."""

    flow: Int32
    account: Int32
    is_credit: NDArray[np.bool_]
    sequence: Int32
    """1-based place in the account's own statement."""
    balance_fen: Int64
    """After the line."""


def statement_lines(
    flows: Flows, own: NDArray[np.bool_], overdraft_fen: Int64, cushion_fen: Int64
) -> tuple[Lines, Int64]:
    """The lines of all own accounts and their opening balances.

    An account opens with the least balance that never takes it below `-overdraft_fen[account]` plus its
    `cushion_fen`; so it runs into overdraft only where it may. Arrays have shape `[accounts]`.
    """
    count = len(flows)
    has_debit = (flows.debit >= 0) & own[flows.debit]
    has_credit = (flows.credit >= 0) & own[flows.credit]
    per_flow = has_debit.astype(np.int64) + has_credit
    first = np.cumsum(per_flow) - per_flow
    total = int(per_flow.sum())
    flow = np.repeat(np.arange(count, dtype=np.int32), per_flow)
    is_credit = np.ones(total, dtype=np.bool_)
    is_credit[first[has_debit]] = False
    account = np.where(is_credit, flows.credit[flow], flows.debit[flow])

    order = np.argsort(account, kind="stable").astype(np.int32)
    sorted_account = account[order]
    signed = np.where(is_credit[order], flows.amount_fen[flow[order]], -flows.amount_fen[flow[order]])
    running = np.cumsum(signed)
    starts = (
        np.flatnonzero(np.r_[True, sorted_account[1:] != sorted_account[:-1]])
        if total
        else np.zeros(0, np.int64)
    )
    lengths = np.diff(np.r_[starts, total])
    base = running[starts] - signed[starts]
    del signed  # large banks: eight bytes a line
    running -= np.repeat(base, lengths)
    least = np.minimum.reduceat(running, starts) if total else np.zeros(0, np.int64)

    opening = cushion_fen.copy()
    touched = sorted_account[starts]
    opening[touched] += np.maximum(0, -least - overdraft_fen[touched])
    running += np.repeat(opening[touched], lengths)
    place = np.arange(total, dtype=np.int64) - np.repeat(starts, lengths) + 1

    balance = np.empty(total, dtype=np.int64)
    balance[order] = running
    sequence = np.empty(total, dtype=np.int32)
    sequence[order] = place
    return Lines(
        flow=flow, account=account, is_credit=is_credit, sequence=sequence, balance_fen=balance
    ), opening


def overdraft_at_drawdown(flows: Flows, lines: Lines, papers: Papers) -> list[tuple[int, int]]:
    """(loan, fen) of each drawdown that came into an overdrawn account: how much of it the overdraft took."""
    drawn = np.array(papers.drawdowns, dtype=np.int64).reshape(-1, 4)
    positions = flows.position_of[drawn[:, 1]]
    credit = np.flatnonzero(lines.is_credit)
    rows = credit[np.searchsorted(lines.flow[credit], positions)]
    before = lines.balance_fen[rows] - drawn[:, 3]
    taken = np.minimum(-before, drawn[:, 3])
    return [(int(drawn[i, 0]), int(taken[i])) for i in np.flatnonzero(before < 0)]


def reference_numbers(flows: Flows) -> tuple[Int64, Int64]:
    """(day number, place within the day) of each movement: together they name it."""
    day = day_of(flows.booked_at)
    starts = np.searchsorted(day, day)
    return day, np.arange(len(day)) - starts + 1

"""Every way to route labelled money through a tiny history, by exhaustion: what bounds must equal."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from loantrail.tracing.model import IN_TRANSIT, OUTSIDE, Bool, History
from loantrail.tracing.slow import reversal_targets

State = tuple[tuple[int, ...], tuple[int, ...], int]
"""Labelled fen of every account and slot; fen that each reversal will bring back; fen arrived."""


@dataclass
class Takeback:
    """A reversal that the network does not treat as an ordinary transfer."""

    original: int
    fen: int
    instead: bool
    """True when the money counts as never gone (contracted), False when it may have stayed or come back."""


def takebacks(history: History, destinations: Collection[int], unlimited: Bool) -> dict[int, Takeback]:
    found: dict[int, Takeback] = {}
    taken: dict[int, int] = {}
    for event, original in sorted(reversal_targets(history).items()):
        payer, fen = int(history.debit[event]), int(history.amount_fen[event])
        left = int(history.amount_fen[original]) - taken.get(original, 0)
        back = min(fen, left)
        taken[original] = taken.get(original, 0) + back
        lotless = payer == OUTSIDE or bool(history.terminal[payer]) or payer in destinations
        between = range(original + 1, event)
        quiet = not any(
            payer in (history.debit[e], history.credit[e])
            and not (e in found and found[e].original == original and found[e].instead)
            for e in between
        )
        before = int(history.opening_fen[payer]) if payer >= 0 else 0
        for e in range(original):
            before += int(history.amount_fen[e]) * (
                int(history.credit[e] == payer) - int(history.debit[e] == payer)
            )
        covered = payer >= 0 and (bool(unlimited[payer]) or before >= 0)
        whole = payer >= 0 and quiet and back == fen
        if whole and (payer in destinations or (covered and not lotless)):
            found[event] = Takeback(original, back, True)
        elif lotless and back > 0:
            found[event] = Takeback(original, back, False)
    return found


def arrivals(
    history: History,
    loans: Collection[int],
    destinations: Collection[int],
    unlimited: Bool | None = None,
    outside_is_destination: bool = False,
) -> set[int]:
    """Every total that can have arrived at the destinations."""
    m, slots = history.account_count, len(history.specials.reverses)
    free = np.zeros(m, np.bool_) if unlimited is None else unlimited
    back = takebacks(history, destinations, free)
    order = sorted(back)
    balance = [int(fen) for fen in history.opening_fen] + [0] * slots
    states: set[State] = {((0,) * (m + slots), (0,) * len(order), 0)}
    for event in range(history.event_count):
        debit, credit = int(history.debit[event]), int(history.credit[event])
        amount, row = int(history.amount_fen[event]), int(history.special[event])
        special = history.specials
        loan = int(special.disburses[row]) if row >= 0 else -1
        carries = int(special.carries[row]) if row >= 0 else -1
        opens = row >= 0 and bool(special.opens_slot[row])
        payer = m + carries if carries >= 0 else debit
        if carries < 0 and (debit < 0 or history.terminal[debit] or debit in destinations):
            payer = -1
        endless = 0 <= payer < m and bool(free[payer])
        covered = amount if endless or payer < 0 else min(amount, max(balance[payer], 0))
        left = 0 if payer < 0 else max(balance[payer] - amount, 0)
        gone = credit == OUTSIDE or (credit >= 0 and (history.terminal[credit] or credit in destinations))
        target = credit
        if opens and credit not in destinations and credit != OUTSIDE:
            target, gone = m + row, False
        owed = 0
        if not gone and target < m and not free[target]:
            owed = min(amount, max(-balance[target], 0))
        following: set[State] = set()
        for labels, pending, arrived in states:
            lying = labels[payer] if payer >= 0 else 0
            for leaving in (
                range(max(0, lying - (10**9 if endless else left)), min(lying, covered) + 1)
                if event not in back
                else [0]
            ):
                after = list(labels)
                if payer >= 0:
                    after[payer] -= leaving
                moved = pending[order.index(event)] if event in back else leaving
                if loan >= 0:
                    moved = amount if loan in loans else 0
                mine = [i for i, e in enumerate(order) if back[e].original == event]
                for returning in _returning(moved, amount, [back[order[i]] for i in mine]):
                    later = list(pending)
                    for i, fen in zip(mine, returning, strict=True):
                        later[i] = fen
                    net = moved - sum(returning)
                    if gone:
                        counts = credit in destinations or (credit == OUTSIDE and outside_is_destination)
                        following.add((tuple(after), tuple(later), arrived + net * counts))
                        continue
                    for repaid in range(max(0, net - (amount - owed)), min(net, owed) + 1):
                        placed = list(after)
                        placed[target] += net - repaid
                        following.add((tuple(placed), tuple(later), arrived))
        states = following
        if debit >= 0:
            balance[debit] -= amount
        if carries >= 0:
            balance[payer] = max(balance[payer] - amount, 0)
        if credit >= 0:
            balance[credit] += amount
        if target >= m:
            balance[target] = amount
    assert IN_TRANSIT < OUTSIDE < 0
    return {arrived for _, _, arrived in states}


def _returning(moved: int, amount: int, backs: list[Takeback]) -> Iterator[tuple[int, ...]]:
    """How much labelled money each reversal of an event will bring back."""
    if not backs:
        yield ()
        return
    net = amount - sum(one.fen for one in backs if one.instead)

    def choices(remaining: int, rest: list[Takeback]) -> Iterator[tuple[int, ...]]:
        if not rest:
            if remaining <= net:
                yield ()
            return
        for fen in range(min(remaining, rest[0].fen) + 1):
            for more in choices(remaining - fen, rest[1:]):
                yield (fen, *more)

    yield from choices(moved, backs)

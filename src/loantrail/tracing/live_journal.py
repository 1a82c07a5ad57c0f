"""What the last events of a trace changed, kept so that they can be taken back one by one.

Going back to a mark costs as much as there are accounts; events that came last, and few at a time, are undone by what they
touched. Only plain ones are kept: those that open a slot, take money out of one, or take a payment back change more than their two
accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from loantrail.tracing import kernel_live
from loantrail.tracing.kernel_arrival import Events
from loantrail.tracing.kernel_state import (
    ACCOUNT_ROW,
    COUNTERS,
    HOP_COUNT,
    HOP_ROW,
    LOT_ROW,
    State,
    empty_pool,
)
from loantrail.tracing.live_batch import Batch
from loantrail.tracing.model import Int32, Int64

FEW: Final = 16
"""A batch of more events is not kept."""
STEPS_MOST: Final = 64
LOTS_MOST: Final = 4_096
"""Nor is an event whose payer holds more lots."""


def keeps(batch: Batch) -> bool:
    """Whether the events of a batch can be taken back one by one."""
    specials = batch.specials
    return (
        batch.event_count <= FEW
        and not len(batch.reversing)
        and not specials.opens_slot.any()
        and not (specials.reverses >= 0).any()
        and not (specials.carries >= 0).any()
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What one event may change, as it was before."""

    event: int
    special_count: int
    disbursed_fen: int
    ended_fen: int
    ends: Any
    numbers: Int64
    rows: Int32
    kept: Any
    count: int

    @classmethod
    def before(
        cls, state: State, events: Events, event: int, special_count: int, totals_fen: tuple[int, int]
    ) -> Step:
        """To be taken before the event is processed."""
        debit = int(events.debit[event])
        lots = int(state.accounts["lot_count"][debit]) if debit >= 0 else 0
        room = 2 * lots + 16
        ends, numbers = empty_pool(ACCOUNT_ROW, 2), np.zeros(COUNTERS + 4, np.int64)
        rows, kept = np.zeros(room, np.int32), empty_pool(LOT_ROW, room)
        count = kernel_live.journal(state, events, event, ends, numbers, rows, kept)
        return cls(event, special_count, *totals_fen, ends, numbers, rows, kept, count)

    def undo(self, state: State, events: Events) -> Any:
        """Take the event back; its hops (HOP_ROW)."""
        found = empty_pool(HOP_ROW, int(state.counters[HOP_COUNT] - self.numbers[HOP_COUNT]))
        kernel_live.undo(
            state, events, self.event, self.ends, self.numbers, self.rows, self.kept, self.count, found
        )
        return found


class Journal:
    """The steps of the last events, one behind the other without a gap."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def forget(self) -> None:
        self._steps.clear()

    def keep(
        self, state: State, events: Events, event: int, special_count: int, totals_fen: tuple[int, int]
    ) -> None:
        """The event is about to be processed, with so many special rows before it."""
        debit = int(events.debit[event])
        if debit >= 0 and state.accounts["lot_count"][debit] > LOTS_MOST:
            self.forget()
            return
        self._steps.append(Step.before(state, events, event, special_count, totals_fen))
        del self._steps[:-STEPS_MOST]

    def reaches(self, to: int, count: int) -> bool:
        """Whether the events from position `to` on, of `count` in all, can be taken back."""
        steps = self._steps
        return bool(steps) and steps[0].event <= to < count == steps[-1].event + 1

    def take_back(self, state: State, events: Events, to: int) -> Step:
        """Undo the events from position `to` on; the step of the first of them, whose counts are those from now on."""
        while True:
            step = self._steps.pop()
            step.undo(state, events)
            if step.event == to:
                return step

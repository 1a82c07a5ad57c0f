"""Points that a trace can go back to: what cannot be told from the events and the hops alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from loantrail.tracing import kernel_live
from loantrail.tracing.kernel_state import (
    ACCOUNT_ROW,
    FREE_COUNT,
    FREE_HEAD,
    HOP_COUNT,
    LOT_ROW,
    LOT_TOP,
    State,
    empty_pool,
)
from loantrail.tracing.live_log import EventLog
from loantrail.tracing.model import OUTSIDE, Bool, Int32, Int64

KEPT_PER_AGE: Final = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """The state after the events before `position`. Slots are numbered by special row."""

    position: int
    hop_count: int
    balance: Int64  # [accounts known then]
    slot_balance: Int64  # [special rows then]
    reversed_fen: Int64  # [special rows then]
    opens_slot: Bool  # [special rows then]
    lot_place: Int64  # places that hold lots: accounts, then slots as -1 - row
    lot_count: Int32
    lots: Any  # LOT_ROW
    disbursed_fen: int
    ended_fen: int

    @property
    def special_count(self) -> int:
        return len(self.slot_balance)


def take_mark(log: EventLog, state: State, disbursed_fen: int, ended_fen: int) -> Mark:
    """The state as it is now."""
    room = log.account_room
    with_lots = np.flatnonzero(state.head >= 0)
    lots = empty_pool(LOT_ROW, int(state.accounts["lot_count"][with_lots].sum()))
    counts = np.zeros(len(with_lots), np.int32)
    kernel_live.pack_lots(state, with_lots, lots, counts)
    specials = log.special_count
    return Mark(
        position=log.count,
        hop_count=int(state.counters[HOP_COUNT]),
        balance=state.balance[: log.account_count].copy(),
        slot_balance=state.balance[room : room + specials].copy(),
        reversed_fen=state.reversed_fen[:specials].copy(),
        opens_slot=log.specials["opens_slot"][:specials].copy(),
        lot_place=np.where(with_lots < room, with_lots, room - 1 - with_lots),
        lot_count=counts,
        lots=lots,
        disbursed_fen=disbursed_fen,
        ended_fen=ended_fen,
    )


def go_back(log: EventLog, state: State, mark: Mark) -> tuple[list[int], list[int]]:
    """Put the state back to a mark; to be called before the log is cut. Accounts that came later have their opening
    balance. Returns rows of earlier hops that count as ended again, and events whose slot is closed."""
    room, specials = log.account_room, mark.special_count
    state.balance[:] = 0
    state.balance[: log.account_count] = log.opening_fen[: log.account_count]
    state.balance[: len(mark.balance)] = mark.balance
    state.balance[room : room + specials] = mark.slot_balance
    state.head[:] = -1
    state.accounts[:] = np.zeros((), ACCOUNT_ROW)
    state.accounts["tail"] = -1
    state.reversed_fen[:] = 0
    state.reversed_fen[:specials] = mark.reversed_fen
    top = int(state.counters[LOT_TOP])
    state.lots[:top] = np.zeros((), LOT_ROW)
    state.counters[FREE_HEAD], state.counters[FREE_COUNT], state.counters[LOT_TOP] = -1, 0, 0
    ended: list[int] = []
    closed: list[int] = []
    opened = log.specials["opens_slot"][: log.special_count].copy()
    opened[:specials] &= ~mark.opens_slot
    for row in np.flatnonzero(opened).tolist():
        event = int(log.special_event[row])
        credit = int(log.credit[event])
        if event >= mark.position or (credit != OUTSIDE and not log.terminal[max(credit, 0)]):
            continue
        first = kernel_live.hops_begin(state, event)
        last = kernel_live.hops_begin(state, event + 1)
        state.hops["ended"][first:last] = True
        ended.extend(range(first, last))
        closed.append(event)
    log.specials["opens_slot"][:specials] = mark.opens_slot
    places = np.where(mark.lot_place >= 0, mark.lot_place, room - 1 - mark.lot_place)
    kernel_live.unpack_lots(state, places, mark.lots, mark.lot_count)
    kernel_live.clear_hops(state, mark.hop_count, int(state.counters[HOP_COUNT]))
    state.counters[HOP_COUNT] = mark.hop_count
    return ended, closed


def stays_behind(left: int, every: int) -> bool:
    """Whether a mark with so many events to come is worth taking: of those far back `thinned` keeps few."""
    steps = -(-left // max(every, 1))
    return steps <= KEPT_PER_AGE or steps & (steps - 1) == 0


def thinned(marks: list[Mark], every: int) -> list[Mark]:
    """Marks, the older the fewer: of those whose age has the same power of two, `KEPT_PER_AGE` stay."""
    newest = marks[-1].position
    ages: dict[int, int] = {}
    kept: list[Mark] = []
    for mark in reversed(marks):
        age = ((newest - mark.position) // max(every, 1)).bit_length()
        ages[age] = ages.get(age, 0) + 1
        if ages[age] <= KEPT_PER_AGE or mark.position == 0:
            kept.append(mark)
    return kept[::-1]

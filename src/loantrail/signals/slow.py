"""The plain twin of the kernel: every figure of every row anew from the whole history, by its definition. For tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loantrail.signals import kernel_state as k
from loantrail.signals.model import COLUMNS, GROUP_OF, Given
from loantrail.tracing.model import Int64


@dataclass(frozen=True, slots=True)
class Action:
    event: int
    kind: int
    group: int
    gate: int
    loan: int
    pair: int
    fen: int


class History:
    """The arrays as Python lists, and what they say up to an event."""

    def __init__(self, given: Given) -> None:
        events = given.events
        self.given = given
        self.at = [int(value) for value in events.at_us]
        self.debit = [int(value) for value in events.debit]
        self.credit = [int(value) for value in events.credit]
        self.amount = [int(value) for value in events.amount_fen]
        self.payer = [int(value) for value in events.payer]
        self.payee = [int(value) for value in events.payee]
        self.actions = [
            Action(
                event,
                *(int(events.actions[i][name]) for name in ("kind", "group", "gate", "loan", "pair", "fen")),
            )
            for event in range(given.event_count)
            for i in range(int(events.action_start[event]), int(events.action_start[event + 1]))
        ]
        self.sides = [
            {
                int(borrower)
                for borrower in events.side_borrower[
                    int(events.side_start[account]) : int(events.side_start[account + 1])
                ]
            }
            for account in range(len(given.opening_fen))
        ]
        self.touched_at = [self._touched_at(account) for account in range(len(given.opening_fen))]
        self.gate_at = {
            (pair, gate): self._gate_at(pair, gate)
            for pair in range(len(given.tied))
            for gate in (k.OPEN, k.QUICK)
        }

    def side_of(self, account: int) -> set[int]:
        return self.sides[account] if account >= 0 else set()

    def _touched_at(self, account: int) -> int:
        """The first event from which on the account has windows; past the end when none."""
        if self.given.on_side[account]:
            return 0
        paid = [
            event
            for event in range(len(self.at))
            if self.credit[event] == account and self.side_of(self.debit[event])
        ]
        reached = [
            act.event for act in self.actions if act.kind in (k.REACH, k.TOUCH) and act.pair == account
        ]
        return min([*paid, *reached, len(self.at)])

    def _gate_at(self, pair: int, gate: int) -> int:
        """The first event at which the gate is seen open; past the end when none."""
        if gate == k.OPEN and self.given.tied[pair]:
            return 0
        part, whole = (k.HANDED_ON, k.SUPPLIED) if gate == k.OPEN else (k.GAVE_BACK, k.PAID)
        sums = [0] * k.PAIR_SUMS
        mine = [act for act in self.actions if act.kind == k.PAIR and act.pair == pair]
        for event in sorted({act.event for act in mine}):
            for act in mine:
                if act.event == event:
                    sums[act.group] += act.fen
            share = int(self.given.events.handed_on_ppm[event])
            if sums[part] > 0 and sums[whole] > 0:
                seen = min(sums[part], sums[whole]) * 1_000_000 // sums[whole]
                if seen >= share:
                    return event
        return len(self.at)

    def counted_at(self, act: Action) -> int:
        """The event at which an amount of a loan counts: its own, or when its gate is first seen open."""
        if act.gate == k.ALWAYS:
            return act.event
        if act.gate == k.OPEN_OR_QUICK:
            opened = min(self.gate_at[act.pair, k.OPEN], self.gate_at[act.pair, k.QUICK])
        else:
            opened = self.gate_at[act.pair, act.gate]
        return max(act.event, opened)

    def within(self, event: int, upto: int, window: int) -> bool:
        return event <= upto and self.at[event] > self.at[upto] - k.WINDOW_US[window]

    def amounts(self, upto: int, window: int, counts: Callable[[int], bool]) -> list[int]:
        """Amounts of the transactions up to an event, in a window, that count."""
        return [
            self.amount[event]
            for event in range(upto + 1)
            if self.within(event, upto, window) and counts(event)
        ]

    def out_of(self, account: int) -> Callable[[int], bool]:
        return lambda event: (
            account >= 0 and self.debit[event] == account and event >= self.touched_at[account]
        )

    def into(self, account: int) -> Callable[[int], bool]:
        return lambda event: (
            account >= 0 and self.credit[event] == account and event >= self.touched_at[account]
        )


def rows_of(given: Given) -> Int64:
    """All rows, [rows, COLUMNS], as the kernel gives them."""
    history = History(given)
    lines: list[list[int]] = []
    for event in range(given.event_count):
        for row in range(int(given.events.row_start[event]), int(given.events.row_start[event + 1])):
            found = _row(history, event, row)
            lines.append([found[name] for name in COLUMNS])
    return np.array(lines, np.int64).reshape(len(lines), len(COLUMNS))


def _row(history: History, event: int, row: int) -> dict[str, int]:
    given = history.given
    wanted = given.events.wanted[row]
    loan, account = int(wanted["loan"]), int(wanted["account"])
    payee_account, payee = int(wanted["payee_account"]), int(wanted["payee"])
    borrower = int(given.events.loan_borrower[loan])
    past = [act for act in history.actions if act.event <= event]
    found: dict[str, int] = {}
    for name, group in GROUP_OF.items():
        added = [
            (history.counted_at(act), act.fen)
            for act in history.actions
            if act.kind == k.ADD and act.loan == loan and act.group == group
        ]
        found[f"{name}_fen"] = max(0, sum(fen for when, fen in added if when <= event))
        for window, days in enumerate((1, 3, 7, 30, 90)):
            found[f"{name}_fen_{days}d"] = max(
                0, sum(fen for when, fen in added if history.within(when, event, window))
            )
    found["payee_count"] = len({act.pair for act in past if act.kind == k.PAYEE and act.loan == loan})
    found["idle_fen"] = sum(act.fen for act in past if act.kind == k.IDLE and act.loan == loan)
    found["labelled_fen"] = sum(act.fen for act in past if act.kind == k.HOLD and act.pair == account)
    found["balance_fen"] = 0
    if account >= 0:
        found["balance_fen"] = int(given.opening_fen[account]) + sum(
            history.amount[i] * ((history.credit[i] == account) - (history.debit[i] == account))
            for i in range(event + 1)
        )
    found["payee_borrower_count_30d"] = len(
        {
            int(given.events.loan_borrower[act.loan])
            for act in past
            if act.kind == k.REACH and act.pair == payee_account and history.within(act.event, event, k.MONTH)
        }
        if payee_account >= 0
        else ()
    )

    def paid(i: int) -> bool:
        return payee >= 0 and history.payee[i] == payee and borrower in history.side_of(history.debit[i])

    def received(i: int) -> bool:
        return payee >= 0 and history.payer[i] == payee and borrower in history.side_of(history.credit[i])

    def customer_out(i: int) -> bool:
        return borrower in history.side_of(history.debit[i]) - history.side_of(history.credit[i])

    def customer_in(i: int) -> bool:
        return borrower in history.side_of(history.credit[i]) - history.side_of(history.debit[i])

    for window, days in enumerate((1, 3, 7, 30, 90)):

        def amounts(counts: Callable[[int], bool], window: int = window) -> list[int]:
            return history.amounts(event, window, counts)

        out = amounts(history.out_of(account))
        found |= {
            f"paid_to_payee_fen_{days}d": sum(amounts(paid)),
            f"paid_to_payee_count_{days}d": len(amounts(paid)),
            f"largest_to_payee_fen_{days}d": max(amounts(paid), default=0),
            f"received_from_payee_fen_{days}d": sum(amounts(received)),
            f"received_from_payee_count_{days}d": len(amounts(received)),
            f"payee_in_fen_{days}d": sum(amounts(history.into(payee_account))),
            f"payee_out_fen_{days}d": sum(amounts(history.out_of(payee_account))),
            f"out_fen_{days}d": sum(out),
            f"out_count_{days}d": len(out),
            f"largest_out_fen_{days}d": max(out, default=0),
            f"in_fen_{days}d": sum(amounts(history.into(account))),
            f"customer_out_fen_{days}d": sum(amounts(customer_out)),
            f"customer_in_fen_{days}d": sum(amounts(customer_in)),
            f"counterparty_count_{days}d": len(
                {
                    history.payee[i]
                    for i in range(event + 1)
                    if history.within(i, event, window) and history.out_of(account)(i)
                }
            ),
        }
    return found

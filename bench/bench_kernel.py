"""Claim: the tracing kernel (FIFO) follows at least 10 million transactions a second and core, and takes at most five
times as long as the bare update of two balances over the same rows.

One thread, arrays in memory, a fresh state for every turn; seconds of the processor, so that other work on the machine
counts little. The other conventions are there for information: PRO_RATA and POISON spread loan money over every account
it can have met, so they run fewer turns and only in the first mix. LOANTRAIL_BENCH_ROWS changes the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import thread_time
from typing import Any

import numpy as np
from measuring import alternate, bar, medians, ratio_of_turns, record, size, table
from random_bank import random_history

from loantrail.tracing import kernel
from loantrail.tracing.kernel_arrival import Events
from loantrail.tracing.kernel_state import HOP_COUNT, State, empty_pool, empty_state
from loantrail.tracing.model import Convention, History
from loantrail.tracing.trace import events_of, warm_up

ROWS = 10_000_000
ACCOUNTS = 1_000_000
LOANS = 3_000
ROUNDS = 7
SPREADING = (Convention.PRO_RATA, Convention.POISON)
SPREADING_ROWS = 1_000_000
ROUNDS_SPREADING = 2
LEAST_PER_SECOND = 10_000_000
MOST_TIMES_BARE = 5.0


class Subject:
    """The kernel on one history by one convention, with pools long enough that no turn stops to grow."""

    def __init__(self, history: History, events: Events, convention: Convention) -> None:
        self.history, self.events, self.convention = history, events, convention
        self.rows = 1 << 16
        while self._run(self._state()) == kernel.GROW:
            self.rows *= 2
        self.hops = 0

    def _state(self) -> State:
        state = empty_state(self.history.opening_fen, len(self.events.specials), self.rows)
        slices = empty_pool(state.slices.dtype, max(len(state.slices), self.rows // 4))
        return state._replace(slices=slices, untraced=empty_pool(state.untraced.dtype, self.rows))

    def _run(self, state: State) -> int:
        return kernel.run(state, self.events, int(self.convention), 0, self.history.event_count)

    def share_meeting_loans(self) -> float:
        """Looked at every so many rows: who holds loan money changes little in between."""
        state, step, met = self._state(), max(1, self.history.event_count // 200), 0
        for start in range(0, self.history.event_count, step):
            stop = min(start + step, self.history.event_count)
            kernel.run(state, self.events, int(self.convention), start, stop)
            holds = np.append(state.head[: self.history.account_count] >= 0, False)
            met += np.count_nonzero(
                holds[self.history.debit[start:stop]] | holds[self.history.credit[start:stop]]
            )
        return met / self.history.event_count

    def turn(self) -> float:
        state = self._state()
        start = thread_time()
        status = self._run(state)
        taken = thread_time() - start
        assert status == kernel.DONE
        self.hops = int(state.counters[HOP_COUNT])
        return taken


Figures = dict[str, dict[str, float]]


def measure(
    rows: int, accounts: int, loans: int, conventions: Sequence[Convention], rounds: int
) -> tuple[Figures, float | None]:
    """Per subject: seconds, transactions a second, times the bare update, hops. And the share of rows that find loan
    money in an account they touch, by FIFO (None when FIFO is not among the conventions)."""
    history = random_history(rows, accounts, loans)
    events = events_of(history)
    subjects = {convention.name: Subject(history, events, convention) for convention in conventions}

    def bare() -> float:
        balance = history.opening_fen.copy()
        start = thread_time()
        kernel.bare_balances(history.debit, history.credit, history.amount_fen, balance)
        return thread_time() - start

    taken = alternate({"bare update": bare, **{name: s.turn for name, s in subjects.items()}}, rounds)
    hops = {name: subject.hops for name, subject in subjects.items()}
    figures: Figures = {
        name: {
            "seconds": middle,
            "transactions_per_second": rows / middle,
            "times_bare": ratio_of_turns(taken[name], taken["bare update"]),
            "hops": hops.get(name, 0),
        }
        for name, middle in medians(taken).items()
    }
    return figures, subjects["FIFO"].share_meeting_loans() if "FIFO" in subjects else None


def show(rows: int, accounts: int, loans: int, figures: Figures) -> None:
    print(f"{rows:,} transactions, {accounts:,} accounts, {loans:,} loans")
    table(
        ("subject", "seconds", "million tx/s", "times bare", "hops"),
        [
            (
                name,
                line["seconds"],
                line["transactions_per_second"] / 1e6,
                line["times_bare"],
                int(line["hops"]),
            )
            for name, line in figures.items()
        ],
    )


def main() -> None:
    rows = size("LOANTRAIL_BENCH_ROWS", ROWS)
    warm_up()
    mixes: dict[str, Any] = {}
    keeping = [convention for convention in Convention if convention not in SPREADING]
    for mix, (all_loans, of_rows, conventions, rounds) in {
        "usual": (LOANS, rows, keeping, ROUNDS),
        "no loan money met": (1, rows, [Convention.FIFO], ROUNDS),
        "ten times the loans": (10 * LOANS, rows, [Convention.FIFO, Convention.LIFO], ROUNDS),
        "spreading": (LOANS, min(rows, SPREADING_ROWS), SPREADING, ROUNDS_SPREADING),
    }.items():
        accounts, loans = max(1_000, ACCOUNTS * of_rows // ROWS), max(1, all_loans * of_rows // ROWS)
        figures, share = measure(of_rows, accounts, loans, conventions, rounds)
        print(f"-- {mix}" + ("" if share is None else f": {100 * share:.1f} % of the rows meet loan money"))
        show(of_rows, accounts, loans, figures)
        mixes[mix] = {
            "rows": of_rows,
            "accounts": accounts,
            "loans": loans,
            "share_of_rows_meeting_loan_money": share,
            "figures": figures,
        }
    fifo = mixes["usual"]["figures"]["FIFO"]
    speed, times = fifo["transactions_per_second"], fifo["times_bare"]
    bars = [
        bar(
            "FIFO, 10 million transactions a second and core",
            met=speed >= LEAST_PER_SECOND,
            margin=f"{speed / 1e6:.1f} million",
        ),
        bar(
            "FIFO, 5 times the bare balance update", met=times <= MOST_TIMES_BARE, margin=f"{times:.2f} times"
        ),
    ]
    record("kernel", {"rounds": ROUNDS, "bars": bars, "mixes": mixes}, full_size=rows >= ROWS)


if __name__ == "__main__":
    main()

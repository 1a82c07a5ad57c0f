"""Claim: the tracing kernel (FIFO) follows at least 10 million transactions a second and core, and takes at most five
times as long as the bare update of two balances over the same rows.

One thread, arrays in memory, a fresh state for every turn. LOANTRAIL_BENCH_ROWS changes the number of rows.
"""

from __future__ import annotations

from time import perf_counter

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
MIXES = {"3,000 loans": 3_000, "30,000 loans": 30_000}
CLAIMED = "3,000 loans"
ROUNDS = 7
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

    def turn(self) -> float:
        state = self._state()
        start = perf_counter()
        status = self._run(state)
        taken = perf_counter() - start
        assert status == kernel.DONE
        self.hops = int(state.counters[HOP_COUNT])
        return taken


def measure(rows: int, accounts: int, loans: int) -> dict[str, dict[str, float]]:
    """Per subject: seconds, transactions a second, times the bare update, hops."""
    history = random_history(rows, accounts, loans)
    events = events_of(history)
    subjects = {convention.name: Subject(history, events, convention) for convention in Convention}

    def bare() -> float:
        balance = history.opening_fen.copy()
        start = perf_counter()
        kernel.bare_balances(history.debit, history.credit, history.amount_fen, balance)
        return perf_counter() - start

    taken = alternate({"bare update": bare, **{name: s.turn for name, s in subjects.items()}}, ROUNDS)
    hops = {name: subject.hops for name, subject in subjects.items()}
    return {
        name: {
            "seconds": middle,
            "transactions_per_second": rows / middle,
            "times_bare": ratio_of_turns(taken[name], taken["bare update"]),
            "hops": hops.get(name, 0),
        }
        for name, middle in medians(taken).items()
    }


def main() -> None:
    rows = size("LOANTRAIL_BENCH_ROWS", ROWS)
    accounts, shrink = max(1_000, ACCOUNTS * rows // ROWS), rows / ROWS
    kernel.bare_balances(*(np.zeros(1, kind) for kind in (np.int32, np.int32, np.int64, np.int64)))
    warm_up()
    found: dict[str, dict[str, dict[str, float]]] = {}
    for mix, loans in MIXES.items():
        found[mix] = measure(rows, accounts, max(1, int(loans * shrink)))
        print(f"{rows:,} transactions, {accounts:,} accounts, {mix}")
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
                for name, line in found[mix].items()
            ],
        )
    fifo = found[CLAIMED]["FIFO"]
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
    record(
        "kernel",
        {"rows": rows, "accounts": accounts, "rounds": ROUNDS, "bars": bars, "mixes": found},
        full_size=rows >= ROWS,
    )


if __name__ == "__main__":
    main()

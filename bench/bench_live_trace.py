"""Claim: a trace that goes on takes in at least 5 million transactions a second and core in batches of 8,192, a payment
not yet made is judged within 10 ms (p99), and the state of a million accounts fits into 200 MiB.

One thread, arrays in memory; seconds of the processor for the passes, seconds by the clock for single probes. The batch
pass beside it (`trace_history`, arrays prepared outside the time) is the yardstick. LOANTRAIL_BENCH_ROWS changes the
number of rows.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter, thread_time
from typing import Any

import numpy as np
from measuring import alternate, bar, medians, quantile, ratio_of_turns, record, size, table
from random_bank import random_history

from loantrail.ids import seeded_generator
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_batch import Batch, Payment, events_of_history, no_events
from loantrail.tracing.live_snapshot import snapshot
from loantrail.tracing.model import OUTSIDE, Convention, History
from loantrail.tracing.trace import trace_history, warm_up

ROWS = 10_000_000
ACCOUNTS = 1_000_000
LOANS = 3_000
BATCH_ROWS = 8_192
PROBES = 20_000
ROUNDS = 5
LEAST_PER_SECOND = 5_000_000
MOST_PROBE_SECONDS = 0.010
MOST_MIB_PER_MILLION = 200.0


def names_of(history: History) -> Batch:
    """All accounts, loans and sides, without an event."""
    sides = np.repeat(np.arange(history.account_count), np.diff(history.side_start))
    return replace(
        no_events(),
        opening_fen=history.opening_fen,
        terminal=history.terminal,
        loan_borrower=history.loan_borrower,
        side_account=sides.astype(np.int32),
        side_borrower=history.side_borrower,
    )


def batches_of(history: History) -> list[Batch]:
    count = history.event_count
    return [
        events_of_history(history, np.arange(first, min(first + BATCH_ROWS, count)))
        for first in range(0, count, BATCH_ROWS)
    ]


def state_bytes(trace: LiveTrace) -> int:
    """What grows with the accounts: balances, heads, lots, marks; not the log and the hops, which grow with the rows."""
    state, log = trace.state, trace.log
    pools = sum(getattr(state, name).nbytes for name in ("balance", "head", "accounts", "lots"))
    known = log.opening_fen.nbytes + log.terminal.nbytes + log.side_start.nbytes + 4 * len(state.head)
    marks = sum(mark.balance.nbytes + mark.lots.nbytes for mark in trace.marks)
    return pools + known + marks


def log_bytes(trace: LiveTrace) -> int:
    log = trace.log
    used = log.count * (4 + 4 + 8 + 1 + 4)
    return used + trace.hop_count * trace.state.hops.dtype.itemsize


def main() -> None:
    rows = size("LOANTRAIL_BENCH_ROWS", ROWS)
    accounts, loans = max(1_000, ACCOUNTS * rows // ROWS), max(1, LOANS * rows // ROWS)
    history = random_history(rows, accounts, loans)
    names, batches = names_of(history), batches_of(history)
    warm_up()
    last: list[LiveTrace] = []

    def live() -> float:
        trace = LiveTrace()
        trace.append(names)
        start = thread_time()
        for batch in batches:
            trace.append(batch)
        taken = thread_time() - start
        last[:] = [trace]
        return taken

    def at_once() -> float:
        start = thread_time()
        trace_history(history, Convention.FIFO)
        return thread_time() - start

    taken = alternate({"in batches of 8,192": live, "one pass": at_once}, ROUNDS)
    middle = medians(taken)
    trace = last[0]
    expected = trace_history(history, Convention.FIFO)
    assert trace.hop_count == len(expected.hops.loan)
    assert np.array_equal(expected.balance_fen, trace.result().balance_fen)

    draw = seeded_generator(1, "probes")
    probes: list[float] = []
    holders = np.flatnonzero(trace.state.head[:accounts] >= 0)
    for number in range(PROBES):
        among = holders if number % 2 and len(holders) else np.arange(accounts)
        payment = Payment(int(draw.choice(among)), OUTSIDE, int(draw.integers(1, 10_000_000)))
        start = perf_counter()
        trace.probe(payment)
        probes.append(perf_counter() - start)

    start = perf_counter()
    content = snapshot(trace)
    snapshot_seconds = perf_counter() - start
    start = perf_counter()
    trace.rewind(rows - rows // 100)
    rewind_seconds = perf_counter() - start

    speed = rows / middle["in batches of 8,192"]
    times = ratio_of_turns(taken["in batches of 8,192"], taken["one pass"])
    per_million = state_bytes(trace) / accounts * 1e6 / 2**20
    figures: dict[str, Any] = {
        "rows_per_second": speed,
        "one_pass_rows_per_second": rows / middle["one pass"],
        "times_one_pass": times,
        "probe_p50_seconds": quantile(probes, 0.5),
        "probe_p99_seconds": quantile(probes, 0.99),
        "mib_per_million_accounts": per_million,
        "bytes_per_event_with_hops": log_bytes(trace) / trace.event_count,
        "snapshot_mib": len(content) / 2**20,
        "snapshot_seconds": snapshot_seconds,
        "rewind_by_a_hundredth_seconds": rewind_seconds,
    }
    table(("figure", "value"), [(name, float(value)) for name, value in figures.items()])
    bars = [
        bar(
            "5 million transactions a second",
            met=speed >= LEAST_PER_SECOND,
            margin=f"{speed / 1e6:.1f} million",
        ),
        bar(
            "a probe within 10 ms (p99)",
            met=figures["probe_p99_seconds"] <= MOST_PROBE_SECONDS,
            margin=f"{1e3 * figures['probe_p99_seconds']:.3f} ms",
        ),
        bar(
            "a million accounts in 200 MiB",
            met=per_million <= MOST_MIB_PER_MILLION,
            margin=f"{per_million:.0f} MiB",
        ),
    ]
    record(
        "live_trace",
        {
            "rows": rows,
            "accounts": accounts,
            "loans": loans,
            "rounds": ROUNDS,
            "bars": bars,
            "figures": figures,
        },
        full_size=rows >= ROWS,
    )


if __name__ == "__main__":
    main()

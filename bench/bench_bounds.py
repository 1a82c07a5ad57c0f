"""Claim: how long the bounds of a loan take on the medium demo bank (a million transactions), beside one trace of the
whole bank.

Of 100 loans, spread evenly over the bank: bounds of every line of the statement, as the page of the loan shows
them, and bounds of what can have reached restricted payees. LOANTRAIL_BENCH_SIZE names another size of demo bank.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable
from time import perf_counter

import numpy as np
from measuring import LOANTRAIL, quantile, record, seconds, table, working_folder

from loantrail.destinations.model import BY_NAME
from loantrail.tracing.api import read_history
from loantrail.tracing.bounds import LINE_ARCS_MAX, reachable, warm_up
from loantrail.tracing.bounds import bounds as bounds_of
from loantrail.tracing.loan_bounds import LoanBounds, all_line_bounds
from loantrail.tracing.model import Convention, Int64
from loantrail.tracing.named import NamedHistory
from loantrail.tracing.results import result_frames
from loantrail.tracing.statement import PROHIBITED
from loantrail.tracing.trace import trace_history
from loantrail.tracing.trace import warm_up as warm_up_trace

LOANS = 100
SEED = 1
TRACES = 5


def timed(loans: list[int], work: Callable[[int], object]) -> list[float]:
    """Seconds of each loan; the first is done once more, unmeasured, before."""
    work(loans[0])
    taken: list[float] = []
    for loan in loans:
        start = perf_counter()
        work(loan)
        taken.append(perf_counter() - start)
    return taken


def restricted(named: NamedHistory) -> Int64:
    """Accounts in which a restricted use arrives."""
    codes = [BY_NAME[name].code for name in PROHIBITED]
    history = named.history
    return np.unique(history.credit[np.isin(history.arrival_use, codes) & (history.credit >= 0)]).astype(
        np.int64
    )


def main() -> None:
    warm_up_trace()
    warm_up()
    bank = os.environ.get("LOANTRAIL_BENCH_SIZE", "medium")
    with working_folder() as folder:
        command = [
            str(LOANTRAIL),
            "demo",
            "generate",
            "--size",
            bank,
            "--seed",
            str(SEED),
            "--out",
            str(folder),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        files = {name: folder / "trace" / f"{name}.parquet" for name in
                 ("transactions", "disbursements", "balances", "orders", "accounts")}  # fmt: skip
        named = read_history(*files.values())
    history = named.history
    trace = trace_history(history, Convention.FIFO)
    _, _, statement = result_frames(named, trace)
    kept = LoanBounds(named, np.zeros(0, np.int64), {})
    loans = [int(loan) for loan in np.linspace(0, history.loan_count - 1, LOANS).round()]
    payees = restricted(named).tolist()

    whole = statistics.median(seconds(lambda: trace_history(history, Convention.FIFO)) for _ in range(TRACES))
    taken = {
        "every line of the statement": timed(
            loans, lambda loan: all_line_bounds(kept, statement, [named.loans[loan]])
        ),
        "one set of payees": timed(loans, lambda loan: bounds_of(history, [loan], payees)),
    }
    destination = np.zeros(history.account_count, np.bool_)
    destination[payees] = True
    cones = {
        "every line of the statement": [reachable(history, [loan], arcs_max=LINE_ARCS_MAX) for loan in loans],
        "one set of payees": [reachable(history, [loan], destination, follow_uses=False) for loan in loans],
    }
    found = {
        name: {
            "seconds_p50": statistics.median(values),
            "seconds_p99": quantile(values, 0.99),
            "arcs_p50": int(statistics.median(len(cone.arcs) for cone in cones[name])),
            "arcs_p99": int(quantile([len(cone.arcs) for cone in cones[name]], 0.99)),
            "outer": sum(cone.outer for cone in cones[name]),
            "times_one_trace_p50": statistics.median(values) / whole,
        }
        for name, values in taken.items()
    }
    print(
        f"{bank} demo bank: {history.event_count:,} transactions, {history.loan_count:,} loans; {LOANS} of them; "
        f"one trace of all takes {whole:.3f} s"
    )
    table(
        ("bounds of", "p50 s", "p99 s", "p50 arcs", "p99 arcs", "outer", "p50 in traces"),
        [(name, *line.values()) for name, line in found.items()],
    )
    record(
        "bounds",
        {
            "bank": bank,
            "transactions": history.event_count,
            "loans_in_bank": history.loan_count,
            "loans_measured": LOANS,
            "bars": [],
            "one_trace_seconds": whole,
            "bounds": found,
        },
        full_size=bank != "small",
    )


if __name__ == "__main__":
    main()

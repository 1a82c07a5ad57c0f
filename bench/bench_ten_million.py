"""Claim: `loantrail trace` over 10 million transactions takes at most 4 GiB of memory.

The peak is that of the whole command, a fresh process, as the system counts it (ru_maxrss).
LOANTRAIL_BENCH_ROWS changes the number of rows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from measuring import LOANTRAIL, ROOT, bar, record, size, table, working_folder

ROWS = 10_000_000
ACCOUNTS = 1_000_000
LOANS = 3_000
ROUNDS = 3
MOST_GIB = 4.0
CASES = {
    "transactions alone": (),
    "balances given": ("balances",),
    "balances and accounts given": ("balances", "accounts"),
}


def traced(folder: Path, given: tuple[str, ...]) -> tuple[float, float]:
    """Seconds and peak GiB of one run of the command."""
    command = [str(LOANTRAIL), "trace", "--out", str(folder / "out")]
    for name in ("transactions", "disbursements", *given):
        command += [f"--{name}", str(folder / f"{name}.parquet")]
    start = perf_counter()
    # This process is small: until it starts the command, the new process counts as large as this one.
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    taken = perf_counter() - start
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"loantrail trace ended with {running.returncode}")
    return taken, usage.ru_maxrss / 2**20


def main() -> None:
    rows = size("LOANTRAIL_BENCH_ROWS", ROWS)
    accounts, loans = max(1_000, ACCOUNTS * rows // ROWS), max(1, LOANS * rows // ROWS)
    with working_folder() as folder:
        bank = [sys.executable, str(ROOT / "bench" / "random_bank.py"), str(folder)]
        subprocess.run([*bank, str(rows), str(accounts), str(loans)], check=True)
        runs: dict[str, list[tuple[float, float]]] = {case: [] for case in CASES}
        for _ in range(ROUNDS):
            for case, given in CASES.items():
                runs[case].append(traced(folder, given))
    found = {
        case: {
            "seconds": statistics.median(seconds for seconds, _ in taken),
            "transactions_per_second": rows / statistics.median(seconds for seconds, _ in taken),
            "peak_gib": max(peak for _, peak in taken),
        }
        for case, taken in runs.items()
    }
    print(f"loantrail trace: {rows:,} transactions, {accounts:,} accounts, {loans:,} loans")
    table(
        ("case", "seconds", "peak GiB"),
        [(case, line["seconds"], line["peak_gib"]) for case, line in found.items()],
    )
    worst = max(line["peak_gib"] for line in found.values())
    bars = [bar("10 million transactions in 4 GiB", met=worst <= MOST_GIB, margin=f"{worst:.2f} GiB")]
    record(
        "ten_million",
        {
            "rows": rows,
            "accounts": accounts,
            "loans": loans,
            "rounds": ROUNDS,
            "bars": bars,
            "cases": found,
        },
        full_size=rows >= ROWS,
    )


if __name__ == "__main__":
    main()

"""Claim: from a Parquet file of transfers to the hops on disk in at most three times the time that polars needs to
read the same file and sort it by booking time, sequence and id.

Both in this process, with as many threads as polars takes. LOANTRAIL_BENCH_ROWS changes the number of rows.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
from measuring import alternate, bar, medians, ratio_of_turns, record, seconds, size, table, working_folder
from random_bank import write_trace_files

from loantrail.tracing.api import trace
from loantrail.tracing.outputs import write_trace
from loantrail.tracing.trace import warm_up

ROWS = 10_000_000
ACCOUNTS = 1_000_000
LOANS = 3_000
ROUNDS = 5
MOST_TIMES_SORTING = 3.0
READ_AND_SORT = "read and sort (polars)"
FILE_TO_HOPS = "file to hops"
WITH_FACTS = "file to hops, balances and accounts given"


def read_and_sort(folder: Path) -> None:
    pl.read_parquet(folder / "transactions.parquet").sort("booked_at", "sequence", "transaction_id")


def file_to_hops(folder: Path, *, given: bool) -> None:
    result = trace(
        folder / "transactions.parquet",
        folder / "disbursements.parquet",
        folder / "balances.parquet" if given else None,
        accounts=folder / "accounts.parquet" if given else None,
    )
    assert not result.problems
    write_trace(result, folder / "out")


def main() -> None:
    rows = size("LOANTRAIL_BENCH_ROWS", ROWS)
    accounts, loans = max(1_000, ACCOUNTS * rows // ROWS), max(1, LOANS * rows // ROWS)
    warm_up()
    with working_folder() as folder:
        write_trace_files(folder, rows, accounts, loans)
        taken = alternate(
            {
                READ_AND_SORT: lambda: seconds(lambda: read_and_sort(folder)),
                FILE_TO_HOPS: lambda: seconds(lambda: file_to_hops(folder, given=False)),
                WITH_FACTS: lambda: seconds(lambda: file_to_hops(folder, given=True)),
            },
            ROUNDS,
        )
        hops = pl.scan_parquet(folder / "out" / "hops.parquet").select(pl.len()).collect().item()
    middle = medians(taken)
    times = {name: ratio_of_turns(values, taken[READ_AND_SORT]) for name, values in taken.items()}
    print(f"{rows:,} transactions, {accounts:,} accounts, {loans:,} loans, {hops:,} hops")
    table(
        ("subject", "seconds", "times reading and sorting"),
        [(name, middle[name], times[name]) for name in taken],
    )
    bars = [
        bar(
            "file to hops in 3 times reading and sorting",
            met=times[FILE_TO_HOPS] <= MOST_TIMES_SORTING,
            margin=f"{times[FILE_TO_HOPS]:.2f} times",
        )
    ]
    record(
        "file_to_hops",
        {
            "rows": rows,
            "accounts": accounts,
            "loans": loans,
            "hops": hops,
            "rounds": ROUNDS,
            "polars_threads": pl.thread_pool_size(),
            "bars": bars,
            "seconds": middle,
            "times_reading_and_sorting": times,
        },
        full_size=rows >= ROWS,
    )


if __name__ == "__main__":
    main()

"""Claim: how many transactions a second the signal kernel counts and how many rows it gives, beside the bare update of two
balances over the same rows.

The medium demo bank, traced by FIFO, arrays in memory, one thread, a fresh state for every turn; seconds of the processor.
More than half of its transactions touch an account of a borrower, far more than at a bank. `no rows` counts without
writing any; `no loan met` is the same bank without a borrower. LOANTRAIL_BENCH_SIZE names another size of demo bank.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from time import thread_time
from typing import Any

import numpy as np
import polars as pl
from measuring import LOANTRAIL, alternate, medians, ratio_of_turns, record, table, working_folder

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import prepare
from loantrail.parameters import shipped_parameters
from loantrail.signals.counting import Count, warm_up
from loantrail.signals.inputs import prepare_count
from loantrail.signals.model import Given
from loantrail.tracing import kernel as tracing_kernel
from loantrail.tracing.api import read_history
from loantrail.tracing.model import Convention
from loantrail.tracing.results import hop_frame
from loantrail.tracing.trace import trace_history
from loantrail.tracing.trace import warm_up as warm_up_trace

SEED = 1
ROUNDS = 5
USUAL = "medium"
POOL_ROWS = 1 << 20


def given_of(bank: str) -> Given:
    """The arrays of a demo bank's signals."""
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
        frames = {name: pl.read_parquet(path) for name, path in files.items()}
        named = read_history(*files.values())
    trace = trace_history(named.history, Convention.FIFO)
    booked = frames["transactions"].select("transaction_id", "booked_at")
    paid_out = (
        frames["disbursements"]
        .join(frames["transactions"], on="transaction_id")
        .sort("booked_at")
        .unique("loan_id", keep="first", maintain_order=True)
        .join(
            frames["accounts"].select("account", "owner"),
            left_on="credit_account",
            right_on="account",
            how="left",
        )
    )
    classes = frames["accounts"].select(
        credit_account="account", credit_name="name", destination_class="class"
    )
    whole = Frames(
        as_of=booked["booked_at"].max(),  # pyright: ignore[reportArgumentType]
        hops=hop_frame(named, trace).join(booked, on="transaction_id", maintain_order="left"),
        transactions=frames["transactions"].join(classes, on="credit_account", how="left"),
        loans=paid_out.select(
            "loan_id", "amount_fen", disbursed_at="booked_at", borrower_party_id="owner",
            disbursement_account="credit_account", repayment_account="credit_account",
        ),
        accounts=frames["accounts"].select("account", "owner", "name"),
        orders=frames["orders"],
        balances=frames["balances"],
    )  # fmt: skip
    return prepare_count(whole, prepare(whole, shipped_parameters())).given


def turn(given: Given) -> float:
    count = Count(given, POOL_ROWS)
    start = thread_time()
    count.batch()
    return thread_time() - start


def bare(given: Given) -> float:
    balance = given.opening_fen.copy()
    start = thread_time()
    tracing_kernel.bare_balances(given.events.debit, given.events.credit, given.events.amount_fen, balance)
    return thread_time() - start


def main() -> None:
    warm_up_trace()
    warm_up()
    bank = os.environ.get("LOANTRAIL_BENCH_SIZE", USUAL)
    given = given_of(bank)
    events = given.events
    silent = replace(given, events=events._replace(row_start=np.zeros_like(events.row_start)))
    alone = replace(
        silent,
        events=silent.events._replace(
            action_start=np.zeros_like(events.action_start), side_start=np.zeros_like(events.side_start)
        ),
        on_side=np.zeros_like(given.on_side),
    )
    subjects = {"all rows": given, "no rows": silent, "no loan met": alone}
    taken = alternate(
        {
            "bare update": lambda: bare(given),
            **{name: lambda one=one: turn(one) for name, one in subjects.items()},
        },
        ROUNDS,
    )
    whole = Count(given, POOL_ROWS)
    whole.batch()
    touches = (events.debit >= 0) & given.on_side[np.maximum(events.debit, 0)]
    touches |= (events.credit >= 0) & given.on_side[np.maximum(events.credit, 0)]
    figures: dict[str, dict[str, float]] = {
        name: {
            "seconds": middle,
            "transactions_per_second": given.event_count / middle,
            "times_bare": ratio_of_turns(taken[name], taken["bare update"]),
        }
        for name, middle in medians(taken).items()
    }
    rows_per_second = given.row_count / figures["all rows"]["seconds"]
    print(
        f"{given.event_count:,} transactions, {given.row_count:,} rows: {rows_per_second:,.0f} rows a second"
    )
    table(
        ("subject", "seconds", "million tx/s", "times bare"),
        [
            (name, line["seconds"], line["transactions_per_second"] / 1e6, line["times_bare"])
            for name, line in figures.items()
        ],
    )
    result: dict[str, Any] = {
        "bank": bank,
        "transactions": given.event_count,
        "rows": given.row_count,
        "rows_per_second": rows_per_second,
        "share_of_transactions_at_a_borrower": float(touches.mean()),
        "state_bytes": whole.kept_bytes,
        "figures": figures,
    }
    record("signals", result, full_size=bank == USUAL)


if __name__ == "__main__":
    main()

"""Claim: every line is judged while it is booked, at a steady rate over ten minutes in which runs over the books are made and new states
take the place of old ones.

A server of its own over the medium demo bank in a database of its own, as in bench_live_intake: requests of 100 lines as NDJSON, one
line in `ONE_IN` of a borrower, latencies counted from when a request was due. Told for each `WINDOW_SECONDS`. LOANTRAIL_BENCH_MINUTES
changes how long it goes on, LOANTRAIL_BENCH_RATE the lines a second, LOANTRAIL_BENCH_DEMO the size of the bank, LOANTRAIL_BENCH_NOTE says what else
the machine did.
"""

from __future__ import annotations

import datetime
import os
from itertools import groupby
from pathlib import Path
from typing import Final

import psycopg
from bench_live_intake import (
    ACCOUNTS,
    PER_REQUEST,
    WARMING_LINES,
    Server,
    bodies_of,
    figures_of,
    mixed,
    send,
    sent,
    wait_until_judged,
)
from live_lines import later_lines, other_lines
from measuring import bar, demo_bank, record, size, table

MINUTES: Final = 10
RATE: Final = 2_000
ONE_IN: Final = 1_000
WINDOW_SECONDS: Final = 30
JUDGED_WANTED_PPM: Final = 1_000_000


def measure(home: Path, demo: str) -> None:
    minutes = size("LOANTRAIL_BENCH_MINUTES", MINUTES)
    rate = size("LOANTRAIL_BENCH_RATE", RATE)
    count = 60 * minutes * rate
    server = Server(home)
    try:
        with psycopg.connect(server.url) as connection:
            borrowers = iter(later_lines(connection, count // ONE_IN))
            end = connection.execute("SELECT max(booked_at) FROM ledger.statement_line").fetchone()
        assert end is not None
        after: datetime.datetime = end[0] + datetime.timedelta(minutes=1)
        others = other_lines(after.isoformat(), ACCOUNTS, apart_ms=1)
        wait_until_judged(server, others)
        send(server, bodies_of(others, WARMING_LINES), None)
        bodies = bodies_of(mixed(others, borrowers, ONE_IN), count)
        answered, ended = sent(server, bodies, rate)
        with psycopg.connect(server.url) as connection:
            told = connection.execute("SELECT max(created_at), count(*) FROM published.trace_run").fetchone()
        assert told is not None
        resident = sum(
            int(line.split()[1])
            for line in Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii").splitlines()
            if line.startswith("VmRSS")
        )
    finally:
        server.stop()
    begun = answered[0].due
    windows = [
        {"from_seconds": WINDOW_SECONDS * place}
        | figures_of(few := list(some), PER_REQUEST * len(few) / rate)
        for place, some in groupby(answered, key=lambda one: int((one.due - begun) // WINDOW_SECONDS))
    ]
    whole = figures_of(answered, ended - begun)
    table(
        ("from s", "p50 ms", "p99 ms", "largest ms", "judged at once"),
        [
            (name, *(f"{1e3 * one[f'{what}_seconds']:,.0f}" for what in ("p50", "p99", "largest")),
             f"{one['judged_at_once_ppm'] / 10_000:.1f}%")
            for name, one in [*((str(one["from_seconds"]), one) for one in windows), ("all", whole)]
        ],
    )  # fmt: skip
    judged = whole["judged_at_once_ppm"]
    record(
        "live_steady",
        {
            "demo": demo,
            "minutes": minutes,
            "rate": rate,
            "one_in": ONE_IN,
            "bars": [
                bar(
                    "every line judged at once",
                    met=judged >= JUDGED_WANTED_PPM,
                    margin=f"{judged / 10_000:.2f}%",
                )
            ],
            "whole": whole,
            "windows": windows,
            "runs_kept": told[1],
            "resident_kib_at_the_end": resident,
            "note": os.environ.get("LOANTRAIL_BENCH_NOTE", ""),
        },
        full_size=minutes >= MINUTES and rate >= RATE and demo == "medium",
    )


def main() -> None:
    from loantrail.demo.running import demo_settings

    with demo_bank() as demo:
        measure(demo_settings(demo, 1).home, demo)


if __name__ == "__main__":
    main()

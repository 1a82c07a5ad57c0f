"""Claim: live intake commits at least 10,000 statement lines a second, each judged by all patterns and shipped rules, and at
that steady rate the 99th percentile from receipt to commit is at most 50 ms; beside it the same rows merely COPYed.

A server of its own over the medium demo bank in a database of its own; requests of 100 lines as NDJSON over one connection each.
Most lines are payments among accounts that no loan ever reached, as most of a bank's are; one in `MIXES` is a line of a borrower.
For each mix first 16 senders that wait for each answer (full pace), then a steady rate; latencies are counted from when a
request was due, so that a late one is not forgiven; those of requests without a borrower's line also by themselves. LOANTRAIL_BENCH_LINES changes the number of lines of each mix,
LOANTRAIL_BENCH_RATES the rates that are tried one after the other, LOANTRAIL_BENCH_DEMO the size of the bank,
LOANTRAIL_BENCH_NOTE says what else the machine did.
"""

from __future__ import annotations

import datetime
import http.client
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

import msgspec
import psycopg
from live_lines import copied, later_lines, other_lines
from live_server import Server
from measuring import bar, demo_bank, quantile, record, size, table

LINES: Final = 300_000
ACCOUNTS: Final = 50_000
RATES: Final = "2000,5000,10000"
PER_REQUEST: Final = 100
SENDERS: Final = 16
MIXES: Final = (0, 1_000, 100)
"""One line in so many is a borrower's; 0 for none."""
BORROWERS: Final = b'"again-'
"""What the reference of a borrower's line begins with."""
MOST_SECONDS, WANTED_RATE = 0.050, 10_000
WARMING_LINES: Final = 20_000
MOST_WAITING_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Request:
    """One that was answered: when it was due, how long after that its answer was there, and what it said."""

    due: float
    seconds: float
    accepted: int
    decided: int
    is_of_strangers: bool
    """It had no borrower's line."""


class Sender(threading.Thread):
    """Sends its share of the bodies; `due` are the moments at which they are due, or nothing for as fast as it goes."""

    def __init__(self, server: Server, bodies: Sequence[bytes], due: Sequence[float] | None = None) -> None:
        super().__init__()
        self.server, self.bodies, self.due = server, bodies, due
        self.answered: list[Request] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        headers = {
            "Content-Type": "application/x-ndjson",
            "Authorization": f"Bearer {self.server.key}",
        }
        for number, body in enumerate(self.bodies):
            start = perf_counter()
            if self.due is not None:
                if start < self.due[number]:
                    sleep(self.due[number] - start)
                start = self.due[number]
            while True:
                connection.request("POST", "/api/v1/transactions", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status == 200:
                    break
                assert answer.status == 503, content
                sleep(0.05)
            seconds = perf_counter() - start
            accepted, decided = msgspec.json.decode(content)["accepted"], content.count(b'"decision":"')
            self.answered.append(Request(start, seconds, accepted, decided, BORROWERS not in body))
        connection.close()


def send(server: Server, bodies: Sequence[bytes], rate: float | None) -> dict[str, float]:
    """What became of these requests: at `rate` lines a second, or as fast as it goes."""
    begun = perf_counter()
    answered, ended = sent(server, bodies, rate)
    return figures_of(answered, ended - (begun if rate is None else answered[0].due))


def sent(server: Server, bodies: Sequence[bytes], rate: float | None) -> tuple[list[Request], float]:
    """The requests in the order in which they were due, and when the last of them was answered."""
    senders = SENDERS if rate is None else 2 * SENDERS
    begin = perf_counter() + 0.5
    threads = [
        Sender(
            server,
            bodies[number::senders],
            None
            if rate is None
            else [begin + PER_REQUEST * place / rate for place in range(number, len(bodies), senders)],
        )
        for number in range(senders)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = perf_counter()
    return sorted((one for thread in threads for one in thread.answered), key=lambda one: one.due), ended


def figures_of(answered: Sequence[Request], taken_seconds: float) -> dict[str, float]:
    """How many lines a second, how long their answers took, and how many of them had a decision."""
    accepted = sum(one.accepted for one in answered)
    latencies = [one.seconds for one in answered]
    strangers = [one.seconds for one in answered if one.is_of_strangers]
    told = {f"p{part}_strangers_seconds": quantile(strangers, part / 100) for part in (50, 99) if strangers}
    return told | {
        "lines_per_second": accepted / taken_seconds,
        "p50_seconds": quantile(latencies, 0.5),
        "p99_seconds": quantile(latencies, 0.99),
        "largest_seconds": max(latencies),
        "judged_at_once_ppm": 1_000_000 * sum(one.decided for one in answered) / max(accepted, 1),
    }


def mixed(
    others: Iterator[dict[str, Any]], borrowers: Iterator[dict[str, Any]], one_in: int
) -> Iterator[dict[str, Any]]:
    """One line in so many is a borrower's, at the moment of those around it."""
    for number, other in enumerate(others):
        row = next(borrowers, None) if one_in and number % one_in == one_in // 2 else None
        yield other if row is None else row | {"booked_at": other["booked_at"]}


def bodies_of(rows: Iterator[dict[str, Any]], count: int) -> list[bytes]:
    """So many lines in requests of `PER_REQUEST`."""
    told = (msgspec.json.encode(row) for row in rows)
    return [b"\n".join(islice(told, PER_REQUEST)) for _ in range(count // PER_REQUEST)]


def wait_until_judged(server: Server, rows: Iterator[dict[str, Any]]) -> None:
    """Until lines are answered with a decision."""
    sender, begun = Sender(server, []), perf_counter()
    while not any(one.decided for one in sender.answered):
        if perf_counter() - begun > MOST_WAITING_SECONDS:
            raise RuntimeError("the server does not judge lines")
        sender.bodies = bodies_of(rows, PER_REQUEST)
        sender.run()
        sleep(1)


def measure(home: Path, demo: str) -> None:
    count = size("LOANTRAIL_BENCH_LINES", LINES)
    rates = [int(rate) for rate in os.environ.get("LOANTRAIL_BENCH_RATES", RATES).split(",")]
    server = Server(home)
    figures: dict[str, dict[str, float]] = {}
    try:
        with psycopg.connect(server.url) as connection:
            borrowers = later_lines(connection, sum(count // mix for mix in MIXES if mix) * (1 + len(rates)))
            end = connection.execute("SELECT max(booked_at) FROM ledger.statement_line").fetchone()
        assert end is not None
        after: datetime.datetime = end[0] + datetime.timedelta(minutes=1)
        left, others = iter(borrowers), other_lines(after.isoformat(), ACCOUNTS, apart_ms=1)
        wait_until_judged(server, others)
        send(server, bodies_of(others, WARMING_LINES), None)
        for one_in in MIXES:
            name = f"one in {one_in:,} a borrower's" if one_in else "no borrower's"
            for rate in (None, *rates):
                bodies = bodies_of(mixed(others, left, one_in), count // (1 + len(rates)))
                figures[f"{name}, {f'{rate:,} a second' if rate else 'full pace'}"] = send(
                    server, bodies, rate
                )
        sample = list(islice(others, 100_000))
        with psycopg.connect(server.url) as connection:
            bare = len(sample) / copied(connection, sample)
    finally:
        server.stop()
    table(
        ("lines", "lines/s", "p50 ms", "p99 ms", "largest ms", "p50 strangers", "p99 strangers", "judged at once"),
        [
            (name, f"{one['lines_per_second']:,.0f}", *(f"{1e3 * one.get(f'{what}_seconds', 0.0):,.0f}"
               for what in ("p50", "p99", "largest", "p50_strangers", "p99_strangers")),
             f"{one['judged_at_once_ppm'] / 10_000:.1f}%")
            for name, one in figures.items()
        ],
    )  # fmt: skip
    best = max(one["lines_per_second"] for one in figures.values())
    wanted = [one for name, one in figures.items() if name.endswith(f", {WANTED_RATE:,} a second")]
    lowest = min((one["p99_seconds"] for one in wanted), default=float("inf"))
    bars = [
        bar("10,000 lines a second committed", met=best >= WANTED_RATE, margin=f"{best:,.0f}"),
        bar(
            "p99 from receipt to commit at most 50 ms at that rate",
            met=lowest <= MOST_SECONDS,
            margin=f"{1e3 * lowest:.0f} ms",
        ),
    ]
    record(
        "live_intake",
        {
            "demo": demo,
            "lines_of_each_mix": count,
            "per_request": PER_REQUEST,
            "bars": bars,
            "figures": figures,
            "copy_lines_per_second": bare,
            "copy_over_best": bare / best,
            "note": os.environ.get("LOANTRAIL_BENCH_NOTE", ""),
        },
        full_size=count >= LINES and demo == "medium",
    )


def main() -> None:
    from loantrail.demo.running import demo_settings

    with demo_bank() as demo:
        measure(demo_settings(demo, 1).home, demo)


if __name__ == "__main__":
    main()

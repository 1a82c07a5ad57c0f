"""Claim: a payment not yet made is decided over HTTP at 200 a second, with at most 10 ms at the 99th percentile.

A server of its own over the medium demo bank in a database of its own. Payments are those that borrowers made on the last business
days of the bank, asked about once more behind its end: nearly each is by an account on a borrower's side. First one behind the other,
then at steady rates; times are counted from when a question was due, so that a late one is not forgiven. The sender shares the
two cores. Beside it questions about payments to oneself, which are refused before anything is judged: what HTTP, the key and the
database's answer how far the books go take.
LOANTRAIL_BENCH_DECISIONS changes the number of questions of each rate, LOANTRAIL_BENCH_RATES the rates, LOANTRAIL_BENCH_DEMO the size
of the bank, LOANTRAIL_BENCH_NOTE says what else the machine did.
"""

from __future__ import annotations

import http.client
import os
import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

import msgspec
import psycopg
from live_lines import later_lines
from live_server import Server
from measuring import bar, demo_bank, quantile, record, size, table

DECISIONS: Final = 3_000
LINES: Final = 30_000
"""The last lines of the bank, of which payments are taken."""
RATES: Final = "50,100,200"
SENDERS: Final = 8
"""As many as may wait."""
MOST_SECONDS, WANTED_RATE = 0.010, 200
WARMING: Final = 200
ASKED: Final = ("account", "amount_fen", "counterparty_account", "counterparty_name", "purpose_text")
DECIDED, REFUSED, BUSY = 200, 409, 503


@dataclass(frozen=True, slots=True)
class Answered:
    """How long after it was due a question had its answer, and what that was; empty for one that was refused."""

    seconds: float
    ended: float
    decision: str
    refusals: int
    """How often it was told to ask again before."""


class Asker(threading.Thread):
    """Asks its share of the questions; `due` are the moments at which they are due, or nothing for one behind the other."""

    def __init__(self, server: Server, bodies: Sequence[bytes], due: Sequence[float] | None = None) -> None:
        super().__init__()
        self.server, self.bodies, self.due = server, bodies, due
        self.answered: list[Answered] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.server.key}"}
        for number, body in enumerate(self.bodies):
            start, refusals = perf_counter(), 0
            if self.due is not None:
                if start < self.due[number]:
                    sleep(self.due[number] - start)
                start = self.due[number]
            while True:
                connection.request("POST", "/api/v1/decisions", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status in (DECIDED, REFUSED):
                    break
                assert answer.status == BUSY, content
                refusals += 1
                sleep(0.05)
            ended = perf_counter()
            told = msgspec.json.decode(content)["decision"] if answer.status == DECIDED else ""
            self.answered.append(Answered(ended - start, ended, told, refusals))
        connection.close()


def ask(server: Server, bodies: Sequence[bytes], rate: int | None) -> dict[str, float]:
    """What became of these questions: at `rate` a second, or one behind the other."""
    senders = 1 if rate is None else SENDERS
    begin = perf_counter() + 0.2
    threads = [
        Asker(
            server,
            bodies[number::senders],
            None if rate is None else [begin + place / rate for place in range(number, len(bodies), senders)],
        )
        for number in range(senders)
    ]
    begin = perf_counter() if rate is None else begin
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered = [one for thread in threads for one in thread.answered]
    seconds = [one.seconds for one in answered]
    return {
        "decisions_per_second": len(answered) / (max(one.ended for one in answered) - begin),
        "p50_seconds": quantile(seconds, 0.5),
        "p90_seconds": quantile(seconds, 0.9),
        "p99_seconds": quantile(seconds, 0.99),
        "largest_seconds": max(seconds),
        "to_be_reviewed": float(sum(one.decision == "review" for one in answered)),
        "refusals": float(sum(one.refusals for one in answered)),
    }


def bodies_of(rows: Sequence[dict[str, Any]], count: int) -> list[bytes]:
    """So many payments out of these lines, in an order of chance, again and again where they are too few."""
    paid = [row for row in rows if row["direction"] == "debit"]
    random.Random(1).shuffle(paid)
    at = {"booked_at": rows[-1]["booked_at"]}
    told = [msgspec.json.encode({name: row[name] for name in ASKED if name in row} | at) for row in paid]
    return [told[number % len(told)] for number in range(count)]


def to_itself(body: bytes) -> bytes:
    """The same payment by the account to itself."""
    asked = msgspec.json.decode(body)
    return msgspec.json.encode(asked | {"counterparty_account": asked["account"]})


def measure(home: Path, demo: str) -> None:
    count = size("LOANTRAIL_BENCH_DECISIONS", DECISIONS)
    rates = [int(rate) for rate in os.environ.get("LOANTRAIL_BENCH_RATES", RATES).split(",")]
    server = Server(home)
    figures: dict[str, dict[str, float]] = {}
    try:
        with psycopg.connect(server.url) as connection:
            bodies = bodies_of(later_lines(connection, LINES), WARMING + count)
        ask(server, bodies[:WARMING], None)
        for rate in (None, *rates):
            name = f"{rate} a second" if rate else "one behind the other"
            figures[name] = ask(server, bodies[WARMING:], rate)
        figures["refused"] = ask(server, [to_itself(body) for body in bodies[WARMING:]], None)
    finally:
        server.stop()
    table(
        ("questions", "a second", "p50 ms", "p90 ms", "p99 ms", "largest ms", "reviews", "refusals"),
        [
            (name, f"{one['decisions_per_second']:,.0f}",
             *(f"{1e3 * one[f'{what}_seconds']:,.1f}" for what in ("p50", "p90", "p99", "largest")),
             f"{one['to_be_reviewed']:,.0f}", f"{one['refusals']:,.0f}")
            for name, one in figures.items()
        ],
    )  # fmt: skip
    wanted = figures.get(f"{WANTED_RATE} a second")
    bars = [
        bar(
            "a payment decided within 10 ms (p99) at 200 a second",
            met=wanted["p99_seconds"] <= MOST_SECONDS,
            margin=f"{1e3 * wanted['p99_seconds']:.0f} ms",
        )
        for wanted in ([] if wanted is None else [wanted])
    ]
    alone, refused = figures["one behind the other"], figures["refused"]
    record(
        "live_decisions",
        {
            "demo": demo,
            "decisions_of_each_rate": count,
            "bars": bars,
            "figures": figures,
            "decided_over_refused": alone["p50_seconds"] / refused["p50_seconds"],
            "note": os.environ.get("LOANTRAIL_BENCH_NOTE", ""),
        },
        full_size=count >= DECISIONS and demo == "medium",
    )


def main() -> None:
    from loantrail.demo.running import demo_settings

    with demo_bank() as demo:
        measure(demo_settings(demo, 1).home, demo)


if __name__ == "__main__":
    main()

"""Claim: live intake commits at least 10,000 statement lines a second, and at that steady rate the 99th percentile from
receipt to commit is at most 50 ms; beside it the same rows merely COPYed.

A server of its own over an embedded database of its own; requests of 100 lines as NDJSON over one connection each. The full
pace is 16 senders that wait for each answer; the steady rate is `RATE` lines a second, latencies counted from when a
request was due, so that a late one is not forgiven. LOANTRAIL_BENCH_LINES changes the number of lines,
LOANTRAIL_BENCH_RATE the rate, LOANTRAIL_BENCH_NOTE says what else the machine did. No decision is taken on the rows yet: that comes with the rules in the step.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep

import msgspec
import polars as pl
import psycopg
from measuring import LOANTRAIL, bar, quantile, record, seconds, size, table, working_folder
from random_bank import statement_lines

LINES = 1_200_000
ACCOUNTS = 50_000
RATE = 10_000
PER_REQUEST = 100
SENDERS = 16
MOST_SECONDS = 0.050


def bodies_of(lines: pl.DataFrame) -> list[bytes]:
    """Requests of `PER_REQUEST` lines each."""
    kept = lines.drop([name for name in ("source_file", "position", "sequence") if name in lines.columns])
    rows = [
        msgspec.json.encode({name: value for name, value in row.items() if value is not None})
        for row in kept.iter_rows(named=True)
    ]
    return [b"\n".join(rows[first : first + PER_REQUEST]) for first in range(0, len(rows), PER_REQUEST)]


class Server:
    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "LOANTRAIL_HOME": str(folder), "LOANTRAIL_DATABASE_URL": ""}
        done = subprocess.run(
            [str(LOANTRAIL), "database", "start"],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        self.url = done.stdout.strip().splitlines()[-1]
        self.process = subprocess.Popen(
            [str(LOANTRAIL), "serve", "--port", "0"],
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)
        subprocess.run([str(LOANTRAIL), "database", "stop", "--force"], env=self.environment, check=False)


class Sender(threading.Thread):
    """Sends its share of the bodies; `due` are the moments at which they are due, or nothing for as fast as it goes."""

    def __init__(self, port: int, bodies: Sequence[bytes], due: Sequence[float] | None = None) -> None:
        super().__init__()
        self.port, self.bodies, self.due = port, bodies, due
        self.latencies: list[float] = []
        self.accepted = 0

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for number, body in enumerate(self.bodies):
            start = perf_counter()
            if self.due is not None:
                if start < self.due[number]:
                    sleep(self.due[number] - start)
                start = self.due[number]
            while True:
                connection.request(
                    "POST", "/api/v1/transactions", body, {"Content-Type": "application/x-ndjson"}
                )
                answer = connection.getresponse()
                content = answer.read()
                if answer.status == 200:
                    break
                assert answer.status == 503, content
                sleep(0.05)
            self.latencies.append(perf_counter() - start)
            self.accepted += msgspec.json.decode(content)["accepted"]
        connection.close()


def send(port: int, bodies: Sequence[bytes], rate: float | None) -> tuple[float, list[float], int]:
    """Seconds, latencies, lines accepted."""
    senders = SENDERS if rate is None else 2 * SENDERS
    begin = perf_counter() + 0.5
    threads = [
        Sender(
            port,
            bodies[number::senders],
            None
            if rate is None
            else [begin + PER_REQUEST * place / rate for place in range(number, len(bodies), senders)],
        )
        for number in range(senders)
    ]
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = perf_counter() - (start if rate is None else begin)
    return taken, [one for thread in threads for one in thread.latencies], sum(t.accepted for t in threads)


def copied(url: str, lines: pl.DataFrame) -> float:
    names = [name for name in lines.columns if name not in ("source_file", "position")]
    rows = lines.select(names).write_csv(include_header=False).encode()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        declared = ", ".join(f"{name} text" for name in names)
        cursor.execute(f"CREATE UNLOGGED TABLE plain_lines ({declared})".encode())

        def copy() -> None:
            with cursor.copy("COPY plain_lines FROM STDIN (FORMAT csv)") as stream:
                for first in range(0, len(rows), 1 << 20):
                    stream.write(rows[first : first + (1 << 20)])
            connection.commit()

        taken = seconds(copy)
        cursor.execute("DROP TABLE plain_lines")
    return taken


def main() -> None:
    count, rate = size("LOANTRAIL_BENCH_LINES", LINES), size("LOANTRAIL_BENCH_RATE", RATE)
    lines = statement_lines(count, ACCOUNTS).with_columns(pl.col("booked_at").cast(pl.String))
    bodies = bodies_of(lines)
    # A part at full pace, the rest at the steady rate.
    cut = len(bodies) // 6
    with working_folder() as folder:
        server = Server(folder)
        try:
            send(server.port, bodies[: cut // 10], None)
            fast, _, accepted = send(server.port, bodies[cut // 10 : cut], None)
            taken, latencies, steady = send(server.port, bodies[cut:], rate)
            bare = copied(server.url, lines)
        finally:
            server.stop()
    figures = {
        "lines_per_second_at_full_pace": accepted / fast,
        "lines_per_second_steady": steady / taken,
        "p50_seconds": quantile(latencies, 0.5),
        "p99_seconds": quantile(latencies, 0.99),
        "largest_seconds": max(latencies),
        "times_bare_copy": (fast / accepted) / (bare / len(lines)),
    }
    table(("figure", "value"), [(name, float(value)) for name, value in figures.items()])
    bars = [
        bar(
            f"{rate:,} lines a second committed",
            met=figures["lines_per_second_steady"] >= 0.99 * rate,
            margin=f"{figures['lines_per_second_steady']:,.0f} steady, "
            f"{figures['lines_per_second_at_full_pace']:,.0f} at full pace",
        ),
        bar(
            "p99 from receipt to commit at most 50 ms",
            met=figures["p99_seconds"] <= MOST_SECONDS,
            margin=f"{1e3 * figures['p99_seconds']:.0f} ms",
        ),
    ]
    record(
        "live_intake",
        {
            "lines": count,
            "rate": rate,
            "per_request": PER_REQUEST,
            "bars": bars,
            "figures": figures,
            "note": os.environ.get("LOANTRAIL_BENCH_NOTE", ""),
        },
        full_size=count >= LINES and rate >= RATE,
    )


if __name__ == "__main__":
    main()

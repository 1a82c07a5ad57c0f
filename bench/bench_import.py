"""Claim: how many statement lines a second `loantrail import` takes into the embedded PostgreSQL, checked, keyed against
duplicates, paired and reconciled, beside a raw COPY of the same rows into a plain unlogged table without any index.

Each turn begins with an empty database of its own; the time of the import is that of the whole command.
LOANTRAIL_BENCH_LINES changes the number of lines.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import perf_counter

import polars as pl
import psycopg
from measuring import (
    LOANTRAIL,
    alternate,
    medians,
    ratio_of_turns,
    record,
    seconds,
    size,
    table,
    working_folder,
)
from random_bank import statement_lines

LINES = 1_000_000
ACCOUNTS = 50_000
ROUNDS = 3
PLAIN_TABLE = """
    CREATE UNLOGGED TABLE plain_lines (
        booked_at timestamptz, sequence bigint, account text, direction text, amount_fen bigint, currency text,
        counterparty_account text, counterparty_name text, purpose_text text, reference text, balance_fen bigint
    )
"""


class Bank:
    """An embedded database in a folder of its own, made and running before anything is measured."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "LOANTRAIL_HOME": str(folder), "LOANTRAIL_DATABASE_URL": ""}
        self.url = self._run("database", "start").splitlines()[-1]

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(LOANTRAIL), *arguments], env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def imported(self, lines: Path) -> tuple[float, int]:
        """Seconds, and lines accepted."""
        start = perf_counter()
        said = self._run("import", "--json", str(lines))
        taken = perf_counter() - start
        return taken, json.loads(said.splitlines()[-1])["accepted"]["statement_line"]

    def copied(self, rows: bytes) -> float:
        with psycopg.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS plain_lines")
            cursor.execute(PLAIN_TABLE)
            connection.commit()

            def copy() -> None:
                with cursor.copy("COPY plain_lines FROM STDIN (FORMAT csv)") as stream:
                    for start in range(0, len(rows), 1 << 20):
                        stream.write(rows[start : start + (1 << 20)])
                connection.commit()

            taken = seconds(copy)
            cursor.execute("DROP TABLE plain_lines")
        return taken

    def stop(self) -> None:
        self._run("database", "stop", "--force")


def main() -> None:
    lines = size("LOANTRAIL_BENCH_LINES", LINES)
    with working_folder() as folder:
        frame = statement_lines(lines, max(100, ACCOUNTS * lines // LINES))
        file = folder / "statement_line.parquet"
        frame.write_parquet(file)
        rows = frame.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%:z").encode()
        del frame
        banks: list[Bank] = []

        def turn_import() -> float:
            if banks:
                banks.pop().stop()
            home = folder / "home"
            subprocess.run(["rm", "-rf", str(home)], check=True)
            banks.append(Bank(home))
            taken, accepted = banks[0].imported(file)
            assert accepted == lines, f"{accepted} of {lines} lines accepted"
            return taken

        try:
            taken = alternate(
                {"loantrail import": turn_import, "raw COPY": lambda: banks[0].copied(rows)},
                ROUNDS,
                warm_up=0,
            )
        finally:
            for bank in banks:
                bank.stop()
    middle = medians(taken)
    times = {name: ratio_of_turns(values, taken["raw COPY"]) for name, values in taken.items()}
    print(f"{lines:,} statement lines")
    table(
        ("subject", "seconds", "lines a second", "times raw COPY"),
        [(name, middle[name], round(lines / middle[name]), times[name]) for name in taken],
    )
    record(
        "import",
        {
            "lines": lines,
            "rounds": ROUNDS,
            "bars": [],
            "seconds": middle,
            "lines_per_second": {name: lines / value for name, value in middle.items()},
            "times_raw_copy": times,
            "polars_threads": pl.thread_pool_size(),
        },
        full_size=lines >= LINES,
    )


if __name__ == "__main__":
    main()

"""Claim: a night of 10 million statement lines is checked, loaded, paired, reconciled and traced in at most two hours on two
cores, by `loantrail nightly` with the embedded database; and how long the ordinary night after it takes.

The bank is the large demo bank up to the day on which it has 10 million lines, delivered as one folder; the night after
brings one more day as changes. Not one of the scripts that `make bench` runs: it takes too long.
LOANTRAIL_BENCH_SIZE and LOANTRAIL_BENCH_LINES change the bank and the number of lines.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
from pathlib import Path
from time import perf_counter
from typing import Any

from measuring import LOANTRAIL, bar, record, size, table, working_folder

LINES = 10_000_000
MOST_HOURS = 2.0
STEPS = ("check", "master", "lines", "pair", "reconcile", "ledger", "trace")


def delivered(folder: Path, size_name: str, lines: int) -> tuple[datetime.date, datetime.date]:
    """Make the bank and its two deliveries, in a process of its own; the two dates."""
    code = """
import sys, datetime
from pathlib import Path
import polars as pl
from loantrail.demo.generate import generate
from loantrail.nightly.delivering import deliver
folder, name, lines = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
generate(name, 1, folder / "bank")
date = pl.col("booked_at").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("date")
days = pl.scan_parquet(folder / "bank" / "statement_line.parquet").group_by(date).len().sort("date").collect()
enough = days.filter(pl.col("len").cum_sum() >= lines)["date"]
first = enough[0] if len(enough) > 1 else days["date"][-2]
following = first + datetime.timedelta(days=1)
deliver(folder / "bank", folder / "nightly", [first, following])
print(first.isoformat(), following.isoformat())
"""
    arguments = [str(Path(LOANTRAIL).parent / "python"), "-c", code, str(folder), size_name, str(lines)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    first, following = done.stdout.split()
    return datetime.date.fromisoformat(first), datetime.date.fromisoformat(following)


def night(folder: Path, day: datetime.date) -> dict[str, Any]:
    """Run a night; what it says, with `seconds_all` and the peak memory of the command."""
    environment = {**os.environ, "LOANTRAIL_HOME": str(folder / "home"), "LOANTRAIL_DATABASE_URL": ""}
    said = folder / f"{day}.json"
    start = perf_counter()
    with said.open("w") as out:
        command = [str(LOANTRAIL), "nightly", f"{day:%Y%m%d}", "--from", str(folder / "nightly"), "--json"]
        # This process is small: until it starts the command, the new process counts as large as this one.
        running = subprocess.Popen(command, env=environment, stdout=out)
        _, status, usage = os.wait4(running.pid, 0)
    taken = perf_counter() - start
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode not in (0, 3):
        raise SystemExit(f"loantrail nightly ended with {running.returncode}: {said.read_text()}")
    return {**json.loads(said.read_text()), "seconds_all": taken, "peak_gib": usage.ru_maxrss / 2**20}


def disk_gib(folder: Path) -> float:
    """What the files below a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**30


def told(size_name: str, nights: dict[str, dict[str, Any]], database_gib: float) -> None:
    """Show and record the nights that were run."""
    lines = nights["first"]["counts"]["lines"]["accepted"]
    print(f"loantrail nightly: {lines:,} statement lines, bank {size_name}")
    table(
        ("step", *(f"{name} night" for name in nights)),
        [(step, *(one["seconds"].get(step, 0.0) for one in nights.values())) for step in STEPS]
        + [("all", *(one["seconds_all"] for one in nights.values()))],
    )
    hours = nights["first"]["seconds_all"] / 3600
    bars = [bar("10 million lines in 2 hours", met=hours <= MOST_HOURS, margin=f"{hours:.2f} hours")]
    record(
        "nightly",
        {
            "bank": size_name,
            "lines": lines,
            "lines_per_second": lines / nights["first"]["seconds_all"],
            "bars": bars,
            "database_gib": database_gib,
            "nights": {
                name: {
                    "business_date": one["business_date"],
                    "seconds": {**one["seconds"], "all": one["seconds_all"]},
                    "peak_gib": one["peak_gib"],
                    "counts": one["counts"],
                    "alarms": [alarm["code"] for alarm in one["alarms"]],
                }
                for name, one in nights.items()
            },
        },
        full_size=lines >= LINES,
    )


def main() -> None:
    size_name = os.environ.get("LOANTRAIL_BENCH_SIZE", "large")
    wanted = size("LOANTRAIL_BENCH_LINES", LINES)
    with working_folder() as folder:
        first, following = delivered(folder, size_name, wanted)
        (folder / "home").mkdir()
        (folder / "home").chmod(0o755)
        nights = {"first": night(folder, first)}
        database_gib = disk_gib(folder / "home")
        told(size_name, nights, database_gib)  # the second night may take long too: what is known is kept
        nights["next"] = night(folder, following)
        environment = {**os.environ, "LOANTRAIL_HOME": str(folder / "home"), "LOANTRAIL_DATABASE_URL": ""}
        subprocess.run([str(LOANTRAIL), "database", "stop", "--force"], env=environment, check=True)
    told(size_name, nights, database_gib)


if __name__ == "__main__":
    main()

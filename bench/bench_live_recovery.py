"""Claim: how long a process needs until it judges live lines again after it was killed, and what its state takes in memory.

The medium demo bank in a database of its own. A process builds the state and is killed (SIGKILL); another one is started,
and the time from its start until a payment is decided counts: imports, compiled code, and reading what the last run left, or, where
that is not kept, all books, and tracing them. Memory: what the state adds
to the process (resident, measured after the books were read and let go), for each million accounts that the trace knows.
LOANTRAIL_BENCH_DEMO names another size of demo bank.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from measuring import demo_bank, record, table

USUAL = "medium"
ROUNDS = 3
BUILDING = "--building"
KEPT, ANEW = "what the last run left", "the books"
"""What a process that starts may read."""


def resident_bytes() -> int:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def build(demo: str, read: str) -> None:
    """In a process of its own: build the state, say what it took, and wait to be killed."""
    from loantrail.collecting import collect_seldom
    from loantrail.demo.running import demo_settings
    from loantrail.monitor.deciding import Deciding
    from loantrail.monitor.held import first_ground, ground_anew
    from loantrail.monitor.leading import Connecting
    from loantrail.postgres.connection import database

    collect_seldom()
    with database(demo_settings(demo, 1)) as books:
        deciding = Deciding(Connecting(books), first_ground if read == KEPT else ground_anew)
        gc.collect()
        before = resident_bytes()
        begun = perf_counter()
        deciding.want()
        deciding.wait()
        seconds = perf_counter() - begun
        if not deciding.is_ready:
            raise RuntimeError("the state could not be built")
        gc.collect()
        standing = deciding._held.standing  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
        told = {
            "seconds_building": seconds,
            "processor_seconds": process_time(),
            "state_bytes": resident_bytes() - before,
            "accounts": len(standing.known.names),
            "transactions": standing.index.transaction_count,
            "loans": len(standing.known.loans),
        }
        print(json.dumps(told), flush=True)
        signal.pause()


def recovered(demo: str, read: str) -> dict[str, Any]:
    """Start a process, wait for its state, kill it."""
    # As where it is installed, what was compiled once is kept: the first round is not counted.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, BUILDING, demo, read], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = perf_counter() - begun
        process.kill()
    return {"seconds_from_start": seconds, **json.loads(line)}


def main() -> None:
    if BUILDING in sys.argv:
        build(*sys.argv[-2:])
        return
    with demo_bank(USUAL) as demo:
        measure(demo)


def measure(demo: str) -> None:
    rounds = {read: [recovered(demo, read) for _ in range(1 + ROUNDS)][1:] for read in (KEPT, ANEW)}
    table(
        ("reading", "start to decided s", "building s", "state MiB", "accounts", "transactions"),
        [
            (read, f"{one['seconds_from_start']:.1f}", f"{one['seconds_building']:.1f}", f"{one['state_bytes'] / 2**20:.0f}",
             one["accounts"], one["transactions"])
            for read, taken in rounds.items()
            for one in taken
        ],
    )  # fmt: skip
    state = sorted(one["state_bytes"] for one in rounds[ANEW])[ROUNDS // 2]
    one = rounds[ANEW][0]
    record(
        "live_recovery",
        {
            "demo": demo,
            "seconds_after_a_kill": {
                read: sorted(one["seconds_from_start"] for one in taken) for read, taken in rounds.items()
            },
            "state_bytes": state,
            "state_mib_per_million_accounts": state / one["accounts"] * 1_000_000 / 2**20,
            "state_bytes_per_transaction": state / one["transactions"],
            "rounds": rounds,
        },
        full_size=demo == USUAL,
    )


if __name__ == "__main__":
    main()

"""What this process counts and times for Prometheus. Several processes of one server count into files of one folder.

With the variable PROMETHEUS_MULTIPROC_DIR set before this module is imported, each process writes into that folder, and whoever
answers Prometheus adds them up (`loantrail.operating.metrics_answer`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER: Final = "OTHER"
"""Whoever asks may name any method; each would be a series of its own."""
LOOK_SECONDS: Final = 5.0

REGISTRY: Final = CollectorRegistry()

REQUEST_SECONDS: Final = Histogram(
    "loantrail_request_seconds",
    "From the arrival of a request to the end of its answer, by template of its route.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STREAMS: Final = Counter(
    "loantrail_streams",
    "Streams of events that ended; how long they were open says nothing.",
    ("route",),
    registry=REGISTRY,
)
LIVE_SECONDS: Final = Histogram(
    "loantrail_live_delay_seconds",
    "From the receipt of a delivery of live lines to its commit.",
    registry=REGISTRY,
    buckets=(0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LIVE_ROWS: Final = Counter(
    "loantrail_live_committed_rows",
    "Rows of live deliveries that were committed by requests to this server, refused and known ones included.",
    registry=REGISTRY,
)
LIVE_UNDECIDED: Final = Counter(
    "loantrail_live_undecided_rows",
    "Of them those that were accepted and answered without a decision: they are judged later, or by the next run over the books.",
    registry=REGISTRY,
)
LIVE_NEW_ACCOUNTS: Final = Counter(
    "loantrail_live_new_accounts",
    "Accounts that the answers to such deliveries told as new: the books had held neither a record of them nor a line.",
    registry=REGISTRY,
)
LIVE_WAITING: Final = Gauge(
    "loantrail_live_waiting",
    "What is received and waits to be written: rows, and bytes of bodies.",
    ("unit",),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
POOL: Final = Gauge(
    "loantrail_pool",
    "Connections to the database: kept, idle, and requests that wait for one.",
    ("role", "what"),
    registry=REGISTRY,
    multiprocess_mode="livesum",
)


class Counted(Protocol):
    """A pool that tells of itself, such as `loantrail.postgres.connection.Pool`."""

    def counts(self) -> Mapping[str, int]: ...


def observe_request(method: str, route: str, status: int, seconds: float, *, streamed: bool) -> None:
    """Count a request that was answered (`loantrail.http.requests.Observer`)."""
    if streamed:
        STREAMS.labels(route).inc()
        return
    told = method if method in METHODS else OTHER
    REQUEST_SECONDS.labels(told, route, str(status)).observe(seconds)


def observe_delivery(rows: int, undecided: int, new_accounts: int, seconds: float) -> None:
    """Count a delivery of live lines that was committed; `undecided` of its rows were taken in without a decision."""
    LIVE_NEW_ACCOUNTS.inc(new_accounts)
    LIVE_ROWS.inc(rows)
    LIVE_UNDECIDED.inc(undecided)
    LIVE_SECONDS.observe(seconds)


@contextmanager
def watching(
    pools: Mapping[str, Counted], waiting: Callable[[], Mapping[str, int]] | None = None
) -> Generator[None]:
    """For the length of the block the gauges of this process are kept up to date. `pools`: role -> its pool; `waiting`: what
    of live intake waits, by unit."""
    stopping = threading.Event()

    def look() -> None:
        while True:
            for role, pool in pools.items():
                for what, count in pool.counts().items():
                    POOL.labels(role, what).set(count)
            for unit, count in (waiting() if waiting is not None else {}).items():
                LIVE_WAITING.labels(unit).set(count)
            if stopping.wait(LOOK_SECONDS):
                return

    thread = threading.Thread(target=look, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=LOOK_SECONDS)

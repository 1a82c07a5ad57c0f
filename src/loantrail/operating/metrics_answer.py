"""Answers Prometheus on a port of its own of the loopback address: what processes counted, and what the database holds.

    GET /metrics

It names no person, loan or account. Who may reach the port may read it: it listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from loantrail import clock
from loantrail.errors import ConfigurationError
from loantrail.operating import store, store_metrics
from loantrail.postgres.migrate import current_version, versions
from loantrail.tracing import store_evaluation

if TYPE_CHECKING:
    from psycopg import Connection

ADDRESS: Final = "127.0.0.1"
KEPT_SECONDS: Final = 5.0
"""However often one asks, the database is asked no more often than that."""
_LOG: Final = logging.getLogger(__name__)


class Books(Protocol):
    """A way to the database, such as `loantrail.postgres.connection.Database`."""

    def connect(self) -> AbstractContextManager[Connection[Any]]: ...


class DatabaseCollector(Collector):
    """Asks the database when Prometheus asks."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._guard = threading.Lock()
        self._kept: list[Metric] = []
        self._kept_at = -KEPT_SECONDS

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering this must not ask the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The figures, at most `KEPT_SECONDS` old."""
        with self._guard:
            if clock.monotonic_seconds() - self._kept_at >= KEPT_SECONDS:
                self._kept = self._ask()
                self._kept_at = clock.monotonic_seconds()
            return self._kept

    def _ask(self) -> list[Metric]:
        up = GaugeMetricFamily(
            "loantrail_database_up", "Whether the database answers and its figures could be read."
        )
        try:
            with self._books.connect() as connection:
                figures = list(database_metrics(connection))
                connection.rollback()
        except Exception as problem:  # whatever it is, Prometheus must be answered
            _LOG.warning("the database cannot be asked for its figures: %s", problem)
            up.add_metric((), 0)
            return [up]
        up.add_metric((), 1)
        return [up, *figures]


def database_metrics(connection: Connection[Any]) -> Iterable[Metric]:
    """What the database tells of the installation."""
    yield _gauge(
        "loantrail_database_bytes", "Size of the database on its disk.", store.size_bytes(connection)
    )
    current = current_version(connection) == versions()[-1]
    yield _gauge(
        "loantrail_tables_current", "Whether the tables have the version of this software.", float(current)
    )
    if not current:
        return
    rows = CounterMetricFamily(
        "loantrail_live_rows", "Rows that came in live, by what became of them.", labels=("outcome",)
    )
    for outcome, count in store_metrics.live_rows(connection):
        rows.add_metric((outcome,), count)
    yield rows
    yield _by("loantrail_queue", "What waits to be worked at.", "queue", store_metrics.queues(connection))
    since = store_metrics.oldest_waiting(connection)
    waited = 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())
    yield _gauge(
        "loantrail_live_untraced_seconds",
        "How long the oldest live line waits for a run over the books.",
        waited,
    )
    ended = [(name, at.timestamp()) for name, at in store_metrics.last_runs(connection)]
    yield _by("loantrail_last_run_timestamp_seconds", "When the last run ended, by kind.", "run", ended)
    day = store_metrics.data_date(connection)
    if day is not None:
        age = (clock.business_date(clock.now()) - day).days
        yield _gauge("loantrail_data_age_days", "Days since the last business date of the data.", age)
    yield _jobs(connection)
    yield _by(
        "loantrail_open_warnings", "Open warnings, by level.", "level", store_metrics.open_threads(connection)
    )


def _jobs(connection: Connection[Any]) -> Metric:
    """1 for the state that each background job is in, by job."""
    evaluation = store_evaluation.state(connection)
    if evaluation["working"]:
        tracing = "running"
    elif evaluation["failed"] > evaluation["evaluated"]:
        tracing = "failed"
    else:
        waits = evaluation["requested"] > max(evaluation["evaluated"], evaluation["failed"])
        tracing = "queued" if waits else "idle"
    states = {
        "trace": tracing,
        "nightly": store_metrics.last_night_state(connection) or "idle",
        "backtest": "running" if store_metrics.backtest_runs(connection) else "idle",
    }
    found = GaugeMetricFamily("loantrail_job", "State of each background job.", labels=("job", "state"))
    for job, state in states.items():
        found.add_metric((job, state), 1)
    return found


def _gauge(name: str, meaning: str, value: float) -> Metric:
    found = GaugeMetricFamily(name, meaning)
    found.add_metric((), value)
    return found


def _by(name: str, meaning: str, label: str, counts: Iterable[tuple[str, float]]) -> Metric:
    found = GaugeMetricFamily(name, meaning, labels=(label,))
    for value, count in counts:
        found.add_metric((value,), count)
    return found


class _Software(Collector):
    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        found = GaugeMetricFamily("loantrail_software", "The version that runs.", labels=("version",))
        found.add_metric((version("loantrail"),), 1)
        return [found]


def registry_of(books: Books, own: Collector | None, folder: Path | None) -> CollectorRegistry:
    """All that Prometheus is told: counts of this process (`own`), or of those that write into `folder`, and the database's."""
    registry = CollectorRegistry()
    if own is not None:
        registry.register(own)
    if folder is not None:
        MultiProcessCollector(registry, path=str(folder))
    registry.register(_Software())
    registry.register(DatabaseCollector(books))
    return registry


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Prometheus asks every few seconds: no line for each."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # The library would look its own name up, which may take long where there is no name server.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]
        self.setup_environ()


@contextmanager
def answering(port: int, registry: CollectorRegistry) -> Generator[int]:
    """For the length of the block Prometheus is answered on that port of the loopback address (0: a free one), which is given.
    ConfigurationError when it cannot be used."""
    told = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            return told(environ, start)
        start("404 Not Found", [("Content-Type", "text/plain")])
        return [b"GET /metrics\n"]

    try:
        server = make_server(ADDRESS, port, answer, _Server, _Quiet)
    except OSError as problem:
        raise ConfigurationError(
            f"metrics cannot be told on port {port}: {problem.strerror or problem}",
            remedy="Choose another by --metrics-port, or leave LOANTRAIL_METRICS_PORT out",
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="metrics port", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

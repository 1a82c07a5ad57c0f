"""`loantrail serve`: the web page and its HTTP interface, on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from loantrail.cli.speech import language_of, phrase
from loantrail.http.server import DEFAULT_PORT, listen, page_address, serve
from loantrail.monitor.beside import Beside
from loantrail.operating.logs import set_up_logs
from loantrail.postgres.connection import database
from loantrail.settings import Settings, read_settings

if TYPE_CHECKING:
    from loantrail.postgres.connection import Database, Pool

WAIT_SECONDS: Final = 10.0
"""How long a request waits for the database before it is told that there is none."""
MOST_PORT: Final = 65_535
_SENTENCES: Final = {
    "page": ("Loantrail is at {address} (Ctrl+C stops it)", "贷迹的网页地址：{address}（按 Ctrl+C 停止）"),
    "metrics": ("Metrics are at {address}", "监控指标的地址：{address}"),
}


@click.command(name="serve")
@click.option("--host", help="Address to serve on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, MOST_PORT),
    help=f"Port to serve on; 0 takes any free one. Default: {DEFAULT_PORT}, or the next free one.",
)
@click.option("--open/--no-open", "open_browser", default=False, help="Open the page in a browser.")
@click.option(
    "--workers",
    type=click.IntRange(1, 1_000),
    help="Reading processes, beside one that takes in data and works at jobs. Default: one process does everything.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, MOST_PORT),
    help="Tell Prometheus on this port of 127.0.0.1; 0 takes any free one. Default: no metrics.",
)
def command(
    host: str | None, port: int | None, open_browser: bool, workers: int | None, metrics_port: int | None
) -> None:
    """Serve the web page and its HTTP interface, until Ctrl+C or SIGTERM.

    What is not given here comes from the settings (loantrail configuration).
    """
    settings = read_settings()
    workers = workers or settings.workers
    told_on = settings.metrics_port if metrics_port is None else metrics_port
    set_up_logs(settings, "main" if workers else "all", production=workers is not None)
    with listen(host or settings.host, settings.port if port is None else port) as listening:
        if workers is None:
            _serve_alone(settings, listening, told_on, open_browser)
        else:
            _serve_with_workers(settings, workers, listening, told_on)


def _serve_alone(
    settings: Settings, listening: socket.socket, told_on: int | None, open_browser: bool
) -> None:
    most = settings.database_connections
    with (
        database(settings) as books,
        books.pool(most=most, wait_seconds=WAIT_SECONDS) as connections,
        books.pool(most=most, wait_seconds=WAIT_SECONDS, web=True) as web_connections,
        _metrics_of_one_process(books, told_on, {"owner": connections, "web": web_connections}) as count,
        Beside(books.url) as beside,
    ):

        def prepare(app: Any) -> None:
            app.state.access_log = settings.access_log is True
            app.state.beside = beside
            count(app)

        serve(connections, web_connections, listening, _announce, open_browser, prepare)


@contextmanager
def _metrics_of_one_process(
    books: Database, port: int | None, pools: Mapping[str, Pool]
) -> Generator[Callable[[Any], None]]:
    """Has the application counted, where metrics are wanted."""
    if port is None:
        yield lambda _app: None
        return
    # Imported here: most servers tell no metrics, and the library takes a moment.
    from loantrail.operating import metrics
    from loantrail.operating.metrics_answer import answering, registry_of

    apps: list[Any] = []

    def waiting() -> Mapping[str, int]:
        live = getattr(apps[0].state, "live", None) if apps else None
        return {} if live is None else live.writer.waiting()

    def count(app: Any) -> None:
        app.state.observer = metrics.observe_request
        app.state.observe_delivery = metrics.observe_delivery
        apps.append(app)

    with (
        metrics.watching(pools, waiting),
        answering(port, registry_of(books, metrics.REGISTRY, None)) as used,
    ):
        _announce_metrics(used)
        yield count


def _serve_with_workers(
    settings: Settings, workers: int, listening: socket.socket, told_on: int | None
) -> None:
    from loantrail.operating.serving import METRICS, private_folder, serve_with_workers

    # The database is held here too, so that the embedded server runs on while a process is started again.
    with (
        database(settings) as books,
        private_folder() as folder,
        _told_of(books, told_on, folder / METRICS) as gone,
    ):
        serve_with_workers(
            settings, workers, listening, lambda: _announce(page_address(listening)), folder, gone
        )


@contextmanager
def _told_of(books: Database, port: int | None, folder: Path) -> Generator[Callable[[int], None]]:
    """What the processes count into the folder is told on the port, where metrics are wanted."""
    if port is None:
        yield lambda _process_id: None
        return
    from prometheus_client.multiprocess import mark_process_dead

    from loantrail.operating.metrics_answer import answering, registry_of

    with answering(port, registry_of(books, None, folder)) as used:
        _announce_metrics(used)
        yield lambda process_id: mark_process_dead(process_id, str(folder))


def _announce(address: str) -> None:
    click.echo(phrase(_SENTENCES, "page", language_of(os.environ), address=address))


def _announce_metrics(port: int) -> None:
    address = f"http://127.0.0.1:{port}/metrics"
    click.echo(phrase(_SENTENCES, "metrics", language_of(os.environ), address=address))

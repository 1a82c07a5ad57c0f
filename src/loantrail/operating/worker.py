"""One process of a server that has several: a reading one, or the monitor. Started by `loantrail.operating.serving`.

    python -P -m loantrail.operating.worker KIND LISTENING LIFE READY SOCKET

KIND: `reading` or `monitor`. LISTENING: number of the socket that it answers on. LIFE: number of a pipe that ends with the
process that started this one. READY: number of a pipe that a byte is written to once requests are answered. SOCKET: path of
the monitor's socket.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from loantrail.collecting import collect_seldom
from loantrail.errors import LoantrailError
from loantrail.operating.logs import set_up_logs
from loantrail.settings import Settings, read_settings

if TYPE_CHECKING:
    from loantrail.monitor.routes import Live

READING: Final = "reading"
MONITOR: Final = "monitor"
WAIT_SECONDS: Final = 10.0
"""How long a request waits for the database before it is told that there is none."""
KEEP_ALIVE_SECONDS: Final = 3_600
"""Of the monitor's socket: readers close idle connections long before."""


def main(arguments: list[str]) -> int:
    """Answer requests until told to stop; the exit status of an error is that of the command line."""
    collect_seldom()
    kind, listening, life, ready, path = arguments
    _end_with(int(life))
    try:
        settings = read_settings()
        set_up_logs(settings, kind, production=True)
        with socket.socket(fileno=int(listening)) as opened:
            _serve(kind, opened, int(ready), Path(path), settings)
    except LoantrailError as problem:
        # What the command line says of an error, in its language.
        from loantrail.cli.speech import language_of, told

        sys.stderr.write(f"loantrail: {told(problem, language_of(os.environ))}\n")
        return problem.exit_status
    return 0


def _serve(kind: str, listening: socket.socket, ready: int, path: Path, settings: Settings) -> None:
    # Imported here: what cannot be read of the settings is told at once.
    from loantrail.early_warning.sending import keeping_watch
    from loantrail.http.app import create_app
    from loantrail.http.forwarding import Forwarding, FromReaders
    from loantrail.http.processes import addresses_of_the_monitor
    from loantrail.http.server import Server, configuration
    from loantrail.monitor.beside import Beside
    from loantrail.operating.metrics import observe_delivery, observe_request, watching
    from loantrail.postgres.connection import database

    most = settings.database_connections
    with (
        database(settings) as books,
        books.pool(most=most, wait_seconds=WAIT_SECONDS) as connections,
        books.pool(most=most, wait_seconds=WAIT_SECONDS, web=True) as web_connections,
    ):
        app = create_app(connections, web_connections)
        app.state.access_log = settings.access_log is not False
        app.state.observer = observe_request
        app.state.observe_delivery = observe_delivery
        stop = {"timeout_graceful_shutdown": max(1, round(settings.stop_seconds)), "log_config": None}
        if kind == READING:
            wrapped = Forwarding(app, addresses_of_the_monitor(app), path)
            with watching({"owner": connections, "web": web_connections}):
                Server(configuration(wrapped, lifespan="on", **stop), app, lambda: _tell(ready)).run(
                    [listening]
                )
            return

        def waiting() -> Mapping[str, int]:
            live = getattr(app.state, "live", None)
            return {} if live is None else live.writer.waiting()

        of_own_socket = {
            "proxy_headers": False,
            "date_header": False,
            "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        }
        server = Server(configuration(FromReaders(app), **stop, **of_own_socket), app, lambda: _tell(ready))
        with (
            Beside(books.url) as beside,
            keeping_watch(connections),
            watching({"owner": connections, "web": web_connections}, waiting),
        ):
            app.state.beside = beside
            live = _take_up(app)
            try:
                server.run([listening])
            finally:
                live.settling.stop()


def _take_up(app: Any) -> Live:
    """Begin with what an earlier process left undone, and read the books, so that the first lines are judged as they come."""
    from loantrail.monitor.routes import live_of
    from loantrail.tracing.routes_evaluation import retracing_of

    request = cast(Any, SimpleNamespace(app=app))  # of a request they take the application alone
    tracer = retracing_of(request)
    live = live_of(request, tracer)
    live.deciding.want()
    live.settling.start()
    tracer.start()
    return live


def _tell(ready: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits any more
        os.write(ready, b"r")


def _end_with(life: int) -> None:
    """Stop when the process that started this one is gone, however it went: nobody else would."""

    def watch() -> None:
        while os.read(life, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="life", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A server of several processes: reading ones behind one listening socket, and one monitor that takes in data and works at jobs.

This process answers nothing itself. It holds the socket, so that no connection is refused while a process is started again;
starts processes that died, with growing pauses where they die at once; and stops them in order: readers first, which finish
what is under way through the monitor, then the monitor.
"""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from loantrail import clock
from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.operating.worker import MONITOR, READING
from loantrail.postgres.layout import LONGEST_SOCKET_PATH
from loantrail.settings import Settings

TICK_SECONDS: Final = 0.2
START_SECONDS: Final = 120.0
"""For a process to answer: it connects to the database, whose server may have to start or recover first."""
FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 30.0
SOUND_SECONDS: Final = 60.0
"""Who lived so long did not die of its start."""
KILL_AFTER_SECONDS: Final = 5.0
BACKLOG: Final = 2_048
METRICS: Final = "metrics"
SOCKET: Final = "monitor"
_LOG: Final = logging.getLogger(__name__)


class Child:
    """A process of the server, through all its lives."""

    def __init__(
        self, kind: str, listening: socket.socket, path: Path, environment: Mapping[str, str]
    ) -> None:
        self.kind = kind
        self._listening = listening
        self._path = path
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = -1
        self._begun = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self.is_ready = False

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self, life: int) -> None:
        """Start it; it ends when the other end of the pipe `life` does."""
        self._close_pipe()
        self._ready, told = os.pipe()
        self.is_ready = False
        handed = (self._listening.fileno(), life, told)
        arguments = [sys.executable, "-P", "-m", "loantrail.operating.worker", self.kind, *map(str, handed), str(self._path)]  # fmt: skip
        try:
            self._process = subprocess.Popen(  # noqa: S603  a program of ours
                arguments,
                stdin=subprocess.DEVNULL,
                pass_fds=handed,
                env=dict(self._environment),
                # Ctrl+C in a terminal reaches the whole group: they are told by us, in order.
                start_new_session=True,
            )
        finally:
            os.close(told)
        self._begun = clock.monotonic_seconds()

    def look(self) -> int | None:
        """Note whether it answers; its exit status where it ended."""
        if self._process is None:
            return None
        if not self.is_ready and select.select([self._ready], [], [], 0)[0] and os.read(self._ready, 1):
            self.is_ready = True
        return self._process.poll()

    def gone(self) -> None:
        """It ended unasked: wait before the next start, longer each time that it did not live."""
        lived = clock.monotonic_seconds() - self._begun
        self._pause = (
            FIRST_PAUSE_SECONDS if lived >= SOUND_SECONDS else min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        )
        self._not_before = clock.monotonic_seconds() + self._pause
        self._process = None
        self.is_ready = False

    def may_start(self) -> bool:
        return self._process is None and clock.monotonic_seconds() >= self._not_before

    def stop(self, seconds: float) -> None:
        """Have it end what is under way, by force after so many seconds."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                _LOG.warning("the %s process %s did not end in time", self.kind, self._process.pid)
                self._process.kill()
                self._process.wait()
            self._process = None
        self._close_pipe()

    def ask_to_stop(self) -> None:
        """As the beginning of `stop`, for several at once."""
        if self._process is not None:
            self._process.terminate()

    def _close_pipe(self) -> None:
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1


def serve_with_workers(
    settings: Settings,
    workers: int,
    listening: socket.socket,
    announce: Callable[[], None],
    folder: Path,
    on_gone: Callable[[int], None] = lambda _process_id: None,
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` is called once all processes answer; `folder` is one of `private_folder`;
    `on_gone` is told the id of each process that ended.

    ConfigurationError or DatabaseUnavailable when a process cannot be started at all.
    """
    path = folder / SOCKET
    stopping: list[int] = []
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder / METRICS)}
    with ExitStack() as stack:
        own = stack.enter_context(socket.socket(socket.AF_UNIX))
        own.bind(str(path))
        own.listen(BACKLOG)
        life, held = os.pipe()
        stack.callback(os.close, held)
        stack.callback(os.close, life)
        monitor = Child(MONITOR, own, path, environment)
        readers = [Child(READING, listening, path, environment) for _ in range(workers)]
        stack.callback(_stop, monitor, readers, settings.stop_seconds)
        before = {
            number: signal.signal(number, lambda signalled, _frame: stopping.append(signalled))
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        stack.callback(lambda: [signal.signal(number, handler) for number, handler in before.items()])
        children = [monitor, *readers]
        for child in children:
            child.start(life)
        _wait_until_ready(children, stopping)
        if not stopping:
            announce()
        while not stopping:
            clock.sleep(TICK_SECONDS)
            for child in children:
                _keep(child, life, on_gone)


def _wait_until_ready(children: list[Child], stopping: list[int]) -> None:
    """Until all answer. Whoever ends meanwhile has said why: all of it ends then."""
    limit = clock.monotonic_seconds() + START_SECONDS
    while not stopping and not all(child.is_ready for child in children):
        for child in children:
            status = child.look()
            if status is not None:
                raise _not_started(child, status)
        if clock.monotonic_seconds() > limit:
            raise DatabaseUnavailable(
                "the processes of the server did not answer in time", remedy="Their log tells why"
            )
        clock.sleep(0.02)


def _not_started(child: Child, status: int) -> ConfigurationError | DatabaseUnavailable:
    problem = (
        "the monitor process could not be started"
        if child.kind == MONITOR
        else "a reading process could not be started"
    )
    remedy = "What it said before tells why"
    if status == ConfigurationError.exit_status:
        return ConfigurationError(problem, remedy=remedy)
    return DatabaseUnavailable(problem, remedy=remedy)


def _keep(child: Child, life: int, on_gone: Callable[[int], None]) -> None:
    process_id = child.process_id
    status = child.look()
    if status is not None and process_id is not None:
        _LOG.error(
            "the %s process %s ended with status %s; it is started again", child.kind, process_id, status
        )
        child.gone()
        on_gone(process_id)
    if child.may_start():
        child.start(life)


def _stop(monitor: Child, readers: list[Child], seconds: float) -> None:
    for reader in readers:
        reader.ask_to_stop()
    limit = clock.monotonic_seconds() + seconds + KILL_AFTER_SECONDS
    for reader in readers:
        reader.stop(max(0.1, limit - clock.monotonic_seconds()))
    monitor.stop(seconds + KILL_AFTER_SECONDS)


@contextmanager
def private_folder() -> Generator[Path]:
    """A folder that no other user may pass, for the monitor's socket and what processes count; gone after the block. In the
    system's folder for temporary files, or in /tmp where a socket's path would be too long there."""
    folder = Path(tempfile.mkdtemp(prefix="loantrail-"))
    if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="loantrail-", dir="/tmp"))
    try:
        (folder / METRICS).mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

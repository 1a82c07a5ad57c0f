"""The supervisor: a small process of its own that keeps the embedded server while commands use it.

It holds `supervisor.lock` as long as it lives. Commands hold `use.lock`, shared. When nobody has held that for
the grace time the supervisor stops the server and ends; while it does so it holds `use.lock` alone, so that a
command that comes at this moment waits and then starts a new one.

It starts a crashed server again. A server that runs without a supervisor it takes over. If the supervisor itself
is killed, the kernel stops the server (Linux), and the next use starts both again. When the database's folder is
removed, the server is stopped at once.

Started by `loantrail.postgres.attach` as `python -P -m loantrail.postgres.supervisor HOME GRACE_SECONDS`; exit
status 0: it runs on, detached; 3: another supervisor runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Final

from loantrail import clock, ids
from loantrail.errors import LoantrailError
from loantrail.postgres.layout import ANOTHER_RUNS, FileLock, Layout, Status, write_status
from loantrail.postgres.server import Server
from loantrail.postgres.system_user import SystemUser, server_user

TICK_SECONDS: Final = 0.25
RESTARTS_ALLOWED: Final = 5
RESTARTS_COUNTED_SECONDS: Final = 60.0

log = logging.getLogger("loantrail.supervisor")


def main(arguments: list[str]) -> int:
    """Become the supervisor of a home folder, unless there is one."""
    layout = Layout(Path(arguments[0]))
    grace_seconds = float(arguments[1])
    lock = FileLock(layout.supervisor_lock)
    for _ in range(20):
        # A command that merely looks whether somebody holds the lock holds it for an instant itself.
        if lock.try_exclusive():
            break
        clock.sleep(0.01)
    else:
        return ANOTHER_RUNS
    _detach(layout)
    lock.write(str(os.getpid()))
    supervisor = _Supervisor(layout, lock, grace_seconds)
    try:
        supervisor.run()
    except LoantrailError as problem:
        supervisor.tell_failure(problem.code, problem.problem, problem.remedy)
    except Exception as problem:  # the command that waits must hear of it, whatever it is
        log.error("%s", traceback.format_exc())
        supervisor.tell_failure(
            "database_unavailable",
            f"the database's supervisor failed: {type(problem).__name__}: {problem}",
            f"its log is {layout.supervisor_log}",
        )
    return 0


def _detach(layout: Layout) -> None:
    """Leave the command that started us: own session, no terminal, no files of its. The lock stays held."""
    sys.stdout.flush()
    if os.fork() > 0:
        os._exit(0)
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    with Path(os.devnull).open("r+b") as nothing:
        for descriptor in (0, 1, 2):
            os.dup2(nothing.fileno(), descriptor)
    if layout.supervisor_log.exists() and layout.supervisor_log.stat().st_size > 1_000_000:
        layout.supervisor_log.unlink()
    logging.basicConfig(
        filename=layout.supervisor_log, level=logging.INFO, format="%(asctime)s %(process)d %(message)s"
    )


class _Supervisor:
    def __init__(self, layout: Layout, lock: FileLock, grace_seconds: float) -> None:
        self._layout = layout
        self._lock = lock
        self._use = FileLock(layout.use_lock)
        self._grace_seconds = grace_seconds
        self._status = Status(state="starting", supervisor=os.getpid(), mark=ids.new_id())
        self._wake, self._signal_end = socket.socketpair()
        self._asked_to_stop = False
        self._restarts: list[float] = []

    def run(self) -> None:
        """Keep the server until nobody needs it."""
        self._listen_to_signals()
        self._tell(state="starting")
        user = server_user(self._layout.data)
        self._share_files_with(user)
        server = Server(self._layout, user)
        server.make_ready()
        log.info("grace %s s, server user %s", self._grace_seconds, user.name)
        try:
            if server.adopt():
                log.info("took over server %s", server.process_id)
            else:
                server.start()
                log.info("started server %s", server.process_id)
            self._tell(
                state="running",
                server=server.process_id,
                socket_folder=str(server.socket_folder),
                server_user=user.name,
            )
            self._keep_running(server)
        finally:
            if self._lock.still_in_place():
                self._tell(state="stopping")
            server.stop()
        if self._lock.still_in_place():
            self._layout.keep.unlink(missing_ok=True)
            self._tell(state="stopped", server=None)
        log.info("stopped")

    def tell_failure(self, code: str, problem: str, remedy: str) -> None:
        """Leave the reason of the end where the waiting command finds it."""
        log.error("%s: %s. %s", code, problem, remedy)
        if self._lock.still_in_place():
            with contextlib.suppress(OSError):
                self._tell(state="failed", server=None, code=code, problem=problem, remedy=remedy)

    def _keep_running(self, server: Server) -> None:
        mark_of_use = self._use.mark_of_use()
        last_use = clock.monotonic_seconds()
        while not self._asked_to_stop:
            self._sleep()
            if not self._lock.still_in_place() or not self._use.still_in_place():
                log.info("the database's folder is gone")
                return
            if not server.is_running():
                self._start_again(server)
            now = clock.monotonic_seconds()
            if not self._use.try_exclusive():
                last_use = now
                continue
            if self._use.mark_of_use() != mark_of_use or self._asked_to_keep():
                mark_of_use = self._use.mark_of_use()
                last_use = now
            if now - last_use >= self._grace_seconds:
                log.info("no command has used the database for %s s", self._grace_seconds)
                return  # with the lock held alone: no command comes between
            self._use.release()

    def _start_again(self, server: Server) -> None:
        now = clock.monotonic_seconds()
        self._restarts = [at for at in self._restarts if now - at < RESTARTS_COUNTED_SECONDS]
        self._restarts.append(now)
        log.error("the server died; start %s in a minute", len(self._restarts))
        if len(self._restarts) > RESTARTS_ALLOWED:
            clock.sleep(min(30.0, 2.0 ** (len(self._restarts) - RESTARTS_ALLOWED)))
        self._tell(state="starting", server=None, restarts=self._status.restarts + 1)
        server.start()
        self._tell(state="running", server=server.process_id)

    def _asked_to_keep(self) -> bool:
        try:
            return self._layout.keep.read_text() == self._status.mark
        except OSError:
            return False

    def _tell(self, **changes: str | int | None) -> None:
        self._status = replace(self._status, **changes)  # pyright: ignore[reportArgumentType]  names checked by replace
        write_status(self._layout, self._status)

    def _share_files_with(self, user: SystemUser) -> None:
        """Root makes these files; the owner of the data must be able to use them later without root."""
        if user.other:
            for lock in (self._lock, self._use):
                lock.give_to(user.user_id, user.group_id)
            for file in (self._layout.status, self._layout.supervisor_log):
                os.chown(file, user.user_id, user.group_id)

    def _listen_to_signals(self) -> None:
        self._wake.setblocking(False)
        self._signal_end.setblocking(False)
        signal.set_wakeup_fd(self._signal_end.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_asked)

    def _stop_asked(self, number: int, frame: object) -> None:
        del frame
        log.info("asked to stop by signal %s", number)
        self._asked_to_stop = True

    def _sleep(self) -> None:
        """A tick, cut short by any signal: the server's death is one."""
        select.select([self._wake], [], [], TICK_SECONDS)
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(1024)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

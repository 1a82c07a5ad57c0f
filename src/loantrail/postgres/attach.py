"""A command's hold on the embedded server: while it is held, the server runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Final

from loantrail import clock
from loantrail.errors import (
    ConfigurationError,
    DatabaseUnavailable,
    LoantrailError,
    StorageExhausted,
)
from loantrail.postgres.layout import ANOTHER_RUNS, FileLock, Layout, Status, read_status

PATIENCE_SECONDS: Final = 120.0
"""For a supervisor to appear or to leave; one that says that it is starting the server is waited for longer."""
RECOVERY_PATIENCE_SECONDS: Final = 900.0
SILENT_STARTS_ALLOWED: Final = 8
NEEDED_BYTES: Final = 1 << 20
_ERRORS: Final = {error.code: error for error in (ConfigurationError, DatabaseUnavailable, StorageExhausted)}


class Hold:
    """A shared hold on the server of one home folder. Ends with `close`, or with the process."""

    def __init__(self, layout: Layout, grace_seconds: float) -> None:
        self._layout = layout
        self._grace_seconds = grace_seconds
        self._guard = threading.Lock()
        _make_folder(layout)
        try:
            self._use = FileLock(layout.use_lock)
        except OSError as problem:
            raise _unusable(layout.folder, problem) from problem
        limit = clock.monotonic_seconds() + PATIENCE_SECONDS
        while not self._use.try_shared():
            # A supervisor that is about to leave holds it alone while it stops the server.
            if clock.monotonic_seconds() > limit:
                self._use.close()
                raise DatabaseUnavailable(
                    "the embedded database is being stopped and does not end", remedy="Try again in a minute"
                )
            clock.sleep(0.02)
        self._use.touch()

    def close(self) -> None:
        """Give up the hold. Only the file is closed: a forked child may hold on with its copy."""
        self._use.close()

    def ensure_running(self) -> Status:
        """The running server's status, after starting what needs to be started.

        The supervisor's own error (ConfigurationError, StorageExhausted, DatabaseUnavailable) when it cannot.
        """
        with self._guard:
            before = read_status(self._layout)
            begun = clock.monotonic_seconds()
            starts = 0
            while True:
                alive = supervisor_alive(self._layout)
                status = read_status(self._layout)
                if alive and status is not None and status.state == "running":
                    return status
                if status is not None and status.state == "failed" and _differ(before, status):
                    raise _error_of(status)
                if not alive:
                    if starts > SILENT_STARTS_ALLOWED and (status is None or not _differ(before, status)):
                        raise self._silent_failure()
                    self._start_supervisor()
                    starts += 1
                waited = clock.monotonic_seconds() - begun
                starting = status is not None and status.state == "starting"
                if waited > (RECOVERY_PATIENCE_SECONDS if starting else PATIENCE_SECONDS):
                    raise DatabaseUnavailable(
                        "the embedded database did not start in time",
                        remedy=f"Its logs are {self._layout.server_log} and {self._layout.supervisor_log}",
                    )
                clock.sleep(0.02)

    def _silent_failure(self) -> LoantrailError:
        """The supervisor ends without a word: it could not even write one."""
        if shutil.disk_usage(self._layout.folder).free < NEEDED_BYTES:
            return StorageExhausted(
                f"the disk of {self._layout.folder} is full: the database cannot start",
                remedy="Free some space and run the command again; what was committed is safe",
            )
        return DatabaseUnavailable(
            "the embedded database's supervisor ends as soon as it starts",
            remedy=f"Check that you may write to {self._layout.folder}, and see {self._layout.supervisor_log}",
        )

    def _start_supervisor(self) -> None:
        arguments = [
            sys.executable, "-P", "-m", "loantrail.postgres.supervisor",
            str(self._layout.home), str(self._grace_seconds),
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603  a program of ours
            arguments, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False
        )
        if done.returncode not in (0, ANOTHER_RUNS):
            told = " ".join(done.stderr.decode(errors="replace").split())
            raise DatabaseUnavailable(
                f"the embedded database's supervisor could not be started: {told[-400:]}",
                remedy=f"Check that you may write to {self._layout.folder}",
            )


def _make_folder(layout: Layout) -> None:
    try:
        # Root's server runs as another user, who must be able to pass the home folder, not to list it.
        layout.home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        layout.folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise _unusable(layout.folder, problem) from problem


def _unusable(folder: Path, problem: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the folder {folder} cannot be used for the database: {problem.strerror or problem}",
        remedy="Choose another by LOANTRAIL_HOME, or correct who may write to it",
    )


def _differ(before: Status | None, now: Status) -> bool:
    return before is None or before.mark != now.mark or before.state != now.state


def _error_of(status: Status) -> LoantrailError:
    return _ERRORS.get(status.code, DatabaseUnavailable)(status.problem, remedy=status.remedy)


def supervisor_alive(layout: Layout) -> bool:
    """Whether a supervisor holds its lock at this moment."""
    try:
        if not layout.supervisor_lock.exists():
            return False
        lock = FileLock(layout.supervisor_lock)
    except OSError as problem:
        raise _unusable(layout.folder, problem) from problem
    try:
        return not lock.try_shared()
    finally:
        lock.close()


def stop_server(layout: Layout, limit_seconds: float = PATIENCE_SECONDS) -> bool:
    """Stop the server and its supervisor, whoever uses it; whether there was one.

    Commands that still hold it lose their connections; what they had not committed is rolled back.
    """
    if not supervisor_alive(layout):
        return False
    limit = clock.monotonic_seconds() + limit_seconds
    asked = False
    while supervisor_alive(layout):
        text = layout.supervisor_lock.read_text()
        if text.isdigit() and not asked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(text), signal.SIGTERM)
            asked = True
        if clock.monotonic_seconds() > limit:
            raise DatabaseUnavailable(
                "the embedded database does not stop", remedy=f"Its log is {layout.supervisor_log}"
            )
        clock.sleep(0.02)
    return True


_holds: Final[dict[Path, tuple[Hold, int]]] = {}
_holds_guard: Final = threading.Lock()


@contextlib.contextmanager
def holding(layout: Layout, grace_seconds: float) -> Generator[Hold]:
    """The process's one hold on this home's server, shared by all who ask for it inside the process."""
    with _holds_guard:
        hold, count = _holds.get(layout.home) or (Hold(layout, grace_seconds), 0)
        _holds[layout.home] = (hold, count + 1)
    try:
        yield hold
    finally:
        with _holds_guard:
            hold, count = _holds.pop(layout.home)
            if count > 1:
                _holds[layout.home] = (hold, count - 1)
            else:
                hold.close()

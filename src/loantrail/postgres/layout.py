"""Where the embedded database keeps its files, and the locks on them.

    <home>/database/           0700, of the user that the server runs as
        data/                  PostgreSQL's data folder, 0700
        socket/                the server's unix socket (in /tmp where this path is too long for a socket)
        use.lock               every command that uses the server holds this lock, shared
        supervisor.lock        the one supervisor holds this lock, and its process id stands in the file
        status.json            what the supervisor last said of the server
        keep                   present while the server is asked to run on without a user
        server.log supervisor.log

The locks are of the flock kind: the kernel drops them when their holder dies, however it dies.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

PORT: Final = 5432
LONGEST_SOCKET_PATH: Final = 107
"""Bytes of a unix socket's path, the closing zero not counted (sun_path in unix(7) has 108)."""

ANOTHER_RUNS: Final = 3
"""Exit status of a supervisor that finds another one at work."""

DATABASE_NAME: Final = "loantrail"
ROLE_NAME: Final = "loantrail"
WEB_ROLE_NAME: Final = "loantrail_web"
"""What the web application signs in as: it owns nothing and sees what row-level security lets it."""


@dataclass(frozen=True, slots=True)
class Layout:
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "database"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def use_lock(self) -> Path:
        return self.folder / "use.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.folder / "supervisor.lock"

    @property
    def status(self) -> Path:
        return self.folder / "status.json"

    @property
    def keep(self) -> Path:
        return self.folder / "keep"

    @property
    def server_log(self) -> Path:
        return self.folder / "server.log"

    @property
    def supervisor_log(self) -> Path:
        return self.folder / "supervisor.log"

    def socket_folder(self, server_user_id: int) -> Path:
        """The folder of the server's socket: beside its data, or in /tmp where that path is too long."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return beside
        mark = hashlib.blake2b(os.fsencode(self.folder), digest_size=8).hexdigest()
        return Path("/tmp") / f"loantrail-{server_user_id}-{mark}"  # noqa: S108  checked before use: 0700, owned


@dataclass(frozen=True, slots=True)
class Status:
    """What the supervisor says of the server."""

    state: str
    """`starting`, `running`, `stopping`, `stopped` or `failed`."""
    supervisor: int
    """Process id of the supervisor that wrote this."""
    mark: str
    """Random mark of that supervisor's life: another mark, another life."""
    server: int | None = None
    """Process id of the server."""
    socket_folder: str = ""
    server_user: str = ""
    restarts: int = 0
    """How often the server was found dead and started again by this supervisor."""
    code: str = ""
    """Code of the LoantrailError that a failure amounts to."""
    problem: str = ""
    remedy: str = ""


def write_status(layout: Layout, status: Status) -> None:
    """Replace the status file in one step."""
    draft = layout.status.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(asdict(status), ensure_ascii=False))
    draft.replace(layout.status)


def read_status(layout: Layout) -> Status | None:
    """The last status; None where there is none that can be read."""
    try:
        return Status(**json.loads(layout.status.read_text()))
    except (OSError, ValueError, TypeError):
        return None


class FileLock:
    """An flock on a file that is never deleted. Shared or exclusive; gone with its holder."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.path = path

    def try_shared(self) -> bool:
        """Take it shared, at once or not at all."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take it alone, at once or not at all."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def touch(self) -> None:
        """Leave a mark of use that stays after the lock is gone."""
        os.utime(self._descriptor)

    def mark_of_use(self) -> int:
        """Changes whenever somebody touched the file."""
        return os.fstat(self._descriptor).st_mtime_ns

    def still_in_place(self) -> bool:
        """Whether the path still leads to this very file: false once the folder was removed or replaced."""
        try:
            there = self.path.stat()
        except OSError:
            return False
        here = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)

    def write(self, text: str) -> None:
        """Put this text in the file."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def give_to(self, user_id: int, group_id: int) -> None:
        """Let another user open the file too."""
        os.fchown(self._descriptor, user_id, group_id)

    def close(self) -> None:
        os.close(self._descriptor)


def lock_holders(path: Path) -> list[int]:
    """Process ids of those who hold a lock on the file, as far as the kernel tells (Linux)."""
    try:
        number = path.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return []
    found: set[int] = set()
    for line in lines:
        parts = line.split()
        # "1: FLOCK  ADVISORY  READ 1234 fe:00:5678 0 EOF"; waiting ones carry "->" after the number.
        if len(parts) >= 8 and parts[1] == "FLOCK" and parts[5].rsplit(":", 1)[-1] == str(number):
            found.add(int(parts[4]))
    return sorted(found)

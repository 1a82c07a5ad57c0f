"""What this installation is set to: by the environment (LOANTRAIL_...), else by a file of settings, else as shipped.

Every setting stands once in loantrail.operating.known_settings. `LOANTRAIL_DATABASE_URL` in the environment is `database_url` in the file. The file is
the one that LOANTRAIL_CONFIG names, else `loantrail.toml` in the home folder, if there is one. A secret may be given by a file
that holds nothing else: `database_password_file`. docs/operating/configuration.md tells of all of them.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from loantrail.errors import ConfigurationError, Place
from loantrail.operating.known_settings import (
    BY_NAME,
    DEFAULT_AUDIT_ALGORITHM,
    DEFAULT_CONNECTIONS,
    DEFAULT_LIVE_TRACE_SECONDS,
    DEFAULT_REQUESTS_PER_SECOND,
    DEFAULT_STOP_SECONDS,
    SETTINGS,
    Kind,
    Setting,
)

ROOT_HOME: Final = Path("/var/lib/loantrail")
"""Where root keeps the product's data: the server drops root, and root's own folder is closed to others."""

CONFIG: Final = "LOANTRAIL_CONFIG"
"""The variable that names the file of settings."""
FILE_NAME: Final = "loantrail.toml"
BY_FILE: Final = "_file"
"""Ending of the name by which a secret is given as the path of a file."""

MOST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Given:
    """A setting's text and where it comes from."""

    setting: Setting
    text: str
    """Empty where nothing is set."""
    source: str
    """`default`, `environment` or `file`."""
    place: str = ""
    """The variable, or the file of settings."""
    secret_file: str = ""
    """The file that holds the secret, where it was given so."""


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

    web_database_url: str = ""
    """Address by which the web application signs in to that server; empty: the same address as `loantrail_web`."""
    secret_key: str = ""
    """What seals second factors; empty: a file in the home folder does."""
    public_url: str = ""
    """Address that people open the page at, without a slash at its end; empty: as each request names it."""
    openid_issuer: str = ""
    openid_client_id: str = ""
    openid_client_secret: str = ""
    openid_claim: str = "sub"
    database_password: str = ""
    database_connections: int = DEFAULT_CONNECTIONS
    database_programs: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None
    workers: int | None = None
    requests_per_second: int = DEFAULT_REQUESTS_PER_SECOND
    """Of one session, in the long run; a key has ten times as many, an address twenty times."""
    stop_seconds: float = DEFAULT_STOP_SECONDS
    metrics_port: int | None = None
    log_format: str = ""
    log_level: str = ""
    log_file: Path | None = None
    access_log: bool | None = None
    audit_algorithm: str = DEFAULT_AUDIT_ALGORITHM
    """Hash of the audit log's chain from the next entry on: sha256 or sm3."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of the environment and the file; ConfigurationError names the variable or key that cannot be used."""
    given = read_given(environment)
    text = {name: one.text for name, one in given.items()}
    return Settings(
        home=Path(text["home"]),
        database_url=text["database_url"],
        web_database_url=text["web_database_url"],
        secret_key=text["secret_key"],
        public_url=text["public_url"].rstrip("/"),
        openid_issuer=text["openid_issuer"],
        openid_client_id=text["openid_client_id"],
        openid_client_secret=text["openid_client_secret"],
        openid_claim=text["openid_claim"],
        database_grace_seconds=_seconds(given["database_grace_seconds"]),
        operator=text["operator"],
        live_trace_seconds=_seconds(given["live_trace_seconds"]),
        nightly_root=_path(text["nightly"]),
        channels=_path(text["channels"]),
        database_password=text["database_password"],
        database_connections=_count(given["database_connections"]) or DEFAULT_CONNECTIONS,
        database_programs=_path(text["database_programs"]),
        host=text["host"],
        port=_port(given["port"]),
        workers=_count(given["workers"]),
        requests_per_second=_count(given["requests_per_second"]) or DEFAULT_REQUESTS_PER_SECOND,
        stop_seconds=_seconds(given["stop_seconds"]),
        metrics_port=_port(given["metrics_port"]),
        log_format=_choice(given["log_format"]),
        log_level=_choice(given["log_level"]),
        log_file=_path(text["log_file"]),
        access_log={"yes": True, "no": False}.get(_choice(given["access_log"])),
        audit_algorithm=_choice(given["audit_algorithm"]),
    )


def read_given(environment: Mapping[str, str] | None = None) -> dict[str, Given]:
    """Name -> what it is set to and by what, of every setting. The home folder is told as it is used.

    ConfigurationError for a file that cannot be read, a name in it that is no setting, or a secret's file that cannot be read.
    """
    values = os.environ if environment is None else environment
    named = values.get(CONFIG, "").strip()
    path = Path(named).expanduser().absolute() if named else _home(values) / FILE_NAME
    written = _file(path, must_exist=bool(named))
    if "home" in written and not named:
        raise ConfigurationError(
            "home cannot be set in a file that lies in it",
            Place(str(path)),
            f"Set LOANTRAIL_HOME, or name the file by {CONFIG}",
        )
    given = {one.name: _given(one, values, written, path) for one in SETTINGS}
    if not given["home"].text:
        given["home"] = replace(given["home"], text=str(_home(values)))
    return given


def config_file(environment: Mapping[str, str] | None = None) -> Path | None:
    """The file of settings that is read; None where there is none."""
    values = os.environ if environment is None else environment
    named = values.get(CONFIG, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    path = _home(values) / FILE_NAME
    return path if path.is_file() else None


def known_variables() -> frozenset[str]:
    """Every variable of the environment that means something here."""
    by_file = {one.variable + BY_FILE.upper() for one in SETTINGS if one.secret}
    return frozenset({CONFIG, *(one.variable for one in SETTINGS)} | by_file)


def _given(setting: Setting, values: Mapping[str, str], written: Mapping[str, str], path: Path) -> Given:
    """The environment before the file, the file before the default."""
    layers = (("environment", values, setting.variable, ""), ("file", written, setting.name, str(path)))
    for source, layer, name, place in layers:
        by_file = name + (BY_FILE.upper() if source == "environment" else BY_FILE)
        text = layer.get(name, "").strip()
        secret_file = layer.get(by_file, "").strip() if setting.secret else ""
        if text and secret_file:
            raise ConfigurationError(
                f"{name} and {by_file} are both given", Place(place), remedy="Leave one of them out"
            )
        if secret_file:
            secret_file = _absolute(secret_file, path if source == "file" else None)
            return Given(setting, _secret(secret_file, by_file, place), source, place or by_file, secret_file)
        if text:
            if setting.kind is Kind.PATH:
                text = _absolute(text, path if source == "file" else None)
            return Given(setting, text, source, place or name)
    return Given(setting, setting.default, "default")


def _absolute(text: str, file: Path | None) -> str:
    """A path as it is meant: in the file of settings one that is not absolute begins at the file's folder."""
    path = Path(text).expanduser()
    return str(file.parent / path if file is not None else path.absolute())


def _secret(text: str, name: str, place: str) -> str:
    path = Path(text)
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(
            f"the file that {name} names cannot be read: {path} ({_reason(problem)})",
            Place(place),
            "Name a file that this user may read and that holds the secret alone",
        ) from None


def _file(path: Path, *, must_exist: bool) -> Mapping[str, str]:
    try:
        status = path.stat()
    except OSError as problem:
        if must_exist or not isinstance(problem, FileNotFoundError | NotADirectoryError):
            raise ConfigurationError(
                f"the file of settings cannot be read: {_reason(problem)}",
                Place(str(path)),
                f"Correct {CONFIG}, or who may read the file",
            ) from None
        return {}
    return _parsed(path, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=8)
def _parsed(path: Path, changed_ns: int, size_bytes: int, file_number: int) -> Mapping[str, str]:
    """Name -> text of a file of settings, read once as long as it stays as it is."""
    del changed_ns, size_bytes, file_number
    try:
        loaded = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigurationError(
            f"the file of settings cannot be read: {_reason(problem)}",
            Place(str(path)),
            "Write NAME = VALUE lines, texts in quotes; docs/operating/loantrail.example.toml shows them all",
        ) from None
    known = {*BY_NAME, *(one.name + BY_FILE for one in SETTINGS if one.secret)}
    return {name: _text(name, value, known, path) for name, value in loaded.items()}


def _text(name: str, value: Any, known: set[str], path: Path) -> str:
    if name not in known:
        near = difflib.get_close_matches(name, sorted(known), 1)
        raise ConfigurationError(
            f"there is no setting {name}",
            Place(str(path)),
            f"Did you mean {near[0]}?"
            if near
            else "`loantrail configuration` lists them; leave out what is none of them",
        )
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    raise ConfigurationError(
        f"the setting {name} is neither a text nor a number", Place(str(path)), "Write NAME = VALUE"
    )


def _reason(problem: Exception) -> str:
    return (
        problem.strerror or str(problem) if isinstance(problem, OSError) else " ".join(str(problem).split())
    )


def _home(values: Mapping[str, str]) -> Path:
    """The home folder as far as the environment says."""
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


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _named(one: Given) -> tuple[str, Place]:
    """What to call a setting that cannot be used, and where it stands."""
    if one.source == "file":
        return one.setting.name, Place(one.place)
    return one.setting.variable, Place()


def _seconds(one: Given) -> float:
    try:
        seconds = float(one.text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        name, place = _named(one)
        raise ConfigurationError(
            f"{name} is {one.text!r}, which is no number of seconds",
            place,
            "Set it to a number of seconds, zero or more, or leave it out",
        )
    return seconds


def _count(one: Given) -> int | None:
    if not one.text:
        return None
    if not (one.text.isascii() and one.text.isdigit() and 1 <= int(one.text) <= 1_000):
        name, place = _named(one)
        raise ConfigurationError(
            f"{name} is {one.text!r}, which is no whole number from 1 to 1000",
            place,
            "Set it to such a number, or leave it out",
        )
    return int(one.text)


def _port(one: Given) -> int | None:
    if not one.text:
        return None
    if not (one.text.isascii() and one.text.isdigit() and int(one.text) <= MOST_PORT):
        name, place = _named(one)
        raise ConfigurationError(
            f"{name} is {one.text!r}, which is no port",
            place,
            f"Set it to a number up to {MOST_PORT}, or leave it out",
        )
    return int(one.text)


def _choice(one: Given) -> str:
    if one.text and one.text not in one.setting.choices:
        name, place = _named(one)
        raise ConfigurationError(
            f"{name} is {one.text!r}, which it cannot be",
            place,
            f"Choose one of {', '.join(one.setting.choices)}",
        )
    return one.text

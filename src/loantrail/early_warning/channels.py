"""Where warnings are told beyond the page: channels as a file of the bank configures them.

The file is named by LOANTRAIL_CHANNELS. Addresses hold passwords, so they stand in variables of their own:

    channels:
      - name: risk-mail
        url_from: LOANTRAIL_RISK_MAIL      # variable that holds an address of apprise, such as mailtos://...
        levels: [orange, red]              # left out: all
        language: zh                       # zh (left out) or en
        quiet_hours: {from: "20:00", to: "08:00"}   # blue and yellow wait until they end
        digest_at: "08:30"                 # blue and yellow gather into one message a day

Times are Asia/Shanghai. Orange and red are never held.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import yaml

from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import SHANGHAI
from loantrail.errors import ConfigurationError, Place

Language = Literal["zh", "en"]
_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_NAME: Final = re.compile(r"[\w.-]{1,64}")
_KNOWN: Final = {"name", "url_from", "levels", "language", "quiet_hours", "digest_at"}
_REMEDY: Final = (
    "Mend the file that LOANTRAIL_CHANNELS names; docs/operating/notifications.md gives its layout"
)
MILD: Final = (Level.BLUE, Level.YELLOW)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell people. `url` is secret; empty where its variable is not set."""

    name: str
    url: str
    url_from: str
    levels: tuple[Level, ...]
    language: Language = "zh"
    quiet_from: datetime.time | None = None
    quiet_to: datetime.time | None = None
    digest_at: datetime.time | None = None

    def not_before(self, level: Level, now: datetime.datetime) -> datetime.datetime:
        """When a message of that level may leave: at once, after the quiet hours, or with the next digest."""
        if level not in MILD:
            return now
        if self.digest_at is not None:
            return _next(self.digest_at, now)
        if self.quiet_from is None or self.quiet_to is None:
            return now
        time = now.astimezone(SHANGHAI).time()
        over_midnight = self.quiet_from > self.quiet_to
        quiet = (
            time >= self.quiet_from or time < self.quiet_to
            if over_midnight
            else self.quiet_from <= time < self.quiet_to
        )
        return _next(self.quiet_to, now) if quiet else now


def _next(time: datetime.time, now: datetime.datetime) -> datetime.datetime:
    today = now.astimezone(SHANGHAI).date()
    found = datetime.datetime.combine(today, time, SHANGHAI)
    return found if found > now else found + datetime.timedelta(days=1)


def read_channels(path: Path, environment: Mapping[str, str]) -> list[Channel]:
    """The channels of a file. ConfigurationError names what cannot be used; an address that is not set is kept as a
    channel without one, so that its failures show."""
    try:
        loaded: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as cause:
        raise ConfigurationError(
            f"the channels cannot be read: {cause}", Place(str(path)), _REMEDY
        ) from cause
    rows = cast("Mapping[str, Any]", loaded).get("channels") if isinstance(loaded, dict) else None
    if not isinstance(rows, list):
        raise ConfigurationError("the file must hold a list of channels", Place(str(path)), _REMEDY)
    channels = [
        _channel(row, path, place, environment) for place, row in enumerate(cast("list[object]", rows), 1)
    ]
    names = [channel.name for channel in channels]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"the channel {name!r} stands twice", Place(str(path)), _REMEDY)
    return channels


def _channel(raw: object, path: Path, place: int, environment: Mapping[str, str]) -> Channel:
    where = Place(str(path), place)
    if not isinstance(raw, dict):
        raise ConfigurationError("a channel must have a name and url_from", where, _REMEDY)
    row = cast("Mapping[str, Any]", raw)
    unknown = sorted(str(key) for key in row if key not in _KNOWN)
    if unknown:
        raise ConfigurationError(f"a channel has no setting {unknown[0]!r}", where, _REMEDY)
    name, url_from = str(row.get("name") or ""), str(row.get("url_from") or "")
    if not _NAME.fullmatch(name) or not url_from:
        raise ConfigurationError("a channel must have a name and url_from", where, _REMEDY)
    levels = row.get("levels", [level.value for level in LEVELS])
    if not isinstance(levels, list) or not set(cast("list[object]", levels)) <= {one.value for one in LEVELS}:
        raise ConfigurationError("levels must be some of blue, yellow, orange, red", where, _REMEDY)
    language = row.get("language", "zh")
    if language not in ("zh", "en"):
        raise ConfigurationError("language must be zh or en", where, _REMEDY)
    quiet: Any = row.get("quiet_hours")
    if quiet is not None and (
        not isinstance(quiet, dict) or set(cast("dict[Any, Any]", quiet)) != {"from", "to"}
    ):
        raise ConfigurationError("quiet_hours must have from and to", where, _REMEDY)
    digest = row.get("digest_at")
    return Channel(
        name=name,
        url=environment.get(url_from, "").strip(),
        url_from=url_from,
        levels=tuple(Level(one) for one in cast("list[str]", levels)),
        language=language,
        quiet_from=None if quiet is None else _time(quiet["from"], where),
        quiet_to=None if quiet is None else _time(quiet["to"], where),
        digest_at=None if digest is None else _time(digest, where),
    )


def _time(raw: object, where: Place) -> datetime.time:
    found = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise ConfigurationError(f'{raw!r} is not a time such as "08:30"', where, _REMEDY)
    return datetime.time(int(found[1]), int(found[2]))

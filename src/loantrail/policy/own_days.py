"""Days of the bank's own, as a proposal tells them and as they are decided. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from loantrail.errors import InputError, Place
from loantrail.working_days import WorkingCalendar

DAYS_MOST: Final = 62
"""So many at once: a notice of the State Council names about 40 a year."""
AHEAD_MOST: Final = datetime.timedelta(days=3_660)
"""A day further ahead than this is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class OwnDays:
    """`days`, ascending, are worked or not, whatever the law says; `is_worked` None: they are what the law says again."""

    days: tuple[datetime.date, ...]
    is_worked: bool | None


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A day as it was decided last."""

    day: datetime.date
    is_worked: bool
    reason: str
    maker: str
    checker: str
    decided_at: datetime.datetime
    change_id: str


def written(wanted: OwnDays, reason: str) -> dict[str, Any]:
    """The content of a proposal."""
    return {
        "days": [day.isoformat() for day in wanted.days],
        "is_worked": wanted.is_worked,
        "reason": reason,
    }


def read(content: Mapping[str, Any]) -> OwnDays:
    """What `written` wrote."""
    days = tuple(datetime.date.fromisoformat(day) for day in content["days"])
    return OwnDays(days, content["is_worked"])


def checked(wanted: OwnDays, calendar: WorkingCalendar, today: datetime.date) -> WorkingCalendar:
    """The calendar with these days. InputError where it cannot be done on this day, or changes nothing of one of them."""
    place = Place(field="days")
    if not wanted.days or len(wanted.days) > DAYS_MOST or len(set(wanted.days)) < len(wanted.days):
        raise InputError(
            f"between 1 and {DAYS_MOST} days are changed at once, each once", place, "Choose others"
        )
    own = dict(calendar.own)
    for day in wanted.days:
        if day <= today:
            raise InputError(
                f"{day} has begun: what was counted by it stays as it was counted",
                place,
                "Choose days that are to come",
            )
        if day > today + AHEAD_MOST:
            raise InputError(f"{day} lies more than ten years ahead", place, "Choose an earlier day")
        if wanted.is_worked is None:
            if own.pop(day, None) is None:
                raise InputError(f"{day} is no day of the bank's own", place, "Leave it out")
        elif calendar.is_working(day) is wanted.is_worked:
            raise InputError(f"{day} is so already", place, "Leave it out")
        else:
            own[day] = wanted.is_worked
    return WorkingCalendar(own)


def told(days: tuple[datetime.date, ...], calendar: WorkingCalendar) -> dict[str, str]:
    """Each day and what it is (`DayKind`)."""
    return {day.isoformat(): calendar.kind(day).value for day in days}


def spans(days: tuple[datetime.date, ...]) -> list[tuple[datetime.date, datetime.date]]:
    """First and last of the days that follow each other; `days` ascending."""
    found: list[tuple[datetime.date, datetime.date]] = []
    for day in days:
        if found and day - found[-1][1] == datetime.timedelta(days=1):
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found

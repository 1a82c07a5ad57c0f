"""Working days of a bank in China. Pure.

Statutory are Monday to Friday, less the days off and with the make-up days (调休) that the State Council (国务院办公厅) makes known every
autumn for the next year, as the package chinesecalendar holds them. A year that is not made known yet is provisional: Monday to Friday less
the days that 《全国年节及纪念日放假办法》 (国务院令第795号, in force since 2025-01-01) names by their date of the common calendar. The
festivals of the moon and the make-up days are not known then: a deadline in such a year may come too early for want of a holiday, and a day
too late for want of a make-up day. A bank's own days go before both.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from chinese_calendar.constants import holidays, workdays

from loantrail.errors import InputError

_FIRST: Final = datetime.date(1900, 1, 1)
_LAST: Final = datetime.date(2299, 12, 31)
"""Days outside count as the first or last: no bank books there, and dates that were mistyped must not break anything."""
_WEEKEND: Final = 5
_FIXED: Final[Mapping[tuple[int, int], str]] = MappingProxyType(
    {
        (1, 1): "new_year",
        (5, 1): "labour_day",
        (5, 2): "labour_day",
        (10, 1): "national_day",
        (10, 2): "national_day",
        (10, 3): "national_day",
    }
)
"""Month and day -> holiday (art. 2 of the said rules)."""
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "New Year's Day": "new_year",
        "Spring Festival": "spring_festival",
        "Tomb-sweeping Day": "tomb_sweeping_day",
        "Labour Day": "labour_day",
        "Dragon Boat Festival": "dragon_boat_festival",
        "National Day": "national_day",
        "Mid-autumn Festival": "mid_autumn_festival",
        "Anti-Fascist 70th Day": "victory_day",
    }
)
"""The package's names of holidays -> ours."""
HOLIDAYS: Final = tuple(sorted(_NAMES.values()))
_EPOCH_PLACE: Final = (datetime.date(1970, 1, 1) - _FIRST).days


class DayKind(StrEnum):
    """What a day is."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    """Off by law or by the State Council's notice."""
    MAKE_UP = "make_up"
    """A day of a weekend that is worked for a holiday."""
    OWN_OFF = "own_off"
    OWN_WORKING = "own_working"


def _place(day: datetime.date) -> int:
    return (min(max(day, _FIRST), _LAST) - _FIRST).days


@cache
def published_until() -> int:
    """The last year whose days off the State Council has made known, as far as the installed package knows."""
    return max(day.year for day in _told_off())


def is_provisional(day: datetime.date) -> bool:
    """Whether the days off of that year are not made known yet."""
    return day.year > published_until()


@cache
def _told_off() -> Mapping[datetime.date, str]:
    told: Mapping[datetime.date, str] = holidays
    return told


@cache
def _told_working() -> Mapping[datetime.date, str]:
    told: Mapping[datetime.date, str] = workdays
    return told


@cache
def _statutory_table() -> np.ndarray[Any, np.dtype[np.bool_]]:
    """[days from `_FIRST` to `_LAST`] whether each is a working day by law."""
    count = _place(_LAST) + 1
    working = (np.arange(count) + _FIRST.weekday()) % 7 < _WEEKEND
    for day in _told_off():
        working[_place(day)] = False
    for day in _told_working():
        working[_place(day)] = True
    for year in range(published_until() + 1, _LAST.year + 1):
        for month, day_of_month in _FIXED:
            working[_place(datetime.date(year, month, day_of_month))] = False
    return working


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked. `own`: the bank's own days, and whether each is worked."""

    own: Mapping[datetime.date, bool] = field(default_factory=dict[datetime.date, bool])
    _working: np.ndarray[Any, np.dtype[np.bool_]] = field(init=False, repr=False, compare=False)
    _places: np.ndarray[Any, np.dtype[np.int64]] = field(init=False, repr=False, compare=False)
    """[working days] their places, ascending."""
    _before: np.ndarray[Any, np.dtype[np.int64]] = field(init=False, repr=False, compare=False)
    """[days] working days before each, counted from 1970 on as far as time windows need it: only differences mean something."""

    def __post_init__(self) -> None:
        working = _statutory_table().copy()
        for day, is_worked in self.own.items():
            working[_place(day)] = is_worked
        object.__setattr__(self, "_working", working)
        object.__setattr__(self, "_places", np.flatnonzero(working).astype(np.int64))
        counted = np.concatenate([[0], np.cumsum(working[:-1], dtype=np.int64)])
        object.__setattr__(self, "_before", counted - counted[_EPOCH_PLACE])

    def is_working(self, day: datetime.date) -> bool:
        return bool(self._working[_place(day)])

    def later(self, day: datetime.date, count: int) -> datetime.date:
        """The working day so many working days (0 or more) after `day`, which stands for the last working day before it where it is
        none. InputError where that lies behind the end of the calendar."""
        start = int(np.searchsorted(self._places, _place(day), side="right")) - 1
        place = start + count
        if count < 0 or not 0 <= place < len(self._places):
            raise InputError(
                f"no working day lies {count} working days after {day}",
                remedy=f"Count from 0 on, and not beyond {_LAST.year}",
            )
        return _FIRST + datetime.timedelta(days=int(self._places[place]))

    def before(self, day: datetime.date) -> datetime.date:
        """The last working day before `day`."""
        place = int(np.searchsorted(self._places, _place(day), side="left")) - 1
        return _FIRST + datetime.timedelta(days=int(self._places[max(place, 0)]))

    def numbers(self, days: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """[n] of days (datetime64[D]) a number that grows by one with every working day; a day off counts as the next working day."""
        places = days.astype("datetime64[D]").astype(np.int64) + _EPOCH_PLACE
        return self._before[np.clip(places, 0, len(self._before) - 1)]

    def number(self, day: int) -> int:
        """`numbers` of one day, told in days since 1970."""
        return int(self._before[min(max(day + _EPOCH_PLACE, 0), len(self._before) - 1)])

    def kind(self, day: datetime.date) -> DayKind:
        """What the day is, the bank's own days before those of the law."""
        own = self.own.get(day)
        if own is not None:
            return DayKind.OWN_WORKING if own else DayKind.OWN_OFF
        if day in _told_working():
            return DayKind.MAKE_UP
        if day in _told_off() or self.holiday(day):
            return DayKind.HOLIDAY
        return DayKind.WEEKEND if day.weekday() >= _WEEKEND else DayKind.WORKING

    def holiday(self, day: datetime.date) -> str:
        """The holiday (one of HOLIDAYS) for which the day is off by law, or worked at a weekend; empty without one."""
        if is_provisional(day):
            return _FIXED.get((day.month, day.day), "")
        name = _told_off().get(day) or _told_working().get(day)
        return "" if name is None else _NAMES.get(name, "")


@cache
def statutory() -> WorkingCalendar:
    """The calendar of the law, without a bank's own days."""
    return WorkingCalendar()

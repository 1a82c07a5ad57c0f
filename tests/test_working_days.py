"""Which days a bank in China works, and what is counted by them."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from chinese_calendar.constants import holidays, workdays
from hypothesis import given
from hypothesis import strategies as st

from loantrail.errors import InputError
from loantrail.working_days import (
    HOLIDAYS,
    DayKind,
    WorkingCalendar,
    is_provisional,
    published_until,
    statutory,
)

DAYS = st.dates(datetime.date(1990, 1, 1), datetime.date(2060, 12, 31))
OWN = st.dictionaries(DAYS, st.booleans(), max_size=20)
ONE = datetime.timedelta(days=1)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def span(first: str, last: str) -> list[datetime.date]:
    count = (day(last) - day(first)).days + 1
    return [day(first) + number * ONE for number in range(count)]


# Notices of the General Office of the State Council of 2024-11-12 for 2025 and of 2025-11-04 for 2026.
OFF = (
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-10-01", "2026-10-07"),
)
WORKED = (
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11", "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09",
    "2026-09-20", "2026-10-10",
)  # fmt: skip


@pytest.mark.parametrize(("first", "last"), OFF)
def test_the_days_off_of_a_holiday_are_not_worked(first: str, last: str) -> None:
    assert not any(statutory().is_working(one) for one in span(first, last))


@pytest.mark.parametrize("text", WORKED)
def test_a_make_up_day_of_a_weekend_is_worked(text: str) -> None:
    assert day(text).weekday() >= 5
    assert statutory().is_working(day(text))
    assert statutory().kind(day(text)) is DayKind.MAKE_UP


@pytest.mark.parametrize(
    ("start", "count", "found"),
    [
        ("2025-09-26", 1, "2025-09-28"),
        ("2025-09-30", 1, "2025-10-09"),
        ("2025-09-30", 3, "2025-10-11"),
        ("2025-10-04", 0, "2025-09-30"),
        ("2025-10-04", 1, "2025-10-09"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2025-06-08", 1, "2025-06-09"),
    ],
)
def test_the_working_day_so_many_later(start: str, count: int, found: str) -> None:
    assert statutory().later(day(start), count) == day(found)


@pytest.mark.parametrize(
    ("start", "found"),
    [("2025-10-09", "2025-09-30"), ("2025-10-11", "2025-10-10"), ("2025-03-24", "2025-03-21"), ("2025-03-23", "2025-03-21")],
)  # fmt: skip
def test_the_working_day_before(start: str, found: str) -> None:
    assert statutory().before(day(start)) == day(found)


def test_a_year_that_is_not_made_known_has_only_the_holidays_with_a_fixed_date_and_says_so() -> None:
    year = published_until() + 1
    assert is_provisional(datetime.date(year, 1, 1))
    assert not is_provisional(datetime.date(year - 1, 12, 31))

    calendar = statutory()
    off = [one for one in span(f"{year}-01-01", f"{year}-12-31") if not calendar.is_working(one)]
    fixed = {(one.month, one.day) for one in off if one.weekday() < 5}

    assert fixed <= {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
    assert calendar.kind(datetime.date(year, 10, 1)) is DayKind.HOLIDAY
    assert calendar.holiday(datetime.date(year, 10, 1)) == "national_day"


def test_years_before_those_that_are_known_have_their_weeks() -> None:
    days = np.arange("1990-01-01", "2004-01-01", dtype="datetime64[D]")
    counted = np.busday_count(np.datetime64("1970-01-01"), days)
    assert (statutory().numbers(days) == counted).all()


def test_the_bank_s_own_days_go_before_those_of_the_law() -> None:
    worked, off = day("2025-10-04"), day("2025-10-09")
    calendar = WorkingCalendar({worked: True, off: False})

    assert calendar.is_working(worked)
    assert calendar.kind(worked) is DayKind.OWN_WORKING
    assert calendar.kind(off) is DayKind.OWN_OFF
    assert calendar.later(day("2025-09-30"), 1) == worked
    assert calendar.later(day("2025-09-30"), 2) == day("2025-10-10")
    assert statutory().later(day("2025-09-30"), 1) == off, "the calendar of the law stays as it is"


@given(DAYS, st.integers(0, 300), OWN)
def test_what_is_found_is_a_working_day_and_so_many_lie_between(
    start: datetime.date, count: int, own: dict[datetime.date, bool]
) -> None:
    calendar = WorkingCalendar(own)

    found = calendar.later(start, count)

    assert calendar.is_working(found)
    between = (found - start).days
    worked = sum(calendar.is_working(start + number * ONE) for number in range(1, between + 1))
    assert worked == count or (count == 0 and found <= start)
    if count:
        assert calendar.later(calendar.before(found), 1) == found


@given(st.lists(DAYS, min_size=2, max_size=20), OWN)
def test_numbers_grow_with_every_working_day(
    days: list[datetime.date], own: dict[datetime.date, bool]
) -> None:
    calendar, told = WorkingCalendar(own), sorted(days)

    numbers = calendar.numbers(np.array(told, "datetime64[D]")).tolist()

    first, last = told[0], told[-1]
    worked = sum(calendar.is_working(first + number * ONE) for number in range((last - first).days))
    assert numbers[-1] - numbers[0] == worked
    assert numbers == sorted(numbers)


def test_every_holiday_of_the_package_has_a_name_of_ours() -> None:
    told = {*holidays.values(), *workdays.values()}
    assert {statutory().holiday(one) for one in (*holidays, *workdays)} == {*HOLIDAYS}
    assert len(told) == len(HOLIDAYS)


def test_days_far_away_break_nothing() -> None:
    calendar = statutory()
    far = np.array(["NaT", "0001-01-01", "9999-12-31"], "datetime64[D]")
    assert len(calendar.numbers(far)) == 3
    assert calendar.before(datetime.date.min) <= calendar.before(datetime.date.max)
    with pytest.raises(InputError, match="no working day lies"):
        calendar.later(datetime.date(2299, 12, 1), 100)

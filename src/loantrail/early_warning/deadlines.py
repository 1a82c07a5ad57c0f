"""By when a warning must be answered, and what hits come to together."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import SHANGHAI, Policy
from loantrail.working_days import WorkingCalendar


def business_date(instant: datetime.datetime) -> datetime.date:
    """The Asia/Shanghai date of an instant."""
    return instant.astimezone(SHANGHAI).date()


def working_days_later(instant: datetime.datetime, days: int, calendar: WorkingCalendar) -> datetime.datetime:
    """The end of the working day so many working days after the instant's business date."""
    day = calendar.later(business_date(instant), days)
    return datetime.datetime.combine(day, datetime.time(23, 59, 59), SHANGHAI)


def response_due(level: Level, now: datetime.datetime, policy: Policy) -> datetime.datetime:
    """By when a warning of that level must be answered."""
    if level is Level.RED:
        return now + datetime.timedelta(hours=policy.red_hours)
    return working_days_later(now, policy.response_days[level], policy.calendar)


def level_of(hits: Iterable[Level], policy: Policy) -> Level:
    """The level that hits come to together: the highest, and yellow for several weak ones."""
    levels = list(hits)
    highest = max(levels, key=lambda level: level.rank)
    return Level.YELLOW if highest is Level.BLUE and len(levels) >= policy.weak_signals else highest

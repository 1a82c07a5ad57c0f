"""By when a warning must be answered, and what hits come to together."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import SHANGHAI, Disposition, Policy
from loantrail.working_days import WorkingCalendar, is_provisional


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


def due_is_provisional(level: Level, disposition: Disposition | None, due_at: datetime.datetime) -> bool:
    """Whether a deadline was counted in working days into a year whose days off are not made known yet."""
    in_hours = level is Level.RED and disposition is not Disposition.TRUE_POSITIVE
    return not in_hours and is_provisional(business_date(due_at))


def level_of(hits: Iterable[Level], policy: Policy) -> Level:
    """The level that hits come to together: the highest, and yellow for several weak ones."""
    levels = list(hits)
    highest = max(levels, key=lambda level: level.rank)
    return Level.YELLOW if highest is Level.BLUE and len(levels) >= policy.weak_signals else highest

"""By when a warning must be answered, and what hits come to together."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import numpy as np

from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import SHANGHAI, Policy


def business_date(instant: datetime.datetime) -> datetime.date:
    """The Asia/Shanghai date of an instant."""
    return instant.astimezone(SHANGHAI).date()


def working_days_later(instant: datetime.datetime, days: int) -> datetime.datetime:
    """The end of the working day (Monday to Friday) so many working days after the instant's business date.

    Public holidays are not taken off until there is a calendar, so a deadline is never later than with one.
    """
    day = np.busday_offset(np.datetime64(business_date(instant), "D"), days, roll="backward")
    return datetime.datetime.combine(day.astype(object), datetime.time(23, 59, 59), SHANGHAI)


def response_due(level: Level, now: datetime.datetime, policy: Policy) -> datetime.datetime:
    """By when a warning of that level must be answered."""
    if level is Level.RED:
        return now + datetime.timedelta(hours=policy.red_hours)
    return working_days_later(now, policy.response_days[level])


def level_of(hits: Iterable[Level], policy: Policy) -> Level:
    """The level that hits come to together: the highest, and yellow for several weak ones."""
    levels = list(hits)
    highest = max(levels, key=lambda level: level.rank)
    return Level.YELLOW if highest is Level.BLUE and len(levels) >= policy.weak_signals else highest

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


def escalated_after(
    level: Level, disposition: Disposition | None, due_at: datetime.datetime, policy: Policy
) -> datetime.datetime:
    """Until when a warning with that deadline may wait before it is told further up: as the deadline itself in hours, days off
    among them, or to the end of a working day."""
    if _in_hours(level, disposition):
        return due_at + datetime.timedelta(hours=policy.red_escalation_hours)
    return working_days_later(due_at, policy.escalation_days, policy.calendar)


def aside_until_most(
    aside_since: datetime.date | None, today: datetime.date, policy: Policy
) -> datetime.date:
    """The last day that a warning may be put aside to: counted from when it was first put aside, so that nobody does so again and
    again."""
    return (aside_since or today) + datetime.timedelta(days=policy.snooze_days)


def due_is_provisional(level: Level, disposition: Disposition | None, due_at: datetime.datetime) -> bool:
    """Whether a deadline was counted in working days into a year whose days off are not made known yet."""
    return not _in_hours(level, disposition) and is_provisional(business_date(due_at))


def _in_hours(level: Level, disposition: Disposition | None) -> bool:
    return level is Level.RED and disposition is not Disposition.TRUE_POSITIVE


def level_of(hits: Iterable[Level], policy: Policy) -> Level:
    """The level that hits come to together: the highest, and yellow for several weak ones."""
    levels = list(hits)
    highest = max(levels, key=lambda level: level.rank)
    return Level.YELLOW if highest is Level.BLUE and len(levels) >= policy.weak_signals else highest

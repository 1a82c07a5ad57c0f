"""Which days the workbench speaks of."""

from __future__ import annotations

import datetime
from typing import Final

from loantrail.clock import BUSINESS_ZONE

AHEAD: Final = datetime.timedelta(days=7)
"""Reminders of an instalment begin seven days ahead (domain facts G2), so the workbench looks as far."""
_MONDAY, _SUNDAY = 0, 6


def previous_working_day(day: datetime.date) -> datetime.date:
    """The working day (Monday to Friday, as deadlines count them) before `day`."""
    back = {_MONDAY: 3, _SUNDAY: 2}.get(day.weekday(), 1)
    return day - datetime.timedelta(days=back)


def beginning(day: datetime.date) -> datetime.datetime:
    """The instant at which a business date begins."""
    return datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE)

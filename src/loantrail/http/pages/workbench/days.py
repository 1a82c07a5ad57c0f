"""Which days the workbench speaks of."""

from __future__ import annotations

import datetime
from typing import Final

from loantrail.clock import BUSINESS_ZONE

AHEAD: Final = datetime.timedelta(days=7)
"""Reminders of an instalment begin seven days ahead (domain facts G2), so the workbench looks as far."""


def beginning(day: datetime.date) -> datetime.datetime:
    """The instant at which a business date begins."""
    return datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE)

"""The numbers of sign-in that are in force now, out of the shipped parameters."""

from __future__ import annotations

import datetime
from functools import lru_cache

from loantrail.clock import business_date
from loantrail.identity.decide import Limits, limits_on
from loantrail.parameters import shipped_parameters


@lru_cache(maxsize=8)
def _shipped_on(day: datetime.date) -> Limits:
    return limits_on(shipped_parameters(), day)


def limits_at(instant: datetime.datetime) -> Limits:
    """The limits that hold at an instant, by its business date."""
    return _shipped_on(business_date(instant))

"""The numbers of sign-in that are in force now."""

from __future__ import annotations

import datetime
from functools import lru_cache

from loantrail.clock import business_date
from loantrail.identity.decide import Limits, limits_on
from loantrail.policy.reading import parameters_in_force
from loantrail.policy.store import Database

_limits_on = lru_cache(maxsize=8)(limits_on)


def limits_at(connection: Database, instant: datetime.datetime) -> Limits:
    """The limits that hold at an instant, by its business date."""
    return _limits_on(parameters_in_force(connection), business_date(instant))

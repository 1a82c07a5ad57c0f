"""The working days in force, as every part of the product counts them: asked of the database each time, made once for each state of
its decisions."""

from __future__ import annotations

import threading
from typing import Final

from loantrail.policy import store_own_days
from loantrail.working_days import WorkingCalendar, statutory

_KEPT_MAX: Final = 8
_guard: Final = threading.Lock()
_calendars: Final[dict[str, WorkingCalendar]] = {}
"""Last decision -> calendar. Its id is random, so databases of one process never meet."""


def calendar_in_force(connection: store_own_days.Database) -> WorkingCalendar:
    """The days of the law with the bank's own over them. Leaves the transaction open."""
    last = store_own_days.last_change(connection)
    if not last:
        return statutory()
    found = _calendars.get(last)
    if found is not None:
        return found
    own = {one.day: one.is_worked for one in store_own_days.own_days(connection)}
    # Where something was decided between the queries, the next who asks keeps it.
    if store_own_days.last_change(connection) != last:
        return WorkingCalendar(own)
    with _guard:
        while len(_calendars) >= _KEPT_MAX:
            del _calendars[next(iter(_calendars))]
        return _calendars.setdefault(last, WorkingCalendar(own))

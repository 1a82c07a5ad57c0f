"""Days of the bank's own as a proposal that a second person decides. One waits at a time, so that who decides sees what it changes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.clock import business_date
from loantrail.errors import InputError
from loantrail.identity.abilities import Ability
from loantrail.policy import store, store_own_days
from loantrail.policy.own_days import OwnDays, checked, read, spans, told
from loantrail.policy.reading_calendar import calendar_in_force

NAME: Final = "calendar_change"
_SPANS_MOST: Final = 3
_ACTS: Final = {
    True: ("改为工作日", "worked"),
    False: ("改为休息日", "off"),
    None: ("恢复法定安排", "as the law says again"),
}


class CalendarWaiting(InputError):
    """Another proposal of days waits to be decided."""

    code = "calendar_waiting"


def _named(days: tuple[datetime.date, ...], joint: str, comma: str, more: str) -> str:
    parts = [str(first) if first == last else f"{first}{joint}{last}" for first, last in spans(days)]
    shown = comma.join(parts[:_SPANS_MOST])
    return shown if len(parts) <= _SPANS_MOST else shown + more


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    del maker
    wanted = read(content)
    store_own_days.lock(connection)
    waiting = store.waiting(connection, NAME, now)
    if waiting:
        raise CalendarWaiting(
            f"a proposal of {waiting[0]['maker']} for the calendar waits to be decided",
            remedy="Have it decided or taken back first",
        )
    before = calendar_in_force(connection)
    after = checked(wanted, before, business_date(now))
    chinese, english = _ACTS[wanted.is_worked]
    count = len(wanted.days)
    return Described(
        subject=_subject(wanted),
        title_chinese=f"工作日历：{_named(wanted.days, ' 至 ', '、', ' 等')}（{count} 天）{chinese}",
        title_english=f"Working calendar: {_named(wanted.days, ' to ', ', ', ' and others')} ({count} days) {english}",
        before=told(wanted.days, before),
        after=told(wanted.days, after),
    )


def _subject(wanted: OwnDays) -> str:
    first, last = wanted.days[0], wanted.days[-1]
    return str(first) if first == last else f"{first}..{last}"


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    wanted = read(content)
    store_own_days.lock(connection)
    # A day may have come while the proposal waited.
    checked(wanted, calendar_in_force(connection), business_date(now))
    change_id = store.proposal_of(connection, NAME, _subject(wanted), maker, content)
    store_own_days.insert(connection, change_id, wanted, content["reason"], (maker, checker), now)
    return {"change_id": change_id}


CALENDAR_CHANGE: Final = Kind(
    NAME, "工作日历调整", "Change of the working calendar", Ability.APPROVE_PARAMETERS, _describe, _do
)

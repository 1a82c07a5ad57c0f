"""The working calendar: what the law says of a year, and the bank's own days, proposed by one person and decided by another in the inbox."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loantrail import clock
from loantrail.approvals.routes import ApprovalRequest, answer_of
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Person, Recording, allowed, signed_in
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.problems import WRITE_STATUSES, conflicting, problem_responses
from loantrail.http.proposing import propose_on_record
from loantrail.identity.abilities import Ability
from loantrail.policy import store, store_own_days
from loantrail.policy.approving_days import CALENDAR_CHANGE, NAME, CalendarWaiting
from loantrail.policy.own_days import DAYS_MOST, OwnDay, OwnDays, written
from loantrail.policy.reading_calendar import calendar_in_force
from loantrail.working_days import DayKind, WorkingCalendar, published_until, statutory

router = APIRouter(tags=["administration"])

_STATUSES: Final = problem_responses(HTTPStatus.CONFLICT, *WRITE_STATUSES)
_FIRST_YEAR, _LAST_YEAR = 2004, 2199
_ONE_DAY: Final = datetime.timedelta(days=1)


class OwnDayDecision(Answer):
    """Who decided that a day is otherwise than the law says."""

    reason: str
    maker: str
    maker_name: str
    checker: str
    checker_name: str
    decided_at: datetime.datetime


class CalendarDay(Answer):
    """A day that is no plain working day or weekend."""

    day: datetime.date
    kind: Literal["holiday", "make_up", "own_off", "own_working"]
    holiday: str = Field(description="For which it is off or worked by law; empty without one.")
    is_worked_by_law: bool
    decision: OwnDayDecision | None = Field(description="Of a day of the bank's own.")


class CalendarProposal(Answer):
    """A change that waits to be decided."""

    request_id: str
    days: list[datetime.date]
    is_worked: bool | None


class CalendarYear(Answer):
    """Which days of a year are worked: Monday to Friday but for the days named."""

    year: int
    today: datetime.date
    published_until: int = Field(description="The last year whose days off are made known.")
    is_provisional: bool
    working_days: int
    days: list[CalendarDay]
    waiting: CalendarProposal | None


class WantedOwnDays(Wanted):
    """Days that are worked, or not, whatever the law says."""

    days: list[datetime.date] = Field(min_length=1, max_length=DAYS_MOST)
    is_worked: bool | None = Field(description="Empty: they are what the law says again.")
    reason: Reason
    request_key: RequestKey


@router.get("/calendar", dependencies=[signed_in()], responses=LIST_PROBLEMS)
def calendar_of_year(
    connections: Lending,
    year: Annotated[int | None, Query(ge=_FIRST_YEAR, le=_LAST_YEAR, description="This one without.")] = None,
) -> CalendarYear:
    """Which days of a year are worked: by law, as far as it is made known, and by what the bank decided for itself."""
    now = clock.now()
    today = clock.business_date(now)
    asked = today.year if year is None else year
    with connections.connection() as connection:
        calendar = calendar_in_force(connection)
        own = {one.day: one for one in store_own_days.own_days(connection)}
        waiting = store.waiting(connection, NAME, now)
        people = {person for one in own.values() for person in (one.maker, one.checker)}
        names = store.names_of(connection, people)
    every = [datetime.date(asked, 1, 1) + number * _ONE_DAY for number in range(366)]
    of_year = [day for day in every if day.year == asked]
    return CalendarYear(
        year=asked,
        today=today,
        published_until=published_until(),
        is_provisional=asked > published_until(),
        working_days=sum(map(calendar.is_working, of_year)),
        days=[one for day in of_year if (one := _told(day, calendar, own.get(day), names)) is not None],
        waiting=None if not waiting else _proposal(waiting[0]),
    )


def _told(
    day: datetime.date, calendar: WorkingCalendar, own: OwnDay | None, names: Mapping[str, str]
) -> CalendarDay | None:
    kind = calendar.kind(day)
    if kind is DayKind.WORKING or kind is DayKind.WEEKEND:
        return None
    decision = None
    if own is not None:
        decision = OwnDayDecision(
            reason=own.reason,
            maker=own.maker,
            maker_name=names.get(own.maker, ""),
            checker=own.checker,
            checker_name=names.get(own.checker, ""),
            decided_at=own.decided_at,
        )
    return CalendarDay(
        day=day,
        kind=kind.value,
        holiday=calendar.holiday(day),
        is_worked_by_law=statutory().is_working(day),
        decision=decision,
    )


def _proposal(row: store.Row) -> CalendarProposal:
    content = row["content"]
    return CalendarProposal(
        request_id=row["request_id"], days=content["days"], is_worked=content["is_worked"]
    )


@router.post(
    "/calendar/days",
    dependencies=[allowed(Ability.EDIT_PARAMETERS)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_STATUSES,
)
def propose_days(
    connections: Lending, person: Person, record: Recording, wanted: WantedOwnDays, response: Response
) -> ApprovalRequest:
    """Propose days of the bank's own; they hold once another person approves. 409 `calendar_waiting` while another proposal waits; 422 for a
    day that has begun, or that is so already."""
    content = written(OwnDays(tuple(sorted(wanted.days)), wanted.is_worked), wanted.reason)
    try:
        with connections.connection() as connection:
            request, new = propose_on_record(
                connection, record, CALENDAR_CHANGE, content, wanted.reason, person.acting, wanted.request_key
            )
    except CalendarWaiting as waits:
        raise conflicting(waits) from waits
    if not new:
        response.status_code = HTTPStatus.OK
    return answer_of(request, person)

"""The bank keeps days of its own: one proposes, another approves, and deadlines count by them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import write_books, write_trace
from tests.http.conftest import application, client_of
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.early_warning.deadlines import working_days_later
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.policy.reading_calendar import calendar_in_force
from loantrail.working_days import statutory

pytestmark = pytest.mark.database

MAKER, CHECKER = "S1", "S2"
# A Wednesday before the National Day: 1 to 8 October are off, Saturday the 11th is worked.
NOON = datetime.datetime(2025, 9, 24, 4, tzinfo=datetime.UTC)
THURSDAY, EVE, FIRST_BACK = "2025-09-25", "2025-09-30", "2025-10-09"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    clock.set_clock(lambda: NOON)
    yield
    clock.set_clock(None)


@pytest.fixture
def bank(database_url: str, _own_home: None) -> Iterator[httpx.Client]:
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
        write_person(connection, "reader", [Role.RISK_MANAGER])
    with application(database_url) as address, client_of(address) as client:
        yield client


def propose(
    bank: httpx.Client, *days: str, is_worked: bool | None = False, by: str = MAKER, **other: Any
) -> httpx.Response:
    body = {"days": list(days), "is_worked": is_worked, "reason": "系统切换", "request_key": new_id()}
    return bank.post("/api/v1/calendar/days", json=body | other, headers={AS: by})


def decide(bank: httpx.Client, request: dict[str, Any], by: str = CHECKER) -> httpx.Response:
    return bank.post(
        f"/api/v1/approvals/{request['request_id']}/decision",
        json={"approve": True, "reason": "同意", "content_hash": request["content_hash"]},
        headers={AS: by},
    )  # fmt: skip


def decided(bank: httpx.Client, *days: str, is_worked: bool | None = False) -> None:
    request = propose(bank, *days, is_worked=is_worked)
    assert request.status_code == 202, request.text
    answer = decide(bank, request.json())
    assert answer.status_code == 200, answer.text


def year(bank: httpx.Client, number: int | None = None) -> dict[str, Any]:
    answer = bank.get("/api/v1/calendar", params={} if number is None else {"year": number})
    assert answer.status_code == 200, answer.text
    return answer.json()


def told_of(bank: httpx.Client, day: str) -> dict[str, Any] | None:
    return next((one for one in year(bank, int(day[:4]))["days"] if one["day"] == day), None)


def test_a_year_tells_the_days_off_and_the_make_up_days_of_the_law(bank: httpx.Client) -> None:
    found = year(bank)

    assert (found["year"], found["today"], found["is_provisional"]) == (2025, "2025-09-24", False)
    kinds = {one["day"]: (one["kind"], one["holiday"]) for one in found["days"]}
    assert kinds["2025-10-08"] == ("holiday", "national_day")
    assert kinds["2025-10-11"] == ("make_up", "national_day")
    assert "2025-09-24" not in kinds
    assert found["working_days"] == sum(
        statutory().is_working(datetime.date(2025, 1, 1) + datetime.timedelta(days=number)) for number in range(365)
    )  # fmt: skip


def test_a_year_that_is_not_made_known_is_provisional(bank: httpx.Client) -> None:
    known = year(bank)["published_until"]
    assert not year(bank, known)["is_provisional"]
    assert year(bank, known + 1)["is_provisional"]


def test_days_hold_once_another_person_approves(bank: httpx.Client, database_url: str) -> None:
    request = propose(bank, EVE, THURSDAY).json()
    assert told_of(bank, THURSDAY) is None
    assert year(bank)["waiting"]["days"] == [THURSDAY, EVE]

    assert decide(bank, request, by=MAKER).status_code == 409
    assert decide(bank, request).status_code == 200

    told = told_of(bank, THURSDAY)
    assert told is not None
    assert (told["kind"], told["is_worked_by_law"], told["decision"]["reason"]) == (
        "own_off",
        True,
        "系统切换",
    )
    assert (told["decision"]["maker"], told["decision"]["checker_name"]) == (MAKER, "风险经理二")
    assert year(bank)["waiting"] is None
    with psycopg.connect(database_url) as connection:
        due = working_days_later(NOON, 1, calendar_in_force(connection))
    assert due.date() == datetime.date(2025, 9, 26), "the deadline counts by them"


def test_a_day_becomes_what_the_law_says_again(bank: httpx.Client) -> None:
    decided(bank, "2025-10-08", is_worked=True)
    told = told_of(bank, "2025-10-08")
    assert told is not None
    assert (told["kind"], told["is_worked_by_law"]) == ("own_working", False)

    decided(bank, "2025-10-08", is_worked=None)

    told = told_of(bank, "2025-10-08")
    assert told is not None
    assert (told["kind"], told["decision"]) == ("holiday", None)


def test_one_proposal_waits_at_a_time(bank: httpx.Client) -> None:
    assert propose(bank, THURSDAY).status_code == 202
    second = propose(bank, EVE)
    assert (second.status_code, second.json()["code"]) == (409, "calendar_waiting")


def test_the_same_request_twice_is_one(bank: httpx.Client) -> None:
    key = new_id()
    first, again = (propose(bank, THURSDAY, request_key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["request_id"] == again.json()["request_id"]


@pytest.mark.parametrize(
    ("days", "is_worked", "why"),
    [
        (["2025-09-24"], False, "has begun"),
        (["2025-10-01"], False, "is so already"),
        ([THURSDAY], True, "is so already"),
        ([THURSDAY], None, "no day of the bank's own"),
        ([THURSDAY, THURSDAY], False, "each once"),
        (["2036-01-01"], False, "ten years"),
        ([], False, ""),
    ],
)
def test_what_cannot_be_proposed_is_refused(
    bank: httpx.Client, days: list[str], is_worked: bool | None, why: str
) -> None:
    answer = propose(bank, *days, is_worked=is_worked)
    assert answer.status_code == 422
    assert why in answer.text


def test_a_day_that_came_while_the_proposal_waited_is_refused(bank: httpx.Client) -> None:
    request = propose(bank, THURSDAY).json()
    clock.set_clock(lambda: NOON + datetime.timedelta(days=1))

    answer = decide(bank, request)

    assert answer.status_code == 422
    assert "has begun" in answer.text
    assert told_of(bank, THURSDAY) is None


def test_who_may_not_change_parameters_changes_no_day(bank: httpx.Client) -> None:
    assert propose(bank, THURSDAY, by="reader").status_code == 403


def test_what_was_decided_stays(bank: httpx.Client, database_url: str) -> None:
    decided(bank, THURSDAY)
    with psycopg.connect(database_url) as connection:
        for statement in (
            "DELETE FROM policy.own_day",
            "UPDATE policy.own_day SET is_worked = true",
            "TRUNCATE policy.own_day",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
                connection.execute(statement)

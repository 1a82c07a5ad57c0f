"""The bank sets its own numbers: one proposes, another approves, and from the day on the product judges by them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.decided import decide_parameter
from tests.http.bank import transfer_id, write_books, write_trace
from tests.http.conftest import application, client_of
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.policy import store

pytestmark = pytest.mark.database

MAKER, CHECKER = "S1", "S2"
TODAY = clock.business_date(clock.now())
TOMORROW = TODAY + datetime.timedelta(days=1)
PRACTICE, LAW = "export_approval_rows", "autonomous_up_to_consumer_loan_fen"


@pytest.fixture
def bank(database_url: str, _own_home: None) -> Iterator[httpx.Client]:
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
        write_person(connection, "reader", [Role.RISK_MANAGER])
    with application(database_url) as address, client_of(address) as client:
        yield client


@pytest.fixture
def on_day() -> Iterator[Callable[[datetime.date], None]]:
    """Sets the clock to noon of a day in Shanghai."""

    def on(day: datetime.date) -> None:
        noon = datetime.datetime.combine(day, datetime.time(4), datetime.UTC)
        clock.set_clock(lambda: noon)

    yield on
    clock.set_clock(None)


def wanted(number: int | None = 9, day: datetime.date = TOMORROW, **other: Any) -> dict[str, Any]:
    return {
        "number": None if number is None else str(number),
        "inclusive": False,
        "effective_from": day.isoformat(),
        "basis": "风险管理委员会会议纪要",
        "reason": "业务量增加",
        "request_key": new_id(),
    } | other


def propose(bank: httpx.Client, name: str = PRACTICE, by: str = MAKER, **other: Any) -> httpx.Response:
    return bank.post(f"/api/v1/parameters/{name}/values", json=wanted(**other), headers={AS: by})


def decide(bank: httpx.Client, request: str, by: str = CHECKER, approve: bool = True) -> httpx.Response:
    read = bank.get(f"/api/v1/approvals/{request}", headers={AS: by}).json()
    body = {"approve": approve, "reason": "已核对", "content_hash": read["content_hash"]}
    return bank.post(f"/api/v1/approvals/{request}/decision", json=body, headers={AS: by})


def set_by_two(bank: httpx.Client, name: str = PRACTICE, **other: Any) -> str:
    asked = propose(bank, name, **other)
    assert asked.status_code == 202, asked.text
    done = decide(bank, asked.json()["request_id"])
    assert done.status_code == 200, done.text
    return asked.json()["request_id"]


def row(bank: httpx.Client, name: str = PRACTICE, by: str = "reader") -> dict[str, Any]:
    items = bank.get("/api/v1/parameters", headers={AS: by}).json()["items"]
    return next(one for one in items if one["name"] == name)


def field_of(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    return answer.json()["fields"][0]["field"]


def test_a_value_that_two_persons_decided_holds_on_its_day_and_not_before(
    bank: httpx.Client, on_day: Callable[[datetime.date], None]
) -> None:
    on_day(TODAY)
    path = "/api/v1/loans.xlsx"
    set_by_two(bank, number=0, day=TOMORROW)
    assert bank.get(path, headers={AS: MAKER}).status_code == 200, "the day has not begun"

    on_day(TOMORROW)
    refused = bank.get(path, headers={AS: MAKER})

    assert (refused.status_code, refused.json()["code"]) == (403, "export_to_approve")
    [before, now] = row(bank)["periods"]
    assert (before["number"], before["effective_to"], before["in_force"]) == ("5000", str(TODAY), False)
    assert (now["number"], now["effective_from"], now["in_force"]) == ("0", str(TOMORROW), True)
    assert (now["verified"], now["legal_basis"]) == ("B", "风险管理委员会会议纪要")
    assert (now["decision"]["maker"], now["decision"]["checker_name"]) == (MAKER, "风险经理二")


def test_a_limit_of_corrections_that_was_lowered_takes_a_second_person(
    bank: httpx.Client, on_day: Callable[[datetime.date], None]
) -> None:
    def corrected() -> int:
        body = {
            "scope": "transaction",
            "transfer_id": transfer_id("取现"),
            "destination_class": "supplier",
            "reason": "有合同",
            "request_key": new_id(),
        }
        return bank.post("/api/v1/corrections", json=body, headers={AS: MAKER}).status_code

    on_day(TODAY)
    set_by_two(bank, "correction_approval_fen", number=1, inclusive=True)
    on_day(TOMORROW)
    assert corrected() == 202, "the smallest correction waits for a second person now"


def test_a_session_ends_sooner_where_the_bank_decided_so(
    bank: httpx.Client, database_url: str, on_day: Callable[[datetime.date], None]
) -> None:
    on_day(TODAY)
    set_by_two(bank, "sign_in_idle_minutes", number=1, inclusive=True)
    on_day(TOMORROW)
    seen = clock.now() - datetime.timedelta(minutes=5)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE identity.session SET seen_at = %s WHERE person_id = 'reader'", (seen,))
    assert bank.get("/api/v1/parameters", headers={AS: "reader"}).status_code == 401


def test_the_inbox_tells_what_changes(bank: httpx.Client) -> None:
    request = propose(bank).json()["request_id"]
    told = bank.get(f"/api/v1/approvals/{request}", headers={AS: CHECKER}).json()
    before, after = told["before"]["parameter"], told["after"]["parameter"]
    assert told["kind"] == "parameter_change"
    assert told["title_chinese"] == f"调整参数：导出文件超过此行数，须第二人批准后方可取得（自 {TOMORROW}）"
    assert (before["number"], after["number"], after["unit"]) == ("5000", "9", "count")
    assert (after["effective_from"], after["effective_to"]) == (str(TOMORROW), None)
    [waiting] = row(bank)["waiting"]
    assert (waiting["request_id"], waiting["value"]["number"], waiting["maker"]) == (request, "9", MAKER)


def test_who_proposed_does_not_approve(bank: httpx.Client) -> None:
    own = decide(bank, propose(bank).json()["request_id"], by=MAKER)
    assert (own.status_code, own.json()["code"]) == (409, "maker_is_checker")
    assert len(row(bank)["periods"]) == 1


def test_only_who_may_edit_proposes_and_only_who_may_approve_decides(bank: httpx.Client) -> None:
    assert propose(bank, by="reader").status_code == 403
    request = propose(bank).json()["request_id"]
    assert decide(bank, request, by="reader").status_code == 403


def test_history_is_not_rewritten(bank: httpx.Client, on_day: Callable[[datetime.date], None]) -> None:
    on_day(TODAY)
    for day in (TODAY, TODAY - datetime.timedelta(days=400)):
        answer = propose(bank, day=day)
        assert field_of(answer) == "effective_from"
        assert str(TOMORROW) in answer.json()["detail"]
    request = propose(bank, day=TOMORROW).json()["request_id"]

    on_day(TOMORROW)
    late = decide(bank, request)

    assert field_of(late) == "effective_from"
    assert len(row(bank)["periods"]) == 1
    assert decide(bank, request, approve=False).status_code == 200


@pytest.mark.parametrize(
    ("name", "other", "field"),
    [
        ("sign_in_idle_minutes", {"number": 0, "inclusive": True}, "value"),
        ("approval_waiting_days", {"number": 0, "inclusive": True}, "value"),
        ("password_length_least", {"number": 3}, "value"),
        ("export_approval_rows", {"number": None, "names": ["cash"]}, "value"),
        ("export_approval_rows", {"number": 5_000}, "value"),
        ("warning_red_owner_roles", {"number": None, "names": ["nobody"]}, "value"),
        ("warning_red_owner_roles", {"number": None, "names": []}, "value"),
        ("sign_in_second_factor_roles", {"number": 1}, "value"),
        ("export_approval_rows", {"inclusive": True}, "inclusive"),
        ("bridge_ratio_least_ppm", {"number": 2_000_000}, "value"),
        ("substandard_days_past_due", {"number": 60}, "basis"),
        ("export_approval_rows", {"day": TODAY + datetime.timedelta(days=9_000)}, "effective_from"),
    ],
)
def test_what_the_product_cannot_work_by_is_refused(
    bank: httpx.Client, name: str, other: dict[str, Any], field: str
) -> None:
    assert field_of(propose(bank, name, **other)) == field


def test_a_number_of_law_takes_a_basis_that_names_the_new_text(bank: httpx.Client) -> None:
    assert row(bank, LAW)["is_law"]
    assert field_of(propose(bank, LAW, number=60_000_000)) == "basis"
    named = propose(bank, LAW, number=60_000_000, basis="国家金融监督管理总局令2027年第1号")
    assert named.status_code == 202, named.text
    assert named.json()["after"]["parameter"]["is_law"] is True


def test_two_proposals_at_once_are_one(bank: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: propose(bank, number=number), range(1, 5)))
    assert sorted(one.status_code for one in answers) == [202, 409, 409, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    assert refused["code"] == "parameter_waiting"
    assert MAKER in refused["detail"]
    assert propose(bank, "unmasking_days", inclusive=True).status_code == 202, (
        "another parameter waits for nobody"
    )


def test_proposals_are_judged_one_after_the_other(bank: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection, ThreadPoolExecutor(1) as pool:
        store.lock(connection)
        asked = pool.submit(propose, bank)
        with pytest.raises(NotYet):
            asked.result(timeout=1)
        connection.commit()
        assert asked.result().status_code == 202


def test_the_same_request_sent_twice_is_one_proposal(bank: httpx.Client) -> None:
    key = new_id()
    first, second = propose(bank, request_key=key), propose(bank, request_key=key)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["request_id"] == second.json()["request_id"]


def test_a_planned_value_is_withdrawn_by_two_persons_before_its_day(
    bank: httpx.Client, on_day: Callable[[datetime.date], None]
) -> None:
    on_day(TODAY)
    change = set_by_two(bank, day=TOMORROW)
    assert field_of(propose(bank, number=8, day=TOMORROW)) == "effective_from"

    def withdraw() -> httpx.Response:
        body = {"change_id": change, "reason": "暂不调整", "request_key": new_id()}
        return bank.post(f"/api/v1/parameters/{PRACTICE}/withdrawals", json=body, headers={AS: MAKER})

    asked = withdraw()
    assert asked.status_code == 202, asked.text
    assert (
        asked.json()["before"]["parameter"]["number"],
        asked.json()["after"]["parameter"]["number"],
    ) == ("9", "5000")
    assert decide(bank, asked.json()["request_id"], by=MAKER).status_code == 409
    assert decide(bank, asked.json()["request_id"]).status_code == 200

    told = row(bank)
    assert [one["number"] for one in told["periods"]] == ["5000"]
    [gone] = told["withdrawn"]
    assert (gone["value"]["number"], gone["reason"], gone["withdrawn"]["checker"]) == (
        "9",
        "暂不调整",
        CHECKER,
    )
    set_by_two(bank, number=7, day=TOMORROW)
    on_day(TOMORROW)
    change = row(bank)["periods"][-1]["decision"]["change_id"]
    assert field_of(withdraw()) == "change_id", "what has begun stays"


def test_a_value_ends_the_day_before_the_next_planned_one(bank: httpx.Client) -> None:
    later = TODAY + datetime.timedelta(days=30)
    set_by_two(bank, number=8, day=later)
    asked = propose(bank, number=9)
    after = asked.json()["after"]["parameter"]
    assert after["effective_to"] == str(later - datetime.timedelta(days=1))
    decide(bank, asked.json()["request_id"])
    assert [(one["number"], one["is_planned"]) for one in row(bank)["periods"]] == [
        ("5000", False),
        ("9", True),
        ("8", True),
    ]


def test_what_was_proposed_and_decided_is_on_record(bank: httpx.Client, database_url: str) -> None:
    set_by_two(bank)
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT content::jsonb ->> 'action', content::jsonb ->> 'person', content::jsonb ->> 'object_kind', "
            "content::jsonb ->> 'object_id' FROM audit.entry WHERE content::jsonb ->> 'action' LIKE 'approval.%' "
            "ORDER BY entry_no"
        ).fetchall()
    assert found == [
        ("approval.proposed", MAKER, "parameter_change", PRACTICE),
        ("approval.approved", CHECKER, "parameter_change", PRACTICE),
    ]


def test_the_list_is_open_to_everybody_who_is_signed_in(bank: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "it", [Role.IT_OPERATOR])
    set_by_two(bank)
    assert [one["number"] for one in row(bank, by="it")["periods"]] == ["5000", "9"]


INSERT = (
    "INSERT INTO policy.parameter_change (change_id, name, value, unit, inclusive, effective_from, basis, maker, checker, "
    "decided_at) SELECT %(id)s, %(name)s, %(value)s, 'count', true, %(day)s, 'x', %(maker)s, 'B', %(at)s"
)


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"maker": "B"}, psycopg.errors.CheckViolation),
        ({"day": datetime.date(2025, 6, 1)}, psycopg.errors.CheckViolation),
        ({"value": Jsonb(-1)}, psycopg.errors.CheckViolation),
        ({"value": Jsonb(1.5)}, psycopg.errors.CheckViolation),
        ({"value": Jsonb([])}, psycopg.errors.CheckViolation),
        ({"day": datetime.date(2025, 7, 1)}, psycopg.errors.UniqueViolation),
    ],
)
def test_the_database_refuses_too(database_url: str, other: dict[str, Any], error: type[Exception]) -> None:
    with psycopg.connect(database_url) as connection:
        change = decide_parameter(connection, PRACTICE, 7, datetime.date(2025, 7, 1))
        values = {
            "id": decide_parameter(connection, "unmasking_days", 3),
            "name": PRACTICE,
            "value": Jsonb(5),
            "day": datetime.date(2025, 6, 2),
            "maker": "A",
            # Midnight has passed in Shanghai.
            "at": datetime.datetime(2025, 5, 31, 17, tzinfo=datetime.UTC),
        } | other
        connection.commit()
        with pytest.raises(error):
            connection.execute(INSERT, values)
        connection.rollback()
        for statement in (
            "UPDATE policy.parameter_change SET value = '1' WHERE change_id = %s",
            "DELETE FROM policy.parameter_change WHERE change_id = %s",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                connection.execute(statement, (change,))
            connection.rollback()


@pytest.mark.parametrize(
    ("name", "role", "taken"),
    [
        ("warning_red_owner_roles", "risk_manager", True),
        ("warning_red_owner_roles", "post_loan_inspector", False),
        ("warning_yellow_owner_roles", "post_loan_inspector", True),
        ("warning_yellow_owner_roles", "executive", False),
        ("check_reviewer_roles", "relationship_manager", False),
        ("sign_in_second_factor_roles", "executive", True),
    ],
)
def test_only_roles_that_can_do_it_are_given_the_work(
    bank: httpx.Client, name: str, role: str, taken: bool
) -> None:
    assert (role in row(bank, name)["choices"]) is taken
    asked = propose(bank, name, number=None, names=[role], inclusive=True)
    assert asked.status_code == (202 if taken else 422)
    if not taken:
        assert field_of(asked) == "value"

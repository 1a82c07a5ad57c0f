"""Persons are made, changed, suspended and leave, by administrators who are separate persons. Over HTTP and a real database."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from tests.http.bank import LOAN
from tests.http.warned import QUIET_THREAD, THREAD
from tests.identity.bank import DAY, HOUR, give, stand_in, write_person
from tests.identity.conftest import Browser, Time, act_as, sign_in, write_password

from loantrail.identity.abilities import Role
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
As = Callable[[str], httpx.Client]
SYSTEM, SECURITY, AUDIT, SECOND_SYSTEM = "A1", "A2", "A3", "A4"


@pytest.fixture
def as_(browser: Browser, bank: type_of_connection) -> As:
    """Four administrators, for whom nothing waits; makes clients that are signed in as somebody."""
    bank.execute("TRUNCATE approvals.request CASCADE")
    for person_id, name, role in (
        (SYSTEM, "系统管理员", Role.SYSTEM_ADMINISTRATOR),
        (SECURITY, "安全管理员", Role.SECURITY_ADMINISTRATOR),
        (AUDIT, "审计管理员", Role.AUDIT_ADMINISTRATOR),
        (SECOND_SYSTEM, "系统管理员二", Role.SYSTEM_ADMINISTRATOR),
    ):
        write_person(bank, person_id, name)
        give(bank, person_id, role)
    return lambda person_id: act_as(browser(), bank, person_id)


def propose(client: httpx.Client, **change: Any) -> httpx.Response:
    return client.post(
        "/person-changes",
        json={"change": change, "reason": "岗位调整", "request_key": uuid.uuid4().hex},
    )


def decide(client: httpx.Client, request: Any, approve: bool = True) -> httpx.Response:
    return client.post(
        f"/approvals/{request['request_id']}/decision",
        json={"approve": approve, "reason": "同意", "content_hash": request["content_hash"]},
    )


def approved(as_: As, **change: Any) -> dict[str, Any]:
    """What comes of a change that two administrators make."""
    proposed = propose(as_(SYSTEM), **change)
    assert proposed.status_code == 201, proposed.text
    done = decide(as_(SECURITY), proposed.json())
    assert done.status_code == 200, done.text
    return done.json()


def read(as_: As, person_id: str) -> dict[str, Any]:
    answer = as_(SYSTEM).get(f"/persons/{person_id}")
    assert answer.status_code == 200
    return answer.json()["person"]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def new_staff(bank: type_of_connection, staff_id: str, unit: str = "1002", name: str = "吴新来") -> None:
    bank.execute("DELETE FROM parties.staff WHERE staff_id = %s", (staff_id,))
    bank.execute(
        "INSERT INTO parties.staff (staff_id, unit_id, name, role) VALUES (%s, %s, %s, 'branch_manager')",
        (staff_id, unit, name),
    )


# Made and changed by two --------------------------------------------------------------------------------------


def test_a_person_of_the_staff_list_is_made_by_two_and_signs_in(
    as_: As, bank: type_of_connection, browser: Browser
) -> None:
    new_staff(bank, "E7")
    role = {"role": "branch_manager", "unit_id": "1002"}

    request = propose(as_(SYSTEM), kind="create", person_id="E7", staff_id="E7", roles=[role]).json()
    assert code(sign_in(browser(), "E7")) == (401, "sign_in_refused")
    waiting = as_(SECURITY).get("/approvals").json()["items"]
    assert [(one["key"], one["maker"], one["is_own"]) for one in waiting] == [
        (request["request_id"], SYSTEM, False)
    ]
    done = decide(as_(SECURITY), request).json()

    password = done["once"]["one_time_password"]
    client = browser()
    me = sign_in(client, "E7", password).json()
    assert (me["name"], me["unit_id"], me["must_change_password"]) == ("吴新来", "1002", True)
    change = {"present_password": password, "new_password": "Xin-Mima-2026!"}
    assert client.post("/me/password", json=change).status_code == 204
    me = client.get("/me").json()
    assert ([one["role"] for one in me["roles"]], me["units"]) == (["branch_manager"], ["1002"])
    held = read(as_, "E7")["roles"]
    assert [(one["maker"], one["checker"]) for one in held] == [(SYSTEM, SECURITY)]


def test_who_proposes_does_not_approve(as_: As) -> None:
    request = propose(
        as_(SYSTEM),
        kind="assign",
        person_id="E1",
        version=1,
        grant={"role": "risk_manager", "unit_id": "1001"},
    ).json()
    assert not request["may_decide"]
    for person in (SYSTEM, SECOND_SYSTEM, AUDIT, "E1", "E4"):
        assert decide(as_(person), request).status_code == 403, person
    assert decide(as_(SECURITY), request).status_code == 200


def test_a_system_administrator_alone_gives_nobody_anything(as_: As, bank: type_of_connection) -> None:
    client = as_(SYSTEM)
    assert client.get("/me").json()["abilities"] == ["edit_people", "read_people", "run_system"]
    assert client.get("/loans").status_code == 403
    assert client.get(f"/loans/{LOAN}").status_code == 403
    own = propose(client, kind="assign", person_id=SYSTEM, version=1, grant={"role": "head_office_risk"})
    assert code(own) == (409, "own_person")


def test_the_security_administrator_does_not_approve_for_themself(as_: As) -> None:
    request = propose(
        as_(SYSTEM), kind="reset_sign_in", person_id=SECURITY, version=1, second_factor=True
    ).json()
    answer = decide(as_(SECURITY), request)
    assert code(answer) == (422, "own_person")
    assert as_(SECURITY).get(f"/approvals/{request['request_id']}").json()["state"] == "waiting"


@pytest.mark.parametrize("person", ["E1", "E4", "E6"])
def test_nobody_else_sees_or_changes_persons(as_: As, person: str) -> None:
    client = as_(person)
    asked = [
        client.get("/persons"),
        client.get("/persons/E1"),
        client.get("/keys"),
        client.post("/persons/E5/suspension", json={"version": 1}),
        client.post("/persons/E5/leaving", json={"version": 1}),
        client.post("/persons/E5/unlocking"),
        propose(client, kind="resume", person_id="E5", version=1),
    ]
    assert {code(answer) for answer in asked} == {(403, "forbidden")}


def test_a_change_of_an_earlier_version_answers_the_person_as_it_is_now(as_: As) -> None:
    grant = {"role": "risk_manager", "unit_id": "1001"}
    approved(as_, kind="assign", person_id="E1", version=1, grant=grant)

    late = propose(as_(SYSTEM), kind="edit", person_id="E1", version=1, name="王改名", unit_id="1001")

    assert code(late) == (409, "changed")
    present = late.json()["present"]
    assert present["version"] == 2
    assert {one["role"]["role"] for one in present["roles"]} == {"relationship_manager", "risk_manager"}
    again = propose(as_(SYSTEM), kind="edit", person_id="E1", version=2, name="王改名", unit_id="1001")
    assert again.status_code == 201


def test_what_changed_since_it_was_proposed_is_not_approved_blindly(as_: As) -> None:
    first, second = (
        propose(
            as_(SYSTEM), kind="assign", person_id="E1", version=1, grant={"role": role, "unit_id": "1001"}
        ).json()
        for role in ("risk_manager", "post_loan_inspector")
    )
    assert decide(as_(SECURITY), first).status_code == 200

    assert code(decide(as_(SECURITY), second)) == (422, "changed")
    assert len(read(as_, "E1")["roles"]) == 2
    assert decide(as_(SECURITY), second, approve=False).status_code == 200


def test_who_decides_sees_what_changes(as_: As) -> None:
    request = propose(
        as_(SYSTEM),
        kind="assign",
        person_id="E1",
        version=1,
        grant={"role": "risk_manager", "unit_id": "1001"},
    ).json()
    assert request["title_chinese"] == "授予角色：王客户经理 E1"
    assert [one["role"] for one in request["before"]["roles"]] == ["relationship_manager"]
    assert [one["role"] for one in request["after"]["roles"]] == ["relationship_manager", "risk_manager"]


def test_a_role_that_is_withdrawn_is_gone_at_the_next_request(as_: As) -> None:
    client = as_("E1")
    assert client.get("/loans").status_code == 200
    [role] = read(as_, "E1")["roles"]

    approved(as_, kind="withdraw", person_id="E1", version=1, assignment_id=role["assignment_id"])

    assert client.get("/loans").status_code == 403
    assert client.get("/me").json()["roles"] == []
    [earlier] = as_(SYSTEM).get("/persons/E1").json()["earlier_roles"]
    assert earlier["assignment_id"] == role["assignment_id"]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"kind": "create", "person_id": "E1", "name": "甲"}, (409, "known")),
        ({"kind": "create", "person_id": "N1", "staff_id": "E1"}, (409, "staff_taken")),
        ({"kind": "create", "person_id": "N1", "staff_id": "E99"}, (404, "not_found")),
        ({"kind": "create", "person_id": "N1"}, (409, "no_name")),
        ({"kind": "create", "person_id": "N1", "name": "甲", "unit_id": "9999"}, (404, "not_found")),
        ({"kind": "create", "person_id": "bad name", "name": "甲"}, (422, "request_refused")),
        (
            {"kind": "create", "person_id": "N1", "name": "甲", "roles": [{"role": "emperor"}]},
            (422, "request_refused"),
        ),
        (
            {
                "kind": "create",
                "person_id": "N1",
                "name": "甲",
                "roles": [{"role": "system_administrator"}, {"role": "audit_administrator"}],
            },
            (409, "administrators_apart"),
        ),
        ({"kind": "resume", "person_id": "E1", "version": 1}, (409, "not_suspended")),
        ({"kind": "resume", "person_id": "N1", "version": 1}, (404, "not_found")),
        (
            {
                "kind": "assign",
                "person_id": "E1",
                "version": 1,
                "grant": {"role": "legal", "unit_id": "1001"},
            },
            (409, "no_unit_wanted"),
        ),
        (
            {
                "kind": "assign",
                "person_id": "E1",
                "version": 1,
                "grant": {"role": "risk_manager", "unit_id": "x"},
            },
            (404, "not_found"),
        ),
        (
            {"kind": "withdraw", "person_id": "E1", "version": 1, "assignment_id": "0" * 32},
            (409, "role_not_held"),
        ),
        (
            {
                "kind": "edit",
                "person_id": "E1",
                "version": 1,
                "name": "甲",
                "unit_id": None,
                "openid_subject": "s2",
            },
            (409, "subject_taken"),
        ),
    ],
)
def test_what_cannot_be_done_is_not_proposed_either(
    as_: As, bank: type_of_connection, change: dict[str, Any], refusal: tuple[int, str]
) -> None:
    bank.execute("UPDATE identity.person SET openid_subject = 's2' WHERE person_id = 'E2'")
    answer = propose(as_(SYSTEM), **change)
    assert code(answer) == refusal
    assert answer.json()["detail_chinese"]


def test_the_same_proposal_sent_twice_is_one(as_: As) -> None:
    body = {
        "change": {"kind": "create", "person_id": "N1", "name": "甲"},
        "reason": "外包",
        "request_key": uuid.uuid4().hex,
    }
    client = as_(SYSTEM)
    first, second = client.post("/person-changes", json=body), client.post("/person-changes", json=body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["request_id"] == second.json()["request_id"]


def test_sign_in_is_reset_by_two_for_who_lost_password_and_telephone(
    as_: As, bank: type_of_connection, browser: Browser
) -> None:
    client = as_("E1")
    bank.execute(
        "UPDATE identity.person SET second_factor_on = true, second_factor_secret = '\\x01', "
        "locked_until = '2999-01-01', failed_attempts = 5 WHERE person_id = 'E1'"
    )

    done = approved(as_, kind="reset_sign_in", person_id="E1", version=1, second_factor=True)

    assert client.get("/me").status_code == 401
    me = sign_in(browser(), "E1", done["once"]["one_time_password"])
    assert me.json()["must_change_password"]


# Suspended, left, transferred ---------------------------------------------------------------------------------


def test_who_is_suspended_is_out_at_once_and_let_in_again_by_two(
    as_: As, bank: type_of_connection, browser: Browser
) -> None:
    client = as_("E1")
    assert client.get("/me").status_code == 200

    answer = as_(SECURITY).post("/persons/E1/suspension", json={"version": 1})

    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (200, "suspended", 2)
    assert client.get("/me").status_code == 401
    assert code(sign_in(browser(), "E1")) == (401, "sign_in_refused")
    assert code(as_(SYSTEM).post("/persons/E1/suspension", json={"version": 2})) == (409, "not_active")
    approved(as_, kind="resume", person_id="E1", version=2)
    assert client.get("/me").status_code == 401  # the session does not come back
    assert sign_in(browser(), "E1").status_code == 201


def test_nobody_suspends_themself_or_the_last_of_a_kind(as_: As) -> None:
    assert code(as_(SYSTEM).post(f"/persons/{SYSTEM}/suspension", json={"version": 1})) == (409, "own_person")
    assert code(as_(SYSTEM).post(f"/persons/{SECURITY}/leaving", json={"version": 1})) == (
        409,
        "last_administrator",
    )
    assert as_(SYSTEM).post(f"/persons/{SECOND_SYSTEM}/suspension", json={"version": 1}).status_code == 200
    assert code(as_(SYSTEM).post("/persons/nobody/suspension", json={"version": 1})) == (404, "not_found")


def manager(bank: type_of_connection) -> None:
    """S1 manages a loan of U1 and has its warnings; S2 is risk manager there."""
    write_person(bank, "S1", "客户经理一", "U1", "S1")
    give(bank, "S1", Role.RELATIONSHIP_MANAGER, "U1")
    write_person(bank, "S2", "风险经理二", "U1", "S2")
    give(bank, "S2", Role.RISK_MANAGER, "U1")
    bank.execute("UPDATE early_warning.thread SET assignee = 'S1'")


def test_who_leaves_leaves_loans_and_warnings_behind_and_nothing_else(
    as_: As, bank: type_of_connection, time: Time
) -> None:
    manager(bank)
    client = as_("S1")
    stand_in(bank, "S1", "E2", time.at, time.at + DAY)
    bank.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, made_at, maker, expires_at) "
        "VALUES ('K', '\\x00', '旧接口', '{send_live}', now(), 'S1', %s)",
        (time.at + DAY,),
    )

    answer = as_(SYSTEM).post("/persons/S1/leaving", json={"version": 1}).json()

    assert answer["loans"] == [LOAN]
    assert sorted(answer["warnings"]) == sorted((THREAD, QUIET_THREAD))
    assert (answer["sessions_ended"], answer["keys_ended"], answer["delegations_ended"]) == (1, 1, 1)
    assert (answer["person"]["state"], answer["person"]["roles"]) == ("left", [])
    assert client.get("/me").status_code == 401
    assert as_("E2").get("/me").json()["standing_in_for"] == []
    assert code(propose(as_(SYSTEM), kind="resume", person_id="S1", version=2)) == (409, "left")


def test_the_warnings_of_who_left_go_to_somebody_else(as_: As, bank: type_of_connection) -> None:
    manager(bank)
    as_(SYSTEM).post("/persons/S1/leaving", json={"version": 1})
    wanted = {"from_staff_id": "S1", "to_staff_id": "S2", "request_key": uuid.uuid4().hex}
    assert as_("E1").post("/handovers", json=wanted).status_code == 403
    elsewhere = as_("E2").post("/handovers", json=wanted | {"request_key": uuid.uuid4().hex})
    assert elsewhere.json()["warnings_moved"] == []  # out of the reach of another unit's head

    answer = as_("S2").post("/handovers", json=wanted)

    assert sorted(answer.json()["warnings_moved"]) == sorted((THREAD, QUIET_THREAD))
    assert bank.execute("SELECT DISTINCT assignee FROM early_warning.thread").fetchall() == [("S2",)]
    back = {"from_staff_id": "S2", "to_staff_id": "S1", "request_key": uuid.uuid4().hex}
    assert as_("S2").post("/handovers", json=back).status_code == 404


def test_a_lock_out_is_ended_by_the_system_administrator(as_: As, browser: Browser) -> None:
    client = browser()
    for _ in range(5):
        sign_in(client, "E1", "Falsch-Falsch-1")
    assert read(as_, "E1")["locked_until"] is not None

    assert as_(SYSTEM).post("/persons/E1/unlocking").status_code == 204

    assert sign_in(client, "E1").status_code == 201
    assert as_(SYSTEM).post("/persons/nobody/unlocking").status_code == 404


# Lists --------------------------------------------------------------------------------------------------------


def test_persons_are_found_by_name_role_state_and_unit(as_: As, bank: type_of_connection) -> None:
    bank.execute("UPDATE identity.person SET state = 'left' WHERE person_id = 'E3'")

    def found(**asked: Any) -> list[str]:
        answer = as_(AUDIT).get("/persons", params=asked).json()
        assert answer["total_count"] == len(answer["items"])
        return [one["person_id"] for one in answer["items"]]

    assert found() == ["A1", "A2", "A3", "A4", "E1", "E2", "E4", "E5", "E6", "E3"]
    assert found(search="经理") == ["E1", "E5"]
    assert found(search="%") == []
    assert found(role="relationship_manager") == ["E1", "E5"]
    assert found(state="left") == ["E3"]
    assert found(unit="0001") == ["E4", "E6"]


def test_the_organisation_is_a_tree_that_everybody_sees(as_: As) -> None:
    units = {one["unit_id"]: one for one in as_("E1").get("/organisation").json()}
    assert units["1001"] == {
        "unit_id": "1001",
        "name": "甲一支行",
        "kind": "sub_branch",
        "parent_unit_id": "1000",
        "people": 2,
    }
    assert {one["kind"] for one in units.values()} == {"head_office", "branch", "sub_branch", "department"}
    assert all(one["parent_unit_id"] in units for one in units.values() if one["parent_unit_id"])


def test_every_role_has_its_words(as_: As) -> None:
    words = as_("E1").get("/roles").json()
    assert [one["role"] for one in words] == [role.value for role in Role]
    assert all(one["chinese"] and one["question_chinese"] and one["question_english"] for one in words)


# Standing in --------------------------------------------------------------------------------------------------


def delegate(
    client: httpx.Client, to: str, start: datetime.datetime, end: datetime.datetime
) -> httpx.Response:
    body = {
        "to_person_id": to,
        "valid_from": start.isoformat(),
        "valid_to": end.isoformat(),
        "reason": "年假",
    }
    return client.post("/me/delegations", json=body)


def test_who_goes_away_has_somebody_stand_in_and_comes_back(as_: As, time: Time) -> None:
    away, colleague = as_("E5"), as_("E2")
    colleagues = away.get("/me/colleagues", params={"search": "行长"}).json()
    assert colleagues == [{"person_id": "E2", "name": "李行长"}]

    made = delegate(away, "E2", time.at, time.at + 5 * DAY)

    assert made.status_code == 201
    me = colleague.get("/me").json()
    assert me["standing_in_for"] == [{"person_id": "E5", "name": "孙客户经理"}]
    assert "act_on_checks" in me["abilities"]
    assert [one["role"] for one in me["roles"]] == ["branch_manager"]
    assert [one["delegation_id"] for one in colleague.get("/me/delegations").json()] == [
        made.json()["delegation_id"]
    ]

    ending = f"/me/delegations/{made.json()['delegation_id']}/ending"
    assert as_("E1").post(ending).status_code == 404
    assert away.post(ending).status_code == 204
    assert colleague.get("/me").json()["standing_in_for"] == []
    assert code(away.post(ending)) == (409, "ended")


def test_whom_nobody_can_have_stand_in(as_: As, time: Time) -> None:
    end = time.at + DAY
    assert code(delegate(as_("E1"), "E1", time.at, end)) == (409, "not_to_self")
    assert code(delegate(as_("E1"), SECURITY, time.at, end)) == (409, "not_to_this_person")
    assert code(delegate(as_("E1"), "nobody", time.at, end)) == (404, "not_found")
    assert code(delegate(as_(SYSTEM), SECOND_SYSTEM, time.at, end)) == (409, "not_delegated")
    assert delegate(as_("E1"), "E5", time.at, end).status_code == 201
    assert code(delegate(as_("E1"), "E2", time.at + HOUR, end + DAY)) == (409, "away_already")
    assert code(delegate(as_("E5"), "E1", time.at, end)) == (409, "circular")
    assert code(delegate(as_("E2"), "E1", time.at, end)) == (409, "receiver_away")
    answer = as_("E1").post("/me/delegations", json={"to_person_id": "E2"})
    assert code(answer) == (422, "request_refused")


# Keys of systems ----------------------------------------------------------------------------------------------


def propose_key(client: httpx.Client, time: Time, **known: Any) -> httpx.Response:
    body: dict[str, Any] = {
        "name": "核心系统",
        "abilities": ["read_loans"],
        "unit_id": None,
        "expires_at": (time.at + 30 * DAY).isoformat(),
        "reason": "对接核心",
        "request_key": uuid.uuid4().hex,
    }
    return client.post("/keys", json=body | known)


def test_a_key_is_shown_once_and_good_from_the_approval_to_its_end(
    as_: As, bank: type_of_connection, browser: Browser, time: Time
) -> None:
    made = propose_key(as_(SYSTEM), time)
    assert made.status_code == 201
    secret, request = made.json()["secret"], made.json()["request"]
    system = browser()
    system.headers["Authorization"] = f"Bearer {secret}"
    assert system.get("/loans").status_code == 401
    assert secret not in as_(SECURITY).get(f"/approvals/{request['request_id']}").text
    assert "secret_hash" not in request["after"]

    assert decide(as_(SECURITY), request).json()["once"] == {}

    assert system.get("/loans").status_code == 200
    assert system.get("/me").json()["is_system"]
    assert system.get("/persons").status_code == 403
    assert system.post("/me/second-factor").status_code == 403
    [row] = as_(SYSTEM).get("/keys").json()
    assert (row["name"], row["maker"], row["checker"], row["abilities"]) == (
        "核心系统",
        SYSTEM,
        SECURITY,
        ["read_loans"],
    )
    assert row["used_at"] is not None
    assert secret not in as_(SYSTEM).get("/keys").text
    time.later(30 * DAY)
    assert system.get("/loans").status_code == 401


def test_a_key_that_was_ended_is_good_for_nothing(as_: As, browser: Browser, time: Time) -> None:
    made = propose_key(as_(SYSTEM), time).json()
    decide(as_(SECURITY), made["request"])
    [row] = as_(SYSTEM).get("/keys").json()
    system = browser()
    system.headers["Authorization"] = f"Bearer {made['secret']}"
    assert system.get("/loans").status_code == 200

    assert as_(SECURITY).post(f"/keys/{row['key_id']}/ending").status_code == 204

    assert system.get("/loans").status_code == 401
    assert as_(SECURITY).post(f"/keys/{'0' * 32}/ending").status_code == 404


@pytest.mark.parametrize(
    ("known", "refusal"),
    [
        ({"abilities": ["approve"]}, (409, "key_ability")),
        ({"abilities": ["read_suspicions", "read_loans"]}, (409, "key_ability")),
        ({"abilities": []}, (422, "request_refused")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, (409, "period")),
        ({"expires_at": "2099-01-01T00:00:00Z"}, (409, "too_long")),
        ({"unit_id": "9999"}, (404, "not_found")),
    ],
)
def test_what_no_key_is_made_for(
    as_: As, time: Time, known: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert code(propose_key(as_(SYSTEM), time, **known)) == refusal


# On record ----------------------------------------------------------------------------------------------------


def test_what_administrators_do_is_on_record_without_secrets(
    as_: As, bank: type_of_connection, browser: Browser, time: Time
) -> None:
    row = bank.execute("SELECT coalesce(max(entry_no), 0) FROM audit.entry").fetchone()
    assert row is not None
    write_password(bank, SYSTEM)
    sign_in(browser(), "E1", "Falsch-Falsch-1")
    sign_in(browser(), "Weiwei-typed-in-the-wrong-field", "x")
    client = browser()
    sign_in(client, "E1")
    client.post("/me/password", json={"present_password": "Falsch", "new_password": "Falsch-Falsch-1"})
    key = propose_key(as_(SYSTEM), time).json()
    decide(as_(SECURITY), key["request"])
    reset = approved(as_, kind="reset_sign_in", person_id="E2", version=1)
    as_(SYSTEM).post("/persons/E5/suspension", json={"version": 1})

    entries = bank.execute(
        "SELECT person, action, object_id, outcome, content::text FROM audit.entry WHERE entry_no > %s "
        "AND action <> 'data.read' ORDER BY entry_no",
        row,
    ).fetchall()

    assert [entry[:4] for entry in entries] == [
        ("E1", "session.begin", "E1", "refused"),
        ("nobody", "session.begin", "nobody", "refused"),
        ("E1", "session.begin", "E1", "done"),
        ("E1", "password.change", "E1", "refused"),
        (SYSTEM, "approval.proposed", f"key:{key['request']['subject'].removeprefix('key:')}", "done"),
        (SECURITY, "approval.approved", key["request"]["subject"], "done"),
        (SYSTEM, "approval.proposed", "E2", "done"),
        (SECURITY, "approval.approved", "E2", "done"),
        (SYSTEM, "person.suspend", "E5", "done"),
    ]
    told = "".join(entry[4] for entry in entries)
    for secret in (key["secret"], reset["once"]["one_time_password"], "Falsch", "Weiwei"):
        assert secret not in told


# The list as a spreadsheet -----------------------------------------------------------------------------------------


def test_an_auditor_is_handed_who_holds_which_role_and_administrators_are_not(
    as_: As, bank: type_of_connection
) -> None:
    write_person(bank, "U9", "内部审计员")
    give(bank, "U9", Role.INTERNAL_AUDITOR)

    answer = as_("U9").get("/persons.xlsx")

    assert answer.status_code == 200, answer.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    head, *rows = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert {(one["登录名"], one["角色"]) for one in told} >= {
        (SYSTEM, "系统管理员"),
        (SECURITY, "安全管理员"),
        ("U9", "内部审计"),
    }
    assert {one["状态"] for one in told} <= {"在用", "已停用", "已离职"}
    only = as_("U9").get("/persons.xlsx", params={"role": "security_administrator", "language": "en"})
    [_, row] = CalamineWorkbook.from_filelike(BytesIO(only.content)).get_sheet_by_index(0).to_python()
    assert (row[0], "security administrator" in [str(cell) for cell in row]) == (SECURITY, True)
    for person in (SYSTEM, SECURITY, AUDIT):
        assert as_(person).get("/persons.xlsx").status_code == 403

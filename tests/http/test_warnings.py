"""The early warnings over HTTP: the queue, one warning, acts, the stream."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from tests.http.bank import (
    BORROWER,
    BROKER,
    LOAN,
    QUIET_LOAN,
    RELATED,
    UNTRACED_LOAN,
    transfer_id,
    write_books,
    write_trace,
)
from tests.http.conftest import application, client_of
from tests.http.warned import QUIET_HIT, QUIET_THREAD, THREAD, hit_row, take_rows, write_warnings
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.early_warning.hits import Level
from loantrail.identity.abilities import Role
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


@pytest.fixture
def warned(own_client: httpx.Client, database_url: str) -> Iterator[httpx.Client]:
    """A client of the warned bank in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
    own_client.headers[AS] = "S1"
    yield own_client


def act(
    client: httpx.Client, version: int, by: str = "S1", thread: str = THREAD, **wanted: Any
) -> httpx.Response:
    """An act; one that approves, of the proposal as it stands."""
    body = {"version": version, "request_key": f"key-{version:08}-{by}", **wanted}
    if wanted["act"] in ("approve_lowering", "approve_finding") and "content_hash" not in wanted:
        page = client.get(f"/api/v1/warnings/{thread}").json()
        body["content_hash"] = page[wanted["act"].removeprefix("approve_")]["content_hash"]
    return client.post(f"/api/v1/warnings/{thread}/acts", json=body, headers={AS: quote(by)})


def listed(client: httpx.Client, query: str = "") -> list[str]:
    return [row["loan_id"] for row in client.get(f"/api/v1/warnings?{query}").json()["items"]]


def test_the_queue_is_in_the_order_of_deadlines_with_counts(client: httpx.Client) -> None:
    answer = client.get("/api/v1/warnings").json()
    assert [(row["loan_id"], row["level"], row["proven_fen"]) for row in answer["items"]] == [
        (LOAN, "red", "25000000"),
        (QUIET_LOAN, "blue", "0"),
    ]
    assert [one["count"] for one in answer["levels"]] == [1, 0, 0, 1]
    assert answer["unit_names"] == {"U1": "测试支行"}
    assert (answer["overdue_count"], answer["last_event"]) == (0, 2)


@pytest.mark.parametrize(
    ("query", "loans"),
    [
        ("level=red", [LOAN]),
        ("level=red&level=blue", [LOAN, QUIET_LOAN]),
        ("state=closed", []),
        ("state=all", [LOAN, QUIET_LOAN]),
        ("unit=U1", [LOAN, QUIET_LOAN]),
        ("unit=U2", []),
        ("owner=none", []),
        ("owner=S1", []),
        ("rule=IDLE_FUNDS", [QUIET_LOAN]),
        ("overdue=true", []),
        ("search=甲纺", [LOAN]),
        ("search=030002", [QUIET_LOAN]),
        ("search=%25", []),
    ],
)
def test_filters_narrow_the_queue(client: httpx.Client, query: str, loans: list[str]) -> None:
    if query == "owner=none":  # nobody has them: all of them
        loans = [LOAN, QUIET_LOAN]
    assert listed(client, query) == loans


def test_one_warning_is_laid_out_for_a_decision(client: httpx.Client) -> None:
    page = client.get(f"/api/v1/warnings/{THREAD}").json()
    assert page["story_chinese"] == (
        "甲纺织有限公司的 100.00 万元贷款，疑似流入证券、期货、理财等（2025-03-06）："
        "贷款中 300,000 元 流向证券、基金，占贷款 30%，无论如何计算至少 25.00 万元。"
    )
    assert "at least CNY 250,000.00 however one counts" in page["story_english"]
    assert [
        (line["to_account"]["account"], line["loan_fen"], line["of_hit"]) for line in page["evidence"]
    ] == [
        (BORROWER, "100000000", False),
        (RELATED, "35000000", False),
        (BROKER, "30000000", True),
    ]
    assert page["flow_nodes"] == [f"={one}" for one in (BORROWER, RELATED, BROKER)]
    assert page["doubts"] == [
        {"code": "least_is_less", "amount_fen": "25000000"},
        {"code": "FLOW_SECURITIES", "amount_fen": None},
    ]
    assert [entry["kind"] for entry in page["timeline"]] == ["opened", "hit_added"]
    # A red one about a loan below five million yuan is the branch's.
    assert page["duty"] == {
        "owner_roles": ["branch_manager", "risk_manager"],
        "because": "small_loan",
        "head_office_fen": "500000000",
        "response_days": None,
        "response_hours": 24,
        "escalates_to": ["head_office_risk", "legal"],
        "may_judge": True,
        "may_check": True,
        "may_close": True,
    }
    assert page["managers"] == ["客户经理一"]
    assert client.get(f"/api/v1/warnings/{'0' * 32}").status_code == 404


def evidence(client: httpx.Client, thread: str = THREAD) -> list[dict[str, Any]]:
    return client.get(f"/api/v1/warnings/{thread}").json()["evidence"]


def test_three_lines_of_evidence_stand_where_the_loan_has_as_many(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    """Before what was hit, after it, and beside it: the hit on the disbursement has nothing before."""
    take_rows(connection, [hit_row(movement="放款")])
    lines = evidence(warned)
    assert [line["place"] for line in lines] == ["hit", "after", "after"]
    assert [line["booked_at"] for line in lines] == sorted(line["booked_at"] for line in lines)


def test_what_the_payee_is_to_the_borrower_is_told(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    """己证券's account is P4's for this test: first the spouse of the controller, then a relation that has ended."""
    broker = connection.execute(
        "SELECT party_id FROM ledger.account WHERE account = %s", (BROKER,)
    ).fetchone()
    assert broker is not None
    connection.execute(
        "INSERT INTO parties.party (party_id, unit_id, kind, name) VALUES ('P90', 'U1', 'individual', '老板')"
    )
    for one, other, kind, until in (
        ("P90", "P1", "controller", None),
        ("P90", broker[0], "spouse", None),
        (broker[0], "P1", "same_phone", "2025-03-05"),
    ):
        connection.execute(
            "INSERT INTO parties.party_relation VALUES (%s, %s, %s, NULL, '2020-01-01', %s, '登记', 'U1')",
            (one, other, kind, until),
        )
    connection.commit()
    assert [line["payee_relations"] for line in evidence(warned)] == [[], [], ["controllers_spouse"]]
    page = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert "；收款方与借款人的登记关系：实际控制人或法定代表人的配偶" in page["story_chinese"]
    assert "relation to the borrower on record: controller's" in page["story_english"]


def test_evidence_of_another_payee_says_whom_the_documents_name(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "INSERT INTO ledger.contract_payee VALUES (%s, '载明公司', NULL, NULL, 'U1')", (f"HT{LOAN}",)
    )
    connection.commit()
    assert {tuple(line["named_payees"]) for line in evidence(warned)} == {()}
    take_rows(connection, [hit_row("PAYEE_MISMATCH")], ["PAYEE_MISMATCH"])
    assert [line["named_payees"] for line in evidence(warned) if line["of_hit"]] == [["载明公司"]]


def test_a_loan_says_whether_it_has_a_warning(client: httpx.Client) -> None:
    assert client.get(f"/api/v1/loans/{LOAN}/warning").json()["thread"]["thread_id"] == THREAD
    assert client.get(f"/api/v1/loans/{UNTRACED_LOAN}/warning").json()["thread"] is None
    assert client.get("/api/v1/loans/nothing/warning").status_code == 404


def test_volume_counts_by_month_and_rule(client: httpx.Client) -> None:
    volume = client.get("/api/v1/warnings/volume").json()
    assert (volume["loans"], volume["budget"], volume["severe_budget"]) == (1, 15, 3)
    assert volume["months"] == [{"month": "2025-03", "threads": 2, "severe": 1}]
    assert [(rule["rule_code"], rule["threads"], rule["alone"]) for rule in volume["rules"]] == [
        ("FLOW_SECURITIES", 1, 1),
        ("IDLE_FUNDS", 1, 1),
    ]


def test_people_are_found_by_name_and_number(client: httpx.Client) -> None:
    people = client.get("/api/v1/people?search=风险").json()
    assert [(one["staff_id"], one["role"], one["unit_name"]) for one in people["items"]] == [
        ("S2", "risk_manager", "测试支行")
    ]
    assert [one["staff_id"] for one in client.get("/api/v1/people?search=s1").json()["items"]] == ["S1"]


def test_a_warning_from_its_judgement_to_its_end(warned: httpx.Client) -> None:
    judged = act(warned, 2, act="dispose", disposition="false_alarm", reason="refund", text="三月已退回")
    assert (judged.status_code, judged.json()["version"], judged.json()["new"]) == (201, 3, True)
    assert (
        act(warned, 2, act="dispose", disposition="false_alarm", reason="refund", text="三月已退回").json()[
            "new"
        ]
        is False
    )
    assert listed(warned) == [QUIET_LOAN]
    assert listed(warned, "state=review") == [LOAN]
    own = act(warned, 3, act="close", reason="已核实")
    assert (own.status_code, own.json()["code"]) == (422, "maker_is_checker")
    changed = act(warned, 2, "S2", act="close", reason="已核实")
    assert (changed.status_code, changed.json()["code"]) == (409, "changed")
    assert act(warned, 3, "S2", act="close", reason="已核实").json()["state"] == "closed"
    page = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert [(one["kind"], one["by"], one["by_name"]) for one in page["timeline"][2:]] == [
        ("disposed", "S1", "客户经理一"),
        ("closed", "S2", "风险经理二"),
    ]
    assert act(warned, 4, act="wake").json()["code"] == "thread_closed"
    assert act(warned, 4, act="reopen", reason="有新情况").json()["state"] == "open"


def test_a_red_warning_whose_money_was_given_back_comes_back_as_what_is_found_then(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    """Two steps: the payment is reversed, later another payee is found on a list. Nobody had acted."""
    take_rows(connection, [QUIET_HIT])
    assert LOAN not in listed(warned)
    take_rows(connection, [hit_row("ROUND_TRIP", Level.ORANGE, 100_000, movement="回流"), QUIET_HIT])

    page = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert page["row"]["level"] == "orange"
    [reopened] = [one for one in page["timeline"] if one["kind"] == "reopened"]
    assert (reopened["data"]["before"], reopened["data"]["level"], reopened["by"]) == ("red", "orange", "")
    due = datetime.datetime.fromisoformat(reopened["data"]["due_at"])
    assert datetime.datetime.fromisoformat(page["row"]["due_at"]) == due
    told = connection.execute(
        "SELECT kind, level FROM early_warning.outbox WHERE thread_id = %s ORDER BY outbox_id", (THREAD,)
    ).fetchall()
    assert told == [("new", "red"), ("changed", "red"), ("raised", "orange")]


def test_a_level_a_finding_and_measures(warned: httpx.Client) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("S1", {"act": "assign", "to": "S1"}),
        ("S1", {"act": "dispose", "disposition": "true_positive"}),
        ("S1", {"act": "measure", "measure": "early_collection", "text": "已发函"}),
        ("S1", {"act": "propose_lowering", "level": "orange", "reason": "已归还一部分"}),
        ("S2", {"act": "approve_lowering"}),
        ("S1", {"act": "propose_finding", "text": "挪用 30 万元"}),
        ("S1", {"act": "record_hearing", "on": "2025-03-20", "note": "借款人承认"}),
        ("S2", {"act": "approve_finding"}),
        ("S2", {"act": "close", "reason": "已提前收回"}),
    ]
    for version, (by, wanted) in enumerate(steps, 2):
        answer = act(warned, version, by, **wanted)
        assert answer.status_code == 201, (wanted, answer.text)
    page = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert (page["row"]["level"], page["row"]["state"], page["row"]["assignee_name"]) == (
        "orange",
        "closed",
        "客户经理一",
    )
    assert (page["measures"], page["finding"]["approved_by"]) == (["early_collection"], "S2")
    earlier = warned.get(f"/api/v1/warnings/{QUIET_THREAD}").json()["earlier"]
    assert earlier == []  # another borrower, payee and rule


@pytest.mark.parametrize(
    ("steps", "approve"),
    [
        ([{"act": "propose_lowering", "level": "orange", "reason": "已归还一部分"}], "approve_lowering"),
        (
            [
                {"act": "dispose", "disposition": "true_positive"},
                {"act": "propose_finding", "text": "挪用 30 万元"},
                {"act": "record_hearing", "on": "2025-03-20", "note": "借款人承认"},
            ],
            "approve_finding",
        ),
    ],
)
def test_what_is_approved_is_what_was_read(
    warned: httpx.Client, connection: type_of_connection, steps: list[dict[str, Any]], approve: str
) -> None:
    for version, wanted in enumerate(steps, 2):
        assert act(warned, version, **wanted).status_code == 201
    now = 2 + len(steps)
    wrong = act(warned, now, "S2", act=approve, content_hash="f" * 64)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["detail_chinese"]) == (
        409,
        "content_changed",
        "待批内容已变化",
    )
    body = {"version": now, "request_key": "without-a-hash", "act": approve}
    blind = warned.post(f"/api/v1/warnings/{THREAD}/acts", json=body, headers={AS: "S2"})
    assert blind.status_code == 422
    assert warned.get(f"/api/v1/warnings/{THREAD}").json()["row"]["version"] == now
    connection.execute("SET ROLE loantrail_web")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute('UPDATE early_warning.thread_event SET data = data || \'{"level": "blue"}\'')
    connection.rollback()
    done = act(warned, now, "S2", act=approve)
    assert done.status_code == 201, done.text
    [proposed, approved] = [
        one["data"]["content_hash"]
        for one in warned.get(f"/api/v1/warnings/{THREAD}").json()["timeline"]
        if "content_hash" in one["data"]
    ]
    assert proposed == approved


def test_what_was_said_of_the_same_rule_stands_beside_the_next_one(
    warned: httpx.Client, database_url: str
) -> None:
    act(warned, 2, act="dispose", disposition="false_alarm", reason="refund")
    with psycopg.connect(database_url) as connection:
        take_rows(connection, [hit_row(), hit_row("FLOW_SECURITIES", Level.RED, 200_000, QUIET_LOAN)])
    earlier = warned.get(f"/api/v1/warnings/{QUIET_THREAD}").json()["earlier"]
    assert [
        (one["loan_id"], one["disposition"], one["disposition_reason"], one["shared"]) for one in earlier
    ] == [(LOAN, "false_alarm", "refund", ["payee", "rule"])]


def test_several_warnings_are_given_to_one_person(warned: httpx.Client) -> None:
    body = {"thread_ids": [THREAD, QUIET_THREAD], "to": "S2", "request_key": "bulk-0001"}
    assert [one["refused"] for one in warned.post("/api/v1/warning-assignments", json=body).json()] == [
        "",
        "",
    ]
    assert listed(warned, "owner=S2") == [LOAN, QUIET_LOAN]
    assert listed(warned, "owner=none") == []
    nobody = warned.post("/api/v1/warning-assignments", json={**body, "to": "S9", "request_key": "bulk-0002"})
    assert nobody.status_code == 422


def test_a_warning_is_given_only_to_who_may_act_on_it_and_sees_its_loan(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, parent_unit_id, name, kind) "
        "SELECT 'U9', parent_unit_id, '另一支行', kind FROM parties.organisation_unit WHERE unit_id = 'U1'"
    )
    for staff_id, role, unit in (
        ("S3", Role.EXECUTIVE, "U1"), ("S4", Role.BRANCH_MANAGER, "U9"), ("S5", Role.BRANCH_MANAGER, "U1"),
    ):  # fmt: skip
        connection.execute(
            "INSERT INTO parties.staff VALUES (%s, %s, %s, 'other')", (staff_id, unit, staff_id)
        )
        write_person(connection, staff_id, [role], unit, staff_id)
    connection.commit()

    def given_to(staff_id: str) -> tuple[list[str], str]:
        body = {"thread_ids": [THREAD, QUIET_THREAD], "to": staff_id, "request_key": f"bulk-of-{staff_id}"}
        version = warned.get(f"/api/v1/warnings/{THREAD}").json()["row"]["version"]
        alone = act(warned, version, act="assign", to=staff_id)
        several = warned.post("/api/v1/warning-assignments", json=body).json()
        return [one["refused"] for one in several], alone.json().get("code", "")

    assert given_to("S3") == (["not_their_work"] * 2, "not_their_work")
    assert given_to("S4") == (["out_of_their_reach"] * 2, "out_of_their_reach")
    assert listed(warned, "owner=none") == [LOAN, QUIET_LOAN]
    assert given_to("S5") == (["assigned_already", ""], "")


def test_only_blue_warnings_are_closed_by_who_does_not_check(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    write_person(connection, "S2", [Role.POST_LOAN_INSPECTOR], "U1", "S2")
    connection.commit()

    def closed_by_an_inspector(thread: str) -> tuple[int, str]:
        version = act(
            warned, 2, thread=thread, act="dispose", disposition="false_alarm", reason="refund"
        ).json()["version"]
        answer = act(warned, version, "S2", thread, act="close", reason="已核实")
        return answer.status_code, answer.json().get("code", "")

    assert closed_by_an_inspector(QUIET_THREAD) == (201, "")
    assert closed_by_an_inspector(THREAD) == (403, "not_their_level")


def of_roles(connection: type_of_connection, **roles: Role) -> None:
    """Members of staff of the unit who hold one role each."""
    for staff_id, role in roles.items():
        connection.execute(
            "INSERT INTO parties.staff VALUES (%s, 'U1', %s, 'other') ON CONFLICT DO NOTHING",
            (staff_id, staff_id),
        )
        write_person(connection, staff_id, [role], "U1", staff_id)
    connection.commit()


def enlarge(connection: type_of_connection) -> None:
    """The loan of the red warning is of five million yuan."""
    connection.execute("UPDATE ledger.loan_note SET amount_fen = 500000000 WHERE loan_id = %s", (LOAN,))
    connection.commit()


def test_a_red_warning_of_a_large_loan_is_worked_by_the_head_office_and_legal_staff(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    of_roles(
        connection,
        S2=Role.RISK_MANAGER, S3=Role.LEGAL, S4=Role.HEAD_OFFICE_RISK, S5=Role.POST_LOAN_INSPECTOR,
    )  # fmt: skip
    enlarge(connection)

    def answered(version: int, by: str, **wanted: Any) -> tuple[int, str]:
        answer = act(warned, version, by, **wanted)
        return answer.status_code, answer.json().get("code", "")

    true = {"act": "dispose", "disposition": "true_positive"}
    measure = {"act": "measure", "measure": "early_collection", "text": "已发函"}
    lower = {"act": "propose_lowering", "level": "orange", "reason": "已归还一部分"}
    others = (403, "not_their_level")
    assert answered(2, "S2", **true) == others
    assert answered(2, "S3", **true) == (201, "")
    # Whoever works on it enters what was done, and asks for a lower level; who answers for it decides.
    assert answered(3, "S5", **measure) == (201, "")
    assert answered(4, "S5", **lower) == (201, "")
    assert answered(5, "S2", act="refuse_lowering", reason="尚未归还") == others
    assert answered(5, "S3", act="refuse_lowering", reason="尚未归还") == (201, "")
    assert answered(6, "S2", act="close", reason="已收回") == others
    assert answered(6, "S3", act="close", reason="已收回") == (422, "maker_is_checker")
    assert answered(6, "S4", act="close", reason="已收回") == (201, "")
    duty = warned.get(f"/api/v1/warnings/{THREAD}", headers={AS: "S2"}).json()["duty"]
    assert (duty["owner_roles"], duty["because"]) == (["head_office_risk", "legal"], "level")
    assert (duty["may_judge"], duty["may_check"], duty["may_close"]) == (False, False, False)


def test_an_act_whose_answer_was_lost_is_answered_again_though_others_answer_for_the_warning_by_now(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    of_roles(connection, S2=Role.RISK_MANAGER)
    true = {"act": "dispose", "disposition": "true_positive"}
    assert act(warned, 2, "S2", **true).json()["new"]
    enlarge(connection)
    again = act(warned, 2, "S2", **true)
    assert (again.status_code, again.json()["version"], again.json()["new"]) == (200, 3, False)
    assert act(warned, 3, "S2", **true).json()["code"] == "not_their_level"


def test_what_others_answer_for_is_given_to_nobody_and_shown_as_theirs(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    of_roles(connection, S2=Role.RISK_MANAGER, S3=Role.LEGAL, S4=Role.POST_LOAN_INSPECTOR)

    def given(key: str, to: str) -> list[str]:
        body = {"thread_ids": [THREAD, QUIET_THREAD], "to": to, "request_key": key}
        return [one["refused"] for one in warned.post("/api/v1/warning-assignments", json=body).json()]

    def ours(by: str) -> list[str]:
        rows = warned.get("/api/v1/warnings?ours=true", headers={AS: by}).json()["items"]
        return [row["loan_id"] for row in rows]

    def at_hand(by: str) -> list[str]:
        return [
            row["loan_id"]
            for row in warned.get("/api/v1/workbench", headers={AS: by}).json()["warnings"]["items"]
        ]

    assert ours("S4") == at_hand("S4") == [QUIET_LOAN]
    assert ours("S2") == at_hand("S2") == [LOAN]
    alone = act(warned, 2, "S4", act="assign", to="S4")
    assert (alone.status_code, alone.json()["code"]) == (422, "not_their_level")
    assert given("bulk-0001", "S4") == ["not_their_level", ""]
    enlarge(connection)
    assert ours("S2") == []
    assert ours("S3") == at_hand("S3") == [LOAN]
    assert given("bulk-0002", "S2") == ["not_their_level", ""]
    # Nobody answered the blue one in time: who answers for the next level is told, and has it at hand.
    assert ours("S1") == [LOAN, QUIET_LOAN]
    of_roles(connection, S5=Role.BRANCH_MANAGER)
    assert ours("S5") == []
    connection.execute("UPDATE early_warning.thread SET escalated = true")
    connection.commit()
    assert ours("S5") == [QUIET_LOAN]


def test_a_lowering_is_decided_in_the_inbox_by_who_answers_for_the_warning(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    of_roles(connection, S2=Role.RISK_MANAGER, S3=Role.LEGAL)
    assert act(warned, 2, act="propose_lowering", level="orange", reason="已归还一部分").status_code == 201

    def may_decide(by: str) -> bool:
        address = f"/api/v1/approvals/warnings/{THREAD}/lowering"
        return warned.get(address, headers={AS: by}).json()["may_decide"]

    assert may_decide("S2") and may_decide("S3")
    enlarge(connection)
    assert not may_decide("S2") and may_decide("S3")
    reviews = warned.get("/api/v1/workbench", headers={AS: "S2"}).json()["warnings"]["review_count"]
    assert reviews == 0


def test_messages_are_told_to_who_sees_all_their_warnings(
    warned: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, parent_unit_id, name, kind) "
        "SELECT 'U9', parent_unit_id, '另一支行', kind FROM parties.organisation_unit WHERE unit_id = 'U1'"
    )
    connection.execute("INSERT INTO parties.staff VALUES ('S4', 'U9', '另一行长', 'branch_manager')")
    write_person(connection, "S4", [Role.BRANCH_MANAGER], "U9", "S4")
    connection.execute("INSERT INTO early_warning.channel (name, configured) VALUES ('mail', true)")
    connection.execute(
        "INSERT INTO early_warning.delivery (channel, outbox_ids, state, attempts, not_before, title, body, created_at, problem) "
        "SELECT 'mail', array_agg(outbox_id), 'failed', 3, now(), '【红色预警】甲纺织有限公司', '', now(), 'refused' FROM early_warning.outbox"
    )
    connection.commit()

    def unsent(by: str) -> list[str]:
        told = warned.get("/api/v1/warnings/channels", headers={AS: by}).json()["unsent"]
        return [one["title"] for one in told]

    assert unsent("S1") == ["【红色预警】甲纺织有限公司"]
    assert unsent("S4") == []


def test_the_next_one_is_the_most_urgent_of_the_others(warned: httpx.Client) -> None:
    assert warned.get("/api/v1/warnings/next").json() == {"thread_id": THREAD, "left_count": 2}
    assert warned.get(f"/api/v1/warnings/next?after={THREAD}").json()["thread_id"] == QUIET_THREAD
    assert warned.get(f"/api/v1/warnings/next?after={QUIET_THREAD}&level=blue").json()["thread_id"] is None


def test_who_acts_must_be_of_the_bank(warned: httpx.Client) -> None:
    wanted = {"act": "assign", "to": "S2", "version": 2, "request_key": "operator-1"}
    stranger = httpx.post(f"{warned.base_url}/api/v1/warnings/{THREAD}/acts", json=wanted)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "signed_out")
    assert warned.post(f"/api/v1/warnings/{THREAD}/acts", json=wanted).status_code == 201


@pytest.mark.parametrize(
    "wanted",
    [
        {"act": "dispose", "disposition": "maybe"},
        {"act": "snooze", "until": "2025-03-03", "reason": "  "},
        {"act": "propose_lowering", "level": "green", "reason": "x"},
        {"act": "shout"},
        {"act": "wake", "extra": 1},
        {"act": "close", "reason": "a" * 1001},
    ],
)
def test_what_makes_no_sense_is_refused(client: httpx.Client, wanted: dict[str, Any]) -> None:
    assert act(client, 2, **wanted).status_code == 422


def events(client: httpx.Client, count: int, after: str = "", last: str = "") -> list[dict[str, Any]]:
    """The next events of the stream."""
    found: list[dict[str, Any]] = []
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream(
        "GET", f"/api/v1/warnings/stream?after={after}", headers=headers, timeout=20
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                event[name] = value
                continue
            if "data" in event:
                found.append({**json.loads(event["data"]), "id": event["id"]})
                if len(found) == count:
                    return found
            event = {}
    return found


def test_open_pages_are_told_and_told_again_what_they_missed(warned: httpx.Client, database_url: str) -> None:
    assert [one["thread_id"] for one in events(warned, 2, after="0")] == [THREAD, QUIET_THREAD]
    assert act(warned, 2, act="assign", to="S1").status_code == 201
    told = events(warned, 1, after="2")
    assert (told[0]["kind"], told[0]["version"], told[0]["loan_id"]) == ("changed", 3, LOAN)
    with psycopg.connect(database_url) as connection:
        take_rows(connection, [hit_row(), {**QUIET_HIT, "level": "yellow"}])
    # The browser names the last one that it saw, whatever the address says.
    again = events(warned, 2, after="99", last="2")
    assert [(one["kind"], one["level"]) for one in again] == [("changed", "red"), ("raised", "yellow")]
    assert again[1]["id"] == "4"


def test_the_flow_of_the_hit_can_be_shown(client: httpx.Client) -> None:
    nodes = client.get(f"/api/v1/warnings/{THREAD}").json()["flow_nodes"]
    shown = client.get(f"/api/v1/loans/{LOAN}/flow", params={"show": nodes}).json()
    assert set(nodes) <= {node["node_id"] for node in shown["nodes"]}


def test_an_open_stream_does_not_keep_the_server_from_stopping(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_warnings(connection)
    with application(database_url) as address:
        client = client_of(address)
        stream = client.send(client.build_request("GET", "/api/v1/warnings/stream?after=0"), stream=True)
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event")) == "event: warning"
        began = clock.monotonic_seconds()
    assert clock.monotonic_seconds() - began < 5
    assert not [line for line in lines if line.startswith("error")]  # it ends, and is not cut off
    client.close()


TWO_PAYMENTS = [transfer_id("入市"), transfer_id("往来")]


@pytest.mark.parametrize(
    ("told", "yuan", "chinese", "english"),
    [
        ({}, 300_000, "：涉及 30.00 万元，占贷款 30%。", ": CNY 300,000.00 involved, 30% of the loan."),
        (
            {"explanation": "seen", "explanation_chinese": "交易金额 20 万元"}, 300_000,
            "：交易金额 20 万元，涉及 30.00 万元，占贷款 30%。", ": seen, CNY 300,000.00 involved, 30% of the loan.",
        ),
        (
            {"explanation": "seen", "explanation_chinese": "交易金额 20 万元", "transaction_ids": TWO_PAYMENTS}, 300_000,
            "：交易金额 20 万元，其中最大金额 30.00 万元，占贷款 30%。",
            ": seen, the largest amount CNY 300,000.00, 30% of the loan.",
        ),
        ({"explanation": "seen", "explanation_chinese": "收款方在黑名单"}, 0, "：收款方在黑名单。", ": seen."),
        ({}, 0, "。", "."),
    ],
)  # fmt: skip
def test_the_story_of_a_rules_hit_is_a_whole_sentence(
    warned: httpx.Client,
    connection: type_of_connection,
    told: dict[str, Any],
    yuan: int,
    chinese: str,
    english: str,
) -> None:
    wordless = {"rule_version": "2", "explanation": "", "explanation_chinese": ""}
    hit = hit_row("HIT_ALL", yuan=yuan, use="cash") | wordless | told
    take_rows(connection, [hit], ("HIT_ALL", "FLOW_SECURITIES"))
    page = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert page["story_chinese"].endswith("疑似HIT_ALL（2025-03-06）" + chinese)
    assert page["story_english"].endswith("suspected HIT_ALL (2025-03-06)" + english)


def test_a_hit_told_in_other_words_is_no_news(warned: httpx.Client, connection: type_of_connection) -> None:
    """So hits of earlier software get their words without a judged warning coming back."""
    judged = act(warned, 2, act="dispose", disposition="false_alarm", reason="refund", text="三月已退回")
    assert judged.status_code == 201, judged.text
    before = warned.get(f"/api/v1/warnings/{THREAD}").json()
    words = {"explanation": "in other words", "explanation_chinese": "换一种说法"}
    taken = take_rows(connection, [hit_row() | words, QUIET_HIT])
    after = warned.get(f"/api/v1/warnings/{THREAD}").json()
    assert (taken.opened, taken.changed) == (0, 0)
    assert (after["row"], after["timeline"]) == (before["row"], before["timeline"])
    assert [hit["explanation_chinese"] for hit in after["hits"]] == ["换一种说法"]

"""The loan checks over HTTP: the queue, one check, acts, vouchers, and what became of the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from tests.http.bank import LOAN, QUIET_LOAN
from tests.http.checked import (
    CHECK,
    INSPECTOR,
    PDF_BYTES,
    honest_loan,
    write_checked_bank,
    write_honest_loans,
)
from tests.http.conftest import client_of
from tests.http.warned import THREAD
from tests.signing_in import AS, KEY, Client, write_person

from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.inspections.model import CheckKind
from loantrail.inspections.scheduling import check_id_of, schedule
from loantrail.parameters import shipped_parameters

pytestmark = pytest.mark.database

MANAGER, RISK = "S1", "S2"
HONEST_CHECK = check_id_of(honest_loan(0), CheckKind.FIRST)


@pytest.fixture
def checked(own_address: str, database_url: str) -> Iterator[Client]:
    """A client of the checked bank with one honest loan, signed in as its manager."""
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        write_honest_loans(connection, 1)
    with client_of(own_address) as opened:
        opened.headers[AS] = MANAGER
        yield opened


def act(
    client: httpx.Client, version: int, by: str = MANAGER, check: str = CHECK, **wanted: Any
) -> httpx.Response:
    body = {"version": version, "request_key": new_id(), **wanted}
    return client.post(f"/api/v1/checks/{check}/acts", json=body, headers={AS: quote(by)})


def laid_out(client: httpx.Client, check: str = CHECK, by: str = MANAGER) -> Any:
    answer = client.get(f"/api/v1/checks/{check}", headers={AS: by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bring(
    client: httpx.Client, content: bytes = PDF_BYTES, check: str = CHECK, **query: Any
) -> httpx.Response:
    asked = {"name": "发票.pdf", "paper": "invoice", "request_key": new_id(), "use": "supplier"} | query
    return client.post(
        f"/api/v1/checks/{check}/vouchers",
        params=asked,
        content=content,
        headers={"Content-Type": "application/octet-stream"},
    )


def judge_all(client: httpx.Client) -> int:
    """Every line of the suspicious loan; the version after it."""
    version = laid_out(client)["row"]["version"]
    for use, judgement, reason in (
        ("supplier", "genuine", ""),
        ("securities", "not_genuine", "转入关联方证券账户"),
        ("cash", "more_papers", "现金用途的收据"),
    ):
        done = act(client, version, act="judge", use=use, judgement=judgement, reason=reason)
        assert done.status_code == 201, done.text
        version = done.json()["version"]
    return version


def submitted(client: httpx.Client) -> int:
    version = judge_all(client)
    proposed = laid_out(client)["proposed"]
    done = act(client, version, act="submit", conclusion=proposed["conclusion"], text=proposed["chinese"])
    assert done.status_code == 201, done.text
    return int(done.json()["version"])


def listed(client: httpx.Client, query: str = "", by: str = MANAGER) -> list[str]:
    answer = client.get(f"/api/v1/checks?{query}", headers={AS: by})
    assert answer.status_code == 200, answer.text
    return [row["loan_id"] for row in answer.json()["items"]]


def test_a_loan_that_was_paid_out_gets_its_first_check(checked: httpx.Client) -> None:
    row = checked.get(f"/api/v1/loans/{LOAN}/checks").json()["items"][0]
    assert (row["check_id"], row["kind"], row["state"]) == (CHECK, "first", "open")
    assert (row["assignee"], row["reviewer"], row["reviewer_name"]) == (MANAGER, INSPECTOR, "贷后检查岗三")
    assert (row["paid_out_on"], row["regular_due_on"]) == ("2025-03-03", "2025-03-18")
    assert row["due_on"] > row["regular_due_on"]
    assert row["warning_level"] == "red"
    # No payment is in the books for this one.
    assert checked.get(f"/api/v1/loans/{QUIET_LOAN}/checks").json()["items"] == []


def test_the_queue_and_its_filters(checked: httpx.Client) -> None:
    assert listed(checked) == [honest_loan(0), LOAN] or listed(checked) == [LOAN, honest_loan(0)]
    assert listed(checked, "search=甲纺") == [LOAN]
    assert listed(checked, "state=review") == []
    assert listed(checked, "unit=U2") == []
    assert listed(checked, "owner=none") == []
    assert listed(checked, "overdue=true") == []
    assert len(listed(checked, "mine=true")) == 2
    assert listed(checked, "mine=true", by=INSPECTOR) == []
    answer = checked.get("/api/v1/checks").json()
    assert (answer["mine_count"], answer["overdue_count"]) == (2, 0)
    assert {one["value"]: one["count"] for one in answer["states"]} == {
        "open": 2, "review": 0, "closed": 0, "changed": 0, "taken_over": 0,
    }  # fmt: skip
    first, second = (row["check_id"] for row in answer["items"])
    assert checked.get("/api/v1/checks/next").json() == {"check_id": first, "left_count": 2}
    assert checked.get(f"/api/v1/checks/next?after={first}").json()["check_id"] == second


def test_one_check_is_laid_out_to_be_done(checked: httpx.Client) -> None:
    page = laid_out(checked)
    lines = {line["use"]: line for line in page["lines"]}
    assert list(lines) == ["supplier", "securities", "held_by_borrower", "cash"]
    supplier = lines["supplier"]
    # Below the amount that a contract is asked for from.
    assert [(one["paper"], one["amount_fen"]) for one in supplier["missing"]] == [("invoice", "45000000")]
    assert [(one["account"]["name"], one["amount_fen"]) for one in supplier["payees"]] == [
        ("丁棉业有限公司", "45000000")
    ]
    assert (lines["securities"]["restricted"], lines["securities"]["suspected"]) == (True, True)
    assert not lines["held_by_borrower"]["wants_judgement"]
    assert page["plain_count"] == 0
    assert page["warning"] == {"thread_id": THREAD, "level": "red", "disposition": None}
    assert page["proposed"]["conclusion"] == "undetermined"
    assert page["proposed"]["chinese"].startswith(
        "发放 100.00 万元；数据截至 2025-03-20，85% 已追踪到最终用途。"
    )
    assert page["may"] == {"work": True, "review": False, "assign": True, "why_no_review": ""}


def test_an_honest_loan_is_judged_at_once(checked: httpx.Client) -> None:
    page = laid_out(checked, HONEST_CHECK)
    assert page["plain_count"] == 2
    assert [line["missing"] for line in page["lines"]] == [[], [], [], []]
    done = act(checked, 1, check=HONEST_CHECK, act="judge_plain").json()
    done = act(
        checked,
        done["version"],
        check=HONEST_CHECK,
        act="judge",
        use="payment_institution",
        judgement="genuine",
    ).json()
    proposed = laid_out(checked, HONEST_CHECK)["proposed"]
    assert (proposed["conclusion"], proposed["open_uses"]) == ("as_agreed", [])
    done = act(
        checked,
        done["version"],
        check=HONEST_CHECK,
        act="submit",
        conclusion="as_agreed",
        text=proposed["chinese"],
    ).json()
    assert done["state"] == "submitted"
    assert listed(checked, "mine=true&state=review", by=INSPECTOR) == [honest_loan(0)]
    closed = act(checked, done["version"], INSPECTOR, HONEST_CHECK, act="close")
    assert closed.json()["state"] == "closed"
    row = laid_out(checked, HONEST_CHECK)["row"]
    assert (row["submitted_by_name"], row["reviewed_by_name"]) == ("客户经理一", "贷后检查岗三")
    with_ledger = [honest_loan(0)]
    assert listed(checked, "state=closed") == with_ledger


def test_the_ledger_of_checks_says_whether_it_was_in_time(checked: httpx.Client, database_url: str) -> None:
    version = submitted(checked)
    act(checked, version, INSPECTOR, act="close")
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT state, on_time, submitted_on <= due_on, conclusion, not_genuine_fen FROM published.loan_check "
            "WHERE loan_id = %s",
            (LOAN,),
        ).fetchone()
    assert row == ("closed", True, True, "partly_as_agreed", 30_000_000)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"act": "judge", "use": "securities", "judgement": "genuine"}, "voucher_or_reason"),
        ({"act": "judge", "use": "supplier", "judgement": "not_genuine"}, "reason_missing"),
        ({"act": "judge", "use": "held_by_borrower", "judgement": "genuine"}, "line_unknown"),
        ({"act": "judge_plain"}, "nothing_to_judge"),
        ({"act": "submit", "conclusion": "as_agreed", "text": "好"}, "not_all_judged"),
        ({"act": "assign", "to": "S1"}, "assigned_already"),
        ({"act": "assign", "to": "S999"}, "input"),
        ({"act": "ask_for", "reason": "要"}, "check_not_taken_over"),
        ({"act": "close"}, "check_not_submitted"),
        ({"act": "reopen", "reason": "再看"}, "check_not_closed"),
    ],
)
def test_what_cannot_be_done_now_is_named(checked: httpx.Client, wanted: dict[str, Any], code: str) -> None:
    answer = act(checked, 1, **wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["detail_chinese"]
    assert laid_out(checked)["row"]["version"] == 1


def test_two_who_act_at_once_are_told_what_it_is_now(checked: httpx.Client) -> None:
    judge = {"act": "judge", "use": "supplier", "judgement": "genuine"}
    assert act(checked, 1, **judge).status_code == 201
    late = act(checked, 1, RISK, **judge)
    assert (late.status_code, late.json()["code"]) == (409, "changed")
    assert late.json()["present"]["version"] == 2
    assert late.json()["present"]["state"] == "open"


def test_the_same_request_twice_is_one(checked: httpx.Client) -> None:
    wanted = {"act": "judge", "use": "supplier", "judgement": "genuine", "request_key": "key-00000001"}
    first, again = act(checked, 1, **wanted), act(checked, 1, **wanted)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["new"], again.json()["version"]) == (False, 2)
    other = act(checked, 2, **(wanted | {"judgement": "more_papers", "reason": "发票"}))
    assert (other.status_code, other.json()["fields"][0]["field"]) == (422, "request_key")


def test_who_submits_never_reviews(checked: httpx.Client, database_url: str) -> None:
    version = submitted(checked)
    for wanted in ({"act": "close"}, {"act": "return", "reason": "缺"}):
        own = act(checked, version, MANAGER, **wanted)
        assert (own.status_code, own.json()["code"]) == (422, "maker_is_checker")
    assert laid_out(checked)["may"]["why_no_review"] == "maker"
    # The database refuses it too, whatever the program does.
    with psycopg.connect(database_url) as connection:
        with pytest.raises(psycopg.errors.CheckViolation, match="never reviews"):
            connection.execute(
                "INSERT INTO inspections.check_event (check_id, version, kind, at, by, loan_id, unit_id) "
                "VALUES (%s, 99, 'closed', now(), %s, %s, 'U1')",
                (CHECK, MANAGER, LOAN),
            )
        connection.rollback()
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "UPDATE inspections.check SET state = 'closed', reviewed_by = submitted_by, closed_at = now() "
                "WHERE check_id = %s",
                (CHECK,),
            )
        connection.rollback()
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM inspections.check_event")


def test_a_returned_check_comes_back_to_who_did_it(checked: httpx.Client) -> None:
    version = submitted(checked)
    back = act(checked, version, INSPECTOR, act="return", reason="请补现金收据")
    assert back.json()["state"] == "open"
    page = laid_out(checked)
    assert (page["row"]["returned"], page["return_reason"]) == (True, "请补现金收据")
    assert [line["judged"]["judgement"] for line in page["lines"] if line["judged"]] == [
        "genuine", "not_genuine", "more_papers",
    ]  # fmt: skip


def test_a_suspicion_is_tied_to_the_warning_and_is_no_finding(
    checked: httpx.Client, database_url: str
) -> None:
    judge_all(checked)
    told = next(one for one in laid_out(checked)["timeline"] if one["data"].get("use") == "securities")
    assert told["data"]["thread_id"] == THREAD
    warning = checked.get(f"/api/v1/warnings/{THREAD}").json()
    assert (warning["row"]["disposition"], warning["finding"]) == (None, None)


def test_a_voucher_fills_what_is_missing(checked: httpx.Client) -> None:
    brought = bring(checked)
    assert brought.status_code == 201, brought.text
    page = laid_out(checked)
    supplier = page["lines"][0]
    assert supplier["missing"] == []
    assert supplier["voucher_ids"] == [brought.json()["voucher_id"]]
    assert [(one["name"], one["paper"], one["uploaded_by_name"]) for one in page["vouchers"]] == [
        ("发票.pdf", "invoice", "客户经理一")
    ]
    voucher = page["vouchers"][0]["voucher_id"]
    linked = checked.post(
        f"/api/v1/checks/{CHECK}/vouchers/{voucher}/lines",
        json={"use": "securities", "request_key": new_id()},
    )
    assert linked.status_code == 201
    genuine = act(checked, linked.json()["version"], act="judge", use="securities", judgement="genuine")
    assert genuine.status_code == 201
    gone = checked.post(
        f"/api/v1/checks/{CHECK}/vouchers/{voucher}/withdrawal",
        json={"reason": "传错了", "request_key": new_id()},
    )
    assert gone.status_code == 201
    page = laid_out(checked)
    assert page["lines"][0]["voucher_ids"] == []
    assert page["vouchers"][0]["withdrawn_reason"] == "传错了"


def test_a_voucher_of_another_loan_speaks_for_nothing_here(checked: httpx.Client) -> None:
    voucher = bring(checked).json()["voucher_id"]
    for what, body in (("lines", {"use": "tax"}), ("withdrawal", {"reason": "没有了"})):
        foreign = checked.post(
            f"/api/v1/checks/{HONEST_CHECK}/vouchers/{voucher}/{what}", json={**body, "request_key": new_id()}
        )
        assert (foreign.status_code, foreign.json()["code"]) == (422, "voucher_unknown")
    assert laid_out(checked)["vouchers"][0]["withdrawn_at"] is None
    assert laid_out(checked, HONEST_CHECK)["vouchers"] == []


def test_the_same_bytes_are_one_voucher(checked: httpx.Client) -> None:
    first = bring(checked)
    again = bring(checked, name="另一个名字.pdf", use="cash")
    assert again.json()["voucher_id"] == first.json()["voucher_id"]
    assert [one["use"] for one in laid_out(checked)["vouchers"][0]["lines"]] == ["supplier", "cash"]
    third = bring(checked)
    assert (third.status_code, third.json()["known"]) == (200, True)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"<html><script>alert(1)</script></html>", "发票.pdf", "input"),
        (b"", "发票.pdf", "input"),
        (PDF_BYTES + b"\n" * (21 << 20), "发票.pdf", "limit_exceeded"),
    ],
)
def test_a_file_is_judged_by_its_content(checked: httpx.Client, content: bytes, name: str, code: str) -> None:
    refused = bring(checked, content, name=name)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["detail_chinese"]
    assert laid_out(checked)["vouchers"] == []


def test_a_voucher_is_saved_and_never_shown(checked: httpx.Client) -> None:
    voucher = bring(checked, name="../../etc/../合同 \u202e<b>.html").json()["voucher_id"]
    answer = checked.get(f"/api/v1/vouchers/{voucher}/content")
    assert answer.content == PDF_BYTES
    assert answer.headers["content-type"] == "application/pdf"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment;")
    assert ".html" not in disposition and ".." not in disposition.replace("._", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_who_does_not_reach_the_loan_finds_nothing(checked: Client, database_url: str) -> None:
    voucher = bring(checked).json()["voucher_id"]
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO parties.organisation_unit VALUES ('U2', '别的支行', 'sub_branch', NULL)"
        )
        connection.execute(
            "INSERT INTO parties.staff VALUES ('S7', 'U2', '别处的检查岗', 'post_loan_inspector')"
        )
        write_person(connection, "S7", (Role.POST_LOAN_INSPECTOR, Role.BRANCH_MANAGER), "U2", "S7")
    other = {AS: "S7"}
    assert listed(checked, "state=all", by="S7") == []
    assert checked.get(f"/api/v1/checks/{CHECK}", headers=other).status_code == 404
    assert checked.get(f"/api/v1/loans/{LOAN}/checks", headers=other).status_code == 404
    assert checked.get(f"/api/v1/vouchers/{voucher}/content", headers=other).status_code == 404
    assert act(checked, 2, "S7", act="judge_plain").status_code == 404
    withdrawal = checked.post(
        f"/api/v1/checks/{CHECK}/vouchers/{voucher}/withdrawal",
        json={"reason": "没有了", "request_key": new_id()},
        headers=other,
    )
    assert withdrawal.status_code == 404
    assert laid_out(checked)["vouchers"][0]["withdrawn_at"] is None


def test_roles_decide_who_works_and_who_reviews(checked: Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "S1", (Role.RELATIONSHIP_MANAGER,), None, "S1")
        write_person(connection, INSPECTOR, (Role.POST_LOAN_INSPECTOR,), "U1", INSPECTOR)
        connection.execute("INSERT INTO parties.staff VALUES ('S8', 'U1', '行长', 'branch_manager')")
        write_person(connection, "S8", (Role.BRANCH_MANAGER,), "U1", "S8")
    version = submitted(checked)
    assert act(checked, version, MANAGER, act="close").status_code == 403
    assert act(checked, version, MANAGER, act="assign", to="S8").status_code == 403
    assert laid_out(checked)["may"]["why_no_review"] == "maker"
    assert laid_out(checked, by="S8")["may"]["review"]
    assert laid_out(checked, by=INSPECTOR)["may"] == {
        "work": False, "review": True, "assign": True, "why_no_review": "",
    }  # fmt: skip
    back = act(checked, version, "S8", act="return", reason="再查")
    assert back.status_code == 201
    assert act(checked, back.json()["version"], "S8", act="judge_plain").status_code == 403


def test_figures_that_became_others_are_told(checked: httpx.Client, database_url: str) -> None:
    version = submitted(checked)
    act(checked, version, INSPECTOR, act="close")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE tracing.statement SET amount_fen = amount_fen - 10000000 WHERE loan_id = %s AND use = 'supplier'",
            (LOAN,),
        )
        connection.execute(
            "UPDATE tracing.statement SET amount_fen = amount_fen + 10000000 WHERE loan_id = %s AND use = 'securities'",
            (LOAN,),
        )
        assert schedule(connection, shipped_parameters()).changed == 1
        assert schedule(connection, shipped_parameters()).changed == 0
    page = laid_out(checked)
    assert page["row"]["figures_changed"] == "revised"
    assert [(one["use"], one["amount_fen"]) for one in page["differences"]] == [
        ("securities", "10000000"),
        ("supplier", "-10000000"),
    ]
    assert listed(checked, "state=changed") == [LOAN]
    reopened = act(checked, page["row"]["version"], INSPECTOR, act="reopen", reason="证券增加")
    assert reopened.json()["state"] == "open"


def test_money_that_was_used_since_is_no_revision(checked: httpx.Client, database_url: str) -> None:
    version = submitted(checked)
    act(checked, version, INSPECTOR, act="close")
    with psycopg.connect(database_url) as connection:
        for use, fen in (("held_by_borrower", -5_000_000), ("supplier", 5_000_000)):
            connection.execute(
                "UPDATE tracing.statement SET amount_fen = amount_fen + %s WHERE loan_id = %s AND use = %s",
                (fen, LOAN, use),
            )
        schedule(connection, shipped_parameters())
    assert laid_out(checked)["row"]["figures_changed"] == "moved_on"
    assert listed(checked, "state=changed") == []


def test_an_old_loan_is_taken_over_until_somebody_asks(own_address: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
        connection.execute("DELETE FROM inspections.check_event WHERE false")
        connection.execute(
            "UPDATE ledger.disbursement SET booked_at = '2024-01-05', loan_id = %s WHERE loan_id = %s",
            (QUIET_LOAN, LOAN),
        )
        done = schedule(connection, shipped_parameters())
        assert (done.made, done.taken_over) == (0, 1)
    check = check_id_of(QUIET_LOAN, CheckKind.FIRST)
    with client_of(own_address) as client:
        assert listed(client, "state=taken_over") == [QUIET_LOAN]
        assert listed(client) == [LOAN]
        asked = act(client, 1, MANAGER, check, act="ask_for", reason="监管抽查")
        assert (asked.status_code, asked.json()["state"]) == (201, "open")
        assert asked.json()["due_on"]


def test_an_unknown_check_is_not_found(checked: httpx.Client) -> None:
    unknown = "0" * 32
    assert checked.get(f"/api/v1/checks/{unknown}").status_code == 404
    assert act(checked, 1, check=unknown, act="judge_plain").status_code == 404
    assert bring(checked, check=unknown).status_code == 404
    assert checked.get(f"/api/v1/vouchers/{unknown}/content").status_code == 404
    assert checked.get("/api/v1/checks/abc").status_code == 404


def test_everything_that_happened_stands_in_one_list(checked: httpx.Client, database_url: str) -> None:
    submitted(checked)
    bring_again = bring(checked)
    assert bring_again.status_code == 422  # submitted: it waits for its review
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, interest_fen, unit_id) "
            "VALUES ('HK1', %s, '2025-03-21 02:00Z', 100000, 2000, 'U1')",
            (LOAN,),
        )
        connection.execute(
            "INSERT INTO destinations.correction (correction_id, request_key, scope, account, destination_class, reason, "
            "made_by, made_at) VALUES (%s, 'k-correction', 'account', '6204', 'securities', '营业执照', 'S2', now())",
            (new_id(),),
        )
    answer = checked.get(f"/api/v1/loans/{LOAN}/history").json()
    told = [(one["kind"], one["what"], one["by_name"]) for one in answer["items"]]
    assert told[0] == ("correction", "class_corrected", "风险经理二")
    assert ("check", "submitted", "客户经理一") in told
    assert ("check", "created", "") in told
    assert ("warning", "opened", "") in told
    assert told[-2:] == [("money", "repaid", ""), ("money", "disbursed", "")]
    # What was found in order stands in the submission.
    assert [one["data"]["use"] for one in answer["items"] if one["what"] == "judged"] == [
        "cash",
        "securities",
    ]
    money = checked.get(f"/api/v1/loans/{LOAN}/history?kind=money").json()
    assert [(one["amount_fen"], one["what"]) for one in money["items"]] == [
        ("102000", "repaid"),
        ("100000000", "disbursed"),
    ]
    assert {one["kind"]: one["count"] for one in money["kinds"]} == {
        one["kind"]: one["count"] for one in answer["kinds"]
    }


def test_who_may_not_read_warnings_finds_none_in_the_list(checked: Client) -> None:
    def kinds(**headers: str) -> set[str]:
        answer = checked.get(f"/api/v1/loans/{LOAN}/history", headers=headers)
        return {one["kind"] for one in answer.json()["kinds"]}

    assert "warning" in kinds()
    # The key of a system reads loans and no warnings.
    assert kinds(Authorization=f"Bearer {KEY}") == {"money", "check"}


def test_the_classes_that_the_books_told(checked: httpx.Client, database_url: str) -> None:
    classification = checked.get(f"/api/v1/loans/{LOAN}/classification").json()
    assert (classification["five_class"], classification["change_count"]) == ("normal", 0)
    assert classification["periods"] == [
        {"five_class": "normal", "state": "outstanding", "told_from": None, "told_until": None}
    ]
    with psycopg.connect(database_url) as connection:
        for before, since, until in (
            ("normal", None, "2025-03-10"),
            ("normal", "2025-03-10", "2025-03-12"),
            ("special_mention", "2025-03-12", "2025-03-14"),
        ):
            connection.execute(
                "INSERT INTO ledger.record_version (record_type, record_key, content, recorded_at, superseded_at, reason, "
                "unit_id) VALUES ('loan_note', jsonb_build_array(%s::text)::text, jsonb_build_object('five_class', "
                "%s::text, 'state', 'outstanding'), %s, %s, 'changed', 'U1')",
                (LOAN, before, since, until),
            )
        connection.execute(
            "UPDATE ledger.loan_note SET five_class = 'substandard' WHERE loan_id = %s", (LOAN,)
        )
    told = checked.get(f"/api/v1/loans/{LOAN}/classification").json()
    assert [
        (one["five_class"], (one["told_from"] or "")[:10], (one["told_until"] or "")[:10])
        for one in told["periods"]
    ] == [
        ("substandard", "2025-03-14", ""),
        ("special_mention", "2025-03-12", "2025-03-14"),
        ("normal", "", "2025-03-12"),
    ]
    changes = checked.get(f"/api/v1/loans/{LOAN}/history?kind=classification").json()["items"]
    assert [(one["data"]["before"], one["data"]["to"]) for one in changes] == [
        ("special_mention", "substandard"),
        ("normal", "special_mention"),
    ]


def test_the_documents_of_a_loan(checked: httpx.Client) -> None:
    voucher = bring(checked).json()["voucher_id"]
    documents = checked.get(f"/api/v1/loans/{LOAN}/documents").json()
    assert [one["voucher_id"] for one in documents["vouchers"]] == [voucher]
    assert documents["sheets"] == []
    contract = checked.get(f"/api/v1/loans/{LOAN}").json()["facts"]["contract_id"]
    assert [one["number"] for one in documents["papers"] if one["kind"] == "loan_contract"] == [contract]
    assert checked.get("/api/v1/loans/JJ0/documents").status_code == 404
    assert checked.get("/api/v1/loans/JJ0/history").status_code == 404
    assert checked.get("/api/v1/loans/JJ0/classification").status_code == 404


def test_every_act_stays_on_record(checked: httpx.Client, database_url: str) -> None:
    version = submitted(checked)
    bring_late = bring(checked)
    assert bring_late.status_code == 422
    act(checked, version, INSPECTOR, act="return", reason="补发票")
    bring(checked)
    with psycopg.connect(database_url) as connection:
        kept = connection.execute(
            "SELECT person, action, content::jsonb ->> 'why', content::jsonb -> 'after' ->> 'state' FROM audit.entry "
            "WHERE object_kind = 'check' AND object_id = %s AND action LIKE 'check.%%' ORDER BY entry_no",
            (CHECK,),
        ).fetchall()
    assert kept == [
        (MANAGER, "check.judge", "", "open"),
        (MANAGER, "check.judge", "转入关联方证券账户", "open"),
        (MANAGER, "check.judge", "现金用途的收据", "open"),
        (MANAGER, "check.submit", "", "submitted"),
        (INSPECTOR, "check.return", "补发票", "open"),
        (MANAGER, "check.bring_voucher", "", "open"),
    ]


def test_a_payee_beyond_the_first_is_masked_and_can_still_be_given_a_voucher(
    checked: Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "S1", (Role.RELATIONSHIP_MANAGER,), None, "S1")
    line = next(one for one in laid_out(checked)["lines"] if one["use"] == "securities")
    payee = line["payees"][0]
    assert (payee["account"]["account"] != "6204", payee["account"]["name"].startswith("己证券股份")) == (
        True,
        False,
    )
    brought = bring(checked, use="securities", payee=payee["payee_id"], paper="bank_statement")
    assert brought.status_code == 201, brought.text
    for wrong in (
        {"use": "supplier", "payee": payee["payee_id"]},
        {"use": "tax"},
        {"use": "held_by_borrower"},
    ):
        assert bring(checked, **wrong).json()["code"] == "line_unknown"
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT use, payee_account FROM inspections.voucher_line").fetchall()
    assert kept == [("securities", "6204")]


def test_a_manager_sees_the_classes_of_their_own_loan(checked: Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        write_person(connection, "S1", (Role.RELATIONSHIP_MANAGER,), None, "S1")
        connection.execute(
            "INSERT INTO ledger.record_version (record_type, record_key, content, superseded_at, reason, unit_id) VALUES "
            "('loan_note', jsonb_build_array(%s::text)::text, '{\"five_class\": \"special_mention\"}', '2025-03-14', "
            "'changed', 'U1')",
            (LOAN,),
        )
    told = checked.get(f"/api/v1/loans/{LOAN}/classification").json()
    assert [one["five_class"] for one in told["periods"]] == ["normal", "special_mention"]

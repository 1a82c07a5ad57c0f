"""Mending pairings and correcting classes over the interface: what depended on them is traced again."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, MOVEMENTS, RELATED, SUPPLIER, transfer_id, write_books, write_trace

from loantrail.clock import monotonic_seconds, sleep
from loantrail.http.security import JSON
from loantrail.postgres.connection import configure, type_of_connection
from loantrail.tracing import database as tracing
from loantrail.tracing import store_evaluation

pytestmark = pytest.mark.database
PATIENCE_SECONDS = 90.0


@pytest.fixture
def bank(database_url: str) -> None:
    """The traced bank in this test's own database."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)


def _correction(subject: str, name: str, key: str = "key-00000001", **more: str) -> dict[str, str]:
    scope = "account" if len(subject) < 32 else "transaction"
    named = {"account": subject} if scope == "account" else {"transfer_id": subject}
    return {
        "scope": scope,
        **named,
        "destination_class": name,
        "reason": "查过凭证",
        "request_key": key,
    } | more


def _post(client: httpx.Client, path: str, body: dict[str, Any], expected: int = 200) -> dict[str, Any]:
    answer = client.post(f"/api/v1{path}", json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def _settled(client: httpx.Client) -> dict[str, Any]:
    """The state once nothing is under way."""
    limit = monotonic_seconds() + PATIENCE_SECONDS
    while True:
        state = client.get("/api/v1/evaluation").json()
        if state["state"] not in ("running", "queued"):
            return state
        assert monotonic_seconds() < limit, state
        sleep(0.1)


def _transaction(client: httpx.Client, name: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/transactions/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """No trace is made: how often one was asked for."""
    asked: list[int] = []

    def trace_books(connection: type_of_connection, on_traced: object = None) -> Any:
        del connection, on_traced
        asked.append(1)
        raise ValueError("the disk is full")

    monkeypatch.setattr(tracing, "trace_books", trace_books)
    return asked


@pytest.mark.heavy
@pytest.mark.usefixtures("bank")
def test_a_corrected_class_changes_the_statement(own_client: httpx.Client) -> None:
    before = own_client.get("/api/v1/evaluation").json()["run_id"]
    made = _post(own_client, "/corrections", _correction(transfer_id("取现"), "gambling"), 201)
    assert (made["new"], made["change"]) == (True, 1)
    after = _settled(own_client)
    assert (after["state"], after["evaluated"]) == ("idle", 1), after
    assert after["run_id"] != before
    uses = [line["use"] for line in own_client.get(f"/api/v1/loans/{LOAN}").json()["statement"]]
    assert "gambling" in uses
    judged = _transaction(own_client, transfer_id("取现"))["judgement"]
    assert judged == {
        "destination_class": "gambling",
        "basis": "correction",
        "confidence_permille": 1000,
        "evidence": "查过凭证",
    }
    _post(own_client, f"/corrections/{made['correction']['correction_id']}/withdrawal", {"reason": "误判"})
    assert _settled(own_client)["evaluated"] == 2
    uses = [line["use"] for line in own_client.get(f"/api/v1/loans/{LOAN}").json()["statement"]]
    assert "gambling" not in uses


@pytest.mark.usefixtures("bank", "still")
def test_a_mended_pairing_names_what_took_its_place(own_client: httpx.Client) -> None:
    old = transfer_id("往来")
    debit = _transaction(own_client, old)["debit"]["line_id"]
    credit = _transaction(own_client, old)["credit"]["line_id"]
    mended = _post(own_client, f"/transactions/{old}/separation", {"line": debit, "reason": "不是同一笔"})
    assert (mended["transfer_id"], mended["superseded"]) == (debit, 1)
    page = _transaction(own_client, old)
    assert (page["current"], set(page["successors"])) == (False, {debit, credit})
    assert (page["history"][-1]["state"], page["history"][-1]["superseded_reason"]) == (
        "superseded",
        "不是同一笔",
    )
    alone = _transaction(own_client, debit)
    assert (alone["pairing"], alone["current"]) == ("apart", True)
    assert [one["line"]["line_id"] for one in alone["candidates"]] == [credit]
    assert alone["candidates"][0]["reasons"][:2] == ["same_reference", "names_each_other"]
    late = own_client.post(f"/api/v1/transactions/{old}/separation", json={"line": credit, "reason": "晚了"})
    assert (late.status_code, late.json()["code"]) == (409, "superseded")
    assert set(late.json()["successors"]) == {debit, credit}
    body = {"debit_line": debit, "credit_line": credit, "reason": "凭证证明是同一笔"}
    again = _post(own_client, f"/transactions/{debit}/pairing", body)
    paired = _transaction(own_client, again["transfer_id"])
    assert (paired["pairing"], paired["history"][0]["changed_by"]) == ("manual", "operator")
    assert _post(own_client, f"/transactions/{again['transfer_id']}/pairing", body)["new"] is False


@pytest.mark.usefixtures("bank", "still")
def test_lines_that_cannot_be_one_transfer_are_refused(own_client: httpx.Client) -> None:
    goods, other = (
        _transaction(own_client, transfer_id("货款")),
        _transaction(own_client, transfer_id("往来")),
    )
    path = f"/api/v1/transactions/{goods['transfer_id']}"
    for body in (
        {"debit_line": goods["debit"]["line_id"], "credit_line": other["credit"]["line_id"]},
        {"debit_line": goods["credit"]["line_id"], "credit_line": goods["debit"]["line_id"]},
        {"debit_line": goods["debit"]["line_id"], "credit_line": "0" * 32},
    ):
        answer = own_client.post(f"{path}/pairing", json={**body, "reason": "试"})
        assert (answer.status_code, answer.json()["code"]) == (422, "input"), answer.text
    foreign = own_client.post(f"{path}/separation", json={"line": other["debit"]["line_id"], "reason": "试"})
    assert foreign.status_code == 404
    blank = own_client.post(f"{path}/separation", json={"line": goods["debit"]["line_id"], "reason": "  "})
    assert blank.status_code == 422
    assert own_client.get("/api/v1/evaluation").json()["requested"] == 0


@pytest.mark.usefixtures("bank")
def test_a_failure_is_kept_shown_and_tried_again_on_request(
    own_client: httpx.Client, still: list[int]
) -> None:
    _post(own_client, "/corrections", _correction(SUPPLIER, "lender"), 201)
    failed = _settled(own_client)
    assert failed["state"] == "failed"
    assert (
        failed["problem"] == "the server met an error that it did not foresee (ValueError: the disk is full)"
    )
    assert failed["problem_chinese"] == "服务遇到未预料的错误（ValueError：the disk is full）"
    assert failed["remedy_chinese"] == "请重试；如果仍然如此，请把服务日志交给维护人员"
    assert failed["run_id"] == "run-1"
    tried = len(still)
    _post(own_client, "/evaluation", {}, 202)
    _settled(own_client)
    assert len(still) == tried + 1
    assert own_client.get("/api/v1/evaluation").json()["state"] == "failed"


@pytest.mark.usefixtures("bank")
def test_what_a_stopped_process_left_undone_is_taken_up(
    own_client: httpx.Client, database_url: str, still: list[int]
) -> None:
    with psycopg.connect(database_url) as connection:
        configure(connection)
        store_evaluation.request(connection)
        store_evaluation.begin(connection)
    assert _settled(own_client)["state"] == "failed"
    assert len(still) == 1


@pytest.mark.usefixtures("bank")
def test_only_one_process_traces_at_a_time(
    own_client: httpx.Client, database_url: str, still: list[int]
) -> None:
    with psycopg.connect(database_url) as other:
        configure(other)
        assert store_evaluation.lock(other)
        for number, account in enumerate((SUPPLIER, RELATED, BROKER)):
            _post(own_client, "/corrections", _correction(account, "cash", f"key-{number:08}"), 201)
        assert own_client.get("/api/v1/evaluation").json()["state"] == "running"
        assert not still
        store_evaluation.unlock(other)
        other.commit()
        # All three changes are one trace.
        assert _settled(own_client)["state"] == "failed"
        assert len(still) == 1


@pytest.mark.usefixtures("bank", "still")
def test_the_same_request_twice_changes_nothing_the_second_time(own_client: httpx.Client) -> None:
    body = _correction(SUPPLIER, "lender")
    first = _post(own_client, "/corrections", body, 201)
    second = _post(own_client, "/corrections", body, 200)
    assert second == {**first, "new": False, "change": None}
    found = own_client.get(f"/api/v1/accounts/{SUPPLIER}").json()["corrections"]
    assert [row["correction_id"] for row in found] == [first["correction"]["correction_id"]]


@pytest.mark.parametrize(
    "change",
    [
        {"extra": "1"},
        {"reason": ""},
        {"reason": "a\u0000b"},
        {"request_key": "short"},
        {"destination_class": "own_account"},
        {"transfer_id": transfer_id(MOVEMENTS[0].name)},
        {"scope": "everything"},
    ],
)
def test_a_correction_that_says_too_much_or_too_little_is_refused(
    client: httpx.Client, change: dict[str, str]
) -> None:
    answer = client.post("/api/v1/corrections", json=_correction(SUPPLIER, "lender") | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_refused")


@pytest.mark.usefixtures("bank", "still")
def test_an_account_that_became_another_says_which(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO ledger.account (account, account_number, sub_account) VALUES ('6299-001', '6299', '001')"
        )
    answer = own_client.get("/api/v1/accounts/6299")
    assert (answer.status_code, answer.json()["successors"]) == (404, ["6299-001"])
    assert own_client.get("/api/v1/accounts/6298").json()["successors"] == []


@pytest.mark.usefixtures("bank")
def test_accounts_are_ordered_by_amount_not_by_its_digits(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO tracing.position VALUES ('run-1', %s, %s, 'cash', 900, 'U1')", (LOAN, RELATED)
        )
    found = own_client.get("/api/v1/accounts", params={"loan_money": "now"}).json()["items"]
    assert [row["loan_fen"] for row in found] == ["45000000", "30000000", "15000000", "900"]


# Who may write ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": f"{JSON}; charset=utf-8"}, 422),
        ({"Origin": "self", "Sec-Fetch-Site": "same-origin"}, 422),
    ],
)
def test_a_write_from_another_site_or_in_another_form_is_refused(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    own = str(client.base_url).rstrip("/")
    sent = {"Content-Type": JSON} | {
        name: own if value == "self" else value for name, value in headers.items()
    }
    answer = client.post("/api/v1/corrections", content=b"{}", headers=sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/accounts", headers={"Origin": "http://elsewhere.example"}).status_code == 200

"""What one person proposes, a second one decides."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from tests.decided import decide_parameter
from tests.http.bank import BORROWER, LOAN, transfer_id, write_books, write_trace
from tests.http.conftest import application, client_of
from tests.signing_in import AS

from loantrail.ids import new_id

pytestmark = pytest.mark.database

MAKER, CHECKER = "S1", "S2"


@pytest.fixture
def bank(database_url: str, _own_home: None) -> Iterator[httpx.Client]:
    """A bank whose limit is reached: one payment of loan money of two million yuan."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
        connection.execute(
            "UPDATE tracing.hop SET amount_fen = 200000000 WHERE transfer_id = %s", (transfer_id("取现"),)
        )
    with application(database_url) as address, client_of(address) as client:
        yield client


def corrected(bank: httpx.Client, by: str = MAKER, **other: str) -> httpx.Response:
    wanted = {
        "scope": "transaction",
        "transfer_id": transfer_id("取现"),
        "destination_class": "supplier",
        "reason": "有合同",
        "request_key": new_id(),
    }
    return bank.post("/api/v1/corrections", json=wanted | other, headers={AS: by})


def waiting(bank: httpx.Client, by: str = CHECKER) -> dict[str, Any]:
    answer = bank.get("/api/v1/approvals", headers={AS: by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(bank: httpx.Client, request: str, approve: bool, by: str = CHECKER) -> httpx.Response:
    read = bank.get(f"/api/v1/approvals/{request}", headers={AS: by}).json()
    body = {"approve": approve, "reason": "已核对", "content_hash": read["content_hash"]}
    return bank.post(f"/api/v1/approvals/{request}/decision", json=body, headers={AS: by})


def test_a_correction_of_much_loan_money_waits_for_a_second_person(bank: httpx.Client) -> None:
    asked = corrected(bank)
    assert asked.status_code == 202, asked.text
    request = asked.json()["proposal"]
    assert bank.get("/api/v1/corrections").json() == []
    [item] = waiting(bank)["items"]
    assert (item["key"], item["kind"], item["maker"], item["is_own"]) == (
        request,
        "class_correction",
        MAKER,
        False,
    )

    own = decide(bank, request, approve=True, by=MAKER)
    assert (own.status_code, own.json()["code"]) == (409, "maker_is_checker")
    done = decide(bank, request, approve=True)

    assert done.status_code == 200, done.text
    assert done.json()["request"]["state"] == "approved"
    [made] = bank.get("/api/v1/corrections").json()
    assert (made["made_by"], made["destination_class"]) == (MAKER, "supplier")
    assert waiting(bank)["total_count"] == 0
    again = decide(bank, request, approve=False)
    assert (again.status_code, again.json()["code"]) == (409, "decided")


def test_a_refused_proposal_changes_nothing_and_is_told_with_its_reason(bank: httpx.Client) -> None:
    request = corrected(bank).json()["proposal"]
    assert decide(bank, request, approve=False).json()["request"]["state"] == "refused"
    [mine] = bank.get("/api/v1/approvals/mine", headers={AS: MAKER}).json()["items"]
    assert (mine["state"], mine["checker"], mine["decision_reason"]) == ("refused", CHECKER, "已核对")
    assert bank.get("/api/v1/corrections").json() == []


def test_the_same_request_is_one_proposal_and_its_maker_can_take_it_back(bank: httpx.Client) -> None:
    key = new_id()
    first, second = corrected(bank, request_key=key), corrected(bank, request_key=key)
    assert (first.json()["proposal"], second.json()["new"]) == (second.json()["proposal"], False)
    address = f"/api/v1/approvals/{first.json()['proposal']}/withdrawal"
    assert bank.post(address, json={"reason": "错了"}, headers={AS: CHECKER}).status_code == 409
    back = bank.post(address, json={"reason": "错了"}, headers={AS: MAKER})
    assert back.json()["state"] == "withdrawn"


def test_two_people_at_once_decide_once(bank: httpx.Client) -> None:
    request = corrected(bank).json()["proposal"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: decide(bank, request, number % 2 == 0).status_code, range(4)))
    assert sorted(answers) == [200, 409, 409, 409]


def test_maker_is_never_checker_in_the_database_either(bank: httpx.Client, database_url: str) -> None:
    request = corrected(bank).json()["proposal"]
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE approvals.request SET state = 'approved', checker = maker, decided_at = now() WHERE request_id = %s",
            (request,),
        )


def test_what_is_approved_is_what_was_read(bank: httpx.Client) -> None:
    request = corrected(bank).json()["proposal"]
    body = {"approve": True, "reason": "已核对", "content_hash": "f" * 64}
    wrong = bank.post(f"/api/v1/approvals/{request}/decision", json=body, headers={AS: CHECKER})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "content_changed")
    assert waiting(bank)["total_count"] == 1


def test_a_proposal_is_never_changed(bank: httpx.Client, database_url: str) -> None:
    request = corrected(bank).json()["proposal"]
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(
            'UPDATE approvals.request SET content = content || \'{"destination_class": "tax"}\' WHERE request_id = %s',
            (request,),
        )


def test_proposals_and_decisions_are_on_record(bank: httpx.Client, database_url: str) -> None:
    request = corrected(bank).json()["proposal"]
    decide(bank, request, approve=True)
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT content::jsonb ->> 'action', content::jsonb ->> 'person' FROM audit.entry ORDER BY entry_no"
        ).fetchall()
    acts = [row for row in found if row[0].startswith("approval.")]
    assert acts == [("approval.proposed", MAKER), ("approval.approved", CHECKER)]


def test_a_large_file_is_handed_out_after_a_second_person_approved(
    bank: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        decide_parameter(connection, "export_approval_rows", 0)
    path = "/api/v1/loans.xlsx"
    refused = bank.get(f"{path}?state=outstanding&language=zh", headers={AS: MAKER})
    assert (refused.status_code, refused.json()["code"]) == (403, "export_to_approve")
    asked = bank.post(
        "/api/v1/export-requests",
        json={"path": path, "query": "state=outstanding", "reason": "季度汇总", "request_key": new_id()},
        headers={AS: MAKER},
    )
    assert asked.status_code == 202, asked.text
    assert decide(bank, asked.json()["request_id"], approve=True).status_code == 200
    assert bank.get(f"{path}?language=en&state=outstanding", headers={AS: MAKER}).status_code == 200
    other = bank.get(path, headers={AS: MAKER})
    assert other.status_code == 403, "what was approved is this file"
    assert bank.get(f"{path}?state=outstanding", headers={AS: CHECKER}).status_code == 403


def test_the_lines_of_an_account_are_handed_out_after_approval_and_asked_for_within_reach(
    bank: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        decide_parameter(connection, "export_approval_rows", 0)
    path = f"/api/v1/accounts/{BORROWER}/lines.xlsx"

    def ask(address: str) -> httpx.Response:
        wanted = {
            "path": address,
            "query": "direction=debit",
            "reason": "借款人要求",
            "request_key": new_id(),
        }
        return bank.post("/api/v1/export-requests", json=wanted, headers={AS: MAKER})

    assert bank.get(f"{path}?direction=debit", headers={AS: MAKER}).status_code == 403
    asked = ask(path)
    assert asked.status_code == 202, asked.text
    assert decide(bank, asked.json()["request_id"], approve=True).status_code == 200
    assert bank.get(f"{path}?direction=debit", headers={AS: MAKER}).status_code == 200
    assert bank.get(path, headers={AS: MAKER}).status_code == 403
    assert ask("/api/v1/accounts/nobody/lines.xlsx").status_code == 404


def test_a_table_of_a_loan_is_handed_out_after_approval_and_asked_for_within_reach(
    bank: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        decide_parameter(connection, "export_approval_rows", 0)
    path = f"/api/v1/loans/{LOAN}/history.xlsx"

    def ask(address: str) -> httpx.Response:
        wanted = {"path": address, "query": "", "reason": "检查需要", "request_key": new_id()}
        return bank.post("/api/v1/export-requests", json=wanted, headers={AS: MAKER})

    assert bank.get(path, headers={AS: MAKER}).json()["code"] == "export_to_approve"
    asked = ask(path)
    assert asked.status_code == 202, asked.text
    assert decide(bank, asked.json()["request_id"], approve=True).status_code == 200
    assert bank.get(path, headers={AS: MAKER}).status_code == 200
    assert bank.get(f"{path}?kind=money", headers={AS: MAKER}).status_code == 403, "another file"
    assert ask("/api/v1/loans/NONE/history.xlsx").status_code == 404
    assert ask("/api/v1/customers/NONE/contacts.xlsx").status_code == 404

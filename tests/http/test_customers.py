"""The customers over HTTP: the list, one customer, relations, cash flow, papers, what comes from outside, the contact log."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BORROWER, LOAN, QUIET_LOAN, UNTRACED_LOAN, moment, write_books, write_trace
from tests.http.related import (
    AUDITOR,
    ELSEWHERE,
    FAR,
    HOLDING,
    IDENTITY,
    MANAGER,
    NEAR,
    OTHER_BRANCH,
    OWNER,
    PHONE,
    write_related,
    write_related_persons,
)
from tests.http.warned import THREAD, write_warnings
from tests.signing_in import AS

from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


@pytest.fixture
def bank(own_client: httpx.Client, connection: type_of_connection) -> Iterator[httpx.Client]:
    write_books(connection)
    write_trace(connection)
    write_warnings(connection)
    write_related(connection)
    write_related_persons(connection)
    connection.commit()
    yield own_client


def read(bank: httpx.Client, path: str, person: str | None = None, **query: Any) -> Any:
    answer = bank.get(f"/api/v1{path}", params=query, headers={AS: person} if person else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(bank: httpx.Client, person: str | None = None, **query: Any) -> list[str]:
    return [row["party_id"] for row in read(bank, "/customers", person, **query)["items"]]


# The list --------------------------------------------------------------------------------------------------------


def test_customers_are_found_by_name_pinyin_initials_number_and_credit_code(related: httpx.Client) -> None:
    for search in ("甲纺织", "jiafangzhi", "jfz", "fz", "P1 纺织", "91330100ma2", "ｊｆｚ"):
        assert "P1" in listed(related, search=search), search
    assert listed(related, search="甲纺织 丁") == []


def test_a_person_is_found_by_the_whole_identity_number_alone(related: httpx.Client) -> None:
    assert listed(related, search=IDENTITY) == ["P5"]
    assert listed(related, search=IDENTITY[:-1]) == []
    assert listed(related, search="330102") == []


def test_the_list_is_narrowed_ordered_and_summed(related: httpx.Client) -> None:
    assert listed(related, borrowing="now") == ["P1", "P5"]
    assert listed(related, borrowing="never", kind="individual") == [OWNER]
    assert listed(related, level="red") == ["P1"]
    assert listed(related, level=["blue", "yellow"]) == ["P5"]
    assert listed(related, five_class="normal") == ["P1", "P5"]
    assert listed(related, five_class="loss") == []
    assert listed(related, industry="17") == ["P1"]
    assert listed(related, unit=OTHER_BRANCH) == [ELSEWHERE]
    assert listed(related, sort="name", direction="ascending", kind="company")[:2] == ["P2", HOLDING]
    # 戊's contract ran out ten days before the data date: it limits nothing any more.
    assert listed(related, sort="limit")[:3] == ["P1", "P5", OWNER]
    whole = read(related, "/customers", limit=1, offset=1)
    assert (whole["total_count"], whole["borrower_count"]) == (8, 2)
    assert whole["totals"] == [
        {
            "currency": "CNY",
            "minor_digits": 2,
            "customer_count": 2,
            "limit_fen": "138000000",
            "balance_fen": "138000000",
            "overdue_balance_fen": "0",
        }
    ]


def test_a_row_says_what_the_customer_owes_and_how_it_stands(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "UPDATE ledger.loan_note SET state = 'overdue', five_class = 'doubtful' WHERE loan_id = %s",
        (UNTRACED_LOAN,),
    )
    connection.commit()
    row = read(bank, "/customers", search="甲纺织")["items"][0]
    assert (row["loan_count"], row["open_count"], row["worst_class"], row["level"]) == (
        2,
        2,
        "doubtful",
        "red",
    )
    assert row["industry"] == {"code": "1711", "chinese": "纺织业", "english": row["industry"]["english"]}
    assert [(one["balance_fen"], one["overdue_balance_fen"]) for one in row["sums"]] == [
        ("108000000", "8000000")
    ]
    assert listed(bank, five_class="doubtful") == ["P1"]


def test_what_lies_behind_the_last_row_still_tells_how_many_there_are(related: httpx.Client) -> None:
    behind = read(related, "/customers", offset=1000)
    assert (behind["items"], behind["total_count"]) == ([], 8)


def test_choices_are_what_occurs(related: httpx.Client) -> None:
    choices = read(related, "/customer-choices")
    assert choices["customer_count"] == 8
    assert {one["value"]: one["customer_count"] for one in choices["kinds"]} == {
        "company": 6,
        "individual": 2,
    }
    assert [(one["value"], one["chinese"]) for one in choices["industries"]] == [("17", "纺织业")]
    assert {one["value"]: one["customer_count"] for one in choices["units"]} == {"U1": 7, "U2": 1}


# One customer ----------------------------------------------------------------------------------------------------


def test_a_customers_page_masks_personal_numbers_and_shows_public_ones(related: httpx.Client) -> None:
    person = read(related, "/customers/P5")["facts"]
    assert (person["identity_masked"], person["phone_masked"]) == ("3301**********1234", "138****5678")
    assert person["has_hidden_identifiers"]
    firm = read(related, "/customers/P1")["facts"]
    assert (firm["identity_masked"], firm["has_hidden_identifiers"]) == ("91330100MA2ABCDE0X", False)
    assert firm["region"]["chinese"] == "浙江省杭州市"
    for path in ("", "/relations", "/cash-flow", "/documents", "/outside", "/timeline", "/contacts"):
        answer = related.get(f"/api/v1/customers/P5{path}").text
        assert IDENTITY not in answer and PHONE not in answer


def test_a_customers_page_says_what_is_owed_guaranteed_and_warned_of(related: httpx.Client) -> None:
    page = read(related, "/customers/P1")
    assert [loan["loan_id"] for loan in page["loans"]] == [LOAN, UNTRACED_LOAN]
    assert page["loans"][0]["warning"]["thread_id"] == THREAD
    assert (page["loans"][0]["suspected_fen"], page["loans"][1]["suspected_fen"]) == ("30000000", None)
    figures = page["figures"][0]
    assert (figures["balance_fen"], figures["guaranteed_fen"]) == ("108000000", "50000000")
    assert figures["overdue_fen"] is None  # the books hold no schedule
    assert [(one["account"], one["loan_fen"]) for one in page["accounts"]] == [(BORROWER, "15000000")]
    assert [(one["party_id"], one["is_head"]) for one in page["group"]] == [("P1", True), ("P2", False)]
    assert (page["level"], page["worst_class"], page["facts"]["managers"]) == (
        "red",
        "normal",
        ["客户经理一"],
    )


def test_what_is_overdue_counts_from_the_schedule_up_to_the_data_date(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    for number, due in enumerate(("2025-03-10", "2025-03-20", "2025-04-20"), 1):
        for loan in (LOAN, UNTRACED_LOAN):
            connection.execute(
                "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, 10000, 500, 'U1')",
                (loan, number, due),
            )
    connection.execute(
        "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, unit_id) VALUES ('R1', %s, %s, 500, 'U1'), "
        "('R2', %s, '2025-03-21T10:00+08:00', 99999, 'U1')",
        (LOAN, moment(15), LOAN),
    )
    connection.commit()
    page = read(bank, "/customers/P1")
    assert [(one["days_past_due"], one["overdue_fen"]) for one in page["loans"]] == [
        (10, "10000"),
        (10, "10500"),
    ]
    assert page["figures"][0]["overdue_fen"] == "20500"


def test_amounts_of_two_currencies_stand_apart(bank: httpx.Client, connection: type_of_connection) -> None:
    connection.execute(
        "UPDATE ledger.loan_contract SET currency = 'USD' WHERE contract_id = %s", (f"HT{UNTRACED_LOAN}",)
    )
    connection.execute("UPDATE ledger.loan_note SET currency = 'USD' WHERE loan_id = %s", (UNTRACED_LOAN,))
    connection.commit()
    figures = read(bank, "/customers/P1")["figures"]
    assert [(one["currency"], one["balance_fen"]) for one in figures] == [
        ("CNY", "100000000"),
        ("USD", "8000000"),
    ]
    assert [one["currency"] for one in read(bank, "/customers")["totals"]] == ["CNY", "USD"]


def test_of_another_branch_nothing_is_seen(related: httpx.Client) -> None:
    for path in ("", "/relations", "/cash-flow", "/documents", "/outside", "/timeline", "/contacts"):
        answer = related.get(f"/api/v1/customers/P1{path}", headers={AS: FAR})
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no customer P1"), path
        missing = related.get(f"/api/v1/customers/P99{path}", headers={AS: FAR})
        assert missing.json()["detail"] == "There is no customer P99", path
    assert "P1" not in listed(related, FAR)
    assert set(listed(related, NEAR)) == {"P1", "P2", "P3", "P4", "P5", OWNER, HOLDING}


def test_a_manager_sees_the_customer_of_the_loan_and_not_the_others(related: httpx.Client) -> None:
    assert read(related, "/customers/P1", MANAGER)["loans"][0]["loan_id"] == LOAN
    assert related.get("/api/v1/customers/P5", headers={AS: MANAGER}).status_code == 404


# Relations -------------------------------------------------------------------------------------------------------


def test_ownership_is_multiplied_through_and_what_has_ended_is_left_out(related: httpx.Client) -> None:
    found = read(related, "/customers/P1/relations")
    assert {one["party_id"]: one["share_ppm"] for one in found["owners"]} == {
        HOLDING: 500_000,
        OWNER: 300_000,
        "P5": 100_000,
        ELSEWHERE: 50_000,
    }
    owner = next(one for one in found["owners"] if one["party_id"] == OWNER)
    assert (owner["direct_ppm"], owner["chains"]) == (
        0,
        [{"nodes": [OWNER, HOLDING, "P1"], "share_ppm": 300_000}],
    )
    assert found["names"][OWNER] == "王"
    assert not found["over_whole"] and not found["capped"]
    held = read(related, f"/customers/{OWNER}/relations")["holdings"]
    assert [(one["party_id"], one["share_ppm"]) for one in held] == [(HOLDING, 600_000), ("P1", 300_000)]


def test_the_graph_holds_relations_and_guarantees_with_their_amounts(related: httpx.Client) -> None:
    found = read(related, "/customers/P1/relations", depth=1)
    assert {one["party_id"]: one["distance"] for one in found["nodes"]} == {
        "P1": 0, "P5": 1, HOLDING: 1, "P2": 1, "P3": 1,
    }  # fmt: skip
    assert next(one for one in found["nodes"] if one["party_id"] == HOLDING)["further_count"] == 2
    edges = {(one["source"], one["target"], one["kind"]): one for one in found["edges"]}
    secured = edges["P3", "P1", "guarantees"]
    assert (secured["guarantee_count"], secured["guaranteed"][0]["amount_fen"]) == (2, "90000000")
    assert edges["P1", "P3", "guarantees"]["guaranteed"][0]["amount_fen"] == "50000000"
    assert edges["P5", "P1", "shareholder"]["share_ppm"] == 100_000
    assert ("P1", "P1", "guarantees") not in edges
    assert next(one for one in found["nodes"] if one["party_id"] == "P1")["level"] == "red"
    assert found["guarantee_circles"] == [["P1", "P3"]]


def test_a_party_that_is_not_in_reach_stands_in_the_graph_without_a_name(related: httpx.Client) -> None:
    found = read(related, "/customers/P1/relations", NEAR, depth=2)
    hidden = [one for one in found["nodes"] if one["party_id"] is None]
    assert [(one["node_id"], one["name"], one["distance"]) for one in hidden] == [("hidden-1", None, 2)]
    assert ("hidden-1", HOLDING, 100_000) in {
        (one["source"], one["target"], one["share_ppm"]) for one in found["edges"]
    }
    assert [one["name"] for one in found["owners"] if one["node_id"] == "hidden-1"] == [None]
    text = related.get("/api/v1/customers/P1/relations", params={"depth": 4}, headers={AS: NEAR}).text
    assert ELSEWHERE not in text and "辛实业" not in text


def test_shares_of_more_than_the_whole_are_said(bank: httpx.Client, connection: type_of_connection) -> None:
    connection.execute(
        "UPDATE parties.party_relation SET share_ppm = 950000 WHERE from_party_id = %s AND to_party_id = 'P1'",
        (HOLDING,),
    )
    connection.commit()
    assert read(bank, "/customers/P1/relations")["over_whole"]


# Cash flow -------------------------------------------------------------------------------------------------------


def test_the_cash_flow_counts_what_came_and_went_by_month(related: httpx.Client) -> None:
    found = read(related, "/customers/P1/cash-flow")
    assert (found["first_month"], found["last_month"]) == ("2025-03-01", "2025-03-01")
    assert found["flows"][0]["account_count"] == 1
    assert found["flows"][0]["months"] == [
        {
            "month": "2025-03-01",
            "in_fen": "105000000",  # 放款 1,000,000 and 回流 50,000
            "out_fen": "92000000",  # 货款 420,000, 往来 350,000, 再付 50,000, 取现 100,000
            "net_fen": "13000000",
            "own_fen": "0",
            "disbursed_fen": "100000000",
            "loan_out_fen": "90000000",  # of the 420,000 only 400,000 were the loan's
            "repaid_fen": "0",
            "line_count": 6,
        }
    ]


def test_transfers_between_own_accounts_are_netted_out(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    # 戊's account turns out to be 甲's own: 350,000 went over and 50,000 came back.
    connection.execute("UPDATE ledger.account SET party_id = 'P1' WHERE account = '6203'")
    connection.commit()
    month = read(bank, "/customers/P1/cash-flow")["flows"][0]["months"][0]
    assert (month["in_fen"], month["own_fen"]) == ("100000000", "40000000")
    assert month["out_fen"] == "87000000"  # 货款, 再付, 取现, and 入市 300,000 from the other account
    assert month["loan_out_fen"] == "85000000"


def test_a_customer_without_statements_has_no_cash_flow(related: httpx.Client) -> None:
    assert read(related, f"/customers/{OWNER}/cash-flow") == {
        "first_month": None,
        "last_month": None,
        "flows": [],
    }


# Papers, outside information, timeline ---------------------------------------------------------------------------


def test_documents_are_what_the_books_know_of(related: httpx.Client) -> None:
    found = read(related, "/customers/P1/documents")
    assert found["counts"] == {"loan_contract": 2, "guarantee_contract": 4}
    only = read(related, "/customers/P1/documents", kind="loan_contract", limit=1)
    assert (only["total_count"], len(only["items"]), only["items"][0]["title"]) == (2, 1, "采购原材料")


def test_a_contract_leads_to_its_loan_which_shows_the_same_papers(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "INSERT INTO ledger.entrusted_order (order_id, loan_id, payee_account, payee_name, amount_fen, document_no, valid_from, unit_id) "
        "VALUES ('ST1', %s, '6299', '云溪钢材', 500000, 'HT-9', '2025-03-02', 'U1')",
        (LOAN,),
    )
    connection.commit()
    papers = read(bank, "/customers/P1/documents", limit=50)["items"]
    led = {(one["kind"], one["number"]) for one in papers if one["loan_id"] == LOAN}
    assert {kind for kind, _ in led} >= {"loan_contract", "payment_order"}

    shown = read(bank, f"/loans/{LOAN}/documents")["papers"]

    assert {(one["kind"], one["number"]) for one in shown} == led
    [order] = [one for one in shown if one["kind"] == "payment_order"]
    assert (order["number"], order["title"], order["amount_fen"]) == ("HT-9", "云溪钢材", "500000")


def test_outside_information_is_what_came_and_what_did_not_is_said(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    found = read(bank, "/customers/P1/outside")
    kinds = {one["kind"]: one for one in found["kinds"]}
    assert kinds["insured_staff"]["facts"] == [{"name": "insured_staff_count", "value": "42"}]
    assert (kinds["insured_staff"]["file"], kinds["credit_report"]["state"]) == (None, "not_delivered")
    assert [
        (one["month"], one["sold_fen"], one["bought_fen"], one["void_count"])
        for one in found["invoices"]["months"]
        if one["sold_count"] or one["bought_count"]
    ] == [("2025-02-01", "10000000", "0", 1), ("2025-03-01", "0", "37200000", 0)]
    assert len(found["invoices"]["months"]) == 12
    connection.execute(
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, state, started_at, "
        "finished_at) VALUES ('I1', '/in/party.parquet', 'loantrail', 'x', 1, '0', 'finished', now(), '2025-03-19T08:00Z')"
    )
    connection.commit()
    told = {one["kind"]: one for one in read(bank, "/customers/P1/outside")["kinds"]}
    assert (told["tax"]["file"], told["tax"]["delivered_at"]) == ("party.parquet", "2025-03-19T08:00:00Z")
    person = {one["kind"]: one["state"] for one in read(bank, "/customers/P5/outside")["kinds"]}
    assert (person["tax"], person["invoices"], person["court"]) == (
        "not_applicable",
        "not_applicable",
        "not_delivered",
    )
    # 丁 is a firm of which the delivered file says nothing.
    assert (
        next(one for one in read(bank, "/customers/P2/outside")["kinds"] if one["kind"] == "tax")["state"]
        == "empty"
    )


def test_the_timeline_is_told_page_by_page_without_gap_or_double(related: httpx.Client) -> None:
    whole = read(related, "/customers/P1/timeline", limit=200)["items"]
    assert {one["kind"] for one in whole} == {
        "contract_signed", "disbursed", "warning", "guarantee", "relation", "relation_ended",
    }  # fmt: skip
    assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
    pages: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = read(related, "/customers/P1/timeline", limit=2, cursor=cursor)
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == whole
    paid = next(one for one in whole if one["kind"] == "disbursed")
    assert (paid["loan_id"], paid["amount"]["amount_fen"], paid["whole_day"]) == (LOAN, "100000000", False)
    given = [(one["code"], one["other_name"]) for one in whole if one["kind"] == "guarantee"]
    assert sorted(given) == [
        ("given", "戊贸易有限公司"),
        ("received", "戊贸易有限公司"),
        ("received", "戊贸易有限公司"),
    ]
    only = read(related, "/customers/P1/timeline", kind="disbursed")["items"]
    assert only == [paid]


def test_vouchers_and_checks_of_the_loans_are_told(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute(
        "INSERT INTO inspections.check (check_id, loan_id, kind, version, state, opened_at, paid_out_on, due_on, changed_at, unit_id) "
        "VALUES ('C1', %s, 'first', 2, 'open', %s, '2025-03-03', '2025-03-18', now(), 'U1')",
        (LOAN, moment(4)),
    )
    for version, kind in enumerate(("created", "judged"), 1):
        connection.execute(
            "INSERT INTO inspections.check_event (check_id, version, kind, at, by, loan_id, unit_id) "
            "VALUES ('C1', %s, %s, %s, '', %s, 'U1')",
            (version, kind, moment(4), LOAN),
        )
    for voucher, withdrawn in (("V1", None), ("V2", "S1")):
        connection.execute(
            "INSERT INTO inspections.voucher (voucher_id, check_id, loan_id, paper, name, media_type, size_bytes, sha256, content, "
            "uploaded_by, uploaded_at, withdrawn_by, withdrawn_at, unit_id) VALUES (%s, 'C1', %s, 'invoice', '发票.pdf', "
            "'application/pdf', 1, encode(sha256(%s::bytea), 'hex'), 'x', 'S1', %s, %s::text, CASE WHEN %s::text IS NULL THEN NULL "
            "ELSE now() END, 'U1')",
            (voucher, LOAN, voucher, moment(9), withdrawn, withdrawn),
        )
    connection.commit()
    papers = read(bank, "/customers/P1/documents", kind="voucher")["items"]
    assert [(one["document_id"], one["number"], one["title"], one["on"]) for one in papers] == [
        ("V1", "发票.pdf", "invoice", "2025-03-09")
    ]
    told = read(bank, "/customers/P1/timeline", kind="check")["items"]
    assert [(one["check_id"], one["code"], one["text"]) for one in told] == [("C1", "created", "first")]


@pytest.mark.parametrize("cursor", ["x", "1", "-1.a", "1.\x00", "."])
def test_a_cursor_that_names_no_place_is_refused(related: httpx.Client, cursor: str) -> None:
    answer = related.get("/api/v1/customers/P1/timeline", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "input")


# The contact log -------------------------------------------------------------------------------------------------


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "way": "visit",
        "happened_at": "2025-03-18T14:00:00+08:00",
        "spoke_with": "财务经理",
        "said": "  订单减少，回款慢  ",
        "next_step": "取四月报表",
        "next_on": "2025-04-10",
        "request_key": new_id(),
    } | changes


def enter(
    bank: httpx.Client, body: dict[str, Any], party: str = "P1", person: str | None = None
) -> httpx.Response:
    return bank.post(f"/api/v1/customers/{party}/contacts", json=body, headers={AS: person} if person else {})


def test_what_was_said_stands_in_the_log_the_timeline_and_on_the_page(bank: httpx.Client) -> None:
    made = enter(bank, entry(loan_id=LOAN), person=NEAR)
    assert made.status_code == 201, made.text
    assert (made.json()["said"], made.json()["maker"]) == ("订单减少，回款慢", NEAR)
    log = read(bank, "/customers/P1/contacts")
    assert (log["total_count"], log["items"][0]) == (1, made.json())
    page = read(bank, "/customers/P1")
    assert (page["contact_count"], page["next_step"], page["next_on"]) == (1, "取四月报表", "2025-04-10")
    told = read(bank, "/customers/P1/timeline", kind="contact")["items"][0]
    assert (told["code"], told["text"], told["loan_id"]) == ("visit", "订单减少，回款慢", LOAN)


def test_the_step_that_is_due_soonest_stands_on_the_page_else_that_of_the_latest_contact(
    bank: httpx.Client,
) -> None:
    enter(bank, entry())
    enter(bank, entry(happened_at="2025-03-19T09:00:00+08:00", next_step="", next_on=None))
    assert read(bank, "/customers/P1")["next_step"] == ""  # what was to be done by April 2025 is past
    for step, day in (("换人", "2999-06-01"), ("先打电话", "2999-01-01")):
        enter(bank, entry(next_step=step, next_on=day, happened_at="2025-03-01T09:00:00+08:00"))
    page = read(bank, "/customers/P1")
    assert (page["next_step"], page["next_on"]) == ("先打电话", "2999-01-01")
    assert page["last_contact_at"] == "2025-03-19T01:00:00Z"


def test_the_same_request_twice_is_one_entry(bank: httpx.Client) -> None:
    body = entry()
    first, second = enter(bank, body), enter(bank, body)
    assert (first.status_code, second.status_code, first.json()) == (201, 200, second.json())
    other = enter(bank, body | {"said": "别的"})
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    assert read(bank, "/customers/P1/contacts")["total_count"] == 1


def test_an_entry_is_corrected_by_a_later_one_once(bank: httpx.Client) -> None:
    first = enter(bank, entry()).json()["contact_id"]
    second = enter(bank, entry(said="订单没有减少", corrects=first, next_step="", next_on=None))
    assert second.status_code == 201
    again = enter(bank, entry(corrects=first))
    assert (again.status_code, again.json()["code"]) == (409, "corrected_already")
    log = {one["contact_id"]: one for one in read(bank, "/customers/P1/contacts")["items"]}
    assert log[first]["corrected_by"] == second.json()["contact_id"]
    assert [one["text"] for one in read(bank, "/customers/P1/timeline", kind="contact")["items"]] == [
        "订单没有减少"
    ]
    assert read(bank, "/customers/P1")["next_step"] == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"happened_at": "2999-01-01T00:00:00Z"}, "happened_at"),
        ({"next_step": " ", "next_on": "2025-04-10"}, "next_step"),
        ({"next_on": "2025-03-17"}, "next_on"),
        ({"loan_id": QUIET_LOAN}, "loan_id"),
    ],
)
def test_what_cannot_be_is_not_entered(bank: httpx.Client, changes: dict[str, Any], field: str) -> None:
    answer = enter(bank, entry(**changes))
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)
    assert answer.json()["detail_chinese"] and answer.json()["remedy_chinese"]
    assert read(bank, "/customers/P1/contacts")["total_count"] == 0


def test_an_entry_of_another_customer_is_not_corrected_here(bank: httpx.Client) -> None:
    elsewhere = enter(bank, entry(), party="P5").json()["contact_id"]
    assert enter(bank, entry(corrects=elsewhere)).status_code == 404


def test_who_only_examines_or_sees_nothing_writes_nothing(bank: httpx.Client) -> None:
    assert enter(bank, entry(), person=AUDITOR).status_code == 403
    assert enter(bank, entry(), person=FAR).status_code == 404
    assert enter(bank, entry(), party="P99").status_code == 404
    assert read(bank, "/customers/P1/contacts")["total_count"] == 0


def test_the_log_is_never_changed(bank: httpx.Client, connection: type_of_connection) -> None:
    enter(bank, entry())
    for statement in (
        "UPDATE contacts.contact SET said = 'x'",
        "DELETE FROM contacts.contact",
        "TRUNCATE contacts.contact",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(statement)
        connection.rollback()


# Numbers in clear ------------------------------------------------------------------------------------------------


def test_numbers_in_clear_take_a_reason_and_stand_in_the_audit_log(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    answer = bank.post("/api/v1/customers/P5/identifiers", json={"reason": "核对 身份证"})
    assert (answer.status_code, answer.json()["identity_number"], answer.json()["phone"]) == (
        200,
        IDENTITY,
        PHONE,
    )
    rows = connection.execute("SELECT content::jsonb FROM audit.entry").fetchall()
    told = [row[0] for row in rows if row[0]["action"] == "customer.read_identifiers"]
    assert [(one["person"], one["object_id"], one["why"]) for one in told] == [
        ("operator", "P5", "核对 身份证")
    ]
    assert IDENTITY not in str(told)


def test_numbers_in_clear_are_for_those_who_may(bank: httpx.Client) -> None:
    def ask(person: str | None, party: str = "P5", **body: Any) -> int:
        headers = {AS: person} if person else {}
        return bank.post(f"/api/v1/customers/{party}/identifiers", json=body, headers=headers).status_code

    assert ask(NEAR, reason="x") == 403  # a branch manager lacks the ability
    assert ask(MANAGER, reason="x") == 404  # the customer is none of this manager's
    assert ask(MANAGER, party="P1", reason="x") == 200
    assert ask(None, reason=" ") == 422
    assert ask(None) == 422


def test_times_are_business_days_of_the_bank(bank: httpx.Client, connection: type_of_connection) -> None:
    # 23:30 UTC on the last of February is the first of March in Shanghai.
    at = datetime.datetime(2025, 2, 28, 23, 30, tzinfo=datetime.UTC)
    connection.execute(
        "CREATE TABLE ledger.statement_line_2025_02 PARTITION OF ledger.statement_line "
        "FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')"
    )
    connection.execute(
        "INSERT INTO ledger.statement_line (line_id, file_id, position, booked_at, sequence, account, direction, amount_fen, "
        "unit_id) VALUES (gen_random_uuid(), 1, 999, %s, 1, %s, 'credit', 777, 'U1')",
        (at, BORROWER),
    )
    connection.commit()
    months = read(bank, "/customers/P1/cash-flow")["flows"][0]["months"]
    assert [(one["month"], one["in_fen"]) for one in months] == [("2025-03-01", "105000777")]

"""What the pages answer about the bank of `bank.py`."""

from __future__ import annotations

from pathlib import Path

import httpx
import psycopg
import pytest
from tests.http.bank import (
    BORROWER,
    LOAN,
    QUIET_LOAN,
    RUN,
    SUPPLIER,
    UNTRACED_LOAN,
    transfer_id,
    write_books,
    write_trace,
)

from loantrail.http.pages import store
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


def _loans(client: httpx.Client, **query: str | int) -> dict:
    answer = client.get("/api/v1/loans", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(found: dict) -> list[str]:
    return [row["loan_id"] for row in found["items"]]


def test_the_list_shows_the_most_suspect_loan_first_and_sums_per_currency(client: httpx.Client) -> None:
    found = _loans(client)
    assert _ids(found) == [LOAN, QUIET_LOAN, UNTRACED_LOAN]
    assert found["total_count"] == 3
    assert found["totals"] == [
        {
            "currency": "CNY",
            "minor_digits": 2,
            "loan_count": 3,
            "amount_fen": "138000000",
            "balance_fen": "138000000",
            "disbursed_fen": "130000000",
            "seen_fen": "85000000",
            "suspected_fen": "30000000",
            "suspected_count": 1,
            "suspected_by_pattern": [
                {"pattern": "FLOW_SECURITIES", "amount_fen": "30000000", "loan_count": 1}
            ],
        }
    ]
    first, _, untraced = found["items"]
    assert (first["suspected_fen"], first["lead_count"]) == ("30000000", 1)
    assert untraced["disbursed_fen"] is None
    assert found["run"]["convention"] == "fifo"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("030002", [QUIET_LOAN]),
        ("纺织", [LOAN, UNTRACED_LOAN]),
        ("jj2025030001", [LOAN]),
        ("%", []),
        ("_", []),
    ],
)
def test_a_fragment_finds_loan_numbers_and_borrowers_and_means_itself(
    client: httpx.Client, search: str, found: list[str]
) -> None:
    assert _ids(_loans(client, search=search)) == found


def test_the_list_can_be_ordered_and_paged(client: httpx.Client) -> None:
    assert _ids(_loans(client, sort="loan", direction="ascending")) == [LOAN, QUIET_LOAN, UNTRACED_LOAN]
    assert _ids(_loans(client, sort="amount", direction="ascending")) == [UNTRACED_LOAN, QUIET_LOAN, LOAN]
    assert _ids(_loans(client, sort="seen", direction="descending"))[0] == LOAN
    second = _loans(client, sort="loan", direction="ascending", offset=1, limit=1)
    assert _ids(second) == [QUIET_LOAN]
    assert second["total_count"] == 3


def test_only_suspected_loans_on_request(client: httpx.Client) -> None:
    assert _ids(_loans(client, suspected="true")) == [LOAN]


def test_before_any_trace_the_loans_stand_there_without_figures(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    write_books(connection)
    connection.commit()
    found = _loans(own_client)
    assert found["run"] is None
    assert {row["disbursed_fen"] for row in found["items"]} == {None}
    page = own_client.get(f"/api/v1/loans/{LOAN}").json()
    assert (page["run"], page["summary"], page["statement"], page["leads"]) == (None, None, [], [])


def test_empty_books_answer_an_empty_list(own_client: httpx.Client) -> None:
    found = _loans(own_client)
    assert (found["items"], found["totals"], found["total_count"]) == ([], [], 0)


def test_the_statement_sums_to_the_disbursement(client: httpx.Client) -> None:
    page = client.get(f"/api/v1/loans/{LOAN}").json()
    assert sum(int(line["amount_fen"]) for line in page["statement"]) == int(page["summary"]["disbursed_fen"])
    securities = next(line for line in page["statement"] if line["use"] == "securities")
    assert securities == {
        "use": "securities",
        "line_group": "prohibited",
        "amount_fen": "30000000",
        "least_fen": "25000000",
        "most_fen": "30000000",
        "proven": True,
        "basis": "account_kind",
        "voucher": None,
    }
    assert page["facts"]["managers"] == ["客户经理一"]
    assert page["leads"][0]["pattern"] == "FLOW_SECURITIES"


def _evidence(client: httpx.Client, use: str, **query: int) -> dict:
    answer = client.get(f"/api/v1/loans/{LOAN}/statement/{use}/evidence", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_evidence_of_a_line_names_transactions_amounts_and_the_path(client: httpx.Client) -> None:
    found = _evidence(client, "securities")
    assert found["explained_fen"] == found["amount_fen"] == "30000000"
    (arrival,) = found["arrivals"]
    assert arrival["transfer_id"] == transfer_id("入市")
    assert (arrival["from_account"]["name"], arrival["to_account"]["name"]) == (
        "戊贸易有限公司",
        "己证券股份有限公司客户资金",
    )
    assert (arrival["basis"], arrival["evidence"], arrival["confidence_permille"]) == (
        "account_kind",
        "银证转账",
        980,
    )
    (path,) = arrival["paths"]
    assert [(step["transfer_id"], step["moved_fen"]) for step in path["steps"]] == [
        (transfer_id("放款"), "100000000"),
        (transfer_id("往来"), "35000000"),
        (transfer_id("入市"), "30000000"),
    ]


def test_money_that_came_back_counts_where_it_went_the_second_time(client: httpx.Client) -> None:
    found = _evidence(client, "supplier")
    assert [(one["transfer_id"], one["counted_fen"]) for one in found["arrivals"]] == [
        (transfer_id("货款"), "40000000"),
        (transfer_id("再付"), "5000000"),
    ]
    assert found["arrivals"][0]["transfer_fen"] == "42000000"
    assert [step["depth"] for step in found["arrivals"][1]["paths"][0]["steps"]] == [0, 1, 2, 3]


def test_money_still_held_is_explained_by_what_brought_it(client: httpx.Client) -> None:
    found = _evidence(client, "held_by_borrower")
    assert [(one["transfer_id"], one["counted_fen"]) for one in found["arrivals"]] == [
        (transfer_id("放款"), "15000000")
    ]


def test_an_account_may_hold_money_of_a_use_and_money_without_one(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    write_books(connection)
    write_trace(connection)
    connection.execute(
        "INSERT INTO tracing.hop VALUES (%s, 99, 'hop-99', 'hop-放款', %s, %s, now(), %s, %s, 3000000, 1, '', false)",
        (RUN, LOAN, transfer_id("借"), BORROWER, SUPPLIER),
    )
    connection.execute(
        "INSERT INTO tracing.position VALUES (%s, %s, %s, 'held_by_third_party', 3000000)",
        (RUN, LOAN, SUPPLIER),
    )
    connection.execute(
        "INSERT INTO tracing.statement VALUES (%s, %s, 'held_by_third_party', 3000000, 'held')", (RUN, LOAN)
    )
    connection.commit()
    for use, explained in (("supplier", "45000000"), ("held_by_third_party", "3000000")):
        found = own_client.get(f"/api/v1/loans/{LOAN}/statement/{use}/evidence").json()
        assert found["explained_fen"] == explained


def test_cash_leaves_the_records_and_says_so(client: httpx.Client) -> None:
    (arrival,) = _evidence(client, "cash")["arrivals"]
    assert arrival["to_account"] == {"account": None, "name": "现金"}


def test_evidence_comes_in_pages_that_add_up(client: httpx.Client) -> None:
    second = _evidence(client, "supplier", offset=1, limit=1)
    assert second["total_count"] == 2
    assert second["explained_fen"] == "45000000"
    assert [one["counted_fen"] for one in second["arrivals"]] == ["5000000"]


@pytest.mark.heavy
def test_bounds_that_were_not_computed_are_when_asked_for_and_kept(
    own_client: httpx.Client,
    connection: type_of_connection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))  # what the bounds need is kept there
    write_books(connection)
    write_trace(connection)
    connection.commit()
    bounds = own_client.get(f"/api/v1/loans/{LOAN}/statement/held_by_borrower/bounds").json()
    assert 0 <= int(bounds["least_fen"]) <= 15_000_000 <= int(bounds["most_fen"])
    page = own_client.get(f"/api/v1/loans/{LOAN}").json()
    kept = next(line for line in page["statement"] if line["use"] == "held_by_borrower")
    assert (kept["least_fen"], kept["most_fen"]) == (bounds["least_fen"], bounds["most_fen"])


def test_bounds_of_a_line(client: httpx.Client) -> None:
    bounds = client.get(f"/api/v1/loans/{LOAN}/statement/securities/bounds").json()
    assert (bounds["least_fen"], bounds["most_fen"], bounds["proven"]) == ("25000000", "30000000", True)


@pytest.mark.parametrize(
    "where",
    [
        "/api/v1/loans/none",
        f"/api/v1/loans/{LOAN}/statement/gambling/evidence",
        f"/api/v1/loans/{LOAN}/statement/gambling/bounds",
        f"/api/v1/loans/{UNTRACED_LOAN}/statement/supplier/evidence",
        "/api/v1/nothing",
    ],
)
def test_what_is_not_there_is_a_problem_that_says_so(client: httpx.Client, where: str) -> None:
    answer = client.get(where)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_a_refused_value_is_named(client: httpx.Client) -> None:
    answer = client.get("/api/v1/loans", params={"limit": 0, "search": "a\x00b"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {one["field"] for one in answer.json()["fields"]} == {"limit", "search"}


def test_currencies_are_summed_apart_and_amounts_beyond_what_a_browser_counts_keep_every_fen(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    most = 2**62 - 1
    write_books(connection)
    write_trace(connection)
    connection.execute("UPDATE ledger.loan_note SET currency = 'JPY' WHERE loan_id = %s", (QUIET_LOAN,))
    connection.execute("UPDATE tracing.loan_summary SET disbursed_fen = %s WHERE loan_id = %s", (most, LOAN))
    connection.commit()
    found = _loans(own_client)
    assert found["items"][0]["disbursed_fen"] == str(most)
    totals = {one["currency"]: (one["disbursed_fen"], one["minor_digits"]) for one in found["totals"]}
    assert totals == {"CNY": (str(most), 2), "JPY": ("30000000", 0)}


def test_one_answer_sees_one_state_and_changes_nothing(
    connection: type_of_connection, database_url: str
) -> None:
    write_books(connection)
    connection.commit()
    with psycopg.connect(database_url) as reader:
        store.read_one_state(reader)
        assert store.current_run(reader) is None
        write_trace(connection)
        connection.commit()
        assert store.current_run(reader) is None
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("DELETE FROM tracing.lead")
        reader.rollback()
        assert store.current_run(reader) is not None


def test_health(client: httpx.Client) -> None:
    assert client.get("/api/v1/health").json()["traced"] is True

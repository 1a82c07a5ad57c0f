"""What the pages of repayments answer about the bank of `paying.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.conftest import application, client_of
from tests.http.opened_sheets import sheet
from tests.http.paying import LOAN, NEW_LOAN, UNPAID_LOAN, write_paying_bank
from tests.postgres_fixtures import address_of, copied

from loantrail.postgres.connection import Database
from loantrail.tracing import backward_runs, snapshots
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def paying(database_server: Database, template_database: str, _own_home: None) -> Iterator[httpx.Client]:
    """A client of the traced bank; no test changes it."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_paying_bank(connection)
            trace_books(connection)
        with application(url) as address, client_of(address) as client:
            yield client


def _repayments(client: httpx.Client, loan: str = LOAN, **query: int) -> dict[str, Any]:
    answer = client.get(f"/api/v1/loans/{loan}/repayments", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _one(client: httpx.Client, repayment: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/loans/{LOAN}/repayments/{repayment}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _yuan(fen: str) -> int:
    return int(fen) // 100


def test_every_instalment_is_told_by_the_kind_of_money_that_paid_it(paying: httpx.Client) -> None:
    found = _repayments(paying)
    told = {
        item["repayment_id"]: {share["kind"]: _yuan(share["amount_fen"]) for share in item["shares"]}
        for item in found["items"]
    }
    assert told == {
        "HK1": {"revenue": 8_000},
        "HK2": {"revenue": 10_000, "bridge": 50_000},
        "HK3": {"other_loan": 9_000},
        "HK4": {"guarantor": 2_000},
        "HK5": {},
        "HK6": {"other_loan": 500, "overdraft": 300},
        "HK7": {"revenue": 3_000},
    }
    assert next(iter(told)) == "HK7"  # the latest first
    assert found["convention"] == "fifo"


def test_shares_sum_to_what_was_followed_and_the_rest_is_said_to_be_unseen(paying: httpx.Client) -> None:
    found = _repayments(paying)
    for item in found["items"]:
        assert sum(int(share["amount_fen"]) for share in item["shares"]) == int(item["followed_fen"])
        unseen = item["repayment_id"] == "HK5"
        assert (item["transfer_id"] is None) == unseen
        assert item["followed_fen"] == ("0" if unseen else item["amount_fen"])
    assert _yuan(found["amount_fen"]) - _yuan(found["followed_fen"]) == 500
    assert (found["odd_count"], _yuan(found["odd_fen"])) == (4, 61_800)


def test_a_bridge_is_told_with_its_way_back_and_the_loan_in_between(paying: httpx.Client) -> None:
    sources = _one(paying, "HK2")["sources"]
    bridge = next(source for source in sources if source["kind"] == "bridge")
    assert bridge["payer"]["name"] == "王过桥"
    assert bridge["odd"]
    assert (_yuan(bridge["bridge"]["returned_fen"]), bridge["bridge"]["days_in_hand"]) == (50_500, 5)
    assert bridge["bridge"]["new_loan_id"] == NEW_LOAN
    assert [step["to_account"]["account"] for step in bridge["paths"][0]["steps"]] == ["I", "A"]
    assert bridge["ends"] == ["opening"]


def test_another_loan_is_named_and_followed_to_its_disbursement(paying: httpx.Client) -> None:
    (source,) = _one(paying, "HK3")["sources"]
    assert source["loan"]["loan_id"] == NEW_LOAN
    assert source["loan"]["same_borrower"]
    assert [step["purpose_text"] for step in source["paths"][0]["steps"]] == ["归还贷款", "贷款发放"]
    assert source["ends"] == ["loan"]


def test_what_another_paid_directly_is_his(paying: httpx.Client) -> None:
    (source,) = _one(paying, "HK4")["sources"]
    assert (source["kind"], source["payer"]["account"], source["days_before"]) == ("guarantor", "G", 0)


def test_odd_money_just_before_is_told_where_older_money_paid(paying: httpx.Client) -> None:
    found = _repayments(paying)
    assert found["near_count"] == 1
    page = _one(paying, "HK7")
    assert [source["kind"] for source in page["sources"]] == ["revenue"]
    (near,) = page["near"]
    assert (near["kind"], near["payer"]["name"], near["days_before"]) == (
        "other_debt",
        "青山小额贷款有限公司",
        1,
    )
    assert _yuan(near["amount_fen"]) == 3_000


def test_the_list_is_paged_and_its_sums_are_of_all(paying: httpx.Client) -> None:
    whole, page = _repayments(paying), _repayments(paying, offset=1, limit=2)
    assert [item["repayment_id"] for item in page["items"]] == ["HK6", "HK5"]
    assert page["total_count"] == 7
    assert page["shares"] == whole["shares"]


def test_a_loan_without_repayments_and_one_that_is_not_there(paying: httpx.Client) -> None:
    empty = _repayments(paying, UNPAID_LOAN)
    assert (empty["items"], empty["total_count"], empty["shares"]) == ([], 0, [])
    assert paying.get("/api/v1/loans/JJ9/repayments").status_code == 404
    unknown = paying.get(f"/api/v1/loans/{LOAN}/repayments/HK9")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


def test_the_same_is_told_from_the_history_on_disk_and_from_the_books(paying: httpx.Client) -> None:
    before = _repayments(paying)
    backward_runs.forget()
    snapshots.forget()
    assert _repayments(paying) == before
    for path in Path(os.environ["LOANTRAIL_HOME"]).joinpath("histories").glob("*.npz"):
        path.write_bytes(b"damaged")
    backward_runs.forget()
    snapshots.forget()
    assert _repayments(paying) == before


def test_the_repayments_leave_as_a_sheet_with_the_kinds_of_money_that_paid_them(paying: httpx.Client) -> None:
    items = _repayments(paying)["items"]

    head, *rows = sheet(paying, f"/loans/{LOAN}/repayments.xlsx")

    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["还款金额（元）"] for row in told] == [int(one["amount_fen"]) / 100 for one in items]
    assert [row["疑似异常来源（元）"] for row in told] == [int(one["odd_fen"]) / 100 for one in items]
    by_id = dict(zip((one["repayment_id"] for one in items), told, strict=True))
    assert by_id["HK2"]["资金来源"] in ("疑似过桥资金、经营收入", "经营收入、疑似过桥资金")
    assert by_id["HK5"]["资金来源"] == "账簿中没有对应的付款流水"
    assert sheet(paying, f"/loans/{UNPAID_LOAN}/repayments.xlsx")[1:] == []


def test_before_anything_is_traced_the_repayments_stand_without_sources(
    own_client: httpx.Client, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        write_paying_bank(connection)
    found = _repayments(own_client)
    assert found["run"] is None
    assert {item["repayment_id"] for item in found["items"]} == {f"HK{n}" for n in range(1, 8)}
    assert all(item["shares"] == [] for item in found["items"])
    assert own_client.get(f"/api/v1/loans/{LOAN}/repayments/HK1").status_code == 404

"""Merging accounts over the interface: the survivor shows both, the old address says where it went, undoing restores it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BORROWER, BROKER, QUIET, RELATED, SUPPLIER, transfer_id, write_books, write_trace

from loantrail.postgres.connection import type_of_connection
from loantrail.tracing import database as tracing

pytestmark = pytest.mark.database
CARD = "6222000000000001"
"""A number that the supplier's account is also known by: two lines name it."""


@pytest.fixture(autouse=True)
def bank(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traced bank in this test's own database; the supplier was paid twice under another number. Nothing is traced."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        connection.execute(
            "INSERT INTO ledger.account (account, account_number, name, kind, auto_created) VALUES (%s, %s, '丁棉业（卡）', "
            "'external', true)",
            (CARD, CARD),
        )
        connection.execute(
            "UPDATE ledger.statement_line SET counterparty_account = %s WHERE counterparty_account = %s",
            (CARD, SUPPLIER),
        )
        connection.execute("DELETE FROM ledger.transfer WHERE credit_account = %s", (SUPPLIER,))

    def trace_books(connection: type_of_connection, on_traced: object = None) -> Any:
        del connection, on_traced
        raise ValueError("not now")

    monkeypatch.setattr(tracing, "trace_books", trace_books)


def _wanted(into: str, key: str = "key-00000001") -> dict[str, str]:
    return {"into_account": into, "reason": "同一账户，卡号与账号", "request_key": key}


def _merge(
    client: httpx.Client, one: str, into: str, expected: int = 201, key: str = "key-00000001"
) -> dict[str, Any]:
    answer = client.post(f"/api/v1/accounts/{one}/merge", json=_wanted(into, key))
    assert answer.status_code == expected, answer.text
    return answer.json()


def _read(client: httpx.Client, path: str, expected: int = 200, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/v1{path}", params=query)
    assert answer.status_code == expected, answer.text
    return answer.json()


def _shape(client: httpx.Client, account: str) -> list[Any]:
    page = _read(client, f"/accounts/{account}")
    page["reconciliation"] = None  # says when it was checked
    return [page, _read(client, f"/accounts/{account}/lines"), _read(client, f"/accounts/{account}/curve")]


def test_a_card_number_and_its_account_are_one_until_it_is_undone(own_client: httpx.Client) -> None:
    before = [_shape(own_client, account) for account in (CARD, SUPPLIER)]
    assert {line["pairing"] for line in before[1][1]["items"]} == {"unpaired"}
    made = _merge(own_client, CARD, SUPPLIER)
    assert (made["new"], made["change"]) == (True, 1)
    page = _read(own_client, f"/accounts/{SUPPLIER}")
    [merged] = page["merged"]
    assert (merged["from_account"], merged["into_account"], merged["reason"], merged["made_by"]) == (
        CARD, SUPPLIER, "同一账户，卡号与账号", "operator",
    )  # fmt: skip
    assert (page["name"], page["ours"]) == ("丁棉业有限公司", True)
    lines = _read(own_client, f"/accounts/{SUPPLIER}/lines")["items"]
    assert {line["pairing"] for line in lines} == {"paired"}
    assert {line["counterparty"]["account"] for line in lines} == {BORROWER}
    paid = _read(own_client, f"/accounts/{BORROWER}/lines", text=CARD)["items"]
    assert {line["counterparty"]["account"] for line in paid} == {SUPPLIER}
    transaction = _read(own_client, f"/transactions/{paid[0]['transfer_id']}")
    assert transaction["payee"] == {"account": SUPPLIER, "name": "丁棉业有限公司"}
    # What the statement says stays on the line.
    assert (transaction["debit"]["counterparty_account"], transaction["debit"]["counterparty_now"]) == (
        CARD,
        SUPPLIER,
    )
    undone = own_client.post(
        f"/api/v1/account-merges/{merged['merge_id']}/withdrawal", json={"reason": "不是它的卡"}
    ).json()
    assert (undone["new"], undone["merge"]["withdrawn_reason"]) == (True, "不是它的卡")
    after = [_shape(own_client, account) for account in (CARD, SUPPLIER)]
    assert after == before
    again = own_client.post(
        f"/api/v1/account-merges/{merged['merge_id']}/withdrawal", json={"reason": "再说一次"}
    )
    assert (again.status_code, again.json()["new"]) == (200, False)


def test_a_page_that_is_open_meanwhile_is_told_in_plain_words(own_client: httpx.Client) -> None:
    made = _merge(own_client, CARD, SUPPLIER)
    for path in ("", "/curve", "/lines"):
        problem = _read(own_client, f"/accounts/{CARD}{path}", 409)
        assert (problem["code"], problem["successors"]) == ("superseded", [SUPPLIER])
        assert problem["detail"] == f"Account {CARD} was merged into account {SUPPLIER}"
    late = own_client.post(f"/api/v1/accounts/{CARD}/merge", json=_wanted(BROKER, "key-00000002"))
    assert (late.status_code, late.json()["successors"]) == (409, [SUPPLIER])
    correction = {
        "scope": "account", "account": CARD, "destination_class": "lender", "reason": "查过", "request_key": "key-00000003",
    }  # fmt: skip
    late = own_client.post("/api/v1/corrections", json=correction)
    assert (late.status_code, late.json()["successors"]) == (409, [SUPPLIER])
    assert _merge(own_client, CARD, SUPPLIER, 200) == {**made, "new": False, "change": None}
    assert own_client.get("/api/v1/evaluation").json()["requested"] == 1


def test_the_list_finds_the_survivor_by_what_it_was_called(own_client: httpx.Client) -> None:
    _merge(own_client, CARD, SUPPLIER)
    for words in (CARD, CARD[:8], "（卡）", "丁棉"):
        found = _read(own_client, "/accounts", search=words)["items"]
        assert [row["account"] for row in found] == [SUPPLIER], words
    ever = _read(own_client, "/accounts", loan_money="ever", search=CARD)["items"]
    assert [(row["account"], row["loan_fen"]) for row in ever] == [(SUPPLIER, "45000000")]


def test_refusals_say_which_field_and_why(own_client: httpx.Client) -> None:
    problem = _merge(own_client, QUIET, BROKER, 422)
    assert (problem["code"], problem["fields"][0]["field"]) == ("party_differs", "into_account")
    assert problem["remedy"]
    answer = own_client.post("/api/v1/accounts/nobody/merge", json=_wanted(BROKER))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    blank = own_client.post(f"/api/v1/accounts/{CARD}/merge", json={**_wanted(BROKER), "reason": "  "})
    assert (blank.status_code, blank.json()["code"]) == (422, "request_refused")
    missing = own_client.post(f"/api/v1/account-merges/{'0' * 32}/withdrawal", json={"reason": "没有"})
    assert missing.status_code == 404


def test_a_renumbered_account_shows_both_statements(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE ledger.account SET party_id = NULL WHERE account IN (%s, %s)", (QUIET, BROKER)
        )
        connection.execute(
            "UPDATE ledger.account SET opening_balance_fen = 700 WHERE account = %s", (BROKER,)
        )
    _merge(own_client, BROKER, QUIET)
    page = _read(own_client, f"/accounts/{QUIET}")
    assert (page["first_booked_at"][:10], page["last_booked_at"][:10]) == ("2025-03-06", "2025-03-10")
    assert (page["opening_balance_fen"], page["reconciliation"]["line_count"]) == ("700", 2)
    first = _read(own_client, f"/accounts/{QUIET}/lines", limit=1)
    second = _read(own_client, f"/accounts/{QUIET}/lines", limit=1, cursor=first["next_cursor"])
    assert [page["items"][0]["amount_fen"] for page in (first, second)] == ["30000000", "30000000"]
    assert [page["items"][0]["balance_fen"] for page in (first, second)] == ["60000700", "30000700"]
    assert second["next_cursor"] is None
    curve = _read(own_client, f"/accounts/{QUIET}/curve")
    assert curve["balance_fen"] == ["30000700", "60000700"]


def test_an_account_that_lends_never_held_the_loans_money(
    own_client: httpx.Client, database_url: str
) -> None:
    """A disbursement makes the loan's money; what the lending account pays out of it was not there before."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE tracing.hop SET from_account = %s WHERE depth = 0", (BROKER,))
        connection.execute(
            "UPDATE ledger.account SET party_id = NULL WHERE account IN (%s, %s)", (QUIET, BROKER)
        )
    assert _read(own_client, f"/accounts/{BROKER}/curve")["loans"] == []
    _merge(own_client, BROKER, QUIET)
    [line] = _read(own_client, f"/accounts/{QUIET}/curve")["loans"]
    # As an account that lends to itself under its other number: what came stays.
    assert line["amounts_fen"][-1] == "30000000"


def test_money_between_them_says_that_they_are_two(own_client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE ledger.account SET party_id = NULL WHERE account = %s", (RELATED,))
    problem = _merge(own_client, RELATED, BROKER, 422)
    assert problem["code"] == "money_moved_between"
    assert transfer_id("入市") in problem["detail"]
    assert problem["remedy"]


def test_the_same_request_at_once_acts_once(own_client: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _: own_client.post(f"/api/v1/accounts/{CARD}/merge", json=_wanted(SUPPLIER)), range(4)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["merge"]["merge_id"] for answer in answers}) == 1
    assert own_client.get("/api/v1/evaluation").json()["requested"] == 1


def test_a_pairing_by_hand_is_handed_back_to_the_rules(own_client: httpx.Client) -> None:
    old = transfer_id("往来")
    debit = _read(own_client, f"/transactions/{old}")["debit"]["line_id"]
    path = f"/api/v1/transactions/{debit}/release"
    assert own_client.post(path, json={"reason": "没有"}).status_code == 409
    apart = own_client.post(
        f"/api/v1/transactions/{old}/separation", json={"line": debit, "reason": "不是同一笔"}
    )
    assert apart.json()["transfer_id"] == debit
    released = own_client.post(path, json={"reason": "看错了"})
    assert released.status_code == 200, released.text
    now = released.json()["transfer_id"]
    page = _read(own_client, f"/transactions/{now}")
    assert (page["pairing"], page["current"]) == ("paired", True)
    ended = [row for row in page["history"] if row["basis"] == "manual"]
    assert [(row["superseded_reason"], row["superseded_by"]) for row in ended] == [("看错了", "operator")]
    # The rules' own pairing is theirs already.
    same = own_client.post(f"/api/v1/transactions/{now}/release", json={"reason": "再来"})
    assert (same.status_code, same.json()["new"]) == (200, False)

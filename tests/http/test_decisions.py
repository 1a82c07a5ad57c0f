"""A payment that is not made yet, asked about over HTTP: what it is told, and how a question is refused."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from tests.http.bank import BORROWER, LOAN, SUPPLIER, moment

from loantrail.http.access import public
from loantrail.http.straight import StraightRoute
from loantrail.monitor.lines import read_lines
from loantrail.monitor.model import Delivery, Sent
from loantrail.wording import in_chinese

pytestmark = pytest.mark.database
PATH = "/api/v1/decisions"
READY_WITHIN_SECONDS = 240


def payment(**values: Any) -> dict[str, Any]:
    return {
        "account": BORROWER,
        "amount_fen": 1_000_000,
        "booked_at": moment(12).isoformat(),
        "counterparty_account": SUPPLIER,
        "purpose_text": "棉纱货款",
        **values,
    }


def asked(client: httpx.Client, sent: dict[str, Any]) -> httpx.Response:
    """The answer to a question once the books are read, which a busy machine takes its time for."""
    until = time.monotonic() + READY_WITHIN_SECONDS
    while (answer := client.post(PATH, json=sent)).status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        assert time.monotonic() < until
        time.sleep(0.2)
    return answer


def refused(answer: httpx.Response) -> tuple[int, str, list[str]]:
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail_chinese"]
    return answer.status_code, told["code"], [one["field"] for one in told["fields"]]


def test_loan_money_on_its_way_to_a_broker_is_to_be_reviewed_and_a_purchase_is_not(
    client: httpx.Client,
) -> None:
    broker = {"counterparty_account": "310099000077", "counterparty_name": "华东证券股份有限公司"}

    suspect = asked(client, payment(amount_fen=12_000_000, purpose_text="银证转账", **broker))
    purchase = asked(client, payment())

    assert (suspect.status_code, suspect.headers["content-type"]) == (200, "application/json")
    assert suspect.json()["decision"] == "review"
    assert {hit["loan_id"] for hit in suspect.json()["hits"]} == {LOAN}
    assert suspect.json()["traced"] == [{"loan_id": LOAN, "amount_fen": 12_000_000, "use": "securities"}]
    assert purchase.json() == {
        "decision": "allow",
        "hits": [],
        "traced": [{"loan_id": LOAN, "amount_fen": 1_000_000, "use": ""}],
        "judged_at": suspect.json()["judged_at"],
    }


def test_a_payer_without_a_statement_is_not_there_and_nobody_pays_themselves(client: httpx.Client) -> None:
    assert refused(asked(client, payment(account="nobody")))[0] == 404
    assert refused(asked(client, payment(counterparty_account=BORROWER)))[0] == 409


@pytest.mark.parametrize("written", ["CNY", "cny", "RMB", "156", "人民币", " "])
def test_a_currency_is_understood_as_in_a_line_that_is_sent(client: httpx.Client, written: str) -> None:
    told = asked(client, payment(currency=written))

    assert (told.status_code, told.json()["traced"][0]["loan_id"]) == (200, LOAN)


def test_a_currency_that_no_list_knows_is_refused_in_the_words_of_a_line(client: httpx.Client) -> None:
    row = {"booked_at": "2026-03-01", "account": BORROWER, "direction": "debit", "amount_fen": 1}
    [(_, line)] = read_lines([Delivery("test", [Sent(1, {**row, "currency": "YUAN"}, b"{}")])]).refused
    answer = client.post(PATH, json=payment(currency="YUAN"))

    assert refused(answer) == (422, "request_refused", ["currency"])
    [told] = answer.json()["fields"]
    assert told["problem"].removeprefix("Value error, ") == line.message
    assert told["problem_chinese"] == in_chinese(line.message)


def test_a_payer_with_statements_in_another_currency_is_told_in_which(client: httpx.Client) -> None:
    answer = asked(client, payment(currency="840"))

    assert refused(answer) == (404, "not_found", [])
    told = answer.json()
    assert told["detail"] == f"the books hold statements of account {BORROWER} in CNY and none in USD"
    assert told["detail_chinese"] == f"账簿中账户 {BORROWER} 只有 CNY 的流水，没有 USD 的流水"
    assert told["remedy_chinese"] == "请按该账户已有的币种询问，或核对付款账号"


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        (payment(amount_fen=0), ["amount_fen"]),
        (payment(currency="yuan", amount_fen=10**16), ["amount_fen", "currency"]),
        (payment(booked_at="yesterday"), ["booked_at"]),
        (payment(memo="x"), ["memo"]),
        ({"amount_fen": 1}, ["account"]),
        ([payment()], ["body"]),
        ("null", ["body"]),
    ],
)
def test_a_question_that_cannot_be_used_says_which_field(
    client: httpx.Client, sent: Any, fields: list[str]
) -> None:
    answer = client.post(PATH, json=sent)

    assert refused(answer) == (422, "request_refused", fields)
    assert all(one["problem_chinese"] for one in answer.json()["fields"])


@pytest.mark.parametrize("body", [b"", b"{", b'{"account": "\xff"}', b"[" * 100_000])
def test_what_is_no_json_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(PATH, content=body, headers={"content-type": "application/json"})

    assert refused(answer) == (422, "request_refused", ["body"])


def test_where_a_body_is_no_json_is_said_in_both_languages(client: httpx.Client) -> None:
    answer = client.post(PATH, content=b'{\n "a" 1}', headers={"content-type": "application/json"})

    [told] = answer.json()["fields"]
    assert told["problem"].endswith("at line 2 column 6")
    assert told["problem_chinese"] == "第 2 行第 6 列不合 JSON 语法"


@pytest.mark.parametrize(
    ("headers", "detail", "remedy", "chinese"),
    [
        (
            {},
            "nobody is signed in",
            "Sign in; a system sends its key as `Authorization: Bearer KEY`, which `loantrail users key` makes",
            "密钥由 loantrail users key 生成",
        ),
        (
            {"authorization": "Bearer lt_" + "n" * 40},
            "the key is not known, or it has ended",
            "Send one that holds as `Authorization: Bearer KEY`: `loantrail users key` makes it",
            "密钥由 loantrail users key 生成",
        ),
        ({"cookie": "loantrail=" + "n" * 40}, "the session has ended", "Sign in again", "请重新登录"),
    ],
)
def test_who_is_not_known_is_told_what_to_send(
    bank_address: str, headers: dict[str, str], detail: str, remedy: str, chinese: str
) -> None:
    kind = {"content-type": "application/json", "sec-fetch-site": "same-origin"}

    told = httpx.post(f"{bank_address}{PATH}", content=b"{}", headers={**kind, **headers}).json()

    assert (told["detail"], told["remedy"]) == (detail, remedy)
    assert told["detail_chinese"] and chinese in told["remedy_chinese"]


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/xml", "application/x-ndjson"])
def test_what_is_sent_as_something_else_is_not_read(client: httpx.Client, kind: str) -> None:
    answer = client.post(PATH, content=b"{}", headers={"content-type": kind})

    assert refused(answer)[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["lt_" + "n" * 40, "short"])
def test_who_is_not_known_is_told_nothing_of_the_question(bank_address: str, key: str) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}

    answer = httpx.post(f"{bank_address}{PATH}", content=b"{", headers=headers)

    assert refused(answer) == (401, "signed_out", [])


class Named(BaseModel):
    name: str


def test_a_straight_route_takes_plain_functions_alone() -> None:
    router = APIRouter(route_class=StraightRoute)

    async def lent() -> int:
        return 1

    async def asks(named: Named) -> Named:
        return named

    def borrows(named: Named, number: int = Depends(lent)) -> Named:
        return Named(name=f"{named.name}{number}")

    for endpoint in (asks, borrows):
        with pytest.raises(AssertionError, match="no plain function"):
            router.post("/x", dependencies=[public("of a test")])(endpoint)

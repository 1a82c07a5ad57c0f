"""The sentences of leads and of messages: amounts as beside them on the page, one of a thing, no stray space."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl
import pytest

from loantrail.early_warning.messages import message
from loantrail.early_warning.telling import tell, yuan
from loantrail.http.pages.warnings.story import story
from loantrail.tracing.verdict_words import chinese_money, english_money


@pytest.mark.parametrize(
    "fen", [0, 1, 99, 100, 123_456, 99_999_999, 100_000_000, 123_456_789, 99_999_999_500, 1_234_567_890_123]
)
def test_amounts_stand_in_a_sentence_as_everywhere_beside_it(fen: int) -> None:
    told = tell("{}", "{}", yuan("fen"))
    row = pl.DataFrame({"fen": [fen]}).select(english=told.english, chinese=told.chinese).row(0)
    assert row == (english_money(fen), chinese_money(fen))


def test_one_is_no_plural_and_no_space_follows_a_unit() -> None:
    told = tell("{} payments of {} within {} days", "{} 笔共 {} 在 {} 天内", "count", yuan("fen"), "days")
    frame = pl.DataFrame({"count": [1, 11, 21], "fen": [30_000_000] * 3, "days": [1, 10, 101]})
    assert frame.select(told.english).to_series().to_list() == [
        "1 payment of CNY 300,000.00 within 1 day",
        "11 payments of CNY 300,000.00 within 10 days",
        "21 payments of CNY 300,000.00 within 101 days",
    ]
    assert frame.select(told.chinese).to_series().to_list()[0] == "1 笔共 30.00 万元在 1 天内"


def hit(rule: str) -> dict[str, Any]:
    at = datetime.datetime(2025, 3, 6, 2, tzinfo=datetime.UTC)
    return {
        "rule_code": rule, "rule_version": "0.1.0", "at": at, "amount_fen": 30_000_000, "proven_fen": None,
        "explanation": "it was paid", "explanation_chinese": "已付给",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "said"), [("NEW_SHELL_PAYEE", "，收款人疑似空壳（"), ("FLOW_SECURITIES", "，疑似流入证券、期货、理财等（")]
)  # fmt: skip
def test_what_is_suspected_is_said_once(rule: str, said: str) -> None:
    row = {"borrower_name": "甲公司", "currency": "CNY", "loan_amount_fen": 100_000_000}
    assert said in story(row, [hit(rule)], {})[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_message_links_to_where_the_page_is_reached(language: Any) -> None:
    row = {
        "thread_id": "a" * 32, "level": "red", "borrower_name": "甲公司", "loan_id": "L1", "currency": "CNY",
        "due_at": datetime.datetime(2025, 3, 6, 2, tzinfo=datetime.UTC), "amount_fen": 1, "proven_fen": 0,
        "rule_codes": ["ROUND_TRIP"], "rules": {},
    }  # fmt: skip
    body = message([row], language, "https://loantrail.bank.example")[1]
    assert f"https://loantrail.bank.example/warnings/{'a' * 32}" in body.splitlines()
    assert f"/warnings/{'a' * 32}" in message([row], language)[1].splitlines()

"""The search over HTTP: customers, loans, accounts and warnings, in whatever way they are written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.http.bank import BORROWER, LOAN, QUIET, QUIET_LOAN, SUPPLIER, UNTRACED_LOAN
from tests.http.related import ELSEWHERE, FAR, IDENTITY, NEAR, READER_KEY
from tests.http.warned import QUIET_THREAD, THREAD
from tests.signing_in import AS

from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


def read(related: httpx.Client, text: str, person: str | None = None, **query: Any) -> dict[str, Any]:
    answer = related.get("/api/v1/search", params={"q": text} | query, headers={AS: person} if person else {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(related: httpx.Client, text: str, person: str | None = None) -> dict[str, list[str]]:
    answer = read(related, text, person)
    keys = {"customers": "party_id", "loans": "loan_id", "accounts": "account", "warnings": "thread_id"}
    return {group: [one[key] for one in answer[group]["items"]] for group, key in keys.items()}


@pytest.mark.parametrize(
    "text",
    [
        "甲纺织",
        "甲纺",
        "纺织有限",
        "jfz",
        "jiafang",
        "ＪＦＺ",
        " 甲 纺织 ",
        "紡織",
        "甲紡織有限公司",
        "91330100MA2ABCDE0X",
    ],
)
def test_a_customer_is_found_however_the_name_is_written_with_all_that_is_its(
    related: httpx.Client, text: str
) -> None:
    assert found(related, text) == {
        "customers": ["P1"],
        "loans": [LOAN, UNTRACED_LOAN],
        "accounts": [BORROWER],
        "warnings": [THREAD],
    }


def test_a_name_that_nobody_writes_so_is_found_by_its_sound_and_the_answer_says_so(
    related: httpx.Client,
) -> None:
    assert read(related, "紡織")["customers"]["by_sound"]
    assert not read(related, "纺织")["customers"]["by_sound"]
    assert not read(related, "無此人名")["customers"]["by_sound"]


def test_loans_accounts_and_warnings_are_found_by_number(related: httpx.Client) -> None:
    assert found(related, LOAN.lower()) == {
        "customers": [],
        "loans": [LOAN],
        "accounts": [],
        "warnings": [THREAD],
    }
    assert found(related, f"HT{QUIET_LOAN}")["loans"] == [QUIET_LOAN]
    assert found(related, SUPPLIER)["accounts"] == [SUPPLIER]
    assert found(related, "0002")["loans"] == [QUIET_LOAN]
    assert found(related, "idle_funds")["warnings"] == [QUIET_THREAD]


def test_every_word_must_be_found(related: httpx.Client) -> None:
    assert found(related, "纺织 jj2025")["loans"] == [LOAN, UNTRACED_LOAN]
    assert found(related, "纺织 证券") == {"customers": [], "loans": [], "accounts": [], "warnings": []}


def test_signs_of_patterns_are_letters_like_others(related: httpx.Client) -> None:
    for text in ("100%", "__", "甲%织", "\\\\"):
        assert found(related, text) == {"customers": [], "loans": [], "accounts": [], "warnings": []}, text


def test_a_person_is_found_by_the_whole_identity_number_and_by_no_part_of_it(related: httpx.Client) -> None:
    assert found(related, IDENTITY)["customers"] == ["P5"]
    for part in (IDENTITY[:-1], IDENTITY[6:14], IDENTITY[-4:]):
        assert found(related, part)["customers"] == [], part


def test_what_is_too_short_finds_nothing(related: httpx.Client) -> None:
    for text in ("", "j", "1 2"):
        assert found(related, text) == {"customers": [], "loans": [], "accounts": [], "warnings": []}


def test_better_matches_come_first_and_the_rest_is_counted(
    own_client: httpx.Client, connection: type_of_connection
) -> None:
    connection.execute("INSERT INTO parties.organisation_unit VALUES ('U1', '测试支行', 'sub_branch', NULL)")
    for number, name in enumerate(("新乙坊有限公司", "乙坊", "乙坊食品有限公司"), 20):
        connection.execute(
            "INSERT INTO parties.party (party_id, unit_id, kind, name, name_search) VALUES (%s, 'U1', 'company', %s, %s)",
            (f"P{number}", name, name),
        )
    connection.commit()
    answer = read(own_client, "乙坊", limit=2)["customers"]
    assert [one["name"] for one in answer["items"]] == ["乙坊", "乙坊食品有限公司"]
    assert answer["total_count"] == 3


def test_nothing_of_another_branch_is_found(related: httpx.Client) -> None:
    nothing: dict[str, list[str]] = {"customers": [], "loans": [], "accounts": [], "warnings": []}
    for text in ("甲纺织", LOAN, BORROWER, "FLOW_SECURITIES", IDENTITY, "紡織", QUIET):
        assert found(related, text, FAR) == nothing, text
    assert found(related, "辛实业", FAR)["customers"] == [ELSEWHERE]
    assert found(related, "辛实业", NEAR) == nothing
    assert read(related, "有限公司", NEAR)["customers"]["total_count"] == 5
    assert read(related, "有限公司")["customers"]["total_count"] == 6
    assert read(related, "实业")["customers"]["total_count"] == 1
    assert read(related, "实业", NEAR)["customers"]["total_count"] == 0


def test_warnings_are_for_those_who_may_read_them(related: httpx.Client) -> None:
    answer = related.get(
        "/api/v1/search", params={"q": "甲纺织"}, headers={"Authorization": f"Bearer {READER_KEY}"}
    )
    assert answer.status_code == 200, answer.text
    assert [one["loan_id"] for one in answer.json()["loans"]["items"]] == [LOAN, UNTRACED_LOAN]
    assert answer.json()["warnings"] == {"total_count": 0, "items": []}

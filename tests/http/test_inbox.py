"""What each proposal in the inbox changes, field by field, wherever it is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, NAMES, QUIET_LOAN
from tests.http.conftest import application, client_of
from tests.http.proposed import (
    CHANGED_RULE,
    CHECKER,
    EARLIER,
    MAKER,
    UNTIL,
    propose_everything,
    propose_retirement,
    propose_rule,
    write_proposing_bank,
)
from tests.http.warned import QUIET_THREAD, THREAD
from tests.signing_in import AS, write_person

from loantrail.clock import business_date
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, workflow

pytestmark = pytest.mark.database

PLACES = {
    "warning_lowering": f"warnings/{THREAD}/lowering",
    "warning_finding": f"warnings/{QUIET_THREAD}/finding",
}


@pytest.fixture
def bank(database_url: str, _own_home: None) -> Iterator[httpx.Client]:
    with psycopg.connect(database_url) as connection:
        write_proposing_bank(connection)
    with application(database_url) as address, client_of(address) as client:
        yield client


def read(bank: httpx.Client, path: str, by: str = CHECKER) -> dict[str, Any]:
    answer = bank.get(f"/api/v1/approvals/{path}", headers={AS: by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_kind_waits_in_one_list_and_tells_what_it_changes(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    made = propose_everything(bank, connection)
    waiting = bank.get("/api/v1/approvals", headers={AS: CHECKER}).json()["items"]
    assert {one["kind"]: one["key"] for one in waiting} == made
    elsewhere = ("warning_lowering", "warning_finding", "rule_version", "rule_retirement")
    assert all(one["reason"] for one in waiting if one["kind"] not in elsewhere)
    paths = PLACES | {
        "list_entry": f"list-entries/{made['list_entry']}",
        "rule_version": f"rule-versions/{made['rule_version']}",
        "rule_retirement": f"rule-versions/{made['rule_retirement']}/retirement",
    }
    for one in waiting:
        told = read(bank, paths.get(one["kind"], one["key"]))
        assert told["after"], one["kind"]
        assert told["content_hash"], one["kind"]
        assert told["is_own"] is False, one["kind"]
        assert told["may_decide"] is (one["kind"] != "person_change"), one["kind"]


def test_a_lowering_tells_both_levels_and_what_the_warning_rests_on(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    propose_everything(bank, connection)
    told = read(bank, PLACES["warning_lowering"])
    page = bank.get(f"/api/v1/warnings/{THREAD}").json()
    assert (told["before"], told["after"]) == ({"level": "red"}, {"level": "yellow"})
    assert (told["reason"], told["maker_name"], told["loan_id"]) == ("已归还大部分资金", "客户经理一", LOAN)
    assert told["content_hash"] == page["lowering"]["content_hash"]
    assert [(hit["rule_code"], hit["level"]) for hit in told["hits"]] == [("FLOW_SECURITIES", "red")]
    assert told["made_at"] == next(
        one["at"] for one in page["timeline"] if one["kind"] == "lowering_proposed"
    )
    own = read(bank, PLACES["warning_lowering"], MAKER)
    assert (own["is_own"], own["may_decide"]) == (True, False)


def test_a_finding_tells_what_it_says_and_what_the_borrower_said(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    propose_everything(bank, connection)
    told = read(bank, PLACES["warning_finding"])
    assert (told["before"], told["loan_id"]) == (None, QUIET_LOAN)
    assert told["after"] == {
        "text": "贷款闲置三个月，未用于约定用途",
        "heard_on": "2025-03-20",
        "hearing_note": "借款人承认",
    }


def test_an_entry_of_a_list_tells_all_its_fields_and_until_when_an_earlier_one_held(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    told = read(bank, f"list-entries/{propose_everything(bank, connection)['list_entry']}")
    assert told["before"] == {"on_list": False, "expires_on": EARLIER.isoformat()}
    assert told["after"] == {
        "on_list": True,
        "list": "black",
        "scope": "account",
        "subject": BROKER,
        "name": NAMES[BROKER],
        "rule_code": "",
        "expires_on": UNTIL.isoformat(),
    }


def test_a_version_of_a_rule_is_compared_with_the_one_in_force(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    told = read(bank, f"rule-versions/{propose_rule(connection)}")
    before, after = told["before"], told["after"]
    differs = {name for name in after if after[name] != before[name]}
    assert differs == {"version", "state", "condition", "levels", *CHANGED_RULE}
    assert [(one["version"], one["state"]) for one in (before, after)] == [(1, "published"), (2, "proposed")]
    assert [one["level"] for one in after["levels"]] == ["red", *(one["level"] for one in before["levels"])]


def test_a_version_of_a_rule_that_was_never_in_force_is_compared_with_the_one_that_it_was_made_from(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    told = read(bank, f"rule-versions/{propose_rule(connection, 'LARGE_CASH')}")
    assert (told["before"]["version"], told["before"]["state"]) == (1, "shadow")


def test_a_version_of_a_rule_is_compared_with_one_that_was_published_and_is_not_in_force_yet(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    first = propose_rule(connection, "LARGE_CASH")
    acting.act(
        connection,
        first,
        3,
        "approve",
        CHECKER,
        new_id(),
        lambda one, at: workflow.approve(one, CHECKER, at, business_date(at), UNTIL, None),
    )
    told = read(bank, f"rule-versions/{propose_rule(connection, 'LARGE_CASH')}")
    assert (told["before"]["version"], told["before"]["state"]) == (2, "published")


def test_a_retirement_of_a_rule_tells_its_reason_and_that_the_version_would_end(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    rule_id = propose_retirement(connection)
    told = read(bank, f"rule-versions/{rule_id}/retirement")
    assert (told["before"], told["after"]) == ({"state": "published"}, {"state": "retired"})
    assert (told["place"], told["reason"], told["maker_name"]) == ("rule", "误报太多", "客户经理一")
    assert told["subject"] == "AUTONOMOUS_LIMIT_CONSUMER v1"
    assert bank.get(f"/api/v1/approvals/rule-versions/{rule_id}", headers={AS: CHECKER}).status_code == 404
    own = read(bank, f"rule-versions/{rule_id}/retirement", MAKER)
    assert (own["is_own"], own["may_decide"]) == (True, False)
    waiting = bank.get("/api/v1/approvals/rule-versions/" + propose_rule(connection) + "/retirement")
    assert waiting.status_code == 404


def test_two_versions_of_a_rule_that_wait_are_told_apart(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    first, second = propose_rule(connection), propose_rule(connection)
    keys = [one["key"] for one in bank.get("/api/v1/approvals", headers={AS: CHECKER}).json()["items"]]
    assert sorted(keys) == sorted((first, second))
    assert [read(bank, f"rule-versions/{one}")["after"]["version"] for one in (first, second)] == [2, 3]


def test_what_does_not_wait_or_is_out_of_reach_is_not_there(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    made = propose_everything(bank, connection)
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, name, kind) VALUES ('U2', '邻行', 'sub_branch')"
    )
    write_person(connection, "elsewhere", [Role.RISK_MANAGER], "U2")
    write_person(connection, "author", [Role.RULE_AUTHOR])
    connection.commit()
    paths = [*PLACES.values(), f"list-entries/{made['list_entry']}"]
    for path in paths:
        assert bank.get(f"/api/v1/approvals/{path}", headers={AS: "elsewhere"}).status_code == 404, path
    assert bank.get(f"/api/v1/approvals/{paths[0]}", headers={AS: "author"}).status_code == 403
    assert read(bank, f"rule-versions/{made['rule_version']}", "author")["may_decide"] is False
    assert read(bank, f"rule-versions/{made['rule_version']}", "security")["may_decide"] is False
    nothing = bank.get(f"/api/v1/approvals/warnings/{THREAD}/finding", headers={AS: CHECKER})
    assert (nothing.status_code, nothing.json()["detail_chinese"]) == (404, "没有这个待办事项")

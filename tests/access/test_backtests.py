"""What back-tests and rules found is counted for whoever may read rules; of the loans each person sees those within reach, and of
those beyond the first payee as much as elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb
from tests.access.conftest import ELSEWHERE, HERE, person_of, write_people
from tests.http.bank import BROKER, LOAN, NAMES, QUIET_LOAN, transfer_id, write_books, write_trace
from tests.http.conftest import application
from tests.http.opened_sheets import sheet
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import COOKIE, token_of, write_person

from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import Database
from loantrail.rules import acting, store_backtest

pytestmark = pytest.mark.database

CODE = "FLOW_SECURITIES"
MANAGER = person_of(Role.RELATIONSHIP_MANAGER, HERE)
FAR_MANAGER = person_of(Role.RELATIONSHIP_MANAGER, ELSEWHERE)
HEAD_OFFICE = person_of(Role.HEAD_OFFICE_RISK, HERE)
AUTHOR = person_of(Role.RULE_AUTHOR, HERE)
BOTH = "author-and-executive"
SECRETS = (LOAN, QUIET_LOAN, transfer_id("入市"), transfer_id("乙放款"), NAMES[BROKER])


def example(loan_id: str, transfer: str, name: str) -> dict[str, Any]:
    words = f"收款方名称 LIKE '{name}'"
    seen = {
        "name": "credit_name", "chinese": "收款方名称", "english": "payee's name", "value_chinese": name,
        "value_english": name,
    }  # fmt: skip
    return {
        "loan_id": loan_id, "at": "2025-03-06T02:30:00Z", "level": "red", "amount_fen": "30000000", "share_ppm": 300_000,
        "transaction_id": transfer_id(transfer), "only_new": True,
        "explained": {
            "kind": "test", "source": "credit_name LIKE '%'", "chinese": words, "english": words, "holds": True, "seen": [seen],
            "parts": [],
        },
    }  # fmt: skip


RESULT: dict[str, Any] = {
    "rows": 8, "loans": 2, "days": 31, "loans_hit": 2, "severe_loans": 2, "threads_milli": 7, "severe_milli": 7,
    "budget_threads_milli": 15_000, "budget_severe_milli": 3_000, "levels": [{"level": "red", "loans": 2}],
    "months": [{"month": "2025-03", "loans": 2}], "confirmed": 0, "confirmed_hit": 0, "compared": True, "both": 0,
    "only_new": 2, "only_old": 1, "only_new_loans": [LOAN, QUIET_LOAN], "only_old_loans": [QUIET_LOAN], "runaway": False,
    "microseconds": 5, "examples": [example(LOAN, "入市", NAMES[BROKER]), example(QUIET_LOAN, "乙放款", "乙")],
}  # fmt: skip
LATER: dict[str, None] = {"judged_from": None, "judged_to": None, "loans_new": None}
"""What results of an earlier version of the software do not have."""
NAMING = ("only_new_loans", "only_old_loans", "examples")
COUNTS = {name: RESULT[name] for name in RESULT if name not in NAMING} | LATER


@pytest.fixture(scope="module")
def own_url(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """The bank of the two sub-branches in a database of its own, for what these tests write."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_books(connection)
            write_trace(connection)
            write_people(connection)
        yield url


@pytest.fixture(scope="module")
def told(own_url: str) -> dict[str, str]:
    """Ids of a finished back-test and its rule."""
    with psycopg.connect(own_url) as connection:
        acting.enter_shipped(connection)
        row = connection.execute("SELECT rule_id FROM rules.rule_version WHERE code = %s", (CODE,)).fetchone()
        assert row is not None
        backtest_id, key = new_id(), new_id()
        wanted = {
            "backtest_id": backtest_id, "request_key": key, "rule_id": row[0], "compared_with": None, "content_hash": "",
            "from_date": "2025-03-01", "to_date": "2025-03-31", "requested_by": "甲",
        }  # fmt: skip
        store_backtest.insert(connection, wanted)
        store_backtest.finish(connection, backtest_id, "finished", RESULT)
        connection.execute(
            "INSERT INTO rules.evaluation SELECT rule_id, 'run-1', now(), '2025-03-03', '2025-03-10', 2, 2, 2, 5, NULL, NULL, "
            "content_hash FROM rules.rule_version WHERE rule_id = %s",
            (row[0],),
        )
        for loan_id, transfer, name in ((LOAN, "入市", NAMES[BROKER]), (QUIET_LOAN, "乙放款", "乙")):
            connection.execute(
                "INSERT INTO rules.hit (hit_id, rule_id, run_id, rule_code, rule_version, loan_id, at, level, amount_fen, "
                "share_ppm, destination_class, transaction_ids, explanation, explanation_chinese, explained, unit_id) VALUES "
                "(%s, %s, 'run-1', %s, '1', %s, now(), 'red', 5, 5, '', %s, %s, %s, %s, 'U1')",
                (
                    new_id(), row[0], CODE, loan_id, [transfer_id(transfer)], name, name,
                    Jsonb(example(loan_id, transfer, name)["explained"]),
                ),
            )  # fmt: skip
        write_person(connection, BOTH, [Role.RULE_AUTHOR, Role.EXECUTIVE], HERE, None)
    return {"backtest_id": backtest_id, "rule_id": row[0], "request_key": key}


@pytest.fixture(scope="module")
def client(own_url: str, told: dict[str, str]) -> Iterator[httpx.Client]:
    del told
    with application(own_url) as address, httpx.Client(base_url=address, timeout=60) as opened:
        yield opened


def ask(client: httpx.Client, path: str, person: str) -> httpx.Response:
    answer = client.get(f"/api/v1{path}", headers=as_(person))
    assert answer.status_code == 200, answer.text
    return answer


def as_(person: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={token_of(person)}"}


def test_who_reaches_all_loans_and_may_see_third_parties_sees_all(
    client: httpx.Client, told: dict[str, str]
) -> None:
    result = ask(client, f"/backtests/{told['backtest_id']}", HEAD_OFFICE).json()["result"]

    assert result == RESULT | LATER | {"hidden_examples": 0}


@pytest.mark.parametrize("person", [AUTHOR, FAR_MANAGER, BOTH])
def test_who_reaches_none_of_the_loans_sees_the_counts_alone(
    client: httpx.Client, told: dict[str, str], person: str
) -> None:
    answer = ask(client, f"/backtests/{told['backtest_id']}", person)

    none = {"only_new_loans": [], "only_old_loans": [], "examples": [], "hidden_examples": 2}
    assert answer.json()["result"] == COUNTS | none
    assert [one for one in SECRETS if one in answer.text] == []


def test_a_manager_sees_the_loans_that_they_manage_and_a_mask_beyond_the_first_payee(
    client: httpx.Client, told: dict[str, str]
) -> None:
    answer = ask(client, f"/backtests/{told['backtest_id']}", MANAGER)

    result = answer.json()["result"]
    assert [one["loan_id"] for one in result["examples"]] == [LOAN]
    assert (result["only_new_loans"], result["only_old_loans"], result["hidden_examples"]) == ([LOAN], [], 1)
    assert {name: result[name] for name in COUNTS} == COUNTS
    assert [one for one in (QUIET_LOAN, transfer_id("乙放款"), NAMES[BROKER]) if one in answer.text] == []
    assert result["examples"][0]["explained"]["seen"][0]["value_chinese"] == "己证****"


def test_who_stands_beyond_is_masked_where_the_trace_of_today_has_it_no_longer(
    client: httpx.Client, told: dict[str, str], own_url: str
) -> None:
    def text() -> str:
        return ask(client, f"/backtests/{told['backtest_id']}", MANAGER).text

    gone = transfer_id("入市")
    with psycopg.connect(own_url) as connection:
        connection.execute(
            "UPDATE tracing.hop SET transfer_id = 'gone', to_account = NULL WHERE transfer_id = %s", (gone,)
        )
        connection.commit()
        try:
            assert gone in text() and NAMES[BROKER] not in text()
        finally:
            connection.execute(
                "UPDATE tracing.hop SET transfer_id = %s, to_account = %s WHERE transfer_id = 'gone'",
                (gone, BROKER),
            )
            connection.commit()


@pytest.mark.parametrize("person", [AUTHOR, FAR_MANAGER, MANAGER, HEAD_OFFICE])
def test_a_rule_and_the_acts_on_a_back_test_tell_its_figures_alone(
    client: httpx.Client, told: dict[str, str], person: str
) -> None:
    answer = ask(client, f"/rules/{CODE}", person)

    assert [one["result"] for one in answer.json()["backtests"]] == [COUNTS]
    assert [one for one in SECRETS if one in answer.text] == []
    if person not in (AUTHOR, HEAD_OFFICE):
        return
    wanted = {"from_date": "2025-03-01", "to_date": "2025-03-31", "request_key": told["request_key"]}
    for path, body in (
        (f"/rule-versions/{told['rule_id']}/backtests", wanted),
        (f"/backtests/{told['backtest_id']}/cancellation", None),
    ):
        again = client.post(f"/api/v1{path}", json=body, headers=as_(person))
        assert (again.status_code, again.json()["result"]) == (200, COUNTS)


def test_the_sheet_of_the_examples_holds_what_the_page_shows(
    client: httpx.Client, told: dict[str, str]
) -> None:
    def cells(person: str) -> str:
        with httpx.Client(base_url=client.base_url, headers=as_(person), timeout=60) as opened:
            return str(sheet(opened, f"/backtests/{told['backtest_id']}/examples.xlsx"))

    everything, managed, nothing = (cells(person) for person in (HEAD_OFFICE, MANAGER, FAR_MANAGER))

    assert [one for one in SECRETS if one not in everything] == []
    assert [one for one in SECRETS if one in managed] == [LOAN, transfer_id("入市")] and "己证****" in managed
    assert [one for one in SECRETS if one in nothing] == []


@pytest.mark.parametrize(
    "person, shown", [(HEAD_OFFICE, 2), (MANAGER, 1), (FAR_MANAGER, 0), (AUTHOR, 0), (BOTH, 0)]
)
def test_hits_are_those_of_the_loans_within_reach(
    client: httpx.Client, told: dict[str, str], person: str, shown: int
) -> None:
    hits = ask(client, f"/rule-versions/{told['rule_id']}/hits", person)

    assert len(hits.json()) == shown
    assert (NAMES[BROKER] in hits.text) == (person == HEAD_OFFICE)
    [version] = [
        one
        for one in ask(client, f"/rules/{CODE}", person).json()["versions"]
        if one["rule_id"] == told["rule_id"]
    ]
    assert version["found"]["loans_hit"] == 2, "counts stay"


def test_each_access_stays_on_record(client: httpx.Client, told: dict[str, str], own_url: str) -> None:
    person, name = person_of(Role.RISK_MANAGER, HERE), f"{Role.RISK_MANAGER}-{HERE}"
    paths = [f"/backtests/{told['backtest_id']}", f"/rule-versions/{told['rule_id']}/hits"]
    for path in (*paths, *(f"{path}.xlsx" for path in (f"{paths[0]}/examples", paths[1]))):
        ask(client, path, person)

    with psycopg.connect(own_url) as connection:
        kept = connection.execute(
            "SELECT action, content::jsonb -> 'after' ->> 'route' FROM audit.entry WHERE person = %s ORDER BY 1, 2",
            (name,),
        ).fetchall()
    routes = [route for action, route in kept if action == "data.read"]
    assert routes == [
        "/backtests/{backtest_id}",
        "/backtests/{backtest_id}/examples.xlsx",
        "/rule-versions/{rule_id}/hits",
        "/rule-versions/{rule_id}/hits.xlsx",
    ]

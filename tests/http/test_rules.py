"""Rules over the interface: entered, written, checked, led through approval by two people, tried over history."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import polars as pl
import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, SUPPLIER, write_books, write_trace
from tests.http.opened_sheets import sheet
from tests.signing_in import AS

from loantrail import clock
from loantrail.early_warning.hits import HITS
from loantrail.ids import new_id
from loantrail.monitor.store_step import stopped_rules
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, store, store_backtest, store_hits, store_lists, workflow
from loantrail.rules.listing import PAYEES, marked
from loantrail.rules.model import RuleVersion, State
from loantrail.rules.running import hits_of_run, judging
from loantrail.rules.shipped import shipped_rules
from loantrail.signals.rows import row_schema

pytestmark = pytest.mark.database
MAKER, CHECKER = "S-甲", "S-乙"
CONTENT = {
    "code": "OWN_RULE",
    "chinese": "大额付款",
    "english": "Large payment",
    "legal_basis": "本行制度",
    "products": [],
    "customer_kinds": [],
    "occasion": "movement",
    "condition": "traced_amount_fen >= wan(30) AND destination_class = 'securities'",
    "levels": [{"level": "orange", "condition": "traced_amount_fen >= wan(100)"}, {"level": "yellow", "condition": "TRUE"}],
    "amount_field": "traced_amount_fen",
    "owner_role": "risk_manager",
    "actions": ["verify"],
    "doubt_chinese": "可能是货款",
    "doubt_english": "May be for goods",
}  # fmt: skip


@pytest.fixture
def bank(own_client: httpx.Client, database_url: str) -> Iterator[httpx.Client]:
    """A client of the traced bank in this test's own database, with two people on its staff."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        for staff_id in (MAKER, CHECKER):
            connection.execute(
                "INSERT INTO parties.staff (staff_id, name, role, unit_id) SELECT %s, %s, 'risk_manager', unit_id "
                "FROM parties.organisation_unit LIMIT 1",
                (staff_id, staff_id),
            )
    yield own_client


def by(person: str) -> dict[str, str]:
    return {AS: quote(person)}


def drafted(bank: httpx.Client, person: str = MAKER, **changes: Any) -> dict[str, Any]:
    answer = bank.post(
        "/api/v1/rules",
        json={"content": CONTENT | changes, "request_key": new_id()},
        headers=by(person),
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["version"]


def act(bank: httpx.Client, version: dict[str, Any], name: str, person: str, **more: Any) -> httpx.Response:
    body = {"act": name, "revision": version["revision"], "request_key": new_id()} | more
    if name == "propose":
        body = {"reason": "没有可回测的历史"} | body
    return bank.post(f"/api/v1/rule-versions/{version['rule_id']}/acts", json=body, headers=by(person))


def drafted_anew(bank: httpx.Client, based_on: int) -> dict[str, Any]:
    """Another version of the rule, as a draft."""
    wanted = {
        "content": CONTENT | {"condition": f"traced_amount_fen >= wan({10 + based_on})"},
        "based_on": based_on,
    }
    answer = bank.post("/api/v1/rules", json=wanted | {"request_key": new_id()}, headers=by(MAKER))
    assert answer.status_code == 201, answer.text
    return answer.json()["version"]


def tried(bank: httpx.Client, version: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A back-test of the version, ended."""
    wanted = {"from_date": "2025-03-01", "to_date": "2025-03-31", "request_key": new_id()} | more
    answer = bank.post(
        f"/api/v1/rule-versions/{version['rule_id']}/backtests", json=wanted, headers=by(MAKER)
    )
    assert answer.status_code == 201, answer.text
    return ended(bank, answer.json()["backtest_id"])


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()["version"]


def today() -> str:
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()


def test_the_shipped_rules_are_there_once(bank: httpx.Client, connection: type_of_connection) -> None:
    first, second = (bank.get("/api/v1/rules").json() for _ in range(2))
    assert first == second
    assert {one["code"] for one in first["rules"]} == {one.content.code for one in shipped_rules()}
    assert (first["budget_threads_milli"], first["budget_severe_milli"]) == (15_000, 3_000)
    assert acting.enter_shipped(connection) == 0
    detail = bank.get("/api/v1/rules/FLOW_SECURITIES").json()
    assert detail["versions"][0]["maker"].startswith("loantrail ")
    assert detail["versions"][0]["reading"]["kind"] == "all"
    assert [one["kind"] for one in detail["events"]] == ["shipped"]


def test_a_condition_is_checked_with_places_in_both_languages(bank: httpx.Client) -> None:
    answer = bank.post(
        "/api/v1/rule-language/check",
        json={
            "condition": "traced_amount_fen >= wan(5)\nAND destination_clas = 'cash'",
            "occasion": "movement",
        },
    ).json()
    problem = answer["problems"][0]
    assert (problem["code"], problem["line"], problem["column"], problem["length"]) == (
        "unknown_field",
        2,
        5,
        16,
    )
    assert problem["names"][0] == "destination_class"
    assert "没有字段" in problem["chinese"] and answer["reading"] is None
    good = bank.post("/api/v1/rule-language/check", json={"condition": "retail", "occasion": "day"}).json()
    assert good["reading"]["chinese"] == "零售贷款" and good["fields"] == ["retail"]


def test_completions_and_vocabulary(bank: httpx.Client) -> None:
    found = bank.post(
        "/api/v1/rule-language/completions",
        json={"text": "retail AND traced_am", "cursor": 20, "occasion": "movement"},
    ).json()
    assert (found[0]["insert"], found[0]["start"]) == ("traced_amount_fen", 11)
    words = bank.get("/api/v1/rule-language").json()
    assert len(words["fields"]) > 100 and "verify" in words["actions"]


def test_from_draft_to_published_takes_two_people(bank: httpx.Client) -> None:
    version = drafted(bank)
    assert (version["state"], version["maker"], version["problems"]) == ("draft", MAKER, [])
    shadow = done(act(bank, version, "to_shadow", MAKER))
    proposed = done(act(bank, shadow, "propose", MAKER))
    own = act(bank, proposed, "approve", MAKER, effective_from=today())
    assert (own.status_code, own.json()["code"]) == (409, "maker_is_checker")
    published = done(act(bank, proposed, "approve", CHECKER, effective_from=today()))
    assert (published["state"], published["checker"], published["in_force"]) == ("published", CHECKER, True)
    late = bank.put(
        f"/api/v1/rule-versions/{published['rule_id']}",
        json={
            "content": CONTENT | {"chinese": "改"},
            "revision": published["revision"],
            "request_key": new_id(),
        },
        headers=by(MAKER),
    )
    assert (late.status_code, late.json()["code"]) == (409, "published_stays")
    events = bank.get("/api/v1/rules/OWN_RULE").json()["events"]
    assert [one["kind"] for one in events] == ["approve", "propose", "to_shadow", "drafted"]
    assert [one["by"] for one in events] == [CHECKER, MAKER, MAKER, MAKER]


def test_the_books_are_evaluated_anew_where_other_versions_judge(bank: httpx.Client) -> None:
    def requested() -> int:
        return bank.get("/api/v1/evaluation").json()["requested"]

    before = requested()
    version = drafted(bank)
    assert requested() == before
    shadow = done(act(bank, version, "to_shadow", MAKER))
    assert requested() == before + 1
    proposed = done(act(bank, shadow, "propose", MAKER))
    assert act(bank, proposed, "approve", MAKER, effective_from=today()).status_code == 409
    assert requested() == before + 1
    published = done(act(bank, proposed, "approve", CHECKER, effective_from=today()))
    assert requested() == before + 2
    waits = done(act(bank, published, "propose_retire", MAKER, reason="不再需要"))
    assert requested() == before + 2
    done(act(bank, waits, "retire", CHECKER))
    assert requested() == before + 3


def test_a_version_that_was_never_tried_is_proposed_only_with_a_reason(bank: httpx.Client) -> None:
    shadow = done(act(bank, drafted(bank), "to_shadow", MAKER))
    assert shadow["tried"] is False
    for reason in ("", "  "):
        refused = act(bank, shadow, "propose", MAKER, reason=reason)
        assert refused.status_code in (409, 422), refused.text
    assert act(bank, shadow, "propose", MAKER, reason="").json()["code"] == "not_tried"
    proposed = done(act(bank, shadow, "propose", MAKER, reason="新产品，没有历史"))
    assert proposed["state"] == "proposed"
    events = bank.get("/api/v1/rules/OWN_RULE").json()["events"]
    assert (events[0]["kind"], events[0]["reason"]) == ("propose", "新产品，没有历史")


def test_a_version_that_was_tried_as_it_stands_needs_no_reason(bank: httpx.Client) -> None:
    version = drafted(bank)
    assert tried(bank, version)["state"] == "finished"
    changed = bank.put(
        f"/api/v1/rule-versions/{version['rule_id']}",
        json={
            "content": CONTENT | {"condition": "traced_amount_fen >= wan(40)"},
            "revision": version["revision"],
            "request_key": new_id(),
        },
        headers=by(MAKER),
    ).json()["version"]
    shadow = done(act(bank, changed, "to_shadow", MAKER))
    assert (shadow["tried"], act(bank, shadow, "propose", MAKER, reason="").json()["code"]) == (
        False,
        "not_tried",
    )
    tried(bank, shadow)
    assert done(act(bank, shadow, "propose", MAKER, reason=""))["tried"] is True


def test_a_draft_does_not_hide_the_version_on_trial(bank: httpx.Client) -> None:
    shadow = done(act(bank, drafted(bank), "to_shadow", MAKER))
    drafted_anew(bank, 1)
    [row] = [one for one in bank.get("/api/v1/rules").json()["rules"] if one["code"] == "OWN_RULE"]
    assert (row["version"], row["state"], row["waiting"]) == (1, "shadow", "draft")
    assert row["rule_id"] == shadow["rule_id"]


def test_a_back_test_compares_with_the_version_in_force_else_with_that_on_trial_or_as_asked(
    bank: httpx.Client,
) -> None:
    first = done(act(bank, drafted(bank), "to_shadow", MAKER))
    second = drafted_anew(bank, 1)
    assert tried(bank, first)["compared_version"] is None
    assert tried(bank, second)["compared_version"] == 1
    done(act(bank, done(act(bank, first, "propose", MAKER)), "approve", CHECKER, effective_from=today()))
    on_trial = done(act(bank, second, "to_shadow", MAKER))
    third = drafted_anew(bank, 2)
    assert tried(bank, third)["compared_version"] == 1
    compared = tried(bank, third, compare_with=2)
    assert (compared["compared_version"], compared["compared_with"]) == (2, on_trial["rule_id"])
    assert compared["result"]["compared"] is True
    for number in (3, 9):
        wanted = {"from_date": "2025-03-01", "to_date": "2025-03-31", "request_key": new_id()}
        missing = bank.post(
            f"/api/v1/rule-versions/{third['rule_id']}/backtests",
            json=wanted | {"compare_with": number},
            headers=by(MAKER),
        )
        assert missing.status_code == 404


def test_whoever_changed_a_draft_cannot_approve_it(bank: httpx.Client) -> None:
    version = drafted(bank)
    changed = bank.put(
        f"/api/v1/rule-versions/{version['rule_id']}",
        json={
            "content": CONTENT | {"chinese": "改"},
            "revision": version["revision"],
            "request_key": new_id(),
        },
        headers=by(CHECKER),
    ).json()["version"]
    assert changed["editors"] == [MAKER, CHECKER]
    proposed = done(act(bank, done(act(bank, changed, "to_shadow", MAKER)), "propose", MAKER))
    assert (
        act(bank, proposed, "approve", CHECKER, effective_from=today()).json()["code"] == "maker_is_checker"
    )


def test_a_draft_with_errors_is_kept_and_does_not_run(bank: httpx.Client) -> None:
    version = drafted(bank, condition="no_such_field > 0")
    assert version["problems"] == ["condition"]
    assert act(bank, version, "to_shadow", MAKER).json()["code"] == "content_refused"


def test_a_refused_version_comes_back_with_the_reason(bank: httpx.Client) -> None:
    proposed = done(act(bank, done(act(bank, drafted(bank), "to_shadow", MAKER)), "propose", MAKER))
    back = done(act(bank, proposed, "refuse", CHECKER, reason="门槛过低"))
    assert (back["state"], back["refusal_reason"]) == ("draft", "门槛过低")


def test_somebody_elses_change_is_a_conflict_and_the_same_request_acts_once(bank: httpx.Client) -> None:
    version = drafted(bank)
    key = new_id()
    body = {"act": "to_shadow", "revision": version["revision"], "request_key": key}
    answers = [
        bank.post(f"/api/v1/rule-versions/{version['rule_id']}/acts", json=body, headers=by(MAKER))
        for _ in range(2)
    ]
    assert [one.json()["new"] for one in answers] == [True, False]
    stale = act(bank, version, "propose", MAKER)
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    other = act(bank, done(answers[0]), "propose", MAKER, request_key=key)
    assert other.status_code == 409


def test_a_new_version_differs_and_takes_the_place_of_the_one_before(bank: httpx.Client) -> None:
    def publish(version: dict[str, Any]) -> dict[str, Any]:
        proposed = done(act(bank, done(act(bank, version, "to_shadow", MAKER)), "propose", MAKER))
        return done(act(bank, proposed, "approve", CHECKER, effective_from=today()))

    publish(drafted(bank))
    answer = bank.post(
        "/api/v1/rules",
        json={
            "content": CONTENT | {"condition": "traced_amount_fen >= wan(20)"},
            "based_on": 1,
            "request_key": new_id(),
        },
        headers=by(MAKER),
    )
    second = answer.json()["version"]
    assert (second["version"], second["differs"]) == (2, ["condition"])
    twice = act(
        bank,
        done(act(bank, done(act(bank, second, "to_shadow", MAKER)), "propose", MAKER)),
        "approve",
        CHECKER,
        effective_from=today(),
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "later_version")
    tomorrow = (datetime.date.fromisoformat(today()) + datetime.timedelta(days=1)).isoformat()
    version = bank.get("/api/v1/rules/OWN_RULE").json()["versions"][0]
    later = done(act(bank, version, "approve", CHECKER, effective_from=tomorrow))
    assert (later["state"], later["in_force"]) == ("published", False)


def test_what_cannot_be_found_or_used_is_said(bank: httpx.Client) -> None:
    assert bank.get("/api/v1/rules/NOTHING").status_code == 404
    assert bank.get(f"/api/v1/backtests/{'0' * 32}").status_code == 404
    assert bank.get(f"/api/v1/rule-versions/{'0' * 32}/hits").status_code == 404
    again = bank.post(
        "/api/v1/rules", json={"content": CONTENT | {"code": "FLOW_SECURITIES"}, "request_key": new_id()}
    )
    bank.get("/api/v1/rules")
    again = bank.post(
        "/api/v1/rules", json={"content": CONTENT | {"code": "FLOW_SECURITIES"}, "request_key": new_id()}
    )
    assert again.status_code == 409 and "already" in again.json()["detail"]
    wanted = {"content": CONTENT, "request_key": new_id()}
    assert httpx.post(f"{bank.base_url}/api/v1/rules", json=wanted).status_code == 401


# In the database -----------------------------------------------------------------------------------------------


def test_the_database_itself_refuses_what_the_workflow_would(connection: type_of_connection) -> None:
    acting.enter_shipped(connection)
    connection.commit()
    rule_id = connection.execute(
        "SELECT rule_id FROM rules.rule_version WHERE state = 'published' LIMIT 1"
    ).fetchone()
    assert rule_id is not None
    for change in (
        "UPDATE rules.rule_version SET condition = 'TRUE' WHERE rule_id = %s",
        "UPDATE rules.rule_version SET effective_from = '2030-01-01' WHERE rule_id = %s",
        "UPDATE rules.rule_version SET state = 'draft' WHERE rule_id = %s",
        "DELETE FROM rules.rule_version WHERE rule_id = %s",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(change, rule_id)
        connection.rollback()
    with pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM rules.event")
    connection.rollback()
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE rules.rule_version SET checker = maker WHERE state = 'shadow'")


def test_a_changed_shipped_rule_is_a_new_version_and_a_draft_where_the_bank_has_its_own(
    connection: type_of_connection,
) -> None:
    acting.enter_shipped(connection)
    first = next(one for one in shipped_rules() if one.state is State.PUBLISHED)
    changed = replace(first, content=replace(first.content, condition="amount_fen > 0"))
    assert acting.enter_shipped(connection, (changed,)) == 1
    assert [one.state for one in store.versions_of(connection, first.content.code)] == [State.PUBLISHED] * 2
    acting.draft(connection, replace(first.content, chinese="本行"), "甲", "key-0000001", based_on=2)
    again = replace(first, content=replace(first.content, condition="amount_fen > 1"))
    acting.enter_shipped(connection, (again,))
    assert store.versions_of(connection, first.content.code)[-1].state is State.DRAFT


def test_a_shipped_rule_that_changes_twice_a_day_changes_again_on_the_next(
    connection: type_of_connection,
) -> None:
    acting.enter_shipped(connection)
    first = next(one for one in shipped_rules() if one.state is State.PUBLISHED)
    for condition in ("amount_fen > 0", "amount_fen > 1", "amount_fen > 2"):
        acting.enter_shipped(
            connection, (replace(first, content=replace(first.content, condition=condition)),)
        )
    today = clock.business_date(clock.now())
    days = [one.effective_from for one in store.versions_of(connection, first.content.code)]
    assert days[1:] == [today + datetime.timedelta(days=number) for number in range(3)]


def test_a_shipped_rule_that_the_bank_retired_comes_back_as_a_draft_alone(
    connection: type_of_connection,
) -> None:
    acting.enter_shipped(connection)
    first = next(one for one in shipped_rules() if one.state is State.PUBLISHED)
    (standing,) = store.versions_of(connection, first.content.code)
    today = clock.business_date(clock.now())
    acting.act(
        connection, standing.rule_id, standing.revision, "propose_retire", "甲", "key-0000002",
        lambda one, at: workflow.propose_retirement(one, "甲", at, "不适用"),
    )  # fmt: skip
    acting.act(
        connection, standing.rule_id, standing.revision + 1, "retire", "乙", "key-0000003",
        lambda one, _at: workflow.retire(one, "乙", today),
    )  # fmt: skip
    for condition in ("amount_fen > 0", "amount_fen > 1"):
        changed = replace(first, content=replace(first.content, condition=condition))
        assert acting.enter_shipped(connection, (changed,)) == 1
    states = [one.state for one in store.versions_of(connection, first.content.code)]
    assert states == [State.RETIRED, State.DRAFT, State.DRAFT]
    assert first.content.code not in {one.code for one in judging(connection, today)}


def test_of_several_trial_versions_only_the_newest_is_judged(connection: type_of_connection) -> None:
    acting.enter_shipped(connection)
    first = next(one for one in shipped_rules() if one.state is State.SHADOW)
    changed = replace(first, content=replace(first.content, condition="amount_fen > 0", occasion="movement"))
    acting.enter_shipped(connection, (changed,))
    judged = judging(connection, datetime.date(2026, 3, 31))
    assert [one.version for one in judged if one.code == first.content.code] == [2]
    assert len({one.code for one in judged}) == len(judged) == len(shipped_rules())


def judged_rows(*loans: str) -> pl.DataFrame:
    at = datetime.datetime(2026, 3, 2, 2, 0, tzinfo=datetime.UTC)
    known = {
        "occasion": "movement", "product": "consumer_loan", "payment_mode": "autonomous_payment", "is_disbursement": True,
        "traced_amount_fen": 60_000_000, "loan_amount_fen": 60_000_000, "at": at, "business_date": at.date(),
    }  # fmt: skip
    schema = row_schema()
    told = [
        known | {"loan_id": loan, "occasion_id": f"o{loan}", "transaction_id": f"t{loan}"} for loan in loans
    ]
    return pl.DataFrame([{name: one.get(name) for name in schema} for one in told], schema=schema)


def test_published_rules_of_a_run_warn_and_all_are_stored_with_their_cost(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    rows = judged_rows(LOAN)
    hits, codes = hits_of_run(
        connection, [rows], 100, "run-1", datetime.date(2026, 3, 31), shipped_parameters()
    )
    connection.commit()
    assert hits.schema == pl.Schema(HITS)
    assert hits["rule_code"].to_list() == ["AUTONOMOUS_LIMIT_CONSUMER"]
    assert "AUTONOMOUS_LIMIT_CONSUMER" in codes and "FLOW_SECURITIES" not in codes
    row = next(
        one for one in bank.get("/api/v1/rules").json()["rules"] if one["code"] == "AUTONOMOUS_LIMIT_CONSUMER"
    )
    assert (row["found"]["loans_hit"], row["found"]["loans"], row["found"]["stopped"]) == (1, 100, None)
    store_hits.set_span(connection, datetime.date(2026, 1, 1), datetime.date(2026, 3, 31))
    connection.commit()
    told = bank.get("/api/v1/rules/AUTONOMOUS_LIMIT_CONSUMER").json()
    assert told["versions"][0]["found"]["threads_milli"] == 1 * 1_000_000 * 365 // (100 * 90 * 12)
    assert (told["period_from"], told["period_to"]) == ("2026-01-01", "2026-03-31")
    stored = bank.get(f"/api/v1/rule-versions/{row['rule_id']}/hits").json()
    assert [(one["loan_id"], one["amount_fen"], one["level"]) for one in stored] == [
        (LOAN, "60000000", "yellow")
    ]
    assert stored[0]["explained"]["holds"] is True
    head, found = sheet(bank, f"/rule-versions/{row['rule_id']}/hits.xlsx")
    told = dict(zip(head, found, strict=True))
    assert (told["借据"], told["金额（元）"], told["等级"]) == (LOAN, 600_000, "黄色")
    listed = sheet(bank, "/rules.xlsx")
    [ours] = [one for one in listed[1:] if one[0] == row["code"]]
    assert ours[listed[0].index("命中贷款")] == 1


def test_a_runaway_rule_warns_nobody_and_is_shown(bank: httpx.Client, connection: type_of_connection) -> None:
    rows = judged_rows(*(f"L{number}" for number in range(30)))
    hits, codes = hits_of_run(
        connection, [rows], 100, "run-1", datetime.date(2026, 3, 31), shipped_parameters()
    )
    connection.commit()
    assert hits.is_empty() and "AUTONOMOUS_LIMIT_CONSUMER" in codes
    row = next(
        one for one in bank.get("/api/v1/rules").json()["rules"] if one["code"] == "AUTONOMOUS_LIMIT_CONSUMER"
    )
    assert row["found"]["stopped"] == "runaway"


def changed(bank: httpx.Client, version: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The draft with another content."""
    wanted = {
        "content": CONTENT | changes,
        "revision": version["revision"],
        "request_key": new_id(),
    }
    return done(bank.put(f"/api/v1/rule-versions/{version['rule_id']}", json=wanted, headers=by(MAKER)))


def led(connection: type_of_connection, version: dict[str, Any], name: str) -> dict[str, Any]:
    """The version after an act that has other versions judge, without the run that the server makes of it: `rule_id, revision`."""

    def decide(one: RuleVersion, _at: datetime.datetime) -> RuleVersion | workflow.Refusal:
        if name == "to_shadow":
            return workflow.to_shadow(one, True, MAKER)
        return workflow.to_draft(one, MAKER)

    done = acting.act(connection, version["rule_id"], version["revision"], name, MAKER, new_id(), decide)
    connection.commit()
    assert done is not None
    return {"rule_id": done[0].rule_id, "revision": done[0].revision}


def judge(connection: type_of_connection, loans: int = 100, hit: int = 1) -> None:
    """The last run: so many loans paid out, `hit` of them with a payment."""
    rows = judged_rows(*(f"L{number}" for number in range(hit)))
    hits_of_run(connection, [rows], loans, "run-1", datetime.date(2026, 3, 31), shipped_parameters())
    connection.commit()


def told_of(bank: httpx.Client, version: dict[str, Any]) -> list[Any]:
    """What the rule's page, its list and its hits say of the version's last judgement."""
    [page] = [
        one
        for one in bank.get("/api/v1/rules/OWN_RULE").json()["versions"]
        if one["rule_id"] == version["rule_id"]
    ]
    [listed] = [one for one in bank.get("/api/v1/rules").json()["rules"] if one["code"] == "OWN_RULE"]
    hits = bank.get(f"/api/v1/rule-versions/{version['rule_id']}/hits").json()
    return [page["found"], listed["found"], len(hits)]


WIDE, NARROW = "traced_amount_fen > wan(1)", "traced_amount_fen > wan(2)"


def test_what_was_found_of_a_version_is_told_of_the_content_that_was_judged(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    on_trial = led(connection, drafted(bank, condition=WIDE), "to_shadow")
    judge(connection)
    page, listed, hits = told_of(bank, on_trial)
    assert (page["loans_hit"], listed["loans_hit"], hits) == (1, 1, 1)

    back = led(connection, on_trial, "to_draft")
    assert told_of(bank, on_trial)[0] == page
    again = led(connection, changed(bank, back, condition=NARROW), "to_shadow")
    assert told_of(bank, again) == [None, None, 0]
    proposed = done(act(bank, again, "propose", MAKER))
    assert (proposed["found"], told_of(bank, proposed)) == (None, [None, None, 0])

    judge(connection)
    page, listed, hits = told_of(bank, proposed)
    assert (page["loans_hit"], listed["loans_hit"], hits) == (1, 1, 1)


def test_a_stopped_rule_that_was_changed_is_stopped_no_more(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    on_trial = led(connection, drafted(bank, condition=WIDE), "to_shadow")
    judge(connection, hit=30)
    assert told_of(bank, on_trial)[0]["stopped"] == "runaway"
    assert on_trial["rule_id"] in stopped_rules(connection)

    back = led(connection, on_trial, "to_draft")
    again = led(connection, changed(bank, back, condition=NARROW), "to_shadow")
    assert told_of(bank, again) == [None, None, 0]
    assert on_trial["rule_id"] not in stopped_rules(connection)
    connection.rollback()

    # Lines that come before the next run may stop it anew: with what they count alone.
    judge(connection)
    back = changed(bank, led(connection, again, "to_draft"), condition=WIDE)
    store_hits.stop_runaway(connection, back["rule_id"], 40, 100, datetime.date(2026, 3, 31))
    connection.commit()
    page, _, hits = told_of(bank, back)
    assert (page["stopped"], page["loans_hit"], page["milliseconds"], hits) == ("runaway", 40, 0, 0)
    assert back["rule_id"] in stopped_rules(connection)


# Lists ---------------------------------------------------------------------------------------------------------


def test_a_payment_to_an_account_on_the_black_list_is_marked_and_hit(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    wanted = {
        "list": "black", "scope": "account", "subject": BROKER, "reason": "洗钱账户", "expires_on": today(),
        "request_key": new_id(),
    }  # fmt: skip
    entry = bank.post("/api/v1/list-entries", json=wanted, headers=by(MAKER)).json()
    assert store_lists.standing(connection, datetime.date.fromisoformat(today())).is_empty()
    connection.rollback()
    approval = {"content_hash": entry["content_hash"]}
    bank.post(
        f"/api/v1/list-entries/{entry['entry_id']}/approval", json=approval, headers=by(CHECKER)
    ).raise_for_status()
    entries = store_lists.standing(connection, datetime.date.fromisoformat(today()))
    payees = pl.DataFrame([("tL1", BROKER, None), ("tL2", SUPPLIER, None)], schema=PAYEES, orient="row")
    rows = marked(judged_rows("L1", "L2", "L3"), payees, entries)
    assert rows["payee_on_black_list"].to_list() == [True, False, None]
    assert rows["payee_on_watch_list"].to_list() == [False, False, None]
    assert store_lists.standing(connection, datetime.date(2099, 1, 1)).is_empty()
    found, codes = hits_of_run(
        connection,
        [judged_rows("L1", "L2", "L3")],
        100,
        "run-1",
        datetime.date(2026, 3, 31),
        shipped_parameters(),
        payees=payees,
    )
    assert (
        found.filter(rule_code="BLACK_LIST_PAYEE")["loan_id"].to_list() == ["L1"]
        and "BLACK_LIST_PAYEE" in codes
    )
    connection.rollback()


# Back-tests ------------------------------------------------------------------------------------------------------


def ended(bank: httpx.Client, backtest_id: str) -> dict[str, Any]:
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        row = bank.get(f"/api/v1/backtests/{backtest_id}").json()
        if row["state"] not in ("queued", "running"):
            return row
        time.sleep(0.05)
    raise AssertionError("the back-test does not end")


def test_a_back_test_runs_over_the_books(bank: httpx.Client) -> None:
    version = drafted(bank)
    wanted = {"from_date": "2025-03-01", "to_date": "2025-03-31", "request_key": new_id()}
    path = f"/api/v1/rule-versions/{version['rule_id']}/backtests"
    started = [bank.post(path, json=wanted, headers=by(MAKER)) for _ in range(2)]
    assert [one.status_code for one in started] == [201, 200]
    assert started[0].json()["backtest_id"] == started[1].json()["backtest_id"]
    row = ended(bank, started[0].json()["backtest_id"])
    assert row["state"] == "finished", row["problem"]
    assert row["requested_by"] == MAKER and row["compared_version"] is None
    assert row["result"]["rows"] > 0
    assert row["result"]["loans_hit"] == len(row["result"]["examples"])
    known = bank.get("/api/v1/rules/OWN_RULE").json()
    judged = (row["result"]["judged_from"], row["result"]["judged_to"], row["result"]["days"])
    assert judged == (known["period_from"], known["period_to"], 8)
    assert (row["result"]["loans"], row["result"]["loans_new"]) == (1, row["result"]["loans_hit"])
    for period, field, said in (
        ({"to_date": "2025-02-01"}, "to_date", "期间的结束早于开始"),
        (
            {"from_date": "2025-03-11", "to_date": "2025-12-31"},
            "from_date",
            "期间的开始晚于数据的最后一天 2025-03-10",
        ),
        (
            {"from_date": "2025-01-01", "to_date": "2025-02-28"},
            "to_date",
            "期间的结束早于数据的第一天 2025-03-03",
        ),
    ):
        refused = bank.post(path, json=wanted | period | {"request_key": new_id()}, headers=by(MAKER))
        assert (refused.status_code, refused.json()["fields"][0]["field"]) == (422, field)
        assert said in refused.text


def test_a_waiting_back_test_can_be_cancelled_and_an_abandoned_one_is_interrupted(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    version = drafted(bank)

    def asked(key: str) -> str:
        backtest_id = new_id()
        store_backtest.insert(
            connection,
            {
                "backtest_id": backtest_id, "request_key": key, "rule_id": version["rule_id"], "compared_with": None,
                "content_hash": "", "from_date": "2025-03-01", "to_date": "2025-03-31", "requested_by": MAKER,
            },
        )  # fmt: skip
        connection.commit()
        return backtest_id

    left = asked("left-behind")
    assert store_backtest.take(connection) == left
    connection.commit()
    waiting = asked("still-waiting")
    for _ in range(2):
        row = bank.post(f"/api/v1/backtests/{waiting}/cancellation", headers=by(CHECKER)).json()
        assert (row["state"], row["cancelled_by"]) == ("cancelled", CHECKER)
    # Looking at one that nobody works at finds that out.
    row = ended(bank, left)
    assert (row["state"], row["result"]) == ("interrupted", None)

"""A published rule is retired by two people: one proposes it with a reason, another one confirms it or keeps the version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import write_books, write_trace
from tests.http.opened_sheets import sheet
from tests.http.proposed import propose_rule
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection
from loantrail.rules import acting, store, workflow
from loantrail.rules.model import RuleVersion, State
from loantrail.rules.running import judging
from loantrail.tracing.store_rebuilding import rules_changed

pytestmark = pytest.mark.database
CODE = "AUTONOMOUS_LIMIT_CONSUMER"
"""A shipped rule, published from the start: nobody at the bank made it."""
AUTHOR, APPROVER, OTHER = "author", "approver", "other"


@pytest.fixture
def bank(own_client: httpx.Client, database_url: str) -> Iterator[httpx.Client]:
    """The traced bank with one who writes rules and two who also approve them."""
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
        write_person(connection, AUTHOR, [Role.RULE_AUTHOR])
        for person in (APPROVER, OTHER):
            write_person(connection, person, [Role.HEAD_OFFICE_RISK])
        acting.enter_shipped(connection)
    yield own_client


def standing(bank: httpx.Client, code: str = CODE) -> dict[str, Any]:
    return bank.get(f"/api/v1/rules/{code}").json()["versions"][0]


def act(bank: httpx.Client, version: dict[str, Any], name: str, person: str, **more: Any) -> httpx.Response:
    body = {"act": name, "revision": version["revision"], "request_key": new_id()} | more
    return bank.post(f"/api/v1/rule-versions/{version['rule_id']}/acts", json=body, headers={AS: person})


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json()["version"]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def proposed(bank: httpx.Client, person: str = AUTHOR, code: str = CODE) -> dict[str, Any]:
    return done(act(bank, standing(bank, code), "propose_retire", person, reason="误报太多"))


def in_inbox(bank: httpx.Client) -> list[dict[str, Any]]:
    items = bank.get("/api/v1/approvals", headers={AS: APPROVER}).json()["items"]
    return [one for one in items if one["kind"] == "rule_retirement"]


def row(bank: httpx.Client) -> dict[str, Any]:
    return next(one for one in bank.get("/api/v1/rules").json()["rules"] if one["code"] == CODE)


def judges(connection: type_of_connection, code: str = CODE) -> bool:
    judged = judging(connection, clock.business_date(clock.now()))
    connection.rollback()
    return code in {one.code for one in judged}


def test_nobody_retires_a_rule_alone(bank: httpx.Client, connection: type_of_connection) -> None:
    version = standing(bank)
    assert refused(act(bank, version, "retire", APPROVER)) == (409, "retirement_not_proposed")
    waits = proposed(bank, APPROVER)
    own = act(bank, waits, "retire", APPROVER)
    assert refused(own) == (409, "proposer_never_retires")
    assert own.json()["detail_chinese"] == "提请停用的人不能确认停用"
    assert standing(bank)["state"] == "published" and judges(connection)


def test_a_rule_is_retired_when_another_person_confirms_and_judges_until_then(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    waits = proposed(bank)
    assert (waits["state"], waits["in_force"], waits["retirement_reason"]) == ("published", True, "误报太多")
    assert (waits["retirement_proposed_by"], waits["retired_by"]) == (AUTHOR, None)
    assert waits["retirement_proposed_at"] is not None
    assert judges(connection)
    retired = done(act(bank, waits, "retire", APPROVER))
    assert (retired["state"], retired["in_force"], retired["retired_by"]) == ("retired", False, APPROVER)
    assert (retired["retirement_proposed_by"], retired["retirement_reason"]) == (AUTHOR, "误报太多")
    assert not judges(connection)
    told = [
        (one["kind"], one["by"], one["reason"]) for one in bank.get(f"/api/v1/rules/{CODE}").json()["events"]
    ]
    assert told[:2] == [("retire", APPROVER, "误报太多"), ("propose_retire", AUTHOR, "误报太多")]
    recorded = connection.execute(
        "SELECT action, person, content::jsonb ->> 'why' FROM audit.entry WHERE object_id = %s "
        "AND action LIKE 'rule.%%' ORDER BY entry_no",
        (waits["rule_id"],),
    ).fetchall()
    assert recorded == [
        ("rule.propose_retire", AUTHOR, "误报太多"),
        ("rule.retire", APPROVER, "误报太多"),
    ]


def test_who_writes_rules_proposes_and_withdraws_but_decides_nothing(bank: httpx.Client) -> None:
    assert act(bank, proposed(bank, APPROVER), "retire", AUTHOR).status_code == 403
    assert act(bank, standing(bank), "keep", AUTHOR, reason="仍有用").status_code == 403
    done(act(bank, standing(bank), "keep", OTHER, reason="仍有用"))
    own = proposed(bank)
    assert refused(act(bank, own, "propose_retire", OTHER, reason="也要")) == (409, "retirement_waits")
    done(act(bank, own, "keep", AUTHOR, reason="提错了"))
    write = {"act": "keep", "revision": 1, "request_key": new_id(), "reason": "仍有用"}
    assert (
        bank.post(f"/api/v1/rule-versions/{'0' * 32}/acts", json=write, headers={AS: AUTHOR}).status_code
        == 404
    )


@pytest.mark.parametrize("name", ["propose_retire", "keep"])
def test_a_retirement_is_proposed_and_declined_with_a_reason(bank: httpx.Client, name: str) -> None:
    version = proposed(bank) if name == "keep" else standing(bank)
    for reason in ({}, {"reason": ""}, {"reason": "  "}):
        assert act(bank, version, name, APPROVER, **reason).status_code in (409, 422)
    assert standing(bank)["revision"] == version["revision"]


def test_what_waits_stands_in_the_inbox_and_in_the_list_until_the_version_is_kept(bank: httpx.Client) -> None:
    assert (in_inbox(bank), row(bank)["retirement_waits"]) == ([], False)
    waits = proposed(bank)
    [told] = in_inbox(bank)
    assert (told["key"], told["place"], told["subject"]) == (waits["rule_id"], "rule", f"{CODE} v1")
    assert told["title_chinese"] == f"规则停用：{waits['content']['chinese']} v1"
    assert (told["maker"], told["reason"], told["is_own"]) == (AUTHOR, "", False)
    assert told["made_at"] == waits["retirement_proposed_at"]
    assert row(bank)["retirement_waits"] is True
    head, *rows = sheet(bank, "/rules.xlsx", shown="waiting")
    assert [dict(zip(head, one, strict=True))["停用"] for one in rows] == ["待确认停用"]
    kept = done(act(bank, waits, "keep", APPROVER, reason="仍有用"))
    assert (kept["state"], kept["retirement_proposed_by"], kept["retirement_reason"]) == (
        "published",
        None,
        None,
    )
    assert (in_inbox(bank), row(bank)["retirement_waits"]) == ([], False)
    assert refused(act(bank, kept, "retire", APPROVER)) == (409, "retirement_not_proposed")


def test_the_same_request_acts_once_and_a_stale_revision_is_refused(bank: httpx.Client) -> None:
    version, key = standing(bank), new_id()
    wanted = {"reason": "误报太多", "request_key": key}
    first = act(bank, version, "propose_retire", AUTHOR, **wanted)
    again = act(bank, version, "propose_retire", AUTHOR, **wanted)
    assert (first.json()["new"], again.json()["new"]) == (True, False)
    assert first.json()["version"] == again.json()["version"]
    assert refused(act(bank, version, "retire", APPROVER)) == (409, "changed_meanwhile")
    assert refused(act(bank, done(first), "keep", APPROVER, **wanted)) == (409, "conflicting")
    confirmed = {"request_key": new_id()}
    retired = done(act(bank, done(first), "retire", APPROVER, **confirmed))
    assert done(act(bank, done(first), "retire", APPROVER, **confirmed)) == retired


def test_whoever_made_a_version_may_propose_its_retirement_and_never_confirms_it(
    connection: type_of_connection,
) -> None:
    rule_id = published(connection)
    waits = decided(
        connection, rule_id, 4, lambda one, at: workflow.propose_retirement(one, "S2", at, "理由")
    )
    today = clock.business_date(clock.now())
    assert workflow.retire(waits, "S1", today) is workflow.Refusal.MAKER_IS_CHECKER
    kept = decided(connection, rule_id, 5, lambda one, _at: workflow.keep(one, "S3", "理由"))
    assert kept.retirement_waits is False
    own = decided(connection, rule_id, 6, lambda one, at: workflow.propose_retirement(one, "S1", at, "理由"))
    assert own.retirement_proposed_by == "S1"


def test_a_proposed_retirement_changes_nothing_of_what_was_judged(connection: type_of_connection) -> None:
    rule_id = published(connection)
    connection.execute(
        "INSERT INTO rules.evaluation (rule_id, run_id, at, loans, loans_hit, severe_loans, microseconds) "
        "VALUES (%s, 'run', clock_timestamp(), 0, 0, 0, 0)",
        (rule_id,),
    )
    today = clock.business_date(clock.now())
    decided(
        connection,
        rule_id,
        4,
        lambda one, at: workflow.propose_retirement(one, "S2", at, "理由"),
        "propose_retire",
    )
    decided(connection, rule_id, 5, lambda one, _at: workflow.keep(one, "S3", "理由"), "keep")
    decided(
        connection,
        rule_id,
        6,
        lambda one, at: workflow.propose_retirement(one, "S2", at, "理由"),
        "propose_retire",
    )
    assert rules_changed(connection) is False
    decided(connection, rule_id, 7, lambda one, _at: workflow.retire(one, "S3", today), "retire")
    assert rules_changed(connection) is True


# In the database -----------------------------------------------------------------------------------------------

RETIRED = "state = 'retired', retired_on = '2026-01-01', retired_by = "


@pytest.mark.parametrize("shipped", [True, False])
def test_the_database_lets_nobody_retire_a_version_alone(
    connection: type_of_connection, shipped: bool
) -> None:
    rule_id = of_shipped(connection) if shipped else published(connection)

    def write(changes: str) -> None:
        connection.execute(f"UPDATE rules.rule_version SET {changes} WHERE rule_id = %s", (rule_id,))  # pyright: ignore[reportArgumentType, reportCallIssue]

    alone = "retirement_proposed_by = 'S8', retirement_proposed_at = now(), retirement_reason = '理由'"
    for changes in (f"{RETIRED} 'S9'", f"{RETIRED} 'S9', {alone}"):
        with pytest.raises(psycopg.errors.CheckViolation, match="by another person than who proposed"):
            write(changes)
        connection.rollback()
    revision = next(one for one in store.all_versions(connection) if one.rule_id == rule_id).revision
    decided(connection, rule_id, revision, lambda one, at: workflow.propose_retirement(one, "S9", at, "理由"))
    makers = [] if shipped else ["S1"]
    for person in ("S9", *makers):
        with pytest.raises(psycopg.errors.CheckViolation):
            write(f"{RETIRED} '{person}'")
        connection.rollback()
    for changes in (alone, f"{RETIRED} 'S9', {alone}", "retirement_reason = '别的'"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            write(changes)
        connection.rollback()
    write(f"{RETIRED} 'S2'")


def test_the_database_lets_no_version_begin_retired(connection: type_of_connection) -> None:
    rule_id = of_shipped(connection)
    columns = [
        str(one[0])
        for one in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'rules' AND table_name = 'rule_version'"
        )
    ]
    own = {"rule_id": "'other'", "request_key": "NULL", "version": "99", "state": "'retired'"}
    own |= {"retired_on": "'2026-01-01'", "retired_by": "'S9'"}
    said = ", ".join(own.get(one, one) for one in columns)
    with pytest.raises(psycopg.errors.CheckViolation, match="begins retired"):
        connection.execute(
            f"INSERT INTO rules.rule_version ({', '.join(columns)}) "  # pyright: ignore[reportArgumentType, reportCallIssue]
            f"SELECT {said} FROM rules.rule_version WHERE rule_id = %s",
            (rule_id,),
        )


@pytest.mark.parametrize("missing", ["retirement_proposed_at", "retirement_reason"])
def test_the_database_wants_a_retirement_proposed_whole(connection: type_of_connection, missing: str) -> None:
    rule_id = of_shipped(connection)
    told = {
        "retirement_proposed_by": "'S9'",
        "retirement_proposed_at": "now()",
        "retirement_reason": "'理由'",
    }
    said = ", ".join(f"{name} = {value}" for name, value in told.items() if name != missing)
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"UPDATE rules.rule_version SET {said} WHERE rule_id = %s", (rule_id,))  # pyright: ignore[reportArgumentType, reportCallIssue]


def of_shipped(connection: type_of_connection) -> str:
    acting.enter_shipped(connection)
    connection.commit()
    return next(one.rule_id for one in store.versions_of(connection, CODE) if one.state is State.PUBLISHED)


def published(connection: type_of_connection) -> str:
    """A version of the bank's own, made by S1 and approved by S2, at revision 4: its id."""
    rule_id = propose_rule(connection, "LARGE_CASH")
    today = clock.business_date(clock.now())
    decided(connection, rule_id, 3, lambda one, at: workflow.approve(one, "S2", at, today, today, None))
    return rule_id


def decided(
    connection: type_of_connection, rule_id: str, revision: int, decide: Any, kind: str = "decided"
) -> RuleVersion:
    made = acting.act(connection, rule_id, revision, kind, "S2", new_id(), decide, "理由")
    assert made is not None
    connection.commit()
    return made[0]

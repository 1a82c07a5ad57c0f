"""The three lists over HTTP: proposed by one person, approved by another, ended, found again."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, NAMES, RELATED, write_books
from tests.http.test_sheets import sheet
from tests.http.warned import THREAD, write_warnings
from tests.signing_in import AS, write_person

from loantrail import clock
from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
MAKER, CHECKER = "S1", "S2"
TODAY = clock.business_date(clock.now())
BLACK: dict[str, Any] = {"list": "black", "scope": "account", "subject": BROKER, "reason": "洗钱账户"}
ALLOW: dict[str, Any] = {
    "list": "allow", "scope": "loan", "subject": LOAN, "rule_code": "FLOW_SECURITIES", "reason": "代客理财",
    "thread_id": THREAD,
}  # fmt: skip


@pytest.fixture
def bank(own_client: httpx.Client, connection: type_of_connection) -> Iterator[httpx.Client]:
    write_books(connection)
    write_warnings(connection)
    connection.commit()
    yield own_client


def propose(bank: httpx.Client, wanted: dict[str, Any], **changes: Any) -> httpx.Response:
    body = {"expires_on": str(TODAY), "request_key": new_id()} | wanted | changes
    return bank.post("/api/v1/list-entries", json=body, headers={AS: MAKER})


def ask(bank: httpx.Client, entry: str, what: str, person: str, **body: Any) -> httpx.Response:
    """`ending`, or `approval` of the entry as it stands."""
    if what == "approval" and not body:
        read = bank.get("/api/v1/list-entries", params={"limit": 200}).json()["items"]
        body = {"content_hash": next(one["content_hash"] for one in read if one["entry_id"] == entry)}
    return bank.post(f"/api/v1/list-entries/{entry}/{what}", json=body, headers={AS: person})


def listed(bank: httpx.Client, **query: Any) -> list[str]:
    return [one["entry_id"] for one in bank.get("/api/v1/list-entries", params=query).json()["items"]]


def requested(connection: type_of_connection) -> int:
    row = connection.execute("SELECT requested FROM tracing.evaluation").fetchone()
    connection.rollback()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("wanted", [BLACK, BLACK | {"list": "watch"}, ALLOW])
def test_an_entry_takes_two_people_and_has_what_depends_on_it_evaluated(
    bank: httpx.Client, connection: type_of_connection, wanted: dict[str, Any]
) -> None:
    key = new_id()
    made = propose(bank, wanted, request_key=key)
    assert (made.status_code, propose(bank, wanted, request_key=key).status_code) == (201, 200)
    entry = made.json()
    assert (entry["state"], entry["maker_name"], entry["checker"]) == ("waiting", "客户经理一", None)
    assert entry["name"] == NAMES[BROKER if wanted is not ALLOW else "6201"]
    own = ask(bank, entry["entry_id"], "approval", MAKER)
    assert (own.status_code, own.json()["code"], own.json()["detail_chinese"]) == (
        409,
        "maker_is_checker",
        "提出的也是这个人",
    )
    assert requested(connection) == 0
    approved = ask(bank, entry["entry_id"], "approval", CHECKER).json()
    assert (approved["state"], approved["checker_name"]) == ("in_force", "风险经理二")
    assert requested(connection) == 1
    assert ask(bank, entry["entry_id"], "approval", CHECKER).status_code == 200
    assert requested(connection) == 1
    own_end = ask(bank, entry["entry_id"], "ending", MAKER, reason="误列")
    if wanted is ALLOW:
        ended = own_end.json()
    else:
        assert (own_end.status_code, own_end.json()["code"]) == (409, "maker_does_not_end")
        ended = ask(bank, entry["entry_id"], "ending", CHECKER, reason="误列").json()
    assert (ended["state"], ended["ended_reason"]) == ("ended", "误列")
    assert requested(connection) == 2
    assert ask(bank, entry["entry_id"], "ending", CHECKER, reason="又一次").json()["ended_reason"] == "误列"
    again = ask(bank, entry["entry_id"], "approval", CHECKER)
    assert (again.status_code, again.json()["code"]) == (409, "ended")


def test_a_proposal_that_is_refused_changes_nothing_that_is_evaluated(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    entry = propose(bank, BLACK).json()["entry_id"]
    assert ask(bank, entry, "ending", MAKER, reason="提错了").json()["state"] == "ended"
    assert requested(connection) == 0


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (BLACK | {"subject": "不存在"}, 404, "not_found"),
        (ALLOW | {"thread_id": "0" * 32}, 404, "not_found"),
        (BLACK | {"expires_on": "2020-01-01"}, 422, "input"),
        (BLACK | {"scope": "loan", "subject": LOAN}, 422, "input"),
        (BLACK | {"rule_code": "CASH_OUT"}, 422, "input"),
        (ALLOW | {"rule_code": ""}, 422, "input"),
        (ALLOW | {"rule_code": "FLOW_SECURITES"}, 422, "input"),
        (ALLOW | {"expires_on": "2099-01-01"}, 422, "input"),
        (BLACK | {"reason": " "}, 422, "request_refused"),
    ],
)
def test_what_cannot_stand_on_a_list_is_refused(
    bank: httpx.Client, wanted: dict[str, Any], status: int, code: str
) -> None:
    refused = propose(bank, wanted)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["detail_chinese"]
    assert listed(bank) == []


def test_nothing_stands_on_a_list_twice(bank: httpx.Client, connection: type_of_connection) -> None:
    key = new_id()
    entry = propose(bank, ALLOW, request_key=key).json()["entry_id"]
    twice = propose(bank, ALLOW)
    assert (twice.status_code, twice.json()["code"]) == (409, "stands")
    other = propose(bank, ALLOW, request_key=key, rule_code="CASH_OUT")
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    assert propose(bank, ALLOW, rule_code="CASH_OUT").status_code == 201
    # What expired is not in the way of what is proposed anew.
    connection.execute("ALTER TABLE lists.entry DISABLE TRIGGER entry_stays")
    connection.execute(
        "UPDATE lists.entry SET expires_on = %s WHERE entry_id = %s",
        (TODAY - datetime.timedelta(days=1), entry),
    )
    connection.execute("ALTER TABLE lists.entry ENABLE TRIGGER entry_stays")
    connection.commit()
    late = ask(bank, entry, "approval", CHECKER)
    assert (late.status_code, late.json()["code"]) == (409, "expired")
    assert propose(bank, ALLOW).status_code == 201


def test_entries_are_found_by_list_state_and_words(bank: httpx.Client) -> None:
    black = propose(bank, BLACK).json()["entry_id"]
    watch = propose(bank, BLACK, list="watch", scope="party", subject="P3", reason="往来频繁").json()[
        "entry_id"
    ]
    allow = propose(bank, ALLOW).json()["entry_id"]
    ended = propose(bank, BLACK, subject=RELATED).json()["entry_id"]
    ask(bank, ended, "ending", MAKER, reason="提错了")
    ask(bank, black, "approval", CHECKER)
    assert listed(bank) == [allow, watch, black, ended]
    assert listed(bank, limit=2, offset=1) == [watch, black]
    assert listed(bank, list="black") == [black, ended]
    assert listed(bank, state="waiting") == [allow, watch]
    assert listed(bank, state="in_force", list="black") == [black]
    assert listed(bank, state="expired") == []
    assert listed(bank, search="己证券") == [black]
    assert listed(bank, search="flow_sec") == [allow]
    assert listed(bank, search="往来") == [watch]
    assert listed(bank, search="100%") == []
    found = bank.get("/api/v1/list-entries", params={"limit": 1}).json()
    assert (found["total_count"], found["allow_days"]) == (4, 365)
    assert [(one["list"], one["waiting"], one["in_force"]) for one in found["counts"]] == [
        ("allow", 1, 0),
        ("watch", 1, 0),
        ("black", 0, 1),
    ]


def test_two_people_are_asked_for_by_the_database_too(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    entry = propose(bank, BLACK).json()["entry_id"]
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE lists.entry SET checker = maker, checked_at = now()")
    connection.rollback()
    ask(bank, entry, "approval", CHECKER)
    with pytest.raises(psycopg.errors.CheckViolation, match="does not end it"):
        connection.execute("UPDATE lists.entry SET ended_by = maker, ended_at = now(), ended_reason = '误列'")
    connection.rollback()


def test_the_database_takes_no_entry_that_makes_no_sense(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    propose(bank, BLACK)
    for change in (
        "list = 'allow'",
        "scope = 'loan'",
        "rule_code = 'CASH_OUT'",
        "reason = ' '",
        "content_hash = 'x'",
    ):
        connection.execute("ALTER TABLE lists.entry DISABLE TRIGGER entry_stays")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"UPDATE lists.entry SET {change}".encode())
        connection.rollback()


def test_what_is_approved_is_what_was_read(bank: httpx.Client) -> None:
    read, other = propose(bank, BLACK).json(), propose(bank, BLACK, subject=RELATED).json()
    wrong = ask(bank, read["entry_id"], "approval", CHECKER, content_hash=other["content_hash"])
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["detail_chinese"]) == (
        409,
        "content_changed",
        "待批内容已变化",
    )
    assert ask(bank, read["entry_id"], "approval", CHECKER, because="blind").status_code == 422
    assert sorted(listed(bank, state="waiting")) == sorted((read["entry_id"], other["entry_id"]))
    done = ask(bank, read["entry_id"], "approval", CHECKER, content_hash=read["content_hash"])
    assert done.json()["state"] == "in_force"


@pytest.mark.parametrize(
    "change",
    [
        "subject = '6202'",
        "list = 'watch'",
        "scope = 'party'",
        "reason = '别的'",
        "expires_on = '2099-01-01'",
        "maker = 'S9'",
        "content_hash = repeat('0', 64)",
        "checker = 'S9'",
        "checked_at = now() - interval '1 day'",
    ],
)
def test_an_entry_is_never_changed_even_in_the_database(
    bank: httpx.Client, connection: type_of_connection, database_url: str, change: str
) -> None:
    entry = propose(bank, BLACK).json()["entry_id"]
    ask(bank, entry, "approval", CHECKER)
    for statement in (f"UPDATE lists.entry SET {change}", "DELETE FROM lists.entry"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
            connection.execute(statement.encode())
        connection.rollback()
    connection.execute("SET ROLE loantrail_web")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"UPDATE lists.entry SET {change}".encode())
    connection.rollback()


def test_the_sheet_of_the_lists_has_the_rows_of_the_page(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    black = propose(bank, BLACK, reason="=1+1").json()["entry_id"]
    propose(bank, ALLOW)
    ask(bank, black, "approval", CHECKER)

    head, *rows = sheet(bank, "/list-entries.xlsx")
    [only] = sheet(bank, "/list-entries.xlsx", list="black", language="en")[1:]

    assert head[:4] == ["名单", "对象类型", "对象编号", "名称"]
    told = {row[head.index("名单")]: dict(zip(head, row, strict=True)) for row in rows}
    assert set(told) == {"放行名单", "黑名单"}
    assert told["放行名单"]["规则"] not in ("", "FLOW_SECURITIES")
    assert (told["黑名单"]["对象编号"], told["黑名单"]["名称"]) == (BROKER, NAMES[BROKER])
    assert (told["黑名单"]["原因"], told["黑名单"]["状态"]) == ("=1+1", "有效")
    assert (told["黑名单"]["提出人"], told["黑名单"]["批准人"]) == ("客户经理一", "风险经理二")
    assert told["放行名单"]["状态"] == "待批准"
    assert only[0] == "Black list"
    exported = connection.execute(
        "SELECT count(*) FROM audit.entry WHERE action = 'data.export' AND object_id = '/api/v1/list-entries.xlsx'"
    ).fetchone()
    assert exported == (2,)


def test_who_reads_the_lists_without_exporting_is_handed_no_file(
    bank: httpx.Client, connection: type_of_connection
) -> None:
    write_person(connection, "author", [Role.RULE_AUTHOR])
    connection.commit()

    assert bank.get("/api/v1/list-entries", headers={AS: "author"}).status_code == 200
    assert bank.get("/api/v1/list-entries.xlsx", headers={AS: "author"}).status_code == 403

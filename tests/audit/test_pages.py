"""The audit log over HTTP: who may, what is found, what a sheet holds, what a verification says."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from tests.audit.made import entry
from tests.http.bank import write_books
from tests.signing_in import AS, write_person

from loantrail.audit import routes, store, store_reading
from loantrail.audit.model import Entry, Outcome
from loantrail.audit.sheet import TITLES
from loantrail.clock import BUSINESS_ZONE
from loantrail.identity.abilities import Role
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database

AUDITOR, ADMINISTRATOR = "auditor", "audit-administrator"
ENTRIES = "/api/v1/audit/entries"
LATE = datetime.datetime(2026, 3, 31, 23, 59, 59, 999_999, BUSINESS_ZONE)


def at(moment: datetime.datetime) -> int:
    return store.microseconds(moment)


@pytest.fixture
def log(own_client: httpx.Client, connection: type_of_connection) -> httpx.Client:
    """A client of a bank whose log tells of six acts of two people on the last day of March and the day after; with an auditor
    and an audit administrator."""
    write_books(connection)
    write_person(connection, AUDITOR, [Role.INTERNAL_AUDITOR])
    write_person(connection, ADMINISTRATOR, [Role.AUDIT_ADMINISTRATOR])
    acts: list[dict[str, Any]] = [
        {"at_us": at(LATE) - 10, "person": "S1", "action": "loan.read", "object_kind": "loan", "object_id": "L1"},
        {"at_us": at(LATE) - 5, "person": "S1", "action": "loan.read", "object_kind": "loan", "object_id": "L2"},
        {"at_us": at(LATE), "person": "S1", "object_id": "W1", "why": '与"合同"一致\n已核对'},
        {"at_us": at(LATE) + 1, "person": AUDITOR, "object_id": "W1", "outcome": Outcome.REFUSED, "acting_for": "S1"},
        {"at_us": at(LATE) + 2, "person": "key:k1", "object_id": "=1+1", "request_id": "the-request"},
        {"at_us": at(LATE) + 3, "person": "key:k1", "object_id": "W3", "before": None, "after": {"Level": "RED"}},
    ]  # fmt: skip
    store.append(connection, [entry(number, **act) for number, act in enumerate(acts, 1)])
    connection.commit()
    return own_client


def ask(client: httpx.Client, path: str = ENTRIES, **query: Any) -> httpx.Response:
    return client.get(path, params=query, headers={AS: AUDITOR})


def found(client: httpx.Client, **query: Any) -> list[int]:
    answer = ask(client, **query)
    assert answer.status_code == 200, answer.text
    return [one["entry_no"] for one in answer.json()["items"]]


# Who may -----------------------------------------------------------------------------------------------------


def test_the_log_is_for_auditors_alone(log: httpx.Client) -> None:
    for path in ("/entries", "/entries.xlsx", "/entries/1", "/choices", "/head", "/verification"):

        def asked(**headers: str) -> int:
            address = f"/api/v1/audit{path}"  # noqa: B023  called at once
            if address.endswith("verification"):
                return log.post(address, json={}, headers=headers).status_code
            return log.get(address, headers=headers).status_code

        # The operator of the tests holds every business role but the auditor's.
        assert asked(**{AS: "operator"}) == 403
        assert asked(Cookie="loantrail=none") == 401
        assert (asked(**{AS: AUDITOR}), asked(**{AS: ADMINISTRATOR})) == (200, 200)


# Looking up --------------------------------------------------------------------------------------------------


def test_an_entry_says_all_that_stands_in_it(log: httpx.Client) -> None:
    answer = ask(log, f"{ENTRIES}/4").json()

    told = {name: answer[name] for name in answer if name not in ("hash", "request_id", "address")}
    assert told == {
        "entry_no": 4,
        "batch_no": 1,
        "at": "2026-03-31T16:00:00Z",
        "person": AUDITOR,
        "person_name": AUDITOR,
        "acting_for": "S1",
        "acting_for_name": "客户经理一",
        "action": "warning.dispose",
        "object_kind": "warning",
        "object_id": "W1",
        "outcome": "refused",
        "unit_id": "U1",
        "unit_name": "测试支行",
        "why": "资金用于采购，“合同”与发票一致",
        "before": {"state": "open"},
        "after": {"state": "closed", "reason": "已核对发票"},
        "algorithm": "sha256",
    }
    assert len(answer["hash"]) == 64
    assert ask(log, f"{ENTRIES}/99999").status_code == 404


FINDING: list[tuple[dict[str, Any], list[int]]] = [
    ({"person": "S1"}, [3, 2, 1]),
    ({"person": " S1 "}, [3, 2, 1]),
    ({"person": "key:k1", "object_kind": "warning"}, [6, 5]),
    ({"action": "loan.read", "person": "S1"}, [2, 1]),
    ({"object_kind": "loan", "object_id": "L2"}, [2]),
    ({"object_id": "W1"}, [4, 3]),
    ({"object_id": "nothing"}, []),
    ({"outcome": "refused", "person": AUDITOR}, [4]),
    ({"request_id": "the-request"}, [5]),
    ({"to_date": "2026-03-31"}, [3, 2, 1]),
    ({"from_date": "2026-04-01", "to_date": "2026-04-01"}, [6, 5, 4]),
    ({"from_date": "2026-03-31", "to_date": "2026-03-31", "action": "warning.dispose"}, [3]),
    ({"text": '与"合同"', "person": "S1"}, [3]),
    ({"text": "level", "person": "key:k1"}, [6]),
    ({"text": "没有这样的"}, []),
]


def test_entries_are_found(log: httpx.Client) -> None:
    assert [(query, found(log, **query)) for query, _ in FINDING] == FINDING


def test_a_search_does_not_find_itself_unless_reads_are_asked_for(log: httpx.Client) -> None:
    assert [found(log, text="zzzz") for _ in range(2)] == [[], []]
    assert len(found(log, text="zzzz", action="data.read")) == 3


def test_a_long_list_is_read_page_by_page_while_others_append(
    log: httpx.Client, connection: type_of_connection
) -> None:
    pages: list[list[int]] = []
    before = ""
    while True:
        answer = ask(log, to_date="2026-04-01", limit=4, before=before).json()
        pages.append([one["entry_no"] for one in answer["items"]])
        store.append(connection, [entry(1, at_us=store.now_us())])
        connection.commit()
        before = answer["next"]
        if before is None:
            break

    assert pages == [[6, 5, 4, 3], [2, 1]]


def test_what_can_be_chosen_is_what_stands_in_the_log(log: httpx.Client) -> None:
    answer = ask(log, "/api/v1/audit/choices").json()

    assert {"loan.read", "warning.dispose"} <= set(answer["actions"])
    assert {"loan", "warning"} <= set(answer["object_kinds"])
    names = {one["person"]: one["name"] for one in answer["persons"]}
    assert (names["S1"], names[AUDITOR], names["key:k1"]) == ("客户经理一", AUDITOR, "key:k1")


def test_a_question_that_cannot_be_is_refused(log: httpx.Client) -> None:
    questions: list[dict[str, Any]] = [
        {"before": "x"},
        {"limit": 0},
        {"outcome": "other"},
        {"from_date": "31.3."},
        {"to_date": "9999-12-31"},
        {"text": "a\x00"},
        {"unknown": "1"},
    ]

    assert [ask(log, **question).status_code for question in questions] == [422] * len(questions)


def test_a_search_that_takes_too_long_says_so(log: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        store_reading, "_FOUND", "SELECT content, hash, pg_sleep(9)::text FROM audit.entry AS entry"
    )
    monkeypatch.setattr(store_reading, "SEARCH_SECONDS_MAX", 0.05)

    answer = ask(log, text="一致")

    assert answer.status_code == 422
    assert answer.json()["remedy_chinese"] == "请按时间、操作人或对象缩小范围"


# Exporting ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_found_is_exported_and_that_is_an_entry_itself(
    log: httpx.Client, tmp_path: Path, language: str
) -> None:
    answer = ask(log, f"{ENTRIES}.xlsx", language=language, object_kind="warning", to_date="2026-04-01")

    assert answer.status_code == 200
    path = tmp_path / "audit.xlsx"
    path.write_bytes(answer.content)
    book = CalamineWorkbook.from_path(path)
    rows = book.get_sheet_by_index(0).to_python()
    say = TITLES[language]
    assert rows[0] == [title for name, title in say.items() if name != "audit"]
    assert [row[0] for row in rows[1:]] == [6, 5, 4, 3]
    told = dict(zip(rows[0], rows[4], strict=True))
    assert told[say["at"]] == "2026-03-31 23:59:59.999999"
    assert told[say["why"]] == '与"合同"一致\n已核对'
    assert json.loads(str(told[say["after"]])) == {"state": "closed", "reason": "已核对发票"}
    about = [row for row in book.get_sheet_by_index(1).to_python() if row[0]]
    assert [say["object_kind"], "warning"] in about
    exports = ask(log, action="data.export").json()["items"]
    assert [(one["person"], one["after"]["rows"]) for one in exports] == [(AUDITOR, 4)]


def test_many_entries_are_handed_out_after_a_second_person_approved(
    log: httpx.Client, connection: type_of_connection
) -> None:
    store.append(connection, [entry(1, person="S3", object_id=f"B{number}") for number in range(5_001)])
    connection.commit()

    answer = ask(log, f"{ENTRIES}.xlsx", person="S3")

    assert (answer.status_code, answer.json()["code"]) == (403, "export_to_approve")
    assert ask(log, f"{ENTRIES}.xlsx", person="S3", object_id="B7").status_code == 200


def test_more_than_a_sheet_takes_is_refused(log: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "SHEET_ROWS_MAX", 2)
    monkeypatch.setattr("loantrail.http.pages.sheet_files.SHEET_ROWS_MAX", 2)

    answer = ask(log, f"{ENTRIES}.xlsx", to_date="2026-04-01")

    assert (answer.status_code, answer.json()["code"]) == (422, "limit_exceeded")


# The chain ---------------------------------------------------------------------------------------------------


def head(client: httpx.Client) -> dict[str, Any]:
    return ask(client, "/api/v1/audit/head").json()


def verify(client: httpx.Client, *heads: dict[str, Any]) -> dict[str, Any]:
    names = ("batch_no", "entry_no", "algorithm", "head")
    body = {"heads": [{name: one[name] for name in names} for one in heads]}
    answer = client.post("/api/v1/audit/verification", json=body, headers={AS: AUDITOR})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_head_says_where_the_chain_ends_and_how_long_entries_are_kept(log: httpx.Client) -> None:
    told = head(log)

    assert told["entry_no"] >= 6
    assert json.loads(told["line"])["head"] == told["head"]
    assert (told["kept_years"], told["kept_basis"]) == (10, "反洗钱法 (2024) 34条")
    assert told["verified"] is None


def test_a_verification_is_told_and_stands_in_the_log(log: httpx.Client) -> None:
    before = head(log)

    told = verify(log, before)

    assert (told["broken"], told["anchors"], told["person"]) == (None, 1, AUDITOR)
    assert told["entry_count"] >= 6
    assert head(log)["verified"] == told
    assert ask(log, action="audit.verify").json()["items"][0]["after"]["broken"] is None


def test_a_broken_entry_is_named(log: httpx.Client, connection: type_of_connection) -> None:
    connection.execute("ALTER TABLE audit.entry DISABLE TRIGGER only_added_to")
    connection.execute("UPDATE audit.entry SET content = replace(content, 'L2', 'L3') WHERE entry_no = 2")
    connection.commit()

    told = verify(log)

    assert (told["broken"]["fault"], told["broken"]["entry_no"], told["entry_count"]) == ("hash", 2, 1)


def test_a_head_of_another_chain_is_told(log: httpx.Client) -> None:
    other = head(log) | {"head": "ab" * 32}

    assert verify(log, other)["broken"]["fault"] == "anchor"


def test_a_log_that_is_too_long_for_the_page_is_left_to_the_command(
    log: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "VERIFIED_ENTRIES_MAX", 3)

    answer = log.post("/api/v1/audit/verification", json={}, headers={AS: AUDITOR})

    assert answer.status_code == 422
    assert "loantrail audit verify" in answer.json()["remedy_chinese"]


def test_an_unknown_entry_of_another_software_is_still_shown(
    log: httpx.Client, connection: type_of_connection
) -> None:
    act = Entry(store.now_us(), "loantrail", "night.run", "night", "2026-03-31", after=[1, {"a": None}])
    store.append(connection, [act])
    connection.commit()

    told = ask(log, action="night.run").json()["items"][0]

    assert (told["person_name"], told["unit_name"], told["after"]) == ("loantrail", None, [1, {"a": None}])

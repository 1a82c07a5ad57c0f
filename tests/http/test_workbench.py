"""The workbench: each role sees what calls for it today, and nothing that is not theirs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.bank import BORROWER, LOAN, LOT_FEN, QUIET_LOAN, UNTRACED_LOAN, write_books, write_trace
from tests.http.warned import QUIET_THREAD, THREAD, hit_row, take_rows, write_warnings
from tests.signing_in import AS, write_person

from loantrail.audit import store as audit
from loantrail.audit.model import Entry
from loantrail.early_warning.hits import Level
from loantrail.http.pages.workbench.standing import branch_of, by_unit
from loantrail.identity.abilities import Role
from loantrail.ids import new_id

pytestmark = pytest.mark.database

DATA_DATE = datetime.date(2025, 3, 20)
"""A Thursday: the working day before is the 19th."""
LATE, TODAY, SOON, FAR = (datetime.date(2025, 3, day) for day in (19, 20, 24, 28))
Connection = psycopg.Connection[Any]


@pytest.fixture
def books(own_client: httpx.Client, database_url: str) -> Iterator[Connection]:
    """The warned bank of this test, whose data reach to DATA_DATE."""
    del own_client
    with psycopg.connect(database_url, autocommit=True) as connection:
        with connection.transaction():
            write_books(connection)
            write_trace(connection)
        write_warnings(connection)
        connection.execute("UPDATE tracing.run SET data_date = %s", (DATA_DATE,))
        yield connection


def seen_by(client: httpx.Client, person: str = "operator") -> dict[str, Any]:
    answer = client.get("/api/v1/workbench", headers={AS: person})
    assert answer.status_code == 200, answer.text
    return answer.json()


def schedule(connection: Connection, loan: str, *instalments: tuple[datetime.date, int]) -> None:
    """Instalments of so many yuan of principal."""
    for number, (due_on, yuan) in enumerate(instalments, 1):
        connection.execute(
            "INSERT INTO ledger.repayment_schedule VALUES (%s, %s, %s, %s, 0, 'U1')",
            (loan, number, due_on, yuan * LOT_FEN),
        )


def pay(connection: Connection, loan: str, yuan: int, day: int) -> None:
    connection.execute(
        "INSERT INTO ledger.repayment (repayment_id, loan_id, paid_at, principal_fen, unit_id) VALUES (%s, %s, %s, %s, 'U1')",
        (f"{loan}-{day}", loan, datetime.datetime(2025, 3, day, 4, tzinfo=datetime.UTC), yuan * LOT_FEN),
    )


# Warnings ----------------------------------------------------------------------------------------------------


def test_warnings_that_nobody_has_are_taken_up_by_deadline(client: httpx.Client) -> None:
    work = seen_by(client)["warnings"]
    assert [one["thread_id"] for one in work["items"]] == [THREAD, QUIET_THREAD]
    assert [(one["value"], one["count"]) for one in work["levels"]] == [
        ("red", 1),
        ("orange", 0),
        ("yellow", 0),
        ("blue", 1),
    ]
    assert (work["open_count"], work["mine_count"], work["unassigned_count"], work["items_count"]) == (
        2,
        0,
        2,
        2,
    )


def test_a_relationship_manager_sees_the_warnings_of_the_loans_that_they_manage(
    own_client: httpx.Client, books: Connection
) -> None:
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
    write_person(books, "S2", [Role.RELATIONSHIP_MANAGER], "U1", "S2")

    # A red one is worked by others, until it is given to them.
    assert seen_by(own_client, "S1")["warnings"]["items"] == []
    books.execute("UPDATE early_warning.thread SET level = 'yellow' WHERE thread_id = %s", (THREAD,))
    assert [one["loan_id"] for one in seen_by(own_client, "S1")["warnings"]["items"]] == [LOAN]
    assert seen_by(own_client, "S2")["warnings"]["items"] == []


def test_what_was_given_to_somebody_else_is_not_my_task(own_client: httpx.Client, books: Connection) -> None:
    books.execute("UPDATE early_warning.thread SET assignee = 'S2' WHERE thread_id = %s", (THREAD,))
    write_person(books, "S2", [Role.RISK_MANAGER], "U1", "S2")

    mine = seen_by(own_client, "S2")["warnings"]
    others = seen_by(own_client)["warnings"]

    # The blue one that nobody has is a relationship manager's.
    assert [(one["thread_id"], one["mine"]) for one in mine["items"]] == [(THREAD, True)]
    assert mine["mine_count"] == 1
    assert [one["thread_id"] for one in others["items"]] == [QUIET_THREAD]


def test_a_warning_that_rose_above_who_has_it_waits_for_who_answers_for_it(
    own_client: httpx.Client, books: Connection
) -> None:
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
    write_person(books, "risk", [Role.RISK_MANAGER], "U1")

    def have_it() -> tuple[bool, bool]:
        return tuple(
            THREAD in [one["thread_id"] for one in seen_by(own_client, person)["warnings"]["items"]]
            for person in ("S1", "risk")
        )  # pyright: ignore[reportReturnType]  two of them

    books.execute(
        "UPDATE early_warning.thread SET level = 'yellow', assignee = 'S1' WHERE thread_id = %s", (THREAD,)
    )
    assert have_it() == (True, False)

    books.execute("UPDATE early_warning.thread SET level = 'orange' WHERE thread_id = %s", (THREAD,))

    assert have_it() == (True, True)


def test_the_work_of_whom_i_stand_in_for_is_mine(own_client: httpx.Client, books: Connection) -> None:
    books.execute("UPDATE early_warning.thread SET assignee = 'S1' WHERE thread_id = %s", (THREAD,))
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
    write_person(books, "S2", [Role.RELATIONSHIP_MANAGER], "U1", "S2")
    books.execute(
        "INSERT INTO identity.delegation (delegation_id, from_person_id, to_person_id, valid_from, valid_to, reason, maker, "
        "made_at) VALUES ('D1', 'S1', 'S2', '2000-01-01', '2999-01-01', '休假', 'S1', '2000-01-01')"
    )

    work = seen_by(own_client, "S2")["warnings"]

    assert [(one["thread_id"], one["mine"]) for one in work["items"]] == [(THREAD, True)]


def test_a_judged_warning_waits_for_a_second_person_who_is_not_the_first(
    own_client: httpx.Client, books: Connection
) -> None:
    books.execute(
        "UPDATE early_warning.thread SET disposition = 'false_alarm', disposed_by = 'S2' WHERE thread_id = %s",
        (THREAD,),
    )
    write_person(books, "S2", [Role.RISK_MANAGER], "U1", "S2")
    write_person(books, "head", [Role.BRANCH_MANAGER], "U1")

    first, second = seen_by(own_client, "S2")["warnings"], seen_by(own_client, "head")["warnings"]

    assert (first["review_count"], first["reviews"]) == (0, [])
    assert (second["review_count"], [one["thread_id"] for one in second["reviews"]]) == (1, [THREAD])
    assert first["items"] == []


def test_a_confirmed_warning_waits_for_a_measure_and_then_for_a_second_person(
    own_client: httpx.Client, books: Connection
) -> None:
    books.execute(
        "UPDATE early_warning.thread SET disposition = 'true_positive', disposed_by = 'S2' WHERE thread_id = %s",
        (THREAD,),
    )
    write_person(books, "S2", [Role.RISK_MANAGER], "U1", "S2")
    write_person(books, "head", [Role.BRANCH_MANAGER], "U1")

    def waits() -> tuple[bool, bool]:
        first, second = seen_by(own_client, "S2")["warnings"], seen_by(own_client, "head")["warnings"]
        return (
            THREAD in [one["thread_id"] for one in first["items"]],
            THREAD in [one["thread_id"] for one in second["reviews"]],
        )

    assert waits() == (True, False)
    assert own_client.get("/api/v1/warnings?state=open").json()["total_count"] == 2
    books.execute(
        "INSERT INTO early_warning.thread_event (thread_id, version, kind, at, by, data, unit_id) "
        'SELECT thread_id, version + 1, \'measure_taken\', now(), \'S2\', \'{"measure": "verify", "text": ""}\', unit_id '
        "FROM early_warning.thread WHERE thread_id = %s",
        (THREAD,),
    )
    assert waits() == (False, True)
    assert own_client.get("/api/v1/warnings?state=open").json()["total_count"] == 1


def test_who_is_no_second_person_is_told_of_no_review(own_client: httpx.Client, books: Connection) -> None:
    books.execute("UPDATE early_warning.thread SET disposition = 'false_alarm', disposed_by = 'S2'")
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")

    work = seen_by(own_client, "S1")["warnings"]

    assert (work["review_count"], work["reviews"], work["items"]) == (0, [], [])


# Payments ----------------------------------------------------------------------------------------------------


def test_payments_coming_are_what_is_open_of_the_next_seven_days(
    own_client: httpx.Client, books: Connection
) -> None:
    schedule(books, LOAN, (LATE, 1_000), (TODAY, 2_000), (SOON, 3_000), (FAR, 4_000))
    pay(books, LOAN, 1_500, 19)

    coming = seen_by(own_client)["payments"]

    assert coming["until"] == "2025-03-27"
    assert [(one["due_on"], one["open_fen"]) for one in coming["items"]] == [
        ("2025-03-20", "150000"),
        ("2025-03-24", "300000"),
    ]
    assert (coming["count"], coming["open_fen"]) == (2, "450000")
    assert [one["overdue_before"] for one in coming["items"]] == [False, True]


def test_a_settled_loan_owes_no_instalment(own_client: httpx.Client, books: Connection) -> None:
    schedule(books, LOAN, (SOON, 3_000))
    books.execute("UPDATE ledger.loan_note SET state = 'settled' WHERE loan_id = %s", (LOAN,))

    assert seen_by(own_client)["payments"]["items"] == []


def test_a_payment_coming_says_what_its_account_holds(own_client: httpx.Client, books: Connection) -> None:
    schedule(books, LOAN, (SOON, 3_000))
    books.execute("UPDATE ledger.loan_note SET repayment_account = %s WHERE loan_id = %s", (BORROWER, LOAN))

    assert seen_by(own_client)["payments"]["items"][0]["account_balance_fen"] is None

    books.execute(
        "UPDATE ledger.statement_line SET balance_fen = 12345 WHERE account = %s AND sequence = 7",
        (BORROWER,),
    )
    assert seen_by(own_client)["payments"]["items"][0]["account_balance_fen"] == "12345"


def test_payments_of_others_loans_are_not_shown(own_client: httpx.Client, books: Connection) -> None:
    schedule(books, LOAN, (SOON, 3_000))
    schedule(books, QUIET_LOAN, (SOON, 9_000))
    write_person(books, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")

    coming = seen_by(own_client, "S1")["payments"]

    assert [one["loan_id"] for one in coming["items"]] == [LOAN]
    assert coming["open_fen"] == "300000"


# Changes -----------------------------------------------------------------------------------------------------


def test_new_loans_and_missed_instalments_are_those_since_the_working_day_before(
    own_client: httpx.Client, books: Connection
) -> None:
    books.execute("UPDATE ledger.loan_note SET issued_on = %s WHERE loan_id = %s", (TODAY, UNTRACED_LOAN))
    books.execute("UPDATE ledger.loan_note SET issued_on = %s WHERE loan_id = %s", (LATE, QUIET_LOAN))
    schedule(books, LOAN, (datetime.date(2025, 3, 18), 500), (LATE, 1_000), (TODAY, 2_000))
    pay(books, LOAN, 700, 19)

    changed = seen_by(own_client)["changes"]

    assert changed["books_since"] == "2025-03-19"
    assert [one["loan_id"] for one in changed["new_loans"]] == [UNTRACED_LOAN]
    assert (changed["new_loan_count"], changed["new_loan_fen"]) == (1, "8000000")
    assert [(one["due_on"], one["open_fen"]) for one in changed["missed"]] == [("2025-03-19", "80000")]


def test_a_warning_that_rose_is_told_apart_from_one_that_came(
    own_client: httpx.Client, books: Connection
) -> None:
    books.execute("ALTER TABLE early_warning.thread_event DISABLE TRIGGER USER")
    books.execute("UPDATE early_warning.thread_event SET at = at - interval '30 days'")
    nothing = seen_by(own_client)["changes"]

    take_rows(
        books,
        [
            hit_row(),
            hit_row("IDLE_FUNDS", Level.ORANGE, 300_000, QUIET_LOAN, "乙放款", 10, "held_by_borrower"),
        ],
    )
    risen = seen_by(own_client)["changes"]

    assert (nothing["warnings"], nothing["warnings_opened_count"]) == ([], 0)
    assert [(one["thread_id"], one["kind"], one["level"]) for one in risen["warnings"]] == [
        (QUIET_THREAD, "level_raised", "orange")
    ]
    assert (risen["warnings_opened_count"], risen["warnings_raised_count"]) == (0, 1)


# Roles -------------------------------------------------------------------------------------------------------


def test_an_executive_is_told_sums_and_nobody_s_name(own_client: httpx.Client, books: Connection) -> None:
    write_person(books, "chief", [Role.EXECUTIVE])

    answer = seen_by(own_client, "chief")

    assert {
        name for name in ("warnings", "payments", "changes", "rules", "data") if answer[name] is not None
    } == set()
    total = answer["portfolio"]["total"]
    assert (total["loan_count"], total["suspected_count"], total["warning_count"], total["severe_count"]) == (
        3,
        1,
        2,
        1,
    )
    assert total["balance_fen"] == str(1_380_000 * LOT_FEN)
    assert "纺织" not in str(answer)


def test_a_unit_s_head_sees_the_own_sums_against_three_shares_of_the_bank(
    own_client: httpx.Client, books: Connection
) -> None:
    books.execute("INSERT INTO parties.organisation_unit VALUES ('U2', '另一支行', 'sub_branch', NULL)")
    books.execute(
        "UPDATE ledger.loan_note SET unit_id = 'U2', state = 'overdue' WHERE loan_id = %s", (UNTRACED_LOAN,)
    )
    books.execute(
        "UPDATE ledger.loan_contract SET unit_id = 'U2' WHERE contract_id = %s", (f"HT{UNTRACED_LOAN}",)
    )
    write_person(books, "head", [Role.BRANCH_MANAGER], "U1")

    portfolio = seen_by(own_client, "head")["portfolio"]

    assert (portfolio["total"]["loan_count"], portfolio["total"]["overdue_count"], portfolio["units"]) == (
        2,
        0,
        [],
    )
    assert portfolio["bank"]["overdue_ppm"] == 80_000 * 1_000_000 // 1_380_000
    assert portfolio["bank"]["suspected_ppm"] == 1_000_000 // 3


def test_who_runs_the_system_sees_data_and_no_loan(own_client: httpx.Client, books: Connection) -> None:
    write_person(books, "it", [Role.IT_OPERATOR])
    books.execute(
        "INSERT INTO ledger.refusal (refusal_id, source_file, position, record_type, field, reason, message, original, "
        "created_at) VALUES ('R1', '流水.csv', 3, 'statement_line', 'amount', 'not_a_number', 'x', '', now())"
    )

    answer = seen_by(own_client, "it")

    assert {
        name for name in ("warnings", "payments", "changes", "portfolio", "rules") if answer[name]
    } == set()
    assert (answer["data"]["open_refusal_count"], answer["data"]["failed_import_count"]) == (1, 0)
    assert answer["data"]["last_import"]["name"] == "流水.csv"


def test_an_administrator_sees_nothing_of_the_business(own_client: httpx.Client, books: Connection) -> None:
    write_person(books, "admin", [Role.SYSTEM_ADMINISTRATOR])

    answer = seen_by(own_client, "admin")

    parts = ("warnings", "payments", "changes", "portfolio", "rules", "data")
    assert [answer[name] for name in parts] == [None] * len(parts)


def test_a_rule_author_sees_what_rules_cost_and_no_loan(own_client: httpx.Client, books: Connection) -> None:
    write_person(books, "author", [Role.RULE_AUTHOR])
    books.execute(
        "UPDATE early_warning.thread SET disposition = 'false_alarm', disposed_by = 'S2' WHERE loan_id = %s",
        (QUIET_LOAN,),
    )

    answer = seen_by(own_client, "author")

    assert answer["rules"]["items"][0] == {
        "rule_code": "IDLE_FUNDS",
        "threads": 1,
        "true_positives": 0,
        "false_alarms": 1,
    }
    assert (answer["warnings"], answer["changes"], answer["portfolio"]) == (None, None, None)


def test_nobody_signed_in_sees_nothing(own_address: str) -> None:
    assert httpx.get(f"{own_address}/api/v1/workbench").status_code == 401


def test_an_empty_bank_has_an_empty_workbench(own_client: httpx.Client) -> None:
    answer = seen_by(own_client)

    assert (answer["data_date"], answer["payments"], answer["warnings"]["items"]) == (None, None, [])
    assert answer["portfolio"]["total"]["loan_count"] == 0


UNITS = {
    "0": {"name": "总行", "parent_unit_id": None},
    "1": {"name": "甲分行", "parent_unit_id": "0"},
    "11": {"name": "甲一支行", "parent_unit_id": "1"},
    "2": {"name": "乙分行", "parent_unit_id": "0"},
    "x": {"name": "环一", "parent_unit_id": "y"},
    "y": {"name": "环二", "parent_unit_id": "x"},
}


@pytest.mark.parametrize(("unit", "branch"), [("11", "1"), ("1", "1"), ("0", "0"), ("?", "?"), ("x", "y")])
def test_a_unit_s_branch_stands_right_below_the_head_office(unit: str, branch: str) -> None:
    assert branch_of(unit, UNITS) == branch


def test_units_stand_by_their_overdue_share_with_those_below_them() -> None:
    def row(unit: str, loans: int, balance: int, overdue: int) -> dict[str, Any]:
        names = (
            "overdue_count",
            "suspected_count",
            "suspected_fen",
            "warning_count",
            "severe_count",
            "late_count",
        )
        sums = dict.fromkeys(names, 0)
        return sums | {
            "unit_id": unit,
            "loan_count": loans,
            "balance_fen": balance,
            "overdue_balance_fen": overdue,
        }

    rows = [row("1", 1, 100, 0), row("11", 2, 100, 50), row("2", 4, 100, 40)]

    found = [(one.unit_id, one.loan_count, one.balance_fen) for one in by_unit(rows, UNITS, whole_bank=True)]

    assert found == [("2", 4, 100), ("1", 3, 200)]
    assert by_unit(rows[:2], UNITS, whole_bank=True) == []
    assert [one.unit_id for one in by_unit(rows, UNITS, whole_bank=False)] == ["11", "2", "1"]


# The record, and who may sign in -------------------------------------------------------------------------------


def test_who_keeps_the_record_sees_whether_it_is_whole_and_what_wants_a_look(
    own_client: httpx.Client, books: Connection
) -> None:
    write_person(books, "keeper", [Role.AUDIT_ADMINISTRATOR])
    write_person(books, "author", [Role.RULE_AUTHOR])
    fresh = seen_by(own_client, "keeper")["record"]
    assert (fresh["verified_at"], fresh["refused_count"], fresh["export_count"]) == (None, 0, 0)

    assert own_client.get(f"/api/v1/loans/{LOAN}", headers={AS: "author"}).status_code == 403
    assert own_client.get("/api/v1/loans.xlsx").status_code == 200
    own_client.post("/api/v1/customers/P1/identifiers", json={"reason": "核对身份"})
    long_ago = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    with psycopg.connect(books.info.dsn, password=books.info.password) as old:
        audit.append(old, [Entry(audit.microseconds(long_ago), "S1", "data.export", "file", "old")])
    verified = own_client.post("/api/v1/audit/verification", json={"heads": []}, headers={AS: "keeper"})
    assert verified.status_code == 200, verified.text

    told = seen_by(own_client, "keeper")["record"]
    assert (told["refused_count"], told["sign_in_refused_count"]) == (1, 0)
    assert (told["export_count"], told["identifiers_count"]) == (1, 1)
    assert told["verified_whole"] is True and told["verified_at"] is not None
    assert told["entry_count"] > fresh["entry_count"]


def test_administrators_see_who_is_locked_out_and_what_ends_soon(
    own_client: httpx.Client, books: Connection
) -> None:
    write_person(books, "system", [Role.SYSTEM_ADMINISTRATOR])
    write_person(books, "security", [Role.SECURITY_ADMINISTRATOR])
    for person in ("locked", "suspended"):
        write_person(books, person, [Role.RULE_AUTHOR])
    before = seen_by(own_client, "system")["people"]
    books.execute(
        "UPDATE identity.person SET locked_until = now() + interval '1 hour' WHERE person_id = 'locked'"
    )
    books.execute("UPDATE identity.person SET state = 'suspended' WHERE person_id = 'suspended'")
    books.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, made_at, maker, expires_at) VALUES "
        "('near', 'a', '核心', '{read_loans}', now(), 'system', now() + interval '29 days'),"
        "('far', 'b', '核心', '{read_loans}', now(), 'system', now() + interval '31 days')"
    )

    told = seen_by(own_client, "system")["people"]

    changed = {name: told[name] - before[name] for name in told if name.endswith("_count")}
    assert changed == {
        "active_count": -1, "locked_count": 1, "suspended_count": 1, "away_count": 0, "keys_ending_count": 1,
        "roles_ending_count": 0, "waiting_count": 0,
    }  # fmt: skip
    assert told["changed"] == []


def test_a_change_of_rights_that_was_decided_is_told_to_administrators(
    own_client: httpx.Client, books: Connection
) -> None:
    write_person(books, "system", [Role.SYSTEM_ADMINISTRATOR])
    write_person(books, "security", [Role.SECURITY_ADMINISTRATOR])
    body = {
        "change": {"kind": "create", "person_id": "E77", "name": "新人", "roles": []},
        "reason": "入职",
        "request_key": new_id(),
    }
    asked = own_client.post("/api/v1/person-changes", json=body, headers={AS: "system"})
    assert asked.status_code == 201, asked.text
    assert seen_by(own_client, "security")["people"]["waiting_count"] == 1
    request = asked.json()
    decided = own_client.post(
        f"/api/v1/approvals/{request['request_id']}/decision",
        json={"approve": True, "reason": "已核", "content_hash": request["content_hash"]},
        headers={AS: "security"},
    )
    assert decided.status_code == 200, decided.text

    [told] = seen_by(own_client, "system")["people"]["changed"]

    assert (told["approved"], told["maker_name"], told["checker_name"]) == (True, "system", "security")
    assert "新人" in told["title_chinese"] or "E77" in told["title_chinese"]


def test_neither_is_told_to_who_has_no_use_for_it(client: httpx.Client) -> None:
    bench = seen_by(client)

    assert (bench["record"], bench["people"]) == (None, None)

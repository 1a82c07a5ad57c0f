"""Work of somebody who does it no more goes to somebody else, by whoever gives out work there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from tests.http.checked import CHECK, INSPECTOR, write_checked_bank
from tests.http.warned import QUIET_THREAD, THREAD
from tests.signing_in import AS, write_person

from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.inspections.scheduling import schedule
from loantrail.parameters import shipped_parameters

pytestmark = pytest.mark.database
Connection = psycopg.Connection[Any]
HEAD = "S2"


@pytest.fixture
def books(own_client: httpx.Client, database_url: str) -> Iterator[Connection]:
    """The checked bank: S1 manages the loan and holds its check and both warnings; S2 is head there, S3 the inspector."""
    del own_client
    with psycopg.connect(database_url) as connection:
        write_checked_bank(connection)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE early_warning.thread SET assignee = 'S1'")
        write_person(connection, "S1", [Role.RELATIONSHIP_MANAGER], "U1", "S1")
        write_person(connection, HEAD, [Role.BRANCH_MANAGER], "U1", HEAD)
        write_person(connection, INSPECTOR, [Role.POST_LOAN_INSPECTOR], "U1", INSPECTOR)
        yield connection


def held_by(connection: Connection, staff_id: str) -> tuple[set[str], set[str]]:
    """Warnings and checks of a member of staff."""
    warnings = connection.execute(
        "SELECT thread_id FROM early_warning.thread WHERE assignee = %s", (staff_id,)
    ).fetchall()
    checks = connection.execute(
        "SELECT check_id FROM inspections.check WHERE assignee = %s", (staff_id,)
    ).fetchall()
    return {row[0] for row in warnings}, {row[0] for row in checks}


def hand_over(
    client: httpx.Client, giver: str, receiver: str, by: str = HEAD, key: str = ""
) -> httpx.Response:
    return client.post(
        "/api/v1/handovers",
        json={"from_staff_id": giver, "to_staff_id": receiver, "request_key": key or new_id()},
        headers={AS: by},
    )


def work_of(client: httpx.Client, by: str = HEAD) -> Any:
    return client.get("/api/v1/workbench", headers={AS: by}).json()["work"]


def test_a_head_gives_the_warnings_and_checks_of_somebody_to_the_inspector(
    own_client: httpx.Client, books: Connection
) -> None:
    warnings, checks = held_by(books, "S1")
    assert (warnings, CHECK in checks) == ({THREAD, QUIET_THREAD}, True)

    answer = hand_over(own_client, "S1", INSPECTOR)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    # The red one is of a level that no inspector answers for.
    assert told["refused"] == {THREAD: "not_their_level"}
    assert (set(told["warnings_moved"]), set(told["checks_moved"])) == ({QUIET_THREAD}, checks)
    assert held_by(books, "S1") == ({THREAD}, set())
    assert held_by(books, INSPECTOR) == ({QUIET_THREAD}, checks)
    timeline = own_client.get(f"/api/v1/checks/{CHECK}").json()["timeline"]
    assert timeline[0]["kind"] == "assigned" or timeline[-1]["kind"] == "assigned"


def test_the_nightly_schedule_leaves_a_check_with_whom_a_person_gave_it_to(
    own_client: httpx.Client, books: Connection
) -> None:
    assert hand_over(own_client, "S1", INSPECTOR).status_code == 200

    with books.transaction():
        schedule(books, shipped_parameters())

    assert CHECK in held_by(books, INSPECTOR)[1]


def test_work_that_the_receiver_does_not_do_stays_and_is_told(
    own_client: httpx.Client, books: Connection
) -> None:
    """A head acts on warnings, but does no checks."""
    answer = hand_over(own_client, "S1", HEAD).json()

    assert set(answer["warnings_moved"]) == {THREAD, QUIET_THREAD}
    assert (answer["checks_moved"], answer["refused"][CHECK]) == ([], "not_their_work")
    assert CHECK in held_by(books, "S1")[1]


def test_the_same_request_twice_moves_once(own_client: httpx.Client, books: Connection) -> None:
    key = new_id()
    hand_over(own_client, "S1", INSPECTOR, key=key)
    version = books.execute("SELECT version FROM inspections.check WHERE check_id = %s", (CHECK,)).fetchone()

    assert hand_over(own_client, "S1", INSPECTOR, key=key).status_code == 200

    assert (
        books.execute("SELECT version FROM inspections.check WHERE check_id = %s", (CHECK,)).fetchone()
        == version
    )


def test_it_is_on_record_with_what_went_to_whom(own_client: httpx.Client, books: Connection) -> None:
    hand_over(own_client, "S1", INSPECTOR)

    entry = books.execute(
        "SELECT person, object_kind, object_id, content FROM audit.entry WHERE action = 'work.hand_over'"
    ).fetchone()

    assert entry is not None
    assert entry[:3] == (HEAD, "person", "S1")
    assert CHECK in str(entry[3]) and THREAD in str(entry[3])


def test_only_who_gives_out_work_hands_it_over_and_only_to_who_works_here(
    own_client: httpx.Client, books: Connection
) -> None:
    assert hand_over(own_client, "S1", INSPECTOR, by="S1").status_code == 403
    assert hand_over(own_client, "S1", "S1").status_code == 409
    books.execute("UPDATE identity.person SET state = 'left' WHERE person_id = %s", (INSPECTOR,))
    assert hand_over(own_client, "S1", INSPECTOR).status_code == 404
    assert held_by(books, "S1")[0] == {THREAD, QUIET_THREAD}


def test_of_another_unit_nothing_moves(own_client: httpx.Client, books: Connection) -> None:
    books.execute("INSERT INTO parties.organisation_unit VALUES ('U2', '另一支行', 'sub_branch', NULL)")
    write_person(books, "elsewhere", [Role.BRANCH_MANAGER], "U2")

    answer = hand_over(own_client, "S1", INSPECTOR, by="elsewhere").json()

    assert answer == {"warnings_moved": [], "checks_moved": [], "refused": {}}
    assert work_of(own_client, "elsewhere") == {"people_count": 0, "gone_count": 0, "items": []}


@pytest.mark.parametrize(
    ("change", "presence"),
    [
        ("UPDATE identity.person SET state = 'left' WHERE person_id = 'S1'", "left"),
        ("UPDATE identity.person SET state = 'suspended' WHERE person_id = 'S1'", "suspended"),
        ("UPDATE identity.assignment SET valid_to = now() WHERE person_id = 'S1'", "no_role"),
        ("UPDATE identity.person SET staff_id = NULL WHERE person_id = 'S1'", "no_person"),
    ],
)
def test_work_of_who_can_do_none_any_more_stands_first_on_the_workbench(
    own_client: httpx.Client, books: Connection, change: str, presence: str
) -> None:
    books.execute("UPDATE inspections.check SET assignee = 'S3' WHERE check_id <> %s", (CHECK,))
    before = work_of(own_client)
    books.execute(change)  # pyright: ignore[reportArgumentType, reportCallIssue]

    after = work_of(own_client)

    assert (before["gone_count"], {one["presence"] for one in before["items"]}) == (0, {"here"})
    first = after["items"][0]
    assert after["gone_count"] == 1
    assert (first["staff_id"], first["presence"]) == ("S1", presence)
    assert (first["warning_count"], first["check_count"]) == (2, 1)


def test_who_is_away_stands_there_with_who_stands_in(own_client: httpx.Client, books: Connection) -> None:
    books.execute(
        "INSERT INTO identity.delegation (delegation_id, from_person_id, to_person_id, valid_from, valid_to, reason, maker, "
        "made_at) VALUES ('D1', 'S1', 'S3', '2000-01-01', '2999-01-01', '休假', 'S1', '2000-01-01')"
    )
    one = next(one for one in work_of(own_client)["items"] if one["staff_id"] == "S1")
    assert (one["presence"], one["stand_in_name"]) == ("away", INSPECTOR)


def test_who_does_not_give_out_work_is_not_told_of_it(own_client: httpx.Client, books: Connection) -> None:
    assert work_of(own_client, "S1") is None

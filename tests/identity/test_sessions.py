"""What a session and a key give, and when they no longer do. Over a real database."""

from __future__ import annotations

import datetime

import pytest
from tests.identity.bank import BRANCH_1, DAY, HOUR, MINUTE, NOW, give, stand_in, write_people, write_person

from loantrail.identity.abilities import ABILITIES, Ability, Role
from loantrail.identity.model import NOTHING, Reach, Signed
from loantrail.identity.store_session import (
    begin_session,
    end_session,
    end_sessions,
    secret_hash,
    signed_of_key,
    signed_of_session,
)
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


@pytest.fixture
def bank(connection: type_of_connection) -> type_of_connection:
    write_people(connection)
    return connection


def begin(connection: type_of_connection, person_id: str, way: str = "password") -> str:
    return begin_session(connection, person_id, way, False, "10.0.0.1", "Firefox", NOW)


def seen(connection: type_of_connection, token: str, at: datetime.datetime = NOW + MINUTE) -> Signed | None:
    return signed_of_session(connection, token, "10.0.0.1", at)


def who(connection: type_of_connection, person_id: str, at: datetime.datetime = NOW + MINUTE) -> Signed:
    signed = seen(connection, begin(connection, person_id), at)
    assert signed is not None
    return signed


def test_a_session_names_its_person_with_what_they_may_do(bank: type_of_connection) -> None:
    signed = who(bank, "E2")

    assert (signed.person_id, signed.name, signed.staff_id, signed.unit_id) == ("E2", "李行长", "E2", "1001")
    assert signed.roles == {Role.BRANCH_MANAGER}
    assert signed.abilities == ABILITIES[Role.BRANCH_MANAGER]
    assert signed.address == "10.0.0.1"
    assert not signed.must_change_password
    assert not signed.needs_second_factor


@pytest.mark.parametrize("token", ["", "x", "lt_x", "x" * 10_000, "\x00"])
def test_a_token_that_nobody_was_given_names_nobody(bank: type_of_connection, token: str) -> None:
    begin(bank, "E1")
    assert seen(bank, token) is None


def test_the_database_holds_no_token(bank: type_of_connection) -> None:
    token = begin(bank, "E1")
    row = bank.execute("SELECT session::text, token_hash FROM identity.session AS session").fetchone()
    assert row is not None
    assert token not in row[0]
    assert row[1] == secret_hash(token)
    assert seen(bank, row[1].hex()) is None


def test_a_session_that_rested_too_long_has_ended(bank: type_of_connection) -> None:
    token = begin(bank, "E1")

    assert seen(bank, token, NOW + 15 * MINUTE) is not None
    assert seen(bank, token, NOW + 30 * MINUTE) is not None
    assert seen(bank, token, NOW + 46 * MINUTE) is None


def test_a_session_ends_after_its_hours_however_busy(bank: type_of_connection) -> None:
    token = begin(bank, "E1")
    at = NOW
    while at < NOW + 10 * HOUR - 10 * MINUTE:
        at += 10 * MINUTE
        if at < NOW + 10 * HOUR:
            assert seen(bank, token, at) is not None

    assert seen(bank, token, NOW + 10 * HOUR) is None


def test_the_last_use_is_noted_once_a_minute(bank: type_of_connection) -> None:
    def noted() -> datetime.datetime:
        row = bank.execute("SELECT seen_at FROM identity.session").fetchone()
        assert row is not None
        return row[0]

    token = begin(bank, "E1")
    seen(bank, token, NOW + MINUTE / 2)
    assert noted() == NOW
    seen(bank, token, NOW + MINUTE)
    assert noted() == NOW + MINUTE


def test_an_ended_session_names_nobody(bank: type_of_connection) -> None:
    token, other = begin(bank, "E1"), begin(bank, "E1")
    signed = seen(bank, token)
    assert signed is not None

    assert end_session(bank, signed.session_id, NOW)

    assert seen(bank, token) is None
    assert seen(bank, other) is not None
    assert not end_session(bank, signed.session_id, NOW)


def test_sessions_that_ended_long_ago_are_taken_out(bank: type_of_connection) -> None:
    token = begin(bank, "E1")
    begin_session(bank, "E2", "password", False, "", "", NOW)
    begin_session(bank, "E1", "password", False, "", "", NOW + 30 * DAY)
    begin_session(bank, "E1", "password", False, "", "", NOW + 31 * DAY)

    kept = bank.execute("SELECT person_id, token_hash FROM identity.session").fetchall()
    assert sorted(person for person, _ in kept) == ["E1", "E1", "E2"]
    assert secret_hash(token) not in {kept_hash for _, kept_hash in kept}


def test_all_other_sessions_of_a_person_are_ended_at_once(bank: type_of_connection) -> None:
    kept, other, foreign = begin(bank, "E1"), begin(bank, "E1"), begin(bank, "E2")
    signed = seen(bank, kept)
    assert signed is not None

    assert end_sessions(bank, "E1", NOW, except_for=signed.session_id) == 1

    assert [seen(bank, token) is not None for token in (kept, other, foreign)] == [True, False, True]


@pytest.mark.parametrize("state", ["suspended", "left"])
def test_a_person_who_is_removed_while_signed_in_is_refused_at_the_next_request(
    bank: type_of_connection, state: str
) -> None:
    token = begin(bank, "E1")
    assert seen(bank, token) is not None

    bank.execute("UPDATE identity.person SET state = %s WHERE person_id = 'E1'", (state,))

    assert seen(bank, token) is None


def test_a_role_counts_within_its_dates_alone(bank: type_of_connection) -> None:
    write_person(bank, "N1", "新人")
    give(bank, "N1", Role.LEGAL, None, NOW, NOW + HOUR)
    token = begin(bank, "N1")

    roles = [
        None if signed is None else signed.roles
        for signed in (seen(bank, token, at) for at in (NOW - MINUTE, NOW, NOW + 14 * MINUTE))
    ]
    assert roles == [frozenset(), {Role.LEGAL}, {Role.LEGAL}]
    assert who(bank, "N1", NOW + MINUTE).reach == Reach("bank")
    bank.execute("UPDATE identity.assignment SET valid_to = %s WHERE person_id = 'N1'", (NOW + MINUTE,))
    after = who(bank, "N1", NOW + MINUTE)
    assert (after.abilities, after.reach) == (frozenset(), NOTHING)


@pytest.mark.parametrize(
    ("person", "reach"),
    [
        ("E1", Reach("units", (), ("E1",))),
        ("E2", Reach("units", ("1001",))),
        ("E3", Reach("units", BRANCH_1)),  # a department works for its branch
        ("E4", Reach("bank")),
        ("E6", Reach("bank")),  # a department of the head office works for the bank
    ],
)
def test_how_far_each_sees(bank: type_of_connection, person: str, reach: Reach) -> None:
    assert who(bank, person).reach == reach


def test_several_roles_reach_as_far_as_all_of_them_together(bank: type_of_connection) -> None:
    give(bank, "E1", Role.POST_LOAN_INSPECTOR, "2001")
    assert who(bank, "E1").reach == Reach("units", ("2001",), ("E1",))
    give(bank, "E1", Role.RISK_MANAGER, None)
    assert who(bank, "E1").reach == Reach("bank")


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.IT_OPERATOR, Role.RULE_AUTHOR])
@pytest.mark.parametrize("unit", [None, "0000", "1000"])
def test_whoever_runs_the_system_sees_no_loan(bank: type_of_connection, role: Role, unit: str | None) -> None:
    write_person(bank, "N1", "管理员")
    give(bank, "N1", role, unit)
    assert who(bank, "N1").reach == NOTHING


def test_a_manager_who_is_not_on_the_staff_list_sees_no_loan(bank: type_of_connection) -> None:
    write_person(bank, "N1", "外包")
    give(bank, "N1", Role.RELATIONSHIP_MANAGER, "1001")
    assert who(bank, "N1").reach == NOTHING


def test_standing_in_gives_all_that_the_other_may_do(bank: type_of_connection) -> None:
    stand_in(bank, "E5", "E2")

    signed = who(bank, "E2")

    assert signed.standing_in_for == ("E5",)
    assert signed.reach == Reach("units", ("1001",), ("E5",))
    assert signed.abilities == ABILITIES[Role.BRANCH_MANAGER] | ABILITIES[Role.RELATIONSHIP_MANAGER]
    assert signed.acting == "E2"


@pytest.mark.parametrize(
    ("since", "until"), [(NOW - DAY, NOW), (NOW + HOUR, NOW + DAY)], ids=["over", "not begun"]
)
def test_standing_in_counts_within_its_dates_alone(
    bank: type_of_connection, since: datetime.datetime, until: datetime.datetime
) -> None:
    stand_in(bank, "E5", "E2", since, until)
    assert who(bank, "E2").standing_in_for == ()


def test_nobody_stands_in_for_an_administrator_or_for_somebody_who_left(bank: type_of_connection) -> None:
    write_person(bank, "A1", "安全管理员")
    give(bank, "A1", Role.SECURITY_ADMINISTRATOR)
    stand_in(bank, "A1", "E2")
    stand_in(bank, "E5", "E2")
    bank.execute("UPDATE identity.person SET state = 'left' WHERE person_id = 'E5'")

    signed = who(bank, "E2")

    assert signed.abilities == ABILITIES[Role.BRANCH_MANAGER]
    assert signed.standing_in_for == ()


def test_standing_in_is_not_handed_on(bank: type_of_connection) -> None:
    stand_in(bank, "E5", "E2")
    stand_in(bank, "E2", "E3")
    assert who(bank, "E3").standing_in_for == ("E2",)


def test_an_administrator_without_a_second_factor_has_to_set_one_up(bank: type_of_connection) -> None:
    write_person(bank, "A1", "系统管理员")
    give(bank, "A1", Role.SYSTEM_ADMINISTRATOR)
    assert who(bank, "A1").needs_second_factor

    with_factor = begin_session(bank, "A1", "password", True, "", "", NOW)
    elsewhere = begin_session(bank, "A1", "openid", False, "", "", NOW)

    for token in (with_factor, elsewhere):
        signed = seen(bank, token)
        assert signed is not None
        assert not signed.needs_second_factor


def test_an_old_password_must_be_changed(bank: type_of_connection) -> None:
    changed = "UPDATE identity.person SET password_changed_at = %s WHERE person_id = 'E1'"
    bank.execute(changed, (NOW - 89 * DAY,))
    assert not who(bank, "E1").must_change_password
    bank.execute(changed, (NOW - 91 * DAY,))
    assert who(bank, "E1").must_change_password
    by_openid = seen(bank, begin(bank, "E1", "openid"))
    assert by_openid is not None
    assert not by_openid.must_change_password


def key(connection: type_of_connection, abilities: list[str], unit: str | None = None) -> str:
    secret = "lt_0123456789"
    connection.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, unit_id, made_at, maker, expires_at) "
        "VALUES ('K1', %s, '核心系统', %s, %s, %s, 'A1', %s)",
        (secret_hash(secret), abilities, unit, NOW, NOW + HOUR),
    )
    return secret


def test_a_key_gives_what_it_was_made_for(bank: type_of_connection) -> None:
    signed = signed_of_key(bank, key(bank, ["send_live", "read_loans"], "1000"), "10.0.0.9", NOW)

    assert signed is not None
    assert (signed.person_id, signed.name, signed.staff_id) == ("key:K1", "核心系统", None)
    assert signed.abilities == {Ability.SEND_LIVE, Ability.READ_LOANS}
    assert signed.reach == Reach("units", BRANCH_1)


def test_a_key_never_gives_what_needs_a_person(bank: type_of_connection) -> None:
    secret = key(bank, ["send_live", "approve", "see_identifiers", "no_such_thing"])
    signed = signed_of_key(bank, secret, "", NOW)
    assert signed is not None
    assert signed.abilities == {Ability.SEND_LIVE}
    assert signed.reach == Reach("bank")


def test_a_key_that_expired_or_was_ended_names_nobody(bank: type_of_connection) -> None:
    secret = key(bank, ["send_live"])
    assert signed_of_key(bank, secret, "", NOW + HOUR) is None
    bank.execute("UPDATE identity.api_key SET ended_at = %s", (NOW,))
    assert signed_of_key(bank, secret, "", NOW) is None


@pytest.mark.parametrize("secret", ["", "lt_", "lt_9999999999", "0123456789", "lt_" + "x" * 10_000])
def test_a_key_that_nobody_was_given_names_nobody(bank: type_of_connection, secret: str) -> None:
    key(bank, ["send_live"])
    assert signed_of_key(bank, secret, "", NOW) is None

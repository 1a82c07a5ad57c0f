"""`loantrail users`: the first administrators, keys, and help, from the server's own command line."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.identity.bank import write_staff
from tests.identity.conftest import KEPT

from loantrail.cli.main import group
from loantrail.clock import now
from loantrail.errors import InputError, LoantrailError
from loantrail.identity import passwords
from loantrail.identity.abilities import Ability
from loantrail.identity.store_session import signed_of_key
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database
Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this test's database; a refusal is raised."""
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)

    def run(*words: str, given: str = "") -> Result:
        done = CliRunner().invoke(group, ["users", *words], input=given)
        if isinstance(done.exception, LoantrailError):
            raise done.exception
        return done

    return run


def kept(connection: type_of_connection, person: str) -> tuple[str, bool]:
    row = connection.execute(
        "SELECT password_hash, must_change_password FROM identity.person WHERE person_id = %s", (person,)
    ).fetchone()
    assert row is not None
    return row


def test_an_installation_begins_with_three_separate_administrators(
    run: Run, connection: type_of_connection
) -> None:
    told = run("begin").output

    lines = dict(re.findall(r"^\w+_administrator +(\w+) +(\S+)$", told, re.MULTILINE))
    assert list(lines) == ["sysadmin", "secadmin", "auditadmin"]
    assert len(set(lines.values())) == 3
    for person, password in lines.items():
        password_hash, must_change = kept(connection, person)
        assert must_change
        assert passwords.is_right(password_hash, password)
    roles = connection.execute("SELECT person_id, role, maker FROM identity.assignment ORDER BY 1").fetchall()
    assert roles == [
        ("auditadmin", "audit_administrator", "operator"),
        ("secadmin", "security_administrator", "operator"),
        ("sysadmin", "system_administrator", "operator"),
    ]
    assert "sysadmin        系统管理员  system_administrator" in run("list").output


def test_it_begins_once(run: Run) -> None:
    run("begin")
    with pytest.raises(InputError, match="there are administrators already"):
        run("begin", "--system", "other", "--security", "other2", "--audit", "other3")


def test_one_person_is_not_two_administrators(run: Run) -> None:
    with pytest.raises(InputError, match="separate persons"):
        run("begin", "--system", "zhang", "--security", "zhang")


def test_passwords_can_be_brought_along_and_are_not_printed(run: Run, connection: type_of_connection) -> None:
    given = ["Zhuyao-Xitong-1", "Zhuyao-Anquan-2", "Zhuyao-Shenji-3"]

    told = run("begin", "--read-passwords", given="\n".join(given) + "\n").output

    assert not any(password in told for password in given)
    assert passwords.is_right(kept(connection, "secadmin")[0], given[1])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "does not hold three"),
        ("a\nb\n", "does not hold three"),
        ("short\nshort\nshort\n", "fewer than 12"),
    ],
)
def test_passwords_that_cannot_be_used_make_nobody(
    run: Run, connection: type_of_connection, given: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        run("begin", "--read-passwords", given=given)
    assert connection.execute("SELECT count(*) FROM identity.person").fetchone() == (0,)


def test_a_key_is_printed_once_and_works(run: Run, connection: type_of_connection) -> None:
    done = run("key", "核心系统", "--ability", "send_live", "--ability", "read_loans", "--days", "30")

    secret = done.stdout.strip()
    signed = signed_of_key(connection, secret, "", now())
    assert signed is not None
    assert (signed.name, signed.abilities) == ("核心系统", {Ability.SEND_LIVE, Ability.READ_LOANS})
    listed = run("keys").output
    assert secret not in listed
    key_id = listed.split()[0]
    connection.rollback()
    run("end-key", key_id)
    assert signed_of_key(connection, secret, "", now()) is None
    with pytest.raises(InputError, match="there is no key"):
        run("end-key", "0" * 32)


def test_no_key_is_made_for_what_needs_a_person(run: Run) -> None:
    done = run("key", "x", "--ability", "approve")
    assert done.exit_code == 2
    with pytest.raises(InputError, match="there is no unit"):
        run("key", "x", "--ability", "send_live", "--unit", "9999")
    with pytest.raises(InputError, match="longer than is allowed"):
        run("key", "x", "--ability", "send_live", "--days", "3000")


def test_who_is_locked_out_is_helped(run: Run, database_url: str) -> None:
    run("begin")
    with psycopg.connect(database_url) as connection:
        write_staff(connection)
        connection.execute(
            "UPDATE identity.person SET failed_attempts = 5, locked_until = '2999-01-01' WHERE person_id = 'sysadmin'"
        )
    assert "sysadmin        系统管理员  [locked out] system_administrator" in run("list").output

    run("unlock", "sysadmin")

    assert "[locked out]" not in run("list").output
    with pytest.raises(InputError, match="there is no person nobody"):
        run("unlock", "nobody")


def test_a_reset_is_for_when_no_two_administrators_can_sign_in(
    run: Run, connection: type_of_connection
) -> None:
    run("begin")
    connection.execute(
        "UPDATE identity.person SET password_hash = %s, second_factor_on = true, second_factor_secret = '\\x01' "
        "WHERE person_id = 'sysadmin'",
        (KEPT,),
    )
    connection.commit()

    password = run("reset", "sysadmin").output.strip()

    password_hash, must_change = kept(connection, "sysadmin")
    assert must_change
    assert passwords.is_right(password_hash, password)
    row = connection.execute(
        "SELECT second_factor_on FROM identity.person WHERE person_id = 'sysadmin'"
    ).fetchone()
    assert row == (False,)


def test_what_is_done_on_the_command_line_is_on_record(run: Run, connection: type_of_connection) -> None:
    run("begin")
    run("key", "核心系统", "--ability", "send_live")
    run("reset", "sysadmin")
    run("unlock", "sysadmin")

    entries = connection.execute(
        "SELECT person, action, object_id FROM audit.entry ORDER BY entry_no"
    ).fetchall()

    assert [entry[:2] for entry in entries] == [
        ("operator", "person.begin"),
        ("operator", "person.begin"),
        ("operator", "person.begin"),
        ("operator", "key.make"),
        ("operator", "person.reset"),
        ("operator", "person.unlock"),
    ]
    assert [entry[2] for entry in entries[:3]] == ["sysadmin", "secadmin", "auditadmin"]


def test_one_time_passwords_are_such_as_may_be_taken() -> None:
    from tests.identity.test_decide import SHIPPED

    made = {passwords.one_time_password() for _ in range(200)}
    assert len(made) == 200
    assert all(passwords.refused(one, ("sysadmin",), (), SHIPPED) is None for one in made)


def test_nobody_lists_to_who_begins(run: Run) -> None:
    assert "loantrail users begin" in run("list").output

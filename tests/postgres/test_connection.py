"""Connections, and what is said when there are none."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from loantrail.errors import ConfigurationError, DatabaseUnavailable, StorageExhausted
from loantrail.postgres import connection as module
from loantrail.postgres.connection import Database, check_role_of_pages, database, type_of_connection
from loantrail.postgres.failures import database_failures, translated
from loantrail.settings import ROOT_HOME, Settings, read_settings


@pytest.mark.database
def test_a_block_commits_when_it_ends_and_rolls_back_on_an_error(database_url: str) -> None:
    books = Database(database_url)
    with books.connection() as connection:
        connection.execute("CREATE TABLE kept (number integer)")
        connection.execute("INSERT INTO kept VALUES (1)")
    with pytest.raises(ZeroDivisionError), books.connection() as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
        raise ZeroDivisionError
    with books.connection() as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]


@pytest.mark.database
def test_a_pool_commits_rolls_back_and_mends_a_lost_connection(database_url: str) -> None:
    with Database(database_url).pool(least=1, most=1) as pool:
        with pool.connection() as connection:
            connection.execute("CREATE TABLE kept (number integer)")
            connection.execute("INSERT INTO kept VALUES (1)")
            own = connection.info.backend_pid
        with pytest.raises(ZeroDivisionError), pool.connection() as connection:
            connection.execute("INSERT INTO kept VALUES (2)")
            raise ZeroDivisionError
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (own,))
        with pool.connection() as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
            assert connection.info.backend_pid != own


@pytest.mark.database
def test_a_connection_that_is_lost_after_it_was_found_well_is_given_up_for_another(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found_well(_: type_of_connection) -> None:
        """Looks too early to see what comes."""

    monkeypatch.setattr(module, "check_idle", found_well)
    with Database(database_url).pool(least=2, most=2) as pool:
        with pool.connection() as one, pool.connection() as two:
            lost = {one.info.backend_pid, two.info.backend_pid}
        with psycopg.connect(database_url, autocommit=True) as other:
            for each in lost:
                other.execute("SELECT pg_terminate_backend(%s, 10000)", (each,))
        with pool.connection() as connection:
            row = connection.execute("SELECT 1").fetchone()
            own = connection.info.backend_pid

    assert row == (1,)
    assert own not in lost


@pytest.mark.database
def test_a_server_that_stays_away_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []

    def lost(connection: type_of_connection) -> None:
        begun.append(connection)
        connection.close()
        raise psycopg.OperationalError("the server went away")

    monkeypatch.setattr(psycopg.Connection, "transaction", lost)
    with Database(database_url).pool(least=1, most=2) as pool:
        with pytest.raises(DatabaseUnavailable, match="the server went away"), pool.connection():
            raise AssertionError
        assert len(begun) == 3


@pytest.mark.database
def test_a_connection_is_asked_whether_it_lives_only_after_a_pause(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(module.ConnectionPool, "check_connection", staticmethod(asked.append))
    with Database(database_url).pool(least=1, most=1) as pool:
        for _ in range(3):
            with pool.connection() as connection:
                connection.execute("SELECT 1")
        in_a_row = len(asked)
        monkeypatch.setattr(module, "UNASKED_SECONDS", -1.0)
        with pool.connection() as connection:
            connection.execute("SELECT 1")

    assert (in_a_row, len(asked)) == (1, 2)


@pytest.mark.database
def test_instants_come_back_in_utc(connection: type_of_connection) -> None:
    row = connection.execute("SELECT '2024-02-29 08:00+08'::timestamptz").fetchone()
    assert row is not None
    assert row[0].isoformat() == "2024-02-29T00:00:00+00:00"
    assert row[0].utcoffset() == datetime.timedelta(0)


@pytest.mark.database
def test_an_external_server_is_not_migrated_unasked(empty_database_url: str, tmp_path: Path) -> None:
    settings = Settings(tmp_path, empty_database_url, 1.0)
    with pytest.raises(DatabaseUnavailable, match="Run `loantrail database migrate`"), database(settings):
        pass


@pytest.mark.database
def test_a_connection_that_the_server_ends_is_told_as_such(database_url: str) -> None:
    books = Database(database_url)
    with (
        pytest.raises(DatabaseUnavailable, match="What was committed is safe"),
        books.connection() as connection,
    ):
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        connection.execute("SELECT 1")


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be used"):
        Database(f"postgresql://somebody@/books?host={tmp_path}").connect()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="LOANTRAIL_DATABASE_URL cannot be read"):
        Database("postgres//somewhere")


def test_a_full_disk_has_its_own_error() -> None:
    full = psycopg.errors.DiskFull("could not extend file: No space left on device")
    assert isinstance(translated(full), StorageExhausted)
    with pytest.raises(StorageExhausted, match="Free some space"), database_failures():
        raise full


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (
            'FATAL:  password authentication failed for user "loantrail"',
            "user and password in LOANTRAIL_DATABASE_URL",
        ),
        ("fe_sendauth: no password supplied", "user and password in LOANTRAIL_DATABASE_URL"),
        ('FATAL:  no pg_hba.conf entry for host "10.1.2.3", user "loantrail"', "pg_hba.conf"),
        ('FATAL:  database "laontrail" does not exist', "correct its name"),
        ("FATAL:  sorry, too many clients already", "max_connections"),
        ("Connection refused Is the server running on that host?", "loantrail database status"),
    ],
)
def test_a_connection_that_is_refused_says_what_to_correct(said: str, remedy: str) -> None:
    refused = psycopg.OperationalError(
        f'connection failed: connection to server at "10.1.2.9", port 5432 failed: {said}'
    )
    assert remedy in translated(refused).remedy


@pytest.mark.database
def test_pages_are_not_read_as_another_role_than_the_web_applications(database_url: str) -> None:
    books = Database(database_url, web_url=database_url)
    with pytest.raises(ConfigurationError, match="not as loantrail_web"), books.pool(web=True):
        pass
    with Database(database_url).pool(web=True) as pool, pool.connection() as connection:
        assert connection.info.user == "loantrail_web"


@pytest.mark.database
def test_pages_are_not_read_as_a_role_that_the_servers_side_puts_in_the_place_of_the_web_applications(
    database_url: str,
) -> None:
    put = make_conninfo(Database(database_url).web_url(), options="-c role=pg_monitor")
    with psycopg.connect(database_url) as connection:
        connection.execute("GRANT pg_monitor TO loantrail_web")
    try:
        with (
            pytest.raises(ConfigurationError, match="as pg_monitor, not as loantrail_web"),
            Database(database_url, web_url=put).pool(web=True),
        ):
            pass
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute("REVOKE pg_monitor FROM loantrail_web")


@pytest.mark.database
def test_what_a_provider_lets_sign_in_by_another_name_is_the_web_role_where_the_server_says_so(
    database_url: str,
) -> None:
    put = make_conninfo(database_url, options="-c role=loantrail_web")
    with Database(database_url, web_url=put).pool(web=True) as pool, pool.connection() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("loantrail_web",)


@pytest.mark.database
@pytest.mark.parametrize(
    "change", ["ALTER ROLE loantrail_web SUPERUSER", "ALTER ROLE loantrail_web BYPASSRLS"]
)
def test_pages_are_not_read_where_the_web_role_may_pass_row_level_security(
    connection: type_of_connection, change: LiteralString
) -> None:
    check_role_of_pages(as_the_web_role(connection))
    connection.rollback()
    connection.execute(change)
    with pytest.raises(ConfigurationError, match="passes row-level security"):
        check_role_of_pages(as_the_web_role(connection))
    connection.rollback()


def as_the_web_role(connection: type_of_connection) -> type_of_connection:
    """The connection with the rights of the web application until its transaction ends."""
    connection.execute("SET LOCAL ROLE loantrail_web")
    return connection


@pytest.mark.database
def test_a_web_role_that_cannot_sign_in_is_told_before_anything_is_served(database_url: str) -> None:
    nobody = make_conninfo(database_url, user="nobody_made_this")
    with (
        pytest.raises(DatabaseUnavailable, match="Correct LOANTRAIL_WEB_DATABASE_URL"),
        Database(database_url, web_url=nobody).pool(web=True),
    ):
        pass


@pytest.mark.parametrize(
    "condition",
    [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable],
)
def test_a_condition_of_one_statement_stays_what_it_is(condition: type[psycopg.OperationalError]) -> None:
    with pytest.raises(condition), database_failures():
        raise condition("try again")


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "LOANTRAIL_HOME": str(tmp_path),
            "LOANTRAIL_DATABASE_URL": " postgresql:///books ",
            "LOANTRAIL_DATABASE_GRACE_SECONDS": "2.5",
        }
    )
    assert settings == Settings(tmp_path, "postgresql:///books", 2.5)


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_a_grace_that_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="LOANTRAIL_DATABASE_GRACE_SECONDS"):
        read_settings({"LOANTRAIL_DATABASE_GRACE_SECONDS": text})


def test_root_keeps_its_data_where_the_servers_user_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert read_settings({}).home == ROOT_HOME
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert read_settings({"XDG_DATA_HOME": "/data"}).home == Path("/data/loantrail")

"""The log in the database: what may be done to it and by whom, one chain however many append, and what a superuser changed is
found."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from tests.audit.made import entry

from loantrail.audit import store, verifying
from loantrail.audit.model import Break, Fault, Head
from loantrail.audit.verifying import verify
from loantrail.postgres.connection import type_of_connection
from loantrail.postgres.migrate import upgrade

pytestmark = pytest.mark.database

APPENDERS = 32
ROUNDS = 12


def append(connection: type_of_connection, *numbers: int, algorithm: str = "sha256") -> Head:
    with connection.transaction():
        head = store.append(connection, [entry(number) for number in numbers], algorithm)
    assert head is not None
    return head


@pytest.fixture
def log(connection: type_of_connection) -> type_of_connection:
    """Ten entries in four batches of both algorithms."""
    append(connection, 1)
    append(connection, 2, 3, 4, algorithm="sm3")
    append(connection, 5, 6, 7, 8, 9)
    append(connection, 10, algorithm="sm3")
    connection.commit()
    return connection


@contextmanager
def acting_as(connection: type_of_connection, role: str) -> Generator[None]:
    """Statements of the block run with the rights of this role; rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield


@contextmanager
def without_trigger(connection: type_of_connection, *tables: LiteralString) -> Generator[None]:
    """What only a superuser, or the owner after giving itself the rights back, can do: switch the guard off for a while."""
    for table in tables:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER only_added_to").format(sql.SQL(table)))
    yield
    for table in tables:
        connection.execute(
            sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER only_added_to").format(sql.SQL(table))
        )
    connection.commit()


def broken(connection: type_of_connection, anchors: Sequence[Head] = ()) -> tuple[Fault, int]:
    found = verify(connection, anchors).broken
    assert found is not None
    return found.fault, found.entry_no


# Rights ------------------------------------------------------------------------------------------------------

CHANGES: tuple[LiteralString, ...] = (
    "UPDATE audit.entry SET content = content",
    "UPDATE audit.entry SET hash = hash WHERE false",
    "DELETE FROM audit.entry",
    "TRUNCATE audit.entry",
    "UPDATE audit.batch SET made_at_us = 0",
    "DELETE FROM audit.batch WHERE false",
    "TRUNCATE audit.batch",
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", ["loantrail_web", "owner"])
def test_nobody_changes_or_removes_an_entry(
    log: type_of_connection, role: str, change: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), log.transaction():
        if role != "owner":
            log.execute("SET LOCAL ROLE loantrail_web")
        log.execute(change)

    assert verify(log).is_whole


def test_an_owner_without_superuser_rights_cannot_either_and_not_by_giving_itself_the_right(
    empty_database_url: str,
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS loantrail_test_owner")
        superuser.execute("CREATE ROLE loantrail_test_owner NOSUPERUSER CREATEROLE")
        superuser.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO loantrail_test_owner").format(
                sql.Identifier(superuser.info.dbname)
            )
        )
        superuser.execute("ALTER SCHEMA public OWNER TO loantrail_test_owner")
    try:
        with psycopg.connect(empty_database_url) as owner:
            owner.execute("SET SESSION AUTHORIZATION loantrail_test_owner")
            owner.commit()
            upgrade(owner)
            append(owner, 1, 2)
            owner.commit()
            for told, give in (("permission denied", False), ("only added to", True)):
                for change in CHANGES:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=told), owner.transaction():
                        if give:
                            owner.execute("GRANT ALL ON audit.entry, audit.batch TO loantrail_test_owner")
                        owner.execute(change)
            owner.rollback()
            assert verify(owner).entry_count == 2
    finally:
        with psycopg.connect(empty_database_url, autocommit=True) as superuser:
            superuser.execute("REASSIGN OWNED BY loantrail_test_owner TO CURRENT_USER")
            superuser.execute("DROP OWNED BY loantrail_test_owner")
            superuser.execute("DROP ROLE loantrail_test_owner")


def test_what_is_found_by_cannot_be_set_apart_from_the_content(log: type_of_connection) -> None:
    with pytest.raises(psycopg.errors.GeneratedAlways), log.transaction():
        log.execute("INSERT INTO audit.entry (content, hash, person) VALUES ('{}', '', 'S7')")


def test_the_web_application_appends_and_reads_only_for_auditors(log: type_of_connection) -> None:
    with acting_as(log, "loantrail_web"):
        head = store.append(log, [entry(11)])
        assert head is not None
        assert head.entry_no == 11
        assert log.execute("SELECT count(*) FROM audit.entry").fetchone() == (0,)
        log.execute("SELECT set_config('loantrail.audit', 'on', true)")
        assert log.execute("SELECT count(*) FROM audit.entry").fetchone() == (11,)


def test_the_web_application_can_verify(log: type_of_connection) -> None:
    log.execute("SET ROLE loantrail_web")
    log.commit()

    assert verify(log).entry_count == 10


# Appending ---------------------------------------------------------------------------------------------------


def test_a_log_is_one_chain_through_batches_of_both_algorithms(log: type_of_connection) -> None:
    found = verify(log)

    assert found.is_whole
    assert (found.entry_count, found.batch_count) == (10, 4)
    assert found.head == store.last_head(log)
    assert found.head.algorithm == "sm3"


def test_the_algorithm_is_what_the_settings_say(
    connection: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_AUDIT_ALGORITHM", "sm3")

    head = store.append(connection, [entry()])

    assert head is not None
    assert head.algorithm == "sm3"


def test_an_entry_falls_with_the_write_that_it_tells_of(log: type_of_connection) -> None:
    before = store.last_head(log)
    log.commit()
    with pytest.raises(ZeroDivisionError), log.transaction():
        store.append(log, [entry(11)])
        raise ZeroDivisionError

    assert store.last_head(log) == before
    log.commit()
    assert append(log, 11).entry_no == 11
    log.commit()
    assert verify(log).entry_count == 11


def test_nothing_to_add_adds_nothing(connection: type_of_connection) -> None:
    assert store.append(connection, []) is None
    assert store.last_head(connection) == Head()


def test_a_transaction_that_sees_an_older_state_may_not_append(log: type_of_connection) -> None:
    with pytest.raises(AssertionError, match="read committed"), log.transaction():
        log.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        store.append(log, [entry(11)])


def test_entries_are_appended_in_a_transaction(log: type_of_connection) -> None:
    log.autocommit = True

    with pytest.raises(AssertionError, match="in a transaction"):
        store.append(log, [entry(11)])


def test_many_at_once_make_one_dense_chain(database_url: str) -> None:
    trouble: list[BaseException] = []
    begin = threading.Barrier(APPENDERS)

    def appending(person: int) -> None:
        try:
            with psycopg.connect(database_url) as connection:
                begin.wait()
                for number in range(ROUNDS):
                    with connection.transaction(force_rollback=number % 4 == 3):
                        store.append(connection, [entry(number, person=f"S{person}")] * (number % 3 + 1))
        except BaseException as problem:
            trouble.append(problem)

    workers = [threading.Thread(target=appending, args=(person,)) for person in range(APPENDERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert trouble == []
    kept = [number % 3 + 1 for number in range(ROUNDS) if number % 4 != 3]
    with psycopg.connect(database_url) as connection:
        found = verify(connection)
        assert found.is_whole
        assert (found.entry_count, found.batch_count) == (APPENDERS * sum(kept), APPENDERS * len(kept))
        by_person = connection.execute(
            "SELECT count(*) FROM audit.entry GROUP BY person HAVING count(*) = %s", (sum(kept),)
        ).fetchall()
        assert len(by_person) == APPENDERS


# What a superuser can do, and that it is found ---------------------------------------------------------------


def test_a_changed_content_is_named(log: type_of_connection) -> None:
    with without_trigger(log, "audit.entry"):
        log.execute(
            "UPDATE audit.entry SET content = replace(content, '\"S1\"', '\"S7\"') WHERE entry_no = 6"
        )

    assert broken(log) == (Fault.HASH, 6)


def test_a_removed_entry_is_named(log: type_of_connection) -> None:
    with without_trigger(log, "audit.entry"):
        log.execute("DELETE FROM audit.entry WHERE entry_no IN (4, 7)")

    assert broken(log) == (Fault.MISSING, 4)


def test_a_column_that_was_set_apart_is_named(log: type_of_connection) -> None:
    with without_trigger(log, "audit.entry"):
        log.execute("ALTER TABLE audit.entry ALTER COLUMN person DROP EXPRESSION")
        log.execute("UPDATE audit.entry SET person = 'S7' WHERE entry_no = 9")

    found = verify(log).broken

    assert found == Break(Fault.COLUMN, 9, 3, "S1", "S7", "person", 9)


def test_a_number_far_beyond_is_named_at_once(log: type_of_connection) -> None:
    with without_trigger(log, "audit.entry", "audit.batch"):
        log.execute("ALTER TABLE audit.entry ALTER COLUMN entry_no DROP EXPRESSION")
        log.execute("UPDATE audit.entry SET entry_no = 9000000000000000000 WHERE entry_no = 10")
        log.execute("UPDATE audit.batch SET first_entry_no = 9000000000000000001, last_entry_no = 9000000000000000001 "
                    "WHERE batch_no = 4")  # fmt: skip

    assert broken(log) == (Fault.MISSING, 10)


def test_a_changed_batch_is_named_by_its_first_entry(log: type_of_connection) -> None:
    with without_trigger(log, "audit.batch"):
        log.execute("UPDATE audit.batch SET made_at_us = made_at_us - 1 WHERE batch_no = 3")

    assert broken(log) == (Fault.HASH, 5)


def test_a_removed_batch_is_named_by_its_first_entry(log: type_of_connection) -> None:
    with without_trigger(log, "audit.batch"):
        log.execute("DELETE FROM audit.batch WHERE batch_no = 2")

    assert broken(log) == (Fault.BATCH, 2)


def test_a_cut_tail_is_found_by_the_head_that_was_kept_elsewhere(log: type_of_connection) -> None:
    anchor = store.last_head(log)
    log.commit()
    with without_trigger(log, "audit.entry", "audit.batch"):
        log.execute("DELETE FROM audit.entry WHERE batch_no >= 3")
        log.execute("DELETE FROM audit.batch WHERE batch_no >= 3")

    assert verify(log).is_whole
    assert broken(log, [anchor]) == (Fault.CUT, 5)
    append(log, 5, 6, 7, 8, 9, 10)
    log.commit()
    assert broken(log, [anchor]) == (Fault.ANCHOR, 10)


@pytest.mark.parametrize("piece", [1, 3, 4, 100])
def test_the_log_is_read_in_pieces_of_any_size(
    log: type_of_connection, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(verifying, "PIECE_ENTRIES", piece)
    anchor = store.last_head(log)
    log.commit()
    told: list[int] = []

    found = verify(log, [anchor], told.append)

    assert found.is_whole
    assert told[-1] == 10
    with without_trigger(log, "audit.entry"):
        log.execute("DELETE FROM audit.entry WHERE entry_no = 8")
    assert broken(log) == (Fault.MISSING, 8)


def test_the_connection_stays_usable_after_something_broken_was_found(log: type_of_connection) -> None:
    append(log, *range(11, 2_000))
    log.commit()
    with without_trigger(log, "audit.entry"):
        log.execute("DELETE FROM audit.entry WHERE entry_no = 2")

    assert broken(log) == (Fault.MISSING, 2)
    assert log.execute("SELECT count(*) FROM audit.entry").fetchone() == (1_998,)

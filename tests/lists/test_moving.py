"""Entries of the two tables that there were are moved into one, and back."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest
from tests.http.bank import write_books
from tests.http.warned import THREAD, write_warnings

from loantrail.postgres.connection import type_of_connection
from loantrail.postgres.migrate import FOLDER

pytestmark = pytest.mark.database


@pytest.fixture
def version() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lists_version", FOLDER / "versions" / "0016_lists.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_entries_of_both_tables_are_kept_on_the_way_there_and_back(
    connection: type_of_connection, version: ModuleType
) -> None:
    write_books(connection)
    write_warnings(connection)
    connection.execute(version._DOWN)
    connection.execute(
        "INSERT INTO early_warning.allow_entry (entry_id, request_key, scope, subject, rule_code, reason, expires_on, "
        "thread_id, proposed_by, proposed_at, approved_by, approved_at) "
        "VALUES ('A1', 'K1', 'account', '6204', 'CASH_OUT', '甲', '2026-01-01', %s, 'S1', now(), 'S2', now()), "
        "('A2', 'K2', 'loan', 'L1', 'CASH_OUT', '乙', '2026-01-01', NULL, 'S1', now(), NULL, NULL)",
        (THREAD,),
    )
    connection.execute(
        "INSERT INTO rules.list_entry (entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at, "
        "ended_by, ended_at, ended_reason) "
        "VALUES ('B1', 'K1', 'watch', 'party', 'P1', '丙', '2026-01-01', 'S1', now(), 'S1', now(), '提错了')"
    )
    allowed = connection.execute("SELECT * FROM early_warning.allow_entry ORDER BY 1").fetchall()
    watched = connection.execute("SELECT * FROM rules.list_entry ORDER BY 1").fetchall()

    connection.execute(version._UP)

    assert connection.execute(
        "SELECT entry_id, request_key, list, scope, subject, rule_code, thread_id, maker, checker, ended_reason "
        "FROM published.list_entry ORDER BY 1"
    ).fetchall() == [
        ("A1", "K1:allow", "allow", "account", "6204", "CASH_OUT", THREAD, "S1", "S2", None),
        ("A2", "K2", "allow", "loan", "L1", "CASH_OUT", None, "S1", None, None),
        ("B1", "K1", "watch", "party", "P1", "", None, "S1", None, "提错了"),
    ]
    # One that expired does not keep another one from standing in the table that there was.
    connection.execute(
        "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, reason, expires_on, maker, made_at) "
        "VALUES ('B2', 'K3', 'watch', 'party', 'P1', '旧', '2025-01-01', 'S1', '2025-01-01'), "
        "('B3', 'K4', 'watch', 'party', 'P1', '新', '2026-01-01', 'S1', '2026-01-01')"
    )

    connection.execute(version._DOWN)

    back = connection.execute("SELECT * FROM early_warning.allow_entry ORDER BY 1").fetchall()
    assert [(row[0], *row[2:]) for row in back] == [(row[0], *row[2:]) for row in allowed]
    found = connection.execute("SELECT * FROM rules.list_entry ORDER BY 1").fetchall()
    assert found[0] == watched[0]
    standing = connection.execute(
        "SELECT entry_id FROM rules.list_entry WHERE ended_at IS NULL ORDER BY 1"
    ).fetchall()
    assert standing == [("B3",)]

"""A database that earlier software filled is brought to this version: every row survives, and the application answers over it.

`bank_at_0016.backup` was written by `loantrail backup` over a bank of the release before sign-in: the books and trace of
tests/http/bank.py, its warnings, and what people and systems did through that release's interface (live lines, a refused one, a
corrected class, entries of lists, a rule from draft to published, an assigned warning).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from tests.http.bank import LOAN
from tests.http.conftest import application, client_of
from tests.operating.comparing import structure
from tests.postgres_fixtures import address_of, copied

from loantrail.cli.database import migrate as migrate_command
from loantrail.errors import DatabaseUnavailable
from loantrail.operating import restoring, store
from loantrail.operating.archive import read_archive
from loantrail.operating.restoring import restore
from loantrail.postgres.connection import Database, database
from loantrail.postgres.layout import WEB_ROLE_NAME
from loantrail.postgres.migrate import current_version, upgrade, versions
from loantrail.settings import Settings

pytestmark = pytest.mark.database
OLD = Path(__file__).with_name("bank_at_0016.backup")
OLD_VERSION = "0016_lists"
SETTINGS = Settings(Path("/nowhere"), "", 1.0)
Rows = dict[str, list[dict[str, Any]]]

CHANGED = {"public.alembic_version"}
"""Tables whose rows an upgrade is to change."""


@pytest.fixture(scope="module")
def old_database(database_server: Database) -> Iterator[str]:
    """Name of a database as that release left it."""
    with copied(database_server, None) as name:
        url = address_of(database_server, name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(restoring, "upgrade", lambda _connection: [])
            restore(Database(url), read_archive(OLD), SETTINGS)
        yield name


@pytest.fixture
def old_url(database_server: Database, old_database: str) -> Iterator[str]:
    """Address of a copy of it for this test."""
    with copied(database_server, old_database) as name:
        yield address_of(database_server, name)


def rows_of(url: str) -> Rows:
    """Table -> its rows, as JSON, in an order of their own."""
    found: Rows = {}
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL("SELECT to_jsonb(each) FROM {} AS each").format(sql.Identifier(schema, table))
            rows = [row[0] for row in connection.execute(query).fetchall()]
            found[f"{schema}.{table}"] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


def cut_to(rows: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with those columns alone that the other ones have."""
    known = like[0].keys() if like else frozenset()
    return sorted(
        ({name: value for name, value in row.items() if name in known} for row in rows),
        key=lambda row: json.dumps(row, sort_keys=True),
    )


def test_the_old_database_is_the_one_that_that_release_wrote(old_url: str) -> None:
    rows = rows_of(old_url)
    filled = {name for name, content in rows.items() if content}
    assert filled >= {
        "ledger.loan_note", "ledger.statement_line", "ledger.transfer", "ledger.refusal", "tracing.hop",
        "tracing.statement", "early_warning.thread", "early_warning.thread_event", "rules.rule_version", "rules.event",
        "lists.entry", "destinations.correction", "live.request", "nightly.run", "parties.staff",
    }  # fmt: skip
    with psycopg.connect(old_url) as connection:
        assert current_version(connection) == OLD_VERSION


def test_every_row_survives_with_everything_that_it_said(old_url: str) -> None:
    before = rows_of(old_url)
    with psycopg.connect(old_url) as connection:
        done = upgrade(connection)
    after = rows_of(old_url)

    assert done == [name for name in versions() if name > OLD_VERSION]
    assert before.keys() <= after.keys()
    for table in before.keys() - CHANGED:
        assert cut_to(after[table], before[table]) == before[table], table


def test_an_upgraded_database_is_built_like_a_new_one(old_url: str, database_url: str) -> None:
    with psycopg.connect(old_url) as connection:
        upgrade(connection)
        # The old bank has partitions of its own months.
        partitions = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE relkind = 'r'"
        ).fetchall()
        for (name,) in partitions:
            connection.execute(f"DROP TABLE {name}")  # pyright: ignore[reportArgumentType]
    assert structure(old_url) == structure(database_url)


def test_nothing_of_a_unit_is_open_to_the_web_role_after_an_upgrade(old_url: str) -> None:
    """Partitions of the old bank among it: row-level security of their table does not hold in them."""
    with psycopg.connect(old_url) as connection:
        upgrade(connection)
        assert store.open_tables(connection, WEB_ROLE_NAME) == []


def test_the_application_answers_over_an_upgraded_database(
    old_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    with psycopg.connect(old_url) as connection:
        upgrade(connection)
    with application(old_url) as address, client_of(address) as client:
        answers = {
            path: client.get(f"/api/v1{path}")
            for path in (
                "/readiness", "/loans", f"/loans/{LOAN}", f"/loans/{LOAN}/flow", "/accounts", "/warnings", "/rules",
                "/list-entries", "/refusals", "/nightly", "/corrections", "/reconciliations",
            )
        }  # fmt: skip
        sent = client.post(
            "/api/v1/transactions",
            json={"booked_at": "2025-03-13T09:00:00+08:00", "account": "6201", "direction": "debit", "amount_fen": 100,
                  "reference": "A99"},
            headers={"Idempotency-Key": "after-the-upgrade"},
        )  # fmt: skip
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert [row["loan_id"] for row in answers["/loans"].json()["items"]]
    assert answers["/warnings"].json()["items"]
    assert answers["/refusals"].json()["total_count"] == 1
    assert (sent.status_code, sent.json()["accepted"]) == (200, 1)


def test_a_servers_own_tables_are_never_changed_unasked(
    old_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", old_url)
    with pytest.raises(DatabaseUnavailable, match="loantrail database migrate"), database():
        pass
    before = rows_of(old_url)

    done = CliRunner().invoke(migrate_command, [])

    assert done.exit_code == 0
    assert f"done: {versions()[-1]}" in done.output
    assert before.keys() < rows_of(old_url).keys()
    with database():
        pass
    assert "Nothing to do" in CliRunner().invoke(migrate_command, []).output


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(old_url: str) -> None:
    before = rows_of(old_url)
    with psycopg.connect(old_url) as connection:
        connection.execute("CREATE SCHEMA contacts")  # 0022 makes it: its turn comes after others were done
    with psycopg.connect(old_url) as connection, pytest.raises(psycopg.Error):
        upgrade(connection)
    with psycopg.connect(old_url) as connection:
        assert current_version(connection) == OLD_VERSION
    assert rows_of(old_url) == before


def test_a_back_up_of_the_release_before_is_restored_and_brought_on(empty_database_url: str) -> None:
    done = restore(Database(empty_database_url), read_archive(OLD), SETTINGS)
    assert done.upgraded[-1] == versions()[-1]
    with psycopg.connect(empty_database_url) as connection:
        assert current_version(connection) == versions()[-1]
        assert connection.execute("SELECT count(*) FROM ledger.loan_note").fetchone() == (3,)

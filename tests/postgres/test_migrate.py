"""Versions of the tables: run once, in order, by whoever comes first."""

from __future__ import annotations

import threading

import psycopg
import pytest

from loantrail.errors import DatabaseUnavailable
from loantrail.postgres.connection import type_of_connection
from loantrail.postgres.migrate import FOLDER, current_version, upgrade, versions

pytestmark = pytest.mark.database


def test_an_empty_database_gets_every_version_once(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        assert current_version(connection) is None
        assert upgrade(connection) == versions()
        assert current_version(connection) == versions()[-1]
        assert upgrade(connection) == []


def test_the_connection_stays_usable_after_an_upgrade(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        upgrade(connection)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_upgrades_at_the_same_time_do_not_disturb_each_other(empty_database_url: str) -> None:
    done: list[list[str]] = []

    def upgrade_once() -> None:
        with psycopg.connect(empty_database_url) as connection:
            done.append(upgrade(connection))

    workers = [threading.Thread(target=upgrade_once) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(done) == 4
    with psycopg.connect(empty_database_url) as connection:
        assert current_version(connection) == versions()[-1]


def test_tables_of_a_newer_release_are_refused(connection: type_of_connection) -> None:
    connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    connection.commit()
    with pytest.raises(DatabaseUnavailable, match=r"9999_future.*newer release"):
        upgrade(connection)


def test_versions_form_one_line_and_are_named_like_their_files() -> None:
    before = "None"
    for name in versions():
        text = (FOLDER / "versions" / f"{name}.py").read_text()
        assert f'revision = "{name}"' in text
        assert f"down_revision = {before}" in text
        before = f'"{name}"'

"""Whether requests can be sent to a server: not while the database is away, its tables are of another version, or it stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.operating.asking import Failing, ask

from loantrail.http.app import create_app
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.postgres.migrate import versions


class Lent:
    """Connections of one database, each a new one."""

    def __init__(self, url: str) -> None:
        self._books = Database(url)

    @contextmanager
    def connection(self) -> Iterator[type_of_connection]:
        with self._books.connection() as connection:
            yield connection

    session = connection


@pytest.mark.database
def test_a_server_is_ready_until_it_stops_and_tells_nothing_else(database_url: str) -> None:
    app = create_app(Lent(database_url), Lent(database_url))
    ready = ask(app, "GET", "/api/v1/readiness")
    app.state.stopping = True
    stopping = ask(app, "GET", "/api/v1/readiness")

    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "tables_version": versions()[-1]})
    assert (stopping.status_code, stopping.json()["code"]) == (503, "not_ready")
    assert stopping.json()["detail_chinese"] == "服务正在停止"


@pytest.mark.database
def test_a_server_over_tables_of_another_version_is_not_ready(
    connection: type_of_connection, database_url: str
) -> None:
    connection.execute("UPDATE alembic_version SET version_num = '0016_lists'")
    connection.commit()
    answer = ask(create_app(Lent(database_url), Lent(database_url)), "GET", "/api/v1/readiness")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "0016_lists" in answer.json()["detail"]


@pytest.mark.database
def test_a_server_over_tables_of_a_newer_release_says_to_install_it(
    connection: type_of_connection, database_url: str
) -> None:
    connection.execute("UPDATE alembic_version SET version_num = '9999_later'")
    connection.commit()
    answer = ask(create_app(Lent(database_url), Lent(database_url)), "GET", "/api/v1/readiness")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "migrate" not in answer.json()["remedy"]
    assert "newer release" in answer.json()["remedy"]
    assert answer.json()["remedy_chinese"]


@pytest.mark.database
def test_a_server_whose_pages_cannot_be_read_is_not_ready(database_url: str) -> None:
    answer = ask(create_app(Lent(database_url), Failing()), "GET", "/api/v1/readiness")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")


def test_a_server_without_its_database_is_not_ready() -> None:
    answer = ask(create_app(Failing(), Failing()), "GET", "/api/v1/readiness")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")

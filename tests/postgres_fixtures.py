"""Fixtures of tests that need PostgreSQL: one server for the session, a fresh migrated database for each test.

The server is the embedded one, in a folder of its own, unless LOANTRAIL_DATABASE_URL names another; its user
must then be allowed to create databases.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import psycopg.conninfo
import pytest
from psycopg import sql

from loantrail.postgres.attach import stop_server
from loantrail.postgres.connection import Database, configure, database, type_of_connection
from loantrail.postgres.layout import Layout
from loantrail.postgres.migrate import upgrade
from loantrail.settings import Settings


@pytest.fixture(scope="session")
def database_server() -> Iterator[Database]:
    """The server of this session; its connection address names a database from which others can be made."""
    external = os.environ.get("LOANTRAIL_DATABASE_URL", "")
    if external:
        yield Database(external)
        return
    # Not pytest's own temporary folder: that is closed to the system user as which root runs the server.
    home = Path(tempfile.mkdtemp(prefix="loantrail-test-", dir=quick_folder()))
    home.chmod(0o711)
    try:
        with database(Settings(home, database_url="", database_grace_seconds=1.0), migrated=False) as books:
            yield books
    finally:
        stop_server(Layout(home))
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def template_database(database_server: Database) -> Iterator[str]:
    """Name of a migrated, empty database that each test copies."""
    name = f"loantrail_template_{uuid.uuid4().hex[:12]}"
    with _maintenance(database_server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(address_of(database_server, name)) as connection:
        upgrade(connection)
    yield name
    _drop(database_server, name)


@pytest.fixture
def empty_database_url(database_server: Database) -> Iterator[str]:
    """Address of a fresh database without tables."""
    yield from _fresh(database_server, None)


@pytest.fixture
def database_url(database_server: Database, template_database: str) -> Iterator[str]:
    """Address of a fresh, migrated database of this test alone."""
    yield from _fresh(database_server, template_database)


@pytest.fixture
def connection(database_url: str) -> Iterator[type_of_connection]:
    """A connection to this test's database."""
    with psycopg.connect(database_url) as opened:
        configure(opened)
        yield opened


def quick_folder() -> Path | None:
    """Memory in place of a disk where there is plenty: tests wait less. None is the usual temporary folder."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < 4 << 30:
        return None
    return memory


def address_of(server: Database, name: str) -> str:
    """Address of a database of this server."""
    return psycopg.conninfo.make_conninfo(server.url(), dbname=name)


def _maintenance(server: Database) -> type_of_connection:
    with server.connect():
        pass
    return psycopg.connect(server.url(), autocommit=True)


def _fresh(server: Database, template: str | None) -> Iterator[str]:
    with copied(server, template) as name:
        yield address_of(server, name)


@contextmanager
def copied(server: Database, template: str | None) -> Iterator[str]:
    """Name of a fresh copy of a database, or of an empty one, that is gone after the block."""
    name = f"loantrail_test_{uuid.uuid4().hex[:12]}"
    command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        # Copying files takes a tenth of the time that logging each page takes.
        command += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    with _maintenance(server) as connection:
        connection.execute(command)
    try:
        yield name
    finally:
        _drop(server, name)


def _drop(server: Database, name: str) -> None:
    with _maintenance(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

"""A bank's own server: a password, an owner that is no superuser (row-level security holds for it too), an older PostgreSQL.

Needs PostgreSQL's server programs as the system's packages install them; where there are none these tests are skipped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.http.bank import write_books, write_trace
from tests.operating.comparing import contents, structure
from tests.postgres_fixtures import quick_folder

from loantrail.errors import ConfigurationError
from loantrail.operating.archive import read_archive
from loantrail.operating.backing_up import back_up
from loantrail.operating.examining_database import examine_connected
from loantrail.operating.model import Level
from loantrail.operating.restoring import restore
from loantrail.postgres.connection import Database
from loantrail.postgres.migrate import upgrade, versions
from loantrail.settings import Settings

pytestmark = [pytest.mark.database, pytest.mark.heavy]
SETTINGS = Settings(Path("/nowhere"), "", 1.0)
PASSWORD = "o'wner pass\\word"


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        message = "PostgreSQL is not installed by the system's packages"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{message}: in CI these tests must run")
        pytest.skip(message)
    return found[0].parent


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    """Address of a superuser of a server of the system's own PostgreSQL, with passwords."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="loantrail-own-", dir=quick_folder()))
    runs_as = None
    if os.geteuid() == 0:
        runs_as = "postgres"
        entry = pwd.getpwnam(runs_as)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    data = folder / "data"
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)

    def run(*command: str) -> None:
        subprocess.run(command, user=runs_as, check=True, capture_output=True, cwd="/")

    run(str(programs / "initdb"), "-D", str(data), "-U", "root", "-A", "scram-sha-256", "-E", "UTF8",
        "--locale=C.UTF-8", f"--pwfile={folder / 'password'}")  # fmt: skip
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o",
        f"-k {folder} -c listen_addresses= -c fsync=off", "start")  # fmt: skip
    try:
        yield psycopg.conninfo.make_conninfo(
            "", host=str(folder), user="root", password=PASSWORD, dbname="postgres"
        )
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _new_database(server: str, name: str, owner: str) -> str:
    """Address of a new database that belongs to that role, which is no superuser."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"CREATE ROLE \"{owner}\" LOGIN CREATEROLE PASSWORD 'o''wner pass\\word'"  # pyright: ignore[reportArgumentType]
        )
        connection.execute(f'CREATE DATABASE {name} OWNER "{owner}"')  # pyright: ignore[reportArgumentType]
    return psycopg.conninfo.make_conninfo(server, user=owner, dbname=name)


@pytest.fixture(scope="module")
def bank_url(own_server: str) -> str:
    """Address of a bank on that server, whose owner's name wants quotes."""
    url = _new_database(own_server, "bank", "Loan-Owner")
    with psycopg.connect(url) as connection:
        upgrade(connection)
        write_books(connection)
        write_trace(connection)
    return url


def test_the_owner_is_no_superuser_and_row_level_security_holds_for_it(bank_url: str) -> None:
    with psycopg.connect(bank_url) as connection:
        row = connection.execute(
            "SELECT rolsuper, row_security_active('ledger.loan_note') FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, True)


def test_a_back_up_of_an_own_server_is_restored_into_the_embedded_one(
    bank_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    made = back_up(Database(bank_url), tmp_path / "own.backup", SETTINGS)
    restore(Database(empty_database_url), read_archive(made.path), SETTINGS)

    assert made.manifest.owners == ('"Loan-Owner"',)
    assert made.manifest.roles == {"loantrail_web": True}
    assert made.manifest.rows > 50
    assert contents(empty_database_url) == contents(bank_url)
    mine, its = structure(empty_database_url), structure(bank_url)
    for part in ("columns", "triggers", "policies", "row security", "grants", "schemas", "partitions"):
        assert mine[part] == its[part]


def test_a_back_up_of_the_embedded_server_is_restored_into_an_older_own_one(
    database_url: str, own_server: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        write_books(connection)
        write_trace(connection)
    made = back_up(Database(database_url), tmp_path / "embedded.backup", SETTINGS)
    target = _new_database(own_server, "moved", "other_owner")
    done = restore(Database(target), read_archive(made.path), SETTINGS)

    assert contents(target) == contents(database_url)
    mine, its = structure(target), structure(database_url)
    for part in ("columns", "triggers", "policies", "row security", "grants", "schemas", "partitions"):
        assert mine[part] == its[part]
    assert done.upgraded == []
    with psycopg.connect(target) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (versions()[-1],)


def test_a_role_that_does_not_see_every_row_makes_no_back_up(
    own_server: str, bank_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(own_server, autocommit=True) as connection:
        connection.execute("CREATE ROLE watcher LOGIN PASSWORD 'o''wner pass\\word' IN ROLE pg_read_all_data")
    url = psycopg.conninfo.make_conninfo(bank_url, user="watcher")
    with pytest.raises(ConfigurationError, match="does not see all rows"):
        back_up(Database(url), tmp_path / "b", SETTINGS)
    assert list(tmp_path.iterdir()) == []


def test_an_owner_that_row_level_security_holds_for_is_a_problem(bank_url: str) -> None:
    with psycopg.connect(bank_url) as connection:
        found = {one.check: one for one in examine_connected(connection, Database(bank_url))}
    assert found["owner_role"].level is Level.PROBLEM
    assert 'ALTER ROLE "Loan-Owner" BYPASSRLS' in found["owner_role"].remedy

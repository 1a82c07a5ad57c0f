"""A back-up holds one state of the whole database; restored it is the same, table by table, or it is refused."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from tests.http.bank import write_books, write_trace
from tests.http.warned import write_warnings
from tests.operating.comparing import contents, structure
from tests.postgres_fixtures import address_of, copied

from loantrail.cli.backup import command as backup_command
from loantrail.cli.restore import command as restore_command
from loantrail.errors import ConfigurationError, DatabaseUnavailable, FileUnreadable, LoantrailError
from loantrail.operating import backing_up
from loantrail.operating.archive import DUMP, MANIFEST, BackupDamaged, file_hash, read_archive
from loantrail.operating.backing_up import Made, back_up
from loantrail.operating.dump_programs import Program
from loantrail.operating.restoring import DatabaseNotEmpty, RestoredOtherwise, restore
from loantrail.postgres.connection import Database
from loantrail.postgres.migrate import versions
from loantrail.settings import Settings
from loantrail.wording import in_chinese

pytestmark = pytest.mark.database
SETTINGS = Settings(Path("/nowhere"), "", 1.0)
DUTY_MANAGER = "值班经理"


@pytest.fixture(scope="module")
def bank_url(database_server: Database, template_database: str) -> Iterator[str]:
    """Address of a bank with books, a trace, warnings, and rows that are hard to tell apart. No test changes it."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_books(connection)
            write_trace(connection)
            write_warnings(connection)
            connection.execute(
                "INSERT INTO live.request (request_key, content_hash, answer, committed_at) SELECT 'k' || n, "
                "E'a\\tb\\\\N\\n' || n, decode(md5(n::text), 'hex'), now() FROM generate_series(1, 500) AS n"
            )
            connection.execute("UPDATE parties.staff SET name = %s", (f"{DUTY_MANAGER}\\.\n\\.",))
        yield url


@pytest.fixture(scope="module")
def made(bank_url: str, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A back-up of that bank."""
    return back_up(Database(bank_url), tmp_path_factory.mktemp("backup") / "bank.backup", SETTINGS)


def things_in(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace "
            "WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
        ).fetchone()
    assert row is not None
    return row[0]


def test_a_restored_database_is_the_one_that_was_backed_up(
    bank_url: str, made: Made, empty_database_url: str
) -> None:
    done = restore(Database(empty_database_url), read_archive(made.path), SETTINGS)

    before, after = contents(bank_url), contents(empty_database_url)
    assert len(before) > 60
    assert sum(rows for rows, _ in before.values()) == made.manifest.rows == done.manifest.rows
    assert {name: rows for name, (rows, _) in before.items() if rows}.keys() >= {
        "ledger.loan_note", "tracing.hop", "early_warning.thread", "live.request", "parties.staff",
    }  # fmt: skip
    assert after == before
    assert structure(empty_database_url) == structure(bank_url)
    assert (done.upgraded, done.roles_made) == ([], [])


def test_numbers_that_were_given_out_are_not_given_out_again(made: Made, empty_database_url: str) -> None:
    restore(Database(empty_database_url), read_archive(made.path), SETTINGS)
    with psycopg.connect(empty_database_url) as connection:
        highest = connection.execute("SELECT max(outbox_id) FROM early_warning.outbox").fetchone()
        following = connection.execute("SELECT nextval('early_warning.outbox_outbox_id_seq')").fetchone()
    assert highest is not None
    assert following is not None
    assert following[0] > highest[0] > 0


def test_what_is_written_meanwhile_is_in_the_back_up_whole_or_not_at_all(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    stopping = threading.Event()

    def write() -> None:
        with psycopg.connect(database_url) as connection:
            number = 0
            while not stopping.is_set():
                number += 1
                connection.execute(
                    "INSERT INTO live.request (request_key, content_hash, committed_at) VALUES (%s, 'h', now())",
                    (f"k{number}",),
                )
                connection.execute(
                    "INSERT INTO live.source_offset VALUES (%s, 0, 1, now())", (f"source {number}",)
                )
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = back_up(Database(database_url), tmp_path / "b", SETTINGS)
    finally:
        stopping.set()
        writer.join()
    restore(Database(empty_database_url), read_archive(made.path), SETTINGS)

    with psycopg.connect(empty_database_url) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM live.request), (SELECT count(*) FROM live.source_offset)"
        ).fetchone()
    assert counts is not None
    assert counts[0] == counts[1]


# What is refused ---------------------------------------------------------------------------------------------


def damaged(made: Made, path: Path, how: str) -> Path:
    """A copy of the back-up, damaged in that way."""
    whole = made.path.read_bytes()
    if how == "cut off":
        path.write_bytes(whole[: len(whole) * 2 // 3])
    elif how == "cut off at its very end":
        path.write_bytes(whole[:-1])
    elif how == "a bit turned in the dump":
        path.write_bytes(whole[:5_000] + bytes([whole[5_000] ^ 1]) + whole[5_001:])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "something else":
        path.write_text("pg_dump says hello")
    return path


def repacked(
    made: Made, path: Path, change: Callable[[dict[str, Any]], None], dump: bytes | None = None
) -> Path:
    """The back-up with another manifest, or dump."""
    with zipfile.ZipFile(made.path) as source, zipfile.ZipFile(path, "w") as target:
        told = json.loads(source.read(MANIFEST))
        change(told)
        target.writestr(DUMP, source.read(DUMP) if dump is None else dump)
        target.writestr(MANIFEST, json.dumps(told))
    return path


@pytest.mark.parametrize(
    "how", ["cut off", "cut off at its very end", "a bit turned in the dump", "empty", "something else"]
)
def test_a_damaged_file_is_refused_before_anything_is_touched(
    made: Made, tmp_path: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    path = damaged(made, tmp_path / "copy", how)
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", empty_database_url)

    refused = CliRunner().invoke(restore_command, [str(path)]).exception

    assert isinstance(refused, BackupDamaged)
    assert (refused.code, str(path) in str(refused)) == ("backup_damaged", True)
    assert in_chinese(str(refused)) is not None
    assert things_in(empty_database_url) == 0


def test_a_file_with_another_dump_or_manifest_is_refused(made: Made, tmp_path: Path) -> None:
    def nothing(_told: dict[str, Any]) -> None:
        pass

    def newer(told: dict[str, Any]) -> None:
        told["format"] = 2
        told["what"] = "unknown"

    def other_product(told: dict[str, Any]) -> None:
        told["product"] = "other"

    def without_tables(told: dict[str, Any]) -> None:
        del told["tables"]

    with pytest.raises(BackupDamaged, match="dump in the file is not the one"):
        read_archive(repacked(made, tmp_path / "a", nothing, b"another dump"))
    with pytest.raises(BackupDamaged, match="a form that this software does not know"):
        read_archive(repacked(made, tmp_path / "b", newer))
    for number, change in enumerate((other_product, without_tables)):
        with pytest.raises(BackupDamaged, match="manifest of the back-up cannot be read"):
            read_archive(repacked(made, tmp_path / f"c{number}", change))
    with pytest.raises(FileUnreadable, match="cannot be read"):
        read_archive(tmp_path / "none")


def test_the_hash_that_was_told_names_the_file(made: Made, tmp_path: Path) -> None:
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest() == file_hash(made.path)
    read_archive(made.path, made.sha256.upper())
    with pytest.raises(BackupDamaged, match="not the one that was given"):
        read_archive(made.path, "0" * 64)


def test_rows_that_are_not_as_they_were_leave_nothing_behind(
    made: Made, tmp_path: Path, empty_database_url: str
) -> None:
    def another_hash(told: dict[str, Any]) -> None:
        for table in told["tables"]:
            if table["name"] == "ledger.loan_note":
                table["hash"] = "0" * 64

    path = repacked(made, tmp_path / "changed", another_hash)
    with pytest.raises(RestoredOtherwise, match=r"ledger\.loan_note"):
        restore(Database(empty_database_url), read_archive(path), SETTINGS)
    assert things_in(empty_database_url) == 0


def test_a_table_too_few_or_too_many_is_noticed(made: Made, tmp_path: Path, empty_database_url: str) -> None:
    def one_more(told: dict[str, Any]) -> None:
        told["tables"].append({"name": "ledger.lost", "rows": 0, "hash": ""})

    path = repacked(made, tmp_path / "changed", one_more)
    with pytest.raises(RestoredOtherwise, match=r"ledger\.lost"):
        restore(Database(empty_database_url), read_archive(path), SETTINGS)


def test_a_back_up_of_newer_software_is_refused(made: Made, tmp_path: Path, empty_database_url: str) -> None:
    def newer(told: dict[str, Any]) -> None:
        told["schema_version"] = "9999_future"

    archive = read_archive(repacked(made, tmp_path / "newer", newer))
    with pytest.raises(ConfigurationError, match="9999_future"):
        restore(Database(empty_database_url), archive, SETTINGS)
    assert things_in(empty_database_url) == 0


def test_a_database_with_anything_in_it_is_left_as_it_is(
    made: Made, database_url: str, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE public.notes (text text)")
    for url in (database_url, empty_database_url):
        before = things_in(url)
        with pytest.raises(DatabaseNotEmpty) as refused:
            restore(Database(url), read_archive(made.path), SETTINGS)
        assert in_chinese(str(refused.value)) is not None
        assert things_in(url) == before


# Writing -----------------------------------------------------------------------------------------------------


def test_a_file_that_is_there_is_not_replaced_and_only_its_owner_may_read_one(
    made: Made, bank_url: str, tmp_path: Path
) -> None:
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    there = tmp_path / "there"
    there.write_text("older back-up")
    with pytest.raises(ConfigurationError, match="such a file already"):
        back_up(Database(bank_url), there, SETTINGS)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        back_up(Database(bank_url), tmp_path / "none" / "file", SETTINGS)
    assert there.read_text() == "older back-up"


def test_a_database_without_tables_is_not_backed_up(empty_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to back up"):
        back_up(Database(empty_database_url), tmp_path / "b", SETTINGS)


@pytest.mark.parametrize("when", ["at its start", "half way"])
def test_a_dump_that_fails_leaves_no_file(
    bank_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    script = tmp_path / "pg_dump"
    script.write_text(
        "#!/bin/sh\n"
        + ("" if when == "at its start" else "head -c 100000 /dev/zero\n")
        + "echo 'pg_dump: error: the network went away' >&2\nexit 1\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(backing_up, "find_program", lambda *_, **__: Program(script, "18.0"))
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(DatabaseUnavailable, match="the network went away"):
        back_up(Database(bank_url), folder / "b", SETTINGS)
    assert list(folder.iterdir()) == []


def test_a_server_that_is_newer_than_the_programs_says_what_to_do(
    bank_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantrail.operating.dump_programs._asked", lambda path: Program(path, "14.2"))
    with pytest.raises(ConfigurationError, match=r"pg_dump of PostgreSQL \d+ or newer") as refused:
        back_up(Database(bank_url), tmp_path / "b", SETTINGS)
    assert "LOANTRAIL_DATABASE_PROGRAMS" in refused.value.remedy


# The commands ------------------------------------------------------------------------------------------------


def test_the_commands_tell_what_they_did(
    bank_url: str, empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bank.backup"
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", bank_url)
    told = json.loads(CliRunner().invoke(backup_command, [str(path), "--json"]).output)
    checked = CliRunner().invoke(restore_command, [str(path), "--check", "--sha256", told["sha256"]])
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", empty_database_url)
    restored = CliRunner().invoke(restore_command, [str(path)])
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    again = CliRunner().invoke(restore_command, [str(path)])

    assert told["version"] == versions()[-1]
    assert told["size_bytes"] == path.stat().st_size
    assert (checked.exit_code, "The file is whole" in checked.output) == (0, True)
    assert (restored.exit_code, "every table holds what it held" in restored.output) == (0, True)
    assert isinstance(again.exception, LoantrailError)
    assert "文件完整" in again.output
    assert contents(empty_database_url) == contents(bank_url)


def test_no_password_stands_in_the_arguments_of_a_program(
    bank_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, seen = tmp_path / "pg_dump", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\necho "$@" > {seen}\necho "$PGPASSWORD" >> {seen}\nexit 1\n')
    script.chmod(0o755)
    monkeypatch.setattr(backing_up, "find_program", lambda *_, **__: Program(script, "18.0"))
    with pytest.raises(DatabaseUnavailable):
        back_up(
            Database(psycopg.conninfo.make_conninfo(bank_url, password="geheim")), tmp_path / "b", SETTINGS
        )
    arguments, password = seen.read_text().splitlines()
    assert "geheim" not in arguments
    assert password == "geheim"
    assert os.environ.get("PGPASSWORD") is None

"""`loantrail doctor` finds what is wrong with an installation, says what to do, and changes nothing."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from click.testing import CliRunner
from tests.http.bank import write_books, write_trace

from loantrail import clock
from loantrail.cli import doctor
from loantrail.operating import examining_place, examining_software
from loantrail.operating.examination import examine
from loantrail.operating.examining_database import examine_connected, examine_database
from loantrail.operating.model import Finding, Level, worst
from loantrail.operating.packages import locked_versions, needed
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.postgres.layout import Layout, Status, write_status
from loantrail.settings import read_settings
from loantrail.wording import in_chinese

CHINESE = re.compile("[一-鿿]")


def one(findings: list[Finding], check: str) -> Finding:
    """The finding of that check, of which there must be one; all are said in Chinese too."""
    for finding in findings:
        for text in (finding.message, finding.remedy):
            told = in_chinese(text) if text else "无"
            assert told is not None, f"no Chinese for: {text}"
            assert CHINESE.search(told)
    found = [finding for finding in findings if finding.check == check]
    assert len(found) == 1, found
    return found[0]


# The software ------------------------------------------------------------------------------------------------


def test_a_python_that_is_too_old_or_too_new_is_named() -> None:
    assert examining_software.examine_python((3, 11)).level is Level.OK
    assert examining_software.examine_python((3, 10)).level is Level.PROBLEM
    newer = examining_software.examine_python((3, 14))
    assert (newer.level, "3.14" in newer.message) == (Level.WARNING, True)


def test_packages_are_compared_with_the_lock_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examining_software.examine_packages().level is Level.OK

    monkeypatch.setattr(examining_software, "lock_text", lambda: "numpy==0.0.1 \\\n    --hash=sha256:0\n")
    other = examining_software.examine_packages()
    monkeypatch.setattr(examining_software, "needed", lambda: {"numpy": None, "polars": "1"})
    missing = examining_software.examine_packages()

    assert other.level is Level.WARNING
    assert f"{len(needed())} of {len(needed())} packages have another version" in other.message
    assert (missing.level, missing.message) == (Level.PROBLEM, "packages are missing: numpy")


def test_a_lock_file_may_name_several_versions_of_a_package() -> None:
    lock = "pandas==2.3.3 ; python_full_version < '3.12' \\\n  --hash=x\nPandas==3.0.0 ; python_full_version >= '3.12' \\\n"
    assert locked_versions(lock) == {"pandas": {"2.3.3", "3.0.0"}}


def test_a_page_that_is_not_built_or_not_whole_is_named(tmp_path: Path) -> None:
    assert examining_software.examine_page(tmp_path).message == "the web page is not built"
    (tmp_path / "index.html").write_text("<html>")
    assert "not complete" in examining_software.examine_page(tmp_path).message
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app.js").write_text("")
    assert examining_software.examine_page(tmp_path).level is Level.OK


def test_documents_can_be_typeset() -> None:
    assert examining_software.examine_fonts().level is Level.OK


# The place ---------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of an installation that is not begun."""
    return {"LOANTRAIL_HOME": str(tmp_path / "home")}


def test_an_installation_that_is_not_begun_is_well_and_nothing_is_made(
    environment: dict[str, str], tmp_path: Path
) -> None:
    findings = examine(environment)
    assert one(findings, "home").level is Level.OK
    assert "not made yet" in one(findings, "supervisor").message
    assert not [finding for finding in findings if finding.check in ("database", "tables")]
    assert worst(finding for finding in findings if finding.check not in ("page", "disk")) is Level.OK
    assert list(tmp_path.iterdir()) == []


def test_a_variable_that_means_nothing_and_an_open_secret_are_warned_of(
    environment: dict[str, str], tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("geheim")
    secret.chmod(0o644)
    channels = tmp_path / "channels.yaml"
    channels.write_text("channels: [{name: risk, url_from: LOANTRAIL_RISK_MAIL}]")
    environment |= {
        "LOANTRAIL_DATABSE_URL": "x",
        "LOANTRAIL_RISK_MAIL": "mailto://x",
        "LOANTRAIL_CHANNELS": str(channels),
        "LOANTRAIL_DATABASE_PASSWORD_FILE": str(secret),
    }

    messages = [finding.message for finding in examining_place.examine_settings(environment)]
    assert messages == [
        "the variable LOANTRAIL_DATABSE_URL is no setting of Loantrail",
        f"other users may read the secret in {secret}",
    ]

    secret.chmod(0o600)
    del environment["LOANTRAIL_DATABSE_URL"]
    assert [finding.level for finding in examining_place.examine_settings(environment)] == [Level.OK]


def test_settings_that_cannot_be_read_are_a_problem_and_the_software_is_told_of_all_the_same(
    environment: dict[str, str],
) -> None:
    findings = examine({**environment, "LOANTRAIL_WORKERS": "many"})
    assert one(findings, "settings").level is Level.PROBLEM
    assert one(findings, "python").level is Level.OK


@pytest.mark.parametrize(
    ("free_gib", "total_gib", "level"),
    [(0.5, 100, Level.PROBLEM), (9, 50, Level.WARNING), (15, 200, Level.WARNING), (50, 100, Level.OK)],
)
def test_a_disk_that_fills_up_is_told_of(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    free_gib: float,
    total_gib: int,
    level: Level,
) -> None:
    room = SimpleNamespace(free=int(free_gib * 2**30), total=total_gib * 2**30)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: room)
    assert examining_place.examine_disk(read_settings(environment)).level is level


def test_folders_and_channels_that_are_not_as_they_must_be_are_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    channels = tmp_path / "channels.yaml"
    channels.write_text("channels: [{name: risk, url_from: BANK_MAIL}]")
    environment |= {"LOANTRAIL_NIGHTLY": str(tmp_path / "none"), "LOANTRAIL_CHANNELS": str(channels)}

    findings = examine(environment)
    assert one(findings, "nightly").level is Level.PROBLEM
    assert "BANK_MAIL" in one(findings, "channels").message

    (tmp_path / "none").mkdir()
    well = examine({**environment, "BANK_MAIL": "mailtos://x"})
    assert one(well, "nightly").level is Level.OK
    assert one(well, "channels").level is Level.OK
    channels.write_text("nothing: here")
    assert one(examine(environment), "channels").level is Level.PROBLEM


def test_a_secret_key_that_others_may_read_is_a_problem(environment: dict[str, str]) -> None:
    settings = read_settings(environment)
    settings.home.mkdir()
    key = settings.home / "secret.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o640)
    assert examining_place.examine_secret_key(settings).level is Level.PROBLEM
    key.chmod(0o600)
    assert examining_place.examine_secret_key(settings).level is Level.OK


def test_what_the_keeper_of_the_embedded_database_said_last_is_told(environment: dict[str, str]) -> None:
    settings = read_settings(environment)
    layout = Layout(settings.home)
    layout.folder.mkdir(parents=True)
    failed = Status("failed", 1, "m", problem="the database could not be made", remedy="Try again")
    write_status(layout, failed)
    found = examining_place.examine_supervisor(settings)
    assert found is not None
    assert (found.level, found.message) == (Level.PROBLEM, "the database could not be made")
    assert (
        examining_place.examine_supervisor(read_settings({"LOANTRAIL_DATABASE_URL": "postgresql:///x"}))
        is None
    )


# The database ------------------------------------------------------------------------------------------------


@pytest.fixture
def books(database_url: str) -> Database:
    return Database(database_url)


@pytest.fixture
def own_clock() -> Iterator[None]:
    yield
    clock.set_clock(None)


@pytest.mark.database
def test_a_database_without_tables_and_one_of_a_newer_release_are_problems(
    empty_database_url: str, connection: type_of_connection, books: Database
) -> None:
    without = one(examine_database(Database(empty_database_url)), "tables")
    assert (without.level, without.message) == (Level.PROBLEM, "the database has no tables yet")

    connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
    newer = one(examine_connected(connection, books), "tables")
    assert (newer.level, "9999_future" in newer.message) == (Level.PROBLEM, True)
    connection.execute("UPDATE alembic_version SET version_num = '0016_lists'")
    older = one(examine_connected(connection, books), "tables")
    assert (older.level, "loantrail database migrate" in older.remedy) == (Level.PROBLEM, True)


@pytest.mark.database
def test_a_database_that_cannot_be_reached_is_a_problem_with_its_remedy(database_url: str) -> None:
    away = psycopg.conninfo.make_conninfo(database_url, dbname="nobody_made_this")
    found = examine_database(Database(away))
    assert [finding.check for finding in found] == ["database"]
    assert found[0].level is Level.PROBLEM
    assert "nobody_made_this" in found[0].message
    assert found[0].remedy


@pytest.mark.database
@pytest.mark.parametrize(("seconds", "level"), [(0, Level.OK), (5, Level.WARNING), (90, Level.PROBLEM)])
def test_a_clock_that_is_apart_from_the_databases_is_told_of(
    books: Database, own_clock: None, seconds: int, level: Level
) -> None:
    ahead = datetime.timedelta(seconds=seconds)
    clock.set_clock(lambda: datetime.datetime.now(datetime.UTC) + ahead)
    assert one(examine_database(books), "clock").level is level


@pytest.mark.database
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("SELECT 1", None),
        ("ALTER ROLE loantrail_web BYPASSRLS", "BYPASSRLS"),
        ("ALTER ROLE loantrail_web SUPERUSER", "SUPERUSER"),
        ("ALTER TABLE live.waiting OWNER TO loantrail_web", "owns 1 things"),
        ("GRANT pg_read_all_data TO loantrail_web", "member of 1 roles"),
        ("ALTER TABLE ledger.loan_note DISABLE ROW LEVEL SECURITY", "ledger.loan_note"),
    ],
)
def test_a_web_role_that_may_too_much_is_a_problem(
    connection: type_of_connection, books: Database, change: str, told: str | None
) -> None:
    connection.execute(change)  # pyright: ignore[reportArgumentType]  of the list above
    found = one(examine_connected(connection, books), "web_role")
    connection.rollback()
    assert found.level is (Level.OK if told is None else Level.PROBLEM)
    assert told is None or told in found.message


@pytest.mark.database
def test_a_web_application_that_signs_in_as_the_owner_is_a_problem(database_url: str) -> None:
    found = one(examine_database(Database(database_url, web_url=database_url)), "web_role")
    assert found.level is Level.PROBLEM
    assert "not as loantrail_web" in found.message
    assert "LOANTRAIL_WEB_DATABASE_URL" in found.remedy


@pytest.mark.database
def test_what_ran_last_and_how_fresh_the_data_are_is_told(
    connection: type_of_connection, books: Database
) -> None:
    assert one(examine_connected(connection, books), "last_run").level is Level.WARNING

    write_books(connection)
    write_trace(connection)
    today = clock.business_date(clock.now())
    connection.execute("UPDATE tracing.run SET data_date = %s", (today,))
    fresh = examine_connected(connection, books)
    connection.execute("UPDATE tracing.run SET data_date = %s", (today - datetime.timedelta(days=9),))
    connection.execute(
        "UPDATE tracing.evaluation SET requested = 3, evaluated = 2, failed = 3, failed_at = now(), "
        "problem = 'the disk is full', remedy = 'Free some'"
    )
    stale = examine_connected(connection, books)

    assert one(fresh, "last_run").level is Level.OK
    assert one(fresh, "freshness").level is Level.OK
    assert one(stale, "last_run").level is Level.PROBLEM
    assert "the disk is full" in one(stale, "last_run").message
    assert one(stale, "freshness").level is Level.WARNING
    assert "9 days ago" in one(stale, "freshness").message


@pytest.mark.database
@pytest.mark.parametrize(
    ("state", "level"),
    [("complete", Level.OK), ("running", Level.OK), ("held", Level.PROBLEM), ("failed", Level.PROBLEM)],
)
def test_a_business_date_that_is_not_in_the_books_is_a_problem(
    connection: type_of_connection, books: Database, state: str, level: Level
) -> None:
    connection.execute(
        "INSERT INTO nightly.run (run_id, business_date, attempt, state, is_older, folder, content_hash, software_version, "
        "started_at, problem) VALUES ('r', '2026-03-02', 1, %s, false, '/f', 'h', 'v', now(), 'the disk is full')",
        (state,),
    )
    found = one(examine_connected(connection, books), "last_night")
    assert (found.level, "2026-03-02" in found.message) == (level, True)


@pytest.mark.database
def test_a_channel_that_fails_is_told_of(connection: type_of_connection, books: Database) -> None:
    connection.execute(
        "INSERT INTO early_warning.channel (name, failed_at, problem) VALUES ('risk', now(), 'it was not delivered')"
    )
    assert one(examine_connected(connection, books), "messages").level is Level.WARNING


# The command -------------------------------------------------------------------------------------------------


def run(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(doctor.os, "environ", {**environment, "PATH": "/usr/bin"})
    done = CliRunner().invoke(doctor.command, list(arguments))
    return done.exit_code, done.output


def test_the_command_says_by_its_status_whether_there_is_a_problem(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        examining_software, "examine_page", lambda: Finding("page", Level.OK, "install again")
    )
    well, _ = run(environment, monkeypatch)
    environment["LOANTRAIL_NIGHTLY"] = str(tmp_path / "none")
    ill, english = run(environment, monkeypatch)
    _, chinese = run({**environment, "LANG": "zh_CN.UTF-8"}, monkeypatch)
    _, as_json = run(environment, monkeypatch, "--json")

    assert (well, ill) == (0, 1)
    assert "problem  nightly files" in english
    assert "→ Make or mount it" in english
    assert "问题     夜间文件" in chinese
    told = json.loads(as_json)
    assert told["level"] == "problem"
    nightly = next(finding for finding in told["findings"] if finding["check"] == "nightly")
    assert nightly["remedy_chinese"] == "请建立或挂载它，或改正 LOANTRAIL_NIGHTLY"


def test_an_examination_that_fails_is_a_finding_and_hides_no_other(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Finding:
        raise RuntimeError("boom")

    monkeypatch.setattr(examining_software, "examine_fonts", fail)
    findings = examine(environment)
    assert one(findings, "fonts").level is Level.PROBLEM
    assert one(findings, "channels").level is Level.OK


def test_the_demo_bank_is_examined_where_it_lies(tmp_path: Path) -> None:
    named, lies = tmp_path / "named", tmp_path / "lies"
    lies.mkdir()

    def said(home: Path | None) -> Finding:
        return one(examine({"LOANTRAIL_HOME": str(named)}, home), "home")

    assert str(named) in said(None).message
    assert str(lies) in said(lies).message

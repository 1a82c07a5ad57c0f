"""`loantrail audit`: what it says, how it ends, and the heads that are kept elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.audit.made import entry

from loantrail.audit import store
from loantrail.audit.heads import head_line, read_heads
from loantrail.audit.model import Head
from loantrail.audit.verifying import verify
from loantrail.cli.audit import command
from loantrail.clock import now
from loantrail.errors import FileUnreadable, ValueRefused

CHANGED = (
    "ALTER TABLE audit.entry DISABLE TRIGGER only_added_to; "
    "UPDATE audit.entry SET content = replace(content, 'S1', 'S7') WHERE entry_no = 2; "
    "ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER only_added_to"
)
CUT = (
    "ALTER TABLE audit.entry DISABLE TRIGGER only_added_to; ALTER TABLE audit.batch DISABLE TRIGGER only_added_to; "
    "DELETE FROM audit.entry WHERE batch_no > 1; DELETE FROM audit.batch WHERE batch_no > 1; "
    "ALTER TABLE audit.entry ENABLE ALWAYS TRIGGER only_added_to; "
    "ALTER TABLE audit.batch ENABLE ALWAYS TRIGGER only_added_to"
)


@pytest.fixture
def log_url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a database whose log has four entries in two batches; commands speak English."""
    with psycopg.connect(database_url) as connection:
        store.append(connection, [entry(1), entry(2), entry(3)])
        store.append(connection, [entry(4)])
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return database_url


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statements.encode())


@pytest.mark.database
def test_a_whole_log_is_said_to_be_whole_and_that_it_was_verified_is_in_it(log_url: str) -> None:
    result = run("verify")

    assert result.exit_code == 0, result.output
    assert "The log is whole: 4 entries in 2 batches" in result.output
    assert "--anchor" in result.output
    with psycopg.connect(log_url) as connection:
        row = connection.execute(
            "SELECT person, content::jsonb -> 'after' ->> 'entry_count' FROM audit.entry WHERE action = 'audit.verify'"
        ).fetchall()
        connection.commit()
        assert row == [("operator", "4")]
        assert verify(connection).entry_count == 5


@pytest.mark.database
def test_no_entry_is_left_where_none_is_wanted(log_url: str) -> None:
    assert run("verify", "--no-entry").exit_code == 0
    with psycopg.connect(log_url) as connection:
        assert store.last_head(connection).entry_no == 4


@pytest.mark.database
def test_a_changed_entry_is_named_and_the_command_fails(log_url: str) -> None:
    execute(log_url, CHANGED)

    result = run("verify")

    assert result.exit_code == 1
    assert (
        "Entry 2 is broken: its content, its place or the header of its batch 1 was changed" in result.output
    )
    assert "1 entries before it are whole" in result.output


@pytest.mark.database
def test_it_speaks_chinese_where_the_environment_does(log_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "日志完好：4 条，2 批" in run("verify", "--no-entry").output
    execute(log_url, CHANGED)

    assert "第 2 条异常：其内容、位置或批次 1 的批头被改动" in run("verify").output
    assert "Entry 2 is broken" in run("verify", "--english").output


@pytest.mark.database
def test_a_cut_tail_is_seen_with_the_head_that_was_written_before(log_url: str, tmp_path: Path) -> None:
    heads = tmp_path / "heads.jsonl"
    assert run("head", "--output", str(heads)).exit_code == 0
    assert run("head", "--output", str(heads)).exit_code == 0
    whole = run("verify", "--no-entry", "--anchor", str(heads))
    assert "agrees with 2 head(s) kept elsewhere" in whole.output
    execute(log_url, CUT)

    assert run("verify", "--no-entry").exit_code == 0
    found = run("verify", "--no-entry", "--json", "--anchor", str(heads))

    assert found.exit_code == 1
    told = json.loads(found.output)
    assert (told["whole"], told["broken"]["fault"], told["broken"]["entry_no"]) == (False, "cut", 4)


@pytest.mark.database
def test_the_head_is_printed_as_one_line_of_json(log_url: str) -> None:
    told = json.loads(run("head").output)

    with psycopg.connect(log_url) as connection:
        head = store.last_head(connection)
    assert (told["kind"], told["batch_no"], told["entry_no"]) == ("loantrail-audit-head", 2, 4)
    assert (told["algorithm"], told["head"]) == ("sha256", head.head)


def test_heads_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    heads = [Head(), Head(2, 4, "sm3", "ab" * 32, 17)]
    path.write_text("\n\n".join(head_line(one, now()) for one in heads) + "\n")

    assert read_heads(path) == heads


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{}", "no head of an audit log"),
        ("nothing", "no head of an audit log"),
        (head_line(Head(2, 1, "sha256", "ab" * 32), now()), "cannot be"),
        (head_line(Head(1, 1, "sha256", "AB" * 32), now()), "cannot be"),
        (head_line(Head(1, 1, "sha256", ""), now()), "cannot be"),
    ],
)
def test_a_line_that_is_no_head_is_named(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text(head_line(Head(), now()) + "\n" + line)

    with pytest.raises(ValueRefused, match=told) as problem:
        read_heads(path)
    assert problem.value.place.row == 2


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_file_without_a_head_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "heads.jsonl"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FileUnreadable):
        read_heads(path)

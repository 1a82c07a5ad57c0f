"""Files that are dropped into a folder: complete ones are taken once, none is lost."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from polars.exceptions import PanicException
from tests.monitor.rows import csv

from loantrail.errors import ConfigurationError
from loantrail.ledger import importing
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import watching
from loantrail.monitor.watching import FolderSource
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


def lines(asked: psycopg.Connection[Any]) -> list[str]:
    found = asked.execute("SELECT reference FROM published.statement_line ORDER BY reference").fetchall()
    return [row[0] for row in found]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.fixture
def source(tmp_path: Path, books: Database) -> FolderSource:
    return FolderSource(tmp_path, books, lambda: None, stable_seconds=3600)


def test_a_file_is_taken_when_its_marker_comes_and_put_away_with_a_report(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    (tmp_path / "a.csv").write_text(csv(1, 2) + "bad,620,debit,5,R9\n")
    (tmp_path / "b.csv.part").write_text(csv(7))
    (tmp_path / ".hidden.csv").write_text(csv(8))
    (tmp_path / ".hidden.csv.done").touch()
    assert source.step(asked) is False

    (tmp_path / "a.csv.done").touch()
    assert source.step(asked) is True

    assert lines(asked) == ["R1", "R2"]
    assert names(tmp_path) == [".hidden.csv", ".hidden.csv.done", "b.csv.part"]
    report = json.loads((tmp_path / "done" / "a.csv.report.json").read_text())
    assert (report["accepted"], report["refused"]) == ({"statement_line": 2}, {"instant_unreadable": 1})
    assert names(tmp_path / "done") == ["a.csv", "a.csv.report.json"]
    waiting = asked.execute("SELECT untraced_lines > 0 FROM published.live_waiting").fetchone()
    assert waiting == (True,)


def test_a_file_without_marker_is_complete_when_it_stays_the_same(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(watching.clock, "monotonic_seconds", lambda: now)
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=5)
    path = tmp_path / "a.csv"
    path.write_text(csv(1))
    assert source.step(asked) is False
    now = 4.0
    path.write_text(csv(1, 2))
    assert source.step(asked) is False
    now = 8.0
    assert source.step(asked) is False
    now = 9.5
    assert source.step(asked) is True
    assert lines(asked) == ["R1", "R2"]


def test_a_file_that_cannot_be_used_is_put_apart_with_the_reason(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    for name, content in (("empty.csv", ""), ("odd.bin", "\x00\x01nothing known")):
        (tmp_path / name).write_text(content)
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert names(tmp_path / "done") == []
    for name in ("empty.csv", "odd.bin"):
        assert (tmp_path / "refused" / name).exists()
        assert json.loads((tmp_path / "refused" / f"{name}.report.json").read_text())["problems"]


def test_files_of_one_name_are_all_kept(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    for numbers in ((1,), (2,), (2,)):
        (tmp_path / "a.csv").write_text(csv(*numbers))
        (tmp_path / "a.csv.done").touch()
        source.step(asked)

    assert lines(asked) == ["R1", "R2"]
    kept = names(tmp_path / "done")
    assert [name for name in kept if not name.endswith(".json")] == ["a.csv", "a~2.csv", "a~3.csv"]
    assert len(kept) == 6


def test_what_a_crash_left_is_taken_up_at_every_point(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    points = [
        (watching, "open_files"),
        (watching, "import_files"),
        (FolderSource, "_put_away"),
        (watching, "content_digest"),
        (os, "rename"),
        (Path, "unlink"),
    ]
    for number, (where, name) in enumerate(points):
        (tmp_path / f"{number}.csv").write_text(csv(number))
        (tmp_path / f"{number}.csv.done").touch()
        with monkeypatch.context() as patch:
            if where is os:
                # The last move, after the report is written.
                real = Path.rename
                patch.setattr(
                    Path,
                    "rename",
                    lambda self, to, real=real: crash() if to.parent.name == "done" else real(self, to),
                )
            else:
                patch.setattr(where, name, crash)
            with pytest.raises(Crash):
                source.step(asked)
        assert (tmp_path / "working" / f"{number}.csv").exists()
        assert (tmp_path / f"{number}.csv.done").exists() == (name == "unlink")
        source.step(asked)
        assert names(tmp_path / "working") == []
    assert lines(asked) == [f"R{number}" for number in range(len(points))]
    assert len([name for name in names(tmp_path / "done") if name.endswith(".csv")]) == len(points)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, books: Database) -> None:
    with pytest.raises(ConfigurationError, match="cannot be watched"):
        FolderSource(tmp_path / "missing", books, lambda: None)


def test_a_marker_that_was_left_says_nothing_of_the_next_file_of_that_name(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    marker = tmp_path / "a.csv.done"
    marker.touch()
    os.utime(marker, ns=(0, time.time_ns() - 10**9))
    (tmp_path / "a.csv").write_text(csv(1))  # the half of it that is written by now

    assert source.step(asked) is False

    (tmp_path / "a.csv").write_text(csv(1, 2))
    marker.touch()
    assert source.step(asked) is True
    assert lines(asked) == ["R1", "R2"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("is_in_working", [False, True], ids=["dropped", "left by a crash"])
def test_a_file_whose_name_is_written_as_windows_does_is_taken_under_its_chinese_name(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any], is_in_working: bool
) -> None:
    name = os.fsdecode("流水.csv".encode("gbk"))
    if is_in_working:
        (tmp_path / "working" / name).write_text(csv(1))
    else:
        (tmp_path / name).write_text(csv(1))
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert lines(asked) == ["R1"]
    assert names(tmp_path) == names(tmp_path / "working") == []
    assert names(tmp_path / "done") == ["流水.csv", "流水.csv.report.json"]
    report = json.loads((tmp_path / "done" / "流水.csv.report.json").read_text("utf-8"))
    assert report["file"].endswith("/流水.csv")
    assert asked.execute("SELECT name FROM ledger.import_file").fetchall() == [(report["file"],)]


def test_a_name_beside_which_no_report_could_lie_is_cut(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    name = "流" * 82 + ".csv"
    (tmp_path / name).write_text(csv(1))
    (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert lines(asked) == ["R1"]
    kept, report = names(tmp_path / "done")
    assert report == f"{kept}.report.json"
    assert kept.endswith("流.csv")


def test_a_name_beside_which_no_marker_could_lie_is_taken_when_it_stays_as_it_is(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any]
) -> None:
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=0)
    (tmp_path / ("流" * 83 + ".csv")).write_text(csv(1))

    source.step(asked)
    source.step(asked)

    assert lines(asked) == ["R1"]


def panics(*_: object, **__: object) -> None:
    raise PanicException("called `Option::unwrap()` on a `None` value")


def is_misconfigured(*_: object, **__: object) -> None:
    raise ConfigurationError("is not YAML")


@pytest.mark.parametrize("goes_wrong", [panics, is_misconfigured])
def test_one_file_that_breaks_the_reading_does_not_hold_up_the_others(
    tmp_path: Path,
    source: FolderSource,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    goes_wrong: Any,
) -> None:
    as_ever = watching.open_files
    monkeypatch.setattr(
        watching,
        "open_files",
        lambda paths, options: (goes_wrong if paths[0].name == "a.csv" else as_ever)(paths, options),
    )
    for number, name in enumerate(("a.csv", "b.csv")):
        (tmp_path / name).write_text(csv(number))
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert lines(asked) == ["R1"]
    assert names(tmp_path / "done") == ["b.csv", "b.csv.report.json"]
    assert names(tmp_path / "refused") == ["a.csv", "a.csv.report.json"]


def test_a_file_that_another_monitor_took_meanwhile_is_left_to_it(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_ever = watching.open_files

    def taken_before(paths: list[Path], options: Any) -> Any:
        if paths[0].name == "a.csv":
            paths[0].rename(tmp_path / "done" / "a.csv")
        return as_ever(paths, options)

    monkeypatch.setattr(watching, "open_files", taken_before)
    for number, name in enumerate(("a.csv", "b.csv")):
        (tmp_path / name).write_text(csv(number))
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert lines(asked) == ["R1"]
    assert names(tmp_path / "done") == ["a.csv", "b.csv", "b.csv.report.json"]
    assert names(tmp_path / "refused") == []


def test_a_mapping_that_cannot_be_used_is_told_before_a_file_is_taken(
    tmp_path: Path, books: Database
) -> None:
    with pytest.raises(ConfigurationError, match="no such mapping"):
        FolderSource(tmp_path, books, lambda: None, {"mapping": "of-nobody"})


@pytest.mark.parametrize(
    "problem",
    [
        psycopg.errors.QueryCanceled,
        psycopg.errors.LockNotAvailable,
        psycopg.errors.DeadlockDetected,
        KeysTaken,
    ],
)
def test_what_passes_in_the_database_leaves_the_file_to_be_taken_again(
    tmp_path: Path,
    source: FolderSource,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    problem: type[Exception],
) -> None:
    now = 0.0
    monkeypatch.setattr(watching.clock, "monotonic_seconds", lambda: now)
    as_ever = importing.make_ready
    meets_it = True

    def make_ready(*given: Any) -> Any:
        if meets_it and "R1" in given[2]["reference"].to_list():
            raise problem("for now")
        return as_ever(*given)

    monkeypatch.setattr(importing, "make_ready", make_ready)
    for number, name in ((1, "a.csv"), (2, "b.csv")):
        (tmp_path / name).write_text(csv(number))
        (tmp_path / f"{name}.done").touch()

    assert source.step(asked) is True

    assert lines(asked) == ["R2"]
    assert names(tmp_path / "working") == ["a.csv"]
    assert names(tmp_path / "refused") == []
    runs = asked.execute("SELECT state, problem FROM ledger.import_run ORDER BY state").fetchall()
    assert runs == [("failed", "for now"), ("finished", None)]
    assert source.step(asked) is False
    now, meets_it = 60.0, False
    assert source.step(asked) is True
    assert lines(asked) == ["R1", "R2"]
    assert names(tmp_path / "done") == ["a.csv", "a.csv.report.json", "b.csv", "b.csv.report.json"]


def test_a_file_that_cannot_be_put_away_does_not_hold_up_the_others(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(watching.clock, "monotonic_seconds", lambda: now)
    (tmp_path / "done" / "a.csv.report.json.tmp").mkdir()  # in the way of the report
    for number, name in enumerate(("a.csv", "b.csv")):
        (tmp_path / name).write_text(csv(number))
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    assert names(tmp_path / "working") == ["a.csv"]
    assert names(tmp_path / "done") == ["b.csv", "b.csv.report.json"]
    (tmp_path / "done" / "a.csv.report.json.tmp").rmdir()
    now = 60.0
    source.step(asked)
    assert names(tmp_path / "working") == []
    assert lines(asked) == ["R0", "R1"]

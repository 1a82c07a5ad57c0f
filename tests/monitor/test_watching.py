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

from loantrail.cli.monitor_words import line_of
from loantrail.errors import ConfigurationError
from loantrail.ledger import importing
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import watching
from loantrail.monitor.taken_file import TakenFile
from loantrail.monitor.watching import FolderSource
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database
FIRST_WRONG = "booked_at (记账时间) is 'bad': it cannot be read as a time"
FIRST_WRONG_CHINESE = "记账时间（booked_at）为“bad”：时间无法识别"


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


def test_each_file_is_told_with_what_was_wrong_and_where_the_report_lies(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any]
) -> None:
    told: list[TakenFile] = []
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=3600, on_put_away=told.append)
    for name, content in (
        ("a.csv", csv(1, 2) + "bad,620,debit,5,R9\nbad,620,debit,5,R10\n"),
        ("b.csv", csv(1, 3)),
        ("c.csv", csv(4) + '"2026-03-05T10:00:00,621,debit,5,R5\n'),
        ("odd.bin", "\x00\x01nothing known"),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    english = [line_of(one, "en") for one in told]
    chinese = [line_of(one, "zh") for one in told]
    done, refused = tmp_path / "done", tmp_path / "refused"
    assert english[:2] == [
        "a.csv: rows accepted 2, known already 0, refused 2; accounts opened that the books had no record of: 2; "
        f"row 3: {FIRST_WRONG} (and 1 more); report: {done}/a.csv.report.json",
        "b.csv: rows accepted 1, known already 1, refused 0; accounts opened that the books had no record of: 1; "
        f"report: {done}/b.csv.report.json",
    ]
    assert english[3].startswith("odd.bin could not be used; the format is not recognised; report: ")
    assert english[3].endswith(f"{refused}/odd.bin.report.json")
    assert chinese[:2] == [
        "a.csv：已收 2 行，已有 0 行，拒收 2 行；新开账上没有记录的账户 2 个；"
        f"第 3 行：{FIRST_WRONG_CHINESE}（另有 1 处）；报告：{done}/a.csv.report.json",
        f"b.csv：已收 1 行，已有 1 行，拒收 0 行；新开账上没有记录的账户 1 个；报告：{done}/b.csv.report.json",
    ]
    assert chinese[3].startswith("odd.bin 不能使用；不认识这种格式；报告：")
    assert all("\n" not in line for line in (*english, *chinese))


def test_of_a_file_whose_accounts_are_on_record_or_have_lines_nothing_is_said_of_them(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any]
) -> None:
    told: list[TakenFile] = []
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=3600, on_put_away=told.append)
    of_record = "booked_at,account,direction,amount_fen,counterparty_account,reference\n"
    asked.execute(
        "INSERT INTO ledger.account (account, account_number, kind) VALUES ('6200', '6200', 'settlement')"
    )
    asked.commit()
    for name, rows in (
        ("a.csv", "2026-03-01T10:00:00,6200,debit,5,6900,R1\n"),
        ("b.csv", "2026-03-02T10:00:00,6900,debit,5,,R2\n2026-03-02T10:00:01,6900,debit,5,,R3\n"),
        ("c.csv", "2026-03-03T10:00:00,6900,debit,5,,R4\n"),
    ):
        (tmp_path / name).write_text(of_record + rows)
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    done = tmp_path / "done"
    assert [line_of(one, "en") for one in told] == [
        "a.csv: rows accepted 1, known already 0, refused 0",
        # Known before only as one that somebody paid.
        "b.csv: rows accepted 2, known already 0, refused 0; accounts opened that the books had no record of: 1; "
        f"report: {done}/b.csv.report.json",
        "c.csv: rows accepted 1, known already 0, refused 0",
    ]
    reports = [json.loads((done / f"{name}.csv.report.json").read_text()) for name in "abc"]
    assert [one["new_accounts"] for one in reports] == [0, 1, 0]
    assert [one["first_new_accounts"] for one in reports] == [[], ["6900"], []]


def test_a_file_that_was_taken_is_noted_before_it_is_told(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any]
) -> None:
    noted: list[str] = []

    def tells(_file: TakenFile) -> None:
        raise BrokenPipeError

    source = FolderSource(
        tmp_path, books, lambda: noted.append("taken"), stable_seconds=3600, on_put_away=tells
    )
    (tmp_path / "a.csv").write_text(csv(1))
    (tmp_path / "a.csv.done").touch()

    with pytest.raises(BrokenPipeError):
        source.step(asked)

    assert noted == ["taken"]


def test_the_report_names_the_file_as_it_was_dropped_and_the_first_refused_rows(
    tmp_path: Path, source: FolderSource, asked: psycopg.Connection[Any]
) -> None:
    bad = "".join(f"bad,620,debit,5,X{number}\n" for number in range(25))
    for name, content in (
        ("a.csv", csv(1) + bad),
        ("odd.bin", "\x00\x01nothing known"),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / f"{name}.done").touch()

    source.step(asked)

    report = json.loads((tmp_path / "done" / "a.csv.report.json").read_text("utf-8"))
    rows = report["first_refused"]
    assert report["refused"] == {"instant_unreadable": 25}
    assert [row["position"] for row in rows] == list(range(2, 22))
    assert {row["field"] for row in rows} == {"booked_at"}
    assert all("bad" in row["message"] and "bad" in row["message_chinese"] for row in rows)
    kept = asked.execute(
        "SELECT refusal_id FROM ledger.refusal WHERE position > 0 ORDER BY position"
    ).fetchall()
    assert [row["refusal_id"] for row in rows] == [one for (one,) in kept[:20]]
    odd = json.loads((tmp_path / "refused" / "odd.bin.report.json").read_text("utf-8"))
    [problem], [chinese] = odd["problems"], odd["problems_chinese"]
    assert problem.startswith(f"{odd['file']}: the format is not recognised")
    assert chinese.startswith(f"{odd['file']}：不认识这种格式")
    assert "working" not in problem + chinese


def test_what_passes_is_told_in_the_log_without_a_traceback(
    tmp_path: Path,
    source: FolderSource,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def cancelled(*_: Any, **__: Any) -> Any:
        raise psycopg.errors.QueryCanceled("canceling statement due to user request")

    monkeypatch.setattr(watching, "import_files", cancelled)
    (tmp_path / "a.csv").write_text(csv(1))
    (tmp_path / "a.csv.done").touch()

    source.step(asked)

    [record] = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "canceling statement due to user request" in record.getMessage()

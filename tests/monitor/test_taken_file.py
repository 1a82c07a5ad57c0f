"""What is said of a file of a watched folder that was not taken to its end, or not at all."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from polars.exceptions import PanicException
from tests.monitor.rows import csv

from loantrail.cli.monitor_words import line_of
from loantrail.ledger import importing
from loantrail.monitor import watching
from loantrail.monitor.taken_file import TakenFile
from loantrail.monitor.watching import FolderSource
from loantrail.postgres.connection import Database
from loantrail.sources.model import Batch


def references(asked: psycopg.Connection[Any]) -> list[str]:
    found = asked.execute("SELECT reference FROM published.statement_line ORDER BY reference").fetchall()
    return [row[0] for row in found]


def drop(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    (folder / f"{name}.done").touch()


def taken_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    as_ever = importing.read_batches

    def rows(*given: Any) -> Iterator[Batch]:
        for batch in as_ever(*given):
            for number in range(len(batch.rows)):
                yield replace(batch, rows=batch.rows[number : number + 1], records_read=1)

    monkeypatch.setattr(importing, "read_batches", rows)
    monkeypatch.setattr(watching, "import_files", functools.partial(importing.import_files, rows_at_once=1))


@pytest.mark.database
def test_of_a_file_that_a_defect_cut_off_it_is_said_that_rows_may_be_in_and_it_can_be_dropped_again(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[TakenFile] = []
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=3600, on_put_away=told.append)
    as_ever = importing.make_ready
    is_mended = False

    def make_ready(*given: Any) -> Any:
        if not is_mended and "R3" in given[2]["reference"].to_list():
            raise PanicException("index out of bounds")
        return as_ever(*given)

    taken_row_by_row(monkeypatch)
    monkeypatch.setattr(importing, "make_ready", make_ready)
    drop(tmp_path, "a.csv", csv(1, 2, 3, 4))

    source.step(asked)

    assert references(asked) == ["R1", "R2"]
    report = tmp_path / "refused" / "a.csv.report.json"
    assert line_of(told[0], "en") == (
        "a.csv was not taken to its end; rows before that may be in the books, and it can be dropped again; "
        f"the file met a defect of the program (PanicException: index out of bounds); report: {report}"
    )
    assert line_of(told[0], "zh") == (
        "a.csv 没有处理完；此前的行可能已入账，可以再次放入；"
        f"处理这个文件时遇到程序缺陷（PanicException：index out of bounds）；报告：{report}"
    )
    kept = json.loads(report.read_text("utf-8"))
    assert "Rows before it may be in the books" in kept["problems"][0]
    assert "此前的行可能已入账" in kept["problems_chinese"][0]

    is_mended = True
    drop(tmp_path, "a.csv", csv(1, 2, 3, 4))
    source.step(asked)

    assert references(asked) == ["R1", "R2", "R3", "R4"]
    assert line_of(told[1], "en").startswith("a.csv: rows accepted 2, known already 2, refused 0; ")


@pytest.mark.database
def test_of_a_file_that_cannot_even_be_opened_no_row_is_said_to_be_in_the_books(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[TakenFile] = []
    source = FolderSource(tmp_path, books, lambda: None, stable_seconds=3600, on_put_away=told.append)

    def panics(*_: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(watching, "open_files", panics)
    drop(tmp_path, "a.csv", csv(1))

    source.step(asked)

    assert line_of(told[0], "en").startswith("a.csv could not be used; the file met a defect")
    assert "in the books" not in (tmp_path / "refused" / "a.csv.report.json").read_text("utf-8")


def test_where_no_refused_row_is_known_the_line_leaves_out_what_was_wrong_first() -> None:
    file = TakenFile("a.csv", 1, 0, 5, is_refused=False, first_problem="", problems=5, report=Path("r.json"))

    assert line_of(file, "en") == ("a.csv: rows accepted 1, known already 0, refused 5; report: r.json")
    assert line_of(file, "zh") == "a.csv：已收 1 行，已有 0 行，拒收 5 行；报告：r.json"


@pytest.mark.database
@pytest.mark.parametrize("left_by_a_crash", [False, True])
def test_who_is_told_to_end_finishes_the_file_it_is_at_and_leaves_the_others(
    tmp_path: Path, books: Database, asked: psycopg.Connection[Any], left_by_a_crash: bool
) -> None:
    taken: list[str] = []
    source = FolderSource(
        tmp_path,
        books,
        lambda: taken.append("one"),
        stable_seconds=3600,
        is_stopping=lambda: bool(taken),
    )
    for number, name in enumerate(("a.csv", "b.csv", "c.csv"), start=1):
        drop(tmp_path / "working" if left_by_a_crash and number < 3 else tmp_path, name, csv(number))
        (tmp_path / "working" / f"{name}.done").unlink(missing_ok=True)

    source.step(asked)

    assert references(asked) == ["R1"]
    waiting = {path.name for folder in (tmp_path, tmp_path / "working") for path in folder.glob("*.csv")}
    assert waiting == {"b.csv", "c.csv"}

    taken.clear()
    source.step(asked)
    assert references(asked) == ["R1", "R2"]

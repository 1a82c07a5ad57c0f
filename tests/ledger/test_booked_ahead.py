"""A line far in the future is refused by itself wherever it comes from: the rest of its file is taken, and so is old history."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from tests.ledger.statement_lines import SCHEMA
from tests.ledger.test_importing import Books

from loantrail import clock
from loantrail.ledger.booked_ahead import BOOKED_AHEAD_MOST, believed_until
from loantrail.ledger.quarantine.replaying import correct, find, replay
from loantrail.money import LINE_FEN_MOST
from loantrail.postgres.connection import type_of_connection
from loantrail.sources.dry_run import dry_run
from loantrail.sources.files import open_files
from loantrail.wording import in_chinese

pytestmark = pytest.mark.database

NOW = datetime.datetime(2026, 3, 10, 2, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
LAST = BOOKED_AHEAD_MOST // DAY


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    return Books(database_url, tmp_path)


@pytest.fixture
def connection(books: Books) -> Iterable[type_of_connection]:
    with books.database.connect() as opened:
        yield opened


@pytest.fixture(autouse=True)
def at_that_time() -> Iterable[None]:
    clock.set_clock(lambda: NOW)
    yield
    clock.set_clock(None)


def booked(*days: int) -> pl.DataFrame:
    """A line so many days after now each."""
    return pl.DataFrame(
        [
            {
                "source_file": "f", "position": number, "sequence": number, "booked_at": NOW + day * DAY, "account": "A",
                "direction": "credit", "amount_fen": 100, "currency": "CNY",
            }
            for number, day in enumerate(days, 1)
        ],
        schema=SCHEMA,
    )  # fmt: skip


def take(books: Books, name: str, *days: int) -> tuple[int, dict[str, int]]:
    """How many lines were accepted, and what was refused why."""
    told = books.take(books.write(name, booked(*days)))
    return told.accepted["statement_line"], dict(told.refused)


def until(newest: int | None, *days: int) -> int:
    found = believed_until(
        [NOW + day * DAY for day in days], NOW, lambda _after: None if newest is None else NOW + newest * DAY
    )
    return (found - NOW) // DAY


def test_lines_are_believed_up_to_some_days_after_now() -> None:
    assert until(-1, -9_000, 3) == until(-1) == LAST
    # One line ahead vouches for no other: the books stay where a payment can be judged.
    assert until(-1, LAST, LAST + 1, 2 * LAST) == LAST
    assert until(LAST, 2 * LAST) == LAST


def test_of_the_first_lines_of_empty_books_nothing_is_known() -> None:
    assert until(None, 400, 9_000) == 9_000
    assert until(None, -400, 9_000) == LAST


def test_where_the_books_are_far_ahead_the_clock_is_behind_and_lines_that_follow_upon_each_other_are_believed() -> (
    None
):
    assert until(400, 402, 401 + LAST, 390, 403 + 3 * LAST) == 401 + 2 * LAST
    assert until(400, 9_000) == 400 + LAST


def test_a_line_of_another_century_is_refused_by_itself_and_history_is_taken(books: Books) -> None:
    assert take(books, "history.parquet", -9_000, -40) == (2, {})

    assert take(books, "night.parquet", -1, 13_000, 0, LAST + 1, LAST) == (3, {"booked_in_future": 2})

    assert books.ask("SELECT max(booked_at) FROM ledger.statement_line") == [(NOW + LAST * DAY,)]
    assert books.ask("SELECT position, field, reason, state FROM ledger.refusal ORDER BY position") == [
        (2, "booked_at", "booked_in_future", "open"),
        (4, "booked_at", "booked_in_future", "open"),
    ]
    # No month is made for what is not there.
    assert books.ask("SELECT to_regclass('ledger.statement_line_2061_10')") == [(None,)]
    [(message,)] = books.ask("SELECT message FROM ledger.refusal WHERE position = 2")
    assert (
        in_chinese(message)
        == "记账时间（booked_at）为“2061-10-12 10:00:00+08:00”：记账时间远在将来；请核对日期，或核对本机时钟"
    )
    again = books.take(books.folder / "night.parquet")
    assert (again.accepted["statement_line"], again.duplicate["statement_line"]) == (0, 3)
    assert books.ask("SELECT count(*) FROM ledger.refusal") == [(2,)]


def test_a_refused_line_is_taken_when_it_was_corrected_or_its_day_has_come_nearer(
    books: Books,
    connection: type_of_connection,
) -> None:
    take(books, "night.parquet", -1, 400, LAST + 5)
    ids = dict(books.ask("SELECT position, refusal_id::text FROM ledger.refusal"))

    [still] = replay(connection, [find(connection, ids[2])], "someone")
    assert (still.outcome, still.reason) == ("refused", "booked_in_future")
    correct(connection, find(connection, ids[2]), {"booked_at": "2026-03-09 10:05:00"}, "someone", None)
    [mended] = replay(connection, [find(connection, ids[2])], "someone")
    clock.set_clock(lambda: NOW + 5 * DAY)
    [nearer] = replay(connection, [find(connection, ids[3])], "someone")

    assert (mended.outcome, nearer.outcome) == ("accepted", "accepted")
    assert books.ask("SELECT count(*) FROM ledger.statement_line") == [(3,)]


def test_a_first_import_is_taken_where_the_clock_is_years_behind_and_the_nights_after_it(
    books: Books,
) -> None:
    assert take(books, "first.parquet", 3_000, 3_400, 3_650) == (3, {})
    assert take(books, "night.parquet", 3_651, 3_655, 3_664, 9_000) == (3, {"booked_in_future": 1})


def test_a_line_larger_than_any_stays_out_of_the_books_and_the_others_come(books: Books) -> None:
    rows = booked(-3, -2, -1).with_columns(
        amount_fen=pl.Series([100, 999_999_999_999_999_999, LINE_FEN_MOST])
    )

    told = books.take(books.write("night.parquet", rows))

    assert (told.accepted["statement_line"], dict(told.refused)) == (2, {"amount_too_large": 1})
    [(field, message)] = books.ask("SELECT field, message FROM ledger.refusal")
    assert field == "amount_fen"
    assert (in_chinese(message) or "").endswith("金额过大；没有这样大的金额；请核对单位")


def test_a_trial_run_shows_the_same_by_the_clock(tmp_path: Path) -> None:
    booked(-9_000, -1, 13_000).drop("source_file").write_parquet(tmp_path / "night.parquet")

    told = dry_run(open_files([tmp_path / "night.parquet"]), tmp_path / "out", lambda _name, _bytes: None)

    assert (told.accepted["statement_line"], dict(told.refused)) == (2, {"booked_in_future": 1})
    assert len(pl.read_parquet(tmp_path / "out" / "rows.parquet")) == 2
    with (tmp_path / "out" / "refused.csv").open(encoding="utf-8") as stream:
        assert [(row["position"], row["reason"]) for row in csv.DictReader(stream)] == [
            ("3", "booked_in_future")
        ]

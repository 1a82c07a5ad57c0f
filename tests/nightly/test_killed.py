"""A night that breaks off anywhere and is run again leaves the same books as one that did not."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.nightly.bank import DAY, NEXT, Bank, loan
from tests.nightly.conftest import Books

from loantrail.nightly.running import run_night
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database

POINTS = ("master", "party.parquet", "loan_note.parquet", "lines", "pair", "ledger")
NIGHT_TO_KILL = Path(__file__).with_name("night_to_kill.py")
REPOSITORY = Path(__file__).resolve().parents[2]


class Cut(BaseException):
    """Stands for the power cut."""


def cut_at(books: Books, day: datetime.date, word: str) -> None:
    def say(text: str) -> None:
        if text == word:
            raise Cut

    with pytest.raises(Cut):
        run_night(Database(books.url), books.bank.root, day, traces=False, say=say)


def kill_at(books: Books, day: datetime.date, word: str) -> None:
    arguments = [str(NIGHT_TO_KILL), books.url, str(books.bank.root), day.isoformat(), word]
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def changed_bank(bank: Bank) -> None:
    """The second night: one party renamed, one loan paid down, one gone."""
    bank.parties[0] = {**bank.parties[0], "name": "改名公司"}
    bank.loans = [loan(1, 900), loan(3)]
    bank.deliver(NEXT)


def expected(books: Books) -> None:
    assert books.ask("SELECT loan_id, balance_fen / 100, state FROM ledger.loan_note ORDER BY 1") == [
        ("JJ1", 900, "outstanding"),
        ("JJ2", 0, "settled"),
        ("JJ3", 1000, "outstanding"),
    ]
    assert books.ask("SELECT count(*), count(DISTINCT line_id) FROM ledger.statement_line") == [(9, 9)]
    assert books.ask("SELECT count(*) FROM ledger.transfer WHERE state = 'valid'") == [(3,)]
    assert books.ask("SELECT record_key, reason FROM ledger.record_version ORDER BY 1") == [
        ('["JJ1"]', "changed"),
        ('["JJ2"]', "vanished"),
        ('["P1"]', "changed"),
    ]
    assert books.ask("SELECT attempt, state FROM published.nightly_date ORDER BY business_date") == [
        (1, "complete"),
        (1, "complete"),
    ]
    assert books.codes() == {"records_vanished", "loans_vanished"}


def test_a_night_cut_off_goes_on_where_it_stood(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    changed_bank(bank)
    for point in ("loan_note.parquet", "pair"):
        cut_at(books, NEXT, point)
        assert books.ask("SELECT data_date FROM published.nightly_data_date") == [(DAY,)]
    night = books.night(NEXT)
    assert (night.state, night.resumed) == ("complete", True)
    expected(books)


@pytest.mark.heavy
@pytest.mark.crash
@pytest.mark.parametrize("points", [POINTS, ("loan_note.parquet",), ("pair",)])
def test_a_killed_night_goes_on_where_it_stood(books: Books, bank: Bank, points: tuple[str, ...]):
    bank.deliver(DAY)
    books.night(DAY)
    changed_bank(bank)
    for point in points:
        kill_at(books, NEXT, point)
    assert books.night(NEXT).state == "complete"
    expected(books)


@pytest.mark.heavy
def test_files_that_change_while_a_night_is_interrupted_are_noticed(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    changed_bank(bank)
    cut_at(books, NEXT, "lines")
    bank.loans[0] = loan(1, 1)
    bank.deliver(NEXT)
    night = books.night(NEXT)
    assert (night.state, [alarm.code for alarm in night.alarms]) == ("held", ["changed_after_load"])
    assert books.night(NEXT, again=True).state == "complete"
    assert books.ask("SELECT balance_fen FROM ledger.loan_note WHERE loan_id = 'JJ1'") == [(100,)]

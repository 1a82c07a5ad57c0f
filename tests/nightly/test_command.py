"""`loantrail nightly`: what it prints, and the exit status that a scheduler sees."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from tests.nightly.bank import DAY, NEXT, Bank
from tests.nightly.conftest import Books

from loantrail.cli.nightly import command
from loantrail.errors import ConfigurationError, DatabaseUnavailable, InputError
from loantrail.nightly import store
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


@pytest.fixture
def call(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", books.url)
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(books.bank.root))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, [*arguments], standalone_mode=False)

    return run


def test_the_exit_status_tells_a_scheduler_what_became_of_the_date(call, books: Books, bank: Bank):
    held = call("20260302")
    assert (held.exit_code, "HELD BACK" in held.output, "没有找到" in held.output) == (4, True, True)
    bank.deliver(DAY)
    done = call("2026-03-02", "--no-trace", "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["state"], told["alarms"]) == (0, "complete", [])
    assert told["counts"]["lines"]["accepted"] == 3
    assert "in the books already" in call("20260302").output
    bank.ledger_yuan = 1
    bank.deliver(NEXT)
    alarmed = call("20260303", "--no-trace", "--english")
    assert (alarmed.exit_code, "general ledger 100 fen" in alarmed.output) == (3, True)
    listed = call()
    assert "2026-03-03" in listed.output
    assert "ledger_difference" in listed.output
    assert isinstance(call("31.12.2026").exception, InputError)


def test_two_runs_at_once_do_not_meet(books: Books, bank: Bank):
    bank.deliver(DAY)
    with Database(books.url).connect() as other:
        assert store.lock(other)
        with pytest.raises(DatabaseUnavailable, match="another nightly run"):
            books.night(DAY)
    assert books.night(DAY).state == "complete"


def test_without_a_folder_it_says_what_to_set(call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("LOANTRAIL_NIGHTLY")
    assert isinstance(call("20260302").exception, ConfigurationError)

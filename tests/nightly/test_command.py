"""`loantrail nightly`: what it prints, and the exit status that a scheduler sees."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result
from tests.nightly.bank import DAY, NEXT, Bank
from tests.nightly.conftest import Books

from loantrail.cli.nightly import command
from loantrail.cli.nightly_words import progress_words
from loantrail.errors import ConfigurationError, DatabaseUnavailable, InputError
from loantrail.nightly import store
from loantrail.nightly.running import STEPS
from loantrail.postgres.connection import Database

pytestmark = pytest.mark.database


@pytest.fixture
def call(books: Books, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", books.url)
    monkeypatch.setenv("LOANTRAIL_NIGHTLY", str(books.bank.root))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, [*arguments], standalone_mode=False)

    return run


def test_the_exit_status_tells_a_scheduler_what_became_of_the_date(call, books: Books, bank: Bank):
    held = call("20260302")
    assert (held.exit_code, "HELD BACK" in held.output, "is not there" in held.output) == (4, True, True)
    bank.deliver(DAY)
    done = call("2026-03-02", "--no-trace", "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["state"], told["alarms"]) == (0, "complete", [])
    assert told["counts"]["lines"]["accepted"] == 3
    assert "in the books already" in call("20260302").output
    bank.ledger_yuan = 1
    bank.deliver(NEXT)
    alarmed = call("20260303", "--no-trace", "--english")
    assert (alarmed.exit_code, "general ledger CNY 1.00" in alarmed.output) == (3, True)
    listed = call()
    assert "2026-03-03" in listed.output
    assert "ledger_difference" in listed.output
    assert isinstance(call("31.12.2026").exception, InputError)


def test_it_speaks_the_language_of_its_environment(call, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    held = call("20260302").output
    assert "未入库（已拦截）" in held
    assert "严重" in held
    assert "没有找到 2026-03-02 的交付文件夹" in held
    assert "处理: 等待交付" in held
    assert "检查文件" in held
    assert "业务日期" in call().output
    english = call("20260302", "--english").output
    assert "HELD BACK" in english
    assert "what to do: Wait for the delivery" in english
    assert "没有找到" not in english


def test_what_is_going_on_has_its_chinese():
    for step in STEPS:
        assert progress_words(step, "en") == step
        assert progress_words(step, "zh").isascii() is False
    assert progress_words("checking lines.csv", "zh") == "正在检查 lines.csv"
    told = "reading 20260302/lines.csv, 1,024 bytes so far"
    assert progress_words(told, "zh") == "正在读取 20260302/lines.csv，已读 1,024 字节"
    assert progress_words(told, "en") == told


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

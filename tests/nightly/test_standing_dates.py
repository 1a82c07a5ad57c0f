"""A date in the books stays in them, whatever a later attempt came to; what was not looked at again stays told."""

from __future__ import annotations

import pytest
from tests.nightly.bank import DAY, Bank, loan
from tests.nightly.conftest import Books

from loantrail.nightly.decide import unchecked
from loantrail.nightly.model import ALARMS, Alarm

COUNTS = (
    "SELECT state, lines_accepted, records_new, file_count, loaded_at IS NOT NULL FROM published.nightly_date"
)


@pytest.mark.database
def test_a_later_attempt_takes_nothing_away_from_what_a_date_brought(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    before = books.ask(COUNTS)
    assert before[0][1] == 3
    assert before[0][2] > 0
    books.night(DAY, again=True)
    assert books.ask(COUNTS) == before
    (bank.root / "20260302" / "manifest.json").write_text("{")
    assert books.night(DAY).state == "held"
    assert books.ask(COUNTS) == [("held", *before[0][1:])]


@pytest.mark.database
def test_an_alarm_that_was_not_checked_again_stays_open(books: Books, bank: Bank):
    folder = bank.deliver(DAY)
    manifest = (folder / "manifest.json").read_text()
    gone = folder / "account.parquet"
    content = gone.read_bytes()
    gone.unlink()
    books.night(DAY)
    assert books.codes() == {"file_missing"}
    (folder / "manifest.json").write_text("{")
    books.night(DAY)
    assert books.codes() == {"file_missing", "manifest_unreadable"}
    (folder / "manifest.json").write_text(manifest)
    gone.write_bytes(content[: len(content) // 2])
    books.night(DAY)
    assert not books.codes() & {"file_missing", "manifest_unreadable"}
    gone.write_bytes(content)
    assert books.night(DAY).state == "complete"
    assert books.codes() == set()


@pytest.mark.database
def test_an_alarm_says_when_it_was_first_and_last_raised(books: Books, bank: Bank):
    asked = "SELECT created_at, raised_at, state FROM published.nightly_alarm"
    books.night(DAY)
    (first, raised, _), *_ = books.ask(asked)
    assert first == raised
    books.night(DAY)
    [(created, again, state)] = books.ask(asked)
    assert (created, state) == (first, "open")
    assert again > first


@pytest.mark.database
def test_a_ledger_alarm_tells_yuan_and_the_subject_s_name(books: Books, bank: Bank):
    bank.loans = [loan(1, 123_456), loan(2), loan(3)]
    bank.ledger_yuan = 125_457
    bank.deliver(DAY)
    [alarm] = books.night(DAY).alarms
    assert (
        alarm.words("zh")
        == "科目 1303 贷款、机构 U1、CNY：总账 125,457.00 元，借据余额合计 125,456.00 元，相差 -1.00 元"
    )
    assert alarm.words("en") == (
        "Subject 1303 贷款, unit U1, CNY: general ledger CNY 125,457.00, loans CNY 125,456.00, difference CNY -1.00"
    )


def test_every_alarm_says_what_to_do_in_both_languages():
    for code in ALARMS:
        assert Alarm(code).remedy("zh"), code
        assert Alarm(code).remedy("en"), code


def test_amounts_and_codes_are_said_in_words():
    assert Alarm("total_differs", "a.csv", "12345678901", "-5", {"field": "balance_fen"}).words() == (
        "a.csv 的余额合计应为 123,456,789.01 元，实际 -0.05 元"
    )
    yen = {"subject": "1303", "unit": "U1", "currency": "JPY"}
    assert Alarm("ledger_missing", actual="1234", parameters=yen).words() == (
        "科目 1303、机构 U1、JPY：总账没有这一行，借据余额合计 1,234 JPY"
    )
    unknown = Alarm("subject_unknown", actual="100", parameters={"product": "consumer_loan"})
    assert unknown.words() == "产品 个人消费贷款 没有对应的科目，1.00 元 未与总账核对"
    assert unknown.words("en").startswith("No subject holds the product consumer_loan: CNY 1.00 were not")
    assert Alarm("ledger_difference", "", "0", "5", {**yen, "difference": "5"}).words("en").endswith("JPY +5")


def test_what_lies_behind_a_fault_was_not_looked_at():
    left = unchecked([Alarm("manifest_unreadable")])
    assert {"file_missing", "date_gap", "run_failed", "wrong_business_date"} <= left.codes
    assert not left.codes & {"folder_missing", "flag_missing", "manifest_missing"}
    left = unchecked([Alarm("file_missing", "a.csv")])
    assert (left.files, "row_count_differs" in left.of_files, "date_gap" in left.codes) == (
        {"a.csv"},
        True,
        False,
    )

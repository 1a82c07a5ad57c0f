"""Threads per 1,000 loans a month, by small banks made by hand: what is new, of which loans, over which days."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.early_warning.bank import WAN, Bank, at
from tests.rules.bank import version

from loantrail.early_warning.frames import SCHEDULES, Frames
from loantrail.early_warning.hits import Level
from loantrail.early_warning.view import prepare
from loantrail.errors import InputError
from loantrail.parameters import shipped_parameters
from loantrail.rules import store_lists
from loantrail.rules.backtest import Trial
from loantrail.rules.cost import Span, loans_had, span_of_books
from loantrail.rules.history import history_of_frames
from loantrail.rules.model import LevelRule, State
from loantrail.rules.volume import per_thousand_a_month

BOOK = shipped_parameters()
OVERDUE: dict[str, Any] = {
    "occasion": "day",
    "condition": "days_past_due >= 1",
    "amount_field": "loan_balance_fen",
}
INTO_SECURITIES: dict[str, Any] = {
    "condition": "destination_class = 'securities' AND traced_amount_fen > 0",
    "amount_field": "traced_amount_fen",
}
ENTRIES = pl.DataFrame(schema=store_lists.ENTRIES)


def day(number: int) -> datetime.date:
    """The business date of `at(number)`."""
    return datetime.date(2025, 3, 3) + datetime.timedelta(days=number)


def lend(bank: Bank, loan: str, on: int, wan: float = 10) -> str:
    """A loan paid out on a day; gives the hop."""
    account = bank.account(f"{loan}.main", loan)
    bank.loans.append(
        {
            "loan_id": loan, "contract_id": f"C-{loan}", "product": "working_capital_loan", "customer_kind": "company",
            "amount_fen": int(wan * WAN), "disbursed_at": at(on), "borrower_party_id": loan, "disbursement_account": account,
            "repayment_account": account, "payment_mode": "autonomous_payment",
        }
    )  # fmt: skip
    return bank.move(None, "BANK", account, wan, on, loan=loan)


def repay(bank: Bank, loan: str, wan: float, on: int) -> None:
    bank.repayments.append(
        {
            "repayment_id": f"R{len(bank.repayments)}", "loan_id": loan, "paid_at": at(on), "principal_fen": int(wan * WAN),
            "interest_fen": 0,
        }
    )  # fmt: skip


def busy(bank: Bank, first: int, last: int) -> None:
    """A line of others on each of these days."""
    for number in range(first, last + 1):
        bank.pay("X", "Y", 1, number)


def framed(bank: Bank, due: Mapping[str, list[int]] | None = None) -> Frames:
    """The frames; `due`: loan -> days on which one 万 falls due."""
    rows = [
        {"loan_id": loan, "instalment_no": number, "due_on": day(on), "principal_fen": WAN, "interest_fen": 0}
        for loan, days in (due or {}).items()
        for number, on in enumerate(days)
    ]
    return replace(bank.frames(), schedules=pl.DataFrame(rows, schema=dict(SCHEDULES)))


def tried(frames: Frames, period: tuple[datetime.date, datetime.date], **rule: Any) -> dict[str, Any]:
    draft = version(State.DRAFT, **rule)
    trial = Trial(draft, None, BOOK)
    history = history_of_frames(frames, draft.content.occasion, Span(*period), BOOK, ENTRIES)
    assert history.play(trial, lambda _done, _total: True)
    return trial.result(history.span, history.loans, [], 5)


def overdue_bank() -> Frames:
    """A and C have been overdue before the week of days 58 to 64, B falls overdue in it, D never."""
    bank = Bank()
    for loan in "ABCD":
        lend(bank, loan, 0)
    busy(bank, 0, 90)
    repay(bank, "C", 1, 25)
    return framed(bank, {"A": [20], "B": [60], "C": [20, 62], "D": []})


def test_a_loan_that_was_hit_before_the_period_is_no_new_thread() -> None:
    result = tried(overdue_bank(), (day(58), day(64)), **OVERDUE)

    assert (result["loans_hit"], result["loans_new"], result["loans"], result["days"]) == (3, 1, 4, 7)
    assert result["threads_milli"] == 1 * 1_000_000 * 365 // (4 * 7 * 12)
    assert sum(one["loans"] for one in result["months"]) == 1


def test_over_all_days_each_loan_is_new_once() -> None:
    result = tried(overdue_bank(), (day(0), day(90)), **OVERDUE)

    assert (result["loans_hit"], result["loans_new"], result["loans"], result["days"]) == (3, 3, 4, 91)
    assert result["threads_milli"] == 3 * 1_000_000 * 365 // (4 * 91 * 12)


def movement_bank() -> Bank:
    """A is there all the time and went into securities on days 20 and 40, F on day 45; B is paid back on day 35, E before the
    period of days 31 to 60, D lent after it, C does nothing at all."""
    bank = Bank()
    paid_out = {loan: lend(bank, loan, 0) for loan in "ABCEF"}
    lend(bank, "D", 61)
    for loan, on in (("A", 20), ("A", 40), ("F", 45)):
        bank.move(paid_out[loan], f"{loan}.main", "BROKER", 2, on, loan=loan, use="securities")
    repay(bank, "E", 10, 10)
    repay(bank, "B", 10, 35)
    busy(bank, 0, 90)
    return bank


def test_rates_are_of_all_loans_that_the_bank_had_in_the_period() -> None:
    result = tried(framed(movement_bank()), (day(31), day(60)), **INTO_SECURITIES)

    assert (result["loans"], result["rows"]) == (4, 2), "A, B, C and F; two rows"
    assert (result["loans_hit"], result["loans_new"]) == (2, 1), "A was hit on day 20"
    assert result["threads_milli"] == 1 * 1_000_000 * 365 // (4 * 30 * 12)


def test_severe_threads_are_new_ones_too() -> None:
    red = (LevelRule(Level.RED, "TRUE"),)
    result = tried(framed(movement_bank()), (day(31), day(60)), **INTO_SECURITIES, levels=red)

    assert (result["severe_loans"], result["severe_milli"]) == (2, result["threads_milli"])


def test_days_without_books_do_not_count() -> None:
    frames = framed(movement_bank())
    known = tried(frames, (day(0), day(90)), **INTO_SECURITIES)
    longer = tried(frames, (datetime.date(2020, 1, 1), datetime.date(2030, 12, 31)), **INTO_SECURITIES)

    assert known == longer
    assert (longer["days"], longer["judged_from"], longer["judged_to"]) == (91, str(day(0)), str(day(90)))
    assert longer["threads_milli"] == 2 * 1_000_000 * 365 // (6 * 91 * 12)


def test_a_stray_line_months_later_or_earlier_does_not_dilute() -> None:
    bank = movement_bank()
    busy(bank, 0, 90)
    known = tried(framed(bank), (day(0), day(90)), **INTO_SECURITIES)
    bank.pay("X", "Y", 1, 400)
    bank.pay("X", "Y", 1, -4_000)
    strayed = tried(framed(bank), (day(-4_000), day(400)), **INTO_SECURITIES)

    assert strayed == known and strayed["days"] == 91
    assert span_of_books(framed(bank).transactions) == Span(day(0), day(90))


def test_books_that_pause_go_on() -> None:
    bank = Bank()
    busy(bank, 0, 50)
    busy(bank, 150, 160)
    bank.pay("X", "Y", 1, 180)

    assert span_of_books(framed(bank).transactions) == Span(day(0), day(180))
    assert span_of_books(framed(bank).transactions.clear()) is None


def test_days_after_the_last_data_are_not_judged() -> None:
    bank = Bank()
    lend(bank, "A", 0)
    lend(bank, "B", 0)
    busy(bank, 0, 60)
    result = tried(framed(bank, {"A": [55], "B": [62]}), (day(50), day(90)), **OVERDUE)

    assert (result["loans_hit"], result["days"], result["judged_to"]) == (1, 11, str(day(60)))
    assert result["threads_milli"] == 1 * 1_000_000 * 365 // (2 * 11 * 12)


def test_a_period_outside_of_the_books_is_refused() -> None:
    bank = Bank()
    lend(bank, "A", 0)
    busy(bank, 0, 60)
    for period in ((day(61), day(90)), (day(-9), day(-1))):
        with pytest.raises(InputError, match="no data of this period"):
            tried(framed(bank, {"A": [62]}), period, **OVERDUE)


def test_the_list_counts_as_a_back_test_over_all_days() -> None:
    frames = framed(movement_bank())
    span = span_of_books(frames.transactions)
    assert span is not None
    result = tried(frames, (day(0), day(90)), **INTO_SECURITIES)
    had = loans_had(prepare(frames, BOOK), span)

    assert had == frozenset("ABCDEF")
    assert result["threads_milli"] == per_thousand_a_month(result["loans_hit"], len(had), span.days)

"""Deadlines, proposals and differences of the checks."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from tests.inspections.told import (
    ELSEWHERE,
    LINES,
    POLICY,
    SECURITIES,
    SUPPLIER,
    TODAY,
    UNUSED,
    YUAN,
    all_genuine,
    created,
    judged,
)

from loantrail.inspections.decide import (
    PaidOut,
    change_of,
    differences,
    first_check_due,
    is_taken_over,
    proposal,
)
from loantrail.inspections.model import Conclusion, FiguresChange, Line
from loantrail.parameters import shipped_parameters

WAN = 10_000 * YUAN
COMPANY = PaidOut("working_capital_loan", "company", "CNY", 1_000 * WAN, datetime.date(2025, 3, 25))


@pytest.mark.parametrize(
    ("loan", "days", "rule"),
    [
        (COMPANY, 15, "company_days"),
        (dataclasses.replace(COMPANY, first_time=True), 15, "company_days"),
        (
            dataclasses.replace(COMPANY, first_time=True, amount_fen=1_000 * WAN + 1),
            7,
            "company_strict_days",
        ),
        (dataclasses.replace(COMPANY, amount_fen=9_000 * WAN), 15, "company_days"),
        (dataclasses.replace(COMPANY, autonomous_fen=1_000 * WAN), 15, "company_days"),
        (dataclasses.replace(COMPANY, autonomous_fen=1_000 * WAN + 1), 7, "company_strict_days"),
        (
            dataclasses.replace(COMPANY, product="fixed_asset_loan", autonomous_fen=500 * WAN + 1),
            7,
            "company_strict_days",
        ),
        (
            dataclasses.replace(COMPANY, product="bank_advance", autonomous_fen=9_000 * WAN),
            15,
            "company_days",
        ),
        (dataclasses.replace(COMPANY, borrower_kind="sole_proprietor"), 15, "company_days"),
        (
            dataclasses.replace(COMPANY, borrower_kind="individual", product="personal_business_loan"),
            30,
            "retail_days",
        ),
        # Amounts in yuan are not compared with those of another currency.
        (
            dataclasses.replace(COMPANY, currency="USD", first_time=True, amount_fen=9_000 * WAN),
            15,
            "company_days",
        ),
    ],
)
def test_deadlines_count_from_the_payment(loan: PaidOut, days: int, rule: str) -> None:
    due = first_check_due(loan, datetime.date(2025, 3, 26), POLICY, shipped_parameters())
    assert due.regular_on == loan.paid_out_on + datetime.timedelta(days=days)
    assert due.on == due.regular_on
    assert due.rule == f"first_inspection_{rule}"


def test_what_came_late_leaves_staff_some_days() -> None:
    due = first_check_due(COMPANY, datetime.date(2025, 4, 20), POLICY, shipped_parameters())
    assert (due.regular_on, due.on) == (datetime.date(2025, 4, 9), datetime.date(2025, 4, 25))


def test_loans_that_were_old_at_the_beginning_are_taken_over() -> None:
    beginning = datetime.date(2025, 3, 31)
    assert not is_taken_over(datetime.date(2024, 12, 31), beginning, POLICY)
    assert is_taken_over(datetime.date(2024, 12, 30), beginning, POLICY)
    assert not is_taken_over(datetime.date(2025, 6, 1), beginning, POLICY)


def test_all_genuine_is_as_agreed() -> None:
    assert proposal(LINES, all_genuine().judgements, POLICY) is Conclusion.AS_AGREED


def test_what_nobody_judged_is_undetermined() -> None:
    assert proposal(LINES, {}, POLICY) is Conclusion.UNDETERMINED
    partly = judged(created(), supplier="genuine", tax="genuine")
    assert proposal(LINES, partly.judgements, POLICY) is Conclusion.UNDETERMINED
    assert proposal((UNUSED,), {}, POLICY) is Conclusion.UNDETERMINED


def test_a_suspicion_decides_by_its_share_of_what_was_used() -> None:
    little = judged(all_genuine(), securities="not_genuine: 转入证券")
    assert proposal(LINES, little.judgements, POLICY) is Conclusion.PARTLY_AS_AGREED
    # 400,000 of the 800,000 used: half is where the parameter stands.
    half = (
        dataclasses.replace(SUPPLIER, amount_fen=400_000 * YUAN),
        dataclasses.replace(SECURITIES, amount_fen=400_000 * YUAN),
        UNUSED,
    )
    assert proposal(half, little.judgements, POLICY) is Conclusion.NOT_AS_AGREED
    less = (*half[:1], dataclasses.replace(SECURITIES, amount_fen=400_000 * YUAN - 1), UNUSED)
    assert proposal(less, little.judgements, POLICY) is Conclusion.PARTLY_AS_AGREED


def test_papers_that_are_awaited_leave_it_undetermined() -> None:
    waiting = judged(all_genuine(), tax="more_papers: 完税凭证")
    assert proposal(LINES, waiting.judgements, POLICY) is Conclusion.UNDETERMINED


def test_money_not_seen_is_known_once_a_person_calls_it_genuine() -> None:
    far = dataclasses.replace(ELSEWHERE, amount_fen=300_000 * YUAN)
    genuine = judged(created(), supplier="genuine", same_name_other_bank="genuine").judgements
    assert (
        proposal(
            (SUPPLIER, far),
            {**genuine, far.use: dataclasses.replace(genuine[far.use], amount_fen=far.amount_fen)},
            POLICY,
        )
        is Conclusion.AS_AGREED
    )
    assert proposal((SUPPLIER, far), genuine, POLICY) is Conclusion.UNDETERMINED  # it grew sixfold since


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ({"supplier": 6, "held_by_borrower": 4}, FiguresChange.NO),
        ({"supplier": 9, "held_by_borrower": 1}, FiguresChange.MOVED_ON),
        ({"supplier": 6, "tax": 4}, FiguresChange.MOVED_ON),
        ({"supplier": 5, "tax": 1, "held_by_borrower": 4}, FiguresChange.REVISED),
        ({"supplier": 5, "held_by_borrower": 5}, FiguresChange.REVISED),
        ({"supplier": 8, "held_by_borrower": 4}, FiguresChange.REVISED),  # more was paid out
        ({}, FiguresChange.REVISED),
    ],
)
def test_what_became_of_the_figures(now: dict[str, int], change: FiguresChange) -> None:
    assert change_of({"supplier": 6, "held_by_borrower": 4}, now) is change


def test_differences_name_more_and_less() -> None:
    assert differences({"a": 3, "b": 1}, {"a": 1, "c": 2}) == {"a": -2, "b": -1, "c": 2}
    assert Line("tax", "documented", 0).wants_judgement is False
    assert TODAY.year == 2025

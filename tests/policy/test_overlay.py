"""The numbers in force: the bank's own periods over the shipped ones, on every day one value."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantrail.parameters import Parameter, ParameterBook, parse_parameters, shipped_parameters
from loantrail.policy.model import OWN, Change, names_a_text, overlay, rests_on_law

DAY = datetime.timedelta(days=1)
START = datetime.date(2025, 1, 1)
LAW, PRACTICE = "某管理办法 8条", "common practice; the bank confirms"


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def shipped(*periods: tuple[int, str, str]) -> ParameterBook:
    """Values of one number of days, each with the day from which it holds and its basis."""
    rows = sorted(periods, key=lambda one: one[1])
    told = [
        Parameter(
            "limit",
            value,
            "days",
            True,
            day(start),
            day(rows[place + 1][1]) - DAY if place + 1 < len(rows) else None,
            basis,
            "K",
        )
        for place, (value, start, basis) in enumerate(rows)
    ]
    return ParameterBook(told)


def own(value: int, start: str, number: int = 1, name: str = "limit", unit: str = "days") -> Change:
    return Change(
        f"c{number}", name, None, value, unit, True, day(start), "内部规定", "A", "B",
        datetime.datetime(2024, 12, 1, tzinfo=datetime.UTC),
    )  # fmt: skip


def gone(change: Change) -> Change:
    return Change(
        f"w{change.change_id}", change.name, change.change_id, None, None, None, None, "不需要了", "A", "B",
        change.decided_at,
    )  # fmt: skip


def told(book: ParameterBook) -> list[tuple[int, str, str | None]]:
    return [
        (one.number, str(one.effective_from), str(one.effective_to) if one.effective_to else None)
        for one in book.periods("limit")
    ]


def test_an_own_value_holds_from_its_day_and_the_one_before_ends_the_day_before() -> None:
    book = overlay(shipped((10, "2020-01-01", PRACTICE)), [own(20, "2025-06-01")])
    assert told(book) == [(10, "2020-01-01", "2025-05-31"), (20, "2025-06-01", None)]
    assert [one.verified for one in book.periods("limit")] == ["K", OWN]


def test_nothing_decided_leaves_the_shipped_book_itself() -> None:
    base = shipped((10, "2020-01-01", PRACTICE))
    planned = own(20, "2025-06-01")
    assert overlay(base, []) is base
    assert overlay(base, [planned, gone(planned)]) is base


def test_a_value_ends_the_day_before_the_next_planned_one() -> None:
    book = overlay(
        shipped((10, "2020-01-01", PRACTICE)), [own(30, "2025-09-01", 1), own(20, "2025-06-01", 2)]
    )
    assert told(book) == [
        (10, "2020-01-01", "2025-05-31"),
        (20, "2025-06-01", "2025-08-31"),
        (30, "2025-09-01", None),
    ]


def test_a_later_number_of_law_ends_the_banks_own_and_a_later_starting_value_does_not() -> None:
    law = shipped((10, "2020-01-01", LAW), (15, "2025-12-01", LAW))
    practice = shipped((10, "2020-01-01", PRACTICE), (15, "2025-12-01", PRACTICE))
    assert told(overlay(law, [own(20, "2025-06-01")]))[-1] == (15, "2025-12-01", None)
    assert told(overlay(practice, [own(20, "2025-06-01")]))[-1] == (20, "2025-06-01", None)


def test_where_both_begin_on_one_day_the_banks_own_holds() -> None:
    book = overlay(
        shipped((10, "2020-01-01", LAW), (15, "2025-12-01", LAW), (18, "2026-12-01", LAW)),
        [own(20, "2025-12-01")],
    )
    assert told(book)[1:] == [(20, "2025-12-01", "2026-11-30"), (18, "2026-12-01", None)]


def test_values_that_nothing_reads_are_left_out() -> None:
    base = shipped((10, "2020-01-01", PRACTICE))
    assert (
        overlay(base, [own(20, "2025-06-01", name="forgotten"), own(20, "2025-06-01", unit="hours")]) is base
    )


OFFSETS = st.integers(0, 60)
SHIPPED = st.lists(st.tuples(st.integers(0, 99), OFFSETS, st.sampled_from((LAW, PRACTICE))), min_size=1, max_size=4,
                   unique_by=lambda one: one[1])  # fmt: skip
CHANGES = st.lists(
    st.tuples(st.integers(100, 199), OFFSETS, st.booleans()), max_size=6, unique_by=lambda one: one[1]
)


@given(SHIPPED, CHANGES)
def test_every_day_has_the_value_that_began_last(
    base: list[tuple[int, int, str]], decided: list[tuple[int, int, bool]]
) -> None:
    book = shipped(*((value, str(START + DAY * offset), basis) for value, offset, basis in base))
    changes: list[Change] = []
    for number, (value, offset, withdrawn) in enumerate(decided):
        changes.append(own(value, str(START + DAY * offset), number))
        if withdrawn:
            changes.append(gone(changes[-1]))
    found = overlay(book, changes)

    periods = found.periods("limit")
    assert periods[-1].effective_to is None
    for earlier, later in itertools.pairwise(periods):
        assert earlier.effective_to == later.effective_from - DAY
    kept = [(value, offset) for value, offset, withdrawn in decided if not withdrawn]
    first = min((offset for _, offset in kept), default=10**6)
    begins = {offset: value for value, offset, basis in base if offset < first or basis == LAW} | {
        offset: value for value, offset in kept
    }
    for offset in range(62):
        begun = [start for start in begins if start <= offset]
        if begun:
            assert found.at("limit", START + DAY * offset).number == begins[max(begun)], offset
    # What was before the first own value is as it was shipped, day for day.
    for offset in range(min(first, 62)):
        if any(start <= offset for _, start, _ in base):
            on = START + DAY * offset
            assert found.at("limit", on).value == book.at("limit", on).value


def test_numbers_of_law_are_told_from_starting_values_of_practice() -> None:
    book = shipped_parameters()
    law = {name for name in book.names if rests_on_law(book.periods(name)[-1])}
    assert {
        "autonomous_up_to_consumer_loan_fen",
        "substandard_days_past_due",
        "record_retention",
        "penalty_misuse_most_ppm",
        "default_days_past_due",
        "large_value_cash_fen",
    } <= law
    assert not law & {
        "export_approval_rows",
        "correction_approval_fen",
        "sign_in_idle_minutes",
        "warning_red_owner_roles",
        "first_inspection_company_days",
        "large_payment_company_fen",
        "client_group_holding_ppm",
        "portfolio_least_loans",
    }


def test_of_every_basis_it_is_said_whether_it_is_law() -> None:
    """A basis of a text in Chinese, of IFRS or of a supervisor's model is law, unless it leaves the number to the bank."""
    book = shipped_parameters()
    for name in book.names:
        for one in book.periods(name):
            leaves = any(
                word in one.legal_basis for word in ("the bank confirms", "practice", "design default")
            )
            assert rests_on_law(one) is not leaves, one.legal_basis


@pytest.mark.parametrize(
    ("basis", "named"),
    [
        ("《个人贷款管理办法》第8条", True),
        ("国家金融监督管理总局令2027年第1号", True),
        ("银发〔2003〕251号", True),
        ("IFRS 9 5.5.11", True),
        ("行里决定", False),
        ("会议纪要", False),
    ],
)
def test_a_basis_names_a_text_of_law_or_not(basis: str, named: bool) -> None:
    assert names_a_text(basis) is named


def test_days_on_which_numbers_become_others_are_known() -> None:
    book = ParameterBook(
        parse_parameters(
            "limit:\n  unit: days\n  meaning: a\n  periods:\n"
            "    - {value: 1, from: 2025-01-01, to: 2025-01-31, basis: a, verified: K}\n"
            "    - {value: 2, from: 2025-02-01, basis: a, verified: K}\n",
            "a.yaml",
        )
    )
    assert book.changes_between(day("2025-01-31"), day("2025-02-01"))
    assert not book.changes_between(day("2025-01-01"), day("2025-01-31"))
    assert not book.changes_between(day("2025-02-01"), day("2026-02-01"))

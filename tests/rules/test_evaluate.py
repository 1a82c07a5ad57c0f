"""What rules find in rows: one hit a loan, the first row on, whatever the cuts between batches."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.bank import WAN, rows, version

from loantrail.early_warning.hits import HITS
from loantrail.parameters import shipped_parameters
from loantrail.rules.backtest import Trial
from loantrail.rules.cost import Span
from loantrail.rules.evaluate import evaluate, hits_of, merged
from loantrail.rules.model import RuleVersion, State, check_content, in_force
from loantrail.rules.volume import per_thousand_a_month

BOOK = shipped_parameters()


def found(one: RuleVersion, frame: pl.DataFrame) -> pl.DataFrame:
    return hits_of(one, check_content(one.content, BOOK), frame, BOOK)


def test_a_loan_has_one_hit_from_the_first_row_with_the_severest_level_and_largest_amount_since() -> None:
    frame = rows(
        {"securities_fen": 5 * WAN},
        {"securities_fen": 20 * WAN},
        {"securities_fen": 150 * WAN},
        {"securities_fen": 30 * WAN},
        {"loan_id": "L2", "securities_fen": 15 * WAN},
    )
    first, second = evaluate([version()], frame, BOOK).hits.to_dicts()
    assert (first["loan_id"], first["level"], first["amount_fen"], first["share_ppm"]) == (
        "L1",
        "red",
        150 * WAN,
        150_000,
    )
    assert first["at"] == frame["at"][1]
    assert first["transaction_ids"] == ["T1", "T2", "T3"]
    assert "150 万元" in first["explanation_chinese"] and "1,500,000.00 yuan" in first["explanation"]
    assert (second["loan_id"], second["level"], second["transaction_ids"]) == ("L2", "yellow", ["T4"])


def test_a_row_whose_fields_are_not_known_is_no_hit() -> None:
    assert found(
        version(), rows({"securities_fen": None}, {"destination_class": None, "securities_fen": 20 * WAN})
    ).is_empty()


def test_a_rule_looks_only_at_its_products_customers_and_occasion() -> None:
    frame = rows({"securities_fen": 20 * WAN})
    assert len(found(version(), frame)) == 1
    assert found(version(products=("consumer_loan",)), frame).is_empty()
    assert found(version(customer_kinds=("individual",)), frame).is_empty()
    assert len(found(version(products=("consumer_loan", "working_capital_loan")), frame)) == 1
    assert found(version(occasion="day", condition="securities_fen > 0"), frame).is_empty()


def test_what_each_end_of_day_says_is_one_hit() -> None:
    one = version(occasion="day", condition="securities_fen > 0")
    today, tomorrow, of_another = (
        found(
            one, rows({"occasion": "day", "transaction_id": None, "securities_fen": 20 * WAN} | of)
        ).to_dicts()[0]
        for of in ({"occasion_id": "monday"}, {"occasion_id": "tuesday"}, {"loan_id": "L2"})
    )
    assert today["hit_id"] == tomorrow["hit_id"] != of_another["hit_id"]


def test_the_parameter_of_the_rows_date_counts() -> None:
    one = version(
        condition="NOT within(amount_fen, :autonomous_up_to_consumer_loan_fen)", amount_field="amount_fen",
        levels=version().content.levels[1:],
    )  # fmt: skip
    before, after = datetime.date(2025, 3, 20), datetime.date(2025, 3, 21)
    frame = rows(
        {"amount_fen": 40 * WAN, "business_date": before, "loan_id": "old"},
        {"amount_fen": 40 * WAN, "business_date": after, "loan_id": "new"},
    )
    assert found(one, frame)["loan_id"].to_list() == ["old"]


@pytest.mark.parametrize(
    ("condition", "amount_field", "chinese", "english"),
    [
        ("TRUE", "amount_fen", "交易金额 30 万元", "amount of the transaction 300,000.00 yuan"),
        ("amount_fen > 0", "amount_fen", "交易金额 30 万元", "amount of the transaction 300,000.00 yuan"),
        (
            "amount_fen > 0 AND retail = FALSE AND NOT is_disbursement", "securities_fen",
            "交易金额 30 万元；非零售贷款；非放款；放款以来流向证券投资 20 万元",
            "amount of the transaction 300,000.00 yuan; not retail loan; is not a disbursement; "
            "loan money into securities, since disbursement 200,000.00 yuan",
        ),
        (
            "payee_on_black_list AND retail = FALSE AND amount_fen >= wan(30)", "amount_fen",
            "交易金额 30 万元 不低于 30 万元",
            "amount of the transaction 300,000.00 yuan is at least 300,000.00 yuan",
        ),
        (
            "payee_on_black_list", "amount_fen",
            "收款方在黑名单；交易金额 30 万元",
            "payee is on the black list; amount of the transaction 300,000.00 yuan",
        ),
        (
            "NOT (payee_on_watch_list OR amount_fen > wan(50))", "",
            "并非（收款方在关注名单 或 交易金额 30 万元 大于 50 万元）",
            "not (payee is on the watch list or amount of the transaction 300,000.00 yuan is above 500,000.00 yuan)",
        ),
        (
            "(amount_fen > wan(50)) = FALSE", "",
            "并非交易金额 30 万元 大于 50 万元",
            "not amount of the transaction 300,000.00 yuan is above 500,000.00 yuan",
        ),
        ("payee_registered_days IS NULL", "", "收款方成立天数 未知", "age of the payee not known"),
        ("TRUE", "", "满足规则“流向证券”的条件", "meets the condition of the rule “Into securities”"),
    ],
)  # fmt: skip
def test_every_hit_says_what_was_seen(condition: str, amount_field: str, chinese: str, english: str) -> None:
    frame = rows(
        {"amount_fen": 30 * WAN, "securities_fen": 20 * WAN, "retail": False, "is_disbursement": False}
    ).with_columns(payee_on_black_list=True, payee_on_watch_list=False)
    hit = found(version(condition=condition, amount_field=amount_field), frame).to_dicts()[0]
    assert (hit["explanation_chinese"], hit["explanation"]) == (chinese, english)


@pytest.mark.parametrize(
    ("condition", "chinese", "english"),
    [
        ("NOT documented", "无单证", "not documented"),
        ("payee_has_tax = FALSE", "收款方没有纳税", "payee has not paid tax"),
        ("payee_is_related IS FALSE", "收款方不是关联方", "payee is not related"),
        ("NOT payee_on_watch_list", "收款方不在关注名单", "payee is not on the watch list"),
        ("from_borrower_side <> TRUE", "非借款人一方付出", "not paid by the borrower's side"),
    ],
)
def test_what_is_not_so_is_denied_at_its_verb(condition: str, chinese: str, english: str) -> None:
    fields = "documented", "payee_has_tax", "payee_is_related", "payee_on_watch_list", "from_borrower_side"
    frame = rows({}).with_columns(**dict.fromkeys(fields, False))
    hit = found(version(condition=condition, amount_field=""), frame).to_dicts()[0]
    assert (hit["explanation_chinese"], hit["explanation"]) == (chinese, english)


steps = st.lists(
    st.fixed_dictionaries(
        {
            "loan_id": st.sampled_from(["L1", "L2"]),
            "securities_fen": st.sampled_from([None, 0, 5 * WAN, 10 * WAN, 50 * WAN, 100 * WAN, 200 * WAN]),
            "destination_class": st.sampled_from(["securities", "securities", "cash", None]),
        }
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(told=steps, cuts=st.lists(st.integers(0, 12), max_size=4))
def test_the_cuts_between_batches_change_nothing(told: list[dict[str, Any]], cuts: list[int]) -> None:
    frame, one = rows(*told), version()
    ends = sorted({0, len(frame), *(min(cut, len(frame)) for cut in cuts)})
    parts = [found(one, frame.slice(start, end - start)) for start, end in itertools.pairwise(ends)]
    assert merged(*parts).equals(merged(found(one, frame)))
    assert found(one, frame).sort("loan_id").equals(merged(found(one, frame)))


def test_without_rows_there_is_nothing() -> None:
    nothing = evaluate([version()], rows(), BOOK)
    assert nothing.hits.schema == pl.Schema(HITS) and nothing.stopped == ()


def test_a_rule_that_hits_too_many_loans_is_stopped_and_the_others_go_on() -> None:
    frame = rows(*({"loan_id": f"L{number}", "securities_fen": 20 * WAN} for number in range(25)))
    wild = version(code="WILD", condition="TRUE")
    tame = version(
        condition="loan_amount_fen > 0 AND securities_fen >= wan(10) AND destination_class = 'cash'"
    )
    both = evaluate([wild, tame], frame, BOOK, loan_count=100)
    assert [(one.rule_code, one.reason, one.loans_hit) for one in both.stopped] == [("WILD", "runaway", 25)]
    assert both.hits.is_empty()
    # A fifth of the loans is the limit, from 20 loans on.
    assert evaluate([wild], frame, BOOK, loan_count=126).stopped == ()
    assert len(evaluate([wild], frame, BOOK, loan_count=126).hits) == 25
    assert evaluate([wild], frame.head(19), BOOK, loan_count=19).stopped == ()


def test_a_rule_whose_field_is_gone_is_stopped_and_named() -> None:
    lost = evaluate([version(condition="no_such_field > 0")], rows({}), BOOK)
    assert [one.reason for one in lost.stopped] == ["content"]


@pytest.mark.parametrize(
    ("on", "number"),
    [("2024-12-31", None), ("2025-01-01", 1), ("2025-05-31", 1), ("2025-06-01", 2), ("2025-09-01", None)],
)
def test_one_version_is_in_force_on_a_day(on: str, number: int | None) -> None:
    later = version(
        State.RETIRED,
        2,
        effective_from=datetime.date(2025, 6, 1),
        retired_on=datetime.date(2025, 9, 1),
        retired_by="乙",
    )
    versions = [version(), later, version(State.DRAFT, 3), version(State.SHADOW, 4)]
    forced = in_force(versions, datetime.date.fromisoformat(on))
    assert [one.version for one in forced] == ([] if number is None else [number])


@pytest.mark.parametrize("retired", ["2025-05-10", "2025-06-01"])
@pytest.mark.parametrize("on", ["2025-05-31", "2025-06-01", "2025-09-01"])
def test_a_version_that_is_withdrawn_before_it_takes_effect_leaves_the_one_before_in_force(
    on: str, retired: str
) -> None:
    withdrawn = version(
        State.RETIRED,
        2,
        effective_from=datetime.date(2025, 6, 1),
        retired_on=datetime.date.fromisoformat(retired),
        retired_by="乙",
    )
    forced = in_force([version(), withdrawn], datetime.date.fromisoformat(on))
    assert [one.version for one in forced] == [1]


def test_threads_are_counted_per_thousand_loans_and_month() -> None:
    assert per_thousand_a_month(30, 1_000, 365) == 2_500
    assert per_thousand_a_month(1, 0, 10) == 0


def test_a_back_test_says_what_changes_against_the_version_in_force() -> None:
    frame = rows(
        {"loan_id": "L1", "securities_fen": 20 * WAN},
        {"loan_id": "L2", "securities_fen": 8 * WAN},
        {"loan_id": "L3", "securities_fen": 200 * WAN, "destination_class": "cash"},
        {"loan_id": "L2", "securities_fen": 9 * WAN},
    )
    draft = version(State.DRAFT, 2, condition="destination_class = 'securities' AND securities_fen >= wan(8)")
    trial = Trial(draft, version(condition="securities_fen >= wan(10)"), BOOK)
    for part in (frame.head(2), frame.slice(2)):
        trial.add(part)
    day = frame["business_date"][0]
    year = Span(day, day + datetime.timedelta(days=364))
    told = trial.result(year, ["L1", "L2", "L3"], ["L2", "L9"], 5)
    assert (told["loans"], told["loans_hit"], told["severe_loans"], told["rows"]) == (3, 2, 0, 4)
    assert (told["both"], told["only_new"], told["only_old"]) == (1, 1, 1)
    assert (told["only_new_loans"], told["only_old_loans"]) == (["L2"], ["L3"])
    assert (told["confirmed"], told["confirmed_hit"]) == (1, 1)
    assert told["threads_milli"] == 2 * 1_000_000 // (3 * 12)
    first = told["examples"][0]
    assert (first["loan_id"], first["only_new"], first["explained"]["holds"]) == ("L2", True, True)
    assert first["explained"]["parts"][1]["seen"][0]["value_chinese"] == "8 万元"

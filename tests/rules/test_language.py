"""What may be written as a condition, and where and why the rest is refused. Anyone can add a line to conditions.csv:
`at` is line:column+length of the first problem."""

from __future__ import annotations

import csv
import datetime
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantrail.parameters import ParameterBook, parse_parameters, shipped_parameters
from loantrail.rules.compiling import compiled
from loantrail.rules.completing import complete
from loantrail.rules.language import MOST_WITHIN_EACH_OTHER, Checked, check
from loantrail.rules.model import check_content
from loantrail.rules.reading import DEEPEST, LONGEST
from loantrail.rules.refusing import CODES
from loantrail.rules.shipped import shipped_rules
from loantrail.rules.slow import Judging
from loantrail.rules.words import explain, sentence
from loantrail.signals.catalogue import schema

CASES = list(
    csv.DictReader((Path(__file__).parent / "conditions.csv").read_text("utf-8").splitlines(keepends=True))
)
DAY = datetime.date(2025, 6, 1)


def checked(text: str, occasion: str = "movement") -> Checked:
    return check(text, shipped_parameters(), occasion)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['verdict']}: {case['condition']}" for case in CASES])
def test_a_condition_gets_its_verdict(case: dict[str, str]) -> None:
    found = checked(case["condition"], case["occasion"])
    if case["verdict"] == "ok":
        assert found.problems == () and found.root is not None
        return
    first = found.problems[0]
    length = f"+{first.length}" if first.length else ""
    told = (first.code, f"{first.line}:{first.column}{length}")
    wanted = (
        case["verdict"],
        case["at"] + ("" if "+" in case["at"] else f"+{first.length}" if first.length else ""),
    )
    assert told == wanted
    assert found.root is None
    for words in (first.chinese, first.english, first.remedy_chinese, first.remedy_english):
        assert words and "{" not in words


def test_every_kind_of_refusal_has_a_case() -> None:
    assert set(CODES) - {case["verdict"] for case in CASES} == {"too_long", "too_deep"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("retail OR " * 500 + "retail", "too_long"),
        ("(" * 100 + "retail" + ")" * 100, "too_deep"),
        ("NOT " * 900 + "retail", "too_deep"),
        ("amount_fen" + "+1" * 1000 + ">0", "too_deep"),
        ("- " * 900 + "amount_fen > 0", "too_deep"),
        ("NOT retail = " * 200 + "retail", "too_deep"),
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text: str, code: str) -> None:
    assert [one.code for one in checked(text).problems] == [code]


def test_a_long_chain_is_not_deep() -> None:
    text = " OR ".join(f"amount_fen = {number}" for number in range(150))
    assert len(text) < LONGEST
    assert checked(text).problems == ()
    assert checked("(" * (DEEPEST - 2) + "retail" + ")" * (DEEPEST - 2)).problems == ()


NESTED = {
    "a / b": "({inner} / 2)",
    "b / a": "(traced_amount_fen / {inner})",
    "share_ppm": "share_ppm({inner}, loan_share_ppm)",
    "least": "least({inner}, traced_amount_fen)",
    "greatest": "greatest(amount_fen, {inner})",
    "coalesce": "coalesce({inner}, amount_fen)",
    "abs": "abs({inner})",
    "a - b": "(amount_fen - {inner})",
}
ASKED = (
    "1 < {inner}",
    "{inner} BETWEEN 1 AND 9",
    "{inner} IN (1, 2, 3)",
    "reaches({inner}, :{limit})",
)


@pytest.mark.parametrize("operator", NESTED)
@pytest.mark.parametrize("asked", ASKED)
def test_what_is_judged_grows_as_the_condition_does(operator: str, asked: str) -> None:
    """Not as copies of copies: polars plans every one of them."""

    def size(levels: int) -> int:
        inner, limit = {
            "b / a": ("depth", "misuse_final_use_retail_fen"),
            "share_ppm": ("loan_share_ppm", "rule_runaway_share_ppm"),
        }.get(operator, ("amount_fen", "misuse_final_use_retail_fen"))
        for _ in range(levels):
            inner = NESTED[operator].format(inner=inner)
        found = checked(asked.format(inner=inner, limit=limit))
        assert found.root is not None, found.problems
        return len(compiled(found.root, shipped_parameters()).meta.serialize())

    two, four, six = (size(levels) for levels in (2, 4, 6))
    assert six - four <= 1.1 * (four - two)


def test_conditions_as_long_as_they_may_be_are_judged() -> None:
    """Of divisions alone, as deep as they may stand, and as many; of items of a list that are compared with a calculation."""
    deep = " OR ".join(["1 < amount_fen" + "/2" * MOST_WITHIN_EACH_OTHER] * 110)
    wide = f"amount_fen / 2 IN ({', '.join(map(str, range(700)))})"
    frame = pl.DataFrame({"amount_fen": [511, 512], "business_date": [DAY, DAY]})
    for text, met in ((deep, [False, True]), (wide, [True, True])):
        assert LONGEST * 0.75 < len(text) <= LONGEST
        root = checked(text).root
        assert root is not None
        assert frame.select(met=compiled(root, shipped_parameters()))["met"].to_list() == met


def test_all_problems_are_told_at_once_with_their_lines() -> None:
    found = checked("amout_fen > 0\nAND retial\nAND amount_fen > loan_share_ppm")
    assert [(one.code, one.line, one.column) for one in found.problems] == [
        ("unknown_field", 1, 1),
        ("unknown_field", 2, 5),
        ("units", 3, 5),
    ]
    assert "amount_fen" in found.problems[0].names and "retail" in found.problems[1].names


def test_every_shipped_rule_passes_its_check() -> None:
    wrong = {
        one.content.code: [
            (problem.field, problem.english)
            for problem in check_content(one.content, shipped_parameters()).problems
        ]
        for one in shipped_rules()
    }
    assert {code: problems for code, problems in wrong.items() if problems} == {}


def test_shipped_rules_hold_no_thresholds_of_their_own() -> None:
    """Nothing, one step, two steps: all other numbers are parameters."""
    for one in shipped_rules():
        for text in (one.content.condition, *(level.condition for level in one.content.levels)):
            numbers = set(re.findall(r"(?<![A-Za-z_0-9])\d+(?![A-Za-z_0-9])", text))
            assert numbers <= {"0", "1", "2"}, one.content.code
            assert not re.search(r"\b(wan|yuan|percent)\(", text), one.content.code


# A slow evaluator of its own ------------------------------------------------------------------------------------

NUMBERS = ("amount_fen", "traced_amount_fen", "balance_fen")
COUNTS = ("depth", "payee_count")
FLAGS = ("retail", "documented", "ordered")
BIG = 2**62
PERIODS = ParameterBook(
    parse_parameters(
        "limit:\n  unit: fen\n  meaning: m\n  periods:\n"
        "    - {value: 5, inclusive: true, from: 2025-01-01, to: 2025-12-31, basis: b, verified: K}\n"
        "    - {value: 7, inclusive: false, from: 2026-01-01, to: 2026-12-31, basis: b, verified: K}\n",
        "t.yaml",
    )
)


def tri_and(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if one is None or other is None else True


def tri_not(one: bool | None) -> bool | None:
    return None if one is None else not one


def fits(value: int | None) -> int | None:
    return value if value is not None and -(2**63) <= value < 2**63 else None


def cut(one: int, other: int) -> int | None:
    if other == 0:
        return None
    whole = abs(one) // abs(other)
    return whole if (one >= 0) == (other > 0) else -whole


Made = tuple[str, Any]
"""The text of a part, and what it gives for a row."""


def literal(value: int) -> Made:
    return str(value), lambda row: value


def field(name: str) -> Made:
    return name, lambda row: row[name]


def limit_of(row: dict[str, Any]) -> tuple[int, bool] | None:
    on = row["business_date"]
    return {2025: (5, True), 2026: (7, False)}.get(on.year)


def both_known(operate: Any) -> Any:
    def run(one: Any, other: Any) -> Any:
        return None if one is None or other is None else operate(one, other)

    return run


ARITHMETIC = {
    "+": both_known(lambda a, b: fits(a + b)),
    "-": both_known(lambda a, b: fits(a - b)),
    "*": both_known(lambda a, b: fits(a * b)),
    "/": both_known(lambda a, b: fits(cut(a, b))),
}
COMPARED = {
    "=": both_known(lambda a, b: a == b), "<>": both_known(lambda a, b: a != b), "<": both_known(lambda a, b: a < b),
    "<=": both_known(lambda a, b: a <= b), ">": both_known(lambda a, b: a > b), ">=": both_known(lambda a, b: a >= b),
}  # fmt: skip


def joined(one: Made, operator: str, other: Made, table: dict[str, Any]) -> Made:
    return (
        f"({one[0]} {operator} {other[0]})",
        lambda row: table[operator](one[1](row), other[1](row)),
    )


amounts = st.sampled_from(NUMBERS).map(field)
plain = st.one_of(st.integers(-9, 9).filter(bool).map(literal), st.sampled_from(COUNTS).map(field))
numbers = st.recursive(
    amounts,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-"), inner).map(lambda t: joined(*t, ARITHMETIC)),
        st.tuples(inner, st.sampled_from("*/"), plain).map(lambda t: joined(*t, ARITHMETIC)),
        st.tuples(inner, inner).map(
            lambda t: (
                f"least({t[0][0]}, {t[1][0]})",
                lambda row: both_known(min)(t[0][1](row), t[1][1](row)),
            )
        ),
        st.tuples(inner, inner).map(
            lambda t: (
                f"coalesce({t[0][0]}, {t[1][0]})",
                lambda row: t[1][1](row) if t[0][1](row) is None else t[0][1](row),
            )
        ),
        inner.map(
            lambda t: (f"abs({t[0]})", lambda row: None if t[1](row) is None else fits(abs(t[1](row))))
        ),
        inner.map(lambda t: (f"(-{t[0]})", lambda row: None if t[1](row) is None else fits(-t[1](row)))),
    ),
    max_leaves=4,
)
shares = st.tuples(numbers, numbers).map(
    lambda t: (
        f"share_ppm({t[0][0]}, {t[1][0]}) > 500000",
        lambda row: (
            None
            if t[0][1](row) is None or t[1][1](row) is None
            else both_known(lambda a, b: a > b)(fits(cut(t[0][1](row) * 1_000_000, t[1][1](row))), 500_000)
        ),
    )
)


def reached(inner: Made, upper: bool) -> Made:
    def run(row: dict[str, Any]) -> bool | None:
        value, found = inner[1](row), limit_of(row)
        if value is None or found is None:
            return None
        if upper:
            return value <= found[0] if found[1] else value < found[0]
        return value >= found[0] if found[1] else value > found[0]

    return f"{'within' if upper else 'reaches'}({inner[0]}, :limit)", run


def between(t: tuple[Made, Made, Made]) -> Made:
    value, low, high = t
    return (
        f"({value[0]} BETWEEN {low[0]} AND {high[0]})",
        lambda row: tri_and(
            COMPARED[">="](value[1](row), low[1](row)), COMPARED["<="](value[1](row), high[1](row))
        ),
    )


def listed(t: tuple[str, list[str]]) -> Made:
    name, values = t
    inside = ", ".join(f"'{one}'" for one in values)
    return f"({name} IN ({inside}))", lambda row: None if row[name] is None else row[name] in values


CLASSES = ("cash", "unknown", "securities")
tests = st.one_of(
    st.tuples(numbers, st.sampled_from(sorted(COMPARED)), numbers).map(lambda t: joined(*t, COMPARED)),
    st.sampled_from(FLAGS).map(field),
    shares,
    st.tuples(numbers, st.booleans()).map(lambda t: reached(*t)),
    st.tuples(numbers, numbers, numbers).map(between),
    st.tuples(st.just("destination_class"), st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2)).map(
        listed
    ),
    numbers.map(lambda t: (f"({t[0]} IS NULL)", lambda row: t[1](row) is None)),
)
conditions = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(
            lambda t: (f"({t[0][0]} AND {t[1][0]})", lambda row: tri_and(t[0][1](row), t[1][1](row)))
        ),
        st.tuples(inner, inner).map(
            lambda t: (
                f"({t[0][0]} OR {t[1][0]})",
                lambda row: tri_not(tri_and(tri_not(t[0][1](row)), tri_not(t[1][1](row)))),
            )
        ),
        inner.map(lambda t: (f"NOT {t[0]}", lambda row: tri_not(t[1](row)))),
        st.tuples(inner, st.booleans()).map(
            lambda t: (f"(({t[0][0]}) IS {str(t[1]).upper()})", lambda row: t[0][1](row) is t[1])
        ),
    ),
    max_leaves=5,
)
whole = st.one_of(st.none(), st.integers(-10, 10), st.sampled_from([BIG, -BIG, 2**63 - 1, -(2**63)]))
rows = st.fixed_dictionaries(
    dict.fromkeys((*NUMBERS, *COUNTS), whole)
    | {name: st.sampled_from([True, False, None]) for name in FLAGS}
    | {
        "destination_class": st.sampled_from([*CLASSES, None]),
        "business_date": st.sampled_from(
            [DAY, datetime.date(2024, 1, 1), datetime.date(2026, 3, 1), datetime.date(2027, 1, 1)]
        ),
    }
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(condition=conditions, given_rows=st.lists(rows, min_size=1, max_size=5))
def test_polars_and_both_slow_evaluators_agree(condition: Made, given_rows: list[dict[str, Any]]) -> None:
    text, slowly = condition
    found = check(text, PERIODS, "movement")
    assert found.problems == (), text
    assert found.root is not None
    types = dict(schema())
    frame = pl.DataFrame(
        given_rows,
        schema={name: types.get(name, pl.Date) for name in given_rows[0]},
    )
    quick = frame.select(met=compiled(found.root, PERIODS)).with_columns(pl.col("met"))["met"].to_list()
    if len(quick) == 1:
        quick *= len(given_rows)
    assert quick == [slowly(row) for row in given_rows], text
    assert [Judging(row, PERIODS).holds(found.root) for row in given_rows] == quick, text
    assert [explain(found, PERIODS, row).holds for row in given_rows] == quick


# Texts, words, proposals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "purpose", "verdict"),
    [
        ("purpose_text LIKE '%首付%'", "购房首付款", True),
        ("purpose_text LIKE '首付_'", "首付款", True),
        ("purpose_text LIKE '首付_'", "首付", False),
        ("purpose_text LIKE '50%'", "50.(x)\n", True),
        ("purpose_text LIKE '%.(x)%'", "50.(x)", True),
        ("purpose_text NOT LIKE '%a%'", None, None),
        ("matches(purpose_text, '^(购房|契税)')", "契税款", True),
        ("purpose_text = '货款'", "货款", True),
    ],
)
def test_texts(condition: str, purpose: str | None, verdict: bool | None) -> None:
    root = checked(condition).root
    assert root is not None
    row = {"purpose_text": purpose, "business_date": DAY}
    frame = pl.DataFrame([row], schema={"purpose_text": pl.String, "business_date": pl.Date})
    assert frame.select(met=compiled(root, shipped_parameters()))["met"].to_list() == [verdict]
    assert Judging(row, shipped_parameters()).holds(root) is verdict


def test_an_explanation_names_fields_and_values_and_what_held() -> None:
    found = checked(
        "(reaches(securities_fen, :misuse_final_use_company_fen) OR securities_share_ppm >= percent(5)) AND NOT retail"
    )
    row = {
        "business_date": DAY,
        "securities_fen": 30_000_000,
        "securities_share_ppm": 77_000,
        "retail": False,
    }
    told = explain(found, shipped_parameters(), row)
    assert told.holds is True
    first, second = told.parts[0].parts
    assert (first.holds, second.holds) == (False, True)
    assert first.chinese == "放款以来流向证券投资 30 万元 达到 50 万元（参数 misuse_final_use_company_fen）"
    assert [(one.name, one.value_english) for one in first.seen] == [("securities_fen", "300,000.00 yuan")]
    assert sentence(told)[0].startswith("放款以来流向证券投资占贷款 7.7% 不低于 5%")


def test_a_class_is_called_as_its_field_calls_it() -> None:
    told = explain(checked("destination_class = 'company' AND payee_kind = 'company'"), shipped_parameters())
    assert [one.chinese for one in told.parts] == [
        "去向类别 等于 无贸易依据的企业",
        "收款方主体类型 等于 企业",
    ]


def test_without_a_row_a_condition_is_read_in_words() -> None:
    told = explain(checked("destination_class IN ('cash') AND depth = 1"), shipped_parameters())
    assert [one.chinese for one in told.parts] == ["去向类别 属于 现金", "步数 等于 1"]
    assert told.holds is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("secur", "securities_fen"),
        ("retail AND traced_am", "traced_amount_fen"),
        ("amount_fen > :misuse_final_use_r", ":misuse_final_use_retail_fen"),
        ("sha", "share_ppm("),
        ("destination_class IN ('cash', 'futu", "futures"),
        ("product = 'consumer", "consumer_loan"),
        ("证券", "securities_fen"),
    ],
)
def test_proposals(text: str, first: str) -> None:
    found = complete(text, len(text), shipped_parameters(), "movement")
    assert first in [one.insert for one in found[:8]], [one.insert for one in found[:8]]


@pytest.mark.parametrize(
    "text",
    ["amount_fen > 1", "amount_fen > wan(30", "share_ppm(2", ":3", "customer_kind = 'x' AND amount_fen = 1"],
)
def test_a_number_is_complete_as_it_stands(text: str) -> None:
    assert complete(text, len(text), shipped_parameters(), "movement") == ()


@pytest.mark.parametrize(
    "text", ["matches(purpose, 'secur", "payee_name = 'amount", "'1", "destination_class = 'cash' OR 'c"]
)
def test_in_a_text_nothing_but_the_values_of_its_field_is_proposed(text: str) -> None:
    assert complete(text, len(text), shipped_parameters(), "movement") == ()


def test_proposals_know_the_occasion() -> None:
    assert "days_past_due" not in [
        one.insert for one in complete("days_p", 6, shipped_parameters(), "movement")
    ]
    assert "days_past_due" in [one.insert for one in complete("days_p", 6, shipped_parameters(), "day")]

"""Patterns of texts: what the check lets pass is explained, in the time that looking for it in a column takes."""

from __future__ import annotations

import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.bank import WAN, rows, version

from loantrail.early_warning.hits import Level
from loantrail.parameters import shipped_parameters
from loantrail.rules.backtest import Trial
from loantrail.rules.compiling import compiled
from loantrail.rules.cost import Span
from loantrail.rules.evaluate import hits_of
from loantrail.rules.language import check
from loantrail.rules.model import LevelRule, RuleVersion, check_content
from loantrail.rules.slow import Judging
from loantrail.rules.words import explain

BOOK = shipped_parameters()
LONG = "payment for goods and services under contract number twelve"
AMOUNT = {"traced_amount_fen": 2 * WAN, "credit_name": "北山测试贸易有限公司", "purpose_text": LONG}
ODD = (
    r"\p{Han}{4,}公司", r"\x{4e00}", r"\x{5357}", r"贸易\z", r"a\z", "^(?i)PAYMENT", "(?i)goods(?-i) and", "(?R)twelve$",
    "(?U)a+", r"\b{start}goods", r"[\p{L}&&[^a]]", "[[:alpha:]]+", r"[\p{L}--a]", "(?<name>goods)", "(?P<name>goods)", "(?x) goods # x",
    r"\<goods\>", r"\pL", r"\P{Han}", "(?s-u:.)", r"(?-u)\xff", "(?P>name)", "(?=a)", r"(a)\1", r"\C", r"\G", r"a++", "(?>a)",
    r"\Aa", r"\Z", r"\h", r"\R", r"\K", r"\N{BULLET}", "a{,5}", "a{ 2 }", "[", "*", "", "(?#a)", r"\u4e00", r"\U0001F600", "a|*", "(?i",
)  # fmt: skip
"""What one engine knows and another does not, or understands otherwise."""


def by(condition: str) -> RuleVersion:
    return version(
        condition=condition, amount_field="traced_amount_fen", levels=(LevelRule(Level.YELLOW, "TRUE"),)
    )


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_a_text_that_an_engine_which_goes_back_never_ends_with_is_explained_at_once() -> None:
    one = by(
        "credit_name LIKE '北山测试%' AND traced_amount_fen > 0 "
        r"AND (traced_amount_fen > wan(1) OR matches(purpose_text, '^(\w+\s?)*!$'))"
    )
    frame = rows(AMOUNT)
    begun = time.monotonic()

    hits = hits_of(one, check_content(one.content, BOOK), frame, BOOK)
    trial = Trial(one, None, BOOK)
    trial.add(frame)
    day = frame["business_date"][0]
    [example] = trial.result(Span(day, day), ["L1"], [], 0)["examples"]

    assert time.monotonic() - begun < 1
    assert len(hits) == 1
    assert [part["holds"] for part in example["explained"]["parts"][2]["parts"]] == [True, False]


@pytest.mark.parametrize(
    "pattern", ["%a" * 1_900 + "!", "%" * 3_900 + "!", "%_" * 1_900, "_" * 3_900, "%o_" * 1_200]
)
def test_no_pattern_of_like_takes_long(pattern: str) -> None:
    text = LONG * 10
    condition = check(f"purpose_text LIKE '{pattern}' OR traced_amount_fen > 0", BOOK, "movement")
    assert condition.problems == ()
    begun = time.monotonic()

    told = explain(condition, BOOK, AMOUNT | {"purpose_text": text})

    assert time.monotonic() - begun < 1
    assert [part.holds for part in told.parts] == [False, True]


@pytest.mark.parametrize("pattern", ODD)
def test_a_pattern_is_refused_with_its_reason_or_explained(pattern: str) -> None:
    condition = f"matches(purpose_text, {quoted(pattern)}) OR matches(credit_name, {quoted(pattern)}) OR traced_amount_fen > 0"
    found = check(condition, BOOK, "movement")
    if found.problems:
        first = found.problems[0]
        assert first.code == "regular_expression"
        assert len(first.english) > len("The regular expression is not valid: ?")
        return
    one, frame = by(condition), rows(AMOUNT)
    assert found.root is not None

    [hit] = hits_of(one, check_content(one.content, BOOK), frame, BOOK).to_dicts()

    told = explain(found, BOOK, frame.to_dicts()[0])
    in_columns = [frame.select(compiled(part, BOOK)).to_series()[0] for part in found.root.children()]
    assert [part.holds for part in told.parts] == in_columns
    assert hit["loan_id"] == "L1"


def test_some_patterns_are_refused_and_some_are_not() -> None:
    refused = [
        one for one in ODD if check(f"matches(purpose_text, {quoted(one)})", BOOK, "movement").problems
    ]
    assert 10 < len(refused) < len(ODD) - 10


characters = st.text(st.sampled_from("aAbB %_\n\r\t.*+?()[]{}|^$\\#&-~'一公é\x00"), max_size=6)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(pattern=characters, text=st.none() | characters)
def test_a_text_is_like_a_pattern_in_a_column_and_alone(pattern: str, text: str | None) -> None:
    for condition in (f"purpose_text LIKE {quoted(pattern)}", f"matches(purpose_text, {quoted(pattern)})"):
        root = check(condition, BOOK, "movement").root
        if root is None:
            continue
        column = pl.DataFrame({"purpose_text": ["x", text]}, schema={"purpose_text": pl.String})
        held = column.select(compiled(root, BOOK)).to_series()[1]
        assert Judging({"purpose_text": text}, BOOK).holds(root) is held
        assert (held is None) == (text is None)


@pytest.mark.parametrize(
    ("condition", "text", "held"),
    [
        ("purpose_text LIKE '货款'", "货款\n", False),
        ("matches(purpose_text, '货款$')", "货款\n", False),
        ("purpose_text LIKE '%a%'", "A", False),
        ("matches(purpose_text, '(?i)a')", "A", True),
        (r"matches(purpose_text, '^\s$')", "\x1f", False),
    ],
)
def test_what_engines_understand_otherwise(condition: str, text: str, held: bool) -> None:
    found = check(condition, BOOK, "movement")
    assert found.root is not None
    assert explain(found, BOOK, {"purpose_text": text}).holds is held
    column = pl.DataFrame({"purpose_text": [text, text]})
    assert column.select(compiled(found.root, BOOK)).to_series().to_list() == [held, held]

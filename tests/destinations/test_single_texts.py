"""What is told of one text alone is what the frames tell of it among many."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import hypothesis
import polars as pl
import pytest
from hypothesis import strategies as st
from tests.destinations.test_cases import CASES

from loantrail.destinations.dictionary import KINDS, Dictionary, load_dictionary, shipped_dictionary
from loantrail.destinations.documents import Roles
from loantrail.destinations.names import company_key, key_of_company, name_shape, shape_of_name
from loantrail.destinations.plain import is_plain
from loantrail.destinations.terms import best_term, best_terms, normalised, normalised_text

EXAMPLES = int(os.environ.get("LOANTRAIL_FEW_EXAMPLES", "60"))
"""Of each property, in the usual run."""
OFTEN = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
PLAIN = [chr(code) for code in range(0x10000) if not 0xD800 <= code <= 0xDFFF and is_plain(chr(code))]
PIECES = st.sampled_from(
    [
        "张", "欧阳", "司马光", "张*", "**明", "*", "阿依古丽·买买提", "•", "某某", "公司", "有限公司", "股份有限公司",
        "有限责任公司", "公司公司", "支付宝", "(中国)", "（中国）", "【】", "CO.,LTD", "ｃｏ．ｌｔｄ", "Inc", "店", "厂", "局", "银行",
        "证券", "一支行", " ", "\u3000", "\t", "\n", "\r\n", "\x1c", "\x85", "\u00a0", "\u2028", "ß", "ŉ", "ﬁ", "İ", "ı", "ǆ",
        "Σς", "é", "e\u0301", "가", "ᄀ\u1161", "ｶﾞ", "①", "㈱", "㍿", "Ⅳ", "〇", "々", "㐂", "﨑", "𠮷", "\ufe0f", "\u200b", "\U0001ccd6",
        "\u0264", "\ua7f1", "…", "——", "'", '"', "-", "_", "/", "&", "\\", "\x00",
    ]
)  # fmt: skip
NASTY = st.lists(PIECES | st.text(max_size=3) | st.text(PLAIN, max_size=4), max_size=6).map("".join)
TEXTS = st.lists(NASTY, min_size=1, max_size=40)


def read_alike(expression: pl.Expr, alone: Callable[[str], object], texts: list[str]) -> None:
    told = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(expression).to_series().to_list()
    assert [(text, alone(text)) for text in texts] == list(zip(texts, told, strict=True))


def all_read_alike(texts: Iterable[str]) -> None:
    """Names and remarks, as they are written and as they are compared."""
    written = list(dict.fromkeys(texts))
    read_alike(normalised("text"), normalised_text, written)
    read_alike(company_key("text"), key_of_company, written)
    compared = list(dict.fromkeys(found for text in written if (found := normalised_text(text)) is not None))
    read_alike(name_shape(pl.col("text")), shape_of_name, compared)


def test_every_plain_character_is_read_alike() -> None:
    assert len(PLAIN) > 20_000
    assert is_plain("".join(PLAIN))
    all_read_alike(PLAIN)


@pytest.mark.parametrize(
    "frame", ["张{}", "{}*", "{}·{}", "阿{}公司", "{}店", "A{}b", "司马{}{}", "王李{}一"]
)
def test_every_plain_character_is_read_alike_within_a_name(frame: str) -> None:
    all_read_alike(frame.replace("{}", character) for character in PLAIN)


def test_texts_of_the_cases_are_read_alike() -> None:
    cases = pl.read_csv(CASES, schema_overrides={"name": pl.String, "remark": pl.String})
    all_read_alike([*cases["name"].drop_nulls(), *cases["remark"].drop_nulls()])


@OFTEN
@hypothesis.given(TEXTS)
def test_any_text_is_read_alike(texts: list[str]) -> None:
    all_read_alike(texts)


@pytest.mark.realdata
def test_names_of_real_firms_are_read_alike(real_data: Path) -> None:
    firms = pl.read_csv(real_data / "sme_invoices" / "firms.csv")["企业名称"].drop_nulls().to_list()
    all_read_alike(firms)
    terms_alike(firms, shipped_dictionary(), "name")


@OFTEN
@hypothesis.given(NASTY, NASTY)
def test_a_document_is_told_alike(what: str, number: str) -> None:
    roles = Roles(what, "", "", "", None, None, "")
    told = pl.select(pl.format("{} {}", pl.lit(what), pl.lit(number)).str.strip_chars()).item()
    assert roles.evidence(number) == told


def test_what_is_white_at_the_end_of_a_number_is_white_for_both() -> None:
    numbers = [f"{mark}1{mark}" for mark in map(chr, range(1, 0x3010))]
    told = pl.select(pl.format("order {}", pl.Series("number", numbers)).str.strip_chars().alias("told"))[
        "told"
    ]
    assert [
        Roles("order", "", "", "", None, None, "").evidence(number) for number in numbers
    ] == told.to_list()


# Terms ---------------------------------------------------------------------------------------------------------

FILLERS = [f"没有词{chr(0x4E00 + number)}" for number in range(300)]
"""With so many texts beside it the frames read them all."""


def terms_alike(texts: Iterable[str], dictionary: Dictionary, kind: str) -> None:
    distinct = list(dict.fromkeys(texts))
    among_many = best_terms(pl.Series([*distinct, *FILLERS], dtype=pl.String), dictionary, kind)
    told = {row[0]: row[1:] for row in among_many.iter_rows()}
    alone = {text: best_term(text, dictionary, kind) for text in distinct}
    assert {text: tuple(one) for text, one in alone.items() if one is not None} == {
        text: told[text] for text in distinct if text in told
    }


def own_dictionary(folder: Path) -> Dictionary:
    """Terms inside one another, of one length in letters or in bytes, alike in all but one thing."""
    rows = [
        "name,lender,甲,contains,500,,", "name,developer,甲,suffix,500,,", "name,securities,甲,prefix,900,乙,",
        "name,tax,甲乙,contains,500,丙|丁甲,", "name,none,乙甲,contains,100,,", "name,cash,AB,contains,500,,",
        "name,tax,B,contains,500,,", "name,lender,ABA,exact,100,,", "name,none,甲乙丙,exact,0,,",
        "name,utilities,ABCDEF,contains,500,,", "name,payroll,丙甲,contains,500,A,", "name,dividend,乙乙,contains,500,乙乙乙,",
        "name,none,丁,suffix,900,甲,", "name,futures,丁,contains,899,,",
    ]  # fmt: skip
    path = folder / "own.csv"
    path.write_text("kind,class,term,match,confidence_permille,unless,note\n" + "\n".join(rows), "utf-8")
    return load_dictionary([path])


@pytest.mark.parametrize("kind", KINDS)
def test_terms_are_found_alike_in_texts_made_of_terms(kind: str) -> None:
    dice, dictionary = random.Random(kind), shipped_dictionary()
    terms = dictionary.terms["term"].to_list()
    pieces = [*terms, *dictionary.silencers["term"].to_list(), "甲", "A", "1", "有限公司", "某某"]
    made = ["".join(dice.choices(pieces, k=dice.randint(1, 4))) for _ in range(4000)]
    cut = [text[dice.randrange(2) : len(text) - dice.randrange(2)] for text in made]
    terms_alike([*terms, *made, *cut, ""], dictionary, kind)


def test_terms_inside_one_another_are_found_alike(tmp_path: Path) -> None:
    dictionary, dice = own_dictionary(tmp_path), random.Random(5)
    texts = ["".join(dice.choices("甲乙丙丁ABCDEF", k=dice.randint(1, 7))) for _ in range(6000)]
    terms_alike(texts, dictionary, "name")
    assert sum(best_term(text, dictionary, "name") is not None for text in set(texts)) > 2000


def test_two_dictionaries_are_not_confused(tmp_path: Path) -> None:
    own = own_dictionary(tmp_path)
    assert best_term("甲", own, "name") is not None
    assert best_term("甲", shipped_dictionary(), "name") is None

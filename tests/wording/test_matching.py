"""A finished sentence is found again among the templates, with its values, whatever they are."""

from __future__ import annotations

import re
from time import perf_counter

import hypothesis
import pytest
from hypothesis import strategies as st

from loantrail.errors import FileUnreadable, InputError, Place, unforeseen
from loantrail.wording import in_chinese
from loantrail.wording.catalogue import templates, word_lists
from loantrail.wording.matching import Phrases

HOLE = re.compile(r"\{(\d+)(?:([:=])(\w+))?\}")
VALUES = st.text("0123456789ABXYZ甲乙丙-/", min_size=1, max_size=12)


@st.composite
def _filled(draw: st.DrawFn) -> tuple[str, str]:
    """A sentence made from any template, and its Chinese with the same values."""
    english, chinese = draw(st.sampled_from(sorted(templates().items())))
    strict = {int(place): words for place, mark, words in HOLE.findall(chinese) if mark == "="}
    count = english.count("{}")
    words = {place: draw(st.sampled_from(sorted(word_lists()[strict[place]]))) for place in strict}
    values = [words[place] if place in words else draw(VALUES) for place in range(1, count + 1)]
    parts = [part.replace("{{", "{").replace("}}", "}") for part in english.split("{}")]
    sentence = parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))

    def shown(hole: re.Match[str]) -> str:
        place = int(hole[1])
        return word_lists()[strict[place]][values[place - 1]] if place in strict else values[place - 1]

    return sentence, HOLE.sub(shown, chinese)


@hypothesis.settings(max_examples=600, deadline=None, derandomize=True, database=None)
@hypothesis.given(_filled())
def test_any_filling_of_any_template_is_said_in_chinese_with_its_values(pair: tuple[str, str]) -> None:
    sentence, chinese = pair
    said = in_chinese(sentence)
    assert said is not None
    # Blanks beside words of a list follow the neighbours.
    assert said.replace(" ", "") == chinese.replace(" ", "")


SAID = [
    ("There is no loan JJ-1", "没有借据 JJ-1"),
    (
        "no reason is given. A merge says why, for whoever reads it later",
        "没有写明原因。合并账户须写明原因，供以后查看",
    ),
    (
        "Try again; if it stays, send the server's log to its maintainers",
        "请重试；如果仍然如此，请把服务日志交给维护人员",
    ),
    ("the refusal 0123456789 is replayed already", "拒收记录 0123456789 的状态已是“已收入”"),
    (
        "loans.csv, row 3, field amount: the file is empty. Export it again",
        "loans.csv 第 3 行，字段 amount：文件是空的。请重新导出",
    ),
    ("manifest.json, field rows: rows is missing", "manifest.json，字段 rows：缺少 rows"),
    (
        "amount_fen (金额) is '1.005': amount_finer_than_minor_unit; an amount is a whole number of the currency's smallest unit; "
        "correct it",
        "金额（amount_fen）为“1.005”：金额小于最小货币单位；金额须是最小货币单位的整数倍；请改正",
    ),
    (
        "direction (借贷方向) is 'out': it is none of the known values; known are debit, credit; "
        "send one of the known values, or where a file has others, name them in its mapping file",
        "借贷方向（direction）为“out”：取值不在范围内；可用的有：debit, credit；"
        "请使用可用的取值；文件里是其他取值的，请在其映射文件里对应",
    ),
    (
        "account_id is missing; correct it at the source (row 7 of flows.csv)",
        "缺少 account_id；请在源系统改正（flows.csv 第 7 行）",
    ),
    ("cannot be read (Permission denied). Check the path", "无法读取（没有权限）。请核对路径"),
    (
        "message 2 (line 40) of account 6222 opens in CNY and closes in USD: not checked",
        "账户 6222 的第 2 份报文（第 40 行）的期初币种为 CNY，期末为 USD：没有核对",
    ),
    ("is not JSON (Expecting value: line 1 column 1 (char 0))", "不是 JSON（第 1 行第 1 列缺少值）"),
]


@pytest.mark.parametrize(("english", "chinese"), SAID)
def test_a_sentence_is_said_in_chinese(english: str, chinese: str) -> None:
    assert in_chinese(english) == chinese


STORED = [
    (
        "booked_at (记账时间) is 'bad': instant_unreadable; name its format in a mapping file",
        "记账时间（booked_at）为“bad”：时间无法识别；请在映射文件里写明格式",
    ),
    (
        "booked_at (记账时间) is '2036-03-01 10:00:00+08:00': booked_in_future; check the date, or the clock of this machine",
        "记账时间（booked_at）为“2036-03-01 10:00:00+08:00”：记账时间远在将来；请核对日期，或核对本机时钟",
    ),
    (
        "value_date (起息日) is '1/2': date_unreadable; name its format in a mapping file",
        "起息日（value_date）为“1/2”：日期无法识别；请在映射文件里写明格式",
    ),
    (
        "currency (币种) is '元宝': currency_unknown; use the ISO 4217 code, or map the name to it in a mapping file",
        "币种（currency）为“元宝”：币种不认识；请用 ISO 4217 代码，或在映射文件里对应",
    ),
    (
        "account_id (账号) is missing; every record names its account; add it at the source or with the option `account`",
        "缺少账号（account_id）；每条记录都要写明账号；请在源系统补上，或用选项 account 指定",
    ),
    (
        "direction (借贷方向) is 'out': choice_unknown; known are debit, credit; map it to one of the known values in a mapping file",
        "借贷方向（direction）为“out”：取值不在范围内；可用的有：debit, credit；请在映射文件里对应到可用的取值",
    ),
    (
        "the row holds something that is no text, number, true, false or null (Expected `str | int | float | bool | null`, "
        "got `array` - at `$['amount_fen']`); send plain values, whole numbers below 2^63",
        "这一行有文字、数字、true、false、null 以外的内容（Expected `str | int | float | bool | null`, "
        "got `array` - at `$['amount_fen']`）；请发送简单的值，整数须小于 2^63",
    ),
]


@pytest.mark.parametrize(("english", "chinese"), STORED)
def test_what_an_earlier_version_said_of_a_refused_row_is_shown_in_chinese(
    english: str, chinese: str
) -> None:
    assert in_chinese(english) == chinese


def test_the_longer_template_wins() -> None:
    texts = Phrases({"there is no {}": "没有 {1}", "there is no loan {}": "没有借据 {1}"}, {})
    assert texts.chinese("there is no loan A") == "没有借据 A"


def test_a_value_in_quotation_marks_may_hold_anything() -> None:
    assert in_chinese("'a; b. c: d' is no ISO 4217 code") == "“a; b. c: d”不是 ISO 4217 代码"
    said = in_chinese("currency is 'is missing: x': currency_unknown; correct it")
    assert said == "currency 为“is missing: x”：币种不认识；请改正"


FOREIGN = [
    "",
    "something else",
    "Somebody else's sentence. There is no loan A",
    "JJ-1",
    "没有借据",
    "x" * 30_000,
]


@pytest.mark.parametrize("text", FOREIGN)
def test_what_is_not_ours_has_no_chinese(text: str) -> None:
    assert in_chinese(text) is None


def test_errors_as_they_are_kept_are_said_whole() -> None:
    kept = str(FileUnreadable("the text is in UTF-16", Place("a b.csv"), "Give --mapping"))
    assert in_chinese(kept) == "a b.csv：文字的编码是 UTF-16。请加 --mapping"
    assert in_chinese(unforeseen(ValueError("x"))) == "服务遇到未预料的错误（ValueError：x）"
    assert (
        in_chinese(str(InputError("there is no loan A", remedy="Check the loan number")))
        == "没有借据 A。请核对借据号"
    )


def test_a_hostile_text_takes_no_longer_than_any_other() -> None:
    """Values come from requests and files: no text may keep the server busy."""
    in_chinese("there is no loan A")  # reads the catalogue
    pieces = ("; is: (. ", "loan account of is missing ", "opening balance and entries of ", "'a': ", "{} ")
    began = perf_counter()
    for piece in pieces:
        in_chinese(piece * (19_000 // len(piece)))
    assert perf_counter() - began < 3

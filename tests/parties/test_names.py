"""Names are found by fragments, pinyin and initials, and stand in Chinese order."""

from __future__ import annotations

import polars as pl
import pytest

from loantrail.parties.names import SEPARATOR, folded, party_keys, search_key, sort_key, with_name_keys


@pytest.mark.parametrize("query", ["纺织", "hangzhou", "fangzhi", "hzjfz", "甲纺", "91330100"])
def test_a_company_is_found_by_fragment_pinyin_initials_and_credit_code(query: str):
    assert query in search_key("杭州甲纺织有限公司", "91330100MA27XXXX0A")


def test_readings_follow_the_phrase():
    assert "chongqingyinhang" in search_key("重庆银行")
    assert {"chaoyangmaoyi", "cymy", "zhaoyangmaoyi"} <= set(search_key("朝阳贸易").split(SEPARATOR))


def test_a_family_name_has_its_own_reading_and_the_common_one_finds_it_too():
    key = search_key("曾国藩", person=True)
    assert "zengguofan" in key and "cengguofan" in key
    assert sort_key("单雄信", person=True).startswith("shan ")
    assert "qinhua" in search_key("覃华", person=True)
    assert "qinhua" not in search_key("覃华")


def test_no_query_bridges_two_parts():
    assert all(part.strip() == part for part in search_key("杭州", "ABC").split(SEPARATOR))
    assert "zhouhz" not in search_key("杭州")


def test_full_width_and_case_make_no_difference():
    assert folded("ＡＢＣ　公司") == "abc 公司"
    assert search_key("ＡＢＣ公司") == search_key("abc公司")


def test_names_sort_by_syllable_then_by_character():
    names = ["张三", "艾米", "安阳", "西安", "先锋", "阿里"]
    assert sorted(names, key=sort_key) == ["阿里", "艾米", "安阳", "西安", "先锋", "张三"]
    assert sort_key("丁") != sort_key("盯")


@pytest.mark.parametrize("name", ["", " ", "😀", "\u3000", "''", "ü"])
def test_odd_names_have_keys_too(name: str):
    assert all(isinstance(key, str) for key in party_keys(name, "individual", None))


def test_rows_of_parties_and_staff_gain_their_keys_and_others_none():
    party = pl.DataFrame({"name": ["王伟"], "kind": ["individual"], "identity_number": [None]})
    assert with_name_keys("party", party).row(0)[3:] == ("wang wei\x1f王伟", "王伟\x1fwangwei\x1fww")
    assert with_name_keys("staff", pl.DataFrame({"name": ["曾华"]})).row(0)[1] == "zeng hua\x1f曾华"
    other = pl.DataFrame({"name": ["甲"]})
    assert with_name_keys("account", other).equals(other)


def test_a_firm_is_found_by_its_credit_code_and_no_person_by_a_fragment_of_the_identity_number():
    assert "91330100ma2" in party_keys("甲公司", "company", "91330100MA2ABCDE0X")[1]
    assert "3301" not in party_keys("王伟", "individual", "330102198001011234")[1]
    assert "3301" not in party_keys("王伟", "sole_proprietor", "330102198001011234")[1]

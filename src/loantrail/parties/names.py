"""Search and sort keys of names: the name itself, its full pinyin and the first letters of its syllables.

A sort key compares syllable by syllable, since a space stands before every letter; names with the same pinyin compare
by their characters. A search key holds everything that a fragment may hit, in lower case, with parts that no query
can bridge. Readings come from pypinyin's phrase dictionary; a person's family name has its own reading where it
differs (单 is Shan, 曾 is Zeng), and the common one is kept as a second way to find it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "party": ("name_sort", "name_search"),
    "staff": ("name_sort",),
}
"""Record type -> the columns that `with_name_keys` adds; all are text."""

PERSONS: Final = frozenset(("individual", "sole_proprietor"))
"""Kinds of parties whose name begins with a family name."""

SEPARATOR: Final = "\x1f"
"""Stands between the parts of a search key; a query cannot hold it."""

FAMILY_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "万俟": ("mo", "qi"), "尉迟": ("yu", "chi"), "长孙": ("zhang", "sun"), "令狐": ("ling", "hu"),
    "单于": ("chan", "yu"), "澹台": ("tan", "tai"), "宰父": ("zai", "fu"),
    "单": ("shan",), "曾": ("zeng",), "解": ("xie",), "仇": ("qiu",), "查": ("zha",), "区": ("ou",), "朴": ("piao",),
    "盖": ("ge",), "任": ("ren",), "翟": ("zhai",), "乐": ("yue",), "员": ("yun",), "缪": ("miao",), "冼": ("xian",),
    "覃": ("qin",), "召": ("shao",), "折": ("she",), "黑": ("he",), "秘": ("bi",), "繁": ("po",), "种": ("chong",),
    "重": ("chong",), "祭": ("zhai",), "華": ("hua",), "华": ("hua",), "哈": ("ha",), "燕": ("yan",), "纪": ("ji",),
    "晟": ("cheng",), "牟": ("mu",), "宁": ("ning",), "应": ("ying",), "干": ("gan",), "洗": ("xian",), "过": ("guo",),
}  # fmt: skip
"""Readings that a character or a pair usually has as a family name, where they differ from its first reading."""


OTHER_READINGS: Final[dict[str, str]] = {
    "朝": "chao", "长": "zhang", "行": "xing", "乐": "yue", "重": "zhong", "都": "dou", "厦": "sha", "会": "kuai",
    "传": "zhuan", "单": "shan", "盛": "cheng", "宿": "su", "六": "lu", "泊": "po", "蚌": "beng", "藏": "zang",
    "曾": "zeng", "卡": "qia", "车": "ju", "尉": "yu", "隆": "long", "柏": "bo", "贾": "gu", "降": "xiang", "石": "dan",
    "铺": "pu", "率": "lv", "大": "dai", "调": "diao", "合": "ge", "兴": "xing", "济": "ji", "浒": "xu", "堡": "pu",
    "洞": "tong", "汤": "shang", "万": "mo", "莘": "shen", "阿": "e", "莞": "wan", "台": "tai", "荥": "ying",
    "晟": "sheng", "茜": "xi", "娜": "nuo", "浚": "xun",
}  # fmt: skip
"""A second reading that these characters have in names of places and firms, or that is often typed for them."""

OTHER_READINGS_MAX: Final = 3
"""So many characters of one name are read a second way in its search key."""


@cache
def _pinyin() -> Callable[[str], list[str]]:
    # Loads its dictionaries: only where names are keyed.
    from pypinyin import lazy_pinyin

    one_by_one: Any = list  # its types know functions to a text alone
    return lambda text: lazy_pinyin(text, errors=one_by_one) if text else []


def folded(text: str) -> str:
    """Text as queries and keys are compared: full-width forms made plain, lower case, without outer blanks."""
    return unicodedata.normalize("NFKC", text).lower().strip()


def syllables(name: str, *, person: bool = False) -> list[str]:
    """Pinyin of each Chinese character without tones; any other character stands for itself."""
    family = next((part for part in (name[:2], name[:1]) if part in FAMILY_NAMES), "") if person else ""
    return [*FAMILY_NAMES.get(family, ()), *_pinyin()(name[len(family) :])]


def sort_key(name: str, *, person: bool = False) -> str:
    """What a list in Chinese order is sorted by."""
    plain = folded(name)
    return " ".join(syllables(plain, person=person)) + SEPARATOR + plain


def search_key(name: str, identity_number: str | None = None, *, person: bool = False) -> str:
    """Everything that a fragment of a query may hit: name, pinyin, initials, identity or credit code."""
    plain = folded(name)
    common = syllables(plain)
    readings = [syllables(plain, person=True), common] if person else [common]
    if len(common) == len(plain):
        places = [place for place, character in enumerate(plain) if character in OTHER_READINGS]
        for place in places[:OTHER_READINGS_MAX]:
            readings.append([*common[:place], OTHER_READINGS[plain[place]], *common[place + 1 :]])
    parts = [plain]
    for reading in readings:
        parts += ["".join(reading).replace(" ", ""), "".join(part[:1] for part in reading).replace(" ", "")]
    if identity_number:
        parts.append(folded(identity_number))
    return SEPARATOR.join(dict.fromkeys(parts))


def party_keys(name: str, kind: str, identity_number: str | None) -> tuple[str, str]:
    """`(name_sort, name_search)` of a party. A person is not found by a fragment of the identity number: whoever tried one
    digit after another would read it whole."""
    person = kind in PERSONS
    return sort_key(name, person=person), search_key(name, None if person else identity_number, person=person)


def with_name_keys(record_type: str, rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the KEY_COLUMNS of their record type; other types come back as they are."""
    if record_type == "party":
        columns = (rows.get_column(name).to_list() for name in ("name", "kind", "identity_number"))
        keys: Sequence[tuple[str, ...]] = [
            party_keys(name, kind, identity) for name, kind, identity in zip(*columns, strict=True)
        ]
    elif record_type == "staff":
        keys = [(sort_key(name, person=True),) for name in rows.get_column("name").to_list()]
    else:
        return rows
    return rows.with_columns(
        pl.Series(column, [key[place] for key in keys], dtype=pl.String)
        for place, column in enumerate(KEY_COLUMNS[record_type])
    )

"""Reads the catalogue that lies beside it: `chinese/*.yaml` maps English templates to Chinese ones (`earlier.yaml` those that are said no
more and stand in the books), `words.yaml` holds lists of single words, `requests.yaml` what is said of a request's fields, by the kind of
fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final, cast

import yaml

from loantrail.wording.matching import Phrases

WORDS: Final = "words.yaml"
REQUESTS: Final = "requests.yaml"
EARLIER: Final = "earlier.yaml"
"""Messages that earlier versions made; they stand in the books and are shown from there."""
_SAID_BY_A_RULE: Final = "Value error, "
_AT_PLACE: Final = re.compile(r" at line (?P<line>\d+) column (?P<column>\d+)$")
_JSON_INVALID_AT: Final = "第 {line} 行第 {column} 列不合 JSON 语法"
_Texts = Mapping[str, str]


@cache
def chinese_files() -> Mapping[str, Mapping[str, object]]:
    """File of the catalogue -> what it holds, by name."""
    folder = resources.files("loantrail.wording").joinpath("chinese")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the quicker one where the package has it
    return {one.name: yaml.load(one.read_text(encoding="utf-8"), Loader=loader) for one in files}  # noqa: S506  both are safe


@cache
def templates() -> _Texts:
    """English template -> Chinese template."""
    return {
        english: str(chinese)
        for name, texts in chinese_files().items()
        if name not in (WORDS, REQUESTS)
        for english, chinese in texts.items()
    }


@cache
def word_lists() -> Mapping[str, _Texts]:
    """List -> word -> its Chinese."""
    return cast("Mapping[str, _Texts]", chinese_files()[WORDS])


@cache
def request_faults() -> _Texts:
    """Kind of fault -> Chinese, with the names of its limits in braces."""
    return cast("_Texts", chinese_files()[REQUESTS])


@cache
def _phrases() -> Phrases:
    return Phrases(templates(), word_lists())


@lru_cache(maxsize=4_096)
def in_chinese(text: str) -> str | None:
    """The message in Chinese; None where it is none of ours (a later version's, a library's): then show it as it is."""
    return _phrases().chinese(text)


def request_in_chinese(fault: str, limits: Mapping[str, object], message: str) -> str | None:
    """What is wrong with a field of a request, in Chinese: `fault` is pydantic's name of it, `limits` what it says with
    it. A rule of ours (`value_error`) says it in `message`."""
    at = _AT_PLACE.search(str(limits.get("error", "")))
    if fault == "json_invalid" and at is not None:
        # What the reader of JSON found there is said in its own words, which are English.
        return _JSON_INVALID_AT.format_map(at.groupdict())
    words = request_faults().get(fault)
    if words is None:
        return in_chinese(message.removeprefix(_SAID_BY_A_RULE))
    # pydantic lists what it expects as 'a', 'b' or 'c'.
    told = {
        name: str(value).replace("'", "").replace(" or ", ", ") if name.startswith("expected") else str(value)
        for name, value in limits.items()
    }
    try:
        return words.format_map(told)
    except KeyError:
        return None  # a version of pydantic that says no such limit

"""Everything that the product says in English has its Chinese, and the catalogue holds nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from tools.wording import LIBRARIES, NOT_SHOWN, SOURCE, Messages, units

from loantrail.wording.catalogue import EARLIER, REQUESTS, WORDS, chinese_files, templates, word_lists
from loantrail.wording.matching import CHINESE, TEXT, known_word, lowered

LOCALE = Path(__file__).resolve().parents[2] / "web" / "src" / "i18n" / "zh"
HOLE = re.compile(r"\{(\d+)(?:[:=](\w+))?\}")
OWN = {
    english: name
    for name, texts in chinese_files().items()
    if name not in (WORDS, REQUESTS, LIBRARIES, EARLIER)
    for english in texts
}


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Template -> where it is written."""
    return {one.template: one.place for one in Messages(SOURCE).messages()}


def test_every_message_has_its_chinese(written: dict[str, str]) -> None:
    known = {lowered(english) for english in templates()}
    without = [f'{place}: "{template}": ""' for template, place in written.items() if template not in known]
    assert not without, (
        "give these a line with {1}, {2}, ... for their values in src/loantrail/wording/chinese/<noun>.yaml "
        "(python tools/wording.py prints them; docs/decisions/wording.md):\n" + "\n".join(without)
    )


def test_the_catalogue_holds_nothing_that_is_said_nowhere(written: dict[str, str]) -> None:
    unused = [f"{name}: {english}" for english, name in OWN.items() if lowered(english) not in written]
    assert not unused, "these messages are gone or changed:\n" + "\n".join(unused)


def test_what_earlier_versions_said_is_said_no_more(written: dict[str, str]) -> None:
    again = [english for english in chinese_files()[EARLIER] if lowered(english) in written]
    assert not again, "these are made again and belong into the file of their noun:\n" + "\n".join(again)


def test_many_messages_are_found(written: dict[str, str]) -> None:
    assert len(written) > 500


def test_no_template_stands_twice() -> None:
    listed = [
        lowered(english)
        for name, texts in chinese_files().items()
        if name not in (WORDS, REQUESTS)
        for english in texts
    ]
    assert [english for english, count in Counter(listed).items() if count > 1] == []


def test_both_languages_take_the_same_values() -> None:
    wrong: list[str] = []
    for english, chinese in templates().items():
        holes = HOLE.findall(chinese)
        wanted, taken = set(range(1, english.count("{}") + 1)), {int(place) for place, _ in holes}
        # Of a library's text the Chinese may leave out what helps nobody.
        agree = taken == wanted or (english not in OWN and taken < wanted)
        if not agree or not {words for _, words in holes} - {"", TEXT, CHINESE} <= word_lists().keys():
            wrong.append(f"{english}: {chinese}")
    assert wrong == []


def test_every_template_has_a_word_to_find_it_by() -> None:
    assert [english for english in templates() if len(known_word(english)) < 2] == []


def test_no_template_joins_clauses() -> None:
    """Clauses have templates of their own: they come in many combinations."""
    assert [english for english in OWN if units(english) != [lowered(english)]] == []


def test_the_chinese_is_written_as_the_page_writes_it() -> None:
    """Full-width punctuation; a blank between Chinese and digits, Latin or a value as it came."""
    texts = [
        chinese.replace("记账金额(收入)", "").replace("记账金额(支出)", "")
        for chinese in templates().values()
    ]
    ideograph, latin = "[\u4e00-\u9fff]", r"(?:[A-Za-z0-9]|\{\d+\})"
    half = "[,;:()?!]"
    close = re.compile(f"{ideograph}{latin}|{latin}{ideograph}|{ideograph}{half}|{half}{ideograph}")
    assert [text for text in texts if not re.search(ideograph, text)] == []
    assert [text for text in texts if close.search(re.sub(r"\{\d+[:=]\w+\}", "", text))] == []
    assert [text for text in texts if text.endswith(("。", " ", "；"))] == []


def test_words_of_the_page_s_lists_are_those_of_the_page() -> None:
    page = {
        key: text
        for file in sorted(LOCALE.glob("*.json"))
        for key, text in json.loads(file.read_text("utf-8")).items()
    }
    listed = {f"{name}.{word}": text for name, words in word_lists().items() for word, text in words.items()}
    # What stands for a whole file is no type of records.
    wanted = {key: text for key, text in page.items() if key.partition(".")[0] in word_lists()}
    wanted.pop("record_type.file")
    assert len(wanted) > 100
    assert {key: text for key, text in wanted.items() if listed.get(key) != text} == {}, (
        "give src/loantrail/wording/chinese/words.yaml the same words"
    )


def test_what_is_left_out_exists_and_says_why() -> None:
    assert all((SOURCE / part).is_dir() and len(reason) > 20 for part, reason in NOT_SHOWN.items())


PLANTED = """
from collections.abc import Callable

from loantrail.errors import InputError, Place

REMEDY = "Mend it; or leave it"
KINDS = {"a": "the first way", "b": "the second way"}


class Refused(InputError):
    def __init__(self, why: str, field: str) -> None:
        super().__init__(why, Place(field=field), "Choose another")


def refuse(problem: str) -> InputError:
    return InputError(problem, remedy=REMEDY)


def told(kind: str) -> str:
    return KINDS.get(kind, "no way at all")


def act(name: str, count: int, kind: str, say: Callable[[str], object]) -> None:
    if count:
        raise refuse(f"{name!r} has {count} holes" if count > 1 else f"{name!r} has a hole")
    message = "the net " + f"of {name} is torn"
    say(f"mending {count} nets")
    if kind:
        raise Refused(f"it goes {told(kind)} ({name})", "kind")
    raise InputError(message)
"""


def test_a_message_is_found_through_names_calls_and_choices(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text((SOURCE / "errors.py").read_text("utf-8"), "utf-8")
    (tmp_path / "nets.py").write_text(PLANTED, "utf-8")
    found = {one.template for one in Messages(tmp_path).messages() if "nets.py" in one.place}
    assert found == {
        "mend it",
        "or leave it",
        "choose another",
        "{} has {} holes",
        "{} has a hole",
        "the net of {} is torn",
        "mending {} nets",
        "it goes the first way ({})",
        "it goes the second way ({})",
        "it goes no way at all ({})",
    }

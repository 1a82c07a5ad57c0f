"""Finds the template that a finished sentence was made from, and fills its values into the Chinese one.

A message is one clause or several, joined by "; " or ". ", each with a template of its own. In an English template `{}`
stands for a value. In the Chinese one `{1}` is the first value as it is, `{1:list}` the Chinese of that word in a list
of the catalogue, where it has one, `{1=list}` the same, but the template fits only words of the list, `{1:text}` a
message inside the message, and `{1:chinese}` words that are Chinese already. Every step is linear in the text: values
come from outside and may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

HOLE: Final = "{}"
TEXT: Final = "text"
CHINESE: Final = "chinese"
LONGEST_TEXT: Final = 20_000
DEEPEST: Final = 3
"""How many messages may stand inside one another."""
SEPARATORS: Final = {"; ": "；", ". ": "。"}
CLAUSES_MAX: Final = 12
PLACES_MAX: Final = 4

_CHINESE_HOLE: Final = re.compile(r"\{(\d+)(?:([:=])(\w+))?\}")
_WORD: Final = re.compile(r"\w+")
_BETWEEN_CLAUSES: Final = re.compile(r"[;.] ")
_FIRST_WORD: Final = re.compile(r"[A-Z](?=[a-z']*(?:\W|$))")
_PLACE: Final = re.compile(
    r"(?P<file>.*?)(?:(?:^|, )row (?P<row>\d+))?(?:(?:^|, )field (?P<field>[^,]+))?", re.DOTALL
)
_QUOTES: Final = ("'", '"')
_NO_VALUE: Final = "None"


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a value stands in a Chinese template: `place` counts from 1."""

    place: int
    words: str = ""
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A template: the English texts around its values, the Chinese parts, and how much of it is fixed."""

    literals: tuple[str, ...]
    chinese: tuple[str | Hole, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class Found:
    """Chinese for a text; `weight` counts the characters of it that templates account for."""

    weight: int
    chinese: str


def lowered(template: str) -> str:
    """The template with its first word in lower case, where that is an ordinary word: sentences begin either way."""
    return template[0].lower() + template[1:] if _FIRST_WORD.match(template) else template


def phrase(english: str, chinese: str) -> Phrase:
    """The two templates taken apart."""
    literals = tuple(_unbraced(part) for part in lowered(english).split(HOLE))
    parts: list[str | Hole] = []
    at = 0
    for found in _CHINESE_HOLE.finditer(chinese):
        parts += [chinese[at : found.start()], Hole(int(found[1]), found[3] or "", found[2] == "=")]
        at = found.end()
    parts.append(chinese[at:])
    return Phrase(literals, tuple(part for part in parts if part != ""), sum(map(len, literals)))


def _unbraced(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}")


def known_word(english: str) -> str:
    """The longest word that stands whole in every sentence of the template; empty where there is none."""
    marked = english.replace(HOLE, "\x00")
    words = [
        found[0]
        for found in _WORD.finditer(marked)
        if marked[found.start() - 1 : found.start()] != "\x00"
        and marked[found.end() : found.end() + 1] != "\x00"
    ]
    return max(words, key=len, default="")


class Phrases:
    """All templates, by the longest word of each, and the lists of words."""

    def __init__(self, templates: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> None:
        self._words: Final = words
        self._by_word: Final[dict[str, list[Phrase]]] = {}
        for english, chinese in templates.items():
            self._by_word.setdefault(known_word(lowered(english)), []).append(phrase(english, chinese))

    def chinese(self, text: str) -> str | None:
        """The message in Chinese; None where a part of it is made from no template."""
        found = self._message(text, 0) if len(text) <= LONGEST_TEXT else None
        return found.chinese if found else None

    def _message(self, text: str, depth: int) -> Found | None:
        if not text or depth > DEEPEST:
            return None
        return _heavier([self._clauses(text, depth), *self._placed(text, depth)])

    def _placed(self, text: str, depth: int) -> Iterable[Found]:
        """Readings of the text as `place: message`."""
        at = -1
        for _ in range(PLACES_MAX):
            at = text.find(": ", at + 1)
            if at < 0:
                return
            place = _PLACE.fullmatch(text[:at])
            if place is None or place["file"][:1] in _QUOTES or "; " in place["file"]:
                continue
            message = self._clauses(text[at + 2 :], depth)
            if message is not None:
                where, sure = _place_words(place)
                yield Found(message.weight + 2 + sure, f"{where}：{message.chinese}")

    def _clauses(self, text: str, depth: int) -> Found | None:
        """The best way to cut the text into clauses that all have templates."""
        cuts = [found.start() for found in _BETWEEN_CLAUSES.finditer(text)][:CLAUSES_MAX]
        starts = [0, *(cut + 2 for cut in cuts)]
        ends = [*cuts, len(text)]
        best: list[Found | None] = [None] * len(starts)
        for first in reversed(range(len(starts))):
            readings: list[Found | None] = []
            for last in range(first, len(ends)):
                rest = best[last + 1] if last + 1 < len(ends) else None
                if last + 1 < len(ends) and rest is None:
                    continue
                clause = self._clause(text[starts[first] : ends[last]], depth)
                if clause is not None and rest is not None:
                    mark = SEPARATORS[text[ends[last] : ends[last] + 2]]
                    clause = Found(clause.weight + 2 + rest.weight, f"{clause.chinese}{mark}{rest.chinese}")
                readings.append(clause)
            best[first] = _heavier(readings)
        return best[0]

    def _clause(self, text: str, depth: int) -> Found | None:
        begun = lowered(text)
        fitting = [one for word in set(_WORD.findall(begun)) for one in self._by_word.get(word, ())]
        # A value at the beginning stays as it is.
        return _heavier(self._filled(one, begun if one.literals[0] else text, depth) for one in fitting)

    def _filled(self, one: Phrase, text: str, depth: int) -> Found | None:
        values = _values(one.literals, text)
        if values is None:
            return None
        weight, chinese = one.weight, ""
        closed = False
        for part in one.chinese:
            if isinstance(part, str):
                chinese = _joined(chinese, part) if closed else chinese + part
                closed = False
                continue
            found = self._value(part, values[part.place - 1], depth)
            if found is None:
                return None
            weight += found.weight
            # A value as it came keeps the blanks of the template; Chinese words need none.
            closed = part.words == CHINESE or found.chinese != values[part.place - 1]
            chinese = _joined(chinese, found.chinese) if closed else chinese + found.chinese
        return Found(weight, chinese)

    def _value(self, hole: Hole, value: str, depth: int) -> Found | None:
        """The value as it is shown; None where a strict list has no such word."""
        if hole.words == CHINESE:
            return Found(0, value)
        if hole.words == TEXT:
            return self._message(value, depth + 1) or Found(0, value)
        if hole.words:
            words = self._words[hole.words]
            listed = [words.get(word) for word in value.split(", ")]
            if all(listed):
                return Found(len(value) if hole.strict else 0, "、".join(word for word in listed if word))
            if hole.strict:
                return None
        if value == _NO_VALUE:
            return Found(0, "空")
        if len(value) > 1 and value[0] in _QUOTES and value[-1] == value[0]:
            return Found(0, f"“{value[1:-1]}”")
        return Found(0, value)


def _heavier(readings: Iterable[Found | None]) -> Found | None:
    return max((one for one in readings if one is not None), key=lambda one: one.weight, default=None)


def _values(literals: tuple[str, ...], text: str) -> list[str] | None:
    """The texts between the literals, each as short as can be; None where they do not stand in the text in this order.
    A value that begins with a quotation mark goes to its end."""
    first, last = literals[0], literals[-1]
    if len(literals) == 1:
        return [] if text == first else None
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return None
    at, end = len(first), len(text) - len(last)
    values: list[str] = []
    for literal in literals[1:-1]:
        found = text.find(literal, at, end)
        if found < 0:
            return None
        if text[at : at + 1] in _QUOTES and text[found - 1 : found] != text[at]:
            quoted = text.find(text[at] + literal, at + 1, end)
            found = quoted + 1 if quoted >= 0 else found
        values.append(text[at:found])
        at = found + len(literal)
    values.append(text[at:end])
    return values


def _place_words(place: re.Match[str]) -> tuple[str, int]:
    """File, row and field in Chinese, and how many characters of the English are certain to say a place."""
    file, row, field = place["file"], place["row"], place["field"]
    row_words = f"第 {row} 行" if row else ""
    where = f"{file} {row_words}".strip()
    field_words = f"字段 {field}" if field else ""
    return "，".join(part for part in (where, field_words) if part), (4 if row else 0) + (6 if field else 0)


def _joined(left: str, right: str) -> str:
    """Two texts of which one is Chinese words: a blank between Chinese and Latin, none within Chinese."""
    before, after = left.rstrip(" "), right.lstrip(" ")
    if not before or not after:
        return before + after
    one, other = _script(before[-1]), _script(after[0])
    if "mark" in (one, other) or one == other == "chinese":
        return before + after
    return f"{before} {after}" if one != other else left + right


def _script(character: str) -> str:
    if "\u4e00" <= character <= "\u9fff":
        return "chinese"
    return (
        "mark"
        if character in "“”‘’…—" or "\u3000" <= character <= "\u303f" or character >= "\uff00"
        else "latin"
    )

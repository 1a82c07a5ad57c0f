"""What may be written at a place of a condition: fields, parameters, functions, values of a class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from loantrail.parameters import ParameterBook
from loantrail.rules.fields import FUNCTIONS, SHIPPED, Catalogue, value_name, values_of

MOST: Final = 50
_WORD: Final = re.compile(r"\w*$")
_CLASS_BEFORE: Final = re.compile(
    r"([A-Za-z0-9_]+)\s*(?:=|<>|!=|(?:NOT\s+)?IN\s*\((?:\s*'[^']*'\s*,)*)\s*$", re.IGNORECASE
)
_KEYWORDS: Final = ("AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS NULL", "IS NOT NULL", "TRUE", "FALSE")


@dataclass(frozen=True, slots=True)
class Proposal:
    """`kind` is field, parameter, function, class or word; `insert` replaces the text from `start` to the cursor."""

    insert: str
    kind: str
    start: int
    chinese: str
    english: str
    detail: str


def complete(
    text: str, cursor: int, parameters: ParameterBook, occasion: str = "", catalogue: Catalogue = SHIPPED
) -> tuple[Proposal, ...]:
    """At most MOST proposals for the word that ends at `cursor`, those that begin with it first; none for a number."""
    before = text[: max(0, min(cursor, len(text)))]
    quotes = before.count("'")
    if quotes % 2 == 1:
        return _classes(before, catalogue)
    found = _WORD.search(before)
    word = found.group() if found else ""
    if word[:1].isdigit():
        return ()  # a number: nothing that may be named begins with a digit
    start = len(before) - len(word)
    if before[:start].endswith(":") and not before[:start].endswith("::"):
        names = [
            Proposal(f":{name}", "parameter", start - 1, _value(parameters, name), _value(parameters, name), parameters.periods(name)[-1].unit)
            for name in parameters.names
        ]  # fmt: skip
        return _fitting(names, f":{word}")
    offers = [
        Proposal(name, "field", start, field.chinese, field.english, field.kind)
        for name, field in catalogue.items()
        if not occasion or field.grain in ("both", occasion)
    ]
    offers += [
        Proposal(f"{one.name}(", "function", start, one.chinese, one.english, one.usage)
        for one in FUNCTIONS.values()
    ]
    offers += [Proposal(word_, "word", start, "", "", "") for word_ in _KEYWORDS]
    return _fitting(offers, word)


def _classes(before: str, catalogue: Catalogue) -> tuple[Proposal, ...]:
    """Inside quotation marks: the values of the field that stands before them."""
    opened = before.rindex("'")
    named = _CLASS_BEFORE.search(before[:opened])
    if named is None or named.group(1) not in catalogue:
        return ()
    values = values_of(named.group(1))
    offers = [
        Proposal(value, "class", opened + 1, *value_name(named.group(1), value), named.group(1))
        for value in values
    ]
    return _fitting(offers, before[opened + 1 :])


def _fitting(offers: list[Proposal], word: str) -> tuple[Proposal, ...]:
    low = word.lower()
    first = [one for one in offers if one.insert.lower().startswith(low)]
    rest = [
        one
        for one in offers
        if one not in first
        and low
        and (low.lstrip(":") in one.insert.lower() or low in one.chinese or low in one.english.lower())
    ]
    return tuple((first + rest)[:MOST])


def _value(parameters: ParameterBook, name: str) -> str:
    value = parameters.periods(name)[-1].value
    return f"{value:,}" if isinstance(value, int) else ", ".join(value[:3])

"""The words of documents, in Chinese and English: the page's own lists of words, and texts that only stand in print.

`words/<language>/words.json`, `clues.json` and `disputes.json` say the same as the files of the page; a test compares
them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

from loantrail.errors import InputError

Language = Literal["zh", "en"]
FILES: Final = ("words", "clues", "report", "disputes", "pack")

# What the classification saw is a short English phrase with a term in it; each phrase has its words.
_CLUES: Final[tuple[tuple[str, str, str], ...]] = (
    (r"name of a person", "clue.person", ""),
    (r"name of a company", "clue.company", ""),
    (r"same name as the payer", "clue.same_name", ""),
    (r"nothing known", "clue.nothing", ""),
    (r"payment order, document (.+)", "clue.order_document", ""),
    (r"payment order (.+)", "clue.order", ""),
    (r"contract (.+)", "clue.contract", ""),
    (r"invoice (.+)", "clue.invoice", ""),
    (r"name (.+)", "clue.name", ""),
    (r"remark (.+)", "clue.remark", ""),
    (r"industry (.+)", "clue.industry", ""),
    (r"bank code (.+)", "clue.bank_code", ""),
    (r"merchant code (.+)", "clue.merchant_code", ""),
    (r"account kind (.+)", "clue.account_kind", "account_kind"),
    (r"account class (.+)", "clue.account_class", "use"),
    (r"party kind (.+)", "clue.party_kind", "party_kind"),
)


_PLACE: Final = re.compile(r"\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}")
"""Where a text takes a value, with the forms of what is counted."""


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: Language
    texts: dict[str, str]

    def say(self, key: str, **values: str | int) -> str:
        """The text of a key with `{name}` replaced by the values, and `{count|loan|loans}` by the number and the form that goes
        with it. KeyError for an unknown key: a defect."""

        def filled(place: re.Match[str]) -> str:
            name, one, many = place.groups()
            if name not in values:
                return place[0]
            value = str(values[name])
            return value if one is None else f"{value} {one if value == '1' else many}"

        return _PLACE.sub(filled, self.texts[key])

    def name(self, kind: str, value: str) -> str:
        """The word for one value of a list, such as `product`; the value itself where it has none."""
        return self.texts.get(f"{kind}.{value}", value)

    def clue(self, evidence: str) -> str:
        """What the classification saw, in words."""
        for pattern, key, kind in _CLUES:
            found = re.fullmatch(pattern, evidence)
            if found:
                term = found[1] if found.groups() else ""
                return self.say(key, term=self.name(kind, term) if kind else term)
        return evidence


@lru_cache(maxsize=2)
def words(language: str) -> Words:
    """The words of `zh` or `en`; InputError for another language."""
    if language not in ("zh", "en"):
        raise InputError(f"there are no texts in the language {language!r}", remedy="Choose zh or en")
    folder = resources.files("loantrail.reports").joinpath("words", language)
    texts: dict[str, str] = {}
    for name in FILES:
        texts |= json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return Words(language, texts)

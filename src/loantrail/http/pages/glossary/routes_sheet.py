"""The glossary as a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query

from loantrail.http.access import signed_in
from loantrail.http.pages.glossary.terms import GROUPS
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import Table, add_sheet, text
from loantrail.reports.page_words import page_words

router = APIRouter(tags=["glossary"])


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that were found, in the order of reading: `group`, `term`."""

    items: list[dict[str, str]]


def found_terms(search: Annotated[str, Query(max_length=60, pattern=PRINTABLE)] = "") -> Terms:
    """The terms that the page picks out of all."""
    fragment = _plain(search)
    return Terms(
        [
            {"group": group, "term": name}
            for group, names in GROUPS.items()
            for name in names
            if fragment in _plain(_said(name))
        ]
    )


def _said(name: str) -> str:
    """What a term is called and what is said of it, in both languages."""
    both = page_words("zh"), page_words("en")
    return " ".join(words.say(f"{kind}.{name}") for kind in ("term", "term_text") for words in both)


def _plain(written: str) -> str:
    """Case and blanks do not matter."""
    return "".join(written.lower().split())


TERMS: Final = Table(
    "glossary",
    "glossary.title",
    (
        text("glossary.groups", "group", 18, "term_group"),
        text(("中文", "Chinese"), lambda row, _: page_words("zh").say(f"term.{row['term']}"), 20),
        text(("英文", "English"), lambda row, _: page_words("en").say(f"term.{row['term']}"), 30),
        text(("含义", "Meaning"), lambda row, words: words.say(f"term_text.{row['term']}"), 90),
    ),
    {"search": ("glossary.search", "")},
    readers=True,
)
add_sheet(router, "/glossary", TERMS, found_terms, signed_in())

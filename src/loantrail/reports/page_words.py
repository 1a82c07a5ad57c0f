"""The words of the pages, for what is made of a page elsewhere: a table as a spreadsheet has the titles and values that its
reader saw on the screen."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from loantrail.errors import InputError
from loantrail.reports.words import Words


@lru_cache(maxsize=2)
def page_words(language: str) -> Words:
    """All texts of the pages in `zh` or `en`; InputError for another language."""
    if language not in ("zh", "en"):
        raise InputError(f"there are no texts in the language {language!r}", remedy="Choose zh or en")
    texts: dict[str, str] = {}
    for file in _folder().joinpath(language).iterdir():
        if file.name.endswith(".json"):
            texts |= json.loads(file.read_text(encoding="utf-8"))
    return Words(language, texts)


def _folder() -> Traversable | Path:
    """The texts that were delivered with the product, or lie beside its sources."""
    delivered = resources.files("loantrail.reports").joinpath("page")
    return delivered if delivered.is_dir() else Path(__file__).resolve().parents[3] / "web" / "src" / "i18n"

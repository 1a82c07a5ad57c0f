"""The catalogue of signals as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from loantrail.http.access import allowed
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import Table, add_sheet, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.signals.answers import SignalCatalogue, SignalFamily
from loantrail.signals.routes import signal_catalogue

router = APIRouter(tags=["signals"])


def found_signals(
    search: Annotated[str, Query(max_length=60, pattern=PRINTABLE)] = "",
) -> SignalCatalogue:
    """The signals that the page picks out of all, in the order of a row."""
    fragment = _plain(search)
    families = [one for one in signal_catalogue().families if fragment in _plain(_said(one))]
    return SignalCatalogue(families=families)


def _plain(written: str) -> str:
    """Case and blanks do not matter."""
    return "".join(written.lower().split())


def _said(family: SignalFamily) -> str:
    texts = (family.chinese, family.english, family.meaning_chinese, family.meaning_english)
    return " ".join((*texts, *(field.name for field in family.fields)))


def _fields(answer: Any) -> Iterator[Row]:
    return ({**family, **field} for family in answer["families"] for field in family["fields"])


def _in_language(field: str) -> Any:
    return lambda row, words: row[f"{field}_{'chinese' if words.language == 'zh' else 'english'}"]


CATALOGUE: Final = Table(
    "signal-catalogue",
    "signals.title",
    (
        text("signals.groups", "group", 18, "signal_group"),
        text("signals.names", "name", 34),
        text(("中文名称", "Chinese name"), "chinese", 34),
        text(("英文名称", "English name"), "english", 40),
        text(("含义", "Meaning"), _in_language("meaning"), 60),
        text(("窗口", "Window"), "window", 12, "signal_window"),
        text(
            ("单位", "Unit"),
            lambda row, words: words.name("signal_unit", row["unit"] or row["kind"]),
            14,
        ),
        text("signals.occasion", "grain", 18, "signal_grain"),
    ),
    {"search": ("signals.search", "")},
    _fields,
)
add_sheet(
    router, "/signals/catalogue", CATALOGUE, found_signals, allowed(Ability.READ_LOANS, Ability.READ_RULES)
)

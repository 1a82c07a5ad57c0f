"""How many warnings there are a month, and what each rule adds to them, as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter

from loantrail.http.access import allowed
from loantrail.http.pages.sheets import Table, add_sheet, count, tenths, text
from loantrail.http.pages.warnings.routes import volume
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["warnings"])


def _months(answer: Any) -> Iterator[Row]:
    """Each month with its numbers for each 1,000 loans, in thousandths."""
    loans = answer["loans"]
    for row in answer["months"]:
        each = {
            f"{name}_milli": row[name] * 1_000_000 // loans if loans else None
            for name in ("threads", "severe")
        }
        yield {**row, **each}


def _rule(row: Row, words: Words) -> str:
    """What a rule calls itself, else what the pages call the pattern."""
    called = row["called"] and row["called"]["chinese" if words.language == "zh" else "english"]
    return called or words.name("pattern", row["rule_code"])


MONTHS: Final = Table(
    "warnings-by-month",
    "warnings.volume",
    (
        text("warnings.month", "month", 10),
        tenths("warnings.per_thousand", "threads_milli"),
        tenths("warnings.severe", "severe_milli"),
        count(("新线索数", "New threads"), "threads"),
        count(("其中橙色、红色数", "Orange or red"), "severe"),
    ),
    {},
    _months,
)
RULES: Final = Table(
    "warnings-by-rule",
    ("各规则的线索", "Threads by rule"),
    (
        text("warnings.rule", _rule, 34),
        count(("命中次数", "Hits"), "hits"),
        count("warnings.threads", "threads"),
        tenths("warnings.per_thousand_a_month", "threads_milli"),
        count("warnings.alone", "alone"),
        count(("认定属实", "Found true"), "true_positives"),
        count(("误报", "False alarms"), "false_alarms"),
        count("warnings.suppressed", "suppressed"),
    ),
    {},
    lambda answer: ({**row, "called": answer["rule_words"].get(row["rule_code"])} for row in answer["rules"]),
)
_READ: Final = allowed(Ability.READ_WARNINGS)
add_sheet(router, "/warnings/volume", MONTHS, volume, _READ)
add_sheet(router, "/warnings/rules", RULES, volume, _READ)

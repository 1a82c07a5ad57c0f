"""The entries of the lists as a spreadsheet, whatever their list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter

from loantrail.http.access import allowed
from loantrail.http.pages.sheets import Table, add_sheet, day, instant, text
from loantrail.identity.abilities import Ability
from loantrail.lists.routes import list_entries
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["lists"])


def _entries(answer: Any) -> Iterator[Row]:
    rules = {one["code"]: one for one in answer["allow_rules"]}
    return ({**row, "rule": rules.get(row["rule_code"])} for row in answer["items"])


def _rule(row: Row, words: Words) -> str:
    """What a rule calls itself, else what the pages call the pattern."""
    called = row["rule"] and row["rule"]["chinese" if words.language == "zh" else "english"]
    return called or (words.name("pattern", row["rule_code"]) if row["rule_code"] else "")


ENTRIES: Final = Table(
    "lists",
    "lists.title",
    (
        text("lists.column_list", "list", 12, "list_name"),
        text(("对象类型", "About"), "scope", 10, "list_scope"),
        text(("对象编号", "Number"), "subject", 24),
        text(("名称", "Name"), "name", 34),
        text("lists.column_rule", _rule, 28),
        text("lists.column_reason", "reason", 40),
        day("lists.column_expires", "expires_on"),
        text("lists.column_state", "state", 10, "list_state"),
        text(("提出人", "Proposed by"), "maker_name", 14),
        instant(("提出时间", "Proposed at"), "made_at"),
        text(("批准人", "Approved by"), "checker_name", 14),
        instant(("批准时间", "Approved at"), "checked_at"),
        text(("移出人", "Ended by"), "ended_by_name", 14),
        instant(("移出时间", "Ended at"), "ended_at"),
        text(("移出原因", "Why ended"), "ended_reason", 40),
    ),
    {
        "list_name": ("lists.column_list", "list_name"),
        "state": ("lists.column_state", "list_state"),
        "search": ("lists.search", ""),
    },
    _entries,
)
add_sheet(router, "/list-entries", ENTRIES, list_entries, allowed(Ability.READ_RULES))

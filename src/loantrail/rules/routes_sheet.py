"""The rules, and what a version of one found, as spreadsheets."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request

from loantrail.http.access import allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import (
    Table,
    add_sheet,
    amount,
    count,
    instant,
    share,
    tenths,
    text,
)
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words
from loantrail.rules.answers import RuleList, RuleRow
from loantrail.rules.model import State
from loantrail.rules.routes import hits, list_rules

router = APIRouter(tags=["rules"])

Shown = Literal["all", "published", "shadow", "waiting"]


def found_rules(
    request: Request,
    connections: Lending,
    shown: Shown = "all",
    search: Annotated[str, Query(max_length=100, pattern=PRINTABLE)] = "",
) -> RuleList:
    """The rules that the page picks out of all."""
    every = list_rules(request, connections)
    fragment = search.strip().lower()
    rules = [one for one in every.rules if _is_shown(one, shown) and fragment in _said(one)]
    return every.model_copy(update={"rules": rules})


def _is_shown(rule: RuleRow, shown: Shown) -> bool:
    if shown == "waiting":
        return State.PROPOSED in (rule.state, rule.waiting)
    return shown in ("all", rule.state)


def _said(rule: RuleRow) -> str:
    return " ".join((rule.code, rule.chinese, rule.english)).lower()


def _name(row: Row, words: Words) -> str:
    return row["chinese" if words.language == "zh" else "english"]


def _judged(row: Row, words: Words) -> str | None:
    """Why the figures are missing, where they are."""
    if row["found"] is None:
        return words.say("rules.not_judged")
    if row["found"]["stopped"]:
        return words.name("rules_stopped", row["found"]["stopped"])
    return words.say("rules.cost_day_hint") if row["found"]["threads_milli"] is None else None


RULES: Final = Table(
    "rules",
    "rules.title",
    (
        text(("代码", "Code"), "code", 22),
        text("rules.column_rule", _name, 34),
        count(("版本", "Version"), "version"),
        text("rules.column_state", "state", 12, "rule_state"),
        text(("较新的版本", "Newer version"), "waiting", 12, "rule_state"),
        text("rules.column_level", "level", 10, "warning_level"),
        text("rules.column_occasion", "occasion", 14, "occasion"),
        count("rules.column_hits", "found.loans_hit"),
        count(("判断贷款", "Loans judged"), "found.loans"),
        tenths("rules.threads", "found.threads_milli"),
        tenths("rules.severe", "found.severe_milli"),
        text(("说明", "Remark"), _judged, 30),
        instant(("判断时间", "Judged at"), "found.at"),
    ),
    {"shown": ("rules.shown", "rules_shown"), "search": ("rules.search", "")},
    lambda answer: answer["rules"],
)
HITS: Final = Table(
    "rule-hits",
    ("命中的贷款", "Loans found"),
    (
        text("rules.column_loan", "loan_id", 26),
        instant("rules.column_at", "at"),
        text("rules.column_level", "level", 10, "warning_level"),
        amount("rules.column_amount", "amount_fen"),
        share("rules.column_share", "share_ppm"),
        text(("去向", "Use"), "destination_class", 20, "use"),
        text(
            ("说明", "Explanation"),
            lambda row, words: row["explanation_chinese" if words.language == "zh" else "explanation"],
            60,
        ),
    ),
    {"rule_id": (("版本编号", "Version id"), "")},
    dated=True,
)
_READ: Final = allowed(Ability.READ_RULES)
add_sheet(router, "/rules", RULES, found_rules, _READ)
add_sheet(router, "/rule-versions/{rule_id}/hits", HITS, hits, _READ)

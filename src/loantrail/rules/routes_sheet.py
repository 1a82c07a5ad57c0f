"""The rules, and what a version of one found, as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request

from loantrail.http.access import Opening, Person, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.imports.routes_sheet import problem
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.pages.sheets import (
    Table,
    add_sheet,
    amount,
    count,
    day,
    instant,
    share,
    tenths,
    text,
)
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words
from loantrail.rules import store_backtest
from loantrail.rules.answers import RuleList, RuleRow
from loantrail.rules.answers_backtest import BacktestBrief, BacktestRow
from loantrail.rules.model import State
from loantrail.rules.routes import RuleId, hits, list_rules, version_of
from loantrail.rules.routes_backtest import BacktestId, backtest_told, no_backtest

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
        return rule.retirement_waits or State.PROPOSED in (rule.state, rule.waiting)
    return shown in ("all", rule.state)


def _said(rule: RuleRow) -> str:
    return " ".join((rule.code, rule.chinese, rule.english)).lower()


def _name(row: Row, words: Words) -> str:
    return row["chinese" if words.language == "zh" else "english"]


def _retirement(row: Row, words: Words) -> str | None:
    return words.say("rules.retirement_waits") if row["retirement_waits"] else None


def _compared(field: str) -> Any:
    """A figure that a back-test has only where it was compared with another version."""
    return lambda row, _: row["result"][field] if row["result"] and row["result"]["compared"] else None


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
        text(("停用", "Retirement"), _retirement, 12),
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
PATTERNS: Final = Table(
    "patterns",
    "rules.patterns",
    (
        text(("代码", "Code"), "code", 22),
        text("rules.pattern", lambda row, words: words.name("pattern", row["code"]), 34),
        text(
            ("说明", "Remark"),
            lambda row, words: words.say("rules.pattern_by_rule") if row["by_rule"] else None,
            30,
        ),
        count("rules.column_threads", "threads"),
        count("rules.severe", "severe"),
        tenths("rules.threads", "threads_milli"),
        tenths(("每千笔每月橙色、红色线索", "Orange or red per 1,000 loans a month"), "severe_milli"),
    ),
    {},
    lambda answer: answer["patterns"],
)
_VERSION: Final = {"rule_id": (("版本编号", "Version id"), "")}
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
    _VERSION,
    dated=True,
)


def backtests_of(connections: Lending, rule_id: RuleId) -> list[BacktestBrief]:
    """The last back-tests of a version, the newest first."""
    with connections.connection() as connection:
        rows = store_backtest.of_rule(connection, version_of(connection, rule_id).content.code)
    return [BacktestBrief.model_validate(one) for one in rows if one["rule_id"] == rule_id]


BACKTESTS: Final = Table(
    "backtests",
    "rules.backtest",
    (
        instant(("开始时间", "Started at"), "requested_at"),
        text(("开始人", "Started by"), "requested_by", 14),
        day("rules.from", "from_date"),
        day("rules.to", "to_date"),
        text("rules.column_state", "state", 12, "backtest_state"),
        count(("与第几版比较", "Compared with version"), "compared_version"),
        count(("判断行数", "Rows judged"), "result.rows"),
        count(("判断贷款", "Loans judged"), "result.loans"),
        count("rules.loans_hit", "result.loans_hit"),
        count(("其中新命中", "Not hit before"), "result.loans_new"),
        tenths("rules.threads", "result.threads_milli"),
        tenths(("可处理", "Can be worked"), "result.budget_threads_milli"),
        tenths("rules.severe", "result.severe_milli"),
        tenths(("橙色、红色可处理", "Orange and red that can be worked"), "result.budget_severe_milli"),
        count("rules.confirmed", "result.confirmed_hit"),
        count(("已属实的贷款", "Loans found true"), "result.confirmed"),
        count("rules.both", _compared("both")),
        count("rules.only_new", _compared("only_new")),
        count("rules.only_old", _compared("only_old")),
        text(("出错原因", "Problem"), problem, 40),
    ),
    _VERSION,
)


def examples_of(connections: Lending, opens: Opening, person: Person, backtest_id: BacktestId) -> BacktestRow:
    """A back-test with the examples of what it found, those within reach."""
    told = backtest_told(connections, opens, person, backtest_id)
    if told is None:
        raise no_backtest(backtest_id)
    return told


def _seen(row: Row, words: Words) -> str:
    """What the condition saw in the example, each value once."""
    language = "chinese" if words.language == "zh" else "english"
    between, after = ("：", "；") if words.language == "zh" else (": ", "; ")
    told = dict.fromkeys(
        f"{one[language]}{between}{one[f'value_{language}']}" for one in _values(row["explained"])
    )
    return after.join(told)


def _values(part: Row) -> Iterator[Row]:
    yield from part["seen"]
    for inner in part["parts"]:
        yield from _values(inner)


EXAMPLES: Final = Table(
    "backtest-examples",
    "rules.examples",
    (
        text("rules.column_loan", "loan_id", 26),
        instant("rules.column_at", "at"),
        text("rules.column_level", "level", 10, "warning_level"),
        amount("rules.column_amount", "amount_fen"),
        share("rules.column_share", "share_ppm"),
        text(
            "rules.difference",
            lambda row, words: words.say("rules.only_new") if row["only_new"] else None,
            18,
        ),
        text(("交易编号", "Transaction"), "transaction_id", 36),
        text(("判断所见", "What was seen"), _seen, 60),
    ),
    {"backtest_id": (("回测编号", "Back-test id"), "")},
    lambda answer: ({**one, "currency": "CNY"} for one in (answer["result"] or {"examples": []})["examples"]),
)
_READ: Final = allowed(Ability.READ_RULES)
_READ_LOANS: Final = allowed(Ability.READ_RULES, protected=True)
add_sheet(router, "/rules", RULES, found_rules, _READ)
add_sheet(router, "/rule-patterns", PATTERNS, list_rules, _READ)
add_sheet(router, "/rule-versions/{rule_id}/hits", HITS, hits, _READ_LOANS)
add_sheet(router, "/rule-versions/{rule_id}/backtests", BACKTESTS, backtests_of, _READ)
add_sheet(router, "/backtests/{backtest_id}/examples", EXAMPLES, examples_of, _READ_LOANS)

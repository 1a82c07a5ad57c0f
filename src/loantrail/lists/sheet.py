"""The entries of the lists as a spreadsheet: the rows of the page, whatever their list."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.lists.model import Entry
from loantrail.reports.table_sheet import TEXTS, Form, Line, SheetColumn, write_table
from loantrail.reports.words import words

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "lists": "名单", "list": "名单", "scope": "对象类型", "subject": "对象编号", "name": "名称", "rule": "规则",
        "reason": "原因", "expires_on": "有效期至", "state": "状态", "maker": "提出人", "made": "提出时间",
        "checker": "批准人", "checked_at": "批准时间", "ended_by": "移出人", "ended_at": "移出时间",
        "ended_reason": "移出原因",
        "list.allow": "放行名单", "list.watch": "关注名单", "list.black": "黑名单",
        "scope.loan": "借据", "scope.account": "账户", "scope.party": "主体",
        "state.waiting": "待批准", "state.in_force": "有效", "state.expired": "已到期", "state.ended": "已移出",
        "search": "查找",
    },
    "en": {
        "lists": "Lists", "list": "List", "scope": "About", "subject": "Number", "name": "Name", "rule": "Rule",
        "reason": "Reason", "expires_on": "Holds until", "state": "State", "maker": "Proposed by", "made": "Proposed at",
        "checker": "Approved by", "checked_at": "Approved at", "ended_by": "Ended by", "ended_at": "Ended at",
        "ended_reason": "Why ended",
        "list.allow": "Allow list", "list.watch": "Watch list", "list.black": "Black list",
        "scope.loan": "loan", "scope.account": "account", "scope.party": "party",
        "state.waiting": "waiting", "state.in_force": "in force", "state.expired": "expired", "state.ended": "ended",
        "search": "Search",
    },
}  # fmt: skip


def write_entries(
    path: Path,
    entries: Sequence[Entry],
    today: datetime.date,
    rule_names: Mapping[str, tuple[str, str]],
    asked: Mapping[str, str],
    language: str,
    made_by: str,
    made_at: datetime.datetime,
) -> None:
    """Write the entries to `path`, a row each, as they stand on `today`. `rule_names`: code -> Chinese, English. `asked`: the
    conditions `list`, `state`, `search` that are not empty."""
    say = TEXTS[language] | _TEXTS[language]
    conditions = [
        f"{say[name]}: {say.get(f'{name}.{value}', value)}" for name, value in asked.items() if value
    ]
    about = [
        Line(say["made_at"], made_at, Form.INSTANT),
        Line(say["made_by"], made_by),
        Line(say["conditions"], "; ".join(conditions) or say["none"]),
        Line(say["rows"], len(entries), Form.COUNT),
    ]
    rows = ({"entry": one} for one in entries)
    columns = _columns(say, today, rule_names, language)
    write_table(path, say["lists"], columns, rows, [], about, language, made_at)


def _columns(
    say: dict[str, str],
    today: datetime.date,
    rule_names: Mapping[str, tuple[str, str]],
    language: str,
) -> list[SheetColumn]:
    named = words(language)

    def rule(row: Any) -> str | None:
        code = row["entry"].rule_code
        called = rule_names.get(code, ("", ""))[0 if language == "zh" else 1]
        return called or named.name("pattern", code) or None

    def given(field: str) -> Any:
        return lambda row: getattr(row["entry"], field) or None

    return [
        SheetColumn(say["list"], Form.TEXT, lambda row: say[f"list.{row['entry'].list}"], 12),
        SheetColumn(say["scope"], Form.TEXT, lambda row: say[f"scope.{row['entry'].scope}"], 10),
        SheetColumn(say["subject"], Form.TEXT, given("subject"), 24),
        SheetColumn(say["name"], Form.TEXT, given("name"), 34),
        SheetColumn(say["rule"], Form.TEXT, rule, 28),
        SheetColumn(say["reason"], Form.TEXT, given("reason"), 40),
        SheetColumn(say["expires_on"], Form.DAY, given("expires_on"), 12),
        SheetColumn(say["state"], Form.TEXT, lambda row: say[f"state.{row['entry'].state_on(today)}"], 10),
        SheetColumn(say["maker"], Form.TEXT, given("maker_name"), 14),
        SheetColumn(say["made"], Form.INSTANT, given("made_at"), 18),
        SheetColumn(say["checker"], Form.TEXT, given("checker_name"), 14),
        SheetColumn(say["checked_at"], Form.INSTANT, given("checked_at"), 18),
        SheetColumn(say["ended_by"], Form.TEXT, given("ended_by_name"), 14),
        SheetColumn(say["ended_at"], Form.INSTANT, given("ended_at"), 18),
        SheetColumn(say["ended_reason"], Form.TEXT, given("ended_reason"), 40),
    ]

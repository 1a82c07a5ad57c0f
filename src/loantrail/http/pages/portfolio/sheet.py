"""The portfolio as a spreadsheet: one row a group, the total last, and a sheet that says what it is of."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from loantrail.http.pages.ledgers.model import Label, Remark
from loantrail.http.pages.portfolio.grouping import COUNTS
from loantrail.http.pages.portfolio.model import Portfolio, PortfolioBy, PortfolioCondition, PortfolioGroup
from loantrail.reports.table_sheet import TEXTS, Form, Line, Row, SheetColumn, write_table
from loantrail.reports.words import Words, words

TITLES: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "portfolio": "贷后总览", "group": "分组", "by.unit": "机构", "by.industry": "行业", "by.product": "产品",
        "by.region": "地区", "by.class": "五级分类", "by.level": "预警等级", "total": "合计", "none": "未登记", "withheld": "不显示", "few": "少于 {least} 笔",
        "loan_count": "贷款笔数", "balance_fen": "余额", "overdue_count": "逾期笔数", "overdue_fen": "逾期本息",
        "red_count": "红色预警笔数", "orange_count": "橙色预警笔数", "yellow_count": "黄色预警笔数", "blue_count": "蓝色预警笔数",
        "new_warning_count": "上月末后新发生预警笔数", "suspected_count": "疑似挪用笔数", "suspected_fen": "疑似金额",
        "proven_count": "已证实笔数", "proven_fen": "已证实金额", "found_count": "已认定笔数", "idle_count": "资金闲置笔数",
        "idle_fen": "闲置金额", "traced_count": "已追踪笔数", "disbursed_fen": "追踪放款", "seen_fen": "看清去向金额", "check_due_count": "首检待做",
        "check_overdue_count": "首检超期", "before_loan_count": "上月末笔数", "before_balance_fen": "上月末余额",
        "before_overdue_count": "上月末逾期笔数", "before_overdue_fen": "上月末逾期本息", "previous": "上月末日期",
        "no_level": "无预警", "no_industry": "无行业（个人等）",
    },
    "en": {
        "portfolio": "Portfolio", "group": "Group", "by.unit": "Unit", "by.industry": "Industry", "by.product": "Product",
        "by.region": "Region", "by.class": "Class", "by.level": "Warning level", "total": "Total", "none": "Not on record",
        "few": "fewer than {least}", "withheld": "not shown", "loan_count": "Loans", "balance_fen": "Balance", "overdue_count": "Loans in arrears",
        "overdue_fen": "In arrears", "red_count": "Red warnings", "orange_count": "Orange warnings",
        "yellow_count": "Yellow warnings", "blue_count": "Blue warnings",
        "new_warning_count": "Warnings that arose since the month before", "suspected_count": "Loans suspected",
        "suspected_fen": "Suspected", "proven_count": "Loans with a proven part", "proven_fen": "Proven",
        "found_count": "Found by two persons", "idle_count": "Loans with idle money", "idle_fen": "Idle",
        "traced_count": "Loans traced", "disbursed_fen": "Traced", "seen_fen": "Followed to a final use", "check_due_count": "First checks due",
        "check_overdue_count": "First checks overdue", "before_loan_count": "Loans the month before",
        "before_balance_fen": "Balance the month before", "before_overdue_count": "Loans in arrears the month before",
        "before_overdue_fen": "In arrears the month before", "previous": "Day of the month before",
        "no_level": "No warning", "no_industry": "No industry (persons and others)",
    },
}  # fmt: skip
_WORDS: Final = {
    PortfolioBy.PRODUCT: "product",
    PortfolioBy.CLASS: "five_class",
    PortfolioBy.LEVEL: "warning_level",
}


class Described(Protocol):
    """An answer that says what it is of."""

    @property
    def data_date(self) -> datetime.date | None: ...
    @property
    def currency(self) -> str: ...
    @property
    def within(self) -> list[PortfolioCondition]: ...
    @property
    def notes(self) -> list[Remark]: ...


def write_sheet(path: Path, read: Portfolio, language: str, made_by: str, made_at: datetime.datetime) -> None:
    """Write the groups and their total to `path`. A figure that is hidden says so in words."""
    say, named = TITLES[language], words(language)
    titles = {name: say[name] for count, amounts in COUNTS.items() for name in (count, *amounts)} | {
        f"before_{name}": say[f"before_{name}"] for name in type(read.total.before).model_fields
    }
    columns = [SheetColumn(say[f"by.{read.by}"], Form.TEXT, lambda row: row["name"], 34)]
    columns += [_column(name, title, say, read) for name, title in titles.items()]
    rows = [
        _row(group, group_name(read.by, group.value, group.label, say, named), read.currency)
        for group in read.groups
    ]
    earlier = [Line(say["previous"], read.previous_date, Form.DAY)] if read.previous_date else []
    rows.append(_row(read.total, say["total"], read.currency))
    write_table(
        path, say["portfolio"], columns, rows, [read.currency],
        about_lines(read, language, made_by, made_at, earlier), language, made_at,
    )  # fmt: skip


def _column(name: str, title: str, say: dict[str, str], read: Portfolio) -> SheetColumn:
    form = Form.AMOUNT if name.endswith("_fen") else Form.COUNT
    few = say["few"].format(least=read.fewest_loans)

    def value(row: Row) -> int | str | None:
        return few if name in row["few"] else say["withheld"] if name in row["withheld"] else row[name]

    return SheetColumn(title, form, value, 18)


def _row(group: PortfolioGroup, name: str, currency: str) -> Row:
    figures = {field: getattr(group, field) for field in type(group).model_fields}
    before = {f"before_{field}": getattr(group.before, field) for field in type(group.before).model_fields}
    return figures | before | {"name": name, "currency": currency}


def group_name(by: PortfolioBy, value: str, label: Label | None, say: dict[str, str], named: Words) -> str:
    """What a group is called in a sheet."""
    if label is not None:
        return label.chinese if named.language == "zh" else label.english
    if value == "none":
        return say[
            "no_level" if by is PortfolioBy.LEVEL else "no_industry" if by is PortfolioBy.INDUSTRY else "none"
        ]
    return named.name(_WORDS[by], value) if by in _WORDS else value


def about_lines(
    read: Described, language: str, made_by: str, made_at: datetime.datetime, more: Sequence[Line] = ()
) -> list[Line]:
    """What the second sheet says: of which day, by whom, which groups, and what cannot be known."""
    text, say, named = TEXTS[language], TITLES[language], words(language)
    lines = [
        Line(text["data_date"], read.data_date, Form.DAY)
        if read.data_date
        else Line(text["data_date"], text["unknown"]),
        Line(text["made_at"], made_at, Form.INSTANT),
        Line(text["made_by"], made_by),
        Line(text["currency"], read.currency),
        *more,
    ]
    held = [
        f"{say[f'by.{one.by}']}: {group_name(one.by, one.value, one.label, say, named)}"
        for one in read.within
    ] or [text["none"]]
    lines += [Line(text["conditions"] if not place else " ", one) for place, one in enumerate(held)]
    return lines + [Line(" ", note.chinese if language == "zh" else note.english) for note in read.notes]

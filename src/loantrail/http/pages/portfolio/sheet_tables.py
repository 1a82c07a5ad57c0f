"""Uses, concentration and migration as spreadsheets. A figure that is hidden says so in words."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from loantrail.http.pages.portfolio.model_concentration import PortfolioConcentration
from loantrail.http.pages.portfolio.model_migration import PortfolioMigration
from loantrail.http.pages.portfolio.model_uses import Cover, PortfolioUses, UseCell, UseGroup, UseRow
from loantrail.http.pages.portfolio.sheet import TITLES, about_lines, group_name
from loantrail.reports.table_sheet import Form, Line, Row, SheetColumn, write_table
from loantrail.reports.words import words

_SAY: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "uses": "资金去向", "concentration": "集中度", "migration": "五级分类迁徙", "traced": "追踪放款", "figure": "指标",
        "loan_count": "笔数", "balance": "余额", "share": "占贷款余额", "capital_share": "占资本", "limit": "限额", "kept": "是否超限",
        "over": "超限", "within": "未超限", "unknown": "无资本数据", "index": "指数", "then": "当时的分类", "now": "现在的分类或状态",
        "balance_then": "当时余额", "since": "期初日期", "rate": "{name}迁徙率", "performing": "正常贷款",
        "largest_customer": "最大单一客户", "ten_largest": "最大十家客户", "largest_group": "最大集团客户",
        "largest_industry": "最大行业", "largest_region": "最大地区", "customers_index": "客户 HHI", "industries_index": "行业 HHI",
    },
    "en": {
        "uses": "Flows by use", "concentration": "Concentration", "migration": "Migration of classes", "traced": "Traced",
        "figure": "Figure", "loan_count": "Loans", "balance": "Balance", "share": "Of the balance", "capital_share": "Of the capital",
        "limit": "Limit", "kept": "Limit kept", "over": "exceeded", "within": "kept", "unknown": "capital not on record",
        "index": "Index", "then": "Class then", "now": "Class or state now", "balance_then": "Balance then", "since": "Earlier day",
        "rate": "Rate of migration, {name}", "performing": "performing loans", "largest_customer": "Largest customer",
        "ten_largest": "Ten largest customers", "largest_group": "Largest group of connected customers",
        "largest_industry": "Largest industry", "largest_region": "Largest region", "customers_index": "HHI of customers",
        "industries_index": "HHI of industries",
    },
}  # fmt: skip


def write_uses(
    path: Path, read: PortfolioUses, language: str, made_by: str, made_at: datetime.datetime
) -> None:
    """One row a group with its sum and each group of uses; the total, then each use over all groups."""
    say, titles, named = _SAY[language], TITLES[language], words(language)
    columns = [
        SheetColumn(titles[f"by.{read.by}"], Form.TEXT, lambda row: row["name"], 34),
        SheetColumn(say["traced"], Form.AMOUNT, lambda row: row["traced"], 18),
        *(_use_column(group, named.name("group", group)) for group in UseGroup),
    ]
    least = read.fewest_loans
    rows: list[Row] = [
        _use_row(
            row, group_name(read.by, row.value, row.label, titles, named), read.currency, language, least
        )
        for row in read.groups
    ]
    rows.append(_use_row(read.total, titles["total"], read.currency, language, least))
    rows += [
        {
            "name": f"{named.name('group', one.line_group)} · {named.name('use', one.use)}",
            "currency": read.currency,
            "traced": None,
            one.line_group: _shown(one.amount_fen, one.cover, language, least),
        }
        for one in read.uses
    ]
    write_table(
        path, say["uses"], columns, rows, [read.currency], about_lines(read, language, made_by, made_at), language, made_at
    )  # fmt: skip


def _use_column(group: UseGroup, title: str) -> SheetColumn:
    return SheetColumn(title, Form.AMOUNT, lambda row: row.get(group), 18)


def _use_row(row: UseRow, name: str, currency: str, language: str, least: int | None) -> Row:
    cells: Mapping[str, UseCell] = {cell.line_group: cell for cell in row.cells}
    return {
        "name": name,
        "currency": currency,
        "traced": _shown(row.disbursed_fen, row.cover, language, least),
        **{group: _shown(cell.amount_fen, cell.cover, language, least) for group, cell in cells.items()},
    }


def _shown(value: int | None, cover: Cover | None, language: str, least: int | None) -> int | str | None:
    if cover is None:
        return value
    return TITLES[language][cover].format(least=least)


def write_concentration(
    path: Path, read: PortfolioConcentration, language: str, made_by: str, made_at: datetime.datetime
) -> None:
    """One row a figure, the indices last."""
    say, least = _SAY[language], read.fewest_loans
    columns = [
        SheetColumn(say["figure"], Form.TEXT, lambda row: row["name"], 34),
        SheetColumn(say["loan_count"], Form.COUNT, lambda row: row.get("loan_count")),
        SheetColumn(say["balance"], Form.AMOUNT, lambda row: row.get("balance"), 18),
        SheetColumn(say["share"], Form.SHARE, lambda row: row.get("share")),
        SheetColumn(say["capital_share"], Form.SHARE, lambda row: row.get("capital_share")),
        SheetColumn(say["limit"], Form.SHARE, lambda row: row.get("limit")),
        SheetColumn(say["kept"], Form.TEXT, lambda row: row.get("kept")),
        SheetColumn(say["index"], Form.RATE, lambda row: row.get("index")),
    ]
    rows: list[Row] = []
    for one in read.figures:
        label = (one.label.chinese if language == "zh" else one.label.english) if one.label else one.value
        limit = one.limit
        rows.append(
            {
                "name": f"{say[one.of]} {label}".strip(),
                "currency": read.currency,
                "loan_count": _shown(one.loan_count, one.cover, language, least),
                "balance": _shown(one.balance_fen, one.cover, language, least),
                "share": _shown(one.share_ppm, one.cover, language, least),
                "capital_share": _shown(limit.share_ppm, one.cover, language, least) if limit else None,
                "limit": limit.limit_ppm if limit else None,
                "kept": say["unknown" if limit.exceeded is None else "over" if limit.exceeded else "within"]
                if limit
                else None,
            }
        )
    for name, index in (
        ("customers_index", read.customers_index),
        ("industries_index", read.industries_index),
    ):
        rows.append(
            {
                "name": say[name],
                "currency": read.currency,
                "index": _shown(index.hhi_ppm, index.cover, language, least),
            }
        )
    write_table(
        path, say["concentration"], columns, rows, [read.currency],
        about_lines(read, language, made_by, made_at), language, made_at,
    )  # fmt: skip


def write_migration(
    path: Path, read: PortfolioMigration, language: str, made_by: str, made_at: datetime.datetime
) -> None:
    """One row for each way that loans moved; the rates stand on the second sheet."""
    say, named, least = _SAY[language], words(language), read.fewest_loans
    columns = [
        SheetColumn(say["then"], Form.TEXT, lambda row: row["then"], 18),
        SheetColumn(say["now"], Form.TEXT, lambda row: row["now"], 22),
        SheetColumn(say["loan_count"], Form.COUNT, lambda row: row["loan_count"]),
        SheetColumn(say["balance_then"], Form.AMOUNT, lambda row: row["balance"], 18),
    ]
    rows: list[Row] = [
        {
            "then": named.name("five_class", one.class_then),
            "now": named.texts.get(f"five_class.{one.class_now}") or named.name("state", one.class_now),
            "currency": read.currency,
            "loan_count": _shown(one.loan_count, one.cover, language, least),
            "balance": _shown(one.balance_fen, one.cover, language, least),
        }
        for one in read.moves or ()
    ]
    more: Sequence[Line] = [
        *([Line(say["since"], read.since, Form.DAY)] if read.since else []),
        *(
            Line(
                say["rate"].format(
                    name=say["performing"]
                    if one.class_then == "performing"
                    else named.name("five_class", one.class_then)
                ),
                _shown(one.rate_ppm, one.cover, language, least),
                Form.RATE,
            )
            for one in read.rates
        ),
    ]
    write_table(
        path, say["migration"], columns, rows, [read.currency],
        about_lines(read, language, made_by, made_at, more), language, made_at,
    )  # fmt: skip

"""The list of loans as a spreadsheet: one row a loan, and a second sheet with the sums."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.http.pages.loan_list.model import LoanFilter, Totals
from loantrail.http.pages.loan_list.model import SheetColumn as Column
from loantrail.http.pages.loan_list.titles import SHEET_TEXTS, TITLES
from loantrail.http.pages.store import Row
from loantrail.reports.page_words import page_words
from loantrail.reports.table_sheet import TEXTS, Form, Line, SheetColumn, condition_lines, write_table
from loantrail.reports.words import Words, words

_FORMS: Final = {
    Column.AMOUNT: (Form.AMOUNT, "amount_fen"),
    Column.BALANCE: (Form.AMOUNT, "balance_fen"),
    Column.DISBURSED: (Form.AMOUNT, "disbursed_fen"),
    Column.SUSPECTED: (Form.AMOUNT, "suspected_fen"),
    Column.LOAN: (Form.TEXT, "loan_id"),
    Column.BORROWER: (Form.TEXT, "borrower_name"),
    Column.CONTRACT: (Form.TEXT, "contract_id"),
    Column.UNIT: (Form.TEXT, "unit_name"),
    Column.ISSUED: (Form.DAY, "issued_on"),
    Column.MATURES: (Form.DAY, "matures_on"),
    Column.RATE: (Form.RATE, "rate_ppm"),
    Column.LEADS: (Form.COUNT, "lead_count"),
}
_NAMED: Final = {
    Column.BORROWER_KIND: ("party_kind", "borrower_kind"),
    Column.PRODUCT: ("product", "product"),
    Column.GRANT_KIND: ("grant_kind", "grant_kind"),
    Column.STATE: ("state", "state"),
    Column.CLASS: ("five_class", "five_class"),
    Column.PATTERN: ("pattern", "suspected_pattern"),
}
_WIDTHS: Final = {Column.BORROWER: 34, Column.UNIT: 30, Column.LOAN: 20, Column.CONTRACT: 20}
_FEN: Final = "fen"
"""An amount, told in yuan."""
ASKED: Final[dict[str, tuple[str, str]]] = {
    "search": ("asked_search", ""),
    "product": ("loans.filter.product", "product"),
    "borrower_kind": ("loans.filter.borrower_kind", "party_kind"),
    "unit": ("loans.filter.unit", ""),
    "manager": ("loans.filter.manager", ""),
    "state": ("loans.filter.state", "state"),
    "five_class": ("loans.filter.five_class", "five_class"),
    "grant_kind": ("loans.filter.grant_kind", "grant_kind"),
    "pattern": ("loans.filter.pattern", "pattern"),
    "main_pattern": ("asked_main_pattern", "pattern"),
    "suspected_class": ("loans.filter.suspected_class", "use"),
    "suspected": ("asked_suspected", ""),
    "seen_below": ("asked_seen_below", ""),
    "amount_from": ("asked_amount_from", _FEN),
    "amount_to": ("asked_amount_to", _FEN),
    "issued_from": ("loans.filter.issued_from", ""),
    "issued_to": ("loans.filter.issued_to", ""),
}
"""Condition -> its title in the words of the pages, or of this sheet, and the list of its values."""


def write_sheet(
    path: Path,
    rows: Iterable[Row],
    totals: Sequence[Totals],
    columns: Sequence[Column],
    language: str,
    run: Row | None,
    made_at: datetime.datetime,
    made_by: str,
    asked: LoanFilter,
) -> None:
    """Write the rows of the list to `path`, `columns` in their order, and a second sheet that says what it is: who made it when, by
    which conditions."""
    shown = [_column(column, language, words(language)) for column in dict.fromkeys(columns)]
    write_table(
        path,
        SHEET_TEXTS[language]["loans"],
        shown,
        rows,
        [total.currency for total in totals],
        [
            Line(TEXTS[language]["made_at"], made_at, Form.INSTANT),
            Line(TEXTS[language]["made_by"], made_by),
            *_conditions(asked, language),
            *_about(totals, language, run),
        ],
        language,
        made_at,
    )


def _column(column: Column, language: str, named: Words) -> SheetColumn:
    form, value = _value(column, named)
    return SheetColumn(TITLES[language][column], form, value, _WIDTHS.get(column, 16))


def _value(column: Column, named: Words) -> tuple[Form, Callable[[Any], Any]]:
    if column in _FORMS:
        form, field = _FORMS[column]
        return form, lambda row: row[field]
    if column in _NAMED:
        kind, field = _NAMED[column]
        return Form.TEXT, lambda row: named.name(kind, row[field]) if row[field] else None
    if column is Column.MANAGER:
        return Form.TEXT, lambda row: ", ".join(row["managers"])
    # A share for reading; what is summed are the amounts.
    return (
        Form.SHARE,
        lambda row: row["seen_fen"] * 1_000_000 // row["disbursed_fen"] if row["disbursed_fen"] else None,
    )


def _conditions(asked: LoanFilter, language: str) -> list[Line]:
    """What was asked for, in the words of the page."""
    say, named = SHEET_TEXTS[language], page_words(language)
    colon = "：" if language == "zh" else ": "
    told: list[str] = []
    for name, value in asked.model_dump(mode="json").items():
        if name not in ASKED or value is None or value is False or value in ("", []):
            continue
        key, kind = ASKED[name]
        title = named.say(key) if key in named.texts else say[key]
        values = value if isinstance(value, list) else [value]
        shown = ", ".join(_shown(str(one), kind, named) for one in values)
        told.append(title if value is True else f"{title}{colon}{shown}")
    return condition_lines(told, language)


def _shown(value: str, kind: str, named: Words) -> str:
    if kind == _FEN:
        return f"{int(value) // 100:,}.{int(value) % 100:02d}"
    return named.name(kind, value) if kind else value


def _about(totals: Sequence[Totals], language: str, run: Row | None) -> list[Line]:
    """From which trace, and the sums over the rows."""
    say = TEXTS[language] | SHEET_TEXTS[language]
    lines: list[Line] = []
    if run is None:
        lines.append(Line(say["run"], say["untraced"]))
    else:
        lines += [
            Line(say["data_date"], run["data_date"], Form.DAY),
            Line(say["run"], run["run_id"]),
            Line(say["convention"], words(language).name("convention", run["convention"])),
        ]
    for total in totals:
        lines += [Line(), Line(say["currency"], total.currency)]
        lines += [
            Line(say["count"], total.loan_count, Form.COUNT),
            Line(say["suspected_count"], total.suspected_count, Form.COUNT),
        ]
        lines += [
            Line(say[name], getattr(total, f"{name}_fen"), Form.AMOUNT, total.currency)
            for name in ("amount", "balance", "disbursed", "seen", "suspected")
        ]
    return [*lines, Line(), Line(say["caution"])]

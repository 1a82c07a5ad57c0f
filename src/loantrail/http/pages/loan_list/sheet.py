"""The list of loans as a spreadsheet: one row a loan, amounts and shares as numbers, days as days."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.clock import BUSINESS_ZONE
from loantrail.http.pages.loan_list.model import SheetColumn, Totals
from loantrail.http.pages.loan_list.titles import SHEET_TEXTS, TITLES
from loantrail.http.pages.store import Row
from loantrail.money import minor_digits
from loantrail.reports.words import Words, words

SHEET_LOANS_MAX: Final = 100_000
"""More loans than this make a sheet that office programs open slowly, and keep a reader waiting for it."""

EXACT_BELOW: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number: larger amounts are written as text."""

_AMOUNTS: Final = {
    SheetColumn.AMOUNT: "amount_fen",
    SheetColumn.BALANCE: "balance_fen",
    SheetColumn.DISBURSED: "disbursed_fen",
    SheetColumn.SUSPECTED: "suspected_fen",
}
_TEXTS: Final = {
    SheetColumn.LOAN: "loan_id",
    SheetColumn.BORROWER: "borrower_name",
    SheetColumn.CONTRACT: "contract_id",
    SheetColumn.UNIT: "unit_name",
}
_NAMED: Final = {
    SheetColumn.BORROWER_KIND: ("party_kind", "borrower_kind"),
    SheetColumn.PRODUCT: ("product", "product"),
    SheetColumn.GRANT_KIND: ("grant_kind", "grant_kind"),
    SheetColumn.STATE: ("state", "state"),
    SheetColumn.CLASS: ("five_class", "five_class"),
    SheetColumn.PATTERN: ("pattern", "suspected_pattern"),
}
_DAYS: Final = {SheetColumn.ISSUED: "issued_on", SheetColumn.MATURES: "matures_on"}
_WIDTHS: Final = {
    SheetColumn.BORROWER: 34,
    SheetColumn.UNIT: 30,
    SheetColumn.LOAN: 20,
    SheetColumn.CONTRACT: 20,
}


def write_sheet(
    path: Path,
    rows: Iterable[Row],
    totals: Sequence[Totals],
    columns: Sequence[SheetColumn],
    language: str,
    run: Row | None,
    made_at: datetime.datetime,
) -> None:
    """Write the rows of the list to `path`, `columns` in their order, and a second sheet that says what it is.

    Rows are written as they come and not held.
    """
    # Imported when first needed: it would make every start of the server wait.
    from xlsxwriter import Workbook

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(path), options) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        _Loans(book, columns, language, [total.currency for total in totals]).write(rows)
        _write_about(book, totals, language, run, made_at)


def _number_format(currency: str) -> str:
    digits = minor_digits(currency)
    return "#,##0" + ("." + "0" * digits if digits else "")


class _Loans:
    """The sheet of loans."""

    def __init__(
        self, book: Any, columns: Sequence[SheetColumn], language: str, currencies: Sequence[str]
    ) -> None:
        say = SHEET_TEXTS[language]
        self._words: Words = words(language)
        self._sheet: Any = book.add_worksheet(say["loans"])
        self._columns = tuple(dict.fromkeys(columns))
        self._with_currency = list(currencies) not in ([], ["CNY"])
        self._amount: dict[str, Any] = {
            currency: book.add_format({"num_format": _number_format(currency)}) for currency in currencies
        }
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._share = book.add_format({"num_format": "0.0%"})
        self._rate = book.add_format({"num_format": "0.0000%"})
        head = book.add_format({"bold": True, "bottom": 1})
        unit = say["major"] if self._with_currency else say["yuan"]
        titles = [
            say["in_unit"].format(title=TITLES[language][column], unit=unit)
            if column in _AMOUNTS
            else TITLES[language][column]
            for column in self._columns
        ]
        if self._with_currency:
            titles.append(say["currency"])
        for place, title in enumerate(titles):
            column = self._columns[place] if place < len(self._columns) else None
            self._sheet.set_column(place, place, _WIDTHS.get(column, 16) if column else 8)
            self._sheet.write_string(0, place, title, head)
        self._sheet.freeze_panes(1, 1)
        self._last_column = len(titles) - 1

    def write(self, rows: Iterable[Row]) -> None:
        count = 0
        for count, row in enumerate(rows, 1):
            for place, column in enumerate(self._columns):
                self._write(count, place, column, row)
            if self._with_currency:
                self._sheet.write_string(count, len(self._columns), row["currency"])
        if count:
            self._sheet.autofilter(0, 0, count, self._last_column)

    def _write(self, at: int, place: int, column: SheetColumn, row: Row) -> None:
        sheet = self._sheet
        if column in _AMOUNTS:
            _write_amount(
                sheet, at, place, row[_AMOUNTS[column]], row["currency"], self._amount[row["currency"]]
            )
        elif column in _TEXTS:
            sheet.write_string(at, place, row[_TEXTS[column]] or "")
        elif column in _NAMED:
            kind, field = _NAMED[column]
            if row[field]:
                sheet.write_string(at, place, self._words.name(kind, row[field]))
        elif column in _DAYS:
            sheet.write_datetime(at, place, row[_DAYS[column]], self._day)
        elif column is SheetColumn.MANAGER:
            sheet.write_string(at, place, ", ".join(row["managers"]))
        elif column is SheetColumn.RATE:
            sheet.write_number(at, place, row["rate_ppm"] / 1_000_000, self._rate)
        elif column is SheetColumn.LEADS:
            sheet.write_number(at, place, row["lead_count"])
        elif row["disbursed_fen"]:
            # A share to one decimal of a percent, not an amount.
            sheet.write_number(at, place, row["seen_fen"] / row["disbursed_fen"], self._share)


def _write_amount(
    sheet: Any, at: int, place: int, amount_fen: int | None, currency: str, number_format: Any
) -> None:
    if amount_fen is None:
        return
    digits = minor_digits(currency)
    if abs(amount_fen) < EXACT_BELOW:
        # Below 10^15 fen a double gives every digit back: the division is the last step.
        sheet.write_number(at, place, amount_fen / 10**digits, number_format)
        return
    text = str(abs(amount_fen)).rjust(digits + 1, "0")
    sign = "-" if amount_fen < 0 else ""
    sheet.write_string(at, place, f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text)


def _write_about(
    book: Any, totals: Sequence[Totals], language: str, run: Row | None, made_at: datetime.datetime
) -> None:
    """When, from which trace, and the sums over the rows."""
    say = SHEET_TEXTS[language]
    sheet: Any = book.add_worksheet(say["about"])
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 44)
    facts = [(say["made_at"], made_at.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S"))]
    if run is None:
        facts.append((say["run"], say["untraced"]))
    else:
        facts += [
            (say["data_date"], str(run["data_date"] or "")),
            (say["run"], run["run_id"]),
            (say["convention"], words(language).name("convention", run["convention"])),
        ]
    at = 0
    for title, text in facts:
        sheet.write_string(at, 0, title)
        sheet.write_string(at, 1, text)
        at += 1
    for total in totals:
        number_format = book.add_format({"num_format": _number_format(total.currency), "align": "left"})
        at += 1
        sheet.write_string(at, 0, say["currency"])
        sheet.write_string(at, 1, total.currency)
        for name in ("count", "suspected_count", "amount", "balance", "disbursed", "seen", "suspected"):
            at += 1
            sheet.write_string(at, 0, say[name])
            if name == "count":
                sheet.write_number(at, 1, total.loan_count, book.add_format({"align": "left"}))
            elif name == "suspected_count":
                sheet.write_number(at, 1, total.suspected_count, book.add_format({"align": "left"}))
            else:
                _write_amount(sheet, at, 1, getattr(total, f"{name}_fen"), total.currency, number_format)
        at += 1
    sheet.write_string(at + 1, 0, say["caution"])

"""A table as a spreadsheet: one row a record, amounts, shares and days as what they are, and a second sheet that says what
the first one shows.

Texts are written as texts whatever they begin with: a name such as `=1+1` is never a formula, and stays none when its
cell is edited (quote prefix of ECMA-376 part 1, 18.8.45).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from loantrail.clock import BUSINESS_ZONE
from loantrail.money import minor_digits

SHEET_ROWS_MAX: Final = 100_000
"""More rows than this make a sheet that office programs open slowly, and keep a reader waiting for it."""

EXACT_BELOW: Final = 10**15
"""A spreadsheet keeps fifteen digits of a number: larger amounts are written as text."""

CELL_LENGTH_MAX: Final = 32_767
"""Characters that a cell takes; of a longer text the beginning is written."""

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What office programs take for the start of a formula when a cell is typed or read from plain text."""
_PPM: Final = 1_000_000

Row = Mapping[str, Any]


class Form(StrEnum):
    """What a column holds, and what `SheetColumn.value` answers: TEXT str, AMOUNT fen, SHARE and RATE millionths, MILLI
    thousandths, COUNT int, DAY date, INSTANT aware datetime. In any, None is an empty cell, and a text that stands in for a
    value is written as it is."""

    TEXT = "text"
    AMOUNT = "amount"
    SHARE = "share"
    RATE = "rate"
    MILLI = "milli"
    COUNT = "count"
    DAY = "day"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column: its title, what it holds, and how its value is read from a row."""

    title: str
    form: Form
    value: Callable[[Row], Any]
    width: int = 16


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the second sheet: what and its value in a form; amounts in `currency`. Without a title: an empty line."""

    title: str = ""
    value: Any = None
    form: Form = Form.TEXT
    currency: str = "CNY"


TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "about": "说明", "currency": "币种", "in_unit": "{title}（{unit}）", "yuan": "元", "major": "原币",
        "made_at": "导出时间", "made_by": "导出人", "data_date": "数据日期", "conditions": "条件", "order": "排序",
        "none": "无（全部）", "rows": "行数", "unknown": "未知",
    },
    "en": {
        "about": "About", "currency": "Currency", "in_unit": "{title} ({unit})", "yuan": "CNY", "major": "major unit",
        "made_at": "Exported at", "made_by": "Exported by", "data_date": "Data date", "conditions": "Conditions",
        "order": "Order", "none": "none (all)", "rows": "Rows", "unknown": "unknown",
    },
}  # fmt: skip
"""Words that every sheet uses, by language."""


def condition_lines(told: Sequence[str], language: str) -> list[Line]:
    """The conditions that a sheet was asked for by, in words, one under the other; that there were none is said."""
    say = TEXTS[language]
    return [
        Line(say["conditions"] if place == 0 else " ", one) for place, one in enumerate(told or [say["none"]])
    ]


def write_table(
    path: Path,
    title: str,
    columns: Sequence[SheetColumn],
    rows: Iterable[Row],
    currencies: Sequence[str],
    about: Sequence[Line],
    language: str,
    made_at: datetime.datetime,
) -> int:
    """Write `rows` to `path` and answer how many there were; they are written as they come and not held.

    Rows hold `currency` where a column is an AMOUNT. With other currencies than CNY alone the amounts are in each row's
    own and a column names it. The first row is frozen with the first column, and can be filtered by.
    """
    # Imported when first needed: it would make every start of the server wait.
    from xlsxwriter import Workbook

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(path), options) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None), "title": title})
        sheet = _Sheet(book, title, currencies)
        count = sheet.write(columns, rows, language)
        _Sheet(book, TEXTS[language]["about"], currencies).tell(about)
    return count


class _Sheet:
    def __init__(self, book: Any, name: str, currencies: Sequence[str]) -> None:
        self._book = book
        self._sheet: Any = book.add_worksheet(name[:31])
        self._with_currency = list(currencies) not in ([], ["CNY"])
        self._amounts: dict[str, Any] = {}
        self._formats = {
            Form.SHARE: book.add_format({"num_format": "0.0%"}),
            Form.RATE: book.add_format({"num_format": "0.0000%"}),
            Form.MILLI: book.add_format({"num_format": "#,##0.0"}),
            Form.COUNT: book.add_format({"num_format": "#,##0"}),
            Form.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
            Form.INSTANT: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        self._quoted = book.add_format({"quote_prefix": True})

    def write(self, columns: Sequence[SheetColumn], rows: Iterable[Row], language: str) -> int:
        say = TEXTS[language]
        head = self._book.add_format({"bold": True, "bottom": 1, "bg_color": "#EEF1EE"})
        unit = say["major"] if self._with_currency else say["yuan"]
        titles = [
            (say["in_unit"].format(title=column.title, unit=unit), column.width)
            if column.form is Form.AMOUNT
            else (column.title, column.width)
            for column in columns
        ]
        if self._with_currency:
            titles.append((say["currency"], 8))
        for place, (title, width) in enumerate(titles):
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(0, place, title, head)
        self._sheet.freeze_panes(1, 1)
        count = 0
        for count, row in enumerate(rows, 1):
            for place, column in enumerate(columns):
                self._cell(count, place, column.form, column.value(row), row.get("currency") or "CNY")
            if self._with_currency:
                self._sheet.write_string(count, len(columns), row.get("currency") or "")
        if count:
            self._sheet.autofilter(0, 0, count, len(titles) - 1)
        return count

    def tell(self, lines: Sequence[Line]) -> None:
        self._sheet.set_column(0, 0, 24)
        self._sheet.set_column(1, 1, 60)
        for at, line in enumerate(lines):
            if line.title:
                self._sheet.write_string(at, 0, line.title)
                self._cell(at, 1, line.form, line.value, line.currency)

    def _cell(self, at: int, place: int, form: Form, value: Any, currency: str) -> None:
        if value is None:
            return
        if form is Form.TEXT or isinstance(value, str):
            self._text(at, place, str(value))
            return
        match form:
            case Form.AMOUNT:
                self._amount(at, place, value, currency)
            case Form.DAY:
                self._sheet.write_datetime(at, place, value, self._formats[form])
            case Form.INSTANT:
                local = value.astimezone(BUSINESS_ZONE).replace(tzinfo=None)
                self._sheet.write_datetime(at, place, local, self._formats[form])
            case Form.SHARE | Form.RATE:
                self._sheet.write_number(at, place, value / _PPM, self._formats[form])
            case Form.MILLI:
                self._sheet.write_number(at, place, value / 1_000, self._formats[form])
            case Form.COUNT:
                self._sheet.write_number(at, place, value, self._formats[form])

    def _text(self, at: int, place: int, text: str) -> None:
        if len(text) > CELL_LENGTH_MAX:
            text = text[: CELL_LENGTH_MAX - 1] + "…"
        if text.startswith(_FORMULA_STARTS):
            self._sheet.write_string(at, place, text, self._quoted)
        else:
            self._sheet.write_string(at, place, text)

    def _amount(self, at: int, place: int, amount_fen: int, currency: str) -> None:
        digits = minor_digits(currency)
        if abs(amount_fen) < EXACT_BELOW:
            if currency not in self._amounts:
                number = "#,##0" + ("." + "0" * digits if digits else "")
                self._amounts[currency] = self._book.add_format({"num_format": number})
            # Below 10^15 fen a double gives every digit back: the division is the last step.
            self._sheet.write_number(at, place, amount_fen / 10**digits, self._amounts[currency])
            return
        text = str(abs(amount_fen)).rjust(digits + 1, "0")
        sign = "-" if amount_fen < 0 else ""
        self._sheet.write_string(
            at, place, f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text
        )

"""A ledger as a spreadsheet: the rows with the columns asked for, and a sheet that says which conditions they meet."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loantrail.http.pages.ledgers.model import (
    FROM,
    NONE,
    TO,
    Asked,
    Column,
    ColumnKind,
    Label,
    Ledger,
    LedgerSum,
    Remark,
)
from loantrail.money import yuan_text
from loantrail.reports.table_sheet import TEXTS, Form, Line, Row, SheetColumn, write_table
from loantrail.reports.words import Words, words

Labels = Mapping[str, Mapping[str, Label]]

_FORMS: Final = {
    ColumnKind.AMOUNT: Form.AMOUNT, ColumnKind.SHARE: Form.SHARE, ColumnKind.RATE: Form.RATE, ColumnKind.COUNT: Form.COUNT, ColumnKind.DAY: Form.DAY,
    ColumnKind.INSTANT: Form.INSTANT,
}  # fmt: skip
_SAY: Final = {
    "zh": {
        "yes": "是", "search": "搜索", "least": "{title} 不低于 {bound}", "most": "{title} 不高于 {bound}", "or": "、",
        "only": "只看：{title}", "up": "{title}，从小到大", "down": "{title}，从大到小", "sum": "{title}合计", "none": "未登记",
        "reach": "只含导出人权限范围内的记录", "sheet": "{title}",
    },
    "en": {
        "yes": "yes", "search": "Search", "least": "{title} at least {bound}", "most": "{title} at most {bound}",
        "or": ", ", "only": "Only: {title}", "up": "{title}, ascending", "down": "{title}, descending",
        "sum": "Sum of {title}", "none": "not on record", "reach": "Only what is within the reach of who exported it",
        "sheet": "{title}",
    },
}  # fmt: skip


class Wording:
    """Words of a ledger's values in one language."""

    def __init__(self, language: str, labels: Labels) -> None:
        self.language = language
        self._labels = labels
        self._words: Words = words(language)

    def value(self, column: Column, value: str) -> str:
        """What a value of a column is called."""
        label = self._labels.get(column.words, {}).get(value)
        if label is not None:
            return label.chinese if self.language == "zh" else label.english
        if column.words == "rule":
            return self._words.name("pattern", value)
        return self._words.name(column.words, value) if column.words else value


def write_sheet(
    path: Path,
    ledger: Ledger,
    asked: Asked,
    rows: Iterable[Row],
    sums: Sequence[LedgerSum],
    labels: Labels,
    notes: Sequence[Remark],
    data_date: datetime.date | None,
    made_by: str,
    made_at: datetime.datetime,
) -> None:
    """Write the ledger to `path`: the columns asked for (all, where none), amounts and days as what they are."""
    said = Wording(asked.language, labels)
    columns = [ledger.column(field) for field in asked.columns] or list(ledger.columns)
    write_table(
        path,
        ledger.title(asked.language),
        [
            SheetColumn(
                column.title(asked.language),
                _FORMS.get(column.kind, Form.TEXT),
                _value(column, said),
                column.width,
            )
            for column in columns
        ],
        rows,
        [one.currency for one in sums],
        _about(ledger, asked, said, sums, notes, data_date, made_by, made_at),
        asked.language,
        made_at,
    )


def _value(column: Column, said: Wording) -> Callable[[Row], Any]:
    field, join = column.field, _SAY[said.language]["or"].join
    match column.kind:
        case ColumnKind.AMOUNT | ColumnKind.SHARE | ColumnKind.RATE | ColumnKind.COUNT:
            return lambda row: None if row[field] is None else int(row[field])
        case ColumnKind.DAY | ColumnKind.INSTANT | ColumnKind.TEXT:
            return lambda row: row[field]
        case ColumnKind.PEOPLE:
            return lambda row: join(row[field] or ())
        case ColumnKind.FLAG:
            return lambda row: _SAY[said.language]["yes"] if row[field] else None
        case ColumnKind.NAMED:
            return lambda row: None if row[field] is None else said.value(column, row[field])
        case ColumnKind.UNIT:
            return lambda row: row[f"{field}_name"]
        case ColumnKind.NAMES:
            return lambda row: join(said.value(column, one) for one in row[field] or ())


def _about(
    ledger: Ledger,
    asked: Asked,
    said: Wording,
    sums: Sequence[LedgerSum],
    notes: Sequence[Remark],
    data_date: datetime.date | None,
    made_by: str,
    made_at: datetime.datetime,
) -> list[Line]:
    text, say = TEXTS[asked.language], _SAY[asked.language]
    sort = ledger.column(asked.sort).title(asked.language)
    lines = [
        Line(
            ledger.title(asked.language),
            ledger.about_chinese if asked.language == "zh" else ledger.about_english,
        ),
        Line(text["data_date"], data_date, Form.DAY)
        if data_date
        else Line(text["data_date"], text["unknown"]),
        Line(text["made_at"], made_at, Form.INSTANT),
        Line(text["made_by"], made_by),
        Line(),
    ]
    held = conditions(ledger, asked, said) or [text["none"]]
    lines += [Line(text["conditions"] if not place else " ", one) for place, one in enumerate(held)]
    lines.append(
        Line(text["order"], say["up" if asked.direction == "ascending" else "down"].format(title=sort))
    )
    for one in sums:
        lines += [Line(), Line(text["currency"], one.currency), Line(text["rows"], one.row_count, Form.COUNT)]
        for column in ledger.summed:
            form = Form.AMOUNT if column.kind is ColumnKind.AMOUNT else Form.COUNT
            title = say["sum"].format(title=column.title(asked.language))
            lines.append(Line(title, int(one.sums[column.field]), form, one.currency))
    lines.append(Line())
    lines += [Line(" ", note.chinese if asked.language == "zh" else note.english) for note in notes]
    return [*lines, Line(" ", say["reach"])]


def conditions(ledger: Ledger, asked: Asked, said: Wording) -> list[str]:
    """What holds for every row, in words, one text a condition."""
    say = _SAY[asked.language]
    held = [f"{say['search']}: {asked.search}"] if asked.search else []
    for field, values in asked.chosen.items():
        column = ledger.column(field)
        named = (
            say["none"] if value == NONE and column.values == () else said.value(column, value)
            for value in values
        )
        held.append(f"{column.title(asked.language)}: {say['or'].join(named)}")
    for bound, limit in asked.bounds.items():
        least = bound.endswith(FROM)
        column = ledger.column(bound.removesuffix(FROM if least else TO))
        held.append(
            say["least" if least else "most"].format(
                title=column.title(asked.language), bound=_bound_text(column.kind, limit)
            )
        )
    return held + [
        say["only"].format(title=ledger.column(field).title(asked.language)) for field in asked.flags
    ]


def _bound_text(kind: ColumnKind, limit: int | datetime.date) -> str:
    if isinstance(limit, datetime.date):
        return limit.isoformat()
    if kind is ColumnKind.AMOUNT:
        return yuan_text(limit)
    return f"{limit / 10_000:g}%" if kind in (ColumnKind.SHARE, ColumnKind.RATE) else str(limit)

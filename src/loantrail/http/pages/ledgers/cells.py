"""Rows of a ledger as the page gets them, and the words of values that no fixed list names."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from loantrail.http.pages.ledgers import store_groups
from loantrail.http.pages.ledgers.model import ColumnKind, Label, Ledger, LedgerRow
from loantrail.http.pages.store import Database, Row
from loantrail.http.pages.warnings import store as warnings
from loantrail.parties.industries import industry_named
from loantrail.parties.regions import region_named

LOOKED_UP: Final = ("rule", "staff", "unit", "industry", "region", "party")
"""Lists of words that the books or a standard hold."""
_NUMBERS: Final = (ColumnKind.SHARE, ColumnKind.RATE, ColumnKind.COUNT)


def cell(kind: ColumnKind, value: Any) -> str | int | bool | list[str] | None:
    """A value as JSON takes it: amounts as decimal text, days and instants in ISO 8601."""
    if value is None:
        return None
    match kind:
        case ColumnKind.AMOUNT:
            return str(int(value))
        case ColumnKind.SHARE | ColumnKind.RATE | ColumnKind.COUNT:
            return int(value)
        case ColumnKind.FLAG:
            return bool(value)
        case ColumnKind.NAMES | ColumnKind.PEOPLE:
            return [str(one) for one in value]
        case ColumnKind.DAY | ColumnKind.INSTANT:
            assert isinstance(value, datetime.date)
            return value.isoformat()
        case ColumnKind.TEXT | ColumnKind.NAMED | ColumnKind.UNIT:
            return str(value)


def answered(ledger: Ledger, row: Row) -> LedgerRow:
    """A row with a cell per column, and what it carries besides."""
    cells = {column.field: cell(column.kind, row[column.field]) for column in ledger.columns}
    for field in ledger.carried:
        cells[field] = cell(ColumnKind.NAMES if isinstance(row[field], list) else ColumnKind.TEXT, row[field])
    return LedgerRow(key=row["key"], currency=row["currency"], cells=cells)


def labels(
    connection: Database, ledger: Ledger, rows: Sequence[Row], chosen: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Label]]:
    """List of words -> value -> label, of the values that stand in these rows, and of those that they were chosen by."""
    wanted = [(ledger.column(field).words, values) for field, values in chosen.items()]
    for column in ledger.columns:
        if column.words in LOOKED_UP and column.kind is not ColumnKind.PEOPLE:
            for row in rows:
                value = row[column.field]
                wanted.append((column.words, value if isinstance(value, list) else [value] if value else []))
    return labelled(connection, wanted)


def labelled(
    connection: Database, wanted: Iterable[tuple[str, Iterable[str]]]
) -> dict[str, dict[str, Label]]:
    """The labels of the values of each list of words that the books or a standard hold."""
    values: dict[str, set[str]] = {}
    for words, some in wanted:
        if words in LOOKED_UP:
            values.setdefault(words, set()).update(some)
    return {words: labels_of(connection, words, sorted(some)) for words, some in values.items()}


def labels_of(connection: Database, words: str, values: Sequence[str]) -> dict[str, Label]:
    """Labels of values of one list; a value without one is left out and shown as it is."""
    match words:
        case "rule":
            known = warnings.rule_words(connection, values)
            return {
                code: Label(chinese=row["chinese"], english=row["english"]) for code, row in known.items()
            }
        case "staff":
            return _same(warnings.people_names(connection, values))
        case "party":
            return _same(store_groups.party_names(connection, values))
        case "unit":
            return _same(warnings.unit_names(connection, values))
        case "industry":
            named = {value: industry_named(value) for value in values}
            return {
                code: Label(chinese=one.chinese, english=one.english) for code, one in named.items() if one
            }
        case "region":
            regions = {value: region_named(value) for value in values}
            return {code: Label(chinese=one[0], english=one[1]) for code, one in regions.items() if one}
        case _:
            return {}


def _same(names: Mapping[str, str]) -> dict[str, Label]:
    """Names of the bank's own are the same in both languages."""
    return {value: Label(chinese=name, english=name) for value, name in names.items()}

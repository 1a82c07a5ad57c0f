"""What a ledger is: one description of its columns, of which the table, its filters, its sums and its spreadsheet are made."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from loantrail.http.pages.loan_list.model import Direction
from loantrail.http.pages.model import Answer, Fen, Priced
from loantrail.identity.abilities import Ability


class ColumnKind(StrEnum):
    """What a column's cells hold."""

    TEXT = "text"
    NAMED = "named"  # one value of a list of words
    NAMES = "names"  # several of them
    PEOPLE = "people"  # names of staff
    UNIT = "unit"
    AMOUNT = "amount"  # fen
    SHARE = "share"  # millionths
    RATE = "rate"  # millionths a year
    COUNT = "count"
    DAY = "day"
    INSTANT = "instant"
    FLAG = "flag"


class ColumnFilter(StrEnum):
    """How one can narrow by a column."""

    NONE = "none"
    CHOICE = "choice"  # any of the values chosen
    RANGE = "range"  # from and to
    FLAG = "flag"  # only those of which it holds
    WITHIN = "within"  # codes at or below those chosen; `none`: rows without a code


class CellLink(StrEnum):
    """What pressing a cell opens."""

    NONE = "none"
    LOAN = "loan"
    WARNING = "warning"
    CHECK = "check"
    CUSTOMER = "customer"
    LOANS_OF = "loans_of"  # the loan ledger, narrowed to the customers of the row


class LedgerName(StrEnum):
    """The ledgers."""

    LOANS = "loans"
    WARNINGS = "warnings"
    CHECKS = "checks"
    COLLATERAL = "collateral"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `field` is its name in rows, in the address, and in the query that makes the rows.

    `words`: the list that its values are named by (`product`, ...). `values`: their order, where they have one of their
    own; else they are sorted as texts. `sort_by`, `filter_by`: the fields to order and to narrow by in its place. `from_narrow`: shown at once from a
    window of 1280 on; `from_wide`: from one of 1600 on; else when the reader chooses it.
    """

    field: str
    chinese: str
    english: str
    kind: ColumnKind
    filter: ColumnFilter = ColumnFilter.NONE
    words: str = ""
    values: tuple[str, ...] = ()
    summed: bool = False
    sortable: bool = True
    sort_by: str = ""
    filter_by: str = ""
    from_narrow: bool = False
    from_wide: bool = False
    link: CellLink = CellLink.NONE
    width: int = 16
    hint_chinese: str = ""
    hint_english: str = ""

    def title(self, language: str) -> str:
        return self.chinese if language == "zh" else self.english


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger: its columns in their order, the first one naming the row; what its first order is; which ability it asks
    for. `extra`: filters without a column, for links from other pages. `carried`: fields that rows hold besides the columns, for what a
    cell opens."""

    name: LedgerName
    chinese: str
    english: str
    about_chinese: str
    about_english: str
    ability: Ability
    columns: tuple[Column, ...]
    sort: str
    direction: Direction
    search_chinese: str
    search_english: str
    extra: tuple[Column, ...] = ()
    carried: tuple[str, ...] = ()

    def title(self, language: str) -> str:
        return self.chinese if language == "zh" else self.english

    def column(self, field: str) -> Column:
        """The column or filter of that field. KeyError for another: a defect."""
        for column in (*self.columns, *self.extra):
            if column.field == field:
                return column
        raise KeyError(field)

    @property
    def summed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.summed)

    @property
    def filters(self) -> tuple[Column, ...]:
        return tuple(
            column for column in (*self.columns, *self.extra) if column.filter is not ColumnFilter.NONE
        )


NONE: Final = "none"
"""Chosen of codes: those that are not on record."""
FROM: Final = "_from"
TO: Final = "_to"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request about a ledger, read and checked: `chosen` field -> values; `bounds` field with _from or _to -> its
    number or day; `flags` the fields that must hold."""

    search: str
    chosen: Mapping[str, tuple[str, ...]]
    bounds: Mapping[str, int | datetime.date]
    flags: tuple[str, ...]
    sort: str
    direction: Direction
    offset: int = 0
    limit: int = 50
    columns: tuple[str, ...] = ()
    language: str = "zh"


# ---- answers ------------------------------------------------------------------------------------------------


class ColumnAnswer(Answer):
    field: str
    chinese: str
    english: str
    kind: ColumnKind
    filter: ColumnFilter
    words: str = Field(
        description="The list of words that names its values; empty where they are shown as they are."
    )
    summed: bool
    sortable: bool
    from_narrow: bool = Field(description="Shown at once in a window of 1280 px.")
    from_wide: bool = Field(description="Shown at once in a window of 1600 px.")
    link: CellLink
    hint_chinese: str
    hint_english: str


class LedgerAnswer(Answer):
    """The description of a ledger: the first column names the row."""

    name: LedgerName
    chinese: str
    english: str
    about_chinese: str
    about_english: str
    search_chinese: str
    search_english: str
    sort: str
    direction: Direction
    columns: list[ColumnAnswer]
    extra: list[ColumnAnswer] = Field(
        description="Filters that have no column: links from other pages use them."
    )


class Ledgers(Answer):
    """The ledgers that who asks may read."""

    items: list[LedgerAnswer]


Cell = Annotated[
    str | int | bool | list[str] | None,
    Field(
        description="By the kind of its column: amounts are fen as decimal text, shares and rates millionths, days and "
        "instants ISO 8601."
    ),
]


class LedgerRow(Priced):
    key: str
    cells: dict[str, Cell]


class LedgerSum(Priced):
    """Sums over every row that was found, in one currency. Currencies never mix."""

    row_count: int
    sums: dict[str, Fen] = Field(description="Field of a summed column -> its sum; amounts are fen.")


class Label(Answer):
    chinese: str
    english: str


class Remark(Answer):
    """Something to know before reading the figures, in both languages."""

    code: str
    chinese: str
    english: str


class LedgerPage(Answer):
    name: LedgerName
    data_date: datetime.date | None
    total_count: int
    offset: int
    limit: int
    rows: list[LedgerRow]
    sums: list[LedgerSum] = Field(description="The currency with most rows first.")
    labels: dict[str, dict[str, Label]] = Field(
        description="Words of values that no fixed list names: list of words -> value -> label."
    )
    notes: list[Remark]


class ChoiceAnswer(Answer):
    value: str
    label: Label | None = Field(description="Null where a list of words names it.")
    row_count: int
    parent: str | None = Field(description="Of a unit: the one above it.")


class LedgerChoices(Answer):
    """Field -> the values that occur in the rows in reach, with how many rows have each."""

    fields: dict[str, list[ChoiceAnswer]]

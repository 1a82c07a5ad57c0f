"""What the list of customers and its spreadsheet are asked for."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from loantrail.early_warning.hits import Level
from loantrail.http.pages.customers import store
from loantrail.http.pages.customers.model import Borrowing, CustomerSort
from loantrail.http.pages.loan_list.model import any_of, values_of
from loantrail.http.pages.routes import PRINTABLE, Limit, Offset
from loantrail.ledger.model import FIVE_CLASSES
from loantrail.parties.model import PARTY_KINDS
from loantrail.reports.words import Language

_CHOSEN_MAX: Final = 60
_Unit = Annotated[str, Field(min_length=1, max_length=128, pattern=PRINTABLE)]
_Industry = Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")]


class CustomerFilter(BaseModel):
    """Conditions of different fields hold together; within a field any of the values; empty ones do not narrow."""

    model_config = ConfigDict(frozen=True)

    search: Annotated[
        str,
        Field(
            max_length=100,
            pattern=PRINTABLE,
            description="Words, each a fragment of a customer number, of the name, its pinyin or initials or of a credit code, "
            "or a whole identity number; every word must be found.",
        ),
    ] = ""
    kind: Annotated[list[str], any_of(PARTY_KINDS), values_of(PARTY_KINDS, "Kinds.", _CHOSEN_MAX)] = []
    unit: Annotated[list[_Unit], Field(max_length=_CHOSEN_MAX, description="With those below it.")] = []
    industry: Annotated[
        list[_Industry], Field(max_length=_CHOSEN_MAX, description="First two digits of GB/T 4754.")
    ] = []
    level: Annotated[list[Level], Field(max_length=_CHOSEN_MAX, description="Highest open warning.")] = []
    five_class: Annotated[
        list[str], any_of(FIVE_CLASSES), values_of(FIVE_CLASSES, "Worst class.", _CHOSEN_MAX)
    ] = []
    borrowing: Borrowing = Borrowing.ANY
    sort: CustomerSort = CustomerSort.BALANCE
    direction: Literal["ascending", "descending"] = "descending"


class CustomerPart(CustomerFilter):
    """A filter, an order, and the part of what was found that is asked for."""

    offset: Offset = 0
    limit: Limit = 50


class CustomerSheet(CustomerFilter):
    """A filter and an order."""

    language: Annotated[Language, Field(description="Language of the sheet.")] = "zh"


def query_of(asked: CustomerFilter, offset: int, limit: int) -> store.CustomerQuery:
    """The same as the store takes it."""
    return store.CustomerQuery(
        words=store.words_of(asked.search),
        kinds=tuple(asked.kind),
        units=tuple(asked.unit),
        industries=tuple(asked.industry),
        levels=tuple(one.value for one in asked.level),
        classes=tuple(asked.five_class),
        borrowing=asked.borrowing,
        sort=asked.sort,
        ascending=asked.direction == "ascending",
        offset=offset,
        limit=limit,
    )

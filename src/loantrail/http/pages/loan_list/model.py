"""What the list of loans is asked for, and what it answers with."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from loantrail.http.pages.model import Answer, Fen, Priced, Run
from loantrail.ledger.model import FIVE_CLASSES, GRANT_KINDS, LOAN_STATES, PRODUCTS
from loantrail.parties.model import PARTY_KINDS

# A NUL cannot stand in a text of the database; other control characters stand in no name.
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
_CHOSEN_MAX: Final = 60
_AMOUNT_MAX_FEN: Final = 10**18 - 1


class LoanSort(StrEnum):
    """What the list of loans can be ordered by."""

    LOAN = "loan"
    CONTRACT = "contract"
    BORROWER = "borrower"
    BORROWER_KIND = "borrower_kind"
    PRODUCT = "product"
    UNIT = "unit"
    MANAGER = "manager"
    ISSUED = "issued"
    MATURES = "matures"
    AMOUNT = "amount"
    BALANCE = "balance"
    DISBURSED = "disbursed"
    RATE = "rate"
    STATE = "state"
    CLASS = "class"
    GRANT_KIND = "grant_kind"
    SEEN = "seen"
    SUSPECTED = "suspected"
    PATTERN = "pattern"
    LEADS = "leads"


class Direction(StrEnum):
    ASCENDING = "ascending"
    DESCENDING = "descending"


def any_of(values: Sequence[str]) -> AfterValidator:
    """Refuses a list that holds anything else than `values`."""

    def check(chosen: list[str]) -> list[str]:
        if unknown := [value for value in chosen if value not in values]:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(values)}")
        return chosen

    return AfterValidator(check)


def values_of(values: Sequence[str], description: str, most: int = _CHOSEN_MAX) -> Any:
    """How a list of at most so many named values stands in the description of the interface."""
    items: dict[str, Any] = {"type": "string", "enum": list(values)}
    return Field(
        max_length=most, description=f"{description} Empty: any.", json_schema_extra={"items": items}
    )


def _chosen(description: str) -> Any:
    return Field(max_length=_CHOSEN_MAX, description=f"{description} Empty: any.")


def _absent(value: object) -> object:
    return None if value == "" else value


def day_of(value: object) -> object:
    """For a validator that stands before one of dates: no day for an empty text, and nothing but year, month and day: a bare number would count as seconds."""
    if isinstance(value, str) and value and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("a day is written as 2025-03-31")
    return _absent(value)


# An empty value is none: the address of a page that was cleared by hand.
DAY_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date"}, {"const": ""}, {"type": "null"}]}
)
_SUM = WithJsonSchema(
    {"anyOf": [{"type": "string", "pattern": "^[0-9]{1,18}$"}, {"const": ""}, {"type": "null"}]}
)
_PERCENT = WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"const": ""}, {"type": "null"}]}
)
_Text = Annotated[str, Field(min_length=1, max_length=128, pattern=_PRINTABLE)]
_Code = Annotated[str, Field(pattern="^[A-Z_]{1,64}$")]
_Class = Annotated[str, Field(pattern="^[a-z_]{1,64}$")]
_Fen = Annotated[
    int,
    Field(ge=0, le=_AMOUNT_MAX_FEN),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,18}$"}),
]


class LoanFilter(BaseModel):
    """Which loans are meant. Conditions of different fields hold together; within a field any of the values."""

    model_config = ConfigDict(frozen=True)

    search: Annotated[
        str,
        Field(
            max_length=100,
            pattern=_PRINTABLE,
            description="Words, each a fragment of a loan or contract number, of the borrower's name, its pinyin or "
            "initials, or of its credit code, or its whole identity number; every word must be found.",
        ),
    ] = ""
    product: Annotated[list[str], any_of(PRODUCTS), values_of(PRODUCTS, "Products.")] = []
    borrower_kind: Annotated[
        list[str], any_of(PARTY_KINDS), values_of(PARTY_KINDS, "Kinds of borrowers.")
    ] = []
    unit: Annotated[list[_Text], _chosen("Units, each with those below it.")] = []
    manager: Annotated[list[_Text], _chosen("Staff who manage the loan now, as lead or assisting.")] = []
    state: Annotated[list[str], any_of(LOAN_STATES), values_of(LOAN_STATES, "States.")] = []
    five_class: Annotated[
        list[str], any_of(FIVE_CLASSES), values_of(FIVE_CLASSES, "Five-class 五级分类.")
    ] = []
    grant_kind: Annotated[list[str], any_of(GRANT_KINDS), values_of(GRANT_KINDS, "Kinds of grant.")] = []
    pattern: Annotated[list[_Code], _chosen("Loans with a lead of these patterns.")] = []
    main_pattern: Annotated[list[_Code], _chosen("Loans whose largest lead is of these patterns.")] = []
    suspected_class: Annotated[
        list[_Class], _chosen("Loans with a lead about a destination of these classes.")
    ] = []
    suspected: Annotated[bool, Field(description="Only loans with a lead.")] = False
    seen_below: Annotated[
        Annotated[int, Field(ge=0, le=100)] | None,
        BeforeValidator(_absent),
        _PERCENT,
        Field(description="Traced loans of which less than so many percent was followed to a final use."),
    ] = None
    amount_from: Annotated[
        _Fen | None, BeforeValidator(_absent), _SUM, Field(description="Amount of the loan, fen, at least.")
    ] = None
    amount_to: Annotated[
        _Fen | None, BeforeValidator(_absent), _SUM, Field(description="Amount of the loan, fen, at most.")
    ] = None
    issued_from: Annotated[datetime.date | None, BeforeValidator(day_of), DAY_SCHEMA] = None
    issued_to: Annotated[datetime.date | None, BeforeValidator(day_of), DAY_SCHEMA] = None


class SuspectedPart(Answer):
    """What is suspected under one pattern. Leads of one loan may speak of the same money, so each loan counts once,
    with its largest lead, under that lead's pattern: the parts add up to the whole."""

    pattern: str
    amount_fen: Fen
    loan_count: int


class Totals(Priced):
    """Sums over every loan that the filter found. Currencies never mix."""

    loan_count: int
    amount_fen: Fen
    balance_fen: Fen = Field(description="Outstanding now.")
    disbursed_fen: Fen = Field(description="Paid out and traced.")
    seen_fen: Fen
    suspected_fen: Fen = Field(description="Sum over the loans of the largest lead of each.")
    suspected_count: int = Field(description="Loans with a lead.")
    suspected_by_pattern: list[SuspectedPart] = Field(description="Largest first.")


class LoanRow(Priced):
    loan_id: str
    contract_id: str
    borrower_name: str
    borrower_kind: str
    product: str
    grant_kind: str
    unit_id: str
    unit_name: str
    managers: list[str] = Field(description="Names of those who manage it now; the lead first.")
    issued_on: datetime.date
    matures_on: datetime.date
    rate_ppm: int = Field(description="Yearly rate in millionths.")
    state: str
    five_class: str
    amount_fen: Fen
    balance_fen: Fen
    disbursed_fen: Fen | None = Field(
        description="Paid out and traced; null when the loan is not in the trace."
    )
    seen_fen: Fen | None = Field(description="Followed to a final use.")
    suspected_fen: Fen | None = Field(
        description="Amount of the largest lead, 0 without one. Leads may speak of the same money, so no sum."
    )
    suspected_pattern: str = Field(description="Pattern of the largest lead; empty without one.")
    patterns: list[str] = Field(description="Patterns of all leads.")
    lead_count: int


class LoanList(Answer):
    run: Run | None = Field(description="Null when nothing has been traced yet.")
    totals: list[Totals]
    total_count: int
    offset: int
    limit: int
    items: list[LoanRow]


class Choice(Answer):
    """A unit or a member of staff that a filter can name."""

    value: str
    name: str
    loan_count: int


class UnitChoice(Choice):
    parent: str | None


class LoanChoices(Answer):
    """What the loans in the books can be filtered by; only values that occur."""

    loan_count: int
    units: list[UnitChoice] = Field(description="Units with loans of their own, and those above them.")
    managers: list[Choice] = Field(
        description="Staff who manage a loan now, in the order of their names' pinyin."
    )
    products: list[Choice]
    borrower_kinds: list[Choice]
    grant_kinds: list[Choice]
    states: list[Choice]
    five_classes: list[Choice]
    patterns: list[Choice] = Field(description="Counted by loans with such a lead; a loan may have several.")
    suspected_classes: list[Choice]


class SheetColumn(StrEnum):
    """Columns of the table and of its spreadsheet."""

    LOAN = "loan"
    BORROWER = "borrower"
    BORROWER_KIND = "borrower_kind"
    CONTRACT = "contract"
    PRODUCT = "product"
    GRANT_KIND = "grant_kind"
    UNIT = "unit"
    MANAGER = "manager"
    ISSUED = "issued"
    MATURES = "matures"
    RATE = "rate"
    STATE = "state"
    CLASS = "class"
    AMOUNT = "amount"
    BALANCE = "balance"
    DISBURSED = "disbursed"
    SEEN = "seen"
    SUSPECTED = "suspected"
    PATTERN = "pattern"
    LEADS = "leads"

"""What the portfolio is grouped by, and what it answers with. A figure that is not shown is null and named in
`few` or `withheld`."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import Field

from loantrail.http.pages.ledgers.model import Label, Remark
from loantrail.http.pages.model import Answer, Fen, Priced
from loantrail.parties.industries import DIVISIONS_OF

NONE: Final = "none"
"""The group of loans without a code, or without a warning."""
ALONE: Final = "."
"""Behind a unit: the loans of the unit itself, without those below it."""
VALUE_PATTERN: Final = r"^(unit|industry|product|region|class|level):[^\x00-\x1f\x7f:]{1,64}$"


class PortfolioBy(StrEnum):
    """What the loans are grouped by."""

    UNIT = "unit"
    INDUSTRY = "industry"
    PRODUCT = "product"
    REGION = "region"
    CLASS = "class"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Within:
    """One condition: the loans of one group."""

    by: PortfolioBy
    value: str
    alone: bool = False
    """Of a unit: without those below it."""

    @property
    def is_none(self) -> bool:
        return self.value == NONE

    @property
    def codes(self) -> tuple[str, ...]:
        """The raw codes of the group, where they can be told without the books."""
        if self.by is PortfolioBy.INDUSTRY:
            return DIVISIONS_OF.get(self.value, (self.value,))
        return (self.value,)


def within_of(text: str) -> Within:
    """A condition as it stands in an address, such as `unit:1000`. ValueError for another text."""
    if not re.match(VALUE_PATTERN, text):
        raise ValueError(f"{text!r} is no group such as unit:1000 or class:normal")
    by, _, value = text.partition(":")
    alone = by == PortfolioBy.UNIT and value.endswith(ALONE) and value != ALONE
    return Within(PortfolioBy(by), value.removesuffix(ALONE) if alone else value, alone)


class PortfolioChange(Answer):
    """What was on the earlier day; null where it cannot be known, or is not shown."""

    loan_count: int | None
    balance_fen: Fen | None
    overdue_count: int | None
    overdue_fen: Fen | None


class PortfolioGroup(Answer):
    """Sums over the loans of one group."""

    value: str = Field(description="What a condition names the group by.")
    label: Label | None = Field(description="Null where a list of words names it.")
    deeper: bool = Field(description="Whether it can be divided further by the same.")
    few: list[str] = Field(description="Figures that stand for too few loans to be shown to who asks.")
    withheld: list[str] = Field(
        description="Figures that are not shown because they would give such ones away."
    )
    loan_count: int | None
    balance_fen: Fen | None
    overdue_count: int | None = Field(
        description="Loans with an instalment that fell due and was not paid in full."
    )
    overdue_fen: Fen | None = Field(description="What of their instalments is not paid.")
    red_count: int | None
    orange_count: int | None
    yellow_count: int | None
    blue_count: int | None
    new_warning_count: int | None = Field(
        description="Loans in warning for something that happened after the earlier day."
    )
    suspected_count: int | None = Field(description="Loans with a lead.")
    suspected_fen: Fen | None = Field(description="Sum of the largest lead of each.")
    proven_count: int | None
    proven_fen: Fen | None = Field(description="Of what is suspected: what no way of counting escapes.")
    found_count: int | None = Field(description="Loans whose misuse two persons found (认定).")
    idle_count: int | None
    idle_fen: Fen | None = Field(
        description="Loan money that lies unused or became a deposit (pattern IDLE_FUNDS)."
    )
    traced_count: int | None
    disbursed_fen: Fen | None = Field(description="Paid out and traced.")
    seen_fen: Fen | None = Field(description="Of it, followed to a final use.")
    check_due_count: int | None = Field(description="First checks to be done, their day not past.")
    check_overdue_count: int | None = Field(description="First checks to be done whose day is past.")
    before: PortfolioChange


class PortfolioBasis(StrEnum):
    """How the earlier day is known."""

    RECORDED = "recorded"  # the delivery of that day
    BOOKED = "booked"  # today's balances without what was booked since
    NONE = "none"


class CurrencyCount(Answer):
    currency: str
    loan_count: int | None


class PortfolioCondition(Answer):
    by: PortfolioBy
    value: str
    label: Label | None


class Portfolio(Priced):
    data_date: datetime.date | None
    previous_date: datetime.date | None = Field(
        description="The last day of the month before the data date's."
    )
    basis: PortfolioBasis
    by: PortfolioBy
    within: list[PortfolioCondition]
    fewest_loans: int | None = Field(
        description="Figures of fewer loans than this are hidden from who asks; null for who may see single loans."
    )
    currencies: list[CurrencyCount]
    total: PortfolioGroup
    groups: list[PortfolioGroup] = Field(description="The largest balance first; hidden ones last.")
    notes: list[Remark] = Field(description="What cannot be known, and why.")

"""Concentration: how much of what is owed the largest owe, and the limits on it."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.ledgers.model import Label, Remark
from loantrail.http.pages.model import Answer, Fen, Priced
from loantrail.http.pages.portfolio.model import PortfolioCondition
from loantrail.http.pages.portfolio.model_uses import Cover


class ConcentrationOf(StrEnum):
    """Whose part of the balance a figure is."""

    LARGEST_CUSTOMER = "largest_customer"
    TEN_LARGEST = "ten_largest"
    LARGEST_GROUP = "largest_group"
    LARGEST_INDUSTRY = "largest_industry"
    LARGEST_REGION = "largest_region"


class CapitalKind(StrEnum):
    NET_CAPITAL = "net_capital"
    NET_TIER1 = "net_tier1"


class ConcentrationLimit(Answer):
    """A limit, as part of the bank's capital; told of the whole bank in CNY alone."""

    of: CapitalKind
    limit_ppm: int
    basis: str = Field(description="Where the limit stands.")
    share_ppm: int | None = Field(
        description="Over the capital; null where it is hidden or no capital is on record."
    )
    exceeded: bool | None = Field(
        description="Null where no capital is on record. Told of hidden figures too."
    )


class ConcentrationFigure(Answer):
    """What the largest owe together."""

    of: ConcentrationOf
    value: str = Field(description="Industry or region; empty for others and where it is hidden.")
    label: Label | None
    loan_count: int | None
    balance_fen: Fen | None
    share_ppm: int | None = Field(description="Of the balance of all.")
    cover: Cover | None
    limit: ConcentrationLimit | None


class ConcentrationIndex(Answer):
    """Herfindahl-Hirschman index in millionths: 1,000,000 is one alone."""

    hhi_ppm: int | None
    count: int | None = Field(description="Of customers, or of industries that are shown one by one.")
    cover: Cover | None


class ConcentratedCustomer(Answer):
    party_id: str
    name: str
    loan_count: int
    balance_fen: Fen
    share_ppm: int | None


class BankCapital(Answer):
    since: datetime.date
    net_capital_fen: Fen
    net_tier1_capital_fen: Fen
    source: str | None


class PortfolioConcentration(Priced):
    data_date: datetime.date | None
    within: list[PortfolioCondition]
    fewest_loans: int | None = Field(description="As in the portfolio.")
    balance_fen: Fen | None
    figures: list[ConcentrationFigure]
    customers_index: ConcentrationIndex
    industries_index: ConcentrationIndex
    capital: BankCapital | None = Field(description="As the bank delivered it; null where it did not.")
    customers: list[ConcentratedCustomer] | None = Field(
        description="The ten largest, the largest first; null for who may not see single loans."
    )
    notes: list[Remark]

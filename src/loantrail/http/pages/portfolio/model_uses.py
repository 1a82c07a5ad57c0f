"""Flows by use: where the money of the loans rests or went, crossed with the groups."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.ledgers.model import Label, Remark
from loantrail.http.pages.model import Answer, Fen, Priced
from loantrail.http.pages.portfolio.model import PortfolioBy, PortfolioCondition


class UseGroup(StrEnum):
    """Groups of the statement of uses, as on a loan's page."""

    SUSPECTED = "suspected"
    RESTRICTED = "restricted"
    DOCUMENTED = "documented"
    HELD = "held"
    DEBT = "debt"
    LEFT_BANK = "left_bank"
    POOLED = "pooled"
    OTHER = "other"


class Cover(StrEnum):
    """Why a figure is not shown: it stands for too few loans, or would give such a one away."""

    FEW = "few"
    WITHHELD = "withheld"


class UseCell(Answer):
    """The money of a group's loans in one group of uses."""

    line_group: UseGroup
    loan_count: int | None = Field(description="Loans with money there; a loan may have money in several.")
    amount_fen: Fen | None
    cover: Cover | None = Field(description="Null where it is shown.")


class UseRow(Answer):
    """The loans of one group. The cells add up to what was paid out and traced, to the fen."""

    value: str
    label: Label | None
    deeper: bool = Field(description="Whether it can be divided further by the same.")
    traced_count: int | None
    disbursed_fen: Fen | None = Field(description="Paid out and traced.")
    cover: Cover | None = Field(description="Why the sum is not shown; null where it is.")
    cells: list[UseCell] = Field(description="One for each group of uses, in their order.")


class UseLine(Answer):
    """One use over all groups. The uses of a group of uses add up to its total."""

    line_group: UseGroup
    use: str
    loan_count: int | None
    amount_fen: Fen | None
    cover: Cover | None


class PortfolioUses(Priced):
    data_date: datetime.date | None
    by: PortfolioBy
    within: list[PortfolioCondition]
    fewest_loans: int | None = Field(description="As in the portfolio.")
    untraced_count: int | None = Field(
        description="Loans that no trace was made of: nothing of them is here."
    )
    total: UseRow
    groups: list[UseRow] = Field(description="The largest sum first; hidden ones last.")
    uses: list[UseLine] = Field(description="Group of uses by group, the largest first.")
    notes: list[Remark]

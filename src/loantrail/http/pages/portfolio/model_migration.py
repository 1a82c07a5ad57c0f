"""Migration of the five classes from an earlier day to the data date."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.http.pages.ledgers.model import Remark
from loantrail.http.pages.model import Answer, Fen, Priced
from loantrail.http.pages.portfolio.model import PortfolioCondition
from loantrail.http.pages.portfolio.model_uses import Cover


class PortfolioMove(Answer):
    """Loans that were in one class on the earlier day and are in another, or in none, today."""

    class_then: str
    class_now: str = Field(description="A class, or the state of a loan that counts no more.")
    loan_count: int | None
    balance_fen: Fen | None = Field(description="Of the earlier day.")
    cover: Cover | None = Field(description="Why it is not shown; null where it is.")


class MigrationRate(Answer):
    """A downward migration rate (迁徙率): `down_fen` over `opening_fen` less `reduced_fen`."""

    class_then: str = Field(
        description="A class, or `performing`: normal and special mention to non-performing."
    )
    opening_fen: Fen | None = Field(description="Balance on the earlier day.")
    reduced_fen: Fen | None = Field(description="What was repaid, written off or sold of it since.")
    down_count: int | None
    down_fen: Fen | None = Field(description="Owed today by those that moved down.")
    rate_ppm: int | None = Field(description="Null where it is hidden, or nothing is left to divide by.")
    cover: Cover | None


class PortfolioMigration(Priced):
    data_date: datetime.date | None
    since: datetime.date | None = Field(description="The earlier day; null where none is on record.")
    days: list[datetime.date] = Field(description="Earlier days on record, one a month, the newest first.")
    within: list[PortfolioCondition]
    fewest_loans: int | None = Field(description="As in the portfolio.")
    moves: list[PortfolioMove] | None = Field(description="Null where the classes of then are not on record.")
    rates: list[MigrationRate]
    new_count: int | None = Field(
        description="Loans that count today and did not then: they are in no row. Null within a class, which is the one of then."
    )
    notes: list[Remark]

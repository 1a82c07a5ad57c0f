"""The portfolio: sums by unit, industry, product, region, class or warning level, and the same as a spreadsheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.portfolio.model import VALUE_PATTERN, Portfolio, PortfolioBy, Within, within_of
from loantrail.http.pages.portfolio.reading import CNY, read_portfolio
from loantrail.http.pages.portfolio.sheet import write_sheet
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import sheet_answer
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.words import Language

router = APIRouter()
WITHIN_MAX = 8

_Condition = Annotated[str, Field(pattern=VALUE_PATTERN)]


AskedWithin = Annotated[
    tuple[_Condition, ...],
    Query(
        max_length=WITHIN_MAX,
        description="Groups that the loans are of, each as `by:value`, in the order in which they were gone down.",
    ),
]


def gone_down(within: AskedWithin = ()) -> list[Within]:
    """The groups as they were asked for."""
    return [within_of(one) for one in within]


GoneDown = Annotated[list[Within], Depends(gone_down)]
"""The groups that the loans are of."""
Currency = Annotated[
    str, Query(pattern="^[A-Z]{3}$", description="Loans in this currency alone: currencies never mix.")
]


@router.get(
    "/portfolio",
    dependencies=[allowed(Ability.READ_PORTFOLIO)],
    tags=["portfolio"],
    responses=LIST_PROBLEMS,
)
def portfolio(
    connection: Reading,
    person: Person,
    within: GoneDown,
    by: PortfolioBy = PortfolioBy.UNIT,
    currency: Currency = CNY,
) -> Portfolio:
    """Sums over the loans in reach that are not settled, group by group, with those of the last day of the month before."""
    return read_portfolio(connection, by, within, currency, person)


@router.get(
    "/portfolio.xlsx",
    # Sums, which name nobody: whoever may read them may keep them.
    dependencies=[allowed(Ability.READ_PORTFOLIO)],
    tags=["portfolio"],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def portfolio_sheet(
    connection: Reading,
    person: Person,
    within: GoneDown,
    exporting: Exporting,
    by: PortfolioBy = PortfolioBy.UNIT,
    currency: Currency = CNY,
    language: Annotated[Language, Query(description="Language of the sheet.")] = "zh",
) -> FileResponse:
    """The same groups as a spreadsheet."""
    read = read_portfolio(connection, by, within, currency, person)
    exporting(len(read.groups) + 1)
    made_at = clock.now()
    return sheet_answer(
        "portfolio", made_at, lambda path: write_sheet(path, read, language, person.name, made_at)
    )

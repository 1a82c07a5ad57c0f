"""Uses, concentration and migration of the portfolio, and the same as spreadsheets. Sums, which name nobody to who may not see
single loans."""

from __future__ import annotations

import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.loan_list.model import DAY_SCHEMA, day_of
from loantrail.http.pages.portfolio.model import PortfolioBy
from loantrail.http.pages.portfolio.model_concentration import PortfolioConcentration
from loantrail.http.pages.portfolio.model_migration import PortfolioMigration
from loantrail.http.pages.portfolio.model_uses import PortfolioUses
from loantrail.http.pages.portfolio.reading import CNY
from loantrail.http.pages.portfolio.reading_concentration import read_concentration
from loantrail.http.pages.portfolio.reading_migration import read_migration
from loantrail.http.pages.portfolio.reading_uses import read_uses
from loantrail.http.pages.portfolio.routes import Currency, GoneDown
from loantrail.http.pages.portfolio.sheet_tables import (
    write_concentration,
    write_migration,
    write_uses,
)
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import sheet_answer
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.words import Language

router = APIRouter(tags=["portfolio"], dependencies=[allowed(Ability.READ_PORTFOLIO)])
SheetLanguage = Annotated[Language, Query(description="Language of the sheet.")]
Since = Annotated[
    datetime.date | None,
    BeforeValidator(day_of),
    DAY_SCHEMA,
    Query(description="One of the days on record; without it the last one of an earlier month."),
]
_SHEET = file_responses(XLSX) | LIST_PROBLEMS


@router.get("/portfolio/uses", responses=LIST_PROBLEMS)
def portfolio_uses(
    connection: Reading,
    person: Person,
    within: GoneDown,
    by: PortfolioBy = PortfolioBy.INDUSTRY,
    currency: Currency = CNY,
) -> PortfolioUses:
    """Where the money of the loans in reach rests or went, by use, crossed with the groups."""
    return read_uses(connection, by, within, currency, person)


@router.get("/portfolio/uses.xlsx", response_class=Response, responses=_SHEET)
def portfolio_uses_sheet(
    connection: Reading,
    person: Person,
    within: GoneDown,
    exporting: Exporting,
    by: PortfolioBy = PortfolioBy.INDUSTRY,
    currency: Currency = CNY,
    language: SheetLanguage = "zh",
) -> FileResponse:
    """The same as a spreadsheet."""
    read = read_uses(connection, by, within, currency, person)
    exporting(len(read.groups) + 1 + len(read.uses))
    made_at = clock.now()
    return sheet_answer(
        "portfolio-uses", made_at, lambda path: write_uses(path, read, language, person.name, made_at)
    )


@router.get("/portfolio/concentration", responses=LIST_PROBLEMS)
def portfolio_concentration(
    connection: Reading,
    person: Person,
    within: GoneDown,
    currency: Currency = CNY,
) -> PortfolioConcentration:
    """How what is owed is spread over customers, groups, industries and regions, and the limits beside it."""
    return read_concentration(connection, within, currency, person)


@router.get("/portfolio/concentration.xlsx", response_class=Response, responses=_SHEET)
def portfolio_concentration_sheet(
    connection: Reading,
    person: Person,
    within: GoneDown,
    exporting: Exporting,
    currency: Currency = CNY,
    language: SheetLanguage = "zh",
) -> FileResponse:
    """The same figures as a spreadsheet; no customers."""
    read = read_concentration(connection, within, currency, person)
    exporting(len(read.figures) + 2)
    made_at = clock.now()
    return sheet_answer(
        "portfolio-concentration",
        made_at,
        lambda path: write_concentration(path, read, language, person.name, made_at),
    )


@router.get("/portfolio/migration", responses=LIST_PROBLEMS)
def portfolio_migration(
    connection: Reading,
    person: Person,
    within: GoneDown,
    currency: Currency = CNY,
    since: Since = None,
) -> PortfolioMigration:
    """The classes of the loans on an earlier day and on the data date, and the rates of migration."""
    return read_migration(connection, within, currency, person, since)


@router.get("/portfolio/migration.xlsx", response_class=Response, responses=_SHEET)
def portfolio_migration_sheet(
    connection: Reading,
    person: Person,
    within: GoneDown,
    exporting: Exporting,
    currency: Currency = CNY,
    since: Since = None,
    language: SheetLanguage = "zh",
) -> FileResponse:
    """The same as a spreadsheet."""
    read = read_migration(connection, within, currency, person, since)
    exporting(len(read.moves or ()))
    made_at = clock.now()
    return sheet_answer(
        "portfolio-migration",
        made_at,
        lambda path: write_migration(path, read, language, person.name, made_at),
    )

"""The largest customers of the portfolio as a spreadsheet: it names them, and is no sum that every reader may keep."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.portfolio.model_concentration import PortfolioConcentration
from loantrail.http.pages.portfolio.reading import CNY
from loantrail.http.pages.portfolio.reading_concentration import read_concentration
from loantrail.http.pages.portfolio.routes import AskedWithin, Currency, gone_down
from loantrail.http.pages.sheets import Table, add_sheet, amount, count, share, text
from loantrail.identity.abilities import Ability

router = APIRouter(tags=["portfolio"])


def largest_customers(
    connection: Reading, person: Person, within: AskedWithin = (), currency: Currency = CNY
) -> PortfolioConcentration:
    """The customers that owe most; none for who may not see single loans."""
    return read_concentration(connection, gone_down(within), currency, person)


CUSTOMERS: Final = Table(
    "largest-customers",
    "portfolio.concentration.customers",
    (
        text("portfolio.concentration.customer", "name", 34),
        text(("客户号", "Customer number"), "party_id", 24),
        count("portfolio.figure.loan_count", "loan_count"),
        amount("portfolio.figure.balance_fen", "balance_fen"),
        share("portfolio.concentration.share", "share_ppm"),
    ),
    {"within": ("portfolio.way", ""), "currency": ("portfolio.currency", "")},
    lambda answer: ({**one, "currency": answer["currency"]} for one in answer["customers"] or []),
    dated=True,
)
add_sheet(
    router,
    "/portfolio/concentration/customers",
    CUSTOMERS,
    largest_customers,
    allowed(Ability.READ_PORTFOLIO),
)

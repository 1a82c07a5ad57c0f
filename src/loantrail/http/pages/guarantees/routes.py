"""Guarantees and collateral of one loan, as of the data date."""

from __future__ import annotations

import datetime
from typing import Final

from fastapi import APIRouter

from loantrail.http.access import Reading, allowed
from loantrail.http.pages import store as pages
from loantrail.http.pages.guarantees import store
from loantrail.http.pages.guarantees.model import (
    Collateral,
    Expiring,
    Expiry,
    Guarantee,
    Guarantees,
    Relation,
    ScheduledPayment,
)
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId, no_loan
from loantrail.identity.abilities import Ability

SOON_DAYS: Final = 60
"""What expires within this many days of the data date is marked."""
VALUATION_DAYS: Final = 365
"""A valuation older than this is marked."""

router = APIRouter()


def expiring(on: datetime.date | None, data_date: datetime.date | None) -> Expiring:
    """How a date of expiry stands on the data date; on the day itself it still holds."""
    if on is None or data_date is None:
        return Expiring(on=on, expiry=Expiry.UNKNOWN)
    if on < data_date:
        return Expiring(on=on, expiry=Expiry.EXPIRED)
    soon = (on - data_date).days <= SOON_DAYS
    return Expiring(on=on, expiry=Expiry.SOON if soon else Expiry.VALID)


@router.get(
    "/loans/{loan_id}/guarantees",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["loans"],
    responses=LOAN_PROBLEMS,
)
def guarantees(connection: Reading, loan_id: LoanId) -> Guarantees:
    """Who guarantees the loan and with what, what expires, who stands beside the borrower, and the schedule."""
    facts = pages.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    run = pages.current_run(connection)
    data_date = run["data_date"] if run else None
    contract_id = facts["contract_id"]
    things = store.collateral(connection, contract_id)
    balance_fen = store.contract_balance_fen(connection, contract_id)
    value_fen = sum(row["value_fen"] for row in things if row["currency"] == facts["currency"])
    related, related_count = store.related(connection, contract_id, facts["borrower_party_id"], data_date)
    return Guarantees(
        loan_id=loan_id,
        contract_id=contract_id,
        currency=facts["currency"],
        data_date=data_date,
        contract_balance_fen=balance_fen,
        collateral_value_fen=value_fen,
        loan_to_value_ppm=balance_fen * 1_000_000 // value_fen if value_fen else None,
        guarantees=[
            Guarantee(
                **{name: value for name, value in row.items() if name != "valid_to"},
                valid_to=expiring(row["valid_to"], data_date),
                collateral=[
                    _collateral(thing, data_date)
                    for thing in things
                    if thing["guarantee_id"] == row["guarantee_id"]
                ],
            )
            for row in store.guarantees(connection, contract_id)
        ],
        related=[
            Relation(**{name: value for name, value in row.items() if name != "related_count"})
            for row in related
        ],
        related_count=related_count,
        schedule=[
            ScheduledPayment(
                instalment_no=one.number,
                due_on=one.due_on,
                principal_fen=one.principal_fen,
                interest_fen=one.interest_fen,
            )
            for one in pages.loan_schedule(connection, loan_id)
        ],
    )


def _collateral(row: pages.Row, data_date: datetime.date | None) -> Collateral:
    return Collateral(
        collateral_id=row["collateral_id"],
        kind=row["kind"],
        owner_party_id=row["owner_party_id"],
        owner_name=row["owner_name"],
        value_fen=row["value_fen"],
        currency=row["currency"],
        valued_on=row["valued_on"],
        valued_long_ago=data_date is not None and (data_date - row["valued_on"]).days > VALUATION_DAYS,
        ranking=row["ranking"],
        loan_to_value_ppm=row["loan_to_value_ppm"],
        registration_no=row["registration_no"],
        registration=expiring(row["registration_expires_on"], data_date),
        insurance=expiring(row["insurance_expires_on"], data_date),
    )

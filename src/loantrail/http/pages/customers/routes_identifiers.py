"""Identity and telephone number of a customer in clear: for a reason, on record."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter

from loantrail.destinations.routes import Reason, Wanted
from loantrail.http.access import Recording, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.customers import store_one
from loantrail.http.pages.customers.model import CustomerIdentifiers
from loantrail.http.problems import WRITE_STATUSES, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.parties.contacts.routes import PartyId, no_customer

router = APIRouter(tags=["customers"])

ACTION: Final = "customer.read_identifiers"


class WantedIdentifiers(Wanted):
    reason: Reason


@router.post(
    "/customers/{party_id}/identifiers",
    dependencies=[allowed(Ability.SEE_IDENTIFIERS)],
    responses=problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES),
)
def read_identifiers(
    connections: Lending, record: Recording, party_id: PartyId, wanted: WantedIdentifiers
) -> CustomerIdentifiers:
    """The numbers that the customer's page shows masked. Who read them, when and why is written in the audit log first."""
    with connections.connection() as connection:
        facts = store_one.facts(connection, party_id)
        if facts is None:
            raise no_customer(party_id)
        record(
            connection,
            ACTION,
            "customer",
            party_id,
            why=wanted.reason.strip(),
            unit_id=facts["unit_id"],
        )
    # Only now: what is not on record is not told.
    return CustomerIdentifiers(
        identity_kind=facts["identity_kind"],
        identity_number=facts["identity_number"],
        phone=facts["phone"],
    )

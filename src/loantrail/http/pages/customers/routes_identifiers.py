"""Identity and telephone number of a customer in clear: for a reason, on record."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter

from loantrail.audit.model import Entry
from loantrail.audit.store import append, now_us
from loantrail.destinations.routes import Reason, Wanted
from loantrail.http.access import Person, allowed
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
    connections: Lending, person: Person, party_id: PartyId, wanted: WantedIdentifiers
) -> CustomerIdentifiers:
    """The numbers that the customer's page shows masked. Who read them, when and why is written in the audit log first."""
    with connections.connection() as connection:
        facts = store_one.facts(connection, party_id)
        if facts is None:
            raise no_customer(party_id)
        entry = Entry(
            at_us=now_us(),
            person=person.acting,
            action=ACTION,
            object_kind="customer",
            object_id=party_id,
            why=wanted.reason.strip(),
            request_id=person.request_id,
            address=person.address,
            unit_id=facts["unit_id"],
        )
        append(connection, [entry])
    # Only now: what is not on record is not told.
    return CustomerIdentifiers(
        identity_kind=facts["identity_kind"],
        identity_number=facts["identity_number"],
        phone=facts["phone"],
    )

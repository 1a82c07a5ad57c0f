"""The group of connected customers that a customer stands in, and what it owes against the limits: as the ledger of groups tells it."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from pydantic import Field

from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.customers import store_one
from loantrail.http.pages.ledgers import store as ledgers
from loantrail.http.pages.ledgers.catalogue import GROUPS
from loantrail.http.pages.ledgers.model import LedgerName, Remark
from loantrail.http.pages.ledgers.reading import standing
from loantrail.http.pages.ledgers.store_groups import party_names
from loantrail.http.pages.model import Answer, Fen
from loantrail.http.pages.routes import LOAN_PROBLEMS
from loantrail.http.pages.store import Row
from loantrail.identity.abilities import Ability
from loantrail.ledger.identity import HOME_CURRENCY
from loantrail.parties.contacts.routes import PartyId, no_customer

router = APIRouter(tags=["customers"])
NAMED_MOST: Final = 50
"""Members that are named; the ledger counts all."""


class ConnectedParty(Answer):
    party_id: str
    name: str


class GroupExposure(Answer):
    """What the group owes in CNY. Shares are in millionths, null without capital on record."""

    balance_fen: Fen
    undrawn_fen: Fen
    exposure_fen: Fen
    borrower_count: int
    loan_count: int
    capital_ppm: int | None = Field(description="Balance of net capital.")
    tier1_ppm: int | None = Field(description="Exposure of net tier-1 capital.")
    limit_used_ppm: int | None = Field(description="Of the limits that hold, the one that is used most.")
    exceeded: bool | None
    large: bool | None


class ConnectedGroup(Answer):
    name: str
    member_count: int = Field(description="As far as relations in reach tell; 1: nobody is connected.")
    members: list[ConnectedParty] = Field(description="Those in reach, at most fifty.")
    exposure: GroupExposure | None = Field(description="Null where the group owes nothing now.")
    notes: list[Remark]


@router.get(
    "/customers/{party_id}/group", dependencies=[allowed(Ability.READ_LOANS)], responses=LOAN_PROBLEMS
)
def customer_group(connection: Reading, person: Person, party_id: PartyId) -> ConnectedGroup:
    """Whom control, membership or a holding of more than half joins with the customer, and the exposure to them all."""
    facts = store_one.facts(connection, party_id)
    if facts is None:
        raise no_customer(party_id)
    stands = standing(connection, LedgerName.GROUPS, person)
    groups = dict(zip(stands.parameters["members"], stands.parameters["member_groups"], strict=True))
    group_id = groups.get(party_id, party_id)
    members = [party for party, group in groups.items() if group == group_id] or [party_id]
    names = party_names(connection, members[:NAMED_MOST])
    found = ledgers.rows_of(connection, GROUPS, [f"{group_id}/{HOME_CURRENCY}"], stands.parameters)
    return ConnectedGroup(
        name=found[0]["name"] if found else facts["name"],
        member_count=len(members),
        members=[ConnectedParty(party_id=one, name=name) for one, name in sorted(names.items())],
        exposure=_exposure(found[0]) if found else None,
        notes=list(stands.notes),
    )


def _exposure(row: Row) -> GroupExposure:
    # Sums of the database are of its own kind of number.
    values: dict[str, Any] = {
        name: value if value is None or isinstance(value, bool) else int(value)
        for name, value in row.items()
        if name in GroupExposure.model_fields
    }
    return GroupExposure.model_validate(values)

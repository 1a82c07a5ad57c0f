"""Somebody is away, and somebody else does their work meanwhile. The caller commits."""

from __future__ import annotations

import datetime

from loantrail.identity import store_people
from loantrail.identity.abilities import Role
from loantrail.identity.changing import PersonMissing, PersonRefused, missing_person
from loantrail.identity.limits import limits_at
from loantrail.identity.workflow import Delegation, Refusal, refused_delegation
from loantrail.ids import new_id


def stand_in(
    connection: store_people.Database,
    from_person_id: str,
    to_person_id: str,
    period: tuple[datetime.datetime, datetime.datetime],
    reason: str,
    now: datetime.datetime,
) -> Delegation:
    """`to_person_id` may do from then until then what `from_person_id` may, whose own wish it is. PersonRefused says what
    forbids it, PersonMissing that there is no such person."""
    store_people.lock(connection)
    giver = store_people.person(connection, from_person_id)
    receiver = store_people.person(connection, to_person_id)
    if giver is None:
        raise missing_person(from_person_id)
    if receiver is None:
        raise missing_person(to_person_id)
    held = store_people.assignments(connection, [from_person_id, to_person_id])

    def roles_of(person_id: str) -> frozenset[Role]:
        return frozenset(one.role for one in held if one.person_id == person_id and one.overlaps(*period))

    refusal = refused_delegation(
        giver,
        receiver,
        period,
        (roles_of(from_person_id), roles_of(to_person_id)),
        store_people.delegations(connection, [from_person_id, to_person_id], now),
        limits_at(connection, now),
        now,
    )
    if refusal is not None:
        raise PersonRefused(refusal)
    made = Delegation(
        delegation_id=new_id(),
        from_person_id=from_person_id,
        to_person_id=to_person_id,
        valid_from=max(period[0], now),
        valid_to=period[1],
        reason=reason.strip(),
        maker=from_person_id,
        made_at=now,
        ended_at=None,
    )
    store_people.insert_delegation(connection, made)
    return made


def end_standing_in(
    connection: store_people.Database, delegation_id: str, by_person_id: str, now: datetime.datetime
) -> None:
    """End it before its time: who is back does, or who stands in. PersonMissing where it is neither's, so that nobody learns
    of it; PersonRefused where it has ended."""
    store_people.lock(connection)
    found = store_people.delegation(connection, delegation_id)
    if found is None or by_person_id not in (found.from_person_id, found.to_person_id):
        raise PersonMissing(
            f"there is no delegation {delegation_id}", remedy="Open the list of delegations again"
        )
    if not store_people.end_delegation(connection, delegation_id, now):
        raise PersonRefused(Refusal.ENDED)

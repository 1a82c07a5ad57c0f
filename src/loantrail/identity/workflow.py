"""What may be done with a person, a delegation, a key, and by whom. Decides; stores nothing. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loantrail.identity.abilities import (
    ADMINISTRATORS,
    KEY_ABILITIES,
    WHOLE_BANK,
    Role,
    conflict_of,
)
from loantrail.identity.changes import (
    AssignRole,
    Change,
    CreatePerson,
    EditPerson,
    Grant,
    MakeKey,
    ResetSignIn,
    ResumePerson,
    WithdrawRole,
    period_of,
)
from loantrail.identity.decide import Limits


class State(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as kept, without what proves who they are."""

    person_id: str
    staff_id: str | None
    name: str
    unit_id: str | None
    state: State
    has_password: bool
    must_change_password: bool
    second_factor_on: bool
    locked_until: datetime.datetime | None
    openid_subject: str | None
    made_at: datetime.datetime
    made_by: str
    left_at: datetime.datetime | None
    version: int

    def is_called(self, name: str) -> bool:
        """Whether acts are recorded under this name when this person acts."""
        return name in (self.person_id, self.staff_id)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that a person holds, held or will hold."""

    assignment_id: str
    person_id: str
    role: Role
    unit_id: str | None
    valid_from: datetime.datetime
    valid_to: datetime.datetime | None
    maker: str
    checker: str | None

    def overlaps(self, start: datetime.datetime, end: datetime.datetime | None) -> bool:
        return _overlap(self.valid_from, self.valid_to, start, end)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody stands in for somebody who is away."""

    delegation_id: str
    from_person_id: str
    to_person_id: str
    valid_from: datetime.datetime
    valid_to: datetime.datetime
    reason: str
    maker: str
    made_at: datetime.datetime
    ended_at: datetime.datetime | None
    from_name: str = ""
    """As a person is called, where the delegation was read."""
    to_name: str = ""


def _overlap(
    one_start: datetime.datetime,
    one_end: datetime.datetime | None,
    start: datetime.datetime,
    end: datetime.datetime | None,
) -> bool:
    """Whether two half-open periods share an instant; without an end they go on."""
    return (one_end is None or start < one_end) and (end is None or one_start < end)


class Refusal(StrEnum):
    """Why it cannot be done. None of them changes anything."""

    KNOWN = "known"
    STAFF_TAKEN = "staff_taken"
    SUBJECT_TAKEN = "subject_taken"
    NO_NAME = "no_name"
    LEFT = "left"
    NOT_ACTIVE = "not_active"
    NOT_SUSPENDED = "not_suspended"
    SAME_PERSON = "same_person"
    OWN_PERSON = "own_person"
    ADMINISTRATORS_APART = "administrators_apart"
    AUDITOR_APART = "auditor_apart"
    ROLE_HELD = "role_held"
    ROLE_NOT_HELD = "role_not_held"
    NO_UNIT_WANTED = "no_unit_wanted"
    PERIOD = "period"
    LAST_ADMINISTRATOR = "last_administrator"
    KEY_ABILITY = "key_ability"
    NOT_TO_SELF = "not_to_self"
    NOT_DELEGATED = "not_delegated"
    NOT_TO_THIS_PERSON = "not_to_this_person"
    AWAY_ALREADY = "away_already"
    RECEIVER_AWAY = "receiver_away"
    CIRCULAR = "circular"
    BACKDATED = "backdated"
    TOO_LONG = "too_long"
    ENDED = "ended"


Administrators = Mapping[Role, frozenset[str]]
"""Role of an administrator -> the active persons who hold it now."""


def refused_change(
    change: Change,
    person: Person | None,
    held: Sequence[Assignment],
    administrators: Administrators,
    maker: str,
    checker: str,
    limits: Limits,
    now: datetime.datetime,
) -> Refusal | None:
    """Why a change cannot be done now. `person`: whom it is about, None where there is none yet or it is about a key; `held`:
    all assignments of theirs. `checker` may be empty while nobody approved yet."""
    if maker == checker:
        return Refusal.SAME_PERSON
    if isinstance(change, MakeKey):
        return refused_key(change.abilities, change.expires_at, limits, now)
    if isinstance(change, CreatePerson):
        if person is not None:
            return Refusal.KNOWN
        return _refused_grants(change.roles, [], now)
    assert person is not None
    if person.is_called(maker) or (checker and person.is_called(checker)):
        return Refusal.OWN_PERSON
    if person.state is State.LEFT:
        return Refusal.LEFT
    if isinstance(change, AssignRole):
        return _refused_grants([change.grant], held, now)
    if isinstance(change, WithdrawRole):
        return _refused_withdrawal(change.assignment_id, person, held, administrators, now)
    if isinstance(change, ResumePerson):
        return None if person.state is State.SUSPENDED else Refusal.NOT_SUSPENDED
    assert isinstance(change, EditPerson | ResetSignIn)
    return None


def _refused_grants(
    grants: Sequence[Grant], held: Iterable[Assignment], now: datetime.datetime
) -> Refusal | None:
    standing = [(one.role, one.unit_id, one.valid_from, one.valid_to) for one in held]
    for grant in grants:
        start, end = period_of(grant, now)
        if end is not None and end <= start:
            return Refusal.PERIOD
        if grant.unit_id is not None and grant.role in (WHOLE_BANK | ADMINISTRATORS):
            # A unit beside a role that sees the whole bank anyway would promise a limit that there is not.
            return Refusal.NO_UNIT_WANTED
        together = [one for one in standing if _overlap(one[2], one[3], start, end)]
        if any(one[:2] == (grant.role, grant.unit_id) for one in together):
            return Refusal.ROLE_HELD
        roles = {grant.role, *(one[0] for one in together)}
        if conflict_of(roles) is not None:
            return Refusal.ADMINISTRATORS_APART if roles & ADMINISTRATORS else Refusal.AUDITOR_APART
        standing.append((grant.role, grant.unit_id, start, end))
    return None


def _refused_withdrawal(
    assignment_id: str,
    person: Person,
    held: Sequence[Assignment],
    administrators: Administrators,
    now: datetime.datetime,
) -> Refusal | None:
    found = next((one for one in held if one.assignment_id == assignment_id), None)
    if found is None or (found.valid_to is not None and found.valid_to <= now):
        return Refusal.ROLE_NOT_HELD
    if found.valid_from > now:
        return None
    return _last_administrator({found.role}, person, administrators)


def _last_administrator(
    roles: Iterable[Role], person: Person, administrators: Administrators
) -> Refusal | None:
    """Nobody takes away the last administrator of a kind: afterwards nobody could make another."""
    for role in ADMINISTRATORS.intersection(roles):
        if not administrators.get(role, frozenset()) - {person.person_id}:
            return Refusal.LAST_ADMINISTRATOR
    return None


def refused_stop(
    person: Person,
    held: Sequence[Assignment],
    administrators: Administrators,
    by: str,
    now: datetime.datetime,
    *,
    leaving: bool,
) -> Refusal | None:
    """Why a person cannot be suspended or leave. One administrator suffices: it takes away and gives nothing."""
    if person.is_called(by):
        return Refusal.OWN_PERSON
    if person.state is State.LEFT:
        return Refusal.LEFT
    if person.state is State.SUSPENDED and not leaving:
        return Refusal.NOT_ACTIVE
    if person.state is State.SUSPENDED:
        return None
    roles = {one.role for one in held if one.overlaps(now, now + datetime.timedelta(microseconds=1))}
    return _last_administrator(roles, person, administrators)


def refused_key(
    abilities: Sequence[str], expires_at: datetime.datetime, limits: Limits, now: datetime.datetime
) -> Refusal | None:
    """Why a key of a system cannot be made."""
    if not set(abilities) <= {ability.value for ability in KEY_ABILITIES}:
        return Refusal.KEY_ABILITY
    if expires_at <= now:
        return Refusal.PERIOD
    return Refusal.TOO_LONG if expires_at - now > limits.key else None


LATE: Final = datetime.timedelta(minutes=10)
"""A delegation may begin so long before it is entered: a form takes time to fill in."""


def refused_delegation(
    giver: Person,
    receiver: Person,
    period: tuple[datetime.datetime, datetime.datetime],
    roles: tuple[frozenset[Role], frozenset[Role]],
    standing: Sequence[Delegation],
    limits: Limits,
    now: datetime.datetime,
) -> Refusal | None:
    """Why `receiver` cannot stand in for `giver`. `roles`: of both, held at any time within the period; `standing`:
    delegations from or to either that were not ended."""
    start, end = period
    given, own = roles
    if giver.person_id == receiver.person_id:
        return Refusal.NOT_TO_SELF
    if receiver.state is not State.ACTIVE:
        return Refusal.NOT_TO_THIS_PERSON
    if end <= max(start, now):
        return Refusal.PERIOD
    if start < now - LATE:
        return Refusal.BACKDATED
    if end - start > limits.delegation:
        return Refusal.TOO_LONG
    if not given - ADMINISTRATORS:
        return Refusal.NOT_DELEGATED
    # What a person may not hold together they may not do together either; matters of suspicion stay within compliance,
    # since whoever deals with the customer could warn them.
    if conflict_of(given | own) is not None or (Role.AML_OFFICER in given and Role.AML_OFFICER not in own):
        return Refusal.NOT_TO_THIS_PERSON
    together = [
        one for one in standing if one.ended_at is None and _overlap(one.valid_from, one.valid_to, start, end)
    ]
    if any(one.from_person_id == giver.person_id for one in together):
        return Refusal.AWAY_ALREADY
    if any(
        (one.from_person_id, one.to_person_id) == (receiver.person_id, giver.person_id) for one in together
    ):
        return Refusal.CIRCULAR
    if any(one.from_person_id == receiver.person_id for one in together):
        return Refusal.RECEIVER_AWAY
    return None

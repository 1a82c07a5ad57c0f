"""Persons are made, given roles, suspended, and leave. The caller commits.

What gives somebody something is proposed by one administrator (`check_person_change`) and done when a second one approves
(`apply_person_change`); what only takes away (suspend, leave, end a key) takes one.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from loantrail.clock import business_date
from loantrail.errors import InputError, Place
from loantrail.identity import passwords, store, store_keys, store_people, store_session, store_sign_in
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
    read_change,
)
from loantrail.identity.decide import KEY_PREFIX
from loantrail.identity.limits import limits_at
from loantrail.identity.store_people import Database
from loantrail.identity.workflow import Person, Refusal, State, refused_change, refused_key, refused_stop
from loantrail.ids import new_id, secret_token

_ASK: Final = "Ask another administrator"
_WORDS: Final[dict[Refusal, tuple[str, str, str]]] = {
    Refusal.KNOWN: ("somebody has that sign-in name", "Choose another one", "person_id"),
    Refusal.STAFF_TAKEN: ("this member of staff is a person already", "Change that person", "staff_id"),
    Refusal.SUBJECT_TAKEN: ("another person has that subject", "Check it at the sign-in server", "openid_subject"),
    Refusal.NO_NAME: ("the person has no name", "Enter it, or the number on the staff list", "name"),
    Refusal.LEFT: ("the person has left", "Make a new person", ""),
    Refusal.NOT_ACTIVE: ("the person is suspended already", "Nothing needs to be done", ""),
    Refusal.NOT_SUSPENDED: ("the person is not suspended", "Nothing needs to be done", ""),
    Refusal.SAME_PERSON: ("the same person proposed it", "Ask a second person", ""),
    Refusal.OWN_PERSON: ("nobody changes what they themselves may do", _ASK, "person_id"),
    Refusal.ADMINISTRATORS_APART: (
        "an administrator holds no other role: system, security and audit administrators are separate persons",
        "Give the role to somebody else, or withdraw the other one first", "role",
    ),
    Refusal.AUDITOR_APART: (
        "an internal auditor holds no other role: nobody examines their own acts",
        "Give the role to somebody else, or withdraw the other one first", "role",
    ),
    Refusal.ROLE_HELD: ("the person holds that role there in that time", "Withdraw that one first", "role"),
    Refusal.ROLE_NOT_HELD: ("the person does not hold that role any more", "Read the person again", ""),
    Refusal.NO_UNIT_WANTED: ("the role is held in the whole bank, not in a unit", "Leave the unit out", "unit_id"),
    Refusal.PERIOD: ("the end lies before the beginning, or in the past", "Choose a later end", "valid_to"),
    Refusal.LAST_ADMINISTRATOR: (
        "nobody else is administrator of that kind: afterwards nobody could make another",
        "Give the role to a second person first", "",
    ),
    Refusal.KEY_ABILITY: ("a key is not made for that", "Choose of the list", "abilities"),
    Refusal.NOT_TO_SELF: ("nobody stands in for themself", "Choose somebody else", "to_person_id"),
    Refusal.NOT_DELEGATED: (
        "an administrator's work is not handed to a stand-in, nor is there any without a role",
        "Have a second administrator made", "",
    ),
    Refusal.NOT_TO_THIS_PERSON: ("this person may not do that work", "Choose somebody else", "to_person_id"),
    Refusal.AWAY_ALREADY: ("somebody stands in in that time already", "End that one first", "valid_from"),
    Refusal.RECEIVER_AWAY: ("this person is away in that time too", "Choose somebody else", "to_person_id"),
    Refusal.CIRCULAR: ("this person counts on you in that time", "Choose somebody else", "to_person_id"),
    Refusal.BACKDATED: ("it would begin in the past", "Choose now or later", "valid_from"),
    Refusal.TOO_LONG: ("it lasts longer than is allowed", "Choose an earlier end", "valid_to"),
    Refusal.ENDED: ("it has ended", "Nothing needs to be done", ""),
}  # fmt: skip


class PersonRefused(InputError):
    """It cannot be done now; `code` is the refusal's name."""

    def __init__(self, refusal: Refusal) -> None:
        problem, remedy, field = _WORDS[refusal]
        super().__init__(problem, Place(field=field), remedy)
        self.code = refusal.value


class PersonMissing(InputError):
    """There is no such person, member of staff, unit or key."""

    code = "not_found"


class PersonChanged(InputError):
    """Somebody else changed the person since it was read; `present` is the person now."""

    code = "changed"

    def __init__(self, present: Person) -> None:
        super().__init__("somebody else changed this person meanwhile", remedy="Read it again, then decide")
        self.present = present


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was done. `one_time_password`: what the person signs in with and must change; it stands nowhere else."""

    subject: str
    one_time_password: str = ""


def check_person_change(connection: Database, content: Any, maker: str, now: datetime.datetime) -> Change:
    """The change of a content, if it could be done now were it approved. InputError (PersonRefused, PersonMissing,
    PersonChanged) where it could not."""
    change = _read(content)
    _judge(connection, change, maker, "", now)
    return change


def apply_person_change(
    connection: Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Applied:
    """Do what `maker` proposed and `checker` approved. Judged anew: what has changed since may forbid it (as above)."""
    change = _read(content)
    store_people.lock(connection)
    person = _judge(connection, change, maker, checker, now)
    if isinstance(change, MakeKey):
        store_keys.insert_key(
            connection,
            change.key_id,
            bytes.fromhex(change.secret_hash),
            change.name,
            change.abilities,
            change.unit_id,
            change.expires_at,
            maker,
            checker,
            now,
        )
        return Applied(f"key:{change.key_id}")
    if isinstance(change, CreatePerson):
        return _create(connection, change, maker, checker, now)
    assert person is not None
    password = ""
    if isinstance(change, EditPerson):
        store_people.edit_person(
            connection, person.person_id, change.name, change.unit_id, change.openid_subject
        )
    elif isinstance(change, AssignRole):
        _give(connection, person.person_id, change.grant, maker, checker, now)
    elif isinstance(change, WithdrawRole):
        store_people.end_assignment(connection, change.assignment_id, now)
    elif isinstance(change, ResumePerson):
        store_people.set_state(connection, person.person_id, State.ACTIVE, now)
    else:
        password = _reset(connection, change, now)
    store_people.raise_version(connection, person.person_id)
    return Applied(person.person_id, password)


def _read(content: Any) -> Change:
    try:
        return read_change(content)
    except ValidationError as problem:
        raise InputError(
            f"the proposal cannot be read: {problem.error_count()} of its fields cannot be used",
            remedy="Refuse it, and propose it anew",
        ) from None


def _judge(
    connection: Database, change: Change, maker: str, checker: str, now: datetime.datetime
) -> Person | None:
    """Whom the change is about; raises what forbids it."""
    person: Person | None = None
    units = [change.unit_id] if isinstance(change, EditPerson | MakeKey) else []
    if isinstance(change, MakeKey):
        if store_keys.is_key(connection, change.key_id):
            raise PersonRefused(Refusal.KNOWN)
    else:
        person = store_people.person(connection, change.person_id)
        if isinstance(change, CreatePerson):
            units = [change.unit_id, *(one.unit_id for one in change.roles)]
        elif person is None:
            raise missing_person(change.person_id)
        elif person.version != change.version:
            raise PersonChanged(person)
        if isinstance(change, AssignRole):
            units = [change.grant.unit_id]
    held = store_people.assignments(connection, [person.person_id]) if person else []
    refusal = refused_change(
        change,
        person,
        held,
        store_people.administrators(connection, now),
        maker,
        checker,
        limits_at(connection, now),
        now,
    )
    if refusal is not None:
        raise PersonRefused(refusal)
    for unit_id in units:
        if unit_id is not None and store_people.unit_name(connection, unit_id) is None:
            raise PersonMissing(
                f"there is no unit {unit_id}", Place(field="unit_id"), "Choose one of the organisation"
            )
    _check_taken(connection, change)
    return person


def _check_taken(connection: Database, change: Change) -> None:
    if isinstance(change, CreatePerson) and change.staff_id is not None:
        if store_people.staff_member(connection, change.staff_id) is None:
            raise PersonMissing(
                f"the staff list has no {change.staff_id}", Place(field="staff_id"), "Check the number"
            )
        if store_people.person_of_staff(connection, change.staff_id) is not None:
            raise PersonRefused(Refusal.STAFF_TAKEN)
    if isinstance(change, CreatePerson) and change.staff_id is None and not change.name.strip():
        raise PersonRefused(Refusal.NO_NAME)
    subject = change.openid_subject if isinstance(change, CreatePerson | EditPerson) else None
    if subject is not None:
        other = store_people.person_of_subject(connection, subject)
        if other is not None and not isinstance(change, MakeKey) and other.person_id != change.person_id:
            raise PersonRefused(Refusal.SUBJECT_TAKEN)


def _create(
    connection: Database, change: CreatePerson, maker: str, checker: str, now: datetime.datetime
) -> Applied:
    name, unit = change.name.strip(), change.unit_id
    if change.staff_id is not None:
        listed = store_people.staff_member(connection, change.staff_id)
        assert listed is not None
        name, unit = name or listed[0], unit or listed[1]
    store_people.insert_person(
        connection, change.person_id, change.staff_id, name, unit, change.openid_subject, maker, now
    )
    for grant in change.roles:
        _give(connection, change.person_id, grant, maker, checker, now)
    password = _one_time(connection, change.person_id, now) if change.with_password else ""
    return Applied(change.person_id, password)


def _give(
    connection: Database,
    person_id: str,
    grant: Grant,
    maker: str,
    checker: str | None,
    now: datetime.datetime,
) -> None:
    store_people.insert_assignment(
        connection,
        new_id(),
        person_id,
        grant.role,
        grant.unit_id,
        period_of(grant, now),
        maker,
        checker,
    )


def _reset(connection: Database, change: ResetSignIn, now: datetime.datetime) -> str:
    store_session.end_sessions(connection, change.person_id, now)
    store_sign_in.forget_failures(connection, change.person_id)
    if change.second_factor:
        store_sign_in.turn_second_factor_off(connection, change.person_id)
    return _one_time(connection, change.person_id, now) if change.password else ""


def _one_time(connection: Database, person_id: str, now: datetime.datetime) -> str:
    password = passwords.one_time_password()
    store_sign_in.keep_password(
        connection,
        person_id,
        passwords.hashed(password),
        now,
        limits_at(connection, now).password_history,
        must_change=True,
    )
    return password


def missing_person(person_id: str) -> PersonMissing:
    return PersonMissing(f"there is no person {person_id}", remedy="Open the list of persons")


# What one administrator does ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What a person who left had in hand. Loans change hands in the core system, which names the managers; warnings and checks
    are handed over by whoever may assign them."""

    person: Person
    loans: list[str]
    warnings: list[str]
    checks: list[str]
    sessions_ended: int
    keys_ended: int
    delegations_ended: int


def suspend(connection: Database, person_id: str, version: int, by: str, now: datetime.datetime) -> Person:
    """Nobody signs in as this person from now on, and who is signed in is no longer. PersonMissing, PersonChanged,
    PersonRefused."""
    _stoppable(connection, person_id, version, by, now, leaving=False)
    store_people.set_state(connection, person_id, State.SUSPENDED, now)
    store_session.end_sessions(connection, person_id, now)
    store_people.raise_version(connection, person_id)
    return _again(connection, person_id)


def leave(connection: Database, person_id: str, version: int, by: str, now: datetime.datetime) -> LeftBehind:
    """The person works here no longer: roles, sessions, keys that they made and standing in end now. Errors as above."""
    person = _stoppable(connection, person_id, version, by, now, leaving=True)
    loans: list[str] = []
    warnings: list[str] = []
    checks: list[str] = []
    if person.staff_id is not None:
        loans, warnings, checks = store.left_behind(connection, person.staff_id, business_date(now))
    store_people.set_state(connection, person_id, State.LEFT, now)
    store_people.end_assignments(connection, person_id, now)
    sessions = store_session.end_sessions(connection, person_id, now)
    keys = store_keys.end_keys_of(
        connection, [one for one in (person.person_id, person.staff_id) if one is not None], by, now
    )
    delegations = store_people.end_delegations(connection, person_id, now)
    store_people.raise_version(connection, person_id)
    return LeftBehind(_again(connection, person_id), loans, warnings, checks, sessions, keys, delegations)


def _stoppable(
    connection: Database, person_id: str, version: int, by: str, now: datetime.datetime, *, leaving: bool
) -> Person:
    store_people.lock(connection)
    person = store_people.person(connection, person_id)
    if person is None:
        raise missing_person(person_id)
    if person.version != version:
        raise PersonChanged(person)
    held = store_people.assignments(connection, [person_id])
    administrators = store_people.administrators(connection, now)
    refusal = refused_stop(person, held, administrators, by, now, leaving=leaving)
    if refusal is not None:
        raise PersonRefused(refusal)
    return person


def _again(connection: Database, person_id: str) -> Person:
    person = store_people.person(connection, person_id)
    assert person is not None
    return person


# Keys of systems ----------------------------------------------------------------------------------------------


def new_key(
    connection: Database,
    name: str,
    abilities: list[str],
    unit_id: str | None,
    expires_at: datetime.datetime,
    now: datetime.datetime,
) -> tuple[str, MakeKey]:
    """A fresh key, to be shown once, and the change to propose with it. PersonRefused for what a key may not do or how long."""
    refusal = refused_key(abilities, expires_at, limits_at(connection, now), now)
    if refusal is not None:
        raise PersonRefused(refusal)
    secret = KEY_PREFIX + secret_token() + secret_token()
    return secret, MakeKey(
        kind="make_key",
        key_id=new_id(),
        secret_hash=store_session.secret_hash(secret).hex(),
        name=name,
        abilities=sorted(set(abilities)),
        unit_id=unit_id,
        expires_at=expires_at,
    )

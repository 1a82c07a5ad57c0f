"""Persons, their roles, the organisation and keys of systems, for administrators."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, Field

from loantrail import clock
from loantrail.approvals.routes import ApprovalRequest, answer_of
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Acting, Recording, allowed, signed_in
from loantrail.http.access import Person as Acts
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, once, problem_responses
from loantrail.http.proposing import propose_on_record
from loantrail.identity import changing, store, store_keys, store_people, store_session, store_sign_in
from loantrail.identity.abilities import Ability, Role
from loantrail.identity.answers import (
    KeyRow,
    LeavingAnswer,
    PersonDetail,
    PersonRow,
    Persons,
    RoleWord,
    UnitRow,
    delegation_row,
    person_row,
    role_held,
    role_word,
)
from loantrail.identity.approving import PERSON_CHANGE
from loantrail.identity.changes import (
    PERSON_PATTERN,
    PLAIN,
    Change,
    UnitKey,
    Version,
    WantedChange,
    written_change,
)
from loantrail.identity.changing import PersonChanged, PersonMissing, PersonRefused
from loantrail.identity.limits import limits_at
from loantrail.identity.routes import READ_STATUSES
from loantrail.identity.routes_me import YEAR
from loantrail.identity.workflow import Person, State

router = APIRouter(tags=["persons"])
PersonPath = Annotated[str, Path(pattern=PERSON_PATTERN)]
Search = Annotated[str, Query(max_length=100, pattern=PLAIN)]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class WantedVersion(Wanted):
    version: Version


class WantedPersonChange(Wanted):
    change: WantedChange
    reason: Reason
    request_key: RequestKey


class WantedKey(Wanted):
    """A key for a system."""

    name: str = Field(min_length=1, max_length=100, pattern=PLAIN, description="The system that uses it.")
    abilities: list[Ability] = Field(min_length=1, max_length=16, description="What it may do.")
    unit_id: UnitKey | None = Field(None, description="The unit with all below it; null: the whole bank.")
    expires_at: AwareDatetime
    reason: Reason
    request_key: RequestKey


class KeyProposed(Answer):
    """A key that waits for approval."""

    secret: str = Field(description="What the system sends as `Authorization: Bearer`; shown this once.")
    request: ApprovalRequest


# Reading ------------------------------------------------------------------------------------------------------


@router.get("/roles", dependencies=[signed_in()], responses=READ_STATUSES)
def roles() -> list[RoleWord]:
    """The roles that there are, with their names."""
    return [role_word(role) for role in Role]


@router.get("/organisation", dependencies=[signed_in()], responses=READ_STATUSES)
def organisation(connections: Lending) -> list[UnitRow]:
    """Every unit of the bank with its parent: head office, branches, sub-branches, departments."""
    with connections.connection() as connection:
        return [UnitRow(**row) for row in store.organisation(connection)]


@router.get("/persons", dependencies=[allowed(Ability.READ_PEOPLE)], responses=READ_STATUSES)
def list_persons(
    connections: Lending,
    search: Search = "",
    state: State | None = None,
    role: Role | None = None,
    unit: Annotated[str, Query(max_length=128, pattern=PLAIN)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Persons:
    """Who may sign in or might, with the roles that hold now or will; those who work here first."""
    now = clock.now()
    with connections.connection() as connection:
        found, total = store_people.page(connection, search.strip(), state, role, unit, now, offset, limit)
        held = store_people.assignments(connection, [one.person_id for one in found])
    rows = [person_row(one, held, now) for one in found]
    return Persons(items=rows, total_count=total, offset=offset, limit=limit)


@router.get(
    "/persons/{person_id}",
    dependencies=[allowed(Ability.READ_PEOPLE)],
    responses={**READ_STATUSES, **problem_responses(HTTPStatus.NOT_FOUND)},
)
def read_person(connections: Lending, person_id: PersonPath) -> PersonDetail:
    """A person with all roles, present and past, and who stands in for whom."""
    now = clock.now()
    with connections.connection() as connection:
        person = store_people.person(connection, person_id)
        if person is None:
            raise _missing(changing.missing_person(person_id))
        held = store_people.assignments(connection, [person_id])
        delegations = store_people.delegations(connection, [person_id], now - YEAR)
        sessions = store_session.sessions(connection, person_id, now - limits_at(connection, now).idle, now)
    return PersonDetail(
        person=person_row(person, held, now),
        earlier_roles=[
            role_held(one, now) for one in held if one.valid_to is not None and one.valid_to <= now
        ],
        delegations=[delegation_row(one) for one in delegations],
        sessions=len(sessions),
    )


# What two administrators do together --------------------------------------------------------------------------


@router.post(
    "/person-changes",
    dependencies=[allowed(Ability.EDIT_PEOPLE)],
    responses={**once(ApprovalRequest), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def propose_change(
    connections: Lending, person: Acts, record: Recording, wanted: WantedPersonChange, response: Response
) -> ApprovalRequest:
    """Propose to make a person, to change one, to give or withdraw a role, to let in again, or to reset how one signs in. A
    security administrator approves it in the inbox, and is shown the one-time password where one is made."""
    return _proposed(connections, person, record, response, wanted.change, wanted.reason, wanted.request_key)


@router.post(
    "/keys",
    dependencies=[allowed(Ability.EDIT_PEOPLE)],
    responses=_STATUSES,
    status_code=HTTPStatus.CREATED,
)
def propose_key(
    connections: Lending, person: Acts, record: Recording, wanted: WantedKey, response: Response
) -> KeyProposed:
    """Make a key of a system; its secret is told in this answer and nowhere else. It is good once a security administrator
    approves."""
    try:
        with connections.connection() as connection:
            secret, made = changing.new_key(
                connection,
                wanted.name,
                [one.value for one in wanted.abilities],
                wanted.unit_id,
                wanted.expires_at,
                clock.now(),
            )
    except PersonRefused as refused:
        raise conflicting(refused) from refused
    request = _proposed(connections, person, record, response, made, wanted.reason, wanted.request_key)
    return KeyProposed(secret=secret, request=request)


def _proposed(
    connections: Lending,
    person: Acts,
    record: Recording,
    response: Response,
    change: Change,
    reason: str,
    request_key: str,
) -> ApprovalRequest:
    content = written_change(change)
    with connections.connection() as connection, _told(connection):
        request, new = propose_on_record(
            connection, record, PERSON_CHANGE, content, reason, person.acting, request_key
        )
    if not new:
        response.status_code = HTTPStatus.OK
    return answer_of(request, person)


# What one administrator does ----------------------------------------------------------------------------------


@router.post(
    "/persons/{person_id}/suspension",
    dependencies=[allowed(Ability.EDIT_PEOPLE, Ability.APPROVE_PEOPLE)],
    responses=_STATUSES,
)
def suspend(
    connections: Lending, by: Acting, record: Recording, person_id: PersonPath, wanted: WantedVersion
) -> PersonRow:
    """Nobody signs in as this person from now on, and who is signed in is no longer. To let the person in again takes two
    administrators."""
    now = clock.now()
    with connections.connection() as connection, _told(connection):
        row = _row(connection, changing.suspend(connection, person_id, wanted.version, by, now))
        record(connection, "person.suspend", "person", person_id, after={"state": row.state})
        return row


@router.post("/persons/{person_id}/leaving", dependencies=[allowed(Ability.EDIT_PEOPLE)], responses=_STATUSES)
def leave(
    connections: Lending, by: Acting, record: Recording, person_id: PersonPath, wanted: WantedVersion
) -> LeavingAnswer:
    """The person works here no longer: roles, sessions, keys made by them and standing in end now. Says what they had in
    hand: the core system names other managers of the loans; warnings and checks are handed over by whoever may assign them."""
    now = clock.now()
    with connections.connection() as connection, _told(connection):
        left = changing.leave(connection, person_id, wanted.version, by, now)
        answer = LeavingAnswer(
            person=_row(connection, left.person),
            loans=left.loans,
            warnings=left.warnings,
            checks=left.checks,
            sessions_ended=left.sessions_ended,
            keys_ended=left.keys_ended,
            delegations_ended=left.delegations_ended,
        )
        record(
            connection,
            "person.leave",
            "person",
            person_id,
            after=answer.model_dump(mode="json", exclude={"person"}),
        )
        return answer


@router.post(
    "/persons/{person_id}/unlocking",
    dependencies=[allowed(Ability.EDIT_PEOPLE)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=_STATUSES,
)
def unlock(connections: Lending, record: Recording, person_id: PersonPath) -> Response:
    """End a lock-out before its time: the person may try again."""
    with connections.connection() as connection:
        if not store_sign_in.forget_failures(connection, person_id):
            raise _missing(changing.missing_person(person_id))
        record(connection, "person.unlock", "person", person_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


# Keys of systems ----------------------------------------------------------------------------------------------


@router.get("/keys", dependencies=[allowed(Ability.RUN_SYSTEM, Ability.READ_PEOPLE)], responses=READ_STATUSES)
def list_keys(connections: Lending) -> list[KeyRow]:
    """Keys of systems, without their secrets; those that were not ended first."""
    with connections.connection() as connection:
        return [KeyRow(**dataclasses.asdict(one)) for one in store_keys.keys(connection)]


@router.post(
    "/keys/{key_id}/ending",
    dependencies=[allowed(Ability.EDIT_PEOPLE, Ability.APPROVE_PEOPLE)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=_STATUSES,
)
def end_key(
    connections: Lending,
    by: Acting,
    record: Recording,
    key_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
) -> Response:
    """The key is good for nothing from now on."""
    with connections.connection() as connection:
        if not store_keys.end_key(connection, key_id, by, clock.now()):
            raise NotFound(f"there is no key {key_id}", "Open the list of keys again")
        record(connection, "key.end", "key", key_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


# Errors -------------------------------------------------------------------------------------------------------


@contextmanager
def _told(connection: store_people.Database) -> Generator[None]:
    """What cannot be done, as 409 with the person as it is now, or 404."""
    try:
        yield
    except PersonChanged as changed:
        raise conflicting(changed, _row(connection, changed.present)) from changed
    except PersonRefused as refused:
        raise conflicting(refused) from refused
    except PersonMissing as missing:
        raise _missing(missing) from missing


def _row(connection: store_people.Database, person: Person) -> PersonRow:
    return person_row(person, store_people.assignments(connection, [person.person_id]), clock.now())


def _missing(missing: PersonMissing) -> NotFound:
    return NotFound(missing.problem, missing.remedy)

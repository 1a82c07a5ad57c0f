"""What the interface answers about persons, sessions, roles and keys."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from pydantic import Field

from loantrail.http.pages.model import Answer
from loantrail.identity.abilities import Ability, Role
from loantrail.identity.words import ROLE_WORDS
from loantrail.identity.workflow import Assignment, Delegation, Person, State


class RoleWord(Answer):
    """A role with its names and the first question of its day."""

    role: Role
    chinese: str
    english: str
    question_chinese: str
    question_english: str


class DemoPerson(Answer):
    """Somebody of the demo bank who can be tried by one click."""

    person_id: str
    name: str
    unit_name: str
    role: RoleWord


class SignInChoices(Answer):
    """How one can sign in here."""

    bank_name: str = Field(description="What the head office is called; empty while the books are.")
    openid: bool = Field(description="Whether the bank's own sign-in server can be used.")
    demo: list[DemoPerson] = Field(description="Only in the demo bank: one person for each role.")


class PersonName(Answer):
    person_id: str
    name: str


class Me(Answer):
    """Who is signed in, and what of the page is theirs."""

    person_id: str
    name: str
    staff_id: str | None
    acting: str = Field(description="The name that acts are recorded under.")
    unit_id: str | None
    unit_name: str | None
    roles: list[RoleWord] = Field(description="One's own, in force now.")
    abilities: list[Ability] = Field(description="Those of the persons stood in for among them.")
    reach: str = Field(description="`bank`, `units` or `none`: which loans are seen.")
    units: list[str] = Field(description="Where the reach is `units`: those, with all below them.")
    standing_in_for: list[PersonName]
    is_system: bool = Field(description="A system with a key, no person.")
    way: str = Field(description="How the session began: `password`, `openid` or `demo`; empty for a system.")
    session_id: str
    must_change_password: bool
    needs_second_factor: bool
    has_password: bool
    second_factor_on: bool
    recovery_codes_left: int
    idle_minutes: int = Field(description="A session that rests longer has ended.")
    expires_at: datetime.datetime | None = Field(description="When the session ends however busy it is.")
    demo: bool = Field(description="Whether this is the demo bank.")


class SessionRow(Answer):
    """One of one's own sessions."""

    session_id: str
    way: str
    second_factor: bool
    made_at: datetime.datetime
    seen_at: datetime.datetime
    expires_at: datetime.datetime
    address: str
    agent: str
    present: bool = Field(description="The one that asks.")


class EnrolmentAnswer(Answer):
    """What is entered into an authenticator; shown this once."""

    secret: str = Field(description="In base 32, to be typed.")
    address: str = Field(description="`otpauth://` address, to be read as a QR code.")


class RecoveryCodes(Answer):
    codes: list[str] = Field(description="Each signs in once in place of the second factor; shown this once.")


class RoleHeld(Answer):
    """A role that a person holds, held or will hold."""

    assignment_id: str
    role: RoleWord
    unit_id: str | None
    valid_from: datetime.datetime
    valid_to: datetime.datetime | None
    in_force: bool
    maker: str
    checker: str | None


class PersonRow(Answer):
    """A person with the roles in force."""

    person_id: str
    staff_id: str | None
    name: str
    unit_id: str | None
    state: State
    has_password: bool
    must_change_password: bool
    second_factor_on: bool
    locked_until: datetime.datetime | None = Field(description="Null where not locked out now.")
    openid_subject: str | None
    made_at: datetime.datetime
    made_by: str
    left_at: datetime.datetime | None
    version: int
    roles: list[RoleHeld]


class DelegationRow(Answer):
    """Somebody stands in for somebody."""

    delegation_id: str
    from_person_id: str
    from_name: str
    to_person_id: str
    to_name: str
    valid_from: datetime.datetime
    valid_to: datetime.datetime
    reason: str
    maker: str
    made_at: datetime.datetime
    ended_at: datetime.datetime | None


class PersonDetail(Answer):
    person: PersonRow
    earlier_roles: list[RoleHeld]
    delegations: list[DelegationRow] = Field(description="From or to this person, of the last year on.")
    sessions: int = Field(description="How many hold now.")


class Persons(Answer):
    items: list[PersonRow]
    total_count: int
    offset: int
    limit: int


class LeavingAnswer(Answer):
    """What a person who left had in hand."""

    person: PersonRow
    loans: list[str] = Field(
        description="Whose manager the core system must name anew: it says who manages a loan."
    )
    warnings: list[str] = Field(description="Still given to the person, until they are handed over.")
    checks: list[str] = Field(description="The same of loan checks.")
    sessions_ended: int
    keys_ended: int
    delegations_ended: int


class UnitRow(Answer):
    """A unit of the bank."""

    unit_id: str
    name: str
    kind: str
    parent_unit_id: str | None
    people: int = Field(description="Active persons who belong to it, not those of units below.")


class KeyRow(Answer):
    """A key of a system, without its secret."""

    key_id: str
    name: str
    abilities: list[str]
    unit_id: str | None
    made_at: datetime.datetime
    maker: str
    checker: str | None
    expires_at: datetime.datetime
    ended_at: datetime.datetime | None
    ended_by: str | None
    used_at: datetime.datetime | None


def role_word(role: Role) -> RoleWord:
    words = ROLE_WORDS[role]
    return RoleWord(
        role=role,
        chinese=words.chinese,
        english=words.english,
        question_chinese=words.question_chinese,
        question_english=words.question_english,
    )


def role_held(one: Assignment, now: datetime.datetime) -> RoleHeld:
    return RoleHeld(
        assignment_id=one.assignment_id,
        role=role_word(one.role),
        unit_id=one.unit_id,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        in_force=is_in_force(one, now),
        maker=one.maker,
        checker=one.checker,
    )


def is_in_force(one: Assignment, now: datetime.datetime) -> bool:
    return one.valid_from <= now and (one.valid_to is None or now < one.valid_to)


def person_row(person: Person, held: Iterable[Assignment], now: datetime.datetime) -> PersonRow:
    """The person with those of the roles that hold now or will."""
    locked = person.locked_until is not None and person.locked_until > now
    return PersonRow(
        person_id=person.person_id,
        staff_id=person.staff_id,
        name=person.name,
        unit_id=person.unit_id,
        state=person.state,
        has_password=person.has_password,
        must_change_password=person.must_change_password,
        second_factor_on=person.second_factor_on,
        locked_until=person.locked_until if locked else None,
        openid_subject=person.openid_subject,
        made_at=person.made_at,
        made_by=person.made_by,
        left_at=person.left_at,
        version=person.version,
        roles=[
            role_held(one, now)
            for one in held
            if one.person_id == person.person_id and (one.valid_to is None or one.valid_to > now)
        ],
    )


def delegation_row(one: Delegation) -> DelegationRow:
    return DelegationRow(
        delegation_id=one.delegation_id,
        from_person_id=one.from_person_id,
        from_name=one.from_name or one.from_person_id,
        to_person_id=one.to_person_id,
        to_name=one.to_name or one.to_person_id,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        reason=one.reason,
        maker=one.maker,
        made_at=one.made_at,
        ended_at=one.ended_at,
    )

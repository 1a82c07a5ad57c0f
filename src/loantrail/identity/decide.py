"""Who may sign in, what a session gives, and how far its person sees. Pure.

Sources: design section 10; docs/concepts/people.md. The numbers are parameters (`parameter_values/identity.yaml`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail.identity.abilities import (
    ADMINISTRATORS,
    KEY_ABILITIES,
    NO_LOANS,
    OWN_LOANS,
    WHOLE_BANK,
    Ability,
    Role,
    abilities_of,
)
from loantrail.identity.model import NOTHING, Reach, Signed
from loantrail.parameters import ParameterBook


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds on one business date."""

    idle: datetime.timedelta
    session: datetime.timedelta
    attempts: int
    """Failed sign-ins in a row that lock a person out."""
    locked: datetime.timedelta
    address_attempts: int
    address_within: datetime.timedelta
    second_factor_roles: frozenset[Role]
    password_length: int
    password_kinds: int
    password_age: datetime.timedelta
    password_history: int
    one_time_password: datetime.timedelta
    delegation: datetime.timedelta
    key: datetime.timedelta


def limits_on(book: ParameterBook, day: datetime.date) -> Limits:
    """The limits of `book` on a business date."""

    def number(name: str) -> int:
        return book.at(name, day).number

    return Limits(
        idle=datetime.timedelta(minutes=number("sign_in_idle_minutes")),
        session=datetime.timedelta(hours=number("sign_in_session_hours")),
        attempts=number("sign_in_lock_out_attempts"),
        locked=datetime.timedelta(minutes=number("sign_in_lock_out_minutes")),
        address_attempts=number("sign_in_address_attempts"),
        address_within=datetime.timedelta(minutes=number("sign_in_address_minutes")),
        second_factor_roles=frozenset(
            Role(name) for name in book.at("sign_in_second_factor_roles", day).names
        ),
        password_length=number("password_length_least"),
        password_kinds=number("password_kinds_least"),
        password_age=datetime.timedelta(days=number("password_days_most")),
        password_history=number("password_history_count"),
        one_time_password=datetime.timedelta(days=number("one_time_password_days")),
        delegation=datetime.timedelta(days=number("delegation_days_most")),
        key=datetime.timedelta(days=number("api_key_days_most")),
    )


@dataclass(frozen=True, slots=True)
class Holding:
    """A role in force, and who holds it."""

    person_id: str
    staff_id: str | None
    role: Role
    unit_id: str | None
    """The unit with all below it; None: the whole bank."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds, with its person."""

    session_id: str
    way: str
    second_factor: bool
    person_id: str
    name: str
    staff_id: str | None
    unit_id: str | None
    must_change_password: bool
    password_changed_at: datetime.datetime | None


def in_effect(holdings: Iterable[Holding], person_id: str) -> tuple[Holding, ...]:
    """What counts for a person: their own roles, and of those whom they stand in for all but administrators' roles,
    which nobody can delegate."""
    return tuple(one for one in holdings if one.person_id == person_id or one.role not in ADMINISTRATORS)


def units_wanted(holdings: Iterable[Holding]) -> list[str]:
    """The units that have to be spelled out for `reach_of`, sorted; empty where the whole bank is seen."""
    counting = [one for one in holdings if one.role not in NO_LOANS]
    if any(_sees_all(one) for one in counting):
        return []
    return sorted({one.unit_id for one in counting if one.unit_id is not None and one.role not in OWN_LOANS})


def reach_of(holdings: Sequence[Holding], units: Sequence[str] = (), head_office: bool = False) -> Reach:
    """How far the holder of these roles sees. `units`: those of `units_wanted` with all below them; `head_office`: one
    of them is the head office or a department of it, so that they are the whole bank."""
    counting = [one for one in holdings if one.role not in NO_LOANS]
    if head_office or any(_sees_all(one) for one in counting):
        return Reach("bank")
    staff = {one.staff_id for one in counting if one.role in OWN_LOANS and one.staff_id is not None}
    if not units and not staff:
        return NOTHING
    return Reach("units", tuple(units), tuple(sorted(staff)))


def _sees_all(one: Holding) -> bool:
    return one.role in WHOLE_BANK or (one.unit_id is None and one.role not in OWN_LOANS)


def signed(
    session: Session,
    holdings: Sequence[Holding],
    reach: Reach,
    limits: Limits,
    now: datetime.datetime,
    address: str,
) -> Signed:
    """The person of a session. `holdings`: those `in_effect`."""
    roles = frozenset(one.role for one in holdings)
    own = {one.role for one in holdings if one.person_id == session.person_id}
    by_password = session.way == "password"
    return Signed(
        person_id=session.person_id,
        name=session.name,
        staff_id=session.staff_id,
        unit_id=session.unit_id,
        roles=roles,
        abilities=abilities_of(roles),
        reach=reach,
        session_id=session.session_id,
        standing_in_for=tuple(sorted({one.person_id for one in holdings} - {session.person_id})),
        address=address,
        must_change_password=by_password
        and (session.must_change_password or password_is_old(session.password_changed_at, limits, now)),
        # The bank's own sign-in server asks for its own; the demo's persons have none.
        needs_second_factor=by_password
        and not session.second_factor
        and bool(own & limits.second_factor_roles),
    )


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed sign-ins of a person since the last one that went well."""

    failed: int = 0
    failed_at: datetime.datetime | None = None
    locked_until: datetime.datetime | None = None


def is_locked(attempts: Attempts, now: datetime.datetime) -> bool:
    """Whether this person cannot sign in for now, whatever they know."""
    return attempts.locked_until is not None and now < attempts.locked_until


def after_failure(attempts: Attempts, limits: Limits, now: datetime.datetime) -> Attempts:
    """One more failure: the last one allowed locks. Failures count while each follows the one before within the time of a
    lock-out; one that comes while locked out neither counts nor lengthens it."""
    if is_locked(attempts, now):
        return attempts
    recent = (
        attempts.locked_until is None
        and attempts.failed_at is not None
        and now - attempts.failed_at < limits.locked
    )
    failed = attempts.failed + 1 if recent else 1
    return Attempts(failed, now, now + limits.locked if failed >= limits.attempts else None)


def forgiven(attempts: Attempts, limits: Limits) -> Attempts:
    """The failures without the last one, which was none after all."""
    failed = max(0, attempts.failed - 1)
    locked_until = attempts.locked_until if failed >= limits.attempts else None
    return Attempts(failed, attempts.failed_at if failed else None, locked_until)


def one_time_is_over(
    must_change: bool, changed_at: datetime.datetime | None, limits: Limits, now: datetime.datetime
) -> bool:
    """Whether a password that somebody was given has waited too long to be changed."""
    return must_change and changed_at is not None and now - changed_at > limits.one_time_password


def password_is_old(changed_at: datetime.datetime | None, limits: Limits, now: datetime.datetime) -> bool:
    """Whether a password must be changed for its age alone."""
    return changed_at is None or now - changed_at >= limits.password_age


KEY_PREFIX: Final = "lt_"


def key_abilities(names: Iterable[str]) -> frozenset[Ability]:
    """What a key may do: of the abilities written in it those that a key may have at all."""
    return frozenset(ability for ability in KEY_ABILITIES if ability.value in set(names))


def is_local_path(address: str) -> bool:
    """Whether this is a path of our own page: a browser takes `//other` and `/\\other` for another site."""
    return (
        len(address) <= 2_000
        and address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and "\\" not in address
        and all(one.isprintable() for one in address)
    )

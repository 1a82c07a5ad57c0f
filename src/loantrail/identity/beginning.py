"""The first administrators of an installation, and what whoever runs the server may do without signing in. The caller commits."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final

from loantrail.audit import store as audit
from loantrail.audit.model import Entry
from loantrail.errors import InputError, Place
from loantrail.identity import passwords, store_keys, store_people, store_session, store_sign_in
from loantrail.identity.abilities import Role
from loantrail.identity.changing import PersonRefused, missing_person, new_key
from loantrail.identity.limits import limits_at
from loantrail.identity.store_people import Database
from loantrail.identity.workflow import Refusal
from loantrail.ids import new_id

FIRST: Final[Mapping[Role, tuple[str, str]]] = {
    Role.SYSTEM_ADMINISTRATOR: ("sysadmin", "系统管理员"),
    Role.SECURITY_ADMINISTRATOR: ("secadmin", "安全管理员"),
    Role.AUDIT_ADMINISTRATOR: ("auditadmin", "审计管理员"),
}
"""What the first administrators are called where nothing else is said: `(sign-in name, name)`."""


def begin(
    connection: Database,
    wanted: Mapping[Role, tuple[str, str]],
    given: Mapping[Role, str],
    by: str,
    now: datetime.datetime,
) -> dict[Role, str]:
    """Make the first system, security and audit administrator; role -> password, to be changed at the first sign-in.

    `wanted`: role -> (sign-in name, name); `given`: passwords that were chosen already, the others are made. InputError where
    there are administrators, two names are the same, or a password cannot be taken.
    """
    store_people.lock(connection)
    if any(store_people.administrators(connection, now).values()):
        raise InputError(
            "there are administrators already",
            remedy="They make further persons on the page, two of them together",
        )
    names = [person_id for person_id, _ in wanted.values()]
    if not FIRST.keys() <= wanted.keys() or len(set(names)) != len(FIRST):
        raise InputError(
            "the three administrators are separate persons", remedy="Give each another sign-in name"
        )
    limits = limits_at(connection, now)
    made: dict[Role, str] = {}
    for role, (person_id, name) in wanted.items():
        if store_people.person(connection, person_id) is not None:
            raise PersonRefused(Refusal.KNOWN)
        password = given.get(role) or passwords.one_time_password()
        problem = passwords.refused(password, (person_id,), (), limits)
        if problem is not None:
            raise problem
        store_people.insert_person(connection, person_id, None, name, None, None, by, now)
        store_people.insert_assignment(connection, new_id(), person_id, role, None, (now, None), by, None)
        kept = passwords.hashed(password)
        store_sign_in.keep_password(
            connection, person_id, kept, now, limits.password_history, must_change=True
        )
        made[role] = password
    _note(connection, by, "person.begin", *names)
    return made


def reset(connection: Database, person_id: str, by: str, now: datetime.datetime) -> str:
    """A fresh one-time password and no second factor, where no two administrators can sign in to do so. Ends sessions."""
    store_people.lock(connection)
    if store_people.person(connection, person_id) is None:
        raise missing_person(person_id)
    password = passwords.one_time_password()
    store_session.end_sessions(connection, person_id, now)
    store_sign_in.forget_failures(connection, person_id)
    store_sign_in.turn_second_factor_off(connection, person_id)
    store_sign_in.keep_password(
        connection,
        person_id,
        passwords.hashed(password),
        now,
        limits_at(connection, now).password_history,
        must_change=True,
    )
    store_people.raise_version(connection, person_id)
    _note(connection, by, "person.reset", person_id)
    return password


def unlock(connection: Database, person_id: str, by: str) -> None:
    """End a lock-out before its time; PersonMissing where there is no such person."""
    if not store_sign_in.forget_failures(connection, person_id):
        raise missing_person(person_id)
    _note(connection, by, "person.unlock", person_id)


def key(
    connection: Database,
    name: str,
    abilities: list[str],
    unit_id: str | None,
    days: int,
    by: str,
    now: datetime.datetime,
) -> tuple[str, str]:
    """Make a key of a system: `(its id, the key)`, which is shown this once. InputError where it cannot be made."""
    if not name.strip():
        raise InputError("the key has no name", Place(field="name"), "Name the system that uses it")
    if unit_id is not None and store_people.unit_name(connection, unit_id) is None:
        raise InputError(f"there is no unit {unit_id}", Place(field="unit"), "Choose one of the organisation")
    secret, made = new_key(connection, name, abilities, unit_id, now + datetime.timedelta(days=days), now)
    store_keys.insert_key(
        connection,
        made.key_id,
        bytes.fromhex(made.secret_hash),
        made.name,
        made.abilities,
        made.unit_id,
        made.expires_at,
        by,
        None,
        now,
    )
    _note(connection, by, "key.make", made.key_id)
    return made.key_id, secret


def end_key(connection: Database, key_id: str, by: str, now: datetime.datetime) -> bool:
    """End a key before its time; whether there is such a key."""
    found = store_keys.end_key(connection, key_id, by, now)
    if found:
        _note(connection, by, "key.end", key_id)
    return found


def _note(connection: Database, by: str, action: str, *about: str) -> None:
    """Keep what was done in the audit log: last in the transaction."""
    kind = action.partition(".")[0]
    at_us = audit.now_us()
    audit.append(connection, [Entry(at_us, by, action, kind, one) for one in about])

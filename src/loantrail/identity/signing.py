"""Signing in, and what a person does with their own password and second factor.

A failure never says which part was wrong, nor whether there is such a person, and costs as much time either way. No connection
is held while a password is hashed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from loantrail import clock
from loantrail.errors import LoantrailError, Place
from loantrail.identity import passwords, second_factor, store_session, store_sign_in
from loantrail.identity.decide import one_time_is_over
from loantrail.identity.limits import limits_at
from loantrail.identity.model import Signed
from loantrail.identity.secret_key import installation_key
from loantrail.identity.store_sign_in import Candidate
from loantrail.identity.throttle import Throttle

if TYPE_CHECKING:
    from loantrail.http.connections import Connections

ACTIVE: Final = "active"
_RETRY: Final = "Try again; after several failures wait, or ask the system administrator"


class SignInRefused(LoantrailError):
    """Wrong name, password or code, a person who may not sign in, or one who is locked out: never said which."""

    code = "sign_in_refused"


class SecondFactorNeeded(LoantrailError):
    """The password is right; the code is missing."""

    code = "second_factor_needed"


class TooManyFailures(LoantrailError):
    """Too many failed sign-ins came from this network address."""

    code = "too_many_tries"

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(
            "too many sign-ins from this network address failed", remedy="Wait some minutes, then try again"
        )
        self.wait_seconds = wait_seconds


class SecondFactorRefused(LoantrailError):
    """The second factor cannot be set up or taken away so."""

    code = "second_factor_refused"


Note = Callable[[store_sign_in.Database, str, str, bool], None]
"""Keeps an act in the audit log, last in its transaction: (connection, action, whom it is recorded under, whether it was done)."""
NOBODY: Final = "nobody"
"""Whom a failed sign-in is recorded under that named nobody: what was typed may have been a password."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that went well: the token for the browser, and whose it is."""

    token: str
    person_id: str


_throttle: Final = Throttle()


def sign_in(
    connections: Connections,
    person_id: str,
    password: str,
    code: str,
    address: str,
    agent: str,
    note: Note,
) -> SignedIn:
    """Begin a session by password, and by code where the person has a second factor.

    Raises SignInRefused, SecondFactorNeeded, TooManyFailures; ConfigurationError where the installation's key is lost.
    """
    now = clock.now()
    wait = _throttle.wait_seconds(address, clock.monotonic_seconds())
    if wait:
        raise TooManyFailures(wait)
    with connections.connection() as connection:
        limits = limits_at(connection, now)
    within = limits.address_within.total_seconds()
    found: Candidate | None = None
    try:
        found = _proven(connections, person_id, password, now)
        if found.second_factor_on and not code.strip():
            with connections.connection() as connection:
                store_sign_in.forgive_attempt(connection, person_id, limits)
            raise SecondFactorNeeded(
                "the code of the second factor is missing", remedy="Enter the code of your authenticator"
            )
        with connections.connection() as connection:
            if found.second_factor_on and not _is_code(connection, found, code, now):
                raise _refusal()
            store_sign_in.forget_failures(connection, person_id)
            token = store_session.begin_session(
                connection, person_id, "password", found.second_factor_on, address, agent, now
            )
            note(connection, "session.begin", found.acting, True)
    except SignInRefused:
        with connections.connection() as connection:
            known = found or store_sign_in.candidate(connection, person_id)
            note(connection, "session.begin", known.acting if known else NOBODY, False)
        _throttle.failed(address, clock.monotonic_seconds(), limits.address_attempts, within)
        raise
    return SignedIn(token, person_id)


def sign_in_demo(connections: Connections, person_id: str, address: str, agent: str, note: Note) -> SignedIn:
    """Begin a session of a person of the demo bank, without a password. SignInRefused for everybody else, so in every
    database that the demo did not make."""
    with connections.connection() as connection:
        if not store_session.is_demo_person(connection, person_id):
            raise _refusal()
        token = store_session.begin_session(connection, person_id, "demo", False, address, agent, clock.now())
        found = store_sign_in.candidate(connection, person_id)
        note(connection, "session.begin", found.acting if found else person_id, True)
    return SignedIn(token, person_id)


def _refusal() -> SignInRefused:
    return SignInRefused(
        "the sign-in name, the password or the code is wrong, or signing in is locked for a while",
        remedy=_RETRY,
    )


def _proven(connections: Connections, person_id: str, password: str, now: datetime.datetime) -> Candidate:
    """The person whose password this is, a failure counted until `forget_failures`; else SignInRefused."""
    with connections.connection() as connection:
        limits = limits_at(connection, now)
        begun = store_sign_in.begin_attempt(connection, person_id, limits, now)
    found, locked = begun or (None, False)
    usable = (
        found is not None
        and not locked
        and found.state == ACTIVE
        and not one_time_is_over(found.must_change_password, found.password_changed_at, limits, now)
    )
    kept = found.password_hash if found is not None and usable else None
    if not passwords.is_right(kept, password) or found is None or kept is None:
        raise _refusal()
    if passwords.is_outdated(kept):
        anew = passwords.hashed(password)
        with connections.connection() as connection:
            store_sign_in.rehash_password(connection, person_id, kept, anew)
    return found


def _is_code(connection: store_sign_in.Database, found: Candidate, code: str, now: datetime.datetime) -> bool:
    """Whether the code is good and was not used before; uses it up."""
    if found.second_factor_secret is None:
        return False
    if second_factor.may_be_recovery_code(code):
        used = second_factor.recovery_hash(found.person_id, code)
        return store_sign_in.use_recovery_code(connection, found.person_id, used, now)
    secret = second_factor.unsealed(found.second_factor_secret, found.person_id, installation_key())
    step = second_factor.matching_step(secret, code, now, after_step=0)
    return step is not None and store_sign_in.use_step(connection, found.person_id, step)


# One's own password and second factor -------------------------------------------------------------------------


def change_password(connections: Connections, person: Signed, present: str, new: str, note: Note) -> None:
    """Take a new password, and end the person's other sessions. SignInRefused where the present one is wrong (it counts as
    a failed sign-in), PasswordRefused where the new one cannot be taken."""
    now = clock.now()
    try:
        found = _proven(connections, person.person_id, present, now)
    except SignInRefused:
        with connections.connection() as connection:
            note(connection, "password.change", person.acting, False)
        raise
    with connections.connection() as connection:
        limits = limits_at(connection, now)
        store_sign_in.forgive_attempt(connection, person.person_id, limits)
    earlier = [found.password_hash or "", *found.password_history]
    problem = passwords.refused(new, (person.person_id, person.name), earlier, limits)
    if problem is not None:
        raise problem
    kept = passwords.hashed(new)
    with connections.connection() as connection:
        store_sign_in.keep_password(connection, person.person_id, kept, now, limits.password_history)
        store_sign_in.forget_failures(connection, person.person_id)
        store_session.end_sessions(connection, person.person_id, now, except_for=person.session_id)
        note(connection, "password.change", person.acting, True)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is entered into an authenticator, once."""

    secret: str
    address: str
    """The same as `otpauth://` address, which authenticators read as a QR code."""


def begin_enrolment(connections: Connections, person: Signed, note: Note) -> Enrolment:
    """A fresh secret for an authenticator; it counts once a code of it was given. SecondFactorRefused where one is on."""
    secret = second_factor.new_secret()
    kept = second_factor.sealed(secret, person.person_id, installation_key())
    with connections.connection() as connection:
        if not store_sign_in.propose_second_factor(connection, person.person_id, kept):
            raise SecondFactorRefused(
                "a second factor is on already", remedy="Take it away first, with a code of it"
            )
        note(connection, "second_factor.begin", person.acting, True)
    return Enrolment(secret, second_factor.enrolment_address(secret, person.person_id))


def confirm_enrolment(connections: Connections, person: Signed, code: str, note: Note) -> list[str]:
    """Turn the second factor on; the recovery codes, which are shown once. SecondFactorRefused for a wrong code."""
    now = clock.now()
    codes = second_factor.recovery_codes()
    with connections.connection() as connection:
        found = store_sign_in.candidate(connection, person.person_id, lock=True)
        if found is None or found.second_factor_on or found.second_factor_secret is None:
            raise SecondFactorRefused("no second factor waits for its first code", remedy="Begin anew")
        secret = second_factor.unsealed(found.second_factor_secret, found.person_id, installation_key())
        step = second_factor.matching_step(secret, code, now, after_step=0)
        if step is None or not store_sign_in.use_step(connection, person.person_id, step):
            raise SecondFactorRefused(
                "the code is wrong",
                Place(field="code"),
                "Enter the code that the authenticator shows now; check the clock of the telephone",
            )
        hashes = [second_factor.recovery_hash(person.person_id, one) for one in codes]
        store_sign_in.turn_second_factor_on(connection, person.person_id, person.session_id, hashes)
        note(connection, "second_factor.turn_on", person.acting, True)
    return codes


def remove_second_factor(connections: Connections, person: Signed, code: str, note: Note) -> None:
    """Take the second factor away, by a code of it or a recovery code. SignInRefused for a wrong one, which counts as a
    failed sign-in."""
    now = clock.now()
    with connections.connection() as connection:
        limits = limits_at(connection, now)
        begun = store_sign_in.begin_attempt(connection, person.person_id, limits, now)
    removed = False
    if begun is not None and not begun[1]:
        with connections.connection() as connection:
            found = store_sign_in.candidate(connection, person.person_id, lock=True)
            removed = found is not None and _is_code(connection, found, code, now)
            if removed:
                store_sign_in.forgive_attempt(connection, person.person_id, limits)
                store_sign_in.turn_second_factor_off(connection, person.person_id)
                note(connection, "second_factor.turn_off", person.acting, True)
    if not removed:
        with connections.connection() as connection:
            note(connection, "second_factor.turn_off", person.acting, False)
        raise _refusal()

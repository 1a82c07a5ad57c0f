"""What signing in reads and writes of a person: hashes, failures, the second factor. For the owner's connection."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from loantrail.identity.decide import Attempts, Limits, after_failure, forgiven, is_locked

Database = Connection[Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be the one that signs in, as kept."""

    person_id: str
    staff_id: str | None
    name: str
    state: str
    password_hash: str | None
    password_history: list[str]
    password_changed_at: datetime.datetime | None
    must_change_password: bool
    second_factor_secret: bytes | None
    second_factor_on: bool
    failed: int
    failed_at: datetime.datetime | None
    locked_until: datetime.datetime | None

    @property
    def acting(self) -> str:
        """The name that acts are recorded under."""
        return self.staff_id or self.person_id

    @property
    def attempts(self) -> Attempts:
        return Attempts(self.failed, self.failed_at, self.locked_until)


def candidate(connection: Database, person_id: str, *, lock: bool = False) -> Candidate | None:
    """The person of that sign-in name; None where there is none. `lock`: nobody else changes the row until the transaction
    ends."""
    query = (
        "SELECT person_id, staff_id, name, state, password_hash, password_history, password_changed_at, must_change_password, second_factor_secret, second_factor_on, "
        "failed_attempts AS failed, failed_at, locked_until FROM identity.person WHERE person_id = %s"
    )
    with connection.cursor(row_factory=class_row(Candidate)) as cursor:
        if lock:
            return cursor.execute(query + " FOR UPDATE", (person_id,)).fetchone()
        return cursor.execute(query, (person_id,)).fetchone()


def begin_attempt(
    connection: Database, person_id: str, limits: Limits, now: datetime.datetime
) -> tuple[Candidate, bool] | None:
    """Count a failure before anything is compared, so that guesses sent at the same moment do not share one count:
    `(the person, whether they were locked out already)`. The caller commits, then compares."""
    found = candidate(connection, person_id, lock=True)
    if found is None:
        return None
    locked = is_locked(found.attempts, now)
    if not locked:
        _write(connection, person_id, after_failure(found.attempts, limits, now))
    return found, locked


def forgive_attempt(connection: Database, person_id: str, limits: Limits) -> None:
    """Take the failure of `begin_attempt` back: what was given was right, and something is missing still."""
    found = candidate(connection, person_id, lock=True)
    if found is not None:
        _write(connection, person_id, forgiven(found.attempts, limits))


def forget_failures(connection: Database, person_id: str) -> bool:
    """A sign-in went well, or an administrator unlocks; whether there is such a person."""
    return _write(connection, person_id, Attempts())


def _write(connection: Database, person_id: str, attempts: Attempts) -> bool:
    done = connection.execute(
        "UPDATE identity.person SET failed_attempts = %s, failed_at = %s, locked_until = %s WHERE person_id = %s",
        (attempts.failed, attempts.failed_at, attempts.locked_until, person_id),
    )
    return done.rowcount > 0


def keep_password(
    connection: Database,
    person_id: str,
    password_hash: str,
    now: datetime.datetime,
    history_count: int,
    *,
    must_change: bool = False,
) -> None:
    """Take a new password; the one before joins the earlier ones, of which so many are kept."""
    connection.execute(
        "UPDATE identity.person SET password_history = (CASE WHEN password_hash IS NULL THEN password_history "
        "ELSE password_hash || password_history END)[1:%s], password_hash = %s, password_changed_at = %s, "
        "must_change_password = %s WHERE person_id = %s",
        (history_count, password_hash, now, must_change, person_id),
    )


def rehash_password(connection: Database, person_id: str, before: str, password_hash: str) -> None:
    """The same password at the present cost, unless it was changed meanwhile."""
    connection.execute(
        "UPDATE identity.person SET password_hash = %s WHERE person_id = %s AND password_hash = %s",
        (password_hash, person_id, before),
    )


# The second factor --------------------------------------------------------------------------------------------


def use_step(connection: Database, person_id: str, step: int) -> bool:
    """Use a code's step up; whether it was not used before. Of two requests with the same code one wins."""
    done = connection.execute(
        "UPDATE identity.person SET second_factor_step = %s WHERE person_id = %s AND second_factor_step < %s",
        (step, person_id, step),
    )
    return done.rowcount > 0


def propose_second_factor(connection: Database, person_id: str, secret: bytes) -> bool:
    """Keep a sealed secret that is not on yet; whether none was on."""
    done = connection.execute(
        "UPDATE identity.person SET second_factor_secret = %s, second_factor_step = 0 "
        "WHERE person_id = %s AND NOT second_factor_on",
        (secret, person_id),
    )
    return done.rowcount > 0


def turn_second_factor_on(
    connection: Database, person_id: str, session_id: str, recovery: list[bytes]
) -> None:
    """From now on this person signs in with it; the present session has proved it."""
    connection.execute(
        "UPDATE identity.person SET second_factor_on = true WHERE person_id = %s", (person_id,)
    )
    connection.execute("DELETE FROM identity.recovery_code WHERE person_id = %s", (person_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO identity.recovery_code (person_id, code_hash) VALUES (%s, %s)",
            [(person_id, one) for one in recovery],
        )
    connection.execute(
        "UPDATE identity.session SET second_factor = true WHERE session_id = %s AND person_id = %s",
        (session_id, person_id),
    )


def turn_second_factor_off(connection: Database, person_id: str) -> bool:
    """Take the second factor away; whether there was one."""
    connection.execute("DELETE FROM identity.recovery_code WHERE person_id = %s", (person_id,))
    done = connection.execute(
        "UPDATE identity.person SET second_factor_on = false, second_factor_secret = NULL, second_factor_step = 0 "
        "WHERE person_id = %s AND second_factor_secret IS NOT NULL",
        (person_id,),
    )
    return done.rowcount > 0


def use_recovery_code(connection: Database, person_id: str, code_hash: bytes, now: datetime.datetime) -> bool:
    """Use a recovery code up; whether it was one and not used before."""
    done = connection.execute(
        "UPDATE identity.recovery_code SET used_at = %s WHERE person_id = %s AND code_hash = %s AND used_at IS NULL",
        (now, person_id, code_hash),
    )
    return done.rowcount > 0


def recovery_codes_left(connection: Database, person_id: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM identity.recovery_code WHERE person_id = %s AND used_at IS NULL", (person_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])

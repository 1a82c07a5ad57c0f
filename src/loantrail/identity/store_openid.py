"""Sign-ins at the bank's server that began and did not come back yet. For the owner's connection."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

Database = Connection[Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was asked for, to be compared with what comes back."""

    nonce: str
    code_verifier: str
    return_to: str
    made_at: datetime.datetime


def keep_attempt(
    connection: Database,
    state_hash: bytes,
    nonce: str,
    code_verifier: str,
    return_to: str,
    now: datetime.datetime,
) -> None:
    connection.execute(
        "INSERT INTO identity.openid_attempt (state_hash, nonce, code_verifier, return_to, made_at) "
        "VALUES (%s, %s, %s, %s, %s)",
        (state_hash, nonce, code_verifier, return_to, now),
    )


def take_attempt(connection: Database, state_hash: bytes) -> Attempt | None:
    """The attempt of a state, which is gone then: of two that bring the same state one finds it."""
    with connection.cursor(row_factory=class_row(Attempt)) as cursor:
        return cursor.execute(
            "DELETE FROM identity.openid_attempt WHERE state_hash = %s "
            "RETURNING nonce, code_verifier, return_to, made_at",
            (state_hash,),
        ).fetchone()


def forget_attempts(connection: Database, before: datetime.datetime) -> None:
    """Those that will not come back any more."""
    connection.execute("DELETE FROM identity.openid_attempt WHERE made_at < %s", (before,))

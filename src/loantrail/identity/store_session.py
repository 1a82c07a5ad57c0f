"""Sessions of persons and keys of systems: who sends this request. For the owner's connection: the web application's own
role reads none of these tables.

Tokens and keys are random and long, so a plain SHA-256 of them can be looked up and gives nothing away.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import class_row, dict_row, tuple_row

from loantrail.identity.abilities import Role, abilities_of
from loantrail.identity.decide import (
    KEY_PREFIX,
    Holding,
    Session,
    in_effect,
    key_abilities,
    reach_of,
    signed,
    units_wanted,
)
from loantrail.identity.limits import limits_at
from loantrail.identity.model import Reach, Signed
from loantrail.identity.workflow import Person
from loantrail.ids import new_id, secret_token

Database = Connection[Any]
Row = dict[str, Any]

SEEN_AGAIN_AFTER: Final = datetime.timedelta(minutes=1)
"""A session's last use is written at most so often: reading must not become writing."""
KEPT_AFTER_THE_END: Final = datetime.timedelta(days=30)
"""Sessions that ended are taken out after this, when their person signs in again: the audit log tells of them."""
LONGEST_SECRET: Final = 200
"""Characters of a token or key; what is longer is none of ours and is not hashed."""


def secret_hash(secret: str) -> bytes:
    """What stands in the database for a token or a key."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def signed_of_session(
    connection: Database, token: str, address: str, now: datetime.datetime
) -> Signed | None:
    """The person whose session this token is; None where it never was one, ended, expired, rested too long, or its
    person was suspended or left. Notes that it was used."""
    if not token or len(token) > LONGEST_SECRET:
        return None
    limits = limits_at(connection, now)
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            """
            SELECT session.session_id, session.way, session.second_factor, person.person_id, person.name,
                   person.staff_id, person.unit_id, person.must_change_password, person.password_changed_at,
                   session.seen_at
            FROM identity.session AS session
            JOIN identity.person AS person USING (person_id)
            WHERE session.token_hash = %s AND session.ended_at IS NULL AND session.expires_at > %s
              AND session.seen_at >= %s AND person.state = 'active'
            """,
            (secret_hash(token), now, now - limits.idle),
        ).fetchone()
    if row is None:
        return None
    *known, seen_at = row
    session = Session(*known)
    if now - seen_at >= SEEN_AGAIN_AFTER:
        connection.execute(
            "UPDATE identity.session SET seen_at = %s WHERE session_id = %s AND seen_at < %s",
            (now, session.session_id, now),
        )
    holdings, reach = _in_force(connection, session.person_id, now)
    return signed(session, holdings, reach, limits, now, address)


def signed_of_key(connection: Database, key: str, address: str, now: datetime.datetime) -> Signed | None:
    """The system whose key this is; None where it never was one, was ended, or expired. Notes that it was used."""
    if not key.startswith(KEY_PREFIX) or len(key) > LONGEST_SECRET:
        return None
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(
            "SELECT key_id, name, abilities, unit_id, used_at FROM identity.api_key "
            "WHERE secret_hash = %s AND ended_at IS NULL AND expires_at > %s",
            (secret_hash(key), now),
        ).fetchone()
    if row is None:
        return None
    key_id, name, abilities, unit_id, used_at = row
    if used_at is None or now - used_at >= SEEN_AGAIN_AFTER:
        connection.execute("UPDATE identity.api_key SET used_at = %s WHERE key_id = %s", (now, key_id))
    reach = Reach("bank")
    if unit_id is not None:
        units, head_office = spelled_out(connection, [unit_id])
        reach = Reach("bank") if head_office else Reach("units", tuple(units))
    return Signed(
        person_id=f"key:{key_id}",
        name=name,
        staff_id=None,
        unit_id=unit_id,
        roles=frozenset(),
        abilities=key_abilities(abilities),
        reach=reach,
        address=address,
    )


def seen_as(connection: Database, person: Person, now: datetime.datetime) -> Signed:
    """What a person may do and see, whether they are signed in or not; nothing of who does not work here."""
    holdings, reach = _in_force(connection, person.person_id, now)
    roles = frozenset(one.role for one in holdings)
    return Signed(
        person_id=person.person_id,
        name=person.name,
        staff_id=person.staff_id,
        unit_id=person.unit_id,
        roles=roles,
        abilities=abilities_of(roles),
        reach=reach,
    )


def _in_force(
    connection: Database, person_id: str, now: datetime.datetime
) -> tuple[tuple[Holding, ...], Reach]:
    """What a person holds now, and how far they see by it."""
    holdings = in_effect(held(connection, person_id, now), person_id)
    wanted = units_wanted(holdings)
    units, head_office = spelled_out(connection, wanted) if wanted else ([], False)
    return holdings, reach_of(holdings, units, head_office)


def held(connection: Database, person_id: str, now: datetime.datetime) -> list[Holding]:
    """The roles in force of a person and of all whom they stand in for now."""
    with connection.cursor(row_factory=class_row(_HeldRow)) as cursor:
        rows = cursor.execute(
            """
            SELECT assignment.person_id, person.staff_id, assignment.role, assignment.unit_id
            FROM identity.assignment AS assignment
            JOIN identity.person AS person USING (person_id)
            WHERE assignment.valid_from <= %(now)s AND (assignment.valid_to IS NULL OR assignment.valid_to > %(now)s)
              AND person.state = 'active'
              AND (assignment.person_id = %(person)s OR assignment.person_id IN (
                   SELECT from_person_id FROM identity.delegation
                   WHERE to_person_id = %(person)s AND valid_from <= %(now)s AND valid_to > %(now)s
                     AND ended_at IS NULL))
            ORDER BY assignment.assignment_id
            """,
            {"person": person_id, "now": now},
        ).fetchall()
    return [row.holding for row in rows]


class _HeldRow:
    def __init__(self, person_id: str, staff_id: str | None, role: str, unit_id: str | None) -> None:
        self.holding = Holding(person_id, staff_id, Role(role), unit_id)


def spelled_out(connection: Database, units: list[str]) -> tuple[list[str], bool]:
    """These units with all below them, sorted, and whether one of them is the head office. A department stands for the
    unit that it belongs to: the post-loan department of a branch works for the branch."""
    row = connection.execute(
        """
        WITH RECURSIVE top AS (
            SELECT unit_id, kind, parent_unit_id FROM parties.organisation_unit WHERE unit_id = ANY(%s)
            UNION
            SELECT above.unit_id, above.kind, above.parent_unit_id
            FROM top JOIN parties.organisation_unit AS above ON above.unit_id = top.parent_unit_id
            WHERE top.kind = 'department'
        ), below AS (
            SELECT unit_id FROM top
            UNION
            SELECT unit.unit_id FROM below JOIN parties.organisation_unit AS unit ON unit.parent_unit_id = below.unit_id
        )
        SELECT ARRAY(SELECT unit_id FROM below ORDER BY unit_id), EXISTS (SELECT 1 FROM top WHERE kind = 'head_office')
        """,
        (units,),
    ).fetchone()
    assert row is not None
    return list(row[0]), bool(row[1])


def begin_session(
    connection: Database,
    person_id: str,
    way: str,
    second_factor: bool,
    address: str,
    agent: str,
    now: datetime.datetime,
) -> str:
    """Begin a session of a person who proved who they are by `way` (`password`, `openid`, `demo`); its token, which
    stands nowhere else."""
    token = secret_token() + secret_token()
    connection.execute(
        "DELETE FROM identity.session WHERE person_id = %s AND coalesce(ended_at, expires_at) < %s",
        (person_id, now - KEPT_AFTER_THE_END),
    )
    connection.execute(
        "INSERT INTO identity.session (token_hash, session_id, person_id, way, second_factor, made_at, seen_at, expires_at, "
        "address, agent) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            secret_hash(token),
            new_id(),
            person_id,
            way,
            second_factor,
            now,
            now,
            now + limits_at(connection, now).session,
            address[:64],
            agent.replace("\x00", "")[:200],
        ),
    )
    return token


def end_session(connection: Database, session_id: str, now: datetime.datetime) -> bool:
    """End a session; whether it stood."""
    done = connection.execute(
        "UPDATE identity.session SET ended_at = %s WHERE session_id = %s AND ended_at IS NULL",
        (now, session_id),
    )
    return done.rowcount > 0


def end_sessions(connection: Database, person_id: str, now: datetime.datetime, except_for: str = "") -> int:
    """End all sessions of a person but one; how many there were."""
    done = connection.execute(
        "UPDATE identity.session SET ended_at = %s WHERE person_id = %s AND session_id <> %s AND ended_at IS NULL",
        (now, person_id, except_for),
    )
    return done.rowcount


def is_demo_person(connection: Database, person_id: str) -> bool:
    """Whether this is one of the persons whom the demo made to be tried; nobody is in a bank's own database."""
    row = connection.execute(
        "SELECT 1 FROM identity.demo_person JOIN identity.person USING (person_id) "
        "WHERE person_id = %s AND state = 'active'",
        (person_id,),
    ).fetchone()
    return row is not None


def sessions(
    connection: Database, person_id: str, since: datetime.datetime, now: datetime.datetime
) -> list[Row]:
    """The sessions of a person that hold: used since then and not expired; the last used first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT session_id, way, second_factor, made_at, seen_at, expires_at, address, agent FROM identity.session "
            "WHERE person_id = %s AND ended_at IS NULL AND expires_at > %s AND seen_at >= %s "
            "ORDER BY seen_at DESC, session_id",
            (person_id, now, since),
        ).fetchall()


def end_own_session(connection: Database, person_id: str, session_id: str, now: datetime.datetime) -> bool:
    """End one of a person's own sessions; whether it was one of theirs."""
    done = connection.execute(
        "UPDATE identity.session SET ended_at = coalesce(ended_at, %s) WHERE person_id = %s AND session_id = %s",
        (now, person_id, session_id),
    )
    return done.rowcount > 0


def end_session_of(connection: Database, token: str, now: datetime.datetime) -> str | None:
    """End the session of a token, if there is one that stands: whose it was, as acts are recorded."""
    if len(token) > LONGEST_SECRET:
        return None
    row = connection.execute(
        "UPDATE identity.session AS session SET ended_at = %s FROM identity.person AS person "
        "WHERE session.token_hash = %s AND session.ended_at IS NULL AND person.person_id = session.person_id "
        "RETURNING coalesce(person.staff_id, person.person_id)",
        (now, secret_hash(token)),
    ).fetchone()
    return None if row is None else str(row[0])

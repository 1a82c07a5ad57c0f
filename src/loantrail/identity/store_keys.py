"""Keys of systems as kept. For the owner's connection."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

Database = Connection[Any]


@dataclass(frozen=True, slots=True)
class Key:
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


def keys(connection: Database) -> list[Key]:
    """All keys, those that hold first, then the newest."""
    with connection.cursor(row_factory=class_row(Key)) as cursor:
        return cursor.execute(
            "SELECT key_id, name, abilities, unit_id, made_at, maker, checker, expires_at, ended_at, ended_by, used_at "
            "FROM identity.api_key ORDER BY ended_at IS NOT NULL, made_at DESC, key_id"
        ).fetchall()


def insert_key(
    connection: Database,
    key_id: str,
    secret_hash: bytes,
    name: str,
    abilities: list[str],
    unit_id: str | None,
    expires_at: datetime.datetime,
    maker: str,
    checker: str | None,
    now: datetime.datetime,
) -> None:
    connection.execute(
        "INSERT INTO identity.api_key (key_id, secret_hash, name, abilities, unit_id, made_at, maker, checker, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (key_id, secret_hash, name, abilities, unit_id, now, maker, checker, expires_at),
    )


def is_key(connection: Database, key_id: str) -> bool:
    return (
        connection.execute("SELECT 1 FROM identity.api_key WHERE key_id = %s", (key_id,)).fetchone()
        is not None
    )


def end_key(connection: Database, key_id: str, by: str, now: datetime.datetime) -> bool:
    """End a key before its time; whether there is such a key. Ending twice is once."""
    connection.execute(
        "UPDATE identity.api_key SET ended_at = %s, ended_by = %s WHERE key_id = %s AND ended_at IS NULL",
        (now, by, key_id),
    )
    return is_key(connection, key_id)


def end_keys_of(connection: Database, names: list[str], by: str, now: datetime.datetime) -> int:
    """End the keys that somebody made who leaves; how many there were."""
    done = connection.execute(
        "UPDATE identity.api_key SET ended_at = %s, ended_by = %s WHERE maker = ANY(%s) AND ended_at IS NULL "
        "AND expires_at > %s",
        (now, by, names, now),
    )
    return done.rowcount

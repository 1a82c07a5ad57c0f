"""Filters that people keep: each sees and changes their own. Read and written by the owner's connection."""

from __future__ import annotations

import datetime

from psycopg.rows import dict_row

from loantrail.http.pages.store import Database, Row


def of_person(connection: Database, person_id: str, place: str) -> list[Row]:
    """`name, text` of a person's filters of one list, by name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT name, text FROM identity.saved_filter WHERE person_id = %s AND place = %s ORDER BY name",
            (person_id, place),
        ).fetchall()


def keep(
    connection: Database, person_id: str, place: str, name: str, text: str, at: datetime.datetime, most: int
) -> bool:
    """Keep a filter under a name, in the place of one that has it. False where the person has `most` others already."""
    kept = connection.execute(
        """
        INSERT INTO identity.saved_filter (person_id, place, name, text, changed_at)
        SELECT %(person)s, %(place)s, %(name)s, %(text)s, %(at)s
        WHERE (
            SELECT count(*) FROM identity.saved_filter
            WHERE person_id = %(person)s AND place = %(place)s AND name <> %(name)s
        ) < %(most)s
        ON CONFLICT (person_id, place, name) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at
        """,
        {"person": person_id, "place": place, "name": name, "text": text, "at": at, "most": most},
    )
    return kept.rowcount > 0


def forget(connection: Database, person_id: str, place: str, name: str) -> None:
    """Forget a filter; nothing where there is none of that name."""
    connection.execute(
        "DELETE FROM identity.saved_filter WHERE person_id = %s AND place = %s AND name = %s",
        (person_id, place, name),
    )

"""SQL that looks entries of the audit log up. The connection must be one that may read them (`loantrail.audit` is on, or the
owner's)."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from loantrail.audit.model import Asked, Found
from loantrail.audit.store import Database
from loantrail.audit.verifying import VERIFIED
from loantrail.errors import LimitExceeded

SEARCH_SECONDS_MAX: Final = 20
"""A search for a text reads every entry of its time until it has found a page."""
CHOICES_MAX: Final = 500
"""More names than this are no choice for a person: they are typed."""

_FOUND: Final[LiteralString] = (
    "SELECT entry.content, entry.hash, batch.algorithm FROM audit.entry LEFT JOIN audit.batch USING (batch_no)"
)
_NEWEST_FIRST: Final[LiteralString] = " ORDER BY entry.at_us DESC, entry.entry_no DESC"
_EQUAL: Final = ("person", "action", "object_kind", "object_id", "outcome", "request_id")


def page(connection: Database, asked: Asked, before: tuple[int, int] | None, limit: int) -> list[Found]:
    """The newest entries that are looked for, of those older than `before` (UTC microseconds, number)."""
    condition, values = _condition(connection, asked)
    if before is not None:
        condition += sql.SQL(" AND (entry.at_us, entry.entry_no) < (%(before_us)s, %(before_no)s)")
        values |= {"before_us": before[0], "before_no": before[1]}
    query = sql.SQL("{} WHERE {}{} LIMIT %(limit)s").format(
        sql.SQL(_FOUND), condition, sql.SQL(_NEWEST_FIRST)
    )
    with _in_time(connection):
        return [_found(*row) for row in connection.execute(query, values | {"limit": limit})]


def count(connection: Database, asked: Asked, most: int) -> int:
    """How many entries are looked for; one more than `most` stands for all above it."""
    condition, values = _condition(connection, asked)
    query = sql.SQL(
        "SELECT count(*) FROM (SELECT 1 FROM audit.entry WHERE {} LIMIT %(most)s) AS found"
    ).format(condition)
    with _in_time(connection):
        row = connection.execute(query, values | {"most": most + 1}).fetchone()
    assert row is not None
    return row[0]


def every(connection: Database, asked: Asked) -> Iterator[Found]:
    """All entries that are looked for, the newest first, as they come."""
    condition, values = _condition(connection, asked)
    query = sql.SQL("{} WHERE {}{}").format(sql.SQL(_FOUND), condition, sql.SQL(_NEWEST_FIRST))
    with connection.cursor(name="audit_entries") as cursor:
        cursor.itersize = 2_000
        for row in cursor.execute(query, values):
            yield _found(*row)


def one(connection: Database, entry_no: int) -> Found | None:
    row = connection.execute(f"{_FOUND} WHERE entry.entry_no = %s", (entry_no,)).fetchone()
    return None if row is None else _found(*row)


def last_verification(connection: Database) -> Found | None:
    """The newest entry that tells of a verification of the whole log."""
    row = connection.execute(
        f"{_FOUND} WHERE entry.action = %s{_NEWEST_FIRST} LIMIT 1", (VERIFIED,)
    ).fetchone()
    return None if row is None else _found(*row)


def first_at_us(connection: Database) -> int | None:
    """When the oldest entry was written; None in an empty log."""
    row = connection.execute("SELECT made_at_us FROM audit.batch ORDER BY batch_no LIMIT 1").fetchone()
    return None if row is None else row[0]


def values_of(connection: Database, column: LiteralString) -> list[str]:
    """The values that `action`, `person` or `object_kind` has, in order, at most CHOICES_MAX; each found by one look into the
    index."""
    name = sql.Identifier(column)
    rows = connection.execute(
        sql.SQL(
            "WITH RECURSIVE found (value, number) AS ("
            "(SELECT {name}, 1 FROM audit.entry ORDER BY {name} LIMIT 1) UNION ALL "
            "SELECT (SELECT {name} FROM audit.entry WHERE {name} > found.value ORDER BY {name} LIMIT 1), number + 1 "
            "FROM found WHERE found.value IS NOT NULL AND number < %s) "
            "SELECT value FROM found WHERE value IS NOT NULL"
        ).format(name=name),
        (CHOICES_MAX,),
    )
    return [row[0] for row in rows]


def staff_names(connection: Database, staff_ids: Sequence[str]) -> dict[str, str]:
    return dict(
        connection.execute(
            "SELECT staff_id, name FROM published.staff WHERE staff_id = ANY(%s)", (list(staff_ids),)
        ).fetchall()
    )


def unit_names(connection: Database, unit_ids: Sequence[str]) -> dict[str, str]:
    return dict(
        connection.execute(
            "SELECT unit_id, name FROM published.organisation_unit WHERE unit_id = ANY(%s)", (list(unit_ids),)
        ).fetchall()
    )


def _condition(connection: Database, asked: Asked) -> tuple[sql.Composable, dict[str, Any]]:
    given = {name: getattr(asked, name) for name in _EQUAL if getattr(asked, name)}
    values: dict[str, Any] = dict(given)
    conditions: list[sql.Composable] = [
        sql.SQL("entry.{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in given
    ]
    if asked.object_id and not asked.object_kind:
        # The index begins with the kind: of the few that there are each is looked into.
        conditions.append(sql.SQL("entry.object_kind = ANY(%(kinds)s)"))
        values["kinds"] = values_of(connection, "object_kind")
    if asked.from_us is not None:
        conditions.append(sql.SQL("entry.at_us >= %(from_us)s"))
        values["from_us"] = asked.from_us
    if asked.until_us is not None:
        conditions.append(sql.SQL("entry.at_us < %(until_us)s"))
        values["until_us"] = asked.until_us
    if asked.text:
        conditions.append(sql.SQL("position(lower(%(text)s) IN lower(entry.content)) > 0"))
        # As it stands in the content: a quotation mark or a line break there is an escape.
        values["text"] = json.dumps(asked.text, ensure_ascii=False)[1:-1]
        if not asked.action:
            # Or every search would find itself: what was asked of this log stands in it.
            conditions.append(
                sql.SQL(
                    "(entry.action <> 'data.read' OR "
                    "position('/audit/' IN coalesce(entry.content::jsonb #>> '{after,route}', '')) = 0)"
                )
            )
    return sql.SQL(" AND ").join(conditions or [sql.SQL("true")]), values


@contextmanager
def _in_time(connection: Database) -> Generator[None]:
    """LimitExceeded for a search that would keep the reader waiting."""
    connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{SEARCH_SECONDS_MAX}s",))
    try:
        yield
    except psycopg.errors.QueryCanceled as problem:
        raise LimitExceeded(
            f"the search takes longer than {SEARCH_SECONDS_MAX} seconds",
            remedy="Narrow it by time, by person or by object",
        ) from problem


def _found(content: str, digest: bytes, algorithm: str | None) -> Found:
    return Found(json.loads(content), digest, algorithm or "")

"""Proposals in the database."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from loantrail.approvals.model import Request, State

Database = Connection[Any]
Row = dict[str, Any]

_COLUMNS = (
    "request_id, kind, subject, title_chinese, title_english, content, content_hash, before, after, reason, maker, made_at, "
    "expires_at, unit_id, state, checker, decided_at, decision_reason, result, "
    "coalesce((SELECT staff.name FROM published.staff AS staff WHERE staff.staff_id = request.maker), '') AS maker_name, "
    "coalesce((SELECT staff.name FROM published.staff AS staff WHERE staff.staff_id = request.checker), '') AS checker_name"
)


def _request(row: dict[str, Any]) -> Request:
    told: dict[str, Any] = row | {"state": State(row["state"])}
    return Request(**told)


def one(connection: Database, request_id: str, *, lock: bool = False) -> Request | None:
    """A proposal; None where there is none in reach."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM approvals.request WHERE request_id = %s{' FOR UPDATE' if lock else ''}",  # noqa: S608  words of this file
            (request_id,),
        ).fetchone()
    return None if row is None else _request(row)


def by_key(connection: Database, request_key: str) -> Request | None:
    """The proposal of a request that was made before."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM approvals.request WHERE request_key = %s",  # noqa: S608  words of this file
            (request_key,),
        ).fetchone()
    return None if row is None else _request(row)


def name_of(connection: Database, staff_id: str) -> str:
    """What a member of staff is called; the number where the books do not say."""
    row = connection.execute("SELECT name FROM published.staff WHERE staff_id = %s", (staff_id,)).fetchone()
    return staff_id if row is None else str(row[0])


def insert(connection: Database, request: Request, request_key: str) -> None:
    """Keep a proposal."""
    connection.execute(
        "INSERT INTO approvals.request (request_id, request_key, kind, subject, title_chinese, title_english, content, "
        "content_hash, before, after, reason, maker, made_at, expires_at, unit_id) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            request.request_id,
            request_key,
            request.kind,
            request.subject,
            request.title_chinese,
            request.title_english,
            Jsonb(request.content),
            request.content_hash,
            None if request.before is None else Jsonb(request.before),
            None if request.after is None else Jsonb(request.after),
            request.reason,
            request.maker,
            request.made_at,
            request.expires_at,
            request.unit_id,
        ),
    )


def decide(
    connection: Database,
    request_id: str,
    state: State,
    checker: str | None,
    at: datetime.datetime,
    reason: str,
    result: Mapping[str, Any] | None,
) -> Request:
    """Write down how a proposal ended."""
    connection.execute(
        "UPDATE approvals.request SET state = %s, checker = %s, decided_at = %s, decision_reason = %s, result = %s "
        "WHERE request_id = %s",
        (state, checker, at, reason, None if result is None else Jsonb(result), request_id),
    )
    found = one(connection, request_id)
    assert found is not None
    return found


def waiting_one(connection: Database, kind: str, key: str) -> Row | None:
    """A row of published.waiting_approval with `maker_name`; None where nothing of that kind waits there within reach."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT waiting.*, coalesce(staff.name, waiting.maker) AS maker_name
            FROM published.waiting_approval AS waiting
            LEFT JOIN published.staff AS staff ON staff.staff_id = waiting.maker
            WHERE waiting.kind = %s AND waiting.key = %s
            """,
            (kind, key),
        ).fetchone()


def waiting(connection: Database, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """What waits for a second person in reach, the oldest first, and how much there is: rows of
    published.waiting_approval with `maker_name`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            """
            SELECT waiting.*, coalesce(staff.name, waiting.maker) AS maker_name
            FROM published.waiting_approval AS waiting
            LEFT JOIN published.staff AS staff ON staff.staff_id = waiting.maker
            ORDER BY waiting.made_at, waiting.kind, waiting.key OFFSET %s LIMIT %s
            """,
            (offset, limit),
        ).fetchall()
        count = cursor.execute("SELECT count(*) AS count FROM published.waiting_approval").fetchone()
    return rows, 0 if count is None else int(count["count"])


def decided(connection: Database, mine: str | None, offset: int, limit: int) -> tuple[list[Request], int]:
    """Proposals, the newest first: those of one maker (also waiting), or all that were decided."""
    condition = "state <> 'waiting'" if mine is None else "maker = %(mine)s"
    values = {"mine": mine, "offset": offset, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM approvals.request WHERE {condition} "  # noqa: S608  words of this file
            "ORDER BY coalesce(decided_at, made_at) DESC, request_id OFFSET %(offset)s LIMIT %(limit)s",
            values,
        ).fetchall()
        count = cursor.execute(
            f"SELECT count(*) AS count FROM approvals.request WHERE {condition}",  # noqa: S608  words of this file
            values,
        ).fetchone()
    return [_request(row) for row in rows], 0 if count is None else int(count["count"])


def unit_of_loan(connection: Database, loan_id: str) -> str | None:
    """The unit of a loan; None where there is no such loan."""
    row = connection.execute("SELECT unit_id FROM published.loan WHERE loan_id = %s", (loan_id,)).fetchone()
    return None if row is None else str(row[0])


def open_trace(connection: Database, loan_id: str, person: str, until: datetime.datetime) -> None:
    """Let a person see who stands along the trace of a loan; of the proposal that waits for this."""
    connection.execute(
        "INSERT INTO approvals.unmasking (request_id, person, loan_id, until) "
        "SELECT request_id, maker, subject, %s FROM approvals.request "
        "WHERE kind = 'unmasking' AND state = 'waiting' AND maker = %s AND subject = %s "
        "ORDER BY made_at LIMIT 1",
        (until, person, loan_id),
    )


def unit_of_person(connection: Database, acting: str) -> str | None:
    """The unit of a member of staff or of a person; None for the head office's administrators."""
    row = connection.execute(
        "SELECT coalesce((SELECT unit_id FROM parties.staff WHERE staff_id = %(acting)s), "
        "(SELECT unit_id FROM identity.person WHERE person_id = %(acting)s))",
        {"acting": acting},
    ).fetchone()
    return None if row is None else row[0]


def export_is_open(
    connection: Database, maker: str, content: Mapping[str, Any], now: datetime.datetime
) -> bool:
    """Whether somebody approved that this person is handed this file, and that still holds."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM approvals.request WHERE kind = 'export' AND state = 'approved' AND maker = %s "
        "AND content = %s AND (result->>'until')::timestamptz > %s)",
        (maker, Jsonb(content), now),
    ).fetchone()
    return row is not None and bool(row[0])

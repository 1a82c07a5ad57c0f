"""SQL of what leaves by mail and webhook: how far each channel is, and every message with its attempts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.rows import dict_row

Database = Connection[Any]
Row = dict[str, Any]
_LOCK: Final = "loantrail.early_warning.delivery"


def lock(connection: Database) -> bool:
    """Become the one that plans messages until the transaction ends; False where another one does."""
    row = connection.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", (_LOCK,)).fetchone()
    return bool(row and row[0])


def known_channels(connection: Database, names: Sequence[str]) -> dict[str, int]:
    """name -> how far in the outbox each channel is. One that is new begins behind what was told already; those that
    are no longer configured are marked so."""
    connection.execute(
        "INSERT INTO early_warning.channel (name, outbox_id) SELECT one, (SELECT coalesce(max(outbox_id), 0) "
        "FROM early_warning.outbox) FROM unnest(%s::text[]) AS one ON CONFLICT (name) DO NOTHING",
        (list(names),),
    )
    connection.execute(
        "UPDATE early_warning.channel SET configured = (name = ANY(%(names)s)) "
        "WHERE configured <> (name = ANY(%(names)s))",
        {"names": list(names)},
    )
    return dict(
        connection.execute(
            "SELECT name, outbox_id FROM early_warning.channel WHERE configured ORDER BY name"
        ).fetchall()
    )


def told_after(connection: Database, outbox_id: int) -> list[Row]:
    """`outbox_id, level` of new and raised warnings after a number."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT outbox_id, kind, level FROM early_warning.outbox WHERE outbox_id > %s ORDER BY outbox_id",
            (outbox_id,),
        ).fetchall()


def advance(connection: Database, channel: str, outbox_id: int) -> None:
    connection.execute(
        "UPDATE early_warning.channel SET outbox_id = %s WHERE name = %s", (outbox_id, channel)
    )


def plan(
    connection: Database,
    channel: str,
    outbox_ids: Sequence[int],
    not_before: datetime.datetime,
    now: datetime.datetime,
) -> None:
    """A message that waits until `not_before`; joined to one that waits for the same moment and was not tried yet."""
    joined = connection.execute(
        "UPDATE early_warning.delivery SET outbox_ids = outbox_ids || %s::bigint[] WHERE delivery_id = ("
        "SELECT delivery_id FROM early_warning.delivery WHERE channel = %s AND state = 'waiting' AND attempts = 0 "
        "AND not_before = %s AND not_before > %s LIMIT 1)",
        (list(outbox_ids), channel, not_before, now),
    ).rowcount
    if not joined:
        connection.execute(
            "INSERT INTO early_warning.delivery (channel, outbox_ids, state, not_before, title, body, created_at) "
            "VALUES (%s, %s, 'waiting', %s, '', '', %s)",
            (channel, list(outbox_ids), not_before, now),
        )


def next_due(connection: Database, channel: str, now: datetime.datetime) -> Row | None:
    """The oldest message of a channel that is due, its row locked until the transaction ends; None where none is, or others have
    them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT delivery_id, channel, outbox_ids, attempts FROM early_warning.delivery "
            "WHERE state = 'waiting' AND not_before <= %s AND channel = %s "
            "ORDER BY not_before, delivery_id LIMIT 1 FOR UPDATE SKIP LOCKED",
            (now, channel),
        ).fetchone()


def contents(connection: Database, outbox_ids: Sequence[int]) -> list[Row]:
    """What a message tells: the threads of these rows of the outbox as they are now, the most severe first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT DISTINCT ON (rank, thread.thread_id) thread.thread_id, thread.loan_id, thread.level, thread.due_at,
                   thread.amount_fen, thread.proven_fen, thread.rule_codes, (
                       SELECT coalesce(jsonb_object_agg(rule.code, jsonb_build_array(rule.chinese, rule.english)), '{}')
                       FROM (
                           SELECT DISTINCT ON (code) code, chinese, english FROM published.rule_version
                           WHERE code = ANY(thread.rule_codes) AND state IN ('published', 'retired')
                           ORDER BY code, version DESC
                       ) AS rule
                   ) AS rules, loan.borrower_name, loan.currency,
                   array_position(ARRAY['red', 'orange', 'yellow', 'blue'], thread.level) AS rank
            FROM early_warning.outbox AS told JOIN early_warning.thread AS thread USING (thread_id)
            JOIN published.loan AS loan ON loan.loan_id = thread.loan_id
            WHERE told.outbox_id = ANY(%s) ORDER BY rank, thread.thread_id
            """,
            (list(outbox_ids),),
        ).fetchall()


def sent(connection: Database, row: Row, title: str, body: str, at: datetime.datetime) -> None:
    """Note that a message left."""
    connection.execute(
        "UPDATE early_warning.delivery SET state = 'sent', attempts = attempts + 1, sent_at = %s, title = %s, body = %s, "
        "problem = NULL WHERE delivery_id = %s",
        (at, title, body, row["delivery_id"]),
    )
    connection.execute(
        "UPDATE early_warning.channel SET delivered_at = %s, failed_at = NULL, problem = NULL WHERE name = %s",
        (at, row["channel"]),
    )


def failed(
    connection: Database,
    row: Row,
    title: str,
    body: str,
    problem: str,
    at: datetime.datetime,
    again_at: datetime.datetime | None,
) -> None:
    """Note that a message could not leave, and when it is tried again; never again without `again_at`."""
    connection.execute(
        "UPDATE early_warning.delivery SET state = CASE WHEN %(again)s::timestamptz IS NULL THEN 'failed' ELSE 'waiting' END, "
        "attempts = attempts + 1, not_before = coalesce(%(again)s, not_before), title = %(title)s, body = %(body)s, "
        "problem = %(problem)s WHERE delivery_id = %(id)s",
        {"again": again_at, "title": title, "body": body, "problem": problem, "id": row["delivery_id"]},
    )
    connection.execute(
        "UPDATE early_warning.channel SET failed_at = %s, problem = %s WHERE name = %s",
        (at, problem, row["channel"]),
    )


def try_again(connection: Database, delivery_id: int, now: datetime.datetime) -> bool:
    """Have a message that failed tried again at once; False where there is none of that number."""
    return (
        connection.execute(
            "UPDATE early_warning.delivery SET state = 'waiting', attempts = 0, not_before = %s "
            "WHERE delivery_id = %s AND problem IS NOT NULL AND state <> 'sent'",
            (now, delivery_id),
        ).rowcount
        == 1
    )

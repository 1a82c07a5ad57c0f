"""SQL of live intake: answered requests, offsets of sources, what waits, and who writes."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from loantrail.monitor.model import Offset

Database = psycopg.Connection[Any]
COLLISIONS: Final = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
KEPT: Final = datetime.timedelta(days=7)
"""How long the answer to an idempotency key is kept."""
_WRITER: Final = "loantrail.live.writer"
_MONITOR: Final = "loantrail.live.monitor"


def begin_group(connection: Database) -> None:
    """Until the transaction ends nobody else commits a group: one writer over all processes."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_WRITER,))


# Answered requests -------------------------------------------------------------------------------------------


def claim_requests(
    connection: Database, hashes: Mapping[str, str], at: datetime.datetime
) -> dict[str, tuple[str, bytes | None]]:
    """Enter these keys with the hashes of their content. Returns those that were there before, with the hash and the answer
    of then; waits for transactions that are about to enter one of them."""
    keys = sorted(hashes)
    if not keys:
        return {}
    entered = connection.execute(
        "INSERT INTO live.request (request_key, content_hash, committed_at) "
        "SELECT k, h, %s FROM unnest(%s::text[], %s::text[]) AS t(k, h) ORDER BY k "
        "ON CONFLICT DO NOTHING RETURNING request_key",
        (at, keys, [hashes[key] for key in keys]),
    ).fetchall()
    new = {str(row[0]) for row in entered}
    old = [key for key in keys if key not in new]
    if not old:
        return {}
    rows = connection.execute(
        "SELECT request_key, content_hash, answer FROM live.request WHERE request_key = ANY(%s)", (old,)
    ).fetchall()
    return {
        str(key): (str(content), None if answer is None else zlib.decompress(answer))
        for key, content, answer in rows
    }


def keep_answers(connection: Database, answers: Mapping[str, bytes]) -> None:
    """The answers to keys that were just entered."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE live.request SET answer = %s WHERE request_key = %s",
            [(zlib.compress(answer, 1), key) for key, answer in sorted(answers.items())],
        )


def forget_answers(connection: Database, before: datetime.datetime) -> int:
    """Answers older than that; how many. The caller commits."""
    return connection.execute("DELETE FROM live.request WHERE committed_at < %s", (before,)).rowcount


# Rows --------------------------------------------------------------------------------------------------------


def known_keys(connection: Database, source: str, keys: Sequence[str]) -> dict[str, str]:
    """Of these keys (32 hexadecimal digits) those in the books, with the hashes of their content."""
    rows = connection.execute(
        "SELECT source_key, content_hash FROM ledger.intake_key WHERE source = %s AND source_key = ANY(%s::uuid[])",
        (source, list(keys)),
    ).fetchall()
    return {key.hex: content.hex for key, content in rows}


def months_without_partition(connection: Database, months: Sequence[datetime.date]) -> list[datetime.date]:
    """Of these months (first days) those that statement lines have no table for yet."""
    rows = connection.execute(
        "SELECT m FROM unnest(%s::date[]) AS t(m) "
        "WHERE to_regclass('ledger.statement_line_' || to_char(m, 'YYYY_MM')) IS NULL ORDER BY m",
        (list(months),),
    ).fetchall()
    return [row[0] for row in rows]


def live_file(
    connection: Database, name: str, run_id: str, software_version: str, at: datetime.datetime
) -> tuple[int, int]:
    """`(file_id, rows read so far)` of the entry that lines of this name belong to; made when it is not there. Entries of
    other days are closed."""
    row = connection.execute(
        "SELECT file_id, rows_read FROM ledger.import_file WHERE name = %s AND adapter = 'live' ORDER BY file_id LIMIT 1",
        (name,),
    ).fetchone()
    if row is not None:
        return int(row[0]), int(row[1])
    connection.execute(
        "UPDATE ledger.import_file SET state = 'finished', finished_at = %s WHERE adapter = 'live' AND state = 'running'",
        (at,),
    )
    connection.execute(
        "INSERT INTO ledger.import_run (run_id, started_at, finished_at, state) VALUES (%s, %s, %s, 'finished')",
        (run_id, at, at),
    )
    made = connection.execute(
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, started_at) "
        "VALUES (%s, %s, 'live', %s, 0, %s, %s) RETURNING file_id",
        (run_id, name, run_id, software_version, at),
    ).fetchone()
    assert made is not None
    return int(made[0]), 0


# Sources -----------------------------------------------------------------------------------------------------


def offsets_of(connection: Database, source: str) -> dict[int, int]:
    """Partition -> the next offset to read."""
    rows = connection.execute(
        "SELECT partition, next_offset FROM live.source_offset WHERE source = %s", (source,)
    ).fetchall()
    return {int(partition): int(offset) for partition, offset in rows}


def keep_offsets(connection: Database, offsets: Sequence[Offset], at: datetime.datetime) -> None:
    """Sources stand there once the transaction commits; never further back than before."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO live.source_offset (source, partition, next_offset, committed_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (source, partition) DO UPDATE SET committed_at = excluded.committed_at, "
            "next_offset = greatest(live.source_offset.next_offset, excluded.next_offset)",
            [(one.source, one.partition, one.next_offset, at) for one in offsets],
        )


# What waits --------------------------------------------------------------------------------------------------


def note_waiting(connection: Database, lines: int, at: datetime.datetime) -> None:
    """So many more lines that no trace was asked for."""
    connection.execute(
        "UPDATE live.waiting SET line_count = line_count + %s, since = coalesce(since, %s) WHERE %s > 0",
        (lines, at, lines),
    )


def waiting(connection: Database) -> tuple[int, int, datetime.datetime | None]:
    """`(lines not yet paired, lines that no trace was asked for, since when)`."""
    row = connection.execute(
        "SELECT unpaired_lines, untraced_lines, since FROM published.live_waiting"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), row[2]


def no_longer_waiting(connection: Database, lines: int, at: datetime.datetime) -> None:
    """A trace that holds so many of the lines was asked for, in this transaction; what came meanwhile goes on waiting."""
    connection.execute(
        "UPDATE live.waiting SET line_count = greatest(line_count - %(lines)s, 0), "
        "since = CASE WHEN line_count > %(lines)s THEN %(at)s::timestamptz END",
        {"lines": lines, "at": at},
    )


# Who monitors ------------------------------------------------------------------------------------------------


def try_to_lead(connection: Database) -> bool:
    """Become the one that monitors, until the session ends; False where another one does. A session whose process is gone
    without a word ends within seconds."""
    for name, value in (
        ("tcp_keepalives_idle", 2),
        ("tcp_keepalives_interval", 1),
        ("tcp_keepalives_count", 3),
        ("tcp_user_timeout", 6000),
    ):
        connection.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
    row = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (_MONITOR,)).fetchone()
    connection.commit()
    return bool(row and row[0])


def no_longer_leading(connection: Database) -> None:
    connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_MONITOR,))
    connection.commit()


def is_there(connection: Database) -> None:
    """Raises psycopg.OperationalError when the session is gone, and with it the lead."""
    connection.execute("SELECT 1")
    connection.rollback()


@contextmanager
def undone_on_error(connection: Database) -> Generator[None]:
    """Roll back what the block left when it fails."""
    try:
        yield
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise

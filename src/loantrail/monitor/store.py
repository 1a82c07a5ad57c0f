"""SQL of live intake: answered requests, offsets of sources, what waits, and who writes."""

from __future__ import annotations

import datetime
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg

from loantrail.ledger.store_entering import Answer, Database, array_of_texts
from loantrail.monitor.model import Offset
from loantrail.postgres.connection import NAME_OF_PROCESS

COLLISIONS: Final = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
HELD_UP: Final = (psycopg.errors.LockNotAvailable,)
KEPT: Final = datetime.timedelta(days=7)
"""How long the answer to an idempotency key is kept."""
_WRITER: Final = "loantrail.live.writer"
_GUEST: Final = "loantrail.live.guest"
GUEST_PATIENCE: Final = "200ms"
"""A guest waits no longer for a lock: its host waits for it."""
_MONITOR: Final = "loantrail.live.monitor"
_ALIVE: Final = "loantrail.live.alive"
IDLE_SECONDS: Final = 7
"""So long the process of the one that monitors may say nothing before one that stands by ends its sessions: it hangs."""


def begin_group(connection: Database) -> None:
    """Until the transaction ends nobody else commits a group: one writer over all processes, and its guests (`hosting`)."""
    with connection.pipeline():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_WRITER,))
        # A host whose session broke may have left a guest behind: wait until it has gone. What a savepoint took is given back with it.
        connection.execute("SAVEPOINT guests")
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_GUEST,))
        connection.execute("ROLLBACK TO SAVEPOINT guests")
        connection.execute("RELEASE SAVEPOINT guests")


def begin_group_soon(connection: Database) -> bool:
    """The same, where it can be in a second; else False, and the transaction is over."""
    try:
        connection.execute("SELECT set_config('lock_timeout', '1s', true)")
        begin_group(connection)
    except psycopg.errors.LockNotAvailable:
        connection.rollback()
        return False
    return True


def begin_guest(connection: Database, host: int) -> Answer:
    """Be the guest of the group that this session writes until the transaction ends, which fails where it would have to wait for
    anybody: for a guest, too, whose answer was lost and that may still commit. Whether that session has the turn is answered; who
    takes it from now on waits for this guest."""
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (GUEST_PATIENCE,))
    connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (_GUEST,))
    return connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = %s "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND ((classid::bigint << 32) | objid::bigint) = hashtext(%s)::bigint)",
        (host, _WRITER),
    )


def session_of(connection: Database) -> int:
    """The number that the server gave to this session."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


# Answered requests -------------------------------------------------------------------------------------------


def ask_answers(connection: Database, keys: Sequence[str]) -> Answer:
    """What was answered to those of the keys that are known; see `answers_told`."""
    return connection.execute(
        "SELECT request_key, content_hash, answer FROM live.request WHERE request_key = ANY(%s::text[])",
        (array_of_texts(keys),),
    )


def answers_told(answer: Answer) -> dict[str, tuple[str, bytes]]:
    """Key -> the hash of its content, and the answer."""
    return {str(key): (str(content), zlib.decompress(told)) for key, content, told in answer.fetchall()}


def keep_answers(
    connection: Database, answers: Mapping[str, tuple[str, bytes]], at: datetime.datetime
) -> None:
    """Key -> the hash of its content, and the answer: of keys that are not known. One writer at a time, so that nobody else
    enters one of them."""
    if not answers:
        return
    told = [f"\\x{zlib.compress(answer, 1).hex()}" for _, answer in answers.values()]
    connection.execute(
        "INSERT INTO live.request (request_key, content_hash, answer, committed_at) "
        "SELECT k, h, a, %s FROM unnest(%s::text[], %s::text[], %s::bytea[]) AS t(k, h, a)",
        (
            at,
            array_of_texts(list(answers)),
            array_of_texts([content for content, _ in answers.values()]),
            array_of_texts(told),
        ),
    )


def forget_answers(connection: Database, before: datetime.datetime) -> int:
    """Answers older than that; how many. The caller commits."""
    return connection.execute("DELETE FROM live.request WHERE committed_at < %s", (before,)).rowcount


# The group ---------------------------------------------------------------------------------------------------


def mark(connection: Database) -> None:
    """What is entered from here on can be taken back."""
    connection.execute("SAVEPOINT live_group")


def back_to_mark(connection: Database) -> None:
    connection.execute("ROLLBACK TO SAVEPOINT live_group")


def ask_live_file(connection: Database, name: str) -> Answer:
    """`(file_id)` of the entry that lines of this name belong to."""
    return connection.execute(
        "SELECT file_id FROM ledger.import_file WHERE name = %s AND adapter = 'live' ORDER BY file_id LIMIT 1",
        (name,),
    )


def make_live_file(
    connection: Database, name: str, run_id: str, software_version: str, at: datetime.datetime
) -> int:
    """The number of the entry of that name. Entries of other days are closed."""
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
    return int(made[0])


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


def begin_to_live(connection: Database, leading: int) -> None:
    """Tell by this session, which is of nothing else, that the process of the session `leading` goes on: by `go_on_living`."""
    connection.execute("SELECT pg_advisory_lock_shared(hashtext(%s), %s)", (_ALIVE, leading))
    connection.commit()


def go_on_living(connection: Database) -> None:
    connection.execute("SELECT 1")
    connection.rollback()


def end_one_that_hangs(connection: Database) -> bool:
    """End all sessions of the process that monitors where it said nothing for IDLE_SECONDS; whether it was so. Nobody is ended who
    never said anything. psycopg.errors.InsufficientPrivilege where these are another role's."""
    ended = connection.execute(
        """
        WITH held AS (
            SELECT pid, classid::bigint AS class, objid::bigint AS object, objsubid FROM pg_locks
            WHERE locktype = 'advisory' AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        ), hanging AS (
            SELECT living.pid AS living, head.pid AS head, a.application_name AS process
            FROM held living JOIN pg_stat_activity a USING (pid)
            JOIN held head ON head.pid = living.object AND head.objsubid = 1
             AND ((head.class << 32) | head.object) = hashtext(%(monitor)s)::bigint
            WHERE living.objsubid = 2 AND living.class = (hashtext(%(alive)s)::bigint & 4294967295)
              AND a.state LIKE 'idle%%' AND clock_timestamp() - a.state_change > make_interval(secs => %(seconds)s)
        )
        SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a, hanging
        WHERE a.pid IN (head, living)
           OR (a.application_name = process AND process ~ %(named)s AND a.usename = current_user)
        """,
        {"named": NAME_OF_PROCESS, "monitor": _MONITOR, "alive": _ALIVE, "seconds": IDLE_SECONDS},
    ).fetchall()
    connection.commit()
    return bool(ended)


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

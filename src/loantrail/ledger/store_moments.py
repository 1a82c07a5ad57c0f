"""SQL that gives a reading of the books a moment at which nobody is writing to them.

A line has its arrival number, and a change its time, before its transaction commits. Were the books read in between, what
was not seen would later look as if it had been. So whoever writes says so until the end of the transaction, and whoever
reads the books for a trace waits for the writers, takes the state, and lets them go on.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from loantrail import clock

_LOCK: Final = "loantrail.ledger.writing"
PATIENCE: Final = "8s"
"""How long a reader stands in the queue, where writers that come later wait behind it."""
PAUSE_SECONDS: Final = 1.0
"""How long it lets them pass when that was in vain."""
SOON_SECONDS: Final = 1.0
"""Who has been writing for longer than that may go on for minutes, as a pairing of many lines does: a reader does not stand in the
queue behind one, or lines that come live would wait as long."""
STANDS_ASIDE_SECONDS: Final = 60.0
"""So long; then it does, for one import may follow upon the other."""


def begin_writing(connection: psycopg.Connection[Any]) -> None:
    """Until the transaction ends no reading takes its moment.

    To be said before times and arrival numbers are taken, and after any other advisory lock: two that wait for each
    other in another order would be a deadlock.
    """
    connection.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", (_LOCK,))


def ask_to_write(connection: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    """The same where nobody waits for a moment; the answer tells whether."""
    return connection.execute("SELECT pg_try_advisory_xact_lock_shared(hashtext(%s))", (_LOCK,))


@contextmanager
def one_moment(connection: psycopg.Connection[Any]) -> Generator[None]:
    """For the length of the block, one transaction that reads the books as they are at a moment when nobody writes: all that
    came before its `transaction_timestamp()` is seen, nothing that comes later. What was open is rolled back."""
    connection.rollback()
    _wait_for_writers(connection)
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    # The first query takes the state that the whole transaction reads; from then on writers may go on.
    connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (_LOCK,))
    try:
        yield
    finally:
        connection.rollback()


def _wait_for_writers(connection: psycopg.Connection[Any]) -> None:
    """Hold the lock of the writers alone, for the session: the transaction that waits sees an older state."""
    asked = clock.monotonic_seconds()
    while True:
        stands_aside = clock.monotonic_seconds() - asked < STANDS_ASIDE_SECONDS
        if stands_aside and _writing_seconds(connection) > SOON_SECONDS:
            connection.rollback()
            clock.sleep(PAUSE_SECONDS)
            continue
        try:
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (PATIENCE,))
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (_LOCK,))
            connection.commit()
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            clock.sleep(PAUSE_SECONDS)
        else:
            return


def _writing_seconds(connection: psycopg.Connection[Any]) -> float:
    """How long the one that writes longest has been at it; 0 where nobody does, or only sessions that this one may not see."""
    row = connection.execute(
        """
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0)
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtext(%s)::bigint
        """,
        (_LOCK,),
    ).fetchone()
    return float(row[0]) if row else 0.0

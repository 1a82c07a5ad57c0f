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
PAUSE_SECONDS: Final = 2.0
"""How long it lets them pass when that was in vain: a pairing of many lines takes minutes."""


def begin_writing(connection: psycopg.Connection[Any]) -> None:
    """Until the transaction ends no reading takes its moment.

    To be said before times and arrival numbers are taken, and after any other advisory lock: two that wait for each
    other in another order would be a deadlock.
    """
    connection.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", (_LOCK,))


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
    while True:
        try:
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (PATIENCE,))
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (_LOCK,))
            connection.commit()
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            clock.sleep(PAUSE_SECONDS)
        else:
            return

"""Works at back-tests in the background: one at a time over all processes (a lock of the database).

How far it is stands in the database. A back-test that a stopped server left is marked interrupted when the next one looks.
"""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from loantrail import clock
from loantrail.errors import LoantrailError, unforeseen
from loantrail.parameters import shipped_parameters
from loantrail.rules import store, store_backtest, store_hits

if TYPE_CHECKING:
    from psycopg import Connection

_LOG = logging.getLogger(__name__)


class Sessions(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def session(self) -> AbstractContextManager[Connection[Any]]: ...


class Backtesting:
    """At most one thread of this process at work; `start` is cheap and may be called at any time."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def start(self) -> None:
        """Begin with what waits, unless a thread is at it already: that one takes it along."""
        with self._guard:
            if self._thread is None:
                # A daemon: a server that stops does not wait for it; what it had not finished is marked interrupted.
                self._thread = threading.Thread(target=self._work, name="back-testing", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until this process's thread, if any, has nothing more to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        try:
            with self._sessions.session() as connection:
                while store_backtest.lock(connection):
                    try:
                        store_backtest.interrupt(connection)
                        connection.commit()
                        while (backtest_id := store_backtest.take(connection)) is not None:
                            connection.commit()
                            _run(connection, backtest_id)
                    finally:
                        if not connection.closed:
                            connection.rollback()
                            store_backtest.unlock(connection)
                            connection.commit()
                    with self._guard:
                        # Whoever asks after this look starts a new thread.
                        if not store_backtest.waiting(connection):
                            self._thread = None
                            return
        except Exception:  # the database went away: what waits stays waiting
            _LOG.exception("back-testing stopped; it goes on when a back-test is asked for next")
        finally:
            with self._guard:
                if self._thread is threading.current_thread():
                    self._thread = None


def _run(connection: Connection[Any], backtest_id: str) -> None:
    try:
        cancelled = not _tried(connection, backtest_id)
    except LoantrailError as problem:
        connection.rollback()
        store_backtest.fail(connection, backtest_id, problem.problem, problem.remedy)
    except Exception as problem:
        if connection.closed:
            raise
        _LOG.exception("a back-test failed")
        connection.rollback()
        remedy = "Try again; if it stays, send the server's log to its maintainers"
        store_backtest.fail(connection, backtest_id, unforeseen(problem), remedy)
    else:
        if cancelled:
            store_backtest.finish(connection, backtest_id, "cancelled", None)
    connection.commit()


def _tried(connection: Connection[Any], backtest_id: str) -> bool:
    """Whether it went to its end; False where it was cancelled."""
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.rules.backtest import Trial
    from loantrail.rules.history import history_of_books

    asked = store_backtest.one(connection, backtest_id)
    assert asked is not None
    version = store.one(connection, asked["rule_id"])
    assert version is not None
    current = None if asked["compared_with"] is None else store.one(connection, asked["compared_with"])
    connection.commit()
    parameters = shipped_parameters()
    trial = Trial(version, current, parameters)
    from_date, to_date = asked["from_date"], asked["to_date"]
    begun = clock.monotonic_seconds()
    history = history_of_books(connection, version.content.occasion, from_date, to_date, parameters)
    connection.rollback()
    if not _told(connection, backtest_id, 0, history.rows):
        return False
    for done, rows in history.parts(from_date, to_date):
        trial.add(rows)
        if not _told(connection, backtest_id, done, history.rows):
            return False
    took = round((clock.monotonic_seconds() - begun) * 1_000_000)
    result = trial.result(from_date, to_date, store_hits.confirmed_loans(connection), took)
    store_backtest.finish(connection, backtest_id, "finished", result)
    return True


def _told(connection: Connection[Any], backtest_id: str, done: int, total: int) -> bool:
    going_on = store_backtest.progress(connection, backtest_id, done, total)
    connection.commit()
    return going_on

"""Traces the books anew in the background after a person changed what the trace depends on.

One trace at a time over all processes (a lock of the database). Changes that come meanwhile wait and are taken
together by the next one. How far it is stands in the database, with the last failure, so that a restart goes on. The
run that screens read stays until the new one takes its place in one commit.
"""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from loantrail.errors import LoantrailError, unforeseen
from loantrail.tracing import store_evaluation as store

if TYPE_CHECKING:
    from psycopg import Connection

_LOG = logging.getLogger(__name__)


class Sessions(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def session(self) -> AbstractContextManager[Connection[Any]]: ...


class Retracing:
    """At most one thread of this process at work; `start` is cheap and may be called at any time."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def start(self) -> None:
        """Begin with what is outstanding, unless a thread is at it already: that one takes it along."""
        with self._guard:
            if self._thread is None:
                # A daemon: a server that stops does not wait for it; what it had not finished stays outstanding.
                self._thread = threading.Thread(target=self._work, name="retracing", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until this process's thread, if any, has nothing more to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        try:
            with self._sessions.session() as connection:
                while store.outstanding(connection) is not None and store.lock(connection):
                    try:
                        _drain(connection)
                    finally:
                        connection.rollback()
                        store.unlock(connection)
                        connection.commit()
                    with self._guard:
                        # Whoever asks after this look starts a new thread.
                        if store.outstanding(connection) is None:
                            self._thread = None
                            return
        except Exception:  # the database went away: the changes stay outstanding
            _LOG.exception("the re-evaluation stopped; it goes on when the state is asked for next")
        finally:
            with self._guard:
                if self._thread is threading.current_thread():
                    self._thread = None


def _drain(connection: Connection[Any]) -> None:
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.tracing.database import trace_books

    while (number := store.outstanding(connection)) is not None:
        store.begin(connection)
        connection.commit()
        try:
            found = trace_books(connection)
        except LoantrailError as problem:
            connection.rollback()
            store.fail(connection, number, problem.problem, problem.remedy)
        except Exception as problem:
            if connection.closed:
                raise
            _LOG.exception("the re-evaluation failed")
            connection.rollback()
            remedy = "Try again; if it stays, send the server's log to its maintainers"
            store.fail(connection, number, unforeseen(problem), remedy)
        else:
            store.finish(connection, number, found.run_id)
        connection.commit()

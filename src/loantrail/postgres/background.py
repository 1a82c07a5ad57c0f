"""Work in a thread of its own, one process at a time: a lock of the database says whose turn it is.

What is to be done, and how far it is, stands in the database, so that a restart goes on with it.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from psycopg import Connection

from loantrail.errors import LoantrailError, unforeseen
from loantrail.postgres.sessions import Sessions

_LOG = logging.getLogger(__name__)
Database = Connection[Any]


class Background(ABC):
    """At most one thread of this process at work; `start` is cheap and may be called at any time."""

    name: str
    """What its thread and its log say of it."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    @abstractmethod
    def waits(self, connection: Database) -> bool:
        """Whether there is something to do."""

    @abstractmethod
    def lock(self, connection: Database) -> bool:
        """Become the one that does it, until `unlock` or the end of the session; False where another one is."""

    @abstractmethod
    def unlock(self, connection: Database) -> None: ...

    @abstractmethod
    def work(self, connection: Database) -> None:
        """Do all there is to do, and what comes meanwhile; the lock is held. Commits."""

    def turn(self, connection: Database) -> bool:
        """Do all there is to do, where nobody else is at it; False where somebody is."""
        if not self.lock(connection):
            return False
        try:
            self.work(connection)
        finally:
            if not connection.closed:
                connection.rollback()
                self.unlock(connection)
                connection.commit()
        return True

    def start(self) -> None:
        """Begin with what waits, unless a thread is at it already: that one takes it along."""
        with self._guard:
            if self._thread is None:
                # A daemon: a server that stops does not wait for it; what it had not finished stays in the database.
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until this process's thread, if any, has nothing more to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            with self._sessions.session() as connection:
                while self.waits(connection) and self.turn(connection):
                    with self._guard:
                        # Whoever asks after this look starts a new thread.
                        if not self.waits(connection):
                            self._thread = None
                            return
        except Exception:  # the database went away: what waits stays waiting
            _LOG.exception("%s stopped; it goes on when it is asked for next", self.name)
        finally:
            with self._guard:
                if self._thread is threading.current_thread():
                    self._thread = None


def attempt(
    connection: Database, name: str, work: Callable[[], None], fail: Callable[[str, str], None]
) -> None:
    """Do one piece of work and commit; a failure is rolled back and told to `fail` (problem, remedy). Raises only where the
    connection is gone."""
    try:
        work()
    except LoantrailError as problem:
        connection.rollback()
        fail(problem.problem, problem.remedy)
    except Exception as problem:
        if connection.closed:
            raise
        _LOG.exception("%s failed", name)
        connection.rollback()
        fail(unforeseen(problem), "Try again; if it stays, send the server's log to its maintainers")
    connection.commit()

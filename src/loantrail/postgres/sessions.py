"""What lends connections, and sessions in which each statement is a transaction of its own: one to begin it would cost the database two
questions more."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from psycopg import Connection


class Sessions(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def session(self) -> AbstractContextManager[Connection[Any]]: ...


@contextmanager
def reading_session(sessions: Sessions) -> Generator[Connection[Any]]:
    """For single questions. What is read is what is committed by then, as it would be in a transaction; what is written is committed at
    once."""
    with sessions.session() as connection:
        connection.autocommit = True
        try:
            yield connection
        finally:
            if not connection.closed:
                connection.rollback()
                connection.autocommit = False

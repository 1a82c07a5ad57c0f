"""How a route gets its connection to the database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from psycopg import Connection, IsolationLevel


class Connections(Protocol):
    """Anything that lends connections."""

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        """A connection for the length of a `with` block."""
        ...


def _reading(request: Request) -> Generator[Connection[Any]]:
    connections: Connections = request.app.state.connections
    with connections.connection() as connection:
        # One snapshot for one answer: a new trace that becomes current halfway is not mixed in.
        before = connection.isolation_level, connection.read_only
        connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
        try:
            with connection.transaction():
                yield connection
        finally:
            if not connection.closed:
                connection.isolation_level, connection.read_only = before


Reading = Annotated[Connection[Any], Depends(_reading)]
"""A read-only transaction that sees one state of the database."""

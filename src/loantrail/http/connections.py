"""How a route gets its connection to the database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from psycopg import Connection

from loantrail.http.pages.store import read_one_state


class Connections(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        """A connection in a transaction of its own, for the length of a `with` block."""
        ...


def _reading(request: Request) -> Generator[Connection[Any]]:
    connections: Connections = request.app.state.connections
    with connections.connection() as connection:
        read_one_state(connection)
        yield connection


Reading = Annotated[Connection[Any], Depends(_reading)]
"""A read-only transaction that sees one state of the database."""

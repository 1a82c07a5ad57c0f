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

    def session(self) -> AbstractContextManager[Connection[Any]]:
        """A connection for work that commits by itself, for the length of a `with` block."""
        ...


def _connections(request: Request) -> Connections:
    return request.app.state.connections


def _reading(connections: Annotated[Connections, Depends(_connections)]) -> Generator[Connection[Any]]:
    with connections.connection() as connection:
        read_one_state(connection)
        yield connection


Reading = Annotated[Connection[Any], Depends(_reading)]
"""A read-only transaction that sees one state of the database."""

Lending = Annotated[Connections, Depends(_connections)]
"""For a route that needs more than one transaction."""

"""How a route gets its connection to the database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from psycopg import Connection


class Connections(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def connection(self) -> AbstractContextManager[Connection[Any]]:
        """A connection in a transaction of its own, for the length of a `with` block."""
        ...

    def session(self) -> AbstractContextManager[Connection[Any]]:
        """A connection for work that commits by itself, for the length of a `with` block."""
        ...


# Like all that asks nobody no work for another thread, which would cost as much as the rest of a small request.
async def _connections(request: Request) -> Connections:
    return request.app.state.connections


Lending = Annotated[Connections, Depends(_connections)]
"""Connections of the tables' owner, who sees the whole bank: for what is written, and for what is not a person's to see.
What a person reads comes by `loantrail.http.access.Reading`."""

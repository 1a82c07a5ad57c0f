"""Asks the application without a socket, and a database that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx

from loantrail.errors import DatabaseUnavailable


class Failing:
    """A way to a database that fails."""

    problem: Exception = DatabaseUnavailable("the database stopped", remedy="Start it")

    @contextmanager
    def connection(self) -> Iterator[NoReturn]:
        raise self.problem
        yield  # type: ignore[unreachable]  makes this a generator

    session = connection


def ask(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    """One request to the application, in this thread."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8321") as opened:
            return await opened.request(method, path, **more)

    return asyncio.run(run())

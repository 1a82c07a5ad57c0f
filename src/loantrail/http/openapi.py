"""Writes the description of the interface, from which the page's client is made: `python -m loantrail.http.openapi`."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from typing import Any, Final, NoReturn

from psycopg import Connection

from loantrail.http.app import create_app


class _NoConnections:
    def connection(self) -> AbstractContextManager[Connection[Any]]:
        self._refuse()

    def session(self) -> AbstractContextManager[Connection[Any]]:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RuntimeError("describing the interface needs no database")


NO_CONNECTIONS: Final = _NoConnections()
"""For an application that is only described."""


def openapi_text() -> str:
    """The description as JSON text, the same for the same software."""
    return (
        json.dumps(create_app(NO_CONNECTIONS, NO_CONNECTIONS).openapi(), ensure_ascii=False, indent=2) + "\n"
    )


if __name__ == "__main__":
    sys.stdout.write(openapi_text())

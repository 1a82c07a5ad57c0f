"""PostgreSQL's errors, in the product's own words."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import psycopg

from loantrail.errors import DatabaseUnavailable, LoantrailError, StorageExhausted, in_one_line

DISK_FULL: Final = "53100"
TOO_MANY_CONNECTIONS: Final = "53300"
NO_SUCH_DATABASE: Final = "3D000"
REFUSED_PASSWORD: Final = "28P01"  # noqa: S105  an SQLSTATE, not a password
REFUSED_USER: Final = "28000"
NO_SPACE_LEFT: Final = "No space left on device"

PASSING: Final = (DatabaseUnavailable, StorageExhausted, psycopg.OperationalError, psycopg.InterfaceError)
"""What passes by itself: a server that is away or full, a statement that was cancelled or stood in the way of others. What was tried
may be tried again as it is."""

_REMEDIES: Final = {
    TOO_MANY_CONNECTIONS: "Close some programs that use the database, or raise its max_connections",
    NO_SUCH_DATABASE: "Create the database, or correct its name in LOANTRAIL_DATABASE_URL",
    REFUSED_PASSWORD: "Correct the user and password in LOANTRAIL_DATABASE_URL (or LOANTRAIL_DATABASE_PASSWORD)",
    REFUSED_USER: "Correct the user in LOANTRAIL_DATABASE_URL, or the server's pg_hba.conf",
}
# libpq tells no SQLSTATE of a connection that was refused, only the server's words.
_REFUSALS: Final = (
    ("password authentication failed", REFUSED_PASSWORD),
    ("no password supplied", REFUSED_PASSWORD),
    ("no pg_hba.conf entry", REFUSED_USER),
    ("is not permitted to log in", REFUSED_USER),
    ("too many clients", TOO_MANY_CONNECTIONS),
    ("too many connections for", TOO_MANY_CONNECTIONS),
    ("remaining connection slots are reserved", TOO_MANY_CONNECTIONS),
)
_NO_DATABASE: Final = re.compile(r'FATAL:\s+database ".*" does not exist')

GENERAL_REMEDY: Final = (
    "What was committed is safe: check the server with `loantrail database status` and run the command again"
)
STORAGE_REMEDY: Final = (
    "Free some space on the database's disk and run the command again; what was committed is safe"
)


def translated(problem: psycopg.OperationalError) -> LoantrailError:
    """The product's error for one of psycopg's: StorageExhausted or DatabaseUnavailable."""
    text = in_one_line(problem)
    if problem.sqlstate == DISK_FULL or NO_SPACE_LEFT in text:
        return StorageExhausted(f"the database's disk is full: {text}", remedy=STORAGE_REMEDY)
    remedy = _REMEDIES.get(problem.sqlstate or _state_of_refusal(text), GENERAL_REMEDY)
    return DatabaseUnavailable(f"the database cannot be used: {text}", remedy=remedy)


def _state_of_refusal(text: str) -> str:
    if _NO_DATABASE.search(text):
        return NO_SUCH_DATABASE
    return next((state for words, state in _REFUSALS if words in text), "")


def _concerns_one_statement(problem: psycopg.OperationalError) -> bool:
    """A rollback, a lock or a cancelled query: for the caller to handle, the server is well."""
    state = problem.sqlstate or ""
    return state[:2] in ("40", "55") or state == "57014"


@contextmanager
def database_failures() -> Generator[None]:
    """Turns a lost server or a full disk inside the block into LoantrailErrors; the rest passes through."""
    try:
        yield
    except psycopg.OperationalError as problem:
        if _concerns_one_statement(problem):
            raise
        raise translated(problem) from problem

"""A way to this test's own database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from loantrail.postgres.connection import Database


@pytest.fixture
def books(database_url: str) -> Database:
    return Database(database_url)


@pytest.fixture
def asked(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that looks at what is committed."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection

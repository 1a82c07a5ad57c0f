"""A bank of 240 drawn loans, and who looks at its portfolio."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from tests.http.conftest import application, client_of
from tests.http.ledger_bank import Loan, write_ledger_bank
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import write_person

from loantrail.identity.abilities import Role
from loantrail.postgres.connection import Database, configure


@pytest.fixture(scope="package")
def bank(
    database_server: Database, template_database: str, _own_home: None
) -> Iterator[tuple[str, list[Loan], str]]:
    """Address of the drawn bank, its loans, and the address of its database; no test changes it."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            configure(connection)
            loans = write_ledger_bank(connection, count=240)
            write_person(connection, "boss", [Role.EXECUTIVE])
            write_person(connection, "S2", [Role.RELATIONSHIP_MANAGER], "1001", "S2")
            write_person(connection, "machinist", [Role.IT_OPERATOR])
        with application(url) as address:
            yield address, loans, url


@pytest.fixture(scope="package")
def drawn(bank: tuple[str, list[Loan], str]) -> Iterator[httpx.Client]:
    """A client of the drawn bank."""
    with client_of(bank[0]) as opened:
        yield opened

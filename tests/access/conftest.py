"""A bank whose loans, customers and accounts all belong to one sub-branch, and people of another one."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.http.bank import LOAN, write_books, write_trace
from tests.http.conftest import _own_home, application
from tests.http.warned import write_warnings
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import write_person

from loantrail.identity.abilities import ADMINISTRATORS, WHOLE_BANK, Role
from loantrail.postgres.connection import Database

__all__ = ["_own_home"]

HERE, ELSEWHERE = "U1", "U2"
FAR_ROLES = tuple(role for role in Role if role not in WHOLE_BANK)
"""Roles that somebody holds at the other sub-branch."""


def person_of(role: Role, unit: str) -> str:
    """Who holds this role there."""
    return f"{role}.{unit}"


def write_people(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """For each role one person at each of the two sub-branches."""
    connection.execute(
        "INSERT INTO parties.organisation_unit (unit_id, name, kind) VALUES (%s, '邻行', 'sub_branch')",
        (ELSEWHERE,),
    )
    for role in Role:
        for unit in (HERE, ELSEWHERE):
            person = person_of(role, unit)
            staff = None
            if role not in ADMINISTRATORS:
                staff = f"{role}-{unit}"
                connection.execute(
                    "INSERT INTO parties.staff (staff_id, unit_id, name, role) VALUES (%s, %s, %s, %s)",
                    (staff, unit, staff, role),
                )
            write_person(connection, person, [role], unit, staff)
    connection.execute(
        "INSERT INTO ledger.loan_manager (loan_id, staff_id, role, valid_from, unit_id) VALUES (%s, %s, 'lead', '2025-03-01', 'U1')",
        (LOAN, f"{Role.RELATIONSHIP_MANAGER}-{HERE}"),
    )


@pytest.fixture(scope="session")
def two_branches_url(database_server: Database, template_database: str, _own_home: None) -> Iterator[str]:
    """Address of the database of that bank."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_books(connection)
            write_trace(connection)
            write_warnings(connection)
            write_people(connection)
        yield url


@pytest.fixture(scope="session")
def two_branches(two_branches_url: str) -> Iterator[str]:
    """Address of the application over that bank."""
    with application(two_branches_url) as address:
        yield address

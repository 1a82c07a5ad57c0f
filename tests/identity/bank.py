"""A small bank's people: a head office, two branches with a sub-branch and a post-loan department each, and who works there."""

from __future__ import annotations

import datetime
from typing import Final

from loantrail.identity.abilities import Role
from loantrail.ids import new_id
from loantrail.postgres.connection import type_of_connection

NOW: Final = datetime.datetime(2026, 3, 2, 1, 0, tzinfo=datetime.UTC)
"""Monday morning in Shanghai."""
MINUTE: Final = datetime.timedelta(minutes=1)
HOUR: Final = datetime.timedelta(hours=1)
DAY: Final = datetime.timedelta(days=1)

UNITS: Final = (
    ("0000", "总行", "head_office", None),
    ("0001", "总行风险管理部", "department", "0000"),
    ("1000", "甲分行", "branch", "0000"),
    ("1001", "甲一支行", "sub_branch", "1000"),
    ("1002", "甲二支行", "sub_branch", "1000"),
    ("1090", "甲分行贷后管理部", "department", "1000"),
    ("2000", "乙分行", "branch", "0000"),
    ("2001", "乙一支行", "sub_branch", "2000"),
)
STAFF: Final = (
    ("E1", "1001", "王客户经理", Role.RELATIONSHIP_MANAGER),
    ("E2", "1001", "李行长", Role.BRANCH_MANAGER),
    ("E3", "1090", "赵贷后", Role.POST_LOAN_INSPECTOR),
    ("E4", "0001", "钱总行风险", Role.HEAD_OFFICE_RISK),
    ("E5", "2001", "孙客户经理", Role.RELATIONSHIP_MANAGER),
    ("E6", "0001", "周风险", Role.RISK_MANAGER),
)
BRANCH_1: Final = ("1000", "1001", "1002", "1090")


def write_people(connection: type_of_connection) -> None:
    """Units, staff, and a person for each of the staff with their role in their unit."""
    write_staff(connection)
    write_persons(connection)


def write_staff(connection: type_of_connection) -> None:
    for unit in UNITS:
        connection.execute("INSERT INTO parties.organisation_unit VALUES (%s, %s, %s, %s)", unit)
    for staff_id, unit, name, role in STAFF:
        connection.execute(
            "INSERT INTO parties.staff (staff_id, unit_id, name, role) VALUES (%s, %s, %s, %s)",
            (staff_id, unit, name, role.value),
        )


def write_persons(connection: type_of_connection) -> None:
    for staff_id, unit, name, role in STAFF:
        write_person(connection, staff_id, name, unit, staff_id)
        give(connection, staff_id, role, unit)


def write_person(
    connection: type_of_connection,
    person_id: str,
    name: str,
    unit: str | None = None,
    staff_id: str | None = None,
) -> None:
    connection.execute(
        "INSERT INTO identity.person (person_id, staff_id, name, unit_id, password_changed_at, made_at, made_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'test')",
        (person_id, staff_id, name, unit, NOW - DAY, NOW - DAY),
    )


def give(
    connection: type_of_connection,
    person_id: str,
    role: Role,
    unit: str | None = None,
    since: datetime.datetime = NOW - DAY,
    until: datetime.datetime | None = None,
) -> None:
    """Give a role, as if two administrators had done so."""
    connection.execute(
        "INSERT INTO identity.assignment (assignment_id, person_id, role, unit_id, valid_from, valid_to, maker, checker) "
        "VALUES (%s, %s, %s, %s, %s, %s, 'maker', 'checker')",
        (new_id(), person_id, role.value, unit, since, until),
    )


def stand_in(
    connection: type_of_connection,
    away: str,
    for_them: str,
    since: datetime.datetime = NOW - DAY,
    until: datetime.datetime = NOW + DAY,
) -> None:
    """`for_them` stands in for `away`."""
    connection.execute(
        "INSERT INTO identity.delegation (delegation_id, from_person_id, to_person_id, valid_from, valid_to, reason, maker, "
        "made_at) VALUES (%s, %s, %s, %s, %s, '休假', %s, %s)",
        (new_id(), away, for_them, since, until, away, since),
    )

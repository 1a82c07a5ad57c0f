"""Who may sign in to the demo bank: everybody on its staff list holds the role that it names, and one person of each role can be
tried by one click. They have no passwords."""

from __future__ import annotations

import datetime
from typing import Any, Final

from psycopg import Connection

from loantrail.identity.abilities import ADMINISTRATORS, NO_LOANS, WHOLE_BANK, Role

Database = Connection[Any]

NO_UNIT: Final = WHOLE_BANK | NO_LOANS
"""Roles that are held in the whole bank."""
TOGETHER: Final = (Role.BRANCH_MANAGER, Role.POST_LOAN_INSPECTOR)
"""Chosen from the sub-branch of the chosen relationship manager, so that work can be handed from one to the other."""


def make_people(connection: Database, now: datetime.datetime) -> None:
    """Make the persons where there are none yet: once for each demo bank."""
    if connection.execute("SELECT 1 FROM identity.demo_person LIMIT 1").fetchone() is not None:
        return
    staff = connection.execute(
        "SELECT staff_id, unit_id, name, role FROM parties.staff ORDER BY staff_id"
    ).fetchall()
    known = {role.value: role for role in Role}
    listed = [(staff_id, unit, name, known[role]) for staff_id, unit, name, role in staff if role in known]
    chosen = choose(listed, manager_with_most_warnings(connection), _branches(connection))
    maker = chosen.get(Role.SYSTEM_ADMINISTRATOR, "demo")
    checker = chosen.get(Role.SECURITY_ADMINISTRATOR)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO identity.person (person_id, staff_id, name, unit_id, made_at, made_by) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(staff_id, staff_id, name, unit, now, maker) for staff_id, unit, name, _ in listed],
        )
        cursor.executemany(
            "INSERT INTO identity.assignment (assignment_id, person_id, role, unit_id, valid_from, maker, checker) "
            "VALUES (md5('demo' || %s), %s, %s, %s, %s, %s, %s)",
            [
                (staff_id, staff_id, role.value, None if role in NO_UNIT else unit, now, maker, checker)
                for staff_id, unit, _, role in listed
            ],
        )
        cursor.executemany(
            "INSERT INTO identity.demo_person (role, person_id) VALUES (%s, %s)",
            [(role.value, person_id) for role, person_id in chosen.items()],
        )


def choose(
    listed: list[tuple[str, str, str, Role]], manager: str | None, parents: dict[str, str | None]
) -> dict[Role, str]:
    """One of each role: the given relationship manager, who works together with them, and else the first of the list.
    `listed`: (staff id, unit, name, role); `parents`: unit -> the unit above."""
    units = {staff_id: unit for staff_id, unit, _, _ in listed}
    here = units.get(manager or "")
    above = parents.get(here or "")
    chosen: dict[Role, str] = {}
    for role in Role:
        able = [one for one in listed if one[3] is role]
        if role is Role.RELATIONSHIP_MANAGER and manager is not None:
            able = [one for one in able if one[0] == manager]
        elif role in TOGETHER:
            able = [one for one in able if one[1] == here] or able
        elif role is Role.RISK_MANAGER:
            able = [one for one in able if one[1] == above] or able
        if able:
            chosen[role] = able[0][0]
    assert len(ADMINISTRATORS.intersection(chosen)) in (0, len(ADMINISTRATORS))
    return chosen


def manager_with_most_warnings(connection: Database) -> str | None:
    """The lead manager of the most loans with an open warning; None where no loan has one."""
    row = connection.execute(
        """
        SELECT manager.staff_id
        FROM ledger.loan_manager AS manager JOIN early_warning.thread AS thread USING (loan_id)
        WHERE manager.role = 'lead' AND manager.valid_to IS NULL AND thread.state = 'open'
        GROUP BY manager.staff_id ORDER BY count(*) DESC, manager.staff_id LIMIT 1
        """
    ).fetchone()
    return None if row is None else str(row[0])


def _branches(connection: Database) -> dict[str, str | None]:
    return dict(
        connection.execute("SELECT unit_id, parent_unit_id FROM parties.organisation_unit").fetchall()
    )

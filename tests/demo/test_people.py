"""Who can be tried in the demo bank."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.http.bank import write_books
from tests.http.warned import write_warnings

from loantrail.clock import now
from loantrail.demo.store_people import choose, make_people
from loantrail.identity.abilities import Role, conflict_of
from loantrail.identity.store_session import begin_session, is_demo_person, signed_of_session
from loantrail.postgres.connection import type_of_connection

Listed = list[tuple[str, str, str, Role]]


def listed(bank: Path) -> tuple[Listed, dict[str, str | None]]:
    staff = pl.read_parquet(bank / "staff.parquet")
    units = pl.read_parquet(bank / "organisation_unit.parquet")
    rows = [
        (row["staff_id"], row["unit_id"], row["name"], Role(row["role"]))
        for row in staff.iter_rows(named=True)
    ]
    return rows, dict(units.select("unit_id", "parent_unit_id").iter_rows())


def test_the_bank_has_somebody_in_every_role(bank: Path) -> None:
    rows, parents = listed(bank)
    manager = next(row[0] for row in reversed(rows) if row[3] is Role.RELATIONSHIP_MANAGER)

    chosen = choose(rows, manager, parents)

    assert set(chosen) == set(Role)
    assert len(set(chosen.values())) == len(Role)
    assert chosen[Role.RELATIONSHIP_MANAGER] == manager
    units = {row[0]: row[1] for row in rows}
    here = units[manager]
    assert units[chosen[Role.BRANCH_MANAGER]] == units[chosen[Role.POST_LOAN_INSPECTOR]] == here
    assert units[chosen[Role.RISK_MANAGER]] == parents[here]


def test_nobody_of_the_bank_holds_two_roles(bank: Path) -> None:
    rows, _ = listed(bank)
    assert len({row[0] for row in rows}) == len(rows)
    assert all(conflict_of([row[3]]) is None for row in rows)


@pytest.mark.database
def test_persons_are_made_once_and_see_what_their_role_sees(connection: type_of_connection) -> None:
    write_books(connection)
    write_warnings(connection)
    for number, role in enumerate(("system_administrator", "security_administrator", "audit_administrator")):
        connection.execute(
            "INSERT INTO parties.staff (staff_id, unit_id, name, role) VALUES (%s, 'U1', '管理员', %s)",
            (f"V{number}", role),
        )
    connection.execute("INSERT INTO parties.staff VALUES ('T1', 'U1', '柜员', 'teller')")

    for _ in range(2):
        make_people(connection, now())

    chosen = dict(connection.execute("SELECT role, person_id FROM identity.demo_person").fetchall())
    assert chosen == {
        "relationship_manager": "S1",
        "risk_manager": "S2",
        "system_administrator": "V0",
        "security_administrator": "V1",
        "audit_administrator": "V2",
    }
    assert not is_demo_person(connection, "T1")
    signed = signed_of_session(
        connection, begin_session(connection, "S1", "demo", False, "", "", now()), "", now()
    )
    assert signed is not None
    assert (signed.roles, signed.reach.staff) == ({Role.RELATIONSHIP_MANAGER}, ("S1",))
    assert not signed.must_change_password
    administrator = signed_of_session(
        connection, begin_session(connection, "V0", "demo", False, "", "", now()), "", now()
    )
    assert administrator is not None
    assert not administrator.needs_second_factor
    assert administrator.reach.kind == "none"
    makers = connection.execute("SELECT DISTINCT maker, checker FROM identity.assignment").fetchall()
    assert makers == [("V0", "V1")]

"""Persons with their roles, keys of systems and units as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query

from loantrail import clock
from loantrail.http.access import allowed, signed_in
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.sheets import Table, add_sheet, count, instant, text
from loantrail.identity import store
from loantrail.identity.abilities import Ability, Role
from loantrail.identity.answers import KeyRow, PersonRow
from loantrail.identity.changes import PLAIN
from loantrail.identity.routes_people import Search, list_keys, list_persons, organisation
from loantrail.identity.workflow import State
from loantrail.ledger.taking import DEFAULT_UNIT
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["persons"])

Unit = Annotated[str, Query(max_length=128, pattern=PLAIN)]


@dataclass(frozen=True, slots=True)
class PersonsTold:
    """Persons, and what the units are called."""

    total_count: int
    items: list[PersonRow]
    units: dict[str, str]


def persons_told(
    connections: Lending,
    search: Search = "",
    state: State | None = None,
    role: Role | None = None,
    unit: Unit = "",
    offset: int = 0,
    limit: int = 50,
) -> PersonsTold:
    """Who may sign in or might, with the roles that hold now or will; those who work here first."""
    found = list_persons(connections, search, state, role, unit, offset, limit)
    return PersonsTold(found.total_count, found.items, _units(connections))


def _units(connections: Connections) -> dict[str, str]:
    with connections.connection() as connection:
        return {row["unit_id"]: row["name"] for row in store.organisation(connection)}


def _roles(answer: Any) -> Iterator[Row]:
    """A row for each person and role; one for who has none."""
    for person in answer["items"]:
        for held in person["roles"] or [None]:
            yield {**person, "held": held, "units": answer["units"]}


def _in_unit(row: Row, words: Words) -> str | None:
    if row["held"] is None:
        return None
    unit = row["held"]["unit_id"]
    return words.say("admin.whole_bank") if unit is None else row["units"].get(unit, unit)


def _factor(row: Row, words: Words) -> str:
    told = ("已开启", "on") if row["second_factor_on"] else ("未开启", "off")
    return told[words.language != "zh"]


PERSONS: Final = Table(
    "persons",
    ("人员与角色", "People and roles"),
    (
        text(("登录名", "Sign-in name"), "person_id", 14),
        text(("姓名", "Name"), "name", 16),
        text("admin.staff_number", "staff_id", 14),
        text("admin.unit", lambda row, _: row["units"].get(row["unit_id"], row["unit_id"]), 30),
        text("admin.state", "state", 10, "person_state"),
        text(
            "admin.role",
            lambda row, words: (
                row["held"] and row["held"]["role"]["chinese" if words.language == "zh" else "english"]
            ),
        ),
        text(("角色所在机构", "Held in"), _in_unit, 30),
        instant(("自", "From"), "held.valid_from"),
        instant(("至", "Until"), "held.valid_to"),
        text("inbox.maker", "held.maker", 14),
        text("inbox.checker", "held.checker", 14),
        text("me.factor", _factor, 12),
        instant(("锁定至", "Locked until"), "locked_until"),
    ),
    {
        "search": ("admin.search", ""),
        "state": ("admin.state", "person_state"),
        "role": ("admin.role", "role"),
        "unit": ("admin.unit", ""),
    },
    _roles,
)


class KeyTold(KeyRow):
    """A key with what the page says of it."""

    unit_name: str | None
    state: Literal["good", "ended", "expired"]


def keys_told(connections: Lending) -> list[KeyTold]:
    """Keys of systems, without their secrets; those that were not ended first."""
    units, now = _units(connections), clock.now()
    return [
        KeyTold(
            **one.model_dump(),
            unit_name=units.get(one.unit_id, one.unit_id) if one.unit_id else None,
            state="ended" if one.ended_at else "expired" if one.expires_at <= now else "good",
        )
        for one in list_keys(connections)
    ]


def _checker(row: Row, words: Words) -> str:
    return row["checker"] or words.say("admin.key_by_command")


KEYS: Final = Table(
    "keys",
    "admin.keys",
    (
        text("admin.key_name", "name", 30),
        text("admin.key_abilities", "abilities", 40, "ability"),
        text("admin.unit", lambda row, words: row["unit_name"] or words.say("admin.whole_bank"), 30),
        text("inbox.maker", "maker", 14),
        text("inbox.checker", _checker, 14),
        instant(("建立时间", "Made at"), "made_at"),
        instant("admin.key_expires", "expires_at"),
        instant("admin.key_used", "used_at"),
        text("admin.state", lambda row, words: words.say(f"admin.key_{row['state']}"), 10),
        text(("停用人", "Ended by"), "ended_by", 14),
        instant(("停用时间", "Ended at"), "ended_at"),
    ),
    {},
)


def _unit(row: Row, words: Words) -> str:
    """A unit's name as the bank gave it; the one that intake makes up is said in the language of the sheet."""
    return words.say("app.unit_unassigned") if row["unit_id"] == DEFAULT_UNIT else row["name"]


UNITS: Final = Table(
    "units",
    "admin.units",
    (
        text(("机构号", "Unit number"), "unit_id", 16),
        text("admin.unit", _unit, 34),
        text(("级别", "Kind"), "kind", 12, "unit_kind"),
        text(("上级机构号", "Number of the unit above"), "parent_unit_id", 16),
        count(("人数", "People"), "people"),
    ),
    {},
)
add_sheet(router, "/persons", PERSONS, persons_told, allowed(Ability.READ_PEOPLE))
add_sheet(router, "/keys", KEYS, keys_told, allowed(Ability.RUN_SYSTEM, Ability.READ_PEOPLE))
add_sheet(router, "/organisation", UNITS, organisation, signed_in())

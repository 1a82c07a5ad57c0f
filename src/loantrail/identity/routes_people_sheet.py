"""Who may sign in, with their roles, handed out as a spreadsheet: one row a person and role."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, allowed, demand
from loantrail.http.connections import Lending
from loantrail.http.exporting import Exporting
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.identity import store, store_people
from loantrail.identity.abilities import Ability, Role
from loantrail.identity.answers import PersonRow, person_row
from loantrail.identity.changes import PLAIN
from loantrail.identity.workflow import State
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.table_sheet import SHEET_ROWS_MAX, TEXTS, Form, Line, Row, SheetColumn, write_table
from loantrail.reports.words import Language

router = APIRouter(tags=["persons"])

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "persons": "人员与角色", "person": "登录名", "staff": "工号", "name": "姓名", "unit": "机构", "state": "状态",
        "active": "在用", "suspended": "已停用", "left": "已离职", "role": "角色", "role_unit": "角色所在机构",
        "valid_from": "自", "valid_to": "至", "maker": "提出人", "checker": "审批人", "second_factor": "第二因素",
        "on": "已开启", "off": "未开启", "locked": "锁定至", "bank": "全行",
    },
    "en": {
        "persons": "People and roles", "person": "Sign-in name", "staff": "Staff number", "name": "Name", "unit": "Unit",
        "state": "State", "active": "active", "suspended": "suspended", "left": "left", "role": "Role",
        "role_unit": "Held in", "valid_from": "From", "valid_to": "Until", "maker": "Proposed by",
        "checker": "Approved by", "second_factor": "Second factor", "on": "on", "off": "off", "locked": "Locked until",
        "bank": "whole bank",
    },
}  # fmt: skip


@router.get(
    "/persons.xlsx",
    dependencies=[allowed(Ability.READ_PEOPLE)],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def person_sheet(
    connections: Lending,
    person: Person,
    exporting: Exporting,
    search: Annotated[str, Query(max_length=100, pattern=PLAIN)] = "",
    state: State | None = None,
    role: Role | None = None,
    language: Annotated[Language, Query(description="Language of the sheet.")] = "zh",
) -> FileResponse:
    """All persons that the conditions find, with the roles that hold now or will."""
    demand(person, Ability.EXPORT)
    now = clock.now()
    with connections.connection() as connection:
        found, total = store_people.page(connection, search.strip(), state, role, "", now, 0, SHEET_ROWS_MAX)
        held = store_people.assignments(connection, [one.person_id for one in found])
        units = {row["unit_id"]: row["name"] for row in store.organisation(connection)}
    refuse_too_many(total)
    by_person: dict[str, list[Any]] = {}
    for one in held:
        by_person.setdefault(one.person_id, []).append(one)
    rows = list(_rows(person_row(one, by_person.get(one.person_id, ()), now) for one in found))
    refuse_too_many(len(rows))
    exporting(len(rows))
    return sheet_answer("persons", now, lambda path: _write(path, rows, units, language, person.name, now))


def _rows(persons: Iterator[PersonRow]) -> Iterator[Row]:
    for one in persons:
        for held in one.roles or [None]:
            yield {"person": one, "held": held}


def _write(
    path: Path,
    rows: list[Row],
    units: Mapping[str, str],
    language: str,
    made_by: str,
    made_at: datetime.datetime,
) -> None:
    say = TEXTS[language] | _TEXTS[language]

    def of(field: str) -> Any:
        return lambda row: getattr(row["person"], field)

    def role(field: str) -> Any:
        return lambda row: getattr(row["held"], field) if row["held"] else None

    def role_name(row: Row) -> str | None:
        if row["held"] is None:
            return None
        word = row["held"].role
        return word.chinese if language == "zh" else word.english

    def role_unit(row: Row) -> str | None:
        if row["held"] is None:
            return None
        unit = row["held"].unit_id
        return say["bank"] if unit is None else units.get(unit, unit)

    columns = [
        SheetColumn(say["person"], Form.TEXT, of("person_id"), 14),
        SheetColumn(say["name"], Form.TEXT, of("name"), 16),
        SheetColumn(say["staff"], Form.TEXT, of("staff_id"), 14),
        SheetColumn(
            say["unit"], Form.TEXT, lambda row: units.get(row["person"].unit_id, row["person"].unit_id), 30
        ),
        SheetColumn(say["state"], Form.TEXT, lambda row: say[row["person"].state], 10),
        SheetColumn(say["role"], Form.TEXT, role_name, 20),
        SheetColumn(say["role_unit"], Form.TEXT, role_unit, 30),
        SheetColumn(say["valid_from"], Form.INSTANT, role("valid_from"), 18),
        SheetColumn(say["valid_to"], Form.INSTANT, role("valid_to"), 18),
        SheetColumn(say["maker"], Form.TEXT, role("maker"), 14),
        SheetColumn(say["checker"], Form.TEXT, role("checker"), 14),
        SheetColumn(
            say["second_factor"],
            Form.TEXT,
            lambda row: say["on" if row["person"].second_factor_on else "off"],
            12,
        ),
        SheetColumn(say["locked"], Form.INSTANT, of("locked_until"), 18),
    ]
    about = [Line(say["made_at"], made_at, Form.INSTANT), Line(say["made_by"], made_by)]
    write_table(path, say["persons"], columns, rows, [], about, language, made_at)

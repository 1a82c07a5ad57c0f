"""The audit log for auditors: looked up, exported, verified; its head for keeping elsewhere."""

from __future__ import annotations

import datetime
import threading
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import FileResponse

from loantrail.audit import store, store_reading
from loantrail.audit.answers import (
    AuditBreak,
    AuditChoices,
    AuditEntries,
    AuditEntry,
    AuditFilter,
    AuditHead,
    AuditPart,
    AuditPerson,
    AuditSheet,
    AuditVerification,
    WantedVerification,
)
from loantrail.audit.heads import head_line
from loantrail.audit.model import Asked, Found, Head
from loantrail.audit.sheet import TITLES, write_sheet
from loantrail.audit.verifying import VERIFIED, told_of, verify
from loantrail.clock import BUSINESS_ZONE, business_date, now
from loantrail.errors import LimitExceeded
from loantrail.http.access import Person, Reading, Recording, allowed, web_connections
from loantrail.http.connections import Connections, Lending
from loantrail.http.exporting import Exporting
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, problem_responses
from loantrail.identity import store_people
from loantrail.identity.abilities import Ability
from loantrail.policy.reading import parameters_in_force
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.table_sheet import SHEET_ROWS_MAX, TEXTS, Form, Line

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[allowed(Ability.READ_AUDIT)])

VERIFIED_ENTRIES_MAX: Final = 3_000_000
"""A longer log keeps the reader waiting too long and other readers with them: the command line verifies it."""
_verifying: Final = threading.Lock()
_ONE_PROBLEMS: Final = LIST_PROBLEMS | problem_responses(HTTPStatus.NOT_FOUND)


@router.get("/entries", responses=LIST_PROBLEMS)
def audit_entries(
    connection: Reading, connections: Lending, asked: Annotated[AuditPart, Query()]
) -> AuditEntries:
    """Entries of the log, the newest first."""
    before = None
    if asked.before:
        at_us, _, entry_no = asked.before.partition("-")
        before = (int(at_us), int(entry_no))
    found = store_reading.page(connection, _asked(asked), before, asked.limit + 1)
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    last = shown[-1].values if shown else {}
    return AuditEntries(
        items=_answers(connection, connections, shown),
        next=f"{last['at_us']}-{last['entry_no']}" if more else None,
    )


@router.get("/entries.xlsx", response_class=Response, responses=file_responses(XLSX) | LIST_PROBLEMS)
def audit_sheet(
    connection: Reading, by: Person, exporting: Exporting, asked: Annotated[AuditSheet, Query()]
) -> FileResponse:
    """All entries that a filter finds, as a spreadsheet. That it was handed out is an entry itself."""
    looked_for = _asked(asked)
    count = store_reading.count(connection, looked_for, SHEET_ROWS_MAX)
    refuse_too_many(count)
    conditions = {
        name: value for name, value in asked.model_dump(mode="json", exclude={"language"}).items() if value
    }
    exporting(count)
    return sheet_answer(
        "audit",
        now(),
        lambda path: write_sheet(
            path,
            store_reading.every(connection, looked_for),
            _about(conditions, count, by.name, asked.language),
            asked.language,
        ),
    )


@router.get("/entries/{entry_no}", responses=_ONE_PROBLEMS)
def audit_entry(
    connection: Reading, connections: Lending, entry_no: Annotated[int, Path(ge=1, le=2**53)]
) -> AuditEntry:
    """One entry."""
    found = store_reading.one(connection, entry_no)
    if found is None:
        raise NotFound(f"There is no entry {entry_no}", remedy="Open the list again")
    return _answers(connection, connections, [found])[0]


@router.get("/choices", responses=LIST_PROBLEMS)
def audit_choices(connection: Reading, connections: Lending) -> AuditChoices:
    """The actions, kinds of objects and persons that stand in the log."""
    persons = store_reading.values_of(connection, "person")
    names = _names(connection, connections, persons)
    return AuditChoices(
        actions=store_reading.values_of(connection, "action"),
        object_kinds=[kind for kind in store_reading.values_of(connection, "object_kind") if kind],
        persons=[AuditPerson(person=one, name=names[one]) for one in persons],
    )


@router.get("/head", responses=LIST_PROBLEMS)
def audit_head(connection: Reading, connections: Lending) -> AuditHead:
    """Where the chain ends, to be kept where nobody who can write the database can write; and when it was last verified."""
    head = store.last_head(connection)
    first_us = store_reading.first_at_us(connection)
    kept = parameters_in_force(connection).at("record_retention", business_date(now()))
    last = store_reading.last_verification(connection)
    return AuditHead(
        batch_no=head.batch_no,
        entry_no=head.entry_no,
        algorithm=head.algorithm,
        head=head.head,
        made_at=store.instant_of(head.made_at_us) if head.batch_no else None,
        first_at=None if first_us is None else store.instant_of(first_us),
        line=head_line(head, now()),
        kept_years=kept.number,
        kept_basis=kept.legal_basis,
        verified=None if last is None else _verification(connection, connections, last),
        verified_entries_max=VERIFIED_ENTRIES_MAX,
    )


@router.post("/verification", responses=problem_responses(*WRITE_STATUSES))
def verify_audit_log(
    request: Request, connections: Lending, record_act: Recording, wanted: WantedVerification
) -> AuditVerification:
    """Recompute the whole chain and name the first broken entry. That it was verified is an entry itself."""
    heads = [Head(one.batch_no, one.entry_no, one.algorithm, one.head) for one in wanted.heads]
    if not _verifying.acquire(blocking=False):
        raise LimitExceeded("the log is being verified already", remedy="Wait until that has ended")
    try:
        with connections.connection() as connection:
            entry_count = store.last_head(connection).entry_no
        if entry_count > VERIFIED_ENTRIES_MAX:
            raise LimitExceeded(
                f"the log has {entry_count:,} entries; the page verifies {VERIFIED_ENTRIES_MAX:,} at most",
                remedy="Run `loantrail audit verify` on the server",
            )
        with web_connections(request).session() as connection:
            verdict = verify(connection, heads)
    finally:
        _verifying.release()
    with connections.connection() as connection:
        record_act(connection, VERIFIED, "audit", "", after=told_of(verdict))
        told = store_reading.last_verification(connection)
        assert told is not None
        return _verification(connection, connections, told)


# Answers -----------------------------------------------------------------------------------------------------


def _asked(given: AuditFilter) -> Asked:
    return Asked(
        person=given.person.strip(),
        action=given.action,
        object_kind=given.object_kind,
        object_id=given.object_id.strip(),
        outcome=given.outcome or "",
        request_id=given.request_id.strip(),
        text=given.text.strip(),
        from_us=None if given.from_date is None else _midnight_us(given.from_date),
        until_us=None if given.to_date is None else _midnight_us(given.to_date + datetime.timedelta(days=1)),
    )


def _midnight_us(day: datetime.date) -> int:
    """The instant at which a day begins in Asia/Shanghai."""
    return store.microseconds(datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE))


def _answers(connection: store.Database, connections: Connections, found: list[Found]) -> list[AuditEntry]:
    rows = [one.values for one in found]
    ids = {one for row in rows for one in (row["person"], *_persons(row["acting_for"]))}
    names = _names(connection, connections, sorted(ids))
    units = store_reading.unit_names(connection, sorted({row["unit_id"] for row in rows if row["unit_id"]}))
    return [_answer(one, names, units) for one in found]


def _answer(found: Found, names: dict[str, str], units: dict[str, str]) -> AuditEntry:
    row = found.values
    person: str = row["person"]
    return AuditEntry(
        entry_no=row["entry_no"],
        batch_no=row["batch_no"],
        at=store.instant_of(row["at_us"]),
        person=person,
        person_name=names.get(person, person),
        acting_for=row["acting_for"],
        acting_for_name=", ".join(names[one] for one in _persons(row["acting_for"])) or None,
        action=row["action"],
        object_kind=row["object_kind"],
        object_id=row["object_id"],
        outcome=row["outcome"],
        unit_id=row["unit_id"],
        unit_name=units.get(row["unit_id"]) if row["unit_id"] else None,
        why=row["why"],
        before=row["before"],
        after=row["after"],
        request_id=row["request_id"],
        address=row["address"],
        algorithm=found.algorithm,
        hash=found.hash.hex(),
    )


def _persons(acting_for: str | None) -> list[str]:
    """One person may stand in for several."""
    return [] if acting_for is None else [one for one in acting_for.split(", ") if one]


def _names(connection: store.Database, connections: Connections, ids: list[str]) -> dict[str, str]:
    """What each is called: a member of staff, else a person who is not on the staff list, else by the id itself."""
    names: dict[str, str] = dict.fromkeys(ids, "") | store_reading.staff_names(connection, ids)
    unknown = [one for one, name in names.items() if not name]
    if unknown:
        with connections.connection() as owning:
            for one in unknown:
                person = store_people.person(owning, one)
                names[one] = person.name if person else one
    return names


def _verification(connection: store.Database, connections: Connections, told: Found) -> AuditVerification:
    row, result = told.values, told.values["after"]
    person: str = row["person"]
    names = _names(connection, connections, [person])
    broken: dict[str, Any] | None = result["broken"]
    return AuditVerification(
        at=store.instant_of(row["at_us"]),
        person=person,
        person_name=names[person],
        entry_count=result["entry_count"],
        batch_count=result["batch_count"],
        anchors=result["anchors"],
        broken=None if broken is None else AuditBreak.model_validate(broken),
    )


def _about(conditions: dict[str, Any], count: int, by: str, language: str) -> list[Line]:
    say, words = TITLES[language], TEXTS[language]
    lines = [
        Line(say["audit"]),
        Line(words["made_at"], now(), Form.INSTANT),
        Line(words["made_by"], by),
        Line(words["rows"], count, Form.COUNT),
        Line(),
    ]
    told = [Line(say.get(name, name), str(value)) for name, value in conditions.items()]
    return lines + (told or [Line(words["conditions"], words["none"])])

"""Nightly deliveries: the dates, one date whole, alarms that a person has seen, a date run again."""

from __future__ import annotations

import datetime
import threading
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Path, Request

from loantrail.clock import now
from loantrail.errors import InputError
from loantrail.http.access import Acting, Opening, Recording, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.nightly import store
from loantrail.http.pages.nightly.background import BackgroundNights
from loantrail.http.pages.nightly.model import (
    Acknowledgement,
    NightlyAlarm,
    NightlyDay,
    NightlyFile,
    NightlyOverview,
    NightlyTotal,
    RunBegun,
    RunRequest,
)
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, Limit, Offset
from loantrail.http.problems import WRITE_STATUSES, NotFound, problem_responses
from loantrail.http.processes import of_the_monitor
from loantrail.identity.abilities import Ability
from loantrail.nightly.inspecting import folder_of, waiting_dates
from loantrail.nightly.model import ALARMS
from loantrail.nightly.store_alarms import StoredAlarm, acknowledge_alarm, list_alarms
from loantrail.settings import read_settings

ALARMS_SHOWN: Final = 500
_STARTING: Final = threading.Lock()
_WRITES: Final = problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES)

AlarmId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
BusinessDate = Annotated[datetime.date, Path(description="Business date.")]

router = APIRouter(tags=["nightly"])


@of_the_monitor
def _background(request: Request, connections: Lending) -> BackgroundNights:
    with _STARTING:
        known: BackgroundNights | None = getattr(request.app.state, "nights", None)
        if known is None:
            known = BackgroundNights(connections)
            request.app.state.nights = known
        return known


Background = Annotated[BackgroundNights, Depends(_background)]


@router.get("/nightly", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_nights(
    opened: Opening, background: Background, offset: Offset = 0, limit: Limit = 60
) -> NightlyOverview:
    """Business dates, newest first, and the date that the books stand at."""
    running = background.running
    root = read_settings().nightly_root
    with opened() as connection:
        rows, total = store.dates(connection, offset, limit)
        waiting = sorted(set(waiting_dates(root)) - store.known_dates(connection)) if root else []
        return NightlyOverview.model_validate(
            {
                "items": rows,
                "total_count": total,
                "offset": offset,
                "limit": limit,
                **store.data_dates(connection),
                "waiting": waiting,
                "runnable": root is not None,
                "running": running,
            }
        )


@router.get("/nightly/{business_date}", dependencies=[allowed(Ability.READ_DATA)], responses=LOAN_PROBLEMS)
def one_night(opened: Opening, background: Background, business_date: BusinessDate) -> NightlyDay:
    """One date: its files against their manifest, its steps, alarms, and the loans against the general ledger."""
    running = background.running == business_date
    root = read_settings().nightly_root
    with opened() as connection:
        attempts = store.attempts(connection, business_date)
        if not attempts and (root is None or not folder_of(root, business_date).is_dir()):
            raise NotFound(
                f"There is no delivery of {business_date}", remedy="Open the list of business dates"
            )
        run_id = attempts[0]["run_id"] if attempts else ""
        loaded = next((one for one in attempts if one["data_loaded_at"] is not None), None)
        # What is in the books says more than what was kept out of them.
        shown = loaded if loaded and attempts[0]["state"] == "held" else attempts[0] if attempts else None
        return NightlyDay.model_validate(
            {
                "business_date": business_date,
                "state": attempts[0]["state"] if attempts else "waiting",
                "loaded_at": loaded["data_loaded_at"] if loaded else None,
                "attempts": attempts,
                "steps": store.steps(connection, run_id),
                "files": [_file(row) for row in store.files(connection, shown["run_id"])] if shown else [],
                "files_attempt": shown["attempt"] if shown else None,
                "alarms": [_alarm(one) for one in list_alarms(connection, None, business_date, ALARMS_SHOWN)],
                "ledger": store.ledger(connection, business_date),
                "runnable": root is not None,
                "running": running,
                "run_problem": background.problems.get(business_date),
            }
        )


@router.post(
    "/nightly/alarms/{alarm_id}/acknowledgement", dependencies=[allowed(Ability.TAKE_DATA)], responses=_WRITES
)
def acknowledge(
    connections: Lending, record: Recording, by: Acting, alarm_id: AlarmId, request: Acknowledgement
) -> NightlyAlarm:
    """A person has seen an open alarm and says what about it."""
    with connections.connection() as connection:
        done = acknowledge_alarm(connection, alarm_id, by, request.note.strip(), now())
        found = next(
            (one for one in list_alarms(connection, limit=100_000) if one.alarm_id == alarm_id), None
        )
        if done:
            record(connection, "alarm.acknowledge", "alarm", alarm_id, why=request.note.strip())
    if found is None:
        raise NotFound(f"There is no alarm {alarm_id}", remedy="Open the business date again")
    if not done:
        raise InputError(f"the alarm is {found.state} already", remedy="Open the business date again")
    return _alarm(found)


@router.post(
    "/nightly/{business_date}/run",
    dependencies=[allowed(Ability.TAKE_DATA)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_WRITES,
)
def run_date(
    background: Background,
    connections: Lending,
    record: Recording,
    business_date: BusinessDate,
    request: Annotated[RunRequest, Body()],
) -> RunBegun:
    """Take in the delivery of a date, in the background. What is wrong with it becomes an alarm."""
    root = read_settings().nightly_root
    if root is None or not folder_of(root, business_date).is_dir():
        raise NotFound(
            f"There is no delivery of {business_date}",
            remedy="Set LOANTRAIL_NIGHTLY to the folder of deliveries and start the server again",
        )
    unknown = [code for code in request.accepted if code not in ALARMS or not ALARMS[code].acceptable]
    if unknown:
        raise InputError(f"{unknown[0]} cannot be let pass", remedy="Leave it out")
    background.begin(root, business_date, again=request.again, accepted=request.accepted)
    with connections.connection() as connection:
        record(
            connection,
            "nightly.run",
            "business_date",
            str(business_date),
            after=request.model_dump(mode="json"),
        )
    return RunBegun(running=business_date)


def _file(row: dict[str, Any]) -> NightlyFile:
    expected, found = row.pop("totals_expected"), row.pop("totals_found")
    totals = [
        NightlyTotal(field=name, expected_fen=expected.get(name), found_fen=found.get(name))
        for name in sorted({*expected, *found})
    ]
    return NightlyFile(**row, totals=totals)


def _alarm(one: StoredAlarm) -> NightlyAlarm:
    kind = ALARMS.get(one.code)
    return NightlyAlarm(
        alarm_id=one.alarm_id,
        business_date=one.business_date,
        code=one.code,
        severity=one.severity,
        holds_back=one.holds_back,
        acceptable=kind is not None and kind.acceptable,
        file=one.file,
        words_chinese=one.words("zh"),
        words_english=one.words("en"),
        remedy_chinese=one.remedy("zh"),
        remedy_english=one.remedy("en"),
        state=one.state,
        created_at=one.created_at,
        raised_at=one.raised_at,
        changed_at=one.changed_at,
        changed_by=one.changed_by,
        note=one.note,
    )

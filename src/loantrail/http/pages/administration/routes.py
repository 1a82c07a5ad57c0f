"""Parameters, jobs, health and settings, as those who run the bank's system read them."""

from __future__ import annotations

import os
from importlib.metadata import version

from fastapi import APIRouter, Request

from loantrail import clock
from loantrail.http.access import allowed, signed_in
from loantrail.http.connections import Lending
from loantrail.http.pages.administration import store
from loantrail.http.pages.administration.model import (
    Examination,
    ExaminationFinding,
    Job,
    Parameters,
    SettingRow,
    SystemJobs,
)
from loantrail.http.pages.administration.parameters_told import decided, told
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.identity.abilities import Ability
from loantrail.operating.effective import effective
from loantrail.operating.examination import examine
from loantrail.operating.model import Level, worst
from loantrail.parameters import shipped_parameters
from loantrail.postgres.migrate import current_version

router = APIRouter(tags=["administration"])
_WORST_FIRST = list(reversed(Level))


@router.get("/parameters", dependencies=[signed_in()], responses=LIST_PROBLEMS)
def list_parameters(connections: Lending) -> Parameters:
    """Every number of law, rule and practice that the product judges by, with the days on which it holds and its basis; what the
    bank decided for itself, what is planned and what waits."""
    now = clock.now()
    today = clock.business_date(now)
    with connections.connection() as connection:
        found = decided(connection, now)
    return Parameters(today=today, items=told(shipped_parameters(), found, today))


@router.get(
    "/system/jobs",
    dependencies=[allowed(Ability.RUN_SYSTEM, Ability.READ_DATA)],
    responses=LIST_PROBLEMS,
)
def list_jobs(connections: Lending) -> SystemJobs:
    """What the system does by itself or was asked to do, and how it went."""
    with connections.connection() as connection:
        return SystemJobs(
            now=clock.now(),
            software_version=version("loantrail"),
            tables_version=current_version(connection) or "",
            database_bytes=store.database_bytes(connection),
            jobs=[Job.model_validate(row) for row in store.jobs(connection)],
        )


@router.get("/system/examination", dependencies=[allowed(Ability.RUN_SYSTEM)], responses=LIST_PROBLEMS)
def examination(request: Request) -> Examination:
    """What `loantrail doctor` finds on this machine: it looks, and changes nothing."""
    found = examine(os.environ, getattr(request.app.state, "home", None))
    return Examination(
        at=clock.now(),
        worst=worst(found).value,
        findings=[
            ExaminationFinding(check=one.check, level=one.level.value, message=one.message, remedy=one.remedy)
            for one in sorted(found, key=lambda one: _WORST_FIRST.index(one.level))
        ],
    )


@router.get("/system/settings", dependencies=[allowed(Ability.RUN_SYSTEM)], responses=LIST_PROBLEMS)
def list_settings() -> list[SettingRow]:
    """Every setting as it is in force, where it comes from, and secrets hidden."""
    return [
        SettingRow.model_validate(
            {
                "name": one.name,
                "value": one.value,
                "source": one.source,
                "place": one.place,
                "meaning": one.meaning,
                "meaning_chinese": one.meaning_chinese,
            }
        )
        for one in effective()
    ]

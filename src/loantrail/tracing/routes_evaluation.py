"""How far the trace follows what people changed."""

from __future__ import annotations

import datetime
import threading
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import Field, computed_field

from loantrail.http.access import Recording, allowed, signed_in
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer, Failing
from loantrail.http.pages.store import current_run
from loantrail.http.problems import WRITE_STATUSES, problem_responses
from loantrail.http.processes import of_the_monitor
from loantrail.identity.abilities import Ability
from loantrail.tracing import store_evaluation as store
from loantrail.tracing.retrace import Retracing
from loantrail.wording import in_chinese

if TYPE_CHECKING:
    from psycopg import Connection

router = APIRouter()
_STARTING: Final = threading.Lock()


@of_the_monitor
def retracing_of(request: Request) -> Retracing:
    """The one background tracer of this application."""
    # Imported here: live intake asks for traces itself.
    from loantrail.monitor.wiring import tracer_of

    state = request.app.state
    with _STARTING:
        if getattr(state, "retracing", None) is None:
            state.retracing = tracer_of(state.connections, getattr(state, "beside", None))
        return state.retracing


Tracer = Annotated[Retracing, Depends(retracing_of)]


class EvaluationState(StrEnum):
    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    FAILED = "failed"


class Evaluation(Failing):
    """Whether the figures of the pages hold all that people changed. `problem` says why the last try failed."""

    state: EvaluationState
    requested: int = Field(description="How many changes were made so far.")
    evaluated: int = Field(description="The changes up to this one are in the current run.")
    requested_at: datetime.datetime | None
    started_at: datetime.datetime | None = Field(description="When the running trace began.")
    finished_at: datetime.datetime | None
    failed_at: datetime.datetime | None
    remedy: str | None
    run_id: str | None = Field(description="The trace that pages read now.")
    unpaired_lines: int = Field(description="Statement lines that are not paired yet.")
    untraced_lines: int = Field(description="Lines that came in live and that no trace was asked for yet.")
    waiting_since: datetime.datetime | None = Field(description="When the first of them came.")

    @computed_field(description="As `problem_chinese`.")
    @property
    def remedy_chinese(self) -> str | None:
        return in_chinese(self.remedy or "")


class Again(Answer):
    """Nothing to say: the request is enough."""


_PROBLEMS = problem_responses(
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
)


@router.get("/evaluation", dependencies=[signed_in()], tags=["evaluation"], responses=_PROBLEMS)
def evaluation(request: Request, connections: Lending, tracer: Tracer) -> Evaluation:
    """Whether the trace holds every correction and mending; takes up what an earlier process left undone."""
    with connections.connection() as connection:
        found = _evaluation(connection)
    if found.state is EvaluationState.QUEUED:
        tracer.start()
    if found.untraced_lines:
        # Imported here: live intake asks for traces itself.
        from loantrail.monitor.routes import live_of

        live_of(request, tracer).settling.start()
    return found


@router.post(
    "/evaluation",
    dependencies=[allowed(Ability.CORRECT_BOOKS, Ability.TAKE_DATA, Ability.WRITE_RULES, Ability.EDIT_LISTS)],
    tags=["evaluation"],
    responses=problem_responses(*WRITE_STATUSES),
    status_code=HTTPStatus.ACCEPTED,
)
def evaluate_again(connections: Lending, tracer: Tracer, record: Recording, again: Again) -> Evaluation:
    """Try again what failed; does nothing where nothing failed."""
    del again
    with connections.connection() as connection:
        store.request_again(connection)
        found = _evaluation(connection)
        record(connection, "evaluation.again", "evaluation", "")
    if found.state is EvaluationState.QUEUED:
        tracer.start()
    return found


def _evaluation(connection: Connection[Any]) -> Evaluation:
    row = store.state(connection)
    run = current_run(connection)
    if row.pop("working") and row["requested"] > row["evaluated"]:
        state = EvaluationState.RUNNING
    elif row["requested"] > max(row["evaluated"], row["failed"]):
        state = EvaluationState.QUEUED
    else:
        state = EvaluationState.FAILED if row["failed"] > row["evaluated"] else EvaluationState.IDLE
    del row["failed"]
    waiting = store.live_waiting(connection)
    return Evaluation.model_validate(
        {**row, **waiting, "state": state, "run_id": run["run_id"] if run else None}
    )

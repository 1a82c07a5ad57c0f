"""The allow list of the early warnings."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.early_warning import allowing, store_allow
from loantrail.early_warning.acting_on import ThreadMissing
from loantrail.early_warning.allowing import AllowScope, Proposal
from loantrail.http.acting import Acting
from loantrail.http.connections import Lending, Reading
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, once, problem_responses
from loantrail.parameters import shipped_parameters
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter(tags=["warnings"])

EntryId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES)


class AllowEntry(Answer):
    """What is kept out of the warnings, or proposed to be."""

    entry_id: str
    scope: AllowScope
    subject: str
    rule_code: str
    reason: str
    expires_on: datetime.date
    thread_id: str | None
    proposed_by: str
    proposed_at: datetime.datetime
    approved_by: str | None
    approved_at: datetime.datetime | None
    ended_by: str | None
    ended_at: datetime.datetime | None
    ended_reason: str | None


class AllowList(Answer):
    items: list[AllowEntry]
    total_count: int
    offset: int
    limit: int


class WantedEntry(Wanted):
    scope: AllowScope
    subject: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
    rule_code: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")
    reason: Reason
    expires_on: datetime.date = Field(description="The last day on which it holds.")
    thread_id: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")
    request_key: RequestKey


class WantedEnding(Wanted):
    reason: Reason


@router.get(
    "/allow-entries",
    responses=problem_responses(
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
def list_entries(
    connection: Reading,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AllowList:
    """Entries and proposals, the newest first."""
    rows, total = store_allow.newest(connection, offset, limit)
    return AllowList(
        items=[AllowEntry.model_validate(row) for row in rows], total_count=total, offset=offset, limit=limit
    )


@router.post("/allow-entries", responses={**once(AllowEntry), **_STATUSES}, status_code=HTTPStatus.CREATED)
def propose_entry(connections: Lending, by: Acting, wanted: WantedEntry, response: Response) -> AllowEntry:
    """Propose to keep a rule's hits about a loan, an account or a party out of the warnings; a second person
    approves."""
    asked = Proposal(
        wanted.scope,
        wanted.subject,
        wanted.rule_code,
        wanted.reason,
        wanted.expires_on,
        wanted.thread_id,
        by,
        wanted.request_key,
    )
    with connections.connection() as connection:
        try:
            row, new = allowing.propose(connection, asked, shipped_parameters())
        except ThreadMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
    if not new:
        response.status_code = HTTPStatus.OK
    return AllowEntry.model_validate(row)


@router.post("/allow-entries/{entry_id}/approval", responses=_STATUSES)
def approve_entry(connections: Lending, tracer: Tracer, by: Acting, entry_id: EntryId) -> AllowEntry:
    """Put a proposal in force. Its hits leave their warnings with the evaluation that begins now."""
    with connections.connection() as connection:
        done = allowing.approve(connection, entry_id, by)
        if done is None:
            raise _missing(entry_id)
        row, new = done
        if new:
            store_evaluation.request(connection)
    if new:
        tracer.start()
    return AllowEntry.model_validate(row)


@router.post("/allow-entries/{entry_id}/ending", responses=_STATUSES)
def end_entry(
    connections: Lending, tracer: Tracer, by: Acting, entry_id: EntryId, wanted: WantedEnding
) -> AllowEntry:
    """Refuse a proposal, or end an entry before its day; its hits come back with the next evaluation."""
    with connections.connection() as connection:
        done = allowing.end(connection, entry_id, by, wanted.reason)
        if done is None:
            raise _missing(entry_id)
        row, was_in_force = done
        if was_in_force:
            store_evaluation.request(connection)
    if was_in_force:
        tracer.start()
    return AllowEntry.model_validate(row)


def _missing(entry_id: str) -> NotFound:
    return NotFound(f"There is no entry {entry_id}", remedy="Open the allow list again")

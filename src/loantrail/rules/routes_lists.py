"""Watch and black lists: proposed, approved by a second person, ended."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.acting import Acting
from loantrail.http.connections import Lending, Reading
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, once, problem_responses
from loantrail.rules import listing, store_lists
from loantrail.rules.listing import ListName, ListScope
from loantrail.rules.routes import conflict
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter(tags=["rules"])
EntryId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class ListEntry(Answer):
    """An account or a party on a list, or proposed for one."""

    entry_id: str
    list: ListName
    scope: ListScope
    subject: str
    name: str | None
    reason: str
    expires_on: datetime.date
    maker: str
    made_at: datetime.datetime
    checker: str | None
    checked_at: datetime.datetime | None
    ended_by: str | None
    ended_at: datetime.datetime | None
    ended_reason: str | None


class WantedListEntry(Wanted):
    list: ListName
    scope: ListScope
    subject: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
    reason: Reason
    expires_on: datetime.date = Field(description="The last day on which it holds.")
    request_key: RequestKey


class WantedListEnding(Wanted):
    reason: Reason


@router.get(
    "/list-entries",
    responses=problem_responses(
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
def list_entries(
    connection: Reading,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[ListEntry]:
    """Entries and proposals: those that wait first, then those in force, then those that ended."""
    return [ListEntry.model_validate(row) for row in store_lists.newest(connection, offset, limit)]


@router.post("/list-entries", responses={**once(ListEntry), **_STATUSES}, status_code=HTTPStatus.CREATED)
def propose_entry(connections: Lending, by: Acting, wanted: WantedListEntry, response: Response) -> ListEntry:
    """Propose an account or a party for a list; a second person approves."""
    asked = listing.Proposal(
        wanted.list, wanted.scope, wanted.subject, wanted.reason, wanted.expires_on, by, wanted.request_key
    )
    with connections.connection() as connection:
        try:
            row, new = listing.propose(connection, asked)
        except listing.EntryRefused as refused:
            raise conflict(refused) from refused
        except listing.SubjectMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
    if not new:
        response.status_code = HTTPStatus.OK
    return ListEntry.model_validate(row)


@router.post("/list-entries/{entry_id}/approval", responses=_STATUSES)
def approve_entry(connections: Lending, tracer: Tracer, by: Acting, entry_id: EntryId) -> ListEntry:
    """Put a proposal in force; the rules are judged anew."""
    with connections.connection() as connection:
        try:
            done = listing.approve(connection, entry_id, by)
        except listing.EntryRefused as refused:
            raise conflict(refused) from refused
        if done is None:
            raise _missing(entry_id)
        row, new = done
        if new:
            store_evaluation.request(connection)
    if new:
        tracer.start()
    return ListEntry.model_validate(row)


@router.post("/list-entries/{entry_id}/ending", responses=_STATUSES)
def end_entry(
    connections: Lending, tracer: Tracer, by: Acting, entry_id: EntryId, wanted: WantedListEnding
) -> ListEntry:
    """Refuse a proposal, or end an entry before its day; the rules are judged anew."""
    with connections.connection() as connection:
        try:
            done = listing.end(connection, entry_id, by, wanted.reason)
        except listing.EntryRefused as refused:
            raise conflict(refused) from refused
        if done is None:
            raise _missing(entry_id)
        row, was_in_force = done
        if was_in_force:
            store_evaluation.request(connection)
    if was_in_force:
        tracer.start()
    return ListEntry.model_validate(row)


def _missing(entry_id: str) -> NotFound:
    return NotFound(f"There is no entry {entry_id}", remedy="Open the list again")

"""The inbox of what waits for a second person, and its decisions."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Path, Query
from pydantic import Field

from loantrail import clock
from loantrail.approvals import deciding, store
from loantrail.approvals.exporting import EXPORT
from loantrail.approvals.model import Request, State
from loantrail.approvals.unmasking import UNMASKING
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Person, Reading, Recording, Seeing, allowed, demand, signed_in
from loantrail.http.approving import KINDS
from loantrail.http.connections import Lending
from loantrail.http.exporting import content_of
from loantrail.http.pages.accounts.routes import facts_of
from loantrail.http.pages.model import Answer
from loantrail.http.pages.routes import LoanId
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, problem_responses
from loantrail.http.proposing import propose_on_record
from loantrail.identity.abilities import Ability

router = APIRouter(tags=["approvals"])

RequestId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
_READ: Final = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class WaitingApproval(Answer):
    """Something that waits for a second person."""

    place: Literal["here", "warning", "list", "rule"] = Field(
        description="Where it is decided: in the inbox, or on the page of the warning, the lists, the rule."
    )
    key: str = Field(description="Id of the proposal, the warning, the entry, the version of the rule.")
    kind: str
    subject: str
    title_chinese: str
    title_english: str
    reason: str
    maker: str
    maker_name: str
    made_at: datetime.datetime
    expires_at: datetime.datetime | None
    is_own: bool = Field(description="Proposed by who asks: somebody else decides.")


class WaitingApprovals(Answer):
    items: list[WaitingApproval]
    total_count: int
    offset: int
    limit: int


class ApprovalRequest(Answer):
    """A proposal with what it changes."""

    request_id: str
    kind: str
    kind_chinese: str
    kind_english: str
    subject: str
    title_chinese: str
    title_english: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    content_hash: str = Field(description="SHA-256 of what will be done.")
    reason: str
    maker: str
    maker_name: str
    made_at: datetime.datetime
    expires_at: datetime.datetime
    state: State
    checker: str | None
    checker_name: str | None
    decided_at: datetime.datetime | None
    decision_reason: str | None
    is_own: bool
    may_decide: bool = Field(description="Whether who asks may decide it.")


class ApprovalRequests(Answer):
    items: list[ApprovalRequest]
    total_count: int
    offset: int
    limit: int


class WantedDecision(Wanted):
    approve: bool
    reason: Reason
    content_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="Of the proposal as it was read: what is approved is that."
    )


class DecidedRequest(Answer):
    request: ApprovalRequest
    once: dict[str, str] = Field(
        description="Secrets that are shown this once, such as a one-time password; empty for most."
    )


class WantedWithdrawing(Wanted):
    reason: Reason


# Names fall back to numbers where the books of the bank do not know who it is.
_AS_KEPT: Final = tuple(
    name
    for name in ApprovalRequest.model_fields
    if name in Request.__dataclass_fields__ and name not in ("maker_name", "checker_name")
)


def answer_of(request: Request, person: Person) -> ApprovalRequest:
    """A proposal as it is told to this person."""
    kind = KINDS[request.kind]
    own = request.maker == person.acting
    return ApprovalRequest(
        kind_chinese=kind.chinese,
        kind_english=kind.english,
        is_own=own,
        may_decide=request.state is State.WAITING and not own and person.may(kind.decides),
        maker_name=request.maker_name or request.maker,
        checker_name=request.checker_name or request.checker,
        **{name: getattr(request, name) for name in _AS_KEPT},
    )


@router.get("/approvals", dependencies=[allowed(Ability.APPROVE)], responses=_READ)
def waiting(connection: Reading, person: Person, offset: Offset = 0, limit: Limit = 50) -> WaitingApprovals:
    """All that waits for a second person within reach, the oldest first."""
    rows, total = store.waiting(connection, offset, limit)
    items = [
        WaitingApproval(
            is_own=row["maker"] == person.acting,
            **{name: row[name] for name in WaitingApproval.model_fields if name in row},
        )
        for row in rows
    ]
    return WaitingApprovals(items=items, total_count=total, offset=offset, limit=limit)


@router.get("/approvals/history", dependencies=[allowed(Ability.APPROVE)], responses=_READ)
def history(connection: Reading, person: Person, offset: Offset = 0, limit: Limit = 50) -> ApprovalRequests:
    """Proposals that were decided, the newest first."""
    found, total = store.decided(connection, None, offset, limit)
    return ApprovalRequests(
        items=[answer_of(one, person) for one in found], total_count=total, offset=offset, limit=limit
    )


@router.get("/approvals/mine", dependencies=[signed_in(protected=True)], responses=_READ)
def mine(connection: Reading, person: Person, offset: Offset = 0, limit: Limit = 50) -> ApprovalRequests:
    """What who asks proposed, the newest first."""
    found, total = store.decided(connection, person.acting, offset, limit)
    return ApprovalRequests(
        items=[answer_of(one, person) for one in found], total_count=total, offset=offset, limit=limit
    )


@router.get("/approvals/{request_id}", dependencies=[signed_in(protected=True)], responses=_READ)
def one_request(connection: Reading, person: Person, request_id: RequestId) -> ApprovalRequest:
    """One proposal: its maker's, or within the reach of who may decide."""
    found = store.one(connection, request_id)
    if found is None or not (found.maker == person.acting or person.may(Ability.APPROVE)):
        raise _missing(request_id)
    return answer_of(found, person)


@router.post("/approvals/{request_id}/decision", dependencies=[allowed(Ability.APPROVE)], responses=_STATUSES)
def decide(
    connections: Lending, person: Person, record: Recording, request_id: RequestId, wanted: WantedDecision
) -> DecidedRequest:
    """Approve or refuse a proposal. What is approved is done at once, or not approved: 422 says why it cannot be done any more.
    409 where it was decided meanwhile; for its maker 409 `maker_is_checker`."""
    now = clock.now()
    with connections.connection() as connection:
        found = store.one(connection, request_id)
        if found is None:
            raise _missing(request_id)
        kind = KINDS[found.kind]
        demand(person, kind.decides)
        if found.content_hash != wanted.content_hash:
            raise conflicting(
                deciding.OtherContent("the proposal is not the one that was read", remedy="Read it again")
            )
        once: Mapping[str, Any] = {}
        try:
            if wanted.approve:
                decided = deciding.approve(connection, kind, request_id, person.acting, wanted.reason, now)
                after = None if decided is None else decided.request
                once = {} if decided is None else decided.once
            else:
                after = deciding.refuse(connection, request_id, person.acting, wanted.reason, now)
        except deciding.DecisionRefused as refused:
            raise conflicting(refused) from refused
        assert after is not None
        record(
            connection,
            "approval.approved" if wanted.approve else "approval.refused",
            after.kind,
            after.subject,
            before=after.before,
            after=after.after,
            why=wanted.reason,
            unit_id=after.unit_id,
        )
    return DecidedRequest(
        request=answer_of(after, person), once={name: str(value) for name, value in once.items()}
    )


@router.post("/approvals/{request_id}/withdrawal", dependencies=[signed_in()], responses=_STATUSES)
def withdraw(
    connections: Lending, person: Person, record: Recording, request_id: RequestId, wanted: WantedWithdrawing
) -> ApprovalRequest:
    """Take an own proposal back."""
    with connections.connection() as connection:
        try:
            after = deciding.withdraw(connection, request_id, person.acting, wanted.reason, clock.now())
        except deciding.DecisionRefused as refused:
            raise conflicting(refused) from refused
        if after is None:
            raise _missing(request_id)
        record(connection, "approval.withdrawn", after.kind, after.subject, why=wanted.reason)
    return answer_of(after, person)


class WantedUnmasking(Wanted):
    reason: Reason
    request_key: RequestKey


@router.post(
    "/loans/{loan_id}/unmasking",
    dependencies=[allowed(Ability.REQUEST_UNMASKING)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_STATUSES,
)
def request_unmasking(
    connections: Lending, person: Person, record: Recording, loan_id: LoanId, wanted: WantedUnmasking
) -> ApprovalRequest:
    """Ask to see who stands along the trace of a loan; a second person approves, for some days."""
    with connections.connection() as connection:
        request, _ = propose_on_record(
            connection,
            record,
            UNMASKING,
            {"loan_id": loan_id},
            wanted.reason,
            person.acting,
            wanted.request_key,
        )
    return answer_of(request, person)


_OF_ACCOUNT: Final = re.compile(r"^/api/v1/accounts/(.+)/lines\.xlsx$")
_OF_THING: Final = re.compile(r"^/api/v1/(loans|customers)/([^/]+)/[a-z-]+\.xlsx$")
_NAMES: Final = {"loans": "loan_id", "customers": "party_id"}
"""Beginning of the address of a thing's tables -> what it names."""


class WantedExport(Wanted):
    """`path` and `query` as the file was asked for and refused."""

    path: str = Field(
        pattern=r"^/api/v1/([a-z/_-]+|accounts/[^/\x00-\x20]{1,400}/lines|(loans|customers)/[^/\x00-\x20]{1,400}/[a-z-]+"
        r"|rule-versions/[0-9a-f]{32}/hits|nightly/[0-9-]{10}/[a-z]+)\.xlsx$",
        max_length=500,
        description="As it was asked for, percent-encoded.",
    )
    query: str = Field("", max_length=4000, pattern=r"^[\x21-\x7e]*$")
    reason: Reason
    request_key: RequestKey


@router.post(
    "/export-requests",
    dependencies=[allowed(Ability.EXPORT)],
    status_code=HTTPStatus.ACCEPTED,
    responses=_STATUSES,
)
def request_export(
    connections: Lending,
    reading: Reading,
    seeing: Seeing,
    person: Person,
    record: Recording,
    wanted: WantedExport,
) -> ApprovalRequest:
    """Ask for a file with many rows; once a second person approves it can be fetched for some days."""
    path = unquote(wanted.path)
    named = _OF_ACCOUNT.match(path)
    if named:
        facts_of(reading, named[1])
    thing = _OF_THING.match(path)
    if thing:
        seeing(_NAMES[thing[1]], thing[2])
    with connections.connection() as connection:
        request, _ = propose_on_record(
            connection,
            record,
            EXPORT,
            content_of(path, wanted.query),
            wanted.reason,
            person.acting,
            wanted.request_key,
        )
    return answer_of(request, person)


def _missing(request_id: str) -> NotFound:
    return NotFound(f"There is no proposal {request_id}", remedy="Open the inbox again")

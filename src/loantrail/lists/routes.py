"""The allow, watch and black lists: entries proposed, approved by a second person, ended."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from loantrail.clock import business_date, now
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Acting, Reading, Recording, Seeing, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, once, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.lists import acting, store
from loantrail.lists.model import Entry, EntryState, ListName, ListScope, Proposal
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter(tags=["lists"])
_SUBJECTS: Final = {"loan": "loan_id", "account": "account", "party": "party_id"}
EntryId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


class ListEntry(Answer):
    """A loan, an account or a party on a list, or proposed for one."""

    entry_id: str
    list: ListName
    scope: ListScope
    subject: str
    name: str | None = Field(
        description="Of the account, the party, or the loan's borrower, where it is known."
    )
    rule_code: str = Field(description="Whose hits an entry of the allow list keeps out; else empty.")
    reason: str
    expires_on: datetime.date = Field(description="The last day on which it holds.")
    thread_id: str | None = Field(description="The warning in which it was proposed.")
    content_hash: str = Field(description="SHA-256 of what is proposed; who approves names it.")
    state: EntryState
    maker: str
    maker_name: str
    made_at: datetime.datetime
    checker: str | None
    checker_name: str | None
    checked_at: datetime.datetime | None
    ended_by: str | None
    ended_by_name: str | None
    ended_at: datetime.datetime | None
    ended_reason: str | None


class ListCount(Answer):
    """How much there is of one list."""

    list: ListName
    waiting: int
    in_force: int


class AllowRule(Answer):
    """A rule or a pattern of misuse whose hits can be kept out; without names for a pattern that no rule says."""

    code: str
    chinese: str
    english: str


class ListEntries(Answer):
    items: list[ListEntry]
    total_count: int
    offset: int
    limit: int
    counts: list[ListCount]
    allow_days: int = Field(description="For how many days an entry of the allow list may hold.")
    allow_rules: list[AllowRule] = Field(description="What an entry of the allow list may name.")


class WantedListEntry(Wanted):
    list: ListName
    scope: ListScope
    subject: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
    rule_code: str = Field(
        "", max_length=64, pattern=r"^[A-Za-z0-9_]*$", description="Of the allow list alone."
    )
    reason: Reason
    expires_on: datetime.date = Field(description="The last day on which it holds.")
    thread_id: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")
    request_key: RequestKey


class WantedListApproval(Wanted):
    content_hash: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="Of the entry as it was read: what is approved is that."
    )


class WantedListEnding(Wanted):
    reason: Reason


@router.get(
    "/list-entries",
    dependencies=[allowed(Ability.READ_RULES)],
    responses=problem_responses(
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
def list_entries(
    connection: Reading,
    list_name: Annotated[ListName | None, Query(alias="list")] = None,
    state: EntryState | None = None,
    search: Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ListEntries:
    """Entries and proposals: those that wait first, then those in force, then those that ended or expired; the newest
    first."""
    today = business_date(now())
    entries, total = store.page(connection, today, list_name, state, search.strip(), offset, limit)
    return ListEntries(
        items=[_answer(one, today) for one in entries],
        total_count=total,
        offset=offset,
        limit=limit,
        counts=[
            ListCount(list=name, waiting=waiting, in_force=in_force)
            for name, (waiting, in_force) in store.counts(connection, today).items()
        ],
        allow_days=parameters_in_force(connection).at_or_first("warning_allow_entry_days_most", today).number,
        allow_rules=_allow_rules(connection),
    )


@router.post(
    "/list-entries",
    dependencies=[allowed(Ability.EDIT_LISTS)],
    responses={**once(ListEntry), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def propose_entry(
    connections: Lending,
    seen: Seeing,
    record: Recording,
    by: Acting,
    wanted: WantedListEntry,
    response: Response,
) -> ListEntry:
    """Propose a loan, an account or a party for a list; a second person approves."""
    seen(_SUBJECTS[wanted.scope], wanted.subject)
    if wanted.thread_id is not None:
        seen("thread_id", wanted.thread_id)
    asked = Proposal(
        wanted.list,
        wanted.scope,
        wanted.subject,
        wanted.reason,
        wanted.expires_on,
        by,
        wanted.request_key,
        wanted.rule_code,
        wanted.thread_id,
    )
    with connections.connection() as connection:
        try:
            entry, new = acting.propose(connection, asked, parameters_in_force(connection))
            if new:
                _note(record, connection, "propose", entry, wanted.reason)
        except acting.EntryRefused as refused:
            raise conflicting(refused) from refused
        except acting.SubjectMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
    if not new:
        response.status_code = HTTPStatus.OK
    return _answer(entry, business_date(now()))


@router.post(
    "/list-entries/{entry_id}/approval", dependencies=[allowed(Ability.APPROVE_LISTS)], responses=_STATUSES
)
def approve_entry(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    entry_id: EntryId,
    wanted: WantedListApproval,
) -> ListEntry:
    """Put a proposal in force; what depends on it is evaluated anew from now on. 409 `content_changed` where it is not the one
    that was read."""
    with connections.connection() as connection:
        try:
            done = acting.approve(connection, entry_id, by, wanted.content_hash)
        except acting.EntryRefused as refused:
            raise conflicting(refused) from refused
        if done is None:
            raise _missing(entry_id)
        entry, new = done
        if new:
            store_evaluation.request(connection)
            _note(record, connection, "approve", entry)
    if new:
        tracer.start()
    return _answer(entry, business_date(now()))


@router.post(
    "/list-entries/{entry_id}/ending",
    dependencies=[allowed(Ability.EDIT_LISTS, Ability.APPROVE_LISTS)],
    responses=_STATUSES,
)
def end_entry(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    entry_id: EntryId,
    wanted: WantedListEnding,
) -> ListEntry:
    """Refuse a proposal, or end an entry before its day; what depends on it is evaluated anew from now on."""
    with connections.connection() as connection:
        try:
            done = acting.end(connection, entry_id, by, wanted.reason)
        except acting.EntryRefused as refused:
            raise conflicting(refused) from refused
        if done is None:
            raise _missing(entry_id)
        entry, was_in_force = done
        if was_in_force:
            store_evaluation.request(connection)
        _note(record, connection, "end", entry, wanted.reason)
    if was_in_force:
        tracer.start()
    return _answer(entry, business_date(now()))


def _note(record: Recording, connection: store.Database, verb: str, entry: Entry, why: str = "") -> None:
    after = {
        "list": entry.list,
        "scope": entry.scope,
        "subject": entry.subject,
        "rule_code": entry.rule_code,
        "expires_on": str(entry.expires_on),
    }
    record(connection, f"list.{verb}", "list_entry", entry.entry_id, after=after, why=why)


def _allow_rules(connection: store.Database) -> list[AllowRule]:
    words = acting.allow_rules(connection)
    return [AllowRule(code=code, chinese=words[code][0], english=words[code][1]) for code in sorted(words)]


def _answer(entry: Entry, today: datetime.date) -> ListEntry:
    return ListEntry(
        entry_id=entry.entry_id,
        list=entry.list,
        scope=entry.scope,
        subject=entry.subject,
        name=entry.name,
        rule_code=entry.rule_code,
        reason=entry.reason,
        expires_on=entry.expires_on,
        thread_id=entry.thread_id,
        content_hash=entry.content_hash,
        state=entry.state_on(today),
        maker=entry.maker,
        maker_name=entry.maker_name,
        made_at=entry.made_at,
        checker=entry.checker,
        checker_name=entry.checker_name,
        checked_at=entry.checked_at,
        ended_by=entry.ended_by,
        ended_by_name=entry.ended_by_name,
        ended_at=entry.ended_at,
        ended_reason=entry.ended_reason,
    )


def _missing(entry_id: str) -> NotFound:
    return NotFound(f"There is no entry {entry_id}", remedy="Open the list again")

"""Refused rows: listed, looked at byte by byte, corrected, replayed, dismissed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Path, Query

from loantrail import clock
from loantrail.errors import InputError
from loantrail.http.access import Acting, Reading, Recording, allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.imports import store
from loantrail.http.pages.imports.model_refusals import (
    CorrectionRequest,
    CorrectionResult,
    DismissalRequest,
    DismissalResult,
    Refusal,
    RefusalCount,
    RefusalList,
    RefusalQuery,
    RefusalRow,
    Replayed,
    ReplayRequest,
    ReplayResult,
)
from loantrail.http.pages.imports.original import recognised_text, record_fields
from loantrail.http.pages.imports.routes import stored_file
from loantrail.http.pages.imports.running import have_traced
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, PRINTABLE, Limit, Offset
from loantrail.http.problems import WRITE_STATUSES, NotFound, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.intake import RECORD_TYPES
from loantrail.ledger.pairs.booking import settle
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.replaying import correct, replay
from loantrail.ledger.quarantine.store import StoredRefusal
from loantrail.ledger.store import COLLISIONS
from loantrail.ledger.taking import KeysTaken
from loantrail.tracing.retrace import Retracing
from loantrail.tracing.routes_evaluation import Tracer

HEXADECIMAL_BYTES: Final = 4_096
TEXT_CHARACTERS: Final = 65_536
TRIES: Final = 5
_WRITES: Final = problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES)
_SETTLED: Final = ("replayed", "dismissed")
type_of_done = TypeVar("type_of_done")

RefusalId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

router = APIRouter(tags=["imports"])


class RefusalState(StrEnum):
    """Where a refusal stands; `all` for every one."""

    OPEN = "open"
    CORRECTED = "corrected"
    REPLAYED = "replayed"
    DISMISSED = "dismissed"
    ALL = "all"


@router.get("/refusals", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_refusals(
    connection: Reading,
    state: RefusalState = RefusalState.OPEN,
    reason: Annotated[str, Query(max_length=64, pattern="^[a-z_0-9]*$")] = "",
    record_type: Annotated[
        str, Query(max_length=64, pattern="^[a-z_]*$", description="`file` for whole files; empty for all.")
    ] = "",
    search: Annotated[
        str, Query(max_length=200, pattern=PRINTABLE, description="Fragment of the file's name.")
    ] = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> RefusalList:
    """Refused rows in the order of their files, with counts by state, reason and record type."""
    wanted_type = None if not record_type else "" if record_type == "file" else record_type
    query = RefusalQuery(
        None if state is RefusalState.ALL else state.value, reason, wanted_type, search.strip(), offset, limit
    )
    rows, total = store.refusals(connection, query)
    return RefusalList(
        counts=[RefusalCount.model_validate(row) for row in store.refusal_counts(connection)],
        items=[RefusalRow(**_previewed(row)) for row in rows],
        total_count=total,
        offset=offset,
        limit=limit,
    )


@router.post(
    "/refusals/{refusal_id}/correction", dependencies=[allowed(Ability.TAKE_DATA)], responses=_WRITES
)
def correct_refusal(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    refusal_id: RefusalId,
    request: CorrectionRequest,
) -> CorrectionResult:
    """Set fields of a refused record and, unless told otherwise, take it in again at once. The bytes stay."""
    with connections.session() as connection:
        found = _find(connection, refusal_id)
        correct(connection, found, request.changes, by, request.note.strip() or None)
        record(
            connection,
            "refusal.correct",
            "refusal",
            refusal_id,
            after=request.changes,
            why=request.note.strip(),
        )
        connection.commit()
        done = _replayed(connection, [refusal_id], by) if request.replay else []
        answer = CorrectionResult(
            refusal=_answer(_find(connection, refusal_id)), replayed=done[0] if done else None
        )
    _have_traced(connections, tracer, done)
    return answer


@router.post("/refusal-replays", dependencies=[allowed(Ability.TAKE_DATA)], responses=_WRITES)
def replay_refusals(
    connections: Lending, tracer: Tracer, record: Recording, by: Acting, request: ReplayRequest
) -> ReplayResult:
    """Take refused records in again, corrected ones as they are now."""
    with connections.session() as connection:
        done = _replayed(connection, request.refusal_ids, by)
        for one in done:
            record(connection, "refusal.replay", "refusal", one.refusal_id, after=one.model_dump(mode="json"))
        connection.commit()
    _have_traced(connections, tracer, done)
    return ReplayResult(items=done, accepted_count=sum(one.outcome == "accepted" for one in done))


@router.post("/refusal-dismissals", dependencies=[allowed(Ability.TAKE_DATA)], responses=_WRITES)
def dismiss_refusals(
    connections: Lending, record: Recording, by: Acting, request: DismissalRequest
) -> DismissalResult:
    """Settle refusals without taking them in. They stay, with the reason."""
    with connections.session() as connection:
        found = [_open(_find(connection, one)) for one in dict.fromkeys(request.refusal_ids)]
        ids = [one.refusal_id for one in found]
        quarantine.set_state(connection, ids, "dismissed", clock.now(), by, request.note.strip())
        for one in ids:
            record(connection, "refusal.dismiss", "refusal", one, why=request.note.strip())
        connection.commit()
    return DismissalResult(dismissed_count=len(ids))


@router.get("/refusals/{refusal_id}", dependencies=[allowed(Ability.READ_DATA)], responses=LOAN_PROBLEMS)
def one_refusal(connection: Reading, refusal_id: RefusalId) -> Refusal:
    """One refusal whole: reason, bytes, the record as far as it could be read."""
    return _answer(_find(connection, refusal_id))


def _have_traced(connections: Connections, tracer: Retracing, done: Sequence[Replayed]) -> None:
    if any(one.outcome == "accepted" for one in done):
        have_traced(connections, tracer)


def _replayed(connection: Any, refusal_ids: Sequence[str], by: str) -> list[Replayed]:
    def work() -> list[Replayed]:
        found = [_open(_find(connection, one)) for one in dict.fromkeys(refusal_ids)]
        results = replay(connection, found, by)
        settle(connection)
        return [
            Replayed(refusal_id=one.refusal_id, outcome=one.outcome, reason=one.reason, message=one.message)
            for one in results
        ]

    return _tried_again(connection, work)


def _tried_again(connection: Any, work: Callable[[], type_of_done]) -> type_of_done:
    """`work` again when an import that runs at the same time held what it needed."""
    for attempt in range(TRIES):
        try:
            return work()
        except (KeysTaken, *COLLISIONS):
            connection.rollback()
            if attempt == TRIES - 1:
                raise
            clock.sleep(0.05 * 2**attempt)
    raise AssertionError("the loop above returns or raises")


def _find(connection: Any, refusal_id: str) -> StoredRefusal:
    found = quarantine.find_refusals(connection, refusal_id)
    if not found:
        raise NotFound(f"There is no refusal {refusal_id}", remedy="Open the list of refusals")
    return found[0]


def _open(refusal: StoredRefusal) -> StoredRefusal:
    if refusal.state in _SETTLED:
        raise InputError(
            f"the refusal {refusal.refusal_id[:10]} is {refusal.state} already", remedy="Leave it out"
        )
    return refusal


def _previewed(row: dict[str, Any]) -> dict[str, Any]:
    original: bytes = row.pop("original")
    return {**row, "preview": recognised_text(original)[1]}


def _answer(refusal: StoredRefusal) -> Refusal:
    encoding, text = recognised_text(refusal.original)
    record_type = RECORD_TYPES.get(refusal.record_type)
    told_by, header, fields = record_fields(refusal, record_type, stored_file(refusal.source_file))
    return Refusal(
        refusal_id=refusal.refusal_id,
        source_file=refusal.source_file,
        position=refusal.position,
        record_type=refusal.record_type,
        field=refusal.field,
        reason=refusal.reason,
        message=refusal.message,
        state=refusal.state,
        created_at=refusal.created_at,
        changed_at=refusal.changed_at,
        changed_by=refusal.changed_by,
        note=refusal.note,
        preview=text[:160],
        original_bytes=len(refusal.original),
        encoding=encoding,
        text=text[:TEXT_CHARACTERS],
        hexadecimal=refusal.original[:HEXADECIMAL_BYTES].hex(),
        header=header,
        told_by=told_by,
        fields=fields,
    )

"""Statement lines as they are booked: `POST /api/v1/transactions`."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.requests import ClientDisconnect

from loantrail.errors import InputError, LimitExceeded, Place
from loantrail.http.access import Person as SignedIn
from loantrail.http.access import Recording, allowed
from loantrail.http.connections import Connections
from loantrail.http.pages.model import Answer
from loantrail.http.problems import MEDIA_TYPE, WRITE_STATUSES, problem_responses, titled
from loantrail.http.processes import of_the_monitor
from loantrail.identity.abilities import Ability
from loantrail.ids import content_hash, derived_id
from loantrail.monitor.answering import in_both_languages
from loantrail.monitor.model import KeyReused, RowHit
from loantrail.monitor.payload import BYTES_MAX, FIELDS, MEDIA_TYPES, ROWS_MAX, XML, read_payload
from loantrail.monitor.settling import Settling
from loantrail.monitor.writing import Overloaded, Writer
from loantrail.tracing.retrace import Retracing
from loantrail.tracing.routes_evaluation import Tracer, retracing_of

if TYPE_CHECKING:
    from loantrail.monitor.beside import Beside
    from loantrail.monitor.deciding import Deciding

SOURCE: Final = "POST /api/v1/transactions"
RETRY_AFTER_SECONDS: Final = 1
SMALL_BYTES: Final = 65_536
"""A body up to this size is read where it arrives; a longer one in a thread, so that others go on."""
_STARTING: Final = threading.Lock()
_encoder: Final = msgspec.json.Encoder()

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Live:
    """What takes in live lines in this process."""

    writer: Writer
    settling: Settling
    deciding: Deciding


def live_of(request: Request, tracer: Tracer) -> Live:
    """The one of this application; begun when first asked for."""
    state = request.app.state
    with _STARTING:
        known: Live | None = getattr(state, "live", None)
        if known is None:
            known = live_intake(state.connections, tracer, getattr(state, "beside", None))
            known.writer.observe = getattr(state, "observe_delivery", known.writer.observe)
            state.live = known
        return known


def live_intake(connections: Connections, tracer: Retracing, beside: Beside | None = None) -> Live:
    """A writer, and what pairs and traces after it."""
    # The kernels would make every start of the server wait.
    from loantrail.monitor.wiring import step_of

    deciding, settling = step_of(connections, tracer, beside)
    return Live(Writer(connections, lambda _rows: settling.start(), deciding), settling, deciding)


@of_the_monitor
def live_here(request: Request) -> Live:
    """The one that answers this request."""
    known: Live | None = getattr(request.app.state, "live", None)
    return known or live_of(request, retracing_of(request))


@of_the_monitor
async def _live(request: Request) -> Live:
    """The same without a detour over a thread for each request."""
    known: Live | None = getattr(request.app.state, "live", None)
    return known or await run_in_threadpool(live_here, request)


Intake = Annotated[Live, Depends(_live)]


class RowHitTold(Answer):
    """What a pattern or a published rule says of a loan, as far as it rests on this row."""

    hit_id: str
    rule_code: str
    loan_id: str
    level: Literal["blue", "yellow", "orange", "red"]
    amount_fen: int
    explanation: str
    explanation_chinese: str

    @classmethod
    def of(cls, hit: RowHit) -> RowHitTold:
        """As the answer tells it."""
        return cls.model_validate({name: getattr(hit, name) for name in cls.model_fields})


class TakenRow(Answer):
    """What became of one row."""

    position: int = Field(
        description="Number of the row in the request, from 1; the line's number in NDJSON."
    )
    outcome: Literal["accepted", "duplicate", "refused"]
    line_id: str | None = Field(description="The statement line in the books.")
    field: str | None
    reason: str | None = Field(description="A stable name of why it was refused.")
    message: str | None = Field(description="What is wrong with a row that was refused.")
    message_chinese: str | None = Field(
        description="The same in Chinese, as `remedy_chinese`; null where a text is none of the product's own."
    )
    remedy: str | None = Field(description="What to do about it.")
    remedy_chinese: str | None
    refusal_id: str | None = Field(description="The entry of the quarantine that keeps its bytes.")
    decision: Literal["allow", "review"] | None = Field(
        description="`review`: a hit rests on this row. Empty where it is not accepted, was taken in before, or is judged "
        "later: then `undecided` says why."
    )
    hits: list[RowHitTold]
    undecided: Literal["not_ready", "many", "late", "loan", "half"] | None = Field(
        description="Why an accepted row is judged later: the server has just started; more came than is judged at once; it was "
        "booked before the last transactions and gets its place in the background; it says something of a loan that could "
        "not be judged; a hit would rest on it, and its other line is yet to come from the other account's statement."
    )
    account_is_new: bool = Field(
        description="The row was accepted, and neither a record of its `account` nor a line of it was in the books before this "
        "request: the account was opened. Its record is yet to come, or the number is mistyped."
    )


class TakenIn(Answer):
    """What became of the request: everything told here is committed."""

    accepted: int
    duplicate: int
    refused: int
    rows: list[TakenRow]
    new_accounts: int = Field(
        description="Accounts that were opened: those of the rows with `account_is_new`."
    )


_ROW_SCHEMA: Final = {"type": "object"}  # a row that cannot be used is refused by itself
_BODY: Final = {
    "required": True,
    "description": "One statement line as an object, or several in an array. Also taken: NDJSON, one object a line "
    "(application/x-ndjson), and a pacs.008 or camt.052/053/054 message (application/xml). Fields: "
    f"{', '.join(FIELDS)}. Amounts are whole fen, as numbers or texts. A row that cannot be used is refused by itself. "
    f"At most {ROWS_MAX} rows and {BYTES_MAX // 2**20} MiB.",
    "content": {
        "application/json": {
            "schema": {
                "anyOf": [
                    _ROW_SCHEMA,
                    {"type": "array", "minItems": 1, "items": _ROW_SCHEMA},
                ]
            }
        },
    },
}


@router.post(
    "/transactions",
    dependencies=[allowed(Ability.SEND_LIVE)],
    tags=["live intake"],
    response_model=TakenIn,
    responses=problem_responses(
        *WRITE_STATUSES,
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.INSUFFICIENT_STORAGE,
    ),
    openapi_extra={"requestBody": _BODY},
)
async def take_transactions(
    request: Request,
    live: Intake,
    person: SignedIn,
    record: Recording,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="Names this request: sent again with the same body it gets the same answer, and nothing is "
            "taken in twice. Kept for 7 days; the requests of one sender are told apart by it, those of another have their own.",
        ),
    ] = None,
) -> Response:
    """Take in statement lines; the answer comes when they are committed."""
    kind, charset = _media_type(request)
    if kind is None:
        return problem_response(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media_type_unknown",
            "The body is of a kind that is not read here",
            f"Send it as {', '.join(sorted(set(MEDIA_TYPES.values())))}",
        )
    room = _Room(live.writer)
    try:
        body = await _body(request, room)
        if len(body) <= SMALL_BYTES and kind != XML:
            delivery = read_payload(body, kind, SOURCE, charset)
        else:
            delivery = await run_in_threadpool(read_payload, body, kind, SOURCE, charset)
        if idempotency_key is not None:
            hashed = content_hash([kind.encode(), b"\n", body])
            # Two systems may name their requests alike.
            key = derived_id("request", person.person_id, idempotency_key)
            delivery = replace(delivery, key=key, content_hash=hashed)
        delivery = replace(delivery, entry=record.entry("transactions.send", "transactions", ""))
        answer = await asyncio.wrap_future(live.writer.submit(delivery))
    except LimitExceeded as problem:
        return problem_response(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", problem.problem, problem.remedy
        )
    except Overloaded as problem:
        return problem_response(
            HTTPStatus.SERVICE_UNAVAILABLE,
            problem.code,
            problem.problem,
            problem.remedy,
            {"Retry-After": str(RETRY_AFTER_SECONDS)},
        )
    finally:
        room.release()
    if isinstance(answer, KeyReused):
        return problem_response(
            HTTPStatus.CONFLICT,
            "idempotency_key_reused",
            "The idempotency key was used before, for another body; nothing was taken in",
            "Give every new request a key of its own; repeat a request unchanged",
        )
    if answer.refused:
        answer = await run_in_threadpool(in_both_languages, answer)
    return Response(_encoder.encode(answer), media_type="application/json")


class _Room:
    """Memory that this request has made sure of."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._held = 0

    def grow(self, size_bytes: int) -> None:
        """To at least so much; Overloaded where there is none."""
        if size_bytes > self._held:
            self._writer.reserve(size_bytes - self._held)
            self._held = size_bytes

    def release(self) -> None:
        self._writer.release(self._held)
        self._held = 0


async def _body(request: Request, room: _Room) -> bytes:
    """The whole body, never more than `BYTES_MAX` of it in memory."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit():
        _check_size(int(announced))
        room.grow(int(announced))
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            _check_size(size)
            room.grow(size)
            chunks.append(chunk)
    except ClientDisconnect as problem:
        raise InputError(
            "the request broke off on its way", Place(field="body"), "Send it again"
        ) from problem
    return b"".join(chunks)


def _check_size(size_bytes: int) -> None:
    if size_bytes > BYTES_MAX:
        raise LimitExceeded(
            f"the request has more than {BYTES_MAX // 2**20} MiB",
            remedy=f"Send it in parts of at most {ROWS_MAX} rows, or import a file with `loantrail import`",
        )


def _media_type(request: Request) -> tuple[str | None, str]:
    """What the body is read as, and its character set as far as it is told."""
    given, _, rest = request.headers.get("content-type", "").partition(";")
    charset = ""
    for part in rest.split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            charset = value
    return MEDIA_TYPES.get(given.strip().lower()), charset


def problem_response(
    status: HTTPStatus, code: str, detail: str, remedy: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(titled(status, code, detail, remedy).model_dump(), status, headers, MEDIA_TYPE)

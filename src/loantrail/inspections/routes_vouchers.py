"""The vouchers that people bring for loan checks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from loantrail import clock
from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.errors import InputError, Place
from loantrail.http.access import Acting, Recording, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.imports.uploads import safe_name
from loantrail.http.problems import NotFound, once, problem_responses
from loantrail.http.security import UPLOAD
from loantrail.identity.abilities import Ability
from loantrail.inspections import model, store_vouchers
from loantrail.inspections.acting_on import (
    Acted,
    CheckMissing,
    bring_voucher,
    link_voucher,
    withdraw_voucher,
)
from loantrail.inspections.files import MEBIBYTE, too_large, voucher_file
from loantrail.inspections.routes import (
    PRINTABLE,
    STATUSES,
    CheckActed,
    CheckId,
    LineName,
    acted,
    answered,
    note,
)
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.reports.routes import file_answer

router = APIRouter(tags=["checks"])

SANDBOX: Final = "default-src 'none'; sandbox"
LINES_MOST: Final = 20
VoucherId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_WORK: Final = allowed(Ability.ACT_ON_CHECKS)


class VoucherBrought(CheckActed):
    voucher_id: str
    known: bool = Field(description="The loan has a voucher with the same bytes: no second one was made.")


class WantedLink(Wanted):
    use: LineName
    request_key: RequestKey


class WantedVoucherWithdrawal(Wanted):
    reason: Reason
    request_key: RequestKey


@router.post(
    "/checks/{check_id}/vouchers",
    dependencies=[_WORK],
    responses={**once(VoucherBrought), **STATUSES},
    status_code=HTTPStatus.CREATED,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file's bytes.",
            "content": {UPLOAD: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def bring(
    request: Request,
    connections: Lending,
    by: Acting,
    record: Recording,
    check_id: CheckId,
    response: Response,
    name: Annotated[str, Query(min_length=1, max_length=255, pattern=PRINTABLE)],
    paper: model.Paper,
    request_key: Annotated[str, Query(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")],
    use: Annotated[
        list[Annotated[str, Field(max_length=64, pattern=r"^[a-z_]+$")]],
        Query(max_length=LINES_MOST, description="The lines that it speaks for."),
    ] = [],  # noqa: B006  never changed
    payee: Annotated[
        str,
        Query(
            pattern="^([0-9a-f]{32})?$",
            description="Of one line: the payee (`payee_id`) that it speaks for alone.",
        ),
    ] = "",
) -> VoucherBrought:
    """Bring a voucher: a PDF, a picture or a workbook without macros, told by its content. The same bytes twice are one."""

    def in_force() -> ParameterBook:
        with connections.connection() as connection:
            return parameters_in_force(connection)

    parameters = await run_in_threadpool(in_force)
    most = parameters.at_or_first("check_voucher_mebibytes_most", clock.business_date(clock.now())).number
    content = await _received(request, most)

    def keep() -> tuple[Acted, str]:
        file = voucher_file(safe_name(name), content, most)
        with connections.connection() as connection:
            done, voucher_id = bring_voucher(
                connection, check_id, file, paper, use, payee, by, request_key, parameters
            )
            said = {
                "voucher_id": voucher_id,
                "name": file.name,
                "sha256": file.sha256,
                "paper": paper,
                "uses": use,
                "payee_id": payee,
            }
            note(record, connection, "bring_voucher", check_id, done, said)
            return done, voucher_id

    try:
        done, voucher_id = await run_in_threadpool(keep)
    except CheckMissing as missing:
        raise NotFound(missing.problem, missing.remedy) from missing
    if not done.new:
        response.status_code = HTTPStatus.OK
    answer = answered(check_id, done.check, new=done.new)
    return VoucherBrought(**answer.model_dump(), voucher_id=voucher_id, known=not done.new)


async def _received(request: Request, mebibytes_most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > mebibytes_most * MEBIBYTE:
        raise too_large(mebibytes_most)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > mebibytes_most * MEBIBYTE:
                raise too_large(mebibytes_most)
            pieces.append(piece)
    except ClientDisconnect as problem:
        raise InputError(
            "the file broke off on its way", Place(field="file"), "Hand it over again"
        ) from problem
    return b"".join(pieces)


@router.post(
    "/checks/{check_id}/vouchers/{voucher_id}/lines",
    dependencies=[_WORK],
    responses={**once(CheckActed), **STATUSES},
    status_code=HTTPStatus.CREATED,
)
def link(
    connections: Lending,
    by: Acting,
    record: Recording,
    check_id: CheckId,
    voucher_id: VoucherId,
    wanted: Annotated[WantedLink, Body()],
    response: Response,
) -> CheckActed:
    """Let a voucher of the loan speak for another line too."""
    try:
        with connections.connection() as connection:
            done = link_voucher(
                connection,
                check_id,
                voucher_id,
                wanted.use,
                by,
                wanted.request_key,
                parameters_in_force(connection),
            )
            said = {"voucher_id": voucher_id, "use": wanted.use}
            note(record, connection, "link_voucher", check_id, done, said)
    except CheckMissing as missing:
        raise NotFound(missing.problem, missing.remedy) from missing
    return acted(check_id, done, response)


@router.post(
    "/checks/{check_id}/vouchers/{voucher_id}/withdrawal",
    dependencies=[_WORK],
    responses={**once(CheckActed), **STATUSES},
    status_code=HTTPStatus.CREATED,
)
def withdraw(
    connections: Lending,
    by: Acting,
    record: Recording,
    check_id: CheckId,
    voucher_id: VoucherId,
    wanted: Annotated[WantedVoucherWithdrawal, Body()],
    response: Response,
) -> CheckActed:
    """Take a voucher back. Its content stays on record; withdrawing twice is withdrawing once."""
    try:
        with connections.connection() as connection:
            done = withdraw_voucher(
                connection,
                check_id,
                voucher_id,
                wanted.reason,
                by,
                wanted.request_key,
                parameters_in_force(connection),
            )
            note(
                record,
                connection,
                "withdraw_voucher",
                check_id,
                done,
                {"voucher_id": voucher_id},
                wanted.reason,
            )
    except CheckMissing as missing:
        raise NotFound(missing.problem, missing.remedy) from missing
    return acted(check_id, done, response)


@router.get(
    "/vouchers/{voucher_id}/content",
    dependencies=[allowed(Ability.READ_LOANS)],
    response_class=Response,
    responses={
        int(HTTPStatus.OK): {
            "description": "The file as it was brought",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problem_responses(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
)
def voucher_content(connections: Lending, voucher_id: VoucherId) -> Response:
    """A voucher, to save: it never opens inside the page."""
    with connections.connection() as connection:
        found = store_vouchers.content(connection, voucher_id)
    if found is None:
        raise NotFound(f"There is no voucher {voucher_id}", remedy="Open it from the page of its loan")
    name, media_type, content = found
    answer = file_answer(content, media_type, name)
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer

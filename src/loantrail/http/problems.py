"""Errors as `application/problem+json` (RFC 9457): one shape for every failure of the interface."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from loantrail.errors import (
    ConservationBroken,
    DatabaseUnavailable,
    InputError,
    LimitExceeded,
    LoantrailError,
    StorageExhausted,
)
from loantrail.http.requests import route_told
from loantrail.postgres.failures import translated
from loantrail.wording import in_chinese, request_in_chinese

MEDIA_TYPE: Final = "application/problem+json"
_LOG = logging.getLogger(__name__)

_STATUS: Final[tuple[tuple[type[LoantrailError], HTTPStatus], ...]] = (
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (LimitExceeded, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DatabaseUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StorageExhausted, HTTPStatus.INSUFFICIENT_STORAGE),
    (ConservationBroken, HTTPStatus.INTERNAL_SERVER_ERROR),
)

# Python's own phrases change between its versions; the description of the interface must not.
_DESCRIPTIONS: Final = {
    HTTPStatus.BAD_REQUEST: "The body cannot be read",
    HTTPStatus.UNAUTHORIZED: "Nobody is signed in",
    HTTPStatus.FORBIDDEN: "The request comes from another site, or from somebody who may not make it",
    HTTPStatus.NOT_FOUND: "There is no such thing",
    HTTPStatus.CONFLICT: "What the request is about has changed meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than what is taken at once",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request cannot be used",
    HTTPStatus.TOO_MANY_REQUESTS: "It was tried too often; Retry-After says when to try again",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error that was not foreseen",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be used",
    HTTPStatus.INSUFFICIENT_STORAGE: "The database's disk is full",
}


class FieldProblem(BaseModel):
    """One value of the request that cannot be used."""

    field: str
    problem: str
    problem_chinese: str | None = None


class Problem(BaseModel):
    """What went wrong. `code` is stable and machine-readable; `remedy` says what to do. The Chinese is null where a
    text is none of the product's own: then it is shown as it is."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    detail_chinese: str | None = None
    remedy: str = ""
    remedy_chinese: str | None = None
    fields: list[FieldProblem] = Field(default_factory=list[FieldProblem])
    successors: list[str] = Field(
        default_factory=list[str],
        description="What took the place of the thing asked for, where that is known.",
    )
    present: dict[str, Any] | None = Field(
        default=None,
        description="The thing as it is now, where the request was about an earlier version of it.",
    )


class NotFound(LoantrailError):
    """The thing that the address names is not there. `successors`: ids of what took its place."""

    code = "not_found"

    def __init__(self, problem: str, remedy: str = "", successors: Sequence[str] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.successors = list(successors)
        self.present: dict[str, Any] | None = None


class NotAllowed(LoantrailError):
    """The request is well made, and its sender may not make it."""

    code = "forbidden"


class NotSignedIn(LoantrailError):
    """Nobody is signed in, or not any more."""

    code = "signed_out"


class TooManyTries(LoantrailError):
    """Too much of the kind was tried; `wait_seconds` says when it may be tried again."""

    code = "too_many_tries"

    def __init__(self, problem: str, remedy: str, wait_seconds: float) -> None:
        super().__init__(problem, remedy=remedy)
        self.wait_seconds = wait_seconds


class Superseded(NotFound):
    """The thing was there when the page was opened, and something else took its place since."""

    code = "superseded"


def conflicting(refused: LoantrailError, present: BaseModel | None = None) -> Superseded:
    """409 with the words and the code of a refusal, and with the thing as it is now."""
    made = Superseded(refused.problem, refused.remedy)
    made.code = refused.code
    made.present = None if present is None else present.model_dump(mode="json")
    return made


WRITE_STATUSES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""How a request that changes something can fail, besides what its route adds."""


def problem_responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """How a route's failures stand in the OpenAPI description; every route may be asked by somebody who may not."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    every = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, *statuses)
    return {int(status): {"description": _DESCRIPTIONS[status], "content": content} for status in every}


def once(answer: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The answer to a write that was asked for before: nothing is made a second time."""
    return {
        int(HTTPStatus.OK): {"model": answer, "description": "The same was asked for before; nothing changed"}
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every failure of `app` as a Problem; what nobody foresaw is logged and says nothing of the inside."""
    app.add_exception_handler(LoantrailError, _loantrail_error)
    app.add_exception_handler(psycopg.OperationalError, _database_error)
    app.add_exception_handler(RequestValidationError, _refused_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unforeseen)


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


def too_many(wait_seconds: int) -> JSONResponse:
    """The answer to who sends more requests than one sender may."""
    problem = titled(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        "Too many requests came from one sender",
        "Send the next one after the seconds of Retry-After",
    )
    return _answer(problem, {"Retry-After": str(wait_seconds)})


def titled(status: HTTPStatus, code: str, detail: str, remedy: str = "") -> Problem:
    """A problem of that status, with the Chinese of its words."""
    return Problem(
        title=status.phrase,
        status=int(status),
        code=code,
        detail=detail,
        detail_chinese=in_chinese(detail),
        remedy=remedy,
        remedy_chinese=in_chinese(remedy),
    )


def _field_problem(field: str, problem: str) -> FieldProblem:
    return FieldProblem(field=field, problem=problem, problem_chinese=in_chinese(problem))


def _loantrail_error(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, LoantrailError)
    if isinstance(error, NotFound):
        status = HTTPStatus.CONFLICT if isinstance(error, Superseded) else HTTPStatus.NOT_FOUND
        problem = titled(status, error.code, error.problem, error.remedy)
        update: dict[str, Any] = {"successors": error.successors, "present": error.present}
        return _answer(problem.model_copy(update=update))
    if isinstance(error, TooManyTries):
        problem = titled(HTTPStatus.TOO_MANY_REQUESTS, error.code, error.problem, error.remedy)
        return _answer(problem, {"Retry-After": str(math.ceil(error.wait_seconds))})
    foreseen = ((NotSignedIn, HTTPStatus.UNAUTHORIZED), (NotAllowed, HTTPStatus.FORBIDDEN), *_STATUS)
    status = next(
        (status for kind, status in foreseen if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s", error)
    problem = titled(status, error.code, error.problem, error.remedy)
    if error.place.field:
        problem.fields.append(_field_problem(error.place.field, error.problem))
    return _answer(problem)


def _database_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, psycopg.OperationalError)
    return _loantrail_error(request, translated(error))


def _refused_request(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, RequestValidationError)
    fields = [
        FieldProblem(
            field=".".join(str(part) for part in item["loc"][1:]),
            problem=str(item["msg"]),
            problem_chinese=request_in_chinese(item["type"], item.get("ctx", {}), str(item["msg"])),
        )
        for item in error.errors()
    ]
    problem = titled(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "request_refused",
        "The request cannot be used",
        "Correct the named fields",
    )
    return _answer(problem.model_copy(update={"fields": fields}))


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:
        # The framework's answer to a body that is no text at all; one that is no JSON is refused as below already.
        unreadable = _field_problem("body", str(error.detail))
        problem = titled(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "request_refused",
            "The body cannot be read",
            "Send JSON in UTF-8",
        )
        return _answer(problem.model_copy(update={"fields": [unreadable]}))
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(methods_of(request))) or headers.get("Allow", "")
    return _answer(titled(status, status.name.lower(), str(error.detail)), headers)


def methods_of(request: Request) -> set[str]:
    """Every method that the address answers to; the framework names those of its first route alone. Empty for an
    address that the interface does not have. Where two descriptions fit, that with fewer places to fill in counts."""
    path = request.url.path.split("/")
    fitting: dict[int, set[str]] = {}
    for template, methods in request.app.openapi()["paths"].items():
        parts = template.split("/")
        if len(parts) == len(path) and all(
            given == part or (part.startswith("{") and given) for part, given in zip(parts, path, strict=True)
        ):
            fitting.setdefault(template.count("{"), set()).update(method.upper() for method in methods)
    return fitting[min(fitting)] if fitting else set()


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    # Not the address itself: it names loans, accounts, people.
    _LOG.exception("%s %s failed", request.method, route_told(request.scope), exc_info=error)
    return _answer(
        titled(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "unforeseen",
            "The server met an error that it did not foresee",
            "Try again; if it stays, send the server's log to its maintainers",
        )
    )

"""To the bank's own sign-in server and back. A browser opens these addresses; they answer with pages."""

from __future__ import annotations

import html
from functools import lru_cache
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from loantrail.errors import LoantrailError
from loantrail.http.access import public
from loantrail.http.connections import Lending
from loantrail.http.problems import NotFound, problem_responses
from loantrail.identity.openid import (
    ATTEMPT,
    OpenidClient,
    OpenidRefused,
    OpenidUnavailable,
)
from loantrail.identity.routes import Noting, address_of, end_presented, is_https, set_cookie
from loantrail.settings import Settings, read_settings
from loantrail.wording import in_chinese

router = APIRouter(tags=["sign-in"])
STATE_COOKIE: Final = "loantrail-openid"
FOLDER: Final = "/api/v1/sign-in/openid"
_STATUSES: Final = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_PAGE: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"></head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""


@lru_cache(maxsize=1)
def client_of(settings: Settings) -> OpenidClient:
    """The client for these settings, kept for what it has learned of the server."""
    return OpenidClient(settings)


def _client() -> OpenidClient:
    settings = read_settings()
    if not settings.openid_issuer:
        raise NotFound("no sign-in server is set up", "Sign in by name and password")
    return client_of(settings)


def redirect_uri_of(request: Request) -> str:
    """Where the bank's server sends the browser back to; it must be registered there."""
    base = read_settings().public_url or str(request.base_url).rstrip("/")
    return f"{base}{FOLDER}/return"


@router.get(
    "/sign-in/openid",
    dependencies=[public("it is how one signs in at the bank's own server")],
    response_class=RedirectResponse,
    status_code=HTTPStatus.SEE_OTHER,
    responses=_STATUSES,
)
def depart(
    connections: Lending,
    request: Request,
    return_to: Annotated[str, Query(max_length=2_000, description="A path of the page.")] = "/",
) -> Response:
    """Go to the bank's sign-in server."""
    client = _client()
    try:
        departure = client.depart(connections, redirect_uri_of(request), return_to)
    except LoantrailError as problem:
        return _told(problem)
    response = RedirectResponse(departure.address, HTTPStatus.SEE_OTHER)
    # Lax: the browser comes back from another site, and must bring this along.
    response.set_cookie(
        STATE_COOKIE,
        departure.state,
        max_age=int(ATTEMPT.total_seconds()),
        path=FOLDER,
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(
    "/sign-in/openid/return",
    dependencies=[
        public("the browser comes back from the bank's own server; state, nonce and signature are checked")
    ],
    response_class=HTMLResponse,
    responses=_STATUSES,
)
def arrive(
    connections: Lending,
    note: Noting,
    request: Request,
    code: Annotated[str, Query(max_length=4_000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Come back from there: begins the session and goes on to the page, or says why not."""
    client = _client()
    kept = request.cookies.get(STATE_COOKIE, "")
    try:
        if error or not code:
            raise OpenidRefused(
                f"the sign-in server let nobody in ({error or 'no code'})", remedy="Sign in again"
            )
        arrival = client.arrive(
            connections,
            redirect_uri_of(request),
            code,
            state,
            kept,
            address_of(request),
            request.headers.get("user-agent", ""),
            note,
        )
    except LoantrailError as problem:
        return _without_state(_told(problem))
    end_presented(connections, request, note)
    # The session's cookie is for this site alone (SameSite=Strict), and a redirect would still count as coming from the other
    # one. So a page of ours goes on.
    target = html.escape(arrival.return_to, quote=True)
    response = HTMLResponse(
        _PAGE.format(
            title="正在进入贷迹 · Signing in",
            head=f'<meta http-equiv="refresh" content="0;url={target}">',
            body=f'<p><a href="{target}">继续 · Go on</a></p>',
        )
    )
    set_cookie(request, response, arrival.token)
    return _without_state(response)


def _without_state(response: Response) -> Response:
    response.delete_cookie(STATE_COOKIE, path=FOLDER, httponly=True, samesite="lax")
    return response


def _told(problem: LoantrailError) -> Response:
    """A page that says why somebody is not let in, and what to do."""
    status = HTTPStatus.FORBIDDEN if isinstance(problem, OpenidRefused) else HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(problem, OpenidUnavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    lines = [in_chinese(problem.problem), in_chinese(problem.remedy), problem.problem, problem.remedy]
    said = "".join(f"<p>{html.escape(line)}</p>" for line in lines if line)
    body = f'{said}<p><a href="/">返回登录页 · Back to sign-in</a></p>'
    return HTMLResponse(_PAGE.format(title="未能登录 · Not signed in", head="", body=body), status)

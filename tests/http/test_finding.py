"""A route is found by the first word of its address just as the framework finds it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Match

from loantrail.http.app import API_PREFIX, create_app
from loantrail.http.finding import ByFirstWord
from loantrail.http.openapi import NO_CONNECTIONS


def application(*, by_word: bool) -> FastAPI:
    """Routers whose addresses meet: fixed and parameters, several methods, one behind everything else."""
    app = FastAPI()
    first, second, page = APIRouter(), APIRouter(), APIRouter()

    @first.get("/loans/mine")
    def mine() -> str:
        return "mine"

    @second.get("/loans/{loan_id}")
    def one(loan_id: str) -> str:
        return loan_id

    @second.post("/loans/{loan_id}")
    def changed(loan_id: str) -> str:
        return f"changed {loan_id}"

    @second.get("/accounts/{account:path}")
    def account(account: str) -> str:
        return account

    @page.get("/{path:path}")
    def everything_else(path: str) -> str:
        return f"page {path}"

    for router in (first, second):
        app.include_router(router, prefix=API_PREFIX)
    app.include_router(page)
    if by_word:
        app.router.middleware_stack = ByFirstWord(app.router, API_PREFIX)
    return app


ASKED = [
    ("GET", "/api/v1/loans/mine"),
    ("GET", "/api/v1/loans/L1"),
    ("POST", "/api/v1/loans/L1"),
    ("POST", "/api/v1/loans/mine"),
    ("DELETE", "/api/v1/loans/L1"),
    ("HEAD", "/api/v1/loans/L1"),
    ("GET", "/api/v1/accounts/62/USD"),
    ("GET", "/api/v1/accounts"),
    ("GET", "/api/v1/nothing"),
    ("GET", "/api/v1/"),
    ("GET", "/api/v1"),
    ("GET", "/loans/mine"),
    ("GET", "/"),
    ("POST", "/"),
    ("GET", "/api/v1/loans/mine/"),
]


def test_every_request_is_answered_as_without() -> None:
    by_word, plain = application(by_word=True), application(by_word=False)

    async def told(app: FastAPI) -> list[tuple[int, bytes, Any]]:
        way = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=way, base_url="http://127.0.0.1") as client:
            answers = [await client.request(method, path) for method, path in ASKED]
        return [(one.status_code, one.content, one.headers.get("location")) for one in answers]

    assert asyncio.run(told(by_word)) == asyncio.run(told(plain))


def test_few_routers_are_asked_for_each_word_of_the_interface() -> None:
    app = create_app(NO_CONNECTIONS, NO_CONNECTIONS)
    found = app.router.middleware_stack
    assert isinstance(found, ByFirstWord)

    def asked(path: str) -> list[BaseRoute]:
        return list(found._may_answer(path))

    assert len(app.router.routes) > 50
    assert len(asked("/api/v1/decisions")) == 1
    assert len(asked("/loans/L1")) == 1
    assert 0 < len(asked("/api/v1/loans/L1")) < len(app.router.routes) / 3
    scope = {"type": "http", "method": "GET", "path": "/api/v1/loans/L1", "headers": []}
    assert Match.FULL in [route.matches(scope)[0] for route in asked("/api/v1/loans/L1")]

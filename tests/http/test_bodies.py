"""A body that is too large is refused before anybody is asked for, and never gathered."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from tests.http.running import running
from tests.operating.asking import Failing

from loantrail.http.app import create_app
from loantrail.http.bodies import BYTES_MOST, OF_THEIR_OWN

PIECE = b"a" * (1 << 16)
JSON = {"Content-Type": "application/json"}
READS_ITSELF = re.compile(r"request\.stream\(\)|_body\(request|_received\(request")


@pytest.fixture
def site() -> Iterator[httpx.Client]:
    with running(Failing(), Failing()) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def pieces(size: int, sent: list[int]) -> Iterator[bytes]:
    yield b'{"way":"password","person_id":"x","password":"'
    for _ in range(size // len(PIECE)):
        sent.append(len(PIECE))
        yield PIECE
    yield b'"}'


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream", "text/xml"])
def test_a_body_that_says_it_is_too_large_is_refused(site: httpx.Client, kind: str) -> None:
    answer = site.post("/api/v1/session", content=b"a" * (BYTES_MOST + 1), headers={"Content-Type": kind})
    told = answer.json()
    assert (answer.status_code, told["code"], told["detail_chinese"]) == (
        413,
        "request_too_large",
        "请求超过 2 MiB",
    )
    assert told["remedy_chinese"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_does_not_say_how_large_it_is_is_not_gathered(site: httpx.Client) -> None:
    sent: list[int] = []
    try:
        answer = site.post("/api/v1/session", content=pieces(200 << 20, sent), headers=JSON)
    except (httpx.WriteError, httpx.RemoteProtocolError):  # the server closed while we sent on
        assert sum(sent) < 200 << 20
    else:
        assert (answer.status_code, answer.json()["detail_chinese"]) == (413, "请求超过 2 MiB")


def test_a_body_below_the_bound_is_read(site: httpx.Client) -> None:
    content = b'{"way":"password","person_id":"x","password":"' + b"a" * (BYTES_MOST - 100) + b'"}'
    answer = site.post("/api/v1/session", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_refused")


def test_routes_that_read_their_bodies_themselves_are_those_named() -> None:
    app: Any = create_app(Failing(), Failing())
    routes = [one for one in iter_route_contexts(app.routes) if one.endpoint and one.path_format]
    themselves = {
        one.path_format
        for one in routes
        if READS_ITSELF.search(inspect.getsource(inspect.unwrap(one.endpoint or print)))
    }
    named = {
        one.path_format
        for one in routes
        if OF_THEIR_OWN.match(re.sub(r"\{\w+\}", "x", one.path_format or ""))
    }
    by_model = {
        one.path_format for one in routes if getattr(getattr(one, "dependant", None), "body_params", None)
    }
    assert (
        themselves
        == named
        == {
            "/api/v1/transactions",
            "/api/v1/imports/{import_id}/files/{file_name}",
            "/api/v1/checks/{check_id}/vouchers",
        }
    )
    assert not named & by_model

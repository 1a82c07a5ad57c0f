"""Sends on, from a reading process to the monitor of the same server, what only the monitor can answer.

The way is a socket in a folder that no other user may pass. Bodies go through as they come, in both directions: nothing is
gathered here, so the monitor's limits and its 503 with `Retry-After` reach the sender as they are. The request's id goes with it: the
monitor tells of what it answered, this process of what it had to answer in its place.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from loantrail import clock
from loantrail.http.problems import MEDIA_TYPE, titled
from loantrail.http.processes import Address
from loantrail.http.requests import HEADER, request_id_of, tell
from loantrail.operating.logs import REQUEST_ID

CLIENT: Final = b"x-loantrail-client"
"""Tells the monitor who asked the reading process: address, port and scheme. Nobody else can set it."""
CONNECT_SECONDS: Final = 10.0
KEPT_CONNECTIONS: Final = 32
KEPT_SECONDS: Final = 30.0
RETRY_AFTER_SECONDS: Final = 1
_ID: Final = HEADER.lower().encode()
_OF_ONE_HOP: Final = frozenset(
    (b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-authenticate",
     b"proxy-authorization", b"proxy-connection", b"expect", CLIENT)
)  # fmt: skip
_LOG: Final = logging.getLogger(__name__)


class Forwarding:
    """ASGI wrapper of a reading process."""

    def __init__(self, app: ASGIApp, addresses: Sequence[Address], socket: Path) -> None:
        self._app = app
        self._addresses = addresses
        self._socket = socket
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and (address := self._address(scope["method"], scope["path"])):
            token = REQUEST_ID.set(request_id_of(scope))
            try:
                await self._send_on(scope, receive, send, address)
            finally:
                REQUEST_ID.reset(token)
        else:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Until the process ends: then the connections to the monitor are closed. The application itself has no such life."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._client is not None:
            await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    def sends_on(self, method: str, path: str) -> bool:
        """Whether the monitor answers this."""
        return self._address(method, path) is not None

    def _address(self, method: str, path: str) -> Address | None:
        return next((one for one in self._addresses if method in one.methods and one.path.match(path)), None)

    async def _send_on(self, scope: Scope, receive: Receive, send: Send, address: Address) -> None:
        begun = clock.monotonic_seconds()
        if self._client is None:  # made where the loop runs that it belongs to
            limits = httpx.Limits(
                max_connections=None,
                max_keepalive_connections=KEPT_CONNECTIONS,
                keepalive_expiry=KEPT_SECONDS,
            )
            transport = httpx.AsyncHTTPTransport(uds=str(self._socket), limits=limits)
            # How long an answer may take is the monitor's to say.
            timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
            self._client = httpx.AsyncClient(transport=transport, timeout=timeout)
        target: bytes = scope.get("raw_path") or scope["path"].encode()
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        started = False
        try:
            request = self._client.build_request(
                scope["method"],
                httpx.URL(scheme="http", host="monitor", raw_path=target),
                headers=_headers_for(scope),
                content=_body(receive) if _has_body(scope) else None,
            )
            answer = await self._client.send(request, stream=True)
            try:
                headers = [(name.lower(), value) for name, value in answer.headers.raw if _passes(name)]
                await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
                started = True
                async for chunk in answer.aiter_raw():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                await answer.aclose()
        except httpx.TransportError as problem:
            _LOG.warning("the monitor did not answer: %s", type(problem).__name__)
            if started:
                raise  # the connection is closed: half an answer must not look like a whole one
            await _away(send)
            seconds = clock.monotonic_seconds() - begun
            status = int(HTTPStatus.SERVICE_UNAVAILABLE)
            tell(self._app, None, scope["method"], address.template, status, seconds)
        except _WentAway:
            return


class FromReaders:
    """ASGI wrapper of the monitor: takes from the reading process who asked it. Only for its own socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told = next((value for name, value in scope["headers"] if name == CLIENT), b"")
            scope["headers"] = [one for one in scope["headers"] if one[0] != CLIENT]
            address, _, rest = told.decode("latin-1").partition(" ")
            port, _, scheme = rest.partition(" ")
            if scheme:
                scope["client"] = (address, int(port)) if address != "-" else None
                scope["scheme"] = scheme
        await self._app(scope, receive, send)


class _WentAway(Exception):
    """Whoever asked is gone before the request was whole: the monitor must not take half of it for all."""


def _headers_for(scope: Scope) -> list[tuple[bytes, bytes]]:
    address, port = scope.get("client") or ("-", 0)
    told = f"{address} {port} {scope['scheme']}".encode("latin-1")
    sent = [(name, value) for name, value in scope["headers"] if _passes(name) and name.lower() != _ID]
    return [*sent, (_ID, REQUEST_ID.get().encode()), (CLIENT, told)]


def _passes(name: bytes) -> bool:
    return name.lower() not in _OF_ONE_HOP


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _body(receive: Receive) -> AsyncGenerator[bytes]:
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise _WentAway
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _away(send: Send) -> None:
    problem = titled(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "monitor_away",
        "The process that takes in data and works at jobs is being started again",
        "Send it again after the seconds of Retry-After, with the same key",
    )
    body = problem.model_dump_json().encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
        (b"cache-control", b"no-store"),
        (_ID, REQUEST_ID.get().encode()),
    ]
    await send(
        {"type": "http.response.start", "status": int(HTTPStatus.SERVICE_UNAVAILABLE), "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})

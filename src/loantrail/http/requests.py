"""What is done around every request: it gets an id, its time is taken, and one line tells of it in the access log.

The id comes from the header `X-Request-Id`, where that is well formed, else it is made; the answer names it. It stands in
`scope["state"]["request_id"]`, and every line that is logged meanwhile carries it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, Protocol

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loantrail import clock
from loantrail.ids import new_id
from loantrail.operating.logs import REQUEST_ID, fields

HEADER: Final = "X-Request-Id"
NO_ROUTE: Final = "(none)"
"""What is told of an address that no route answers, and of a request that was turned away before."""
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_LOG: Final = logging.getLogger("loantrail.access")


class Observer(Protocol):
    """Is told of each request that was answered."""

    def __call__(self, method: str, route: str, status: int, seconds: float, *, streamed: bool) -> None: ...


class Requests:
    """ASGI wrapper, the outermost of the application. `app_of` is asked once, for the templates of its routes."""

    def __init__(self, app: ASGIApp, app_of: Callable[[], Any]) -> None:
        self._app = app
        self._app_of = app_of
        self._templates: Mapping[Any, str] | None = None
        self._guard = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["route_of"] = self.route_of
        begun = clock.monotonic_seconds()
        status, streamed = 0, False

        async def send_named(message: Message) -> None:
            nonlocal status, streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request_id
                streamed = headers.get("content-type", "").startswith("text/event-stream")
            await send(message)

        token = REQUEST_ID.set(request_id)
        try:
            await self._app(scope, receive, send_named)
        finally:
            # 0: the client went away before anything was answered.
            self._tell(scope, status, clock.monotonic_seconds() - begun, streamed=streamed)
            REQUEST_ID.reset(token)

    def route_of(self, scope: Scope) -> str:
        """The template of the route that answers this request."""
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return NO_ROUTE
        if self._templates is None:
            with self._guard:
                self._templates = self._templates or templates_of(self._app_of())
        return self._templates.get(endpoint, NO_ROUTE)

    def _tell(self, scope: Scope, status: int, seconds: float, *, streamed: bool) -> None:
        person = getattr(scope["state"].get("signed"), "person_id", None)
        tell(
            self._app_of(), person, scope["method"], self.route_of(scope), status, seconds, streamed=streamed
        )


def tell(
    application: Any,
    person: str | None,
    method: str,
    route: str,
    status: int,
    seconds: float,
    *,
    streamed: bool = False,
) -> None:
    """Count a request that was answered and write its line of the access log, as far as the application is watched."""
    state = getattr(application, "state", None)
    observer: Observer | None = getattr(state, "observer", None)
    if observer is not None:
        observer(method, route, status, seconds, streamed=streamed)
    if getattr(state, "access_log", False):
        told = fields(
            person=person, method=method, route=route, status=status, duration_ms=round(seconds * 1_000, 1)
        )
        _LOG.info("%s %s %s", method, route, status, extra=told)


def request_id_of(scope: Scope) -> str:
    """The id that a request came with, where it is well formed, else a new one."""
    return _given(Headers(scope=scope).get(HEADER, "")) or new_id()


def templates_of(app: Any) -> Mapping[Any, str]:
    """Endpoint -> template of its address."""
    return {
        context.endpoint: context.path_format
        for context in iter_route_contexts(app.routes)
        if context.endpoint is not None and context.path_format is not None
    }


def route_told(scope: Scope) -> str:
    """The template of the address, for whoever logs something about a request."""
    route_of: Callable[[Scope], str] | None = scope.get("state", {}).get("route_of")
    return NO_ROUTE if route_of is None else route_of(scope)


def _given(text: str) -> str | None:
    return text if _WELL_FORMED.fullmatch(text) else None

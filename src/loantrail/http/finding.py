"""Finds the route of a request by the first word of its address.

The framework looks through the routers one behind the other, which takes longer for a late one than all else of a small request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final

from fastapi.routing import APIRouter, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

ELSEWHERE: Final = ""
"""Stands for the first word of addresses outside the interface."""


class ByFirstWord:
    """ASGI application: that of a router, asked as it would ask itself, but only those of its routes that may answer. Who does
    not find one there, or none for the method, asks the router."""

    def __init__(self, router: APIRouter, prefix: str) -> None:
        """`prefix`: what the addresses of the interface begin with; its routes are found by the word behind it."""
        self._router, self._prefix = router, f"{prefix}/"
        self._routes: Mapping[str, Sequence[BaseRoute]] | None = None
        self._guard = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._may_answer(scope["path"]):
                match, found = route.matches(scope)
                if match == Match.FULL:
                    scope.setdefault("router", self._router)
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self._router.app(scope, receive, send)

    def _may_answer(self, path: str) -> Sequence[BaseRoute]:
        if self._routes is None:
            with self._guard:
                self._routes = self._routes or self._by_first_word()
        return self._routes.get(self._first_word(path), ())

    def _first_word(self, path: str) -> str:
        return (
            path.removeprefix(self._prefix).split("/", 1)[0] if path.startswith(self._prefix) else ELSEWHERE
        )

    def _by_first_word(self) -> Mapping[str, Sequence[BaseRoute]]:
        """Word -> the routes with addresses that begin with it, in the order of the router. Of a word that a route takes for a parameter
        the router is asked."""
        found: dict[str, list[BaseRoute]] = {}
        taking_any = False
        for route in self._router.routes:
            paths = [one.path_format for one in iter_route_contexts([route]) if one.path_format is not None]
            words = {self._first_word(path) for path in paths}
            taking_any = taking_any or any("{" in word for word in words)
            for word in words:
                found.setdefault(word, []).append(route)
        return {} if taking_any else found

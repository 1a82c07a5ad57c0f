"""Which parts of the application one process of a server has for all of them: live intake, jobs, what runs in the background.

With several processes (`loantrail serve --workers`) one is the monitor. A route that depends on such a part, through whatever
dependency, is answered by the monitor alone; the reading processes send it on (loantrail.http.forwarding).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fastapi.routing import iter_route_contexts

_MARK: Final = "of_the_monitor"
Dependency = TypeVar("Dependency", bound=Callable[..., Any])


def of_the_monitor(dependency: Dependency) -> Dependency:
    """Marks a dependency that lends something of which a server has one."""
    setattr(dependency, _MARK, True)
    return dependency


@dataclass(frozen=True, slots=True)
class Address:
    """What a route answers to."""

    methods: frozenset[str]
    path: re.Pattern[str]
    template: str


def addresses_of_the_monitor(app: Any) -> Sequence[Address]:
    """Addresses of all routes that depend on something marked."""
    return [
        Address(frozenset(context.methods or ()), context.path_regex, context.path_format or "")
        for context in iter_route_contexts(app.routes)
        if any(getattr(call, _MARK, False) for call in calls_of(getattr(context, "dependant", None)))
    ]


def calls_of(dependant: Any) -> Iterator[Callable[..., Any]]:
    """Every function that a route depends on, directly or through others, and the route's own."""
    if dependant is None:
        return
    if dependant.call is not None:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from calls_of(inner)

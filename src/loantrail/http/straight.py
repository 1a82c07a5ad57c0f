"""Routes of small questions that systems ask all day: who asks, what is asked and the answer take one turn in one thread.

The framework has two turns in threads for each, and its solving of dependencies takes longer than most of these questions
(docs/decisions/web-stack.md). What it describes of such a route is what happens: the same rule, the same model of the body, the same answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from loantrail.http.access import rule_of
from loantrail.http.security import JSON


class StraightRoute(APIRoute):
    """Its endpoint is a plain function of the body, which is one model, and of what plain functions of the request lend it; it answers
    with a model, or with a response as it is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What the framework calls with each request."""
        (rule,) = rule_of(self.dependant)
        (body,) = self.dependant.body_params
        model: Any = body.field_info.annotation
        lent = {one.name: one.call for one in self.dependant.dependencies if one.name and one.call}
        endpoint: Callable[..., Any] = self.endpoint
        for plain in (endpoint, *lent.values()):
            assert not inspect.iscoroutinefunction(plain), f"{plain.__name__} is no plain function"

        def answered(request: Request, sent: bytes) -> Response:
            rule(request, request.app.state.connections)
            given = {name: lend(request) for name, lend in lent.items()}
            told = endpoint(**{body.name: _read(model, sent)}, **given)
            return told if isinstance(told, Response) else Response(told.model_dump_json(), media_type=JSON)

        async def handle(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != JSON:
                raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body of the request is not JSON")
            return await run_in_threadpool(answered, request, await request.body())

        return handle


def _read(model: type[BaseModel], sent: bytes) -> BaseModel:
    """The body as a model; RequestValidationError as the framework tells it."""
    try:
        return model.model_validate_json(sent)
    except ValidationError as problem:
        told = problem.errors(include_url=False, include_input=False)
        fields = [{**one, "loc": ("body", *(one["loc"] or ("body",)))} for one in told]
        raise RequestValidationError(fields) from None

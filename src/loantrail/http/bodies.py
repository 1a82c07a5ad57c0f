"""How large the body of a request may be: the framework reads it whole before it asks who sends it.

Routes that read their body by themselves, piece by piece and after they know who sends it, have limits of their own and are
named here.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loantrail.http.problems import MEDIA_TYPE, titled

BYTES_MOST: Final = 2 << 20
"""The largest thing that a page sends, a hand-over of thousands of loans, is a tenth of it."""
OF_THEIR_OWN: Final = re.compile(r"^/api/v1/(transactions|imports/[^/]+/files/[^/]+|checks/[^/]+/vouchers)$")


class Bounded:
    """ASGI wrapper: answers 413 to a request that says it is larger, and reads no more of one that does not say so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or OF_THEIR_OWN.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isdigit() and int(said) > BYTES_MOST:
            await _too_large()(scope, receive, send)
            return
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > BYTES_MOST:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request has more than {BYTES_MOST >> 20} MiB"
                )
            return message

        await self._app(scope, bounded, send)


def _too_large() -> JSONResponse:
    problem = titled(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "request_too_large",
        f"the request has more than {BYTES_MOST >> 20} MiB",
        "Send it in parts",
    )
    return JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE)

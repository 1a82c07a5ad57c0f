"""Tells open pages of new and changed warnings as they come (server-sent events).

Each event's id is its number in the outbox. A page that lost the connection names the last one it saw (`Last-Event-ID`)
and is told what came since.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from loantrail.clock import monotonic_seconds
from loantrail.errors import LoantrailError
from loantrail.http.access import Person, allowed, reading_as, signed_of, web_connections
from loantrail.http.connections import Connections, Lending
from loantrail.http.pages.warnings import store
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed

LOOK_SECONDS: Final = 0.5
HEARTBEAT_SECONDS: Final = 15.0
ASK_AGAIN_SECONDS: Final = 30.0
"""How often an open page is asked whether its person is still signed in, and how far they see."""
TOLD_MOST: Final = 200
"""A page that missed more than these reads the list again."""
LONGEST_ID: Final = 18
_HEADERS: Final = {"X-Accel-Buffering": "no"}

router = APIRouter()


@router.get("/warnings/stream", dependencies=[allowed(Ability.READ_WARNINGS)], include_in_schema=False)
async def stream(
    request: Request,
    connections: Lending,
    person: Person,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[str | None, Query(max_length=32)] = None,
) -> StreamingResponse:
    """`text/event-stream` of `warning` events, whose data is `{kind, thread_id, version, level, loan_id}`; `reload`
    where too much was missed. `after` is for the first connection: what a page's list goes up to."""
    # Not in the description: it never ends, so that nothing that reads the description can try it.
    seen = last_event_id or after or ""
    known = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_ID else None
    return StreamingResponse(
        _told(request, connections, person, known), media_type="text/event-stream", headers=_HEADERS
    )


async def _told(
    request: Request, connections: Connections, person: Signed, seen: int | None
) -> AsyncGenerator[str]:
    reached = web_connections(request)
    newest = await run_in_threadpool(_newest, connections)
    # A number that was never given out is from another database.
    last = newest if seen is None or seen > newest else seen
    yield f"retry: 2000\nid: {last}\n\n"
    spoke = asked = monotonic_seconds()
    while not getattr(request.app.state, "stopping", False):
        try:
            if monotonic_seconds() - asked > ASK_AGAIN_SECONDS:
                person = await run_in_threadpool(signed_of, request, connections, anew=True)
                asked = monotonic_seconds()
            rows = await run_in_threadpool(_read, reached, person, last)
        except LoantrailError:
            return  # signed out meanwhile, or no database: the page connects again and is told
        if len(rows) > TOLD_MOST:
            last = await run_in_threadpool(_newest, connections)
            yield f"id: {last}\nevent: reload\ndata: {{}}\n\n"
            spoke = monotonic_seconds()
        for row in rows[: TOLD_MOST if len(rows) <= TOLD_MOST else 0]:
            last = row.pop("outbox_id")
            yield f"id: {last}\nevent: warning\ndata: {json.dumps(row)}\n\n"
            spoke = monotonic_seconds()
        if monotonic_seconds() - spoke > HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            spoke = monotonic_seconds()
        await asyncio.sleep(LOOK_SECONDS)


def _newest(connections: Connections) -> int:
    with connections.connection() as connection:
        return store.last_event(connection)


def _read(connections: Connections, person: Signed, last: int) -> list[dict[str, Any]]:
    with reading_as(connections, person) as connection:
        return store.told_after(connection, last, TOLD_MOST + 1)

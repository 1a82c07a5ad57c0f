"""How many requests one sender may send: whoever sends many more than people and systems do is told to wait.

A sender is a session, a key, or an address, each with room for a burst that fills again at a steady rate. The live routes turn
senders away by what waits to be written (docs/concepts/live.md), and are not counted here. Each serving process counts its own.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from loantrail import clock
from loantrail.http.access import COOKIE, SECURE_COOKIE
from loantrail.http.problems import too_many

BURST_SECONDS: Final = 20.0
"""So long a sender that was quiet may send at any speed what the rate allows in that time."""
OF_KEY, OF_ADDRESS = 10, 20
"""A system sends so many times what a person does; behind one address there may be many of both."""
SENDERS_MOST: Final = 20_000
"""So many are remembered; who is not is taken for one that was quiet."""
NOT_COUNTED: Final = ("/api/v1/transactions", "/api/v1/decisions")


@dataclass(slots=True)
class _Room:
    left: float
    at: float


class Pace:
    """What senders have left. Not for several threads."""

    def __init__(self) -> None:
        self._rooms: OrderedDict[str, _Room] = OrderedDict()

    def wait_seconds(self, sender: str, per_second: float, now: float) -> float:
        """Count a request of the sender; how long it has to wait, 0 where it need not (a request that has to does not count)."""
        most = per_second * BURST_SECONDS
        room = self._rooms.pop(sender, None) or _Room(most, now)
        room.left = min(most, room.left + (now - room.at) * per_second)
        room.at = now
        wait = max(0.0, (1 - room.left) / per_second)
        if not wait:
            room.left -= 1
        self._rooms[sender] = room
        if len(self._rooms) > SENDERS_MOST:
            self._rooms.popitem(last=False)
        return wait


class Paced:
    """ASGI wrapper: answers 429 with Retry-After to who sends too much."""

    def __init__(self, app: ASGIApp, per_second: int) -> None:
        """`per_second`: requests of one session, in the long run."""
        self._app, self._per_second, self._pace = app, per_second, Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._wait_seconds(scope) if scope["type"] == "http" else 0.0
        if wait:
            await too_many(math.ceil(wait))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _wait_seconds(self, scope: Scope) -> float:
        path: str = scope["path"]
        if not path.startswith("/api/") or path in NOT_COUNTED:
            return 0.0
        now, headers = clock.monotonic_seconds(), Headers(scope=scope)
        client = scope.get("client")
        senders = [(f"address {client[0] if client else ''}", OF_ADDRESS)]
        cookies = cookie_parser(headers.get("cookie", ""))
        session = cookies.get(SECURE_COOKIE) or cookies.get(COOKIE)
        key = headers.get("authorization")
        if key or session:
            named = hashlib.sha256((key or session or "").encode()).hexdigest()
            senders.append((named, OF_KEY if key else 1))
        return max(self._pace.wait_seconds(one, times * self._per_second, now) for one, times in senders)

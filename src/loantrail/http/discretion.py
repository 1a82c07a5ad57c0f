"""Third parties along a trace stay secret: through a loan a person sees the borrower's own lines and the first payee; of what lies
beyond, class, date and amount, and a masked name (docs/concepts/access.md).

Works on the answer as it leaves, so that no page can forget it: what is hidden is found from the loans that the answer is about and
from every account that it names, not from a list of fields.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final, cast
from urllib.parse import quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loantrail.errors import LoantrailError
from loantrail.http import store_third_parties as store
from loantrail.http.access import AS_SENT, reading_as, signed_of
from loantrail.http.connections import Connections
from loantrail.identity.abilities import Ability
from loantrail.identity.discretion import MARK, Secrets, accounts_in, redacted, secrets_of, unmasked
from loantrail.identity.model import Signed
from loantrail.identity.secret_key import installation_key

ABOUT_TRACES: Final = re.compile(
    r"^/api/v1/(loans/[^/]+|warnings|disputes/|transactions/|checks/|corrections|approvals/warnings/|rule-versions/[^/]+/hits|backtests/)"
)
"""Answers that tell of movements of loan money."""
OF_EARLIER_TRACES: Final = re.compile(r"^/api/v1/backtests/")
"""Answers that tell of a trace of their own: their movements need not stand in the one that screens read."""
OF_LOAN: Final = re.compile(r"^/api/v1/loans/([^/]+)")
JSON: Final = "application/json"


class Discretion:
    """ASGI wrapper around the application, inside the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ABOUT_TRACES.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        if quote(MARK).encode() in scope["query_string"].upper():
            scope = await run_in_threadpool(_put_back, scope)
        await self._app(scope, receive, _Leaving(scope, send))


class _Leaving:
    """Holds an answer back until it is whole, where its reader may not see all of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            person: Signed | None = self._scope.get("state", {}).get("signed")
            if person is not None and not person.may(Ability.SEE_THIRD_PARTIES) and kind.startswith(JSON):
                self._start = message
                return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = await run_in_threadpool(_discreet, self._scope, bytes(self._body))
        MutableHeaders(raw=self._start["headers"])["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def discreet(
    connections: Connections, web_connections: Connections, person: Signed, loans: Collection[str], value: Any
) -> Any:
    """A value that tells of these loans, as this person may see it."""
    if person.may(Ability.SEE_THIRD_PARTIES):
        return value
    return redacted(value, secrets_for(connections, web_connections, person, loans))


def secrets_for(
    connections: Connections,
    web_connections: Connections,
    person: Signed,
    loans: Collection[str],
    accounts: Collection[str] = (),
    movements: Collection[str] = (),
) -> Secrets:
    """What this person may not know of those who stand along the traces of these loans, carry these accounts, or are a side of
    these movements (ids of transfers)."""
    named: list[tuple[str, str | None, str | None]] = []
    if movements:
        with connections.connection() as connection:
            named = store.sides_of(connection, movements)
    with reading_as(web_connections, person) as connection:
        reached = store.loans_within_reach(connection, loans)
        opened = store.opened_to(connection, person.acting, reached)
        hops = store.hops_of(connection, reached - opened)
        every = {side for _, *sides in (*hops, *named) for side in sides if side} | set(accounts)
        own = store.within_reach(connection, every)
        first = store.named_by_own_lines(connection, own, every - own)
        if opened:
            shown = store.hops_of(connection, opened)
            first |= {side for _, *sides in shown for side in sides if side}
    hidden = every - own - first
    if not hidden:
        return Secrets()
    transfers = {
        transfer
        for transfer, source, target in hops
        if (source is None or source in hidden) and (target is None or target in hidden)
    }
    touching = {transfer for transfer, *sides in (*hops, *named) if hidden & {side for side in sides if side}}
    with connections.connection() as connection:
        known = store.names_of(connection, every)
        for account, name in store.names_in_transfers(connection, touching):
            if account and name:
                known.setdefault(account, set()).add(name)
    told = {name for account in own | first for name in known.get(account, ())}
    names = {name for account in hidden for name in known.get(account, ())}
    return secrets_of(hidden, names, told, transfers, installation_key())


def as_told(state: Any, person: Signed, path: str, answer: Any) -> Any:
    """An answer as this person may read it at this address. `answer`: as JSON; `state`: of the application."""
    if person.may(Ability.SEE_THIRD_PARTIES) or not ABOUT_TRACES.match(path):
        return answer
    loans = _texts_of(answer, "loan_id", set(_loan_of(path)))
    accounts: set[str] = set()
    accounts_in(answer, accounts)
    movements = _texts_of(answer, "transaction_id", set()) if OF_EARLIER_TRACES.match(path) else ()
    return redacted(
        answer, secrets_for(state.connections, state.web_connections, person, loans, accounts, movements)
    )


def _discreet(scope: Scope, body: bytes) -> bytes:
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    told = as_told(scope["app"].state, cast(Signed, scope["state"]["signed"]), scope["path"], answer)
    if told is answer:
        return body
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _loan_of(path: str) -> list[str]:
    found = OF_LOAN.match(path)
    return [unquote(found[1])] if found else []


def _texts_of(value: Any, wanted: str, found: set[str]) -> set[str]:
    """Add what stands in an answer under that name."""
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            if name == wanted and isinstance(inner, str):
                found.add(inner)
            else:
                _texts_of(inner, wanted, found)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            _texts_of(inner, wanted, found)
    return found


def _put_back(scope: Scope) -> Scope:
    """The question with the accounts that the page was shown masked."""
    request = Request(scope)
    state = scope["app"].state
    try:
        person = signed_of(request, state.connections)
    except LoantrailError:
        return scope  # told by the route
    secrets = secrets_for(state.connections, state.web_connections, person, _loan_of(scope["path"]))
    parts = [
        "=".join(
            quote(unmasked(unquote(side.replace("+", " ")), secrets), safe="") for side in part.split("=", 1)
        )
        for part in scope["query_string"].decode("latin-1").split("&")
    ]
    return {**scope, "query_string": "&".join(parts).encode("latin-1"), AS_SENT: scope["query_string"]}

"""What every answer carries to protect the reader, and who may ask at all while there is no access control."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loantrail.ids import secret_token

LOOPBACK_NAMES: Final = frozenset(("127.0.0.1", "localhost", "[::1]", "::1"))

_FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


def content_security_policy(style_nonce: str) -> str:
    """Scripts and data from this server alone; styles from it or marked with this answer's nonce (the component
    library writes its styles at run time)."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{style_nonce}'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """ASGI wrapper: refuses names other than loopback ones, so that a page elsewhere cannot point its own name at
    this machine and read the answers (DNS rebinding); adds the security headers. Leaves the style nonce of this
    answer in `scope["state"]["style_nonce"]`."""

    def __init__(self, app: ASGIApp, host_names: frozenset[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._host_names = host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secret_token()
        scope.setdefault("state", {})["style_nonce"] = nonce

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = content_security_policy(nonce)
                for name, value in _FIXED.items():
                    headers[name] = value
                if scope["path"].startswith("/api/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        if _host_name(Headers(scope=scope).get("host", "")) not in self._host_names:
            await _refuse(send_guarded)
            return
        await self._app(scope, receive, send_guarded)


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


async def _refuse(send: Send) -> None:
    status = HTTPStatus.MISDIRECTED_REQUEST
    body = json.dumps(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "code": "host_refused",
            "detail": "This server answers on the loopback address only",
            "remedy": "Open it as http://127.0.0.1 or http://localhost with its port",
            "fields": [],
        }
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})

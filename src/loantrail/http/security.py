"""What every answer carries to protect the reader, and which names and sites this server is asked by at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loantrail.http.problems import MEDIA_TYPE, titled
from loantrail.ids import secret_token

LOOPBACK_NAMES: Final = frozenset(("127.0.0.1", "localhost", "[::1]", "::1"))

# No route takes any other, so those are answered with what is allowed.
_WRITE_METHODS: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
JSON: Final = "application/json"
# What an upload sends. Not multipart/form-data: a form of another site can send that without asking first.
UPLOAD: Final = "application/octet-stream"
# What the bank's systems send live; no page of ours does, so they are let in from programs alone.
OF_PROGRAMS: Final = frozenset(("application/x-ndjson", "application/ndjson", "application/xml", "text/xml"))

_FIXED: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


def host_names(public_url: str) -> frozenset[str]:
    """Names under which this server is asked: loopback ones, and the one that people open behind a proxy."""
    public = urlsplit(public_url).hostname
    return LOOPBACK_NAMES | ({public.lower()} if public else set())


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
    """ASGI wrapper: refuses names other than its own, so that a page elsewhere cannot point its own name at
    this machine and read the answers (DNS rebinding); adds the security headers. Leaves the style nonce of this
    answer in `scope["state"]["style_nonce"]`."""

    def __init__(self, app: ASGIApp, host_names: frozenset[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._host_names = host_names
        # A name of its own is reached by https alone (loantrail.http.server).
        self._is_public = host_names != LOOPBACK_NAMES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secret_token()
        scope.setdefault("state", {})["style_nonce"] = nonce

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # A file of somebody's brings a stricter one of its own.
                headers.setdefault("Content-Security-Policy", content_security_policy(nonce))
                for name, value in _FIXED.items():
                    headers[name] = value
                if self._is_public:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                if scope["path"].startswith("/api/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._host_names:
            await _refuse(
                send_guarded,
                HTTPStatus.MISDIRECTED_REQUEST,
                "host_refused",
                "This server does not answer to that name",
                "Open it as http://127.0.0.1 or http://localhost with its port, or as LOANTRAIL_PUBLIC_URL says",
            )
            return
        refusal = _write_refusal(scope["method"], headers)
        if refusal is not None:
            await _refuse(send_guarded, *refusal)
            return
        await self._app(scope, receive, send_guarded)


def _write_refusal(method: str, headers: Headers) -> tuple[HTTPStatus, str, str, str] | None:
    """Why a request that may change something is not taken; None when it is, or when it changes nothing.

    A page of another site can make this reader's browser send requests here. A browser says where each comes from
    (`Origin`, `Sec-Fetch-Site`; neither can be set by a script), so one from elsewhere is refused. A body must be JSON
    or bytes of an upload, which another site's form cannot send and its script only after asking. Programs that are no
    browser send neither header and are let in.
    """
    if method not in _WRITE_METHODS:
        return None
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    from_here = (
        (origin is None or origin.lower() in _own_origins(headers.get("host", "")))
        # `none`: the reader asked for it, no page did.
        and (site is None or site in ("same-origin", "none"))
    )
    if not from_here:
        return (
            HTTPStatus.FORBIDDEN,
            "foreign_origin",
            "The request comes from another site",
            "Make the change on a page of this server",
        )
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    # Without a body there is nothing that a form could have sent; who sends it says where from, being a browser.
    empty = not kind and headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if kind in (JSON, UPLOAD) or empty:
        return None
    if kind in OF_PROGRAMS and origin is None and site is None:
        return None
    return (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "json_wanted",
        "The body of the request is not JSON",
        f"Send it with the header Content-Type: {JSON}",
    )


def _own_origins(host: str) -> tuple[str, str]:
    return f"http://{host.lower()}", f"https://{host.lower()}"


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


async def _refuse(send: Send, status: HTTPStatus, code: str, detail: str, remedy: str) -> None:
    body = titled(status, code, detail, remedy).model_dump_json().encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})

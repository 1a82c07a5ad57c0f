"""The built page: compressed files, kept for ever by the browser where their name holds a hash of their content."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from loantrail.http.problems import methods_of

STATIC: Final = Path(__file__).parent / "static"
NONCE_MARK: Final = "__STYLE_NONCE__"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_KEEP_FOREVER: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = (
    "The web page is not built. Run `python -m hatch_build` in the source folder, "
    "or install the package again: the build makes the page.\n"
)


def page_router(folder: Path = STATIC) -> APIRouter:
    """Routes of the page: its files, and `index.html` for every other address, so that a link to a view works."""
    router = APIRouter(include_in_schema=False)
    root = folder.resolve()

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    def page(request: Request, path: str) -> Response:
        if path.startswith("api/"):
            if methods_of(request):
                raise HTTPException(
                    HTTPStatus.METHOD_NOT_ALLOWED, "This address does not answer to that method"
                )
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is nothing at this address")
        file = (root / path).resolve() if "\x00" not in path else root
        if file.is_relative_to(root) and file.is_file() and file.name != "index.html":
            return _file(request, file, forever=path.startswith("assets/"))
        if path.startswith("assets/"):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file")
        return _index(request, root / "index.html")

    return router


def _index(request: Request, file: Path) -> Response:
    if not file.is_file():
        return PlainTextResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
    html = file.read_text("utf-8").replace(NONCE_MARK, request.state.style_nonce)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _file(request: Request, file: Path, *, forever: bool) -> Response:
    headers = {"Vary": "Accept-Encoding", "Cache-Control": _KEEP_FOREVER if forever else "no-cache"}
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for encoding, suffix in _ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            headers["Content-Encoding"] = encoding
            return FileResponse(packed, headers=headers, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)

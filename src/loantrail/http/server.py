"""Runs the web application on this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from loantrail.early_warning.sending import keeping_watch
from loantrail.errors import ConfigurationError
from loantrail.http.app import create_app
from loantrail.http.connections import Connections
from loantrail.http.heads import BoundedHeads
from loantrail.settings import read_settings

DEFAULT_PORT: Final = 8321
PORTS_TRIED: Final = 20


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket.

    Without a port: the default one, or the next free one above it. ConfigurationError when the address cannot be used, or
    other machines would reach it without encryption: see `_address`.
    """
    address = _address(host)
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED) if port is None else range(port, port + 1)
    problem: OSError | None = None
    for candidate in wanted:
        try:
            return _bound(address, candidate)
        except OSError as refused:
            problem = refused
    where = f"port {port}" if port is not None else f"each port from {wanted[0]} to {wanted[-1]}"
    reason = (problem.strerror if problem else "") or str(problem)
    raise ConfigurationError(
        f"{where} of {host} cannot be used: {reason}",
        remedy="Choose another with --port, or 0 for any free one",
    )


def page_address(listening: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(
    connections: Connections,
    web_connections: Connections,
    listening: socket.socket,
    announce: Callable[[str], None],
    open_browser: bool,
    prepare: Callable[[FastAPI], None] = lambda _app: None,
    home: Path | None = None,
) -> None:
    """Answer requests on the socket until interrupted; `announce` is told the address once it can be opened. `prepare` is
    given the application before it answers. `home`: where the books lie, if not where the settings say."""
    address = page_address(listening)

    def ready() -> None:
        announce(address)
        if open_browser and _has_screen():
            webbrowser.open(address)

    app = create_app(connections, web_connections)
    app.state.home = home
    prepare(app)
    with keeping_watch(connections):
        Server(configuration(app), app, ready).run(sockets=[listening])


def configuration(app: ASGIApp, **more: Any) -> uvicorn.Config:
    """How every process of ours answers requests; `more` is uvicorn's."""
    given: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "lifespan": "off",
        "http": BoundedHeads,
    }
    return uvicorn.Config(app, **(given | more))


class Server(uvicorn.Server):
    """Tells when it answers, and the application when it is to stop."""

    def __init__(self, configuration: uvicorn.Config, app: FastAPI, ready: Callable[[], None]) -> None:
        super().__init__(configuration)
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.state.stopping = True  # what streams has no end of its own
        super().handle_exit(sig, frame)


def _address(host: str) -> str:
    """The address to bind. This server speaks plain HTTP; so another than a loopback one is for a proxy that ends TLS, and
    LOANTRAIL_PUBLIC_URL must say where people reach it."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise ConfigurationError(
            f"{host!r} is no address to serve on", remedy="Use an address of this machine, such as 127.0.0.1"
        ) from None
    if not address.is_loopback and not read_settings().public_url.startswith("https://"):
        raise ConfigurationError(
            f"the page cannot be served on {host}: passwords would cross the network without encryption",
            remedy="Use 127.0.0.1 (the default) and an SSH tunnel, or put a proxy that ends TLS in front and set "
            "LOANTRAIL_PUBLIC_URL to its https:// address",
        )
    return str(address)


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Only where TCP is named does asyncio send each part of an answer at once; the second would wait 40 ms for the first.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere this option would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _has_screen() -> bool:
    # Without one `webbrowser` would start a browser for the terminal, which takes it over.
    return not sys.platform.startswith("linux") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )

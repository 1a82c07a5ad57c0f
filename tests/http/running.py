"""The application as it is served, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from loantrail.http.app import create_app
from loantrail.http.connections import Connections
from loantrail.http.server import listen, page_address


@contextmanager
def running(connections: Connections, web_connections: Connections) -> Iterator[str]:
    """Address of the application over these connections (the owner's and the web role's), for the length of the block."""
    with listen("127.0.0.1", 0) as listening:
        app = create_app(connections, web_connections)
        configuration = uvicorn.Config(app, log_level="critical", lifespan="off")
        server = uvicorn.Server(configuration)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield page_address(listening).rstrip("/")
        finally:
            app.state.stopping = True
            server.should_exit = True
            thread.join()

"""The application as it is served, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from loantrail.http.app import create_app
from loantrail.http.connections import Connections
from loantrail.http.server import configuration, listen, page_address

LOOK_SECONDS = 0.01


class _Server(uvicorn.Server):
    """Ends as soon as it is told to and its last answer is sent; of its own it looks for both ten times a second."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        while self.server_state.connections or self.server_state.tasks:
            # Each time: a browser's connection may have been on its way when the others were told.
            for connection in list(self.server_state.connections):
                if not connection.transport.is_closing():
                    connection.shutdown()
            await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def running(connections: Connections, web_connections: Connections) -> Iterator[str]:
    """Address of the application over these connections (the owner's and the web role's), for the length of the block."""
    with listen("127.0.0.1", 0) as listening:
        app = create_app(connections, web_connections)
        server = _Server(configuration(app, log_level="critical"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield page_address(listening).rstrip("/")
        finally:
            app.state.stopping = True
            server.should_exit = True
            thread.join()

"""`loantrail serve`: the web page and its HTTP interface, on this machine."""

from __future__ import annotations

import click

from loantrail.http.server import DEFAULT_PORT, listen, serve
from loantrail.postgres.connection import database

WAIT_SECONDS = 10.0
"""How long a request waits for the database before it is told that there is none."""


@click.command(name="serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to serve on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port to serve on; 0 takes any free one. Default: {DEFAULT_PORT}, or the next free one.",
)
@click.option("--open/--no-open", "open_browser", default=False, help="Open the page in a browser.")
def command(host: str, port: int | None, open_browser: bool) -> None:
    """Serve the web page and its HTTP interface, until Ctrl+C.

    Only this machine can reach it: there is no access control yet.
    """
    listening = listen(host, port)
    with listening, database() as books, books.pool(wait_seconds=WAIT_SECONDS) as connections:
        serve(connections, listening, _announce, open_browser)


def _announce(address: str) -> None:
    click.echo(f"Loantrail is at {address} (Ctrl+C stops it)")

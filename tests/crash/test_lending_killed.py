"""Live intake of a bank that lends, killed at any moment: trace, hits, warnings and what is told of them are those of a process that
nobody disturbed."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.crash.lending_streams import (
    Sender,
    Stream,
    assert_as_undisturbed,
    open_books,
    serve,
    wait_for_answers,
)
from tests.crash.streaming import end, listened_to, said
from tests.crash.test_live_database_killed import home, kill_one_process, kill_server
from tests.postgres_fixtures import address_of, copied

from loantrail.ids import seeded_random
from loantrail.postgres.connection import Database, database
from loantrail.postgres.layout import Layout
from loantrail.settings import Settings

POINTS = int(os.environ.get("LOANTRAIL_LENDING_KILLS", "20"))
DATABASE_POINTS = int(os.environ.get("LOANTRAIL_LENDING_DATABASE_KILLS", "20"))
POINTS_IN_A_STREAM = 20
"""More are spread over several streams: what is judged grows with the books."""
WHOLE_SERVER_EVERY = 4

pytestmark = [
    pytest.mark.database,
    pytest.mark.crash,
    pytest.mark.heavy,
    pytest.mark.timeout(1_800),
]
__all__ = ["home"]


@contextmanager
def fresh_books(server: Database, template: str, folder: Path) -> Generator[str]:
    """The address of a bank of its own, opened; what its run left lies in the folder."""
    folder.mkdir()
    with copied(server, template) as name:
        url = address_of(server, name)
        open_books(url, folder)
        yield url


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def streams(points: int) -> list[tuple[int, int]]:
    """Seed and points of each stream."""
    return [
        (seed, min(POINTS_IN_A_STREAM, points - first))
        for seed, first in enumerate(range(0, points, POINTS_IN_A_STREAM))
    ]


@pytest.mark.parametrize(("seed", "points"), streams(POINTS))
def test_warnings_after_kills_are_those_of_a_server_that_nobody_killed(
    database_server: Database, template_database: str, tmp_path: Path, seed: int, points: int
) -> None:
    killed, other = tmp_path / "killed", tmp_path / "undisturbed"
    chance, port = seeded_random(seed), free_port()
    with (
        fresh_books(database_server, template_database, killed) as url,
        fresh_books(database_server, template_database, other) as undisturbed,
    ):
        sender = Sender("core", port, Stream(seed), is_patient=True)
        server = serve(url, killed, port)
        said(server, "Loantrail is at")
        sender.start()
        for point in range(points):
            if point % 3:  # the others mostly meet a server that only builds its state
                wait_for_answers([sender], 1)
            time.sleep(chance.random() * 1.0)
            assert end(server, signal.SIGKILL) == -signal.SIGKILL
            server = serve(url, killed, port)
            said(server, "Loantrail is at")
        listened_to(server)
        wait_for_answers([sender], 2)
        sender.finish()
        end(server)

        assert_as_undisturbed(url, killed, undisturbed, other, sender)


@pytest.mark.skipif(
    "LOANTRAIL_DATABASE_URL" in os.environ, reason="only the server that Loantrail starts is ours to kill"
)
@pytest.mark.parametrize(("seed", "points"), streams(DATABASE_POINTS))
def test_warnings_after_the_database_was_killed_are_those_of_one_that_nobody_killed(
    database_server: Database, template_database: str, home: Path, tmp_path: Path, seed: int, points: int
) -> None:
    layout, other = Layout(home), tmp_path / "undisturbed"
    chance, port = seeded_random(seed), free_port()
    settings = Settings(home, database_url="", database_grace_seconds=1.0)
    with fresh_books(database_server, template_database, other) as undisturbed:
        with database(settings) as books:
            open_books(books.url(), home)
        sender = Sender("core", port, Stream(100 + seed), is_patient=True)
        server = serve("", home, port)
        said(server, "Loantrail is at")
        listened_to(server)
        sender.start()
        killed = 0
        while killed < points:
            if killed % 3:
                wait_for_answers([sender], 1)
            time.sleep(0.05 + chance.random())
            assert server.poll() is None, "the server ended"
            whole = killed % WHOLE_SERVER_EVERY == WHOLE_SERVER_EVERY - 1
            killed += kill_server(layout) if whole else kill_one_process(layout, chance)
        wait_for_answers([sender], 2)
        sender.finish()
        end(server)

        with database(settings, migrated=False) as books:
            assert_as_undisturbed(books.url(), home, undisturbed, other, sender, base="")

"""Live intake over a database server that is killed at any moment loses no line, doubles none, and answers the truth."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.crash.streaming import CLIENTS, Client, end, let_systems_in, listened_to, references, said, start
from tests.postgres_fixtures import quick_folder

from loantrail.ids import seeded_random
from loantrail.postgres.attach import stop_server
from loantrail.postgres.connection import database
from loantrail.postgres.layout import Layout, read_status
from loantrail.settings import Settings

POINTS = int(os.environ.get("LOANTRAIL_LIVE_DATABASE_KILLS", "10"))
WHOLE_SERVER_EVERY = 4
"""Every so many points the whole server dies, at the others one of its processes. The supervisor waits longer and longer
before it starts a server again that died more than five times in a minute."""

pytestmark = [
    pytest.mark.database,
    pytest.mark.crash,
    pytest.mark.heavy,
    pytest.mark.timeout(300 + 30 * POINTS),
    pytest.mark.skipif("LOANTRAIL_DATABASE_URL" in os.environ, reason="the embedded database is not in use"),
]


@pytest.fixture
def home() -> Iterator[Path]:
    """Not pytest's own temporary folder: that is closed to the system user as which root runs the server."""
    folder = Path(tempfile.mkdtemp(prefix="loantrail-test-", dir=quick_folder()))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        stop_server(Layout(folder))
        shutil.rmtree(folder)


def kill_server(layout: Layout) -> bool:
    """Kill the whole server: what it began nobody ends."""
    status = read_status(layout)
    if status is None or status.server is None:
        return False
    try:
        psutil.Process(status.server).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def kill_one_process(layout: Layout, chance: random.Random) -> bool:
    """Kill one process of the server, whichever: it ends all sessions and recovers."""
    status = read_status(layout)
    if status is None or status.server is None:
        return False
    try:
        processes = psutil.Process(status.server).children()
        sessions = [one for one in processes if "[local]" in " ".join(one.cmdline())]
        chosen = chance.choice(sessions if sessions and chance.random() < 0.7 else processes)
        chosen.send_signal(signal.SIGKILL)
    except (psutil.Error, IndexError):
        return False
    return True


def test_a_database_killed_while_clients_stream_loses_and_doubles_nothing(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    layout = Layout(home)
    chance = seeded_random(7)
    clients = [Client(number, port, number) for number in range(CLIENTS)]
    with database(Settings(home, database_url="", database_grace_seconds=1.0)) as books:
        let_systems_in(books.url())
    server = start("", home, "serve", "--port", str(port))
    said(server, "Loantrail is at")
    listened_to(server)
    for client in clients:
        client.start()
    killed = 0
    # On a busy machine it can be that nobody waits for an answer at any of them.
    while killed < POINTS or (killed < 5 * POINTS and not any(client.repeats for client in clients)):
        time.sleep(0.05 + chance.random())
        assert server.poll() is None, "the server ended"
        assert [client.problem for client in clients] == [None] * CLIENTS
        whole = killed % WHOLE_SERVER_EVERY == WHOLE_SERVER_EVERY - 1
        killed += kill_server(layout) if whole else kill_one_process(layout, chance)
    for client in clients:
        client.finish()
    for client in clients:
        client.check_answers()
        client.check_repeated(0.1)

    with database(Settings(home, database_url="", database_grace_seconds=1.0), migrated=False) as books:
        assert references(books.url()) == sorted(one for client in clients for one in client.sent)
    end(server)
    assert sum(client.repeats for client in clients) > 0
    assert sum(len(client.sent) for client in clients) > 5 * POINTS

"""Live intake that is killed at any moment loses no line and doubles none."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from tests.crash.streaming import (
    CLIENTS,
    Client,
    end,
    let_systems_in,
    references,
    said,
    start,
    wait_for_answer,
)
from tests.monitor.rows import csv
from tests.monitor.test_leading import wait_until as wait_for

from loantrail.ids import seeded_random
from loantrail.monitor.store import IDLE_SECONDS

POINTS = int(os.environ.get("LOANTRAIL_LIVE_KILLS", "10"))

pytestmark = [
    pytest.mark.database,
    pytest.mark.crash,
    pytest.mark.heavy,
    pytest.mark.timeout(900 + 30 * POINTS),
]


def test_a_server_killed_while_clients_stream_loses_and_doubles_nothing(
    database_url: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chance = seeded_random(5)
    clients = [Client(number, port, number) for number in range(CLIENTS)]
    let_systems_in(database_url)
    server = start(database_url, tmp_path, "serve", "--port", str(port))
    said(server, "Loantrail is at")
    for client in clients:
        client.start()
    for point in range(POINTS):
        if point % 2:  # the others mostly meet a server that only takes over what the books hold
            wait_for_answer(clients)
        time.sleep(0.05 + chance.random() * 1.0)
        assert end(server, signal.SIGKILL) == -signal.SIGKILL
        server = start(database_url, tmp_path, "serve", "--port", str(port))
        said(server, "Loantrail is at")
    for client in clients:
        client.finish()
    for client in clients:
        client.check_answers()
        client.check_repeated(0.1)
    end(server)

    sent = sorted(one for client in clients for one in client.sent)
    assert references(database_url) == sent
    assert sum(len(client.answered) for client in clients) >= POINTS // 2


def test_a_second_monitor_takes_over_within_ten_seconds(database_url: str, tmp_path: Path) -> None:
    arguments = ("monitor", "--watch", str(tmp_path), "--stable-seconds", "0.2")
    first = start(database_url, tmp_path / "home", *arguments)
    said(first, "this monitor is at work")
    second = start(database_url, tmp_path / "home", *arguments)
    said(second, "stands by")
    try:
        end(first, signal.SIGKILL)
        killed = time.monotonic()
        said(second, "this monitor is at work")
        taken = time.monotonic() - killed
        (tmp_path / "a.csv").write_text(csv(1))
        limit = time.monotonic() + 10
        while references(database_url) != ["R1"] and time.monotonic() < limit:
            time.sleep(0.1)
    finally:
        end(second)
    assert references(database_url) == ["R1"]
    assert taken < 10


def test_a_second_monitor_takes_over_from_one_that_hangs(database_url: str, tmp_path: Path) -> None:
    arguments = ("monitor", "--watch", str(tmp_path), "--stable-seconds", "0.2")
    first = start(database_url, tmp_path / "home", *arguments)
    said(first, "this monitor is at work")
    second = start(database_url, tmp_path / "home", *arguments)
    said(second, "stands by")
    time.sleep(IDLE_SECONDS + 2)  # nobody's session ends while its process goes on
    try:
        first.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        said(second, "this monitor is at work")
        taken = time.monotonic() - stopped
        (tmp_path / "a.csv").write_text(csv(1))
        wait_for(lambda: references(database_url) == ["R1"])
        first.send_signal(signal.SIGCONT)
        said(first, "stands by")
        (tmp_path / "b.csv").write_text(csv(2))
        wait_for(lambda: references(database_url) == ["R1", "R2"])
    finally:
        end(first)
        end(second)
    assert taken < 10


def test_a_monitor_killed_while_files_come_loses_and_doubles_nothing(
    database_url: str, tmp_path: Path
) -> None:
    chance = seeded_random(9)
    arguments = ("monitor", "--watch", str(tmp_path), "--stable-seconds", "0.2")
    number = 0
    for _ in range(6):
        monitor = start(database_url, tmp_path / "home", *arguments)
        said(monitor, "this monitor is at work")
        for _ in range(4):
            (tmp_path / f"{number}.csv").write_text(csv(*range(number * 50, number * 50 + 50)))
            (tmp_path / f"{number}.csv.done").touch()
            number += 1
        time.sleep(chance.random() * 1.5)
        end(monitor, signal.SIGKILL)
    monitor = start(database_url, tmp_path / "home", *arguments)
    limit = time.monotonic() + 60
    while time.monotonic() < limit and (
        list(tmp_path.glob("*.csv")) or list((tmp_path / "working").iterdir())
    ):
        time.sleep(0.2)
    end(monitor)
    assert references(database_url) == sorted(f"R{one}" for one in range(number * 50))
    done = sorted(path.name for path in (tmp_path / "done").glob("*.csv"))
    assert done == sorted(f"{one}.csv" for one in range(number))

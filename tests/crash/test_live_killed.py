"""Live intake that is killed at any moment loses no line and doubles none."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.monitor.rows import csv, row

from loantrail.ids import seeded_random

pytestmark = [pytest.mark.database, pytest.mark.crash, pytest.mark.heavy, pytest.mark.timeout(900)]

POINTS = int(os.environ.get("LOANTRAIL_LIVE_KILLS", "20"))
CLIENTS = 4
LOANTRAIL = Path(sys.executable).with_name("loantrail")


def start(url: str, home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(LOANTRAIL), *arguments],
        env={
            **os.environ,
            "LOANTRAIL_DATABASE_URL": url,
            "LOANTRAIL_HOME": str(home),
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(words, line):
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    """Have the process end, and its status."""
    process.send_signal(how)
    process.communicate(timeout=30)
    return process.returncode


def references(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT reference FROM ledger.statement_line ORDER BY reference"
        ).fetchall()
        return [one[0] for one in found]


class Client(threading.Thread):
    """Sends requests one after the other, each again under its key until it is answered."""

    def __init__(self, number: int, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.chance = seeded_random(seed)
        self.stopping = threading.Event()
        self.sent: list[str] = []
        self.answers: list[dict[str, Any]] = []

    def run(self) -> None:
        at = 0
        while not self.stopping.is_set():
            rows = [
                row(at + place, reference=f"C{self.number}-{at + place}", account=f"6{self.number}")
                for place in range(self.chance.choice((1, 1, 5, 200)))
            ]
            at += len(rows)
            self.sent += [one["reference"] for one in rows]
            self.answers.append(self.until_answered(json.dumps(rows), f"c{self.number}-{at}"))

    def until_answered(self, body: str, key: str) -> dict[str, Any]:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        while True:
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{self.port}/api/v1/transactions",
                    content=body,
                    headers=headers,
                    timeout=30,
                )
                if answer.status_code == 200:
                    return answer.json()
                assert answer.status_code in (503, 507), answer.text
            except httpx.HTTPError:
                pass
            time.sleep(0.05)


def test_a_server_killed_while_clients_stream_loses_and_doubles_nothing(
    database_url: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chance = seeded_random(5)
    clients = [Client(number, port, number) for number in range(CLIENTS)]
    server = start(database_url, tmp_path, "serve", "--port", str(port))
    said(server, "Loantrail is at")
    for client in clients:
        client.start()
    for _ in range(POINTS):
        time.sleep(0.05 + chance.random() * 1.0)
        assert end(server, signal.SIGKILL) == -signal.SIGKILL
        server = start(database_url, tmp_path, "serve", "--port", str(port))
        said(server, "Loantrail is at")
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive()
    end(server)

    sent = sorted(one for client in clients for one in client.sent)
    assert references(database_url) == sent
    for client in clients:
        # The key was committed with the rows, so that even the answer after a kill says that they were accepted.
        assert [answer["duplicate"] + answer["refused"] for answer in client.answers] == [0] * len(
            client.answers
        )
    assert len(sent) > 20 * POINTS


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

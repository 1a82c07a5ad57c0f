"""`loantrail serve --workers`: reading processes and one monitor, that die, are started again, and stop in order."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.http.bank import write_books, write_trace
from tests.postgres_fixtures import address_of, copied
from tests.signing_in import Client, write_operator

from loantrail import clock
from loantrail.postgres.connection import Database

pytestmark = [pytest.mark.database, pytest.mark.crash, pytest.mark.heavy, pytest.mark.timeout(300)]
PATIENCE_SECONDS = 90.0
WORKERS = 2
LINE = {"booked_at": "2025-03-12T10:15:00+08:00", "account": "6201", "direction": "debit", "amount_fen": 100}


class Served:
    """A server of several processes, and what it wrote."""

    def __init__(self, url: str, home: Path, *options: str, **environment: str) -> None:
        self.url = url
        self.log = home / "log"
        # Beside the system's: a socket's path is short.
        self.folder = Path(tempfile.mkdtemp(prefix="lt-"))
        known = {name: value for name, value in os.environ.items() if not name.startswith("LOANTRAIL_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.operating.command", "serve", "--port", "0",
                 "--workers", str(WORKERS), "--metrics-port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=known | {"LOANTRAIL_DATABASE_URL": url, "LOANTRAIL_HOME": str(home), "TMPDIR": str(self.folder),
                             "LC_ALL": "C"} | environment,
            )  # fmt: skip
        self.said: list[str] = []

    def wait(self) -> None:
        """Until it says where it is."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if "Loantrail is at" in line:
                return
        raise AssertionError(self.log.read_text())

    @property
    def address(self) -> str:
        return next(line.split()[3].rstrip("/") for line in self.said if "Loantrail is at" in line)

    @property
    def metrics_address(self) -> str:
        return next(line.split()[-1] for line in self.said if "Metrics are at" in line)

    def client(self) -> Client:
        return Client(self.address, self.url)

    def children(self, kind: str) -> list[psutil.Process]:
        """Its processes of that kind that live."""
        return [one for one in psutil.Process(self.process.pid).children() if _kind(one) == kind]

    def lines(self, logger: str) -> list[dict[str, Any]]:
        lines = [
            json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")
        ]
        return [line for line in lines if line["logger"] == logger]

    def end(self) -> None:
        for child in psutil.Process(self.process.pid).children() if self.process.poll() is None else []:
            child.kill()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _kind(process: psutil.Process) -> str:
    try:
        arguments = process.cmdline()
    except psutil.Error:
        return ""
    return next((one for one in arguments if one in ("reading", "monitor")), "")


def until(holds: Callable[[], Any]) -> Any:
    """What the condition gives once it holds."""
    limit = clock.monotonic_seconds() + PATIENCE_SECONDS
    while True:
        found = holds()
        if found:
            return found
        assert clock.monotonic_seconds() < limit
        clock.sleep(0.05)


@pytest.fixture(scope="module")
def bank_url(database_server: Database, template_database: str) -> Iterator[str]:
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_books(connection)
            write_trace(connection)
            write_operator(connection)
        yield url


@contextmanager
def serving(url: str, home: Path, *options: str, **environment: str) -> Iterator[Served]:
    served = Served(url, home, *options, **environment)
    try:
        served.wait()
        yield served
    finally:
        served.end()


@pytest.fixture(scope="module")
def server(bank_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that the tests of this module share, and kill parts of."""
    with serving(bank_url, tmp_path_factory.mktemp("server")) as served:
        yield served


def send(client: httpx.Client, number: int, key: str | None = None) -> httpx.Response:
    """One live line of that number; sent again while the server says that it must be."""
    body = {**LINE, "reference": f"R{number}"}
    headers = {"Idempotency-Key": key or f"line-{number}"}
    while True:
        try:
            answer = client.post("/api/v1/transactions", json=body, headers=headers)
        except httpx.TransportError:
            continue  # a reading process was killed with the request in it
        if answer.status_code != 503:
            return answer
        clock.sleep(float(answer.headers.get("retry-after", "0.1")) / 4)


def lines_booked(url: str, first: int, last: int) -> Counter[str]:
    """Reference -> how often it stands in the books."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT reference FROM published.statement_line WHERE reference LIKE 'R%'"
        ).fetchall()
    return Counter(reference for (reference,) in rows if first <= int(reference[1:]) <= last)


def test_readers_read_and_one_monitor_takes_in(server: Served, bank_url: str) -> None:
    with server.client() as client, ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda _: client.get("/api/v1/loans").status_code, range(40)))
        sent = list(threads.map(lambda number: send(client, number).json(), range(100)))
    assert pages == [200] * 40
    assert [one["accepted"] for one in sent] == [1] * 100
    assert set(lines_booked(bank_url, 0, 99).values()) == {1}
    assert (len(server.children("reading")), len(server.children("monitor"))) == (WORKERS, 1)
    told = server.lines("loantrail.access")
    who = {(line["process"], line["route"]) for line in told if line["status"] == 200}
    assert who == {("reading", "/api/v1/loans"), ("monitor", "/api/v1/transactions")}
    assert {line["person"] for line in told} == {"operator", "key:live"}
    assert len({line["request_id"] for line in told}) == len(told)


def test_what_all_processes_counted_is_told_together(server: Served) -> None:
    with server.client() as client:
        for _ in range(10):
            client.get("/api/v1/accounts")
    found = {
        (sample.name, sample.labels.get("route")): sample.value
        for family in text_string_to_metric_families(httpx.get(server.metrics_address).text)
        for sample in family.samples
    }
    assert found["loantrail_request_seconds_count", "/api/v1/accounts"] == 10
    assert found["loantrail_database_up", None] == 1
    assert found["loantrail_live_delay_seconds_count", None] >= 1
    undecided, rows = (
        found[f"loantrail_live_{what}_rows_total", None] for what in ("undecided", "committed")
    )
    assert 0 <= undecided <= rows


def test_a_reading_process_that_dies_is_started_again_and_nobody_is_refused(server: Served) -> None:
    victim = server.children("reading")[0]
    victim.kill()
    with server.client() as client:
        # The other one answers meanwhile; connections that come in wait for one of them.
        assert [client.get("/api/v1/loans").status_code for _ in range(20)] == [200] * 20
    until(lambda: len(server.children("reading")) == WORKERS and victim not in server.children("reading"))
    assert "the reading process" in server.lines("loantrail.operating.serving")[-1]["message"]


def test_a_monitor_that_dies_loses_and_doubles_nothing(server: Served, bank_url: str) -> None:
    killed: list[int] = []

    def kill() -> None:
        for _ in range(2):
            clock.sleep(0.7)
            victim = until(lambda: server.children("monitor"))[0]
            victim.kill()
            killed.append(victim.pid)
            until(lambda: [one for one in server.children("monitor") if one.pid not in killed])

    killer = threading.Thread(target=kill)
    killer.start()
    numbers = range(1_000, 1_150)
    with server.client() as client, ThreadPoolExecutor(4) as threads:
        sent = list(threads.map(lambda number: send(client, number).status_code, numbers))
        killer.join()
        again = list(threads.map(lambda number: send(client, number).json(), numbers))
        pages = client.get("/api/v1/loans").status_code
    assert len(killed) == 2
    assert sent == [200] * len(numbers)
    assert sum(one["accepted"] + one["duplicate"] for one in again) == len(numbers)
    assert pages == 200
    booked = lines_booked(bank_url, numbers[0], numbers[-1])
    assert (len(booked), set(booked.values())) == (len(numbers), {1})
    assert len(server.children("monitor")) == 1


def test_what_is_under_way_is_finished_and_nothing_is_left(bank_url: str, tmp_path: Path) -> None:
    with serving(bank_url, tmp_path) as served:
        folder = [one for one in served.folder.iterdir() if one.name.startswith("loantrail-")]
        assert len(folder) == 1
        assert folder[0].stat().st_mode & 0o077 == 0
        with (
            psycopg.connect(bank_url) as holding,
            served.client() as client,
            ThreadPoolExecutor(1) as threads,
        ):
            # Whoever writes live lines waits for this lock: the request is under way until it is given up.
            holding.execute("SELECT pg_advisory_xact_lock(hashtext('loantrail.live.writer'))")
            slow = threads.submit(send, client, 5_000)
            until(lambda: _waits_for_lock(bank_url))
            served.process.send_signal(signal.SIGTERM)
            clock.sleep(1.0)
            holding.rollback()
            answer = slow.result()
        assert served.process.wait(60) == 0
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        assert list(served.folder.glob("loantrail-*")) == []
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{served.address}/api/v1/health")


def _waits_for_lock(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ).fetchone()
    return row is not None and row[0] > 0


def test_processes_end_with_the_one_that_started_them(bank_url: str, tmp_path: Path) -> None:
    with serving(bank_url, tmp_path) as served:
        children = [*served.children("reading"), *served.children("monitor")]
        served.process.kill()
        served.process.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []


def test_settings_that_cannot_be_used_end_it_with_the_reason(bank_url: str, tmp_path: Path) -> None:
    served = Served(bank_url, tmp_path, LOANTRAIL_CHANNELS=str(tmp_path / "none.yaml"))
    try:
        assert served.process.wait(120) == 2
    finally:
        served.end()
    said = served.log.read_text("utf-8")
    assert "the channels cannot be read" in said
    assert "the monitor process could not be started" in said


def test_a_socket_whose_path_would_be_too_long_lies_in_tmp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loantrail.operating.serving import SOCKET, private_folder

    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with private_folder() as folder, socket.socket(socket.AF_UNIX) as own:
        own.bind(str(folder / SOCKET))
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists() and list(deep.iterdir()) == []


def test_a_temporary_folder_is_made_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from loantrail.operating.serving import private_folder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with private_folder() as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()

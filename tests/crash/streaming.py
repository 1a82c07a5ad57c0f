"""Programs that stream statement lines to `loantrail serve` while something is killed, and what must hold afterwards."""

from __future__ import annotations

import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from tests.monitor.rows import row
from tests.signing_in import KEY, NO_CERTIFICATES, write_operator

from loantrail.ids import seeded_random

CLIENTS = 4
LOANTRAIL = Path(sys.executable).with_name("loantrail")
TRANSACTIONS = "/api/v1/transactions"


def start(
    url: str, home: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """A command of Loantrail over a database; the empty address is the embedded one of that home. `environment`: what is set besides."""
    return subprocess.Popen(
        [str(LOANTRAIL), *arguments],
        env={
            **os.environ,
            "LOANTRAIL_DATABASE_URL": url,
            "LOANTRAIL_HOME": str(home),
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def let_systems_in(url: str) -> None:
    """Make the key that the clients send."""
    with psycopg.connect(url) as connection:
        write_operator(connection)


def said(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(words, line):
            return line
    raise AssertionError(f"it ended without saying {words!r}")


def listened_to(process: subprocess.Popen[str]) -> threading.Thread:
    """Something reads on what the process says: it would stand still when nobody did."""
    assert process.stdout is not None
    thread = threading.Thread(target=collections.deque, args=(process.stdout, 0), daemon=True)
    thread.start()
    return thread


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    """Have the process end, and its status."""
    process.send_signal(how)
    try:
        process.communicate(timeout=60)
    except ValueError:  # somebody else reads it
        process.wait(60)
    return process.returncode


def references(url: str) -> list[str]:
    """Of all lines in the books."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT reference FROM ledger.statement_line ORDER BY reference"
        ).fetchall()
        return [one[0] for one in found]


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was answered."""

    body: str
    key: str
    answer: bytes


class Client(threading.Thread):
    """Sends requests one after the other, each again under its key until it is answered."""

    def __init__(self, number: int, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.number, self.port = number, port
        self.chance = seeded_random(seed)
        self.stopping = threading.Event()
        self.sent: list[str] = []
        self.answered: list[Request] = []
        self.repeats = 0
        self.problem: BaseException | None = None

    def run(self) -> None:
        try:
            at = 0
            while not self.stopping.is_set():
                rows = [
                    row(at + place, reference=f"C{self.number}-{at + place}", account=f"6{self.number}")
                    for place in range(self.chance.choice((1, 1, 5, 200)))
                ]
                at += len(rows)
                self.sent += [one["reference"] for one in rows]
                body, key = json.dumps(rows), f"c{self.number}-{at}"
                self.answered.append(Request(body, key, self.until_answered(body, key)))
        except BaseException as problem:
            self.problem = problem

    def until_answered(self, body: str, key: str) -> bytes:
        headers = {
            "Idempotency-Key": key,
            "Content-Type": "application/json",
            "Authorization": f"Bearer {KEY}",
        }
        while True:
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{self.port}{TRANSACTIONS}",
                    content=body,
                    headers=headers,
                    timeout=120,
                    verify=NO_CERTIFICATES,
                )
                if answer.status_code == 200:
                    return answer.content
                assert answer.status_code in (503, 507), answer.text
            except httpx.HTTPError:
                pass
            self.repeats += 1
            time.sleep(0.05)

    def finish(self, seconds: float = 120) -> None:
        """End when the last request is answered."""
        self.stopping.set()
        self.join(seconds)
        assert not self.is_alive(), "a request stays without an answer"
        if self.problem is not None:
            raise self.problem

    def check_answers(self) -> None:
        """Every answer says that all its lines are new: the key was committed with the rows, so that even the answer after
        a kill says so."""
        for one in self.answered:
            told = json.loads(one.answer)
            assert (told["accepted"], told["duplicate"], told["refused"]) == (len(told["rows"]), 0, 0), told

    def check_repeated(self, share: float) -> None:
        """The same requests again get the same answers, byte for byte."""
        for one in self.answered:
            if self.chance.random() < share:
                assert self.until_answered(one.body, one.key) == one.answer


def wait_for_answer(clients: Sequence[Client], seconds: float = 120) -> None:
    """Until one of them has been answered once more."""
    before = sum(len(client.answered) for client in clients)
    limit = time.monotonic() + seconds
    while sum(len(client.answered) for client in clients) == before:
        assert [client.problem for client in clients] == [None] * len(clients)
        assert time.monotonic() < limit, "no request is answered"
        time.sleep(0.01)

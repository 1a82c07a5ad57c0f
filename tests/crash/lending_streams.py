"""Clients that stream the lines of a bank that lends to `loantrail serve` while something is killed, and what must stand of trace and
warnings afterwards."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import psycopg
import pytest
from tests.crash.streaming import TRANSACTIONS, let_systems_in, start
from tests.monitor import kept_warnings
from tests.monitor.lending import ACCOUNTS, Lines, Row, in_deliveries, lines_before, open_bank
from tests.signing_in import KEY, NO_CERTIFICATES

from loantrail.monitor.committing import commit_group
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import first_ground
from loantrail.monitor.leading import Connecting
from loantrail.monitor.model import Answered
from loantrail.monitor.outstanding import judge_outstanding, judge_owed
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import Database, configure
from loantrail.tracing import snapshots
from loantrail.tracing.live_digest import state_digest

Connection = psycopg.Connection[Any]
STEPS: Final = 40
"""Of one history; a stream goes on with the next one."""
HARMLESS: Final = {
    "account": ACCOUNTS["N0"],
    "amount_fen": 100,
    "counterparty_account": ACCOUNTS["N1"],
}
NEVER: Final = "1000000"
"""Seconds until a run."""


def open_books(url: str, home: Path) -> None:
    """The bank, its first loans paid out and traced, what the run left kept in that home, and the key that the clients send."""
    with psycopg.connect(url) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANTRAIL_HOME", str(home))
        snapshots.forget()
        configure(connection)
        open_bank(connection)
    let_systems_in(url)


class Stream:
    """Deliveries of a history that goes on, cut at random."""

    def __init__(self, seed: int) -> None:
        self._lines = Lines(seed)
        self._cut: list[list[Row]] = []

    def next(self) -> list[Row]:
        if not self._cut:
            self._cut = in_deliveries(self._lines.chance, self._lines.more(STEPS))[::-1]
        return self._cut.pop()

    def last(self) -> list[list[Row]]:
        """Those that complete it: no transfer lacks its other line, and something came of each loan."""
        return [*self._cut[::-1], self._lines.interest()]


class Sender(threading.Thread):
    """Sends deliveries one after the other, each under its key until it is answered. A patient one sends only where decisions are given."""

    def __init__(self, name: str, port: int, stream: Stream, *, is_patient: bool) -> None:
        super().__init__(daemon=True)
        self.sender, self.port, self.is_patient = name, port, is_patient
        self.stopping = threading.Event()
        self.sent: list[list[Row]] = []
        self.answers: list[bytes] = []
        self.repeats = 0
        self.problem: BaseException | None = None
        self._stream = stream

    def run(self) -> None:
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}",
                headers={"Authorization": f"Bearer {KEY}"},
                timeout=120,
                verify=NO_CERTIFICATES,
            ) as client:
                while not self.stopping.is_set():
                    self._send(client, self._stream.next())
                for rows in self._stream.last():
                    self._send(client, rows)
        except BaseException as problem:
            self.problem = problem

    def _send(self, client: httpx.Client, rows: list[Row]) -> None:
        self.sent.append(rows)
        self.answers.append(self._until_answered(client, rows, f"{self.sender}-{len(self.sent)}"))

    def _until_answered(self, client: httpx.Client, rows: list[Row], key: str) -> bytes:
        while True:
            try:
                if not self.is_patient or self._is_decided(client):
                    answer = client.post(TRANSACTIONS, json=rows, headers={"Idempotency-Key": key})
                    if answer.status_code == 200:
                        return answer.content
                    assert answer.status_code in (503, 507), answer.text
            except httpx.HTTPError:
                pass
            self.repeats += 1
            time.sleep(0.02)

    def _is_decided(self, client: httpx.Client) -> bool:
        answer = client.post("/api/v1/decisions", json=HARMLESS)
        assert answer.status_code in (200, 503, 507), answer.text
        return answer.status_code == 200

    def finish(self, seconds: float = 120) -> None:
        """End when the last delivery is answered."""
        self.stopping.set()
        self.join(seconds)
        assert not self.is_alive(), "a delivery stays without an answer"
        if self.problem is not None:
            raise self.problem


def wait_for_answers(senders: Sequence[Sender], count: int, seconds: float = 120) -> None:
    """Until they were answered so many times more."""
    before = sum(len(one.answers) for one in senders)
    limit = time.monotonic() + seconds
    while sum(len(one.answers) for one in senders) < before + count:
        assert [one.problem for one in senders] == [None] * len(senders)
        assert time.monotonic() < limit, "no delivery is answered"
        time.sleep(0.005)


def serve(url: str, home: Path, port: int, trace_seconds: str = NEVER, **more: str) -> subprocess.Popen[str]:
    told = {"LOANTRAIL_LIVE_TRACE_SECONDS": trace_seconds, **more}
    return start(url, home, "serve", "--port", str(port), environment=told)


@contextmanager
def judging(url: str, home: Path) -> Generator[tuple[Connection, Deciding]]:
    """A process of its own that judges what comes, and has judged what there is."""
    with psycopg.connect(url) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOANTRAIL_HOME", str(home))
        snapshots.forget()
        configure(connection)
        deciding = Deciding(Connecting(Database(url)), first_ground)
        deciding.want()
        deciding.wait()
        assert deciding.is_ready
        judge_outstanding(connection, deciding)
        while deciding.owes:
            judge_owed(connection, deciding, time.monotonic() + 60)
        yield connection, deciding


def stream_undisturbed(url: str, home: Path, deliveries: Sequence[list[Row]]) -> list[Answered]:
    """The same deliveries, one after the other, in one process that nobody disturbs; what it answers."""
    answers: list[Answered] = []
    with judging(url, home) as (connection, deciding):
        for number, rows in enumerate(deliveries):
            assert deciding.is_ready, f"the state was dropped before delivery {number}"
            delivery = read_payload(json.dumps(rows).encode(), JSON, f"POST {TRANSACTIONS}")
            [answer] = commit_group(connection, [delivery], deciding)
            assert isinstance(answer, Answered)
            answers.append(answer)
    return answers


def outcomes(answer: Any) -> list[tuple[Any, ...]]:
    """Of each row, what was told of it."""
    told = msgspec.to_builtins(answer) if isinstance(answer, Answered) else json.loads(answer)
    return [
        (
            row["outcome"],
            row["line_id"],
            row["reason"],
            row["decision"],
            row["undecided"],
            sorted(hit["hit_id"] for hit in row["hits"]),
        )
        for row in told["rows"]
    ]


def digest_of_state(url: str, home: Path) -> str:
    """Of the state of a process that read these books anew: balances, lots, hops."""
    with judging(url, home) as (_, deciding):
        held = deciding._held
        assert held is not None
        return state_digest(held.standing.trace)


def rebuilt(url: str, home: Path) -> dict[str, str]:
    """What `loantrail rebuild` finds: kind -> digest of the rows, which are equal to those that it computes anew."""
    process = start(url, home, "rebuild", "--json")
    said, _ = process.communicate(timeout=120)
    told = json.loads(said.splitlines()[-1])
    assert told["equal"], told
    assert process.returncode == 0
    return {one["kind"]: one["digest"] for one in told["kinds"]}


def assert_as_undisturbed(
    url: str, home: Path, undisturbed: str, other_home: Path, sender: Sender, base: str | None = None
) -> None:
    """What a patient sender was answered and what stands is what one process gives that nobody disturbed. `base`: the address that
    commands are given, where it is another."""
    found = assert_books_are_whole(url, home, [sender])
    expected = stream_undisturbed(undisturbed, other_home, sender.sent)
    for number, (mine, others) in enumerate(zip(sender.answers, expected, strict=True)):
        told, wanted = outcomes(mine), outcomes(others)
        differing = [pair for pair in zip(told, wanted, strict=True) if pair[0] != pair[1]]
        assert not differing, (
            f"delivery {number} of {len(expected)}: {json.dumps(differing, ensure_ascii=False)}"
        )
    whole = assert_books_are_whole(undisturbed, other_home, [sender])
    kept_warnings.assert_equal(found, whole)
    assert digest_of_state(url, home) == digest_of_state(undisturbed, other_home)
    assert rebuilt(url if base is None else base, home) == rebuilt(undisturbed, other_home)
    assert found["threads"], "nothing of the stream warns"
    assert sender.repeats > 0


def assert_books_are_whole(url: str, home: Path, senders: Sequence[Sender]) -> dict[str, kept_warnings.Rows]:
    """Each line that was sent stands once, each thread is of one piece, and the hits are those of the whole books; what stands."""
    with judging(url, home) as (connection, _):
        kept_warnings.assert_of_one_piece(connection)
        found = kept_warnings.everything(connection)
        kept_warnings.assert_equal(
            {"hits": kept_warnings.hits_that_stand(connection)},
            {"hits": kept_warnings.hits_of_books(connection)},
        )
        mine = {row[0] for row in found["lines"]}
    accepted = [
        row["line_id"]
        for sender in senders
        for answer in sender.answers
        for row in json.loads(answer)["rows"]
        if row["outcome"] == "accepted"
    ]
    assert len(accepted) == len(set(accepted)), "a line was told to be new twice"
    before = len(lines_before())
    assert len(found["lines"]) == before + len(accepted)
    assert {uuid.UUID(one) for one in accepted} <= mine
    return found

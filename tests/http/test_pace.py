"""Who sends many more requests than people and systems do is told to wait."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from loantrail import clock
from loantrail.http import pace
from loantrail.http.pace import Pace, Paced


def sent(
    paced: Paced, path: str = "/api/v1/loans", address: str = "10.0.0.1", **headers: str
) -> dict[str, Any]:
    """What a request is answered with: its status, and headers."""
    answer: dict[str, Any] = {}

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.update(status=message["status"], **{k.decode(): v.decode() for k, v in message["headers"]})

    scope = {
        "type": "http", "path": path, "client": (address, 1234),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asyncio.run(paced(scope, receive, send))
    return answer


async def fine(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: its last entry is now."""
    told = [100.0]
    monkeypatch.setattr(clock, "monotonic_seconds", lambda: told[-1])
    monkeypatch.setattr(pace, "BURST_SECONDS", 2.0)
    return told


def test_a_session_that_floods_is_told_when_to_go_on_and_others_are_not(times: list[float]) -> None:
    paced = Paced(fine, per_second=5)
    burst = [sent(paced, cookie="loantrail=one")["status"] for _ in range(10)]
    refused = sent(paced, cookie="loantrail=one")
    other = sent(paced, cookie="loantrail=two")
    times.append(101.0)

    again = [sent(paced, cookie="loantrail=one")["status"] for _ in range(6)]

    assert burst == [200] * 10
    assert (refused["status"], refused["retry-after"]) == (429, "1")
    assert refused["content-type"] == "application/problem+json"
    assert other["status"] == 200
    assert again == [200] * 5 + [429]


def test_a_key_has_ten_times_as_much(times: list[float]) -> None:
    paced = Paced(fine, per_second=5)

    answers = [sent(paced, authorization="Bearer k")["status"] for _ in range(101)]

    assert answers == [200] * 100 + [429]


def test_new_names_do_not_help_an_address(times: list[float]) -> None:
    paced = Paced(fine, per_second=5)

    answers = [sent(paced, cookie=f"loantrail={one}")["status"] for one in range(201)]

    assert answers == [200] * 200 + [429]
    assert sent(paced, address="10.0.0.2")["status"] == 200


def test_pages_and_live_lines_are_not_counted(times: list[float]) -> None:
    paced = Paced(fine, per_second=1)

    for path in ("/", "/loans", "/api/v1/transactions", "/api/v1/decisions"):
        assert {sent(paced, path)["status"] for _ in range(90)} == {200}


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SENDERS_MOST", 100)
    told = Pace()

    for one in range(1_000):
        assert told.wait_seconds(f"sender {one}", 1, 0.0) == 0

    assert len(told._rooms) == 100

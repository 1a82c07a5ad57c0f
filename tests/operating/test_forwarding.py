"""What only the monitor can answer goes through a reading process as it is: bytes, headers, refusals, limits."""

from __future__ import annotations

import inspect
import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.operating.asking import Failing

from loantrail.http.app import create_app
from loantrail.http.forwarding import Forwarding, FromReaders
from loantrail.http.processes import Address, addresses_of_the_monitor, calls_of
from loantrail.operating.logs import REQUEST_ID

EVERYTHING = (
    Address(frozenset(("GET", "POST", "PUT", "HEAD")), re.compile("^/of-the-monitor"), "/of-the-monitor"),
)
MIB = 2**20


@contextmanager
def served(app: ASGIApp, path: Path | None = None) -> Iterator[str]:
    """The application on a socket of that path, or a port: its address."""
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET) as listening:
        listening.bind(str(path) if path else ("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_level="critical",
                lifespan="off" if path else "on",
                date_header=path is None,
                proxy_headers=False,
            )
        )
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started:
                pass
            yield "" if path else f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Monitor:
    """Answers with what it was asked, and keeps it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.body_parts = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.asked.append({"gone": len(body)})
                return
            body += message["body"]
            self.body_parts += 1
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.asked.append(
            {
                "method": scope["method"],
                "target": scope["raw_path"] + b"?" + scope["query_string"],
                "headers": headers,
                "client": scope["client"],
                "scheme": scope["scheme"],
                "body": body,
            }
        )
        if headers.get("x-want") == "half":
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]}
            )
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("died")
        status = int(headers.get("x-want", "200"))
        sent = [
            (b"retry-after", b"7"),
            (b"x-request-id", b"of-the-monitor"),
            (b"content-type", b"text/plain"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        for part in (b"one,", b"two,", b"three"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    """What the reading process answers itself."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"of the reader"})


@pytest.fixture
def monitor() -> Monitor:
    return Monitor()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor"


@pytest.fixture
def client(monitor: Monitor, path: Path) -> Iterator[httpx.Client]:
    with (
        served(FromReaders(monitor), path),
        served(Forwarding(reader, EVERYTHING, path)) as address,
        httpx.Client(base_url=address, timeout=30) as opened,
    ):
        yield opened


def test_what_is_not_the_monitors_is_answered_here(client: httpx.Client, monitor: Monitor) -> None:
    assert client.get("/elsewhere").text == "of the reader"
    assert client.request("DELETE", "/of-the-monitor").text == "of the reader"
    assert monitor.asked == []


def test_a_request_arrives_as_it_was_sent(client: httpx.Client, monitor: Monitor) -> None:
    answer = client.post(
        "/of-the-monitor/%E8%B4%B7%2Fx%20y;a=%3F?q=%26a&b=c%20d&q=",
        content=b"\x00\xff body",
        headers={"Idempotency-Key": "k1", "Cookie": "a=b; c=d", "Content-Type": "application/x-ndjson"},
    )
    asked = monitor.asked[0]
    assert (answer.status_code, answer.text) == (200, "one,two,three")
    assert asked["target"] == b"/of-the-monitor/%E8%B4%B7%2Fx%20y;a=%3F?q=%26a&b=c%20d&q="
    assert asked["body"] == b"\x00\xff body"
    sent = asked["headers"]
    assert (sent["idempotency-key"], sent["cookie"], sent["content-length"]) == ("k1", "a=b; c=d", "7")
    assert sent["host"] == f"127.0.0.1:{client.base_url.port}"


def test_the_monitor_knows_who_asked_and_nobody_can_pretend(client: httpx.Client, monitor: Monitor) -> None:
    client.get("/of-the-monitor", headers={"X-Loantrail-Client": "10.9.8.7 1 https"})
    asked = monitor.asked[0]
    assert asked["client"][0] == "127.0.0.1"
    assert asked["scheme"] == "http"
    assert "x-loantrail-client" not in asked["headers"]


def test_a_large_body_goes_through_in_parts(client: httpx.Client, monitor: Monitor) -> None:
    def parts() -> Iterator[bytes]:
        for number in range(20):
            yield bytes([number]) * MIB

    client.post("/of-the-monitor", content=parts())
    assert monitor.asked[0]["body"] == b"".join(parts())
    assert monitor.body_parts > 5


@pytest.mark.parametrize("status", [404, 413, 503])
def test_refusals_reach_the_sender_as_they_are(client: httpx.Client, status: int) -> None:
    answer = client.post("/of-the-monitor", content=b"x", headers={"X-Want": str(status)})
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    assert answer.headers["x-request-id"] == "of-the-monitor"


def test_half_an_answer_never_looks_like_a_whole_one(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/of-the-monitor", headers={"X-Want": "half"})


def test_a_sender_that_breaks_off_leaves_nothing_whole_at_the_monitor(
    client: httpx.Client, monitor: Monitor
) -> None:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as raw:
        raw.sendall(b"POST /of-the-monitor HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf of it")
    for _ in range(200):
        if monitor.asked:
            break
        threading.Event().wait(0.02)
    assert [list(asked) for asked in monitor.asked] == [["gone"]]


def test_a_monitor_that_is_away_is_told_and_one_that_comes_back_is_found(
    client: httpx.Client, path: Path, monitor: Monitor, tmp_path: Path
) -> None:
    away = tmp_path / "nobody"
    with served(Forwarding(reader, EVERYTHING, away)) as address, httpx.Client(base_url=address) as other:
        answer = other.post("/of-the-monitor", content=b"x")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        told = answer.json()
        assert (told["code"], told["detail_chinese"]) == (
            "monitor_away",
            "接入数据和处理任务的进程正在重新启动",
        )
        with served(FromReaders(monitor), away):
            assert other.post("/of-the-monitor", content=b"x").status_code == 200
        assert other.post("/of-the-monitor", content=b"x").status_code == 503


def test_the_monitor_is_told_the_id_of_the_request(client: httpx.Client, monitor: Monitor) -> None:
    client.post("/of-the-monitor", content=b"x", headers={"X-Request-Id": "gateway-000017"})
    client.post("/of-the-monitor", content=b"x", headers={"X-Request-Id": "not well formed"})
    client.post("/of-the-monitor", content=b"x")

    given, *made = (asked["headers"]["x-request-id"] for asked in monitor.asked)
    assert given == "gateway-000017"
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)
    assert made[0] != made[1]


def test_a_request_that_the_monitor_did_not_answer_is_told_of_with_its_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    counted: list[tuple[str, str, int]] = []

    class Watched:
        state = SimpleNamespace(
            access_log=True,
            observer=lambda method, route, status, _, streamed: counted.append((method, route, status)),
        )

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await reader(scope, receive, send)

    ids: list[tuple[str, str]] = []
    caplog.handler.addFilter(lambda line: ids.append((line.name, REQUEST_ID.get())) or True)
    caplog.set_level(logging.INFO, logger="loantrail")
    with (
        served(Forwarding(Watched(), EVERYTHING, tmp_path / "nobody")) as address,
        httpx.Client(base_url=address) as other,
    ):
        answer = other.post("/of-the-monitor", content=b"x", headers={"X-Request-Id": "gateway-000017"})

    assert (answer.status_code, answer.headers["x-request-id"]) == (503, "gateway-000017")
    assert counted == [("POST", "/of-the-monitor", 503)]
    assert ("loantrail.http.forwarding", "gateway-000017") in ids
    assert ("loantrail.access", "gateway-000017") in ids


# Which routes are the monitor's ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def app() -> Any:
    return create_app(Failing(), Failing())


def test_live_intake_imports_nights_and_jobs_are_the_monitors_and_pages_are_not(app: Any) -> None:
    forwarding = Forwarding(app, addresses_of_the_monitor(app), Path("/nowhere"))
    for method, path in (
        ("POST", "/api/v1/transactions"),
        ("POST", "/api/v1/decisions"),
        ("GET", "/api/v1/evaluation"),
        ("POST", "/api/v1/corrections"),
        ("POST", "/api/v1/imports"),
        ("GET", "/api/v1/nightly"),
        ("POST", "/api/v1/rule-versions/00000000000000000000000000000000/backtests"),
    ):
        assert forwarding.sends_on(method, path), (method, path)
    for method, path in (
        ("GET", "/api/v1/loans"),
        ("GET", "/api/v1/loans/JJ1"),
        ("GET", "/api/v1/warnings/stream"),
        ("GET", "/api/v1/readiness"),
        ("GET", "/"),
        ("GET", "/api/v1/corrections"),
        ("PUT", "/api/v1/transactions"),
    ):
        assert not forwarding.sends_on(method, path), (method, path)


def test_whatever_a_process_keeps_for_itself_is_marked(app: Any) -> None:
    """A function that routes depend on and that puts something into the application's state lends something there is one of."""
    keeps = re.compile(r"\bstate\.\w+ = ")
    unmarked = {
        f"{call.__module__}.{call.__qualname__}"
        for context in iter_route_contexts(app.routes)
        for call in calls_of(getattr(context, "dependant", None))
        if inspect.isfunction(call)
        and keeps.search(inspect.getsource(call).replace("request.state.", ""))
        and not getattr(call, "of_the_monitor", False)
    }
    assert unmarked == set()

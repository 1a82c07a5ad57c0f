"""What is served besides the data: the page's files, the protection of answers, the address, failures."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from tests.http.running import running

from loantrail.cli.serve import command
from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.http import page_files
from loantrail.http.server import DEFAULT_PORT, listen, page_address


class _Failing:
    """A way to a database that fails in one way."""

    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    @contextmanager
    def connection(self) -> Iterator[NoReturn]:
        raise self._problem
        yield  # type: ignore[unreachable]  makes this a generator

    session = connection


def _stopped_database() -> _Failing:
    return _Failing(DatabaseUnavailable("the database stopped", remedy="Start it"))


def signed_in(address: str) -> httpx.Client:
    """A client that holds a session, as far as one can tell without the database."""
    return httpx.Client(base_url=address, cookies={"loantrail": "some-session"}, timeout=60)


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of three files, served in place of the built one."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<meta content="__STYLE_NONCE__">贷迹')
    (tmp_path / "assets" / "app-1a2b.js").write_text("plain")
    (tmp_path / "assets" / "app-1a2b.js.br").write_bytes(b"packed")
    router = page_files.page_router
    monkeypatch.setattr("loantrail.http.app.page_router", lambda: router(tmp_path))
    return tmp_path


@pytest.fixture
def site(page_folder: Path) -> Iterator[httpx.Client]:
    with running(_stopped_database(), _stopped_database()) as address, signed_in(address) as client:
        yield client


def test_every_view_of_the_page_has_an_address(site: httpx.Client) -> None:
    for path in ("/", "/loans/JJ.2025/001", "/anything"):
        answer = site.get(path)
        assert answer.status_code == 200
        assert "贷迹" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert site.get("/assets/gone.js").status_code == 404
    assert site.get("/api/v2/loans").headers["content-type"] == "application/problem+json"


def test_styles_need_the_nonce_of_their_own_answer_and_scripts_come_from_here_alone(
    site: httpx.Client,
) -> None:
    first, second = site.get("/"), site.get("/")
    nonces = []
    for answer in (first, second):
        policy = answer.headers["content-security-policy"]
        found = re.search(r"style-src 'self' 'nonce-([^']+)'", policy)
        assert found is not None
        assert found[1] in answer.text
        nonces.append(found[1])
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert nonces[0] != nonces[1]


def test_files_come_packed_to_those_who_can_unpack_and_are_kept(site: httpx.Client) -> None:
    packed = site.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "br"})
    with site.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": "br"}) as raw:
        assert b"".join(raw.iter_raw()) == b"packed"
    assert packed.headers["content-encoding"] == "br"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert "immutable" in packed.headers["cache-control"]
    assert site.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"}).text == "plain"


def test_nothing_outside_the_page_folder_is_served(site: httpx.Client, page_folder: Path) -> None:
    (page_folder.parent / "secret.txt").write_text("secret")
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/%00"):
        assert "secret" not in site.get(path).text


def test_a_page_that_is_not_built_says_how_to_build_it(page_folder: Path, site: httpx.Client) -> None:
    (page_folder / "index.html").unlink()
    answer = site.get("/")
    assert answer.status_code == 503
    assert "hatch_build" in answer.text


def test_a_name_that_is_not_this_machine_is_refused(site: httpx.Client) -> None:
    answer = site.get("/api/v1/loans", headers={"Host": "bank.example"})
    assert answer.status_code == 421
    assert answer.json()["code"] == "host_refused"
    for host in ("localhost:8321", "[::1]:8321", "127.0.0.1"):
        assert site.get("/", headers={"Host": host}).status_code == 200


def test_a_database_that_stopped_is_a_problem_with_its_remedy(site: httpx.Client) -> None:
    answer = site.get("/api/v1/loans")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "database_unavailable"
    assert answer.json()["remedy"] == "Start it"


def test_an_unforeseen_failure_tells_nothing_of_the_inside_and_is_guarded_too(page_folder: Path) -> None:
    failing = _Failing(ArithmeticError("secret words of the inside"))
    with running(failing, failing) as address, signed_in(address) as client:
        answer = client.get("/api/v1/loans")
    assert answer.status_code == 500
    assert answer.json()["code"] == "unforeseen"
    assert "secret" not in answer.text
    assert "content-security-policy" in answer.headers


def test_other_ways_of_asking_are_refused(site: httpx.Client) -> None:
    answer = site.post("/api/v1/loans")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4"])
def test_other_machines_reach_the_page_through_a_proxy_with_tls_alone(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_PUBLIC_URL", "http://loantrail.bank.example")
    with pytest.raises(ConfigurationError, match="without encryption"):
        listen(host, 0)
    refused = CliRunner().invoke(command, ["--host", host])
    assert isinstance(refused.exception, ConfigurationError)


def test_behind_a_proxy_the_public_name_is_answered_to(
    page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_PUBLIC_URL", "https://loantrail.bank.example")
    with listen("0.0.0.0", 0) as opened:
        assert opened.getsockname()[0] == "0.0.0.0"
    with running(_stopped_database(), _stopped_database()) as address, signed_in(address) as client:
        answer = client.get("/", headers={"Host": "loantrail.bank.example"})
        assert (answer.status_code, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
        assert client.get("/", headers={"Host": "other.example"}).status_code == 421


@pytest.mark.parametrize("host", ["bank.example", ""])
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no address"):
        listen(host, 0)


def test_a_taken_default_port_gives_the_next_free_one() -> None:
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        ports = [one.getsockname()[1] for one in (first, second)]
        assert DEFAULT_PORT <= ports[0] < ports[1]
        assert page_address(second) == f"http://127.0.0.1:{ports[1]}/"


def test_a_taken_port_that_was_asked_for_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} of 127.0.0.1 cannot be used"):
            listen("127.0.0.1", port)


def test_no_part_of_an_answer_waits_until_the_one_before_has_arrived() -> None:
    async def is_sent_at_once() -> bool:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def on_connection(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set_result(
                writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            writer.close()

        with listen("127.0.0.1", 0) as listening:
            port = listening.getsockname()[1]
            async with await asyncio.start_server(on_connection, sock=listening):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                set_to = await asyncio.wait_for(asked, 10)
                writer.close()
                await writer.wait_closed()
        return set_to != 0

    assert asyncio.run(is_sent_at_once())


def test_the_application_is_one_that_servers_know() -> None:
    from loantrail.http.app import create_app

    assert isinstance(create_app(_stopped_database(), _stopped_database()), FastAPI)


def test_a_head_without_end_is_refused(site: httpx.Client) -> None:
    with socket.create_connection((site.base_url.host, site.base_url.port or 0), 10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (b"X-More: " + b"a" * 1_000 + b"\r\n") * 70)
        try:
            answer = raw.recv(4_096)
        except ConnectionResetError:  # it closed with some of that unread
            answer = b""

    assert not answer or answer.startswith(b"HTTP/1.1 400")
    assert site.get("/").status_code == 200


def test_a_large_body_is_no_head(site: httpx.Client) -> None:
    for _ in range(2):  # the second over the same connection
        answer = site.post(
            "/api/v1/sign-in", content=b"{" + b" " * 200_000, headers={"Content-Type": "application/json"}
        )
        assert answer.headers["content-type"] == "application/problem+json"
        assert "head" not in answer.text

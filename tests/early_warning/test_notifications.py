"""Warnings leave by mail and webhook: retried, gathered, held in quiet hours, never silently lost."""

from __future__ import annotations

import asyncio
import datetime
import email
import email.policy
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.http.bank import LOAN, QUIET_LOAN, write_books
from tests.http.warned import QUIET_HIT, hit_row, take_rows

from loantrail import clock
from loantrail.cli.warnings import command
from loantrail.early_warning.channels import Channel, read_channels
from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import SHANGHAI
from loantrail.early_warning.sending import ATTEMPTS_MOST, notify, send_due
from loantrail.early_warning.store_outbox import try_again
from loantrail.errors import ConfigurationError
from loantrail.postgres.connection import type_of_connection

NOON = datetime.datetime(2025, 6, 6, 12, 0, tzinfo=SHANGHAI)
Sent = list[tuple[str, str, str]]


@pytest.fixture
def at_noon() -> Iterator[list[datetime.datetime]]:
    """The time of the product, to be set."""
    now = [NOON]
    clock.set_clock(lambda: now[0])
    yield now
    clock.set_clock(None)


@pytest.fixture
def bank(connection: type_of_connection) -> type_of_connection:
    write_books(connection)
    send_due(connection, [channel()], lambda *_: "")  # known from here on
    return connection


def channel(**more: Any) -> Channel:
    return Channel(**{"name": "risk", "url": "json://x", "url_from": "X", "levels": LEVELS, **more})


def deliveries(connection: type_of_connection) -> list[tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT state, attempts, problem, cardinality(outbox_ids) FROM early_warning.delivery ORDER BY delivery_id"
    ).fetchall()
    connection.rollback()
    return rows


@pytest.mark.database
def test_new_warnings_leave_once(bank: type_of_connection, at_noon: list[datetime.datetime]) -> None:
    sent: Sent = []
    take_rows(bank, [hit_row(), QUIET_HIT])
    for _ in range(2):
        send_due(bank, [channel()], lambda *what: sent.append(what) or "")
    assert sorted(title for _, title, _ in sent) == [
        f"【红色预警】甲纺织有限公司 {LOAN}",
        f"【蓝色预警】乙 {QUIET_LOAN}",
    ]
    red = next(body for _, title, body in sent if "红色" in title)
    assert "流入证券、期货、理财等；涉及 30.00 万元，确证至少 25.00 万元" in red
    assert "均为疑似，不是认定" in red


@pytest.mark.database
def test_a_new_channel_is_not_told_of_what_was_before(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    take_rows(bank, [hit_row()])
    assert send_due(bank, [channel(name="second")], lambda *_: "") == (0, 0)
    take_rows(bank, [hit_row(), QUIET_HIT])
    english = channel(name="second", language="en", levels=(Level.BLUE,))
    sent: Sent = []
    assert send_due(bank, [english], lambda *what: sent.append(what) or "") == (1, 0)
    assert sent[0][1] == f"[blue warning] 乙 {QUIET_LOAN}"


@pytest.mark.database
def test_a_failure_is_tried_again_with_growing_pauses_and_stays_visible(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    take_rows(bank, [hit_row()])
    pauses = []
    for _ in range(ATTEMPTS_MOST):
        assert send_due(bank, [channel()], lambda *_: "no route") == (0, 1)
        assert send_due(bank, [channel()], lambda *_: "no route") == (0, 0)
        row = bank.execute("SELECT not_before FROM early_warning.delivery").fetchone()
        assert row is not None
        pauses.append((row[0] - at_noon[0]).total_seconds() / 60)
        at_noon[0] = max(at_noon[0], row[0])
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert deliveries(bank) == [("failed", ATTEMPTS_MOST, "no route", 1)]
    assert bank.execute("SELECT problem FROM early_warning.channel WHERE name = 'risk'").fetchone() == (
        "no route",
    )
    row = bank.execute("SELECT delivery_id FROM early_warning.delivery").fetchone()
    assert row is not None
    assert try_again(bank, row[0], clock.now())
    assert send_due(bank, [channel()], lambda *_: "") == (1, 0)
    assert deliveries(bank)[0][0] == "sent"


@pytest.mark.database
def test_a_channel_that_is_dead_holds_up_neither_the_others_nor_itself_for_long(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    dead, alive = channel(name="dead", url="json://dead"), channel()
    send_due(bank, [dead, alive], lambda *_: "")
    take_rows(bank, [hit_row(), QUIET_HIT])
    asked: Sent = []

    def send(url: str, title: str, body: str) -> str:
        asked.append((url, title, body))
        return "timed out" if url == dead.url else ""

    assert send_due(bank, [dead, alive], send) == (2, 1)

    assert [url for url, _, _ in asked] == [dead.url, alive.url, alive.url]
    assert send_due(bank, [dead, alive], send) == (0, 1)  # the other of its messages
    assert send_due(bank, [dead, alive], send) == (0, 0)
    at_noon[0] += datetime.timedelta(minutes=1)
    assert send_due(bank, [dead, alive], lambda *_: "") == (2, 0)


@pytest.mark.database
def test_a_message_that_breaks_the_sender_is_noted_as_one_that_failed_without_its_address(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    take_rows(bank, [hit_row()])

    def breaks(url: str, *_: str) -> str:
        raise ValueError(f"{url} has no host")

    assert send_due(bank, [channel()], breaks) == (0, 1)

    problem = "the server could not send it and its log says more (ValueError)"
    assert deliveries(bank) == [("waiting", 1, problem, 1)]
    assert send_due(bank, [channel()], breaks) == (0, 0)


@pytest.mark.database
def test_who_sends_stops_in_time_to_look_after_the_warnings(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    take_rows(bank, [hit_row(), QUIET_HIT])
    sent: Sent = []

    def slow(url: str, title: str, body: str) -> str:
        sent.append((url, title, body))
        time.sleep(0.05)
        return ""

    assert send_due(bank, [channel()], slow, most_seconds=0.05) == (1, 0)
    assert send_due(bank, [channel()], slow) == (1, 0)


@pytest.mark.database
def test_mild_ones_gather_and_severe_ones_leave_at_once(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    digest = channel(digest_at=datetime.time(8, 30))
    take_rows(bank, [hit_row(level=Level.YELLOW), QUIET_HIT])
    sent: Sent = []
    assert send_due(bank, [digest], lambda *what: sent.append(what) or "") == (0, 0)
    assert deliveries(bank) == [("waiting", 0, None, 2)]
    at_noon[0] = NOON + datetime.timedelta(hours=21)
    assert send_due(bank, [digest], lambda *what: sent.append(what) or "") == (1, 0)
    assert sent[0][1] == "【预警】2 条，最高黄色"
    take_rows(bank, [hit_row(level=Level.RED), QUIET_HIT])
    assert send_due(bank, [digest], lambda *what: sent.append(what) or "") == (1, 0)


@pytest.mark.database
def test_a_channel_whose_address_is_not_set_says_so(
    bank: type_of_connection, at_noon: list[datetime.datetime]
) -> None:
    take_rows(bank, [hit_row()])
    assert send_due(bank, [channel(url="", url_from="LOANTRAIL_RISK_MAIL")]) == (0, 1)
    assert deliveries(bank)[0][2] == "the variable LOANTRAIL_RISK_MAIL is not set"


@pytest.mark.parametrize(
    ("hour", "level", "leaves"),
    [
        (12, Level.BLUE, (6, 12)),
        (20, Level.BLUE, (7, 8)),
        (23, Level.YELLOW, (7, 8)),
        (7, Level.YELLOW, (6, 8)),
        (8, Level.YELLOW, (6, 8)),
        (23, Level.RED, (6, 23)),
        (23, Level.ORANGE, (6, 23)),
    ],
)
def test_quiet_hours_hold_mild_ones_alone(hour: int, level: Level, leaves: tuple[int, int]) -> None:
    quiet = channel(quiet_from=datetime.time(20), quiet_to=datetime.time(8))
    found = quiet.not_before(level, NOON.replace(hour=hour)).astimezone(SHANGHAI)
    assert (found.day, found.hour) == leaves


LAYOUT = """
channels:
  - name: mail
    url_from: MAIL
    levels: [orange, red]
    language: en
    quiet_hours: {from: "20:00", to: "08:00"}
    digest_at: "08:30"
  - {name: hook, url_from: HOOK}
"""


def test_channels_are_read_from_a_file_and_addresses_from_variables(tmp_path: Path) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text(LAYOUT, "utf-8")
    mail, hook = read_channels(file, {"MAIL": "mailto://x"})
    assert (mail.url, mail.levels, mail.language) == ("mailto://x", (Level.ORANGE, Level.RED), "en")
    assert (mail.quiet_from, mail.digest_at) == (datetime.time(20), datetime.time(8, 30))
    assert (hook.url, hook.levels, hook.language) == ("", LEVELS, "zh")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("channels: 5", "list of channels"),
        ("- 1", "list of channels"),
        ("a: [", "cannot be read"),
        ("channels: [{name: x}]", "a name and url_from"),
        ("channels: [{name: 'a b', url_from: X}]", "a name and url_from"),
        ("channels: [{name: x, url_from: X, colour: red}]", "no setting 'colour'"),
        ("channels: [{name: x, url_from: X, levels: [pink]}]", "levels must be"),
        ("channels: [{name: x, url_from: X, language: fr}]", "language must be"),
        ("channels: [{name: x, url_from: X, digest_at: 25}]", "not a time"),
        ("channels: [{name: x, url_from: X, quiet_hours: {from: '20:00'}}]", "from and to"),
        ("channels: [{name: x, url_from: X}, {name: x, url_from: X}]", "stands twice"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "channels.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=problem):
        read_channels(file, {})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_channels(tmp_path / "absent.yaml", {})


class _Hook(BaseHTTPRequestHandler):
    received: list[dict[str, Any]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append(json.loads(body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("status", [200, 500])
def test_a_webhook_is_told(status: int) -> None:
    handler = type("Hook", (_Hook,), {"received": [], "status": status})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        problem = notify(
            f"json://127.0.0.1:{server.server_port}/warnings", "【红色预警】甲", "涉及 30.00 万元"
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [(one["title"], one["message"]) for one in handler.received] == [
        ("【红色预警】甲", "涉及 30.00 万元")
    ]
    assert (problem == "") is (status == 200)


def _serve_mail(
    received: list[bytes], ready: threading.Event, port: list[int], stop: threading.Event
) -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 local\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                received.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
            if word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            writer.write(b"250 fine\r\n")
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(session, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_a_mail_is_sent() -> None:
    received: list[bytes] = []
    ready, stop, port = threading.Event(), threading.Event(), []
    thread = threading.Thread(target=_serve_mail, args=(received, ready, port, stop), daemon=True)
    thread.start()
    assert ready.wait(5)
    url = f"mailto://127.0.0.1:{port[0]}/?smtp=127.0.0.1&mode=insecure&from=loantrail@bank.example&to=risk@bank.example&format=text"
    try:
        problem = notify(url, "【红色预警】甲", "涉及 30.00 万元")
    finally:
        stop.set()
        thread.join()
    assert problem == ""
    mail = email.message_from_bytes(received[0], policy=email.policy.default)
    assert mail["Subject"] == "【红色预警】甲"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "涉及 30.00 万元" in body.get_content()


def test_an_address_that_cannot_be_used_is_told_without_its_secret() -> None:
    problem = notify("json://user:secret@127.0.0.1:1/x", "a", "b")
    assert problem
    assert "secret" not in problem
    assert notify("nonsense", "a", "b") == "the address is not one that apprise knows"


def test_the_command_wants_a_file_of_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOANTRAIL_CHANNELS", raising=False)
    done = CliRunner().invoke(command, ["send"])
    assert isinstance(done.exception, ConfigurationError)
    assert "no channel is configured" in str(done.exception)

"""Messages of Kafka, from librdkafka's own mock cluster: none lost, none twice, bad ones kept."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import confluent_kafka
import psycopg
import pytest
from polars.exceptions import PanicException
from tests.monitor.rows import message, row

from loantrail.errors import ConfigurationError, DatabaseUnavailable
from loantrail.ledger.store_entering import NamedAccount
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import committing, kafka
from loantrail.monitor.kafka import KafkaSource
from loantrail.monitor.model import Delivery, Line
from loantrail.postgres.connection import Database
from loantrail.wording import in_chinese

pytestmark = pytest.mark.database
TOPIC = "lines"


class Cluster:
    """Brokers that live as long as this producer."""

    def __init__(self) -> None:
        self.producer = confluent_kafka.Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1})
        known = self.producer.list_topics(timeout=10)
        (broker,) = known.brokers.values()
        self.address = f"{broker.host}:{broker.port}"

    def send(self, value: bytes, partition: int = 0) -> None:
        self.producer.produce(TOPIC, value, partition=partition)
        assert self.producer.flush(10) == 0


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    yield Cluster()


def source_of(cluster: Cluster, group: str = "g") -> KafkaSource:
    return KafkaSource(cluster.address, TOPIC, group, lambda: None)


def read(source: KafkaSource, asked: psycopg.Connection[Any], until: int) -> None:
    """Let the source take its turns until it stands at so many messages, and once more."""
    for _ in range(400):
        source.step(asked)
        if stands_at(asked) >= until:
            break
    source.step(asked)


def stands_at(asked: psycopg.Connection[Any]) -> int:
    found = asked.execute("SELECT coalesce(sum(next_offset), 0) FROM live.source_offset").fetchone()
    assert found is not None
    return int(found[0])


def references(asked: psycopg.Connection[Any]) -> list[str]:
    found = asked.execute("SELECT reference FROM published.statement_line ORDER BY reference").fetchall()
    return [row[0] for row in found]


@pytest.fixture
def session(books: Database) -> Iterator[psycopg.Connection[Any]]:
    with books.connect() as connection:
        yield connection


def test_the_log_says_that_a_message_opened_an_account_and_is_silent_of_those_that_are_known(
    cluster: Cluster, session: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    cluster.send(json.dumps([row(1), row(2), row(8)]).encode())
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 1)
    cluster.send(message(15))
    read(source, session, 2)
    source.end()

    assert [one.getMessage() for one in caplog.records if one.name == "loantrail.monitor.kafka"] == [
        "accounts opened that the books had no record of: 2 (their records are yet to come, or numbers are mistyped); "
        f"first in kafka {TOPIC} g/0/0"
    ]


def test_messages_are_taken_and_the_next_reader_goes_on_behind_them(
    cluster: Cluster, session: psycopg.Connection[Any], asked: psycopg.Connection[Any]
) -> None:
    cluster.send(message(1, 2))
    cluster.send(message(3), partition=1)
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 2)
    source.end()
    cluster.send(message(4))

    second = source_of(cluster)
    second.begin(session)
    read(second, session, 3)
    second.end()

    assert references(asked) == ["R1", "R2", "R3", "R4"]
    rows = asked.execute("SELECT rows_read, rows_duplicate FROM ledger.import_file").fetchall()
    assert rows == [(4, 0)]
    assert stands_at(asked) == 3


def test_another_group_begins_at_the_beginning_and_finds_duplicates(
    cluster: Cluster, session: psycopg.Connection[Any], asked: psycopg.Connection[Any]
) -> None:
    cluster.send(message(1))
    for number, group in enumerate(("one", "two"), start=1):
        source = source_of(cluster, group)
        source.begin(session)
        read(source, session, number)
        source.end()
    assert references(asked) == ["R1"]
    assert asked.execute("SELECT rows_duplicate FROM ledger.import_file").fetchone() == (1,)


def test_messages_that_cannot_be_read_are_kept_and_the_others_go_on(
    cluster: Cluster, session: psycopg.Connection[Any], asked: psycopg.Connection[Any]
) -> None:
    for value in (b"\xff\xfe poison", message(1), b"", b"[" * 50_000, b'{"account": "x"}', message(2)):
        cluster.send(value)
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 6)
    source.end()

    assert references(asked) == ["R1", "R2"]
    kept = asked.execute(
        "SELECT source_file, reason, original FROM ledger.refusal ORDER BY source_file"
    ).fetchall()
    assert [row[0] for row in kept] == [f"kafka {TOPIC} g/0/{offset}" for offset in (0, 2, 3, 4)]
    assert bytes(kept[0][2]) == b"\xff\xfe poison"
    assert [row[1] for row in kept] == ["message_unreadable"] * 3 + ["instant_missing"]


def test_a_commit_that_fails_is_read_again(
    cluster: Cluster,
    session: psycopg.Connection[Any],
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster.send(message(1))
    source = source_of(cluster)
    source.begin(session)

    class Lost(BaseException):
        pass

    def lost(*_: object) -> None:
        raise Lost

    with monkeypatch.context() as patch:
        patch.setattr(kafka.store, "keep_offsets", lost)
        with pytest.raises(Lost):
            for _ in range(200):
                source.step(session)
    assert references(asked) == []
    source.end()
    source.begin(session)
    read(source, session, 1)
    source.end()
    assert references(asked) == ["R1"]


@pytest.mark.parametrize("defect", [TypeError("odd"), PanicException("odd"), psycopg.DataError("odd")])
@pytest.mark.parametrize("step", ["read", "committed"])
def test_a_message_that_meets_a_defect_is_kept_whole_and_the_others_go_on(
    cluster: Cluster,
    session: psycopg.Connection[Any],
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    defect: BaseException,
) -> None:
    odd = json.dumps([row(2, purpose_text="odd"), row(3)]).encode()
    read_as_ever, named_as_ever = kafka.read_payload, committing.named_accounts

    def read_payload(body: bytes, *more: Any) -> Delivery:
        if body == odd and step == "read":
            raise defect
        return read_as_ever(body, *more)

    def named_accounts(lines: Sequence[Line]) -> list[NamedAccount]:
        if any(line.purpose_text == "odd" for line in lines):
            raise defect
        return named_as_ever(lines)

    monkeypatch.setattr(kafka, "read_payload", read_payload)
    monkeypatch.setattr(committing, "named_accounts", named_accounts)
    for value in (message(1), odd, message(4)):
        cluster.send(value)
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 3)
    source.end()

    assert references(asked) == ["R1", "R4"]
    assert stands_at(asked) == 3
    kept = asked.execute("SELECT source_file, reason, original, message FROM ledger.refusal").fetchall()
    assert [(row[0], row[1], bytes(row[2])) for row in kept] == [
        (f"kafka {TOPIC} g/0/1", "message_not_taken", odd)
    ]
    assert in_chinese(kept[0][3])


@pytest.mark.parametrize(
    "problem", [KeysTaken(), psycopg.OperationalError("away"), psycopg.errors.InsufficientPrivilege("no")]
)
def test_no_message_is_to_blame_for_what_befalls_the_database(
    cluster: Cluster,
    session: psycopg.Connection[Any],
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    problem: Exception,
) -> None:
    def fails(*_: object) -> None:
        raise problem

    cluster.send(message(1))
    cluster.send(message(2))
    source = source_of(cluster)
    source.begin(session)
    with monkeypatch.context() as patch:
        patch.setattr(committing, "TRIES", 1)
        patch.setattr(committing, "named_accounts", fails)
        with pytest.raises((type(problem), DatabaseUnavailable)):
            for _ in range(200):
                source.step(session)
    assert asked.execute("SELECT count(*) FROM ledger.refusal").fetchone() == (0,)
    source.begin(session)
    read(source, session, 2)
    source.end()
    assert references(asked) == ["R1", "R2"]


def test_a_large_message_that_cannot_be_read_is_kept_whole(
    cluster: Cluster, session: psycopg.Connection[Any], asked: psycopg.Connection[Any]
) -> None:
    large = b"{" + b"x" * 300_000
    cluster.send(large)
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 1)
    source.end()
    assert asked.execute("SELECT original FROM ledger.refusal").fetchone() == (large,)


def test_a_group_of_many_messages_is_counted_once(
    cluster: Cluster,
    session: psycopg.Connection[Any],
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[Delivery] = []
    as_ever = Delivery.row_count.fget
    assert as_ever is not None

    def row_count(delivery: Delivery) -> int:
        counted.append(delivery)
        return as_ever(delivery)

    monkeypatch.setattr(Delivery, "row_count", property(row_count))
    for number in range(200):
        cluster.producer.produce(TOPIC, message(number), partition=0)
    assert cluster.producer.flush(10) == 0
    source = source_of(cluster)
    source.begin(session)
    read(source, session, 200)
    source.end()
    assert len(references(asked)) == 200
    assert len(counted) <= 4 * 200


def test_a_broker_that_is_not_there_at_the_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "CONNECT_SECONDS", 0.3)
    source = KafkaSource("127.0.0.1:1", TOPIC, "g", lambda: None, settings={"log_level": 0})
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        source.check()
    assert in_chinese(caught.value.remedy)


def test_a_setting_that_kafka_does_not_know_is_told_at_the_start() -> None:
    source = KafkaSource("127.0.0.1:1", TOPIC, "g", lambda: None, settings={"no.such": "1"})
    with pytest.raises(ConfigurationError, match=r"no\.such"):
        source.check()


class Gate:
    """A way to a broker that is closed, and opened later."""

    def __init__(self, address: str) -> None:
        self._to = address.rpartition(":")
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._listening.close()

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", int(self.address.rpartition(":")[2])))
        threading.Thread(target=self._let_through, daemon=True).start()

    def _let_through(self) -> None:
        while True:
            own, _ = self._listening.accept()
            other = socket.create_connection((self._to[0], int(self._to[2])))
            for here, there in ((own, other), (other, own)):
                threading.Thread(target=_copy, args=(here, there), daemon=True).start()


def _copy(here: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while some := here.recv(65_536):
            there.sendall(some)


def test_a_broker_that_is_away_when_a_monitor_takes_over_is_read_when_it_is_back(
    cluster: Cluster,
    session: psycopg.Connection[Any],
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(kafka, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(kafka, "AGAIN_SECONDS", 0.0)
    cluster.send(message(1))
    gate = Gate(cluster.address)
    source = KafkaSource(gate.address, TOPIC, "g", lambda: None, settings={"log_level": 0})
    source.begin(session)
    assert [source.step(session) for _ in range(3)] == [False] * 3
    assert [one.message for one in caplog.records if "away" in one.message] != []

    gate.open()
    read(source, session, 1)
    source.end()

    assert references(asked) == ["R1"]
    assert sum("away" in one.message for one in caplog.records) == 1

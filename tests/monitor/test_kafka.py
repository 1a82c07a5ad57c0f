"""Messages of Kafka, from librdkafka's own mock cluster: none lost, none twice, bad ones kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import confluent_kafka
import psycopg
import pytest
from tests.monitor.rows import message

from loantrail.errors import ConfigurationError
from loantrail.monitor import kafka
from loantrail.monitor.kafka import KafkaSource
from loantrail.postgres.connection import Database

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


def test_a_broker_that_is_not_there_is_told(
    session: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "CONNECT_SECONDS", 0.3)
    source = KafkaSource("127.0.0.1:1", TOPIC, "g", lambda: None, settings={"log_level": 0})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        source.begin(session)
    source.end()

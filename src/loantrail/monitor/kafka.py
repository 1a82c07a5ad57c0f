"""A topic of Kafka as a source. How far it was read stands in the database, in the commit that holds the rows; the
broker's own offsets are not used. Needs the optional package confluent-kafka.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.errors import ConfigurationError, InputError, LimitExceeded, Place
from loantrail.monitor import store
from loantrail.monitor.committing import commit_group
from loantrail.monitor.model import Answered, Delivery, Offset, Refused
from loantrail.monitor.outstanding import Judge
from loantrail.monitor.payload import BYTES_MAX, JSON, ORIGINAL_BYTES, XML, read_payload
from loantrail.monitor.waiting import GROUP_ROWS

if TYPE_CHECKING:
    from psycopg import Connection

FORMATS: Final = {"json": JSON, "xml": XML}
POLL_SECONDS: Final = 0.05
PARTITIONS_SECONDS: Final = 60.0
"""How often new partitions are looked for."""
CONNECT_SECONDS: Final = 10.0


class KafkaSource:
    """All partitions of one topic, each message a row, an array of rows, or an XML message."""

    def __init__(
        self,
        brokers: str,
        topic: str,
        group: str,
        on_taken: Callable[[], None],
        form: str = "json",
        settings: Mapping[str, Any] | None = None,
        judge: Judge | None = None,
    ) -> None:
        """`group` names this reading of the topic: another group begins at the beginning. `settings` go to librdkafka
        (security, for instance). ConfigurationError when the package is not installed."""
        try:
            self._kafka: Any = importlib.import_module("confluent_kafka")
        except ImportError:
            raise ConfigurationError(
                "reading from Kafka needs the package confluent-kafka",
                remedy="Install it beside Loantrail: pip install 'loantrail[kafka]'",
            ) from None
        self._topic = topic
        self._kind = FORMATS[form]
        self._on_taken = on_taken
        self._judge = judge
        self._name = f"kafka {topic} {group}"
        self._settings = {
            "bootstrap.servers": brokers,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # What is gone from the broker must be told, not passed over.
            "auto.offset.reset": "error",
            "fetch.message.max.bytes": BYTES_MAX,
            "queued.max.messages.kbytes": 65_536,
            **(settings or {}),
        }
        self._consumer: Any = None
        self._partitions: frozenset[int] = frozenset()
        self._looked_at = 0.0

    def begin(self, connection: Connection[Any]) -> None:
        """Read on where the database says."""
        self.end()
        self._consumer = self._kafka.Consumer(self._settings)
        self._assign(connection)

    def end(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
            self._partitions = frozenset()

    def step(self, connection: Connection[Any]) -> bool:
        """Take in the messages that are there, in groups of about `GROUP_ROWS` rows."""
        if clock.monotonic_seconds() - self._looked_at > PARTITIONS_SECONDS:
            self._assign(connection)
        messages = self._consumer.consume(GROUP_ROWS, POLL_SECONDS)
        group: list[Delivery] = []
        for message in messages:
            if message.error() is not None:
                self._look_at(message)
                continue
            delivery = self._delivery(message)
            if group and sum(one.row_count for one in group) + delivery.row_count > GROUP_ROWS:
                self._commit(connection, group)
                group = []
            group.append(delivery)
        if group:
            self._commit(connection, group)
        return bool(messages)

    def _commit(self, connection: Connection[Any], group: list[Delivery]) -> None:
        answers = commit_group(connection, group, self._judge)
        if any(isinstance(answer, Answered) and answer.accepted for answer in answers):
            self._on_taken()

    def _delivery(self, message: Any) -> Delivery:
        partition, offset, value = message.partition(), message.offset(), message.value()
        source = f"{self._name}/{partition}/{offset}"
        offsets = (Offset(self._name, partition, offset + 1),)
        try:
            found = read_payload(value or b"", self._kind, source)
        except (InputError, LimitExceeded) as problem:
            refused = Refused(
                0,
                problem.place.field,
                "message_unreadable",
                f"{problem.problem}; {problem.remedy[:1].lower()}{problem.remedy[1:]}",
                (value or b"")[:ORIGINAL_BYTES],
            )
            return Delivery(source, refused=(refused,), offsets=offsets)
        return Delivery(
            source,
            found.sent,
            found.typed,
            found.refused,
            found.size_bytes,
            offsets=offsets,
        )

    def _assign(self, connection: Connection[Any]) -> None:
        try:
            known = self._consumer.list_topics(self._topic, timeout=CONNECT_SECONDS).topics[self._topic]
        except self._kafka.KafkaException as problem:
            if self._partitions:
                return  # the broker is away for a moment; what is assigned goes on when it is back
            raise _unreachable(problem) from None
        if known.error is not None:
            raise _unreachable(known.error)
        self._looked_at = clock.monotonic_seconds()
        partitions = frozenset(known.partitions)
        if partitions == self._partitions:
            return
        offsets = store.offsets_of(connection, self._name)
        connection.rollback()
        self._consumer.assign(
            [
                self._kafka.TopicPartition(
                    self._topic, partition, offsets.get(partition, self._kafka.OFFSET_BEGINNING)
                )
                for partition in sorted(partitions)
            ]
        )
        self._partitions = partitions

    def _look_at(self, message: Any) -> None:
        """Of errors, those that pass by themselves are left to librdkafka."""
        error = message.error()
        if error.code() == self._kafka.KafkaError._AUTO_OFFSET_RESET:
            raise InputError(
                f"the broker no longer has what comes next in partition {message.partition()}: {error}",
                Place(f"topic {self._topic}"),
                "Take the missing messages in another way, then read the topic with another --group",
            )
        if error.fatal():
            raise InputError(
                f"Kafka gave up: {error}", Place(f"topic {self._topic}"), "Start the monitor again"
            )


def _unreachable(problem: object) -> ConfigurationError:
    return ConfigurationError(
        f"the topic cannot be read: {problem}", remedy="Check --kafka and --topic, and that the broker runs"
    )

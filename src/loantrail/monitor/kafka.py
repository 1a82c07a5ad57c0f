"""A topic of Kafka as a source. How far it was read stands in the database, in the commit that holds the rows; the
broker's own offsets are not used. Needs the optional package confluent-kafka.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import psycopg

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.errors import (
    ConfigurationError,
    InputError,
    LimitExceeded,
    Place,
)
from loantrail.ledger.taking import KeysTaken
from loantrail.monitor import store
from loantrail.monitor.committing import commit_group
from loantrail.monitor.model import Answered, Delivery, KeyReused, Offset, Refused
from loantrail.monitor.outstanding import Judge
from loantrail.monitor.payload import BYTES_MAX, JSON, XML, read_payload
from loantrail.monitor.waiting import GROUP_ROWS
from loantrail.postgres.failures import PASSING

if TYPE_CHECKING:
    from psycopg import Connection

FORMATS: Final = {"json": JSON, "xml": XML}
POLL_SECONDS: Final = 0.05
PARTITIONS_SECONDS: Final = 60.0
"""How often new partitions are looked for."""
CONNECT_SECONDS: Final = 10.0
"""How long the broker is waited for at the start."""
LOOK_SECONDS: Final = 2.0
"""How long it is waited for later: other sources must not wait long."""
AGAIN_SECONDS: Final = 1.0
"""After so long a broker that was away is looked for again."""
_LOG = logging.getLogger(__name__)


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
        self._look_again_at = 0.0
        self._is_away = False

    def check(self) -> None:
        """Before anything waits for it: ConfigurationError when the topic cannot be read as it is set up."""
        try:
            consumer = self._kafka.Consumer(self._settings)
        except self._kafka.KafkaException as problem:
            raise _unreachable(problem) from None
        try:
            self._partitions_by(consumer, CONNECT_SECONDS)
        finally:
            consumer.close()

    def begin(self, connection: Connection[Any]) -> None:
        """Read on where the database says, as soon as the broker is there."""
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
        if clock.monotonic_seconds() >= self._look_again_at:
            self._assign(connection)
        messages = self._consumer.consume(GROUP_ROWS, POLL_SECONDS)
        group: list[tuple[Any, Delivery]] = []
        rows = 0
        for message in messages:
            if message.error() is not None:
                self._look_at(message)
                continue
            delivery = self._delivery(message)
            if group and rows + delivery.row_count > GROUP_ROWS:
                self._take(connection, group)
                group, rows = [], 0
            group.append((message, delivery))
            rows += delivery.row_count
        if group:
            self._take(connection, group)
        return bool(messages)

    def _take(self, connection: Connection[Any], group: Sequence[tuple[Any, Delivery]]) -> None:
        """Have the messages committed. One that cannot be taken in goes to the quarantine, and the others go on."""
        try:
            self._commit(connection, [delivery for _, delivery in group])
        except DEFECTS as problem:
            if connection.closed or _is_of_the_books(problem):
                raise
            if len(group) > 1:
                _LOG.exception("a group of messages failed; they are taken one by one")
                for one in group:
                    self._take(connection, [one])
                return
            [(message, delivery)] = group
            _LOG.exception("%s could not be taken in and is kept in the quarantine", delivery.source)
            self._commit(connection, [self._not_taken(message, problem)])

    def _commit(self, connection: Connection[Any], group: Sequence[Delivery]) -> None:
        answers = commit_group(connection, group, self._judge)
        self._say_what_is_new(group, answers)
        if any(isinstance(answer, Answered) and answer.accepted for answer in answers):
            self._on_taken()

    def _say_what_is_new(self, group: Sequence[Delivery], answers: Sequence[Answered | KeyReused]) -> None:
        """A message has no answer that could say it: accounts that its lines opened, of which the books had no record."""
        opened = [
            (one.source, answer.new_accounts)
            for one, answer in zip(group, answers, strict=True)
            if isinstance(answer, Answered) and answer.new_accounts
        ]
        if opened:
            _LOG.warning(
                "accounts opened that the books had no record of: %d (their records are yet to come, or numbers are mistyped); first in %s",
                sum(count for _, count in opened),
                opened[0][0],
            )

    def _delivery(self, message: Any) -> Delivery:
        source, value = self._source_of(message), message.value() or b""
        try:
            found = read_payload(value, self._kind, source)
        except (InputError, LimitExceeded) as problem:
            said = f"{problem.problem}; {problem.remedy[:1].lower()}{problem.remedy[1:]}"
            return self._refused(message, problem.place.field, "message_unreadable", said)
        except DEFECTS as problem:
            _LOG.exception("%s could not be read and is kept in the quarantine", source)
            return self._not_taken(message, problem)
        return replace(found, offsets=self._behind(message))

    def _not_taken(self, message: Any, problem: BaseException) -> Delivery:
        """The message itself is kept where it met a defect; it may be well."""
        what = f"the message met a defect of the program ({type(problem).__name__})"
        remedy = "hand the log of the monitor to its maintainers, and have the message sent again"
        return self._refused(message, "", "message_not_taken", f"{what}; {remedy}")

    def _refused(self, message: Any, field: str, reason: str, said: str) -> Delivery:
        """The whole message for the quarantine."""
        refused = Refused(0, field, reason, said, message.value() or b"")
        return Delivery(self._source_of(message), refused=(refused,), offsets=self._behind(message))

    def _source_of(self, message: Any) -> str:
        return f"{self._name}/{message.partition()}/{message.offset()}"

    def _behind(self, message: Any) -> tuple[Offset]:
        """Where its partition stands once the message is committed."""
        return (Offset(self._name, message.partition(), message.offset() + 1),)

    def _assign(self, connection: Connection[Any]) -> None:
        try:
            partitions = self._partitions_by(self._consumer, LOOK_SECONDS)
        except ConfigurationError as problem:
            # What is assigned goes on when the broker is back; what is not is assigned then.
            if not self._is_away:
                _LOG.warning("the broker is away and is tried again: %s", problem.problem)
            self._is_away = True
            self._look_again_at = clock.monotonic_seconds() + AGAIN_SECONDS
            return
        self._is_away = False
        self._look_again_at = clock.monotonic_seconds() + PARTITIONS_SECONDS
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

    def _partitions_by(self, consumer: Any, seconds: float) -> frozenset[int]:
        """What the broker tells within these seconds; ConfigurationError where it does not."""
        try:
            known = consumer.list_topics(self._topic, timeout=seconds).topics[self._topic]
        except self._kafka.KafkaException as problem:
            raise _unreachable(problem) from None
        if known.error is not None:
            raise _unreachable(known.error)
        return frozenset(known.partitions)

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


def _is_of_the_books(problem: BaseException) -> bool:
    """Whether no message is to blame: another time, the same message may be taken in."""
    if isinstance(problem, (KeysTaken, *PASSING)):
        return True
    return isinstance(problem, psycopg.Error) and not isinstance(
        problem, (psycopg.DataError, psycopg.IntegrityError)
    )


def _unreachable(problem: object) -> ConfigurationError:
    return ConfigurationError(
        f"the topic cannot be read: {problem}",
        remedy="Check --kafka, --topic and --kafka-setting, and that the broker runs",
    )

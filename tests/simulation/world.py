"""A bank's systems, the network, the broker, the clock and the process of Loantrail, moved one step at a time by a seed.

The database is a real one, and so are the writer, the source of Kafka and all they call; what is simulated stands around
them. Threads are not started: the writer's turns are steps of the simulation.
"""

from __future__ import annotations

import datetime
import json
import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg
from tests.simulation.faults import Fault, FaultyConnection, Plan, connect

from loantrail import clock
from loantrail.errors import DatabaseUnavailable, InputError, StorageExhausted
from loantrail.ids import content_hash, seeded_random
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import ground_anew
from loantrail.monitor.kafka import KafkaSource
from loantrail.monitor.model import Answered, KeyReused
from loantrail.monitor.outstanding import Judge
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.writing import Overloaded, Result, Writer
from loantrail.postgres.connection import Database
from loantrail.postgres.failures import database_failures
from loantrail.tracing.ground import Ground

START = datetime.datetime(2026, 3, 31, 14, 0, tzinfo=datetime.UTC)  # 22:00 in Shanghai
TOPIC = "core.lines"
PARTITIONS = 2
Row = dict[str, Any]
MakeJudge = Callable[["Sessions"], Judge]


@dataclass
class Parcel:
    """Rows that a system sends, over and over until it is answered."""

    rows: list[Row]
    key: str | None
    given: list[bytes] = field(default_factory=list[bytes])
    """Every answer that was given, whether it arrived or not."""
    is_answered: bool = False
    """An answer arrived."""
    is_refused: bool = False
    """The answer was that its key is another request's."""

    @property
    def body(self) -> bytes:
        return json.dumps(self.rows, ensure_ascii=False).encode()


class Sessions:
    """One connection at a time, made again when it was lost; none while the server is away."""

    def __init__(self, url: str, plan: Plan) -> None:
        self._url, self._plan = url, plan
        self._connection: FaultyConnection | None = None
        self.is_away = False

    @contextmanager
    def session(self) -> Iterator[Any]:
        if self.is_away:
            raise DatabaseUnavailable("the server is away")
        with database_failures():
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url, self._plan)
            try:
                yield self._connection
            finally:
                if not self._connection.closed:
                    self._connection.rollback()

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()


class SteppedWriter(Writer):
    """The writer without its thread: `turn` does what the thread does for one group."""

    def __init__(self, sessions: Sessions, judge: Judge | None) -> None:
        super().__init__(sessions, lambda _rows: None, judge)
        self._thread = SimpleNamespace()  # pyright: ignore[reportAttributeAccessIssue]  never started

    def turn(self) -> bool:
        try:
            first = self._held or self._queue.get_nowait()
        except queue.Empty:
            return False
        self._held = None
        try:
            with self._sessions.session() as connection:
                self._tidy(connection)
                self._write(connection, self._gather(first))
        except Exception as problem:
            self._fail([first], problem)
        return True


class Broker:
    """Messages in order, by partition; stands in for the package confluent_kafka."""

    OFFSET_BEGINNING = 0
    KafkaException = RuntimeError

    def __init__(self) -> None:
        self.messages: list[list[bytes]] = [[] for _ in range(PARTITIONS)]

    def Consumer(self, _settings: object) -> Consumer:
        return Consumer(self)

    def TopicPartition(self, topic: str, partition: int, offset: int) -> tuple[str, int, int]:
        return topic, partition, offset


class Consumer:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._next: dict[int, int] = {}

    def list_topics(self, topic: str, timeout: float) -> Any:
        found = SimpleNamespace(error=None, partitions=dict.fromkeys(range(PARTITIONS)))
        return SimpleNamespace(topics={topic: found})

    def assign(self, partitions: list[tuple[str, int, int]]) -> None:
        self._next = {partition: offset for _, partition, offset in partitions}

    def consume(self, count: int, timeout: float) -> list[Any]:
        found: list[Any] = []
        for partition, offset in sorted(self._next.items()):
            for place in range(offset, min(offset + 3, len(self._broker.messages[partition]))):
                value = self._broker.messages[partition][place]
                found.append(_Message(partition, place, value))
                self._next[partition] = place + 1
        return found[:count]

    def close(self) -> None:
        self._next = {}


@dataclass(frozen=True)
class _Message:
    of_partition: int
    at_offset: int
    content: bytes

    def partition(self) -> int:
        return self.of_partition

    def offset(self) -> int:
        return self.at_offset

    def value(self) -> bytes:
        return self.content

    def error(self) -> None:
        return None


class World:
    """One episode: `run` moves it, ends all faults and lets everybody finish."""

    def __init__(self, url: str, seed: int, make_judge: MakeJudge | None = None) -> None:
        self.seed = seed
        self.chance = seeded_random(seed)
        self.url = url
        self.plan = Plan()
        self.now = START
        self.parcels: list[Parcel] = []
        self.on_the_way: list[Parcel] = []
        self.waiting: list[tuple[Parcel, Future[Result]]] = []
        self.broker = Broker()
        self.restarts = self.runs = 0
        self.ground: Ground | None = None
        """What a run read that is being made."""
        self.problems: list[str] = []
        self._make_judge = make_judge
        self._begin_process()

    # The process ---------------------------------------------------------------------------------------------

    def _begin_process(self) -> None:
        self.sessions = Sessions(self.url, self.plan)
        self.judge = self._make_judge(self.sessions) if self._make_judge else None
        self.writer = SteppedWriter(self.sessions, self.judge)
        self.source = KafkaSource("broker", TOPIC, "simulated", lambda: None, judge=self.judge)
        self.source._kafka = self.broker
        self.source_is_open = False

    def restart(self) -> None:
        """All memory of the process is gone; nobody who waits is answered."""
        self.restarts += 1
        self.sessions.drop()
        self.waiting.clear()
        self._begin_process()

    # What can happen -----------------------------------------------------------------------------------------

    def send(self) -> None:
        """A parcel is made, or one that was not answered, or was, is sent again."""
        chance = self.chance
        if self.parcels and chance.random() < 0.4:
            parcel = chance.choice(self.parcels)
        else:
            key = None if chance.random() < 0.3 else f"k{len(self.parcels)}"
            keyed = [one.key for one in self.parcels if one.key is not None]
            if keyed and chance.random() < 0.08:
                key = chance.choice(keyed)  # by mistake: a key that another request has
            parcel = Parcel([self.some_row() for _ in range(chance.choice((1, 1, 2, 5)))], key)
            self.parcels.append(parcel)
        self.on_the_way.append(parcel)

    def deliver(self) -> None:
        """Whatever is on the way arrives, in any order, sometimes twice."""
        if not self.on_the_way:
            return
        place = self.chance.randrange(len(self.on_the_way))
        parcel = self.on_the_way[place] if self.chance.random() < 0.15 else self.on_the_way.pop(place)
        delivery = read_payload(parcel.body, JSON, "POST /api/v1/transactions")
        if parcel.key is not None:
            delivery = replace(delivery, key=parcel.key, content_hash=content_hash([parcel.body]))
        try:
            self.waiting.append((parcel, self.writer.submit(delivery)))
        except Overloaded:
            return

    def publish(self) -> None:
        rows = [self.some_row() for _ in range(self.chance.choice((1, 1, 3)))]
        content = json.dumps(rows).encode() if self.chance.random() < 0.95 else b"\xff no message"
        self.broker.messages[self.chance.randrange(PARTITIONS)].append(content)

    def write(self) -> None:
        self.writer.turn()
        self._hand_out(lose=0.2)

    def read_topic(self) -> None:
        """One turn of the monitor; it begins anew where the database says after any failure."""
        try:
            with self.sessions.session() as connection:
                if not self.source_is_open:
                    self.source.begin(connection)
                    self.source_is_open = True
                self.source.step(connection)
        except (DatabaseUnavailable, StorageExhausted, psycopg.OperationalError):
            self.source.end()
            self.source_is_open = False

    def break_something(self) -> None:
        fault = self.chance.choice(list(Fault))
        self.plan.arm(fault, self.chance.randrange(16), at_commit=self.chance.random() < 0.4)

    def go_away(self) -> None:
        self.sessions.is_away = not self.sessions.is_away
        self.sessions.drop()

    def read_books(self) -> None:
        """A run over the books begins where none is under way, over a connection that nothing befalls."""
        if self.ground is not None:
            return
        with Database(self.url).connect() as connection, suppress(InputError):
            self.ground = ground_anew(connection)

    def end_run(self) -> None:
        """It ends, and the state is made of it."""
        ground, self.ground = self.ground, None
        if ground is not None and isinstance(self.judge, Deciding):
            with Database(self.url).connect() as connection:
                self.judge.rebase(connection, ground)
            self.runs += 1

    def jump(self) -> None:
        """The clock is set: by hours, forth and back, over midnight."""
        self.now = START + datetime.timedelta(hours=self.chance.uniform(-12, 12))

    def _hand_out(self, lose: float) -> None:
        """Answers go back to their senders; some are lost."""
        for parcel, answer in [one for one in self.waiting if one[1].done()]:
            self.waiting.remove((parcel, answer))
            problem = answer.exception()
            if problem is not None:
                if not isinstance(problem, (DatabaseUnavailable, StorageExhausted)):
                    self.problems.append(f"{type(problem).__name__}: {problem}")
                continue
            told = answer.result()
            lost = self.chance.random() < lose
            if isinstance(told, KeyReused):
                parcel.is_refused = True
                parcel.given.append(b"key reused")
            else:
                assert isinstance(told, Answered)
                parcel.given.append(msgspec.json.encode(told))
            parcel.is_answered = parcel.is_answered or not lost

    # The episode ---------------------------------------------------------------------------------------------

    def run(self, steps: int) -> None:
        clock.set_clock(lambda: self.now)
        try:
            happenings: list[tuple[Callable[[], None], int]] = [
                (self.send, 10),
                (self.deliver, 10),
                (self.write, 8),
                (self.publish, 3),
                (self.read_topic, 3),
                (self.break_something, 3),
                (self.jump, 1),
                (self.restart, 1),
                (self.go_away, 1),
            ]
            if self.judge is not None:
                happenings += [(self.read_books, 3), (self.end_run, 1)]
            names, weights = [one for one, _ in happenings], [weight for _, weight in happenings]
            for _ in range(steps):
                self.chance.choices(names, weights)[0]()
            self._finish()
        finally:
            clock.set_clock(None)
            self.sessions.drop()

    def _finish(self) -> None:
        """Nothing goes wrong any more; whoever was not answered asks again."""
        self.plan.disarm()
        self.sessions.is_away = False
        for _ in range(50):
            self.on_the_way = [one for one in self.parcels if not one.is_answered]
            for _ in range(len(self.on_the_way) + len(self.waiting)):
                self.deliver()
            while self.writer.turn():
                self._hand_out(lose=0.0)
            self._hand_out(lose=0.0)
            self.read_topic()
            if all(one.is_answered for one in self.parcels) and self._topic_is_read():
                return
        raise AssertionError("somebody was never answered")

    def _topic_is_read(self) -> bool:
        with self.sessions.session() as connection:
            rows = connection.execute("SELECT partition, next_offset FROM live.source_offset").fetchall()
        return [dict(rows).get(place, 0) for place in range(PARTITIONS)] == [
            len(one) for one in self.broker.messages
        ]

    # Rows ----------------------------------------------------------------------------------------------------

    def some_row(self) -> Row:
        """Out of few, so that the same row, and the same key with another content, come again and again."""
        chance = self.chance
        row: Row = {
            "booked_at": f"2026-0{chance.choice((2, 3, 4))}-1{chance.randrange(3)}T10:00:0{chance.randrange(2)}+08:00",
            "account": f"62{chance.randrange(3)}",
            "direction": chance.choice(("debit", "credit")),
            "amount_fen": chance.choice((100, 100, 100, 250)),
            "counterparty_account": f"63{chance.randrange(4)}",
        }
        if chance.random() < 0.8:
            row["reference"] = f"R{chance.randrange(40)}"
        if chance.random() < 0.05:
            row |= chance.choice(({"amount_fen": -1}, {"booked_at": "never"}, {"unheard": 1}))
        if chance.random() < 0.1:
            row["booked_at"] = row["booked_at"].replace("T", " ")[:19]  # not the plain form
            row["account"] = f" {row['account']}"
        return row

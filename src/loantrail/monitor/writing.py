"""Threads that write deliveries of many senders in groups, so that small requests share a commit.

Whoever hands over a delivery gets its answer when it is committed, not before. What waits is bounded: more than that is
turned away at once (`Overloaded`), and memory stays bounded whatever comes.

Deliveries of which a line may concern a loan are judged in a lane of their own (`JudgedLane`). The others do not wait for them: they are
committed meanwhile (`hosting`).
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.defects import DEFECTS, told
from loantrail.errors import LoantrailError
from loantrail.monitor import pauses, store
from loantrail.monitor.committing import commit_group
from loantrail.monitor.hosting import Host, Unwelcome
from loantrail.monitor.judged_lane import JudgedLane
from loantrail.monitor.lines import together
from loantrail.monitor.model import Answered, Delivery
from loantrail.monitor.outstanding import Judge, catch_up
from loantrail.monitor.waiting import GROUP_ROWS, IDLE_SECONDS, Result, Waiting, parted, read_apart
from loantrail.postgres.sessions import Sessions

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.monitor.asked import Asked

GATHER_SECONDS: Final = 0.010
ROWS_WAITING_MAX: Final = 8 * GROUP_ROWS
BYTES_WAITING_MAX: Final = 64 * 2**20
_LOG = logging.getLogger(__name__)


class Overloaded(LoantrailError):
    """More is waiting than may wait."""

    code = "overloaded"


class Writer:
    """Begins with the first delivery and ends with the process."""

    def __init__(
        self, sessions: Sessions, on_committed: Callable[[int], None], judge: Judge | None = None
    ) -> None:
        """`on_committed` is told how many rows a commit brought into the books."""
        self._judge = judge
        self.observe: Callable[[int, int, int, float], None] = lambda _rows, _undecided, _new, _seconds: None
        """Is told of each delivery that was committed: its rows, those that were accepted without a decision, the accounts that it
        opened, and the seconds since its receipt."""
        self._sessions = sessions
        self._on_committed = on_committed
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._held: Waiting | None = None
        self._lane = None if judge is None else JudgedLane(judge, sessions, self._write_in_lane, self._fail)
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._rows_waiting = 0
        self._bytes_waiting = 0

    def waiting(self) -> dict[str, int]:
        """What is received and waits to be written: `rows`, and `bytes` of bodies."""
        with self._guard:
            return {"rows": self._rows_waiting, "bytes": self._bytes_waiting}

    # Room ----------------------------------------------------------------------------------------------------

    def reserve(self, size_bytes: int) -> None:
        """Make sure of memory for a body before it is read; Overloaded where there is none. `release` gives it back."""
        with self._guard:
            if self._bytes_waiting + size_bytes > BYTES_WAITING_MAX:
                raise _overloaded()
            self._bytes_waiting += size_bytes

    def release(self, size_bytes: int) -> None:
        with self._guard:
            self._bytes_waiting -= size_bytes

    def submit(self, delivery: Delivery) -> Future[Result]:
        """Have a delivery written. Overloaded when too many rows wait already. The answer may be a LoantrailError."""
        answer: Future[Result] = Future()
        with self._guard:
            if self._rows_waiting and self._rows_waiting + delivery.row_count > ROWS_WAITING_MAX:
                raise _overloaded()
            self._rows_waiting += delivery.row_count
            self._queue.put(Waiting(delivery, answer, clock.monotonic_seconds()))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live intake", daemon=True)
                self._thread.start()
        return answer

    # The thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pauses.keep_pauses_short()
        while True:
            group = [self._held or self._queue.get()]
            self._held = None
            try:
                with self._sessions.session() as connection:
                    self._tidy(connection)
                    group = self._gather(group[0])
                    while group:
                        self._take(connection, group)
                        group = self._next_group()
                        if connection.closed:
                            self._hand_back(group)
                            group = []
            except DEFECTS as problem:
                # The database cannot be reached: whoever waits is told, the next delivery tries again.
                _LOG.warning("live intake has no database: %s", problem)
                self._fail(group, told(problem))

    def _next_group(self) -> list[Waiting]:
        """The next group, or nothing when it stays quiet: then the connection is given back."""
        if self._held is not None:
            first, self._held = self._held, None
            return self._gather(first)
        try:
            return self._gather(self._queue.get(timeout=IDLE_SECONDS))
        except queue.Empty:
            return []

    def _gather(self, first: Waiting) -> list[Waiting]:
        """What is there within `GATHER_SECONDS` after the first came, up to `GROUP_ROWS` rows. What waited for a commit has
        waited enough."""
        group = [first]
        self._gather_more(group, first.since + GATHER_SECONDS)
        return group

    def _gather_more(self, group: list[Waiting], until: float = 0.0) -> None:
        rows = sum(one.delivery.row_count for one in group)
        while rows < GROUP_ROWS and self._held is None:
            try:
                following = self._queue.get(timeout=max(until - clock.monotonic_seconds(), 0.0))
            except queue.Empty:
                break
            if rows + following.delivery.row_count > GROUP_ROWS:
                self._held = following
                break
            group.append(following)
            rows += following.delivery.row_count

    def _take(self, connection: Connection[Any], group: list[Waiting]) -> None:
        """Have the group committed: what may concern a loan in the lane, the rest here, as a guest where the lane is at work, or loans are
        judged that are owed it."""
        lane = self._lane
        if lane is None:
            self._write(connection, group)
            return
        while group:
            if lane.is_idle and not lane.judge.hosting.is_open:
                group, others = _parted(group, lane.judge.lets_pass, frozenset())
                if not others:
                    self._write(connection, group)
                    return
                lane.put(others)
            else:
                lane.wait_for_host()
                if self._are_taken_as_guests(connection, lane, group):
                    return

    def _are_taken_as_guests(
        self, connection: Connection[Any], lane: JudgedLane, group: list[Waiting]
    ) -> bool:
        """Whether there was a host: what may come in did, with what came meanwhile, and the rest is put into the lane."""
        with lane.judge.hosting.come_in() as host:
            if host is None:
                return False
            self._gather_more(group)
            guests, others = _parted(group, host.tells.are_all, lane.keys)
            if others:
                lane.put(others)
            if guests:
                try:
                    self._write(connection, guests, host)
                except Unwelcome:
                    lane.put(guests)
            return True

    def _write_in_lane(self, connection: Connection[Any], group: Sequence[Waiting]) -> None:
        self._write(connection, group)
        self._catch_up(connection)

    def _write(self, connection: Connection[Any], group: Sequence[Waiting], host: Host | None = None) -> None:
        """`host`: as its guests; Unwelcome where they may not come in after all."""
        try:
            read_apart(group)
            read = together([one.read for one in group if one.read is not None])
            answers = commit_group(connection, [one.delivery for one in group], self._judge, read, host)
        except Unwelcome:
            raise
        except LoantrailError as problem:
            self._fail(group, problem)
        except DEFECTS as problem:
            _LOG.exception("a group of deliveries failed")
            if host is not None:
                raise Unwelcome from problem
            if len(group) == 1 or connection.closed:
                self._fail(group, told(problem))
                return
            # One of them is to blame: the others must not suffer.
            for one in group:
                self._write(connection, [one])
        else:
            self._leave(group)
            committed = clock.monotonic_seconds()
            for one, answer in zip(group, answers, strict=True):
                undecided, new = (
                    (answer.undecided, answer.new_accounts) if isinstance(answer, Answered) else (0, 0)
                )
                self.observe(one.delivery.row_count, undecided, new, committed - one.since)
                if not one.answer.done():
                    one.answer.set_result(answer)
            accepted = sum(answer.accepted for answer in answers if isinstance(answer, Answered))
            if accepted:
                self._on_committed(accepted)

    def _catch_up(self, connection: Connection[Any]) -> None:
        """Have some lines judged that were too many at once; more while nothing else waits."""
        judge = self._judge
        try:
            while judge is not None and judge.is_behind and not connection.closed:
                catch_up(connection, judge)
                if self._rows_waiting:
                    return
        except DEFECTS as problem:
            _LOG.warning("lines that were too many at once are not judged yet: %s", problem)

    def _fail(self, group: Sequence[Waiting], problem: Exception) -> None:
        self._leave(group)
        for one in group:
            if not one.answer.done():  # nor given up by its sender
                one.answer.set_exception(problem)

    def _leave(self, group: Sequence[Waiting]) -> None:
        with self._guard:
            for one in group:
                if one.counts:
                    one.counts = False
                    self._rows_waiting -= one.delivery.row_count

    def _hand_back(self, group: Sequence[Waiting]) -> None:
        for one in group:
            self._queue.put(one)

    def _tidy(self, connection: Connection[Any]) -> None:
        try:
            store.forget_answers(connection, clock.now() - store.KEPT)
            connection.commit()
        except store.COLLISIONS:
            connection.rollback()  # another server is at it; whoever waits here must not suffer


def _overloaded() -> Overloaded:
    return Overloaded(
        "too much is waiting to be written", remedy="Send it again after the seconds of Retry-After"
    )


def _parted(
    group: Sequence[Waiting], tells: Callable[[Asked], bool], keys: Set[str]
) -> tuple[list[Waiting], list[Waiting]]:
    """Those whose lines pass, and the others. None pass where that cannot be told: whoever writes the deliveries one by one finds out
    whose fault it is."""
    try:
        read_apart(group)
        return parted(group, tells, keys)
    except DEFECTS:
        _LOG.exception("which deliveries may pass could not be told")
        return [], list(group)

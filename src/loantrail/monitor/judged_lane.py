"""Deliveries of which a line may concern a loan are written in a thread of their own, and judged there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any

from loantrail.defects import DEFECTS, told
from loantrail.monitor.outstanding import Judge
from loantrail.monitor.waiting import GROUP_ROWS, IDLE_SECONDS, Waiting, keys_of
from loantrail.postgres.sessions import Sessions

if TYPE_CHECKING:
    from psycopg import Connection

_LOG = logging.getLogger(__name__)


class JudgedLane:
    """Begins with the first group and ends with the process."""

    def __init__(
        self,
        judge: Judge,
        sessions: Sessions,
        write: Callable[[Connection[Any], Sequence[Waiting]], None],
        fail: Callable[[Sequence[Waiting], Exception], None],
    ) -> None:
        """`write` answers a group; `fail` does where the database cannot be reached."""
        self.judge, self._sessions, self._write, self._fail = judge, sessions, write, fail
        self._changed = threading.Condition()
        self._pending: list[Waiting] = []
        self._at_work: list[Waiting] = []
        self._thread: threading.Thread | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written here, nor waits."""
        with self._changed:
            return not self._pending and not self._at_work

    @property
    def keys(self) -> Set[str]:
        """Idempotency keys of what is being written or waits."""
        with self._changed:
            return keys_of([*self._at_work, *self._pending])

    def put(self, group: Sequence[Waiting]) -> None:
        """Have these written, with what waits already."""
        with self._changed:
            self._pending += group
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live judging", daemon=True)
                self._thread.start()

    def wait_for_host(self) -> None:
        """Until a group is being judged that may have guests, or nothing is being written here."""
        self.judge.hosting.wait(lambda: self.is_idle)

    def _run(self) -> None:
        while True:
            group = self._next(None)
            try:
                with self._sessions.session() as connection:
                    while group:
                        self._write(connection, group)
                        group = [] if connection.closed else self._next(IDLE_SECONDS)
            except DEFECTS as problem:
                # The database cannot be reached: whoever waits is told, the next delivery tries again.
                _LOG.warning("live lines cannot be judged without a database: %s", problem)
                self._fail(group, told(problem))

    def _next(self, seconds: float | None) -> list[Waiting]:
        """The next group, or nothing when it stays quiet for so long."""
        with self._changed:
            self._at_work = []
            is_idle = not self._pending
        if is_idle:
            self.judge.hosting.wake()
        with self._changed:
            self._changed.wait_for(lambda: bool(self._pending), seconds)
            rows = 0
            for count, one in enumerate(self._pending):
                rows += one.delivery.row_count
                if count and rows > GROUP_ROWS:
                    break
                self._at_work.append(one)
            del self._pending[: len(self._at_work)]
            return list(self._at_work)

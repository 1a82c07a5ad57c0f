"""After live lines are committed: pairs them, and asks for a trace, each not more often than its pause.

What is outstanding stands in the database, so that whoever starts next goes on with it.
"""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from psycopg import Connection
from psycopg_pool import PoolClosed

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.errors import Stopping, in_one_line
from loantrail.ledger.pairs.booking import settle
from loantrail.monitor import store
from loantrail.monitor.beside import BesideEnded
from loantrail.monitor.outstanding import Judge, judge_outstanding, judge_owed
from loantrail.monitor.writing import Sessions
from loantrail.postgres.failures import PASSING
from loantrail.tracing import store_evaluation

PAIR_SECONDS: Final = 2.0
"""Lines wait so long for others before they are paired."""
PAUSE_PER_PAIRING: Final = 3
"""Between two pairings lies at least so many times what the last one took: each looks at all lines of the amounts and accounts
that came, which grow with the books, and lines are judged as they come anyway."""
AGAIN_SECONDS: Final = 5.0
PAUSE_PER_TRACE: Final = 5
"""Between two traces of the books lies at least so many times what the last one took: lines are judged as they come anyway."""
_LOG = logging.getLogger(__name__)


class Settling:
    """At most one thread of this process; `start` is cheap and may be called at any time."""

    def __init__(
        self,
        sessions: Sessions,
        on_requested: Callable[[], None],
        trace_seconds: float,
        pair_seconds: float = PAIR_SECONDS,
        judge: Judge | None = None,
        took_seconds: Callable[[], float] = lambda: 0.0,
        pair: Callable[[Connection[Any]], object] = settle,
    ) -> None:
        """`on_requested` is called when a trace was asked for. `trace_seconds`: how long lines wait for others before one
        is. `pair` pairs the lines that wait."""
        self._sessions = sessions
        self._judge = judge
        self._took_seconds = took_seconds
        self._pair = pair
        self._on_requested = on_requested
        self._trace_seconds = trace_seconds
        self._pair_seconds = pair_seconds
        self._pairing_took_seconds = 0.0
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._again = False
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin with what is outstanding, unless the thread is at it already: that one takes it along; or it was stopped."""
        with self._guard:
            if self._stopped.is_set():
                return
            self._again = True
            if self._thread is None:
                # A daemon: what it had not finished stays outstanding.
                self._thread = threading.Thread(target=self._work, name="settling", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until nothing is left to do."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """For good: nothing begins any more; `wait` for what has begun. What is outstanding stays so, for the next process."""
        with self._guard:
            self._stopped.set()

    def _work(self) -> None:
        while True:
            with self._guard:
                if self._stopped.is_set():
                    return
                self._again = False
            try:
                self._pause(max(self._pair_seconds, PAUSE_PER_PAIRING * self._pairing_took_seconds))
                if self._stopped.is_set():
                    return
                with self._sessions.session() as connection:
                    left = self._step(connection)
            except DEFECTS as problem:
                if isinstance(problem.__cause__, PoolClosed) or isinstance(problem, Stopping):
                    return  # the server ended; what is outstanding is taken up by the next one
                if isinstance(problem, (BesideEnded, *PASSING)):
                    # The database went away, or ended the session of one that hung. A defect that the process beside met stands in its log.
                    _LOG.warning("pairing of live lines failed; it is tried again: %s", in_one_line(problem))
                else:
                    _LOG.exception("pairing of live lines failed; it is tried again")
                clock.sleep(AGAIN_SECONDS, self._stopped)
                continue
            with self._guard:
                if left is None and not self._again:
                    self._thread = None
                    return
            if left is not None:
                clock.sleep(min(left, self._pair_seconds), self._stopped)

    def _pause(self, seconds: float) -> None:
        """Wait so long; have loans judged meanwhile that are owed it."""
        if self._judge is not None and self._judge.owes:
            until = clock.monotonic_seconds() + seconds
            with self._sessions.session() as connection:
                judge_owed(connection, self._judge, until)
            seconds = max(until - clock.monotonic_seconds(), 0.0)
        clock.sleep(seconds, self._stopped)

    def _step(self, connection: Connection[Any]) -> float | None:
        """Pair what waits, and ask for a trace when it is time. Seconds until the next step, or None when nothing waits."""
        # Lines that come while others are paired are not among these: they go on waiting.
        unpaired, untraced, since = store.waiting(connection)
        connection.rollback()
        if unpaired:
            if self._judge is not None:
                judge_outstanding(connection, self._judge)
            begun = clock.monotonic_seconds()
            self._pair(connection)
            self._pairing_took_seconds = clock.monotonic_seconds() - begun
        left = None if not untraced or since is None else self._ask_for_trace(connection, untraced, since)
        return 0.0 if self._judge is not None and self._judge.owes else left

    def _ask_for_trace(
        self, connection: Connection[Any], untraced: int, since: datetime.datetime
    ) -> float | None:
        """Where it is time, have these lines traced, which wait since then. Seconds until it is, or None when nothing waits."""
        pause = max(self._trace_seconds, PAUSE_PER_TRACE * self._took_seconds())
        left = pause - (clock.now() - since).total_seconds()
        if left > 0:
            return left
        store_evaluation.request_for_records(connection)
        store.no_longer_waiting(connection, untraced, clock.now())
        connection.commit()
        self._on_requested()
        unpaired, untraced, _ = store.waiting(connection)
        connection.rollback()
        return pause if unpaired or untraced else None

"""Questions about payments not yet made, put to the one state of the process: nothing of them stays.

Most are told without being shown (`asking`). Of one that is shown, what is looked at is taken out of the state, which goes back at once: others
need not wait while it is judged. Where a hit rests on the payment, which is rare, it is shown and judged once more in one go, so that
all that is told of it is of one moment.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from loantrail.defects import DEFECTS
from loantrail.errors import LoantrailError
from loantrail.monitor import store_step
from loantrail.monitor.asking import (
    Aside,
    said_of_payment,
    said_plainly,
    said_unshown,
    taken_aside,
)
from loantrail.monitor.held import Held
from loantrail.monitor.keeping import Keeping
from loantrail.monitor.model import ALLOW
from loantrail.monitor.payment import Decided, Payment, lines_of, placed
from loantrail.monitor.writing import Overloaded, Sessions
from loantrail.postgres.sessions import reading_session
from loantrail.tracing.ground import Ground

if TYPE_CHECKING:
    from psycopg import Connection

QUESTIONS_WAITING_MAX: Final = 8
PATIENCE_SECONDS: Final = 8.0
"""How long a question waits for the state."""
_LOG = logging.getLogger(__name__)


class Questions(ABC, Keeping):
    """Any thread may ask; the state is used by one at a time."""

    def __init__(self, sessions: Sessions, ground: Callable[[Connection[Any]], Ground]) -> None:
        super().__init__(sessions, ground)
        self._questions = threading.BoundedSemaphore(QUESTIONS_WAITING_MAX)
        self._asking = threading.Lock()

    def decide(self, payment: Payment) -> Decided | None:
        """What would be said of a payment if it were booked now, behind all that is there; None without a state. Waits a little for a
        state that is being built. InputError where it cannot be judged."""
        if not self._questions.acquire(blocking=False):
            raise Overloaded(
                "too many questions are waiting", remedy="Ask again after the seconds of Retry-After"
            )
        try:
            if self._held is None:
                self.want()
                self.wait(PATIENCE_SECONDS)
            said = self._put(payment, aside=True)
            if isinstance(said, Aside):
                said = said.decided() or self._put(payment, aside=False)
            assert not isinstance(said, Aside)
            return said
        finally:
            self._questions.release()

    @abstractmethod
    def _catch_up(self, connection: Connection[Any], held: Held) -> None:
        """Show the lines that wait, as far as they say nothing of a loan."""

    def _put(self, payment: Payment, *, aside: bool) -> Decided | Aside | None:
        # Nobody waits for a connection with the state, for which others wait with theirs; of those, one is a question.
        with self._asking, reading_session(self._sessions) as connection, self._guard:
            held = self._current(connection, store_step.footing_of(connection))
            if held is None:
                if self._builder is None and self._problem is not None:
                    raise self._problem
                return None
            return self._asked(connection, held, payment, aside=aside)

    def _asked(
        self, connection: Connection[Any], held: Held, payment: Payment, *, aside: bool
    ) -> Decided | Aside | None:
        standing, own = held.standing, held.own_accounts()
        where = placed(payment, held.lines, own, standing.survivors)
        if held.tells is not None and held.tells.are_all(where.asked()):
            return Decided(ALLOW, (), (), where.at)
        if not self._has_alone(held):
            return None
        if held.later_count:
            self._catch_up(connection, held)
            where = placed(payment, held.lines, own, standing.survivors)
        if (said := said_plainly(connection, held, where)) is not None:
            return said
        lines = lines_of(where, held.lines)
        with_it = standing.with_lines(lines, held.lines)
        if (said := said_unshown(connection, held, with_it)) is not None:
            return said
        try:
            changed = standing.show(with_it)
            tell = taken_aside if aside else said_of_payment
            return tell(connection, held, changed, lines["line_id"], where.at)
        except LoantrailError:
            self.forget()  # it may have broken off half way
            raise
        finally:
            self._show_committed(held)

    def _show_committed(self, held: Held) -> None:
        try:
            held.standing.go_back(held.lines)
        except DEFECTS:
            _LOG.exception("the state of the step could not go back; it is built anew")
            self.forget()

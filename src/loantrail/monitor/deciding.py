"""The step in its shell: what a group of lines means for the loans whose money they move, in the transaction that brings them
into the books.

The state is built from the books in the background, when first asked for and whenever a run over the books ended. Until it
is there, lines are taken in without a decision; the next run over the books judges them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import psycopg

from loantrail import clock
from loantrail.early_warning.taking import Looked, take_hits
from loantrail.errors import LoantrailError
from loantrail.monitor import store, store_step
from loantrail.monitor.asking import said_of_payment
from loantrail.monitor.decided import decided, of_transaction
from loantrail.monitor.held import (
    LINES_AT_ONCE,
    Held,
    ground_anew,
    held_on,
    judges_by,
    show_beside,
    shown_with,
)
from loantrail.monitor.model import ALLOW, RowDecision
from loantrail.monitor.pauses import keep_pauses_short
from loantrail.monitor.payment import Decided, Payment, lines_of_payment
from loantrail.monitor.shown import Changed
from loantrail.monitor.writing import Overloaded, Sessions
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing.ground import Ground
from loantrail.tracing.store import current_run_id

if TYPE_CHECKING:
    from psycopg import Connection

OVERRUN_LINES: Final = 500_000
"""Nor is it caught up with more lines than that."""
PAUSE_PER_BUILD: Final = 5
"""After an attempt to build the state that failed lies so many times what it took."""
OVERRUN_SECONDS: Final = 60.0
"""So long the state is left to the next run over the books, when more lines came than can be shown."""
QUESTIONS_WAITING_MAX: Final = 8
PATIENCE_SECONDS: Final = 8.0
"""How long a question waits for the state."""
JUDGED_AT_ONCE: Final = 2_000
CAUGHT_UP_AT_ONCE: Final = 500
"""More lines than the one in one go are taken in without a decision, and judged, so many at a time, between others (`catch_up`)."""
SHOWN_FROM: Final = 300
"""Lines that can say nothing of any loan wait until so many are there, others come that can, or it is quiet: then all are shown."""
LATER_MOST: Final = 10_000
"""More do not wait while others are being shown."""
_LOG = logging.getLogger(__name__)


class Deciding:
    """The one state of this process. Any thread may ask; one at a time is served.

    Who judges keeps the state from `judge` until `committed` or `lost`: nobody else sees lines that are not committed yet. Where
    both are held, the writer's lock of the database is taken before the state.
    """

    def __init__(self, sessions: Sessions, ground: Callable[[Connection[Any]], Ground] = ground_anew) -> None:
        """`ground` tells what to stand on at first."""
        self._sessions, self._ground = sessions, ground
        self._guard = threading.RLock()
        self._judging_thread: int | None = None
        self._held: Held | None = None
        self._builder: threading.Thread | None = None
        self._wanted = False
        self._problem: LoantrailError | None = None
        """Why there is no state, where the books do not allow one."""
        self._not_before = 0.0
        self._expecting = False
        self._questions = threading.BoundedSemaphore(QUESTIONS_WAITING_MAX)

    # The state -----------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether there is a state to decide with."""
        return self._held is not None

    def want(self) -> None:
        """Have the state built in the background, unless it is there or being built, or could not be built just now."""
        with self._guard:
            self._wanted = True
            may = clock.monotonic_seconds() >= self._not_before
            if self._held is None and self._builder is None and may:
                self._builder = threading.Thread(target=self._build, name="step", daemon=True)
                self._builder.start()

    def wait(self, seconds: float | None = None) -> None:
        """Until nothing is being built, or so long."""
        builder = self._builder
        if builder is not None:
            builder.join(seconds)

    def _build(self) -> None:
        begun = clock.monotonic_seconds()
        try:
            with self._sessions.session() as connection:
                run_id = current_run_id(connection)
                self._stand_on(connection, self._ground(connection), run_id)
        except LoantrailError as problem:
            self._problem = problem
            _LOG.info("live lines are not judged one by one yet: %s", problem)
        except Exception:
            _LOG.exception("the state of the step could not be built")
        finally:
            with self._guard:
                if self._held is None:
                    now = clock.monotonic_seconds()
                    self._not_before = now + PAUSE_PER_BUILD * (now - begun)
                self._builder = None

    def rebase(self, connection: Connection[Any], ground: Ground) -> None:
        """Stand on a run from now on, where anybody asked for decisions here. Lines that came later are shown with the next group."""
        if self._wanted:
            self._stand_on(connection, ground, ground.run_id)

    def _stand_on(self, connection: Connection[Any], ground: Ground, run_id: str | None) -> None:
        try:
            held = held_on(connection, ground, run_id)
        except psycopg.OperationalError:
            raise
        except Exception:
            _LOG.exception("the state of the step could not be built from a run")
            self.forget()
            return
        if held is not None:
            with self._guard:
                self._held = held
            keep_pauses_short()

    def expect(self, at_it: bool) -> None:
        """A run is being made for this process: until `rebase` the state stays; what came meanwhile is judged anew after it."""
        self._expecting = at_it

    def forget(self) -> None:
        """Drop the state; it is built anew when it is asked for."""
        with self._guard:
            self._held = None

    def _current(self, connection: Connection[Any]) -> Held | None:
        """The state, where it stands on the run that screens show, or that of a new one is being made here, and on the numbers in
        force; else one is asked for, and there is none now: corrections, records and merges of the run are not in the old one."""
        held, parameters = self._held, parameters_in_force(connection)
        if held is not None and not (
            (self._expecting or current_run_id(connection, ends_transaction=False) == held.run_id)
            and (parameters is held.standing.parameters or self._has_alone(held))
            and judges_by(held, parameters)
        ):
            self.forget()
            held = None
        if held is None:
            self.want()
        return held

    def _has_alone(self, held: Held) -> bool:
        """Wait until nothing is shown beside; False where that broke the state: it is built anew."""
        try:
            held.finish_showing()
        except Exception:
            _LOG.exception("the state of the step could not be shown lines; it is built anew")
            self.forget()
            return False
        return True

    # A group of lines ----------------------------------------------------------------------------------------

    def judge(self, connection: Connection[Any]) -> Mapping[str, RowDecision]:
        """Judge what arrived since the last commit, in the caller's transaction: line -> decision; empty without a state or for too
        many. `committed` or `lost` must follow, in the same thread: until then the state is the caller's."""
        return self._taken(connection, JUDGED_AT_ONCE)

    def catch_up(self, connection: Connection[Any]) -> None:
        """The same for the first of the lines that arrived, however many they are."""
        self._taken(connection, OVERRUN_LINES)

    @property
    def is_behind(self) -> bool:
        """Whether more lines are there that are not judged than are judged at once."""
        return self._held is not None and self._held.is_behind

    def _taken(self, connection: Connection[Any], most: int) -> Mapping[str, RowDecision]:
        if self._judging_thread != threading.get_ident():
            self._guard.acquire()
            self._judging_thread = threading.get_ident()
        held = self._current(connection)
        if held is None:
            return {}
        try:
            with connection.transaction():
                return self._judge(connection, held, most)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:
            # Taking in goes on: the next run over the books judges these lines.
            _LOG.exception("a group of lines could not be judged")
            self.forget()
            return {}

    def committed(self) -> None:
        """What was judged last is in the books."""
        if self._judging_thread != threading.get_ident():
            return
        try:
            held = self._held
            if held is not None and held.pending:
                self._settle(held)
        finally:
            self._give_back()

    def lost(self) -> None:
        """What was judged last may not be in the books: the state goes back, and the next group looks."""
        if self._judging_thread != threading.get_ident():
            return
        try:
            held = self._held
            if held is not None and held.pending:
                is_shown = held.aside is None
                held.pending, held.judgement, held.aside = 0, None, None
                if is_shown:
                    self._show_committed(held)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self._judging_thread = None
        self._guard.release()

    def _settle(self, held: Held) -> None:
        try:
            held.last_arrival, held.pending = held.pending, 0
            if held.aside is not None:
                held.later.append(held.aside)
                held.aside = None
                if held.later_count >= SHOWN_FROM and held.showing is None and not held.is_to_judge:
                    show_beside(self._sessions, held)
                return
            held.standing.settle()
            if held.judgement is not None:
                held.judging.keep(held.judgement)
                held.judgement = None
            held.lines, held.later, held.is_to_judge = held.standing.lines, [], False
        except Exception:
            _LOG.exception("the state of the step could not go on; it is built anew")
            self.forget()

    def _show_committed(self, held: Held) -> None:
        try:
            held.standing.go_back(held.lines)
        except Exception:
            _LOG.exception("the state of the step could not go back; it is built anew")
            self.forget()

    def follow(self, connection: Connection[Any]) -> None:
        """Keep up with what another process takes in and judges, so that this one can take its place at once."""
        # With the turn of a writer no group is half way: none of its lines can come later with a smaller number.
        store.begin_group(connection)
        with self._guard:
            held, last = self._current(connection), store_step.last_arrival(connection)
            if held is None or last - held.last_arrival > LINES_AT_ONCE:
                self.forget()
                connection.rollback()
                return
            arrived = store_step.lines_after(connection, held.last_arrival, last)
            connection.rollback()
            if arrived.is_empty():
                return
            try:
                held.finish_showing()
                shown = shown_with(connection, held, held.with_later(arrived))
                if shown is None:
                    self.forget()
                    return
                changed = held.standing.show(shown)
                held.judging.forget({*changed.loans, *changed.draining, *changed.doubtful})
                held.pending = last
                self._settle(held)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception:
                _LOG.exception("the state of the step could not follow; it is built anew")
                self.forget()
            finally:
                connection.rollback()

    # A payment not yet made ----------------------------------------------------------------------------------

    def decide(self, payment: Payment) -> Decided | None:
        """What would be said of a payment if it were booked now; None without a state. It is put at the end of the order,
        judged, and taken out again: nothing of it stays. Waits a little for a state that is being built. InputError where it cannot
        be judged."""
        if not self._questions.acquire(blocking=False):
            raise Overloaded(
                "too many questions are waiting", remedy="Ask again after the seconds of Retry-After"
            )
        try:
            if self._held is None:
                self.want()
                self.wait(PATIENCE_SECONDS)
            # The state first: who has it may wait for a connection, who has one must not wait for it.
            with self._guard, self._sessions.session() as connection:
                held = self._current(connection)
                if held is None:
                    if self._builder is None and self._problem is not None:
                        raise self._problem
                    return None
                return self._asked(connection, held, payment)
        finally:
            self._questions.release()

    def _asked(self, connection: Connection[Any], held: Held, payment: Payment) -> Decided | None:
        standing, merged = held.standing, held.standing.around.merged
        lines = lines_of_payment(payment, held.lines, held.own_accounts(), merged)
        if held.leaves_alone(lines):
            return Decided(ALLOW, (), ())
        if not self._has_alone(held):
            return None
        if held.later:
            self._catch_up(connection, held)
            lines = lines_of_payment(payment, held.lines, held.own_accounts(), merged)
        try:
            changed = standing.show(standing.with_lines(lines, held.lines))
            moved = standing.moved_in(lines["line_id"])
            return said_of_payment(connection, held, changed, moved)
        except LoantrailError:
            self.forget()  # it may have broken off half way
            raise
        finally:
            self._show_committed(held)

    # Inside --------------------------------------------------------------------------------------------------

    def _catch_up(self, connection: Connection[Any], held: Held) -> None:
        """Show the lines that wait. Where they say something of a loan after all, they go on waiting for who may judge them."""
        shown = shown_with(connection, held, held.with_later(held.later[0].clear()))
        if shown is None:
            return
        if held.standing.show(shown).concerns_loans:
            self._show_committed(held)
            return
        held.pending = held.last_arrival
        self._settle(held)

    def _judge(self, connection: Connection[Any], held: Held, most: int) -> dict[str, RowDecision]:
        behind = store_step.last_arrival(connection) - held.last_arrival
        held.is_behind = behind > JUDGED_AT_ONCE
        if behind > OVERRUN_LINES:
            # A run over the books brings them, and the state is made of that.
            self.forget()
            self._not_before = clock.monotonic_seconds() + OVERRUN_SECONDS
        if behind > most:
            return {}
        last = held.last_arrival + min(behind, CAUGHT_UP_AT_ONCE if held.is_behind else JUDGED_AT_ONCE)
        arrived = store_step.lines_after(connection, held.last_arrival, last)
        held.collect()
        may_wait = 0 < len(arrived) <= LATER_MOST - held.later_count and not held.is_to_judge
        if may_wait and held.leaves_alone(arrived):
            held.pending, held.aside = last, arrived
            return dict.fromkeys(arrived["line_id"].to_list(), RowDecision(ALLOW, ()))
        if not self._has_alone(held):
            return {}
        shown = shown_with(connection, held, held.with_later(arrived))
        if shown is None:
            return {}
        held.pending = last
        changed = held.standing.show(shown)
        judged = self._judged(connection, held, changed) if changed.concerns_loans else {}
        of_line = held.standing.transactions_of(arrived["line_id"])
        waiting = changed.order.waiting()
        return {line: of_transaction(judged, name, waiting) for line, name in of_line.items()}

    def _judged(self, connection: Connection[Any], held: Held, changed: Changed) -> dict[str, RowDecision]:
        found = held.judgement = held.judging.judge(connection, held.standing.index, changed)
        if not found.loans:
            return {}
        taken = take_hits(
            connection,
            found.hits,
            found.codes,
            found.proven,
            found.payees,
            held.standing.parameters,
            found.on_date,
            Looked(only=frozenset(found.loans)),
        )
        store_step.note_judged(connection, found.loans, held.pending)
        return decided(found.hits, taken.told, changed.transactions)

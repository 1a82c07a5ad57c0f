"""The step in its shell: what a group of lines means for the loans whose money they move, in the transaction that brings them
into the books.

The state is built from the books in the background, when first asked for and whenever a run over the books ended. Until it
is there, lines are taken in without a decision; the next run over the books judges them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.early_warning.taking import Looked, take_hits
from loantrail.monitor import store, store_step
from loantrail.monitor.arrived import Arrived, Footing
from loantrail.monitor.asked import Asked
from loantrail.monitor.bystanders import View
from loantrail.monitor.catching_up import OWED_AT_ONCE, leave_to_others
from loantrail.monitor.decided import decided, none_for, of_lines
from loantrail.monitor.held import LINES_AT_ONCE, Held, ground_anew, show_beside, shown_with
from loantrail.monitor.hosting import Host, Hosting, Unwelcome
from loantrail.monitor.model import ALLOW, LATE, MANY, NOT_READY, RowDecision
from loantrail.monitor.passing import LATER_MOST, Passing
from loantrail.monitor.questions import Questions
from loantrail.monitor.running_away import judged_within_limits
from loantrail.monitor.shown import Changed, owed
from loantrail.monitor.tail import FEW_LINES, Lines
from loantrail.monitor.writing import Sessions
from loantrail.postgres.failures import PASSING
from loantrail.rules import store_hits
from loantrail.tracing.ground import Ground

if TYPE_CHECKING:
    from psycopg import Connection

OVERRUN_LINES: Final = 500_000
"""A state is not caught up with more lines than that."""
OVERRUN_SECONDS: Final = 60.0
"""So long the state is left to the next run over the books, when more lines came than can be shown."""
JUDGED_AT_ONCE: Final = 2_000
CAUGHT_UP_AT_ONCE: Final = 500
"""More lines than the one in one go are taken in without a decision, and judged, so many at a time, between others (`catch_up`)."""
SHOWN_FROM: Final = 300
"""Lines that can say nothing of any loan wait until so many are there, others come that can, or it is quiet: then all are shown."""
_ALLOWED: Final = RowDecision(ALLOW)
_LOG = logging.getLogger(__name__)


class Deciding(Questions):
    """The one state of this process. Any thread may ask; one at a time is served.

    Who judges keeps the state from `judge` until `committed` or `lost`: nobody else sees lines that are not committed yet. Where
    both are held, the writer's lock of the database is taken before the state.
    """

    def __init__(self, sessions: Sessions, ground: Callable[[Connection[Any]], Ground] = ground_anew) -> None:
        """`ground` tells what to stand on at first."""
        super().__init__(sessions, ground)
        self._judging_thread: int | None = None
        self.hosting = Hosting()
        self._passing = Passing()

    # A group of lines ----------------------------------------------------------------------------------------

    def lets_pass(self, asked: Asked) -> bool:
        """Whether lines that come now can say nothing of any loan, by what is committed. Asks nobody and waits for nobody."""
        return (held := self._held) is not None and held.lets_pass(asked, held.tells)

    def judge(
        self, connection: Connection[Any], arrived: Arrived, tells: View | None = None
    ) -> Mapping[str, RowDecision]:
        """Judge what a group brings, and whatever arrived since the last commit, in the caller's transaction: line -> decision,
        or why there is none. `committed` or `lost` must follow, in the same thread: until then the state is the
        caller's. `tells`: the group is a guest of one that is being judged, by what that one says may
        pass; Unwelcome where it may not."""
        if tells is None:
            self._begin_turn()
        held = self._held
        if held is not None and self._passing.begin(
            connection, held, arrived, tells, run_is_expected=self._expecting
        ):
            return {one.line_id: _ALLOWED for one in arrived.entered}
        if tells is not None:
            raise Unwelcome
        return self._taken(connection, arrived)

    def catch_up(self, connection: Connection[Any]) -> None:
        """The same for the first of the lines that arrived, however many they are."""
        self._taken(connection, None)

    def judge_owed(self, connection: Connection[Any]) -> None:
        """The same for the first of the loans that are owed a judgement."""
        self._begin_turn()
        footing = store_step.footing_of(connection)
        held = self._current(connection, footing)
        if held is None or not held.owed:
            return
        if not self._has_alone(held):
            return
        if footing.last_arrival > held.last_arrival or held.is_to_judge:
            # Who judges a loan knows all its lines: what another process found in them would be taken back.
            self.catch_up(connection)
            return
        with self._left_out_on_error(connection):
            held.pending = held.last_arrival
            held.pending_groups, held.shows_later = held.later.groups, False
            with self.hosting.open(self._host(connection, held)):
                self._judged(connection, held, owed(islice(held.owed, OWED_AT_ONCE), held.standing.order))

    @property
    def is_behind(self) -> bool:
        """Whether more lines are there that are not judged than are judged at once."""
        return (held := self._held) is not None and held.is_behind

    @property
    def owes(self) -> bool:
        """Whether loans are to be judged though no line of them comes."""
        return (held := self._held) is not None and bool(held.owed)

    def _taken(self, connection: Connection[Any], arrived: Arrived | None) -> Mapping[str, RowDecision]:
        self._begin_turn()
        footing = store_step.footing_of(connection) if arrived is None else arrived.footing
        held = self._current(connection, footing)
        found: dict[str, RowDecision] = {}
        why = NOT_READY
        if held is not None:
            with self._left_out_on_error(connection):
                told = self._judge(connection, held, footing, arrived)
                if isinstance(told, str):
                    why = told
                else:
                    found, why = told, MANY if held.is_behind else LATE
        return found if arrived is None else none_for(arrived.entered, why) | found

    @contextmanager
    def _left_out_on_error(self, connection: Connection[Any]) -> Generator[None]:
        """What goes wrong in the block is undone, and there is no state; the caller's transaction goes on."""
        try:
            with connection.transaction():
                yield
        except PASSING:
            raise
        except DEFECTS:
            # Taking in goes on: the next run over the books judges these lines.
            _LOG.exception("a group of lines could not be judged")
            self.forget()

    def committed(self) -> None:
        """What was judged last is in the books."""
        passed = self._passing.end(is_committed=True)
        if self._judging_thread != threading.get_ident():
            return  # a guest; its host has the state
        try:
            held = self._held
            if passed is not None:
                self._show_some(passed)
            elif held is not None and held.pending:
                self._settle(held)
            self._go_back_for_late_lines()
        finally:
            self._give_back()

    def lost(self) -> None:
        """What was judged last may not be in the books: the state goes back, and the next group looks."""
        passed = self._passing.end(is_committed=False)
        if self._judging_thread != threading.get_ident():
            return
        try:
            held = self._held
            if passed is None and held is not None and held.pending:
                is_shown = held.aside is None
                held.forget_pending()
                if is_shown:
                    self._show_committed(held)
                    held.renew()
        finally:
            self._give_back()

    def _go_back_for_late_lines(self) -> None:
        if (held := self._held) is not None and held.is_to_go_back:
            self.go_back()

    def _begin_turn(self) -> None:
        """Have the state until `committed` or `lost`."""
        if self._judging_thread != threading.get_ident():
            self._guard.acquire()
            self._judging_thread = threading.get_ident()

    def _give_back(self) -> None:
        self._judging_thread = None
        self._guard.release()

    def _show_some(self, held: Held) -> None:
        """Begin to show the lines that wait, where they are many."""
        if held.later_count < SHOWN_FROM or self._held is not held:
            return
        try:
            held.collect()
            if held.later_count >= SHOWN_FROM and held.showing is None and not held.is_to_judge:
                show_beside(self._sessions, held)
        except DEFECTS:
            _LOG.exception("the state of the step could not be shown lines; it is built anew")
            self.forget()

    def _settle(self, held: Held) -> None:
        try:
            held.last_arrival = max(held.pending, held.guests_arrival)
            held.pending = held.guests_arrival = 0
            if held.aside is not None:
                held.later.add(held.aside)
                held.aside = None
                self._show_some(held)
                return
            held.settle(held.last_arrival)
            if held.judgement is not None:
                held.keep(held.judgement)
                self._note_left(held.judgement.loans, held.left)
                held.judgement, held.left = None, frozenset()
            held.lines = held.standing.lines
            if held.shows_later:
                held.later.drop(held.pending_groups)
                held.is_to_judge = False
            held.renew()
        except DEFECTS:
            _LOG.exception("the state of the step could not go on; it is built anew")
            self.forget()

    def follow(self, connection: Connection[Any]) -> None:
        """Keep up with what another process takes in and judges, so that this one can take its place at once."""
        # With the turn of a writer no group is half way: none of its lines can come later with a smaller number.
        if not store.begin_group_soon(connection):
            return  # it may hang: whoever stands by goes on looking after it
        with self._guard:
            footing = store_step.footing_of(connection)
            held, last = self._current(connection, footing), footing.last_arrival
            if held is None or store_step.are_more_than(connection, LINES_AT_ONCE, held.last_arrival, last):
                self.forget()
                connection.rollback()
                return
            arrived = store_step.lines_after(connection, held.last_arrival, last)
            connection.rollback()
            if arrived.is_empty():
                return
            try:
                held.finish_showing()
                shown = self._shown_with_later(connection, held, arrived)
                if shown is None:
                    self.forget()
                    return
                changed = held.standing.show(shown)
                leave_to_others(held, changed)
                held.pending = last
                self._settle(held)
                self._go_back_for_late_lines()
            except PASSING:
                raise
            except DEFECTS:
                _LOG.exception("the state of the step could not follow; it is built anew")
                self.forget()
            finally:
                connection.rollback()

    # Inside --------------------------------------------------------------------------------------------------

    def _shown_with_later(
        self, connection: Connection[Any], held: Held, arrived: pl.DataFrame
    ) -> Lines | None:
        """The committed tail with the lines that wait and these behind it; from here on nobody is told who may concern a loan."""
        held.pending_groups, held.shows_later = held.later.groups, True
        shown = shown_with(connection, held, pl.concat([held.later.first(held.pending_groups), arrived]))
        if shown is not None:
            held.tells = None
        return shown

    def _catch_up(self, connection: Connection[Any], held: Held) -> None:
        """Show the lines that wait. Where they say something of a loan after all, they go on waiting for who may judge them."""
        shown = self._shown_with_later(connection, held, FEW_LINES.nothing())
        if shown is None:
            return
        try:
            concerns_loans = held.standing.show(shown).concerns_loans
        except DEFECTS:
            self.forget()  # it broke off half way
            raise
        if concerns_loans:
            self._show_committed(held)
            held.renew()
            return
        held.pending = held.last_arrival
        self._settle(held)

    def _judge(
        self, connection: Connection[Any], held: Held, footing: Footing, own: Arrived | None
    ) -> dict[str, RowDecision] | str:
        """Line -> decision, of those that have their place; or why there is none of any."""
        own_alone = own if own is not None and footing.last_arrival <= held.last_arrival else None
        last = footing.last_arrival if own is None else own.last_arrival

        def are_more_than(count: int) -> bool:
            # Lines, not numbers: what was sent again, or rolled back, used up numbers that no line has.
            if own_alone is not None:
                return len(own_alone.entered) > count
            return store_step.are_more_than(connection, count, held.last_arrival, last)

        held.is_behind = are_more_than(JUDGED_AT_ONCE)
        if held.is_behind:
            if are_more_than(OVERRUN_LINES):
                # A run over the books brings them, and the state is made of that.
                self.forget()
                self._not_before = clock.monotonic_seconds() + OVERRUN_SECONDS
                return MANY
            if own is not None:
                return MANY
            arrived = store_step.lines_after(connection, held.last_arrival, last, CAUGHT_UP_AT_ONCE)
            last = int(arrived["arrival_number"][-1])
        elif own_alone is not None:
            arrived = own_alone.lines()
        else:
            arrived = store_step.lines_after(connection, held.last_arrival, last)
        held.collect()
        asked = Asked.of_frame(arrived)
        room = LATER_MOST - held.later_count
        if 0 < len(arrived) <= room and held.may_wait(asked, held.tells):
            held.pending, held.aside = last, arrived
            return dict.fromkeys(arrived["line_id"].to_list(), _ALLOWED)
        if not self._has_alone(held):
            return NOT_READY
        shown = self._shown_with_later(connection, held, arrived)
        if shown is None:
            return MANY
        held.pending = last
        with self.hosting.open(None if held.is_behind else self._host(connection, held, asked)):
            changed = held.standing.show(shown)
            judged = self._judged(connection, held, changed) if changed.concerns_loans else {}
        of_line = held.standing.transactions_of(arrived["line_id"])
        return of_lines(judged, of_line, held.undecided(changed))

    def _host(self, connection: Connection[Any], held: Held, asked: Asked | None = None) -> Host:
        """Who judges the lines that are asked about, or none."""
        return Host(held.standing.alone(asked), store.session_of(connection))

    def _judged(self, connection: Connection[Any], held: Held, changed: Changed) -> dict[str, RowDecision]:
        found = judged_within_limits(connection, held, changed, self._difficult)
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
        if found.broken:
            store_hits.stop_broken(connection, sorted(found.broken))
        store_step.note_judged(connection, found.loans, held.pending)
        return decided(found.hits, taken.told, changed.transactions, found.halves)

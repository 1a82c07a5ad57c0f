"""The one state of the step that a process holds: built from the books in the background, put in the place of an older one, dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import psycopg

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.errors import LoantrailError
from loantrail.monitor import pauses
from loantrail.monitor.arrived import Footing
from loantrail.monitor.catching_up import be_there, come_up
from loantrail.monitor.held import Held, ground_anew, ground_of_run, held_on, judges_by
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.sessions import Sessions
from loantrail.tracing.ground import Ground
from loantrail.tracing.store import current_run_id

if TYPE_CHECKING:
    from psycopg import Connection

PAUSE_PER_BUILD: Final = 5
"""After an attempt to build the state that failed lies so many times what it took; so between two that are made for lines that came late."""
PAUSE_LEAST_SECONDS: Final = 1.0
"""The least between the latter. So often it is looked, too, whether a run is over that makes another state anyway."""
TRIES: Final = 3
"""So often it is tried to make another state for lines that came late, while the database is away; then the next run takes them along."""
_LOG = logging.getLogger(__name__)


class Keeping:
    """Who uses the state has `_guard`."""

    def __init__(self, sessions: Sessions, ground: Callable[[Connection[Any]], Ground]) -> None:
        """`ground` tells what to stand on at first. Where no state can be built on that, what a run left may be to blame: then the books
        are read, until there is another run."""
        self._sessions, self._first_ground, self._ground = sessions, ground, ground
        self._guard = threading.RLock()
        self._held: Held | None = None
        self._builder: threading.Thread | None = None
        self._going_back: threading.Thread | None = None
        self._building = threading.Lock()
        """Of two states that are made at the same time both would be in memory, beside the one that stands."""
        self._go_back_not_before = 0.0
        self._wanted = False
        self._problem: LoantrailError | None = None
        """Why there is no state, where the books do not allow one."""
        self._not_before = 0.0
        self._expecting = False
        self._difficult: frozenset[str] = frozenset()
        """Loans that could not be judged: they are tried by themselves, and once by each new state."""
        self.on_owing: Callable[[], None] = lambda: None
        """Is told when a new state stands that owes loans a judgement."""

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
        _join(self._builder, seconds)

    def wait_for_late_lines(self) -> None:
        """Until those that came late have their place, or it is known that they must wait for the next run."""
        _join(self._going_back, None)

    def go_back(self) -> None:
        """Have another state made in the background, in which lines that came late have their place, and put it in the place of this one:
        from what the last run left, which goes further back than the tail. The state goes on meanwhile."""
        with self._guard:
            if self._going_back is None:
                self._going_back = threading.Thread(target=self._go_back, name="going back", daemon=True)
                self._going_back.start()

    def _go_back(self) -> None:
        failed = 0
        while True:
            with self._guard:
                held = self._held
                if held is None or not held.is_to_go_back:
                    self._going_back = None
                    return
            begun = clock.monotonic_seconds()
            if self._expecting or begun < self._go_back_not_before:
                clock.sleep(PAUSE_LEAST_SECONDS)
                continue
            may_go_on = self._went_back()
            failed = failed + 1 if self._held is held else 0
            if not may_go_on or failed == TRIES:
                held.leave_to_run()
            elif (made := self._held) is not None and made is not held and made.left_out <= held.left_out:
                made.leave_to_run()  # in another one it would have no place either
            now = clock.monotonic_seconds()
            self._go_back_not_before = now + max(PAUSE_PER_BUILD * (now - begun), PAUSE_LEAST_SECONDS)

    def _went_back(self) -> bool:
        """Have the other state made; False where there is nothing that it could stand on."""
        try:
            with self._sessions.session() as connection:
                ground = ground_of_run(connection)
                if ground is None:
                    return False
                self._have_made(connection, ground, ground.run_id)
        except (LoantrailError, psycopg.OperationalError) as problem:
            _LOG.warning("lines that came late have no place yet: %s", problem)
        except DEFECTS:
            _LOG.exception("lines that came late could not be given their place")
            return False
        return True

    def _build(self) -> None:
        begun = clock.monotonic_seconds()
        try:
            with self._sessions.session() as connection:
                run_id = current_run_id(connection)
                self._stand_on(connection, self._ground(connection), run_id)
        except LoantrailError as problem:
            self._problem = problem
            _LOG.info("live lines are not judged one by one yet: %s", problem)
        except psycopg.OperationalError as problem:
            _LOG.warning("the state of the step could not be built without a database: %s", problem)
        except DEFECTS:
            _LOG.exception("the state of the step could not be built")
            self._ground = ground_anew
        finally:
            with self._guard:
                if self._held is None:
                    now = clock.monotonic_seconds()
                    self._not_before = now + PAUSE_PER_BUILD * (now - begun)
                self._builder = None

    def rebase(self, connection: Connection[Any], ground: Ground) -> None:
        """Stand on a run from now on, where anybody asked for decisions here. Lines that came later are shown first, while the state of
        before goes on."""
        if self._wanted:
            self._ground = self._first_ground
            self._stand_on(connection, ground, ground.run_id)

    def _stand_on(self, connection: Connection[Any], ground: Ground, run_id: str | None) -> None:
        try:
            self._have_made(connection, ground, run_id)
        except psycopg.OperationalError:
            raise
        except DEFECTS:
            _LOG.exception("the state of the step could not be built from a run")
            self.forget()
            self._ground = ground_anew

    def _have_made(self, connection: Connection[Any], ground: Ground, run_id: str | None) -> None:
        """Make the state on that, and put it in its place."""
        with self._building:
            held = held_on(connection, ground, run_id)
            if held is None:
                return
            come_up(connection, held)
            held.judging.be_ready(connection, held.standing.index)
            connection.rollback()
            self._put_in_place(connection, held)
        pauses.keep_pauses_short()
        if held.owed:
            self.on_owing()
        if held.is_to_go_back:
            self.go_back()

    def _put_in_place(self, connection: Connection[Any], held: Held) -> None:
        try:
            run_id = be_there(connection, held)
            held.owe(loan for loan in self._difficult if held.standing.index.records.number_of(loan) >= 0)
            with self._guard:
                stands = self._held
                if stands is None or held.run_id == run_id or stands.run_id != run_id:
                    self._held = held
        finally:
            if not connection.closed:
                connection.rollback()

    def expect(self, at_it: bool) -> None:
        """A run is being made for this process: until `rebase` the state stays; loans of what came meanwhile are judged anew after it."""
        self._expecting = at_it

    def forget(self) -> None:
        """Drop the state; it is built anew when it is asked for."""
        with self._guard:
            self._held = None

    def _note_left(self, judged: Iterable[str], left: frozenset[str]) -> None:
        """These loans were judged, and of these it could not be done. Where that happens to one for the first time the state may be to
        blame: the next one tries again."""
        is_new = not left <= self._difficult
        self._difficult = self._difficult.difference(judged) | left
        if is_new:
            self.forget()

    def _current(self, connection: Connection[Any], footing: Footing) -> Held | None:
        """The state, where it stands on the run that screens show, or that of a new one is being made here, and on the numbers in
        force; else one is asked for, and there is none now: corrections, records and merges of the run are not in the old one."""
        held, parameters = self._held, parameters_in_force(connection, footing.last_change)
        if held is not None and not (
            (self._expecting or footing.run_id == held.run_id)
            and (parameters is held.standing.parameters or self._has_alone(held))
            and judges_by(held, parameters)
        ):
            self.forget()
            held = None
        if held is None:
            self.want()
        else:
            held.judging.rules_said, held.judging.run_said = footing.rules, footing.run_id
        return held

    def _has_alone(self, held: Held) -> bool:
        """Wait until nothing is shown beside; False where that broke the state: it is built anew."""
        try:
            held.finish_showing()
        except DEFECTS:
            _LOG.exception("the state of the step could not be shown lines; it is built anew")
            self.forget()
            return False
        return True


def _join(thread: threading.Thread | None, seconds: float | None) -> None:
    if thread is not None:
        thread.join(seconds)

"""Traces the books anew in the background after a person changed what the trace depends on.

One trace at a time over all processes (a lock of the database). Changes that come meanwhile wait and are taken
together by the next one. How far it is stands in the database, with the last failure, so that a restart goes on. The
run that screens read stays until the new one takes its place in one commit.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.errors import LoantrailError, Stopping
from loantrail.postgres.background import Background, attempt
from loantrail.postgres.sessions import Sessions
from loantrail.tracing import store_evaluation as store
from loantrail.tracing.store import current_run_id

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.tracing.ground import Ground


class Retracing(Background):
    """Traces the books anew while changes are outstanding."""

    name = "re-evaluation"

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(sessions)
        self.on_traced: Callable[[Connection[Any], Ground], None] | None = None
        """Is told of each trace of the books once it is stored."""
        self.on_tracing: Callable[[bool], None] = lambda _at_it: None
        """Is told when a trace begins, and when it is over and who is told of it has done with it."""
        self.wants_ground: Callable[[], bool] = lambda: True
        """Whether `on_traced` would do anything: reading what another process left takes seconds."""
        self.last_seconds = 0.0
        """How long the last trace took; 0 before the first."""

    def waits(self, connection: Connection[Any]) -> bool:
        return store.outstanding(connection) is not None

    def lock(self, connection: Connection[Any]) -> bool:
        return store.lock(connection)

    def unlock(self, connection: Connection[Any]) -> None:
        store.unlock(connection)

    def work(self, connection: Connection[Any]) -> None:
        while (number := store.outstanding(connection)) is not None:
            store.begin(connection)
            connection.commit()
            self._trace(connection, number)

    def _trace(self, connection: Connection[Any], number: int) -> None:
        # Imported when first needed: the kernels would make every start of the server wait.
        from loantrail.tracing.database import trace_books

        def work() -> None:
            begun = clock.monotonic_seconds()
            self.on_tracing(True)
            try:
                found = trace_books(connection, on_traced=self.on_traced)
            finally:
                self.on_tracing(False)
            self.last_seconds = clock.monotonic_seconds() - begun
            store.finish(connection, number, found.run_id)

        def fail(problem: str, remedy: str) -> None:
            store.fail(connection, number, problem, remedy)

        attempt(connection, "the re-evaluation", work, fail)


AGAIN_SECONDS: Final = 5.0
"""After a process that ended, or while another one is at it, the next look."""
TRIES: Final = 3
"""So often a run is tried whose process ends each time."""
_LOG = logging.getLogger(__name__)


class RetracingBeside(Retracing):
    """Has the runs made by another process, so that all who ask this one go on undisturbed (`monitor.beside`)."""

    def __init__(self, sessions: Sessions, make_runs: Callable[[], bool]) -> None:
        """`make_runs` does all there is to do, as `Retracing` does; False where somebody else is at it. Stopping where this process is
        to end, another LoantrailError where the one that was at it ended."""
        super().__init__(sessions)
        self._make_runs = make_runs
        self._ended = 0

    def turn(self, connection: Connection[Any]) -> bool:
        before = current_run_id(connection)
        begun = clock.monotonic_seconds()
        self.on_tracing(True)
        try:
            made = self._make_runs()
            if made:
                self._ended = 0
                self._tell(connection, before)
        except Stopping:
            return False
        except LoantrailError as problem:
            made = False
            self._note(connection, problem)
        finally:
            self.on_tracing(False)
        if made:
            self.last_seconds = clock.monotonic_seconds() - begun
        else:
            # Nobody else would ask again: whoever is at it may end without having done it.
            clock.sleep(AGAIN_SECONDS)
        return True

    def _note(self, connection: Connection[Any], problem: LoantrailError) -> None:
        """The process ended: after some tries the run failed, which pages tell."""
        _LOG.warning("a run over the books was not made: %s", problem)
        self._ended += 1
        if self._ended < TRIES:
            return
        self._ended = 0
        number = store.outstanding(connection)
        if number is not None:
            store.fail(connection, number, problem.problem, problem.remedy)
        connection.commit()

    def _tell(self, connection: Connection[Any], before: str | None) -> None:
        # Imported when first needed: the kernels would make every start of the server wait.
        from loantrail.policy.reading import parameters_in_force
        from loantrail.tracing import kept_ground

        run_id = current_run_id(connection)
        if run_id == before or self.on_traced is None or not self.wants_ground():
            return  # the run failed, which stands in the database, or nobody needs what it left
        ground = kept_ground.of(connection, run_id, parameters_in_force(connection))
        connection.rollback()
        if ground is not None:
            self.on_traced(connection, ground)

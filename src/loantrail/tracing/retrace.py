"""Traces the books anew in the background after a person changed what the trace depends on.

One trace at a time over all processes (a lock of the database). Changes that come meanwhile wait and are taken
together by the next one. How far it is stands in the database, with the last failure, so that a restart goes on. The
run that screens read stays until the new one takes its place in one commit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from loantrail import clock
from loantrail.errors import Stopping
from loantrail.postgres.background import Background, Sessions, attempt
from loantrail.tracing import store_evaluation as store

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


class RetracingBeside(Retracing):
    """Has the runs made by another process, so that all who ask this one go on undisturbed (`monitor.beside`)."""

    def __init__(self, sessions: Sessions, make_runs: Callable[[], bool]) -> None:
        """`make_runs` does all there is to do, as `Retracing` does; False where somebody else is at it."""
        super().__init__(sessions)
        self._make_runs = make_runs

    def turn(self, connection: Connection[Any]) -> bool:
        connection.rollback()  # what was asked before must not stay one long transaction
        begun = clock.monotonic_seconds()
        self.on_tracing(True)
        try:
            if not self._make_runs():
                return False
            self._tell(connection)
        except Stopping:
            return False
        finally:
            self.on_tracing(False)
        self.last_seconds = clock.monotonic_seconds() - begun
        return True

    def _tell(self, connection: Connection[Any]) -> None:
        # Imported when first needed: the kernels would make every start of the server wait.
        from loantrail.policy.reading import parameters_in_force
        from loantrail.tracing import kept_ground
        from loantrail.tracing.store import current_run_id

        if self.on_traced is None or not self.wants_ground():
            return
        ground = kept_ground.of(current_run_id(connection), parameters_in_force(connection))
        connection.rollback()
        if ground is not None:  # else the run failed, which stands in the database, or could not be kept
            self.on_traced(connection, ground)

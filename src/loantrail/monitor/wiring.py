"""What judges live lines of a process and what pairs and traces after them, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loantrail.ledger.pairs.booking import settle
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import first_ground
from loantrail.monitor.settling import Settling
from loantrail.monitor.writing import Sessions
from loantrail.settings import read_settings
from loantrail.tracing.retrace import Retracing, RetracingBeside

if TYPE_CHECKING:
    from loantrail.monitor.beside import Beside


def tracer_of(sessions: Sessions, beside: Beside | None) -> Retracing:
    """What makes runs over the books: in the process beside, where there is one."""
    if beside is None:
        return Retracing(sessions)
    return RetracingBeside(sessions, beside.make_runs)


def step_of(sessions: Sessions, tracer: Retracing, beside: Beside | None = None) -> tuple[Deciding, Settling]:
    """The state of the step, which stands on each run of the tracer, and the thread that has lines paired, in the process beside
    where there is one, and asks the tracer for runs, and a new state for the judgements that it owes."""
    deciding = Deciding(sessions, first_ground)
    tracer.on_traced, tracer.on_tracing = deciding.rebase, deciding.expect
    tracer.wants_ground = lambda: deciding.is_ready
    settling = Settling(
        sessions,
        tracer.start,
        read_settings().live_trace_seconds,
        judge=deciding,
        took_seconds=lambda: tracer.last_seconds,
        pair=settle if beside is None else lambda _connection: beside.pair(),
    )
    deciding.on_owing = settling.start
    return deciding, settling

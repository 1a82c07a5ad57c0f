"""What judges live lines of a process and what pairs and traces after them, put together."""

from __future__ import annotations

from loantrail.monitor.deciding import Deciding
from loantrail.monitor.settling import Settling
from loantrail.monitor.writing import Sessions
from loantrail.settings import read_settings
from loantrail.tracing.retrace import Retracing


def step_of(sessions: Sessions, tracer: Retracing) -> tuple[Deciding, Settling]:
    """The state of the step, which stands on each run of the tracer, and the thread that asks the tracer for runs."""
    deciding = Deciding(sessions)
    tracer.on_traced, tracer.on_tracing = deciding.rebase, deciding.expect
    settling = Settling(
        sessions,
        tracer.start,
        read_settings().live_trace_seconds,
        judge=deciding,
        took_seconds=lambda: tracer.last_seconds,
    )
    return deciding, settling

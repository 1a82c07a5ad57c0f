"""A state that was just made, brought up to what is committed by now before anybody judges by it.

It stands on books that were read a while ago: a run takes seconds to minutes, and lines come meanwhile. They are shown beside, while the
state of before goes on judging, and the loans that they are about are owed a judgement by this one: it knows corrections and records that
the one of before did not. That follows loan by loan, between the groups that come (`outstanding.judge_owed`); lines of such a loan that
come earlier have all of it judged at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from loantrail.monitor import store, store_step
from loantrail.monitor.arrived import Footing
from loantrail.monitor.held import Held, shown_with
from loantrail.tracing.store import judged_later

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.monitor.shown import Changed

CLOSE_LINES: Final = 1_000
"""So few lines behind, the state is close enough: the others wait while it is shown these."""
FAR_LINES: Final = 20_000
"""So many are not shown while others wait: they are judged as lines that are behind."""
SHOWN_AT_ONCE: Final = 4_000
OWED_AT_ONCE: Final = 2
"""Loans that are owed a judgement and are judged together: others wait so long."""
ROUNDS_MOST: Final = 20
"""Lines that come faster than they are shown are not run after for ever."""


def come_up(connection: Connection[Any], held: Held) -> None:
    """Show what was committed since the state was read, but for the last few lines. For a state that nobody else uses. Leaves no
    transaction open."""
    for _ in range(ROUNDS_MOST):
        last = _begin_turn(connection).last_arrival
        connection.rollback()
        if last - held.last_arrival <= CLOSE_LINES:
            break
        while held.last_arrival < last:
            _take_up(connection, held, min(last, held.last_arrival + SHOWN_AT_ONCE))
            connection.rollback()


def be_there(connection: Connection[Any], held: Held) -> str | None:
    """Show the last few lines and have the turn of a writer until the caller ends the transaction: nothing is committed that the state
    does not know. Gives the run that screens show."""
    footing = _begin_turn(connection)
    if held.last_arrival < footing.last_arrival <= held.last_arrival + FAR_LINES:
        _take_up(connection, held, footing.last_arrival)
    # Of these the run left the warnings as they were, whoever judged them and knew less.
    records = held.standing.index.records
    judged = judged_later(connection, held.standing.last_arrival)
    others = [loan for loan in judged - held.owed.keys() if records.number_of(loan) >= 0]
    held.judging.forget(others)
    held.owe(others)
    held.renew()
    return footing.run_id


def leave_to_others(held: Held, changed: Changed) -> frozenset[str]:
    """Lines were shown that are not judged here: nothing is remembered of the loans that they are about. Gives those that they may say
    something else of."""
    about = frozenset((*changed.loans, *changed.draining))
    held.judging.forget(about | changed.doubtful)
    return about


def _begin_turn(connection: Connection[Any]) -> Footing:
    """What is committed by now. With the turn of a writer no group is half way: none of its lines can come later with a smaller
    number."""
    store.begin_group(connection)
    return store_step.footing_of(connection)


def _take_up(connection: Connection[Any], held: Held, last: int) -> None:
    arrived = store_step.lines_after(connection, held.last_arrival, last)
    shown = shown_with(connection, held, arrived)
    assert shown is not None, "they are few"
    changed = held.standing.show(shown)
    held.settle(last)
    held.owe(leave_to_others(held, changed))
    held.lines, held.last_arrival = held.standing.lines, last

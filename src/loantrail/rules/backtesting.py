"""Works at back-tests in the background: one at a time over all processes (a lock of the database).

How far it is stands in the database. A back-test that a stopped server left is marked interrupted when the next one looks.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from loantrail import clock
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.background import Background, attempt
from loantrail.rules import store, store_backtest, store_hits
from loantrail.rules.stopping import RulesBroken

if TYPE_CHECKING:
    from psycopg import Connection

_LOG: Final = logging.getLogger(__name__)


class Backtesting(Background):
    """Works at the back-tests that wait; those that a stopped server left are marked interrupted."""

    name = "back-testing"

    def waits(self, connection: Connection[Any]) -> bool:
        return store_backtest.unfinished(connection)

    def lock(self, connection: Connection[Any]) -> bool:
        return store_backtest.lock(connection)

    def unlock(self, connection: Connection[Any]) -> None:
        store_backtest.unlock(connection)

    def work(self, connection: Connection[Any]) -> None:
        store_backtest.interrupt(connection)
        connection.commit()
        while (backtest_id := store_backtest.take(connection)) is not None:
            connection.commit()
            _run(connection, backtest_id)


def _run(connection: Connection[Any], backtest_id: str) -> None:
    def work() -> None:
        try:
            if not _tried(connection, backtest_id):
                store_backtest.finish(connection, backtest_id, "cancelled", None)
        except RulesBroken:
            _LOG.exception("a rule broke in its back-test")
            raise

    def fail(problem: str, remedy: str) -> None:
        store_backtest.fail(connection, backtest_id, problem, remedy)

    attempt(connection, "a back-test", work, fail)


def _tried(connection: Connection[Any], backtest_id: str) -> bool:
    """Whether it went to its end; False where it was cancelled."""
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.rules.backtest import Trial
    from loantrail.rules.history import history_of_books

    asked = store_backtest.one(connection, backtest_id)
    assert asked is not None
    version = store.one(connection, asked["rule_id"])
    assert version is not None
    current = None if asked["compared_with"] is None else store.one(connection, asked["compared_with"])
    connection.commit()
    parameters = parameters_in_force(connection)
    trial = Trial(version, current, parameters)
    begun = clock.monotonic_seconds()
    history = history_of_books(
        connection, version.content.occasion, asked["from_date"], asked["to_date"], parameters
    )
    connection.rollback()
    if not history.play(trial, partial(_told, connection, backtest_id)):
        return False
    took = round((clock.monotonic_seconds() - begun) * 1_000_000)
    result = trial.result(history.span, history.loans, store_hits.confirmed_loans(connection), took)
    store_backtest.finish(connection, backtest_id, "finished", result)
    return True


def _told(connection: Connection[Any], backtest_id: str, done: int, total: int) -> bool:
    going_on = store_backtest.progress(connection, backtest_id, done, total)
    connection.commit()
    return going_on

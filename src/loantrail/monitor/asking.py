"""What the state says of a payment that is shown in it and not booked."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loantrail.monitor.decided import decided
from loantrail.monitor.model import ALLOW, REVIEW
from loantrail.monitor.payment import Decided, TracedPart

if TYPE_CHECKING:
    import polars as pl
    from psycopg import Connection

    from loantrail.monitor.held import Held
    from loantrail.monitor.shown import Changed
    from loantrail.monitor.writing import Sessions


@contextmanager
def reading_session(sessions: Sessions) -> Generator[Connection[Any]]:
    """A session in which nothing is written and no transaction is begun, which would cost the database two questions more. What is read
    is what is committed by then, as it would be in one."""
    with sessions.session() as connection:
        connection.autocommit = True
        try:
            yield connection
        finally:
            if not connection.closed:
                connection.rollback()
                connection.autocommit = False


def said_of_payment(
    connection: Connection[Any], held: Held, changed: Changed, moved: pl.DataFrame
) -> Decided:
    """The decision on it. `changed`: what the state became by it; `moved`: the loan money that moves in it (`Standing.moved_in`)."""
    traced = tuple(TracedPart(*row) for row in moved.rows())
    if not (changed.loans or changed.draining):
        return Decided(ALLOW, (), traced)
    judgement = held.judging.judge(connection, held.standing.index, changed, days_too=False)
    new = set(changed.transactions)
    if not any(not new.isdisjoint(ids) for ids in judgement.hits["transaction_ids"].to_list()):
        return Decided(ALLOW, (), traced)
    told = held.judging.told(connection, judgement)
    decisions = decided(judgement.hits, told, changed.transactions)
    hits = {hit.hit_id: hit for one in decisions.values() for hit in one.hits}
    return Decided(REVIEW if hits else ALLOW, tuple(hits.values()), traced)

"""What the state says of a payment that is not booked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loantrail.monitor.decided import decided
from loantrail.monitor.foreseeing import Foreseen, looked_at
from loantrail.monitor.model import ALLOW, REVIEW
from loantrail.monitor.payment import Decided, Placed, TracedPart
from loantrail.rules.stopping import RulesBroken

if TYPE_CHECKING:
    import polars as pl
    from psycopg import Connection

    from loantrail.monitor.held import Held
    from loantrail.monitor.judging import Look
    from loantrail.monitor.shown import Changed
    from loantrail.monitor.tail import Lines


def said_plainly(connection: Connection[Any], held: Held, payment: Placed) -> Decided | None:
    """The decision on a payment behind all lines, without showing it or making its lines: allowed, as it moves no loan money and no hit
    can rest on it; None where more has to be looked at."""
    return _said(connection, held, held.standing.foresee_plain(payment))


def said_unshown(connection: Connection[Any], held: Held, shown: Lines) -> Decided | None:
    """The same of one whose lines stand behind those that are shown, whatever money it moves; None where it has to be shown."""
    return _said(connection, held, held.standing.foresee(shown))


def _said(connection: Connection[Any], held: Held, foreseen: Foreseen | None) -> Decided | None:
    if foreseen is None:
        return None
    index = held.standing.index
    with looked_at(index, foreseen.at):
        rests = held.judging.may_rest(connection, index, foreseen.payment)
    return None if rests else Decided(ALLOW, (), foreseen.traced, foreseen.at)


@dataclass(frozen=True, slots=True)
class Aside:
    """A payment that was shown, with all that is looked at to decide on it: others may have the state."""

    look: Look
    transactions: frozenset[str]
    traced: tuple[TracedPart, ...]
    at: datetime.datetime

    def decided(self) -> Decided | None:
        """Allowed where no hit rests on it; None where one does, or a rule breaks: then it is to be told from the state."""
        try:
            hits = [part.hits["transaction_ids"].to_list() for part in self.look.judged()]
        except RulesBroken:
            return None
        if any(not self.transactions.isdisjoint(ids) for of_part in hits for ids in of_part):
            return None
        return Decided(ALLOW, (), self.traced, self.at)


def taken_aside(
    connection: Connection[Any], held: Held, changed: Changed, line_ids: pl.Series, at: datetime.datetime
) -> Aside:
    """What is looked at of a payment that is shown, in these lines, booked at that instant. `changed`: what the state became by it."""
    look = held.judging.look(connection, held.standing.index, changed, days_too=False)
    return Aside(look, frozenset(changed.transactions), _traced(held, line_ids), at)


def _traced(held: Held, line_ids: pl.Series) -> tuple[TracedPart, ...]:
    return tuple(TracedPart(*row) for row in held.standing.moved_in(line_ids).rows())


def said_of_payment(
    connection: Connection[Any], held: Held, changed: Changed, line_ids: pl.Series, at: datetime.datetime
) -> Decided:
    """The decision on one that is shown, in these lines, booked at that instant. `changed`: what the state became by it."""
    traced = _traced(held, line_ids)
    if not (changed.loans or changed.draining):
        return Decided(ALLOW, (), traced, at)
    judgement = held.judging.judge(connection, held.standing.index, changed, days_too=False)
    new = set(changed.transactions)
    if not any(not new.isdisjoint(ids) for ids in judgement.hits["transaction_ids"].to_list()):
        return Decided(ALLOW, (), traced, at)
    told = held.judging.told(connection, judgement)
    decisions = decided(judgement.hits, told, changed.transactions)
    hits = {hit.hit_id: hit for one in decisions.values() for hit in one.hits}
    return Decided(REVIEW if hits else ALLOW, tuple(hits.values()), traced, at)

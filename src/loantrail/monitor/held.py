"""What the step holds: the state of the books, and how far the database knows of it."""

from __future__ import annotations

import datetime
from collections import ChainMap
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from loantrail.clock import business_date
from loantrail.monitor import store_step
from loantrail.monitor.judging import Judgement, Judging
from loantrail.monitor.remembered import remembered_of
from loantrail.monitor.showing import Showing
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import Lines
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.rules.store_hits import found_in_run
from loantrail.tracing import kept_ground
from loantrail.tracing.database import trace_anew
from loantrail.tracing.ground import Ground
from loantrail.tracing.model import Convention
from loantrail.tracing.store import current_run_id

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.postgres.background import Sessions


LINES_AT_ONCE: Final = 50_000
"""More lines than that are not followed: the state is built anew from the books."""


@dataclass(slots=True)
class Held:
    """The state, and how far the database knows of it."""

    standing: Standing
    judging: Judging
    lines: Lines
    """The lines of the tail that are committed and shown."""
    last_arrival: int
    """The last line that is committed and was looked at."""
    run_id: str | None
    """The run over the books that stood when the state was made."""
    made_on: datetime.date
    """The business date of the latest line then."""
    later: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    """Lines (LINES, as the books hold them) that are committed and not shown yet: they can say nothing of any loan."""
    pending: int = 0
    """The last arrival that was looked at and is not yet committed."""
    aside: pl.DataFrame | None = None
    """Those that go to `later` when they are committed, where what was looked at is not shown."""
    is_behind: bool = False
    """Whether more arrived than is judged at once, when this was looked at last."""
    judgement: Judgement | None = None
    """What is said of the lines that are shown and not yet committed."""

    showing: Showing | None = None
    """What shows the first of `later` meanwhile: until its end nobody else uses the state."""
    is_to_judge: bool = False
    """Whether some of `later` say something of a loan after all."""

    def leaves_alone(self, lines: pl.DataFrame) -> bool:
        """Whether these lines (LINES, as the books hold them) can say nothing of any loan."""
        return (self.standing.alone() if self.showing is None else self.showing.leaves_alone)(lines)

    def collect(self) -> None:
        """Take up what was shown beside, where that is over; raises what went wrong there: then there is no state."""
        showing = self.showing
        if showing is None or not showing.is_over:
            return
        self.showing = None
        if showing.outcome():
            self.lines, self.later = self.standing.lines, self.later[showing.count :]
        else:
            self.is_to_judge = True

    def finish_showing(self) -> None:
        """Have the state for oneself: wait for what is shown beside."""
        if self.showing is not None:
            self.showing.wait()
            self.collect()

    @property
    def later_count(self) -> int:
        return sum(len(lines) for lines in self.later)

    def with_later(self, arrived: pl.DataFrame) -> pl.DataFrame:
        """The lines that wait to be shown, and these behind them."""
        return pl.concat([*self.later, arrived])

    def own_accounts(self) -> Collection[str]:
        """Accounts that statements are given of."""
        waiting = {account: None for lines in self.later for account in lines["account"].unique()}
        return ChainMap(waiting, self.standing.known.own)


def ground_anew(connection: Connection[Any]) -> Ground:
    """A trace of the books as they are now."""
    return trace_anew(connection, Convention.FIFO).ground


def first_ground(connection: Connection[Any]) -> Ground:
    """What a process that starts stands on: what the run that screens show left, where it is kept and not too many lines came since,
    and no parameter began; else the books as they are."""
    parameters = parameters_in_force(connection)
    kept = kept_ground.of(connection, current_run_id(connection), parameters)
    if kept is None:
        return ground_anew(connection)
    count, latest = store_step.arrived_after(connection, kept.books.read.last_arrival)
    connection.rollback()
    made_on = business_date(kept.frames.as_of)
    if count > LINES_AT_ONCE or (latest and parameters.changes_between(made_on, business_date(latest))):
        return ground_anew(connection)
    return kept


def held_on(connection: Connection[Any], ground: Ground, run_id: str | None) -> Held | None:
    """The state that stands on these books, read while screens showed this run; None where they hold no recent lines. Leaves no transaction open."""
    books = ground.books
    recent = books.read.recent
    if recent.since is None:
        return None
    since: Any = recent.lines["booked_at"].min()
    lines = store_step.lines_named(connection, recent.lines["line_id"].to_list(), since)
    by_hand = store_step.lines_by_hand(connection, since)
    found = found_in_run(connection, ground.run_id) if run_id == ground.run_id else None
    connection.rollback()
    over = ground.over.with_columns(ended=pl.lit(value=True))
    hops = ground.frames.hops.join(over, on="hop_id", how="left", maintain_order="left").with_columns(
        pl.col("ended").fill_null(value=False)
    )
    standing = Standing(books, hops, lines, by_hand)
    judging = Judging(
        run_id or "",
        found,
        remembered_of(ground.frames, ground.view, ground.over, ground.leads, books.parameters),
    )
    return Held(
        standing,
        judging,
        standing.lines,
        standing.last_arrival,
        run_id,
        business_date(ground.frames.as_of),
    )


def judges_by(held: Held, parameters: ParameterBook) -> bool:
    """Have the state judge by these parameters; False where a number became another since it was made: then all of the books
    is judged by the new one, as a run does."""
    if parameters is not held.standing.parameters:
        held.standing.judge_by(parameters)
        held.judging.judge_by(parameters)
    return not parameters.changes_between(held.made_on, business_date(held.standing.index.as_of))


def shown_with(connection: Connection[Any], held: Held, arrived: pl.DataFrame) -> Lines | None:
    """The committed tail with these lines behind it, those left out that come too late for it; None where they are too many."""
    if len(arrived) > LINES_AT_ONCE:
        return None
    standing = held.standing
    timely = arrived.filter(pl.col("booked_at") >= standing.since) if standing.since else arrived
    new = standing.unheard_of(timely)
    if new:
        standing.learn(store_step.accounts_named(connection, new))
    shown = standing.with_lines(timely, held.lines)
    taking_back = timely.drop_nulls("reverses")["line_id"].to_list()
    if not taking_back:
        return shown
    return shown.taking_back(store_step.originals_of(connection, taking_back))


def show_beside(sessions: Sessions, held: Held) -> None:
    """Begin to show the lines that wait in a thread of its own."""
    lines, committed = held.with_later(held.later[0].clear()), held.lines

    def work() -> bool:
        with sessions.session() as connection:
            shown = shown_with(connection, held, lines)
        if shown is None:
            return False
        if held.standing.show(shown).concerns_loans:
            held.standing.go_back(committed)
            return False
        held.standing.settle()
        return True

    held.showing = Showing(len(held.later), held.standing.alone(), work)

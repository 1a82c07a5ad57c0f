"""What the step holds: the state of the books, and how far the database knows of it."""

from __future__ import annotations

import datetime
import logging
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import psycopg

from loantrail.clock import business_date
from loantrail.errors import LoantrailError
from loantrail.ledger.books.tracing_inputs import recent
from loantrail.monitor import store_step
from loantrail.monitor.asked import Asked
from loantrail.monitor.bystanders import View
from loantrail.monitor.foreseeing import Foreseeing
from loantrail.monitor.judging import Judgement, Judging
from loantrail.monitor.judging_apart import judged_apart, left_undecided
from loantrail.monitor.later import Later
from loantrail.monitor.remembered import KEPT, Remembered, ends_of_last_day
from loantrail.monitor.showing import Showing
from loantrail.monitor.standing import TAIL_LEAST
from loantrail.monitor.tail import Lines
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.rules.store_hits import found_in_run
from loantrail.signals import store as signals
from loantrail.tracing import kept_ground
from loantrail.tracing.database import trace_anew
from loantrail.tracing.ground import Ground
from loantrail.tracing.model import Convention
from loantrail.tracing.store import current_run_id

if TYPE_CHECKING:
    from psycopg import Connection

    from loantrail.monitor.shown import Changed
    from loantrail.postgres.sessions import Sessions


LINES_AT_ONCE: Final = 50_000
"""More lines than that are not followed: the state is built anew from the books."""
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Held:
    """The state, and how far the database knows of it."""

    standing: Foreseeing
    judging: Judging
    lines: Lines
    """The lines of the tail that are committed and shown."""
    last_arrival: int
    """The last line that is committed and was looked at."""
    run_id: str | None
    """The run over the books that stood when the state was made."""
    made_on: datetime.date
    """The business date of the latest line then."""
    tells: View | None
    """Who may concern a loan by what is committed and shown; None while lines are shown that may make others concern one. Any thread
    may ask it."""
    later: Later = field(default_factory=Later)
    """Lines that are committed and not shown yet: they can say nothing of any loan."""
    pending: int = 0
    """The last arrival that was looked at and is not yet committed."""
    pending_groups: int = 0
    """Of `later`, the groups that were there before it; what its guests bring stands behind them."""
    shows_later: bool = True
    """Whether these are shown with it."""
    aside: pl.DataFrame | None = None
    """Those that go to `later` when they are committed, where what was looked at is not shown."""
    is_behind: bool = False
    """Whether more arrived than is judged at once, when this was looked at last."""
    judgement: Judgement | None = None
    """What is said of the lines that are shown and not yet committed."""
    left: frozenset[str] = frozenset()
    """Loans that could not be judged with it."""
    showing: Showing | None = None
    """What shows the first of `later` meanwhile: until its end nobody else uses the state."""
    is_to_judge: bool = False
    """Whether some of `later` say something of a loan after all."""
    owed: dict[str, None] = field(default_factory=dict[str, None])
    """Loans that are to be judged by this state though no line of them comes, in the order in which that became known."""
    reach: datetime.datetime | None = None
    """So far back a state can be made for a line that comes late: what was booked before waits for the next run."""
    open_until: int = 0
    """The last arrival of lines that came late before the state was made: until it is shown, nothing of the tail is settled."""
    left_out: int = 0
    """The last arrival of a line that was booked before the tail, and within reach: another state is to be made."""
    left_to_run: int = 0
    """Up to there such lines wait for the next run."""
    guests_arrival: int = 0
    """The last line that a guest of the group that is pending brought, 0 without one. Their groups are the last of `later`."""

    def lets_pass(self, asked: Asked, tells: View | None) -> bool:
        """Whether lines that come now can say nothing of any loan, by what `tells`: then nobody needs the state for them. Any thread may
        ask."""
        return not self.is_behind and self.may_wait(asked, tells)

    def may_wait(self, asked: Asked, tells: View | None) -> bool:
        """The same of lines that come next behind those that were looked at."""
        return not self.is_to_judge and tells is not None and tells.are_all(asked)

    def forget_pending(self) -> None:
        """Whether what was pending is in the books is not known: what its guests brought behind it is read again with it, by arrival."""
        self.pending, self.judgement, self.aside, self.left = 0, None, None, frozenset()
        if self.guests_arrival:
            self.later.keep(self.pending_groups)
            self.guests_arrival = 0

    def owe(self, loans: Iterable[str]) -> None:
        """Have these loans judged when there is time."""
        self.owed |= dict.fromkeys(sorted(loans))

    def judge(self, connection: Connection[Any], changed: Changed, difficult: Collection[str]) -> Judgement:
        """What is said of the loans that changed; `difficult` ones are looked at by themselves."""
        index = self.standing.index
        self.judgement, self.left = judged_apart(connection, self.judging, index, changed, difficult)
        return self.judgement

    def undecided(self, changed: Changed) -> Collection[str]:
        """Transactions that say something of loans that could not be judged."""
        return left_undecided(self.standing.index, changed.transactions, self.left)

    def keep(self, judgement: Judgement) -> None:
        """What was said is in the books."""
        self.judging.keep(judgement)
        # Those that could not be judged would keep the others waiting: they are when a line of theirs comes.
        self.judging.forget(self.left)
        for loan in (*judgement.loans, *self.left):
            self.owed.pop(loan, None)

    @property
    def is_to_go_back(self) -> bool:
        """Whether another state is to be made for lines that came late."""
        return self.left_out > self.left_to_run

    def leave_to_run(self) -> None:
        """Have lines that came late wait for the next run."""
        self.left_to_run = self.left_out

    def settle(self, last: int) -> None:
        """Lines up to that arrival are shown and committed."""
        if last >= self.open_until:
            self.standing.settle()

    def renew(self) -> None:
        """What is shown is what is committed: tell by it who may concern a loan. For who has the state."""
        self.tells = self.standing.alone()

    def collect(self) -> None:
        """Take up what was shown beside, where that is over; raises what went wrong there: then there is no state."""
        showing = self.showing
        if showing is None or not showing.is_over:
            return
        self.showing = None
        if showing.outcome():
            self.lines = self.standing.lines
            self.later.drop(showing.groups)
            self.renew()
        else:
            self.is_to_judge = True

    def finish_showing(self) -> None:
        """Have the state for oneself: wait for what is shown beside."""
        if self.showing is not None:
            self.showing.wait()
            self.collect()

    @property
    def later_count(self) -> int:
        return len(self.later)

    def own_accounts(self) -> Collection[str]:
        """Accounts that statements are given of."""
        return ChainMap(dict.fromkeys(self.later.own_accounts()), self.standing.known.own)


def ground_anew(connection: Connection[Any]) -> Ground:
    """A trace of the books as they are now."""
    return trace_anew(connection, Convention.FIFO).ground


def first_ground(connection: Connection[Any]) -> Ground:
    """What a process that starts stands on: what the run that screens show left, or the books as they are."""
    return ground_of_run(connection) or ground_anew(connection)


def ground_of_run(connection: Connection[Any]) -> Ground | None:
    """What the run that screens show left, where it is kept and not too many lines came since, and no parameter began."""
    parameters = parameters_in_force(connection)
    kept = kept_ground.of(connection, current_run_id(connection), parameters)
    if kept is None:
        return None
    stands_at = kept.books.read.last_arrival
    last = store_step.footing_of(connection).last_arrival
    if store_step.are_more_than(connection, LINES_AT_ONCE, stands_at, last):
        connection.rollback()
        return None
    latest = store_step.latest_after(connection, stands_at)
    connection.rollback()
    began = latest and parameters.changes_between(business_date(kept.as_of), business_date(latest))
    return None if began else kept


def held_on(connection: Connection[Any], ground: Ground, run_id: str | None) -> Held | None:
    """The state that stands on these books, read while screens showed this run; None where they hold no recent lines. Leaves no transaction open."""
    books, reach = ground.books, ground.books.read.recent.since
    if reach is None:
        return None
    came = store_step.booked_after(connection, books.read.last_arrival, reach)
    earliest: Any = came["booked_at"].min()
    tail = recent(books.read, earliest)
    books = replace(books, read=replace(books.read, recent=tail))
    since: Any = tail.lines["booked_at"].min()
    lines = store_step.lines_named(connection, tail.lines["line_id"].to_list(), since)
    by_hand = store_step.lines_by_hand(connection, since)
    found = days = None
    if run_id == ground.run_id:
        found = found_in_run(connection, ground.run_id)
        days = signals.ends_of_last_day(connection, ground.run_id, KEPT)
    connection.rollback()
    if days is None:
        days = ends_of_last_day(ground)
    over = ground.over.with_columns(ended=pl.lit(value=True))
    hops = ground.hops.join(over, on="hop_id", how="left", maintain_order="left").with_columns(
        pl.col("ended").fill_null(value=False)
    )
    standing = Foreseeing(books, hops, lines, by_hand)
    judging = Judging(
        run_id or "",
        found,
        Remembered(ground.leads, days, ground.as_of, books.parameters),
    )
    return Held(
        standing,
        judging,
        standing.lines,
        standing.last_arrival,
        run_id,
        business_date(ground.as_of),
        standing.alone(),
        reach=reach,
        open_until=last_late(came, ground.as_of),
    )


def last_late(came: pl.DataFrame, as_of: datetime.datetime) -> int:
    """The last arrival of the lines that may be booked before a tail in which those before them are shown and settled; 0 without one.
    `came`: `arrival_number, booked_at` in order of arrival, behind books whose latest line was booked `as_of`.

    A tail holds at least the last TAIL_LEAST transactions, and so every line that fewer than TAIL_LEAST lines stand behind: that is so
    where no line was booked later but the last TAIL_LEAST that came."""
    before = pl.col("booked_at").cum_max().shift(TAIL_LEAST).fill_null(as_of)
    return came.filter(pl.col("booked_at") < before)["arrival_number"].max() or 0  # pyright: ignore[reportReturnType]  whole numbers


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
    if len(timely) < len(arrived):
        within = pl.col("booked_at").is_between(held.reach, standing.since, closed="left")
        late: Any = arrived.filter(within)["arrival_number"].max()
        held.left_out = max(held.left_out, late or 0)
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
    groups, committed = held.later.groups, held.lines

    def work(may_begin: Callable[[], bool]) -> bool:
        try:
            with sessions.session() as connection:
                if not may_begin():
                    return False
                shown = shown_with(connection, held, held.later.first(groups))
        except (LoantrailError, psycopg.OperationalError) as problem:
            # The state is what it was: who judges next shows them.
            _LOG.warning("lines are not shown beside without a database: %s", problem)
            return False
        if shown is None:
            return False
        if held.standing.show(shown).concerns_loans:
            held.standing.go_back(committed)
            return False
        held.settle(held.last_arrival)
        return True

    held.showing = Showing(groups, work)

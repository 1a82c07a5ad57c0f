"""The step in its shell: what a group of lines means for the loans whose money they move, in the transaction that brings them
into the books.

The state is built from the books in the background, when first asked for and whenever a run over the books ended. Until it
is there, lines are taken in without a decision; the next run over the books judges them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl
import psycopg

from loantrail.early_warning.taking import Looked, take_hits
from loantrail.errors import LoantrailError
from loantrail.monitor import store, store_step
from loantrail.monitor.judge import decisions_of
from loantrail.monitor.judging import Judgement, Judging
from loantrail.monitor.model import ALLOW, REVIEW, RowDecision, RowHit
from loantrail.monitor.payment import Decided, Payment, TracedPart, lines_of_payment
from loantrail.monitor.standing import Changed, Standing
from loantrail.monitor.tail import Lines
from loantrail.parameters import shipped_parameters
from loantrail.rules.store_hits import found_in_run
from loantrail.tracing.database import Traced, trace_anew
from loantrail.tracing.model import Convention

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from psycopg import Connection

LINES_AT_ONCE: Final = 50_000
"""More lines than that are not judged one by one: the state is built anew from the books."""
PATIENCE_SECONDS: Final = 8.0
"""How long a question waits for the state."""
_LOG = logging.getLogger(__name__)


class Sessions(Protocol):
    """Anything that lends connections, such as `loantrail.postgres.connection.Pool`."""

    def session(self) -> AbstractContextManager[Connection[Any]]: ...


@dataclass(slots=True)
class _Held:
    """The state, and how far the database knows of it."""

    standing: Standing
    judging: Judging
    lines: Lines
    """The lines of the tail that are committed."""
    last_arrival: int
    pending: int = 0
    """The last arrival that is shown and not yet committed."""
    judgement: Judgement | None = None
    """What is said of the lines that are shown and not yet committed."""


class Deciding:
    """The one state of this process. Any thread may ask; one at a time is served."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._guard = threading.RLock()
        self._held: _Held | None = None
        self._builder: threading.Thread | None = None
        self._wanted = False
        self._problem: LoantrailError | None = None
        """Why there is no state, where the books do not allow one."""

    # The state -----------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether there is a state to decide with."""
        return self._held is not None

    def want(self) -> None:
        """Have the state built in the background, unless it is there or being built."""
        with self._guard:
            self._wanted = True
            if self._held is None and self._builder is None:
                self._builder = threading.Thread(target=self._build, name="step", daemon=True)
                self._builder.start()

    def wait(self, seconds: float | None = None) -> None:
        """Until nothing is being built, or so long."""
        builder = self._builder
        if builder is not None:
            builder.join(seconds)

    def _build(self) -> None:
        try:
            with self._sessions.session() as connection:
                self.rebase(connection, trace_anew(connection, Convention.FIFO))
        except LoantrailError as problem:
            self._problem = problem
            _LOG.info("live lines are not judged one by one yet: %s", problem)
        except Exception:
            _LOG.exception("the state of the step could not be built")
        finally:
            with self._guard:
                self._builder = None

    def rebase(self, connection: Connection[Any], traced: Traced) -> None:
        """Stand on a trace of the books from now on, where anybody asked for decisions in this process. Lines that came later
        are shown with the next group."""
        if not self._wanted:
            return
        books = traced.books
        recent = books.read.recent
        if recent.since is None:
            return
        since: Any = recent.lines["booked_at"].min()
        lines = store_step.lines_named(connection, recent.lines["line_id"].to_list(), since)
        by_hand = store_step.lines_by_hand(connection, since)
        judging = Judging(traced.run_id, found_in_run(connection, traced.run_id))
        connection.rollback()
        over = traced.over.with_columns(ended=pl.lit(value=True))
        hops = traced.frames.hops.join(over, on="hop_id", how="left", maintain_order="left").with_columns(
            pl.col("ended").fill_null(value=False)
        )
        standing = Standing(books, hops, lines, by_hand, shipped_parameters())
        with self._guard:
            held = self._held
            if held is not None and held.standing.last_arrival > standing.last_arrival:
                return  # somebody was quicker
            self._held = _Held(standing, judging, standing.lines, standing.last_arrival)

    def forget(self) -> None:
        """Drop the state; it is built anew when it is asked for."""
        with self._guard:
            self._held = None

    # A group of lines ----------------------------------------------------------------------------------------

    def judge(self, connection: Connection[Any]) -> Mapping[str, RowDecision]:
        """Judge what arrived since the last commit, in the caller's transaction: line -> decision. Empty without a state.
        `committed` or `lost` must follow."""
        with self._guard:
            held = self._held
            if held is None:
                self.want()
                return {}
            try:
                with connection.transaction():
                    return self._judge(connection, held)
            except psycopg.Error:
                raise
            except Exception:
                # Taking in goes on: the next run over the books judges these lines.
                _LOG.exception("a group of lines could not be judged")
                self.forget()
                return {}

    def committed(self) -> None:
        """What was judged last is in the books."""
        with self._guard:
            held = self._held
            if held is not None and held.pending:
                held.standing.settle()
                if held.judgement is not None:
                    held.judging.keep(held.judgement)
                    held.judgement = None
                held.lines, held.last_arrival, held.pending = held.standing.lines, held.pending, 0

    def lost(self) -> None:
        """What was judged last may not be in the books: the state goes back, and the next group looks."""
        with self._guard:
            held = self._held
            if held is None or not held.pending:
                return
            held.pending, held.judgement = 0, None
            try:
                held.standing.show(held.lines)
            except Exception:
                _LOG.exception("the state of the step could not go back; it is built anew")
                self.forget()

    def follow(self, connection: Connection[Any]) -> None:
        """Keep up with what another process takes in and judges, so that this one can take its place at once."""
        with self._guard:
            held = self._held
            if held is None:
                self.want()
                return
            # With the turn of a writer no group is half way: none of its lines can come later with a smaller number.
            store.begin_group(connection)
            arrived = store_step.lines_after(connection, held.last_arrival, LINES_AT_ONCE + 1)
            shown = self._with(connection, held, arrived)
            connection.rollback()
            if shown is None:
                self.forget()
            elif len(arrived):
                held.judging.forget(held.standing.show(shown).loans)
                held.pending = _last_arrival(arrived, held.last_arrival)
                self.committed()

    def _with(self, connection: Connection[Any], held: _Held, arrived: pl.DataFrame) -> Lines | None:
        """The committed tail with these lines behind it, those left out that come too late for it; None where they are too
        many."""
        if len(arrived) > LINES_AT_ONCE:
            return None
        standing = held.standing
        timely = arrived.filter(pl.col("booked_at") >= standing.since) if standing.since else arrived
        shown = standing.with_lines(timely, held.lines)
        taking_back = timely.drop_nulls("reverses")["line_id"].to_list()
        if not taking_back:
            return shown
        originals = store_step.originals_of(connection, taking_back)
        return replace(shown, reversing=shown.reversing | originals)

    # A payment not yet made ----------------------------------------------------------------------------------

    def decide(self, payment: Payment) -> Decided | None:
        """What would be said of a payment if it were booked now; None without a state. It is put at the end of the order,
        judged, and taken out again: nothing of it stays. Waits a little for a state that is being built. InputError where it cannot
        be judged."""
        if self._held is None:
            self.want()
            self.wait(PATIENCE_SECONDS)
        with self._guard:
            held = self._held
            if held is None:
                if self._builder is None and self._problem is not None:
                    raise self._problem
                return None
            standing = held.standing
            lines = lines_of_payment(payment, held.lines, standing.known.own)
            try:
                changed = standing.show(standing.with_lines(lines, held.lines))
                moved = standing.moved_in(changed, lines["line_id"])
                with self._sessions.session() as connection:
                    return self._decided(connection, held, changed, moved)
            finally:
                standing.show(held.lines)

    def _decided(
        self, connection: Connection[Any], held: _Held, changed: Changed, moved: pl.DataFrame
    ) -> Decided:
        traced = tuple(
            TracedPart(loan, fen, use)
            for loan, fen, use in moved.select("loan_id", "amount_fen", "use").iter_rows()
        )
        if not changed.loans:
            return Decided(ALLOW, (), traced)
        judgement = held.judging.judge(connection, held.standing.index, changed)
        decisions = decided(held.judging.told(connection, judgement), changed)
        hits = {hit.hit_id: hit for one in decisions.values() for hit in one.hits}
        return Decided(REVIEW if hits else ALLOW, tuple(hits.values()), traced)

    # Inside --------------------------------------------------------------------------------------------------

    def _judge(self, connection: Connection[Any], held: _Held) -> dict[str, RowDecision]:
        arrived = store_step.lines_after(connection, held.last_arrival, LINES_AT_ONCE + 1)
        shown = self._with(connection, held, arrived)
        if shown is None:
            self.forget()
            self.want()
            return {}
        held.pending = _last_arrival(arrived, held.last_arrival)
        changed = held.standing.show(shown)
        waiting = set(changed.transactions.filter("waits")["transaction_id"].to_list())
        judged = self._judged(connection, held, changed) if changed.loans else {}
        of_line = dict(changed.of_line.select("line_id", "transaction_id").iter_rows())
        return {
            line: _of_transaction(judged, of_line.get(line), waiting)
            for line in arrived["line_id"].to_list()
            if line in of_line
        }

    def _judged(self, connection: Connection[Any], held: _Held, changed: Changed) -> dict[str, RowDecision]:
        found = held.judgement = held.judging.judge(connection, held.standing.index, changed)
        take_hits(
            connection,
            found.hits,
            found.codes,
            found.proven,
            found.payees,
            shipped_parameters(),
            found.on_date,
            Looked(only=frozenset(found.loans)),
        )
        store_step.note_judged(connection, found.loans, held.pending)
        return decided(held.judging.told(connection, found), changed)


def _last_arrival(arrived: pl.DataFrame, before: int) -> int:
    numbers = arrived["arrival_number"]
    return max(before, int(numbers[-1])) if len(numbers) else before


def decided(hits: pl.DataFrame, changed: Changed) -> dict[str, RowDecision]:
    """Transaction -> decision, of those that changed; `hits` (HITS) are those that no entry of the allow list keeps out."""
    rows = {row["hit_id"]: row for row in hits.to_dicts()}
    return {
        transaction: RowDecision(one.answer, tuple(_told(rows[hit_id]) for hit_id in one.hit_ids))
        for transaction, one in decisions_of(hits, changed.transactions["transaction_id"].to_list()).items()
    }


def _told(row: Mapping[str, Any]) -> RowHit:
    return RowHit(
        hit_id=row["hit_id"],
        rule_code=row["rule_code"],
        loan_id=row["loan_id"],
        level=row["level"],
        amount_fen=row["amount_fen"],
        explanation=row["explanation"],
        explanation_chinese=row["explanation_chinese"],
    )


def _of_transaction(
    judged: Mapping[str, RowDecision], transaction: str | None, waiting: set[str]
) -> RowDecision:
    if transaction is None or transaction in waiting:
        return RowDecision(ALLOW, ())
    return judged.get(transaction, RowDecision(ALLOW, ()))

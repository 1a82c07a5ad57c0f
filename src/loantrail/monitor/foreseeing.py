"""What a payment would change that is only asked about.

Most payments are of money that is no loan's, and no pattern looks at them: of these it is told without showing them to the state,
which would have to go back. Each step is the one by which lines are shown; where a step finds that anything else than the end of the
books would be otherwise, or that loan money moves, the payment has to be shown.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import business_date
from loantrail.few_rows import picked
from loantrail.ledger.identity import has_hidden_digits
from loantrail.monitor.affected import Told, affected
from loantrail.monitor.entering import TailEvents
from loantrail.monitor.known import NewNames
from loantrail.monitor.payment import Placed
from loantrail.monitor.shown import MOVED, Changed, first_other
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_rows import NO_ROWS, distinct
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import Lines, rows_of
from loantrail.monitor.tail_classes import begins_us
from loantrail.monitor.tail_order import Ordered, difference
from loantrail.tracing.live_batch import Payment as Moving

_TIES: Final = ("disburses", "reverses", "specific_loan", "carries")
"""What ties an event to a loan or to another event."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a payment would change that moves no loan money and that no pattern looks at."""

    changed: Changed
    at: datetime.datetime
    """When it would be booked."""


class Foreseeing(Standing):
    """A state that is asked about payments not yet made."""

    def foresee_plain(self, payment: Placed) -> Foreseen | None:
        """What a payment would change, told by numbers alone: of one that nothing in the tail is paired with, and that moves no loan money
        whatever its class; None where more has to be looked at (`foresee`). What is shown stays as it is."""
        found, amount_fen = self._found, payment.payment.amount_fen
        if found is None or found.contradicts:
            return None
        ends = self._ends_of(payment)
        if ends is None or not self._leaves_others(payment, ends, found):
            return None
        debit, credit = ends
        # Where no loan money lies none moves.
        if self.trace.state.head[debit] >= 0 and len(
            self.trace.probe(Moving(debit=debit, credit=credit, amount_fen=amount_fen)).loan
        ):
            return None
        told = Told.of_any_class(
            self.index,
            payment.payer,
            payment.payee,
            amount_fen,
            payment.at,
            payment.payment.counterparty_name,
        )
        return self._foreseen(told, ends, payment.at, (), found)

    def _ends_of(self, payment: Placed) -> tuple[int, int] | None:
        """Payer and payee by number of the trace, -1 for a payee who is no account or a new one of nobody's; None where that
        cannot be told."""
        numbering, currency = self.known.numbering, payment.payment.currency
        debit = numbering.of(payment.payer, currency)
        credit = -1 if payment.payee is None else numbering.of(payment.payee, currency)
        if credit is None and payment.payee is not None and self.known.is_stranger(payment.payee):
            credit = -1
        return None if debit is None or credit is None else (debit, credit)

    def _leaves_others(self, payment: Placed, ends: tuple[int, int], found: Ordered) -> bool:
        """Whether the payment stands behind all transactions of the tail and leaves these as they are."""
        told, known, (debit, credit) = payment.payment, self.known, ends
        if self._may_pair(payment):
            return False
        if payment.is_within and payment.payee in self._awaiting:
            return False  # it may pay a loan out
        if told.document_no is not None and (
            known.terminal[debit] or (credit >= 0 and known.terminal[credit])
        ):
            return False  # it may be what went through a pooled account
        if self.trace.state.head[debit] >= 0 and payment.payee in self._ties.by_payee:
            return False  # an entrusted order may tie it to a loan
        if not self._openings.suffice(self.trace, debit, told.amount_fen, payment.accounts):
            return False
        day = business_date(payment.at)
        since = int(np.searchsorted(found.booked_us, begins_us(day)))
        paid = int(np.count_nonzero(self._events.debit[since:] == debit))
        return paid + 1 < self.parameters.at_or_first("payroll_payees_same_day", day).number

    def _may_pair(self, payment: Placed) -> bool:
        """Whether the payment may be paired with a line of the tail: not where its lines name each other and a reference of their own, nor
        where it names an account that no statement is given of."""
        names_nobody = payment.payee is None or has_hidden_digits(payment.payee)
        if payment.is_within or not names_nobody:
            return False
        same = np.flatnonzero(self.lines.lines["amount_fen"].to_numpy() == payment.payment.amount_fen)
        return "credit" in picked(self.lines.lines["direction"], same).to_list()

    def foresee(self, lines: Lines) -> Foreseen | None:
        """What a payment would change, the lines of which stand behind those that are shown; None where it must be shown to tell. What
        is shown stays as it is. Errors as `LiveTrace.append`."""
        differing = difference(self.lines, lines)
        if differing is None or len(differing[1]) or self._found is None:
            return None
        again = self._ordered_from_before(lines, differing)
        if again is None:
            return None
        found, _told, start = again
        place = len(self._found.transactions)
        if len(found.transactions) != place + 1:
            return None
        if first_other(found.transactions, self._found.transactions, start) != place:
            return None
        new = NewNames()
        events = self._entered(found, new, start)
        if new:
            self.trace.append(self.known.batch_of(new))
        if not self._is_alone(events, place, start, lines):
            return None
        last = found.transactions.slice(place)
        told = Told.to_come(self.index, last)
        ends = int(events.debit[place]), int(events.credit[place])
        names: tuple[str, ...] = tuple(last["transaction_id"].to_list())
        return self._foreseen(told, ends, last["booked_at"][0], names, found)

    def _is_alone(self, events: TailEvents, place: int, start: int, lines: Lines) -> bool:
        """Whether the event at that place, the last one, leaves those before as they are and moves no loan money."""
        if events.first_difference(self._events, start) != place or events.opens_slot[place]:
            return False
        if any(getattr(events, name)[place] >= 0 for name in _TIES):
            return False
        accounts = lines.lines["account"].slice(len(self.lines)).to_list()
        if not self._openings.stay(self.trace, events, place, accounts):
            return False
        hops = self.trace.probe(
            Moving(
                debit=int(events.debit[place]),
                credit=int(events.credit[place]),
                amount_fen=int(events.amount_fen[place]),
                arrival_use=int(events.arrival_use[place]),
                repays=int(events.repays[place]),
            )
        )
        return not len(hops.loan)

    def _foreseen(
        self,
        told: Told,
        ends: tuple[int, int],
        at: datetime.datetime,
        transactions: tuple[str, ...],
        order: Ordered,
    ) -> Foreseen | None:
        """Of a payment between these accounts (numbers of the trace) behind all others; None where a pattern may look at it."""
        with looked_at(self.index, at):
            others = affected(self.index, told, Told.of(self.index, NO_ROWS))
        if others.leads:
            return None  # what is handed on may go further than can be told before
        ids, known = self.index.records.loan_ids, self.known
        loans = {ids[loan] for loan in others.sides}
        loans.update(known.loans[loan] for end in ends if end >= 0 for loan in known.loans_of_account(end))
        none = frozenset[str]()
        changed = Changed(
            loans=sorted(loans),
            whole=none,
            draining=frozenset(ids[loan] for loan in others.draining) - loans,
            doubtful=frozenset(ids[loan] for loan in others.doubtful) - loans,
            anew=none,
            replaced=none,
            gone=none,
            transactions=transactions,
            order=order,
        )
        return Foreseen(changed, at)

    def moved_in(self, line_ids: pl.Series) -> pl.DataFrame:
        """`loan_id, amount_fen, use` of the loan money that moves in the transactions of these lines of the tail."""
        rows = rows_of(self.lines.lines["line_id"], line_ids.to_list()).values()
        places = [] if self._found is None else self._found.event_of_line[list(rows)]
        event_of_hop = self.trace.state.hops["event"][: self.trace.hop_count]
        # Of the type of the column: another would have all of it converted.
        needles = (np.unique(places) + self.place).astype(np.int32)
        first, last = (np.searchsorted(event_of_hop, needles, side=side) for side in ("left", "right"))
        spans = [np.arange(*span, dtype=np.int64) for span in zip(first.tolist(), last.tolist(), strict=True)]
        if not any(map(len, spans)):
            return MOVED.nothing()
        return (
            self.index.hops.rows(distinct(*spans))
            .group_by("loan_id", "use", maintain_order=True)
            .agg(pl.col("amount_fen").sum())
            .select("loan_id", "amount_fen", pl.col("use").fill_null(""))
        )


@contextmanager
def looked_at(index: Index, at: datetime.datetime) -> Generator[None]:
    """In the block the books end at that instant, if not later."""
    before = index.as_of
    index.as_of = max(before, at)
    try:
        yield
    finally:
        index.as_of = before

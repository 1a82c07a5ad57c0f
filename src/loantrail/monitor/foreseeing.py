"""What a payment would be that is only asked about, told without showing it to the state, which would have to go back.

Each step is the one by which lines are shown; where a step finds that anything else than the end of the books would be otherwise, the
payment has to be shown. Which loan money moves is told by the trace (`probe`), which hits may rest on it by `resting.py`.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import business_date, microseconds
from loantrail.few_rows import FewRows, picked
from loantrail.ledger.identity import has_hidden_digits
from loantrail.monitor.entering import TailEvents, may_be_tied
from loantrail.monitor.known import NewNames
from loantrail.monitor.last_payment import Last, Moved
from loantrail.monitor.payment import Placed, TracedPart
from loantrail.monitor.shown import MOVED, first_other
from loantrail.monitor.slice_index import Index
from loantrail.monitor.slice_records import NOT_KNOWN
from loantrail.monitor.slice_rows import distinct
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import CLASSES, Lines, rows_of
from loantrail.monitor.tail_classes import JUDGED_BY, begins_us, classes_of
from loantrail.monitor.tail_order import Ordered, difference
from loantrail.tracing.assemble import arrival_uses
from loantrail.tracing.live_batch import Payment as Moving
from loantrail.tracing.model import USE_REPAYMENT, Hops
from loantrail.tracing.statement import USE_NAMES

_TIES: Final = ("disburses", "reverses", "specific_loan", "carries")
"""What ties an event to a loan or to another event."""
_JUDGED: Final = FewRows(JUDGED_BY)
_CLASS: Final = [name for name in CLASSES if name != "transaction_id"].index("destination_class")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A payment that leaves all before it as it is."""

    payment: Last
    at: datetime.datetime
    """When it would be booked."""
    traced: tuple[TracedPart, ...]
    """The loan money that it would move."""


class Foreseeing(Standing):
    """A state that is asked about payments not yet made."""

    def foresee_plain(self, payment: Placed) -> Foreseen | None:
        """A payment told without its lines: one that nothing in the tail is paired with, and no order ties to a loan. Where it moves no loan
        money, whatever its class, numbers alone tell; else its payee is judged. None where more has to be looked at (`foresee`). What
        is shown stays as it is."""
        found, told = self._found, payment.payment
        if found is None:
            return None
        ends = self._ends_of(payment)
        if ends is None or not self._leaves_others(payment, ends, found):
            return None
        debit, credit = ends
        # Where no loan money lies none moves.
        if self.trace.state.head[debit] >= 0 and len(
            self.trace.probe(Moving(debit=debit, credit=credit, amount_fen=told.amount_fen)).loan
        ):
            return self._foresee_moving(payment, debit, found)
        last = self._last(payment, {}, of_class=None, any_class=True)
        return Foreseen(last, payment.at, ()) if last.payer >= 0 else None

    def _foresee_moving(self, payment: Placed, debit: int, found: Ordered) -> Foreseen | None:
        """The same of one that moves loan money, of which its class tells where to."""
        told = payment.payment
        of_class = self._class_of(payment, found)
        credit = self.known.number(payment.payee, told.currency, new := NewNames())
        if new:
            self.trace.append(self.known.batch_of(new))
        here = np.zeros(1, np.int64)
        (use,) = arrival_uses(
            pl.Series([of_class], dtype=pl.String),
            here,
            self.known.class_of_account,
            np.array([credit], np.int32),
        ).tolist()
        if use == USE_REPAYMENT:
            return None  # of which loan, its lines tell
        hops = self.trace.probe(
            Moving(debit=debit, credit=credit, amount_fen=told.amount_fen, arrival_use=use)
        )
        last = self._last(payment, self._moved(hops), of_class=of_class)
        if last.payer < 0 or NOT_KNOWN in last.moved:
            return None
        return Foreseen(last, payment.at, self._traced(hops))

    def _class_of(self, payment: Placed, found: Ordered) -> str | None:
        """The class of its payee, as one that makes no other payments wages (`_leaves_others`)."""
        told, name = payment.payment, payment.reference
        row = (
            name,
            payment.at,
            payment.payer,
            payment.payee,
            told.amount_fen,
            told.document_no,
            told.purpose_text,
        )
        alone = _JUDGED.frame([(*row, told.counterparty_name)])
        at_us = np.array([microseconds(payment.at)], np.int64)
        _known, said = classes_of(
            (found.transactions, found.booked_us), (alone, at_us), [name], {}, self.around, none_went=True
        )
        return said[name][_CLASS]

    def _last(
        self, payment: Placed, moved: dict[int, Moved], *, of_class: str | None, any_class: bool = False
    ) -> Last:
        number, told = self.index.accounts.known, payment.payment
        return Last(
            payer=number(payment.payer),
            payee=number(payment.payee),
            payee_account=payment.payee,
            amount_fen=told.amount_fen,
            at_us=microseconds(payment.at),
            of_class=of_class,
            payee_name=told.counterparty_name,
            document_no=told.document_no,
            moved=moved,
            any_class=any_class,
        )

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
        day = business_date(payment.at)
        if (
            payment.payee is not None
            and self.trace.state.head[debit] >= 0
            and may_be_tied(self._ties, known, self._events, debit, (payment.payee, day, told.document_no))
        ):
            return False
        if not self._openings.suffice(self.trace, debit, told.amount_fen, payment.accounts):
            return False
        since = int(np.searchsorted(found.booked_us, begins_us(day)))
        paid = int(np.count_nonzero(self._events.debit[since:] == debit))
        return paid + 1 < self.parameters.at_or_first("payroll_payees_same_day", day).number

    def _may_pair(self, payment: Placed) -> bool:
        """Whether the payment may be paired with a line of the tail: not where its lines name each other and a reference of their own, nor
        where it names an account that no statement is given of. One that names nobody goes with a line that names its payer."""
        names_nobody = payment.payee is None or has_hidden_digits(payment.payee)
        if payment.is_within or not names_nobody:
            return False
        lines = self.lines.lines
        same = np.flatnonzero(lines["amount_fen"].to_numpy() == payment.payment.amount_fen)
        facing = zip(
            picked(lines["direction"], same), picked(lines["counterparty_account"], same), strict=True
        )
        return ("credit", payment.payer) in facing

    def foresee(self, lines: Lines) -> Foreseen | None:
        """A payment the lines of which stand behind those that are shown; None where it must be shown to tell. What is shown stays as it
        is. Errors as `LiveTrace.append`."""
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
        hops = self.trace.probe(
            Moving(
                debit=int(events.debit[place]),
                credit=int(events.credit[place]),
                amount_fen=int(events.amount_fen[place]),
                arrival_use=int(events.arrival_use[place]),
                repays=int(events.repays[place]),
            )
        )
        (row,) = found.transactions.slice(place).rows(named=True)
        number = self.index.accounts.known
        last = Last(
            payer=number(row["debit_account"]),
            payee=number(row["credit_account"]),
            payee_account=row["credit_account"],
            amount_fen=row["amount_fen"],
            at_us=microseconds(row["booked_at"]),
            of_class=row["destination_class"],
            payee_name=row["credit_name"],
            document_no=row["document_no"],
            moved=self._moved(hops),
        )
        if last.payer < 0 or NOT_KNOWN in last.moved:
            return None
        return Foreseen(last, row["booked_at"], self._traced(hops))

    def _is_alone(self, events: TailEvents, place: int, start: int, lines: Lines) -> bool:
        """Whether the event at that place, the last one, leaves those before as they are."""
        if events.first_difference(self._events, start) != place or events.opens_slot[place]:
            return False
        if any(getattr(events, name)[place] >= 0 for name in _TIES):
            return False
        accounts = lines.lines["account"].slice(len(self.lines)).to_list()
        return self._openings.stay(self.trace, events, place, accounts)

    def _moved(self, hops: Hops) -> dict[int, Moved]:
        """The money of each loan (by number of the index)."""
        found: dict[int, Moved] = {}
        before = self.trace.state.hops["use"][np.maximum(hops.parent, 0)]
        is_new = (hops.parent < 0) | (hops.use != before)
        for loan in distinct(hops.loan).tolist():
            of_loan = hops.loan == loan
            uses = {USE_NAMES[use] for use in hops.use[of_loan & is_new].tolist()} - {""}
            found[self.index.records.number_of(self.known.loans[loan])] = Moved(
                int(hops.amount_fen[of_loan].sum()), bool((hops.depth[of_loan] == 0).any()), frozenset(uses)
            )
        return found

    def _traced(self, hops: Hops) -> tuple[TracedPart, ...]:
        """The same by loan and use, as `moved_in` tells it of lines that are shown."""
        fen: dict[tuple[str, str], int] = {}
        for loan, use, amount in zip(
            hops.loan.tolist(), hops.use.tolist(), hops.amount_fen.tolist(), strict=True
        ):
            key = self.known.loans[loan], USE_NAMES[use]
            fen[key] = fen.get(key, 0) + amount
        return tuple(TracedPart(loan, amount, use) for (loan, use), amount in fen.items())

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

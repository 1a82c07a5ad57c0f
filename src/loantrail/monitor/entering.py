"""From the transactions of the tail to events of the trace. Pure.

The rules are those of `tracing.assemble` and `tracing.marks`, which look at all events at once; here the events before
the tail are known by what they left (`Known`, `Ties`, pools). Positions are places in the order of all events.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.monitor.known import Known, NewNames, Pool
from loantrail.monitor.tail_order import Ordered
from loantrail.tracing.assemble import arrival_uses
from loantrail.tracing.live_batch import Batch, no_events
from loantrail.tracing.model import NO_SPECIAL, USE_REPAYMENT, Bool, Int8, Int32, Int64
from loantrail.tracing.trace import no_specials

_LINKS = ("disburses", "reverses", "specific_loan", "carries", "repays")
_MARKS = (*_LINKS, "specific_fen", "opens_slot")
_FEW: Final = 16
"""So many transactions are looked for one by one."""


@dataclass(frozen=True, slots=True)
class TailEvents:
    """The events of the tail, [n] each. What an event is not is -1, 0 or false."""

    transaction_id: pl.Series
    debit: Int32
    credit: Int32
    amount_fen: Int64
    arrival_use: Int8
    use_by_class: Int8
    """The same before marks: what the class alone gives."""
    disburses: Int64
    reverses: Int64
    """Position of the event that this one takes back."""
    specific_loan: Int64
    specific_fen: Int64
    specific_row: Int64
    """Row of the entrusted order that ties the payment to the loan."""
    opens_slot: Bool
    carries: Int64
    """Position of the event whose slot this one's money comes out of."""
    repays: Int64
    marked_repayment: Bool
    """Recorded as a repayment, of a loan that is known or not."""

    def __len__(self) -> int:
        return len(self.debit)

    def after(self, first: int) -> TailEvents:
        """The events from `first` on."""
        return TailEvents(**{one.name: getattr(self, one.name)[first:] for one in fields(self)})

    def first_difference(self, other: TailEvents, start: int = 0) -> int:
        """The first event in which the two differ; where one is longer, what it has more. Before `start` both are of the same
        transactions."""
        shared = min(len(self), len(other))
        differs = np.zeros(shared, np.bool_)
        for name in ("debit", "credit", "amount_fen", "arrival_use", "marked_repayment", *_MARKS):
            differs |= getattr(self, name)[:shared] != getattr(other, name)[:shared]
        if start < shared:
            ids = self.transaction_id[start:shared] != other.transaction_id[start:shared]
            differs[start:] |= ids.to_numpy()
        places = np.flatnonzero(differs)
        return int(places[0]) if len(places) else shared

    def batch(self, first: int) -> Batch:
        """The events from `first` on, to go to the end of a trace."""
        special = self.opens_slot[first:].copy()
        special |= self.marked_repayment[first:]
        for name in _LINKS:
            special |= getattr(self, name)[first:] >= 0
        rows = np.flatnonzero(special)
        specials = no_specials(len(rows))
        for name in _MARKS:
            column = getattr(specials, name)
            column[:] = getattr(self, name)[first:][rows].astype(column.dtype)
        numbered = np.full(len(special), NO_SPECIAL, np.int32)
        numbered[rows] = np.arange(len(rows), dtype=np.int32)
        return replace(
            no_events(),
            debit=self.debit[first:],
            credit=self.credit[first:],
            amount_fen=self.amount_fen[first:],
            arrival_use=self.arrival_use[first:],
            special=numbered,
            specials=specials,
        )


def no_tail_events() -> TailEvents:
    """None at all."""
    none: Any = np.zeros(0, np.int64)
    return TailEvents(
        transaction_id=pl.Series([], dtype=pl.String),
        debit=none, credit=none, amount_fen=none, arrival_use=none, use_by_class=none.astype(np.uint8), disburses=none, reverses=none,
        specific_loan=none, specific_fen=none, specific_row=none, opens_slot=none.astype(np.bool_), carries=none, repays=none,
        marked_repayment=none.astype(np.bool_),
    )  # fmt: skip


Settled = Callable[[str], tuple[int, int, int] | None]
"""Transaction -> (position, debit, credit), of those before the tail."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties payments to loans, and how much of it the events before the tail used up."""

    orders: pl.DataFrame
    """`row, loan_id, payee_account, amount_fen, document_no, valid_from, valid_to` of entrusted orders."""
    by_payee: dict[str, list[dict[str, object]]]
    """The same by payee account."""
    left: dict[int, int]
    """Row -> fen left at the beginning of the tail."""
    repayments: dict[tuple[str, str], str]
    """(reference, account) -> loan that the payment repays."""
    pools: dict[tuple[int, str], Pool]
    """(pooled account, document) -> payments before the tail."""


def events_of_tail(
    found: Ordered,
    known: Known,
    ties: Ties,
    opened_before: set[int],
    place: int,
    new: NewNames,
    settled: Settled,
    before: TailEvents | None = None,
    start: int = 0,
) -> TailEvents:
    """The events of the transactions of the tail, the first at position `place`.

    `opened_before`: positions before the tail whose slots are open; `settled` tells of transactions before the tail. The first
    `start` transactions are those of `before`. Accounts and loans that are not known are numbered and entered in `new`.
    """
    transactions = found.transactions
    fresh = transactions.slice(start)
    debit, credit = (_numbered(fresh, end, known, new) for end in ("debit_account", "credit_account"))
    by_class = arrival_uses(fresh["destination_class"], np.arange(len(fresh)), known.class_of_account, credit)
    if before is not None:
        debit = np.concatenate([before.debit[:start], debit])
        credit = np.concatenate([before.credit[:start], credit])
        by_class = np.concatenate([before.use_by_class[:start], by_class])
    amount = transactions["amount_fen"].to_numpy()
    count = len(debit)
    none = np.full(count, -1, np.int64)
    columns = {name: none.copy() for name in _LINKS} | {
        "specific_fen": np.zeros(count, np.int64),
        "specific_row": none.copy(),
    }
    opens = np.zeros(count, np.bool_)
    for event, loan_id in found.disbursing.items():
        if credit[event] < 0 or columns["disburses"][event] >= 0:
            continue
        number = known.loan_number.get(loan_id)
        if number is None:
            account = known.names[int(credit[event])]
            number = known.new_loan(loan_id, account, int(credit[event]), new)
        columns["disburses"][event] = number
    uses = by_class.copy()
    marked = _repayments(found.repaying, known, columns, uses, debit, credit, place)
    _reversals(transactions, settled, columns, debit, credit, place, before, start)
    _pools(transactions, known, ties, opened_before, columns, opens, debit, credit, place)
    _orders(transactions, known, ties, columns, debit, credit, place, before, start)
    return TailEvents(
        transaction_id=transactions["transaction_id"],
        debit=debit,
        credit=credit,
        amount_fen=amount,
        arrival_use=uses,
        use_by_class=by_class,
        opens_slot=opens,
        marked_repayment=marked,
        **columns,
    )


def _numbered(transactions: pl.DataFrame, end: str, known: Known, new: NewNames) -> Int32:
    ends, currency = transactions[end].to_list(), transactions["currency"].to_list()
    return np.array([known.number(one, c, new) for one, c in zip(ends, currency, strict=True)], np.int32)


def _paid_out(columns: dict[str, Int64], debit: Int32, place: int) -> dict[int, list[tuple[int, int]]]:
    """Account -> (position, loan) of disbursements in the tail."""
    found: dict[int, list[tuple[int, int]]] = {}
    for event in np.flatnonzero(columns["disburses"] >= 0).tolist():
        found.setdefault(int(debit[event]), []).append((place + event, int(columns["disburses"][event])))
    return found


def _repayments(
    repaying: dict[int, str],
    known: Known,
    columns: dict[str, Int64],
    uses: Int8,
    debit: Int32,
    credit: Int32,
    place: int,
) -> Bool:
    """As `marks.mark_repayments`: as recorded, else the payer's latest loan paid out of that account."""
    marked = np.zeros(len(debit), np.bool_)
    for event, loan_id in repaying.items():
        marked[event] = True
        columns["repays"][event] = known.loan_number.get(loan_id, -1)
    here = _paid_out(columns, debit, place)
    for event in np.flatnonzero((uses == USE_REPAYMENT) & ~marked & (debit >= 0)).tolist():
        payers = known.sides_of(int(debit[event]))
        account = int(credit[event])
        for paid_out, loan in (*known.paid_out.get(account, ()), *here.get(account, ())):
            if paid_out < place + event and known.loan_borrower[loan] in payers:
                columns["repays"][event] = loan
                marked[event] = True
    uses[marked] = USE_REPAYMENT
    return marked


def _reversals(
    transactions: pl.DataFrame,
    settled: Settled,
    columns: dict[str, Int64],
    debit: Int32,
    credit: Int32,
    place: int,
    before: TailEvents | None,
    start: int,
) -> None:
    named = transactions["reverses"]
    if named.null_count() == len(named):
        return
    taking_back = named.is_not_null().arg_true().to_list()
    place_of = _places(transactions["transaction_id"], len(taking_back))
    for event in taking_back:
        if event < start and before is not None and 0 <= before.reverses[event] < place + start:
            columns["reverses"][event] = before.reverses[event]  # neither of the two stands otherwise
            continue
        other = place_of(named[event])
        if other is not None:
            found = (place + other, int(debit[other]), int(credit[other]))
        else:
            found = settled(named[event])
        if found is not None and found[1:] == (int(credit[event]), int(debit[event])):
            columns["reverses"][event] = found[0]


def _places(ids: pl.Series, asked: int) -> Callable[[str], int | None]:
    """Tells the first place of an id, so many times."""
    if asked > _FEW:
        place_of = {name: place for place, name in reversed(list(enumerate(ids.to_list())))}
        return place_of.get

    def looked_for(name: str) -> int | None:
        found = (ids == name).arg_true()
        return int(found[0]) if len(found) else None

    return looked_for


def _pools(
    transactions: pl.DataFrame,
    known: Known,
    ties: Ties,
    opened_before: set[int],
    columns: dict[str, Int64],
    opens: Bool,
    debit: Int32,
    credit: Int32,
    place: int,
) -> None:
    """As `marks.mark_pools`: money into a pooled account and out of it, matched one to one by document number."""
    terminal = known.terminal
    into = np.flatnonzero((credit >= 0) & terminal[np.maximum(credit, 0)])
    out_of = np.flatnonzero((debit >= 0) & terminal[np.maximum(debit, 0)])
    if not len(out_of):
        return
    documents = transactions["document_no"].to_list()
    entries: dict[tuple[int, str], list[int]] = {}
    exits: dict[tuple[int, str], list[int]] = {}
    for events, accounts, found in ((into, credit, entries), (out_of, debit, exits)):
        for event in events.tolist():
            if documents[event] is not None:
                found.setdefault((int(accounts[event]), documents[event]), []).append(event)
    for key, events in exits.items():
        before = ties.pools.get(key, Pool())
        entered = entries.get(key, [])
        if len(events) + before.out_of != 1 or len(entered) + before.into != 1:
            continue
        opener = before.opener if before.into else place + entered[0]
        if opener >= place + events[0] or (opener < place and opener not in opened_before):
            continue
        columns["carries"][events[0]] = opener
        if opener >= place:
            opens[opener - place] = True


def _orders(
    transactions: pl.DataFrame,
    known: Known,
    ties: Ties,
    columns: dict[str, Int64],
    debit: Int32,
    credit: Int32,
    place: int,
    before: TailEvents | None,
    start: int,
) -> None:
    """As `marks.mark_orders`: payments that an entrusted-payment order ties to its loan. The first `start` are tied as
    `before` says: what comes later takes nothing from them."""
    if ties.orders.is_empty():
        return
    left = dict(ties.left)
    if before is not None:
        for name in ("specific_loan", "specific_fen", "specific_row"):
            columns[name][:start] = getattr(before, name)[:start]
        for event in np.flatnonzero(columns["specific_row"][:start] >= 0).tolist():
            left[int(columns["specific_row"][event])] -= int(columns["specific_fen"][event])
    here: dict[int, list[tuple[int, int]]] = {}
    for event in np.flatnonzero(columns["disburses"] >= 0).tolist():
        here.setdefault(int(columns["disburses"][event]), []).append((place + event, int(credit[event])))
    payers = known.receiving(account for into in here.values() for _, account in into)
    from_loans = start + np.flatnonzero(
        (debit[start:] >= 0) & (credit[start:] >= 0) & payers[np.maximum(debit[start:], 0)]
    )
    names = {int(one): known.names[int(one)] for one in np.unique(credit[from_loans])}
    by_payee = {name: ties.by_payee[name] for name in names.values() if name in ties.by_payee}
    from_loans = from_loans[np.array([names[int(one)] in by_payee for one in credit[from_loans]], np.bool_)]
    if not len(from_loans):
        return
    asked = transactions.select("booked_at", "document_no", "amount_fen")[from_loans]
    days = asked["booked_at"].dt.convert_time_zone("Asia/Shanghai").dt.date().to_list()
    dates = dict(zip(from_loans.tolist(), days, strict=True))
    documents = dict(zip(from_loans.tolist(), asked["document_no"].to_list(), strict=True))
    amounts = dict(zip(from_loans.tolist(), asked["amount_fen"].to_list(), strict=True))
    for event in from_loans.tolist():
        payee = names[int(credit[event])]
        candidates: list[tuple[bool, int, int, int]] = []
        for order in by_payee.get(payee, []):
            loan = known.loan_number.get(str(order["loan_id"]), -1)
            receipts = (*known.disbursed_into.get(loan, ()), *here.get(loan, ()))
            if not any(at < place + event and account == debit[event] for at, account in receipts):
                continue
            exact = _suits(order, dates[event], documents[event])
            if exact is None:
                continue
            row = int(str(order["row"]))
            candidates.append((not exact, row, loan, row))
        for _, row, loan, _ in sorted(candidates):
            if left.get(row, 0) > 0:
                tied = min(int(amounts[event]), left[row])
                left[row] -= tied
                columns["specific_loan"][event], columns["specific_fen"][event] = loan, tied
                columns["specific_row"][event] = row
                break


def _suits(order: dict[str, object], day: datetime.date, document_no: str | None) -> bool | None:
    """Whether an entrusted order names just this document; None where it is not for a payment of that day with it."""
    first, last, document = order["valid_from"], order["valid_to"], order["document_no"]
    if (isinstance(first, datetime.date) and day < first) or (isinstance(last, datetime.date) and day > last):
        return None
    if document is None or document_no is None:
        return False
    return True if document == document_no else None


def may_be_tied(
    ties: Ties, known: Known, events: TailEvents, payer: int, payment: tuple[str, datetime.date, str | None]
) -> bool:
    """Whether an entrusted order may tie a payment behind these events of the tail to a loan: not where none is left that is for its
    payee, day and document (`payment`), of a loan that was paid out to the payer (its number)."""
    payee, day, document_no = payment
    for order in ties.by_payee.get(payee, ()):
        loan = known.loan_number.get(str(order["loan_id"]), -1)
        receipts = {account for _, account in known.disbursed_into.get(loan, ())}
        receipts.update(events.credit[events.disburses == loan].tolist() if loan >= 0 else ())
        if (
            payer in receipts
            and ties.left.get(int(str(order["row"])), 0) > 0
            and _suits(order, day, document_no) is not None
        ):
            return True
    return False

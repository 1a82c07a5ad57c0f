"""What the books that were traced leave for the tail to begin with. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from loantrail.ledger.merging import resolved
from loantrail.monitor.entering import TailEvents, Ties
from loantrail.monitor.known import Known, Pool
from loantrail.monitor.tail import CLASSES, LINES, Lines, paired_anew, repaying_lines
from loantrail.monitor.tail_order import Ordered
from loantrail.tracing.books import Books
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_batch import events_of_history, no_events
from loantrail.tracing.model import Bool, History, Int64


def instant(microseconds: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=microseconds)


def opens_of(history: History) -> Bool:
    """[events] whether the bank's records open a slot with the event."""
    opens = np.zeros(history.event_count, np.bool_)
    marked = np.flatnonzero(history.special >= 0)
    opens[marked] = history.specials.opens_slot[history.special[marked]]
    return opens


def first_lines(
    books: Books, lines: pl.DataFrame, by_hand: frozenset[str], repayments: Mapping[tuple[str, str], str]
) -> Lines:
    """The tail as the books were read."""
    recent = books.read.recent.lines.select("line_id", "transaction_id")
    known = resolved(lines, ["account", "counterparty_account"], books.read.merged)
    told = known.select("line_id", "direction").with_row_index("row").join(recent, on="line_id")
    debits, credits = (
        told.filter(pl.col("direction") == end).select(
            "transaction_id", pl.col("row").alias(end).cast(pl.Int64)
        )
        for end in ("debit", "credit")
    )
    pairs = debits.join(credits, on="transaction_id")
    partner = np.full(len(known), -1, np.int64)
    partner[pairs["debit"].to_numpy()] = pairs["credit"].to_numpy()
    partner[pairs["credit"].to_numpy()] = pairs["debit"].to_numpy()
    paid_out = credits.join(books.read.disbursements, on="transaction_id").select("credit", "loan_id")
    classes = books.classes.select(*CLASSES).join(
        recent.select("transaction_id").unique(), on="transaction_id", how="semi"
    )
    row_of = {line: row for row, line in enumerate(known["line_id"].to_list())}
    reversing = _reversing(books, known, recent)
    read = Lines(
        lines=known.select(*LINES),
        partner=partner,
        by_hand=by_hand,
        disbursing=dict(paid_out.iter_rows()),
        shown=frozenset(),
        reversing={row_of[line]: original for line, original in reversing.items()},
        repaying=repaying_lines(known, 0, repayments),
        classes={row[0]: row[1:] for row in classes.iter_rows()},
        own_count=len(books.read.own),
    )
    return paired_anew(read)


def _reversing(books: Books, lines: pl.DataFrame, recent: pl.DataFrame) -> dict[str, str]:
    """Line of the tail -> transaction before it that it takes back."""
    told = books.read.transactions.slice(books.read.recent.first_place).drop_nulls("reverses")
    here = told.join(recent.select(reverses="transaction_id"), on="reverses", how="anti")
    of_line = lines.drop_nulls("reverses").select("line_id").join(recent, on="line_id")
    return dict(of_line.join(here, on="transaction_id").select("line_id", "reverses").iter_rows())


def ties_of(books: Books, place: int) -> Ties:
    """What ties payments to loans, as the events before `place` left it."""
    context, named = books.context, books.named
    orders = context["orders"].with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    left: dict[int, int] = dict(orders.select("row", "amount_fen").iter_rows())
    for event, row, fen in named.order_ties:
        if event < place:
            left[row] -= fen
    repayments = context["repayments"].drop_nulls(["reference", "account"])
    repaying: dict[tuple[str, str], str] = {}
    for reference, account, loan in repayments.select("reference", "account", "loan_id").iter_rows():
        repaying.setdefault((reference, account), loan)
    by_payee: dict[str, list[dict[str, object]]] = {}
    for order in orders.drop_nulls("payee_account").iter_rows(named=True):
        by_payee.setdefault(order["payee_account"], []).append(order)
    return Ties(orders, by_payee, left, repaying, _pools(books, place))


def _pools(books: Books, place: int) -> dict[tuple[int, str], Pool]:
    history = books.named.history
    documents = books.read.transactions["document_no"]
    found: dict[tuple[int, str], Pool] = {}
    for ends, is_into in ((history.credit, True), (history.debit, False)):
        here = ends[:place]
        events = np.flatnonzero((here >= 0) & history.terminal[np.maximum(here, 0)])
        told = pl.DataFrame({"account": here[events], "document": documents.gather(events), "event": events})
        counted = (
            told.drop_nulls("document")
            .group_by("account", "document")
            .agg(pl.len().alias("count"), pl.col("event").min())
        )
        for account, document, count, event in counted.iter_rows():
            pool = found.setdefault((account, document), Pool())
            if is_into:
                pool.into, pool.opener = count, event
            else:
                pool.out_of = count
    return found


def after(ties: Ties, events: TailEvents, gone: int, place: int, documents: pl.Series, known: Known) -> Ties:
    """The ties after the first `gone` events of the tail, which begins at position `place`, are settled as well."""
    left, pools = dict(ties.left), dict(ties.pools)
    for event in np.flatnonzero(events.specific_loan[:gone] >= 0).tolist():
        left[int(events.specific_row[event])] -= int(events.specific_fen[event])
    terminal = known.terminal
    for ends, is_into in ((events.credit[:gone], True), (events.debit[:gone], False)):
        for event in np.flatnonzero((ends >= 0) & terminal[np.maximum(ends, 0)]).tolist():
            document = documents[event]
            if document is None:
                continue
            key = (int(ends[event]), document)
            pool = pools.get(key, Pool())
            if is_into:
                opener = pool.opener if pool.into else place + event
                pools[key] = Pool(pool.into + 1, pool.out_of, opener)
            else:
                pools[key] = Pool(pool.into, pool.out_of + 1, pool.opener)
    for event in np.flatnonzero(events.disburses[:gone] >= 0).tolist():
        known.note_disbursement(
            place + event, int(events.disburses[event]), int(events.debit[event]), int(events.credit[event])
        )
    return Ties(ties.orders, ties.by_payee, left, ties.repayments, pools)


def only(tail: Lines, rows: Int64, transactions: pl.Series) -> Lines:
    """The tail with these of its lines (rows, ascending) alone."""
    place = np.full(len(tail) + 1, -1, np.int64)  # one more: nobody's partner stays nobody's
    place[rows] = np.arange(len(rows))
    lines, kept = tail.lines[rows], set(transactions.to_list())

    def moved(told: dict[int, str]) -> dict[int, str]:
        return {int(place[row]): said for row, said in told.items() if place[row] >= 0}

    return Lines(
        lines=lines,
        partner=place[tail.partner[rows]],
        by_hand=tail.by_hand & set(lines["line_id"].to_list()) if tail.by_hand else tail.by_hand,
        disbursing=moved(tail.disbursing),
        shown=tail.shown,
        reversing=moved(tail.reversing),
        repaying=moved(tail.repaying),
        classes={name: said for name, said in tail.classes.items() if name in kept},
        own_count=tail.own_count,
    )


def with_reversals(tail: Lines, events: TailEvents, gone: int, order: Ordered, place: int) -> Lines:
    """The tail, whose first event stands at `place`, with what its lines take back of its first `gone` events."""
    reversing = tail.reversing
    for row in tail.lines["reverses"].is_not_null().arg_true().to_list():
        original = int(events.reverses[order.event_of_line[row]])
        if place <= original < place + gone:
            reversing = reversing | {row: events.transaction_id[original - place]}
    return replace(tail, reversing=reversing)


def hops_before(hops: pl.DataFrame, transactions: pl.Series) -> int:
    """How many hops stand before the first one of these transactions."""
    among = hops["transaction_id"].is_in(transactions.implode())
    first = among.arg_max() if among.any() else None
    return len(hops) if first is None else int(first)


def live_trace_of(history: History) -> LiveTrace:
    """A trace that goes on after all events of a history."""
    trace = LiveTrace()
    accounts = np.repeat(np.arange(history.account_count, dtype=np.int32), np.diff(history.side_start))
    names = replace(
        no_events(),
        opening_fen=history.opening_fen,
        terminal=history.terminal,
        loan_borrower=history.loan_borrower,
        side_account=accounts,
        side_borrower=history.side_borrower,
    )
    trace.append(names)
    trace.append(events_of_history(history, np.arange(history.event_count, dtype=np.int64)))
    return trace

"""What always holds of a trace, on random histories."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from tests.tracing.histories import crowded_history, random_history

from loantrail.tracing.model import (
    NO_SPECIAL,
    OUTSIDE,
    PRO_RATA_LABELS_MAX,
    USE_RELENT,
    Convention,
    History,
    Trace,
)
from loantrail.tracing.slow import trace_slow

CONSERVING = [convention for convention in Convention if convention != Convention.POISON]
WITH_LINEAGE = [Convention.FIFO, Convention.LIFO, Convention.OWN_FIRST, Convention.LOAN_FIRST]


def disbursed(history: History, event: int) -> int:
    row = history.special[event]
    return -1 if row == NO_SPECIAL else int(history.specials.disburses[row])


def by_loan(history: History, trace: Trace) -> list[int]:
    total = np.zeros(history.loan_count, np.int64)
    np.add.at(total, trace.hops.loan[trace.hops.ended], trace.hops.amount_fen[trace.hops.ended])
    np.add.at(total, trace.holdings.loan, trace.holdings.amount_fen)
    np.add.at(total, trace.untraced.loan, trace.untraced.amount_fen)
    return total.tolist()


def paid_out(history: History) -> list[int]:
    total = [0] * history.loan_count
    for event in range(history.event_count):
        if disbursed(history, event) >= 0:
            total[disbursed(history, event)] += int(history.amount_fen[event])
    return total


def check_conservation(seeds: range) -> None:
    for seed in seeds:
        history = random_history(Random(seed))
        for convention in CONSERVING:
            trace = trace_slow(history, convention)
            assert by_loan(history, trace) == paid_out(history), (seed, convention)
            assert (trace.hops.amount_fen > 0).all()
            assert (trace.holdings.amount_fen > 0).all()


def test_every_fen_of_a_loan_ends_or_is_held() -> None:
    check_conservation(range(100))


@pytest.mark.heavy
def test_every_fen_of_a_loan_ends_or_is_held_on_many_histories() -> None:
    check_conservation(range(300, 5300))


@pytest.mark.parametrize("convention", WITH_LINEAGE)
def test_a_lot_gives_exactly_what_it_received(convention: Convention) -> None:
    for seed in range(100):
        trace = trace_slow(random_history(Random(seed)), convention)
        hops = trace.hops
        given = np.zeros(len(hops.loan), np.int64)
        children = hops.parent >= 0
        np.add.at(given, hops.parent[children], hops.amount_fen[children])
        np.add.at(given, trace.holdings.hop, trace.holdings.amount_fen)
        assert (given == np.where(hops.ended, 0, hops.amount_fen)).all(), seed
        assert (hops.loan[children] == hops.loan[hops.parent[children]]).all()
        assert (hops.depth[children] == hops.depth[hops.parent[children]] + 1).all()


@pytest.mark.parametrize("convention", WITH_LINEAGE)
def test_the_slices_of_an_event_lie_beside_each_other_in_its_amount(convention: Convention) -> None:
    for seed in range(100):
        history = random_history(Random(seed))
        hops = trace_slow(history, convention).hops
        pieces: dict[tuple[int, bool], list[tuple[int, int]]] = defaultdict(list)
        for row, event in enumerate(hops.event.tolist()):
            relent = disbursed(history, event) >= 0 and hops.parent[row] >= 0
            pieces[event, relent].append((int(hops.offset_fen[row]), int(hops.amount_fen[row])))
        for (event, _), found in pieces.items():
            reached = 0
            for offset, amount in sorted(found):
                assert offset >= reached, seed
                reached = offset + amount
            assert reached <= history.amount_fen[event], seed


def without_reversals_and_documents(history: History) -> History:
    specials = replace(
        history.specials,
        reverses=np.full_like(history.specials.reverses, -1),
        specific_loan=np.full_like(history.specials.specific_loan, -1),
    )
    return replace(history, specials=specials)


def alone(history: History, loan: int) -> tuple[History, list[int]]:
    """The history in which other loans are own money: their disbursement is a payment that ends as lent again and
    a receipt from outside. Also gives the event of the full history behind each event."""
    rows: list[tuple[int, int, int, int, int]] = []
    source: list[int] = []
    for event in range(history.event_count):
        debit, credit = int(history.debit[event]), int(history.credit[event])
        amount, use = int(history.amount_fen[event]), int(history.arrival_use[event])
        special = int(history.special[event])
        if disbursed(history, event) in (-1, loan):
            rows.append((debit, credit, amount, use, special))
            source.append(event)
            continue
        if debit != OUTSIDE:
            rows.append((debit, OUTSIDE, amount, USE_RELENT, special))
            source.append(event)
        if credit != OUTSIDE:
            rows.append((OUTSIDE, credit, amount, 0, NO_SPECIAL))
            source.append(event)
    table = np.array(rows, np.int64).reshape(-1, 5)
    only = np.where(history.specials.disburses == loan, loan, -1).astype(np.int32)
    single = replace(
        history,
        debit=table[:, 0].astype(np.int32),
        credit=table[:, 1].astype(np.int32),
        amount_fen=np.ascontiguousarray(table[:, 2]),
        arrival_use=table[:, 3].astype(np.uint8),
        special=table[:, 4].astype(np.int32),
        specials=replace(history.specials, disburses=only),
    )
    return single, source


def hop_rows(trace: Trace, loan: int, source: list[int]) -> list[tuple[int, ...]]:
    """Hops of one loan, own parts of a slice that others' labels cut in two put together again."""
    hops = trace.hops
    return [
        (
            source[int(hops.event[row])],
            int(hops.offset_fen[row]),
            int(hops.amount_fen[row]),
            int(hops.use[row]),
            int(hops.use_before[row]),
            int(hops.depth[row]),
            int(hops.ended[row]),
        )
        for row in np.flatnonzero(hops.loan == loan)
    ]


@pytest.mark.parametrize("convention", [Convention.FIFO, Convention.LIFO])
def test_traces_of_single_loans_add_up_to_the_joint_trace(convention: Convention) -> None:
    several = 0
    for seed in range(100):
        history = without_reversals_and_documents(random_history(Random(seed)))
        joint = trace_slow(history, convention)
        everything = list(range(history.event_count))
        several += len(set(joint.hops.loan.tolist())) > 1
        for loan in range(history.loan_count):
            single, source = alone(history, loan)
            trace = trace_slow(single, convention)
            assert hop_rows(trace, loan, source) == hop_rows(joint, loan, everything), seed
    assert several > 20


def test_own_money_first_takes_least_and_loan_money_first_takes_most_from_one_account() -> None:
    for seed in range(100):
        random = Random(seed)
        history = without_reversals_and_documents(random_history(random))
        rows = (history.debit == 0) ^ (history.credit == 0)
        special = np.where(rows, history.special, NO_SPECIAL)
        loan_rows = [
            disbursed(history, event) >= 0 and history.credit[event] == 0
            for event in range(history.event_count)
        ]
        one = replace(
            history,
            debit=np.where(history.debit == 0, 0, OUTSIDE).astype(np.int32)[rows],
            credit=np.where(history.credit == 0, 0, OUTSIDE).astype(np.int32)[rows],
            amount_fen=history.amount_fen[rows],
            arrival_use=history.arrival_use[rows],
            special=np.where(loan_rows, special, NO_SPECIAL).astype(np.int32)[rows],
            opening_fen=history.opening_fen[:1],
            terminal=np.array([False]),
            side_start=history.side_start[:2],
            side_borrower=history.side_borrower[: history.side_start[1]],
        )
        outflow = {}
        for convention in CONSERVING:
            trace = trace_slow(one, convention)
            left = (one.credit[trace.hops.event] == OUTSIDE).astype(np.int64)
            moved = np.zeros(one.event_count, np.int64)
            np.add.at(moved, trace.hops.event, trace.hops.amount_fen * left)
            outflow[convention] = np.cumsum(moved)
        for convention in CONSERVING:
            assert (outflow[Convention.OWN_FIRST] <= outflow[convention]).all(), (seed, convention)
            assert (outflow[convention] <= outflow[Convention.LOAN_FIRST]).all(), (seed, convention)


@pytest.mark.parametrize("convention", list(Convention))
def test_an_unrelated_account_changes_nothing(convention: Convention) -> None:
    for seed in range(40):
        random = Random(seed)
        history = random_history(random)
        stranger = history.account_count
        extra = random.randint(1, 5)
        place = np.array(sorted(random.randint(0, history.event_count) for _ in range(extra)))
        inward = np.array([random.random() < 0.5 for _ in range(extra)])
        moved = np.arange(history.event_count) + np.searchsorted(
            place, np.arange(history.event_count), side="right"
        )
        reverses = history.specials.reverses
        wider = replace(
            history,
            debit=np.insert(history.debit, place, np.where(inward, OUTSIDE, stranger)),
            credit=np.insert(history.credit, place, np.where(inward, stranger, OUTSIDE)),
            amount_fen=np.insert(history.amount_fen, place, 5),
            arrival_use=np.insert(history.arrival_use, place, 0),
            special=np.insert(history.special, place, NO_SPECIAL),
            specials=replace(
                history.specials,
                reverses=np.where(reverses >= 0, moved[np.maximum(reverses, 0)], -1).astype(np.int32),
            ),
            opening_fen=np.append(history.opening_fen, 7),
            terminal=np.append(history.terminal, False),
            side_start=np.append(history.side_start, history.side_start[-1]),
        )
        before, after = trace_slow(history, convention), trace_slow(wider, convention)
        assert (moved[before.hops.event] == after.hops.event).all()
        for name in ("loan", "parent", "amount_fen", "offset_fen", "use", "use_before", "depth", "ended"):
            assert (getattr(before.hops, name) == getattr(after.hops, name)).all(), (seed, name)
        for name in ("account", "loan", "use", "amount_fen", "hop"):
            assert (getattr(before.holdings, name) == getattr(after.holdings, name)).all(), (seed, name)


def test_pro_rata_drops_labels_above_the_limit_and_reports_them() -> None:
    dropped = 0
    for seed in range(4):
        history = crowded_history(Random(seed))
        trace = trace_slow(history, Convention.PRO_RATA)
        dropped += len(trace.untraced.loan)
        assert by_loan(history, trace) == paid_out(history)
        for account in range(history.account_count):
            assert (trace.holdings.account == account).sum() <= PRO_RATA_LABELS_MAX
    assert dropped > 0

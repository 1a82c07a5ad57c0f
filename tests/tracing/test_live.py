"""A trace that goes on equals a trace of everything at once, whatever way the events came."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracing.histories import HistoryBuilder, random_history
from tests.tracing.living import arrive, random_payment

from loantrail.errors import FileUnreadable, InputError, LimitExceeded
from loantrail.tracing.kernel_state import HOP_COUNT, LOT_TOP
from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_batch import Batch, Payment, events_of_history, no_events
from loantrail.tracing.live_digest import state_digest
from loantrail.tracing.live_snapshot import restore, snapshot
from loantrail.tracing.model import NO_SPECIAL, Convention, History, Trace
from loantrail.tracing.trace import no_specials, trace_history

CASES = int(os.environ.get("LOANTRAIL_LIVE_CASES", "10000"))


def whole(history: History) -> Batch:
    """All of a history as one batch."""
    sides = np.repeat(np.arange(history.account_count), np.diff(history.side_start))
    batch = events_of_history(history, np.arange(history.event_count))
    return replace(
        batch,
        opening_fen=history.opening_fen,
        terminal=history.terminal,
        loan_borrower=history.loan_borrower,
        side_account=sides.astype(np.int32),
        side_borrower=history.side_borrower,
    )


def at_once(history: History) -> LiveTrace:
    trace = LiveTrace()
    trace.append(whole(history))
    return trace


def check_equal(expected: Trace, found: Trace, case: object) -> None:
    for part in ("hops", "holdings", "untraced"):
        for column in fields(getattr(expected, part)):
            one = getattr(getattr(expected, part), column.name)
            other = getattr(getattr(found, part), column.name)
            assert np.array_equal(one, other), (case, part, column.name, one, other)
            assert one.dtype == other.dtype, (case, part, column.name)
    assert np.array_equal(expected.balance_fen, found.balance_fen), case


def check_case(seed: int) -> None:
    random = Random(seed)
    history = random_history(random)
    trace = arrive(history, random, mark_every=random.choice((1, 2, 4, 1000)))
    expected = trace_history(history, Convention.FIFO)
    check_equal(expected, trace.result(), seed)
    check_equal(trace_history(trace.log.history(), Convention.FIFO), trace.result(), seed)
    digest = state_digest(at_once(history))
    assert state_digest(trace) == digest, seed
    disbursed, ended = trace.totals_fen
    assert disbursed - ended == int(expected.holdings.amount_fen.sum()), seed
    if seed % 5 == 0:
        assert state_digest(restore(snapshot(trace))) == digest, seed


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_any_arrival_gives_the_trace_of_all_at_once(seed: int) -> None:
    check_case(seed)


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_ten_thousand_arrivals_give_the_trace_of_all_at_once() -> None:
    for seed in range(10_000_000, 10_000_000 + CASES):
        check_case(seed)


def arrays_of(trace: LiveTrace) -> dict[str, bytes]:
    """Everything in the state but the scratch of the event at hand; pools as far as they ever were used."""
    state = trace.state
    found = {
        name: getattr(state, name).tobytes()
        for name in ("balance", "head", "accounts", "reversed_fen", "counters")
    }
    found["lots"] = state.lots[: int(state.counters[LOT_TOP]) + 8].tobytes()
    found["hops"] = state.hops[: int(state.counters[HOP_COUNT]) + 8].tobytes()
    for name in ("debit", "special", "specials"):
        used = trace.log.count if name != "specials" else trace.log.special_count
        found[name] = getattr(trace.log, name)[:used].tobytes()
    return found


def test_a_probe_gives_the_hops_that_the_payment_would_and_changes_nothing() -> None:
    for seed in range(150):
        random = Random(seed)
        trace = arrive(random_history(random), random, mark_every=4, probes=False)
        # Pools grow before a probe if it needs them to; that moves arrays, not what is in them.
        payment = random_payment(trace, random)
        trace.probe(payment)
        before = arrays_of(trace)

        found = trace.probe(payment)

        assert arrays_of(trace) == before, seed
        made = trace.append(as_batch(trace, payment))
        really = trace.hops(made.first_hop)
        for column in fields(found):
            assert np.array_equal(getattr(found, column.name), getattr(really, column.name)), (
                seed,
                column.name,
            )


def test_events_that_came_last_are_taken_back_and_leave_nothing_behind() -> None:
    undone = 0
    for seed in range(300):
        random = Random(seed)
        trace = arrive(random_history(random), random, mark_every=random.choice((4, 1000)), probes=False)
        payments = [random_payment(trace, random) for _ in range(random.randrange(1, 5))]
        trace.append(names_alone(trace, payments))
        trace.append(at_the_end(payments))
        # Pools that grew are as long as they must be now; going back to a mark puts what is in them in order.
        trace.rewind(trace.event_count - len(payments))
        before, totals, count = arrays_of(trace), trace.totals_fen, trace.event_count

        for one in payments:
            trace.append(at_the_end([one]))
        digest = state_digest(trace)
        undone += trace.undoes_from(count)
        gone = trace.rewind(count)

        assert arrays_of(trace) == before, seed
        assert trace.totals_fen == totals, seed
        assert gone.event_count == len(payments), seed
        trace.append(gone)
        assert state_digest(trace) == digest, seed
    assert undone > 200


def names_alone(trace: LiveTrace, payments: list[Payment]) -> Batch:
    """The accounts that the payments name and that are not known yet."""
    most = max(max(one.debit, one.credit) for one in payments)
    return replace(no_events(), opening_fen=np.zeros(max(0, most + 1 - trace.log.account_count), np.int64))


def at_the_end(payments: list[Payment]) -> Batch:
    builder = HistoryBuilder()
    for number, one in enumerate(payments):
        builder.event(
            f"a{number}", f"b{number}", one.amount_fen, one.arrival_use,
            specific_loan=one.specific_loan, specific_fen=one.specific_fen,
        )  # fmt: skip
    batch = events_of_history(builder.build(), np.arange(len(payments)))
    return replace(
        batch,
        debit=np.array([one.debit for one in payments], np.int32),
        credit=np.array([one.credit for one in payments], np.int32),
    )


def as_batch(trace: LiveTrace, payment: Payment) -> Batch:
    builder = HistoryBuilder()
    builder.event("a", "b", payment.amount_fen, payment.arrival_use, specific_loan=payment.specific_loan,
                  specific_fen=payment.specific_fen)  # fmt: skip
    batch = events_of_history(builder.build(), np.arange(1))
    known = trace.log.account_count in (payment.debit, payment.credit)
    return replace(
        batch,
        debit=np.array([payment.debit], np.int32),
        credit=np.array([payment.credit], np.int32),
        opening_fen=np.zeros(int(known), np.int64),
    )


def growing() -> HistoryBuilder:
    builder = HistoryBuilder()
    builder.disburse("L1", "borrower", 1000)
    builder.event("borrower", "outside", 600)
    builder.event("borrower", "friend", 300)
    return builder


def test_a_return_from_outside_makes_the_money_wait_from_the_beginning() -> None:
    builder = growing()
    trace = at_once(builder.build())
    assert trace.hops().ended.tolist() == [False, True, False]
    back = replace(
        events_of_history(builder.build(), np.zeros(0, np.int64)),
        debit=np.array([-1], np.int32),
        credit=np.array([0], np.int32),
        amount_fen=np.array([600], np.int64),
        arrival_use=np.zeros(1, np.uint8),
        special=np.array([-1], np.int32),
        reversing=np.array([3], np.int64),
        original=np.array([1], np.int64),
    )

    taken = trace.append(back)

    assert taken.changed_hops.tolist() == [1]
    assert (taken.first_hop, taken.hop_count, taken.first_event) == (3, 4, 3)
    assert taken.changed_accounts.tolist() == [0]
    assert trace.hops().ended.tolist() == [False, False, False, False]
    builder.event("outside", "borrower", 600, reverses=1)
    check_equal(trace_history(builder.build(), Convention.FIFO), trace.result(), "return")


def test_a_late_line_and_a_late_side_begin_the_trace_again_where_they_count() -> None:
    builder = growing()
    history = builder.build()
    trace = at_once(history)
    late = replace(
        events_of_history(history, np.zeros(0, np.int64)),
        debit=np.array([0], np.int32),
        credit=np.array([1], np.int32),
        amount_fen=np.array([50], np.int64),
        arrival_use=np.ones(1, np.uint8),
        special=np.array([-1], np.int32),
        before=np.array([1], np.int64),
    )

    trace.append(late)

    other = growing()
    other.events.insert(1, (0, 1, 50, 1, -1))
    check_equal(trace_history(other.build(), Convention.FIFO), trace.result(), "late line")
    trace.append(
        replace(
            events_of_history(history, np.zeros(0, np.int64)),
            side_account=np.array([1], np.int32),
            side_borrower=np.array([0], np.int32),
        )
    )
    other.sides["friend"] = {"borrower of L1"}
    check_equal(trace_history(other.build(), Convention.FIFO), trace.result(), "late side")


def carrying(batch: Batch, opener: int) -> Batch:
    """The same, out of a slot that the event at this position did not open."""
    specials = no_specials(1)
    specials.carries[0] = opener
    return replace(batch, special=np.array([0], np.int32), specials=specials)


def pool_payments(random: Random, count: int, first: int = 0) -> Batch:
    """Payments among accounts 0, 1 and 3 and through the pool 2, of which some leave it before those that they carry the money of
    have come in; the batch begins at position `first`."""
    opening = [event for event in range(count) if random.random() < 0.35]
    others = [event for event in range(count) if event not in opening]
    random.shuffle(others)
    carried = dict(zip(others, opening, strict=False))
    specials, special = no_specials(count), np.full(count, NO_SPECIAL, np.int32)
    ends = np.zeros((count, 2), np.int32)
    for event in range(count):
        special[event] = event
        if event in opening:
            ends[event] = random.choice((0, 1)), 2
            specials.opens_slot[event] = True
        elif event in carried:
            ends[event] = 2, random.choice((0, 1, 3))
            specials.carries[event] = first + carried[event]
        else:
            ends[event] = random.sample((-1, 0, 1, 3), 2)
            if ends[event, 1] >= 0:
                specials.disburses[event] = 0
    return replace(
        no_events(),
        debit=ends[:, 0].copy(),
        credit=ends[:, 1].copy(),
        amount_fen=np.array([random.randint(1, 30) for _ in range(count)], np.int64),
        arrival_use=np.zeros(count, np.uint8),
        special=special,
        specials=specials,
    )


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_money_may_leave_a_pool_before_it_came_and_the_trace_goes_back_and_on(seed: int) -> None:
    random = Random(seed)
    trace = LiveTrace(mark_every=random.choice((1, 2, 4, 1000)), capacity=8)
    names = replace(
        no_events(),
        opening_fen=np.array([0, 5, 0, 0], np.int64),
        terminal=np.array([False, False, True, False]),
        loan_borrower=np.zeros(1, np.int32),
    )
    trace.append(names)

    for _ in range(6):
        trace.append(pool_payments(random, random.randint(1, 8), trace.event_count))
        digest = state_digest(trace)
        gone = trace.rewind(random.randint(0, trace.event_count))
        trace.append(gone)
        assert state_digest(trace) == digest
        if random.random() < 0.3:
            trace = restore(snapshot(trace), mark_every=random.choice((1, 3, 1000)))

    check_equal(trace_history(trace.log.history(), Convention.FIFO), trace.result(), seed)


def test_what_cannot_be_used_is_refused_and_changes_nothing() -> None:
    trace = at_once(growing().build())
    digest = state_digest(trace)
    empty = events_of_history(growing().build(), np.zeros(0, np.int64))
    one = replace(
        empty,
        debit=np.array([0], np.int32),
        credit=np.array([1], np.int32),
        amount_fen=np.array([2**61], np.int64),
        arrival_use=np.zeros(1, np.uint8),
        special=np.array([-1], np.int32),
    )
    for wrong in (
        replace(one, credit=np.array([9], np.int32)),
        replace(one, amount_fen=np.array([0], np.int64)),
        replace(one, before=np.array([7], np.int64)),
        replace(one, reversing=np.array([5], np.int64), original=np.array([0], np.int64)),
        carrying(one, 1),
        carrying(one, 3),
    ):
        with pytest.raises(InputError):
            trace.append(wrong)
    twice = {
        name: np.repeat(getattr(one, name), 3)
        for name in ("debit", "credit", "amount_fen", "arrival_use", "special")
    }
    with pytest.raises(LimitExceeded):
        trace.append(replace(one, **twice, before=np.array([1, 3, 3], np.int64)))
    with pytest.raises(LimitExceeded):
        trace.probe(Payment(0, 1, 2**62 - 1))
    with pytest.raises(InputError):
        trace.probe(Payment(0, 0, 5))
    assert state_digest(trace) == digest
    check_equal(trace_history(growing().build(), Convention.FIFO), trace.result(), "refused")


def test_a_snapshot_that_is_damaged_or_of_another_version_is_refused() -> None:
    content = snapshot(at_once(growing().build()))
    for wrong in (b"", b"something else", content[:-9], content.replace(b'"version": 1', b'"version": 2')):
        with pytest.raises(FileUnreadable):
            restore(wrong)
    again = restore(content)
    again.append(replace(events_of_history(growing().build(), np.arange(1, 3))))
    again.rewind(1)
    assert again.event_count == 1


def test_names_given_by_the_caller_make_the_digest_independent_of_numbers() -> None:
    builder = growing()
    swapped = growing()
    swapped.accounts = ["friend", "borrower"]
    swapped.events = [
        tuple({0: 1, 1: 0}.get(end, end) for end in event[:2]) + event[2:] for event in swapped.events
    ]
    names = np.array([[11, 1], [22, 2]], np.uint64)
    one, other = at_once(builder.build()), at_once(swapped.build())
    assert state_digest(one, names) == state_digest(other, names[::-1].copy())
    assert state_digest(one) != state_digest(other)

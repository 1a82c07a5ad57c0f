"""The sources of payments, against the forward kernel and by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracing.histories import HistoryBuilder, history_of, random_history

from loantrail.errors import InputError
from loantrail.tracing.backward import Backward, Origin, Source
from loantrail.tracing.model import IN_TRANSIT, NO_SPECIAL, OUTSIDE, Convention, History, Specials
from loantrail.tracing.trace import no_specials, trace_history


def payments(history: History) -> list[int]:
    """Everything that is not a disbursement."""
    return [
        event
        for event in range(history.event_count)
        if history.special[event] == NO_SPECIAL or history.specials.disburses[history.special[event]] < 0
    ]


def loans_of(sources: list[Source]) -> Counter[int]:
    found: Counter[int] = Counter()
    for source in sources:
        if source.origin == Origin.LOAN:
            found[source.loan] += source.amount_fen
    return found


def without_links(history: History) -> History:
    """No reversals and no documents: those look at labels."""
    specials = replace(
        history.specials,
        reverses=np.full_like(history.specials.reverses, -1),
        specific_loan=np.full_like(history.specials.specific_loan, -1),
    )
    return replace(history, specials=specials)


def all_labelled(history: History) -> tuple[History, dict[int, int], dict[int, int]]:
    """The history with every receipt from outside and every opening balance as a loan of its own, first the
    openings, as disbursements; loan -> receipt (its event in the old order); loan -> account."""
    openings = np.flatnonzero(history.opening_fen > 0)
    first = len(openings)
    row_of = history.special
    disbursing = np.array(
        [row != NO_SPECIAL and history.specials.disburses[row] >= 0 for row in row_of], np.bool_
    )
    carrying = np.array(
        [row != NO_SPECIAL and history.specials.carries[row] >= 0 for row in row_of], np.bool_
    )
    receipts = np.flatnonzero((history.debit == OUTSIDE) & (history.credit >= 0) & ~disbursing & ~carrying)
    special = np.concatenate([np.full(first, NO_SPECIAL, np.int32), history.special])
    lacking = [event for event in range(len(special)) if special[event] == NO_SPECIAL]
    wanted = set(range(first)) | {first + int(event) for event in receipts}
    added = [event for event in lacking if event in wanted]
    count = len(history.specials.reverses)
    special[added] = count + np.arange(len(added), dtype=np.int32)
    new = no_specials(len(added))
    specials = Specials(
        *(
            np.concatenate([getattr(history.specials, name), getattr(new, name)])
            for name in Specials.__dataclass_fields__
        )
    )
    loans = history.loan_count
    receipt_of: dict[int, int] = {}
    account_of: dict[int, int] = {}
    for place, account in enumerate(openings.tolist()):
        specials.disburses[special[place]] = loans
        account_of[loans] = account
        loans += 1
    for event in receipts.tolist():
        specials.disburses[special[first + event]] = loans
        receipt_of[loans] = event
        loans += 1
    opening = np.minimum(history.opening_fen, 0)
    labelled = replace(
        history,
        debit=np.concatenate([np.full(first, OUTSIDE, np.int32), history.debit]),
        credit=np.concatenate([openings.astype(np.int32), history.credit]),
        amount_fen=np.concatenate([history.opening_fen[openings], history.amount_fen]),
        arrival_use=np.concatenate([np.zeros(first, np.uint8), history.arrival_use]),
        special=special,
        specials=specials,
        opening_fen=opening,
        loan_borrower=np.concatenate([history.loan_borrower, np.zeros(loans - history.loan_count, np.int32)]),
    )
    return labelled, receipt_of, account_of


def check_against_labels(history: History) -> None:
    """Backward of the plain history finds what the forward kernel finds when every receipt bears a label."""
    plain = without_links(history)
    labelled, receipt_of, account_of = all_labelled(plain)
    walked = Backward(plain)
    forward = Backward(labelled)
    first = labelled.event_count - plain.event_count
    for event in payments(plain):
        if event in receipt_of.values():
            continue
        expected: Counter[tuple[str, int]] = Counter()
        for loan, fen in forward.loan_money(first + event).items():
            if loan in receipt_of:
                expected["receipt", receipt_of[loan]] += fen
            elif loan in account_of:
                expected["opening", account_of[loan]] += fen
            else:
                expected["loan", loan] += fen
        found: Counter[tuple[str, int]] = Counter()
        for source in walked.sources(event):
            if source.origin == Origin.LOAN:
                found["loan", source.loan] += source.amount_fen
            elif source.origin == Origin.OUTSIDE and source.events[-1] in receipt_of.values():
                found["receipt", source.events[-1]] += source.amount_fen
            elif source.origin == Origin.OPENING:
                found["opening", source.account] += source.amount_fen
        assert found == expected, event


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_every_receipt_is_found_again_as_if_it_bore_a_label(seed: int) -> None:
    check_against_labels(random_history(Random(seed)))


@pytest.mark.heavy
def test_every_receipt_is_found_again_on_many_histories() -> None:
    for seed in range(5_000):
        check_against_labels(random_history(Random(seed)))


def check_sums(history: History) -> None:
    walked = Backward(history)
    for event in range(history.event_count):
        sources = walked.sources(event)
        assert sum(source.amount_fen for source in sources) == history.amount_fen[event]
        assert all(source.amount_fen > 0 and source.events[0] == event for source in sources)
        assert all(list(source.events) == sorted(set(source.events), reverse=True) for source in sources)
        assert loans_of(sources) == walked.loan_money(event)
    # Money in transit has no hop before it arrives.
    forward = trace_history(history, Convention.FIFO).hops
    for event in set(payments(history)) - set(np.flatnonzero(history.credit == IN_TRANSIT).tolist()):
        loans: Counter[int] = Counter()
        for hop in np.flatnonzero(forward.event == event).tolist():
            loans[int(forward.loan[hop])] += int(forward.amount_fen[hop])
        assert walked.loan_money(event) == loans


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_sources_sum_to_the_payment_and_loan_money_is_that_of_the_forward_trace(seed: int) -> None:
    check_sums(random_history(Random(seed)))


@given(st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_no_fen_pays_twice(seed: int) -> None:
    history = random_history(Random(seed))
    walked = Backward(history)
    for event in range(history.event_count):
        walked.sources(event)
    spent: dict[tuple[int, int], list[tuple[int, int]]] = {}
    places = [(account, played) for account, played in walked.queues.accounts.items()]
    places += [(-3 - opener, played) for opener, played in walked.queues.slots.items()]
    for place, played in places:
        for pieces in (played.taken or {}).values():
            for piece in pieces:
                spent.setdefault((place, piece.event), []).append((piece.offset, piece.offset + piece.amount))
    for (_, event), parts in spent.items():
        parts.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(parts))
        assert event < 0 or parts[-1][1] <= history.amount_fen[event]


@given(st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=50, deadline=None)
def test_few_parts_keep_the_sum_and_the_loans(seed: int, most: int) -> None:
    history = random_history(Random(seed))
    walked = Backward(history)
    for event in range(history.event_count):
        sources = walked.sources(event, parts_max=most)
        assert sum(source.amount_fen for source in sources) == history.amount_fen[event]
        assert loans_of(sources) == walked.loan_money(event)


def shown(history: History, event: int, names: list[str]) -> list[tuple[str, str, int]]:
    return sorted(
        (source.origin.value, names[source.account] if source.account >= 0 else "", source.amount_fen)
        for source in Backward(history).sources(event)
    )


def test_a_bridge_between_revenue_and_the_new_loan() -> None:
    builder = HistoryBuilder(opening={"A": 20})
    builder.event("outside", "A", 300)
    bridge = builder.event("P", "A", 700)
    repaid = builder.event("A", "I", 900, repays=builder.loan("old"))
    builder.disburse("old", "B", 1)
    builder.opening["P"] = 700
    history = builder.build()
    assert shown(history, repaid, builder.accounts) == [
        ("opening", "A", 20),
        ("opening", "P", 580),
        ("outside", "", 300),
    ]
    closed = np.array([name == "P" for name in builder.accounts], np.bool_)
    assert [
        (source.origin, source.amount_fen, source.events)
        for source in Backward(history).sources(repaid, closed=closed)
    ] == [
        (Origin.PAYER, 580, (repaid, bridge)),
        (Origin.OUTSIDE, 300, (repaid, 0)),
        (Origin.OPENING, 20, (repaid,)),
    ]


def test_what_repaid_an_overdraft_does_not_pay_again() -> None:
    history = history_of(
        [("A", "X", 50), ("outside", "A", 80), ("outside", "A", 10), ("A", "I", 60)], {}, {"A": 20}
    )
    sources = Backward(history).sources(3)
    # 30 of the 80 repaid the overdraft; of the payment 20 are above the balance.
    assert sorted((source.origin.value, source.events, source.amount_fen) for source in sources) == [
        ("outside", (3, 1), 50),
        ("outside", (3, 2), 10),
    ]


def test_the_part_above_the_balance_is_the_banks_credit() -> None:
    history = history_of([("outside", "A", 40), ("A", "I", 100)], {})
    assert sorted((s.origin.value, s.amount_fen) for s in Backward(history).sources(1)) == [
        ("outside", 40),
        ("overdraft", 60),
    ]


def test_money_taken_back_is_what_it_was_before() -> None:
    builder = HistoryBuilder(opening={"A": 100, "S": 5})
    builder.loan("L")
    paid = builder.event("A", "S", 70)
    builder.event("outside", "A", 500)
    returned = builder.event("S", "A", 40, reverses=paid)
    instalment = builder.event("A", "I", 60)
    history = builder.build()
    sources = Backward(history).sources(instalment)
    # The 40 that came back lie in front of what was left of the opening balance.
    assert sorted((s.origin.value, s.events, s.amount_fen) for s in sources) == [
        ("opening", (instalment,), 20),
        ("opening", (instalment, returned, paid), 40),
    ]


def test_a_pool_gives_back_what_its_reference_names() -> None:
    builder = HistoryBuilder(opening={"A": 30}, terminal={"Z"})
    into = builder.event("A", "Z", 30, opens_slot=1)
    builder.event("Z", "B", 12)
    out = builder.event("Z", "B", 25, carries=0)
    instalment = builder.event("B", "I", 37)
    history = builder.build()
    assert sorted(
        (s.origin.value, s.events, s.amount_fen) for s in Backward(history).sources(instalment)
    ) == [
        ("opening", (instalment, out, into), 25),
        ("pool", (instalment, 1), 12),
    ]


def test_the_loans_own_money_pays_its_instalment() -> None:
    builder = HistoryBuilder(opening={"A": 10})
    builder.disburse("L", "A", 100)
    there = builder.event("A", "B", 60)
    back = builder.event("B", "A", 45)
    builder.event("A", "X", 50)
    instalment = builder.event("A", "I", 40)
    history = builder.build()
    sources = Backward(history).sources(instalment)
    assert [(s.origin, s.amount_fen, s.events, s.loan) for s in sources] == [
        (Origin.LOAN, 30, (instalment, back, there, 0), 0),
        (Origin.OPENING, 10, (instalment, back, there), -1),
    ]


def test_a_payment_in_two_halves_is_one_way() -> None:
    builder = HistoryBuilder(opening={"A": 30})
    leaves = builder.event("A", "transit", 20, opens_slot=1)
    builder.event("A", "X", 10)
    arrives = builder.event("transit", "B", 25, carries=0)
    instalment = builder.event("B", "I", 25)
    history = builder.build()
    sources = Backward(history).sources(instalment)
    assert [(s.origin, s.account, s.events, s.amount_fen) for s in sources] == [
        (Origin.OPENING, builder.account("A"), (instalment, arrives, leaves), 20),
        (Origin.TRANSIT, IN_TRANSIT, (instalment, arrives), 5),
    ]


def test_a_payment_that_is_not_there_is_named() -> None:
    walked = Backward(history_of([("outside", "A", 40), ("A", "I", 30)], {}))
    with pytest.raises(InputError, match="no event"):
        walked.sources(2)
    with pytest.raises(InputError, match="no fen"):
        walked.sources(1, 10, 31)

"""The slow twin on the worked examples E1 to E12: what each payment carries of the loan, and what is left."""

from __future__ import annotations

import pytest
from tests.tracing.histories import HistoryBuilder, history_of

from loantrail.tracing.model import USE_OVERDRAFT, Convention, Trace
from loantrail.tracing.slow import trace_slow

FIFO, LIFO, PRO_RATA, OWN_FIRST, LOAN_FIRST, POISON = (
    Convention.FIFO,
    Convention.LIFO,
    Convention.PRO_RATA,
    Convention.OWN_FIRST,
    Convention.LOAN_FIRST,
    Convention.POISON,
)


def carried(trace: Trace, event: int, loan: int = 0) -> int:
    rows = (trace.hops.event == event) & (trace.hops.loan == loan)
    return int(trace.hops.amount_fen[rows].sum())


def left(trace: Trace, account: int, loan: int = 0) -> int:
    rows = (trace.holdings.account == account) & (trace.holdings.loan == loan)
    return int(trace.holdings.amount_fen[rows].sum())


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (200, 500, 0)),
        (LIFO, (500, 100, 100)),
        (PRO_RATA, (350, 210, 140)),
        (OWN_FIRST, (200, 100, 400)),
        (LOAN_FIRST, (500, 200, 0)),
        (POISON, (500, 600, 400)),
    ],
)
def test_e1_mixed_account(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [
        ("outside", "a", 700),
        ("a", "p1", 500),
        ("outside", "a", 500),
        ("a", "p2", 600),
    ]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"a": 300}), convention)
    assert (carried(trace, 1), carried(trace, 3), left(trace, 0)) == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (35000, 5000, 0)),
        (LIFO, (40000, 0, 0)),
        (PRO_RATA, (36000, 1231, 2769)),
        (OWN_FIRST, (35000, 0, 5000)),
        (LOAN_FIRST, (40000, 0, 0)),
    ],
)
def test_e2_spent_then_replenished(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [
        ("outside", "a", 40000),
        ("a", "d1", 45000),
        ("outside", "a", 60000),
        ("a", "d2", 20000),
    ]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"a": 10000}), convention)
    assert (carried(trace, 1), carried(trace, 3), left(trace, 0)) == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (200, 800, 0)),
        (LIFO, (200, 500, 300)),
        (PRO_RATA, (200, 600, 200)),
        (OWN_FIRST, (200, 500, 300)),
        (LOAN_FIRST, (200, 800, 0)),
    ],
)
def test_e3_overdrawn_account(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [("outside", "a", 1000), ("outside", "a", 400), ("a", "d1", 900)]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"a": -200}), convention)
    overdraft = int(trace.hops.amount_fen[trace.hops.use == USE_OVERDRAFT].sum())
    assert (overdraft, carried(trace, 2), left(trace, 0)) == expected


@pytest.mark.parametrize("convention", list(Convention))
def test_e3b_overspend(convention: Convention) -> None:
    rows = [("outside", "a", 500), ("a", "d1", 700), ("outside", "a", 300), ("a", "d2", 100)]
    trace = trace_slow(history_of(rows, {0: "loan"}), convention)
    assert (carried(trace, 1), carried(trace, 3), left(trace, 0)) == (500, 0, 0)
    assert int(trace.balance_fen[0]) == 0


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (100, 200, 100, 700)),
        (LIFO, (300, 400, 100, 500)),
        (PRO_RATA, (240, 352, 88, 560)),
        (OWN_FIRST, (100, 200, 100, 700)),
        (LOAN_FIRST, (300, 400, 100, 500)),
    ],
)
def test_e4_partial_return(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [("outside", "a", 1000), ("a", "s", 800), ("s", "a", 300), ("a", "r", 400)]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"s": 200}), convention)
    # "a" is registered after "s", which has an opening balance
    builder_order = {"s": 1, "a": 0}
    assert (
        carried(trace, 2),
        carried(trace, 3),
        left(trace, builder_order["a"]),
        left(trace, builder_order["s"]),
    ) == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (40000, 0, 20000, 10000, 0, 30000)),
        (OWN_FIRST, (40000, 0, 20000, 10000, 0, 30000)),
        (LIFO, (10000, 40000, 30000, 0, 20000, 0)),
        (LOAN_FIRST, (50000, 0, 10000, 20000, 0, 20000)),
        (PRO_RATA, (27273, 18182, 16363, 10909, 16364, 10909)),
    ],
)
def test_e5_two_loans_in_one_account(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [
        ("outside", "a", 60000),
        ("outside", "a", 40000),
        ("a", "d1", 50000),
        ("a", "d2", 30000),
    ]
    trace = trace_slow(history_of(rows, {0: "L1", 1: "L2"}, {"a": 10000}), convention)
    assert (
        carried(trace, 2, 0),
        carried(trace, 2, 1),
        carried(trace, 3, 0),
        carried(trace, 3, 1),
        left(trace, 0, 0),
        left(trace, 0, 1),
    ) == expected


def test_e5_documents_tie_payments_to_loans() -> None:
    builder = HistoryBuilder(opening={"a": 100})
    builder.disburse("L1", "a", 600)
    builder.disburse("L2", "a", 400)
    builder.event("a", "d1", 500, specific_loan=0, specific_fen=500)
    builder.event("a", "d2", 300, specific_loan=1, specific_fen=300)
    history = builder.build()
    for convention in (FIFO, LIFO, PRO_RATA, OWN_FIRST, LOAN_FIRST):
        trace = trace_slow(history, convention)
        assert (carried(trace, 2, 0), carried(trace, 2, 1)) == (500, 0)
        assert (carried(trace, 3, 0), carried(trace, 3, 1)) == (0, 300)
        assert (left(trace, 0, 0), left(trace, 0, 1)) == (100, 100)


@pytest.mark.parametrize(
    ("convention", "expected"), [(FIFO, (0, 90)), (LIFO, (50, 40)), (PRO_RATA, (30, 60))]
)
def test_e6_two_claimants(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [("outside", "a", 100), ("a", "x", 50), ("outside", "a", 100), ("a", "y", 60)]
    trace = trace_slow(history_of(rows, {0: "A", 2: "B"}), convention)
    assert (left(trace, 0, 0), left(trace, 0, 1)) == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (200, 300, 300, 100, 300, 200)),
        (OWN_FIRST, (200, 300, 300, 100, 300, 200)),
        (LIFO, (300, 500, 600, 0, 100, 200)),
        (LOAN_FIRST, (300, 500, 600, 0, 100, 200)),
        (PRO_RATA, (225, 375, 450, 75, 225, 150)),
        (POISON, (300, 500, 600, 100, 300, 200)),
    ],
)
def test_e7_split_then_merge(convention: Convention, expected: tuple[int, ...]) -> None:
    rows = [
        ("outside", "a", 900),
        ("a", "b", 300),
        ("a", "c", 600),
        ("b", "d", 300),
        ("c", "d", 500),
        ("d", "e", 600),
    ]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"b": 100, "c": 200}), convention)
    b, c, d = 1, 2, 3
    assert (
        carried(trace, 3),
        carried(trace, 4),
        carried(trace, 5),
        left(trace, b),
        left(trace, c),
        left(trace, d),
    ) == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (FIFO, (700, 400, 400, 300, 300)),
        (OWN_FIRST, (700, 400, 400, 300, 300)),
        (LIFO, (1000, 700, 700, 0, 300)),
        (PRO_RATA, (800, 600, 600, 200, 200)),
        (LOAN_FIRST, (1000, 900, 900, 0, 100)),
    ],
)
def test_e8_cycle_back_to_the_borrower(convention: Convention, expected: tuple[int, ...]) -> None:
    builder = HistoryBuilder(opening={"b": 500}, sides={"a": {"borrower"}})
    builder.loan("loan", "borrower")
    builder.disburse("loan", "a", 1000)
    builder.event("a", "b", 1000, 29)
    builder.event("b", "c", 1200)
    builder.event("c", "a", 900)
    builder.event("a", "securities", 900, 1)
    trace = trace_slow(builder.build(), convention)
    b, c, securities = (builder.account(name) for name in ("b", "c", "securities"))
    assert (
        carried(trace, 2),
        carried(trace, 3),
        carried(trace, 4),
        left(trace, b),
        left(trace, c),
    ) == expected
    used = trace.holdings.account == securities
    assert set(trace.holdings.use[used].tolist()) == {1}
    elsewhere = (trace.holdings.account == b) | (trace.holdings.account == c)
    assert set(trace.holdings.use[elsewhere].tolist()) == {29}


@pytest.mark.parametrize(
    ("convention", "expected"), [(FIFO, (3, 0)), (LIFO, (0, 3)), (POISON, (4, 6)), (PRO_RATA, (12, 18))]
)
def test_e9_published_case(convention: Convention, expected: tuple[int, ...]) -> None:
    unit = 10 if convention == PRO_RATA else 1
    rows = [
        ("outside", "a", 3 * unit),
        ("outside", "a", 7 * unit),
        ("a", "x", 4 * unit),
        ("a", "y", 6 * unit),
    ]
    trace = trace_slow(history_of(rows, {0: "stolen"}), convention)
    assert (carried(trace, 2), carried(trace, 3)) == expected


@pytest.mark.parametrize(
    ("convention", "tied", "expected"),
    [
        (FIFO, 800, (0, 800, 200)),
        (FIFO, 0, (0, 700, 300)),
        (PRO_RATA, 0, (1538462, 6153846, 2307692)),
    ],
)
def test_e10_entrusted_payment(convention: Convention, tied: int, expected: tuple[int, ...]) -> None:
    unit = 10000 if convention == PRO_RATA else 1
    builder = HistoryBuilder(opening={"a": 300 * unit})
    builder.disburse("loan", "a", 1000 * unit)
    builder.event("a", "payroll", 200 * unit)
    builder.event("a", "s", 800 * unit, specific_loan=0, specific_fen=tied)
    trace = trace_slow(builder.build(), convention)
    assert (carried(trace, 1), carried(trace, 2), left(trace, 0)) == expected


@pytest.mark.parametrize("convention", list(Convention))
@pytest.mark.parametrize("linked", [True, False])
def test_e11_reversal(convention: Convention, linked: bool) -> None:
    builder = HistoryBuilder(opening={"x": 50, "a": 70})
    builder.disburse("loan", "a", 500)
    builder.event("a", "x", 500)
    builder.event("x", "a", 500, **({"reverses": 1} if linked else {}))
    builder.event("a", "y", 570)
    trace = trace_slow(builder.build(), convention)
    carried_to_x = carried(trace, 1)
    if linked and convention != POISON:
        assert carried(trace, 2) == carried_to_x
        assert (left(trace, builder.account("x")), left(trace, builder.account("y"))) == (0, 500)
    if not linked and convention == FIFO:
        assert carried(trace, 2) == carried_to_x - 50


@pytest.mark.parametrize("convention", [PRO_RATA])
def test_e12_rounding(convention: Convention) -> None:
    rows = [("outside", "a", 2), ("a", "x", 1), ("a", "y", 1), ("a", "z", 1)]
    trace = trace_slow(history_of(rows, {0: "loan"}, {"a": 1}), convention)
    assert [carried(trace, event) for event in (1, 2, 3)] == [1, 0, 1]


def test_e13_structured_payments_carry_the_loan_whole() -> None:
    unit = 10_000_00  # one 万 in fen
    rows = [("outside", "a", 1200 * unit)] + [("a", "payee", 400 * unit)] * 3
    trace = trace_slow(history_of(rows, {0: "loan"}), FIFO)
    assert [carried(trace, event) for event in (1, 2, 3)] == [400 * unit] * 3
    assert left(trace, 1) == 1200 * unit

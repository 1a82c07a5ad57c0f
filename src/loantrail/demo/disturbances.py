"""What goes wrong in ordinary life: payments taken back, partial refunds, accounts that run into overdraft."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.flow_book import NONE, FlowBook
from loantrail.demo.lending import Loans
from loantrail.demo.model import DAYS
from loantrail.demo.population import Population
from loantrail.demo.season import day_of
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

REVERSED_SHARE = 0.0012
REFUND_SHARE = 0.002


def add_disturbances(book: FlowBook, places: Places, kept: Int64, seed: int) -> None:
    """Reverse some movements minutes later and refund part of others days later. `kept` are entry numbers that
    nothing happens to."""
    generator = seeded_generator(seed, "disturbances")
    booked_at, debit, credit, amount, purpose, _, _ = book.columns()
    own = places.book.own_mask()
    free = (debit >= 0) & (credit >= 0) & own[debit] & (day_of(booked_at) < DAYS - 20)
    free[kept[kept >= 0]] = False
    free &= np.isin(purpose, [book.purpose(text) for text in ("货款", "材料款", "采购款", "转账", "消费")])
    rows = np.flatnonzero(free)
    drawn = generator.random(len(rows))
    taken = rows[drawn < REVERSED_SHARE]
    minutes = generator.integers(2, 45, len(taken))
    book.add(
        booked_at[taken] + minutes * 60_000_000,
        credit[taken],
        debit[taken],
        amount[taken],
        "冲正",
        NONE,
        taken,
    )
    # Most are sent again to the right place an hour later.
    again = taken[generator.random(len(taken)) < 0.8]
    book.add(
        booked_at[again] + 3600_000_000,
        debit[again],
        credit[again],
        amount[again],
        purpose[again].astype(np.int64),
    )
    refunded = rows[(drawn >= REVERSED_SHARE) & (drawn < REVERSED_SHARE + REFUND_SHARE)]
    share = generator.integers(5, 60, len(refunded))
    wait = generator.integers(1, 15, len(refunded)) * 86_400_000_000
    book.add(
        booked_at[refunded] + wait, credit[refunded], debit[refunded], amount[refunded] * share // 100, "退款"
    )


def overdraft_limits(people: Population, places: Places, loans: Loans, count: int, seed: int) -> Int64:
    """[accounts] how far each account may be overdrawn: a few companies, some of them borrowers."""
    generator = seeded_generator(seed, "overdraft")
    limits = np.zeros(count, dtype=np.int64)
    companies = np.flatnonzero(generator.random(people.companies) < 0.04)
    limits[places.company_main[companies]] = people.revenue_month_fen[companies] // 5
    plain = np.flatnonzero(loans.honest & loans.corporate)
    some = plain[generator.random(len(plain)) < 0.04]
    limits[loans.main[some]] = loans.amount_fen[some] // 20
    return limits


def cushions(people: Population, places: Places, limits: Int64, count: int, seed: int) -> Int64:
    """[accounts] what an account holds beyond what it needs. None where it may be overdrawn."""
    generator = seeded_generator(seed, "cushion")
    cushion = np.zeros(count, dtype=np.int64)
    cushion[places.individual_main] = (
        people.salary_month_fen * generator.gamma(0.8, 0.3, people.individuals)
    ).astype(np.int64)
    cushion[places.company_main] = (
        people.revenue_month_fen * generator.gamma(0.7, 0.04, people.companies)
    ).astype(np.int64)
    cushion[limits > 0] = 0
    return cushion

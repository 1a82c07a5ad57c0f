"""Schedules and repayments: most on time, some late, a few not at all; and where the money for them comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.flow_book import FlowBook
from loantrail.demo.lending import Loans
from loantrail.demo.model import DAYS, FIRST_DAY
from loantrail.demo.papers import KnownTruth, Papers, Planted
from loantrail.demo.population import Population
from loantrail.demo.season import MONTH_OF_DAY, instants
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Instalments, ordered by loan and number. Columns have shape `[instalments]`."""

    loan: Int64
    number: Int64
    due_day: Int64
    principal_fen: Int64
    interest_fen: Int64


@dataclass(frozen=True, slots=True)
class Standing:
    """How each loan stands at the end of the books. Columns have shape `[loans]`."""

    balance_fen: Int64
    overdue_days: Int64


def build_schedule(loans: Loans) -> Schedule:
    """Instalments due on the 20th of each month after the issue: equal principal with interest on the rest, or
    interest alone with the principal at the end. Interest of a month is balance x yearly rate / 12, fen below
    dropped."""
    loan = np.repeat(np.arange(len(loans)), loans.term_months)
    number = np.arange(len(loan)) - np.searchsorted(loan, loan) + 1
    amount, term = loans.amount_fen[loan], loans.term_months[loan]
    each = amount // term
    last = number == term
    equal = loans.by_instalments[loan]
    principal = np.where(equal, np.where(last, amount - each * (term - 1), each), np.where(last, amount, 0))
    before = np.where(equal, amount - each * (number - 1), amount)
    interest = before * loans.rate_ppm[loan] // 12_000_000
    month = np.datetime64(FIRST_DAY, "M") + (MONTH_OF_DAY[loans.issue_day[loan]] + number)
    due = (month.astype("datetime64[D]") + 19 - np.datetime64(FIRST_DAY, "D")).astype(np.int64)
    return Schedule(loan, number, due, principal, interest)


def add_repayments(
    book: FlowBook,
    loans: Loans,
    schedule: Schedule,
    people: Population,
    places: Places,
    papers: Papers,
    truth: KnownTruth,
    seed: int,
) -> Standing:
    """Enter every repayment that falls within the books, each fed by money that came in just before."""
    generator = seeded_generator(seed, "repayment")
    count = len(loans)
    careless = generator.random(count) < 0.08
    broken = (generator.random(count) < 0.025) & np.array([not pattern for pattern in loans.pattern])
    stops_after = np.where(broken, generator.integers(1, 5, count), 10_000)

    due_here = np.flatnonzero((schedule.due_day < DAYS - 4) & (schedule.number <= stops_after[schedule.loan]))
    loan = schedule.loan[due_here]
    late = careless[loan] & (generator.random(len(loan)) < 0.5)
    delay = np.where(late, generator.integers(1, 27, len(loan)), 0)
    day = schedule.due_day[due_here] + delay
    paid = day < DAYS - 2
    due_here, loan, delay, day = due_here[paid], loan[paid], delay[paid], day[paid]
    principal, interest = schedule.principal_fen[due_here], schedule.interest_fen[due_here]
    # Penalty: one and a half times the contract rate on what is late, by days of a 360-day year.
    overdue = principal + interest
    penalty = overdue * delay * loans.rate_ppm[loan] * 3 // (2 * 360 * 1_000_000)
    total = principal + interest + penalty
    when = instants(day, generator.integers(20 * 3600, 21 * 3600, len(day)))
    main = loans.main[loan]
    branch = np.array([places.loan_internal[people.units.branch_of[int(u)]] for u in loans.unit])[loan]

    corporate = loans.corporate[loan]
    borrower = loans.borrower[loan]
    moved_out = np.array([pattern == "SAME_NAME_OUT" for pattern in loans.pattern])[loan]
    source = np.where(
        corporate | moved_out,
        places.buyers[(borrower * 7 + 1) % len(places.buyers)],
        places.individual_elsewhere[np.where(corporate, 0, borrower - people.companies)],
    )
    odd_loan = np.array([pattern == "REPAY_SOURCE_ODD" for pattern in loans.pattern])
    odd = odd_loan[loan]
    lenders, persons = places.prohibited["lender"], places.persons
    by_lender = loan % 2 == 0
    third = np.where(by_lender, lenders[loan % len(lenders)], persons[(loan * 31) % len(persons)])
    # Two of three instalments come from the third party.
    odd &= schedule.number[due_here] % 3 != 0
    source = np.where(odd, third, source)
    text = np.where(
        odd, book.purpose("往来款"), np.where(corporate, book.purpose("货款"), book.purpose("转账"))
    )
    lead = np.where(odd, 3600, generator.integers(1, 50, len(day)) * 3600)
    fed = book.add(when - lead * 1_000_000, source, main, total, text)
    entries = book.add(when, main, branch, total, "归还贷款")
    done = entries >= 0
    papers.repayments.append(
        (loan[done], entries[done], when[done], principal[done], interest[done], penalty[done])
    )
    for row in np.flatnonzero(odd_loan):
        mine = odd & (loan == row)
        if not mine.any():
            continue
        truth.planted.append(
            Planted(
                int(row),
                "REPAY_SOURCE_ODD",
                "lender" if row % 2 == 0 else "individual",
                int(total[mine].sum()),
                tuple(int(e) for e in np.r_[fed[mine], entries[mine]]),
                int(when[mine].min()),
                "third party pays",
                (),
            )
        )

    repaid = np.zeros(count, dtype=np.int64)
    np.add.at(repaid, loan, principal)
    unpaid = np.ones(len(schedule.loan), dtype=np.bool_)
    unpaid[due_here] = False
    unpaid &= schedule.due_day < DAYS
    oldest = np.full(count, DAYS, dtype=np.int64)
    np.minimum.at(oldest, schedule.loan[unpaid], schedule.due_day[unpaid])
    # What falls due in the very last days is still being collected.
    days = DAYS - 1 - oldest
    return Standing(loans.amount_fen - repaid, np.where(days > 3, days, 0))

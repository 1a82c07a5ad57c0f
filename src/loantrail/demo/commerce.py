"""What companies do every month: sales, suppliers, payroll, tax, utilities, rent, the owner's share."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.flow_book import FlowBook
from loantrail.demo.model import MONTHS, YUAN
from loantrail.demo.population import Population
from loantrail.demo.season import (
    MONTH_OF_DAY,
    NEXT_WORKING,
    REAL_ESTATE,
    SEASONS,
    day_of,
    days_in_month,
    instants,
    office_seconds,
)
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]
Floats = NDArray[np.float64]

OUTSIDE_SUPPLIERS: Final = 6
OWN_BANK_SUPPLIERS: Final = 2

# Of a month's sales.
SUPPLIER_SHARE: Final = 0.70
PAYROLL_SHARE: Final = 0.11
TAX_SHARE: Final = 0.05
SOCIAL_SHARE: Final = 0.025
UTILITIES_SHARE: Final = 0.02
RENT_SHARE: Final = 0.025
ELSEWHERE_SHARE: Final = 0.04


def split(generator: np.random.Generator, total: Int64, count: Int64) -> tuple[Int64, Int64]:
    """Cut each total into `count` uneven parts. Returns (row of each part, amount of each part); the parts of a
    row sum to its total."""
    row = np.repeat(np.arange(len(total)), count)
    weight = generator.gamma(2.0, 1.0, len(row)) + 0.05
    whole = np.bincount(row, weight, len(total))
    part = np.floor(total[row] * (weight / whole[row])).astype(np.int64)
    given = np.zeros(len(total), dtype=np.int64)
    np.add.at(given, row, part)
    last = np.cumsum(count) - 1
    present = count > 0
    part[last[present]] += (total - given)[present]
    return row, part


def rounded(generator: np.random.Generator, amount: Int64, share: float = 0.3) -> Int64:
    """The amounts, some of them rounded to whole hundreds or thousands of yuan."""
    step = np.where(amount > 50_000 * YUAN, 1_000 * YUAN, 100 * YUAN)
    return np.where(generator.random(len(amount)) < share, (amount // step).clip(1) * step, amount)


def suppliers_of(people: Population, places: Places, seed: int) -> Int64:
    """[companies, 8] accounts each company buys from: six elsewhere, two here."""
    generator = seeded_generator(seed, "supplier choice")
    count = people.companies
    outside = places.suppliers[generator.integers(0, len(places.suppliers), (count, OUTSIDE_SUPPLIERS))]
    busy = np.flatnonzero(~people.quiet & (people.industry != REAL_ESTATE))
    own = busy[generator.integers(0, len(busy), (count, OWN_BANK_SUPPLIERS))]
    own = np.where(own == np.arange(count)[:, None], busy[(np.searchsorted(busy, own) + 1) % len(busy)], own)
    return np.concatenate([outside, places.company_main[own]], axis=1).astype(np.int64)


def _office(generator: np.random.Generator, month: Int64, first: float = 0.0, last: float = 1.0) -> Int64:
    day = NEXT_WORKING[days_in_month(generator, month, first, last)]
    return instants(day, office_seconds(generator, len(day)))


def add_commerce(book: FlowBook, people: Population, places: Places, suppliers: Int64, seed: int) -> None:
    """Enter a year of ordinary business of all companies."""
    generator = seeded_generator(seed, "commerce")
    company = np.repeat(np.arange(people.companies), MONTHS)
    month = np.tile(np.arange(MONTHS), people.companies)
    main = places.company_main[company]
    quiet = people.quiet[company]
    season = SEASONS[people.industry[company], month]
    sales = people.revenue_month_fen[company] * season * generator.lognormal(0.0, 0.18, len(company))
    sales = sales.astype(np.int64)

    def pay(target: Int64 | int, total: Int64, count: Int64, purpose: str, first: float, last: float) -> None:
        row, amount = split(generator, total, count)
        credit = target[row] if isinstance(target, np.ndarray) else target
        book.add(
            _office(generator, month[row], first, last),
            main[row],
            credit,
            rounded(generator, amount),
            purpose,
        )

    def some(mean: float, least: int = 1) -> Int64:
        drawn = generator.poisson(np.where(quiet, mean * 0.15, mean))
        return drawn.clip(np.where(quiet, 0, least)).astype(np.int64)

    # Sales come from buyers elsewhere; sales between our customers are the other's purchases below.
    row, amount = split(generator, sales, some(6.0))
    regular = places.buyers[(company[row] * 7 + generator.integers(0, 9, len(row)) ** 2) % len(places.buyers)]
    book.add(_office(generator, month[row], 0.0, 0.9), regular, main[row], rounded(generator, amount), "货款")

    row, amount = split(generator, (sales * SUPPLIER_SHARE).astype(np.int64), some(6.5))
    # Most suppliers bank elsewhere; the two last columns are customers of ours.
    column = np.minimum((generator.random(len(row)) ** 0.9 * 7.2).astype(np.int64), 7)
    payee = suppliers[company[row], column]
    texts = np.array([book.purpose(text) for text in ("货款", "材料款", "采购款", "加工费")])
    book.add(
        _office(generator, month[row], 0.12, 1.0),
        main[row],
        payee,
        rounded(generator, amount),
        texts[generator.integers(0, len(texts), len(row))],
    )

    banks = places.payroll_banks
    payroll = (sales * PAYROLL_SHARE).astype(np.int64)
    row, amount = split(
        generator,
        payroll,
        np.where(quiet, generator.integers(0, 2, len(quiet)), generator.integers(1, 4, len(quiet))),
    )
    order = np.arange(len(row)) - np.searchsorted(row, row)
    book.add(
        _office(generator, month[row], 0.3, 0.5),
        main[row],
        banks[(company[row] * 3 + order) % len(banks)],
        amount,
        "代发工资",
    )
    city = company % (len(places.tax) // 2)
    once = np.where(quiet, (generator.random(len(quiet)) < 0.3), True).astype(np.int64)
    pay(places.tax[city], (sales * TAX_SHARE).astype(np.int64), once, "缴税", 0.3, 0.55)
    pay(
        places.tax[city + len(places.tax) // 2],
        (sales * SOCIAL_SHARE).astype(np.int64),
        once,
        "社保费",
        0.6,
        0.8,
    )
    body = places.public_bodies[(company * 4) % len(places.public_bodies)]
    pay(body, (sales * UTILITIES_SHARE * 0.7).astype(np.int64), once, "电费", 0.5, 0.95)
    other = places.public_bodies[(company * 4 + 1) % len(places.public_bodies)]
    pay(other, (sales * UTILITIES_SHARE * 0.3).astype(np.int64), some(0.5, 0), "水费", 0.5, 0.95)
    landlord = places.persons[(company * 11) % len(places.persons)]
    pay(landlord, (people.revenue_month_fen[company] * RENT_SHARE).astype(np.int64), once, "房租", 0.0, 0.4)
    pay(
        places.company_elsewhere[company],
        (sales * ELSEWHERE_SHARE).astype(np.int64),
        some(0.35, 0),
        "往来款",
        0.85,
        1.0,
    )

    # Public bodies pass what they collect to their parent elsewhere.
    body = np.repeat(places.public_bodies, MONTHS)
    month = np.tile(np.arange(MONTHS), len(places.public_bodies))
    collected = (people.revenue_month_fen.sum() * UTILITIES_SHARE / max(1, len(places.public_bodies))) * 0.6
    book.add(
        _office(generator, month, 0.9, 1.0),
        body,
        places.buyers[np.arange(len(body)) % 5],
        np.full(len(body), int(collected)),
        "资金上划",
    )


def pass_on_receipts(
    book: FlowBook, people: Population, places: Places, suppliers: Int64, kept: range, seed: int
) -> None:
    """What companies here receive from other customers (their sales, loans' proceeds) they spend in the month after,
    on suppliers elsewhere. Movements whose entry number is in `kept` are left where they went."""
    generator = seeded_generator(seed, "passing on")
    booked_at, debit, credit, amount, purpose, _, _ = book.columns()
    company_of = np.full(len(places.book), -1, dtype=np.int64)
    company_of[places.company_main] = np.arange(people.companies)
    own = places.book.own_mask()
    texts = [
        book.purpose(text) for text in ("货款", "材料款", "采购款", "加工费", "购车款", "设备款", "工程款")
    ]
    received = (credit >= 0) & (debit >= 0) & np.isin(purpose, texts)
    received &= own[debit] & (company_of[credit] >= 0)
    received[kept.start : kept.stop] = False
    rows = np.flatnonzero(received)
    key = company_of[credit[rows]] * MONTHS + MONTH_OF_DAY[day_of(booked_at[rows])]
    total = np.zeros(people.companies * MONTHS, dtype=np.int64)
    np.add.at(total, key, amount[rows])
    present = np.flatnonzero((total > 0) & (np.arange(len(total)) % MONTHS < MONTHS - 1))
    share = generator.integers(88, 100, len(present))
    row, part = split(generator, total[present] * share // 100, generator.integers(1, 4, len(present)))
    company = present[row] // MONTHS
    month = present[row] % MONTHS + 1
    payee = suppliers[company, generator.integers(0, OUTSIDE_SUPPLIERS, len(row))]
    book.add(_office(generator, month, 0.12, 0.75), places.company_main[company], payee, part, "采购款")

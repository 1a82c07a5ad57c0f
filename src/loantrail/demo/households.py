"""What individuals do every month: salary, shopping, wallets, rent, savings, cash, cards, small investments."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.commerce import rounded, split
from loantrail.demo.flow_book import NONE, FlowBook
from loantrail.demo.model import MONTHS, YUAN
from loantrail.demo.population import Population
from loantrail.demo.season import NEXT_WORKING, days_in_month, instants, office_seconds, waking_seconds
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]

RETAIL_SHARE: Final = 0.45
"""Of a month's salary."""


def add_households(book: FlowBook, people: Population, places: Places, target: int, seed: int) -> None:
    """Enter a year of private life; retail payments fill the books up to `target` movements."""
    generator = seeded_generator(seed, "households")
    count = people.individuals
    person = np.repeat(np.arange(count), MONTHS)
    month = np.tile(np.arange(MONTHS), count)
    main = places.individual_main[person]
    salary = (
        people.salary_month_fen[person] * generator.normal(1.0, 0.05, len(person)).clip(0.8, 1.5)
    ).astype(np.int64)

    # Two of three work for a company that banks here, more often for a large one.
    weight = people.revenue_month_fen.astype(np.float64) ** 0.7 * ~people.quiet
    employer = generator.choice(people.companies, count, p=weight / weight.sum())
    here = generator.random(count) < 0.62
    source = np.where(
        here, places.company_main[employer], places.buyers[generator.integers(0, len(places.buyers), count)]
    )
    pay_day = generator.uniform(0.15, 0.5, count)
    day = NEXT_WORKING[days_in_month(generator, month, 0.0, 0.02) + (pay_day[person] * 27).astype(np.int64)]
    book.add(instants(day, office_seconds(generator, len(day))), source[person], main, salary, "工资")

    def spend(
        target_rows: Int64 | int, share: float, chance: float, purpose: str, *, round_share: float = 0.3
    ) -> None:
        times = (generator.random(len(person)) < chance).astype(np.int64)
        row, amount = split(generator, (salary * share / max(chance, 0.05)).astype(np.int64), times)
        when = days_in_month(generator, month[row], 0.5, 1.0)
        credit = target_rows[row] if isinstance(target_rows, np.ndarray) else target_rows
        book.add(
            instants(when, waking_seconds(generator, len(row))),
            main[row],
            credit,
            rounded(generator, amount, round_share),
            purpose,
        )

    friends = places.individual_main[(person * 13 + 5 + generator.integers(0, 4, len(person))) % count]
    spend(friends, 0.05, 0.35, "转账", round_share=0.9)
    spend(places.individual_elsewhere[person], 0.12, 0.3, "转账", round_share=0.9)
    spend(places.persons[(person * 5) % len(places.persons)], 0.12, 0.45, "房租", round_share=1.0)
    spend(places.public_bodies[(person * 4) % len(places.public_bodies)], 0.02, 0.5, "电费", round_share=0.0)
    spend(NONE, 0.03, 0.15, "ATM取款", round_share=1.0)
    cards = places.prohibited["card_repayment"]
    spend(cards[person % len(cards)], 0.10, 0.35, "信用卡还款", round_share=0.0)
    # Some pay a mortgage or an insurance elsewhere out of their own means, trade futures, lend to friends.
    homes = places.prohibited["mortgage_elsewhere"]
    row = np.flatnonzero(person % 11 == 3)
    when = NEXT_WORKING[days_in_month(generator, month[row], 0.55, 0.8)]
    book.add(
        instants(when, waking_seconds(generator, len(row))),
        main[row],
        homes[person[row] % len(homes)],
        rounded(generator, (people.salary_month_fen[person[row]] * 18) // 100, 0.0),
        "按揭还款",
    )
    for kind, every, text in (
        ("insurance_investment", 23, "保费"),
        ("futures", 41, "期货入金"),
        ("wealth_management", 29, "认购款"),
    ):
        accounts = places.prohibited[kind]
        row = np.flatnonzero((person % every == 5) & (generator.random(len(person)) < 0.3))
        when = NEXT_WORKING[days_in_month(generator, month[row], 0.6, 1.0)]
        amount = rounded(generator, people.salary_month_fen[person[row]] * 30 // 100, 1.0)
        book.add(
            instants(when, office_seconds(generator, len(row))),
            main[row],
            accounts[person[row] % len(accounts)],
            amount,
            text,
        )
    row = np.flatnonzero(generator.random(len(person)) < 0.02)
    when = days_in_month(generator, month[row], 0.6, 1.0)
    friend = places.individual_main[(person[row] * 7 + 3) % count]
    lent = rounded(generator, people.salary_month_fen[person[row]] // 4, 1.0)
    book.add(instants(when, waking_seconds(generator, len(row))), main[row], friend, lent, "借款")

    savers = people.salary_month_fen[person] > 9_000 * YUAN
    invest = savers & (person % 9 == 0) & (generator.random(len(person)) < 0.25)
    row, amount = split(generator, (salary * 0.4).astype(np.int64), invest.astype(np.int64))
    when = NEXT_WORKING[days_in_month(generator, month[row], 0.6, 1.0)]
    book.add(
        instants(when, office_seconds(generator, len(row))),
        main[row],
        places.securities_pool,
        rounded(generator, amount, 1.0),
        "银证转账",
    )

    wanted = max(target - len(book), len(person) // 4)
    times = generator.multinomial(wanted, np.full(len(person), 1 / len(person))).astype(np.int64)
    row, amount = split(generator, (salary * RETAIL_SHARE).astype(np.int64), times)
    start = (pay_day[person[row]] * 27).astype(np.int64)
    when = days_in_month(generator, month[row], 0.0, 1.0)
    when = np.maximum(when, days_in_month(generator, month[row], 0.0, 0.01) + (start * 0.5).astype(np.int64))
    kinds = generator.random(len(row))
    payee = np.where(
        kinds < 0.45,
        places.wallets_own[(person[row] + row) % len(places.wallets_own)],
        np.where(
            kinds < 0.65,
            places.wallets_elsewhere[0],
            places.merchants[generator.integers(0, len(places.merchants), len(row))],
        ),
    )
    texts = np.where(kinds < 0.65, book.purpose("快捷支付"), book.purpose("消费"))
    book.add(instants(when, waking_seconds(generator, len(row))), main[row], payee, amount, texts)

    # Payment institutions settle with merchants elsewhere once a week.
    weeks = np.arange(4, 365, 7)
    for wallet in places.wallets_own:
        _, _, credit, amounts, _, _, _ = book.columns()
        paid = int(amounts[credit == wallet].sum() * 0.97) // len(weeks)
        book.add(
            instants(weeks, np.full(len(weeks), 3 * 3600)),
            int(wallet),
            places.merchants[weeks % len(places.merchants)],
            np.full(len(weeks), paid),
            "商户结算",
        )

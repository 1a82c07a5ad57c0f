"""Paying loans out, and what honest borrowers do with the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loantrail.demo.accounts import Places
from loantrail.demo.commerce import split
from loantrail.demo.flow_book import NONE, FlowBook
from loantrail.demo.lending import (
    ACQUISITION,
    ADVANCE,
    BUSINESS,
    CONSUMER,
    DESIGNATED,
    ENTRUSTED,
    FIXED,
    INTERNET,
    MORTGAGE,
    PROJECT,
    WORKING,
    Loans,
)
from loantrail.demo.model import DAYS
from loantrail.demo.papers import KnownTruth, Papers
from loantrail.demo.population import Population
from loantrail.demo.season import CAR_TRADE, NEXT_WORKING, date_of, day_of, instants, office_seconds
from loantrail.ids import seeded_generator

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Every paying out of a loan. Columns have shape `[draws]`."""

    loan: Int64
    instant: Int64
    amount_fen: Int64


def pay_out(
    book: FlowBook, loans: Loans, people: Population, places: Places, papers: Papers, seed: int
) -> Draws:
    """Enter the disbursements of all loans; later drawdowns follow a month apart."""
    generator = seeded_generator(seed, "disbursement")
    loan = np.repeat(np.arange(len(loans)), loans.drawdowns)
    order = np.arange(len(loan)) - np.searchsorted(loan, loan)
    each = loans.amount_fen[loan] // loans.drawdowns[loan]
    amount = np.where(order == 0, loans.amount_fen[loan] - each * (loans.drawdowns[loan] - 1), each)
    gap = np.where(loans.product[loan] == BUSINESS, 1, 30)
    day = NEXT_WORKING[np.minimum(loans.issue_day[loan] + order * gap, DAYS - 30)]
    when = instants(day, generator.integers(9 * 3600, 10 * 3600 + 1800, len(loan)))
    branch = np.array([places.loan_internal[people.units.branch_of[int(u)]] for u in loans.unit])
    entries = book.add(when, branch[loan], loans.account[loan], amount, "贷款发放")
    papers.drawdowns.extend(zip(loan.tolist(), entries.tolist(), when.tolist(), amount.tolist(), strict=True))
    return Draws(loan, when, amount)


def _payee_choice(
    generator: np.random.Generator,
    loans: Loans,
    people: Population,
    places: Places,
    suppliers: Int64,
    loan: Int64,
) -> tuple[Int64, Int64, list[str]]:
    """For each payment of an honest loan: the payee account, a code of its class, a remark."""
    count = len(loan)
    product = loans.product[loan]
    borrower = loans.borrower[loan]
    u = generator.random(count)
    company_row = np.where(product <= ADVANCE, borrower, 0)
    column = generator.integers(0, suppliers.shape[1], count)
    any_supplier = places.suppliers[generator.integers(0, len(places.suppliers), count)]
    merchant = places.merchants[generator.integers(0, len(places.merchants), count)]
    wallet = places.wallets_own[generator.integers(0, len(places.wallets_own), count)]
    dealers = places.company_main[people.companies_of(CAR_TRADE)]
    dealer = dealers[generator.integers(0, len(dealers), count)]
    car = np.array([loans.purpose[int(i)] == "购买汽车" for i in loan], dtype=np.bool_)
    free = np.array([loans.mode[int(i)] != ENTRUSTED for i in loan], dtype=np.bool_)
    taxes = places.tax[company_row % (len(places.tax) // 2)]
    banks = places.payroll_banks[(company_row * 3) % len(places.payroll_banks)]

    by_wallet = free & (u < 0.2) & np.isin(product, (CONSUMER, INTERNET))
    for_tax = free & (u < 0.06) & (product == WORKING)
    for_payroll = free & (u >= 0.06) & (u < 0.16) & (product == WORKING)
    cases = [
        (by_wallet, wallet, "payment_institution", "快捷支付"),
        (for_tax, taxes, "tax", "缴税"),
        (for_payroll, banks, "payroll", "代发工资"),
        (product == WORKING, suppliers[company_row, column], "supplier", "货款"),
        (np.isin(product, (FIXED, PROJECT)), any_supplier, "supplier", "设备款"),
        (product == DESIGNATED, any_supplier, "supplier", "工程款"),
        (product == ACQUISITION, places.buyers[generator.integers(0, len(places.buyers), count)], "equity_investment", "股权转让款"),
        (product == ADVANCE, np.full(count, places.suspense), "bank_internal", "银承到期付款"),
        (product == BUSINESS, any_supplier, "supplier", "货款"),
        (product == MORTGAGE, places.supervised[generator.integers(0, len(places.supervised), count)], "property_purchase", "购房款"),
        (car, dealer, "supplier", "购车款"),
        (np.ones(count, dtype=np.bool_), merchant, "supplier", "消费"),
    ]  # fmt: skip
    which = np.argmax(np.stack([case[0] for case in cases]), axis=0)
    payee = np.select([which == i for i in range(len(cases))], [case[1] for case in cases])
    return payee, which, [f"{case[2]} {case[3]}" for case in cases]


def spend_honestly(
    book: FlowBook,
    loans: Loans,
    draws: Draws,
    people: Population,
    places: Places,
    suppliers: Int64,
    papers: Papers,
    truth: KnownTruth,
    chosen: NDArray[np.bool_],
    seed: int,
) -> None:
    """Enter what the `chosen` loans (`[loans]`) are spent on, wholly and for the purpose agreed, with orders,
    contract payees and most invoices."""
    generator = seeded_generator(seed, "honest spending")
    picked = np.flatnonzero(chosen[draws.loan])
    loan_of_draw = draws.loan[picked]
    product = loans.product[loan_of_draw]
    entrusted = np.array([loans.mode[int(i)] == ENTRUSTED for i in loan_of_draw], dtype=np.bool_)
    many = np.select(
        [np.isin(product, (MORTGAGE, ADVANCE, ACQUISITION)), entrusted, product == CONSUMER],
        [
            np.ones(len(picked), np.int64),
            generator.integers(1, 3, len(picked)),
            generator.integers(1, 4, len(picked)),
        ],
        generator.integers(1, 6, len(picked)),
    )
    row, amount = split(generator, draws.amount_fen[picked], many)
    loan = loan_of_draw[row]
    tied = entrusted[row]
    payee, which, texts = _payee_choice(generator, loans, people, places, suppliers, loan)
    delay = np.where(
        tied, generator.integers(0, 3, len(row)), generator.gamma(1.5, 4.0, len(row)).astype(np.int64)
    )
    start_day = day_of(draws.instant[picked][row])
    day = NEXT_WORKING[np.minimum(start_day + delay, DAYS - 2)]
    second = np.where(
        day == start_day,
        generator.integers(10 * 3600 + 1860, 17 * 3600, len(row)),
        office_seconds(generator, len(row)),
    )
    when = instants(day, second)
    documents = np.full(len(row), NONE, dtype=np.int64)
    for i in np.flatnonzero(tied):
        loan_row = int(loan[i])
        number = f"ST{date_of(int(day[i])):%Y%m%d}{len(papers.orders) + 1:07d}"
        documents[i] = book.document(number)
        papers.orders.append((loan_row, int(payee[i]), int(amount[i]), number, int(start_day[i])))
        papers.payees[(loan_row, int(payee[i]))] = None
    remarks = np.array([book.purpose(text.split(" ")[1]) for text in texts])[which]
    book.add(when, loans.account[loan], payee, amount, remarks, documents)
    for code, text in enumerate(texts):
        here = which == code
        if here.any():
            truth.use(loan[here], text.split(" ")[0], amount[here])
    traded = np.isin(which, [i for i, text in enumerate(texts) if text.startswith("supplier")])
    named = traded & ~tied & (generator.random(len(row)) < 0.5)
    for i in np.flatnonzero(named):
        papers.payees[(int(loan[i]), int(payee[i]))] = None
    billed = traded & (generator.random(len(row)) < 0.88)
    papers.invoice(
        payee[billed],
        loans.borrower[loan[billed]],
        day[billed] + generator.integers(-3, 12, int(billed.sum())),
        amount[billed],
    )

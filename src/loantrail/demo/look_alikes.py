"""Honest behaviour that resembles misuse and must not warn."""

from __future__ import annotations

import numpy as np

from loantrail.demo.flow_book import NONE
from loantrail.demo.model import WAN
from loantrail.demo.season import CAR_TRADE, instants
from loantrail.demo.stage import DAY, HOUR, Case, Stage


def money_market_sweep(stage: Stage, case: Case, turn: int) -> None:
    """Idle money goes into a money-market fund overnight and comes back before the suppliers are paid."""
    fund = stage.pick(stage.places.prohibited["securities"])
    amount = stage.part(case.amount_fen, 60, 90)
    entries: list[int] = []
    out = case.instant + 2 * HOUR
    for _ in range(1 + turn % 3):
        entries.append(stage.move(out, case.account, fund, amount, "余额理财自动转入"))
        entries.append(stage.move(out + 22 * HOUR, fund, case.account, amount, "余额理财自动赎回"))
        out += DAY
    stage.resemble(case, "money_market_sweep", ("FLOW_SECURITIES", "RAPID_IN_OUT"), amount, entries)
    for piece in stage.pieces(case.amount_fen, 2):
        stage.pay_supplier(case, piece, low_hours=96, high_hours=200)


def wallet_top_up(stage: Stage, case: Case, turn: int) -> None:
    """A wallet is topped up again and again; shopping follows out of sight."""
    wallet = stage.pick(stage.places.wallets_own if turn % 2 else stage.places.wallets_elsewhere)
    when = case.instant
    entries: list[int] = []
    for piece in stage.pieces(case.amount_fen, 4 + turn % 5):
        when = stage.later(when, 4, 60)
        entries.append(stage.move(when, case.account, wallet, piece, "钱包充值"))
    stage.truth.use(case.loan, "payment_institution", case.amount_fen)
    stage.resemble(
        case, "wallet_top_up", ("STRUCTURING", "SAME_NAME_OUT", "CASH_OUT"), case.amount_fen, entries
    )


def group_cash_pool(stage: Stage, case: Case, turn: int) -> None:
    """The group's pool takes the balance in the evening and gives it back when a payment is due."""
    pool = stage.places.cash_pool[stage.people.parent[case.borrower]]
    entries: list[int] = []
    down = case.instant + 9 * HOUR
    for n in range(2 + turn % 2):
        # Most pools number what they take and give back; some do not.
        batch = NONE if turn % 3 == 2 else stage.book.document(f"GJ{case.issue_day + n:05d}{case.loan:06d}")
        taken, given = down + n * DAY, down + n * DAY + 14 * HOUR
        entries.append(stage.move(taken, case.account, pool, case.amount_fen, "资金归集", batch))
        entries.append(stage.move(given, pool, case.account, case.amount_fen, "资金下拨", batch))
    stage.resemble(
        case, "group_cash_pool", ("RELATED_PARTY", "ROUND_TRIP", "RAPID_IN_OUT"), case.amount_fen, entries
    )
    for piece in stage.pieces(case.amount_fen, 2):
        stage.pay_supplier(case, piece, low_hours=90, high_hours=180)


def owner_card_till(stage: Stage, case: Case, turn: int) -> None:
    """The owner's card is the till: part of the loan goes there, and from there to suppliers with invoices."""
    amount = stage.part(case.amount_fen, 20, 45)
    owner = stage.controller(case.borrower)
    card = stage.account_of(stage.spouse(owner) if owner == case.borrower else owner)
    when = stage.later(case.instant, 2, 30)
    entries = [stage.move(when, case.account, card, amount, "备用金")]
    for piece in stage.pieces(amount, 2 + turn % 2):
        payee = stage.honest_payee(case)
        paid = stage.later(when, 5, 110)
        entries.append(stage.move(paid, card, payee, piece, "货款"))
        stage.papers.invoice(payee, case.borrower, case.issue_day + 4, piece)
        takings = stage.later(paid, 2, 60)
        stage.move(takings, stage.pick(stage.places.wallets_own), card, piece // 40, "收款码结算")
    stage.truth.use(case.loan, "supplier", amount)
    stage.papers.declared.append((case.loan, owner, "declared_related_party"))
    stage.resemble(case, "owner_card_till", ("ROUND_TRIP", "RELATED_PARTY", "RAPID_IN_OUT"), amount, entries)
    stage.rest_honestly(case, case.amount_fen - amount)


def refund(stage: Stage, case: Case, turn: int) -> None:
    """Part of an order is cancelled; the supplier pays that part back, and another supplier is paid."""
    payee = stage.pick(stage.places.suppliers) if turn % 2 else stage.honest_payee(case)
    ordered = stage.part(case.amount_fen, 50, 80)
    back = stage.part(ordered, 12, 45)
    when = stage.later(case.instant, 2, 40)
    entries = [stage.move(when, case.account, payee, ordered, "货款")]
    stage.papers.payees[(case.loan, payee)] = None
    stage.papers.invoice(payee, case.borrower, case.issue_day, ordered - back)
    returned = stage.later(when, 60, 300)
    entries.append(stage.move(returned, payee, case.account, back, "退货款"))
    stage.truth.use(case.loan, "supplier", ordered - back)
    stage.resemble(case, "refund", ("ROUND_TRIP", "COUNTERPARTY_LOOP"), back, entries)
    other = stage.honest_payee(case)
    stage.move(stage.later(returned, 10, 100), case.account, other, back, "货款")
    stage.papers.invoice(other, case.borrower, case.issue_day + 12, back)
    stage.truth.use(case.loan, "supplier", back)
    stage.rest_honestly(case, case.amount_fen - ordered)


def payroll_several_banks(stage: Stage, case: Case, turn: int) -> None:
    """Wages leave for several banks on one day, in like amounts."""
    del turn
    amount = stage.part(case.amount_fen, 30, 55)
    banks = stage.places.payroll_banks
    when = stage.later(case.instant, 4, 90)
    entries = [
        stage.move(
            when + n * 60_000_000, case.account, int(banks[(case.loan + n) % len(banks)]), piece, "代发工资"
        )
        for n, piece in enumerate(stage.pieces(amount, 5))
    ]
    stage.truth.use(case.loan, "payroll", amount)
    stage.resemble(case, "payroll_several_banks", ("STRUCTURING", "RAPID_IN_OUT"), amount, entries)
    stage.rest_honestly(case, case.amount_fen - amount)


def common_payee(stage: Stage, case: Case, turn: int) -> None:
    """Many borrowers pay the same car dealer."""
    del turn
    dealer = int(stage.places.company_main[stage.people.companies_of(CAR_TRADE)[0]])
    entry = stage.pay_supplier(case, case.amount_fen, dealer, low_hours=1, high_hours=30, remark="购车款")
    stage.resemble(case, "common_payee", ("MULTI_BORROWER_POOL",), case.amount_fen, (entry,))


def round_sums(stage: Stage, case: Case, turn: int) -> None:
    """Round sums to regular suppliers, day after day."""
    entries: list[int] = []
    count = 3 + turn % 3
    each = case.amount_fen // count // (5 * WAN) * 5 * WAN or case.amount_fen // count
    left = case.amount_fen
    for n in range(count):
        amount = left if n == count - 1 else each
        entries.append(stage.pay_supplier(case, amount, low_hours=2 + 30 * n, high_hours=20 + 30 * n))
        left -= amount
    stage.resemble(case, "round_sums", ("STRUCTURING",), case.amount_fen, entries)


def sweeping_households(stage: Stage) -> None:
    """Savers' balances go into a money-market fund and back every week, with no loan behind them."""
    people, places = stage.people, stage.places
    fund = stage.pick(places.prohibited["securities"])
    savers = np.arange(0, people.individuals, 40)
    weeks = np.arange(6, 350, 28)
    person = np.repeat(savers, len(weeks))
    first = np.tile(weeks, len(savers)) + person % 7
    amount = people.salary_month_fen[person] // 5 // 10_000 * 10_000
    hour = np.full(len(person), 21 * 3600)
    main = places.individual_main[person]
    stage.book.add(instants(first, hour), main, fund, amount, "余额理财自动转入")
    stage.book.add(instants(first + 3, hour), fund, main, amount, "余额理财自动赎回")

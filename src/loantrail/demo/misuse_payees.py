"""Planting payees that are not what they should be: split payments, gathering, mismatch, shells."""

from __future__ import annotations

import numpy as np

from loantrail.demo.flow_book import NONE
from loantrail.demo.lending import WORKING
from loantrail.demo.model import HELD_BY_THIRD_PARTY, WAN
from loantrail.demo.stage import DAY, Case, Stage


def plant_structuring(stage: Stage, case: Case, turn: int) -> None:
    """Payments to one payee, each below the limit of a borrower's own payments, together above it."""
    del turn
    limit = 1000 * WAN if case.product == WORKING else 50 * WAN
    payee = stage.pick(stage.places.suppliers)
    draws = np.flatnonzero(stage.draws.loan == case.loan)
    entries: list[int] = []
    total = int(stage.draws.amount_fen[draws].sum())
    count = max(-(-total // (limit * 95 // 100)), 2)
    instant = int(stage.draws.instant[draws[-1]])
    for n, piece in enumerate(stage.pieces_below(total, count, limit)):
        when = stage.later(instant + n * 14 * DAY // 24, 0.6, 6)
        entries.append(stage.move(when, case.account, payee, piece, "货款"))
    stage.papers.payees[(case.loan, payee)] = None
    stage.papers.invoice(payee, case.borrower, case.issue_day + 1, total)
    stage.plant(case, "STRUCTURING", "supplier", total, entries, f"{count} payments to one payee")


def plant_gathering(stage: Stage, cases: list[Case], group: int) -> None:
    """Several borrowers' loans gathered in the account of one person or one young firm."""
    if group % 2 == 0:
        collector, use = stage.account_of(stage.person()), "individual"
    else:
        firm = stage.company_firm()
        stage.people.parties.registered_day[firm] = min(case.issue_day for case in cases) - 120
        collector, use = stage.account_of(firm), "company"
    for number, case in enumerate(cases):
        amount = stage.part(case.amount_fen, 70, 98)
        relays = number // 4 % 2  # two of six over another hand
        entries, _ = stage.carry(case, collector, amount, relays=relays, remark="转账")
        stage.plant(
            case,
            "MULTI_BORROWER_POOL",
            use,
            amount,
            entries,
            "via 1" if relays else "direct",
            ("RAPID_IN_OUT",) if relays else (),
            use=HELD_BY_THIRD_PARTY,
        )
        stage.rest_honestly(case, case.amount_fen - amount)


def plant_mismatch(stage: Stage, case: Case, turn: int) -> None:
    """The contract and the invoice name one firm, the money goes to another of another trade: under a payment order for
    the other firm, or past the orders."""
    amount = stage.part(case.amount_fen, 50, 95)
    named = stage.pick(stage.places.suppliers)
    stage.papers.payees[(case.loan, named)] = None
    stage.papers.invoice(named, case.borrower, case.issue_day - 1, amount)
    trades, owner = stage.people.parties.industry, stage.places.book.party
    other = [int(row) for row in stage.places.suppliers if trades[owner[row]] != trades[owner[named]]]
    paid = stage.account_of(stage.firm()) if turn % 2 else stage.pick(other)
    document = NONE if turn % 2 else stage.order(case, paid, amount, in_contract=False)
    entries = [stage.move(stage.later(case.instant, 2, 80), case.account, paid, amount, "货款", document)]
    words = "past the order" if turn % 2 else "under an order"
    stage.plant(case, "PAYEE_MISMATCH", "company", amount, entries, words, use=HELD_BY_THIRD_PARTY)
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_shell(stage: Stage, case: Case, turn: int) -> None:
    """To a firm founded weeks before, without staff or tax, which may hand the money on to a person elsewhere."""
    amount = max(stage.part(case.amount_fen, 35, 90), 60 * WAN)
    amount = min(amount, case.amount_fen)
    firm = stage.company_firm()
    parties = stage.people.parties
    parties.registered_day[firm] = case.issue_day - stage.between(20, 150)
    parties.insured[firm] = 0
    parties.tax_day[firm] = None
    payee = stage.account_of(firm)
    entries: list[int] = []
    when = case.instant
    for piece in stage.pieces(amount, 1 + turn % 2):
        when = stage.later(when, 2, 40)
        entries.append(stage.move(when, case.account, payee, piece, "货款"))
    if turn % 2:
        when = stage.later(when, 5, 60)
        entries.append(stage.move(when, payee, stage.pick(stage.places.persons), amount, stage.remark()))
        stage.plant(
            case,
            "NEW_SHELL_PAYEE",
            "company",
            amount,
            entries,
            "handed on",
            ("RAPID_IN_OUT",),
            use=HELD_BY_THIRD_PARTY,
        )
    else:
        stage.plant(case, "NEW_SHELL_PAYEE", "company", amount, entries, "direct", use=HELD_BY_THIRD_PARTY)
    stage.rest_honestly(case, case.amount_fen - amount)

"""Planting money that ends where it may not: securities, property, other debt, lending, margin, cash, idle."""

from __future__ import annotations

import numpy as np

from loantrail.demo.flow_book import NONE
from loantrail.demo.model import HELD_BY_BORROWER, WAN, YUAN
from loantrail.demo.stage import DAY, HOUR, Case, Stage

_SECURITIES = (
    "securities",
    "futures",
    "wealth_management",
    "securities",
    "virtual_assets",
    "insurance_investment",
)
_SECURITIES_REMARKS = {
    "securities": "银证转账",
    "futures": "期货入金",
    "wealth_management": "认购款",
    "virtual_assets": "技术服务费",
    "insurance_investment": "保费",
}
_PROPERTY = ("developer", "property_purchase", "mortgage_elsewhere")
_PROPERTY_REMARKS = {"developer": "首付款", "property_purchase": "购房款", "mortgage_elsewhere": "按揭还款"}
_DEBT = ("other_bank_loan", "card_repayment", "lender")
_DEBT_REMARKS = {"other_bank_loan": "归还贷款", "card_repayment": "信用卡还款", "lender": "归还借款"}


def _to_class(
    stage: Stage, case: Case, pattern: str, destination_class: str, last_remark: str, low: int, high: int
) -> None:
    amount = stage.part(case.amount_fen, low, high)
    relays, pieces, words = stage.route()
    target = stage.pick(stage.places.prohibited[destination_class])
    if stage.generator.random() < 0.3:
        stage.top_up(case, stage.part(case.amount_fen, 3, 12))
        words += ", mixed with own money"
    entries, _ = stage.carry(case, target, amount, relays=relays, split=pieces, last_remark=last_remark)
    stage.plant(case, pattern, destination_class, amount, entries, words, ("RAPID_IN_OUT",) if relays else ())
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_securities(stage: Stage, case: Case, turn: int) -> None:
    destination = _SECURITIES[turn % len(_SECURITIES)]
    _to_class(stage, case, "FLOW_SECURITIES", destination, _SECURITIES_REMARKS[destination], 35, 98)


def plant_real_estate(stage: Stage, case: Case, turn: int) -> None:
    destination = _PROPERTY[turn % len(_PROPERTY)]
    _to_class(stage, case, "FLOW_REALESTATE", destination, _PROPERTY_REMARKS[destination], 40, 98)


def plant_other_debt(stage: Stage, case: Case, turn: int) -> None:
    destination = _DEBT[turn % len(_DEBT)]
    _to_class(stage, case, "ROLLOVER_OTHER_DEBT", destination, _DEBT_REMARKS[destination], 40, 95)


def plant_private_lending(stage: Stage, case: Case, turn: int) -> None:
    """Lent on: to a lender or pawnshop, or to three persons who pay interest every month."""
    amount = stage.part(case.amount_fen, 45, 95)
    if turn % 2 == 0:
        destination = ("lender", "guarantee_pawn")[turn // 2 % 2]
        relays, pieces, words = stage.route()
        target = stage.pick(stage.places.prohibited[destination])
        entries, _ = stage.carry(case, target, amount, relays=relays, split=pieces, last_remark="借款")
        stage.plant(
            case, "PRIVATE_LENDING", destination, amount, entries, words, ("RAPID_IN_OUT",) if relays else ()
        )
    else:
        entries = []
        for piece in stage.pieces(amount, 3):
            debtor = stage.pick(stage.places.persons)
            lent = stage.later(case.instant, 2, 90)
            entries.append(stage.move(lent, case.account, debtor, piece, "借款"))
            for month in range(1, 4):
                paid = stage.later(lent + month * 30 * DAY, 0, 20)
                entries.append(stage.move(paid, debtor, case.main, piece * 2 // 100, "利息"))
        stage.plant(case, "PRIVATE_LENDING", "lender", amount, entries, "three debtors, interest monthly")
    stage.rest_honestly(case, case.amount_fen - amount)


def _own_account(stage: Stage, case: Case, kind: str, suffix: str) -> int:
    people = stage.people
    name = people.parties.name[case.borrower]
    unit = people.parties.unit[case.borrower]
    opened = np.array([case.issue_day - 3])
    return int(stage.places.book.add_own([name + suffix], [case.borrower], kind, [unit], opened)[0])


def plant_acceptance_margin(stage: Stage, case: Case, turn: int) -> None:
    """Margin for a bill, which is then discounted at another bank; the proceeds come back."""
    del turn
    amount = stage.part(case.amount_fen, 30, 85)
    margin = _own_account(stage, case, "margin_deposit", "承兑保证金")
    when = stage.later(case.instant, 3, 150)
    entries = [stage.move(when, case.account, margin, amount, "承兑保证金")]
    back = stage.later(when, 24, 120)
    discount = stage.pick(stage.places.prohibited["bill_discount"])
    entries.append(stage.move(back, discount, case.main, amount * 96 // 100, "贴现款"))
    stage.plant(case, "ACCEPTANCE_MARGIN", "acceptance_margin", amount, entries, "margin, then discount")
    # The proceeds leave again for ordinary purchases.
    stage.move(stage.later(back, 12, 100), case.main, stage.honest_payee(case), amount * 95 // 100, "货款")
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_cash_out(stage: Stage, case: Case, turn: int) -> None:
    """Several withdrawals, each just under fifty thousand; every other time through a person's card."""
    amount = stage.part(case.amount_fen, 55, 95)
    entries: list[int] = []
    source, when = case.account, case.instant
    if turn % 2:
        source = stage.account_of(stage.person())
        when = stage.later(case.instant, 1, 20)
        entries.append(stage.move(when, case.account, source, amount, stage.remark()))
    left = amount
    while left > 0:
        piece = min(left, stage.between(46_000, 49_900) // 100 * 100 * YUAN)
        when = stage.later(when, 1, 14)
        entries.append(stage.move(when, source, NONE, piece, "现金支取"))
        left -= piece
    stage.plant(
        case, "CASH_OUT", "cash", amount, entries, "via 1" if turn % 2 else "direct", ("RAPID_IN_OUT",)
    )
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_idle(stage: Stage, case: Case, turn: int) -> None:
    """Most of the loan rests in the account, or becomes a deposit."""
    amount = stage.part(case.amount_fen, 60, 95)
    if turn % 2 == 0:
        # It rests: the honest part is spent, the remainder stays where it is to the end.
        stage.plant(
            case, "IDLE_FUNDS", "own_account", amount, (), "rests in the account", use=HELD_BY_BORROWER
        )
    else:
        kind, suffix = (("time_deposit", "定期存款"), ("structured_deposit", "结构性存款"))[turn // 2 % 2]
        deposit = _own_account(stage, case, kind, suffix)
        when = stage.later(case.instant, 6, 140)
        entry = stage.move(when, case.account, deposit, amount, suffix)
        stage.plant(case, "IDLE_FUNDS", "time_deposit", amount, (entry,), "into a deposit")
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_same_name_out(stage: Stage, case: Case, turn: int) -> None:
    """To the borrower's own account at another bank, in one to three transfers."""
    amount = max(stage.part(case.amount_fen, 60, 98), 10 * WAN)
    pieces = stage.pieces(amount, 1 + turn % 3)
    entries = [
        stage.move(
            stage.later(case.instant + n * 5 * HOUR, 1, 60),
            case.account,
            stage.elsewhere_of(case.borrower),
            piece,
            "转账",
        )
        for n, piece in enumerate(pieces)
    ]
    stage.plant(case, "SAME_NAME_OUT", "same_name_other_bank", amount, entries, "direct")
    stage.rest_honestly(case, case.amount_fen - amount)

"""Planting money that goes round, to insiders, or comes from where it should not."""

from __future__ import annotations

from loantrail.demo.model import HELD_BY_RELATED_PARTY, HELD_BY_THIRD_PARTY, WAN
from loantrail.demo.stage import HOUR, Case, Stage


def plant_round_trip(stage: Stage, case: Case, turn: int) -> None:
    """Out to a supposed supplier, over one to three hands, and back to the borrower, its controller or spouse."""
    amount = max(stage.part(case.amount_fen, 40, 90), 25 * WAN)
    relays = 1 + turn % 4
    pieces = 1 + turn % 3
    who = stage.controller(case.borrower)
    if case.borrower >= stage.people.companies:
        who = stage.spouse(case.borrower)
    elif turn % 2:
        who = stage.spouse(who)
    target = stage.account_of(who)
    entries, end = stage.carry(
        case, target, amount, relays=relays, split=pieces, remark="货款", last_remark="往来款"
    )
    also = ("RAPID_IN_OUT", "COUNTERPARTY_LOOP", "RELATED_PARTY")
    words = f"via {relays}, {pieces} pieces"
    if turn % 3 == 2:
        # What came back is moved on to the same person's account at another bank.
        when = stage.later(end, 10, 80)
        entries.append(stage.move(when, target, stage.elsewhere_of(who), amount, "转账"))
        stage.plant(
            case, "ROUND_TRIP", "related_party", amount, entries, words, also, use="same_name_other_bank"
        )
    else:
        stage.plant(
            case, "ROUND_TRIP", "related_party", amount, entries, words, also, use=HELD_BY_RELATED_PARTY
        )
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_return_to_guarantor(stage: Stage, case: Case, turn: int) -> None:
    """Within three days to the guarantor, a property firm, between a fifth and all of the loan."""
    amount = stage.part(case.amount_fen, 35, 98)
    target = stage.guarantee_account(case.loan)
    entries: list[int] = []
    for n, piece in enumerate(stage.pieces(amount, 1 + turn % 2)):
        when = stage.later(case.instant + n * 3 * HOUR, 0.6, 30)
        entries.append(stage.move(when, case.account, target, piece, "往来款"))
    stage.plant(
        case,
        "RETURN_TO_GUARANTOR",
        "guarantor",
        amount,
        entries,
        "direct",
        ("FLOW_REALESTATE",),
        use="developer",
    )
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_related_party(stage: Stage, case: Case, turn: int) -> None:
    """To a firm under the same control, without a contract, direct or over one hand."""
    amount = stage.part(case.amount_fen, 35, 90)
    firm = stage.related_firm(case.borrower)
    relays = turn % 2
    entries, _ = stage.carry(
        case, stage.account_of(firm), amount, relays=relays, split=1 + turn % 2, remark="往来款"
    )
    also = ("RAPID_IN_OUT", "ROUND_TRIP") if relays else ("ROUND_TRIP",)
    words = "via 1" if relays else "direct"
    stage.plant(
        case, "RELATED_PARTY", "related_party", amount, entries, words, also, use=HELD_BY_RELATED_PARTY
    )
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_rapid_in_out(stage: Stage, case: Case, turn: int) -> None:
    """A payee hands on nine tenths or more within a day, to persons or firms elsewhere."""
    amount = max(stage.part(case.amount_fen, 50, 95), 60 * WAN)
    amount = min(amount, case.amount_fen)
    payee = stage.account_of(stage.passing_firm())
    when = stage.later(case.instant, 1, 70)
    entries = [stage.move(when, case.account, payee, amount, "货款")]
    on = amount * stage.between(95, 100) // 100
    targets = stage.places.persons if turn % 2 else stage.places.buyers
    who = "individual" if turn % 2 else "company"
    for piece in stage.pieces(on, 1 + turn % 3):
        entries.append(
            stage.move(stage.later(when, 0.3, 8), payee, stage.pick(targets), piece, stage.remark())
        )
    stage.plant(case, "RAPID_IN_OUT", who, on, entries, "payee hands on at once", use=HELD_BY_THIRD_PARTY)
    if amount > on:
        stage.truth.use(case.loan, HELD_BY_THIRD_PARTY, amount - on)
    stage.rest_honestly(case, case.amount_fen - amount)


def plant_loop(stage: Stage, case: Case, turn: int) -> None:
    """The payee pays a firm that pays the borrower: three payments in ten days, amounts within a tenth."""
    amount = max(stage.part(case.amount_fen, 50, 85), 60 * WAN)
    amount = min(amount, case.amount_fen)
    first, second = stage.account_of(stage.passing_firm()), stage.account_of(stage.passing_firm())
    chain = [case.account, first, second] if turn % 2 else [case.account, first]
    entries: list[int] = []
    when, flowing = case.instant, amount
    for here, there in zip(chain, [*chain[1:], case.main], strict=True):
        when = stage.later(when, 6, 46)
        entries.append(stage.move(when, here, there, flowing, "货款"))
        flowing = flowing * stage.between(97, 100) // 100
    came_back = _last_amount(stage, entries)
    # What came back is spent abroad: on ordinary purchases elsewhere.
    stage.move(stage.later(when, 20, 200), case.main, stage.honest_payee(case), came_back, "货款")
    stage.plant(
        case,
        "COUNTERPARTY_LOOP",
        "own_account",
        came_back,
        entries,
        f"{len(entries)} hops",
        ("ROUND_TRIP", "RAPID_IN_OUT"),
        use="supplier",
    )
    if amount > came_back:
        stage.truth.use(case.loan, HELD_BY_THIRD_PARTY, amount - came_back)
    stage.rest_honestly(case, case.amount_fen - amount)


def _last_amount(stage: Stage, entries: list[int]) -> int:
    return int(stage.book.columns()[3][entries[-1]])

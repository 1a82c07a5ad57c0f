"""Money that comes back, to the borrower, to those close to it, to the guarantor, or in a loop."""

from __future__ import annotations

import datetime

import pytest
from tests.early_warning.bank import Bank, cases


def sent_back(
    back_wan: float,
    back_day: float,
    *,
    paid_day: float = 1,
    remark: str = "",
    documented: bool = False,
    use: str = "",
) -> Bank:
    """A loan of 1,000 of which 600 go to S; S sends some back."""
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("S", "S")
    paid = bank.move(loan, "B.main", "S", 600, paid_day, use=use, documented=documented)
    bank.move(paid, "S", "B.main", back_wan, back_day, remark=remark)
    return bank


@cases("ROUND_TRIP", [(100, 10, True), (99, 10, False), (100, 30, True), (100, 31, False)])
def test_round_trip(wan: float, day: float) -> Bank:
    return sent_back(wan, day)


def test_round_trip_needs_an_amount_too() -> None:
    for wan, expected in ((20, True), (19.9, False)):
        bank = Bank()
        loan = bank.loan(100)
        paid = bank.move(loan, "B.main", "S", 60, 1)
        bank.move(paid, "S", "B.main", wan, 5)
        assert bank.found("ROUND_TRIP") is expected


def test_round_trip_to_the_controller() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.relations.append(
        {
            "from_party_id": "BOSS",
            "to_party_id": "B",
            "kind": "controller",
            "share_ppm": None,
            "valid_from": datetime.date(2020, 1, 1),
        }
    )
    bank.account("BOSS.card", "BOSS")
    paid = bank.move(loan, "B.main", "S", 600, 1)
    bank.move(paid, "S", "BOSS.card", 300, 4, cls="individual")
    assert bank.leads("ROUND_TRIP") == [("L", "ROUND_TRIP", 300_000_000)]


def test_a_refund_does_not_warn() -> None:
    assert not sent_back(300, 10, remark="退货退款").found("ROUND_TRIP")


def test_a_refund_of_nearly_all_within_days_warns_whatever_it_is_called() -> None:
    assert sent_back(500, 3, remark="退款").found("ROUND_TRIP")


def test_what_a_documented_supplier_sends_back_later_does_not_warn() -> None:
    assert not sent_back(300, 20, documented=True, use="supplier").found("ROUND_TRIP")


def test_a_documented_supplier_that_hands_most_of_it_back_warns() -> None:
    assert sent_back(420, 4, documented=True, use="supplier").found("ROUND_TRIP")
    assert not sent_back(419, 4, documented=True, use="supplier").found("ROUND_TRIP")


def test_own_money_coming_home_from_a_deposit_or_wallet_is_no_round_trip() -> None:
    for use in ("time_deposit", "payment_institution", "group_cash_pool", "wealth_management"):
        assert not sent_back(500, 10, use=use).found("ROUND_TRIP"), use


def guaranteed(wan: float, day: float, **guarantee: object) -> Bank:
    bank = Bank()
    bank.loan(1000)
    bank.account("G", "G")
    bank.guarantors.append(
        {"loan_id": "L", "guarantor_party_id": "G", "valid_from": datetime.date(2025, 1, 1), **guarantee}
    )
    bank.pay("B.main", "G", wan, day)
    return bank


@cases(
    "RETURN_TO_GUARANTOR",
    [(201, 3, True), (200, 3, False), (201, 3.1, False), (1249, 1, True), (1250, 1, False)],
)
def test_return_to_guarantor(wan: float, day: float) -> Bank:
    return guaranteed(wan, day)


def test_an_expired_guarantee_does_not_count() -> None:
    assert not guaranteed(300, 1, valid_to=datetime.date(2025, 2, 1)).found("RETURN_TO_GUARANTOR")


def test_the_guarantor_is_found_by_name_at_another_bank() -> None:
    bank = Bank()
    bank.loan(1000)
    bank.party("G", name="东风置业有限公司")
    bank.guarantors.append({"loan_id": "L", "guarantor_party_id": "G"})
    bank.pay("B.main", "东风置业有限公司", 300, 1)
    assert bank.found("RETURN_TO_GUARANTOR")


def test_loan_money_that_reaches_the_guarantor_through_another() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("G", "G")
    bank.guarantors.append({"loan_id": "L", "guarantor_party_id": "G"})
    paid = bank.move(loan, "B.main", "S", 500, 1)
    bank.move(paid, "S", "G", 400, 2)
    assert bank.leads("RETURN_TO_GUARANTOR") == [("L", "RETURN_TO_GUARANTOR", 400_000_000)]


def related(
    wan: float, kind: str = "shareholder", share_ppm: int | None = 250_000, **said: object
) -> tuple[Bank, str]:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("R.main", "R")
    bank.relations.append(
        {
            "from_party_id": "R",
            "to_party_id": "B",
            "kind": kind,
            "share_ppm": share_ppm,
            "valid_from": datetime.date(2020, 1, 1),
        }
    )
    return bank, bank.move(loan, "B.main", "R.main", wan, 5, **said)


@cases("RELATED_PARTY", [(200, 250_000, True), (199, 250_000, False), (200, 249_999, False)])
def test_related_party(wan: float, share_ppm: int) -> Bank:
    return related(wan, share_ppm=share_ppm)[0]


@pytest.mark.parametrize(
    "kind", ["controller", "same_address", "same_phone", "same_agent", "group_member", "spouse"]
)
def test_other_relations(kind: str) -> None:
    assert related(300, kind, None)[0].found("RELATED_PARTY")


def test_two_companies_of_one_controller_are_related() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("SISTER", "SISTER")
    for company in ("B", "SISTER"):
        bank.relations.append(
            {
                "from_party_id": "BOSS",
                "to_party_id": company,
                "kind": "controller",
                "share_ppm": None,
                "valid_from": datetime.date(2020, 1, 1),
            }
        )
    bank.move(loan, "B.main", "SISTER", 300, 5)
    assert bank.found("RELATED_PARTY")


def test_a_documented_payment_to_a_related_party_does_not_warn() -> None:
    assert not related(300, documented=True)[0].found("RELATED_PARTY")


def test_the_owners_card_as_the_till_does_not_warn() -> None:
    bank, card = related(300, "controller", None)
    bank.move(card, "R.main", "S", 150, 6, use="supplier")
    bank.move(card, "R.main", "WORKERS", 100, 7, use="payroll")
    assert not bank.found("RELATED_PARTY")


@pytest.mark.parametrize(
    ("kind", "remark", "warns"),
    [("individual", "货款", False), ("individual", "转账", True), ("company", "货款", True)],
)
def test_goods_that_a_related_person_pays_for_are_the_borrowers(kind: str, remark: str, warns: bool) -> None:
    bank, card = related(300, "spouse", None)
    bank.party("R", kind)
    bank.move(card, "R.main", "S", 250, 6, remark=remark)
    assert bool(bank.found("RELATED_PARTY")) is warns


def test_a_group_cash_pool_does_not_warn() -> None:
    assert not related(300, "group_member", None, use="group_cash_pool")[0].found("RELATED_PARTY")


def loop(
    out_wan: float = 100,
    second: tuple[float, float] = (95, 3),
    third: tuple[float, float] = (95, 5),
    remark: str = "",
) -> Bank:
    bank = Bank()
    loan = bank.loan(1000)
    for party in ("S", "U"):
        bank.account(party, party)
    bank.move(loan, "B.main", "S", out_wan, 1)
    bank.pay("S", "U", *second)
    bank.pay("U", "B.main", *third, remark=remark)
    return bank


def test_counterparty_loop() -> None:
    assert loop().leads("COUNTERPARTY_LOOP") == [("L", "COUNTERPARTY_LOOP", 100_000_000)]


@cases(
    "COUNTERPARTY_LOOP",
    [
        (100, (90, 5), True),
        (100, (89.9, 5), False),
        (100, (110, 5), True),
        (100, (110.1, 5), False),
        (100, (95, 11), True),
        (100, (95, 11.1), False),
        (100, (95, 0.5), True),  # before the payment out
    ],
)
def test_the_limits_of_a_loop(out_wan: float, third: tuple[float, float]) -> Bank:
    return loop(out_wan, third=third)


@cases("COUNTERPARTY_LOOP", [(50, True), (49.9, False)])
def test_the_least_amount_of_a_loop(wan: float) -> Bank:
    return loop(wan, (wan, 3), (wan, 5))


def test_a_refund_closes_no_loop() -> None:
    assert not loop(remark="退款").found("COUNTERPARTY_LOOP")


def test_a_payment_institution_closes_no_loop() -> None:
    bank = loop()
    for entry in bank.accounts:
        if entry["account"] == "U":
            entry["kind"] = "pooled"
    assert not bank.found("COUNTERPARTY_LOOP")


def test_money_that_reaches_the_spouse_through_a_stranger_is_told_once() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("WIFE", "WIFE")
    bank.relations.append(
        {
            "from_party_id": "WIFE",
            "to_party_id": "B",
            "kind": "spouse",
            "share_ppm": None,
            "valid_from": datetime.date(2020, 1, 1),
        }
    )
    paid = bank.move(loan, "B.main", "S", 600, 5)
    bank.move(paid, "S", "WIFE", 600, 6, cls="individual")
    assert bank.found("ROUND_TRIP")
    assert not bank.found("RELATED_PARTY")


def test_a_loop_right_after_disbursement_counts_though_own_money_went_first() -> None:
    for day, expected in ((3, True), (4, False)):
        bank = Bank()
        loan = bank.loan(1000)
        for party in ("S", "U"):
            bank.account(party, party)
        bank.move(loan, "B.main", "S", 10, day, of_wan=100)
        bank.pay("S", "U", 100, day + 1)
        bank.pay("U", "B.main", 100, day + 2)
        assert bank.found("COUNTERPARTY_LOOP") is expected

"""Where accounts on the way are rich, the trace gives everything to own money: what time and amount tell then, and what they
must not tell of honest dealings."""

from __future__ import annotations

import datetime
import itertools

import pytest
from tests.early_warning.bank import WAN, Bank, at, cases

YOUNG = datetime.date(2025, 1, 1)
ALWAYS = datetime.date(2020, 1, 1)


def rich_bank(loan_wan: float = 100, retail: bool = False) -> Bank:
    """A loan whose account holds so much own money that no payment carries loan money."""
    bank = Bank()
    bank.loan(loan_wan, retail=retail)
    return bank


def relate(bank: Bank, one: str, other: str, kind: str) -> None:
    bank.relations.append(
        {"from_party_id": one, "to_party_id": other, "kind": kind, "share_ppm": None, "valid_from": ALWAYS}
    )


def passed_to_broker(
    wan: float, out_wan: float, day: float, hours: float, documented: bool, remark: str
) -> Bank:
    bank = rich_bank()
    bank.pay("B.main", "S", wan, day, documented=documented)
    bank.pay("S", "BROKER", out_wan, day + hours / 24, cls="futures", remark=remark)
    return bank


@cases(
    "FLOW_SECURITIES",
    [
        (60, 60, 1, 24, False, "", True),
        (60, 57, 1, 24, False, "", True),
        (60, 56.9, 1, 24, False, "", False),  # not what it got
        (60, 60.1, 1, 24, False, "", False),  # more than it got
        (60, 60, 1, 0, False, "", True),
        (60, 60, 1, -1, False, "", False),  # before it got it
        (60, 60, 1, 72, False, "", True),
        (60, 60, 1, 72.1, False, "", False),
        (60, 60, 3, 24, False, "", True),
        (60, 60, 3.1, 24, False, "", False),  # not right after disbursement
        (30, 30, 1, 24, False, "", True),
        (29, 29, 1, 24, False, "", False),
        (
            60,
            60,
            1,
            24,
            True,
            "",
            False,
        ),  # goods against a document: what the payee does later is its own affair
        (60, 60, 1, 24, False, "余额理财自动转入", False),
    ],
)
def test_a_payee_that_hands_the_same_amount_on(
    wan: float, out_wan: float, day: float, hours: float, documented: bool, remark: str
) -> Bank:
    return passed_to_broker(wan, out_wan, day, hours, documented, remark)


def test_a_supplier_that_lives_of_its_trade_hands_nothing_on() -> None:
    bank = rich_bank()
    bank.pay("B.main", "S", 60, 1, remark="货款")
    for number, wan in enumerate((22, 31, 9)):
        bank.pay("S", f"MAKER{number}", wan, 2 + number / 2, remark="材料款")
    bank.pay("S", "BROKER", 20, 2, cls="securities")
    assert not bank.codes()


def test_pieces_over_several_hands_that_come_together() -> None:
    bank = rich_bank(25, retail=True)
    bank.pay("B.main", "P1", 5.06, 0.5, cls="individual")
    bank.pay("P1", "Q", 5.06, 1, cls="individual")
    bank.pay("B.main", "P2", 5.69, 1, cls="individual")
    bank.pay("P2", "Q", 5.69, 2, cls="individual")
    bank.pay("Q", "AGENT", 10.75, 3, cls="property_purchase")
    assert bank.leads() == [("L", "FLOW_REALESTATE", 1075 * WAN // 100)]


def test_one_payment_counts_once_however_many_ways_lead_there() -> None:
    bank = rich_bank()
    for _ in range(2):
        bank.pay("B.main", "S", 32, 1)
    bank.pay("S", "BROKER", 32, 2, cls="securities")
    assert bank.leads() == [("L", "FLOW_SECURITIES", 32 * WAN)]


def test_what_two_ways_share_is_not_more_at_the_next_hand() -> None:
    bank = rich_bank()
    for _ in range(2):
        bank.pay("B.main", "S", 32, 1)
    bank.pay("S", "U", 32, 2)
    bank.pay("U", "BROKER", 62, 3, cls="securities")
    assert not bank.codes()


@cases("FLOW_SECURITIES", [(5, True), (6, False)])
def test_a_way_is_followed_over_so_many_hands(hands: int) -> Bank:
    bank = rich_bank()
    chain = ["B.main", *(f"A{number}" for number in range(hands))]
    for number, (debit, credit) in enumerate(itertools.pairwise(chain)):
        bank.pay(debit, credit, 60, 1 + number)
    bank.pay(chain[-1], "BROKER", 60, 1 + len(chain), cls="securities")
    return bank


def test_a_pooled_account_hands_nothing_on() -> None:
    bank = passed_to_broker(60, 60, 1, 5, False, "")
    bank.account("S", "S", "pooled")
    assert not bank.codes()
    bank = rich_bank()
    bank.account("POOL", None, "pooled")
    bank.pay("B.main", "S", 60, 1)
    bank.pay("S", "POOL", 60, 1.2)
    bank.pay("POOL", "BROKER", 60, 1.4, cls="securities")
    assert not bank.codes()


def test_what_the_trace_found_is_not_told_again() -> None:
    bank = Bank()
    loan = bank.loan(100)
    paid = bank.move(loan, "B.main", "S", 60, 1)
    bank.move(paid, "S", "BROKER", 40, 2, of_wan=60, use="securities")
    assert bank.leads("FLOW_SECURITIES") == [("L", "FLOW_SECURITIES", 40 * WAN)]


@pytest.mark.parametrize(("drawn", "warns"), [((4.8, 1.0), True), ((4.8,), False)])
def test_cash_drawn_from_another_persons_card(drawn: tuple[float, ...], warns: bool) -> None:
    bank = rich_bank(10, retail=True)
    bank.pay("B.main", "FRIEND", 5.8, 0.2, cls="individual", remark="往来款")
    for number, wan in enumerate(drawn):
        bank.pay("FRIEND", None, wan, 0.8 + number / 3, cls="cash", remark="现金支取")
    assert bank.found("CASH_OUT") is warns


def comes_home(remark: str = "往来款", to: str = "WIFE", first: str = "货款") -> Bank:
    """Over two hands to the spouse of the borrower's controller."""
    bank = rich_bank()
    for account, owner in (("BOSS", "BOSS"), ("WIFE", "WIFE"), ("AUNT", "AUNT")):
        bank.account(account, owner)
    relate(bank, "BOSS", "B", "controller")
    relate(bank, "BOSS", "WIFE", "spouse")
    bank.pay("B.main", "S", 60, 1, remark=first)
    bank.pay("S", "U", 60, 1.5, remark="货款")
    bank.pay("U", to, 60, 2, remark=remark)
    return bank


def test_the_same_amount_comes_back_over_others() -> None:
    assert comes_home().leads() == [("L", "ROUND_TRIP", 60 * WAN)]
    assert comes_home(to="B.main").found("ROUND_TRIP")
    assert not comes_home(to="AUNT").codes()


def test_a_refund_does_not_come_back_over_others() -> None:
    assert not comes_home(to="B.main", remark="退货款").codes()


def test_the_controllers_spouse_is_close_for_the_trace_too() -> None:
    for kind, expected in (("controller", True), ("legal_representative", True), ("shareholder", False)):
        bank = Bank()
        loan = bank.loan(1000)
        bank.account("WIFE", "WIFE")
        relate(bank, "BOSS", "WIFE", "spouse")
        relate(bank, "BOSS", "B", kind)
        bank.relations[-1]["share_ppm"] = 300_000 if kind == "shareholder" else None
        paid = bank.move(loan, "B.main", "S", 600, 5)
        bank.move(paid, "S", "WIFE", 600, 6, cls="individual")
        assert bank.found("ROUND_TRIP") is expected


def with_sister(kind: str = "company") -> Bank:
    """A party under the same control, which owns R."""
    bank = rich_bank()
    bank.party("R", kind)
    bank.account("R.main", "R")
    relate(bank, "BOSS", "B", "controller")
    relate(bank, "BOSS", "R", "controller" if kind == "company" else "spouse")
    return bank


@cases("RELATED_PARTY", [(30, 3, True), (29, 3, False), (30, 3.1, False)])
def test_money_to_a_related_company_right_after_disbursement(wan: float, day: float) -> Bank:
    bank = with_sister()
    bank.pay("B.main", "R.main", wan, day)
    return bank


def test_money_to_a_related_company_over_a_stranger() -> None:
    bank = with_sister()
    bank.pay("B.main", "S", 50, 1)
    bank.pay("S", "R.main", 50, 2)
    assert bank.leads("RELATED_PARTY") == [("L", "RELATED_PARTY", 50 * WAN)]


def test_what_a_related_company_gets_by_contract_or_gives_back_stays_not_there() -> None:
    bank = with_sister()
    bank.pay("B.main", "R.main", 50, 1, documented=True)
    assert not bank.found("RELATED_PARTY")
    bank = with_sister()
    bank.pay("B.main", "S", 50, 1)
    bank.pay("S", "R.main", 50, 2, documented=True)
    assert not bank.found("RELATED_PARTY")
    bank = with_sister()
    bank.pay("B.main", "R.main", 50, 1)
    bank.pay("R.main", "B.main", 25, 8)
    assert not bank.found("RELATED_PARTY")


@pytest.mark.parametrize(("day", "warns"), [(10, False), (32, True)])
def test_the_owners_card_as_the_till_of_a_rich_firm(day: float, warns: bool) -> None:
    bank = with_sister("individual")
    bank.pay("B.main", "R.main", 45, 1, cls="individual", remark="备用金")
    bank.pay("R.main", "S1", 20, day, cls="supplier", documented=True)
    bank.pay("R.main", "S2", 20, day, remark="货款")
    assert bank.found("RELATED_PARTY") is warns


def gathered(fifth_wan: float, registered_on: datetime.date | None = YOUNG) -> Bank:
    bank = Bank(end_day=300)
    bank.party("END", "company", registered_on=registered_on)
    bank.account("END.main", "END")
    for number in range(5):
        loan, main = f"L{number}", f"B{number}.main"
        given = bank.loan(30, loan=loan, borrower=f"B{number}", retail=True)
        if number < 4:
            bank.move(given, main, "END.main", 5, 1 + number, loan=loan)
    bank.pay("B4.main", "FRIEND", fifth_wan, 1, cls="individual")
    bank.pay("FRIEND", "END.main", fifth_wan, 2)
    return bank


def test_a_borrower_who_joins_the_pool_over_a_rich_friend() -> None:
    assert {loan for loan, _, _ in gathered(9).leads("MULTI_BORROWER_POOL")} == {
        "L0", "L1", "L2", "L3", "L4",
    }  # fmt: skip
    assert not gathered(8.9).leads("MULTI_BORROWER_POOL")
    assert not gathered(9, ALWAYS).leads("MULTI_BORROWER_POOL")  # an old firm whom many pay


@cases("NEW_SHELL_PAYEE", [(50, 0, True), (49.9, 0, False), (50, 5, False)])
def test_a_shell_paid_by_a_rich_borrower(wan: float, staff: int) -> Bank:
    bank = rich_bank(150)
    bank.party("S", "company", registered_on=YOUNG, insured_staff_count=staff, tax_paid_on=YOUNG)
    bank.account("S.main", "S")
    bank.pay("B.main", "S.main", wan, 1)
    return bank


def test_the_latest_payment_tells_when_the_warning_was_possible() -> None:
    bank = passed_to_broker(60, 60, 1, 24, False, "")
    from loantrail.early_warning.patterns import find_leads
    from loantrail.parameters import shipped_parameters

    lead = find_leads(bank.frames(), shipped_parameters(), ["FLOW_SECURITIES"]).row(0, named=True)
    assert [
        row["booked_at"] for row in bank.transactions if row["transaction_id"] in lead["transaction_ids"]
    ] == [
        at(1),
        at(2),
    ]
    assert "按时间和金额相符判断" in lead["explanation_chinese"]

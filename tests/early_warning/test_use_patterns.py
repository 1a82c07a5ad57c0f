"""What the loan's money was used for: each pattern on both sides of its threshold, and its honest look-alikes."""

from __future__ import annotations

import pytest
from tests.early_warning.bank import Bank, cases


def spend(
    bank: Bank,
    wan: float,
    use: str,
    day: float = 5,
    *,
    loan_wan: float = 1000,
    retail: bool = False,
    **said: object,
) -> Bank:
    loan = bank.loan(loan_wan, retail=retail)
    bank.move(loan, "B.main", "X", wan, day, use=use, **said)
    return bank


@cases(
    "FLOW_SECURITIES",
    [
        (False, 2000, 50, 5, True),  # enough by amount
        (False, 2000, 49.99, 5, False),
        (False, 200, 10, 5, True),  # enough by share
        (False, 200, 9.99, 5, False),
        (True, 10, 1, 5, True),  # retail needs both
        (True, 10, 0.99, 5, False),
        (True, 30, 1.49, 5, False),
        (True, 30, 1.5, 5, True),
        (False, 200, 100, 90, True),
        (False, 200, 100, 91, True),  # idle money stays loan money
    ],
)
def test_securities(retail: bool, loan_wan: float, wan: float, day: float) -> Bank:
    bank = spend(Bank(), wan, "securities", day, loan_wan=loan_wan, retail=retail)
    return bank


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ("securities", "FLOW_SECURITIES"),
        ("developer", "FLOW_REALESTATE"),
        ("dividend", "FORBIDDEN_USE"),
        ("other_bank_loan", "ROLLOVER_OTHER_DEBT"),
        ("same_name_other_bank", "SAME_NAME_OUT"),
    ],
)
def test_money_that_lay_idle_for_months_still_warns_when_it_is_used(use: str, code: str) -> None:
    bank = spend(Bank(end_day=400), 400, use, 370)
    assert bank.leads(code) == [("L", code, 400_000_000)]


@cases(
    "FLOW_SECURITIES",
    [
        (100, 102, True),  # idle with the borrower, then at once over another hand
        (100, 190, True),
        (100, 191, False),  # what others did with it so long after they got it is theirs
        (5, 95, True),
        (5, 96, False),
    ],
)
def test_what_others_do_with_it_counts_from_the_day_that_they_got_it(paid: float, used: float) -> Bank:
    bank = Bank(end_day=400)
    handed = bank.move(bank.loan(1000), "B.main", "X.main", 400, paid)
    bank.move(handed, "X.main", "BROKER", 400, used, use="securities")
    return bank


def test_money_that_came_home_and_left_again_counts_from_the_second_time() -> None:
    bank = Bank(end_day=400)
    handed = bank.move(bank.loan(1000), "B.main", "X.main", 400, 5)
    home = bank.move(handed, "X.main", "B.main", 400, 40)
    again = bank.move(home, "B.main", "Y.main", 400, 200)
    bank.move(again, "Y.main", "BROKER", 400, 210, use="securities")
    assert bank.found("FLOW_SECURITIES")


@pytest.mark.parametrize("use", ["futures", "wealth_management", "insurance_investment", "virtual_assets"])
def test_other_financial_assets(use: str) -> None:
    assert spend(Bank(), 100, use).leads("FLOW_SECURITIES") == [("L", "FLOW_SECURITIES", 100_000_000)]


def test_money_that_came_back_from_the_broker_is_taken_off() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    stake = bank.move(loan, "B.main", "BROKER", 100, 5, use="securities")
    bank.move(stake, "BROKER", "B.main", 80, 20)
    assert not bank.found("FLOW_SECURITIES")


def test_an_automatic_sweep_into_a_money_market_fund_and_back_does_not_warn() -> None:
    bank = Bank()
    loan = bank.loan(200, retail=True)
    for cycle in range(4):
        swept = bank.move(loan, "B.main", "MMF", 20, 2 + 4 * cycle, use="wealth_management")
        if cycle < 3:
            bank.move(swept, "MMF", "B.main", 20, 4 + 4 * cycle)
        else:
            bank.pay("MMF", "B.main", 15, 4 + 4 * cycle)
    assert not bank.found("FLOW_SECURITIES")


def test_one_purchase_of_wealth_management_is_no_sweep() -> None:
    assert spend(Bank(), 100, "wealth_management").found("FLOW_SECURITIES")


@pytest.mark.parametrize("use", ["developer", "property_purchase", "mortgage_elsewhere"])
def test_real_estate(use: str) -> None:
    assert spend(Bank(), 5, use, loan_wan=30, retail=True).codes() == {"FLOW_REALESTATE"}


def test_a_mortgage_loan_may_pay_the_developer() -> None:
    bank = Bank()
    loan = bank.loan(100, retail=True, product="mortgage_loan")
    bank.move(loan, "B.main", "DEV", 100, 1, use="developer")
    assert not bank.found("FLOW_REALESTATE")


def test_a_consumer_loan_may_not_pay_a_developer_even_with_a_document() -> None:
    assert spend(Bank(), 10, "developer", loan_wan=30, retail=True, documented=True).found("FLOW_REALESTATE")


def test_a_company_may_pay_a_developer_that_its_contract_names() -> None:
    assert not spend(Bank(), 500, "developer", documented=True).found("FLOW_REALESTATE")


@cases(
    "ROLLOVER_OTHER_DEBT",
    [
        (False, 200, 10, True),
        (False, 150, 9.99, False),
        (False, 400, 19.99, False),  # large enough but under the share
        (True, 20, 1, True),
        (True, 15, 0.99, False),
        (True, 30, 1.49, False),
    ],
)
def test_other_debt(retail: bool, loan_wan: float, wan: float) -> Bank:
    bank = spend(Bank(), wan, "other_bank_loan", loan_wan=loan_wan, retail=retail)
    return bank


def test_a_refinancing_loan_may_repay_debt() -> None:
    bank = Bank()
    loan = bank.loan(100, grant_kind="rollover_loan")
    bank.move(loan, "B.main", "X", 100, 1, use="other_debt_repaid")
    assert not bank.found("ROLLOVER_OTHER_DEBT")


@cases("PRIVATE_LENDING", [(0.5, True), (0.49, False)])
def test_lenders(wan: float) -> Bank:
    return spend(Bank(), wan, "lender", loan_wan=30, retail=True)


def test_a_documented_guarantee_fee_is_no_lending() -> None:
    assert not spend(Bank(), 3, "guarantee_pawn", documented=True).found("PRIVATE_LENDING")
    assert spend(Bank(), 3, "guarantee_pawn").found("PRIVATE_LENDING")


@cases("PRIVATE_LENDING", [(3, 3, True), (2, 3, False), (3, 2, False)])
def test_regular_interest_like_payments(persons: int, months: int) -> Bank:
    bank = Bank(end_day=200)
    bank.loan(100)
    for person in range(persons):
        for month in range(months):
            bank.pay("B.main", f"P{person}", 0.5, 10 + 31 * month, cls="individual", remark="利息")
    return bank


def test_regular_rent_to_persons_is_no_interest() -> None:
    bank = Bank(end_day=200)
    bank.loan(100)
    for person in range(3):
        for month in range(3):
            bank.pay("B.main", f"P{person}", 0.5, 10 + 31 * month, cls="individual", remark="房租")
    assert not bank.found("PRIVATE_LENDING")


@cases("ACCEPTANCE_MARGIN", [(50, 10, True), (49.9, 10, False), (50, 11, False)])
def test_acceptance_margin(wan: float, day: float) -> Bank:
    return spend(Bank(), wan, "acceptance_margin", day)


def test_margin_in_the_borrowers_own_name_counts_too() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("B.margin", "B", "margin_deposit")
    bank.move(loan, "B.main", "B.margin", 300, 2, cls="acceptance_margin")
    assert bank.leads("ACCEPTANCE_MARGIN") == [("L", "ACCEPTANCE_MARGIN", 300_000_000)]


@cases(
    "CASH_OUT",
    [(False, 1000, 5, True), (False, 1000, 4.99, False), (True, 25, 5, True), (True, 26, 5, False)],
)
def test_cash(retail: bool, loan_wan: float, wan: float) -> Bank:
    return spend(Bank(), wan, "cash", loan_wan=loan_wan, retail=retail)


@cases(
    "CASH_OUT",
    [(3, 4.9, 1, True), (2, 4.9, 1, False), (3, 3.9, 1, False), (3, 4.9, 6, False), (3, 4.9, 5, True)],
)
def test_withdrawals_just_under_the_reporting_threshold(withdrawals: int, wan: float, gap: float) -> Bank:
    bank = Bank()
    loan = bank.loan(100, retail=True)
    for number in range(withdrawals):
        bank.move(loan, "B.main", None, wan, 3 + gap * number, use="cash")
    return bank


@cases(
    "SAME_NAME_OUT",
    [
        (True, 20, 10, True),
        (True, 18, 9.99, False),
        (True, 30, 14.9, False),
        (False, 300, 100, True),
        (False, 300, 99.9, False),
        (False, 400, 119, False),
    ],
)
def test_same_name_out(retail: bool, loan_wan: float, wan: float) -> Bank:
    bank = spend(Bank(), wan, "same_name_other_bank", loan_wan=loan_wan, retail=retail)
    return bank


def test_forbidden_use_but_for_acquisition_loans() -> None:
    assert spend(Bank(), 100, "dividend").found("FORBIDDEN_USE")
    bank = Bank()
    loan = bank.loan(1000, product="acquisition_loan")
    bank.move(loan, "B.main", "X", 900, 1, use="equity_investment")
    assert not bank.found("FORBIDDEN_USE")


@pytest.mark.parametrize("use", ["supplier", "payroll", "tax", "utilities", "payment_institution"])
def test_ordinary_business_does_not_warn(use: str) -> None:
    assert spend(Bank(), 600, use, documented=use == "supplier").codes() == set()


def test_what_a_documented_supplier_does_later_does_not_warn() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("S", "S")
    paid = bank.move(loan, "B.main", "S", 800, 1, use="supplier", documented=True)
    bank.move(paid, "S", "DEV", 400, 2, use="supplier", cls="developer")
    assert bank.codes() == set()


def test_a_supplier_that_hands_on_most_of_it_within_days_is_looked_through() -> None:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("S", "S")
    paid = bank.move(loan, "B.main", "S", 800, 1, use="supplier", documented=True)
    passed = bank.move(paid, "S", "MIDDLE", 560, 3, use="supplier", cls="company")
    bank.move(passed, "MIDDLE", "DEV", 500, 9, use="supplier", cls="developer")
    assert ("L", "FLOW_REALESTATE", 500_000_000) in bank.leads()


def test_leads_name_their_transactions_and_share() -> None:
    from loantrail.early_warning.patterns import find_leads
    from loantrail.parameters import shipped_parameters

    row = find_leads(spend(Bank(), 100, "securities").frames(), shipped_parameters()).to_dicts()[0]
    assert (row["share_ppm"], row["destination_class"], row["transaction_ids"]) == (
        100_000,
        "securities",
        ["T0001"],
    )
    assert row["explanation"] == "CNY 1.00 million of the loan came to securities and funds"
    assert row["explanation_chinese"] == "贷款中 100.00 万元流向证券、基金"


@cases(
    "SAME_NAME_OUT",
    [
        (100, 3, 0, True),
        (100, 3.1, 0, False),
        (99.9, 3, 0, False),
        (150, 1, 70, False),  # most of it came back
    ],
)
def test_a_payment_right_after_disbursement_warns_though_own_money_went_first(
    wan: float, day: float, back_wan: float
) -> Bank:
    bank = Bank()
    bank.loan(300)
    bank.pay("B.main", "ELSEWHERE", wan, day, cls="same_name_other_bank")
    if back_wan:
        bank.pay("ELSEWHERE", "B.main", back_wan, 20)
    return bank


@cases("FLOW_SECURITIES", [(30, "", True), (29.9, "", False), (30, "余额理财自动转入", False)])
def test_right_after_disbursement_a_large_share_is_needed_and_sweeps_are_spared(
    wan: float, remark: str
) -> Bank:
    bank = Bank()
    bank.loan(100)
    bank.pay("B.main", "BROKER", wan, 1, cls="securities", remark=remark)
    return bank


def test_right_after_disbursement_a_contract_still_excuses_a_developer() -> None:
    bank = Bank()
    bank.loan(100)
    bank.pay("B.main", "DEV", 60, 1, cls="developer", documented=True)
    assert not bank.found("FLOW_REALESTATE")


@cases("FLOW_REALESTATE", [(560, 4, True), (559, 4, False), (560, 4.1, False)])
def test_the_limits_of_looking_through_a_documented_supplier(wan: float, day: float) -> Bank:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("S", "S")
    paid = bank.move(loan, "B.main", "S", 800, 1, use="supplier", documented=True)
    bank.move(paid, "S", "DEV", wan, day, use="supplier", cls="developer")
    return bank


@cases("FLOW_SECURITIES", [(18, False), (17.9, True)])
def test_a_sweep_comes_back_nearly_whole(back_wan: float) -> Bank:
    bank = Bank()
    loan = bank.loan(200, retail=True)
    for cycle in range(4):
        bank.move(loan, "B.main", "MMF", 20, 10 + 4 * cycle, use="wealth_management")
        bank.pay("MMF", "B.main", back_wan, 12 + 4 * cycle)
    return bank


def test_a_debt_that_a_payment_to_a_lender_pays_back_is_no_private_lending() -> None:
    repaid, lent = Bank(), Bank()
    for bank, remark in ((repaid, "归还借款"), (lent, "借款")):
        loan = bank.loan(1000)
        bank.move(loan, "B.main", "L.outside", 300, 5, use="lender", remark=remark)
    assert repaid.found("ROLLOVER_OTHER_DEBT")
    assert not repaid.found("PRIVATE_LENDING")
    assert lent.found("PRIVATE_LENDING")
    assert not lent.found("ROLLOVER_OTHER_DEBT")


def older_instalment(
    receipt_wan: float, days_before: float, source: str = "CUSTOMER", remark: str = "货款"
) -> Bank:
    """The new loan's account pays an instalment of 60 of an older loan here."""
    bank = Bank()
    loan = bank.loan(100)
    bank.account("BANK.loans", None, "loan_internal")
    if receipt_wan:
        bank.pay(source, "B.main", receipt_wan, 10 - days_before, remark=remark)
    bank.move(
        loan, "B.main", "BANK.loans", 60, 10, use="other_debt_repaid", cls="loan_internal", remark="归还贷款"
    )
    return bank


@cases(
    "ROLLOVER_OTHER_DEBT",
    [
        (0, 1, "", "", True),
        (60, 1, "CUSTOMER", "货款", False),  # its money came in just before
        (54, 3, "CUSTOMER", "货款", False),
        (53.9, 3, "CUSTOMER", "货款", True),
        (60, 3.1, "CUSTOMER", "货款", True),
        (60, 1, "CUSTOMER", "过桥资金", True),  # borrowed for it
        (60, 1, "BANK.loans", "", True),
    ],
)
def test_an_older_loan_repaid(receipt_wan: float, days_before: float, source: str, remark: str) -> Bank:
    return older_instalment(receipt_wan, days_before, source, remark)


def test_an_older_loan_repaid_with_what_came_round() -> None:
    bank = Bank()
    loan = bank.loan(100)
    paid = bank.move(loan, "B.main", "S", 60, 5)
    back = bank.move(paid, "S", "B.main", 60, 9)
    bank.move(back, "B.main", "BANK.loans", 60, 10, use="other_debt_repaid", cls="loan_internal")
    assert bank.found("ROLLOVER_OTHER_DEBT")


@cases(
    "PRIVATE_LENDING",
    [
        (8, 0.9, "individual", True, False),  # a small favour among friends
        (8, 1, "individual", True, True),
        (40, 1, "individual", True, False),
        (40, 0.5, "company", True, True),  # a lender by trade
        (40, 1, "company", False, False),  # what others pay is not the borrower's
        (40, 2, "company", False, True),
    ],
)
def test_who_got_what_was_lent(loan_wan: float, wan: float, kind: str, straight: bool) -> Bank:
    bank = Bank()
    loan = bank.loan(loan_wan, retail=True)
    bank.party("X", kind)
    bank.account("X.main", "X")
    if not straight:
        loan = bank.move(loan, "B.main", "S", loan_wan / 2, 4)
    bank.move(loan, "S" if not straight else "B.main", "X.main", wan, 5, use="lender", remark="借款")
    return bank


@pytest.mark.parametrize(("payer", "warns"), [("B.main", True), ("S", False)])
def test_what_others_move_between_their_own_accounts_is_not_the_borrowers(payer: str, warns: bool) -> None:
    bank = Bank()
    loan = bank.loan(200)
    if payer == "S":
        loan = bank.move(loan, "B.main", "S", 150, 1)
    bank.move(loan, payer, "ELSEWHERE", 150, 5, use="same_name_other_bank")
    assert bank.found("SAME_NAME_OUT") is warns


@cases(
    "FLOW_SECURITIES",
    [("余额理财自动转入", 20, False), ("银证转账", 20, True), ("余额理财自动转入", 17, True)],
)
def test_one_sweep_that_is_called_so_and_came_back(remark: str, back_wan: float) -> Bank:
    bank = Bank()
    loan = bank.loan(20, retail=True)
    swept = bank.move(loan, "B.main", "BROKER", 20, 2, use="securities", remark=remark)
    # By the trace the broker's own money came back first.
    bank.move(swept, "BROKER", "B.main", 5, 3, of_wan=back_wan, remark=remark.replace("转入", "赎回"))
    return bank

"""To whom the money was paid, and what lies idle or is paid back from elsewhere."""

from __future__ import annotations

import datetime

import pytest
from tests.early_warning.bank import WAN, Bank, at, cases

OLD, YOUNG = datetime.date(2015, 1, 1), datetime.date(2025, 1, 1)


def split(
    *payments: tuple[float, float],
    loan_wan: float = 3000,
    payee: str = "S",
    retail: bool = False,
    **said: object,
) -> Bank:
    bank = Bank()
    loan = bank.loan(loan_wan, retail=retail)
    for wan, day in payments:
        bank.move(loan, "B.main", payee, wan, day, **said)
    return bank


def test_three_payments_of_four_million_to_one_payee_on_one_day() -> None:
    bank = split((400, 0.1), (400, 0.2), (400, 0.3))
    assert bank.leads("STRUCTURING") == [("L", "STRUCTURING", 1200 * WAN)]


@cases(
    "STRUCTURING",
    [
        (((500, 0), (500, 1)), False),  # together exactly the limit
        (((500, 0), (500.01, 1)), True),
        (((1001, 0),), False),  # one payment above: a breach, not splitting
        (((600, 0), (600, 7)), True),  # Monday to the next Monday: five working days
        (((600, 0), (600, 8)), False),
    ],
)
def test_the_limits_of_structuring(payments: tuple[tuple[float, float], ...]) -> Bank:
    return split(*payments, documented=True)


def test_structuring_of_a_consumer_loan_uses_its_own_limit() -> None:
    # On 3 March 2025 the borrower may direct 300,000 yuan.
    assert split((16, 0), (15, 1), loan_wan=60, retail=True).found("STRUCTURING")
    assert not split((15, 0), (15, 1), loan_wan=60, retail=True).found("STRUCTURING")


def test_payments_just_under_the_limit_to_different_payees() -> None:
    for wan, documented, expected in ((800, False, True), (799, False, False), (800, True, False)):
        bank = Bank()
        loan = bank.loan(3000)
        bank.move(loan, "B.main", "S1", wan, 1, documented=documented)
        bank.move(loan, "B.main", "S2", wan, 2, documented=documented)
        assert bank.found("STRUCTURING") is expected


def test_wages_and_ordered_payments_are_no_structuring() -> None:
    assert not split((600, 0), (600, 1), use="payroll").found("STRUCTURING")
    bank = split((600, 0), (600, 1))
    bank.orders.append({"loan_id": "L", "payee_account": "S", "amount_fen": 1200 * WAN})
    assert not bank.found("STRUCTURING")


def passed_on(
    wan: float, out_wan: float, hours: float, *, balance: float = 0, kind: str = "settlement"
) -> Bank:
    bank = Bank()
    loan = bank.loan(1000)
    bank.account("S", "S", kind)
    bank.balances.append({"account": "S", "balance_fen": int(balance * WAN)})
    bank.move(loan, "B.main", "S", wan, 1)
    bank.pay("S", "X", out_wan, 1 + hours / 24)
    return bank


@cases(
    "RAPID_IN_OUT",
    [
        (100, 95, 24, 0, True),
        (100, 94, 24, 0, False),  # six in a hundred are left
        (100, 95, 24.1, 0, False),
        (49, 49, 1, 0, False),
        (50, 50, 1, 0, True),
        (100, 90, 1, 0, False),
        (100, 68, 1, -30, False),  # the rest repaid an overdraft
        (100, 100, 1, 6, False),  # a business account that lives on
    ],
)
def test_rapid_in_and_out(wan: float, out_wan: float, hours: float, balance: float) -> Bank:
    return passed_on(wan, out_wan, hours, balance=balance)


def test_pooled_accounts_and_ordered_payees_may_be_quick() -> None:
    assert not passed_on(100, 100, 1, kind="pooled").found("RAPID_IN_OUT")
    bank = passed_on(100, 100, 1)
    bank.orders.append({"loan_id": "L", "payee_account": "S", "amount_fen": 100 * WAN})
    assert not bank.found("RAPID_IN_OUT")


def pool(
    borrowers: int,
    gap: float,
    *,
    kind: str = "individual",
    registered_on: datetime.date | None = None,
    cls: str = "individual",
    **said: object,
) -> Bank:
    bank = Bank(end_day=300)
    bank.party("END", kind, registered_on=registered_on)
    bank.account("END.main", "END")
    for number in range(borrowers):
        loan = bank.loan(30, loan=f"L{number}", borrower=f"B{number}", retail=True)
        bank.move(
            loan, f"B{number}.main", "END.main", 5, 1 + gap * number, loan=f"L{number}", cls=cls, **said
        )
    return bank


@cases("MULTI_BORROWER_POOL", [(5, 7.5, True), (5, 7.6, False), (4, 1, False)])
def test_many_borrowers_one_account(borrowers: int, gap: float) -> Bank:
    return pool(borrowers, gap)


def test_young_companies_pool_old_ones_and_public_bodies_do_not() -> None:
    assert pool(5, 1, kind="company", registered_on=YOUNG, cls="company").found("MULTI_BORROWER_POOL")
    assert not pool(5, 1, kind="company", registered_on=OLD, cls="company").found("MULTI_BORROWER_POOL")
    assert not pool(5, 1, kind="public_body", cls="tax").found("MULTI_BORROWER_POOL")
    assert not pool(5, 1, kind="company", registered_on=YOUNG, cls="company", documented=True).found(
        "MULTI_BORROWER_POOL"
    )


def shell(
    wan: float, loan_wan: float = 250, *, kind: str = "company", documented: bool = False, **known: object
) -> Bank:
    bank = Bank()
    loan = bank.loan(loan_wan)
    bank.party("S", kind, **known)
    bank.account("S.main", "S")
    bank.move(loan, "B.main", "S.main", wan, 1, documented=documented)
    return bank


def test_shell_signs() -> None:
    assert shell(50, registered_on=YOUNG, insured_staff_count=0).found("NEW_SHELL_PAYEE")
    assert shell(50, registered_on=OLD, insured_staff_count=0).found("NEW_SHELL_PAYEE")  # no staff, no tax
    assert not shell(50, registered_on=YOUNG).found("NEW_SHELL_PAYEE")  # one sign on record
    assert not shell(50, registered_on=OLD, insured_staff_count=9).found("NEW_SHELL_PAYEE")
    assert not shell(50, kind="individual", registered_on=YOUNG, insured_staff_count=0).found(
        "NEW_SHELL_PAYEE"
    )


@pytest.mark.parametrize(
    ("wan", "loan_wan", "expected"), [(50, 250, True), (49.9, 200, False), (50, 251, False)]
)
def test_the_limits_of_a_shell(wan: float, loan_wan: float, expected: bool) -> None:
    assert (
        shell(wan, loan_wan, registered_on=YOUNG, insured_staff_count=0).found("NEW_SHELL_PAYEE") is expected
    )


def test_six_months_old_is_not_young() -> None:
    for day, expected in ((4, False), (5, True)):
        born = datetime.date(2024, 9, day)
        bank = shell(50, registered_on=born, insured_staff_count=3, tax_paid_on=None)
        assert bank.found("NEW_SHELL_PAYEE") is expected


def test_a_document_excuses_an_old_company_not_a_young_one() -> None:
    assert not shell(50, registered_on=OLD, insured_staff_count=0, documented=True).found("NEW_SHELL_PAYEE")
    assert shell(50, registered_on=YOUNG, insured_staff_count=0, documented=True).found("NEW_SHELL_PAYEE")


def mismatch(
    payee: str, *, mode: str = "entrusted_payment", ordered: bool = False, day: float = 1, wan: float = 300
) -> Bank:
    bank = Bank()
    loan = bank.loan(1000, mode=mode)
    for party, name in (
        ("GOOD", "杭州东风机械有限公司"),
        ("TWIN", "杭州东风机械有限责任公司"),
        ("OTHER", "宁波大海贸易有限公司"),
    ):
        bank.party(party, name=name, identity_number=f"ID-{party}")
        bank.account(f"{party}.main", party)
    bank.contract_payees.append({"contract_id": "C-L", "name": "杭州东风机械有限公司", "party_id": "GOOD"})
    if ordered:
        bank.orders.append({"loan_id": "L", "payee_account": f"{payee}.main", "amount_fen": int(wan * WAN)})
    bank.move(loan, "B.main", f"{payee}.main", wan, day)
    return bank


@cases(
    "PAYEE_MISMATCH",
    [
        ("OTHER", "entrusted_payment", False, 1, 300, True),
        ("OTHER", "entrusted_payment", False, 10, 300, True),
        ("OTHER", "entrusted_payment", False, 11, 300, False),
        ("OTHER", "entrusted_payment", False, 1, 50, True),
        ("OTHER", "entrusted_payment", False, 1, 49, False),
        ("OTHER", "autonomous_payment", False, 1, 300, False),
        ("OTHER", "autonomous_payment", True, 1, 300, True),
        ("GOOD", "entrusted_payment", True, 1, 300, False),
        ("TWIN", "entrusted_payment", True, 1, 300, False),  # a variant of the name is a task
    ],
)
def test_payee_of_the_contract(payee: str, mode: str, ordered: bool, day: float, wan: float) -> Bank:
    return mismatch(payee, mode=mode, ordered=ordered, day=day, wan=wan)


def test_payee_of_the_invoice() -> None:
    for payee, expected in (("OTHER", True), ("GOOD", False)):
        bank = mismatch(payee, mode="autonomous_payment")
        bank.transactions[-1]["document_no"] = "INV1"
        bank.invoices.append(
            {
                "invoice_id": "INV1",
                "seller_party_id": "GOOD",
                "seller_name": "杭州东风机械有限公司",
                "buyer_party_id": "B",
                "buyer_name": "B",
                "state": "valid",
            }
        )
        assert bank.found("PAYEE_MISMATCH") is expected


@cases("IDLE_FUNDS", [(500, 40, True), (501, 40, False), (500, 29, False)])
def test_idle_money_of_a_company(spent: float, end_day: float) -> Bank:
    bank = Bank(end_day=end_day)
    loan = bank.loan(1000)
    bank.move(loan, "B.main", "S", spent, 5)
    bank.move(loan, "B.main", "S", 1000 - spent, 31)
    return bank


def test_retail_money_may_lie() -> None:
    bank = Bank()
    bank.loan(20, retail=True)
    assert not bank.found("IDLE_FUNDS")


@cases("IDLE_FUNDS", [(500, True), (499, False)])
def test_loan_money_in_a_time_deposit_of_the_borrower(wan: float) -> Bank:
    bank = Bank(end_day=10)
    loan = bank.loan(1000)
    bank.account("B.deposit", "B", "time_deposit")
    bank.move(loan, "B.main", "B.deposit", wan, 2, cls="time_deposit")
    return bank


def instalments(
    odd: int, *, source: str = "FRIEND", remark: str = "", wan: float = 10, retail: bool = False
) -> Bank:
    """Three instalments of 100,000 yuan, `odd` of them with money that came the day before."""
    bank = Bank()
    bank.loan(300, retail=retail)
    bank.party("FRIEND", "individual")
    bank.account("FRIEND", "FRIEND")
    for number in range(3):
        day = 30 * (number + 1)
        if number < odd:
            bank.pay(source, "B.main", wan, day - 1, remark=remark)
        bank.repayments.append(
            {
                "repayment_id": f"R{number}",
                "loan_id": "L",
                "paid_at": at(day),
                "principal_fen": 9 * WAN,
                "interest_fen": WAN,
                "account": "B.main",
            }
        )
    return bank


def test_instalments_paid_by_a_person_for_a_company() -> None:
    assert instalments(2).found("REPAY_SOURCE_ODD")
    assert not instalments(1).found("REPAY_SOURCE_ODD")
    assert not instalments(2, retail=True).found("REPAY_SOURCE_ODD")


def test_instalments_paid_by_a_new_loan() -> None:
    assert instalments(2, source="LENDER", remark="过桥资金", retail=True).found("REPAY_SOURCE_ODD")
    assert not instalments(2, source="CUSTOMER", remark="货款").found("REPAY_SOURCE_ODD")
    assert not instalments(2, source="LENDER", remark="过桥资金", wan=11.1).found("REPAY_SOURCE_ODD")


def test_instalments_taken_from_a_strangers_account() -> None:
    bank = instalments(0)
    for repayment in bank.repayments[1:]:
        repayment["account"] = "FRIEND"
    assert bank.found("REPAY_SOURCE_ODD")


def test_a_customer_who_pays_an_invoice_is_revenue() -> None:
    bank = instalments(3)
    bank.invoices.append(
        {
            "invoice_id": "I",
            "seller_party_id": "B",
            "buyer_party_id": "FRIEND",
            "seller_name": "B",
            "buyer_name": "FRIEND",
            "state": "valid",
        }
    )
    assert not bank.found("REPAY_SOURCE_ODD")


def test_an_empty_bank_has_no_leads() -> None:
    bank = Bank()
    bank.loan(100)
    bank.hops.clear()
    bank.transactions.clear()
    from loantrail.early_warning.frames import HOPS, TRANSACTIONS, Frames
    from loantrail.early_warning.patterns import find_leads
    from loantrail.few_rows import empty
    from loantrail.parameters import shipped_parameters

    frames = bank.frames()
    leads = find_leads(
        Frames(frames.as_of, empty(HOPS), empty(TRANSACTIONS), frames.loans), shipped_parameters()
    )
    assert leads.is_empty()


def test_a_borrower_whose_loan_hardly_touched_the_pool_is_no_member() -> None:
    for wan, expected in ((1.5, True), (1.49, False)):
        bank = pool(4, 1)
        loan = bank.loan(30, loan="FIFTH", borrower="FIFTH", retail=True)
        bank.move(loan, "FIFTH.main", "END.main", wan, 2, loan="FIFTH", cls="individual")
        assert bank.found("MULTI_BORROWER_POOL") is expected


def test_money_is_idle_only_if_it_must_still_lie_there() -> None:
    for paid, expected in ((500, True), (501, False)):
        bank = Bank()
        bank.loan(1000)
        bank.pay("B.main", "S", paid, 10)  # own money by the trace
        assert bank.found("IDLE_FUNDS") is expected


def test_a_sweep_is_no_split_payment() -> None:
    bank = split((600, 0), (600, 1), cls="securities", remark="余额理财自动转入")
    assert not bank.found("STRUCTURING")


def test_instalments_paid_by_a_lender_known_by_name_only() -> None:
    for name, expected in (("云溪小额贷款有限公司", True), ("B", False), ("云溪百货有限公司", False)):
        bank = instalments(2, source="UNSEEN", remark="往来款", retail=True)
        bank.party("B", "individual")
        for transaction in bank.transactions:
            if transaction["debit_account"] == "UNSEEN":
                transaction["debit_name"] = name
        assert bank.found("REPAY_SOURCE_ODD") is expected


@pytest.mark.parametrize(
    ("remark", "wan", "related", "warns"),
    [
        ("往来款", 10, False, True),
        ("往来款", 10.1, False, True),
        ("往来款", 10.2, False, False),  # not just the instalment
        ("转账", 10, False, False),  # family and friends help out
        ("往来款", 10, True, False),
    ],
)
def test_instalments_of_an_individual_paid_by_a_person_of_dealings(
    remark: str, wan: float, related: bool, warns: bool
) -> None:
    bank = instalments(2, remark=remark, wan=wan, retail=True)
    if related:
        bank.relations.append({"from_party_id": "FRIEND", "to_party_id": "B", "kind": "family"})
    assert bank.found("REPAY_SOURCE_ODD") is warns


def test_only_the_last_three_instalments_count() -> None:
    bank = instalments(2)
    bank.repayments.append({**bank.repayments[0], "repayment_id": "R3", "paid_at": at(120)})
    bank.end_day = 200
    assert not bank.found("REPAY_SOURCE_ODD")


def test_the_money_of_an_instalment_came_in_just_before() -> None:
    for days_before, expected in ((3, True), (3.1, False)):
        bank = instalments(2)
        for number, transaction in enumerate(bank.transactions[1:]):
            transaction["booked_at"] = at(30 * (number + 1) - days_before)
        assert bank.found("REPAY_SOURCE_ODD") is expected


def test_what_the_borrower_spends_out_of_another_account_does_not_use_the_loan() -> None:
    bank = Bank(end_day=40)
    bank.loan(1000)
    bank.account("B.trade", "B")
    bank.pay("B.trade", "S", 900, 5)
    assert bank.found("IDLE_FUNDS")


@pytest.mark.parametrize(("later_day", "idle"), [(29, False), (0, True)])
def test_a_drawdown_that_came_later_has_not_lain_so_long(later_day: float, idle: bool) -> None:
    bank = Bank(end_day=60)
    first = bank.loan(1000)
    bank.move(first, "B.main", "S", 400, 1)
    bank.move(None, "BANK", "B.main", 500, later_day)
    bank.move(first, "B.main", "S", 200, 2)
    assert bool(bank.found("IDLE_FUNDS")) is idle

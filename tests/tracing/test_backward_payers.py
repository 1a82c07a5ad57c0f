"""What the payer of money to a borrower is taken for."""

from __future__ import annotations

import datetime
from typing import Any

import polars as pl
from tests.early_warning.bank import Bank, at

from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.parameters import shipped_parameters
from loantrail.tracing.backward_payers import ENTRIES, ODD_KINDS, Kind, judge_payers, odd_kinds


def bank(retail: bool = False) -> Bank:
    """B borrows; it sells to CUSTOMER by invoice, OWNER controls it, GUARANTOR guarantees."""
    made = Bank()
    made.party("B", "individual" if retail else "company")
    made.loan(100, retail=retail)
    for name, kind in (
        ("CUSTOMER", "company"),
        ("OWNER", "individual"),
        ("STRANGER", "individual"),
        ("FIRM", "company"),
        ("东方担保有限公司", "company"),
    ):
        made.party(name, kind)
        made.account(f"{name}.main", name)
    made.account("B.elsewhere", "B", "external")
    made.relations.append(
        {"from_party_id": "OWNER", "to_party_id": "B", "kind": "controller", "valid_from": datetime.date(2020, 1, 1)}
    )  # fmt: skip
    made.guarantors.append({"loan_id": "L", "guarantor_party_id": "东方担保有限公司"})
    made.invoices.append(
        {
            "invoice_id": "F1",
            "seller_party_id": "B",
            "seller_name": "B",
            "buyer_party_id": "CUSTOMER",
            "buyer_name": "CUSTOMER",
            "amount_fen": 100,
            "state": "valid",
        }
    )
    return made


def kinds_of(*payments: tuple[str | None, str | None, str, int], retail: bool = False) -> list[Kind]:
    """(account, name, remark, months) of payers -> what each was taken for."""
    entries: list[dict[str, Any]] = [
        {
            "transaction_id": f"T{number}",
            "booked_at": at(5),
            "debit_account": account,
            "debit_name": name,
            "credit_account": "B.main",
            "amount_fen": 500_000,
            "purpose_text": remark,
            "payer_months": months,
        }
        for number, (account, name, remark, months) in enumerate(payments)
    ]
    judged = judge_payers(
        pl.DataFrame(entries, schema=ENTRIES),
        bank(retail).frames(),
        shipped_dictionary(),
        shipped_parameters(),
        datetime.date(2025, 3, 3),
    )
    return [judged[f"T{number}"].kind for number in range(len(payments))]


COMPANY_CASES = (
    ("CUSTOMER.main", None, "往来", Kind.REVENUE),
    ("CUSTOMER.main", None, "借款", Kind.REVENUE),
    ("FIRM.main", None, "往来", Kind.COMPANY),
    ("FIRM.main", None, "货款", Kind.REVENUE),
    ("FIRM.main", None, "退货退款", Kind.REFUND),
    ("FIRM.main", None, "过桥资金", Kind.OTHER_DEBT),
    ("OWNER.main", None, "往来", Kind.RELATED_PARTY),
    ("STRANGER.main", None, "往来", Kind.INDIVIDUAL),
    ("STRANGER.main", None, "代还贷款", Kind.INDIVIDUAL),
    ("东方担保有限公司.main", None, "代偿", Kind.GUARANTOR),
    ("B.elsewhere", None, "转账", Kind.OWN_ELSEWHERE),
    ("9001", "青山小额贷款有限公司", "往来", Kind.OTHER_DEBT),
    ("9002", "张三丰", "往来", Kind.INDIVIDUAL),
    ("9003", "财付通支付科技有限公司", "商户结算", Kind.REVENUE),
    ("9004", "海通证券股份有限公司", "证转银", Kind.OWN_ASSETS),
    (None, None, "现金存入", Kind.CASH),
    (None, None, "", Kind.UNKNOWN),
)


def test_a_companys_payer_is_taken_for() -> None:
    found = kinds_of(*((account, name, remark, 0) for account, name, remark, _ in COMPANY_CASES))
    assert found == [kind for *_, kind in COMPANY_CASES]


def test_a_company_that_pays_often_is_a_customer() -> None:
    often = [("FIRM.main", None, "往来", months) for months in (2, 3)]
    assert kinds_of(*often) == [Kind.COMPANY, Kind.REVENUE]
    assert kinds_of(*often, retail=True) == [Kind.COMPANY, Kind.COMPANY]


def test_a_persons_payer_is_taken_for() -> None:
    assert kinds_of(
        ("FIRM.main", None, "工资", 0),
        ("OWNER.main", None, "往来", 0),
        ("STRANGER.main", None, "货款", 0),
        retail=True,
    ) == [Kind.REVENUE, Kind.RELATED_PARTY, Kind.INDIVIDUAL]


def test_nobody_paid_nothing() -> None:
    assert judge_payers(
        pl.DataFrame(schema=ENTRIES),
        bank().frames(),
        shipped_dictionary(),
        shipped_parameters(),
        datetime.date(2025, 3, 3),
    ) == {}  # fmt: skip


def test_friends_of_a_person_are_not_odd() -> None:
    assert Kind.INDIVIDUAL in odd_kinds(retail=False)
    assert odd_kinds(retail=True) < odd_kinds(retail=False) == ODD_KINDS
    assert Kind.OTHER_DEBT in odd_kinds(retail=True)

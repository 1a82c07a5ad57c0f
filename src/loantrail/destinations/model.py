"""What a counterparty is. One fixed list of classes; codes are stored and never reused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class DestinationClass:
    """`code` is 1..99 (the `use` of traced money once it arrives there, if the class is `final`)."""

    code: int
    name: str
    chinese: str
    english: str
    final: bool
    """Arrival sets the use of money that has none yet (design: final classes are a parameter; this is the
    default)."""


_ROWS: Final = (
    (1, "securities", "证券、基金", "Securities and funds", True),
    (2, "futures", "期货", "Futures", True),
    (3, "wealth_management", "理财、信托", "Wealth management and trust", True),
    (4, "insurance_investment", "投资型保险", "Insurance investment", True),
    (5, "time_deposit", "定期、结构性存款", "Time and structured deposit", True),
    (6, "developer", "房地产开发商", "Real-estate developer", True),
    (7, "property_purchase", "购房、监管账户", "Property purchase and supervised account", True),
    (8, "mortgage_elsewhere", "归还他行按揭", "Mortgage repayment elsewhere", True),
    (9, "lender", "小贷、民间借贷", "Lender", True),
    (10, "guarantee_pawn", "担保、典当", "Guarantee company and pawn", True),
    (11, "leasing_factoring", "融资租赁、保理", "Leasing and factoring", True),
    (12, "other_bank_loan", "归还他行贷款", "Loan account at another bank", True),
    (13, "card_repayment", "信用卡还款", "Card repayment", True),
    (14, "bill_discount", "票据贴现", "Bill discount", True),
    (15, "acceptance_margin", "承兑保证金", "Acceptance margin", True),
    (16, "own_account", "借款人本人账户", "Borrower's own account", False),
    (17, "related_party", "关联方", "Related party", False),
    (18, "guarantor", "担保人", "Guarantor", False),
    (19, "group_cash_pool", "集团资金池", "Group cash pool", True),
    (20, "payment_institution", "支付机构", "Payment institution", True),
    (21, "bank_internal", "银行内部账户", "Bank internal account", True),
    (22, "virtual_assets", "虚拟资产", "Virtual assets", True),
    (23, "gambling", "涉赌", "Gambling", True),
    (24, "underground_bank", "疑似地下钱庄", "Suspected underground bank", True),
    (25, "individual", "个人", "Individual", False),
    (26, "payroll", "工资", "Payroll", True),
    (27, "tax", "税费", "Tax and fees", True),
    (28, "utilities", "水电公用事业", "Utilities", True),
    (29, "supplier", "有贸易依据的供应商或客户", "Supplier or customer with trade evidence", True),
    (30, "company", "无贸易依据的企业", "Company without evidence", False),
    (31, "cash", "现金", "Cash", True),
    (32, "unknown", "未知", "Unknown", False),
    (33, "other_bank", "他行账户", "Account at another bank", True),
    (34, "same_name_other_bank", "同名他行账户", "Own-name account at another bank", True),
    (35, "pooled", "其他汇集账户", "Other pooled account", True),
    (36, "currency_exchange", "结售汇", "Currency exchange", True),
    (37, "loan_internal", "本行贷款账户", "The bank's own loan account", True),
    (38, "equity_investment", "股权投资", "Equity investment", True),
    (39, "dividend", "股东分红", "Dividend", True),
)

CLASSES: Final[tuple[DestinationClass, ...]] = tuple(DestinationClass(*row) for row in _ROWS)
BY_NAME: Final[dict[str, DestinationClass]] = {row.name: row for row in CLASSES}
BY_CODE: Final[dict[int, DestinationClass]] = {row.code: row for row in CLASSES}

TERMINAL_CLASSES: Final = frozenset(
    (
        "pooled",
        "payment_institution",
        "group_cash_pool",
        "bank_internal",
        "loan_internal",
        "currency_exchange",
    )
)
"""Accounts of these classes hold no lots: money in is matched to money out by reference, else the trace ends."""


class Basis(StrEnum):
    """Why a class was given, strongest first."""

    CORRECTION = "correction"  # a person said so
    DOCUMENT = "document"  # contract, invoice, payment order
    ACCOUNT_KIND = "account_kind"  # the bank's own account type
    RELATION = "relation"  # owner, related party, guarantor on record
    REGISTRY = "registry"  # industry of the registered owner
    BANK_CODE = "bank_code"
    MERCHANT_CODE = "merchant_code"
    WATCH_LIST = "watch_list"
    NAME = "name"  # dictionary on the counterparty's name
    REMARK = "remark"  # dictionary on the payment text
    MODEL = "model"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Classification:
    """A class with its basis, confidence in thousandths, and what was seen (term, code, document number)."""

    destination_class: str
    basis: Basis
    confidence_permille: int
    evidence: str

"""Titles of the spreadsheet's columns, the same words as the page's, which a test compares; what its second sheet says."""

from __future__ import annotations

from typing import Final

TITLES: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "loan": "借据号", "borrower": "借款人", "borrower_kind": "客户类型", "contract": "合同号", "product": "产品",
        "grant_kind": "发放方式", "unit": "经办机构", "manager": "客户经理", "issued": "发放日", "matures": "到期日",
        "rate": "年利率", "state": "状态", "class": "五级分类", "amount": "借据金额", "balance": "余额",
        "disbursed": "追踪放款", "seen": "看清去向", "suspected": "疑似金额", "pattern": "主要疑点", "leads": "线索数",
    },
    "en": {
        "loan": "Loan", "borrower": "Borrower", "borrower_kind": "Borrower kind", "contract": "Contract",
        "product": "Product", "grant_kind": "Grant", "unit": "Unit", "manager": "Manager", "issued": "Issued",
        "matures": "Matures", "rate": "Rate", "state": "State", "class": "Class", "amount": "Amount",
        "balance": "Balance", "disbursed": "Traced", "seen": "Seen", "suspected": "Suspected",
        "pattern": "Main suspicion", "leads": "Leads",
    },
}  # fmt: skip

SHEET_TEXTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "loans": "贷款", "run": "追踪批次", "convention": "追踪规则", "untraced": "尚未追踪", "count": "贷款笔数",
        "amount": "借据金额合计", "balance": "余额合计", "disbursed": "追踪放款合计", "seen": "看清去向合计",
        "suspected": "疑似金额合计", "suspected_count": "有线索的贷款",
        "asked_search": "查找", "asked_main_pattern": "主要线索", "asked_suspected": "有疑似线索",
        "asked_seen_below": "看清去向低于（%）", "asked_amount_from": "借据金额不低于（元）",
        "asked_amount_to": "借据金额不高于（元）",
        "caution": "疑似不等于认定。一笔贷款的多条线索可能说的是同一笔钱，所以每笔贷款只计最大的一条。",
    },
    "en": {
        "loans": "Loans", "run": "Trace", "convention": "Convention", "untraced": "not traced", "count": "Loans",
        "amount": "Total amount", "balance": "Total balance", "disbursed": "Total traced",
        "seen": "Followed to a final use", "suspected": "Total suspected", "suspected_count": "Loans with leads",
        "asked_search": "Searched for", "asked_main_pattern": "Largest lead", "asked_suspected": "With a lead",
        "asked_seen_below": "Followed to a final use, below (%)", "asked_amount_from": "Loan amount at least (CNY)",
        "asked_amount_to": "Loan amount at most (CNY)",
        "caution": "Suspected is not found. Leads of one loan may speak of the same money, so each loan counts once, "
        "with its largest lead.",
    },
}  # fmt: skip

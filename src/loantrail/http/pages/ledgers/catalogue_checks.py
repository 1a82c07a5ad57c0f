"""The ledger of checks (检查台账)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from loantrail.http.pages.ledgers.catalogue_words import (
    BORROWER,
    CONTRACT,
    LOAN,
    MANAGERS,
    PRODUCT,
    UNIT,
    amount,
    choice,
    day,
)
from loantrail.http.pages.ledgers.model import (
    CellLink,
    Column,
    ColumnFilter,
    ColumnKind,
    Direction,
    Ledger,
    LedgerName,
)
from loantrail.identity.abilities import Ability
from loantrail.ledger.model import PRODUCTS

KINDS: Final = ("first", "periodic", "special")
STATES: Final = ("open", "submitted", "closed", "taken_over")
TIMELY: Final = ("overdue", "not_due", "late", "on_time")
"""Whether a check keeps its day: still to be done and past it, or before it; done after it, or by it."""
CONCLUSIONS: Final = ("as_agreed", "partly_as_agreed", "not_as_agreed", "undetermined")
CHANGES: Final = ("no", "moved_on", "revised")

CHECKS: Final = Ledger(
    name=LedgerName.CHECKS,
    chinese="检查台账",
    english="Check ledger",
    about_chinese="每次贷后检查一行：应做日、责任人、结论、复核和是否按时完成。",
    about_english="One row a post-loan check: its day, who answers for it, conclusion, review, and whether it was in time.",
    ability=Ability.READ_LOANS,
    sort="due_on",
    direction=Direction.ASCENDING,
    search_chinese="借据号、合同号、借款人、拼音或证件号",
    search_english="Loan or contract number, borrower, pinyin or code",
    columns=(
        replace(LOAN, link=CellLink.CHECK),
        replace(BORROWER, from_narrow=True),
        CONTRACT,
        replace(PRODUCT, values=PRODUCTS, from_wide=True),
        replace(UNIT, from_wide=True),
        MANAGERS,
        choice("kind", "检查种类", "Kind", "check_kind", KINDS, from_narrow=True),
        day("paid_out_on", "放款日", "Paid out", from_narrow=True),
        day("opened_on", "生成日", "Made on"),
        day("due_on", "应完成日", "Due", from_narrow=True),
        choice("timely", "时效", "In time", "check_timely", TIMELY, from_narrow=True),
        choice("state", "状态", "State", "check_state", STATES, from_narrow=True),
        choice("assignee", "责任人", "Assigned to", "staff", from_narrow=True),
        choice("conclusion", "结论", "Conclusion", "check_conclusion", CONCLUSIONS, from_narrow=True),
        amount("not_genuine_fen", "不属实金额", "Not genuine", from_narrow=True),
        amount("more_papers_fen", "待补材料金额", "Papers wanted", from_wide=True),
        choice("submitted_by", "提交人", "Submitted by", "staff"),
        day("submitted_on", "提交日", "Submitted", from_wide=True),
        choice("reviewed_by", "复核人", "Reviewed by", "staff", from_wide=True),
        day("closed_on", "完成日", "Closed"),
        Column("returned_count", "退回次数", "Times returned", ColumnKind.COUNT, ColumnFilter.RANGE),
        choice("figures_changed", "提交后变化", "Changed since", "check_change", CHANGES),
        amount("balance_fen", "贷款余额", "Balance of the loan"),
    ),
    carried=("check_id", "borrower_id"),
)

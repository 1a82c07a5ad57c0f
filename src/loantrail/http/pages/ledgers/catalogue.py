"""The ledgers (台账) in the columns that banks know, one description each.

Columns of the loan ledger follow the loan note table of EAST 5.0 (IE_005_504); those of the others, the registers that a bank's
post-loan rules ask for. docs/concepts/ledgers.md tells what each column means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from loantrail.http.pages.ledgers.catalogue_checks import CHECKS
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
    flag,
    share,
    text,
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
from loantrail.http.pages.warnings.store import STATES as WARNING_STATES
from loantrail.identity.abilities import Ability
from loantrail.ledger.model import (
    FIVE_CLASSES,
    GRANT_KINDS,
    GUARANTEE_KINDS,
    LOAN_STATES,
    PAYMENT_MODES,
    PRODUCTS,
)
from loantrail.parties.model import PARTY_KINDS

LEVELS: Final = ("blue", "yellow", "orange", "red")
DISPOSITIONS: Final = ("true_positive", "false_alarm", "pending")
EXPIRIES: Final = ("expired", "soon", "valid", "unknown")
GROUP_KINDS: Final = ("group", "single")

_SEARCH_ZH = "借据号、合同号、借款人、拼音或证件号"
_SEARCH_EN = "Loan or contract number, borrower, pinyin or code"

LOANS: Final = Ledger(
    name=LedgerName.LOANS,
    chinese="借据台账",
    english="Loan ledger",
    about_chinese="每张借据一行：合同要素、余额、分类、逾期、担保、预警和资金去向。",
    about_english="One row a loan note: terms, balance, class, arrears, security, warning and where its money went.",
    ability=Ability.READ_LOANS,
    sort="balance_fen",
    direction=Direction.DESCENDING,
    search_chinese=_SEARCH_ZH,
    search_english=_SEARCH_EN,
    columns=(
        LOAN,
        replace(BORROWER, from_narrow=True),
        choice("borrower_kind", "客户类型", "Borrower kind", "party_kind", PARTY_KINDS),
        choice("industry", "投向行业", "Industry", "industry", width=28),
        CONTRACT,
        replace(PRODUCT, values=PRODUCTS, from_narrow=True),
        text("purpose", "借款用途", "Purpose", width=28),
        choice("payment_mode", "放款方式", "Payment mode", "payment_mode", PAYMENT_MODES),
        choice("grant_kind", "发放类型", "Kind of grant", "grant_kind", GRANT_KINDS),
        Column(
            "guarantees", "担保方式", "Security", ColumnKind.NAMES, ColumnFilter.CHOICE, "guarantee_kind", (*GUARANTEE_KINDS, "none")
        ),
        replace(UNIT, from_wide=True),
        replace(MANAGERS, from_wide=True),
        day("issued_on", "发放日", "Issued", from_narrow=True),
        day("matures_on", "到期日", "Matures", from_narrow=True),
        Column("rate_ppm", "年利率", "Yearly rate", ColumnKind.RATE, ColumnFilter.RANGE),
        amount("amount_fen", "借据金额", "Amount", from_narrow=True),
        amount("balance_fen", "余额", "Balance", from_narrow=True),
        choice("five_class", "五级分类", "Class", "five_class", FIVE_CLASSES, from_narrow=True),
        choice("state", "状态", "State", "state", LOAN_STATES),
        replace(
            amount("overdue_fen", "逾期本息", "In arrears", from_narrow=True),
            hint_chinese="按还款计划到期未还的本金和利息；还款先抵最早的一期",
            hint_english="Principal and interest that fell due and were not paid; payments fill the oldest instalment first",
        ),
        day("overdue_since", "拖欠起始日", "In arrears since"),
        Column(
            "days_past_due", "逾期天数", "Days past due", ColumnKind.COUNT, ColumnFilter.RANGE, from_narrow=True,
            hint_chinese="从最早一期未还清的应还日次日起算，第一天为 1", hint_english="From the day after the due date of the oldest instalment not paid; 1 is the first day late",
        ),
        Column("overdue_count", "拖欠期数", "Instalments in arrears", ColumnKind.COUNT, ColumnFilter.RANGE),
        choice("level", "预警等级", "Warning", "warning_level", LEVELS, from_wide=True),
        replace(
            share("seen_ppm", "看清去向", "Followed to a use"),
            hint_chinese="已追踪放款中追到最终用途的比例", hint_english="Share of what was paid out and traced that was followed to a final use",
        ),
        replace(
            amount("suspected_fen", "疑似金额", "Suspected"),
            hint_chinese="每笔只计金额最大的一条线索；疑似不等于认定", hint_english="The largest lead of each loan; suspected is not found",
        ),
        text("disbursement_account", "入账账号", "Paid into", width=24),
        text("repayment_account", "还款账号", "Repaid from", width=24),
    ),
    extra=(
        replace(choice("party", "客户", "Customers", "party"), sortable=False),
        Column("section", "行业", "Industry", ColumnKind.NAMED, ColumnFilter.WITHIN, "industry", sortable=False),
        Column("region", "地区", "Region", ColumnKind.NAMED, ColumnFilter.WITHIN, "region", sortable=False),
        replace(flag("live", "未结清", "Not settled"), sortable=False),
    ),
    carried=("borrower_id",),
)  # fmt: skip

WARNINGS: Final = Ledger(
    name=LedgerName.WARNINGS,
    chinese="预警台账",
    english="Warning ledger",
    about_chinese="每条预警一行：等级、涉及金额、责任人、期限和处置结果。一笔借据最多一条预警。",
    about_english="One row a warning: level, amount, who answers for it, deadline and outcome. A loan has at most one.",
    ability=Ability.READ_WARNINGS,
    sort="opened_at",
    direction=Direction.DESCENDING,
    search_chinese=_SEARCH_ZH,
    search_english=_SEARCH_EN,
    columns=(
        replace(LOAN, link=CellLink.WARNING),
        replace(BORROWER, from_narrow=True),
        CONTRACT,
        replace(PRODUCT, values=PRODUCTS, from_wide=True),
        replace(UNIT, from_wide=True),
        MANAGERS,
        choice("level", "等级", "Level", "warning_level", LEVELS, from_narrow=True),
        choice("state", "状态", "State", "warning_state", WARNING_STATES, from_narrow=True),
        Column("rules", "规则", "Rules", ColumnKind.NAMES, ColumnFilter.CHOICE, "rule", from_narrow=True, sortable=False, width=36),
        replace(
            amount("amount_fen", "涉及金额", "Amount concerned", from_narrow=True),
            hint_chinese="仍成立的命中中金额最大的一条", hint_english="The largest hit that stands",
        ),
        replace(
            amount("proven_fen", "已证实金额", "Proven", from_narrow=True),
            hint_chinese="无论怎样计算都至少有这么多", hint_english="At least so much, whichever way one counts",
        ),
        amount("balance_fen", "贷款余额", "Balance of the loan"),
        day("first_on", "发生日", "Happened on", from_wide=True),
        Column("opened_at", "发现时间", "Found at", ColumnKind.INSTANT, from_narrow=True),
        Column("due_at", "处置期限", "Due", ColumnKind.INSTANT, from_narrow=True),
        flag("overdue", "已超期", "Overdue"),
        flag("escalated", "已上报", "Escalated"),
        choice("assignee", "责任人", "Assigned to", "staff", from_wide=True),
        choice("disposition", "处置结论", "Outcome", "disposition", DISPOSITIONS, from_wide=True),
        choice("disposed_by", "处置人", "Judged by", "staff"),
        Column("disposition_reason", "理由", "Reason", ColumnKind.NAMED, words="false_alarm", sortable=False, width=28),
        flag("found", "已认定", "Found by two persons"),
        Column("closed_at", "解除时间", "Closed at", ColumnKind.INSTANT),
    ),
    carried=("thread_id", "borrower_id"),
)  # fmt: skip

COLLATERAL: Final = Ledger(
    name=LedgerName.COLLATERAL,
    chinese="押品台账",
    english="Collateral ledger",
    about_chinese="每件押品一行：估值、顺位、登记和保险到期，以及按当前合同余额测算的抵质押率。",
    about_english="One row a thing: value, ranking, expiry of registration and insurance, and the ratio to the present balance.",
    ability=Ability.READ_LOANS,
    sort="value_fen",
    direction=Direction.DESCENDING,
    search_chinese="押品编号、合同号、登记号、权属人、借款人或拼音",
    search_english="Number of the collateral, contract or registration; owner or borrower, also in pinyin",
    columns=(
        text("collateral_id", "押品编号", "Collateral", from_narrow=True, width=20),
        choice("kind", "押品类型", "Kind", "", from_narrow=True),
        text("owner", "权属人", "Owner", sort_by="owner_sort", from_narrow=True, width=30),
        choice("guarantee_kind", "担保方式", "Way", "guarantee_kind", GUARANTEE_KINDS),
        text("guarantee_id", "担保合同号", "Guarantee contract", width=20),
        CONTRACT,
        replace(BORROWER, from_narrow=True),
        replace(PRODUCT, values=PRODUCTS),
        replace(UNIT, from_wide=True),
        amount("value_fen", "评估价值", "Value", from_narrow=True),
        day("valued_on", "评估日", "Valued on", from_narrow=True),
        flag("valued_long_ago", "评估逾期", "Valuation out of date"),
        Column("ranking", "抵押顺位", "Ranking", ColumnKind.COUNT, from_wide=True),
        share("agreed_ppm", "约定抵质押率", "Agreed ratio", from_wide=True),
        replace(
            amount("contract_balance_fen", "合同余额", "Balance of the contract", from_wide=True), summed=False,
            hint_chinese="合同下全部借据的余额；同一合同的几件押品各列一次，因此不合计",
            hint_english="Of all notes of the contract; it stands beside each thing of the contract, so it is not summed",
        ),
        replace(
            share("present_ppm", "当前抵质押率", "Present ratio", from_narrow=True),
            hint_chinese="合同余额 ÷ 合同下全部押品的评估价值", hint_english="Balance of the contract over the value of all its collateral",
        ),
        text("registration_no", "登记号", "Registration", width=20),
        day("registration_expires_on", "登记到期日", "Registered until", from_wide=True),
        choice("registration", "登记", "Registration state", "expiry", EXPIRIES, from_narrow=True),
        day("insurance_expires_on", "保险到期日", "Insured until"),
        choice("insurance", "保险", "Insurance", "expiry", EXPIRIES, from_wide=True),
    ),
    carried=("borrower_id",),
)  # fmt: skip

GROUPS: Final = Ledger(
    name=LedgerName.GROUPS,
    chinese="集团台账",
    english="Group ledger",
    about_chinese="按集团成员、实际控制和控股关系归并的客户，及其余额占资本净额、风险暴露占一级资本净额的比例。",
    about_english="Customers joined by membership, control and majority holdings: balance against net capital, exposure against tier 1.",
    ability=Ability.READ_LOANS,
    sort="exposure_fen",
    direction=Direction.DESCENDING,
    search_chinese="成员名称或拼音",
    search_english="Name of a member, also in pinyin",
    columns=(
        text("name", "集团或客户", "Group or customer", sort_by="name_sort", link=CellLink.LOANS_OF, from_narrow=True, width=34),
        choice("kind", "类别", "Kind", "group_kind", GROUP_KINDS, from_narrow=True),
        replace(
            text("main_borrowers", "主要借款成员", "Main borrowers", from_wide=True, width=44),
            kind=ColumnKind.PEOPLE, sortable=False,
        ),
        Column("member_count", "成员数", "Members", ColumnKind.COUNT, ColumnFilter.RANGE, from_wide=True),
        Column("borrower_count", "借款成员数", "Borrowers", ColumnKind.COUNT, ColumnFilter.RANGE, from_narrow=True),
        Column("loan_count", "未结清借据", "Loans", ColumnKind.COUNT, ColumnFilter.RANGE, summed=True, from_narrow=True),
        amount("balance_fen", "贷款余额", "Balance", from_narrow=True),
        replace(
            amount("undrawn_fen", "未用额度", "Undrawn", from_wide=True),
            hint_chinese="在有效期内的合同金额减去其借据金额", hint_english="Of contracts in force: amount of the contract less that of its notes",
        ),
        amount("exposure_fen", "风险暴露", "Exposure", from_narrow=True),
        replace(
            share("capital_ppm", "占资本净额", "Of capital", from_narrow=True),
            hint_chinese="贷款余额 ÷ 资本净额", hint_english="Balance over net capital",
        ),
        replace(
            share("tier1_ppm", "占一级资本净额", "Of tier 1", from_narrow=True),
            hint_chinese="风险暴露 ÷ 一级资本净额", hint_english="Exposure over net tier-1 capital",
        ),
        replace(
            share("limit_used_ppm", "限额使用率", "Limit used", from_narrow=True),
            hint_chinese="各项适用限额中用得最多的一项", hint_english="Of the limits that hold, the one that is used most",
        ),
        flag("exceeded", "超限额", "Over the limit"),
        flag("large", "大额风险暴露", "Large exposure"),
        amount("overdue_fen", "逾期本息", "In arrears", from_wide=True),
        choice("worst_class", "最差分类", "Worst class", "five_class", FIVE_CLASSES, from_wide=True),
        choice("level", "最高预警", "Highest warning", "warning_level", LEVELS),
        replace(UNIT, chinese="主办机构", english="Main unit"),
    ),
    carried=("party",),
)  # fmt: skip

LEDGERS: Final[Mapping[LedgerName, Ledger]] = {
    ledger.name: ledger for ledger in (LOANS, WARNINGS, CHECKS, COLLATERAL, GROUPS)
}

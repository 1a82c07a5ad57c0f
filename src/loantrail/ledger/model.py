"""The books as the bank reports them: accounts, contracts, loan notes, disbursements, statement lines."""

from __future__ import annotations

from typing import Final

from loantrail.money import BALANCE_FEN_MOST, LINE_FEN_MOST
from loantrail.records import Field, Kind, RecordType

ACCOUNT_KINDS: Final = (
    "settlement",  # 结算户
    "savings",  # 储蓄户
    "time_deposit",
    "structured_deposit",
    "margin_deposit",  # 保证金
    "supervised",  # 监管户 (presale of homes and the like)
    "loan_internal",  # the bank's own loan account
    "bank_internal",  # clearing, suspense, income
    "pooled",  # payment institution, securities pool, group cash pool
    "card",
    "external",  # at another institution
    "unknown",
)
PRODUCTS: Final = (
    "working_capital_loan",
    "fixed_asset_loan",
    "project_finance",
    "acquisition_loan",
    "consumer_loan",
    "personal_business_loan",
    "mortgage_loan",
    "internet_loan",
    "designated_loan",
    "bank_advance",
)
PAYMENT_MODES: Final = ("entrusted_payment", "autonomous_payment", "mixed_payment")
GRANT_KINDS: Final = ("new", "rollover_loan", "restructured", "renewal_without_repayment")
LOAN_STATES: Final = ("outstanding", "overdue", "settled", "written_off", "transferred")
FIVE_CLASSES: Final = ("normal", "special_mention", "substandard", "doubtful", "loss")
GUARANTEE_KINDS: Final = ("guarantor", "mortgage_charge", "pledge", "margin_deposit")
DIRECTIONS: Final = ("debit", "credit")
"""Of a statement line, from the account holder's side: debit = money out, credit = money in."""

_UNIT = Field("unit_id", Kind.TEXT, references="organisation_unit.unit_id", chinese="机构")
_CURRENCY = Field("currency", Kind.CURRENCY, default="CNY", chinese="币种")

ACCOUNT: Final = RecordType(
    name="account",
    schema="ledger",
    chinese="账户",
    key=("account",),
    fields=(
        Field("account", Kind.TEXT, chinese="账号"),
        Field("institution", Kind.TEXT, required=False, default="", chinese="开户机构 (联行号/BIC)"),
        _CURRENCY,
        Field("sub_account", Kind.TEXT, required=False, default="", chinese="子账户"),
        Field("party_id", Kind.TEXT, required=False, references="party.party_id", chinese="户主"),
        Field("name", Kind.TEXT, required=False, chinese="户名"),
        Field("kind", Kind.CHOICE, choices=ACCOUNT_KINDS, default="unknown", chinese="账户类型"),
        Field("opened_on", Kind.DATE, required=False, chinese="开户日"),
        Field("closed_on", Kind.DATE, required=False, chinese="销户日"),
        Field(
            "opening_balance_fen",
            Kind.AMOUNT_FEN,
            required=False,
            most=BALANCE_FEN_MOST,
            chinese="期初余额",
        ),
        Field("unit_id", Kind.TEXT, required=False, references="organisation_unit.unit_id", chinese="机构"),
    ),
)

LOAN_CONTRACT: Final = RecordType(
    name="loan_contract",
    schema="ledger",
    chinese="借款合同",
    key=("contract_id",),
    fields=(
        Field("contract_id", Kind.TEXT, chinese="合同号"),
        Field("borrower_party_id", Kind.TEXT, references="party.party_id", chinese="借款人"),
        Field("product", Kind.CHOICE, choices=PRODUCTS, chinese="产品"),
        Field("purpose_text", Kind.TEXT, chinese="约定用途"),
        Field("payment_mode", Kind.CHOICE, choices=PAYMENT_MODES, chinese="支付方式"),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1, chinese="合同金额"),
        _CURRENCY,
        Field("signed_on", Kind.DATE, chinese="签订日"),
        Field("valid_to", Kind.DATE, required=False, chinese="到期日"),
        _UNIT,
    ),
)

CONTRACT_PAYEE: Final = RecordType(
    name="contract_payee",
    schema="ledger",
    chinese="约定支付对象",
    key=("contract_id", "name"),
    fields=(
        Field("contract_id", Kind.TEXT, references="loan_contract.contract_id", chinese="合同号"),
        Field("name", Kind.TEXT, chinese="支付对象名称"),
        Field("account", Kind.TEXT, required=False, chinese="支付对象账号"),
        Field("party_id", Kind.TEXT, required=False, references="party.party_id", chinese="支付对象"),
        _UNIT,
    ),
)

CONTRACT_PARTY: Final = RecordType(
    name="contract_party",
    schema="ledger",
    chinese="合同关联人 (共同借款人、申报关联方)",
    key=("contract_id", "party_id", "role"),
    fields=(
        Field("contract_id", Kind.TEXT, references="loan_contract.contract_id", chinese="合同号"),
        Field("party_id", Kind.TEXT, references="party.party_id", chinese="主体"),
        Field("role", Kind.CHOICE, choices=("co_borrower", "declared_related_party"), chinese="角色"),
        _UNIT,
    ),
)

LOAN_NOTE: Final = RecordType(
    name="loan_note",
    schema="ledger",
    chinese="借据",
    key=("loan_id",),
    fields=(
        Field("loan_id", Kind.TEXT, chinese="借据号"),
        Field("contract_id", Kind.TEXT, references="loan_contract.contract_id", chinese="合同号"),
        Field("disbursement_account", Kind.TEXT, references="account.account", chinese="入账账号"),
        Field(
            "repayment_account", Kind.TEXT, required=False, references="account.account", chinese="还款账号"
        ),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1, chinese="借据金额"),
        _CURRENCY,
        Field("issued_on", Kind.DATE, chinese="发放日"),
        Field("matures_on", Kind.DATE, chinese="到期日"),
        Field("grant_kind", Kind.CHOICE, choices=GRANT_KINDS, default="new", chinese="发放类型"),
        Field("rate_ppm", Kind.RATE_PPM, minimum=0, chinese="年利率 (百万分之一)"),
        Field("balance_fen", Kind.AMOUNT_FEN, minimum=0, chinese="余额"),
        Field("state", Kind.CHOICE, choices=LOAN_STATES, default="outstanding", chinese="状态"),
        Field("five_class", Kind.CHOICE, choices=FIVE_CLASSES, default="normal", chinese="五级分类"),
        _UNIT,
    ),
)

RATE_RESET: Final = RecordType(
    name="rate_reset",
    schema="ledger",
    chinese="利率调整",
    key=("loan_id", "effective_from"),
    fields=(
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("effective_from", Kind.DATE, chinese="生效日"),
        Field("rate_ppm", Kind.RATE_PPM, minimum=0, chinese="年利率 (百万分之一)"),
        Field("basis", Kind.TEXT, required=False, chinese="依据"),
        _UNIT,
    ),
)

DISBURSEMENT: Final = RecordType(
    name="disbursement",
    schema="ledger",
    chinese="放款",
    key=("disbursement_id",),
    fields=(
        Field("disbursement_id", Kind.TEXT, chinese="放款编号"),
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("account", Kind.TEXT, references="account.account", chinese="入账账号"),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1, chinese="放款金额"),
        _CURRENCY,
        Field("booked_at", Kind.INSTANT, chinese="放款时间"),
        Field("reference", Kind.TEXT, required=False, chinese="交易流水号"),
        Field("payment_mode", Kind.CHOICE, choices=PAYMENT_MODES, chinese="支付方式"),
        _UNIT,
    ),
)

ENTRUSTED_ORDER: Final = RecordType(
    name="entrusted_order",
    schema="ledger",
    chinese="受托支付指令",
    key=("order_id",),
    fields=(
        Field("order_id", Kind.TEXT, chinese="指令编号"),
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("payee_account", Kind.TEXT, chinese="收款账号"),
        Field("payee_name", Kind.TEXT, required=False, chinese="收款人"),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1, chinese="金额"),
        Field("document_no", Kind.TEXT, required=False, chinese="凭证号"),
        Field("valid_from", Kind.DATE, required=False, chinese="起始日"),
        Field("valid_to", Kind.DATE, required=False, chinese="截止日"),
        _UNIT,
    ),
)

REPAYMENT_SCHEDULE: Final = RecordType(
    name="repayment_schedule",
    schema="ledger",
    chinese="还款计划",
    key=("loan_id", "instalment_no"),
    fields=(
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("instalment_no", Kind.INTEGER, minimum=1, chinese="期次"),
        Field("due_on", Kind.DATE, chinese="应还日"),
        Field("principal_fen", Kind.AMOUNT_FEN, minimum=0, chinese="应还本金"),
        Field("interest_fen", Kind.AMOUNT_FEN, minimum=0, chinese="应还利息"),
        _UNIT,
    ),
)

REPAYMENT: Final = RecordType(
    name="repayment",
    schema="ledger",
    chinese="还款",
    key=("repayment_id",),
    fields=(
        Field("repayment_id", Kind.TEXT, chinese="还款编号"),
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("paid_at", Kind.INSTANT, chinese="还款时间"),
        Field("principal_fen", Kind.AMOUNT_FEN, minimum=0, chinese="本金"),
        Field("interest_fen", Kind.AMOUNT_FEN, minimum=0, default=0, chinese="利息"),
        Field("penalty_fen", Kind.AMOUNT_FEN, minimum=0, default=0, chinese="罚息"),
        Field("account", Kind.TEXT, required=False, references="account.account", chinese="扣款账号"),
        Field("reference", Kind.TEXT, required=False, chinese="交易流水号"),
        _UNIT,
    ),
)

GUARANTEE_CONTRACT: Final = RecordType(
    name="guarantee_contract",
    schema="ledger",
    chinese="担保合同",
    key=("guarantee_id",),
    fields=(
        Field("guarantee_id", Kind.TEXT, chinese="担保合同号"),
        Field("contract_id", Kind.TEXT, references="loan_contract.contract_id", chinese="借款合同号"),
        Field("kind", Kind.CHOICE, choices=GUARANTEE_KINDS, chinese="担保方式"),
        Field("guarantor_party_id", Kind.TEXT, references="party.party_id", chinese="担保人"),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=0, chinese="担保金额"),
        _CURRENCY,
        Field("valid_from", Kind.DATE, chinese="生效日"),
        Field("valid_to", Kind.DATE, required=False, chinese="到期日"),
        _UNIT,
    ),
)

COLLATERAL: Final = RecordType(
    name="collateral",
    schema="ledger",
    chinese="押品",
    key=("collateral_id",),
    fields=(
        Field("collateral_id", Kind.TEXT, chinese="押品编号"),
        Field("guarantee_id", Kind.TEXT, references="guarantee_contract.guarantee_id", chinese="担保合同号"),
        Field("kind", Kind.TEXT, chinese="押品类型"),
        Field("owner_party_id", Kind.TEXT, references="party.party_id", chinese="所有人"),
        Field("value_fen", Kind.AMOUNT_FEN, minimum=0, chinese="评估价值"),
        _CURRENCY,
        Field("valued_on", Kind.DATE, chinese="评估日"),
        Field("ranking", Kind.INTEGER, minimum=1, default=1, chinese="顺位"),
        Field("loan_to_value_ppm", Kind.RATE_PPM, required=False, minimum=0, chinese="抵质押率 (百万分之一)"),
        Field("registration_no", Kind.TEXT, required=False, chinese="登记号"),
        Field("registration_expires_on", Kind.DATE, required=False, chinese="登记到期日"),
        Field("insurance_expires_on", Kind.DATE, required=False, chinese="保险到期日"),
        _UNIT,
    ),
)

LOAN_MANAGER: Final = RecordType(
    name="loan_manager",
    schema="ledger",
    chinese="管户经理 (主办/协办)",
    key=("loan_id", "staff_id", "role", "valid_from"),
    fields=(
        Field("loan_id", Kind.TEXT, references="loan_note.loan_id", chinese="借据号"),
        Field("staff_id", Kind.TEXT, references="staff.staff_id", chinese="工号"),
        Field("role", Kind.CHOICE, choices=("lead", "assist"), chinese="主办/协办"),
        Field("valid_from", Kind.DATE, chinese="起始日"),
        Field("valid_to", Kind.DATE, required=False, chinese="截止日"),
        _UNIT,
    ),
)

INVOICE: Final = RecordType(
    name="invoice",
    schema="ledger",
    chinese="增值税发票",
    key=("invoice_id",),
    fields=(
        Field("invoice_id", Kind.TEXT, chinese="发票号"),
        Field("seller_party_id", Kind.TEXT, required=False, references="party.party_id", chinese="销方"),
        Field("seller_name", Kind.TEXT, chinese="销方名称"),
        Field("buyer_party_id", Kind.TEXT, required=False, references="party.party_id", chinese="购方"),
        Field("buyer_name", Kind.TEXT, chinese="购方名称"),
        Field("issued_on", Kind.DATE, chinese="开票日期"),
        Field("amount_fen", Kind.AMOUNT_FEN, chinese="金额 (负数为红字)"),
        Field("tax_fen", Kind.AMOUNT_FEN, chinese="税额"),
        Field("state", Kind.CHOICE, choices=("valid", "void"), default="valid", chinese="发票状态"),
        Field("unit_id", Kind.TEXT, required=False, references="organisation_unit.unit_id", chinese="机构"),
    ),
)

STATEMENT_LINE: Final = RecordType(
    name="statement_line",
    schema="ledger",
    chinese="账户流水",
    key=("source_file", "position"),
    fields=(
        Field("source_file", Kind.TEXT, chinese="来源文件"),
        Field("position", Kind.INTEGER, minimum=1, chinese="行号"),
        Field("booked_at", Kind.INSTANT, chinese="记账时间"),
        Field("sequence", Kind.INTEGER, chinese="账户内顺序"),
        Field("account", Kind.TEXT, chinese="账号"),
        Field("direction", Kind.CHOICE, choices=DIRECTIONS, chinese="借贷方向"),
        Field("amount_fen", Kind.AMOUNT_FEN, minimum=1, most=LINE_FEN_MOST, chinese="金额"),
        _CURRENCY,
        Field("counterparty_account", Kind.TEXT, required=False, chinese="对方账号"),
        Field("counterparty_name", Kind.TEXT, required=False, chinese="对方户名"),
        Field("purpose_text", Kind.TEXT, required=False, chinese="摘要"),
        Field("balance_fen", Kind.AMOUNT_FEN, required=False, chinese="余额"),
        Field("reverses", Kind.TEXT, required=False, chinese="被冲正流水号"),
        Field("reference", Kind.TEXT, required=False, chinese="交易流水号"),
        Field("document_no", Kind.TEXT, required=False, chinese="凭证号"),
        Field("counterparty_institution", Kind.TEXT, required=False, chinese="对方行号"),
        Field("account_name", Kind.TEXT, required=False, chinese="户名"),
        Field("institution", Kind.TEXT, required=False, chinese="开户机构"),
    ),
)
"""The first thirteen fields are the columns of `rows.parquet`, in order; the rest follow them, all optional.
`balance_fen` is the account's balance after the line."""

RECORD_TYPES: Final = (
    ACCOUNT,
    LOAN_CONTRACT,
    CONTRACT_PAYEE,
    CONTRACT_PARTY,
    LOAN_NOTE,
    RATE_RESET,
    DISBURSEMENT,
    ENTRUSTED_ORDER,
    REPAYMENT_SCHEDULE,
    REPAYMENT,
    GUARANTEE_CONTRACT,
    COLLATERAL,
    LOAN_MANAGER,
    INVOICE,
    STATEMENT_LINE,
)

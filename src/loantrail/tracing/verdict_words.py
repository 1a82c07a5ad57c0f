"""The words of a verdict: uses and patterns as they stand in the middle of a sentence, amounts and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loantrail.money import minor_digits, yuan_text

# Use -> Chinese predicate behind an amount, English participle behind "has" and "to have".
_USES: Final = (
    ("securities", "流入证券、基金", "gone into securities and funds"),
    ("futures", "流入期货", "gone into futures"),
    ("wealth_management", "流入理财、信托", "gone into wealth management or trusts"),
    ("insurance_investment", "流入投资型保险", "gone into investment insurance"),
    ("time_deposit", "转为定期、结构性存款", "been turned into time or structured deposits"),
    ("developer", "流向房地产开发商", "gone to real-estate developers"),
    ("property_purchase", "用于购房", "been used to buy property"),
    ("mortgage_elsewhere", "用于归还他行按揭", "repaid mortgages at other banks"),
    ("lender", "流向小贷、民间借贷", "gone to private or small lenders"),
    ("guarantee_pawn", "流向担保、典当机构", "gone to guarantee companies or pawnshops"),
    ("other_bank_loan", "用于归还他行贷款", "repaid loans at other banks"),
    ("card_repayment", "用于信用卡还款", "repaid credit cards"),
    ("bill_discount", "用于票据贴现", "gone into bill discounting"),
    ("acceptance_margin", "转作承兑保证金", "been turned into acceptance margin"),
    ("virtual_assets", "流入虚拟资产", "gone into virtual assets"),
    ("gambling", "流向涉赌账户", "gone to accounts tied to gambling"),
    ("underground_bank", "流向地下钱庄", "gone to an underground bank"),
    ("equity_investment", "用于股权投资", "been used for equity investment"),
    ("dividend", "用于股东分红", "been paid out as dividends"),
)
USE: Final[dict[str, str]] = {use: chinese for use, chinese, _ in _USES}
ENGLISH_USE: Final[dict[str, str]] = {use: english for use, _, english in _USES}

_PATTERNS: Final = (
    (
        "FLOW_SECURITIES",
        "流入证券、期货、理财等",
        "money flowing into securities, futures or wealth products",
    ),
    ("FLOW_REALESTATE", "流入房地产", "money flowing into real estate"),
    ("FORBIDDEN_USE", "流入其他禁止用途", "another forbidden use"),
    ("ROLLOVER_OTHER_DEBT", "归还其他债务", "repayment of other debt"),
    ("ROUND_TRIP", "资金回流", "round-tripping"),
    ("RETURN_TO_GUARANTOR", "回流至担保人", "a return to the guarantor"),
    ("RELATED_PARTY", "流入关联方", "money flowing to a related party"),
    ("PRIVATE_LENDING", "民间借贷", "private lending"),
    ("ACCEPTANCE_MARGIN", "转作承兑保证金", "money turned into acceptance margin"),
    ("CASH_OUT", "现金支取", "cash withdrawal"),
    ("STRUCTURING", "拆分支付", "structured payments"),
    ("RAPID_IN_OUT", "快进快出", "a payee that passes money on at once"),
    ("IDLE_FUNDS", "资金闲置", "idle money"),
    ("SAME_NAME_OUT", "同名划转他行", "an own-name transfer to another bank"),
    ("MULTI_BORROWER_POOL", "多户归集", "money of many borrowers gathered in one account"),
    ("PAYEE_MISMATCH", "收款人与合同不符", "a payee that is not the contract's"),
    ("NEW_SHELL_PAYEE", "收款人疑似空壳", "a payee that looks like a shell"),
    ("COUNTERPARTY_LOOP", "交易对手闭环", "a loop of counterparties"),
    ("REPAY_SOURCE_ODD", "还款来源异常", "an odd source of repayment"),
)
PATTERN: Final[dict[str, str]] = {pattern: chinese for pattern, chinese, _ in _PATTERNS}
ENGLISH_PATTERN: Final[dict[str, str]] = {pattern: english for pattern, _, english in _PATTERNS}

LOST: Final[dict[str, str]] = {
    "same_name_other_bank": "转至他行同名账户",
    "other_bank": "转至他行账户",
    "outside": "流出账外",
}
ENGLISH_LOST: Final[dict[str, str]] = {
    "same_name_other_bank": "went to own-name accounts at other banks",
    "other_bank": "went to accounts at other banks",
    "outside": "left the records",
}
POOLS: Final = ("payment_institution", "group_cash_pool", "pooled", "bank_internal", "currency_exchange")

HELD: Final[dict[str, str]] = {
    "held_by_borrower": "借款人账户",
    "held_by_related_party": "关联方",
    "held_by_third_party": "无贸易依据的第三方",
    "in_transit": "在途",
    "untraced": "无法追踪",
}
ENGLISH_HELD: Final[dict[str, str]] = {
    "held_by_borrower": "in the borrower's accounts",
    "held_by_related_party": "with related parties",
    "held_by_third_party": "with third parties without trade evidence",
    "in_transit": "in transit",
    "untraced": "that could not be traced",
}

CHINESE_UNITS: Final = ((8, "亿元"), (4, "万元"))
ENGLISH_UNITS: Final = ((9, " billion"), (6, " million"))


def _scaled(fen: int, zeros: int) -> str:
    """`fen` in units of 10^`zeros` minor units, two digits behind the point, halves up."""
    hundredths = (fen + 10 ** (zeros - 2) // 2) // 10 ** (zeros - 2)
    return yuan_text(hundredths)


def chinese_money(fen: int, currency: str = "CNY") -> str:
    """Amount at a glance: 120.00 万元, 1.20 亿元; below 万 exact."""
    digits = minor_digits(currency)
    if currency != "CNY":
        return f"{currency} {yuan_text(fen, currency)}"
    for zeros, unit in CHINESE_UNITS:
        if fen >= 10 ** (digits + zeros):
            return f"{_scaled(fen, digits + zeros)} {unit}"
    return f"{yuan_text(fen, currency)} 元"


def english_money(fen: int, currency: str = "CNY") -> str:
    """Amount at a glance: CNY 1.20 million; below a million exact."""
    digits = minor_digits(currency)
    if currency == "CNY":
        for zeros, unit in ENGLISH_UNITS:
            if fen >= 10 ** (digits + zeros):
                return f"{currency} {_scaled(fen, digits + zeros)}{unit}"
    return f"{currency} {yuan_text(fen, currency)}"


def share_text(part_fen: int, whole_fen: int) -> str:
    """92.4%; what is not nothing is never 0%, what is not all never 100%."""
    permille = (part_fen * 2000 + whole_fen) // (2 * whole_fen)
    if part_fen > 0 and permille == 0:
        return "<0.1%"
    if part_fen < whole_fen and permille >= 1000:
        return ">99.9%"
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}%" if tenth else f"{whole}%"


def chinese_list(items: Sequence[str]) -> str:
    """甲、乙、丙."""
    return "、".join(items)


def english_list(items: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"

"""What a condition may name: the fields of the signals, the values of each field of classes, and the functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from loantrail.destinations.model import CLASSES, Basis
from loantrail.ledger.model import GRANT_KINDS, PAYMENT_MODES, PRODUCTS
from loantrail.parties.model import PARTY_KINDS, RELATION_KINDS
from loantrail.signals.catalogue import FIELDS


class Known(Protocol):
    """A field of the catalogue, as far as conditions need it (`loantrail.signals.catalogue.Field`)."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def grain(self) -> str: ...
    @property
    def chinese(self) -> str: ...
    @property
    def english(self) -> str: ...
    @property
    def meaning_chinese(self) -> str: ...
    @property
    def meaning_english(self) -> str: ...


Catalogue = Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Mark:
    """A flag that rules themselves put on rows of movements (loantrail.rules.listing)."""

    name: str
    chinese: str
    english: str
    meaning_chinese: str
    meaning_english: str
    kind: str = "flag"
    grain: str = "movement"


LISTED: Final = (
    Mark(
        "payee_on_watch_list", "收款方在关注名单", "payee is on the watch list",
        "收款账户或其户主在本行关注名单中", "the account paid, or its owner, stands on the bank's watch list",
    ),
    Mark(
        "payee_on_black_list", "收款方在黑名单", "payee is on the black list",
        "收款账户或其户主在本行黑名单中", "the account paid, or its owner, stands on the bank's black list",
    ),
)  # fmt: skip
"""Beside the signals: what the watch and the black list say of the payee."""

SHIPPED: Final[Catalogue] = {field.name: field for field in (*FIELDS, *LISTED)}

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "destination_class": tuple(row.name for row in CLASSES),
    "class_basis": tuple(Basis),
    "product": PRODUCTS,
    "customer_kind": PARTY_KINDS,
    "payment_mode": PAYMENT_MODES,
    "grant_kind": GRANT_KINDS,
    "payee_kind": PARTY_KINDS,
    "payee_relation": RELATION_KINDS,
}
"""The values of fields of kind `class`; a field that is not here takes any text (an industry code)."""

_DESTINATIONS: Final = {row.name: (row.chinese, row.english) for row in CLASSES}
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "working_capital_loan": ("流动资金贷款", "working capital loan"),
    "fixed_asset_loan": ("固定资产贷款", "fixed asset loan"),
    "project_finance": ("项目融资", "project finance"),
    "acquisition_loan": ("并购贷款", "acquisition loan"),
    "consumer_loan": ("个人消费贷款", "consumer loan"),
    "personal_business_loan": ("个人经营贷款", "personal business loan"),
    "mortgage_loan": ("住房按揭贷款", "mortgage loan"),
    "internet_loan": ("互联网贷款", "internet loan"),
    "designated_loan": ("委托贷款", "designated loan"),
    "bank_advance": ("垫款", "bank advance"),
    "entrusted_payment": ("受托支付", "entrusted payment"),
    "autonomous_payment": ("自主支付", "borrower-directed payment"),
    "mixed_payment": ("混合支付", "mixed payment"),
    "new": ("新增", "new loan"),
    "rollover_loan": ("借新还旧", "rollover"),
    "restructured": ("重组贷款", "restructured"),
    "renewal_without_repayment": ("无还本续贷", "renewal without repayment"),
    "company": ("企业", "company"),
    "individual": ("个人", "individual"),
    "sole_proprietor": ("个体工商户", "sole proprietor"),
    "public_body": ("机关事业单位", "public body"),
    "financial_institution": ("金融机构", "financial institution"),
}
"""Chinese and English of values; a destination class may be called as a kind of customer is."""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    usage: str
    chinese: str
    english: str


FUNCTIONS: Final[Mapping[str, Function]] = {
    one.name: one
    for one in (
        Function("wan", "wan(50)", "万元", "ten thousand yuan, in fen"),
        Function("yuan", "yuan(500)", "元", "yuan, in fen"),
        Function("percent", "percent(5)", "百分之几", "per cent, in millionths"),
        Function("share_ppm", "share_ppm(part, whole)", "部分占总额的比例", "share of the part in the whole, in millionths"),
        Function("reaches", "reaches(value, :parameter)", "达到参数（是否含本数由参数决定）", "at least the parameter, or more where it does not count itself"),
        Function("within", "within(value, :parameter)", "不超过参数（是否含本数由参数决定）", "at most the parameter, or less where it does not count itself"),
        Function("in_days", "in_days(:parameter)", "月、年、工作日折算为天", "months (30 days), years (365) or working days (7 for 5) in days"),
        Function("abs", "abs(value)", "绝对值", "size without its sign"),
        Function("least", "least(a, b, ...)", "最小值", "smallest; null where one is null"),
        Function("greatest", "greatest(a, b, ...)", "最大值", "largest; null where one is null"),
        Function("coalesce", "coalesce(a, b, ...)", "第一个不为空的值", "first that is not null"),
        Function("matches", "matches(text, 'regular expression')", "文本匹配正则表达式", "the text holds what a regular expression describes"),
    )
}  # fmt: skip
AGGREGATES: Final = frozenset(
    "count sum avg min max median stddev stddev_pop stddev_samp variance var_pop var_samp mode array_agg string_agg "
    "bool_and bool_or every any_value first last quantile percentile_cont percentile_disc".split()
)


def values_of(field: str) -> tuple[str, ...]:
    """The values that a field of kind `class` can take; empty where any text goes."""
    return VALUES.get(field, ())


def value_name(field: str, value: str) -> tuple[str, str]:
    """What a value of a field of classes is called, in Chinese and English; itself where it has no name."""
    first, then = (
        (_NAMES, _DESTINATIONS)
        if field in VALUES and field != "destination_class"
        else (_DESTINATIONS, _NAMES)
    )
    return first.get(value) or then.get(value) or (value, value)

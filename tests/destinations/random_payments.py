"""Small sets of payments, and what is known around them, in which names, accounts, parties and documents collide."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import polars as pl
from hypothesis import strategies as st

from loantrail.destinations.classify import Context
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.store import STANDING_SCHEMA
from loantrail.parameters import shipped_parameters

DAY = datetime.date(2025, 6, 1)
ACCOUNTS = ["A0", "A1", "A2", "A3", "A4"]
PARTIES = ["P0", "P1", "P2"]
PERSONS = ["张三", "李 四", "王五", "赵六", "孙七", "欧阳修", "张*", "王李一二"]
FIRMS = [
    "杭州甲机械有限公司", "杭州甲机械 有限责任公司", "杭州甲机械", "宁波乙五金(中国)有限公司", "宁波乙五金（中国）有限公司", "甲公司", "公司",
    "ABC Co., Ltd", "ａｂｃ CO.LTD", "某村委会", "㈱甲", "A0", "P0", "D1", " ",
]  # fmt: skip
TEXT = pl.String()


def _terms(kind: str) -> list[str]:
    return shipped_dictionary().terms.filter(pl.col("kind") == kind)["term"].to_list()


def _text_or_nothing(values: list[str], nothing: int = 2) -> st.SearchStrategy[str | None]:
    """One of the values, or nothing, which comes so often as so many values."""
    return st.sampled_from([*[None] * (nothing - 1), *values, None, ""])


def _now_and_then(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.sampled_from([True, False, False, False, False]).flatmap(
        lambda told: _text_or_nothing(values) if told else st.none()
    )


TERM_NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", "上海", "张", "某某"]),
    st.sampled_from(_terms("name")),
    st.sampled_from(["", "", "有限公司", "分行", "三"]),
)
COLLIDING = st.sampled_from([*PERSONS, *FIRMS, *FIRMS[:7], None, None, ""])
NAMES = COLLIDING | COLLIDING | COLLIDING | TERM_NAMES
USES = st.sampled_from(
    ["工资", "代发工资", "电费", "缴税", "现金支取", "货款", "往来", *[None] * 9, "", " "]
) | st.builds("{}{}".format, st.sampled_from(_terms("remark")), st.sampled_from(["", "", "款", "工资"]))
CLASSES = _now_and_then(["supplier", "own_account", "nonsense", "securities", "company", "pooled"])
KINDS = _text_or_nothing(
    [
        *["settlement"] * 6, "pooled", "bank_internal", "external", "card", "time_deposit", "supervised", "margin_deposit",
        "loan_internal", "nonsense",
    ]
)  # fmt: skip
PARTY_KINDS = _text_or_nothing(["company", "individual", "sole_proprietor", "public_body", "nonsense"])
INDUSTRIES = _now_and_then([*_terms("industry"), "3421", "nonsense"])
DOCUMENT_NUMBERS = _text_or_nothing(["D1", "D2"])
BANK_CODES = _now_and_then([*(f"{code}331000010" for code in _terms("bank_code")), *_terms("bank_code")])
MERCHANTS = _now_and_then([*_terms("merchant_code"), "nonsense"])


def _threshold(name: str) -> int:
    return shipped_parameters().at_or_first(name, DAY).number


LEAST, MOST = _threshold("payroll_single_least_fen"), _threshold("payroll_single_most_fen")
PAYEES = _threshold("payroll_payees_same_day")
AMOUNTS = st.sampled_from(
    [LEAST - 1, LEAST, LEAST + 1, 800_000, 812_345, 900_000, 912_345, MOST - 1, MOST, MOST + 1]
)
# A day of business in China ends at 16:00 of universal time.
INSTANTS = st.sampled_from(
    [
        datetime.datetime(2025, 6, 1, hour, minute, tzinfo=datetime.UTC)
        for hour, minute in ((4, 0), (15, 59), (16, 0))
    ]
)


@st.composite
def _table(
    draw: st.DrawFn,
    kept: dict[str, st.SearchStrategy[Any]],
    lost: dict[str, st.SearchStrategy[Any]],
    most: int,
) -> pl.DataFrame:
    """Rows with all columns of `kept`, and some of `lost`."""
    without = draw(st.sets(st.sampled_from(sorted(lost)), max_size=2)) if draw(st.booleans()) else set[str]()
    columns = kept | {name: lost[name] for name in lost if name not in without}
    rows = draw(st.lists(st.fixed_dictionaries(columns), min_size=most // 2, max_size=most))
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, TEXT))


WHO = _text_or_nothing([*PARTIES * 3, "P9"])
WHERE = _text_or_nothing([*ACCOUNTS * 2, "A9"])
ID = _text_or_nothing(["1", "2", " 3 ", "\x1c"])
CONTEXT_TABLES = {
    "accounts": ({"account": WHERE, "owner": WHO}, {"name": NAMES, "class": CLASSES, "kind": KINDS}, 12),
    "parties": (
        {"party_id": WHO},
        {"name": NAMES, "kind": PARTY_KINDS, "industry_code": INDUSTRIES},
        8,
    ),
    "contract_payees": (
        {},
        {"contract_id": ID, "borrower_party_id": WHO, "borrower_name": NAMES, "name": NAMES, "account": WHERE, "party_id": WHO},
        6,
    ),
    "invoices": (
        {},
        {
            "invoice_id": ID, "seller_party_id": WHO, "seller_name": NAMES, "buyer_party_id": WHO, "buyer_name": NAMES,
            "state": _text_or_nothing([*["valid"] * 6, "void"]),
        },
        6,
    ),
    "orders": (
        {},
        {
            "order_id": ID, "borrower_party_id": WHO, "borrower_name": NAMES, "payee_account": WHERE, "payee_name": NAMES,
            "document_no": DOCUMENT_NUMBERS,
        },
        6,
    ),
    "watch_list": (
        {},
        {"account": WHERE, "name": NAMES, "class": CLASSES | st.just("gambling"), "source": _text_or_nothing(["police"])},
        3,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Situation:
    payments: pl.DataFrame
    context: Context
    standing: pl.DataFrame


@st.composite
def _wages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Payments of one account to as many persons as wages need, or nearly."""
    payer, instant = draw(st.sampled_from([*ACCOUNTS, "A9", "A9"])), draw(INSTANTS)
    count = draw(st.integers(PAYEES - 1, PAYEES + 2))
    persons = draw(st.permutations(PERSONS))[:count]
    fields = {
        "booked_at": st.just(instant),
        "amount_fen": st.sampled_from([812_345, 900_000, LEAST + 1, MOST - 1]),
        "purpose_text": st.none(),
    }
    if draw(st.integers(0, 2)):
        persons = draw(st.lists(st.sampled_from(PERSONS), min_size=count, max_size=count))
        fields = {
            "booked_at": st.sampled_from([instant] * 5) | INSTANTS,
            "amount_fen": st.sampled_from([812_345, 900_000, LEAST, MOST]) | AMOUNTS,
            "purpose_text": st.sampled_from([*[None] * 6, "往来", "工资"]),
        }
    return [
        {"debit_account": payer, "credit_account": f"X{number}", "credit_name": person, **draw(st.fixed_dictionaries(fields))}
        for number, person in enumerate(persons)
    ]  # fmt: skip


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A few payments, what is known and what was corrected."""
    columns = {
        "debit_account": WHERE,
        "credit_account": WHERE,
        "credit_name": NAMES,
        "purpose_text": USES,
        "document_no": DOCUMENT_NUMBERS,
        "merchant_code": MERCHANTS,
        "credit_institution": BANK_CODES,
        "amount_fen": AMOUNTS | st.none(),
        "booked_at": INSTANTS | st.none(),
    }
    rows = draw(st.lists(st.fixed_dictionaries(columns), max_size=6))
    if draw(st.booleans()):
        rows += draw(_wages())
    schema = dict.fromkeys(columns, TEXT) | {"amount_fen": pl.Int64(), "booked_at": pl.Datetime("us", "UTC")}
    numbered = [{"transaction_id": f"T{number}"} | row for number, row in enumerate(rows)]
    payments = pl.DataFrame(numbered, schema={"transaction_id": TEXT, **schema})
    never_lost = {"transaction_id", "debit_account", "credit_account", "amount_fen"}
    lost = draw(st.sets(st.sampled_from(sorted(set(columns) - never_lost)), max_size=2))
    frames = {
        name: draw(_table(*table))
        for name, table in CONTEXT_TABLES.items()
        if name == "accounts" or draw(st.integers(0, 3))
    }
    told = st.fixed_dictionaries(
        {
            "transaction_id": _text_or_nothing([f"T{number}" for number in range(6)]),
            "account": WHERE,
            "destination_class": st.sampled_from(["tax", "supplier", "gambling", None]),
            "reason": _text_or_nothing(["甲", "乙"]),
        }
    )
    standing = pl.DataFrame(draw(st.lists(told, max_size=5)), schema_overrides=STANDING_SCHEMA)
    return Situation(payments.drop(lost), Context(**frames), standing)

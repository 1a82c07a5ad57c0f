"""The tables of one loan's page as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter

from loantrail.disputes.routes import sheets_of_loan
from loantrail.http.access import Reading, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages import store
from loantrail.http.pages.guarantees.routes import guarantees
from loantrail.http.pages.history.routes import loan_classification, loan_documents, loan_history
from loantrail.http.pages.payments.routes import loan_repayments
from loantrail.http.pages.routes import LoanId, Offset, no_loan
from loantrail.http.pages.sheets import (
    Column,
    Table,
    add_sheet,
    amount,
    count,
    day,
    instant,
    share,
    text,
)
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Form, Row
from loantrail.reports.words import Words
from loantrail.signals.catalogue import FIELDS, Field
from loantrail.signals.routes import Occasion, loan_signals

router = APIRouter(tags=["loans"])

_LOAN: Final = {"loan_id": ("loan.number", "")}
_READ: Final = allowed(Ability.READ_LOANS)
_OF: Final = "/loans/{loan_id}"
_BYTES: Final = ("大小（字节）", "Size (bytes)")


@dataclass(frozen=True, slots=True)
class OfLoan:
    """Rows of a table with what their page knows of the loan."""

    total_count: int
    loan_id: str
    currency: str
    borrower_kind: str
    items: list[Any]


def _of_loan(connection: store.Database, loan_id: str, total_count: int, items: list[Any]) -> OfLoan:
    facts = store.loan_facts(connection, loan_id)
    if facts is None:
        raise no_loan(loan_id)
    return OfLoan(total_count, loan_id, facts["currency"], facts["borrower_kind"], items)


def _with_currency(answer: Any) -> Iterator[Row]:
    """Rows in the currency of their loan."""
    return ({**row, "currency": answer["currency"]} for row in answer["items"])


# Guarantees, schedule ----------------------------------------------------------------------------------------


def _expires(title: str | tuple[str, str], field: str) -> tuple[Column, Column]:
    """The day of expiry, and how it stands on the data date."""
    state = ("{}状态", "{}: state")
    named = (state[0].format(title[0]), state[1].format(title[1])) if isinstance(title, tuple) else title
    return day(title, f"{field}.on"), text(named, f"{field}.expiry", 12, "expiry")


_VALID: Final = ("到期日", "Valid to")
GUARANTEES: Final = Table(
    "guarantees",
    "guarantees.title",
    (
        text("guarantees.kind", "kind", 14, "guarantee_kind"),
        text("guarantees.guarantor", "guarantor_name", 34),
        text(("担保人类型", "Kind of guarantor"), "guarantor_kind", 14, "party_kind"),
        amount("guarantees.amount", "amount_fen"),
        day("guarantees.valid_from", "valid_from"),
        *_expires(_VALID, "valid_to"),
        text("guarantees.number", "guarantee_id", 26),
    ),
    _LOAN,
    lambda answer: answer["guarantees"],
    dated=True,
)
COLLATERAL: Final = Table(
    "collateral",
    "collateral.title",
    (
        text("collateral.kind", "kind", 18),
        text(("押品编号", "Number"), "collateral_id", 24),
        text("collateral.owner", "owner_name", 30),
        amount("collateral.value", "value_fen"),
        day(("评估日期", "Valued on"), "valued_on"),
        text(
            ("评估时效", "Valuation"),
            lambda row, words: words.say("collateral.valued_long_ago") if row["valued_long_ago"] else None,
            12,
        ),
        share("collateral.ratio", "loan_to_value_ppm"),
        count("collateral.ranking", "ranking"),
        text(("登记编号", "Registration"), "registration_no", 24),
        *_expires(("登记到期", "Registered until"), "registration"),
        *_expires(("保险到期", "Insured until"), "insurance"),
    ),
    _LOAN,
    lambda answer: (thing for one in answer["guarantees"] for thing in one["collateral"]),
    dated=True,
)
SCHEDULE: Final = Table(
    "schedule",
    "schedule.title",
    (
        count("schedule.number", "instalment_no"),
        day("schedule.due_on", "due_on"),
        amount("schedule.principal", "principal_fen"),
        amount("schedule.interest", "interest_fen"),
    ),
    _LOAN,
    lambda answer: ({**one, "currency": answer["currency"]} for one in answer["schedule"]),
    dated=True,
)

# Repayments --------------------------------------------------------------------------------------------------


def repayments_of(
    connection: Reading, connections: Lending, loan_id: LoanId, offset: Offset = 0, limit: int = 120
) -> OfLoan:
    """Every repayment of the loan with the kinds of money that paid it."""
    answer = loan_repayments(connections, loan_id, offset, limit)
    return _of_loan(connection, loan_id, answer.total_count, list(answer.items))


def _repaid(answer: Any) -> Iterator[Row]:
    personal = answer["borrower_kind"] == "individual"
    return ({**row, "personal": personal} for row in _with_currency(answer))


def _sources(row: Row, words: Words) -> str:
    """The kinds of money, the largest first, each with its amount."""
    if row["transfer_id"] is None:
        return words.say("payments.not_seen")
    return words.say("payments.comma").join(_kind(one["kind"], row, words) for one in row["shares"])


def _kind(kind: str, row: Row, words: Words) -> str:
    own = kind == "revenue" and row["personal"]
    return words.say("payment_kind.revenue_personal") if own else words.name("payment_kind", kind)


REPAYMENTS: Final = Table(
    "repayments",
    ("还款记录", "Repayments"),
    (
        instant("payments.paid_at", "paid_at"),
        amount("payments.amount", "amount_fen"),
        amount(("其中本金", "Principal"), "principal_fen"),
        amount(("其中利息", "Interest"), "interest_fen"),
        amount(("其中罚息", "Penalty"), "penalty_fen"),
        text(("还款账号", "Paid from"), "account.account", 26),
        text(("还款账户户名", "Account name"), "account.name", 30),
        text("payments.sources", _sources, 40),
        amount(("流水可见金额", "Seen in statements"), "followed_fen"),
        amount("payments.odd", "odd_fen"),
        amount("payments.near_tag", "near_fen"),
    ),
    _LOAN,
    _repaid,
    dated=True,
)

# Signals -----------------------------------------------------------------------------------------------------

_SIGNAL_WORDS: Final = {
    "product": "product", "customer_kind": "party_kind", "payee_kind": "party_kind", "payment_mode": "payment_mode",
    "grant_kind": "grant_kind", "destination_class": "use", "use_before": "use", "use_after": "use", "class_basis": "basis",
}  # fmt: skip
"""Signals that are a class -> the list of words of its values."""


def signals_of(
    connection: Reading, loan_id: LoanId, occasion: Occasion = None, offset: Offset = 0, limit: int = 20
) -> OfLoan:
    """What was known of the loan at each movement of its money and at the end of the last day, newest first."""
    answer = loan_signals(connection, loan_id, occasion, offset, limit)
    return _of_loan(connection, loan_id, answer.total_count, list(answer.rows))


def _signal(field: Field) -> Column:
    title, name = (field.chinese, field.english), field.name

    def known(row: Row, words: Words) -> Any:
        value = row["values"].get(name)
        if isinstance(value, bool):
            return words.say("signals.yes" if value else "signals.no")
        if value is not None and field.kind == "permille":
            return int(value) * 1_000
        return value

    match field.kind:
        case "fen":
            return amount(title, known)
        case "ppm" | "permille":
            return Column(title, Form.SHARE, known, 12)
        case "flag" | "class" | "text":
            return text(title, known, 16, _SIGNAL_WORDS.get(name, ""))
        case _:
            return count(title, known)


SIGNALS: Final = Table(
    "signals",
    "app.signals",
    (
        instant("signals.at", lambda row, _: None if row["occasion"] == "day" else row["at"]),
        day(("业务日期", "Business date"), "business_date"),
        text(
            "signals.occasion",
            lambda row, words: words.say("signals.movement" if row["transaction_id"] else "signals.day"),
            12,
        ),
        *(_signal(field) for field in FIELDS),
    ),
    _LOAN | {"occasion": ("signals.occasion", "signals")},
    _with_currency,
    dated=True,
)

# History, papers ---------------------------------------------------------------------------------------------

_SAID: Final = (
    ("payment_mode", "payment_mode"), ("account", ""), ("into_account", ""), ("rule_code", "pattern"), ("level", "warning_level"),
    ("disposition", "disposition"), ("measure", "warning_measure"), ("use", "use"), ("judgement", "judgement"),
    ("conclusion", "check_conclusion"), ("paper", "paper"), ("name", ""), ("change", "check_change"), ("due_on", ""),
    ("destination_class", "use"), ("number", ""), ("to_name", ""), ("reason", ""), ("note", ""),
)  # fmt: skip
"""What is told of an entry of the history, in its order: name -> list of words."""


def _what(row: Row, words: Words) -> str:
    kind = {"warning": "warning_kind", "check": "check_event"}.get(row["kind"], "history_what")
    return words.name(kind, row["what"])


def _details(row: Row, words: Words) -> str:
    data = row["data"]
    if row["kind"] == "classification":
        return " → ".join(words.name("five_class", str(data[name])) for name in ("before", "to"))
    told = (
        words.name(kind, str(data[name])) if kind else str(data[name])
        for name, kind in _SAID
        if data.get(name) not in (None, "")
    )
    return " · ".join(told)


def _of_money(row: Row) -> bool:
    return row["kind"] == "money" or row["what"] == "judged"


HISTORY: Final = Table(
    "history",
    "history.title",
    (
        instant(("时间", "Time"), "at"),
        text(("类别", "Kind"), "kind", 14, "history_kind"),
        text(("事项", "What"), _what, 24),
        text(("内容", "Details"), _details, 60),
        amount(("金额", "Amount"), lambda row, _: row["amount_fen"] if _of_money(row) else None),
        amount(("其中本金", "Principal"), lambda row, _: row["data"].get("principal_fen")),
        amount(("其中利息", "Interest"), lambda row, _: row["data"].get("interest_fen")),
        amount(("其中罚息", "Penalty"), lambda row, _: row["data"].get("penalty_fen")),
        text(
            ("经办", "By"),
            lambda row, words: (
                row["by_name"]
                or words.say("history.by_bank" if row["kind"] == "money" else "checks.by_system")
            ),
            14,
        ),
    ),
    _LOAN | {"kind": ("history.title", "history_kind")},
    _with_currency,
)
CLASSES: Final = Table(
    "classification",
    "classification.title",
    (
        text("classification.class", "five_class", 12, "five_class"),
        instant("classification.from", "told_from"),
        instant("classification.until", "told_until"),
        text("classification.state", "state", 14, "state"),
    ),
    _LOAN,
    lambda answer: answer["periods"],
)
PAPERS: Final = Table(
    "papers",
    "documents.papers",
    (
        text("documents.kind", "kind", 16, "document_kind"),
        text("documents.number", "number", 26),
        text("documents.about", "title", 34),
        day("customers.document.on", "on"),
        amount("customers.document.amount", "amount_fen"),
    ),
    _LOAN,
    lambda answer: answer["papers"],
)


def _uses(row: Row, words: Words) -> str:
    uses = dict.fromkeys(line["use"] for line in row["lines"])
    return words.say("app.comma").join(words.name("use", use) for use in uses)


VOUCHERS: Final = Table(
    "vouchers",
    "documents.vouchers",
    (
        text("documents.name", "name", 34),
        text("documents.kind", "paper", 14, "paper"),
        text("documents.uses", _uses, 30),
        text("documents.by", "uploaded_by_name", 14),
        instant(("上传时间", "Brought at"), "uploaded_at"),
        count(_BYTES, "size_bytes"),
        text("documents.sha256", "sha256", 66),
        text(("撤回人", "Withdrawn by"), "withdrawn_by_name", 14),
        instant(("撤回时间", "Withdrawn at"), "withdrawn_at"),
        text(("撤回原因", "Why withdrawn"), "withdrawn_reason", 40),
    ),
    _LOAN,
    lambda answer: answer["vouchers"],
)


def dispute_sheets_of(connection: Reading, loan_id: LoanId) -> OfLoan:
    """The dispute sheets of a loan, the latest first."""
    items = sheets_of_loan(connection, loan_id).items
    return _of_loan(connection, loan_id, len(items), list(items))


DISPUTE_SHEETS: Final = Table(
    "dispute-sheets",
    "documents.sheets",
    (
        text("documents.number", "number", 24),
        text("documents.uses", "use", 24, "use"),
        amount("checks.amount", "amount_fen"),
        text("documents.made_by", "made_by", 14),
        instant(("制作时间", "Made at"), "made_at"),
    ),
    _LOAN,
    _with_currency,
)

TOLD_AFTERWARDS: Final = Table(
    "classification-told-afterwards",
    "classification.told_afterwards",
    (
        text("classification.class", "five_class", 12, "five_class"),
        day("classification.from", "valid_from"),
        day("classification.until", "valid_until"),
    ),
    _LOAN,
    lambda answer: answer["told_afterwards"],
)

add_sheet(router, f"{_OF}/guarantees", GUARANTEES, guarantees, _READ)
add_sheet(router, f"{_OF}/collateral", COLLATERAL, guarantees, _READ)
add_sheet(router, f"{_OF}/schedule", SCHEDULE, guarantees, _READ)
add_sheet(router, f"{_OF}/repayments", REPAYMENTS, repayments_of, _READ)
add_sheet(router, f"{_OF}/signals", SIGNALS, signals_of, _READ)
add_sheet(router, f"{_OF}/history", HISTORY, loan_history, _READ)
add_sheet(router, f"{_OF}/classification", CLASSES, loan_classification, _READ)
add_sheet(router, f"{_OF}/papers", PAPERS, loan_documents, _READ)
add_sheet(router, f"{_OF}/vouchers", VOUCHERS, loan_documents, _READ)
add_sheet(router, f"{_OF}/dispute-sheets", DISPUTE_SHEETS, dispute_sheets_of, _READ)
add_sheet(router, f"{_OF}/classification/told-afterwards", TOLD_AFTERWARDS, loan_classification, _READ)

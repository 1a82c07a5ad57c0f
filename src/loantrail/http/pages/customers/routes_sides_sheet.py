"""The parts of one customer's page as spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from fastapi import APIRouter

from loantrail.clock import BUSINESS_ZONE
from loantrail.http.access import allowed
from loantrail.http.pages.customers.routes import one_customer
from loantrail.http.pages.customers.routes_sides import (
    customer_cash_flow,
    customer_documents,
    customer_outside,
    customer_relations,
    customer_timeline,
)
from loantrail.http.pages.sheets import (
    Table,
    add_sheet,
    amount,
    count,
    day,
    instant,
    moment,
    share,
    text,
)
from loantrail.identity.abilities import Ability
from loantrail.parties.contacts.routes import contact_log
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["customers"])

_CUSTOMER: Final = {"party_id": ("lists.subject.party", "")}


def _priced(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of which each names an amount with its currency."""
    for row in rows:
        yield {**row, "currency": row["amount"]["currency"] if row["amount"] else None}


def _items(answer: Any) -> Iterator[Row]:
    return _priced(answer["items"])


# Loans and accounts ------------------------------------------------------------------------------------------

LOANS: Final = Table(
    "customer-loans",
    "customers.loans",
    (
        text("customers.loan.number", "loan_id", 24),
        text(
            ("身份", "Stands as"),
            lambda row, words: words.say("customers.co_borrower") if row["role"] == "co_borrower" else None,
            12,
        ),
        text("customers.loan.product", "product", 18, "product"),
        text(("用途", "Purpose"), "purpose_text", 24),
        day(("发放日", "Issued on"), "issued_on"),
        day(("到期日", "Matures on"), "matures_on"),
        amount("customers.loan.amount", "amount_fen"),
        amount("customers.loan.balance", "balance_fen"),
        amount("customers.loan.overdue", "overdue_fen"),
        count(("逾期天数", "Days past due"), "days_past_due"),
        text(("状态", "State"), "state", 12, "state"),
        text(("五级分类", "Class"), "five_class", 12, "five_class"),
        text("customers.loan.warning", "warning.level", 10, "warning_level"),
    ),
    _CUSTOMER,
    lambda answer: answer["loans"],
    dated=True,
)
ACCOUNTS: Final = Table(
    "customer-accounts",
    "customers.accounts",
    (
        text("customers.account.number", "account", 26),
        text("customers.account.kind", "kind", 16, "account_kind"),
        text(
            "customers.account.whose",
            lambda row, words: words.say(
                "customers.account.ours" if row["ours"] else "customers.account.outside"
            ),
            10,
        ),
        day("customers.account.opened", "opened_on"),
        day(("销户日期", "Closed on"), "closed_on"),
        amount("customers.account.balance", "balance_fen"),
        instant(("余额时间", "Balance at"), "balance_at"),
        amount("customers.account.loan_money", "loan_fen"),
    ),
    _CUSTOMER,
    lambda answer: answer["accounts"],
    dated=True,
)

# Relations ---------------------------------------------------------------------------------------------------


def _edges(answer: Any) -> Iterator[Row]:
    """A row for each relation and each currency in which it secures something, the nearest first."""
    nodes = {one["node_id"]: one for one in answer["nodes"]}

    def nearest(edge: Row) -> int:
        return min(nodes[edge[side]]["distance"] for side in ("source", "target"))

    for edge in sorted(answer["edges"], key=nearest):
        ends = {"from": nodes[edge["source"]]["name"], "to": nodes[edge["target"]]["name"]}
        for secured in edge["guaranteed"] or [{}]:
            yield {
                **edge,
                **ends,
                "secured_fen": secured.get("amount_fen"),
                "currency": secured.get("currency"),
            }


def _shown(field: str) -> Any:
    """A name, or that it is nobody of the reader's reach."""
    return lambda row, words: row[field] or words.say("customers.hidden_party")


RELATIONS: Final = Table(
    "relations",
    "customers.relation_list",
    (
        text("customers.relation.from", _shown("from"), 34),
        text("customers.relation.kind", "kind", 18, "relation_of"),
        text("customers.relation.to", _shown("to"), 34),
        share("customers.relation.share", "share_ppm"),
        amount("customers.relation.guaranteed", "secured_fen"),
        day("customers.relation.since", "valid_from"),
        text("customers.relation.source", "source_text", 30),
    ),
    _CUSTOMER | {"depth": ("customers.depth", "")},
    _edges,
    dated=True,
)


def _stakes(answer: Any) -> Iterator[Row]:
    for side in ("owners", "holdings"):
        for one in answer[side]:
            yield {**one, "side": f"customers.{side}", "names": answer["names"]}


def _chains(row: Row, words: Words) -> str:
    hidden = words.say("customers.hidden_party")
    return "; ".join(
        " → ".join(row["names"].get(node) or hidden for node in one["nodes"]) for one in row["chains"]
    )


OWNERSHIP: Final = Table(
    "ownership",
    ("股权", "Ownership"),
    (
        text(("方向", "Side"), lambda row, words: words.say(row["side"]), 16),
        text("customers.stake.party", _shown("name"), 34),
        text(("类型", "Kind"), "kind", 14, "party_kind"),
        share("customers.stake.share", "share_ppm"),
        share("customers.stake.direct", "direct_ppm"),
        text(
            ("说明", "Remark"),
            lambda row, words: words.say("customers.stake.at_least_hint") if row["at_least"] else None,
            30,
        ),
        text(("持股链", "Chains"), _chains, 60),
    ),
    _CUSTOMER | {"depth": ("customers.depth", "")},
    _stakes,
    dated=True,
)

# Cash flow, documents, contacts, invoices --------------------------------------------------------------------

CASH_FLOW: Final = Table(
    "cash-flow",
    "customers.cash.title",
    (
        text("customers.cash.month", lambda row, _: row["month"][:7], 10),
        amount("customers.cash.in", "in_fen"),
        amount("customers.cash.out", "out_fen"),
        amount("customers.cash.net", "net_fen"),
        amount("customers.cash.disbursed", "disbursed_fen"),
        amount("customers.cash.loan_out", "loan_out_fen"),
        amount("customers.cash.repaid", "repaid_fen"),
        amount("customers.cash.own", "own_fen"),
        count("customers.cash.lines", "line_count"),
    ),
    _CUSTOMER | {"months": ("customers.cash.span", "")},
    lambda answer: (
        {**month, "currency": flow["currency"]}
        for flow in answer["flows"]
        for month in reversed(flow["months"])
    ),
    dated=True,
)


def _about(row: Row, words: Words) -> str:
    """What a paper is about: a word of the product's lists for what the product keeps itself."""
    kind = {"dispute_sheet": "use", "voucher": "paper"}.get(row["kind"])
    return words.name(kind, row["title"]) if kind else row["title"]


DOCUMENTS: Final = Table(
    "documents",
    "customers.tab.documents",
    (
        day("customers.document.on", "on"),
        text("customers.document.kind", "kind", 16, "document_kind"),
        text("customers.document.number", "number", 26),
        text("customers.document.title", _about, 34),
        text("customers.document.loan", "loan_id", 24),
        amount("customers.document.amount", "amount.amount_fen"),
    ),
    _CUSTOMER | {"kind": ("customers.document.kind", "document_kind")},
    _items,
)
CONTACTS: Final = Table(
    "contacts",
    "customers.tab.contacts",
    (
        instant("customers.contact.time", "happened_at"),
        text("customers.contact.way", "way", 14, "contact_way"),
        text("customers.contact.spoke_with", "spoke_with", 16),
        text("customers.contact.loan", "loan_id", 24),
        text("customers.contact.said", "said", 60),
        text("customers.contact.next_step", "next_step", 40),
        day("customers.contact.next_on", "next_on"),
        text(
            ("状态", "State"),
            lambda row, words: words.say("customers.contact.corrected") if row["corrected_by"] else None,
            10,
        ),
        text(("记录人", "Entered by"), "maker_name", 14),
        instant(("记录时间", "Entered at"), "made_at"),
    ),
    _CUSTOMER,
)
INVOICES: Final = Table(
    "invoices",
    "customers.invoice.title",
    (
        text("customers.invoice.month", lambda row, _: row["month"][:7], 10),
        amount("customers.invoice.sold", "sold_fen"),
        count(("开出张数", "Issued"), "sold_count"),
        amount("customers.invoice.bought", "bought_fen"),
        count(("收到张数", "Received"), "bought_count"),
        count("customers.invoice.void_count", "void_count"),
    ),
    _CUSTOMER,
    lambda answer: (
        {**month, "currency": answer["invoices"]["currency"]}
        for month in reversed(answer["invoices"]["months"])
    ),
    dated=True,
)

# Timeline ----------------------------------------------------------------------------------------------------


def _told(row: Row, words: Words) -> str:
    """What an event says, as the page says it."""
    code, written = row["code"], row["text"]
    other = row["other_name"] if row["other_party_id"] else words.say("customers.hidden_party")
    match row["kind"]:
        case "contract_signed":
            parts = [words.name("product", code), written]
        case "disbursed":
            parts = [words.name("payment_mode", code)]
        case "repaid":
            parts = [words.say("customers.timeline.with_penalty") if code else ""]
        case "warning":
            parts = [words.name("warning_kind", code), words.name("warning_level", row["level"] or "")]
        case "check":
            parts = [words.name("check_kind", written), words.name("check_event", code)]
        case "guarantee":
            given = "given" if code == "given" else "received"
            parts = [
                words.say(f"customers.timeline.guarantee_{given}") + other,
                words.name("guarantee_kind", written),
            ]
        case "relation" | "relation_ended":
            parts = [words.name("relation_of", code), other]
        case "dispute_sheet":
            parts = [written, words.name("use", code)]
        case _:
            parts = [words.name("contact_way", code), written]
    return " ".join(one for one in parts if one)


TIMELINE: Final = Table(
    "timeline",
    "customers.tab.timeline",
    (
        day("customers.contact.day", lambda row, _: moment(row["at"]).astimezone(BUSINESS_ZONE).date()),
        text(
            "customers.contact.time",
            lambda row, _: (
                None if row["whole_day"] else f"{moment(row['at']).astimezone(BUSINESS_ZONE):%H:%M}"
            ),
            8,
        ),
        text("customers.document.kind", "kind", 14, "timeline_kind"),
        text("customers.document.title", _told, 60),
        text("customers.document.loan", "loan_id", 24),
        amount("customers.document.amount", "amount.amount_fen"),
        text(("经办", "By"), "by", 14),
    ),
    _CUSTOMER | {"kind": ("customers.timeline.kinds", "timeline_kind")},
    _items,
)

_READ: Final = allowed(Ability.READ_LOANS)
_OF: Final = "/customers/{party_id}"
add_sheet(router, f"{_OF}/loans", LOANS, one_customer, _READ)
add_sheet(router, f"{_OF}/accounts", ACCOUNTS, one_customer, _READ)
add_sheet(router, f"{_OF}/relations", RELATIONS, customer_relations, _READ)
add_sheet(router, f"{_OF}/ownership", OWNERSHIP, customer_relations, _READ)
add_sheet(router, f"{_OF}/cash-flow", CASH_FLOW, customer_cash_flow, _READ)
add_sheet(router, f"{_OF}/documents", DOCUMENTS, customer_documents, _READ)
add_sheet(router, f"{_OF}/contacts", CONTACTS, contact_log, _READ)
add_sheet(router, f"{_OF}/invoices", INVOICES, customer_outside, _READ)
add_sheet(router, f"{_OF}/timeline", TIMELINE, customer_timeline, _READ)

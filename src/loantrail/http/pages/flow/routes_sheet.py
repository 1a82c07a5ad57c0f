"""The flow of one loan's money as spreadsheets: its table as it is unfolded, and the transactions behind a node or an edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter

from loantrail.http.access import allowed
from loantrail.http.pages.flow.routes import flow_transactions, loan_flow
from loantrail.http.pages.sheets import Table, add_sheet, amount, count, day, instant, shown_account, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["flow"])

_LOAN: Final = {"loan_id": ("loan.number", "")}
_RANGE: Final = {"since": ("flow.time_since", ""), "until": ("flow.time_until", "")}
_FROM_ACCOUNT: Final = ("付款账号", "Paying account")
_TO_ACCOUNT: Final = ("收款账号", "Receiving account")


def _edges(answer: Any) -> Iterator[Row]:
    """Edges with the nodes at their ends, in the order of the page."""
    nodes = {node["node_id"]: node for node in answer["nodes"]}
    return (
        {
            **edge,
            "from": nodes.get(edge["source"]),
            "to": nodes.get(edge["target"]),
            "currency": answer["currency"],
        }
        for edge in answer["edges"]
    )


def _called(end: str) -> Any:
    return lambda row, words: _node_title(row[end], words) if row[end] else None


def _node_title(node: Row, words: Words) -> str | None:
    """What the page calls a node: a name, a use, or of how many accounts it is the sum."""
    match node["kind"]:
        case "loan":
            return words.say("flow.loan")
        case "folded":
            many = node["account_count"]
            return words.say("flow.folded_one") if many == 1 else words.say("flow.folded", count=many)
        case "rest":
            many = node["member_count"]
            return words.say("flow.rest_one") if many == 1 else words.say("flow.rest", count=many)
        case "outside":
            return words.name("use", node["use"] or "outside")
        case _:
            return node["name"] or shown_account(node["account"])


def _node_account(end: str) -> Any:
    return lambda row, _: shown_account(row[end]["account"]) if row[end] else None


def _uses(row: Row, words: Words) -> str:
    return words.say("app.comma").join(
        words.name("use", one["use"]) if one["use"] else words.say("flow.no_use") for one in row["uses"]
    )


EDGES: Final = Table(
    "flow",
    ("资金流向", "Flow of the money"),
    (
        text("flow.from", _called("from"), 34),
        text(_FROM_ACCOUNT, _node_account("from"), 24),
        text("flow.to", _called("to"), 34),
        text(_TO_ACCOUNT, _node_account("to"), 24),
        amount("flow.amount_column", "amount_fen"),
        count("flow.count_column", "transaction_count"),
        day(("首笔日期", "First on"), "first_on"),
        day(("末笔日期", "Last on"), "last_on"),
        text("flow.uses_column", _uses, 30),
        text("flow.suspected", "patterns", 30, "pattern"),
    ),
    # Which nodes are unfolded is seen in the rows.
    _LOAN | _RANGE | dict.fromkeys(("by", "levels", "open", "close", "show", "more")),
    _edges,
    dated=True,
)


def _party(side: str) -> Any:
    def called(row: Row, words: Words) -> str | None:
        account = row[f"{side}_account"]
        if account is None and side == "payer" and row["hop"] == 0:
            return words.say("flow.loan")
        return row[f"{side}_name"] or shown_account(account) or words.say("evidence.outside")

    return called


def _account(side: str) -> Any:
    return lambda row, _: shown_account(row[f"{side}_account"])


TRANSACTIONS: Final = Table(
    "flow-transactions",
    "flow.transactions_of",
    (
        instant(("时间", "Time"), "booked_at"),
        text("flow.from", _party("payer"), 34),
        text(_FROM_ACCOUNT, _account("payer"), 24),
        text("flow.to", _party("payee"), 34),
        text(_TO_ACCOUNT, _account("payee"), 24),
        amount("flow.amount", "amount_fen"),
        amount(("整笔金额", "Whole transaction"), "transfer_fen"),
        text(("摘要", "Text"), "purpose_text", 30),
        count(("第几手", "Hop"), "hop"),
        text("flow.uses_column", "uses", 30, "use"),
        text("flow.suspected", "patterns", 30, "pattern"),
        text(("交易编号", "Transaction"), "transfer_id", 36),
    ),
    _LOAN
    | {
        "account": (("账户", "Account"), ""),
        "use": ("statement.use", "use"),
        "depth": (("第几手", "Hop"), ""),
        "payer": (_FROM_ACCOUNT, ""),
        "arriving": (("只看收到的", "Only what came in"), ""),
    }
    | _RANGE,
    lambda answer: ({**one, "currency": answer["currency"]} for one in answer["items"]),
    dated=True,
)
_READ: Final = allowed(Ability.READ_LOANS)
add_sheet(router, "/loans/{loan_id}/flow", EDGES, loan_flow, _READ)
add_sheet(router, "/loans/{loan_id}/flow/transactions", TRANSACTIONS, flow_transactions, _READ)

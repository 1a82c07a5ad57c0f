"""The inbox as spreadsheets: what waits, what one proposed, what was decided."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from loantrail.approvals.routes import history, mine, waiting
from loantrail.http.access import allowed, signed_in
from loantrail.http.pages.sheets import Table, add_sheet, instant, text
from loantrail.identity.abilities import Ability
from loantrail.reports.table_sheet import Row
from loantrail.reports.words import Words

router = APIRouter(tags=["approvals"])

_EXPIRES: Final = ("有效至", "Expires at")


def _title(row: Row, words: Words) -> str:
    return row["title_chinese" if words.language == "zh" else "title_english"]


def _kind(row: Row, words: Words) -> str:
    return row["kind_chinese" if words.language == "zh" else "kind_english"]


WAITING: Final = Table(
    "inbox",
    "inbox.waiting",
    (
        text("inbox.what", _title, 60),
        text("inbox.kind", "kind", 18, "approval_kind"),
        text("inbox.reason", "reason", 40),
        text("inbox.maker", "maker_name", 14),
        instant("inbox.made_at", "made_at"),
        instant(_EXPIRES, "expires_at"),
    ),
    {},
)
_DECIDED: Final = (
    text("inbox.what", _title, 60),
    text("inbox.kind", _kind, 18),
    text("inbox.reason", "reason", 40),
    text("inbox.maker", "maker_name", 14),
    instant("inbox.made_at", "made_at"),
    text("inbox.state", "state", 12, "approval_state"),
    text("inbox.checker", "checker_name", 14),
    instant(("决定时间", "Decided at"), "decided_at"),
    text("inbox.decision_reason", "decision_reason", 40),
)
MINE: Final = Table("proposals", "inbox.mine", _DECIDED, {})
HISTORY: Final = Table("decisions", "inbox.history", _DECIDED, {})
add_sheet(router, "/approvals", WAITING, waiting, allowed(Ability.APPROVE))
add_sheet(router, "/approvals/mine", MINE, mine, signed_in(protected=True))
add_sheet(router, "/approvals/history", HISTORY, history, allowed(Ability.APPROVE))

"""The allow list: one person proposes to keep a rule's hits out of the warnings, a second one approves, for a time."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from loantrail.early_warning import store, store_allow
from loantrail.early_warning.acting_on import ActRefused, ThreadMissing
from loantrail.early_warning.deadlines import business_date
from loantrail.early_warning.model import Refusal
from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.parameters import ParameterBook


class AllowScope(StrEnum):
    """What an entry is about."""

    LOAN = "loan"
    ACCOUNT = "account"  # who was paid
    PARTY = "party"  # who borrowed, or was paid


@dataclass(frozen=True, slots=True)
class Proposal:
    scope: AllowScope
    subject: str
    rule_code: str
    reason: str
    expires_on: datetime.date
    thread_id: str | None
    by: str
    request_key: str


def propose(
    connection: store.Database, wanted: Proposal, parameters: ParameterBook
) -> tuple[store.Row, bool]:
    """Enter a proposal: `(its row, whether it is new)`; the caller commits. The same request twice is one.

    Raises ThreadMissing for an unknown subject or thread, InputError for a date that is not within what is allowed or
    a request key that was used for something else.
    """
    now = store.lock(connection)
    before = store_allow.by_request(connection, wanted.request_key)
    if before is not None:
        same = ("scope", "subject", "rule_code", "expires_on")
        if any(before[name] != getattr(wanted, name) for name in same) or before["proposed_by"] != wanted.by:
            raise InputError(
                "the request key was used for something else", Place(field="request_key"), "Make a fresh one"
            )
        return before, False
    unit = store_allow.subject_unit(connection, wanted.scope, wanted.subject)
    if unit is None:
        raise ThreadMissing(
            f"there is no {wanted.scope.value} {wanted.subject}",
            Place(field="subject"),
            "Choose one on record",
        )
    if wanted.thread_id and not store.threads(connection, [wanted.thread_id]):
        raise ThreadMissing(f"there is no warning {wanted.thread_id}", Place(field="thread_id"))
    today = business_date(now)
    most = parameters.at_or_first("warning_allow_entry_days_most", today).number
    if not today < wanted.expires_on <= today + datetime.timedelta(days=most):
        raise InputError(
            f"an entry must end within {most} days",
            Place(field="expires_on"),
            "Choose a day after today, not beyond the limit",
        )
    row = {
        "entry_id": new_id(),
        "request_key": wanted.request_key,
        "scope": wanted.scope.value,
        "subject": wanted.subject,
        "rule_code": wanted.rule_code,
        "reason": wanted.reason.strip(),
        "expires_on": wanted.expires_on,
        "thread_id": wanted.thread_id,
        "proposed_by": wanted.by,
        "proposed_at": now,
        "unit_id": unit[0],
    }
    return store_allow.propose(connection, row), True


def approve(connection: store.Database, entry_id: str, by: str) -> tuple[store.Row, bool] | None:
    """Put a proposal in force: `(its row, whether that is new)`; None without it. ActRefused for who proposed it, or
    where it was ended."""
    now = store.lock(connection)
    row = store_allow.one(connection, entry_id)
    if row is None:
        return None
    if row["ended_at"] is not None:
        raise ActRefused(Refusal.NOTHING_PROPOSED)
    if row["proposed_by"] == by:
        raise ActRefused(Refusal.MAKER_IS_CHECKER)
    if row["approved_at"] is not None:
        return row, False
    return store_allow.approve(connection, entry_id, by, now), True


def end(connection: store.Database, entry_id: str, by: str, reason: str) -> tuple[store.Row, bool] | None:
    """Refuse a proposal or end an entry: `(its row, whether it was in force)`; None without it. Ending twice is once."""
    now = store.lock(connection)
    row = store_allow.one(connection, entry_id)
    if row is None:
        return None
    if row["ended_at"] is not None:
        return row, False
    return store_allow.end(connection, entry_id, by, now, reason.strip()), row["approved_at"] is not None

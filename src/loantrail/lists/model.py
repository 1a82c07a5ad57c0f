"""Entries of the three lists: what is kept out of the warnings, whom the bank watches, whom it keeps away from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum


class ListName(StrEnum):
    """`allow`: hits of one rule about the subject stay out of the warnings. `watch`, `black`: payments to the subject are
    marked, and rules ask for the mark."""

    ALLOW = "allow"
    WATCH = "watch"
    BLACK = "black"


class ListScope(StrEnum):
    """What an entry is about."""

    LOAN = "loan"  # of the allow list only
    ACCOUNT = "account"  # who was paid
    PARTY = "party"  # who was paid; on the allow list, who borrowed too


class EntryState(StrEnum):
    """Where an entry stands on a business date."""

    WAITING = "waiting"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    ENDED = "ended"


class Refusal(StrEnum):
    """Why something cannot be done with an entry now. None of them changes anything."""

    KEY_USED = "key_used"
    STANDS = "stands"
    ENDED = "ended"
    EXPIRED = "expired"
    MAKER_IS_CHECKER = "maker_is_checker"
    MAKER_DOES_NOT_END = "maker_does_not_end"
    CONTENT_CHANGED = "content_changed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`rule_code`: whose hits an entry of the allow list keeps out; empty for the others. `expires_on`: the last day on
    which it holds. `thread_id`: the warning in which it was proposed."""

    list: ListName
    scope: ListScope
    subject: str
    reason: str
    expires_on: datetime.date
    by: str
    request_key: str
    rule_code: str = ""
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is kept. `content_hash`: of what was proposed (workflow.hash_of_proposal). `name`: of the account, the party, or the loan's borrower, where it is known; names of people
    are their numbers where the staff list does not know them."""

    entry_id: str
    request_key: str
    list: ListName
    scope: ListScope
    subject: str
    name: str | None
    rule_code: str
    reason: str
    expires_on: datetime.date
    thread_id: str | None
    content_hash: str
    maker: str
    maker_name: str
    made_at: datetime.datetime
    checker: str | None
    checker_name: str | None
    checked_at: datetime.datetime | None
    ended_by: str | None
    ended_by_name: str | None
    ended_at: datetime.datetime | None
    ended_reason: str | None

    def state_on(self, date: datetime.date) -> EntryState:
        if self.ended_at is not None:
            return EntryState.ENDED
        if self.expires_on < date:
            return EntryState.EXPIRED
        return EntryState.WAITING if self.checked_at is None else EntryState.IN_FORCE

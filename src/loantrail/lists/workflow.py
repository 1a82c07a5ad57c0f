"""What may be done with an entry of a list. Decides; stores nothing.

Whatever lets a payment pass unseen takes two people: to put an entry on the allow list, to take one off the watch or black list.
What brings more to light, ending an entry of the allow list, takes one.
"""

from __future__ import annotations

import datetime

from loantrail.approvals.model import hash_of
from loantrail.errors import InputError, Place
from loantrail.lists.model import Entry, EntryState, ListName, ListScope, Proposal, Refusal


def refused_proposal(wanted: Proposal, today: datetime.date, allow_days_most: int) -> InputError | None:
    """What is wrong with a proposal by itself; `allow_days_most`: how long an entry of the allow list may hold."""
    if wanted.list is ListName.ALLOW:
        if not wanted.rule_code:
            return InputError(
                "an entry of the allow list names a rule", Place(field="rule_code"), "Name the rule"
            )
        if not today <= wanted.expires_on <= today + datetime.timedelta(days=allow_days_most):
            return InputError(
                f"an entry must end within {allow_days_most} days",
                Place(field="expires_on"),
                "Choose today or a later date, not beyond the limit",
            )
        return None
    if wanted.rule_code or wanted.thread_id:
        return InputError(
            "only entries of the allow list name a rule or a warning",
            Place(field="rule_code"),
            "Leave it out, or choose the allow list",
        )
    if wanted.scope is ListScope.LOAN:
        return InputError(
            "only the allow list takes loans", Place(field="scope"), "Choose an account or a party"
        )
    if wanted.expires_on < today:
        return InputError(
            "the entry would expire in the past", Place(field="expires_on"), "Choose today or a later date"
        )
    return None


def hash_of_proposal(proposed: Proposal | Entry) -> str:
    """SHA-256 of what is proposed, or was; who approves names it."""
    return hash_of(
        {
            "list": proposed.list.value,
            "scope": proposed.scope.value,
            "subject": proposed.subject,
            "rule_code": proposed.rule_code,
            "reason": proposed.reason.strip(),
            "expires_on": proposed.expires_on.isoformat(),
            "thread_id": proposed.thread_id,
        }
    )


def is_same(entry: Entry, wanted: Proposal) -> bool:
    """Whether an entry is what this proposal made, sent once more."""
    return (entry.list, entry.scope, entry.subject, entry.rule_code, entry.expires_on, entry.maker) == (
        wanted.list,
        wanted.scope,
        wanted.subject,
        wanted.rule_code,
        wanted.expires_on,
        wanted.by,
    )


def refused_approval(entry: Entry, by: str, content_hash: str, today: datetime.date) -> Refusal | None:
    """Why this person cannot approve what they read, told by its hash; None where they can."""
    state = entry.state_on(today)
    if state is EntryState.ENDED:
        return Refusal.ENDED
    if entry.maker == by:
        return Refusal.MAKER_IS_CHECKER
    if state is EntryState.EXPIRED:
        return Refusal.EXPIRED
    return None if content_hash == entry.content_hash == hash_of_proposal(entry) else Refusal.CONTENT_CHANGED


def refused_ending(entry: Entry, by: str, today: datetime.date) -> Refusal | None:
    in_force = entry.state_on(today) is EntryState.IN_FORCE
    if in_force and entry.list is not ListName.ALLOW and entry.maker == by:
        return Refusal.MAKER_DOES_NOT_END
    return None

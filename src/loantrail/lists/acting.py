"""People at work on the lists: one proposes an entry, a second one approves, until a day. The caller commits."""

from __future__ import annotations

from typing import Final

from loantrail.clock import business_date
from loantrail.early_warning.patterns import PATTERNS
from loantrail.errors import InputError, Place
from loantrail.ids import new_id
from loantrail.lists import store
from loantrail.lists.model import Entry, EntryState, Proposal, Refusal
from loantrail.lists.workflow import (
    hash_of_proposal,
    is_same,
    refused_approval,
    refused_ending,
    refused_proposal,
)
from loantrail.parameters import ParameterBook

_WORDS: Final[dict[Refusal, tuple[str, str, str]]] = {
    Refusal.KEY_USED: ("the request key was used for something else", "Make a fresh one", "request_key"),
    Refusal.STANDS: ("it is on the list, or proposed for it", "End that entry first", "subject"),
    Refusal.ENDED: ("the entry has ended", "Propose it anew", ""),
    Refusal.EXPIRED: ("the entry is past its last day", "Propose it anew", ""),
    Refusal.MAKER_IS_CHECKER: ("the same person proposed it", "Ask a second person", ""),
    Refusal.CONTENT_CHANGED: ("the proposal is not the one that was read", "Read it again", ""),
    Refusal.MAKER_DOES_NOT_END: ("whoever proposed an entry does not end it", "Ask a second person", ""),
}


class EntryRefused(InputError):
    """The act cannot be done with the entry now; the code says why."""

    def __init__(self, refusal: Refusal) -> None:
        problem, remedy, field = _WORDS[refusal]
        super().__init__(problem, Place(field=field), remedy)
        self.code = refusal.value


class SubjectMissing(InputError):
    """There is no such loan, account, party or warning."""

    code = "not_found"


def allow_rules(connection: store.Database) -> dict[str, tuple[str, str]]:
    """What an entry of the allow list may name: the code of each rule and pattern, with the rule's Chinese and English name; both
    are empty for a pattern alone."""
    known = {code: (chinese, english) for code, chinese, english in store.rule_names(connection)}
    return {**dict.fromkeys(PATTERNS, ("", "")), **known}


def propose(connection: store.Database, wanted: Proposal, parameters: ParameterBook) -> tuple[Entry, bool]:
    """Propose an entry: `(it, whether it is new)`. The same request twice is one.

    Raises EntryRefused where it stands on the list or the request key was used otherwise, SubjectMissing for what is not
    on record, InputError for a date or a rule that does not go with the list.
    """
    now = store.lock(connection)
    before = store.by_request(connection, wanted.request_key)
    if before is not None:
        if not is_same(before, wanted):
            raise EntryRefused(Refusal.KEY_USED)
        return before, False
    unit = store.subject_unit(connection, wanted.scope, wanted.subject)
    if unit is None:
        raise SubjectMissing(
            f"the books know no {wanted.scope.value} {wanted.subject}",
            Place(field="subject"),
            "Check the number",
        )
    if wanted.thread_id and not store.is_thread(connection, wanted.thread_id):
        raise SubjectMissing(f"there is no warning {wanted.thread_id}", Place(field="thread_id"))
    today = business_date(now)
    most = parameters.at_or_first("warning_allow_entry_days_most", today).number
    problem = refused_proposal(wanted, today, most)
    if problem is not None:
        raise problem
    if wanted.rule_code and wanted.rule_code not in allow_rules(connection):
        raise InputError(
            f"there is no rule {wanted.rule_code}",
            Place(field="rule_code"),
            "Choose one of the rules and patterns",
        )
    if store.stands(connection, wanted, today):
        raise EntryRefused(Refusal.STANDS)
    return store.insert(connection, new_id(), wanted, hash_of_proposal(wanted), now, unit[0]), True


def approve(
    connection: store.Database, entry_id: str, by: str, content_hash: str
) -> tuple[Entry, bool] | None:
    """Put a proposal in force: `(it, whether that is new)`; None where there is none. `content_hash`: of the proposal as it was
    read. EntryRefused for who proposed it, where it ended or is past its day, and where it is another one."""
    now = store.lock(connection)
    entry = store.one(connection, entry_id)
    if entry is None:
        return None
    refusal = refused_approval(entry, by, content_hash, business_date(now))
    if refusal is not None:
        raise EntryRefused(refusal)
    if entry.checked_at is not None:
        return entry, False
    return store.check(connection, entry_id, by, now), True


def end(connection: store.Database, entry_id: str, by: str, reason: str) -> tuple[Entry, bool] | None:
    """Refuse a proposal or end an entry: `(it, whether it was in force)`; None where there is none. Ending twice is once."""
    now = store.lock(connection)
    entry = store.one(connection, entry_id)
    if entry is None:
        return None
    if entry.ended_at is not None:
        return entry, False
    today = business_date(now)
    refusal = refused_ending(entry, by, today)
    if refusal is not None:
        raise EntryRefused(refusal)
    was_in_force = entry.state_on(today) is EntryState.IN_FORCE
    return store.end(connection, entry_id, by, now, reason.strip()), was_in_force

"""One person proposes, a second one decides; what is approved is done in the same transaction. The caller commits.

A kind of proposal is told by a `Kind`: who may decide it, what it would do, and how it is done. The kinds stand in
loantrail.http.approving.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from loantrail.approvals import store
from loantrail.approvals.model import Described, Refusal, Request, State, hash_of
from loantrail.approvals.workflow import refused_decision, refused_withdrawal
from loantrail.clock import business_date
from loantrail.errors import InputError, Place
from loantrail.identity.abilities import Ability
from loantrail.ids import new_id
from loantrail.policy.reading import parameters_in_force

_WORDS: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.DECIDED: ("the proposal is decided already", "Read it again"),
    Refusal.EXPIRED: ("the proposal waited too long", "Have it proposed anew"),
    Refusal.MAKER_IS_CHECKER: ("the same person proposed it", "Ask a second person"),
    Refusal.NOT_THE_MAKER: ("only who proposed it takes it back", "Refuse it instead"),
    Refusal.CONTENT_CHANGED: ("the proposal is not what was proposed", "Refuse it, and tell the auditors"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of proposal. `describe` and `do` raise InputError where it cannot be done now; `do` gives what is kept as the
    result, and may return a secret that is shown once to who approves and kept nowhere (key `once`)."""

    name: str
    chinese: str
    english: str
    decides: Ability
    describe: Callable[[store.Database, Mapping[str, Any], str, datetime.datetime], Described]
    do: Callable[[store.Database, Mapping[str, Any], str, str, datetime.datetime], Mapping[str, Any]]


class DecisionRefused(InputError):
    """It cannot be decided now; `code` is the refusal's name."""

    def __init__(self, refusal: Refusal) -> None:
        problem, remedy = _WORDS[refusal]
        super().__init__(problem, remedy=remedy)
        self.code = refusal.value


class OtherContent(InputError):
    """What is decided is not the proposal that was read."""

    code = "content_changed"


def propose(
    connection: store.Database,
    kind: Kind,
    content: Mapping[str, Any],
    reason: str,
    maker: str,
    request_key: str,
    now: datetime.datetime,
) -> tuple[Request, bool]:
    """Keep a proposal: `(it, whether it is new)`. The same request twice is one. InputError where it could not be done were it
    approved now, or the key was used for something else."""
    before = store.by_key(connection, request_key)
    if before is not None:
        if (before.kind, before.content_hash, before.maker) != (kind.name, hash_of(content), maker):
            raise InputError(
                "the request key was used for something else", Place(field="request_key"), "Make a fresh one"
            )
        return before, False
    described = kind.describe(connection, content, maker, now)
    days = parameters_in_force(connection).at_or_first("approval_waiting_days", business_date(now)).number
    request = Request(
        request_id=new_id(),
        kind=kind.name,
        subject=described.subject,
        title_chinese=described.title_chinese,
        title_english=described.title_english,
        content=content,
        content_hash=hash_of(content),
        before=described.before,
        after=described.after,
        reason=reason,
        maker=maker,
        made_at=now,
        expires_at=now + datetime.timedelta(days=days),
        unit_id=described.unit_id,
        state=State.WAITING,
        checker=None,
        decided_at=None,
        decision_reason=None,
        result=None,
    )
    store.insert(connection, request, request_key)
    return request, True


@dataclass(frozen=True, slots=True)
class Decided:
    """`once`: secrets that are shown to who decided and kept nowhere."""

    request: Request
    once: Mapping[str, Any]


def approve(
    connection: store.Database, kind: Kind, request_id: str, checker: str, reason: str, now: datetime.datetime
) -> Decided | None:
    """Do what was proposed; None where there is no such proposal. DecisionRefused; InputError where it cannot be done any more:
    then it still waits, to be refused."""
    request = store.one(connection, request_id, lock=True)
    if request is None:
        return None
    refusal = refused_decision(request, checker, now)
    if refusal is not None:
        raise DecisionRefused(refusal)
    result = dict(kind.do(connection, request.content, request.maker, checker, now))
    once = result.pop("once", {})
    return Decided(store.decide(connection, request_id, State.APPROVED, checker, now, reason, result), once)


def refuse(
    connection: store.Database, request_id: str, checker: str, reason: str, now: datetime.datetime
) -> Request | None:
    """Refuse what was proposed; None where there is no such proposal. DecisionRefused for its maker, and where it is decided."""
    request = store.one(connection, request_id, lock=True)
    if request is None:
        return None
    refusal = refused_decision(request, checker, now)
    # What waited too long or was tampered with can still be refused.
    if refusal is not None and refusal not in (Refusal.EXPIRED, Refusal.CONTENT_CHANGED):
        raise DecisionRefused(refusal)
    return store.decide(connection, request_id, State.REFUSED, checker, now, reason, None)


def withdraw(
    connection: store.Database, request_id: str, by: str, reason: str, now: datetime.datetime
) -> Request | None:
    """Take a proposal back; None where there is no such proposal."""
    request = store.one(connection, request_id, lock=True)
    if request is None:
        return None
    refusal = refused_withdrawal(request, by)
    if refusal is not None:
        raise DecisionRefused(refusal)
    return store.decide(connection, request_id, State.WITHDRAWN, None, now, reason, None)

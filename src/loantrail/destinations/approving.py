"""A correction of a payee's class that touches much loan money, as a proposal that a second person decides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.clock import business_date
from loantrail.destinations import store
from loantrail.destinations.corrections import Correction, Scope, correct
from loantrail.destinations.model import BY_NAME
from loantrail.identity.abilities import Ability
from loantrail.policy.reading import parameters_in_force
from loantrail.tracing import store_evaluation


def needs_approval(connection: store.Database, wanted: Correction, now: datetime.datetime) -> bool:
    """Whether the loan money that the correction touches, by the trace that screens read, reaches the limit."""
    limit_fen = (
        parameters_in_force(connection).at_or_first("correction_approval_fen", business_date(now)).number
    )
    return store.touched_fen(connection, wanted.scope, wanted.subject) >= limit_fen


def written(wanted: Correction) -> dict[str, str]:
    """The content of a proposal."""
    return {
        "scope": wanted.scope.value,
        "subject": wanted.subject,
        "destination_class": wanted.destination_class,
        "reason": wanted.reason,
        "request_key": wanted.request_key,
    }


def _read(content: Mapping[str, Any], by: str) -> Correction:
    return Correction(
        scope=Scope(content["scope"]),
        subject=content["subject"],
        destination_class=content["destination_class"],
        reason=content["reason"],
        by=by,
        request_key=content["request_key"],
    )


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    del now
    wanted = _read(content, maker)
    touched = store.touched_fen(connection, wanted.scope, wanted.subject)
    before = store.class_of(connection, wanted.scope, wanted.subject)
    named, stands = BY_NAME[wanted.destination_class], BY_NAME.get(before or "")
    chinese = english = wanted.subject
    if wanted.scope is Scope.TRANSACTION and stands is not None:
        # A transaction's id says nothing to a person; an account's number does.
        chinese, english = stands.chinese, stands.english
    return Described(
        subject=wanted.subject,
        title_chinese=f"更正去向类别：{chinese} → {named.chinese}",
        title_english=f"Correct a payee's class: {english} → {named.english}",
        before={"destination_class": before},
        after={
            "destination_class": wanted.destination_class,
            "scope": wanted.scope.value,
            "loan_money_fen": str(touched),
        },
        unit_id=store.subject_unit(connection, wanted.scope, wanted.subject),
    )


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    del checker, now
    row, new = correct(connection, _read(content, maker))
    change = store_evaluation.request(connection) if new else None
    return {"correction_id": row["correction_id"], "change": change}


CLASS_CORRECTION: Final = Kind(
    "class_correction",
    "去向类别更正",
    "Correction of a payee's class",
    Ability.APPROVE_CORRECTIONS,
    _describe,
    _do,
)

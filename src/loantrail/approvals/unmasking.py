"""Seeing who stands along the trace of a loan for some days, as a proposal that a second person decides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from loantrail.approvals import store
from loantrail.approvals.deciding import Kind
from loantrail.approvals.model import Described
from loantrail.clock import business_date
from loantrail.errors import InputError, Place
from loantrail.identity.abilities import Ability
from loantrail.policy.reading import parameters_in_force


def _describe(
    connection: store.Database, content: Mapping[str, Any], maker: str, now: datetime.datetime
) -> Described:
    loan_id = content["loan_id"]
    unit = store.unit_of_loan(connection, loan_id)
    if unit is None:
        raise InputError(f"there is no loan {loan_id}", Place(field="loan_id"), "Search the list of loans")
    days, name = _days(connection, now), store.name_of(connection, maker)
    return Described(
        subject=loan_id,
        title_chinese=f"查看贷款 {loan_id} 追踪路径上的第三方（{name}，{days} 天）",
        title_english=f"See third parties along the trace of loan {loan_id} ({name}, {days} days)",
        before={"third_parties": "masked"},
        after={"third_parties": "in clear", "person": maker, "days": days},
        unit_id=unit,
    )


def _do(
    connection: store.Database, content: Mapping[str, Any], maker: str, checker: str, now: datetime.datetime
) -> Mapping[str, Any]:
    del checker
    until = now + datetime.timedelta(days=_days(connection, now))
    store.open_trace(connection, content["loan_id"], maker, until)
    return {"until": until.isoformat()}


def _days(connection: store.Database, now: datetime.datetime) -> int:
    return parameters_in_force(connection).at_or_first("unmasking_days", business_date(now)).number


UNMASKING: Final = Kind(
    "unmasking", "查看第三方", "See third parties", Ability.APPROVE_UNMASKING, _describe, _do
)

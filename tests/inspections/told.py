"""A check told in events, for the tests of the inspections."""

from __future__ import annotations

import datetime
from typing import Any, Final

from loantrail.inspections.decide import Due
from loantrail.inspections.model import (
    Act,
    Check,
    CheckKind,
    Event,
    Judge,
    Kind,
    Line,
    LineJudgement,
    Policy,
    Refusal,
    policy_of,
)
from loantrail.inspections.timeline import after, check_of
from loantrail.inspections.workflow import Material, decide
from loantrail.parameters import shipped_parameters

NOW: Final = datetime.datetime(2025, 4, 1, 2, 0, tzinfo=datetime.UTC)
TODAY: Final = datetime.date(2025, 4, 1)
PAID: Final = datetime.date(2025, 3, 25)
DUE: Final = Due(datetime.date(2025, 4, 9), datetime.date(2025, 4, 9), "first_inspection_company_days")
POLICY: Final[Policy] = policy_of(shipped_parameters(), TODAY)
YUAN: Final = 100
SUPPLIER: Final = Line("supplier", "documented", 600_000 * YUAN)
TAX: Final = Line("tax", "documented", 50_000 * YUAN)
SECURITIES: Final = Line("securities", "prohibited", 100_000 * YUAN)
ELSEWHERE: Final = Line("same_name_other_bank", "left_bank", 50_000 * YUAN)
UNUSED: Final = Line("held_by_borrower", "held", 200_000 * YUAN)
LINES: Final = (SUPPLIER, TAX, SECURITIES, ELSEWHERE, UNUSED)
"""A loan of a million yuan."""


def created(**data: Any) -> Check:
    """A check that was just made."""
    told = {
        "check_kind": CheckKind.FIRST.value,
        "paid_out_on": PAID.isoformat(),
        "assignee": "S1",
        "reviewer": "S9",
        "regular_due_on": DUE.regular_on.isoformat(),
        "due_on": DUE.on.isoformat(),
        "due_rule": DUE.rule,
    }
    return check_of([Event(Kind.CREATED, NOW, "", told | data)])


def material(lines: tuple[Line, ...] | None = LINES, **record: Any) -> Material:
    return Material(lines, DUE, record)


def told(check: Check, act: Act, by: str = "S1", lines: tuple[Line, ...] | None = LINES) -> Check | Refusal:
    """What the check becomes, or why the act is refused."""
    events = decide(check, act, by, NOW, material(lines), POLICY)
    if isinstance(events, Refusal):
        return events
    for event in events:
        check = after(check, event)
    return check


def done(check: Check, act: Act, by: str = "S1", lines: tuple[Line, ...] | None = LINES) -> Check:
    """As `told`, of an act that must not be refused."""
    became = told(check, act, by, lines)
    assert isinstance(became, Check), became
    return became


def judged(check: Check, by: str = "S1", **said: str) -> Check:
    """Lines judged by `use="judgement"` or `use="judgement: reason"`."""
    for use, text in said.items():
        judgement, _, reason = text.partition(": ")
        check = done(check, Judge(use, LineJudgement(judgement), reason), by)
    return check


def all_genuine(by: str = "S1") -> Check:
    return judged(
        created(),
        by,
        supplier="genuine",
        tax="genuine",
        securities="genuine: 结算户误分类",
        same_name_other_bank="genuine",
    )

"""A warning thread: everything that speaks of one loan, and what people did about it. Records only."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from loantrail.early_warning.hits import LEVELS, Level
from loantrail.parameters import Parameter, ParameterBook
from loantrail.working_days import WorkingCalendar, statutory


class ThreadState(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"  # put aside until a date
    CLOSED = "closed"  # released by a second person
    SUPERSEDED = "superseded"  # nobody acted, and a later run finds nothing of it any more


LIVE: Final = (ThreadState.OPEN, ThreadState.SNOOZED)


class Disposition(StrEnum):
    """What one person says of a warning."""

    TRUE_POSITIVE = "true_positive"  # the suspicion is confirmed; a finding takes two
    FALSE_ALARM = "false_alarm"
    PENDING = "pending"  # looked at, not settled


class Kind(StrEnum):
    """Everything that can stand on a timeline."""

    OPENED = "opened"
    HIT_ADDED = "hit_added"
    HIT_GREW = "hit_grew"
    HIT_SHRANK = "hit_shrank"
    HIT_SUPERSEDED = "hit_superseded"
    LEVEL_RAISED = "level_raised"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"
    ESCALATED = "escalated"
    WOKEN = "woken"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    DISPOSED = "disposed"
    MEASURE_TAKEN = "measure_taken"
    LOWERING_PROPOSED = "lowering_proposed"
    LOWERING_APPROVED = "lowering_approved"
    LOWERING_REFUSED = "lowering_refused"
    FINDING_PROPOSED = "finding_proposed"
    BORROWER_HEARD = "borrower_heard"
    FINDING_APPROVED = "finding_approved"
    FINDING_REFUSED = "finding_refused"
    CLOSED = "closed"


class Refusal(StrEnum):
    """Why an act cannot be done now. None of them changes anything."""

    CLOSED = "thread_closed"
    NOT_CLOSED = "thread_not_closed"
    MAKER_IS_CHECKER = "maker_is_checker"
    NOTHING_PROPOSED = "nothing_proposed"
    ALREADY_PROPOSED = "already_proposed"
    PROPOSAL_OPEN = "proposal_open"
    REASON_MISSING = "reason_missing"
    REASON_UNKNOWN = "reason_unknown"
    MEASURE_UNKNOWN = "measure_unknown"
    MEASURE_MISSING = "measure_missing"
    NOT_LOWER = "level_not_lower"
    SNOOZE_DATE = "snooze_date"
    RED_NOT_SNOOZED = "red_not_snoozed"
    NOT_SNOOZED = "not_snoozed"
    NOT_DISPOSED = "not_disposed"
    NOT_TRUE = "not_true_positive"
    BORROWER_NOT_HEARD = "borrower_not_heard"
    HEARING_DATE = "hearing_date"
    HEARING_EARLY = "hearing_early"
    ALREADY_FOUND = "already_found"
    ASSIGNED_ALREADY = "assigned_already"
    CONTENT_CHANGED = "content_changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a timeline. `by` is empty where the system acted; `data` holds texts, numbers and lists only."""

    kind: Kind
    at: datetime.datetime
    by: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Found:
    """A hit of the last run that speaks of the loan."""

    hit_id: str
    rule_code: str
    level: Level
    amount_fen: int
    at: datetime.datetime
    payments: int | None = None
    """How many payments made it, where each did by itself and the amount is that of the largest; None where the amount counts
    them together."""
    rule_version: str = ""


@dataclass(frozen=True, slots=True)
class KnownHit:
    """A hit as the thread knows it; not standing once a run no longer found it."""

    rule_code: str
    level: Level
    amount_fen: int
    standing: bool
    judged_fen: int
    """What it came to when a person last judged the thread, or when it came."""
    payments: int | None = None
    judged_payments: int | None = None
    """As `Found.payments` and `judged_fen`; None of hits from before they were counted."""
    rule_version: str = ""


@dataclass(frozen=True, slots=True)
class Lowering:
    """`content_hash`: of what is proposed (workflow.hash_of_proposal); who approves names it."""

    level: Level
    by: str
    reason: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """认定: proposed by one person, approved by another after the borrower was heard. `content_hash` as of a lowering."""

    text: str
    by: str
    content_hash: str
    heard_on: datetime.date | None = None
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """What the timeline comes to. `version` counts its events; `due_at` is the next deadline."""

    version: int
    level: Level
    state: ThreadState
    opened_at: datetime.datetime
    first_at: datetime.datetime
    due_at: datetime.datetime
    answer_due_at: datetime.datetime
    """By when it must be judged, whether it was or not."""
    measures_due_at: datetime.datetime | None = None
    """By when measures must be taken, since the suspicion was confirmed first."""
    hits: Mapping[str, KnownHit] = field(default_factory=dict[str, KnownHit])
    assignee: str = ""
    snoozed_until: datetime.date | None = None
    aside_since: datetime.date | None = None
    """When it was first put aside since it was judged, opened again or anything was added."""
    disposition: Disposition | None = None
    disposed_by: str = ""
    disposition_reason: str = ""
    measures: tuple[str, ...] = ()
    lowering: Lowering | None = None
    finding: Finding | None = None
    touched: bool = False
    """Whether a person ever acted on it."""
    superseded: bool = False
    """No run finds any of its hits any more."""
    escalated: bool = False

    @property
    def standing(self) -> dict[str, KnownHit]:
        """The hits that the last run found."""
        return {hit_id: hit for hit_id, hit in self.hits.items() if hit.standing}


@dataclass(frozen=True, slots=True)
class Policy:
    """The parameters of one business date that decide about threads."""

    response_days: Mapping[Level, int]
    red_hours: int
    red_escalation_hours: int
    weak_signals: int
    measures: Mapping[Level, tuple[str, ...]]
    owner_roles: Mapping[Level, tuple[str, ...]]
    branch_owner_roles: tuple[str, ...]
    """Who answers for a red warning that the branch works."""
    head_office_from: Parameter
    """Loan amount in fen from which a red warning is not the branch's."""
    manager_roles: tuple[str, ...]
    """Who does a relationship manager's work on warnings."""
    false_alarm_reasons: tuple[str, ...]
    measure_days: int
    snooze_days: int
    escalation_days: int
    growth_ppm: int
    calendar: WorkingCalendar = field(default_factory=statutory)
    """Which days count as working days."""


def policy_of(
    parameters: ParameterBook, on_date: datetime.date, calendar: WorkingCalendar | None = None
) -> Policy:
    """The policy in force on a business date. `calendar`: that of the bank; without it that of the law."""

    def at(name: str) -> int:
        return parameters.at_or_first(name, on_date).number

    def names(name: str) -> tuple[str, ...]:
        return parameters.at_or_first(name, on_date).names

    return Policy(
        response_days={level: at(f"warning_{level}_response") for level in LEVELS if level is not Level.RED},
        red_hours=at("warning_red_response_hours"),
        red_escalation_hours=at("warning_red_escalation_hours"),
        weak_signals=at("warning_yellow_weak_signals"),
        measures={level: names(f"warning_{level}_measures") for level in LEVELS},
        owner_roles={level: names(f"warning_{level}_owner_roles") for level in LEVELS},
        branch_owner_roles=names("warning_red_branch_owner_roles"),
        head_office_from=parameters.at_or_first("warning_red_head_office_fen", on_date),
        manager_roles=names("warning_manager_roles"),
        false_alarm_reasons=names("warning_false_alarm_reasons"),
        measure_days=at("warning_measure_working_days"),
        snooze_days=at("warning_snooze_days_most"),
        escalation_days=at("warning_escalation_working_days"),
        growth_ppm=at("warning_reopen_growth_ppm"),
        calendar=statutory() if calendar is None else calendar,
    )


# ---- what a person can do ----


@dataclass(frozen=True, slots=True)
class Assign:
    to: str


@dataclass(frozen=True, slots=True)
class Snooze:
    until: datetime.date
    reason: str


@dataclass(frozen=True, slots=True)
class Wake:
    pass


@dataclass(frozen=True, slots=True)
class Dispose:
    disposition: Disposition
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TakeMeasure:
    measure: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ProposeLowering:
    level: Level
    reason: str


@dataclass(frozen=True, slots=True)
class ApproveLowering:
    content_hash: str


@dataclass(frozen=True, slots=True)
class RefuseLowering:
    reason: str


@dataclass(frozen=True, slots=True)
class ProposeFinding:
    text: str


@dataclass(frozen=True, slots=True)
class RecordHearing:
    on: datetime.date
    note: str


@dataclass(frozen=True, slots=True)
class ApproveFinding:
    content_hash: str


@dataclass(frozen=True, slots=True)
class RefuseFinding:
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    reason: str


@dataclass(frozen=True, slots=True)
class Reopen:
    reason: str


Act = (
    Assign
    | Snooze
    | Wake
    | Dispose
    | TakeMeasure
    | ProposeLowering
    | ApproveLowering
    | RefuseLowering
    | ProposeFinding
    | RecordHearing
    | ApproveFinding
    | RefuseFinding
    | Close
    | Reopen
)
SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
"""Business dates: Asia/Shanghai has had no summer time since 1991."""

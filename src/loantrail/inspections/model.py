"""A loan check: the lines of the statement that were judged, what was concluded, and who reviewed it. Records only.

Source: domain facts A4 (use of the money), A5 (inspection practice), G2 (首检: vouchers, flow, conclusion, review).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from loantrail.parameters import ParameterBook

SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
"""Business dates: Asia/Shanghai has had no summer time since 1991."""
NOT_USED: Final = ("held_by_borrower", "in_transit")
"""Lines of money that nobody used yet: there is nothing to judge."""
RETAIL_KINDS: Final = ("individual",)
"""Kinds of borrowers whose loans are retail."""


class CheckKind(StrEnum):
    FIRST = "first"  # 首检, after the loan was paid out


class CheckState(StrEnum):
    OPEN = "open"  # 应做
    SUBMITTED = "submitted"  # waits for a second person
    CLOSED = "closed"  # 已做
    TAKEN_OVER = "taken_over"  # old when Loantrail began: not needed unless somebody asks for it


class LineJudgement(StrEnum):
    """What one person says of a line."""

    GENUINE = "genuine"  # 属实: used so, and in accordance with the contract
    NOT_GENUINE = "not_genuine"  # 不属实: a suspicion that one person confirms, no finding
    MORE_PAPERS = "more_papers"  # 补材料


class Conclusion(StrEnum):
    AS_AGREED = "as_agreed"
    PARTLY_AS_AGREED = "partly_as_agreed"
    NOT_AS_AGREED = "not_as_agreed"
    UNDETERMINED = "undetermined"


class Paper(StrEnum):
    """What a voucher is."""

    CONTRACT = "contract"
    INVOICE = "invoice"
    RECEIPT = "receipt"
    BANK_STATEMENT = "bank_statement"
    PHOTO = "photo"
    OTHER = "other"


class Kind(StrEnum):
    """Everything that can stand on the timeline of a check."""

    CREATED = "created"
    TAKEN_OVER = "taken_over"
    ASKED_FOR = "asked_for"
    ASSIGNED = "assigned"
    JUDGED = "judged"
    VOUCHER_ADDED = "voucher_added"
    VOUCHER_LINKED = "voucher_linked"
    VOUCHER_WITHDRAWN = "voucher_withdrawn"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    CLOSED = "closed"
    REOPENED = "reopened"
    FIGURES_CHANGED = "figures_changed"
    FIGURES_RESTORED = "figures_restored"


class FiguresChange(StrEnum):
    """What became of the figures after a check was submitted."""

    NO = "no"
    MOVED_ON = "moved_on"  # money that lay unused then was used since
    REVISED = "revised"  # what the check rests on became another


class Refusal(StrEnum):
    """Why an act cannot be done now. None of them changes anything."""

    NOT_OPEN = "check_not_open"
    NOT_SUBMITTED = "check_not_submitted"
    NOT_CLOSED = "check_not_closed"
    NOT_TAKEN_OVER = "check_not_taken_over"
    MAKER_IS_CHECKER = "maker_is_checker"
    REASON_MISSING = "reason_missing"
    VOUCHER_OR_REASON = "voucher_or_reason"
    LINE_UNKNOWN = "line_unknown"
    NOTHING_TO_JUDGE = "nothing_to_judge"
    NOT_ALL_JUDGED = "not_all_judged"
    NOT_TRACED = "loan_not_traced"
    TEXT_MISSING = "text_missing"
    OTHER_THAN_PROPOSED = "other_than_proposed"
    ASSIGNED_ALREADY = "assigned_already"
    VOUCHER_UNKNOWN = "voucher_unknown"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a timeline. `by` is empty where the system acted; `data` holds texts, numbers and lists only."""

    kind: Kind
    at: datetime.datetime
    by: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the loan's statement as it is now. `suspected`: a lead of the trace speaks of it; `restricted`: a use
    that is forbidden or restricted for most products, and not what this product is for."""

    use: str
    group: str
    amount_fen: int
    suspected: bool = False
    vouchers: int = 0
    """Vouchers that were brought for it and stand."""
    lacking: bool = False
    """Whether a paper that is asked for is missing."""

    @property
    def restricted(self) -> bool:
        return self.group == "prohibited"

    @property
    def wants_judgement(self) -> bool:
        return self.use not in NOT_USED and self.amount_fen > 0

    @property
    def plain(self) -> bool:
        """Documented, with all that is asked for, and nothing speaks against it: judged together with others alike."""
        return self.wants_judgement and self.group == "documented" and not self.suspected and not self.lacking


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of a line, and what the line came to then."""

    judgement: LineJudgement
    reason: str
    amount_fen: int
    by: str
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted. `figures`: use -> fen of the statement then."""

    conclusion: Conclusion
    text: str
    by: str
    at: datetime.datetime
    figures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """What the timeline comes to. `version` counts its events."""

    version: int
    kind: CheckKind
    state: CheckState
    opened_at: datetime.datetime
    paid_out_on: datetime.date
    regular_due_on: datetime.date | None = None
    due_on: datetime.date | None = None
    due_rule: str = ""
    assignee: str = ""
    reviewer: str = ""
    assigned_by_person: bool = False
    judgements: Mapping[str, Judged] = field(default_factory=dict[str, Judged])
    submission: Submission | None = None
    returned: bool = False
    returned_count: int = 0
    return_reason: str = ""
    reviewed_by: str = ""
    closed_at: datetime.datetime | None = None
    change: FiguresChange = FiguresChange.NO
    differences: Mapping[str, int] = field(default_factory=dict[str, int])
    """Use -> fen that the statement has more (or, below 0, less) than what was submitted."""

    def judged_fen(self, judgement: LineJudgement) -> int:
        """What the lines come to that were judged so."""
        return sum(one.amount_fen for one in self.judgements.values() if one.judgement is judgement)


@dataclass(frozen=True, slots=True)
class Policy:
    """The parameters of one business date that decide about checks."""

    take_over_days: int
    least_days: int
    reviewer_roles: tuple[str, ...]
    growth_ppm: int
    not_as_agreed_ppm: int
    unseen_ppm: int


def policy_of(parameters: ParameterBook, on_date: datetime.date) -> Policy:
    """The policy in force on a business date."""

    def at(name: str) -> int:
        return parameters.at_or_first(name, on_date).number

    return Policy(
        take_over_days=at("check_take_over_days"),
        least_days=at("check_least_days"),
        reviewer_roles=parameters.at_or_first("check_reviewer_roles", on_date).names,
        growth_ppm=at("check_growth_ppm"),
        not_as_agreed_ppm=at("check_not_as_agreed_ppm"),
        unseen_ppm=at("check_unseen_ppm"),
    )


def business_date(instant: datetime.datetime) -> datetime.date:
    """The Asia/Shanghai date of an instant."""
    return instant.astimezone(SHANGHAI).date()


# ---- what a person can do ----


@dataclass(frozen=True, slots=True)
class Judge:
    use: str
    judgement: LineJudgement
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JudgePlain:
    """All lines that are plain and not judged yet are genuine."""


@dataclass(frozen=True, slots=True)
class Assign:
    to: str


@dataclass(frozen=True, slots=True)
class AskFor:
    """Make the check of a loan that was taken over."""

    reason: str


@dataclass(frozen=True, slots=True)
class Submit:
    conclusion: Conclusion
    text: str
    language: str
    reason: str = ""
    """Why another conclusion than the proposed one."""


@dataclass(frozen=True, slots=True)
class Return:
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reopen:
    reason: str


Act = Judge | JudgePlain | Assign | AskFor | Submit | Return | Close | Reopen
REVIEWING: Final = (Return, Close, Reopen)
"""Acts of the second person."""

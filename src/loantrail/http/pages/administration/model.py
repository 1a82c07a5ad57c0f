"""What the pages of administration are answered with."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field, computed_field

from loantrail.http.pages.model import Answer, Failing
from loantrail.wording import in_chinese

FindingLevel = Literal["ok", "warning", "problem"]


class ParameterValue(Answer):
    """A value and the day from which it holds."""

    number: str | None = Field(
        description="A whole number of the unit as decimal text; null for a list of names."
    )
    names: list[str]
    inclusive: bool = Field(description="Whether the threshold itself already counts.")
    effective_from: datetime.date


class ParameterDecision(Answer):
    """Who proposed something about a parameter, who approved it and when."""

    change_id: str
    maker: str
    maker_name: str
    checker: str
    checker_name: str
    decided_at: datetime.datetime


class ParameterPeriod(ParameterValue):
    """A value and the days on which it holds."""

    effective_to: datetime.date | None = Field(
        description="The last day; null while nothing else is foreseen."
    )
    legal_basis: str
    legal_basis_chinese: str
    verified: Literal["V", "K", "B"] = Field(
        description="V: read in a published source; K: professional knowledge, to be confirmed by the bank; B: decided by two "
        "persons of the bank."
    )
    in_force: bool = Field(description="Today.")
    is_planned: bool = Field(description="It has not begun.")
    decision: ParameterDecision | None = Field(
        description="Of what the bank decided; null for what is shipped."
    )


class ParameterProposal(Answer):
    """What waits for a second person."""

    request_id: str
    act: Literal["value", "withdrawal"] = Field(
        description="`withdrawal`: the planned value that is told here does not come."
    )
    value: ParameterValue
    basis: str
    reason: str
    maker: str
    maker_name: str
    made_at: datetime.datetime


class ParameterWithdrawn(Answer):
    """A value that was planned and does not come."""

    value: ParameterValue
    basis: str
    decision: ParameterDecision
    reason: str
    withdrawn: ParameterDecision


class ParameterRow(Answer):
    """One number of rules or practice with all its periods, the oldest first."""

    name: str
    group: str = Field(description="What it belongs to, such as `payment_mode`.")
    unit: str
    meaning: str
    meaning_chinese: str
    is_law: bool = Field(
        description="Whether the shipped number of today is one of a law or rule: another value then names the new text."
    )
    counting_is_fixed: bool = Field(
        description="Whether the threshold itself counts as it is shipped, whatever the number."
    )
    choices: list[str] = Field(description="What a list of names may be made of; empty for a number.")
    least: str | None = Field(description="The least that a number may be; null for a list.")
    most: str | None
    periods: list[ParameterPeriod]
    waiting: list[ParameterProposal]
    withdrawn: list[ParameterWithdrawn]


class Parameters(Answer):
    today: datetime.date
    items: list[ParameterRow]


class ExaminationFinding(Answer):
    """One thing that was looked at."""

    check: str
    level: FindingLevel
    message: str
    remedy: str

    @computed_field(description="Null where the product has no Chinese for it: then it is shown as it is.")
    @property
    def message_chinese(self) -> str | None:
        return in_chinese(self.message)

    @computed_field(description="Null as above.")
    @property
    def remedy_chinese(self) -> str | None:
        return in_chinese(self.remedy)


class Examination(Answer):
    """What `loantrail doctor` finds, the worst first."""

    at: datetime.datetime
    worst: FindingLevel
    findings: list[ExaminationFinding]


class SettingRow(Answer):
    """A setting as it is in force; secrets are hidden."""

    name: str
    value: str
    source: Literal["default", "environment", "file"]
    place: str
    meaning: str
    meaning_chinese: str


JobName = Literal["trace", "evaluation", "nightly", "import", "live", "backtest", "message"]


class Job(Failing):
    """Something that the system does by itself or was asked to do. `problem`: of what failed last and was not made good."""

    name: JobName
    state: Literal["resting", "waiting", "running", "failed"]
    about: str = Field(description="What it is about: a file, a date, a rule; empty for most.")
    began_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    waiting_count: int = Field(description="What waits to be done.")
    failed_count: int


class SystemJobs(Answer):
    now: datetime.datetime
    software_version: str
    tables_version: str
    database_bytes: int
    jobs: list[Job]

"""What the interface says of back-tests, and how it explains a condition."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from loantrail.destinations.routes import RequestKey, Wanted
from loantrail.early_warning.hits import Level
from loantrail.http.pages.model import Answer
from loantrail.wording import in_chinese


class WantedBacktest(Wanted):
    from_date: datetime.date
    to_date: datetime.date
    compare_with: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="The version that it is compared with; left out: the one in force, else the one on trial.",
    )
    request_key: RequestKey


class SeenValue(Answer):
    name: str
    chinese: str
    english: str
    value_chinese: str
    value_english: str


class ConditionPart(Answer):
    """A part of a condition in words; with a row beside it, what it saw and whether it held."""

    kind: Literal["all", "any", "not", "test"]
    source: str
    chinese: str
    english: str
    holds: bool | None
    seen: list[SeenValue]
    parts: list[ConditionPart]


class BacktestLevel(Answer):
    level: Level
    loans: int


class BacktestMonth(Answer):
    month: str
    loans: int


class BacktestExample(Answer):
    loan_id: str
    at: datetime.datetime
    level: Level
    amount_fen: str = Field(pattern="^-?[0-9]+$", description="Fen, as decimal text.")
    share_ppm: int
    transaction_id: str | None
    only_new: bool
    explained: ConditionPart


class BacktestFigures(Answer):
    """What a back-test counted; it names no loan. Threads per 1,000 loans a month are in thousandths."""

    rows: int
    loans: int = Field(description="Those that the bank had in the days that were judged.")
    judged_from: datetime.date | None = Field(
        default=None,
        description="First day that was judged; null where an earlier version of the software tried the rule.",
    )
    judged_to: datetime.date | None = None
    days: int = Field(description="Those of the period of which the books tell.")
    loans_hit: int
    loans_new: int | None = Field(
        default=None, description="Of the loans hit those that were not hit before the period."
    )
    severe_loans: int
    threads_milli: int = Field(description="Of loans that were not hit before the period.")
    severe_milli: int
    budget_threads_milli: int
    budget_severe_milli: int
    levels: list[BacktestLevel]
    months: list[BacktestMonth]
    confirmed: int
    confirmed_hit: int
    compared: bool
    both: int
    only_new: int
    only_old: int
    runaway: bool
    microseconds: int


class BacktestResult(BacktestFigures):
    """The figures, and of the loans that were found those within the reach of who asks."""

    only_new_loans: list[str] = Field(description="Some of them, those within reach.")
    only_old_loans: list[str] = Field(description="Some of them, those within reach.")
    examples: list[BacktestExample] = Field(description="Those within reach.")
    hidden_examples: int = Field(
        description="How many examples are left out because their loans are out of reach."
    )


class BacktestBrief(Answer):
    """How far a back-test is, and its figures."""

    backtest_id: str
    rule_id: str
    code: str
    version: int
    compared_with: str | None
    compared_version: int | None
    changed_since: bool = Field(description="The version was changed after it was tried.")
    from_date: datetime.date
    to_date: datetime.date
    state: Literal["queued", "running", "finished", "failed", "cancelled", "interrupted"]
    requested_by: str
    requested_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    rows_done: int
    rows_total: int
    cancel_requested: bool
    cancelled_by: str | None
    problem: str | None
    problem_chinese: str | None = None
    remedy: str | None
    remedy_chinese: str | None = None
    result: BacktestFigures | None

    # No computed fields here: they would make the description say the nested conditions twice.
    @model_validator(mode="before")
    @classmethod
    def _in_chinese(cls, row: dict[str, Any]) -> dict[str, Any]:
        told = {f"{name}_chinese": in_chinese(row[name] or "") for name in ("problem", "remedy")}
        return {**row, **told}


class BacktestRow(BacktestBrief):
    """How far a back-test is, its figures, and what it found within the reach of who asks."""

    result: BacktestResult | None  # pyright: ignore[reportIncompatibleVariableOverride]  frozen

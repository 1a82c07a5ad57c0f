"""What the nightly page is told, and what it may ask for."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import Field, computed_field

from loantrail.http.pages.imports.model_refusals import Reason
from loantrail.http.pages.model import Answer, Failing, Fen, Priced
from loantrail.wording import in_chinese


class NightlyDate(Failing):
    """A business date as its last attempt left it."""

    business_date: datetime.date
    state: str = Field(description="`running`, `held`, `failed` or `complete`.")
    attempt: int
    is_older: bool = Field(description="Delivered after a later date was taken in.")
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    loaded_at: datetime.datetime | None = Field(
        description="When its data came into the books; null if never."
    )
    lines_accepted: int = Field(
        description="Of all its attempts, as are `records_new` and `records_changed`."
    )
    records_new: int
    records_changed: int
    rows_refused: int = Field(
        description="Of the last attempt whose data is in the books, as is `file_count`; of the last one where none is."
    )
    file_count: int
    open_alarm_count: int
    critical_alarm_count: int


class NightlyOverview(Answer):
    items: list[NightlyDate]
    total_count: int
    offset: int
    limit: int
    data_date: datetime.date | None = Field(description="Newest date whose data is in the books.")
    complete_date: datetime.date | None = Field(description="Newest date that went through to its end.")
    waiting: list[datetime.date] = Field(description="Dates whose folders lie there and were never run.")
    runnable: bool = Field(description="Whether this server knows the folder of deliveries.")
    running: datetime.date | None = Field(description="The date that this server works on.")


class NightlyAttempt(Failing):
    run_id: str
    attempt: int
    state: str
    folder: str
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    data_loaded_at: datetime.datetime | None = Field(
        description="When its data came into the books; null if it did not."
    )


class NightlyStep(Answer):
    step: str
    state: str
    started_at: datetime.datetime
    seconds: float | None
    counts: dict[str, int]


class NightlyTotal(Answer):
    """What a file's amounts should sum to by its manifest, and do."""

    field: str
    expected_fen: Fen | None
    found_fen: Fen | None


class NightlyFile(Answer):
    file: str
    record_type: str
    mode: str
    state: str
    size_bytes: int | None
    rows_expected: int | None
    rows_found: int | None
    totals: list[NightlyTotal]
    rows_accepted: int | None
    rows_duplicate: int | None
    rows_refused: int | None
    rows_new: int | None
    rows_changed: int | None
    rows_same: int | None
    rows_removed: int | None
    rows_vanished: int | None


class NightlyAlarm(Answer):
    alarm_id: str
    business_date: datetime.date
    code: str
    severity: str
    holds_back: bool
    acceptable: bool = Field(description="Whether a person may let the delivery pass all the same.")
    file: str
    words_chinese: str
    words_english: str
    remedy_chinese: str = Field(description="What to do next.")
    remedy_english: str
    state: str
    created_at: datetime.datetime
    raised_at: datetime.datetime = Field(
        description="When it was last raised; `created_at` is the first time."
    )
    changed_at: datetime.datetime | None
    changed_by: str | None
    note: str | None


class LedgerBalance(Priced):
    """A subject of the general ledger against the loans."""

    subject: str
    subject_name: str
    unit_id: str
    unit_name: str | None
    ledger_fen: Fen | None = Field(description="Null where the general ledger has no such row.")
    loans_fen: Fen
    loan_count: int
    difference_fen: Fen
    differs: bool


class NightlyDay(Answer):
    """One business date whole."""

    business_date: datetime.date
    state: str
    loaded_at: datetime.datetime | None = Field(
        description="When its data came into the books, whatever a later attempt came to; null if never."
    )
    attempts: list[NightlyAttempt] = Field(description="Newest first; steps are the newest's.")
    steps: list[NightlyStep]
    files: list[NightlyFile]
    files_attempt: int | None = Field(
        description="Whose files these are: where the last attempt was held back, the last one's that is in the books."
    )
    alarms: list[NightlyAlarm]
    ledger: list[LedgerBalance]
    runnable: bool
    running: bool
    run_problem: str | None = Field(description="Why the last run begun here broke off.")

    @computed_field(description="The same in Chinese; null where it is none of the product's own texts.")
    @property
    def run_problem_chinese(self) -> str | None:
        return in_chinese(self.run_problem or "")


class RunRequest(Answer):
    again: bool = Field(False, description="Although the date is in the books already.")
    accepted: list[Annotated[str, Field(max_length=64, pattern="^[a-z_]+$")]] = Field(
        default_factory=list[str], max_length=20, description="Codes of alarms that a person lets pass."
    )


class RunBegun(Answer):
    running: datetime.date


class Acknowledgement(Answer):
    note: Reason

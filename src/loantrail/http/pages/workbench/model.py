"""What the workbench is answered with. A part is null where the person's roles have no use for it."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from loantrail.early_warning.hits import Level
from loantrail.http.pages.model import Answer, Failing, Fen, Priced
from loantrail.http.pages.warnings.model import RuleWords, WarningCount
from loantrail.http.pages.workbench.model_handover import WorkHeld
from loantrail.http.pages.workbench.model_record import PeopleStanding, RecordStanding
from loantrail.inspections.model import CheckKind


class WarningTask(Priced):
    """A warning that somebody has to work on."""

    thread_id: str
    loan_id: str
    borrower_name: str
    level: Level
    due_at: datetime.datetime
    overdue: bool
    escalated: bool
    rule_codes: list[str]
    amount_fen: Fen
    proven_fen: Fen
    assignee: str
    assignee_name: str
    mine: bool = Field(description="Given to this person, or to somebody whom this person stands in for.")
    unit_name: str | None


class WarningWork(Answer):
    """Warnings within reach that are open."""

    levels: list[WarningCount]
    open_count: int
    overdue_count: int
    mine_count: int
    unassigned_count: int
    review_count: int = Field(
        description="Wait for a second person who is not the first; 0 where the roles are no second person's."
    )
    items: list[WarningTask] = Field(description="Mine and nobody's, the most urgent first.")
    items_count: int = Field(description="How many there are of those.")
    reviews: list[WarningTask] = Field(description="What waits for a second person, the most urgent first.")


class CheckTask(Priced):
    """A loan check that somebody has to do or to review."""

    check_id: str
    kind: CheckKind
    loan_id: str
    borrower_name: str
    product: str
    loan_amount_fen: Fen
    due_on: datetime.date | None
    overdue: bool
    returned: bool = Field(description="The second person sent it back.")
    assignee: str
    assignee_name: str
    mine: bool
    unit_name: str | None


class CheckWork(Answer):
    """Loan checks within reach that are not closed."""

    open_count: int
    overdue_count: int
    items: list[CheckTask] = Field(description="Mine and nobody's, those due first.")
    items_count: int
    reviews: list[CheckTask] = Field(description="What waits for this person's review.")
    review_count: int


class ApprovalTask(Answer):
    """A proposal that waits for a second person."""

    place: Literal["here", "warning", "list", "rule"] = Field(description="Where it is decided.")
    key: str
    kind: str
    subject: str
    title_chinese: str
    title_english: str
    made_at: datetime.datetime
    expires_at: datetime.datetime | None
    maker_name: str


class ApprovalWork(Answer):
    count: int
    items: list[ApprovalTask] = Field(description="The oldest first.")


class PaymentDue(Priced):
    """An instalment that is not paid in full."""

    loan_id: str
    borrower_name: str
    product: str
    instalment_no: int
    due_on: datetime.date
    open_fen: Fen
    overdue_before: bool = Field(description="An earlier instalment is not paid in full either.")
    account_balance_fen: Fen | None = Field(
        description="What the repayment account held last; null where nobody knows."
    )


class PaymentsComing(Answer):
    until: datetime.date
    count: int
    open_fen: Fen = Field(description="Of the loans in CNY.")
    items: list[PaymentDue]


class WarningChange(Answer):
    thread_id: str
    loan_id: str
    borrower_name: str
    kind: Literal["opened", "level_raised", "reopened"]
    level: Level = Field(description="The level that it came to.")
    rule_codes: list[str]
    at: datetime.datetime


class NewLoan(Priced):
    loan_id: str
    borrower_name: str
    product: str
    amount_fen: Fen
    issued_on: datetime.date


class Changes(Answer):
    """What is new since the working day before. Warnings count by the clock, what the books say by their data date."""

    warnings_since: datetime.datetime
    warnings_opened_count: int
    warnings_raised_count: int
    warnings: list[WarningChange]
    books_since: datetime.date | None
    new_loan_count: int
    new_loan_fen: Fen = Field(description="Of the loans in CNY.")
    new_loans: list[NewLoan]
    missed_count: int = Field(description="Instalments that fell due since and are not paid in full.")
    missed_fen: Fen
    missed: list[PaymentDue]


class UnitStanding(Answer):
    """Sums of the loans of one unit with those below it, or of all that is in reach. Amounts are of loans in CNY."""

    unit_id: str | None
    unit_name: str | None
    loan_count: int = Field(description="Not settled.")
    balance_fen: Fen
    overdue_count: int
    overdue_balance_fen: Fen
    suspected_count: int = Field(description="Loans with a lead.")
    suspected_fen: Fen
    warning_count: int
    severe_count: int = Field(description="Orange or red.")
    late_count: int = Field(description="Warnings past their deadline.")


class BankShares(Answer):
    """How the whole bank stands, in millionths: nothing of it leads to a loan."""

    overdue_ppm: int = Field(description="Overdue loans' part of the balance.")
    suspected_ppm: int = Field(description="Part of the loans that have a lead.")


class PortfolioStanding(Answer):
    total: UnitStanding
    bank: BankShares
    units: list[UnitStanding] = Field(
        description="The largest share of overdue balance first; empty for one unit, and for who may not see single loans."
    )


class RuleWork(Answer):
    """What the published rules found, and what people said of it."""

    rule_code: str
    threads: int
    true_positives: int
    false_alarms: int


class RulesStanding(Answer):
    published_count: int
    shadow_count: int
    draft_count: int
    proposed_count: int = Field(description="Versions that wait for a second person.")
    backtest_running_count: int
    items: list[RuleWork] = Field(description="Most false alarms first.")


class LastImport(Failing):
    name: str
    state: str
    started_at: datetime.datetime
    rows_accepted: int
    rows_refused: int


class DataStanding(Answer):
    """How fresh and how whole the books are."""

    traced_at: datetime.datetime | None
    complete_date: datetime.date | None = Field(description="Last date of the nightly files taken in whole.")
    open_alarm_count: int
    critical_alarm_count: int
    open_refusal_count: int
    failed_import_count: int
    unsent_count: int = Field(description="Messages to channels that failed.")
    last_import: LastImport | None


class Workbench(Answer):
    """What a person sees first."""

    now: datetime.datetime
    data_date: datetime.date | None
    warnings: WarningWork | None
    checks: CheckWork | None
    approvals: ApprovalWork | None
    payments: PaymentsComing | None
    changes: Changes | None
    portfolio: PortfolioStanding | None
    rules: RulesStanding | None
    data: DataStanding | None
    record: RecordStanding | None
    people: PeopleStanding | None
    work: WorkHeld | None
    rule_words: dict[str, RuleWords]

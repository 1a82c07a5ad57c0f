"""What the pages of the loan checks are answered with."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import Disposition
from loantrail.http.pages.model import Account, Answer, Fen, Priced
from loantrail.inspections.model import CheckKind, CheckState, Conclusion, FiguresChange, LineJudgement, Paper


class CheckRow(Priced):
    """One check in the queue."""

    check_id: str
    version: int
    kind: CheckKind
    loan_id: str
    borrower_name: str
    product: str
    loan_amount_fen: Fen
    state: CheckState
    returned: bool = Field(description="The last review gave it back, or it was opened again.")
    returned_count: int
    paid_out_on: datetime.date
    regular_due_on: datetime.date | None = Field(description="By practice, counted from the payment.")
    due_on: datetime.date | None = Field(
        description="The day that binds; null for a loan that was taken over."
    )
    overdue: bool
    assignee: str
    assignee_name: str
    reviewer: str
    reviewer_name: str
    conclusion: Conclusion | None
    submitted_at: datetime.datetime | None
    submitted_by_name: str
    closed_at: datetime.datetime | None
    reviewed_by_name: str
    not_genuine_fen: Fen
    more_papers_fen: Fen
    figures_changed: FiguresChange
    warning_level: Level | None = Field(description="Of the loan's warning, where one is not settled.")
    unit_id: str
    unit_name: str | None


class CheckCount(Answer):
    value: str
    count: int


class CheckList(Answer):
    items: list[CheckRow]
    total_count: int
    overdue_count: int
    mine_count: int = Field(description="What waits for who asks: to do, or to review.")
    states: list[CheckCount] = Field(description="By state, whatever state is asked for.")
    units: list[CheckCount]
    unit_names: dict[str, str]
    owner_names: dict[str, str]
    today: datetime.date
    offset: int
    limit: int


class NextCheck(Answer):
    check_id: str | None
    left_count: int = Field(description="How many the queue still holds.")


class MissingPaper(Answer):
    paper: Paper
    amount_fen: Fen = Field(
        description="For how much of the line it is missing; of an invoice what none covers."
    )


class LinePayee(Answer):
    """Who got money of a line, and which papers there are."""

    payee_id: str = Field(description="What a voucher for this payee alone is brought by.")
    account: Account
    amount_fen: Fen
    transfer_id: str = Field(description="The transaction that brought most of it.")
    contracts: list[str]
    orders: list[str]
    invoices: list[str] = Field(description="At most five.")
    invoice_count: int
    invoiced_fen: Fen
    voucher_ids: list[str]
    missing: list[MissingPaper]


class LineJudged(Answer):
    judgement: LineJudgement
    reason: str
    amount_fen: Fen = Field(description="What the line came to when it was judged.")
    by: str
    by_name: str
    at: datetime.datetime


class CheckLine(Answer):
    """One line of the statement, to be judged."""

    use: str
    line_group: str
    amount_fen: Fen
    suspected: bool = Field(description="A lead of the trace speaks of it.")
    restricted: bool = Field(description="Judged genuine it needs a voucher or a reason.")
    wants_judgement: bool
    plain: bool = Field(description="Documented and complete: judged genuine together with others like it.")
    judged: LineJudged | None
    stale: bool = Field(description="It grew beyond what was judged: judge it again.")
    payees: list[LinePayee] = Field(description="The largest first, at most eight.")
    payee_count: int
    missing: list[MissingPaper]
    voucher_ids: list[str]


class VoucherLine(Answer):
    use: str
    payee_account: str = Field(description="Empty: it speaks for all of the line.")


class VoucherRow(Answer):
    voucher_id: str
    check_id: str
    paper: Paper
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    uploaded_by: str
    uploaded_by_name: str
    uploaded_at: datetime.datetime
    withdrawn_by_name: str | None
    withdrawn_at: datetime.datetime | None
    withdrawn_reason: str | None
    lines: list[VoucherLine]


class Proposed(Answer):
    """The conclusion as judgements, figures and papers of now propose it."""

    conclusion: Conclusion
    chinese: str
    english: str
    open_uses: list[str] = Field(description="Lines that nobody has judged yet.")


class CheckSubmission(Answer):
    conclusion: Conclusion
    proposed: Conclusion
    reason: str = Field(description="Why another one than was proposed.")
    text: str
    language: str
    edited: bool = Field(description="The person wrote something else than was composed.")
    composed_chinese: str
    composed_english: str
    by: str
    by_name: str
    at: datetime.datetime
    data_date: datetime.date | None


class Difference(Answer):
    use: str
    amount_fen: Fen = Field(
        description="What the statement has more than what was submitted, or less below 0."
    )


class CheckWarning(Answer):
    """The warning of the loan: where a suspicion that is confirmed here goes on."""

    thread_id: str
    level: Level
    disposition: Disposition | None


class CheckEntry(Answer):
    version: int
    kind: str
    at: datetime.datetime
    by: str
    by_name: str
    data: dict[str, Any]


class CheckMay(Answer):
    """What who asks may do now."""

    work: bool
    review: bool
    assign: bool
    why_no_review: str = Field(
        description="`maker` where who asks made what is reviewed, `ability` where their roles do not allow it; else empty."
    )


class OneCheck(Priced):
    """One check, laid out to be done."""

    row: CheckRow
    borrower_kind: str
    purpose_text: str
    payment_mode: str
    due_rule: str
    run_id: str | None = Field(description="Null while the loan was not traced.")
    data_date: datetime.date | None
    lines: list[CheckLine]
    plain_count: int = Field(description="How many lines are judged by one act.")
    vouchers: list[VoucherRow]
    proposed: Proposed
    submission: CheckSubmission | None
    return_reason: str
    differences: list[Difference]
    warning: CheckWarning | None
    may: CheckMay
    timeline: list[CheckEntry] = Field(description="Oldest first.")
    papers: list[Paper]
    file_bytes_max: int


class LoanChecks(Answer):
    """The checks of one loan, the newest first."""

    items: list[CheckRow]
    today: datetime.date

"""What the pages of accounts and transactions answer with."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.destinations.routes import CorrectionRow
from loantrail.http.pages.model import Account as Party
from loantrail.http.pages.model import Answer, Fen, Priced


class PairingState(StrEnum):
    """How a line stands in the books."""

    PAIRED = "paired"
    MANUAL = "manual"
    """Paired by a person."""
    APART = "apart"
    """Kept alone by a person."""
    AMBIGUOUS = "ambiguous"
    UNPAIRED = "unpaired"
    OUTSIDE = "outside"
    """The other side is no account of ours: there is nothing to pair with."""


class AccountRow(Priced):
    account: str
    name: str | None
    institution: str
    unit_name: str | None = Field(description="Of ours: the unit that it belongs to.")
    kind: str
    ours: bool = Field(description="Whether its own statement is in the books.")
    opened_on: datetime.date | None
    closed_on: datetime.date | None
    reconciliation: str | None = Field(
        description="`reconciled`, `differs`, `no_balances`; null without lines."
    )
    line_count: int | None
    loan_fen: Fen = Field(description="Loan money that lies there in the current trace.")
    loan_count: int


class AccountList(Answer):
    total_count: int
    offset: int
    limit: int
    items: list[AccountRow]


class Reconciliation(Answer):
    """Whether the balances that the statements give add up, and the first line where they do not."""

    state: str
    line_count: int
    balance_count: int
    difference_count: int
    first_source_file: str | None
    first_position: int | None
    first_booked_at: datetime.datetime | None
    expected_fen: Fen | None
    actual_fen: Fen | None
    checked_at: datetime.datetime


class LoanShare(Answer):
    """A loan's money in one place."""

    loan_id: str
    borrower_name: str | None
    amount_fen: Fen


class AccountPage(Priced):
    account: str
    account_number: str
    sub_account: str
    name: str | None
    party_id: str | None
    party_kind: str | None
    institution: str
    kind: str
    ours: bool
    auto_created: bool = Field(description="Known from statement lines alone: the bank gave no record of it.")
    opened_on: datetime.date | None
    closed_on: datetime.date | None
    unit_id: str | None
    unit_name: str | None
    opening_balance_fen: Fen | None
    reconciliation: Reconciliation | None
    first_booked_at: datetime.datetime | None
    last_booked_at: datetime.datetime | None
    balance_fen: Fen | None = Field(description="After the last line, as the statement gives it.")
    run_id: str | None
    loan_fen: Fen
    loan_count: int
    loans: list[LoanShare] = Field(description="Whose money lies there now, the largest first; at most 50.")
    corrections: list[CorrectionRow]
    same_number: list[str] = Field(description="Other accounts under the same number.")
    merged: list[MergedKey] = Field(
        description="What was merged into it: its lines and figures are those of all of them."
    )


class MergedKey(Answer):
    """A number that turned out to be this account. `into_account` is this account, or another that was merged into it."""

    merge_id: str
    from_account: str
    into_account: str
    reason: str
    made_by: str
    made_at: datetime.datetime


class BalanceState(StrEnum):
    """How the curve knows the balance."""

    STATED = "stated"
    COMPUTED = "computed"
    """From the lines and the opening balance that the bank gave."""
    ASSUMED = "assumed"
    """From the lines, with the least opening balance that never overdraws the account."""
    UNKNOWN = "unknown"


class CurveSeries(Answer):
    loan_id: str | None = Field(description="Null for all further loans together.")
    borrower_name: str | None
    amounts_fen: list[Fen]


class Curve(Priced):
    """Balance and loan money after each point in time; both hold until the next point."""

    daily: bool = Field(description="Whether points are ends of days, else every instant with a line.")
    balance_state: BalanceState
    times: list[datetime.datetime]
    balance_fen: list[Fen | None]
    labelled_fen: list[Fen] = Field(description="All loan money together.")
    loans: list[CurveSeries]
    loan_count: int


class Line(Answer):
    line_id: str
    transfer_id: str
    booked_at: datetime.datetime
    direction: str = Field(description="`credit` into this account, `debit` out of it.")
    amount_fen: Fen
    balance_fen: Fen | None
    balance_computed: bool = Field(description="Whether the balance was counted on from stated ones.")
    counterparty: Party
    counterparty_is_ours: bool
    purpose_text: str | None
    reference: str | None
    pairing: PairingState
    pairing_basis: str | None
    loan_fen: Fen = Field(description="Loan money in this line.")
    loan_count: int
    destination_class: str | None = Field(
        description="What the payee was taken for; only where loan money moved."
    )
    basis: str | None
    reverses: str | None


class LinePage(Priced):
    items: list[Line]
    next_cursor: str | None = Field(description="Where to go on with older lines; null at the end.")
    mirrored: bool = Field(
        description="Seen from the statements of those it dealt with: it has none here itself."
    )


class StatementLineFacts(Answer):
    """One line as its statement gives it, and where it stands."""

    line_id: str
    account: str
    account_name: str | None
    institution: str | None
    direction: str
    booked_at: datetime.datetime
    amount_fen: Fen
    balance_fen: Fen | None
    counterparty_account: str | None
    counterparty_name: str | None
    counterparty_institution: str | None
    purpose_text: str | None
    reference: str | None
    document_no: str | None
    reverses: str | None
    account_now: str = Field(
        description="The account that stands for `account`: another where it was merged away."
    )
    counterparty_now: str | None = Field(description="The same of `counterparty_account`.")
    source_file: str
    position: int
    sequence: int
    arrival_number: int


class PairingVersion(Answer):
    """A pairing that one of the lines is or was in."""

    transfer_id: str
    version: int
    state: str
    basis: str
    debit_line: str | None
    credit_line: str | None
    reason: str | None
    changed_by: str | None
    created_at: datetime.datetime
    superseded_at: datetime.datetime | None
    superseded_reason: str | None
    superseded_by: str | None = Field(description="Who ended it; null where the rules did.")


class Candidate(Answer):
    """A line that could be the other side, and what speaks for it."""

    line: StatementLineFacts
    transfer_id: str
    pairing: PairingState
    reasons: list[str] = Field(
        description="`same_reference`, `names_each_other`, `names_this`, `named_by_this`, `same_instant`, `same_day`, "
        "`same_name`, `near_in_time`."
    )
    days_apart: int


class Judgement(Answer):
    """What the payee was taken for in the current trace."""

    destination_class: str
    basis: str
    confidence_permille: int
    evidence: str


class Reversal(Answer):
    """A line that takes back another."""

    reversing_transfer: str
    original_transfer: str
    amount_fen: Fen


class TransactionPage(Priced):
    transfer_id: str
    current: bool = Field(description="False when its pairing was mended since: `successors` took its place.")
    successors: list[str]
    booked_at: datetime.datetime
    amount_fen: Fen
    payer: Party
    payee: Party
    payer_is_ours: bool
    payee_is_ours: bool
    debit: StatementLineFacts | None
    credit: StatementLineFacts | None
    pairing: PairingState
    pairing_basis: str | None
    ambiguous_reason: str | None
    history: list[PairingVersion]
    candidates: list[Candidate]
    loans: list[LoanShare]
    judgement: Judgement | None
    corrections: list[CorrectionRow]
    reversals: list[Reversal]
    run_id: str | None

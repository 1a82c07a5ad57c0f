"""What the pages answer with. Amounts are fen as decimal text: they reach 2^62, past the whole numbers that a
browser keeps exact."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema, computed_field

from loantrail.money import minor_digits
from loantrail.wording import in_chinese

Fen = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^-?[0-9]+$",
            "description": "Minor units of the currency (fen for CNY), as decimal text.",
        }
    ),
]


class Answer(BaseModel):
    """Every answer: fields are fixed, nothing extra."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Priced(Answer):
    """An answer whose amounts are in one currency."""

    currency: str

    @computed_field(description="Digits after the point of the currency's major unit: 2 for CNY, 0 for JPY.")
    @property
    def minor_digits(self) -> int:
        return minor_digits(self.currency)


_FOREIGN = (
    "Null where there is no text, or none that the product's own words made: then it is shown as it is."
)


class Failing(Answer):
    """An answer that says why something failed; null where nothing did."""

    problem: str | None

    @computed_field(description=_FOREIGN)
    @property
    def problem_chinese(self) -> str | None:
        return in_chinese(self.problem or "")


class Refusing(Answer):
    """An answer about a row that is refused; `message` says why."""

    message: str

    @computed_field(description=_FOREIGN)
    @property
    def message_chinese(self) -> str | None:
        return in_chinese(self.message)


class Run(Answer):
    """The trace that an answer was read from."""

    run_id: str
    convention: str
    data_version: str
    software_version: str
    opening: str = Field(description="How opening balances are known: `stated`, `inferred` or `mixed`.")
    created_at: datetime.datetime
    data_date: datetime.date | None = Field(
        description="The last business date of the data; null for a run made by earlier software."
    )
    loan_count: int
    event_count: int
    hop_count: int


class Disbursement(Answer):
    disbursement_id: str
    booked_at: datetime.datetime
    amount_fen: Fen
    account: str


class LoanFacts(Priced):
    loan_id: str
    contract_id: str
    borrower_party_id: str
    borrower_name: str
    borrower_kind: str
    product: str
    purpose_text: str
    payment_mode: str
    grant_kind: str
    contract_amount_fen: Fen
    amount_fen: Fen
    balance_fen: Fen
    rate_ppm: int = Field(description="Yearly rate in millionths.")
    issued_on: datetime.date
    matures_on: datetime.date
    state: str
    five_class: str
    unit_id: str
    unit_name: str
    managers: list[str]
    disbursements: list[Disbursement]


class Summary(Answer):
    disbursed_fen: Fen
    seen_fen: Fen
    lost_other_bank_fen: Fen
    lost_pool_fen: Fen
    prohibited_fen: Fen = Field(
        description="At uses that are forbidden or restricted for most products; whether for this loan, leads say."
    )
    gross_returned_fen: Fen = Field(
        description="Memo: came back to the borrower's side on the way, not a use."
    )


class StatementLine(Answer):
    """One use of the loan's money. The lines of a loan sum to what was disbursed, to the fen."""

    use: str
    line_group: str
    amount_fen: Fen
    least_fen: Fen | None = Field(description="No way of counting gives less; null when not computed yet.")
    most_fen: Fen | None
    proven: bool | None = Field(description="Whether the bounds hold whichever way one counts.")
    basis: str | None
    voucher: str | None


class Lead(Answer):
    """Suspected, not found: a finding takes two persons."""

    pattern: str
    amount_fen: Fen
    destination_class: str
    transaction_ids: list[str]
    explanation: str
    explanation_chinese: str = Field(description="The same in Chinese; empty for a run of earlier software.")


class Sentence(Answer):
    """One sentence of the verdict, in both languages."""

    level: str = Field(description="`suspected`, `attention`, `clear` or `unknown`.")
    chinese: str
    english: str


class Verdict(Answer):
    """The trace in plain words. Suspected, never found."""

    level: str
    sentences: list[Sentence]


class NextInstalment(Answer):
    instalment_no: int
    due_on: datetime.date
    open_fen: Fen = Field(description="What earlier payments leave of principal and interest.")
    principal_fen: Fen
    interest_fen: Fen


class Standing(Answer):
    """How the loan is being repaid, as of the data date. Null where the books do not say."""

    data_date: datetime.date | None
    instalment_count: int = Field(description="Instalments of the schedule; 0 when the books hold none.")
    paid_count: int | None = Field(description="Instalments paid in full.")
    days_past_due: int | None
    overdue_fen: Fen | None
    overdue_since: datetime.date | None
    next_instalment: NextInstalment | None
    last_paid_at: datetime.datetime | None
    last_paid_fen: Fen | None
    repayment_account: str | None
    account_balance_fen: Fen | None = Field(
        description="The last running balance that a statement line gives."
    )
    account_balance_at: datetime.datetime | None


class LoanPage(Answer):
    facts: LoanFacts
    standing: Standing
    verdict: Verdict
    run: Run | None
    summary: Summary | None
    statement: list[StatementLine]
    leads: list[Lead]


class Account(Answer):
    account: str | None = Field(description="Null where the money left the records.")
    name: str | None


class Step(Answer):
    """One movement of the loan's money along a path."""

    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    moved_fen: Fen = Field(description="The loan's money in this movement.")
    transfer_fen: Fen | None = Field(description="The whole transaction.")
    purpose_text: str | None
    depth: int


class Path(Answer):
    """From the disbursement to the line's end."""

    counted_fen: Fen = Field(description="What of the line came this way.")
    steps: list[Step]


class Arrival(Answer):
    """One transaction that part of a statement line rests on."""

    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    counted_fen: Fen
    transfer_fen: Fen | None
    purpose_text: str | None
    document_no: str | None
    destination_class: str | None
    basis: str | None
    confidence_permille: int | None
    evidence: str | None
    path_count: int
    paths: list[Path] = Field(
        description="The ones that carried most, first; `path_count` says how many there are."
    )


class Evidence(Answer):
    loan_id: str
    use: str
    amount_fen: Fen
    explained_fen: Fen = Field(description="What the arrivals below and on further pages add up to.")
    total_count: int
    offset: int
    limit: int
    arrivals: list[Arrival]


class UnexplainedPayment(Answer):
    """A payment of the loan's money to someone whose part in it no document explains."""

    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    loan_fen: Fen = Field(description="The loan's money in this payment.")
    transfer_fen: Fen | None = Field(description="The whole transaction.")
    purpose_text: str | None
    destination_class: str
    basis: str | None
    evidence: str | None


class Unexplained(Priced):
    """The largest first. Money counts at the first payment that nothing explains, not again further on."""

    loan_id: str
    total_count: int
    total_fen: Fen
    payments: list[UnexplainedPayment]


class LineBounds(Answer):
    loan_id: str
    use: str
    least_fen: Fen | None
    most_fen: Fen | None
    proven: bool | None


class Health(Answer):
    status: str
    software_version: str
    traced: bool
    data_date: datetime.date | None = Field(
        description="Up to which business date the pages know what happened."
    )

"""What stands on a dispute sheet 争议核对单. Its canonical text is what is stored, fingerprinted and computed again."""

from __future__ import annotations

import datetime

from pydantic import Field

from loantrail.disputes.model import Standing
from loantrail.http.pages.model import Account, Answer, Disbursement, Fen, Priced


class Subject(Answer):
    """What is disputed: a line of the statement, or one transaction of it, or an amount of either."""

    loan_id: str
    use: str
    transfer_id: str | None
    amount_fen: Fen
    is_part: bool = Field(description="An amount smaller than what was counted.")


class SheetLoan(Priced):
    contract_id: str
    borrower_name: str
    product: str
    purpose_text: str
    payment_mode: str
    amount_fen: Fen
    disbursed_fen: Fen
    issued_on: datetime.date
    matures_on: datetime.date
    disbursements: list[Disbursement]


class CountedBy(Answer):
    """What one convention says. The sheet's own figures are FIFO's."""

    convention: str
    line_fen: Fen
    transfer_fen: Fen | None = Field(description="Of the loan's money in the disputed transaction.")


class Limits(Answer):
    """Bounds that no way of counting escapes."""

    least_fen: Fen
    most_fen: Fen
    proven: bool
    outer: bool = Field(
        description="Cut at a limit: the figures hold, the true ones may lie closer together."
    )
    reasons: list[str] = Field(description="Why it is not proven.")


class SheetStep(Answer):
    """One movement on the way, with the payer's balance right before it."""

    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    moved_fen: Fen = Field(description="The loan's money on this path.")
    transfer_fen: Fen | None
    balance_before_fen: Fen | None = Field(description="Null where the payer is outside the records.")
    balance_known: bool
    purpose_text: str | None
    document_no: str | None
    reference: str | None


class SheetPath(Answer):
    counted_fen: Fen
    steps: list[SheetStep]


class SheetArrival(Answer):
    """One transaction that the disputed amount rests on."""

    transfer_id: str
    booked_at: datetime.datetime
    counted_fen: Fen
    path_count: int
    paths: list[SheetPath]


class Inflow(Answer):
    """Money that came into an account, the loan's or other."""

    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    amount_fen: Fen
    this_loan_fen: Fen
    any_loan_fen: Fen
    purpose_text: str | None


class Window(Answer):
    """One account on the way, from the moment the loan's money came until the last payment on the way left.
    Balance before + inflows - outflows = balance after."""

    account: Account
    reasons: list[str] = Field(description="Why the account's own money is not known; empty when it is.")
    pooled: bool
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    balance_before_fen: Fen
    inflow_count: int
    inflow_fen: Fen
    this_loan_inflow_fen: Fen
    outflow_count: int
    outflow_fen: Fen
    balance_after_fen: Fen
    inflows: list[Inflow] = Field(description="The largest, in order of time; `inflow_count` says how many.")


class Likeness(Answer):
    """A transaction that speaks for or against: by its amount or its day it could stand in the other's place."""

    kind: str = Field(
        description="`same_amount` or `same_day`: money that came to the payer and could equally have paid; "
        "`loan_amount`: a payment of just the amount that was paid out."
    )
    payment_id: str | None = Field(description="The payment on the way that it is compared with.")
    transfer_id: str
    booked_at: datetime.datetime
    from_account: Account
    to_account: Account
    amount_fen: Fen
    this_loan_fen: Fen
    purpose_text: str | None


class NotSeen(Answer):
    account: Account
    on_the_way: bool = Field(
        description="On a path of the disputed amount, else where the money may have gone."
    )
    reasons: list[str]


class Correction(Answer):
    destination_class: str
    reason: str
    made_by: str
    made_at: datetime.datetime


class Judged(Answer):
    """Why a payment on the way was taken for what it was."""

    transfer_id: str
    to_account: Account
    destination_class: str
    basis: str
    evidence: str
    confidence_permille: int
    correction: Correction | None


class Order(Answer):
    order_id: str
    payee_account: str
    payee_name: str | None
    amount_fen: Fen
    document_no: str | None
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    is_payee: bool = Field(description="Names a payee on the way.")


class Invoice(Answer):
    invoice_id: str
    seller_name: str
    buyer_name: str
    issued_on: datetime.date
    amount_fen: Fen
    tax_fen: Fen
    state: str


class Payee(Answer):
    name: str
    account: str | None


class Vouchers(Answer):
    orders: list[Order]
    invoices: list[Invoice]
    contract_payees: list[Payee]
    document_numbers: list[str]


class Versions(Answer):
    """Which data, rules and software the sheet was made from."""

    run_id: str
    convention: str
    opening: str
    data_version: str
    data_date: datetime.date | None
    last_arrival: int
    read_at: datetime.datetime
    data_sha256: str = Field(description="Of payments, their order and opening balances.")
    judgement_sha256: str = Field(description="Of what was made of them: uses, ends, sides, related parties.")
    rules_sha256: str
    rules: dict[str, str] = Field(description="SHA-256 of each parameter file and dictionary.")
    software_version: str


class SheetContent(Answer):
    """The whole sheet."""

    format: int
    subject: Subject
    loan: SheetLoan
    line_fen: Fen
    counted_fen: Fen = Field(description="Of the disputed line or transaction, by FIFO.")
    standing: Standing
    limits: Limits = Field(description="Of the statement line.")
    transfer_limits: Limits | None = Field(
        description="Of the loan's money in the disputed transaction; null without one, or where it is linked."
    )
    counted: list[CountedBy]
    arrival_count: int
    arrivals: list[SheetArrival]
    left_out_fen: Fen = Field(description="Of arrivals beyond those listed.")
    windows: list[Window]
    likenesses: list[Likeness]
    not_seen: list[NotSeen] = Field(
        description="Those on the way, then some of those where it may have gone."
    )
    not_seen_elsewhere_count: int
    classes: list[Judged]
    vouchers: Vouchers
    versions: Versions


class Sheet(Answer):
    """A stored sheet: content, fingerprint, who made it and when. It never changes."""

    sheet_id: str
    number: str
    made_at: datetime.datetime
    made_by: str
    sha256: str
    content: SheetContent


class SheetRow(Answer):
    """A sheet in a list."""

    sheet_id: str
    number: str
    loan_id: str
    use: str
    transfer_id: str | None
    amount_fen: Fen
    made_at: datetime.datetime
    made_by: str


class SheetList(Answer):
    items: list[SheetRow]


class SheetRequest(Answer):
    """What to make a sheet of."""

    use: str = Field(min_length=1, max_length=64, pattern=r"^[a-z_]+$")
    transfer_id: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    amount_fen: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{0,18}$",
        description="An amount of the line or of the transaction; all of it when left out.",
    )
    made_by: str = Field(default="", max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")


class VerificationRequest(Answer):
    """Nothing is to be said: everything stands on the sheet."""


class FieldDifference(Answer):
    field: str
    stated: str | None
    found: str | None


class Verification(Answer):
    """What computing a sheet again gave."""

    sheet_id: str | None
    intact: bool = Field(description="The content has the fingerprint that it states.")
    stored: bool | None = Field(
        description="Whether the record of that number holds this content; null when there is no such record."
    )
    identical: bool
    same_figures: bool
    data_changed: bool
    judgement_changed: bool
    rules_changed: bool
    software_changed: bool
    differences: list[FieldDifference]

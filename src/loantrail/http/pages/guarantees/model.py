"""What the page of guarantees answers with."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field

from loantrail.http.pages.model import Answer, Fen, Priced


class Expiry(StrEnum):
    """How a date of expiry stands to the data date."""

    EXPIRED = "expired"
    SOON = "soon"
    VALID = "valid"
    UNKNOWN = "unknown"


class Expiring(Answer):
    """A date of expiry; `expiry` is `unknown` where there is no date, or no data date to hold against it."""

    on: datetime.date | None
    expiry: Expiry


class Collateral(Priced):
    collateral_id: str
    kind: str
    owner_party_id: str
    owner_name: str
    value_fen: Fen
    valued_on: datetime.date
    valued_long_ago: bool = Field(description="More than a year before the data date.")
    ranking: int
    loan_to_value_ppm: int | None = Field(description="As recorded when it was taken, in millionths.")
    registration_no: str | None
    registration: Expiring
    insurance: Expiring


class Guarantee(Priced):
    guarantee_id: str
    kind: str
    guarantor_party_id: str
    guarantor_name: str
    guarantor_kind: str
    amount_fen: Fen
    valid_from: datetime.date
    valid_to: Expiring
    collateral: list[Collateral]


class Relation(Answer):
    """Someone who stands beside the borrower: declared in the contract, or on record on the data date."""

    party_id: str
    name: str
    party_kind: str
    relation: str
    share_ppm: int | None
    from_borrower: bool = Field(description="The relation runs from the borrower to this party.")


class ScheduledPayment(Answer):
    instalment_no: int
    due_on: datetime.date
    principal_fen: Fen
    interest_fen: Fen


class Guarantees(Priced):
    loan_id: str
    contract_id: str
    data_date: datetime.date | None
    contract_balance_fen: Fen = Field(description="Outstanding over all notes of the contract.")
    collateral_value_fen: Fen = Field(description="Of the collateral in the contract's currency.")
    loan_to_value_ppm: int | None = Field(
        description="Contract balance over collateral value today, in millionths; null without collateral."
    )
    guarantees: list[Guarantee]
    related: list[Relation]
    related_count: int
    schedule: list[ScheduledPayment]

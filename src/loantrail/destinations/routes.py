"""Corrections of destination classes: made, listed, withdrawn."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from loantrail.destinations.corrections import (
    CORRECTABLE_CLASSES,
    Correction,
    Scope,
    correct,
    withdraw,
)
from loantrail.destinations.model import BY_NAME
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, problem_responses
from loantrail.settings import read_settings
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter()

WRITTEN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Text that a person writes: no control characters but line breaks and tabs."""
Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=WRITTEN, description="Why, in words.")]
RequestKey = Annotated[
    str,
    Field(
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Made by the client for each act: the same request sent twice acts once.",
    ),
]
TransferId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
CorrectionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
ClassName = Literal[CORRECTABLE_CLASSES]  # pyright: ignore[reportInvalidTypeForm]  made of the one list of classes


class Wanted(BaseModel):
    """What a client may send: nothing extra."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedCorrection(Wanted):
    scope: Scope
    transfer_id: TransferId | None = Field(None, description="With the scope `transaction`.")
    account: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="With the scope `account`: the payee's account.",
    )
    destination_class: ClassName  # type: ignore[valid-type]  as above
    reason: Reason
    request_key: RequestKey

    @model_validator(mode="after")
    def _one_subject(self) -> WantedCorrection:
        given = self.transfer_id if self.scope is Scope.TRANSACTION else self.account
        other = self.account if self.scope is Scope.TRANSACTION else self.transfer_id
        if given is None or other is not None:
            raise ValueError(f"the scope {self.scope.value} names one {self.scope.value} and nothing else")
        return self


class WantedWithdrawal(Wanted):
    reason: Reason


class CorrectionRow(Answer):
    """A correction as it stands or stood."""

    correction_id: str
    scope: Scope
    transfer_id: str | None = Field(description="The transaction's id when the correction was made.")
    account: str | None
    destination_class: str
    reason: str
    made_by: str
    made_at: datetime.datetime
    withdrawn_at: datetime.datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    replaced_by: str | None = Field(description="The correction that took its place.")


class Corrected(Answer):
    correction: CorrectionRow
    new: bool = Field(description="False where the same was said before: nothing changed.")
    change: int | None = Field(
        description="The number of this change; it counts once `evaluation.evaluated` is as high."
    )


class DestinationClassRow(Answer):
    destination_class: str
    chinese: str
    english: str
    final: bool = Field(description="Whether arrival there gives loan money its use.")


_STATUSES: Final = problem_responses(*WRITE_STATUSES)


@router.get(
    "/destination-classes",
    tags=["corrections"],
    responses=problem_responses(HTTPStatus.INTERNAL_SERVER_ERROR),
)
def destination_classes() -> list[DestinationClassRow]:
    """The classes that a person can give, in the order of the list."""
    return [
        DestinationClassRow(
            destination_class=name,
            chinese=BY_NAME[name].chinese,
            english=BY_NAME[name].english,
            final=BY_NAME[name].final,
        )
        for name in CORRECTABLE_CLASSES
    ]


@router.post("/corrections", tags=["corrections"], responses=_STATUSES, status_code=HTTPStatus.CREATED)
def make_correction(
    connections: Lending, tracer: Tracer, wanted: WantedCorrection, response: Response
) -> Corrected:
    """Say what a payee is, for one transaction or for its account always. What depended on it is traced again."""
    subject = wanted.transfer_id if wanted.scope is Scope.TRANSACTION else wanted.account
    with connections.connection() as connection:
        row, new = correct(
            connection,
            Correction(
                scope=wanted.scope,
                subject=str(subject),
                destination_class=wanted.destination_class,
                reason=wanted.reason,
                by=read_settings().operator,
                request_key=wanted.request_key,
            ),
        )
        change = store_evaluation.request(connection) if new else None
    if new:
        tracer.start()
    else:
        response.status_code = HTTPStatus.OK
    return Corrected(correction=CorrectionRow.model_validate(row), new=new, change=change)


@router.post(
    "/corrections/{correction_id}/withdrawal",
    tags=["corrections"],
    responses=problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES),
)
def withdraw_correction(
    connections: Lending, tracer: Tracer, correction_id: CorrectionId, wanted: WantedWithdrawal
) -> Corrected:
    """Take a correction back; the rules judge again. Withdrawing twice is withdrawing once."""
    with connections.connection() as connection:
        found = withdraw(connection, correction_id, wanted.reason, read_settings().operator)
        if found is None:
            raise NotFound(f"There is no correction {correction_id}", remedy="Open the transaction again")
        row, ended = found
        change = store_evaluation.request(connection) if ended else None
    if ended:
        tracer.start()
    return Corrected(correction=CorrectionRow.model_validate(row), new=ended, change=change)

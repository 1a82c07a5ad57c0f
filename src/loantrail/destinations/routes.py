"""Corrections of destination classes: made, listed, withdrawn."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from loantrail import clock
from loantrail.destinations import approving, store
from loantrail.destinations.corrections import (
    CORRECTABLE_CLASSES,
    Correction,
    Scope,
    SubjectMerged,
    SubjectMissing,
    correct,
    withdraw,
)
from loantrail.destinations.model import BY_NAME
from loantrail.http.access import Acting, Reading, Recording, Seeing, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, Superseded, once, problem_responses
from loantrail.http.proposing import propose_on_record
from loantrail.identity.abilities import Ability
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter()

WRITTEN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[^\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Text that a person writes: not all blanks, no control characters but line breaks and tabs."""
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


class WantedForTransaction(Wanted):
    """What the payee of one transaction is."""

    scope: Literal[Scope.TRANSACTION]
    transfer_id: TransferId
    destination_class: ClassName  # type: ignore[valid-type]  as above
    reason: Reason
    request_key: RequestKey


class WantedForAccount(Wanted):
    """What an account is, whoever pays to it and whenever."""

    scope: Literal[Scope.ACCOUNT]
    account: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")
    destination_class: ClassName  # type: ignore[valid-type]  as above
    reason: Reason
    request_key: RequestKey


WantedCorrection = Annotated[WantedForTransaction | WantedForAccount, Field(discriminator="scope")]


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
    correction: CorrectionRow | None = Field(description="Null where a second person is to approve first.")
    proposal: str | None = Field(
        default=None, description="The proposal that waits for a second person: much loan money is touched."
    )
    new: bool = Field(description="False where the same was said before: nothing changed.")
    change: int | None = Field(
        description="The number of this change; it counts once `evaluation.evaluated` is as high."
    )


class DestinationClassRow(Answer):
    destination_class: str
    chinese: str
    english: str
    final: bool = Field(description="Whether arrival there gives loan money its use.")


_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


@router.get(
    "/destination-classes",
    dependencies=[allowed(Ability.READ_LOANS)],
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


@router.get(
    "/corrections",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["corrections"],
    responses=problem_responses(
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
def list_corrections(
    connection: Reading,
    standing: Annotated[bool, Query(description="Only those that were not withdrawn.")] = False,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[CorrectionRow]:
    """What people corrected, the newest first."""
    return [CorrectionRow.model_validate(row) for row in store.newest(connection, standing, offset, limit)]


@router.post(
    "/corrections",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["corrections"],
    responses={
        **once(Corrected),
        int(HTTPStatus.ACCEPTED): {
            "model": Corrected,
            "description": "Much loan money is touched: a second person is to approve",
        },
        **_STATUSES,
    },
    status_code=HTTPStatus.CREATED,
)
def make_correction(
    connections: Lending,
    tracer: Tracer,
    seen: Seeing,
    record: Recording,
    by: Acting,
    wanted: WantedCorrection,
    response: Response,
) -> Corrected:
    """Say what a payee is, for one transaction or for its account always. What depended on it is traced again."""
    subject = wanted.transfer_id if wanted.scope is Scope.TRANSACTION else wanted.account
    seen("transfer_id" if wanted.scope is Scope.TRANSACTION else "account", subject)
    asked = Correction(
        scope=wanted.scope,
        subject=subject,
        destination_class=wanted.destination_class,
        reason=wanted.reason,
        by=by,
        request_key=wanted.request_key,
    )
    with connections.connection() as connection:
        if approving.needs_approval(connection, asked, clock.now()):
            proposal, new = propose_on_record(
                connection,
                record,
                approving.CLASS_CORRECTION,
                approving.written(asked),
                wanted.reason,
                by,
                wanted.request_key,
            )
            response.status_code = HTTPStatus.ACCEPTED
            return Corrected(correction=None, proposal=proposal.request_id, new=new, change=None)
        try:
            row, new = correct(connection, asked)
        except SubjectMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        except SubjectMerged as merged:
            raise Superseded(merged.problem, merged.remedy, [merged.survivor]) from merged
        change = store_evaluation.request(connection) if new else None
        if new:
            record(
                connection,
                "correction.make",
                wanted.scope,
                subject,
                after={"destination_class": wanted.destination_class},
                why=wanted.reason,
            )
    if new:
        tracer.start()
    else:
        response.status_code = HTTPStatus.OK
    return Corrected(correction=CorrectionRow.model_validate(row), new=new, change=change)


@router.post(
    "/corrections/{correction_id}/withdrawal",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["corrections"],
    responses=problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES),
)
def withdraw_correction(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    correction_id: CorrectionId,
    wanted: WantedWithdrawal,
) -> Corrected:
    """Take a correction back; the rules judge again. Withdrawing twice is withdrawing once."""
    with connections.connection() as connection:
        found = withdraw(connection, correction_id, wanted.reason, by)
        if found is None:
            raise NotFound(f"There is no correction {correction_id}", remedy="Open the transaction again")
        row, ended = found
        change = store_evaluation.request(connection) if ended else None
        if ended:
            record(
                connection,
                "correction.withdraw",
                "correction",
                correction_id,
                before={"destination_class": row["destination_class"]},
                why=wanted.reason,
            )
    if ended:
        tracer.start()
    return Corrected(correction=CorrectionRow.model_validate(row), new=ended, change=change)

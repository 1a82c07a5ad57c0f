"""A decision about a payment before it is made: `POST /api/v1/decisions`."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from loantrail import clock
from loantrail.http.access import allowed
from loantrail.http.pages.model import Answer
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, problem_responses
from loantrail.http.straight import StraightRoute
from loantrail.identity.abilities import Ability
from loantrail.ledger.identity import HOME_CURRENCY
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.money import LINE_FEN_MOST
from loantrail.monitor.payment import BooksAhead, PayerUnknown, Payment, PaysItself
from loantrail.monitor.routes import Live, RowHitTold, live_here, problem_response
from loantrail.monitor.writing import Overloaded
from loantrail.sources.columns import rule_broken
from loantrail.sources.kinds import currency_code

RETRY_AFTER_SECONDS: Final = 5
router = APIRouter(route_class=StraightRoute)
_CURRENCY: Final = next(item for item in STATEMENT_LINE.fields if item.name == "currency")
_Text = Annotated[str, Field(min_length=1, max_length=500)]


def _currency(written: str) -> str:
    """The code of it, read as that of a line is; none written is the home currency."""
    if not written.strip():
        return HOME_CURRENCY
    code = currency_code(written)
    if code is None:
        raise ValueError(rule_broken(_CURRENCY, written, "currency_unknown"))
    return code


class Asked(BaseModel):
    """A payment that is about to be made."""

    model_config = ConfigDict(extra="forbid")

    account: Annotated[str, Field(min_length=1, max_length=100, description="The account that would pay.")]
    amount_fen: int = Field(gt=0, le=LINE_FEN_MOST)
    currency: Annotated[
        str,
        AfterValidator(_currency),
        Field(
            max_length=100, description="As in a line that is sent: the ISO 4217 code, or a name such as RMB."
        ),
    ] = HOME_CURRENCY
    counterparty_account: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    counterparty_name: _Text | None = None
    purpose_text: _Text | None = None
    document_no: _Text | None = Field(
        default=None, description="Contract, invoice or order that it is paid by."
    )
    booked_at: datetime.datetime | None = Field(
        default=None, description="When it would be booked; now where it is not given."
    )


class TracedTold(Answer):
    """Loan money that the payment would move, by the first-in-first-out reading."""

    loan_id: str
    amount_fen: int
    use: str = Field(description="The use that its arrival gives it; empty where it gives none.")


class DecisionTold(Answer):
    """What to do with the payment. Nothing was booked, and nothing of it stays."""

    decision: Literal["allow", "review"] = Field(
        description="`review`: somebody should look before it is paid. Stopping money has its own legal ground."
    )
    hits: list[RowHitTold]
    traced: list[TracedTold]
    judged_at: datetime.datetime = Field(
        description="The instant that it was judged for: as asked, but not before the last line of the books."
    )


@router.post(
    "/decisions",
    dependencies=[allowed(Ability.SEND_LIVE)],
    tags=["live intake"],
    response_model=DecisionTold,
    responses=problem_responses(*WRITE_STATUSES, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def decide(asked: Asked, live: Annotated[Live, Depends(live_here)]) -> Response | DecisionTold:
    """Judge a payment that is not made yet, such as an entrusted payment at the counter, without booking it."""
    payment = Payment(
        at=_instant(asked.booked_at),
        asked_at=clock.now(),
        account=asked.account,
        amount_fen=asked.amount_fen,
        currency=asked.currency,
        counterparty_account=asked.counterparty_account,
        counterparty_name=asked.counterparty_name,
        purpose_text=asked.purpose_text,
        document_no=asked.document_no,
    )
    try:
        found = live.deciding.decide(payment)
    except Overloaded as problem:
        return _later(problem.code, problem.problem, problem.remedy)
    except PayerUnknown as problem:
        raise NotFound(problem.problem, problem.remedy) from problem
    except (PaysItself, BooksAhead) as problem:
        raise conflicting(problem) from problem
    if found is None:
        return _later(
            "not_ready",
            "The books are being read; no decision can be given yet",
            "Ask again after the seconds of Retry-After",
        )
    return DecisionTold(
        decision="review" if found.hits else "allow",
        hits=[RowHitTold.of(hit) for hit in found.hits],
        traced=[
            TracedTold(loan_id=one.loan_id, amount_fen=one.amount_fen, use=one.use) for one in found.traced
        ],
        judged_at=found.at,
    )


def _later(code: str, detail: str, remedy: str) -> JSONResponse:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, remedy, headers)


def _instant(given: datetime.datetime | None) -> datetime.datetime:
    """A time without offset is one of Asia/Shanghai."""
    if given is None:
        return clock.now()
    if given.tzinfo is None:
        given = given.replace(tzinfo=clock.BUSINESS_ZONE)
    try:
        return given.astimezone(datetime.UTC)
    except OverflowError:
        return clock.now()  # at the ends of the calendar: no day that anything is booked on

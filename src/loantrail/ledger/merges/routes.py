"""Accounts merged, and merges taken back."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Response
from pydantic import Field

from loantrail.destinations.routes import Reason, RequestKey, Wanted
from loantrail.http.access import Acting, Recording, Seeing, allowed
from loantrail.http.connections import Lending
from loantrail.http.pages.accounts.routes import AccountKey, merged_away
from loantrail.http.pages.model import Answer
from loantrail.http.pages.routes import PRINTABLE
from loantrail.http.problems import WRITE_STATUSES, NotFound, once, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.merges.acts import Acted, Merge, MergeRefused, merge, withdraw
from loantrail.postgres.connection import type_of_connection
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

router = APIRouter()

MergeId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class WantedMerge(Wanted):
    """The account that stands for both from now on."""

    into_account: str = Field(min_length=1, max_length=128, pattern=PRINTABLE)
    reason: Reason
    request_key: RequestKey


class WantedUndoing(Wanted):
    """Why the two are not one account after all."""

    reason: Reason


class MergeRow(Answer):
    """A merge as it stands or stood."""

    merge_id: str
    from_account: str
    into_account: str
    reason: str
    made_by: str
    made_at: datetime.datetime
    withdrawn_at: datetime.datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class MergeMade(Answer):
    merge: MergeRow
    new: bool = Field(description="False where the same was said before: nothing changed.")
    change: int | None = Field(
        description="The number of this change; it counts once `evaluation.evaluated` is as high."
    )


_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


@router.post(
    "/accounts/{account}/merge",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["accounts"],
    responses={**once(MergeMade), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def merge_account(
    connections: Lending,
    tracer: Tracer,
    seen: Seeing,
    record: Recording,
    by: Acting,
    account: AccountKey,
    wanted: WantedMerge,
    response: Response,
) -> MergeMade:
    """Say that this account is another one: what names it, now and later, means that one. What touched either is
    paired and traced again."""
    seen("account", wanted.into_account)

    def announce(connection: type_of_connection) -> int:
        after = {"into_account": wanted.into_account}
        record(connection, "account.merge", "account", account, after=after, why=wanted.reason)
        return store_evaluation.request(connection)

    asked = Merge(account, wanted.into_account, wanted.reason, by, wanted.request_key)
    with connections.session() as connection:
        try:
            acted = merge(connection, asked, announce)
        except MergeRefused as refused:
            if refused.place.field == "from_account":
                if refused.survivor is not None:
                    raise merged_away(account, refused.survivor) from refused
                raise NotFound(refused.problem, refused.remedy) from refused
            raise
    if acted.new:
        tracer.start()
    else:
        response.status_code = HTTPStatus.OK
    return _made(acted)


@router.post(
    "/account-merges/{merge_id}/withdrawal",
    dependencies=[allowed(Ability.CORRECT_BOOKS)],
    tags=["accounts"],
    responses=problem_responses(HTTPStatus.NOT_FOUND, *WRITE_STATUSES),
)
def undo_merge(
    connections: Lending,
    tracer: Tracer,
    record: Recording,
    by: Acting,
    merge_id: MergeId,
    wanted: WantedUndoing,
) -> MergeMade:
    """Take a merge back: both accounts stand for themselves again. Taking it back twice is taking it back once."""

    def announce(connection: type_of_connection) -> int:
        record(connection, "account.unmerge", "account_merge", merge_id, why=wanted.reason)
        return store_evaluation.request(connection)

    with connections.session() as connection:
        acted = withdraw(connection, merge_id, wanted.reason, by, announce)
    if acted is None:
        raise NotFound(f"There is no merge {merge_id}", remedy="Open the account again")
    if acted.new:
        tracer.start()
    return _made(acted)


def _made(acted: Acted) -> MergeMade:
    return MergeMade(merge=MergeRow.model_validate(acted.row), new=acted.new, change=acted.change)

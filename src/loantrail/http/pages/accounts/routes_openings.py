"""Which accounts and transactions that a page names have a page of their own for who looks: so that no link leads nowhere."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field

from loantrail.http.access import Reading, signed_in
from loantrail.http.pages.accounts import store_openings as store
from loantrail.http.pages.model import Answer
from loantrail.http.pages.routes import LIST_PROBLEMS, PRINTABLE

router = APIRouter()
ASKED_MOST: Final = 100
"""Of each kind in one question."""
_Account = Annotated[str, Field(min_length=1, max_length=128, pattern=PRINTABLE)]
_Transfer = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Openings(Answer):
    """Those of what was asked for that are within reach. What is out of reach is answered like what is not there."""

    accounts: list[str]
    transfers: list[str]


@router.get("/openings", dependencies=[signed_in()], tags=["accounts"], responses=LIST_PROBLEMS)
def openings(
    connection: Reading,
    account: Annotated[list[_Account], Query(max_length=ASKED_MOST)] = [],  # noqa: B006  only read
    transfer_id: Annotated[list[_Transfer], Query(max_length=ASKED_MOST)] = [],  # noqa: B006  only read, as accounts are
) -> Openings:
    """Which of these accounts and transactions this person may open. Nothing of them is told, so no entry is left."""
    return Openings(
        accounts=sorted(store.accounts(connection, account)) if account else [],
        transfers=sorted(store.transfers(connection, transfer_id)) if transfer_id else [],
    )

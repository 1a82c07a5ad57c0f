"""What imports left open: balances that differ, lines without partner, lines that several partners fit."""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query

from loantrail.clock import BUSINESS_ZONE
from loantrail.http.access import Reading, allowed
from loantrail.http.pages.imports import store
from loantrail.http.pages.imports.model import AmbiguousGroups, BalanceChecks, UnpairedLines
from loantrail.http.pages.routes import LIST_PROBLEMS, PRINTABLE, Limit, Offset
from loantrail.http.pages.store import current_run
from loantrail.identity.abilities import Ability
from loantrail.ledger.outcome.store import ambiguous_groups, unpaired_of_ours

router = APIRouter(tags=["imports"])


class BalanceCheckState(StrEnum):
    """Whether an account's running balances add up."""

    DIFFERS = "differs"
    RECONCILED = "reconciled"
    NO_BALANCES = "no_balances"


Account = Annotated[
    str, Query(max_length=128, pattern=PRINTABLE, description="Only what this account is one side of.")
]


@router.get("/reconciliations", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_reconciliations(
    connection: Reading,
    state: BalanceCheckState = BalanceCheckState.DIFFERS,
    search: Annotated[
        str, Query(max_length=100, pattern=PRINTABLE, description="Fragment of the account.")
    ] = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> BalanceChecks:
    """Accounts by whether their running balances add up, the largest number of differences first."""
    counts, items, total = store.reconciliations(connection, state.value, search.strip(), offset, limit)
    return BalanceChecks.model_validate(
        {"counts": counts, "items": items, "total_count": total, "offset": offset, "limit": limit}
    )


@router.get("/unpaired", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_unpaired(
    connection: Reading,
    account: Account = "",
    days: Annotated[int, Query(ge=0, le=36_600, description="Up to the data date; 0 for all.")] = 31,
    offset: Offset = 0,
    limit: Limit = 50,
) -> UnpairedLines:
    """Lines between two of our accounts whose other line was not found, newest first."""
    run = current_run(connection)
    last = run["data_date"] if run else None
    since = None
    if last and days:
        day = last - datetime.timedelta(days=min(days, last.toordinal() - 1))
        since = datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE)
    lines, total = unpaired_of_ours(connection, account.strip() or None, since, offset, limit)
    return UnpairedLines.model_validate(
        {"items": lines, "total_count": total, "offset": offset, "limit": limit}
    )


@router.get("/ambiguous", dependencies=[allowed(Ability.READ_DATA)], responses=LIST_PROBLEMS)
def list_ambiguous(connection: Reading, offset: Offset = 0, limit: Limit = 20) -> AmbiguousGroups:
    """Groups of lines that fit each other equally well; nothing is guessed."""
    groups, total = ambiguous_groups(connection, offset, limit)
    return AmbiguousGroups.model_validate(
        {"items": groups, "total_count": total, "offset": offset, "limit": limit}
    )

"""The search box: a few hits of each kind for what somebody types."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from loantrail.http.access import Person, Reading, allowed
from loantrail.http.pages.routes import LIST_PROBLEMS, PRINTABLE
from loantrail.http.pages.search import store
from loantrail.http.pages.search.model import (
    FoundAccount,
    FoundAccounts,
    FoundCustomer,
    FoundCustomers,
    FoundLoan,
    FoundLoans,
    FoundWarning,
    FoundWarnings,
    SearchAnswer,
)
from loantrail.http.pages.search.words import words_of
from loantrail.identity.abilities import Ability

router = APIRouter(tags=["search"])


@router.get("/search", dependencies=[allowed(Ability.READ_LOANS)], responses=LIST_PROBLEMS)
def search(
    connection: Reading,
    person: Person,
    q: Annotated[
        str,
        Query(
            max_length=100,
            pattern=PRINTABLE,
            description="Words, each a fragment of a number, of a name, its pinyin or initials, or a whole identity number.",
        ),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=20, description="Hits of each kind.")] = 5,
) -> SearchAnswer:
    """Customers, loans, accounts and warnings that a text finds, within reach."""
    words = words_of(q)
    if not words:
        return _found(([], 0), ([], 0), ([], 0), ([], 0), by_sound=False)
    by_sound = False
    customers = store.customers(connection, words, by_sound, limit)
    if not customers[0] and any(word.has_sound for word in words):
        by_sound = True
        customers = store.customers(connection, words, by_sound, limit)
        by_sound = bool(customers[0])
    parties = store.named(connection, words, by_sound)
    warned = person.may(Ability.READ_WARNINGS)
    return _found(
        customers,
        store.loans(connection, words, by_sound, parties, limit),
        store.accounts(connection, words, by_sound, parties, limit),
        store.warnings(connection, words, by_sound, parties, limit) if warned else ([], 0),
        by_sound=by_sound,
    )


def _found(
    customers: store.Hits, loans: store.Hits, accounts: store.Hits, warnings: store.Hits, *, by_sound: bool
) -> SearchAnswer:
    return SearchAnswer(
        customers=FoundCustomers(
            total_count=customers[1],
            by_sound=by_sound,
            items=[FoundCustomer.model_validate(row) for row in customers[0]],
        ),
        loans=FoundLoans(total_count=loans[1], items=[FoundLoan.model_validate(row) for row in loans[0]]),
        accounts=FoundAccounts(
            total_count=accounts[1], items=[FoundAccount.model_validate(row) for row in accounts[0]]
        ),
        warnings=FoundWarnings(
            total_count=warnings[1], items=[FoundWarning.model_validate(row) for row in warnings[0]]
        ),
    )

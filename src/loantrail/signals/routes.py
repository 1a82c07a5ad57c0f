"""The catalogue of signals, and the rows of one loan."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from loantrail.http.access import Reading, allowed
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LOAN_PROBLEMS, LoanId, Offset, no_loan
from loantrail.http.problems import problem_responses
from loantrail.identity.abilities import Ability
from loantrail.signals.answers import (
    LoanSignals,
    SignalCatalogue,
    SignalFamily,
    SignalField,
    SignalRow,
)
from loantrail.signals.catalogue import FAMILIES, Family, names

router = APIRouter()

Occasion = Annotated[
    Literal["movement", "day"] | None, Query(description="Only rows of this occasion; without it, all.")
]


@router.get(
    "/signals/catalogue",
    dependencies=[allowed(Ability.READ_LOANS, Ability.READ_RULES)],
    tags=["signals"],
    responses=problem_responses(HTTPStatus.INTERNAL_SERVER_ERROR),
)
def signal_catalogue() -> SignalCatalogue:
    """Every signal that rules may ask for: what it is called, means, counts, in which unit and over which window."""
    return SignalCatalogue(families=[_family(one) for one in FAMILIES])


@router.get(
    "/loans/{loan_id}/signals",
    dependencies=[allowed(Ability.READ_LOANS)],
    tags=["signals"],
    responses=LOAN_PROBLEMS,
)
def loan_signals(
    connection: Reading,
    loan_id: LoanId,
    occasion: Occasion = None,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> LoanSignals:
    """What was known of the loan at each transaction that moved its money, at each payment of the borrower's side in
    the first 90 days, and at the end of the last day of the current run; newest first."""
    # Imported when first needed: the kernels would make every start of the server wait.
    from loantrail.signals import store

    if pages.loan_facts(connection, loan_id) is None:
        raise no_loan(loan_id)
    run = pages.current_run(connection)
    rows = store.rows_of_loan(connection, run["run_id"] if run else "", loan_id)
    if occasion is not None:
        rows = rows.filter(rows["occasion"] == occasion)
    shown = rows.reverse().slice(offset, limit).to_dicts()
    return LoanSignals(
        loan_id=loan_id,
        total_count=len(rows),
        offset=offset,
        limit=limit,
        rows=[_told(row) for row in shown],
    )


def _family(family: Family) -> SignalFamily:
    one = family.fields[0]
    return SignalFamily(
        stem=family.stem,
        kind=one.kind,
        unit=one.unit,
        grain=one.grain,
        group=one.group,
        chinese=family.chinese,
        english=family.english,
        meaning_chinese=family.meaning_chinese,
        meaning_english=family.meaning_english,
        fields=[
            SignalField(
                name=field.name,
                window=field.window,
                chinese=field.chinese,
                english=field.english,
                meaning_chinese=field.meaning_chinese,
                meaning_english=field.meaning_english,
            )
            for field in family.fields
        ],
    )


def _told(row: dict[str, Any]) -> SignalRow:
    def told(value: Any) -> str | bool | None:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return SignalRow(
        occasion_id=row["occasion_id"],
        occasion=row["occasion"],
        transaction_id=row["transaction_id"],
        at=row["at"],
        business_date=row["business_date"],
        values={name: told(row[name]) for name in names(row["occasion"])},
    )

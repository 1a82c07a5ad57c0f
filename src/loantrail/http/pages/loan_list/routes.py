"""The list of loans, what it can be filtered by, and the same as a spreadsheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.loan_list import store, store_choices
from loantrail.http.pages.loan_list.model import (
    Choice,
    Direction,
    LoanChoices,
    LoanFilter,
    LoanList,
    LoanRow,
    LoanSort,
    SheetColumn,
    SuspectedPart,
    Totals,
    UnitChoice,
)
from loantrail.http.pages.loan_list.sheet import write_sheet
from loantrail.http.pages.routes import LIST_PROBLEMS, Limit, Offset
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.pages.store import Database, Row, current_run
from loantrail.identity.abilities import Ability
from loantrail.ledger.model import FIVE_CLASSES, GRANT_KINDS, LOAN_STATES, PRODUCTS
from loantrail.parties.model import PARTY_KINDS
from loantrail.reports.routes import XLSX, file_responses
from loantrail.reports.words import Language

router = APIRouter()


class LoanPart(LoanFilter):
    """A filter, an order, and the part of what was found that is asked for."""

    sort: LoanSort = LoanSort.SUSPECTED
    direction: Direction = Direction.DESCENDING
    offset: Offset = 0
    limit: Limit = 50


class LoanSheet(LoanFilter):
    """A filter, an order, and the columns in their order."""

    sort: LoanSort = LoanSort.SUSPECTED
    direction: Direction = Direction.DESCENDING
    columns: Annotated[
        tuple[SheetColumn, ...],
        Query(max_length=len(SheetColumn), description="Columns in this order; empty: all."),
    ] = ()
    language: Annotated[Language, Query(description="Language of the sheet.")] = "zh"


@router.get("/loans", dependencies=[allowed(Ability.READ_LOANS)], tags=["loans"], responses=LIST_PROBLEMS)
def list_loans(connection: Reading, asked: Annotated[LoanPart, Query()]) -> LoanList:
    """The loans that a filter finds, with what the current trace saw of each, and the sums over all of them."""
    run = current_run(connection)
    found = store.chosen(connection, run["run_id"] if run else None, asked)
    totals = _totals(store.sums(connection, found))
    rows = store.loans(connection, found, store.Order(asked.sort, asked.direction), asked.offset, asked.limit)
    return LoanList.model_validate(
        {
            "run": run,
            "totals": totals,
            "total_count": sum(total.loan_count for total in totals),
            "offset": asked.offset,
            "limit": asked.limit,
            "items": [LoanRow.model_validate(row) for row in rows],
        }
    )


@router.get(
    "/loan-choices", dependencies=[allowed(Ability.READ_LOANS)], tags=["loans"], responses=LIST_PROBLEMS
)
def loan_choices(connection: Reading) -> LoanChoices:
    """What the list of loans can be filtered by: the values that occur, with how many loans have each."""
    run = current_run(connection)
    total, counts = store_choices.value_counts(connection)
    patterns, classes = store_choices.suspicions(connection, run["run_id"] if run else None)
    return LoanChoices(
        loan_count=total,
        units=_units(connection, counts["unit_id"]),
        managers=[Choice.model_validate(row) for row in store_choices.managers(connection)],
        products=_choices(counts["product"], PRODUCTS),
        borrower_kinds=_choices(counts["kind"], PARTY_KINDS),
        grant_kinds=_choices(counts["grant_kind"], GRANT_KINDS),
        states=_choices(counts["state"], LOAN_STATES),
        five_classes=_choices(counts["five_class"], FIVE_CLASSES),
        patterns=_choices(patterns, tuple(patterns)),
        suspected_classes=_choices(classes, tuple(classes)),
    )


@router.get(
    "/loans.xlsx",
    dependencies=[allowed(Ability.EXPORT)],
    tags=["loans"],
    response_class=Response,
    responses=file_responses(XLSX) | LIST_PROBLEMS,
)
def loan_sheet(
    connection: Reading, person: Person, exporting: Exporting, asked: Annotated[LoanSheet, Query()]
) -> FileResponse:
    """All loans that a filter finds, as a spreadsheet."""
    run = current_run(connection)
    found = store.chosen(connection, run["run_id"] if run else None, asked)
    totals = _totals(store.sums(connection, found))
    refuse_too_many(sum(total.loan_count for total in totals))
    exporting(sum(total.loan_count for total in totals))
    made_at = clock.now()
    return sheet_answer(
        "loans",
        made_at,
        lambda path: write_sheet(
            path,
            store.every_loan(connection, found, store.Order(asked.sort, asked.direction)),
            totals,
            asked.columns or tuple(SheetColumn),
            asked.language,
            run,
            made_at,
            person.name,
            asked,
        ),
    )


def _totals(rows: list[Row]) -> list[Totals]:
    """One entry per currency of sums per currency and pattern; the currency with most loans first."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["currency"], []).append(row)
    totals = [_total(currency, parts) for currency, parts in found.items()]
    return sorted(totals, key=lambda total: (-total.loan_count, total.currency))


def _total(currency: str, parts: list[Row]) -> Totals:
    def added(name: str) -> int:
        return sum(int(part[name]) for part in parts)

    suspected = [
        SuspectedPart(
            pattern=part["pattern"], amount_fen=int(part["suspected_fen"]), loan_count=part["loan_count"]
        )
        for part in parts
        if part["pattern"]
    ]
    return Totals(
        currency=currency,
        loan_count=added("loan_count"),
        amount_fen=added("amount_fen"),
        balance_fen=added("balance_fen"),
        disbursed_fen=added("disbursed_fen"),
        seen_fen=added("seen_fen"),
        suspected_fen=added("suspected_fen"),
        suspected_count=added("suspected_count"),
        suspected_by_pattern=sorted(suspected, key=lambda part: (-part.amount_fen, part.pattern)),
    )


def _choices(counts: dict[str, int], order: tuple[str, ...]) -> list[Choice]:
    return [Choice(value=value, name=value, loan_count=counts[value]) for value in order if value in counts]


def _units(connection: Database, counts: dict[str, int]) -> list[UnitChoice]:
    """Units with loans and those above them; a unit counts the loans of all below it."""
    return [
        UnitChoice(value=row["unit_id"], name=row["name"], loan_count=count, parent=row["parent_unit_id"])
        for row, count in store_choices.counted_below(store_choices.units(connection), counts)
    ]

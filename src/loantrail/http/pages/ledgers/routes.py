"""The ledgers: their descriptions, pages of rows with their sums, the values that occur, and each as a spreadsheet."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Response
from starlette.responses import FileResponse

from loantrail import clock
from loantrail.http.access import Person, Reading, allowed
from loantrail.http.exporting import Exporting
from loantrail.http.pages.ledgers import cells, store
from loantrail.http.pages.ledgers.asked import Reader
from loantrail.http.pages.ledgers.catalogue import LEDGERS
from loantrail.http.pages.ledgers.model import (
    Asked,
    ChoiceAnswer,
    Column,
    ColumnAnswer,
    ColumnFilter,
    ColumnKind,
    Ledger,
    LedgerAnswer,
    LedgerChoices,
    LedgerPage,
    Ledgers,
    LedgerSum,
)
from loantrail.http.pages.ledgers.reading import standing
from loantrail.http.pages.ledgers.sheet import write_sheet
from loantrail.http.pages.loan_list import store_choices
from loantrail.http.pages.routes import LIST_PROBLEMS
from loantrail.http.pages.sheet_files import refuse_too_many, sheet_answer
from loantrail.http.pages.store import Database, Row
from loantrail.http.problems import NotAllowed
from loantrail.identity.abilities import Ability
from loantrail.reports.routes import XLSX, file_responses

router = APIRouter()
_TAGS: Final[list[Any]] = ["ledgers"]


@router.get(
    "/ledgers",
    dependencies=[allowed(Ability.READ_LOANS, Ability.READ_WARNINGS)],
    tags=_TAGS,
    responses=LIST_PROBLEMS,
)
def ledgers(person: Person) -> Ledgers:
    """The ledgers that who asks may read, with their columns and filters."""
    return Ledgers(items=[_described(ledger) for ledger in LEDGERS.values() if person.may(ledger.ability)])


def _add_routes(ledger: Ledger) -> None:
    """The three addresses of a ledger."""
    reader = Reader(ledger)
    asking: Any = Depends(reader)
    described: dict[str, Any] = {"parameters": reader.parameters()}

    @router.get(
        f"/ledgers/{ledger.name}",
        name=f"ledger_{ledger.name}",
        summary=ledger.english,
        dependencies=[allowed(ledger.ability)],
        tags=_TAGS,
        responses=LIST_PROBLEMS,
        openapi_extra=described,
    )
    def page(connection: Reading, person: Person, asked: Asked = asking) -> LedgerPage:
        """A page of the ledger's rows, and the sums over all that were found."""
        stands = standing(connection, ledger.name, person)
        found = store.found(connection, ledger, asked, stands.parameters)
        rows = store.rows(connection, found, asked.offset, asked.limit)
        sums = _sums(ledger, store.sums(connection, found))
        return LedgerPage(
            name=ledger.name,
            data_date=stands.data_date,
            total_count=sum(one.row_count for one in sums),
            offset=asked.offset,
            limit=asked.limit,
            rows=[cells.answered(ledger, row) for row in rows],
            sums=sums,
            labels=cells.labels(connection, ledger, rows, asked.chosen),
            notes=list(stands.notes),
        )

    @router.get(
        f"/ledgers/{ledger.name}/choices",
        name=f"ledger_{ledger.name}_choices",
        summary=f"{ledger.english}: values that occur",
        dependencies=[allowed(ledger.ability)],
        tags=_TAGS,
        responses=LIST_PROBLEMS,
    )
    def choices(connection: Reading, person: Person) -> LedgerChoices:
        """What the ledger can be narrowed by: the values that occur, with how many rows have each."""
        parameters = standing(connection, ledger.name, person).parameters
        return LedgerChoices(
            fields={
                column.field: _choices(
                    connection, column, store.value_counts(connection, ledger, column, parameters)
                )
                for column in ledger.columns
                if column.filter is ColumnFilter.CHOICE
            }
        )

    @router.get(
        f"/ledgers/{ledger.name}.xlsx",
        name=f"ledger_{ledger.name}_sheet",
        summary=f"{ledger.english} as a spreadsheet",
        dependencies=[allowed(Ability.EXPORT)],
        tags=_TAGS,
        response_class=Response,
        responses=file_responses(XLSX) | LIST_PROBLEMS,
        openapi_extra=described,
    )
    def sheet(
        connection: Reading, exporting: Exporting, person: Person, asked: Asked = asking
    ) -> FileResponse:
        """All rows that were found, with the columns asked for."""
        if not person.may(ledger.ability):
            raise NotAllowed(
                "your roles do not allow this",
                remedy="Ask the administrator for a role that may, or somebody who holds one",
            )
        stands = standing(connection, ledger.name, person)
        found = store.found(connection, ledger, asked, stands.parameters)
        sums = _sums(ledger, store.sums(connection, found))
        refuse_too_many(sum(one.row_count for one in sums))
        exporting(sum(one.row_count for one in sums))
        occurring = [
            (column.words, store.value_counts(connection, ledger, column, stands.parameters))
            for column in ledger.columns
            if column.filter is ColumnFilter.CHOICE
            and column.words in cells.LOOKED_UP
            and column.kind is not ColumnKind.PEOPLE
        ]
        chosen = [(ledger.column(field).words, values) for field, values in asked.chosen.items()]
        named = cells.labelled(connection, [*occurring, *chosen])
        made_at = clock.now()
        return sheet_answer(
            ledger.name,
            made_at,
            lambda path: write_sheet(
                path,
                ledger,
                asked,
                store.every_row(connection, found),
                sums,
                named,
                stands.notes,
                stands.data_date,
                person.name,
                made_at,
            ),
        )

    _ = (page, choices, sheet)


for _ledger in LEDGERS.values():
    _add_routes(_ledger)


def _described(ledger: Ledger) -> LedgerAnswer:
    return LedgerAnswer(
        name=ledger.name,
        chinese=ledger.chinese,
        english=ledger.english,
        about_chinese=ledger.about_chinese,
        about_english=ledger.about_english,
        search_chinese=ledger.search_chinese,
        search_english=ledger.search_english,
        sort=ledger.sort,
        direction=ledger.direction,
        columns=[_column(column) for column in ledger.columns],
        extra=[_column(column) for column in ledger.extra],
    )


def _column(column: Column) -> ColumnAnswer:
    return ColumnAnswer.model_validate({name: getattr(column, name) for name in ColumnAnswer.model_fields})


def _sums(ledger: Ledger, rows: list[Row]) -> list[LedgerSum]:
    return [
        LedgerSum(
            currency=row["currency"],
            row_count=row["row_count"],
            sums={column.field: int(row[column.field]) for column in ledger.summed},
        )
        for row in rows
    ]


def _choices(connection: Database, column: Column, counts: dict[str, int]) -> list[ChoiceAnswer]:
    """The values of a column in their own order where they have one; units with those above them."""
    if column.kind is ColumnKind.UNIT:
        return _units(connection, counts)
    labels = cells.labels_of(connection, column.words, list(counts))
    known = [value for value in column.values if value in counts]
    order = [*known, *(value for value in counts if value not in known)]
    return [
        ChoiceAnswer(value=value, label=labels.get(value), row_count=counts[value], parent=None)
        for value in order
    ]


def _units(connection: Database, counts: dict[str, int]) -> list[ChoiceAnswer]:
    below = store_choices.counted_below(store_choices.units(connection), counts)
    return [
        ChoiceAnswer(
            value=unit["unit_id"],
            label=cells.Label(chinese=unit["name"], english=unit["name"]),
            row_count=count,
            parent=unit["parent_unit_id"],
        )
        for unit, count in below
    ]

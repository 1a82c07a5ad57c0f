"""Reads what is asked of a ledger out of an address, and describes it in the interface's description."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from loantrail.http.pages.ledgers.model import FROM, TO, Asked, Column, ColumnFilter, ColumnKind, Ledger
from loantrail.http.pages.loan_list.model import DAY_SCHEMA, Direction, any_of, day_of, values_of
from loantrail.http.pages.routes import OFFSET_MAX, PRINTABLE
from loantrail.reports.words import Language

CHOSEN_MAX: Final = 60
LIMIT_MAX: Final = 200
NUMBER_MAX: Final = 10**18 - 1
TEXT_MAX: Final = 128
# An empty value is none: the address of a page that was cleared by hand.
_NUMBER: Final[dict[str, Any]] = {
    "anyOf": [{"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}, {"const": ""}, {"type": "null"}]
}


class _Read(BaseModel):
    """What every ledger can be asked."""

    model_config = ConfigDict(frozen=True)

    search: str = Field(default="", max_length=100, pattern=PRINTABLE)
    direction: Direction | None = None
    offset: int = Field(default=0, ge=0, le=OFFSET_MAX)
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX)
    language: Language = "zh"


class Reader:
    """Reads requests about one ledger. Unknown names in an address are left alone, as everywhere."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._many = {"columns"} | {
            column.field
            for column in ledger.filters
            if column.filter in (ColumnFilter.CHOICE, ColumnFilter.WITHIN)
        }
        self._model: type[BaseModel] = create_model(
            f"Asked{ledger.name.title()}", __base__=_Read, **_fields(ledger)
        )

    def __call__(self, request: Request) -> Asked:
        """What the request asks. RequestValidationError names each parameter that cannot be used."""
        given: dict[str, Any] = {}
        for name in request.query_params:
            if name in self._many:
                given[name] = request.query_params.getlist(name)
            elif request.query_params[name] != "":
                # An empty value is none: the address of a page that was cleared by hand.
                given[name] = request.query_params[name]
        try:
            read = self._model.model_validate(given).model_dump()
        except ValidationError as refused:
            raise RequestValidationError(
                [{**problem, "loc": ("query", *problem["loc"])} for problem in refused.errors()]
            ) from None
        return self._asked(read)

    def parameters(self) -> list[dict[str, Any]]:
        """The parameters as the description of the interface takes them."""
        schema = self._model.model_json_schema(ref_template="#/components/schemas/{model}")
        return [
            {"name": name, "in": "query", "required": False, "schema": _plain(one)}
            for name, one in schema["properties"].items()
        ]

    def _asked(self, read: dict[str, Any]) -> Asked:
        filters = self._ledger.filters
        bounds = {
            f"{column.field}{end}": read[f"{column.field}{end}"]
            for column in filters
            if column.filter is ColumnFilter.RANGE
            for end in (FROM, TO)
        }
        return Asked(
            search=read["search"],
            chosen={name: tuple(read[name]) for name in sorted(self._many - {"columns"}) if read[name]},
            bounds={name: value for name, value in bounds.items() if value is not None},
            flags=tuple(
                column.field
                for column in filters
                if column.filter is ColumnFilter.FLAG and read[column.field]
            ),
            sort=read["sort"],
            direction=read["direction"] or self._usual(read["sort"]),
            offset=read["offset"],
            limit=read["limit"],
            columns=tuple(dict.fromkeys(read["columns"])),
            language=read["language"],
        )

    def _usual(self, sort: str) -> Direction:
        return self._ledger.direction if sort == self._ledger.sort else Direction.ASCENDING


def _fields(ledger: Ledger) -> dict[str, Any]:
    """Field -> its type and default, as `create_model` takes them."""
    every = [column.field for column in ledger.columns]
    sortable = [column.field for column in ledger.columns if column.sortable]
    fields: dict[str, Any] = {
        "sort": (_one(sortable), Field(default=ledger.sort, description="Field to order by.")),
        "columns": (_many(every, "Columns of the sheet in this order"), []),
    }
    for column in ledger.filters:
        match column.filter:
            case ColumnFilter.CHOICE | ColumnFilter.WITHIN:
                fields[column.field] = (_many(column.values, column.english), [])
            case ColumnFilter.RANGE:
                fields[f"{column.field}{FROM}"] = (_bound(column, f"{column.english}, at least."), None)
                fields[f"{column.field}{TO}"] = (_bound(column, f"{column.english}, at most."), None)
            case ColumnFilter.FLAG:
                fields[column.field] = (bool, Field(default=False, description=f"Only: {column.english}."))
            case ColumnFilter.NONE:
                pass
    return fields


def _one(values: Sequence[str]) -> Any:
    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"{value!r} is none of {', '.join(values)}")
        return value

    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(values)})]


def _many(values: Sequence[str], description: str) -> Any:
    """Any number of values; without `values` of any text."""
    if values:
        return Annotated[list[str], any_of(values), values_of(values, f"{description}.", CHOSEN_MAX)]
    text = Annotated[str, Field(min_length=1, max_length=TEXT_MAX, pattern=PRINTABLE)]
    return Annotated[list[text], Field(max_length=CHOSEN_MAX, description=f"{description}. Empty: any.")]


def _bound(column: Column, description: str) -> Any:
    if column.kind in (ColumnKind.DAY, ColumnKind.INSTANT):
        return Annotated[
            datetime.date | None,
            BeforeValidator(day_of),
            DAY_SCHEMA,
            Field(description=description),
        ]
    number = Annotated[int, Field(ge=0, le=NUMBER_MAX)]
    return Annotated[number | None, WithJsonSchema(_NUMBER), Field(description=description)]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A property's schema as that of a parameter."""
    return {name: value for name, value in schema.items() if name != "title"}

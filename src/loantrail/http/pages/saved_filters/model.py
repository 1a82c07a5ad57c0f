"""A list narrowed and ordered, under a name."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from loantrail.http.pages.model import Answer

KEPT_MAX: Final = 50
"""More filters of one list than this nobody finds again."""
NAME_MAX: Final = 60
TEXT_MAX: Final = 4_000

Place = Annotated[
    str, Field(pattern="^[a-z_/]{1,64}$", description="The list: `loans`, `ledgers/collateral`, ...")
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    Field(
        min_length=1, max_length=NAME_MAX, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
    ),
]


class SavedFilter(Answer):
    name: str
    text: str = Field(description="Conditions and order as they stand in the address.")


class SavedFilters(Answer):
    """Of one person and list, in the order of their names."""

    place: str
    items: list[SavedFilter]


class WantedFilter(BaseModel):
    """A filter to keep; one of the same name is replaced."""

    model_config = ConfigDict(extra="forbid")

    place: Place
    name: Name
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=TEXT_MAX,
            pattern=r"^[\x21-\x7e]+$",
            description="The query of an address, percent-encoded.",
        ),
    ]

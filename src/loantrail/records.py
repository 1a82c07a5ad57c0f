"""What a record of the books looks like: one declaration serves intake, mapping files, canonical files,
the database tables and the documentation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of value a field holds, and how it is stored (polars type / PostgreSQL type)."""

    TEXT = "text"  # String / text
    AMOUNT_FEN = "amount_fen"  # Int64 / bigint, minor units of the record's currency
    INTEGER = "integer"  # Int64 / bigint
    RATE_PPM = "rate_ppm"  # Int64 / bigint, millionths: 4.35% a year is 43500
    DATE = "date"  # Date / date, a business date in Asia/Shanghai
    INSTANT = "instant"  # Datetime(us, UTC) / timestamptz
    BOOLEAN = "boolean"  # Boolean / boolean
    CURRENCY = "currency"  # String / char(3), ISO 4217
    CHOICE = "choice"  # String / text, one of `choices`


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    required: bool = True
    chinese: str = ""
    choices: tuple[str, ...] = ()
    default: str | int | None = None
    """Used where the source has no such column or an empty value."""
    references: str = ""
    """`record_type.field` this value points to, when it is set."""
    minimum: int | None = None
    """Least allowed value of a number."""
    most: int | None = None
    """Largest allowed absolute value of a number; without it what can be stored."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """`name` is the table and the canonical file stem; `key` identifies a record within the bank."""

    name: str
    schema: str
    """The noun that owns the table: `parties` or `ledger`."""
    chinese: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def field_names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)

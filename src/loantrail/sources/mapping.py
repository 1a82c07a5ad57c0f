"""What a mapping file says: how the columns of a bank's own layout become the fields of record types.

`docs/operating/connect.md` shows it by example. A mapping that does not hold together is refused with its file,
line and key before any data is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from loantrail.errors import ConfigurationError, Place
from loantrail.sources.canonical import RECORD_TYPES
from loantrail.sources.columns import Reading
from loantrail.sources.tables import check_zone

SHIPPED: Final = Path(__file__).parent / "mappings"
_STATEMENT: Final = "statement_line"
_FILLED: Final = frozenset({"source_file", "position", "sequence"})
_SUFFIXES: Final = (".yaml", ".yml")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _text(value: object) -> object:
    """YAML reads 0101 as a number and yes as true; where text is meant it must be quoted."""
    if isinstance(value, (bool, int, float)):
        raise ValueError(f"write {value!r} in quotation marks")
    return value


Text = Annotated[str, BeforeValidator(_text)]


class Elapsed(_Strict):
    """A whole number of time units since an origin."""

    column: Text
    since: str
    """ISO 8601; without offset a wall time of the mapping's zone."""
    every: Literal["day", "hour", "minute", "second", "millisecond"]


class Value(_Strict):
    """Where the value of a field comes from: exactly one of column, constant, join, elapsed."""

    column: Text | None = None
    constant: Text | None = None
    join: tuple[Text, ...] | None = None
    """Columns put together, absent ones left out."""
    separator: str = ""
    elapsed: Elapsed | None = None
    extract: str | None = None
    """A regular expression with one group: what it finds in the text is the value, nothing else is absent."""
    values: dict[Text, Text] | None = None
    """Text of the source -> text of the field; others stay as they are, unless `otherwise` is given."""
    otherwise: Text | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        origins = [self.column, self.constant, self.join, self.elapsed]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("needs exactly one of column, constant, join, elapsed")
        if self.otherwise is not None and self.values is None:
            raise ValueError("otherwise means nothing without values")
        if self.extract is not None:
            try:
                groups = re.compile(self.extract).groups
            except re.error as problem:
                raise ValueError(f"extract is no regular expression: {problem}") from None
            if groups != 1:
                raise ValueError("extract needs exactly one group in round brackets")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the source that it reads."""
        single = self.column or (self.elapsed.column if self.elapsed else None)
        return (single,) if single else (self.join or ())


def _as_value(given: object) -> object:
    return {"column": given} if isinstance(given, str) else given


Expression = Annotated[Value, BeforeValidator(_as_value)]


class SplitAmount(_Strict):
    """The amount and direction of a statement line out of one signed column, or out of two columns."""

    signed: Text | None = None
    negative_is: Literal["debit", "credit"] = "debit"
    debit: Text | None = None
    credit: Text | None = None
    negative_flips: bool = False
    """A negative amount in a column (红字) is a positive one in the other direction."""

    @model_validator(mode="after")
    def _one_way(self) -> SplitAmount:
        if (self.signed is None) == (self.debit is None) or (self.debit is None) != (self.credit is None):
            raise ValueError("needs either signed, or both debit and credit")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in (self.signed, self.debit, self.credit) if name is not None)


class TwoSided(_Strict):
    """One row is a whole transfer and gives two statement lines: the fields that differ between them."""

    debit: dict[str, Expression]
    credit: dict[str, Expression]


class Record(_Strict):
    """One record type that the rows give."""

    record_type: str
    fields: dict[str, Expression] = Field(default_factory=dict)
    amount: SplitAmount | None = None
    two_sided: TwoSided | None = None
    newest_first: bool = False
    """The file lists an account's latest line first."""

    @field_validator("record_type")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in RECORD_TYPES:
            raise ValueError(f"there is no record type {name}; known are {', '.join(RECORD_TYPES)}")
        return name

    @model_validator(mode="after")
    def _complete(self) -> Record:
        if self.record_type != _STATEMENT and (self.amount or self.two_sided or self.newest_first):
            raise ValueError("amount, two_sided and newest_first belong to statement_line")
        if self.amount and self.two_sided:
            raise ValueError("amount and two_sided exclude each other")
        for name in self.field_names():
            if name not in RECORD_TYPES[self.record_type].field_names:
                known = ", ".join(RECORD_TYPES[self.record_type].field_names)
                raise ValueError(f"{self.record_type} has no field {name}; known are {known}")
        return self

    def field_names(self) -> set[str]:
        """The fields that it gives a value to."""
        names = set(self.fields)
        if self.amount:
            names |= {"amount_fen", "direction"}
        if self.two_sided:
            names |= {"direction"} | set(self.two_sided.debit) | set(self.two_sided.credit)
        return names

    def columns(self) -> set[str]:
        """The columns of the source that it reads."""
        values = list(self.fields.values())
        if self.two_sided:
            values += [*self.two_sided.debit.values(), *self.two_sided.credit.values()]
        names = {name for value in values for name in value.columns}
        return names | set(self.amount.columns if self.amount else ())


class Mapping(_Strict):
    """A whole mapping file."""

    name: Text
    chinese: Text = ""
    recognised_by: tuple[Text, ...] = ()
    """Columns whose presence in a header shows that a file is of this layout."""
    encoding: str | None = None
    delimiter: str | None = None
    zone: str = "Asia/Shanghai"
    amount_unit: Literal["yuan", "fen"] = "yuan"
    rate_unit: Literal["ppm", "percent", "fraction"] = "ppm"
    decimal_comma: bool = False
    date_formats: tuple[str, ...] = ()
    instant_formats: tuple[str, ...] = ()
    defaults: dict[str, Text] = Field(default_factory=dict)
    optional_columns: tuple[Text, ...] = ()
    """Columns that some files of this layout lack; their fields are then absent."""
    records: tuple[Record, ...] = Field(min_length=1)

    @field_validator("delimiter")
    @classmethod
    def _one_byte(cls, delimiter: str | None) -> str | None:
        if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'):
            raise ValueError(
                "a delimiter is one plain character such as a comma, a semicolon, a bar or a tab"
            )
        return delimiter

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str | None) -> str | None:
        try:
            return (encoding and "".encode(encoding) and None) or encoding
        except LookupError:
            raise ValueError(f"there is no encoding called {encoding}") from None

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            check_zone(zone)
        except ConfigurationError as problem:
            raise ValueError(problem.problem) from None
        return zone

    @model_validator(mode="after")
    def _records_complete(self) -> Mapping:
        for record in self.records:
            needed = {
                item.name
                for item in RECORD_TYPES[record.record_type].fields
                if item.required and item.default is None
            }
            # `unit_id` and `account` may come from the command line
            missing = needed - record.field_names() - set(self.defaults) - _FILLED - {"unit_id", "account"}
            if missing:
                raise ValueError(f"{record.record_type} also needs {', '.join(sorted(missing))}")
        return self

    @property
    def reading(self) -> Reading:
        """How values are written."""
        return Reading(
            zone=self.zone,
            amount_unit="minor" if self.amount_unit == "fen" else "major",
            rate_unit=self.rate_unit,
            decimal_comma=self.decimal_comma,
            date_formats=self.date_formats,
            instant_formats=self.instant_formats,
            defaults=self.defaults,
        )

    def needed_columns(self) -> set[str]:
        """The columns that a file must have."""
        return set().union(*(record.columns() for record in self.records)) - set(self.optional_columns)

    def fits(self, columns: tuple[str, ...]) -> bool:
        """Whether a header with these columns is one of this layout."""
        return set(self.recognised_by) | self.needed_columns() <= set(columns)


def read_mapping(path: Path) -> Mapping:
    """The mapping of a file, or the shipped one of that name.

    Raises ConfigurationError naming file, line and key.
    """
    if not path.suffix and not path.exists():
        path = SHIPPED / f"{path.name}.yaml"
    if not path.is_file():
        known = ", ".join(mapping.name for mapping in shipped_mappings())
        raise ConfigurationError(
            "there is no such mapping file", Place(str(path)), f"Give its path, or one of the shipped {known}"
        )
    try:
        text = path.read_text(encoding="utf-8")
        content: Any = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as problem:
        row = getattr(getattr(problem, "problem_mark", None), "line", None)
        what = str(getattr(problem, "problem", None) or problem)
        raise ConfigurationError(
            f"is not YAML: {what}", Place(str(path), None if row is None else row + 1), "Correct it there"
        ) from None
    if not isinstance(content, dict):
        raise ConfigurationError("holds no mapping", Place(str(path)), "Begin with name: and records:")
    try:
        return Mapping.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        keys = [key for key in first["loc"] if not (isinstance(key, str) and key.startswith("function-"))]
        line, known_keys = _line_of(tree, keys)
        message = first["msg"].removeprefix("Value error, ")
        more = f" (and {problem.error_count() - 1} more)" if problem.error_count() > 1 else ""
        raise ConfigurationError(
            f"{message}{more}", Place(str(path), line, ".".join(map(str, known_keys))), "Correct it there"
        ) from None


def _line_of(tree: yaml.Node | None, keys: list[int | str]) -> tuple[int | None, list[int | str]]:
    """The 1-based line of the key, or of the nearest thing around it that is there; and the keys that exist."""
    if tree is None:
        return None, keys
    node, line = tree, tree.start_mark.line + 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pairs = cast(list[tuple[yaml.Node, yaml.Node]], node.value)
            found = next(((k, v) for k, v in pairs if getattr(k, "value", None) == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = cast(yaml.Node, node.value[key])
            line = node.start_mark.line + 1
    return line, keys


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """The mappings that come with the product, by name."""
    return tuple(read_mapping(path) for path in sorted(SHIPPED.iterdir()) if path.suffix in _SUFFIXES)


def columns_missing(mapping: Mapping, held: Map[str, object] | set[str]) -> list[str]:
    """The columns that the mapping needs and a file lacks, in order."""
    return sorted((mapping.needed_columns() | set(mapping.recognised_by)) - set(held))

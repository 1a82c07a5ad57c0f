"""From text columns to the typed columns of a record type, with a named reason for every row that breaks a rule.

Every adapter ends here, so that a rule about a value stands in one place. The work is done a column at a time;
only values that break a rule are looked at one by one.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import polars as pl

from loantrail.money import is_currency, minor_digits
from loantrail.records import Field, Kind, RecordType
from loantrail.sources import exact, moments
from loantrail.sources.model import Batch, Refusal

POLARS_TYPES: Final[dict[Kind, pl.DataType]] = {
    Kind.TEXT: pl.String(),
    Kind.AMOUNT_FEN: pl.Int64(),
    Kind.INTEGER: pl.Int64(),
    Kind.RATE_PPM: pl.Int64(),
    Kind.DATE: pl.Date(),
    Kind.INSTANT: pl.Datetime("us", "UTC"),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.CURRENCY: pl.String(),
    Kind.CHOICE: pl.String(),
}
RATE_DIGITS: Final = {"ppm": 0, "percent": 4, "fraction": 6}
LONGEST_NAME: Final = 256
"""Bytes of a text that names something (keys, accounts, references to other records)."""
LONGEST_TEXT: Final = 65_536
"""Bytes of any other text."""

_BOOLEANS: Final = {
    "1": True, "0": False, "true": True, "false": False, "t": True, "f": False, "yes": True, "no": False,
    "y": True, "n": False, "是": True, "否": False, "有": True, "无": False,
}  # fmt: skip
_CURRENCY_NAMES: Final = {
    "RMB": "CNY", "人民币": "CNY", "人民币元": "CNY", "元": "CNY", "156": "CNY", "美元": "USD", "840": "USD",
    "欧元": "EUR", "978": "EUR", "港币": "HKD", "港元": "HKD", "344": "HKD", "日元": "JPY", "392": "JPY",
    "英镑": "GBP", "826": "GBP",
}  # fmt: skip
_MISSING: Final = {
    Kind.AMOUNT_FEN: "amount_missing",
    Kind.DATE: "date_missing",
    Kind.INSTANT: "instant_missing",
}
_REMEDIES: Final = {
    "account_missing": "every record names its account; add it at the source or with the option `account`",
    "amount_finer_than_minor_unit": "an amount is a whole number of the currency's smallest unit; correct it",
    "amount_not_a_number": "write digits with at most one decimal point, thousands in groups of three",
    "amount_not_positive": "an amount is above zero, the direction says which way it went; correct it",
    "amount_negative": "the value may not be below zero; correct it",
    "amount_too_large": "amounts stay below 2^62 minor units; check the unit",
    "boolean_unreadable": "write yes or no, 1 or 0, 是 or 否",
    "choice_unknown": "map it to one of the known values in a mapping file",
    "currency_unknown": "use the ISO 4217 code, or map the name to it in a mapping file",
    "date_impossible": "the calendar has no such day; correct it",
    "date_out_of_range": "the year must lie between 1900 and 2200; check the date format",
    "date_unreadable": "name its format in a mapping file",
    "instant_not_in_zone": "clocks skipped that time in the zone; give an offset or another zone",
    "instant_unreadable": "name its format in a mapping file",
    "text_has_nul": "the byte zero cannot be stored; remove it",
    "text_too_long": "shorten it, or check that the columns are the right ones",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are written in a source."""

    zone: str = "Asia/Shanghai"
    """IANA name of the zone of times that carry no offset."""
    amount_unit: Literal["major", "minor"] = "major"
    """Amounts in yuan (`major`) or fen (`minor`). An Int64 column follows it as text does."""
    rate_unit: Literal["ppm", "percent", "fraction"] = "ppm"
    """Rates in millionths, percent or as a fraction of one; a text that ends with % is percent in any case."""
    decimal_comma: bool = False
    date_formats: tuple[str, ...] = ()
    """strftime patterns, tried in order; empty: `moments.DATE_FORMATS`."""
    instant_formats: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field name -> text used where the source has no such column or an empty value."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """`rows` has exactly the columns of the record type; `refusals` are in order of position."""

    rows: pl.DataFrame
    refusals: tuple[Refusal, ...]

    def batch(self, record_type: RecordType, bytes_read: int = 0) -> Batch:
        """The same as a batch that accounts for all these records."""
        read = len(self.rows) + len(self.refusals)
        return Batch(record_type.name, self.rows, self.refusals, records_read=read, bytes_read=bytes_read)


@dataclass(slots=True)
class _Column:
    """One field being read: its text, its values, and where it breaks a rule."""

    field: Field
    given: pl.Series
    """What the source holds, for the message."""
    values: pl.Series
    broken: list[tuple[pl.Series, str | Callable[[str], str]]]
    """Masks with the reason, or with what finds the reason from the text; the first that holds counts."""


def polars_schema(record_type: RecordType) -> dict[str, pl.DataType]:
    """Column name -> polars type of the record type's rows, in order."""
    return {item.name: POLARS_TYPES[item.kind] for item in record_type.fields}


def accept(
    record_type: RecordType,
    texts: pl.DataFrame,
    source_file: str,
    originals: Sequence[bytes] | None = None,
    *,
    reading: Reading | None = None,
    first_position: int = 1,
    positions: pl.Series | None = None,
) -> Accepted:
    """Typed rows of `record_type` out of `texts`, and a refusal for each row that breaks a rule.

    `texts` has one column per field that the source knows, named as the field, String or already typed (Int64,
    Date, Datetime, Boolean; a float is read by its shortest decimal text). Columns that the record type lacks
    are ignored, absent ones take their default. Statement lines whose source has none get `source_file`,
    `position` and `sequence` from the arguments. `positions` (Int64) numbers the records; without it they
    count on from `first_position`. `originals` gives the bytes of each row for its refusal; without it a refusal
    holds the row's columns as JSON.
    """
    reading = reading or Reading()
    if positions is None:
        positions = pl.Series("position", range(first_position, first_position + len(texts)), dtype=pl.Int64)
    given = texts
    if record_type.name == "statement_line":
        numbers = positions.cast(pl.Int64)
        for name, value in (
            ("source_file", pl.lit(source_file)),
            ("position", numbers.alias("position")),
            ("sequence", numbers.alias("sequence")),
        ):
            if name not in texts.columns:
                texts = texts.with_columns(value.alias(name))

    columns = _read_columns(record_type, texts, reading)
    refused = _first_broken_rules(columns, len(texts))
    refusals = tuple(
        Refusal(
            source_file=source_file,
            position=int(positions[row]),
            field=broken.field.name,
            reason=reason,
            message=_message(broken, row, reason),
            original=originals[row] if originals is not None else _as_json(given, row),
        )
        for row, (broken, reason) in sorted(refused.items())
    )
    rows = pl.DataFrame([column.values.alias(column.field.name) for column in columns])
    if refused:
        keep = pl.Series([True]).new_from_index(0, len(rows)).scatter(sorted(refused), False)
        rows = rows.filter(keep)
    return Accepted(rows, refusals)


def accept_records(
    record_type: RecordType,
    records: Iterable[Mapping[str, object]],
    source_file: str,
    originals: Sequence[bytes] | None = None,
    *,
    reading: Reading | None = None,
    first_position: int = 1,
) -> Accepted:
    """As `accept`, for records that an adapter has built one by one in Python.

    Values: text; int for amounts in minor units, numbers and rates in millionths; date; datetime (naive: a wall
    time of `reading.zone`); bool; None. Text is read as in `accept`, amounts in minor units. A record may hold
    `position`; otherwise they count on from `first_position`. Raises TypeError for a float.
    """
    listed = list(records)
    known = set(record_type.field_names)
    data = {
        name: pl.Series(name, [_as_text(record.get(name)) for record in listed], dtype=pl.String)
        for name in record_type.field_names
        if any(record.get(name) is not None for record in listed) and name in known
    }
    numbers = [record.get("position", first_position + index) for index, record in enumerate(listed)]
    texts = pl.DataFrame(data) if data else pl.DataFrame({"": [None] * len(listed)})
    base = reading or Reading()
    minor = Reading(
        zone=base.zone,
        amount_unit="minor",
        rate_unit="ppm",
        date_formats=base.date_formats,
        instant_formats=base.instant_formats,
        defaults=base.defaults,
    )
    return accept(
        record_type,
        texts,
        source_file,
        originals,
        reading=minor,
        positions=pl.Series("position", numbers, dtype=pl.Int64),
    )


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"a record holds a {type(value).__name__}: {value!r}; give text, int, date or datetime")


def _as_json(texts: pl.DataFrame, row: int) -> bytes:
    present = {name: value for name, value in texts.row(row, named=True).items() if value is not None}
    return json.dumps(present, ensure_ascii=False, default=str).encode()


def _read_columns(record_type: RecordType, texts: pl.DataFrame, reading: Reading) -> list[_Column]:
    read: dict[str, _Column] = {}
    digits = pl.Series("digits", [minor_digits(reading.defaults.get("currency", "CNY"))])
    for item in sorted(record_type.fields, key=lambda item: item.kind is not Kind.CURRENCY):
        given = _given(item, texts, reading)
        column = _READERS[item.kind](item, given, reading, digits)
        if item.kind is Kind.CURRENCY:
            known = column.values.drop_nulls().unique()
            by_code = {code: minor_digits(code) for code in known.to_list() if is_currency(code)}
            digits = column.values.replace_strict(by_code, default=2, return_dtype=pl.Int64)
        if item.required and item.default is None and not _is_own_unit(item):
            column.broken.insert(0, (given.is_null(), _missing(item, record_type)))
        read[item.name] = column
    if "currency" in read:
        _leave_to_the_currency(read)
    return [read[item.name] for item in record_type.fields]


def _is_own_unit(item: Field) -> bool:
    """The unit that a record belongs to may stay open: the import gives it the bank's default unit."""
    return item.name == "unit_id" and item.references != ""


def _leave_to_the_currency(read: dict[str, _Column]) -> None:
    """Without a known currency nothing can be said about how fine an amount may be: the currency is to blame."""
    unknown = read["currency"].values.is_null()
    if not unknown.any():
        return
    for column in read.values():
        if column.field.kind is Kind.AMOUNT_FEN:
            column.broken = [(mask & ~unknown, reason) for mask, reason in column.broken]


def _given(item: Field, texts: pl.DataFrame, reading: Reading) -> pl.Series:
    """The source's column for the field, defaults filled in: text is stripped, the empty text is null."""
    if item.name in texts.columns:
        given = texts.get_column(item.name)
    else:
        given = pl.Series(item.name, [None], dtype=pl.String).new_from_index(0, len(texts))
    if isinstance(given.dtype, (pl.Float32, pl.Float64)):
        given = float_texts(given)
    elif isinstance(given.dtype, (pl.Categorical, pl.Enum, pl.Decimal)) or given.dtype == pl.Null:
        given = given.cast(pl.String)
    if given.dtype == pl.String:
        given = given.str.strip_chars()
        given = given.set((given == "").fill_null(value=False), None)
    default = reading.defaults.get(item.name, item.default)
    if default is not None and given.null_count():
        filler = pl.Series([str(default)]).cast(pl.String)
        if given.dtype == pl.Int64 and item.kind is Kind.AMOUNT_FEN and item.name not in reading.defaults:
            filler = filler.cast(pl.Int64)
        else:
            given = given.cast(pl.String)
        given = given.fill_null(filler.item())
    return given


def float_texts(given: pl.Series) -> pl.Series:
    """The shortest decimal text of each float, whole ones without a point; NaN is absent."""
    given = given.cast(pl.Float64).fill_nan(None)
    whole = ((given == given.floor()) & (given.abs() < 2.0**53)).fill_null(value=False)
    as_whole = given.set(~whole, None).cast(pl.Int64).cast(pl.String)
    return as_whole.zip_with(whole, given.cast(pl.String))


def _missing(item: Field, record_type: RecordType) -> str:
    if item.name == "account" or item.name.endswith("_account"):
        return "account_missing"
    if item.name in record_type.key and item.kind is Kind.TEXT:
        return "key_missing"
    return _MISSING.get(item.kind, "value_missing")


def _first_broken_rules(columns: list[_Column], height: int) -> dict[int, tuple[_Column, str]]:
    """Row -> the first field, in field order, that breaks a rule there, and its reason."""
    refused: dict[int, tuple[_Column, str]] = {}
    for column in columns:
        for mask, reason in column.broken:
            if not mask.any():
                continue
            for row in mask.arg_true().to_list():
                if row in refused:
                    continue
                found = reason if isinstance(reason, str) else reason(str(column.given[row]))
                refused[row] = (column, found)
        if len(refused) == height:
            break
    return refused


def _message(column: _Column, row: int, reason: str) -> str:
    value = column.given[row]
    shown = str(value)
    if len(shown) > 80:
        shown = f"{shown[:80]}… ({len(shown)} characters)"
    choices = column.field.choices
    remedy = _REMEDIES.get(reason, "correct it at the source")
    if reason == "choice_unknown":
        remedy = f"known are {', '.join(choices)}; {remedy}"
    name = f"{column.field.name} ({column.field.chinese})" if column.field.chinese else column.field.name
    what = "is missing" if value is None else f"is {shown!r}: {reason}"
    return f"{name} {what}; {remedy}"


# One reader per kind of value --------------------------------------------------------------------------------


def _read_text(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del reading, digits
    values = given.cast(pl.String)
    naming = (
        item.references or item.name in ("account", "reference") or item.name.endswith(("_id", "account"))
    )
    longest = LONGEST_NAME if naming else LONGEST_TEXT
    return _Column(
        item,
        given,
        values,
        [
            (values.str.contains("\x00", literal=True).fill_null(value=False), "text_has_nul"),
            ((values.str.len_bytes() > longest).fill_null(value=False), "text_too_long"),
        ],
    )


def _read_number(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    """Amounts, whole numbers and rates: all are exact integers once their unit is known."""
    prefix = "amount" if item.kind is Kind.AMOUNT_FEN else "number"
    scale = digits
    if item.kind is Kind.RATE_PPM:
        scale = pl.Series([RATE_DIGITS[reading.rate_unit]])
    elif item.kind is Kind.INTEGER or reading.amount_unit == "minor":
        scale = pl.Series([0])
    if item.kind is not Kind.INTEGER and item.name not in reading.defaults and given.dtype == pl.String:
        scale = _percent_scale(item, given, scale)
    texts = given if given.dtype == pl.String else given.cast(pl.String)
    values = _by_scale(texts, scale, decimal_comma=reading.decimal_comma)
    slow = (values.is_null() & texts.is_not_null()).arg_true().to_list()
    reasons: dict[str, str] = {}
    if slow:
        found: list[int | None] = []
        for row in slow:
            text = str(texts[row])
            result = exact.scaled_integer(
                text.removesuffix("%") if item.kind is Kind.RATE_PPM else text,
                int(scale[row]) if len(scale) > 1 else int(scale[0]),
                decimal_comma=reading.decimal_comma,
            )
            found.append(None if isinstance(result, str) else result)
            if isinstance(result, str):
                reasons[text] = f"{prefix}_{result}"
        values = values.scatter(slow, found)
    broken: list[tuple[pl.Series, str | Callable[[str], str]]] = [
        (
            values.is_null() & texts.is_not_null(),
            lambda text: reasons.get(text, f"{prefix}_{exact.NOT_A_NUMBER}"),
        ),
        # abs() of the least Int64 is itself: compare both ends
        (
            ((values > exact.LARGEST) | (values < -exact.LARGEST)).fill_null(value=False),
            f"{prefix}_too_large",
        ),
    ]
    if item.minimum is not None:
        below = {("amount", 1): "amount_not_positive", ("amount", 0): "amount_negative"}
        reason = below.get((prefix, item.minimum), f"{prefix}_too_small")
        broken.append(((values < item.minimum).fill_null(value=False), reason))
    return _Column(item, given, values, broken)


def _percent_scale(item: Field, given: pl.Series, scale: pl.Series) -> pl.Series:
    """A rate written with a per cent sign has its own scale, whatever the unit of the others."""
    if item.kind is not Kind.RATE_PPM:
        return scale
    percent = given.str.ends_with("%").fill_null(value=False)
    if not percent.any():
        return scale
    return pl.Series([int(scale[0])]).new_from_index(0, len(given)).set(percent, RATE_DIGITS["percent"])


def _by_scale(texts: pl.Series, scale: pl.Series, *, decimal_comma: bool) -> pl.Series:
    different = scale.unique().to_list()
    if len(different) == 1:
        return exact.scaled_integers(texts, int(different[0]), decimal_comma=decimal_comma)
    values = pl.Series(texts.name, [None], dtype=pl.Int64).new_from_index(0, len(texts))
    for digits in different:
        where = scale == digits
        part = exact.scaled_integers(texts.filter(where), int(digits), decimal_comma=decimal_comma)
        values = values.scatter(where.arg_true(), part)
    return values


def _read_date(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del digits
    if given.dtype.is_temporal():
        values = moments.in_dates(given, reading.zone)
    else:
        values = moments.dates(given.cast(pl.String), reading.date_formats)
    return _moment_column(item, given, values, instant=False)


def _read_instant(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del digits
    if given.dtype.is_temporal():
        values = moments.in_utc(given, reading.zone)
    else:
        values = moments.instants(given.cast(pl.String), reading.zone, reading.instant_formats)
    return _moment_column(item, given, values, instant=True)


def _moment_column(item: Field, given: pl.Series, values: pl.Series, *, instant: bool) -> _Column:
    unread = values.is_null() & given.is_not_null()
    return _Column(
        item,
        given,
        values,
        [
            (unread, lambda text: moments.why_unread(text, instant=instant)),
            (moments.outside_of_range(values), moments.OUT_OF_RANGE),
        ],
    )


def _read_boolean(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del reading, digits
    if given.dtype == pl.Boolean:
        return _Column(item, given, given, [])
    lowered = given.cast(pl.String).str.to_lowercase()
    values = lowered.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    return _Column(item, given, values, [(values.is_null() & given.is_not_null(), "boolean_unreadable")])


def _read_currency(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del reading, digits
    upper = given.cast(pl.String).str.to_uppercase()
    codes = {
        str(name): _CURRENCY_NAMES.get(str(name), str(name)) for name in upper.drop_nulls().unique().to_list()
    }
    known = {name: code for name, code in codes.items() if is_currency(code)}
    values = upper.replace_strict(known, default=None, return_dtype=pl.String)
    return _Column(item, given, values, [(values.is_null() & given.is_not_null(), "currency_unknown")])


def _read_choice(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> _Column:
    del reading, digits
    values = given.cast(pl.String)
    unknown = (~values.is_in(list(item.choices))).fill_null(value=False)
    return _Column(item, given, values, [(unknown, "choice_unknown")])


_READERS: Final[dict[Kind, Callable[[Field, pl.Series, Reading, pl.Series], _Column]]] = {
    Kind.TEXT: _read_text,
    Kind.AMOUNT_FEN: _read_number,
    Kind.INTEGER: _read_number,
    Kind.RATE_PPM: _read_number,
    Kind.DATE: _read_date,
    Kind.INSTANT: _read_instant,
    Kind.BOOLEAN: _read_boolean,
    Kind.CURRENCY: _read_currency,
    Kind.CHOICE: _read_choice,
}

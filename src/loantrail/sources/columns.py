"""From text columns to the typed columns of a record type, with a named reason for every row that breaks a rule.

Every adapter ends here, so that a rule about a value stands in one place. The work is done a column at a time;
only values that break a rule are looked at one by one.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.ledger.identity import is_masked, named_numbers, names_account
from loantrail.money import is_currency, minor_digits
from loantrail.records import Field, Kind, RecordType
from loantrail.sources.kinds import READERS, Column, Reading, float_texts
from loantrail.sources.model import Batch, Refusal
from loantrail.sources.reasons import SAID

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
_MISSING: Final = {
    Kind.AMOUNT_FEN: "amount_missing",
    Kind.DATE: "date_missing",
    Kind.INSTANT: "instant_missing",
}
_REMEDIES: Final = {
    "account_masked": "several accounts may be written so; give the whole number",
    "account_missing": "every record names its account; send it with each, or name one for a whole file with the option `account`",
    "amount_finer_than_minor_unit": "an amount is a whole number of the currency's smallest unit; correct it",
    "amount_not_a_number": "write digits with at most one decimal point, thousands in groups of three",
    "amount_not_positive": "an amount is above zero, the direction says which way it went; correct it",
    "amount_negative": "the value may not be below zero; correct it",
    "amount_too_large": "no amount is as large as this; check the unit",
    "boolean_unreadable": "write yes or no, 1 or 0, 是 or 否",
    "choice_unknown": "send one of the known values, or where a file has others, name them in its mapping file",
    "currency_unknown": "use the ISO 4217 code, or where a file has other names, map them in its mapping file",
    "date_impossible": "the calendar has no such day; correct it",
    "date_out_of_range": "the year must lie between 1900 and 2200; check the date format",
    "date_unreadable": "write it as 2026-03-01, or where a file has another format, name it in its mapping file",
    "instant_not_in_zone": "clocks skipped that time in the zone; give an offset or another zone",
    "instant_unreadable": "write it as 2026-03-01T10:15:00+08:00, or where a file has another format, name it in its mapping file",
    "text_has_nul": "the byte zero cannot be stored; remove it",
    "text_too_long": "shorten it, or check that the columns are the right ones",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """`rows` has exactly the columns of the record type; `refusals` are in order of position."""

    rows: pl.DataFrame
    refusals: tuple[Refusal, ...]

    def batch(self, record_type: RecordType, bytes_read: int = 0) -> Batch:
        """The same as a batch that accounts for all these records."""
        read = len(self.rows) + len(self.refusals)
        return Batch(record_type.name, self.rows, self.refusals, records_read=read, bytes_read=bytes_read)


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
            message=rule_broken(broken.field, broken.given[row], reason),
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


def _read_columns(record_type: RecordType, texts: pl.DataFrame, reading: Reading) -> list[Column]:
    read: dict[str, Column] = {}
    digits = pl.Series("digits", [minor_digits(reading.defaults.get("currency", "CNY"))])
    for item in sorted(record_type.fields, key=lambda item: item.kind is not Kind.CURRENCY):
        given = _given(item, texts, reading)
        if item.kind is not Kind.CURRENCY and given.null_count() == len(given):
            # Nothing to read: most sources have few of the fields, and small batches live by this.
            column = Column(item, given, _nothing(item.kind, len(given)), [])
        else:
            column = READERS[item.kind](item, given, reading, digits)
        if item.kind is Kind.CURRENCY:
            known = column.values.drop_nulls().unique()
            by_code = {code: minor_digits(code) for code in known.to_list() if is_currency(code)}
            digits = column.values.replace_strict(by_code, default=2, return_dtype=pl.Int64)
        if item.required and item.default is None and not _is_own_unit(item):
            column.broken.insert(0, (given.is_null(), _missing(item, record_type)))
        if (
            item.name == "account"
            and record_type.name == "statement_line"
            and not reading.takes_masked_account
        ):
            masked = pl.DataFrame({"account": column.values}).select(is_masked("account")).to_series()
            column.broken.append((masked, "account_masked"))
        read[item.name] = column
    if "currency" in read:
        _leave_to_the_currency(read)
    return [read[item.name] for item in record_type.fields]


def _nothing(kind: Kind, length: int) -> pl.Series:
    return pl.Series([None], dtype=POLARS_TYPES[kind]).new_from_index(0, length)


def _is_own_unit(item: Field) -> bool:
    """The unit that a record belongs to may stay open: the import gives it the bank's default unit."""
    return item.name == "unit_id" and item.references != ""


def _leave_to_the_currency(read: dict[str, Column]) -> None:
    """Without a known currency nothing can be said about how fine an amount may be: the currency is to blame."""
    unknown = read["currency"].values.is_null()
    if not unknown.any():
        return
    for column in read.values():
        if column.field.kind is Kind.AMOUNT_FEN:
            column.broken = [(mask & ~unknown, reason) for mask, reason in column.broken]


def _given(item: Field, texts: pl.DataFrame, reading: Reading) -> pl.Series:
    """The source's column for the field, defaults filled in: text is stripped, the empty text is null, and so is
    an account number that shows nothing."""
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
        if names_account(item):
            given = named_numbers(given)
    default = reading.defaults.get(item.name, item.default)
    if default is not None and given.null_count():
        filler = pl.Series([str(default)]).cast(pl.String)
        if given.dtype == pl.Int64 and item.kind is Kind.AMOUNT_FEN and item.name not in reading.defaults:
            filler = filler.cast(pl.Int64)
        else:
            given = given.cast(pl.String)
        given = given.fill_null(filler.item())
    return given


def _missing(item: Field, record_type: RecordType) -> str:
    if item.name == "account" or item.name.endswith("_account"):
        return "account_missing"
    if item.name in record_type.key and item.kind is Kind.TEXT:
        return "key_missing"
    return _MISSING.get(item.kind, "value_missing")


def _first_broken_rules(columns: list[Column], height: int) -> dict[int, tuple[Column, str]]:
    """Row -> the first field, in field order, that breaks a rule there, and its reason."""
    refused: dict[int, tuple[Column, str]] = {}
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


def rule_broken(item: Field, value: object, reason: str) -> str:
    """What is said of a value of the field that is refused for `reason`."""
    return _message(item, value, reason, SAID.get(reason, reason))


def _message(item: Field, value: object, reason: str, said: str) -> str:
    shown = str(value)
    if len(shown) > 80:
        shown = f"{shown[:80]}… ({len(shown)} characters)"
    remedy = _REMEDIES.get(reason, "correct it at the source")
    if reason == "choice_unknown":
        remedy = f"known are {', '.join(item.choices)}; {remedy}"
    name = f"{item.name} ({item.chinese})" if item.chinese else item.name
    what = "is missing" if value is None else f"is {shown!r}: {said}"
    return f"{name} {what}; {remedy}"

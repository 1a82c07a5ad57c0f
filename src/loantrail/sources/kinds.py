"""How a value of each kind is read out of a column of text, and which rules it may break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import polars as pl

from loantrail.money import is_currency
from loantrail.records import Field, Kind
from loantrail.sources import exact, moments

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


def currency_code(name: str) -> str | None:
    """The ISO 4217 code of a currency as it may be written: `CNY`, `rmb`, `156`, `人民币`. None for one that is not known."""
    upper = name.strip().upper()
    code = _CURRENCY_NAMES.get(upper, upper)
    return code if is_currency(code) else None


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
    takes_masked_account: bool = False
    """Whether lines of an account with hidden digits are taken: an export is of one account, and a notice tells of it."""


@dataclass(slots=True)
class Column:
    """One field being read: its text, its values, and where it breaks a rule."""

    field: Field
    given: pl.Series
    """What the source holds, for the message."""
    values: pl.Series
    broken: list[tuple[pl.Series, str | Callable[[str], str]]]
    """Masks with the reason, or with what finds the reason from the text; the first that holds counts."""


def float_texts(given: pl.Series) -> pl.Series:
    """The shortest decimal text of each float, whole ones without a point; NaN is absent."""
    given = given.cast(pl.Float64).fill_nan(None)
    whole = ((given == given.floor()) & (given.abs() < 2.0**53)).fill_null(value=False)
    as_whole = given.set(~whole, None).cast(pl.Int64).cast(pl.String)
    return as_whole.zip_with(whole, given.cast(pl.String))


def _read_text(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del reading, digits
    values = given.cast(pl.String)
    naming = (
        item.references or item.name in ("account", "reference") or item.name.endswith(("_id", "account"))
    )
    longest = LONGEST_NAME if naming else LONGEST_TEXT
    return Column(
        item,
        given,
        values,
        [
            (values.str.contains("\x00", literal=True).fill_null(value=False), "text_has_nul"),
            ((values.str.len_bytes() > longest).fill_null(value=False), "text_too_long"),
        ],
    )


def _read_number(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
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
    most = exact.LARGEST if item.most is None else item.most
    broken: list[tuple[pl.Series, str | Callable[[str], str]]] = [
        (
            values.is_null() & texts.is_not_null(),
            lambda text: reasons.get(text, f"{prefix}_{exact.NOT_A_NUMBER}"),
        ),
        # abs() of the least Int64 is itself: compare both ends
        (
            ((values > most) | (values < -most)).fill_null(value=False),
            f"{prefix}_too_large",
        ),
    ]
    if item.minimum is not None:
        below = {("amount", 1): "amount_not_positive", ("amount", 0): "amount_negative"}
        reason = below.get((prefix, item.minimum), f"{prefix}_too_small")
        broken.append(((values < item.minimum).fill_null(value=False), reason))
    return Column(item, given, values, broken)


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


def _read_date(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del digits
    if given.dtype.is_temporal():
        values = moments.in_dates(given, reading.zone)
    else:
        values = moments.dates(given.cast(pl.String), reading.date_formats)
    return _moment_column(item, given, values, instant=False)


def _read_instant(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del digits
    if given.dtype.is_temporal():
        values = moments.in_utc(given, reading.zone)
    else:
        values = moments.instants(given.cast(pl.String), reading.zone, reading.instant_formats)
    return _moment_column(item, given, values, instant=True)


def _moment_column(item: Field, given: pl.Series, values: pl.Series, *, instant: bool) -> Column:
    unread = values.is_null() & given.is_not_null()
    return Column(
        item,
        given,
        values,
        [
            (unread, lambda text: moments.why_unread(text, instant=instant)),
            (moments.outside_of_range(values), moments.OUT_OF_RANGE),
        ],
    )


def _read_boolean(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del reading, digits
    if given.dtype == pl.Boolean:
        return Column(item, given, given, [])
    lowered = given.cast(pl.String).str.to_lowercase()
    values = lowered.replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    return Column(item, given, values, [(values.is_null() & given.is_not_null(), "boolean_unreadable")])


def _read_currency(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del reading, digits
    texts = given.cast(pl.String)
    known = {
        name: code
        for name in texts.drop_nulls().unique().to_list()
        if (code := currency_code(name)) is not None
    }
    values = texts.replace_strict(known, default=None, return_dtype=pl.String)
    return Column(item, given, values, [(values.is_null() & given.is_not_null(), "currency_unknown")])


def _read_choice(item: Field, given: pl.Series, reading: Reading, digits: pl.Series) -> Column:
    del reading, digits
    values = given.cast(pl.String)
    unknown = (~values.is_in(list(item.choices))).fill_null(value=False)
    return Column(item, given, values, [(unknown, "choice_unknown")])


READERS: Final[dict[Kind, Callable[[Field, pl.Series, Reading, pl.Series], Column]]] = {
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
"""Each takes field, source column, reading and the digits of each row's currency."""

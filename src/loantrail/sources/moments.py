"""Dates and instants out of text, a whole column at a time."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

import polars as pl

DATE_FORMATS: Final = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
INSTANT_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%d %H%M%S",
    "%Y-%m-%d %H%M%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
)
ZONED_FORMATS: Final = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200

IMPOSSIBLE: Final = "date_impossible"
OUT_OF_RANGE: Final = "date_out_of_range"
DATE_UNREADABLE: Final = "date_unreadable"
INSTANT_UNREADABLE: Final = "instant_unreadable"
NOT_IN_ZONE: Final = "instant_not_in_zone"

# Formats without separators would also read fewer figures: 2024105 must not become 5 October.
_EXACT_LENGTH: Final = {
    "%Y%m%d": 8, "%y%m%d": 6, "%Y%m%d%H%M%S": 14, "%Y%m%d %H%M%S": 15, "%Y-%m-%d %H%M%S": 17,
}  # fmt: skip
_MIDNIGHT: Final = r"[ T]00:00(?::00(?:\.0+)?)?$"
_INSTANT: Final = pl.Datetime("us", "UTC")
_YEAR_MONTH_DAY: Final = re.compile(r"^(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:\D.*|\d{6})?$", re.ASCII)


def dates(texts: pl.Series, formats: Sequence[str] = ()) -> pl.Series:
    """Date column of `texts`; null where absent or unreadable. A time of midnight after the date is let pass."""
    result = pl.Series(texts.name, [None] * len(texts), dtype=pl.Date)
    for pattern in formats or DATE_FORMATS:
        missing = result.is_null() & texts.is_not_null()
        if not missing.any():
            return result
        read = _of_length(texts, pattern).str.to_date(pattern, strict=False)
        result = result.zip_with(result.is_not_null(), read)
    missing = result.is_null() & texts.str.contains(_MIDNIGHT)
    if missing.any():
        result = result.zip_with(result.is_not_null(), dates(texts.str.replace(_MIDNIGHT, ""), formats))
    return result


def instants(texts: pl.Series, zone: str, formats: Sequence[str] = ()) -> pl.Series:
    """Datetime(us, UTC) column of `texts`; null where absent or unreadable.

    Text with an offset (`Z`, `+08:00`) keeps its meaning; naive text is a wall time of `zone`. A date alone is
    its midnight. A wall time that occurs twice is the earlier one; one that the zone skips is null.
    """
    result = pl.Series(texts.name, [None] * len(texts), dtype=_INSTANT)

    def unread() -> bool:
        return bool((result.is_null() & texts.is_not_null()).any())

    for pattern in formats or INSTANT_FORMATS:
        if not unread():
            return result
        read = _of_length(texts, pattern).str.to_datetime(pattern, strict=False, time_unit="us")
        result = result.zip_with(result.is_not_null(), in_utc(read, zone))
    if unread():
        with_t = texts.str.replace(r"^(\S{8,10}) ", "${1}T").str.replace(r" ?([+-]\d{2})$", "${1}00")
        for pattern in ZONED_FORMATS:
            read = with_t.str.to_datetime(pattern, strict=False, time_unit="us")
            result = result.zip_with(result.is_not_null(), in_utc(read, zone))
    if unread() and not formats:
        result = result.zip_with(result.is_not_null(), in_utc(dates(texts), zone))
    return result


def in_utc(moments: pl.Series, zone: str) -> pl.Series:
    """Datetime(us, UTC) of a Date or Datetime column; a naive one holds wall times of `zone`."""
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone is not None:
        return moments.dt.convert_time_zone("UTC").cast(_INSTANT)
    naive = moments.cast(pl.Datetime("us"))
    aware = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return aware.dt.convert_time_zone("UTC")


def in_dates(moments: pl.Series, zone: str) -> pl.Series:
    """Date column of a Date or Datetime column: of an aware one, the date in `zone`."""
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone is not None:
        return moments.dt.convert_time_zone(zone).dt.date()
    return moments.cast(pl.Date)


def outside_of_range(moments: pl.Series) -> pl.Series:
    """Where the year is one that no record of a bank can have."""
    years = moments.dt.year()
    return ((years < FIRST_YEAR) | (years > LAST_YEAR)).fill_null(value=False)


def why_unread(text: str, *, instant: bool) -> str:
    """The reason why `text` is no date or instant: one that the calendar lacks, or not in a known form."""
    found = _YEAR_MONTH_DAY.match(text.strip())
    if found:
        year, month, day = (int(part) for part in found.groups())
        try:
            datetime.date(year, month, day)
        except ValueError:
            return IMPOSSIBLE
        if instant and _readable_instant(text):
            return NOT_IN_ZONE
    return INSTANT_UNREADABLE if instant else DATE_UNREADABLE


def _readable_instant(text: str) -> bool:
    """Whether the text alone is a wall time: then only its zone, which skips it, can have refused it."""
    try:
        datetime.datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return False
    return True


def _of_length(texts: pl.Series, pattern: str) -> pl.Series:
    length = _EXACT_LENGTH.get(pattern)
    if length is None:
        return texts
    return texts.set((texts.str.len_bytes() != length).fill_null(value=True), None)

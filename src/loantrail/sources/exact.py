"""Exact whole numbers out of decimal text, a whole column at a time. No float takes part.

A column is read in two passes: string arithmetic in polars for what is plain, and `scaled_integer`, one text at
a time, for the few that are left. The second is the authority: it names the reason where there is no number.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import polars as pl

NOT_A_NUMBER: Final = "not_a_number"
FINER: Final = "finer_than_minor_unit"
TOO_LARGE: Final = "too_large"

LARGEST: Final = 2**62 - 1
"""Largest absolute value a column may hold: `loantrail.money.AMOUNT_FEN_MAX`."""

_WIDE: Final = "０１２３４５６７８９．，＋－−（）％"
_NARROW: Final = "0123456789.,+--()%"
_TO_NARROW: Final = str.maketrans(_WIDE, _NARROW)

_MARK: Final = r"^([+-]?)\s*(?:[¥￥]|CNY|RMB|人民币)\s*"
_MARK_AFTER: Final = r"\s*(?:元|CNY|RMB)$"
_GROUPED: Final = r"^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$"
_GROUPED_COMMA: Final = r"^[+-]?[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?$"
_PLAIN: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?", re.ASCII)


def scaled_integer(text: str, digits: int, *, decimal_comma: bool = False) -> int | str:
    """`text` times ten to the power `digits`, exactly; or the reason why there is no such whole number.

    Read are `1234.5`, `-0.01`, `+1`, `1,234.50`, `¥1,234.50`, `1234.50元`, `(12.00)` for minus twelve, full-width
    forms and exponents. A comma groups thousands and stands only between groups of three, so that `12,5` is not
    read as 125; with `decimal_comma` point and comma change places.
    """
    cleaned = text.translate(_TO_NARROW).strip()
    if cleaned.startswith("(") and cleaned.endswith(")"):
        cleaned = "-" + cleaned[1:-1].strip()
    cleaned = re.sub(_MARK_AFTER, "", re.sub(_MARK, r"\1", cleaned))
    if decimal_comma:
        if "." in cleaned and not re.fullmatch(_GROUPED_COMMA, cleaned):
            return NOT_A_NUMBER
        cleaned = cleaned.replace(".", "").replace(",", ".")
    elif "," in cleaned:
        if not re.fullmatch(_GROUPED, cleaned):
            return NOT_A_NUMBER
        cleaned = cleaned.replace(",", "")
    if not _PLAIN.fullmatch(cleaned):
        return NOT_A_NUMBER
    return _scaled(Decimal(cleaned), digits)


def _scaled(value: Decimal, digits: int) -> int | str:
    """By integer arithmetic: Decimal's own operations would round to the precision of their context."""
    sign, figures, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # a plain text is never infinite
    coefficient = int("".join(map(str, figures)) or "0") if len(figures) <= 4000 else 10**4000
    shift = exponent + digits
    if coefficient == 0:
        return 0
    if shift >= 0:
        whole = coefficient * 10 ** min(shift, 64)
    elif -shift > len(figures):
        return FINER
    else:
        whole, rest = divmod(coefficient, 10**-shift)
        if rest:
            return FINER
    if whole > LARGEST:
        return TOO_LARGE
    return -whole if sign else whole


def scaled_integers(texts: pl.Series, digits: int, *, decimal_comma: bool = False) -> pl.Series:
    """Int64 column of `texts` (String, null where absent) times ten to the power `digits`.

    Null where the text is absent or the fast pass cannot read it; `scaled_integer` decides about the latter.
    Values are not yet checked against `LARGEST`.
    """
    odd = texts.str.contains(r"[^0-9.+\-]").fill_null(value=False)
    if odd.any() or decimal_comma:
        texts = _plain(texts, decimal_comma=decimal_comma)
    parts = texts.str.splitn(".", 2).struct.unnest()
    whole, fraction = parts.to_series(0), parts.to_series(1).fill_null("")
    longest = fraction.str.len_bytes().max()
    if isinstance(longest, int) and longest > digits:
        fraction = fraction.str.strip_chars_end("0")
    joined = (whole + fraction.str.pad_end(digits, "0")) if digits else whole + fraction
    values = joined.cast(pl.Int64, strict=False)
    unread = (fraction.str.len_bytes() > digits) | ((values == 0) & ~texts.str.contains("[0-9]"))
    if unread.any():
        values = values.set(unread.fill_null(value=False), None)
    return values


def _plain(texts: pl.Series, *, decimal_comma: bool) -> pl.Series:
    """The column with full-width forms, currency marks, brackets and thousands separators taken away."""
    column = pl.col(texts.name or "text")
    plain = (
        column.str.replace_many(list(_WIDE), list(_NARROW))
        .str.strip_chars()
        .str.replace(r"^\((.*)\)$", "-$1")
        .str.replace(_MARK.replace(r"^([+-]?)", "^(?P<sign>[+-]?)"), "$sign")
        .str.replace(_MARK_AFTER, "")
    )
    group, point, grouped = (".", ",", _GROUPED_COMMA) if decimal_comma else (",", ".", _GROUPED)
    plain = (
        pl.when(~plain.str.contains(group, literal=True))
        .then(plain)
        .when(plain.str.contains(grouped))
        .then(plain.str.replace_all(group, "", literal=True))
    )
    if decimal_comma:
        plain = plain.str.replace(point, ".", literal=True)
    return texts.rename(texts.name or "text").to_frame().select(plain.alias("plain")).to_series()

"""What a lead says of itself, in both languages at once: the figures that made it, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.tracing.verdict_words import CHINESE_UNITS, ENGLISH_UNITS


@dataclass(frozen=True, slots=True)
class Telling:
    """One text expression per language."""

    english: pl.Expr
    chinese: pl.Expr


_AFTER_UNIT: Final = r"(元) ([\p{Han}])"
_ONE: Final = r"\b1 (account|borrower|company|day|hour|instalment|loan|month|payment)s\b"


def tell(english: str, chinese: str, *values: Telling | pl.Expr | str) -> Telling:
    """Sentences with `{}` for the values, in this order in both languages. A value is a column, an expression or, where
    the languages differ, a Telling. Of one thing English says no plural; between a unit and a Chinese word stands no space."""

    def of(language: str) -> list[pl.Expr | str]:
        return [getattr(value, language) if isinstance(value, Telling) else value for value in values]

    if not values:
        return Telling(pl.lit(english), pl.lit(chinese))
    return Telling(
        pl.format(english, *of("english")).str.replace_all(_ONE, "1 ${1}"),
        pl.format(chinese, *of("chinese")).str.replace_all(_AFTER_UNIT, "${1}${2}"),
    )


_FEN: Final = 2
"""Digits of a yuan behind the point."""


def _scaled(column: str, zeros: int) -> pl.Expr:
    """The column of fen in units of 10^`zeros` fen, two digits behind the point, halves up, with thousands separators."""
    hundredths = (pl.col(column) + 10 ** (zeros - 2) // 2) // 10 ** (zeros - 2)
    digits = (hundredths // 100).cast(pl.String).str.reverse()
    parted = digits.str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars_start(",")
    return pl.format("{}.{}", parted, (hundredths % 100).cast(pl.String).str.zfill(2))


def _at_a_glance(column: str, units: Iterable[tuple[int, str]], otherwise: pl.Expr) -> pl.Expr:
    found = otherwise
    for zeros, words in reversed(list(units)):
        reached = pl.col(column) >= 10 ** (_FEN + zeros)
        found = pl.when(reached).then(pl.format(words, _scaled(column, _FEN + zeros))).otherwise(found)
    return found


def yuan(column: str) -> Telling:
    """The amount of a column of fen, not negative, as the rest of a sentence about a loan gives it (verdict_words.english_money,
    chinese_money)."""
    exact = _scaled(column, _FEN)
    return Telling(
        _at_a_glance(
            column, ((zeros, f"CNY {{}}{unit}") for zeros, unit in ENGLISH_UNITS), pl.format("CNY {}", exact)
        ),
        _at_a_glance(
            column, ((zeros, f"{{}} {unit}") for zeros, unit in CHINESE_UNITS), pl.format("{} 元", exact)
        ),
    )


_ENGLISH: Final = {one.name: one.english[:1].lower() + one.english[1:] for one in BY_NAME.values()} | {
    "other_debt_repaid": "another loan here"
}
_CHINESE: Final = {one.name: one.chinese for one in BY_NAME.values()} | {"other_debt_repaid": "本行其他贷款"}


def class_words(column: str = "destination_class") -> Telling:
    """What a destination class is called."""
    name = pl.col(column).cast(pl.String)
    return Telling(name.replace(_ENGLISH), name.replace(_CHINESE))

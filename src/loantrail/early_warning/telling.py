"""What a lead says of itself, in both languages at once: the figures that made it, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.destinations.model import BY_NAME


@dataclass(frozen=True, slots=True)
class Telling:
    """One text expression per language."""

    english: pl.Expr
    chinese: pl.Expr


def tell(english: str, chinese: str, *values: Telling | pl.Expr | str) -> Telling:
    """Sentences with `{}` for the values, in this order in both languages. A value is a column, an expression or, where
    the languages differ, a Telling."""

    def of(language: str) -> list[pl.Expr | str]:
        return [getattr(value, language) if isinstance(value, Telling) else value for value in values]

    if not values:
        return Telling(pl.lit(english), pl.lit(chinese))
    return Telling(pl.format(english, *of("english")), pl.format(chinese, *of("chinese")))


def yuan(column: str) -> Telling:
    """The amount of a column of fen in whole yuan, with thousands separators and its unit."""
    digits = (pl.col(column) // 100).cast(pl.String).str.reverse()
    parted = digits.str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars_start(",")
    return Telling(pl.format("{} yuan", parted), pl.format("{} 元", parted))


_ENGLISH: Final = {one.name: one.english[:1].lower() + one.english[1:] for one in BY_NAME.values()} | {
    "other_debt_repaid": "another loan here"
}
_CHINESE: Final = {one.name: one.chinese for one in BY_NAME.values()} | {"other_debt_repaid": "本行其他贷款"}


def class_words(column: str = "destination_class") -> Telling:
    """What a destination class is called."""
    name = pl.col(column).cast(pl.String)
    return Telling(name.replace(_ENGLISH), name.replace(_CHINESE))

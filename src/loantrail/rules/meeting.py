"""Which rows meet the conditions of a rule, and at which level. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.early_warning.hits import LEVELS
from loantrail.parameters import ParameterBook
from loantrail.rules.compiling import compiled
from loantrail.rules.fields import LISTED
from loantrail.rules.model import CheckedContent
from loantrail.rules.numbers import PPM

RANKS: Final = {level.value: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of checked content: which rows it looks at, and which of them meet it."""

    applies: pl.Expr
    meets: pl.Expr


def conditions_of(checked: CheckedContent, parameters: ParameterBook) -> Conditions:
    """The conditions compiled; both expressions are true or false for every row. The content has no problems."""
    content = checked.content
    assert checked.condition.root is not None
    applies = pl.col("occasion") == content.occasion
    if content.products:
        applies &= pl.col("product").is_in(content.products).fill_null(value=False)
    if content.customer_kinds:
        applies &= pl.col("customer_kind").is_in(content.customer_kinds).fill_null(value=False)
    return Conditions(applies, compiled(checked.condition.root, parameters).fill_null(value=False))


def with_marks(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the marks of lists: those that nobody put on them are not known."""
    missing = [
        pl.lit(None, pl.Boolean).alias(field.name) for field in LISTED if field.name not in rows.columns
    ]
    return rows.with_columns(missing) if missing else rows


def meeting(
    checked: CheckedContent,
    rows: pl.DataFrame,
    parameters: ParameterBook,
    conditions: Conditions | None = None,
) -> pl.DataFrame:
    """The rows that meet a rule, in their order, with `level_rank`, `hit_amount_fen`, `hit_share_ppm`. `conditions`: those
    of the content, where they are compiled already."""
    content = checked.content
    asked = conditions_of(checked, parameters) if conditions is None else conditions
    met = with_marks(rows.filter(asked.applies)).filter(asked.meets)
    if met.is_empty():
        return met.with_columns(level_rank=pl.lit(0), hit_amount_fen=pl.lit(0), hit_share_ppm=pl.lit(0))
    ranks = [
        pl.when(compiled(one.root, parameters).fill_null(value=False)).then(RANKS[level.value])
        for level, one in checked.levels
        if one.root is not None
    ]
    amount = pl.col(content.amount_field).fill_null(0) if content.amount_field else pl.lit(0, pl.Int64)
    whole = pl.col("loan_amount_fen")
    share = pl.when(whole > 0).then(amount.cast(pl.Int128) * PPM // whole.cast(pl.Int128)).otherwise(0)
    return met.with_columns(
        level_rank=pl.max_horizontal(ranks),
        hit_amount_fen=amount,
        hit_share_ppm=share.cast(pl.Int64, strict=False).fill_null(0),
    )

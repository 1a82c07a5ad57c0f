"""Hits: what rules and patterns say of loans, in the one shape that warnings are made of.

The level of a lead follows practice (`parameter_values/early_warning.yaml`, domain B4): a weak signal alone is blue, a
material one yellow; the share of the loan that was misused makes it orange or red. A hit that rests on words alone falls
one level. What looks like honest dealing is red only when the least that every way of counting gives is proven to reach
the share.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Final

import polars as pl

from loantrail.early_warning.frames import INSTANT, Shape, T
from loantrail.ids import derived_ids
from loantrail.parameters import ParameterBook

HITS: Final[Shape] = {
    "hit_id": T,
    "rule_code": T,
    "rule_version": T,
    "loan_id": T,
    "at": INSTANT,
    "level": T,
    "amount_fen": pl.Int64,
    "share_ppm": pl.Int64,
    "destination_class": T,
    "transaction_ids": pl.List(pl.String),
    "explanation": T,
    "explanation_chinese": T,
}
"""One row per rule and what it speaks of. `at`: booking time of the latest transaction that made it; `level` one of Level;
`share_ppm`: amount over the loan."""
PROVEN: Final[Shape] = {"loan_id": T, "use": T, "least_fen": pl.Int64}
"""What is proven: no way of counting gives less to that line of the loan's statement."""
BASES: Final[Shape] = {"transaction_id": T, "basis": T}


class Level(StrEnum):
    """Levels of a warning, mildest first."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """0 blue to 3 red."""
        return LEVELS.index(self)


LEVELS: Final = tuple(Level)
SEVERE: Final = (Level.ORANGE, Level.RED)


def is_of_rule(rule_version: str) -> bool:
    """Whether a rule made the hit, of which each payment by itself meets the condition: its version is a number. That of a pattern is the
    software's, and a pattern counts its payments together."""
    return rule_version.isdecimal()


def hits_of_leads(
    leads: pl.DataFrame,
    transactions: pl.DataFrame,
    bases: pl.DataFrame,
    proven: pl.DataFrame,
    parameters: ParameterBook,
    on_date: datetime.date,
    version: str,
) -> pl.DataFrame:
    """The hits of leads (frames.LEADS), schema HITS, sorted by loan and rule.

    `transactions` has `transaction_id, booked_at`; `bases` (BASES) says why each payee was given its class; `proven`
    as PROVEN; `version` is that of the software. Leads without a known transaction are left out: they have no time.
    """
    known = leads.with_row_index("lead").explode("transaction_ids", empty_as_null=True, keep_nulls=True)
    keyword = parameters.at_or_first("warning_keyword_bases", on_date).names
    seen = (
        known.join(
            transactions.select(transaction_ids="transaction_id", booked_at="booked_at"), on="transaction_ids"
        )
        .join(
            bases.select(transaction_ids="transaction_id", basis=pl.col("basis").cast(pl.String)),
            on="transaction_ids",
            how="left",
        )
        .group_by("lead")
        .agg(
            at=pl.col("booked_at").max(),
            keyword_only=pl.col("basis").is_in(keyword).fill_null(value=False).all(),
        )
    )
    rows = (
        leads.with_row_index("lead")
        .join(seen, on="lead")
        .join(
            proven.select("loan_id", destination_class="use", least_fen="least_fen"),
            on=["loan_id", "destination_class"],
            how="left",
            maintain_order="left",
        )
        .with_columns(_level(parameters, on_date))
        .sort("loan_id", "pattern")
    )
    ids = derived_ids(("hit", "lead"), rows["pattern"], [version] * len(rows), rows["loan_id"])
    return rows.select(
        pl.Series("hit_id", ids, dtype=pl.String),
        rule_code="pattern",
        rule_version=pl.lit(version),
        loan_id="loan_id",
        at=pl.col("at").cast(INSTANT),
        level="level",
        amount_fen="amount_fen",
        share_ppm="share_ppm",
        destination_class=pl.col("destination_class").fill_null(""),
        transaction_ids="transaction_ids",
        explanation="explanation",
        explanation_chinese="explanation_chinese",
    ).match_to_schema(pl.Schema(HITS))


def _level(parameters: ParameterBook, on_date: datetime.date) -> pl.Expr:
    def reached(share: pl.Expr, name: str) -> pl.Expr:
        threshold = parameters.at_or_first(name, on_date)
        return share >= threshold.number if threshold.inclusive else share > threshold.number

    def rules(name: str) -> pl.Expr:
        return pl.col("pattern").is_in(parameters.at_or_first(name, on_date).names)

    share = pl.col("share_ppm")
    # Over the loan as the lead counts it: the least is part of the same loan.
    least_share = (
        pl.when(pl.col("amount_fen") > 0)
        .then(pl.col("least_fen").cast(pl.Int128) * share // pl.col("amount_fen"))
        .fill_null(0)
    )
    red, orange = "warning_red_misuse_ppm", "warning_orange_misuse_ppm"
    rank = (
        pl.when(rules("warning_weak_rules"))
        .then(Level.BLUE.rank)
        .when(rules("warning_proven_rules"))
        .then(
            pl.when(reached(least_share, red))
            .then(Level.RED.rank)
            .when(reached(share, red))
            .then(Level.ORANGE.rank)
            .otherwise(Level.YELLOW.rank)
        )
        .when(rules("warning_misuse_rules"))
        .then(
            pl.when(reached(share, red))
            .then(Level.RED.rank)
            .when(reached(share, orange))
            .then(Level.ORANGE.rank)
            .otherwise(Level.YELLOW.rank)
        )
        .otherwise(Level.YELLOW.rank)
    )
    told = pl.max_horizontal(rank - pl.col("keyword_only").cast(pl.Int32), pl.lit(0))
    return told.replace_strict({level.rank: level.value for level in LEVELS}, return_dtype=pl.String).alias(
        "level"
    )

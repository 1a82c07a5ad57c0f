"""Which dictionary term a text speaks of: one pass over all distinct texts, all terms at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import polars as pl

from loantrail.destinations.dictionary import Dictionary

VERDICT_SCHEMA = {
    "text": pl.String,
    "term": pl.String,
    "class_code": pl.UInt8,
    "confidence_permille": pl.Int16,
}

_AT_ONCE_MOST: Final = 256
"""So many texts at most are remembered with what was found of them."""
_TOLD_MOST: Final = 100_000
"""When so many are remembered no more are."""


def normalised(column: str) -> pl.Expr:
    """The column as terms are compared: NFKC, upper case, no white space; null where nothing is left."""
    text = pl.col(column).str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", "")
    return pl.when(text != "").then(text)


@dataclass(frozen=True, slots=True)
class _OfKind:
    """What a dictionary says of one kind of texts."""

    terms: pl.DataFrame
    silencers: pl.DataFrame
    patterns: tuple[str, ...]
    told: dict[str, tuple[Any, ...] | None]
    """What was found of texts that were asked about few at a time; None where nothing was. The same texts come again and
    again."""


@lru_cache(maxsize=64)
def _of_kind(dictionary: Dictionary, kind: str) -> _OfKind:
    terms = dictionary.terms.filter(pl.col("kind") == kind)
    silencers = dictionary.silencers.join(terms.select("rule"), on="rule", how="semi")
    patterns = pl.concat([terms["term"], silencers["term"]]).unique(maintain_order=True)
    return _OfKind(terms, silencers, tuple(patterns.to_list()), {})


def best_terms(texts: pl.Series, dictionary: Dictionary, kind: str) -> pl.DataFrame:
    """For each distinct normalised text that holds a term of `kind`: the best one.

    A term inside a longer one that also matched is hidden by it; of the rest the highest confidence wins, then
    the longest term, then the one nearest the end (the head noun of a Chinese name), then the lowest class code.
    Columns text, term, class_code, confidence_permille; texts without a term are left out.
    """
    distinct = texts.drop_nulls().unique()
    of_kind = _of_kind(dictionary, kind)
    if distinct.is_empty() or not of_kind.patterns:
        return pl.DataFrame(schema=VERDICT_SCHEMA)
    if len(distinct) > _AT_ONCE_MOST:
        return _best_terms(distinct, of_kind)
    told, asked = of_kind.told, distinct.to_list()
    new: dict[str, tuple[Any, ...] | None] = {text: None for text in asked if text not in told}
    if new:
        rows = _best_terms(pl.Series(list(new), dtype=pl.String), of_kind).rows()
        new.update((row[0], row) for row in rows)
        if len(told) < _TOLD_MOST:
            told.update(new)
    found = [row for text in asked if (row := new[text] if text in new else told[text]) is not None]
    return pl.DataFrame(found, schema=VERDICT_SCHEMA, orient="row")


def _best_terms(texts: pl.Series, of_kind: _OfKind) -> pl.DataFrame:
    terms, silencers, patterns = of_kind.terms, of_kind.silencers, list(of_kind.patterns)
    distinct = texts.rename("text").to_frame()
    found = (
        distinct.with_columns(
            start=pl.col("text").str.find_many(patterns, overlapping=True),
            term=pl.col("text").str.extract_many(patterns, overlapping=True),
        )
        .filter(pl.col("term").list.len() > 0)
        .with_row_index("place")
        .with_columns(text_bytes=pl.col("text").str.len_bytes())
    )
    seen = found.select("place", "start", "term", "text_bytes").explode("start", "term", empty_as_null=True)
    hits = seen.join(terms.drop("kind"), on="term").with_columns(
        end=pl.col("start") + pl.col("term").str.len_bytes()
    )
    at_start = pl.col("start") == 0
    at_end = pl.col("end") == pl.col("text_bytes")
    hits = hits.filter(
        (pl.col("match") == "contains")
        | ((pl.col("match") == "prefix") & at_start)
        | ((pl.col("match") == "suffix") & at_end)
        | ((pl.col("match") == "exact") & at_start & at_end)
    ).drop("match", "text_bytes")
    if not silencers.is_empty():
        silenced = (
            hits.join(silencers.rename({"term": "silencer"}), on="rule")
            .join(seen.select("place", silencer="term"), on=["place", "silencer"], how="semi")
            .select("place", "rule")
        )
        hits = hits.join(silenced, on=["place", "rule"], how="anti")
    hits = hits.with_row_index("hit")
    # Only texts with several hits can hide one inside another.
    crowded = hits.filter(pl.len().over("place") > 1).select("hit", "place", "start", "end")
    inside = crowded.join(crowded, on="place", suffix="_outer").filter(
        (pl.col("start_outer") <= pl.col("start"))
        & (pl.col("end_outer") >= pl.col("end"))
        & (pl.col("end_outer") - pl.col("start_outer") > pl.col("end") - pl.col("start"))
    )
    return (
        hits.join(inside.select("hit"), on="hit", how="anti")
        .filter(pl.col("class_code") != 0)
        .with_columns(length=pl.col("end") - pl.col("start"))
        .sort(
            "place",
            "confidence_permille",
            "length",
            "start",
            "class_code",
            descending=[False, True, True, True, False],
        )
        .unique("place", keep="first", maintain_order=True)
        .join(found.select("place", "text"), on="place")
        .select(list(VERDICT_SCHEMA))
    )

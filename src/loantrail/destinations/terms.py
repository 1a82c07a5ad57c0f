"""Which dictionary term a text speaks of: one pass over all distinct texts, all terms at once."""

from __future__ import annotations

import polars as pl

from loantrail.destinations.dictionary import Dictionary

VERDICT_SCHEMA = {
    "text": pl.String,
    "term": pl.String,
    "class_code": pl.UInt8,
    "confidence_permille": pl.Int16,
}


def normalised(column: str) -> pl.Expr:
    """The column as terms are compared: NFKC, upper case, no white space; null where nothing is left."""
    text = pl.col(column).str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", "")
    return pl.when(text != "").then(text)


def best_terms(texts: pl.Series, dictionary: Dictionary, kind: str) -> pl.DataFrame:
    """For each distinct normalised text that holds a term of `kind`: the best one.

    A term inside a longer one that also matched is hidden by it; of the rest the highest confidence wins, then
    the longest term, then the one nearest the end (the head noun of a Chinese name), then the lowest class code.
    Columns text, term, class_code, confidence_permille; texts without a term are left out.
    """
    terms = dictionary.terms.filter(pl.col("kind") == kind)
    silencers = dictionary.silencers.join(terms.select("rule"), on="rule", how="semi")
    patterns = pl.concat([terms["term"], silencers["term"]]).unique(maintain_order=True).to_list()
    distinct = texts.drop_nulls().unique().rename("text").to_frame()
    if distinct.is_empty() or not patterns:
        return pl.DataFrame(schema=VERDICT_SCHEMA)
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

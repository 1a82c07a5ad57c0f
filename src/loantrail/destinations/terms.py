"""Which dictionary term a text speaks of: one pass over all distinct texts, all terms at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import polars as pl

from loantrail.destinations.dictionary import Dictionary
from loantrail.destinations.plain import REMEMBERED_MOST, by_frame, is_plain

VERDICT_SCHEMA = {
    "text": pl.String,
    "term": pl.String,
    "class_code": pl.UInt8,
    "confidence_permille": pl.Int16,
}

_ONE_BY_ONE_MOST: Final = 256
"""So many texts at most are read one by one, and remembered with what was found of them: the same come again and again."""


def normalised(column: str) -> pl.Expr:
    """The column as terms are compared: NFKC, upper case, no white space; null where nothing is left."""
    text = pl.col(column).str.normalize("NFKC").str.to_uppercase().str.replace_all(r"\s+", "")
    return pl.when(text != "").then(text)


@lru_cache(maxsize=REMEMBERED_MOST)
def normalised_text(text: str) -> str | None:
    """As `normalised`, of one text."""
    if not is_plain(text):
        found = by_frame(normalised("text"), text)
        return None if found is None else str(found)
    # Of the characters of a plain text the space alone is white.
    return unicodedata.normalize("NFKC", text).upper().replace(" ", "") or None


class _Rule(NamedTuple):
    class_code: int
    match: str
    confidence_permille: int
    silencers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _OfKind:
    """What a dictionary says of one kind of texts."""

    terms: pl.DataFrame
    silencers: pl.DataFrame
    patterns: tuple[str, ...]
    rules: Mapping[str, tuple[_Rule, ...]]
    """By term."""
    terms_by_first: Mapping[str, tuple[str, ...]]
    """By their first character."""


@lru_cache(maxsize=64)
def _of_kind(dictionary: Dictionary, kind: str) -> _OfKind:
    terms = dictionary.terms.filter(pl.col("kind") == kind)
    silencers = dictionary.silencers.join(terms.select("rule"), on="rule", how="semi")
    patterns = pl.concat([terms["term"], silencers["term"]]).unique(maintain_order=True)
    silent_at: dict[int, list[str]] = {}
    for rule, silencer in silencers.select("rule", "term").iter_rows():
        silent_at.setdefault(rule, []).append(silencer)
    rules: dict[str, list[_Rule]] = {}
    by_first: dict[str, list[str]] = {}
    columns = "rule", "term", "class_code", "match", "confidence_permille"
    for rule, term, code, match, confidence in terms.select(columns).iter_rows():
        if term not in rules:
            by_first.setdefault(term[0], []).append(term)
        rules.setdefault(term, []).append(_Rule(code, match, confidence, tuple(silent_at.get(rule, ()))))
    return _OfKind(
        terms,
        silencers,
        tuple(patterns.to_list()),
        {term: tuple(those) for term, those in rules.items()},
        {first: tuple(those) for first, those in by_first.items()},
    )


class Term(NamedTuple):
    """The term that a text speaks of."""

    term: str
    class_code: int
    confidence_permille: int


@lru_cache(maxsize=REMEMBERED_MOST)
def best_term(text: str, dictionary: Dictionary, kind: str) -> Term | None:
    """As `best_terms`, of one normalised text; None where it holds no term."""
    of_kind = _of_kind(dictionary, kind)
    hits: list[tuple[int, int, str, _Rule]] = []
    for start, first in enumerate(text):
        for term in of_kind.terms_by_first.get(first, ()):
            if text.startswith(term, start):
                end = start + len(term)
                hits += [
                    (start, end, term, rule) for rule in of_kind.rules[term] if _holds(rule, text, start, end)
                ]
    spans = [(start, end) for start, end, _term, _rule in hits]
    # Byte for byte, as the frames measure terms.
    ranked = sorted(
        (
            (rule.confidence_permille, len(term.encode()), start, -rule.class_code, term)
            for start, _end, term, rule in hits
            if rule.class_code
        ),
        reverse=True,
    )
    for confidence, _length, start, code, term in ranked:
        if not _is_hidden(start, start + len(term), spans):
            return Term(term, -code, confidence)
    return None


def _holds(rule: _Rule, text: str, start: int, end: int) -> bool:
    """Whether the term of the rule may stand there, and nothing in the text silences it."""
    at_start, at_end = start == 0, end == len(text)
    there = {"contains": True, "prefix": at_start, "suffix": at_end, "exact": at_start and at_end}
    return there[rule.match] and not any(silencer in text for silencer in rule.silencers)


def _is_hidden(start: int, end: int, spans: list[tuple[int, int]]) -> bool:
    return any(one <= start and other >= end and other - one > end - start for one, other in spans)


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
    if len(distinct) > _ONE_BY_ONE_MOST:
        return _best_terms(distinct, of_kind)
    told = ((text, best_term(text, dictionary, kind)) for text in distinct.to_list())
    found = [(text, *term) for text, term in told if term is not None]
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

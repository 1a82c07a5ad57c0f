"""The judgement of a few loans from a slice of the books: what a full run over the books says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from loantrail.clock import business_date
from loantrail.early_warning.hits import BASES, HITS, hits_of_leads
from loantrail.early_warning.patterns import PATTERNS, leads_of
from loantrail.early_warning.view import View, prepare
from loantrail.few_rows import empty
from loantrail.monitor.slice_frames import Slice
from loantrail.monitor.slice_index import Index
from loantrail.parameters import ParameterBook
from loantrail.rules.evaluate import FOUND, FOUND_BY_RULE, ReadyRules, merged
from loantrail.rules.listing import marked_beside
from loantrail.signals.catalogue import MOVEMENT, no_rows
from loantrail.signals.inputs import prepare_count
from loantrail.signals.rows import signal_rows
from loantrail.signals.wanted import Days, Only


@dataclass(frozen=True, slots=True)
class Judged:
    """`hits`: HITS of the loans, patterns and published rules together, sorted by loan and rule; a rule with the code of a
    pattern speaks in its place. `codes`: what was looked for. `leads`: frames.LEADS of the loans. `found`: evaluate.FOUND
    of all versions that judge, with `rule_id`, shadow ones among them: what the next judgement goes on from. `rows`: the
    signal rows (catalogue.row_schema) that were judged, with the marks of the lists."""

    hits: pl.DataFrame
    codes: tuple[str, ...]
    leads: pl.DataFrame
    found: pl.DataFrame
    rows: pl.DataFrame


def judge_loans(
    part: Slice,
    parameters: ParameterBook,
    rules: ReadyRules,
    entries: pl.DataFrame,
    software_version: str,
    proven: pl.DataFrame,
    found_before: pl.DataFrame | None = None,
    codes: Collection[str] | None = None,
) -> Judged:
    """What the full run gives for the loans of the slice: exactly, where the slice has all rows (`wanted` is None), or
    where `found_before` is what the rules found in all earlier rows (`Judged.found`).

    `proven` (PROVEN): what is proven of the loans. `entries` (`list, scope, subject`): what stands on the watch and black lists. A rule that hits too many loans is
    stopped by who takes the hits (`running_away`). `codes`: the patterns that are looked for, and rows are counted only where a rule asks; None: all.
    """
    frames = part.frames
    on_date = business_date(frames.as_of)
    view = prepare(frames, parameters)
    view.made["handed_on"] = part.handed_on
    leads = leads_of(view, None if codes is None else sorted(codes), part.loans)
    rows = no_rows()
    if codes is None or rules.rules:
        rows = _counted(part, view, None if codes is not None else (on_date, on_date), entries)
    found = rules.found(rows)
    if found_before is not None:
        found = _going_on(found_before, found, rules)
    told = empty(HITS)
    if len(leads):
        told = hits_of_leads(
            leads,
            view.transactions,
            _bases(frames.transactions),
            proven,
            parameters,
            on_date,
            software_version,
        )
    return Judged(_together(told, rules, found), tuple(sorted({*PATTERNS, *rules.codes})), leads, found, rows)


def _counted(part: Slice, view: View, days: Days | None, entries: pl.DataFrame) -> pl.DataFrame:
    """The signal rows of the slice, with the marks of the lists."""
    only = Only(part.loans, part.wanted)
    prepared = prepare_count(part.frames, view, days, part.ended, only, part.beforehand)
    counted = list(signal_rows(prepared))
    rows = pl.concat(counted) if counted else no_rows()
    return marked_beside(rows, prepared.wanted["credit_account"], prepared.wanted["owner"], entries)


def judge_ends_of_day(
    around: Index,
    leads: pl.DataFrame,
    days: pl.DataFrame,
    parameters: ParameterBook,
    rules: ReadyRules,
    software_version: str,
    proven: pl.DataFrame,
    found_before: pl.DataFrame,
) -> Judged:
    """The same of loans of which nothing changed but the ends of their days (`days`, row_schema): `leads` are those that they
    had (frames.LEADS)."""
    found = _going_on(found_before, rules.found(days), rules)
    told = empty(HITS)
    if len(leads):
        ids = leads["transaction_ids"].explode(empty_as_null=False).drop_nulls().unique()
        rows = around.transactions.rows(around.transaction_rows(ids))
        on_date = business_date(around.as_of)
        told = hits_of_leads(leads, rows, _bases(rows), proven, parameters, on_date, software_version)
    return Judged(_together(told, rules, found), tuple(sorted({*PATTERNS, *rules.codes})), leads, found, days)


def _together(told: pl.DataFrame, rules: ReadyRules, found: pl.DataFrame) -> pl.DataFrame:
    """The hits of patterns (`told`) that no rule speaks in the place of, and those of the rules."""
    by_rules = rules.told(found)
    return (
        by_rules
        if told.is_empty()
        else pl.concat([told.filter(~pl.col("rule_code").is_in(rules.codes)), by_rules])
    )


def _bases(transactions: pl.DataFrame) -> pl.DataFrame:
    """Why each payee was given its class (hits.BASES)."""
    if "class_basis" not in transactions.columns:
        return empty(BASES)
    return transactions.select("transaction_id", basis="class_basis")


def _going_on(before: pl.DataFrame, found: pl.DataFrame, rules: ReadyRules) -> pl.DataFrame:
    """What was found in earlier rows and in these together. Ends of days count for the last day alone."""
    of_movements = {one.version.rule_id for one in rules.rules if one.checked.content.occasion == MOVEMENT}
    kept = before.filter(pl.col("rule_id").is_in(list(of_movements))) if len(before) else before
    if kept.is_empty() and found.is_empty():
        return empty(FOUND_BY_RULE)
    rule_ids: dict[tuple[str, str], str] = {
        (code, number): rule_id
        for part in (kept, found)
        for code, number, rule_id in part.select("rule_code", "rule_version", "rule_id").rows()
    }
    whole = merged(kept.select(*FOUND), found.select(*FOUND))
    of_hits = [rule_ids[one] for one in whole.select("rule_code", "rule_version").rows()]
    return whole.with_columns(rule_id=pl.Series(of_hits, dtype=pl.String))


@dataclass(frozen=True, slots=True)
class Decision:
    """`review` where hits rest on the transaction, else `allow`; `hit_ids` in the order of the hits."""

    answer: Literal["review", "allow"]
    hit_ids: tuple[str, ...] = ()


def decisions_of(hits: pl.DataFrame, transaction_ids: Collection[str]) -> Mapping[str, Decision]:
    """What to do with each of the transactions: review it where a hit (HITS) of a pattern or a published rule rests on it."""
    resting: dict[str, list[str]] = {transaction_id: [] for transaction_id in transaction_ids}
    for hit_id, of_hit in hits.select("hit_id", "transaction_ids").iter_rows():
        for transaction_id in of_hit:
            if transaction_id in resting:
                resting[transaction_id].append(hit_id)
    return {
        transaction_id: Decision("review" if hits_here else "allow", tuple(hits_here))
        for transaction_id, hits_here in resting.items()
    }

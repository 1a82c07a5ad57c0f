"""What a full run says of the books, and comparing it with the judgement of a slice."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Final

import polars as pl
from polars.testing import assert_frame_equal

from loantrail.clock import business_date
from loantrail.early_warning.frames import Frames
from loantrail.early_warning.hits import BASES, PROVEN, hits_of_leads
from loantrail.early_warning.patterns import leads_of
from loantrail.early_warning.view import prepare
from loantrail.few_rows import empty
from loantrail.ids import derived_id
from loantrail.monitor.judge import Judged
from loantrail.parameters import shipped_parameters
from loantrail.rules.evaluate import ReadyRules
from loantrail.rules.listing import marked, payees_of
from loantrail.rules.model import RuleVersion, State
from loantrail.rules.shipped import shipped_rules
from loantrail.signals.inputs import prepare_count
from loantrail.signals.rows import row_schema, signal_rows

BOOK = shipped_parameters()
BANK_BEGAN = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
ENTRIES = pl.DataFrame({"list": ["watch", "black"], "scope": ["account", "party"], "subject": ["X0", "P1"]})
SOFTWARE = "the software"
KEYS = {
    "leads": ("loan_id", "pattern"),
    "rows": ("loan_id", "at", "occasion_id"),
    "found": ("loan_id", "rule_code", "rule_version"),
    "hits": ("loan_id", "rule_code"),
}


NOTHING_PROVEN: Final = empty(PROVEN)


def all_rules(published: frozenset[str] = frozenset()) -> ReadyRules:
    """The rules that come with the software, those of the codes published, the others as they come."""
    versions = [
        RuleVersion(
            rule_id=derived_id("rule", one.content.code),
            content=one.content,
            version=1,
            state=State.PUBLISHED if one.content.code in published else one.state,
            maker="loantrail",
            made_at=BANK_BEGAN,
        )
        for one in shipped_rules()
    ]
    return ReadyRules(versions, BOOK)


NO_RULES: Final = ReadyRules([], BOOK)


def full_run(frames: Frames, rules: ReadyRules) -> Judged:
    """As tracing.database, tracing.judging and tracing.warnings judge all loans."""
    on_date = business_date(frames.as_of)
    view = prepare(frames, BOOK)
    leads = leads_of(view)
    ended = frames.hops.filter("ended").select("hop_id")
    prepared = prepare_count(frames, view, (on_date, on_date), ended)
    rows = pl.concat([pl.DataFrame(schema=row_schema()), *signal_rows(prepared)])
    rows = marked(rows, payees_of(frames), ENTRIES)
    found = rules.found(rows)
    bases = (
        frames.transactions.select("transaction_id", basis="class_basis")
        if "class_basis" in frames.transactions.columns
        else empty(BASES)
    )
    told = hits_of_leads(leads, view.transactions, bases, empty(PROVEN), BOOK, on_date, SOFTWARE)
    hits = pl.concat([told.filter(~pl.col("rule_code").is_in(rules.codes)), rules.told(found)])
    return Judged(hits, rules.codes, leads, found, rows)


def of_loans(judged: Judged, loans: list[str], rows_of: pl.Series | None = None) -> Judged:
    """What it says of some loans; with `rows_of`, signal rows of these transactions and of ends of days alone."""
    own = pl.col("loan_id").is_in(loans)
    rows = judged.rows.filter(own)
    if rows_of is not None:
        rows = rows.filter((pl.col("occasion") == "day") | pl.col("transaction_id").is_in(rows_of.implode()))
    return replace(
        judged,
        hits=judged.hits.filter(own),
        leads=judged.leads.filter(own),
        found=judged.found.filter(own),
        rows=rows,
    )


def assert_same(sliced: Judged, full: Judged) -> None:
    for name, keys in KEYS.items():
        one, other = getattr(sliced, name), getattr(full, name)
        assert_frame_equal(one.sort(keys), other.sort(keys))

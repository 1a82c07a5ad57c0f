"""The rules after a trace: every version that judges, over the rows of the trace; what they found is stored."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from loantrail import clock
from loantrail.defects import DEFECTS
from loantrail.early_warning.hits import HITS, SEVERE
from loantrail.early_warning.patterns import PATTERNS
from loantrail.parameters import ParameterBook
from loantrail.rules import store, store_hits, store_lists
from loantrail.rules.acting import enter_shipped
from loantrail.rules.evaluate import FOUND, FOUND_BY_RULE, ReadyRules, hits_of, merged
from loantrail.rules.listing import marked
from loantrail.rules.meeting import Conditions, conditions_of
from loantrail.rules.model import CheckedContent, RuleVersion, State, check_content, in_force
from loantrail.rules.stopping import runaway_of

_LOG: Final = logging.getLogger(__name__)


def judging(connection: store.Database, on_date: datetime.date) -> tuple[RuleVersion, ...]:
    """The versions that are evaluated on a business date: those in force, and of each code the newest later one that is in
    shadow or proposed."""
    versions = store.all_versions(connection)
    forced = in_force(versions, on_date)
    newest: dict[str, RuleVersion] = {}
    for one in versions:  # by code and version
        if one.state in (State.SHADOW, State.PROPOSED):
            newest[one.code] = one
    standing = {one.code: one.version for one in forced}
    return forced + tuple(one for one in newest.values() if one.version > standing.get(one.code, 0))


def ready_rules(
    connection: store.Database,
    on_date: datetime.date,
    parameters: ParameterBook,
    stopped: Collection[str] = (),
) -> ReadyRules:
    """The versions that are evaluated on a business date, made ready; `stopped`: ids of versions that the last full run
    stopped, or that were stopped since, which judge nothing until the next."""
    versions = judging(connection, on_date)
    kept = [one for one in versions if one.rule_id not in stopped]
    silent = _silent(connection, versions)
    ready = ReadyRules(kept, parameters, silent)
    judges = {one.version.rule_id for one in ready.rules}
    without_hits = {one.code for one in _warning(versions) if one.rule_id not in judges} - set(PATTERNS)
    return ReadyRules(kept, parameters, silent | without_hits) if without_hits else ready


def _warning(versions: Iterable[RuleVersion]) -> list[RuleVersion]:
    """Those of which hits are told."""
    return [one for one in versions if one.state in (State.PUBLISHED, State.RETIRED)]


def _silent(connection: store.Database, versions: Sequence[RuleVersion]) -> set[str]:
    """Codes of which no version is in force: they find nothing, and leave patterns of the same code alone."""
    forced = {one.code for one in _warning(versions)}
    return {one.code for one in store.all_versions(connection)} - forced - set(PATTERNS)


def hits_of_run(
    connection: store.Database,
    rows: Iterable[pl.DataFrame],
    loan_count: int,
    run_id: str,
    on_date: datetime.date,
    parameters: ParameterBook,
    say: Callable[[str], object] = lambda _text: None,
    payees: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Judge the rows of a trace (signals.rows.row_schema, in parts) and store what was found; `(hits, codes)`: what the
    published rules found, and the codes that warnings take as looked for (those that no version of is in force, and those
    that are stopped, find nothing, and leave patterns of the same code alone). Shadow versions are stored, and warn nobody. The caller commits.

    `payees` (listing.PAYEES) is what the watch and black lists are compared with. A rule that hits too large a share of the loans, whose conditions no longer pass their check, or that breaks, is stopped and shown.
    """
    enter_shipped(connection)
    versions = judging(connection, on_date)
    # One that was changed since it was read a moment ago is told of no content.
    hashes = store.hashes_of_revisions(connection)
    work = [_Work(one, parameters) for one in versions]
    first: datetime.date | None = None
    entries = store_lists.standing(connection, clock.business_date(clock.now()))
    for taken in rows:
        part = taken if payees is None else marked(taken, payees, entries)
        dates = part["business_date"]
        if first is None and len(dates):
            start = dates.min()
            first = start if isinstance(start, datetime.date) else None
        for one in work:
            one.add(part, parameters)
    say(f"{len(versions)} rules judged")
    at = clock.now()
    for one in work:
        one.limit(loan_count, parameters, on_date)
    found = pl.concat(
        [
            pl.DataFrame(schema=FOUND_BY_RULE),
            *(one.hits.with_columns(rule_id=pl.lit(one.version.rule_id)) for one in work),
        ]
    )
    told: list[dict[str, Any]] = [
        {
            "rule_id": one.version.rule_id,
            "run_id": run_id,
            "at": at,
            "first_date": first,
            "last_date": on_date,
            "loans": loan_count,
            "loans_hit": one.loans_hit,
            "severe_loans": int(one.hits["level"].is_in([level.value for level in SEVERE]).sum()),
            "microseconds": one.microseconds,
            "stopped": one.stopped,
            "content_hash": hashes.get((one.version.rule_id, one.version.revision), ""),
        }
        for one in work
    ]
    store_hits.replace(connection, found.with_columns(run_id=pl.lit(run_id)), told)
    published = [one for one in work if one.version.state in (State.PUBLISHED, State.RETIRED)]
    hits = merged(*(one.hits for one in published)).select(*HITS)
    looked = {
        one.version.code for one in published if one.stopped is None or one.version.code not in PATTERNS
    }
    return hits, tuple(sorted(looked | _silent(connection, versions)))


@dataclass(frozen=True, slots=True)
class Runaway:
    """A version that hits too many loans between two runs over the books."""

    version: RuleVersion
    loans_hit: int
    loans: int


def stop(connection: store.Database, found: Runaway, on_date: datetime.date) -> None:
    """Have the version judge nothing until the next run over the books, in every process. The caller commits."""
    store_hits.stop_runaway(connection, found.version.rule_id, found.loans_hit, found.loans, on_date)


class _Work:
    """One version at work, and what it took."""

    def __init__(self, version: RuleVersion, parameters: ParameterBook) -> None:
        self.version = version
        self.stopped: str | None = None
        self.hits = pl.DataFrame(schema=FOUND)
        self.loans_hit = 0
        self.microseconds = 0
        self._ready: tuple[CheckedContent, Conditions] | None = None
        with self._stopped_by_a_defect():
            checked = check_content(version.content, parameters)
            if checked.problems:
                self.stopped = "content"
            else:
                self._ready = checked, conditions_of(checked, parameters)

    def add(self, part: pl.DataFrame, parameters: ParameterBook) -> None:
        if self.stopped is not None or self._ready is None:
            return
        begun = clock.monotonic_seconds()
        checked, conditions = self._ready
        with self._stopped_by_a_defect():
            self.hits = merged(self.hits, hits_of(self.version, checked, part, parameters, conditions))
        self.microseconds += round((clock.monotonic_seconds() - begun) * 1_000_000)

    @contextmanager
    def _stopped_by_a_defect(self) -> Generator[None]:
        """What breaks in the block stops this version alone; its hits so far are thrown away."""
        try:
            yield
        except DEFECTS:
            _LOG.exception(
                "the rule %s, version %d, broke and is stopped", self.version.code, self.version.version
            )
            self.stopped, self.hits = "defect", self.hits.clear()

    def limit(self, loans: int, parameters: ParameterBook, on_date: datetime.date) -> None:
        self.loans_hit = len(self.hits)
        if (
            self.stopped is None
            and runaway_of(self.version, self.loans_hit, loans, parameters, on_date) is not None
        ):
            self.stopped = "runaway"
            self.hits = self.hits.clear()

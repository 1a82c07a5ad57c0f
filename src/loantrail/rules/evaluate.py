"""Which rows meet which rules: per rule and loan one hit, from the first row on.

A hit's time and id are those of the first row that met the rule; its level is the severest since, and its words those of the
first row at that level; its amount is the largest since. So it does not matter into which batches the rows are cut: the hits
of a whole are the hits of its parts, `merged`.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final

import polars as pl

from loantrail.defects import DEFECTS
from loantrail.early_warning.frames import Shape
from loantrail.early_warning.hits import HITS
from loantrail.few_rows import FewRows, empty
from loantrail.ids import derived_ids
from loantrail.parameters import ParameterBook
from loantrail.rules.compiling import DATE
from loantrail.rules.few import met_by_any
from loantrail.rules.meeting import RANKS, Conditions, conditions_of, meeting, with_marks
from loantrail.rules.model import CheckedContent, Content, RuleVersion, State, check_content
from loantrail.rules.possible import can_be_met
from loantrail.rules.stopping import Broken, RulesBroken, Stopped, runaway_of
from loantrail.rules.words import explain, hit_sentence, part_json
from loantrail.signals.catalogue import DAY

FOUND: Final[Shape] = {**HITS, "explained": pl.String}
"""Hits with the explanation field by field (words.part_json as JSON text) of the row that their words are of."""
_FOUND: Final = FewRows(FOUND)
FOUND_BY_RULE: Final[Shape] = {**FOUND, "rule_id": pl.String}
FEW_HITS: Final = 500
"""So few are gathered one by one."""
FEW_ROWS: Final = 40
"""So few are judged row by row."""
_KEY: Final = ("rule_code", "rule_version", "loan_id")
OWN_MONEY: Final[dict[str, frozenset[int | str | bool | None]]] = {
    "traced_amount_fen": frozenset((0,)),
    "loan_share_ppm": frozenset((0, None)),
    "traced_of_loan_ppm": frozenset((0, None)),
    "depth": frozenset((None,)),
    "is_disbursement": frozenset((False,)),
    "use_before": frozenset((None,)),
    "use_after": frozenset((None,)),
    "payee_is_guarantor": frozenset((False,)),
}
"""What a row of a movement says that has none of the loan's money in it and pays none of its guarantors."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """`hits`: schema HITS, sorted by loan, rule and version."""

    hits: pl.DataFrame
    stopped: tuple[Stopped, ...]


def evaluate(
    versions: Sequence[RuleVersion],
    rows: pl.DataFrame,
    parameters: ParameterBook,
    loan_count: int | None = None,
) -> Evaluated:
    """The hits of the versions over signal rows (signals.catalogue: ROW_COLUMNS and all signals), in the order of the rows.

    `loan_count`: how many loans the rows are about; without it, those that have a row. A rule that hits more than the
    parameter `rule_runaway_share_ppm` of them, and `rule_runaway_loans` or more, is stopped, and so is one that breaks.
    """
    found: list[pl.DataFrame] = [pl.DataFrame(schema=FOUND)]
    stopped: list[Stopped] = []
    loans = rows["loan_id"].n_unique() if loan_count is None else loan_count
    on_date = rows[DATE].max()
    for version in versions:
        try:
            checked = check_content(version.content, parameters)
            if checked.problems:
                stopped.append(Stopped(version.code, str(version.version), "content", 0, loans, 0))
                continue
            hits = hits_of(version, checked, rows, parameters)
        except DEFECTS:
            stopped.append(Stopped(version.code, str(version.version), "defect", 0, loans, 0))
            continue
        runaway = runaway_of(
            version, len(hits), loans, parameters, on_date if isinstance(on_date, datetime.date) else None
        )
        if runaway is None:
            found.append(hits)
        else:
            stopped.append(runaway)
    return Evaluated(_sorted(pl.concat(found)).select(*HITS), tuple(stopped))


def _fields_of(checked: CheckedContent) -> set[str]:
    amount = {checked.content.amount_field} if checked.content.amount_field else set[str]()
    return {*checked.condition.fields, *(name for _, one in checked.levels for name in one.fields), *amount}


def hits_of(
    version: RuleVersion,
    checked: CheckedContent,
    rows: pl.DataFrame,
    parameters: ParameterBook,
    conditions: Conditions | None = None,
) -> pl.DataFrame:
    """The hits of one version, FOUND, one row a loan, without any limit. `conditions` as in `meeting`."""
    met = meeting(checked, rows, parameters, conditions)
    if met.is_empty():
        return pl.DataFrame(schema=FOUND)
    fields = sorted(_fields_of(checked))
    severest = pl.col("level_rank") == pl.col("level_rank").max()
    hits = met.group_by("loan_id", maintain_order=True).agg(
        pl.col("at").first(),
        pl.col("occasion_id").first(),
        rank=pl.col("level_rank").max(),
        amount_fen=pl.col("hit_amount_fen").max(),
        share_ppm=pl.col("hit_share_ppm").max(),
        transaction_ids=pl.col("transaction_id").drop_nulls().unique().sort(),
        telling=pl.struct(DATE, *fields).filter(severest).first(),
        destination_class=pl.col("destination_class").filter(severest).first(),
    )
    parts = [explain(checked.condition, parameters, row) for row in hits["telling"]]
    words = [hit_sentence(checked, part, row) for part, row in zip(parts, hits["telling"], strict=True)]
    explained = [json.dumps(part_json(part), ensure_ascii=False) for part in parts]
    number = str(version.version)
    # An end of day is judged anew each day: what it says is one hit for as long as it says it.
    of_days = checked.content.occasion == DAY
    occasions = [DAY] * len(hits) if of_days else hits["occasion_id"]
    ids = derived_ids(("hit", "rule", version.code, number), hits["loan_id"], occasions)
    return hits.select(
        pl.Series("hit_id", ids, dtype=pl.String),
        rule_code=pl.lit(version.code),
        rule_version=pl.lit(number),
        loan_id="loan_id",
        at="at",
        level=pl.col("rank").replace_strict(
            {rank: level for level, rank in RANKS.items()}, return_dtype=pl.String
        ),
        amount_fen="amount_fen",
        share_ppm="share_ppm",
        destination_class=pl.col("destination_class").fill_null(""),
        transaction_ids="transaction_ids",
        explanation=pl.Series([english for _, english in words], dtype=pl.String),
        explanation_chinese=pl.Series([chinese for chinese, _ in words], dtype=pl.String),
        explained=pl.Series(explained, dtype=pl.String),
    ).match_to_schema(pl.Schema(FOUND))


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A version with its content checked and compiled."""

    version: RuleVersion
    checked: CheckedContent
    conditions: Conditions
    looks_at_own_money: bool
    """Whether it may be met by a movement with none of the loan's money that pays no guarantor."""

    @property
    def warns(self) -> bool:
        """Whether its hits are told; those of shadow and proposed versions are only counted."""
        return self.version.state in (State.PUBLISHED, State.RETIRED)


@lru_cache(maxsize=512)
def _made_ready(content: Content, parameters: ParameterBook) -> tuple[CheckedContent, Conditions | None]:
    """Without conditions where the content has problems. Kept, as every day makes the same rules ready."""
    checked = check_content(content, parameters)
    return checked, None if checked.problems else conditions_of(checked, parameters)


def _ready(version: RuleVersion, parameters: ParameterBook) -> ReadyRule | None:
    """None where its content has problems."""
    checked, conditions = _made_ready(version.content, parameters)
    root = checked.condition.root
    if conditions is None or root is None:
        return None
    own = checked.content.occasion != DAY and can_be_met(root, OWN_MONEY, parameters)
    return ReadyRule(version, checked, conditions, own)


class ReadyRules:
    """Versions that judge, made ready once for many frames of rows. Those whose content has problems judge nothing, nor do those
    that broke when they were made ready (`broken`)."""

    def __init__(
        self, versions: Sequence[RuleVersion], parameters: ParameterBook, silent: Collection[str] = ()
    ) -> None:
        """`silent`: codes that warnings take as looked for although no version of them is in force."""
        self.parameters = parameters
        rules: list[ReadyRule] = []
        broken: list[Broken] = []
        for version in versions:
            try:
                rules += [one] if (one := _ready(version, parameters)) is not None else []
            except DEFECTS as problem:
                broken.append(Broken(version, problem))
        self.rules: tuple[ReadyRule, ...] = tuple(rules)
        self.broken: tuple[Broken, ...] = tuple(broken)
        self.codes: tuple[str, ...] = tuple(
            sorted({one.version.code for one in self.rules if one.warns} | set(silent))
        )
        """What warnings take as looked for."""
        self.asked: frozenset[str] = frozenset[str]().union(*(_fields_of(one.checked) for one in self.rules))
        """The fields that any of them looks at."""
        self.asked_of_days: tuple[frozenset[str], ...] = tuple(
            frozenset(_fields_of(one.checked)) for one in self.rules if one.checked.content.occasion == DAY
        )
        """The fields that each rule about ends of days looks at."""
        self.looks_at_own_money = any(one.looks_at_own_money for one in self.rules)
        """Whether any rule may be met by a movement with none of the loan's money that pays no guarantor."""

    @cached_property
    def warning(self) -> ReadyRules:
        """Those of which hits are told."""
        return self.only(frozenset(one.version.rule_id for one in self.rules if one.warns))

    def only(self, rule_ids: frozenset[str]) -> ReadyRules:
        """Of the versions those with these ids alone; what is looked for stays the same."""
        kept = [one.version for one in self.rules if one.version.rule_id in rule_ids]
        return ReadyRules(kept, self.parameters, self.codes)

    def found(self, rows: pl.DataFrame) -> pl.DataFrame:
        """FOUND with `rule_id` of all versions over rows (signals.catalogue: ROW_COLUMNS and all signals), without any
        limit. RulesBroken where some break; where the rows are to blame, what was raised."""
        if rows.is_empty() or not self.rules:
            return empty(FOUND_BY_RULE)
        marked = with_marks(rows)
        parts: list[pl.DataFrame] = []
        broken: list[Broken] = []
        for one in self._may_find(marked):
            try:
                hits = hits_of(one.version, one.checked, marked, self.parameters, one.conditions)
            except DEFECTS as problem:
                broken.append(Broken(one.version, problem))
            else:
                parts.append(hits.with_columns(rule_id=pl.lit(one.version.rule_id)))
        if broken:
            if not self._can_be_judged(marked, broken[0].version):
                raise broken[0].problem
            raise RulesBroken(broken) from broken[0].problem
        return pl.concat([empty(FOUND_BY_RULE), *parts]) if parts else empty(FOUND_BY_RULE)

    def _can_be_judged(self, rows: pl.DataFrame, version: RuleVersion) -> bool:
        """Whether a rule of the same kind that every row meets finds its hits."""
        content = version.content
        always = (replace(content.levels[-1], condition="TRUE"),)
        plain = replace(
            content, products=(), customer_kinds=(), condition="TRUE", levels=always, amount_field=""
        )
        try:
            hits_of(version, check_content(plain, self.parameters), rows, self.parameters)
        except DEFECTS:
            return False
        return True

    @cached_property
    def _fields(self) -> dict[str, frozenset[str]]:
        """Of each version (by rule_id) the fields of its condition."""
        return {one.version.rule_id: frozenset(one.checked.condition.fields) for one in self.rules}

    def _may_find(self, rows: pl.DataFrame) -> list[ReadyRule]:
        """The versions that any of the rows meets, and of few rows those that may be."""
        asked = self._of_kinds(rows)
        if not asked:
            return []
        if len(rows) <= FEW_ROWS:
            fields = frozenset[str]().union(*(self._fields[one.version.rule_id] for one in asked))
            met = met_by_any([one.checked for one in asked], rows, fields, self.parameters)
            return [one for one, any_met in zip(asked, met, strict=True) if any_met is not False]
        try:
            met = rows.select(
                (one.conditions.applies & one.conditions.meets).any().alias(str(number))
                for number, one in enumerate(asked)
            ).row(0)
        except DEFECTS:  # of one of them: which is told when each is judged by itself
            return asked
        return [one for one, any_met in zip(asked, met, strict=True) if any_met]

    def _of_kinds(self, rows: pl.DataFrame) -> list[ReadyRule]:
        """The versions that look at rows of any such occasion, product and customer."""
        kinds = rows.select("occasion", "product", "customer_kind")
        kinds = set((kinds if len(kinds) <= FEW_HITS else kinds.unique()).rows())
        return [
            one
            for one in self.rules
            if any(
                occasion == one.checked.content.occasion
                and (not one.checked.content.products or product in one.checked.content.products)
                and (not one.checked.content.customer_kinds or kind in one.checked.content.customer_kinds)
                for occasion, product, kind in kinds
            )
        ]

    def told(self, found: pl.DataFrame) -> pl.DataFrame:
        """HITS of the versions that warn, of what was found."""
        if found.is_empty():
            return empty(HITS)
        warning = [one.version.rule_id for one in self.rules if one.warns]
        return merged(found.filter(pl.col("rule_id").is_in(warning)).select(*FOUND)).select(*HITS)


def merged(*parts: pl.DataFrame) -> pl.DataFrame:
    """The hits of rows that came in several batches, in the order of the batches: FOUND as of the whole."""
    if sum(len(part) for part in parts) <= FEW_HITS:
        return merged_of_few(parts)
    whole = pl.concat([pl.DataFrame(schema=FOUND), *parts])
    rank = pl.col("level").replace_strict(RANKS, return_dtype=pl.Int64)
    severest = pl.col("rank") == pl.col("rank").max()
    found = (
        whole.with_columns(rank=rank)
        .group_by(_KEY, maintain_order=True)
        .agg(
            pl.col("hit_id", "at").first(),
            pl.col("level", "destination_class", "explanation", "explanation_chinese", "explained")
            .filter(severest)
            .first(),
            pl.col("amount_fen", "share_ppm").max(),
            pl.col("transaction_ids").explode(empty_as_null=False).unique().sort(),
        )
        .select(*FOUND)
    )
    return _sorted(found.match_to_schema(pl.Schema(FOUND)))


def merged_of_few(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`merged`, of few hits: one by one, as grouping costs more."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for part in parts:
        for row in part.select(*FOUND).rows(named=True) if len(part) else ():
            groups.setdefault((row["loan_id"], row["rule_code"], row["rule_version"]), []).append(row)
    if not groups:
        return empty(FOUND)
    told: list[tuple[Any, ...]] = []
    for _, rows in sorted(groups.items()):
        severest = max(rows, key=lambda row: RANKS[row["level"]])
        together = severest | {
            "hit_id": rows[0]["hit_id"],
            "at": rows[0]["at"],
            "amount_fen": max(row["amount_fen"] for row in rows),
            "share_ppm": max(row["share_ppm"] for row in rows),
            "transaction_ids": sorted({one for row in rows for one in row["transaction_ids"]}),
        }
        told.append(tuple(together.values()))
    return _FOUND.frame(told)


def _sorted(hits: pl.DataFrame) -> pl.DataFrame:
    return hits.sort("loan_id", "rule_code", "rule_version", maintain_order=True)

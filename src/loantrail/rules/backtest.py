"""What a version of a rule would have found over a period: counted part by part, whatever the parts. What it costs is counted as
rules.cost says."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, Final

import polars as pl

from loantrail.early_warning.hits import LEVELS, SEVERE
from loantrail.parameters import ParameterBook
from loantrail.rules.compiling import DATE
from loantrail.rules.cost import Span
from loantrail.rules.evaluate import FOUND, hits_of, merged
from loantrail.rules.meeting import meeting
from loantrail.rules.model import CheckedContent, RuleVersion, check_content
from loantrail.rules.stopping import naming, runaway_of
from loantrail.rules.volume import per_thousand_a_month
from loantrail.rules.words import explain, part_json

LOANS_SHOWN: Final = 50


class Trial:
    """A version, and the one in force beside it, over rows that come in parts, in the order of time. RulesBroken where one of
    them breaks."""

    def __init__(self, version: RuleVersion, current: RuleVersion | None, parameters: ParameterBook) -> None:
        self._parameters = parameters
        self._version = version
        self._current = current
        self._current_checked = None
        with naming(version):
            self._checked = check_content(version.content, parameters)
        if current is not None:
            with naming(current):
                self._current_checked = check_content(current.content, parameters)
        self._hits = pl.DataFrame(schema=FOUND)
        self._current_hits = pl.DataFrame(schema=FOUND)
        self._first: dict[str, dict[str, Any]] = {}
        self._hit_before: set[str] = set()
        self.row_count = 0

    @property
    def sound(self) -> bool:
        """Whether the version's conditions pass their check."""
        return not self._checked.problems

    def add(self, rows: pl.DataFrame) -> None:
        """Judge the next part of the rows of the period (signals.catalogue: ROW_COLUMNS and all signals)."""
        self.row_count += len(rows)
        with naming(self._version):
            self._hits = merged(self._hits, hits_of(self._version, self._checked, rows, self._parameters))
            self._keep_first(rows)
        if (
            self._current is not None
            and self._current_checked is not None
            and not self._current_checked.problems
        ):
            with naming(self._current):
                found = hits_of(self._current, self._current_checked, rows, self._parameters)
                self._current_hits = merged(self._current_hits, found)

    def add_before(self, rows: pl.DataFrame) -> None:
        """Judge rows of the days before the period, in any order: a loan that they hit has its thread already."""
        with naming(self._version):
            met = meeting(self._checked, rows, self._parameters)
        self._hit_before.update(met["loan_id"].unique())

    @property
    def loans_hit(self) -> frozenset[str]:
        """The loans that the version hit in the period so far."""
        return frozenset(self._hits["loan_id"])

    def _keep_first(self, rows: pl.DataFrame) -> None:
        """The row that first met the rule, of each loan: what an example is explained by."""
        fields = _fields(self._checked)
        with naming(self._version):
            met = meeting(self._checked, rows, self._parameters)
        for row in met.unique("loan_id", keep="first", maintain_order=True).select(
            "loan_id", "transaction_id", DATE, *fields
        ).to_dicts():  # fmt: skip
            self._first.setdefault(row["loan_id"], row)

    def result(
        self, span: Span, had: Collection[str], confirmed: Collection[str], microseconds: int
    ) -> dict[str, Any]:
        """Everything that the back-test says, as JSON. Amounts are decimal text. `span`: the days that were judged; `had`: loans
        that the bank had in them (cost.loans_had); `confirmed`: loans whose warning was found true."""
        to_date = span.last
        hits = self._hits
        hit_loans, old_loans = set(hits["loan_id"]), set(self._current_hits["loan_id"])
        # Money of a loan can move on when it is paid back.
        loans = set(had) | hit_loans
        is_severe = pl.col("level").is_in([level.value for level in SEVERE])
        new = hits.filter(~pl.col("loan_id").is_in(list(self._hit_before)))
        budget = {
            name: self._parameters.at_or_first(f"warning_threads{part}_per_thousand_loans", to_date).number
            * 1_000
            for name, part in (("threads", ""), ("severe", "_severe"))
        }
        stopped = runaway_of(self._version, len(hit_loans), len(loans), self._parameters, to_date)
        months = (
            new.group_by(month=pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.strftime("%Y-%m"))
            .agg(loans=pl.len())
            .sort("month")
        )
        only_new, only_old = hit_loans - old_loans, old_loans - hit_loans
        return {
            "rows": self.row_count,
            "loans": len(loans),
            "judged_from": span.first.isoformat(),
            "judged_to": span.last.isoformat(),
            "days": span.days,
            "loans_hit": len(hit_loans),
            "loans_new": len(new),
            "severe_loans": len(hits.filter(is_severe)),
            "threads_milli": per_thousand_a_month(len(new), len(loans), span.days),
            "severe_milli": per_thousand_a_month(len(new.filter(is_severe)), len(loans), span.days),
            "budget_threads_milli": budget["threads"],
            "budget_severe_milli": budget["severe"],
            "levels": [
                {"level": level.value, "loans": int((hits["level"] == level.value).sum())}
                for level in reversed(LEVELS)
            ],
            "months": months.to_dicts(),
            "confirmed": len(set(confirmed) & loans),
            "confirmed_hit": len(hit_loans & set(confirmed)),
            "compared": self._current is not None,
            "both": len(hit_loans & old_loans),
            "only_new": len(only_new),
            "only_old": len(only_old),
            "only_new_loans": sorted(only_new)[:LOANS_SHOWN],
            "only_old_loans": sorted(only_old)[:LOANS_SHOWN],
            "runaway": stopped is not None,
            "microseconds": microseconds,
            "examples": self._examples(only_new if self._current is not None else hit_loans, to_date),
        }

    def _examples(self, preferred: Collection[str], on_date: datetime.date) -> list[dict[str, Any]]:
        """Some hits, each explained field by field: those that are new first, then by amount."""
        most = self._parameters.at_or_first("rule_backtest_examples", on_date).number
        ordered = (
            self._hits.with_columns(preferred=pl.col("loan_id").is_in(list(preferred)))
            .sort("preferred", "amount_fen", "loan_id", descending=[True, True, False])
            .head(most)
        )
        with naming(self._version):
            return [self._example(row) for row in ordered.to_dicts()]

    def _example(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            "loan_id": row["loan_id"],
            "at": row["at"].isoformat(),
            "level": row["level"],
            "amount_fen": str(row["amount_fen"]),
            "share_ppm": row["share_ppm"],
            "transaction_id": self._first[row["loan_id"]]["transaction_id"],
            "only_new": row["preferred"] and self._current is not None,
            "explained": part_json(
                explain(self._checked.condition, self._parameters, self._first[row["loan_id"]])
            ),
        }


def _fields(checked: CheckedContent) -> list[str]:
    return sorted({*checked.condition.fields, *(name for _, one in checked.levels for name in one.fields)})

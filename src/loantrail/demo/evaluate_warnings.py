"""Compare the warnings with what is known of the demo bank. Frames in, frames out.

A hit is true when its loan is planted with its pattern, or with a story whose movements truly show that pattern too
(`also`). A warning is true when one of its hits is. Planted misuse is found when its loan has a hit of its pattern; the
delay is the time from the planted act to the booking that made the hit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.demo.model import LOOK_ALIKES, PATTERNS
from loantrail.early_warning.hits import SEVERE
from loantrail.rules.volume import Volume

RECALL_BAR_PPM: Final = 950_000
PRECISION_BAR_PPM: Final = 900_000
"""What the demo bank must reach."""
HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """New warnings for each 1,000 loans a month that staff can work, and those of them that are orange or red."""

    threads: int
    severe: int


@dataclass(frozen=True, slots=True)
class WarningEvaluation:
    """What the comparison gives. Rates are for each 1,000 loans a month, in thousandths."""

    patterns: pl.DataFrame
    """`pattern, planted, found, hits, true_hits, precision_ppm, recall_ppm, delay_hours, latest_hours`: median and
    longest delay, null where nothing was found."""
    delays: pl.DataFrame
    """`pattern, hours`: of every planted misuse that was found."""
    look_alikes: pl.DataFrame
    """`look_alike, loans, warned`."""
    levels: pl.DataFrame
    """`level, threads, true_threads`."""
    precision_ppm: int | None
    recall_ppm: int | None
    threads_milli: int
    severe_milli: int
    planted_milli: int
    """What one warning for each loan with planted misuse, and no other, would cost: no bank can find all of it for less."""
    severe_true_milli: int
    """Of `severe_milli` the warnings that are true."""
    budget: Budget

    @property
    def passes(self) -> bool:
        """Whether every bar is met."""
        return (
            (self.recall_ppm or 0) >= RECALL_BAR_PPM
            and (self.precision_ppm or 0) >= PRECISION_BAR_PPM
            and self.threads_milli <= self.budget.threads * 1000
            and self.severe_milli <= self.budget.severe * 1000
        )


def judge_warnings(
    planted: pl.DataFrame,
    look_alikes: pl.DataFrame,
    hits: pl.DataFrame,
    threads: pl.DataFrame,
    volume: Volume,
    budget: Budget,
) -> WarningEvaluation:
    """Compare warnings with the truth.

    `planted` and `look_alikes` as `loantrail.demo.truth.read_truth` gives them; `hits` has `loan_id, rule_code, at` of
    those that stand and are not suppressed; `threads` has `loan_id, level`; `volume` is what all that warns costs, as the pages
    tell it.
    """
    keys = ["loan_id", "pattern"]
    found = hits.group_by("loan_id", pattern="rule_code").agg(pl.col("at").min())
    asked = planted.group_by(keys).agg(pl.col("planted_at").min())
    implied = (
        planted.select("loan_id", pattern="also")
        .explode("pattern", empty_as_null=True, keep_nulls=True)
        .drop_nulls()
    )
    true_pairs = pl.concat([asked.select(keys), implied]).unique()
    true_hits = found.join(true_pairs, on=keys, how="semi")
    caught = asked.join(found, on=keys).with_columns(
        hours=pl.max_horizontal(
            (pl.col("at") - pl.col("planted_at")).dt.total_microseconds() // HOUR_US, pl.lit(0, pl.Int64)
        )
    )
    names = [*PATTERNS, *sorted(set(found["pattern"]) - set(PATTERNS))]
    table = pl.DataFrame({"pattern": names}, schema={"pattern": pl.String})
    for part in (
        asked.group_by("pattern").agg(planted=pl.len().cast(pl.Int64)),
        caught.group_by("pattern").agg(
            found=pl.len().cast(pl.Int64),
            delay_hours=pl.col("hours").median().cast(pl.Int64),
            latest_hours=pl.col("hours").max(),
        ),
        found.group_by("pattern").agg(hits=pl.len().cast(pl.Int64)),
        true_hits.group_by("pattern").agg(true_hits=pl.len().cast(pl.Int64)),
    ):
        table = table.join(part, on="pattern", how="left", maintain_order="left")
    table = table.with_columns(pl.col("planted", "found", "hits", "true_hits").fill_null(0)).select(
        "pattern", "planted", "found", "hits", "true_hits",
        precision_ppm=_share("true_hits", "hits"),
        recall_ppm=_share("found", "planted"),
        delay_hours="delay_hours",
        latest_hours="latest_hours",
    )  # fmt: skip
    judged = threads.with_columns(true=pl.col("loan_id").is_in(true_hits["loan_id"].unique().implode()))
    levels = (
        pl.DataFrame({"level": ["red", "orange", "yellow", "blue"]})
        .join(
            judged.group_by("level").agg(
                threads=pl.len().cast(pl.Int64), true_threads=pl.col("true").sum().cast(pl.Int64)
            ),
            on="level",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("threads", "true_threads").fill_null(0))
    )
    honest = look_alikes.join(planted.select("loan_id"), on="loan_id", how="anti")
    warned = honest.join(threads.select("loan_id"), on="loan_id", how="semi")
    alike = pl.DataFrame({"look_alike": list(LOOK_ALIKES)})
    for part in (
        honest.group_by("look_alike").agg(loans=pl.col("loan_id").n_unique().cast(pl.Int64)),
        warned.group_by("look_alike").agg(warned=pl.col("loan_id").n_unique().cast(pl.Int64)),
    ):
        alike = alike.join(part, on="look_alike", how="left", maintain_order="left")

    def ppm(part: int, whole: int) -> int | None:
        return part * 1_000_000 // whole if whole else None

    return WarningEvaluation(
        patterns=table,
        delays=caught.select("pattern", "hours").sort("pattern", "hours"),
        look_alikes=alike.with_columns(pl.col("loans", "warned").fill_null(0)),
        levels=levels,
        precision_ppm=ppm(int(judged["true"].sum()), judged.height),
        recall_ppm=ppm(caught.height, asked.height),
        threads_milli=volume.threads_milli,
        severe_milli=volume.severe_milli,
        planted_milli=volume.milli(asked["loan_id"].n_unique()),
        severe_true_milli=volume.milli(int(judged.filter(pl.col("level").is_in(list(SEVERE)))["true"].sum())),
        budget=budget,
    )


def _share(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) * 1_000_000 // pl.col(whole))


def _percent(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm // 10_000}.{ppm // 1_000 % 10}%"


def _rate(milli: int) -> str:
    return f"{milli // 1000}.{milli // 100 % 10}"


def _delay(hours: int | None) -> str:
    return "-" if hours is None else f"{hours // 24} d {hours % 24} h"


def warnings_text(found: WarningEvaluation) -> str:
    """The evaluation as tables, with the bars."""
    head = ("pattern", "planted", "found", "hits", "true", "precision", "recall", "median delay", "longest")
    rows = [
        (
            row["pattern"], str(row["planted"]), str(row["found"]), str(row["hits"]), str(row["true_hits"]),
            _percent(row["precision_ppm"]), _percent(row["recall_ppm"]), _delay(row["delay_hours"]),
            _delay(row["latest_hours"]),
        )
        for row in found.patterns.iter_rows(named=True)
    ]  # fmt: skip
    lines = [
        "Warnings by pattern (delay from the planted act to the booking that warns)",
        *_lined(head, rows),
    ]
    lines += ["", "Honest look-alikes with a warning"]
    lines += _lined(
        ("look-alike", "loans", "warned"),
        [tuple(str(value) for value in row) for row in found.look_alikes.iter_rows()],
    )
    lines += ["", "Warnings by level"]
    lines += _lined(
        ("level", "warnings", "true"),
        [tuple(str(value) for value in row) for row in found.levels.iter_rows()],
    )

    def bar(name: str, value: str, limit: str, passes: bool) -> str:
        return f"{name:<44}{value:>8}   {limit:<14}{'passes' if passes else 'FAILS'}"

    recall, precision = found.recall_ppm or 0, found.precision_ppm or 0
    lines += [
        "",
        bar("recall over the planted patterns", _percent(recall), "at least 95%", recall >= RECALL_BAR_PPM),
        bar("precision of warnings", _percent(precision), "at least 90%", precision >= PRECISION_BAR_PPM),
        bar(
            "new warnings for each 1,000 loans a month",
            _rate(found.threads_milli),
            f"at most {found.budget.threads}",
            found.threads_milli <= found.budget.threads * 1000,
        ),
        bar(
            "of them orange or red",
            _rate(found.severe_milli),
            f"at most {found.budget.severe}",
            found.severe_milli <= found.budget.severe * 1000,
        ),
        "",
        f"{'one warning for each loan with planted misuse':<48}{_rate(found.planted_milli):>4}",
        f"{'orange or red warnings that are true':<48}{_rate(found.severe_true_milli):>4}",
    ]
    return "\n".join(lines)


def _lined(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    ]

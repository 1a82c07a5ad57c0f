"""Compare what was found with what is known of the demo bank. Frames in, frames out.

Amounts are compared per loan and class; leads per loan and pattern. Precision is the share of leads that are true,
recall the share of planted misuse that has a lead of its pattern. A lead is true when its loan is planted with its
pattern, or with a story whose movements truly show that pattern too (`also`); a true pattern of that second kind
adds to precision and is not asked for by recall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from loantrail.demo.evaluate_warnings import WarningEvaluation, warnings_text
from loantrail.demo.model import LOOK_ALIKES, PATTERNS
from loantrail.errors import ColumnMissing, Place, ValueRefused

TOLERANCES_PERCENT: Final = (1, 5, 20)
STATEMENT_COLUMNS: Final = {"loan_id": pl.String, "use": pl.String, "amount_fen": pl.Int64}
LEAD_COLUMNS: Final = {"loan_id": pl.String, "pattern": pl.String, "amount_fen": pl.Int64}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the comparison gives."""

    amounts: pl.DataFrame
    """`loan_id, use, true_fen, found_fen, difference_fen` (absolute), one row per loan and use in either."""
    classes: pl.DataFrame
    """`use, loans, true_fen, found_fen, difference_fen, matched_fen, within_1_percent, within_5_percent, within_20_percent`:
    per use over all loans; `matched_fen` is the sum of the lesser of both; shares of loans are millionths."""
    patterns: pl.DataFrame
    """`pattern, planted, found, leads, true_leads, precision_ppm, recall_ppm, planted_fen, found_fen`."""
    look_alikes: pl.DataFrame
    """`look_alike, loans, loans_warned, false_leads, resembling_leads`."""
    honest: pl.DataFrame
    """One row: `honest_loans, loans_warned, false_leads` of loans with nothing planted and nothing alike."""
    warnings: WarningEvaluation | None = None
    """The warnings that the leads and rules gave, where they were read."""


def _checked(frame: pl.DataFrame, columns: dict[str, type[pl.DataType]], name: str) -> pl.DataFrame:
    for column, kind in columns.items():
        if column not in frame.columns:
            raise ColumnMissing(
                f"{name} has no such column", Place(field=column), f"Give the columns {', '.join(columns)}"
            )
        if frame[column].null_count():
            raise ValueRefused(f"{name} has an empty value", Place(field=column))
        if kind is pl.Int64 and not frame.schema[column].is_integer():
            raise ValueRefused(f"{name} has amounts that are not whole fen", Place(field=column))
    return frame.select(pl.col(column).cast(kind) for column, kind in columns.items())


def _ppm(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(
        pl.col(part).cast(pl.Int64) * 1_000_000 // pl.col(whole).cast(pl.Int64)
    )


def compare_amounts(uses: pl.DataFrame, statement: pl.DataFrame) -> pl.DataFrame:
    """True and found amounts for each loan and use that either side has, sorted."""
    keys = ("loan_id", "use")
    true = uses.group_by(keys).agg(pl.col("amount_fen").sum().alias("true_fen"))
    found = statement.group_by(keys).agg(pl.col("amount_fen").sum().alias("found_fen"))
    return (
        true.join(found, on=keys, how="full", coalesce=True)
        .with_columns(pl.col("true_fen", "found_fen").fill_null(0))
        .with_columns((pl.col("true_fen") - pl.col("found_fen")).abs().alias("difference_fen"))
        .sort(keys)
    )


def summarise_classes(amounts: pl.DataFrame) -> pl.DataFrame:
    """Per use over all loans: sums, what matches, and the share of loans (millionths) whose difference is at most
    1, 5 and 20 percent of the true amount."""
    within = [
        (
            (pl.col("difference_fen") * 100 <= pl.col("true_fen") * percent).sum().cast(pl.Int64)
            * 1_000_000
            // pl.len().cast(pl.Int64)
        ).alias(f"within_{percent}_percent")
        for percent in TOLERANCES_PERCENT
    ]
    return (
        amounts.group_by("use")
        .agg(
            pl.len().cast(pl.Int64).alias("loans"),
            pl.col("true_fen").sum(),
            pl.col("found_fen").sum(),
            pl.col("difference_fen").sum(),
            pl.min_horizontal("true_fen", "found_fen").sum().alias("matched_fen"),
            *within,
        )
        .sort(["true_fen", "use"], descending=[True, False])
    )


def judge_patterns(planted: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """Precision and recall of each pattern of the catalogue, in the catalogue's order; null where undefined."""
    keys = ("loan_id", "pattern")
    found = leads.group_by(keys).agg(pl.col("amount_fen").max().alias("found_fen"))
    asked = planted.group_by(keys).agg(pl.col("amount_fen").sum().alias("planted_fen"))
    implied = (
        planted.select("loan_id", pl.col("also").alias("pattern"))
        .explode("pattern", empty_as_null=True)
        .drop_nulls()
        .unique()
        .join(asked, on=keys, how="anti")
    )
    true_keys = pl.concat([asked.select(keys), implied.select(keys)])
    hits = asked.join(found, on=keys, how="inner")
    parts = [
        asked.group_by("pattern").agg(pl.len().cast(pl.Int64).alias("planted"), pl.col("planted_fen").sum()),
        hits.group_by("pattern").agg(pl.len().cast(pl.Int64).alias("found"), pl.col("found_fen").sum()),
        found.group_by("pattern").agg(pl.len().cast(pl.Int64).alias("leads")),
        found.join(true_keys, on=keys, how="semi")
        .group_by("pattern")
        .agg(pl.len().cast(pl.Int64).alias("true_leads")),
    ]
    names = list(PATTERNS) + sorted(set(leads["pattern"]) - set(PATTERNS))
    table = pl.DataFrame({"pattern": pl.Series(names, dtype=pl.String)})
    for part in parts:
        table = table.join(part, on="pattern", how="left", maintain_order="left")
    return table.with_columns(pl.exclude("pattern").fill_null(0)).select(
        "pattern",
        "planted",
        "found",
        "leads",
        "true_leads",
        _ppm("true_leads", "leads").alias("precision_ppm"),
        _ppm("found", "planted").alias("recall_ppm"),
        "planted_fen",
        "found_fen",
    )


def judge_look_alikes(look_alikes: pl.DataFrame, planted: pl.DataFrame, leads: pl.DataFrame) -> pl.DataFrame:
    """How often honest look-alikes warned: every lead on such a loan is false; `resembling_leads` are those of a
    pattern that the behaviour resembles."""
    honest = look_alikes.join(planted.select("loan_id"), on="loan_id", how="anti")
    pairs = leads.select("loan_id", "pattern").unique()
    warned = honest.join(pairs, on="loan_id", how="inner")
    table = pl.DataFrame({"look_alike": list(LOOK_ALIKES)})
    for part in (
        honest.group_by("look_alike").agg(pl.col("loan_id").n_unique().cast(pl.Int64).alias("loans")),
        warned.group_by("look_alike").agg(
            pl.col("loan_id").n_unique().cast(pl.Int64).alias("loans_warned"),
            pl.len().cast(pl.Int64).alias("false_leads"),
            pl.col("pattern").is_in(pl.col("resembles")).sum().cast(pl.Int64).alias("resembling_leads"),
        ),
    ):
        table = table.join(part, on="look_alike", how="left", maintain_order="left")
    return table.with_columns(pl.exclude("look_alike").fill_null(0))


def evaluate(
    planted: pl.DataFrame,
    look_alikes: pl.DataFrame,
    uses: pl.DataFrame,
    statement: pl.DataFrame,
    leads: pl.DataFrame,
) -> Evaluation:
    """Compare findings with the truth.

    `planted`, `look_alikes`, `uses` as `loantrail.demo.truth.read_truth` gives them; `statement` has `loan_id, use,
    amount_fen`; `leads` has `loan_id, pattern, amount_fen` and may have more. Raises ColumnMissing, ValueRefused.
    """
    statement = _checked(statement, dict(STATEMENT_COLUMNS), "the statement")
    leads = _checked(leads, dict(LEAD_COLUMNS), "the table of leads")
    amounts = compare_amounts(uses, statement)
    told = pl.concat([planted.select("loan_id"), look_alikes.select("loan_id")]).unique()
    honest = uses.select("loan_id").unique().join(told, on="loan_id", how="anti")
    false = leads.select("loan_id", "pattern").unique().join(honest, on="loan_id", how="semi")
    return Evaluation(
        amounts=amounts,
        classes=summarise_classes(amounts),
        patterns=judge_patterns(planted, leads),
        look_alikes=judge_look_alikes(look_alikes, planted, leads),
        honest=pl.DataFrame(
            {
                "honest_loans": [honest.height],
                "loans_warned": [false["loan_id"].n_unique()],
                "false_leads": [false.height],
            }
        ),
    )


def _percent(ppm: int | None) -> str:
    return "-" if ppm is None else f"{ppm // 10_000}.{ppm // 1_000 % 10}%"


def _wan(amount_fen: int) -> str:
    return f"{amount_fen // 1_000_000:,}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (head, *rows)
    ]


def as_text(evaluation: Evaluation) -> str:
    """The evaluation as tables. Amounts in units of ten thousand yuan (万元), rounded down."""
    lines = ["Leads by pattern (amounts in 10,000 CNY)"]
    lines += _table(
        (
            "pattern",
            "planted",
            "found",
            "leads",
            "true",
            "precision",
            "recall",
            "planted amount",
            "found amount",
        ),
        [
            (
                row["pattern"],
                str(row["planted"]),
                str(row["found"]),
                str(row["leads"]),
                str(row["true_leads"]),
                _percent(row["precision_ppm"]),
                _percent(row["recall_ppm"]),
                _wan(row["planted_fen"]),
                _wan(row["found_fen"]),
            )
            for row in evaluation.patterns.iter_rows(named=True)
        ],
    )
    lines += ["", "Honest look-alikes that warned"]
    lines += _table(
        ("look-alike", "loans", "warned", "false leads", "of a resembling pattern"),
        [
            tuple(str(value) for value in row)
            for row in evaluation.look_alikes.select(
                "look_alike", "loans", "loans_warned", "false_leads", "resembling_leads"
            ).iter_rows()
        ],
    )
    honest = evaluation.honest.row(0, named=True)
    lines += [
        f"Other honest loans: {honest['honest_loans']}, warned {honest['loans_warned']}, false leads {honest['false_leads']}",
        "",
        "Amounts by use (in 10,000 CNY; shares of loans whose amount is right within 1, 5, 20 percent)",
    ]
    lines += _table(
        ("use", "loans", "true", "found", "matched", "off", "1%", "5%", "20%"),
        [
            (
                row["use"],
                str(row["loans"]),
                _wan(row["true_fen"]),
                _wan(row["found_fen"]),
                _wan(row["matched_fen"]),
                _wan(row["difference_fen"]),
                *(_percent(row[f"within_{percent}_percent"]) for percent in TOLERANCES_PERCENT),
            )
            for row in evaluation.classes.iter_rows(named=True)
        ],
    )
    total = int(evaluation.amounts["true_fen"].sum())
    matched = int(evaluation.classes["matched_fen"].sum())
    share = matched * 1_000_000 // total if total else None
    lines.append(
        f"All uses: {_percent(share)} of the disbursed amount is in the right class of the right loan"
    )
    if evaluation.warnings is not None:
        lines += ["", warnings_text(evaluation.warnings)]
    return "\n".join(lines)

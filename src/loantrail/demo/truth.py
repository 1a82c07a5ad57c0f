"""The folder of known truth: written by the generator, read by the evaluation and by nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from loantrail.demo.flow_book import Flows
from loantrail.demo.papers import KnownTruth
from loantrail.demo.statement_records import References
from loantrail.demo.writing import gather, write_frames
from loantrail.errors import FileUnreadable, Place

FOLDER: Final = "truth"
_INSTANT: Final = pl.Datetime("us", "UTC")


def write_truth(
    folder: Path, truth: KnownTruth, notes: list[str], flows: Flows, references: References
) -> None:
    """Write planted.parquet, look_alikes.parquet and uses.parquet under `folder`/truth."""

    def named(entries: tuple[int, ...]) -> list[str]:
        kept = np.array([entry for entry in entries if entry >= 0], dtype=np.int64)
        return sorted(references.at(flows.position_of[kept]).to_list())

    planted = sorted(truth.planted, key=lambda row: (notes[row.loan], row.pattern))
    write_frames(
        folder / FOLDER / "planted.parquet",
        [
            pl.DataFrame(
                {
                    "loan_id": [notes[row.loan] for row in planted],
                    "pattern": [row.pattern for row in planted],
                    "class": [row.destination_class for row in planted],
                    "amount_fen": [row.amount_fen for row in planted],
                    "references": [named(row.entries) for row in planted],
                    "planted_at": [row.instant for row in planted],
                    "route": [row.route for row in planted],
                    "also": [list(row.also) for row in planted],
                },
                schema_overrides={
                    "planted_at": _INSTANT,
                    "also": pl.List(pl.String),
                    "references": pl.List(pl.String),
                },
            )
        ],
    )
    alike = sorted(truth.look_alikes, key=lambda row: (notes[row.loan], row.look_alike))
    write_frames(
        folder / FOLDER / "look_alikes.parquet",
        [
            pl.DataFrame(
                {
                    "loan_id": [notes[row.loan] for row in alike],
                    "look_alike": [row.look_alike for row in alike],
                    "resembles": [list(row.resembles) for row in alike],
                    "amount_fen": [row.amount_fen for row in alike],
                    "references": [named(row.entries) for row in alike],
                    "planted_at": [row.instant for row in alike],
                },
                schema={
                    "loan_id": pl.String,
                    "look_alike": pl.String,
                    "resembles": pl.List(pl.String),
                    "amount_fen": pl.Int64,
                    "references": pl.List(pl.String),
                    "planted_at": _INSTANT,
                },
            )
        ],
    )
    loans = np.concatenate([rows for rows, _, _ in truth.uses])
    uses = pl.DataFrame(
        {
            "loan_id": gather(pl.Series(notes), loans),
            "use": [use for rows, use, _ in truth.uses for _ in range(len(rows))],
            "amount_fen": np.concatenate([amounts for _, _, amounts in truth.uses]),
        }
    )
    uses = (
        uses.group_by("loan_id", "use")
        .agg(pl.col("amount_fen").sum())
        .filter(pl.col("amount_fen") > 0)
        .sort("loan_id", "use")
    )
    write_frames(folder / FOLDER / "uses.parquet", [uses])


def read_truth(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(planted, look_alikes, uses) of a demo bank. Raises FileUnreadable when a file is missing."""
    frames: list[pl.DataFrame] = []
    for name in ("planted", "look_alikes", "uses"):
        path = folder / FOLDER / f"{name}.parquet"
        if not path.is_file():
            raise FileUnreadable(
                "the known truth of the demo bank is missing",
                Place(file=str(path)),
                "Generate the bank again with `loantrail demo generate`",
            )
        frames.append(pl.read_parquet(path))
    planted, look_alikes, uses = frames
    return planted, look_alikes, uses

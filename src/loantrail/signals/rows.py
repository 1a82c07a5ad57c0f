"""Signal rows as a frame: what the kernel counted beside what is known of each occasion.

Nothing here looks ahead: a row rests on what was booked up to it and on the records of customers, loans and contracts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import View, prepare
from loantrail.ids import derived_ids
from loantrail.parameters import ParameterBook
from loantrail.signals import catalogue
from loantrail.signals.catalogue import (
    DAY,
    FIELDS,
    LOAN_SUMS,
    MOVEMENT,
    WINDOWS_DAYS,
    row_schema,
)
from loantrail.signals.counting import Count, share_ppm
from loantrail.signals.inputs import Days, Prepared, prepare_count
from loantrail.signals.model import COLUMNS
from loantrail.tracing.model import Int64

EVENTS_AT_ONCE: Final = 200_000
"""Events whose rows are made together: what is held in memory at a time."""
__all__ = ["all_rows", "frame_of", "row_schema", "signal_rows"]
ID_PREFIX: Final = "signal"
_MILLION: Final = 1_000_000


def all_rows(
    frames: Frames, parameters: ParameterBook, days: Days | None = None, view: View | None = None
) -> pl.DataFrame:
    """Every movement row of a trace and, with `days`, the ends of those days: `row_schema`, in the order of counting.

    Raises as `Count.batch` does, and polars' own error when a column cannot be read as its type.
    """
    prepared = prepare_count(frames, prepare(frames, parameters) if view is None else view, days)
    return pl.concat([pl.DataFrame(schema=row_schema()), *signal_rows(prepared)])


def signal_rows(prepared: Prepared, events_at_once: int = EVENTS_AT_ONCE) -> Iterator[pl.DataFrame]:
    """The rows in the order in which they were taken, in parts (`row_schema`). How many events are counted at once
    changes nothing in them.

    Raises as `Count.batch` does.
    """
    count = Count(prepared.given)
    starts = prepared.given.events.row_start
    while count.at < prepared.given.event_count:
        start = count.at
        figures = count.batch(min(start + events_at_once, prepared.given.event_count))
        if len(figures):
            yield frame_of(prepared.wanted.slice(int(starts[start]), len(figures)), figures)


def frame_of(wanted: pl.DataFrame, figures: Int64) -> pl.DataFrame:
    """The rows (`row_schema`) of what is known of them and what was counted, [rows, COLUMNS]."""
    columns: dict[str, pl.Series] = {name: pl.Series(figures[:, i]) for i, name in enumerate(COLUMNS)}
    for name in wanted.columns:
        columns.setdefault(name, wanted[name])
    columns["occasion_id"] = pl.Series(
        derived_ids(
            [ID_PREFIX],
            wanted["occasion"],
            wanted["loan_id"],
            wanted.select(pl.coalesce("transaction_id", pl.col("business_date").cast(pl.String))).to_series(),
        ),
        dtype=pl.String,
    )
    balance_known = wanted["known_balance"].fill_null(value=False)
    balance = pl.select(pl.when(balance_known).then(columns["balance_fen"])).to_series()
    columns["balance_fen"] = columns["repayment_balance_fen"] = balance
    loan, amount = columns["loan_amount_fen"], columns["amount_fen"]
    columns["loan_share_ppm"] = _ratio(columns["traced_amount_fen"], amount)
    columns["traced_of_loan_ppm"] = _ratio(columns["traced_amount_fen"], loan)
    columns["idle_share_ppm"] = _ratio(columns["idle_fen"], loan)
    columns["liquidity_ppm"] = _ratio(balance, columns["next_due_fen"])
    columns["payee_handed_on_ppm_3d"] = _ratio(columns["payee_out_fen_3d"], columns["payee_in_fen_3d"]).clip(
        upper_bound=_MILLION
    )
    for days in (1, 3):
        columns[f"turnover_ppm_{days}d"] = _ratio(columns[f"out_fen_{days}d"], columns[f"in_fen_{days}d"])
    for name in LOAN_SUMS:
        for suffix in ("", *(f"_{days}d" for days in WINDOWS_DAYS)):
            columns[f"{name}_share_ppm{suffix}"] = _ratio(columns[f"{name}_fen{suffix}"], loan)
    day = wanted["occasion"] == DAY
    known: dict[str, pl.Series] = {}
    for name, dtype in row_schema().items():
        series = columns.get(name, pl.Series([None], dtype=dtype).new_from_index(0, len(wanted)))
        known[name] = series.cast(dtype).alias(name)
    rows = pl.DataFrame(known)
    if day.any():
        rows = rows.with_columns(
            pl.when((pl.col("occasion") == DAY) if field.grain == DAY else (pl.col("occasion") == MOVEMENT))
            .then(pl.col(field.name))
            .alias(field.name)
            for field in FIELDS
            if field.grain != "both"
        )
    else:
        rows = rows.with_columns(
            pl.lit(None, catalogue.dtype(field)).alias(field.name) for field in FIELDS if field.grain == DAY
        )
    return rows


def _ratio(part: pl.Series, whole: pl.Series) -> pl.Series:
    """Part over whole in millionths, rounded down, 0 where the part is below zero; null without either or without a
    whole above zero."""
    share, known = share_ppm(part.fill_null(0).to_numpy(), whole.fill_null(0).to_numpy())
    there = pl.Series(known & (part.is_not_null() & whole.is_not_null()).to_numpy())
    return pl.select(pl.when(there).then(pl.Series(share))).to_series()

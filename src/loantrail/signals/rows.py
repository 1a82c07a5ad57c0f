"""Signal rows as a frame: what the kernel counted beside what is known of each occasion.

Nothing here looks ahead: a row rests on what was booked up to it and on the records of customers, loans and contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.early_warning.frames import Frames
from loantrail.early_warning.view import View, prepare
from loantrail.ids import derived_ids
from loantrail.parameters import ParameterBook
from loantrail.signals.catalogue import (
    DAY,
    FIELDS,
    LOAN_SUMS,
    MOVEMENT,
    WINDOWS_DAYS,
    row_schema,
)
from loantrail.signals.counting import Count, share_ppm
from loantrail.signals.inputs import Prepared, prepare_count
from loantrail.signals.model import COLUMNS
from loantrail.signals.wanted import Days
from loantrail.tracing.model import Int64

EVENTS_AT_ONCE: Final = 200_000
"""Events whose rows are made together: what is held in memory at a time."""
__all__ = ["all_rows", "frame_of", "row_schema", "signal_rows"]
ID_PREFIX: Final = "signal"
_MILLION: Final = 1_000_000
_SHARES_AT_ONCE: Final = 50_000
"""Figures that are divided in one go: few calls for few rows, little memory for many."""


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
    columns = {one.name: one for one in pl.from_numpy(figures, list(COLUMNS), orient="row").get_columns()}
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
    balance = columns["balance_fen"].set(~balance_known, None)
    columns["balance_fen"] = columns["repayment_balance_fen"] = balance
    columns |= _shares(columns, figures)
    # Every row of an occasion lacks what only rows of the other have.
    of_day = (wanted["occasion"] == DAY).to_numpy()
    known: dict[str, pl.Series] = {}
    for name, dtype in row_schema().items():
        series = columns.get(name)
        if series is None:
            series = pl.Series([None], dtype=dtype).new_from_index(0, len(wanted))
        elif series.dtype != dtype:
            series = series.cast(dtype)
        known[name] = series.alias(name)
    rows = pl.DataFrame(known)
    for grain, others in ((DAY, ~of_day), (MOVEMENT, of_day)):
        names = [field.name for field in FIELDS if field.grain == grain]
        if others.all():
            rows = rows.with_columns(pl.lit(None, row_schema()[name]).alias(name) for name in names)
        elif others.any():
            rows = rows.with_columns(pl.when(pl.Series(~others)).then(pl.col(names)))
    return rows


def _shares(columns: Mapping[str, pl.Series], figures: Int64) -> dict[str, pl.Series]:
    """Signals that are a part over a whole, in millionths, rounded down; 0 where the part is below zero; null without
    either or without a whole above zero."""
    asked: dict[str, tuple[str, str]] = {
        "loan_share_ppm": ("traced_amount_fen", "amount_fen"),
        "traced_of_loan_ppm": ("traced_amount_fen", "loan_amount_fen"),
        "idle_share_ppm": ("idle_fen", "loan_amount_fen"),
        "liquidity_ppm": ("balance_fen", "next_due_fen"),
        "payee_handed_on_ppm_3d": ("payee_out_fen_3d", "payee_in_fen_3d"),
        **{f"turnover_ppm_{days}d": (f"out_fen_{days}d", f"in_fen_{days}d") for days in (1, 3)},
        **{
            f"{name}_share_ppm{suffix}": (f"{name}_fen{suffix}", "loan_amount_fen")
            for name in LOAN_SUMS
            for suffix in ("", *(f"_{days}d" for days in WINDOWS_DAYS))
        },
    }
    # What was counted is never null, but for the balance, which need not be on record.
    known = np.ones(len(figures), np.bool_)
    plain: dict[str, tuple[Int64, NDArray[np.bool_]]] = {
        name: (figures[:, place], known) for place, name in enumerate(COLUMNS)
    }
    for name in ("traced_amount_fen", "amount_fen", "loan_amount_fen", "balance_fen", "next_due_fen"):
        series = columns[name]
        plain[name] = (series.fill_null(0).to_numpy(), series.is_not_null().to_numpy())
    found: dict[str, pl.Series] = {}
    names, at_once = list(asked), max(1, _SHARES_AT_ONCE // max(len(figures), 1))
    for start in range(0, len(names), at_once):
        some = names[start : start + at_once]
        parts, wholes = ([plain[asked[name][place]] for name in some] for place in (0, 1))
        share, defined = share_ppm(
            np.concatenate([one for one, _ in parts]), np.concatenate([one for one, _ in wholes])
        )
        there = np.concatenate([one for _, one in parts]) & np.concatenate([one for _, one in wholes])
        values = pl.Series(share).set(pl.Series(~(defined & there)), None)
        found |= {name: values.slice(i * len(figures), len(figures)) for i, name in enumerate(some)}
    found["payee_handed_on_ppm_3d"] = found["payee_handed_on_ppm_3d"].clip(upper_bound=_MILLION)
    return found

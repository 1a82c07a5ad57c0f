"""Signal rows as a frame: what the kernel counted beside what is known of each occasion.

Nothing here looks ahead: a row rests on what was booked up to it and on the records of customers, loans and contracts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import polars as pl

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
    no_rows,
    row_schema,
)
from loantrail.signals.catalogue_words import Grain
from loantrail.signals.counting import Count, share_ppm
from loantrail.signals.inputs import Prepared, prepare_count
from loantrail.signals.model import COLUMNS
from loantrail.signals.wanted import Days
from loantrail.tracing.model import Bool, Int64

EVENTS_AT_ONCE: Final = 200_000
"""Events whose rows are made together: what is held in memory at a time."""
__all__ = ["all_rows", "frame_of", "row_schema", "signal_rows"]
ID_PREFIX: Final = "signal"
_MILLION: Final = 1_000_000
_FIGURES_AT_ONCE: Final = 50_000
"""Figures that are made columns in one go: few steps for few rows, little memory for many."""
_FEW_ROWS: Final = 1_000
_SHARES: Final[dict[str, tuple[str, str]]] = {
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
"""Signal -> which part over which whole it is."""
_LIMITS: Final = {"payee_handed_on_ppm_3d": _MILLION}
_NO_LIMIT: Final = np.iinfo(np.int64).max
_GRAINS: Final[dict[str, Grain]] = {field.name: field.grain for field in FIELDS}
_TYPES: Final = frozenset(row_schema().values())


def all_rows(
    frames: Frames, parameters: ParameterBook, days: Days | None = None, view: View | None = None
) -> pl.DataFrame:
    """Every movement row of a trace and, with `days`, the ends of those days: `row_schema`, in the order of counting.

    Raises as `Count.batch` does, and polars' own error when a column cannot be read as its type.
    """
    prepared = prepare_count(frames, prepare(frames, parameters) if view is None else view, days)
    return pl.concat([no_rows(), *signal_rows(prepared)])


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
    told = {name: wanted.get_column(name) for name in wanted.columns}
    of_day = (told["occasion"] == DAY).to_numpy()
    days = told["business_date"].cast(pl.String)
    told["occasion_id"] = pl.Series(
        derived_ids(
            [ID_PREFIX],
            told["occasion"],
            told["loan_id"],
            [day if one is None else one for one, day in zip(told["transaction_id"], days, strict=True)],
        ),
        dtype=pl.String,
    )
    # Every row of an occasion lacks what only rows of the other have.
    has: dict[Grain, Bool] = {"both": np.ones(len(wanted), np.bool_), DAY: of_day, MOVEMENT: ~of_day}
    counted = _counted(told, figures, has)
    masks: dict[Grain, pl.Series] = {grain: pl.Series(there) for grain, there in has.items()}
    none = {dtype: pl.Series([None], dtype=dtype).new_from_index(0, len(wanted)) for dtype in _TYPES}
    known: list[pl.Series] = []
    for name, dtype in row_schema().items():
        series = counted.get(name)
        if series is None:
            series, grain = told.get(name, none[dtype]), _GRAINS.get(name, "both")
            if series.dtype != dtype:
                series = series.cast(dtype)
            series = series if grain == "both" else series.zip_with(masks[grain], none[dtype])
        known.append(series.alias(name))
    return pl.DataFrame(known)


def _counted(
    told: Mapping[str, pl.Series], figures: Int64, has: Mapping[Grain, Bool]
) -> dict[str, pl.Series]:
    """The signals that are counted, and those that are a part over a whole; null on rows that do not have them."""
    # What was counted is never null, but for the balance, which need not be on record.
    known, there = _known(told["known_balance"], otherwise=False)
    plain: dict[str, tuple[Int64, Bool]] = {
        name: (figures[:, place], has["both"]) for place, name in enumerate(COLUMNS)
    }
    plain["balance_fen"] = plain["repayment_balance_fen"] = plain["balance_fen"][0], (known != 0) & there
    asked = [name for name in plain if name in _GRAINS]
    for name in ("traced_amount_fen", "amount_fen", "loan_amount_fen", "next_due_fen"):
        plain[name] = _known(told[name], 0)
    found: dict[str, pl.Series] = {}
    count = len(figures)
    at_once = max(1, _FIGURES_AT_ONCE // max(count, 1))
    for names, made in ((asked, _plain), (list(_SHARES), _shares)):
        for start in range(0, len(names), at_once):
            some = names[start : start + at_once]
            values, there = made(plain, some)
            there &= np.concatenate([has[_GRAINS[name]] for name in some])
            flat = pl.Series(values) if there.all() else pl.Series(values).set(pl.Series(~there), None)
            found |= {name: flat.slice(i * count, count) for i, name in enumerate(some)}
    return found


def _known(series: pl.Series, otherwise: int) -> tuple[np.ndarray, Bool]:
    """The values, and where there are any."""
    if series.null_count() and len(series) <= _FEW_ROWS:
        told = series.to_list()
        values = [otherwise if one is None else one for one in told]
        return np.array(values, np.int64), np.array([one is not None for one in told])
    if series.null_count():
        return series.fill_null(otherwise).to_numpy(), series.is_not_null().to_numpy()
    return series.to_numpy(), np.ones(len(series), np.bool_)


def _plain(plain: Mapping[str, tuple[Int64, Bool]], names: list[str]) -> tuple[Int64, Bool]:
    """Figures one after the other, and where they are known."""
    some = [plain[name] for name in names]
    return np.concatenate([one for one, _ in some]), np.concatenate([one for _, one in some])


def _shares(plain: Mapping[str, tuple[Int64, Bool]], names: list[str]) -> tuple[Int64, Bool]:
    """Signals that are a part over a whole, in millionths, rounded down; 0 where the part is below zero; not known without
    either or without a whole above zero."""
    part, part_known = _plain(plain, [_SHARES[name][0] for name in names])
    whole, whole_known = _plain(plain, [_SHARES[name][1] for name in names])
    share, defined = share_ppm(part, whole)
    limits = np.repeat([_LIMITS.get(name, _NO_LIMIT) for name in names], len(share) // len(names))
    return np.minimum(share, limits), defined & part_known & whole_known

"""Wages that no remark names: many persons paid by one account on one day, in uneven sums."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantrail.destinations.candidates import Candidate
from loantrail.destinations.kinds import WAGES
from loantrail.parameters import ParameterBook

PERSON: Final = "individual"
"""The kind of a party."""

UNEVEN_UNIT_FEN = 100_000
"""A sum that is no multiple of 1,000 yuan is uneven, as wages are."""


def payroll_pattern(
    transactions: pl.DataFrame,
    rows: pl.DataFrame,
    payee: NDArray[np.int32],
    to_person: NDArray[np.bool_],
    silent: NDArray[np.bool_],
    parameters: ParameterBook,
    on_date: datetime.date,
) -> Candidate:
    """Payments to persons whose remark says nothing, where the payer paid enough different persons that day, each
    a believable wage and at least half of them uneven. `payee` numbers the payee names; all arrays have one entry per transaction."""
    count = transactions.height
    nothing = Candidate(
        np.zeros(count, np.uint8),
        np.zeros(count, np.int16),
        pl.Series([], dtype=pl.String),
        np.zeros(count, np.int32),
    )
    if "booked_at" not in transactions.columns or not bool((to_person & silent).any()):
        return nothing
    fewest = parameters.at_or_first("payroll_payees_same_day", on_date).number
    least = parameters.at_or_first("payroll_single_least_fen", on_date).number
    most = parameters.at_or_first("payroll_single_most_fen", on_date).number
    payments = (
        rows.select("debit_account", "amount_fen", "payer_kind")
        .with_columns(
            _days(transactions["booked_at"]).alias("day"),
            payee=pl.Series(payee),
            eligible=pl.Series(to_person & silent),
        )
        .with_row_index("place")
        .filter(
            pl.col("eligible")
            & pl.col("debit_account").is_not_null()
            & pl.col("amount_fen").is_between(least, most)
            & (pl.col("payer_kind").fill_null("") != PERSON)
        )
    )
    days = (
        payments.group_by("debit_account", "day")
        .agg(
            payees=pl.col("payee").n_unique(),
            uneven=(pl.col("amount_fen") % UNEVEN_UNIT_FEN != 0).mean(),
        )
        .filter((pl.col("payees") >= fewest) & (pl.col("uneven") >= 0.5))
    )
    places = payments.join(days, on=["debit_account", "day"], how="semi")["place"].to_numpy()
    code = np.zeros(count, np.uint8)
    code[places] = WAGES.class_code
    return Candidate(
        code,
        np.full(count, WAGES.confidence_permille, np.int16),
        pl.Series([WAGES.evidence], dtype=pl.String),
        np.zeros(count, np.int32),
    )


def _days(booked_at: pl.Series) -> pl.Series:
    return booked_at.dt.convert_time_zone("Asia/Shanghai").dt.date()


class ToPerson(NamedTuple):
    """A payment to a person whose remark says nothing."""

    place: int
    debit_account: str | None
    payer_kind: str | None
    payee_name: str
    amount_fen: int | None


def wages_among(
    payments: Sequence[ToPerson], booked_at: pl.Series, parameters: ParameterBook, on_date: datetime.date
) -> set[int]:
    """As `payroll_pattern`, of few payments: the places of those that are wages. `booked_at` [places]."""
    if not payments:
        return set()
    fewest = parameters.at_or_first("payroll_payees_same_day", on_date).number
    least = parameters.at_or_first("payroll_single_least_fen", on_date).number
    most = parameters.at_or_first("payroll_single_most_fen", on_date).number
    believable = [
        one
        for one in payments
        if one.debit_account is not None
        and one.payer_kind != PERSON
        and one.amount_fen is not None
        and least <= one.amount_fen <= most
    ]
    if len(believable) < fewest:
        return set()
    days = _days(booked_at).to_list()
    groups: dict[tuple[str | None, datetime.date], list[ToPerson]] = {}
    for one in believable:
        if days[one.place] is not None:
            groups.setdefault((one.debit_account, days[one.place]), []).append(one)
    found: set[int] = set()
    for group in groups.values():
        uneven = sum(one.amount_fen % UNEVEN_UNIT_FEN != 0 for one in group if one.amount_fen is not None)
        if len({one.payee_name for one in group}) >= fewest and 2 * uneven >= len(group):
            found.update(one.place for one in group)
    return found

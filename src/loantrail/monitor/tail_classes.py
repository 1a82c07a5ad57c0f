"""The classes of the payees of the last transactions. Pure.

What is new is judged together with what the same payers paid on the same day, where it may be paid to a person: wages show by many
payments of one account on one day to persons.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from loantrail.clock import BUSINESS_ZONE, business_date
from loantrail.destinations.classify import classify
from loantrail.destinations.corrections import corrected
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.destinations.names import NAME_INDIVIDUAL, shape_of_name
from loantrail.destinations.terms import normalised_text
from loantrail.monitor.tail import CLASSES, INSTANT, Said, Surroundings
from loantrail.tracing.model import Int64

JUDGED_BY: Final = {
    "transaction_id": pl.String(),
    "booked_at": INSTANT,
    "debit_account": pl.String(),
    "credit_account": pl.String(),
    "amount_fen": pl.Int64(),
    "document_no": pl.String(),
    "purpose_text": pl.String(),
    "credit_name": pl.String(),
}
"""What is read of a transaction of the tail to judge its payee."""
_PAYERS_FEW: Final = 16
"""The payments of so many payers are looked for one payer after the other."""


def classes_of(
    before: tuple[pl.DataFrame, Int64],
    part: tuple[pl.DataFrame, Int64],
    ids: Sequence[str],
    known: dict[str, Said],
    around: Surroundings,
    *,
    none_went: bool,
) -> tuple[dict[str, Said], dict[str, Said]]:
    """What CLASSES say of all transactions, of which those that are not `known` are in the part; and of those that were judged now.
    `before` and `part`: transactions (JUDGED_BY and more) and their booking times of those that stay, and of those behind them, which bear
    these `ids`. `none_went`: no other transaction was there of whose class something hung."""
    new = np.array([name not in known for name in ids], np.bool_)
    if not new.any():
        return known, {}
    transactions, booked_us = part
    payers: list[str | None] = transactions["debit_account"].to_list()
    asks = new
    if none_went:
        payees: list[str | None] = transactions["credit_name"].to_list()
        asks = new & np.array([_may_be_of_person(payee) for payee in payees], np.bool_)
    asked: list[pl.DataFrame] = []
    wanted = np.zeros(len(ids), np.bool_)
    for first, last, span_us in _days(booked_us):
        here = np.flatnonzero(asks[first:last]) + first
        paying = {payers[place] for place in here.tolist()} - {None}
        wanted[first:last] = new[first:last] | np.array(
            [one in paying for one in payers[first:last]], np.bool_
        )
        if paying:
            asked += _paid_by(*before, {one for one in paying if one is not None}, span_us)
    asked.append(transactions if wanted.all() else transactions.filter(pl.Series(wanted)))
    together = pl.DataFrame([pl.concat([one.get_column(name) for one in asked]) for name in JUDGED_BY])
    latest = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(
        microseconds=int(booked_us[-1])
    )
    judged = classify(together, shipped_dictionary(), around.parameters, business_date(latest), around.payees)
    found = corrected(judged, together, around.corrections)
    names, *said = (found.get_column(name).to_list() for name in CLASSES)
    told = dict(zip(names, zip(*said, strict=True), strict=True))
    return known | told, told


def _may_be_of_person(credit_name: str | None) -> bool:
    """Whether a payment under this name may be one to a person: where it gives none, the account's own tells."""
    name = normalised_text(credit_name) if credit_name else None
    return not credit_name or (name is not None and shape_of_name(name) == NAME_INDIVIDUAL)


def _days(booked_us: Int64) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Each business date of times that ascend: its first place, the place behind its last one, and when it begins and ends."""
    first = 0
    while first < len(booked_us):
        day = datetime.datetime.fromtimestamp(int(booked_us[first]) // 1_000_000, BUSINESS_ZONE).date()
        span_us = begins_us(day), begins_us(day + datetime.timedelta(days=1))
        last = int(np.searchsorted(booked_us, span_us[1]))
        yield first, last, span_us
        first = last


def begins_us(day: datetime.date) -> int:
    """When a business date begins, in microseconds UTC since 1970."""
    begins = datetime.datetime.combine(day, datetime.time(), BUSINESS_ZONE)
    return int(begins.timestamp()) * 1_000_000


def _paid_by(
    transactions: pl.DataFrame, booked_us: Int64, payers: set[str], span_us: tuple[int, int]
) -> list[pl.DataFrame]:
    """The transactions that these accounts paid in that time, in their order, which goes by time."""
    first, last = np.searchsorted(booked_us, span_us).tolist()
    if first == last:
        return []
    here = transactions.slice(first, last - first)
    paid = here.get_column("debit_account")
    if len(payers) > _PAYERS_FEW:
        theirs = paid.is_in(list(payers))
    else:
        theirs = pl.Series([False]).new_from_index(0, len(paid))
        for payer in payers:
            theirs |= paid == payer
    return [here.filter(theirs)] if theirs.any() else []

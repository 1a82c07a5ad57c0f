"""A history as frames, so that another process need not number and order all events of a bank once more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.tracing.model import IN_TRANSIT, NO_LOAN, NO_SPECIAL, OUTSIDE, History, Specials
from loantrail.tracing.named import NamedHistory

_OF_EVENTS: Final = ("debit", "credit", "amount_fen", "arrival_use", "special")
_OF_SPECIALS: Final = tuple(one.name for one in fields(Specials))
_TIE: Final = ("event", "order_row", "fen")
_OPENING: Final = "opening"
_LEAST_ACCOUNT: Final = min(OUTSIDE, IN_TRANSIT)

NAMES: Final = ("events", "specials", "accounts", "side-starts", "sides", "borrowers", "ties")
"""Frames that a history is kept as."""


def frames_of(named: NamedHistory) -> dict[str, pl.DataFrame]:
    """One frame for each of NAMES; `Specials` and `History` tell the columns. What went wrong while it was made is left out, and so are the
    ids of transactions, which the frame it was made of has."""
    history = named.history
    events = {name: getattr(history, name) for name in _OF_EVENTS}
    ties = zip(*named.order_ties, strict=True) if named.order_ties else ((), (), ())
    return {
        "events": pl.DataFrame(
            events | {"row_of_event": named.row_of_event, "booked_at_us": named.booked_at_us}
        ),
        "specials": pl.DataFrame({name: getattr(history.specials, name) for name in _OF_SPECIALS}),
        "accounts": pl.DataFrame(
            {
                "account": named.accounts,
                "opening_fen": history.opening_fen,
                "terminal": history.terminal,
                "class": named.class_of_account,
            }
        ),
        "side-starts": pl.DataFrame({"start": history.side_start}),
        "sides": pl.DataFrame({"borrower": history.side_borrower}),
        "borrowers": pl.DataFrame(
            {"loan_id": pl.Series(named.loans, dtype=pl.String), "borrower": history.loan_borrower}
        ),
        "ties": pl.DataFrame(
            dict(zip(_TIE, ties, strict=True)), schema=dict.fromkeys(_TIE, pl.Int64), strict=True
        ),
    }


def facts_of(named: NamedHistory) -> dict[str, str]:
    """What the frames do not say, to be written as text."""
    return {_OPENING: named.opening}


def history_from(
    frame: Callable[[str], pl.DataFrame], facts: Mapping[str, Any], transaction_ids: pl.Series
) -> NamedHistory:
    """The history that `frames_of` and `facts_of` were told, but for `problems`. KeyError where something is not there, ValueError where
    numbers do not fit each other: compiled code would read beyond its arrays.

    `transaction_ids`: of the transactions that it was made of, in their order. Arrays may be written to.
    """
    events, specials, accounts = frame("events"), frame("specials"), frame("accounts")
    borrowers = frame("borrowers")
    history = History(
        **{name: _array(events[name]) for name in _OF_EVENTS},
        specials=Specials(**{name: _array(specials[name]) for name in _OF_SPECIALS}),
        opening_fen=_array(accounts["opening_fen"]),
        terminal=_array(accounts["terminal"]),
        side_start=_array(frame("side-starts")["start"]),
        side_borrower=_array(frame("sides")["borrower"]),
        loan_borrower=_array(borrowers["borrower"]),
    )
    row_of_event = _array(events["row_of_event"])
    _check(history, row_of_event, len(transaction_ids))
    return NamedHistory(
        history=history,
        accounts=accounts["account"],
        loans=borrowers["loan_id"].to_list(),
        transaction_ids=transaction_ids,
        row_of_event=row_of_event,
        booked_at_us=_array(events["booked_at_us"]),
        opening=str(facts[_OPENING]),
        class_of_account=_array(accounts["class"]),
        order_ties=[(event, row, fen) for event, row, fen in frame("ties").select(*_TIE).iter_rows()],
    )


def _check(history: History, row_of_event: np.ndarray, transactions: int) -> None:
    events, accounts, specials = history.event_count, history.account_count, history.specials
    count, sides = len(specials.reverses), len(history.side_borrower)
    fits = (
        events == transactions == len(row_of_event)
        and len(history.side_start) == accounts + 1
        and bool((history.side_start[1:] >= history.side_start[:-1]).all())
        and (int(history.side_start[0]), int(history.side_start[-1])) == (0, sides)
        and _within(history.debit, _LEAST_ACCOUNT, accounts)
        and _within(history.credit, _LEAST_ACCOUNT, accounts)
        and _within(history.special, NO_SPECIAL, count)
        and _within(row_of_event, 0, events)
        and _within(specials.disburses, NO_LOAN, history.loan_count)
        and _within(specials.specific_loan, NO_LOAN, history.loan_count)
        and _within(specials.repays, NO_LOAN, history.loan_count)
        and _within(specials.reverses, -1, events)
        and _within(specials.carries, -1, count)
        and _within(history.loan_borrower, 0, sys.maxsize)
        and _within(history.side_borrower, 0, sys.maxsize)
    )
    if not fits:
        raise ValueError("the numbers of the history do not fit each other")


def _within(numbers: np.ndarray, least: int, end: int) -> bool:
    return not len(numbers) or (int(numbers.min()) >= least and int(numbers.max()) < end)


def _array(column: pl.Series) -> np.ndarray:
    """Of the same type; compiled code takes none that may not be written to."""
    return np.ascontiguousarray(column.to_numpy(writable=True))

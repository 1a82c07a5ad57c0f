"""A history as frames, so that another process need not number and order all events of a bank once more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from loantrail.tracing.model import IN_TRANSIT, NO_LOAN, NO_SPECIAL, OUTSIDE, History, Specials
from loantrail.tracing.named import NamedHistory

_OF_EVENTS: Final = ("debit", "credit", "amount_fen", "arrival_use", "special")
_OF_SPECIALS: Final[Mapping[str, type[np.generic]]] = {
    "disburses": np.int32,
    "reverses": np.int32,
    "specific_loan": np.int32,
    "specific_fen": np.int64,
    "opens_slot": np.bool_,
    "carries": np.int32,
    "repays": np.int32,
}
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
    frame: Callable[[str], pl.DataFrame], facts: Mapping[str, Any], transaction_ids: pl.Series, orders: int
) -> NamedHistory:
    """The history that `frames_of` and `facts_of` were told, but for `problems`. KeyError where something is not there, ValueError where
    numbers do not fit each other: compiled code would read beyond its arrays, or follow money that nobody moved.

    `transaction_ids`: of the transactions that it was made of, in their order; `orders`: how many entrusted orders there were. Arrays may
    be written to.
    """
    events, specials, accounts = frame("events"), frame("specials"), frame("accounts")
    borrowers, ties = frame("borrowers"), frame("ties").select(*_TIE)
    history = History(
        debit=_array(events["debit"], np.int32),
        credit=_array(events["credit"], np.int32),
        amount_fen=_array(events["amount_fen"], np.int64),
        arrival_use=_array(events["arrival_use"], np.uint8),
        special=_array(events["special"], np.int32),
        specials=Specials(
            **{name: _array(specials[name], kind) for name, kind in _OF_SPECIALS.items()},
        ),
        opening_fen=_array(accounts["opening_fen"], np.int64),
        terminal=_array(accounts["terminal"], np.bool_),
        side_start=_array(frame("side-starts")["start"], np.int32),
        side_borrower=_array(frame("sides")["borrower"], np.int32),
        loan_borrower=_array(borrowers["borrower"], np.int32),
    )
    named = NamedHistory(
        history=history,
        accounts=accounts["account"],
        loans=borrowers["loan_id"].to_list(),
        transaction_ids=transaction_ids,
        row_of_event=_array(events["row_of_event"], np.int64),
        booked_at_us=_array(events["booked_at_us"], np.int64),
        opening=str(facts[_OPENING]),
        class_of_account=_array(accounts["class"], np.uint8),
        order_ties=[(event, row, fen) for event, row, fen in ties.iter_rows()],
    )
    if not (
        _fit_each_other(history)
        and _specials_fit(history)
        and _is_in_order(named, len(transaction_ids))
        and all(
            0 <= event < history.event_count and 1 <= row <= orders and fen > 0
            for event, row, fen in named.order_ties
        )
    ):
        raise ValueError("the numbers of the history do not fit each other")
    return named


def _fit_each_other(history: History) -> bool:
    accounts, starts, sides = history.account_count, history.side_start, len(history.side_borrower)
    return (
        len(starts) == accounts + 1
        and bool((starts[1:] >= starts[:-1]).all())
        and (int(starts[0]), int(starts[-1])) == (0, sides)
        and _within(history.debit, _LEAST_ACCOUNT, accounts)
        and _within(history.credit, _LEAST_ACCOUNT, accounts)
        and bool((history.amount_fen > 0).all())
        and bool(((history.debit != history.credit) | (history.debit < 0)).all())
        and _within(history.loan_borrower, 0, sys.maxsize)
        and _within(history.side_borrower, 0, sys.maxsize)
    )


def _specials_fit(history: History) -> bool:
    specials, loans = history.specials, history.loan_count
    count = len(specials.reverses)
    if not _within(specials.carries, NO_LOAN, count):
        return False
    rows = np.sort(history.special[history.special != NO_SPECIAL])
    return (
        bool(np.array_equal(rows, np.arange(count)))  # each belongs to one event
        and _within(specials.disburses, NO_LOAN, loans)
        and _within(specials.specific_loan, NO_LOAN, loans)
        and _within(specials.repays, NO_LOAN, loans)
        and _within(specials.reverses, -1, history.event_count)
        and bool(specials.opens_slot[specials.carries[specials.carries >= 0]].all())
    )


def _is_in_order(named: NamedHistory, transactions: int) -> bool:
    """Whether each transaction is one event, and they are in the order of time."""
    rows, events = named.row_of_event, named.history.event_count
    return (
        events == transactions == len(rows)
        and _within(rows, 0, events)
        and bool((np.bincount(rows, minlength=events) == 1).all())
        and bool((named.booked_at_us[1:] >= named.booked_at_us[:-1]).all())
    )


def _within(numbers: np.ndarray, least: int, end: int) -> bool:
    return not len(numbers) or (int(numbers.min()) >= least and int(numbers.max()) < end)


def _array(column: pl.Series, kind: type[np.generic]) -> np.ndarray:
    """Compiled code takes no array that may not be written to. ValueError where it is of another type, or something is missing."""
    values = column.to_numpy(writable=True)
    if column.null_count() or values.dtype != kind:
        raise ValueError(f"{column.name} is not what it was written as")
    return np.ascontiguousarray(values)

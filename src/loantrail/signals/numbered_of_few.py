"""The actions of a few moves with numbers for names: one by one, as joining small frames costs more than that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from loantrail.early_warning.arrivals_of_few import tied_rows
from loantrail.early_warning.moves import moves_of
from loantrail.early_warning.view import View
from loantrail.signals import kernel_state as k
from loantrail.signals.meaning_of_few import rows_of_few
from loantrail.signals.model import GROUP_OF
from loantrail.tracing.model import Int64

NUMBERED: Final = {
    "event": pl.Int64, "fen": pl.Int64, "loan": pl.Int32, "kind": pl.UInt8, "gate": pl.UInt8, "pair": pl.Int32,
    "group": pl.UInt8,
}  # fmt: skip
"""Actions as the kernel takes them."""


Action = tuple[int, int, int, int, int, int, int]
"""A row of NUMBERED."""
FEW_NAMES: Final = 8_192
"""A frame of so few is looked through one by one."""


def number_of(
    frame: pl.DataFrame, key: str, texts: Iterable[str | None], number: str
) -> dict[str | None, int]:
    """What a frame says of each of a few texts, that it has once each: those that it has not are left out."""
    asked = {one for one in texts if one is not None}
    if not asked:
        return {}
    if len(frame) <= FEW_NAMES:
        pairs = zip(frame.get_column(key).to_list(), frame.get_column(number).to_list(), strict=True)
        return {text: one for text, one in pairs if text in asked}
    named = pl.Series(sorted(asked), dtype=pl.String)
    found = frame.select(key, number).filter(pl.col(key).is_in(named.implode()))
    return dict(zip(found[key].to_list(), found[number].to_list(), strict=True))


def numbered_of_few(
    view: View,
    places: pl.DataFrame,
    numbers: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
    event_of_transaction: Int64,
    ended: pl.DataFrame | None,
) -> tuple[list[Action], list[bool]]:
    """The actions as the kernel takes them, with their event, in order, and whether the pairs that they name are tied. `places`
    (transaction_id, place); `numbers` of accounts (account, number), parties (party, number) and loans (loan_id, loan).
    The view `is_few`."""
    accounts, parties, loans = numbers
    transaction_of = [move.transaction_id for move in moves_of(view)]
    place = number_of(places, "transaction_id", transaction_of, "place")
    rows = [row for row in rows_of_few(view, ended) if transaction_of[row[0]] in place]
    keys = sorted({(row[3], row[4] or "") for row in rows if row[1] == k.PAIR or row[8] != k.ALWAYS})
    pair = {key: number for number, key in enumerate(keys)}
    account = number_of(accounts, "account", (row[4] for row in rows), "number")
    party = number_of(parties, "party", (row[5] for row in rows), "number")
    loan_number: dict[str, int] = dict(
        zip(loans.get_column("loan_id").to_list(), loans.get_column("loan").to_list(), strict=True)
    )
    told: list[Action] = []
    # In the order of events, kinds and hops.
    events = [int(event_of_transaction[place[transaction_of[row[0]]]]) for row in rows]
    for at in sorted(range(len(rows)), key=lambda one: (events[one], rows[one][1], rows[one][0])):
        _, kind, fen, loan, of_account, payee, sums, pair_sum, gate = rows[at]
        if kind == k.PAIR or gate != k.ALWAYS:
            whose = pair[loan, of_account or ""]
        else:
            whose = party.get(payee, -1) if kind == k.PAYEE else account.get(of_account, -1)
        group = pair_sum if kind == k.PAIR else GROUP_OF.get(sums or "", 0)
        told.append((events[at], fen, loan_number[loan], kind, gate, whose, group))
    tied = tied_rows(view)
    return told, [key in tied for key in keys]

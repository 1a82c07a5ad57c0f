"""Batches of events put together, taken apart and looked over."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from loantrail.errors import InputError, Place
from loantrail.tracing.live_batch import Batch
from loantrail.tracing.model import IN_TRANSIT, NO_SPECIAL, Int64, Specials

if TYPE_CHECKING:
    from loantrail.tracing.live_log import EventLog


def shifted(batch: Batch, before: Int64) -> Batch:
    """References of a batch after other events were put in at `before` (positions of the order so far)."""

    def moved(position: Any) -> Any:
        return np.where(position >= 0, position + np.searchsorted(before, position, side="right"), position)

    specials = replace(batch.specials, carries=moved(batch.specials.carries).astype(np.int32))
    return replace(
        batch,
        specials=specials,
        reversing=moved(batch.reversing).astype(np.int64),
        original=moved(batch.original).astype(np.int64),
    )


def merged(tail: Batch, first: int, batch: Batch, before: Int64) -> Batch:
    """Events of the order from position `first` on, and new ones that go before positions `before` of it; as one batch
    that goes to the end."""
    tail = shifted(tail, before)
    old = np.arange(first, first + tail.event_count)
    old_at = old + np.searchsorted(before, old, side="right") - first
    new_at = before + np.arange(len(before)) - first
    count = tail.event_count + batch.event_count

    def both(name: str) -> Any:
        column = np.empty(count, getattr(batch, name).dtype)
        column[old_at], column[new_at] = getattr(tail, name), getattr(batch, name)
        return column

    special = np.full(count, NO_SPECIAL, np.int32)
    special[old_at] = tail.special
    offset = len(tail.specials.reverses)
    special[new_at] = np.where(batch.special != NO_SPECIAL, batch.special + offset, NO_SPECIAL)
    specials = Specials(
        **{
            field.name: np.concatenate(
                [getattr(tail.specials, field.name), getattr(batch.specials, field.name)]
            )
            for field in fields(Specials)
        }
    )
    return replace(
        batch,
        debit=both("debit"),
        credit=both("credit"),
        amount_fen=both("amount_fen"),
        arrival_use=both("arrival_use"),
        special=special,
        specials=specials,
        before=None,
        reversing=np.concatenate([tail.reversing, batch.reversing]),
        original=np.concatenate([tail.original, batch.original]),
    )


def check(batch: Batch, log: EventLog) -> None:
    """InputError when a batch names what is not there, or is not in order."""
    accounts = log.account_count + len(batch.opening_fen)
    loans = log.loan_count + len(batch.loan_borrower)
    total = log.count + batch.event_count
    before = batch.before
    ends = np.concatenate([batch.debit, batch.credit])
    given = batch.specials
    wrong = (
        ("amount_fen", bool((batch.amount_fen <= 0).any())),
        ("debit, credit", bool(((ends < IN_TRANSIT) | (ends >= accounts)).any())),
        ("debit, credit", bool((batch.debit == batch.credit).any())),
        ("disburses", bool((given.disburses >= loans).any())),
        ("specific_loan", bool((given.specific_loan >= loans).any())),
        ("repays", bool((given.repays >= loans).any())),
        ("carries", bool((given.carries >= total).any()) or _opens_nothing(batch, log)),
        ("reverses", bool((given.reverses >= total).any())),
        ("reversing, original", bool(((batch.reversing >= total) | (batch.original >= total)).any())),
        ("reversing, original", bool(((batch.reversing < 0) | (batch.original < 0)).any())),
        ("side_account", bool(((batch.side_account < 0) | (batch.side_account >= accounts)).any())),
        (
            "before",
            (
                before is not None
                and bool(
                    len(before) != batch.event_count or (np.diff(before) < 0).any() or (before < 0).any()
                )
            )
            or (before is not None and bool((before > log.count).any())),
        ),
    )
    for name, is_wrong in wrong:
        if is_wrong:
            raise InputError(
                "a batch of events cannot be used", Place(field=name), "Correct the named column"
            )


def _opens_nothing(batch: Batch, log: EventLog) -> bool:
    """Whether an event carries the slot of one that opens none."""
    given = batch.specials
    named = given.carries[given.carries >= 0].astype(np.int64)
    after = log.count if batch.before is None else batch.before
    new_at = after + np.arange(batch.event_count)
    place = np.searchsorted(new_at, named)
    is_new = np.isin(named, new_at)
    new_rows, old_rows = batch.special[place[is_new]], log.special[(named - place)[~is_new]]
    opens_new = (new_rows >= 0) & given.opens_slot[np.maximum(new_rows, 0)]
    opens_old = (old_rows >= 0) & log.opened_by_bank[np.maximum(old_rows, 0)]
    return not (opens_new.all() and opens_old.all())


def carries_ahead(batch: Batch, first: int) -> bool:
    """Whether an event of the batch carries a slot that a later one of it opens."""
    owners = np.flatnonzero(batch.special != NO_SPECIAL)
    return bool((batch.specials.carries[batch.special[owners]] > first + owners).any())


def split(batch: Batch, first: int, to: int) -> tuple[Batch, Batch]:
    """Events of a batch (the first is at position `first`) before position `to`, and from there on; names go with the
    former."""
    place = to - first
    links = np.maximum(batch.reversing, batch.original) >= to

    def part(where: slice, chosen: Any) -> Batch:
        special = batch.special[where]
        owners = np.flatnonzero(special != NO_SPECIAL)
        rows = special[owners]
        numbered = np.full(len(special), NO_SPECIAL, np.int32)
        numbered[owners] = np.arange(len(rows), dtype=np.int32)
        specials = {field.name: getattr(batch.specials, field.name)[rows] for field in fields(Specials)}
        return replace(
            batch,
            debit=batch.debit[where],
            credit=batch.credit[where],
            amount_fen=batch.amount_fen[where],
            arrival_use=batch.arrival_use[where],
            special=numbered,
            specials=Specials(**specials),
            reversing=batch.reversing[chosen],
            original=batch.original[chosen],
        )

    kept, gone = part(slice(0, place), ~links), part(slice(place, None), links)
    # An early reversal is entered with the event that it takes back.
    ahead = kept.specials.reverses >= to
    if ahead.any():
        owners = np.flatnonzero(kept.special != NO_SPECIAL)
        owners = owners[ahead[kept.special[owners]]]
        told = kept.specials.reverses[kept.special[owners]].astype(np.int64)
        gone = replace(
            gone,
            reversing=np.concatenate([gone.reversing, first + owners]),
            original=np.concatenate([gone.original, told]),
        )
        kept.specials.reverses[ahead] = -1
    return kept, gone

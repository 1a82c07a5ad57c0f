"""Where the money of a payment came in to the borrower's side: the movement that a person would ask about. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantrail.tracing.backward import Backward, Origin, Source
from loantrail.tracing.model import NO_LOAN, OUTSIDE, Bool, Int64


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a payment that came in by one movement (`entry`, an event; None where it lay in an own account from the
    beginning, or was the bank's credit), by one loan or none, over the ways `sources`."""

    entry: int | None
    origin: Origin
    account: int
    loan: int
    use: int
    amount_fen: int
    sources: tuple[Source, ...]


def shares(backward: Backward, sources: list[Source], own: Bool) -> list[Share]:
    """The sources of one payment gathered by the movement that brought them to the `own` accounts [accounts], the
    largest first; they sum to the same."""
    gathered: dict[tuple[int | None, Origin | None, int, int, int], list[Source]] = {}
    for source in sources:
        entry = entry_of(backward, source, own)
        # Behind a stranger's payment its money may have several beginnings; the payment is one.
        is_plain = entry is not None and source.loan == NO_LOAN
        key = (
            entry,
            None if is_plain else source.origin,
            0 if is_plain else source.account,
            source.loan,
            source.use,
        )
        gathered.setdefault(key, []).append(source)
    found = [
        Share(
            entry,
            parts[0].origin,
            parts[0].account,
            loan,
            use,
            sum(part.amount_fen for part in parts),
            tuple(parts),
        )
        for (entry, _, _, loan, use), parts in gathered.items()
    ]
    return sorted(found, key=lambda share: (-share.amount_fen, share.sources[0].events))


def entry_of(backward: Backward, source: Source, own: Bool) -> int | None:
    """The latest movement that came from an account that is not `own`; a pool that passed on by reference and money in
    transit are looked through. None where the money never left the own accounts."""
    history = backward.history
    for place, event in enumerate(source.events):
        debit = int(history.debit[event])
        last = place == len(source.events) - 1
        if debit == OUTSIDE:
            return event
        if backward.is_transit(debit):
            if last:
                return event
            continue
        if own[debit] or (backward.is_carried(event) and not last):
            continue
        return event
    return None


def payments_between(
    backward: Backward, booked_at_us: Int64, payers: Int64, after: int, until_us: int
) -> Int64:
    """Events by which the accounts `payers` pay after the event `after`, up to the instant."""
    history = backward.history
    found = [backward.events_of(int(account)) for account in payers]
    events = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    paying = np.isin(history.debit[events], payers)
    return events[paying & (events > after) & (booked_at_us[events] <= until_us)]


def months_paid(
    backward: Backward, booked_at_us: Int64, payer: int, own: Bool, event: int, days: int = 365
) -> int:
    """In how many months (of 30 days, counted back from the event) the account paid the own side in the days before."""
    if payer < 0 or backward.is_transit(payer):
        return 0
    history = backward.history
    day = 86_400_000_000
    events = backward.events_of(payer)
    credit = history.credit[events]
    inside = (credit >= 0) & (credit < len(own))
    paid = (history.debit[events] == payer) & inside & own[np.where(inside, credit, 0)]
    ago = booked_at_us[event] - booked_at_us[events]
    counted = ago[paid & (ago > 0) & (ago <= days * day)]
    return len(np.unique(counted // (30 * day)))

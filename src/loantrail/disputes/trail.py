"""The figures of a sheet, out of the history that a run traced: no database, no texts."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from loantrail.disputes.bounds import transaction_bounds
from loantrail.errors import InputError
from loantrail.http.pages.paths import Hop, LineArrival, LoanTrail
from loantrail.http.pages.store import WITHOUT_USE
from loantrail.ids import content_hash
from loantrail.tracing.bounds import LINE_ARCS_MAX, Bounds, Cone, line_bounds, reachable
from loantrail.tracing.loan_bounds import LoanBounds, bounded_line, held_masks
from loantrail.tracing.model import Convention, Int64, Trace
from loantrail.tracing.statement import USE_NAMES, Rest, disbursed_fen, rests
from loantrail.tracing.trace import trace_history

CONSERVING: Final = (
    Convention.FIFO,
    Convention.LIFO,
    Convention.PRO_RATA,
    Convention.OWN_FIRST,
    Convention.LOAN_FIRST,
)
"""Conventions whose statements sum to the disbursement."""
MICROSECOND: Final = datetime.timedelta(microseconds=1)
EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one convention counts: in the whole line, and moved by the disputed transaction."""

    convention: Convention
    line_fen: int
    transfer_fen: int


class LoanMoney:
    """One loan's money in a history, by FIFO. Accounts and events are indexes.

    Raises InputError for a loan that the history does not pay out.
    """

    def __init__(self, kept: LoanBounds, loan_id: str) -> None:
        if loan_id not in kept.named.loans:
            raise InputError(
                f"loan {loan_id} has no disbursement in the statements", remedy="Check the loan number"
            )
        self.kept = kept
        self.named = kept.named
        self.history = kept.named.history
        self.loan = kept.named.loans.index(loan_id)
        self.traced = trace_history(self.history, Convention.FIFO)

    @cached_property
    def _rest(self) -> Rest:
        return rests(self.history, self.traced, self.kept.related)

    @cached_property
    def _rows(self) -> Int64:
        return np.flatnonzero(self.traced.hops.loan == self.loan)

    @cached_property
    def disbursed_fen(self) -> int:
        """What was paid out."""
        return int(disbursed_fen(self.history)[self.loan])

    @cached_property
    def trail(self) -> LoanTrail:
        """The loan's hops, as the pages know them; a hop's id is its row in the trace."""
        hops, rows = self.traced.hops, self._rows
        events = hops.event[rows]
        ids = self.named.transaction_id(events).to_list()
        payers = self.named.account_name(self.history.debit[events]).to_list()
        payees = self.named.account_name(self.history.credit[events]).to_list()
        return LoanTrail(
            [
                Hop(
                    hop_id=str(row),
                    parent_hop_id=str(parent) if parent >= 0 else None,
                    transfer_id=ids[place],
                    booked_at=self.booked_at(int(events[place])),
                    from_account=payers[place],
                    to_account=payees[place],
                    amount_fen=int(hops.amount_fen[row]),
                    depth=int(hops.depth[row]),
                    use=USE_NAMES.get(int(hops.use[row]), ""),
                    ended=bool(hops.ended[row]),
                )
                for place, (row, parent) in enumerate(
                    zip(rows.tolist(), hops.parent[rows].tolist(), strict=True)
                )
            ]
        )

    def arrivals(self, use: str) -> list[LineArrival]:
        """What the line rests on, largest first."""
        return self.trail.arrivals(use, self._held_uses(use))

    def _held_uses(self, use: str) -> dict[str, str]:
        if use not in WITHOUT_USE:
            return {}
        rest = self._rest
        own = np.flatnonzero((rest.loan == self.loan) & (rest.account >= 0)).tolist()
        places = [place for place in own if rest.line[place] == use]
        names = self.named.account_name(rest.account[places])
        return dict.fromkeys(names.drop_nulls().to_list(), use)

    def line_fen(self, use: str) -> int:
        """The amount of a line of the statement."""
        return _line_fen(self._rest, self.loan, use)

    def counted(self, use: str, event: int | None) -> list[Counted]:
        """What each conserving convention counts in the line, and in the event."""
        found: list[Counted] = []
        for convention in CONSERVING:
            if convention is Convention.FIFO:
                traced, rest = self.traced, self._rest
            else:
                traced = trace_history(self.history, convention)
                rest = rests(self.history, traced, self.kept.related)
            moved = 0 if event is None else _moved_fen(traced, self.loan, event)
            found.append(Counted(convention, _line_fen(rest, self.loan, use), moved))
        return found

    def event_of_hop(self, hop: Hop) -> int:
        return int(self.traced.hops.event[int(hop.hop_id)])

    def moved_fen(self, event: int) -> int:
        """How much of the loan's money the event moved."""
        return _moved_fen(self.traced, self.loan, event)

    def any_loan_fen(self, event: int) -> int:
        """How much money of any loan the event moved."""
        return int(self.traced.hops.amount_fen[self.traced.hops.event == event].sum())

    def booked_at(self, event: int) -> datetime.datetime:
        return EPOCH + int(self.named.booked_at_us[event]) * MICROSECOND

    def balance_before(self, event: int, account: int) -> int:
        """The account's balance right before the event, in fen."""
        history = self.history
        amounts = history.amount_fen[:event]
        came = int(amounts[history.credit[:event] == account].sum())
        went = int(amounts[history.debit[:event] == account].sum())
        return int(history.opening_fen[account]) + came - went

    def reasons(self, account: int) -> list[str]:
        """Why the account's own money is not known: reasons as bounds give them."""
        return sorted(name for name, mask in self.kept.unlimited.items() if mask[account])

    @cached_property
    def cone(self) -> Cone:
        """Everything that the loan's money may have done."""
        return reachable(self.history, [self.loan], unlimited=self.kept.unlimited, arcs_max=LINE_ARCS_MAX)

    def line_bounds(self, use: str) -> Bounds:
        """As beside the line on the loan's page."""
        return line_bounds(self.cone, bounded_line(use, held_masks(self.kept, self.loan)))

    def transaction_bounds(self, event: int) -> Bounds | None:
        """Least and most of the loan's money in one transaction; None where it is linked to another."""
        return transaction_bounds(self.history, self.loan, event, self.kept.unlimited)

    def unseen_accounts(self) -> list[tuple[int, list[str]]]:
        """Accounts that the money may have lain in and whose own money is not known, with the reasons."""
        touched = np.flatnonzero(self.cone.touched).tolist()
        found = [(account, self.reasons(account)) for account in touched]
        return [(account, reasons) for account, reasons in found if reasons]


def _line_fen(rest: Rest, loan: int, use: str) -> int:
    own = np.flatnonzero(rest.loan == loan).tolist()
    return sum(int(rest.amount_fen[place]) for place in own if rest.line[place] == use)


def _moved_fen(traced: Trace, loan: int, event: int) -> int:
    hops = traced.hops
    return int(hops.amount_fen[(hops.event == event) & (hops.loan == loan)].sum())


def data_digest(kept: LoanBounds) -> str:
    """SHA-256 of the facts: who paid whom how much, when, in which order, and the balances before."""
    named, history = kept.named, kept.named.history
    events = np.arange(history.event_count)
    return content_hash(
        (
            history.debit.astype("<i4").tobytes(),
            history.credit.astype("<i4").tobytes(),
            history.amount_fen.astype("<i8").tobytes(),
            history.opening_fen.astype("<i8").tobytes(),
            named.booked_at_us.astype("<i8").tobytes(),
            "\n".join(named.accounts.to_list()).encode(),
            "\n".join(named.transaction_id(events).to_list()).encode(),
            "\n".join(named.loans).encode(),
        )
    )


def judgement_digest(kept: LoanBounds) -> str:
    """SHA-256 of what was made of the facts: uses, where traces end, sides, links, related parties, what is unknown."""
    history = kept.named.history
    specials = history.specials
    columns = (
        history.arrival_use,
        history.terminal,
        history.special,
        history.side_start,
        history.side_borrower,
        history.loan_borrower,
        specials.disburses,
        specials.reverses,
        specials.specific_loan,
        specials.specific_fen,
        specials.opens_slot,
        specials.carries,
        specials.repays,
        kept.related,
    )
    texts = [f"{name}\n".encode() + kept.unlimited[name].tobytes() for name in sorted(kept.unlimited)]
    return content_hash([column.astype("<i8").tobytes() for column in columns] + texts)

"""Random ways in which a history can come in: cut into batches, late, out of order, told piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np

from loantrail.tracing.live import LiveTrace
from loantrail.tracing.live_batch import Batch, Payment, events_of_history
from loantrail.tracing.model import NO_SPECIAL, OUTSIDE, History


@dataclass
class Arrival:
    """Feeds the events of a history to a live trace. `here` are the positions, in the history, of what came so far."""

    history: History
    trace: LiveTrace
    random: Random
    here: np.ndarray
    accounts: int = 0
    loans: int = 0
    told_sides: int = 0

    def links(self) -> set[tuple[int, int]]:
        rows = np.flatnonzero(self.history.special != NO_SPECIAL)
        told = self.history.specials.reverses[self.history.special[rows]]
        return {(int(r), int(o)) for r, o in zip(rows, told, strict=True) if o >= 0}

    def sides(self) -> list[tuple[int, int]]:
        start = self.history.side_start
        return [
            (account, int(borrower))
            for account in range(self.history.account_count)
            for borrower in self.history.side_borrower[start[account] : start[account + 1]]
        ]

    def take(self, chosen: np.ndarray, last: bool = False) -> None:
        """Let the events at these positions of the history come."""
        merged = np.union1d(self.here, chosen)
        place = {int(event): at for at, event in enumerate(merged)}
        batch = events_of_history(self.history, chosen)
        specials = batch.specials
        # What a row refers to may not be there yet: it is told when it comes.
        carries = [place.get(int(one), -1) if one >= 0 else -1 for one in specials.carries]
        new = set(chosen.tolist())
        links = [
            (place[r], place[o])
            for r, o in sorted(self.links())
            if r in place and o in place and (r in new or o in new)
        ]
        specials = replace(
            specials,
            carries=np.array(carries, np.int32),
            reverses=np.full(len(specials.reverses), -1, np.int32),
        )
        before = np.searchsorted(self.here, chosen).astype(np.int64)
        at_end = bool((before == len(self.here)).all())
        batch = replace(
            batch,
            specials=specials,
            before=None if at_end and self.random.random() < 0.5 else before,
            reversing=np.array([r for r, _ in links], np.int64),
            original=np.array([o for _, o in links], np.int64),
        )
        self.trace.append(self.with_names(batch, last=last))
        self.here = merged

    def with_names(self, batch: Batch, *, last: bool) -> Batch:
        history = self.history
        needed = int(max([-1, *batch.debit.tolist(), *batch.credit.tolist()])) + 1
        accounts = history.account_count if last else max(needed, self.accounts)
        referred = [
            batch.specials.disburses,
            batch.specials.specific_loan,
            batch.specials.repays,
        ]
        loans = int(max([-1, *np.concatenate(referred).tolist()])) + 1
        loans = history.loan_count if last else max(loans, self.loans)
        sides = self.random_order
        upto = len(sides) if last else min(self.told_sides + self.random.randint(0, 1), len(sides))
        told = [pair for pair in sides[self.told_sides : upto] if pair[0] < accounts]
        if len(told) < upto - self.told_sides:
            told, upto = [], self.told_sides
        batch = replace(
            batch,
            opening_fen=history.opening_fen[self.accounts : accounts],
            terminal=history.terminal[self.accounts : accounts],
            loan_borrower=history.loan_borrower[self.loans : loans],
            side_account=np.array([a for a, _ in told], np.int32),
            side_borrower=np.array([b for _, b in told], np.int32),
        )
        self.accounts, self.loans, self.told_sides = accounts, loans, upto
        return batch

    @property
    def random_order(self) -> list[tuple[int, int]]:
        return sorted(self.sides(), key=lambda pair: (pair[0] * 7 + pair[1] * 13) % 11)


def carried_first(history: History, order: list[int]) -> list[int]:
    """The order, but what opens a slot before what carries it: a carrier is told of when both are there."""
    opener = np.full(len(history.specials.carries), -1, np.int64)
    rows = np.flatnonzero(history.special != NO_SPECIAL)
    opener[history.special[rows]] = rows
    done: dict[int, None] = {}

    def add(event: int) -> None:
        row = history.special[event]
        if row != NO_SPECIAL and history.specials.carries[row] >= 0:
            add(int(opener[history.specials.carries[row]]))
        done.setdefault(event)

    for event in order:
        add(event)
    return list(done)


def arrive(history: History, random: Random, mark_every: int, probes: bool = True) -> LiveTrace:
    """The whole history, in random batches; some of it late."""
    trace = LiveTrace(mark_every=mark_every, capacity=8)
    arrival = Arrival(history, trace, random, np.zeros(0, np.int64))
    lateness = random.choice((0, 0, 2, 8, 1000))
    order = sorted(range(history.event_count), key=lambda event: event + random.random() * lateness)
    order = carried_first(history, order)
    at = 0
    while at < len(order):
        size = random.choice((1, 1, 2, 3, 5, len(order)))
        chosen = np.array(sorted(order[at : at + size]), np.int64)
        at += size
        arrival.take(chosen, last=at >= len(order))
        if random.random() < 0.2 and trace.event_count:
            gone = trace.rewind(random.randrange(trace.event_count + 1))
            trace.append(gone)
        if probes and random.random() < 0.5 and trace.event_count:
            trace.probe(random_payment(trace, random))
    return trace


def random_payment(trace: LiveTrace, random: Random) -> Payment:
    everywhere = [*range(trace.log.account_count + 1), OUTSIDE]
    debit, credit = random.sample(everywhere, 2)
    loan = random.randrange(-1, trace.log.loan_count)
    return Payment(
        debit=debit,
        credit=credit,
        amount_fen=random.randint(1, 30),
        arrival_use=random.choice((0, 1, 6)),
        specific_loan=loan,
        specific_fen=random.randint(0, 20) if loan >= 0 else 0,
    )

"""Histories for tests: written out by name, or random and adversarial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from random import Random

import numpy as np

from loantrail.tracing.model import (
    IN_TRANSIT,
    NO_LOAN,
    NO_SPECIAL,
    OUTSIDE,
    USE_REPAYMENT,
    History,
    Specials,
)
from loantrail.tracing.named import NamedHistory


@dataclass
class HistoryBuilder:
    """Collects events one by one. `outside` and `transit` are names for the ends that are not accounts."""

    opening: dict[str, int] = field(default_factory=dict)
    accounts: list[str] = field(default_factory=list)
    terminal: set[str] = field(default_factory=set)
    sides: dict[str, set[str]] = field(default_factory=dict)  # account -> borrowers
    loans: list[str] = field(default_factory=list)
    borrower_of: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    specials: list[dict[str, int]] = field(default_factory=list)

    def account(self, name: str) -> int:
        if name == "outside":
            return OUTSIDE
        if name == "transit":
            return IN_TRANSIT
        if name not in self.accounts:
            self.accounts.append(name)
        return self.accounts.index(name)

    def event(self, debit: str, credit: str, amount: int, arrival_use: int = 0, **special: int) -> int:
        """Adds an event and gives its index. `special` are fields of Specials."""
        row = NO_SPECIAL
        if special:
            row = len(self.specials)
            self.specials.append(dict(special))
        self.events.append((self.account(debit), self.account(credit), amount, arrival_use, row))
        return len(self.events) - 1

    def loan(self, name: str, borrower: str = "") -> int:
        if name not in self.loans:
            self.loans.append(name)
            self.borrower_of[name] = borrower or f"borrower of {name}"
        return self.loans.index(name)

    def disburse(self, loan: str, credit: str, amount: int, debit: str = "outside") -> int:
        return self.event(debit, credit, amount, disburses=self.loan(loan))

    def build(self) -> History:
        for name in [*self.opening, *self.sides, *self.terminal]:
            self.account(name)
        borrowers = sorted(set(self.borrower_of.values()) | {b for side in self.sides.values() for b in side})
        sides = [sorted(borrowers.index(b) for b in self.sides.get(a, set())) for a in self.accounts]
        rows = np.array(self.events, np.int64).reshape(-1, 5)

        def column(name: str, empty: int = -1) -> list[int]:
            return [special.get(name, empty) for special in self.specials]

        return History(
            debit=rows[:, 0].astype(np.int32),
            credit=rows[:, 1].astype(np.int32),
            amount_fen=np.ascontiguousarray(rows[:, 2]),
            arrival_use=rows[:, 3].astype(np.uint8),
            special=rows[:, 4].astype(np.int32),
            specials=Specials(
                disburses=np.array(column("disburses"), np.int32),
                reverses=np.array(column("reverses"), np.int32),
                specific_loan=np.array(column("specific_loan"), np.int32),
                specific_fen=np.array(column("specific_fen", 0), np.int64),
                opens_slot=np.array(column("opens_slot", 0), np.bool_),
                carries=np.array(column("carries"), np.int32),
                repays=np.array(column("repays"), np.int32),
            ),
            opening_fen=np.array([self.opening.get(a, 0) for a in self.accounts], np.int64),
            terminal=np.array([a in self.terminal for a in self.accounts], np.bool_),
            side_start=np.cumsum([0, *map(len, sides)], dtype=np.int32),
            side_borrower=np.array([b for side in sides for b in side], np.int32),
            loan_borrower=np.array([borrowers.index(self.borrower_of[n]) for n in self.loans], np.int32),
        )


def history_of(
    rows: Sequence[tuple[str, str, int]],
    loans: Mapping[int, str],
    opening: Mapping[str, int] | None = None,
) -> History:
    """A plain history: rows are (debit, credit, amount); `loans` says which rows pay out which loan."""
    builder = HistoryBuilder(opening=dict(opening or {}))
    for row, (debit, credit, amount) in enumerate(rows):
        if row in loans:
            builder.disburse(loans[row], credit, amount, debit)
        else:
            builder.event(debit, credit, amount)
    return builder.build()


def random_history(random: Random, size: int | None = None, top: int | None = None) -> History:
    """A small history with much that can go wrong in it: ties, overdrafts, zero balances, negative openings,
    reversals (partial, repeated, early, in excess), documents, repayments, final classes, terminal accounts with
    slots, money in transit, several borrowers. `size` is the number of events (3 to 25 without it), `top` the
    largest ordinary amount."""
    m = random.randint(2, 6)
    n = random.randint(3, 25) if size is None else size
    k = random.randint(1, 3)
    top = top or random.choice((3, 10, 10, 1000))
    terminal = [account > 1 and random.random() < 0.2 for account in range(m)]
    plain = [account for account in range(m) if not terminal[account]]
    rows: list[list[int]] = []
    specials: list[dict[str, int]] = []
    open_slots: list[tuple[int, int]] = []  # (slot, account it can be carried from)
    paid_out: list[int] = []
    early: list[int] = []  # events that an original comes after

    def add(debit: int, credit: int, amount: int, use: int = 0, **special: int) -> None:
        rows.append([debit, credit, amount, use, len(specials) if special else NO_SPECIAL])
        if special:
            specials.append(special)

    def other(account: int, among: Sequence[int]) -> int:
        return random.choice([one for one in among if one != account])

    everywhere = [*range(m), OUTSIDE]
    while len(rows) < n:
        draw = random.random()
        amount = random.randint(1, top)
        use = random.choice((0, 0, 0, 1, 6, 29, USE_REPAYMENT))
        if draw < 0.13 or (not paid_out and draw < 0.5):
            loan = len(paid_out) if len(paid_out) < k else random.randrange(k)
            if loan == len(paid_out):
                paid_out.append(loan)
            credit = random.choice(plain if random.random() < 0.9 else everywhere)
            debit = other(credit, random.choice(([OUTSIDE, *plain], everywhere)))
            paid = random.randint(1, 2 * top)
            use = random.choice((0, 0, use))
            if open_slots and random.random() < 0.05 and open_slots[-1][1] != credit:
                slot, debit = open_slots[-1]
                add(debit, credit, paid, use, disburses=loan, carries=slot)
            else:
                add(debit, credit, paid, use, disburses=loan)
        elif draw < 0.20 and rows:
            event = random.randrange(len(rows))
            debit, credit, original = rows[event][:3]
            if debit == IN_TRANSIT or credit == IN_TRANSIT:
                continue
            take = random.choice((original, random.randint(1, original), random.randint(1, 2 * original)))
            add(credit, debit, take, random.choice((0, 0, use)), reverses=event)
        elif draw < 0.23:
            debit = random.choice(everywhere)
            credit = other(debit, everywhere)
            early.append(len(rows))
            add(debit, credit, amount, use, reverses=-2)  # its original is chosen below
        elif draw < 0.26 and early:
            event = early[-1]
            debit, credit, original = rows[event][:3]
            add(credit, debit, random.choice((original, amount)), use)
            special = specials[rows[event][4]]
            if special["reverses"] == -2 or random.random() < 0.3:
                special["reverses"] = len(rows) - 1
        elif draw < 0.33:
            debit = random.choice(plain)
            tied = random.choice((amount, random.randint(0, 2 * top)))
            loan = random.randrange(k)
            add(debit, other(debit, everywhere), amount, use, specific_loan=loan, specific_fen=tied)
        elif draw < 0.37:
            debit = random.choice(plain)
            open_slots.append((len(specials), IN_TRANSIT))
            add(debit, IN_TRANSIT, amount, 0, opens_slot=1)
        elif draw < 0.41 and any(terminal):
            debit = random.choice(plain)
            pool = random.choice([account for account in range(m) if terminal[account]])
            open_slots.append((len(specials), pool))
            add(debit, pool, amount, random.choice((0, 0, use)), opens_slot=1)
        elif draw < 0.50 and open_slots:
            slot, account = random.choice(open_slots)
            credit = other(account, everywhere)
            take = random.choice((amount, random.randint(1, 2 * top)))
            if account >= 0 and random.random() < 0.1:
                open_slots.append((len(specials), IN_TRANSIT))
                add(account, IN_TRANSIT, take, 0, opens_slot=1, carries=slot)
            elif credit >= 0 and terminal[credit] and random.random() < 0.5:
                open_slots.append((len(specials), credit))
                add(account, credit, take, use, opens_slot=1, carries=slot)
            else:
                add(account, credit, take, use, carries=slot)
        else:
            debit = random.choice(plain) if random.random() < 0.8 else random.choice(everywhere)
            credit = other(debit, everywhere)
            if use == USE_REPAYMENT:
                add(debit, credit, amount, use, repays=random.randrange(-1, k))
            else:
                add(debit, credit, amount, use)
    for special in specials:
        if special.get("reverses") == -2:
            special["reverses"] = -1
    return _assemble(random, m, k, terminal, rows, specials)


def crowded_history(random: Random) -> History:
    """More labels in one account than PRO_RATA may keep there, with small amounts so that many are equal."""
    k = random.randint(64, 80)
    rows: list[list[int]] = []
    specials: list[dict[str, int]] = []
    waiting = list(range(k))
    while waiting or random.random() < 0.9:
        draw = random.random()
        if waiting and draw < 0.8:
            rows.append([OUTSIDE, random.choice((0, 0, 0, 1)), random.randint(1, 9), 0, len(specials)])
            specials.append({"disburses": k - len(waiting)})
            waiting.pop()
        else:
            debit = random.choice((0, 1, OUTSIDE))
            credit = random.choice([one for one in (0, 1, OUTSIDE) if one != debit])
            use = random.choice((0, 1))
            rows.append([debit, credit, random.randint(1, 200), use, NO_SPECIAL])
    return _assemble(random, 2, k, [False, False], rows, specials)


def _assemble(
    random: Random,
    m: int,
    k: int,
    terminal: list[bool],
    rows: list[list[int]],
    specials: list[dict[str, int]],
) -> History:
    table = np.array(rows, np.int64).reshape(-1, 5)
    borrowers = random.randint(1, k)
    sides = [[b for b in range(borrowers) if random.random() < 0.3] for _ in range(m)]

    def column(name: str, empty: int = -1) -> list[int]:
        return [special.get(name, empty) for special in specials]

    return History(
        debit=table[:, 0].astype(np.int32),
        credit=table[:, 1].astype(np.int32),
        amount_fen=np.ascontiguousarray(table[:, 2]),
        arrival_use=table[:, 3].astype(np.uint8),
        special=table[:, 4].astype(np.int32),
        specials=Specials(
            disburses=np.array(column("disburses", NO_LOAN), np.int32),
            reverses=np.array(column("reverses"), np.int32),
            specific_loan=np.array(column("specific_loan", NO_LOAN), np.int32),
            specific_fen=np.array(column("specific_fen", 0), np.int64),
            opens_slot=np.array(column("opens_slot", 0), np.bool_),
            carries=np.array(column("carries"), np.int32),
            repays=np.array(column("repays", NO_LOAN), np.int32),
        ),
        opening_fen=np.array(
            [random.choice((0, 0, random.randint(-10, 10), random.randint(0, 30))) for _ in range(m)],
            np.int64,
        ),
        terminal=np.array(terminal, np.bool_),
        side_start=np.cumsum([0, *map(len, sides)], dtype=np.int32),
        side_borrower=np.array([b for side in sides for b in side], np.int32),
        loan_borrower=np.array([random.randrange(borrowers) for _ in range(k)], np.int32),
    )


def assert_equal_histories(found: NamedHistory, expected: NamedHistory) -> None:
    """Number by number, of the same types, each array open to be written to; but for the problems."""
    assert _said_by(found) == _said_by(expected)
    assert (found.loans, found.opening) == (expected.loans, expected.opening)
    assert found.order_ties == expected.order_ties
    for name in ("accounts", "transaction_ids"):
        assert getattr(found, name).to_list() == getattr(expected, name).to_list()


def _said_by(named: NamedHistory) -> dict[str, tuple[str, list[int]]]:
    said: dict[str, tuple[str, list[int]]] = {}
    for told in (named, named.history, named.history.specials):
        for item in fields(told):
            value = getattr(told, item.name)
            if isinstance(value, np.ndarray):
                value[:0] = 0
                said[item.name] = (str(value.dtype), value.tolist())
    return said

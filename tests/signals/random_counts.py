"""Random small inputs of a count: every action, gate, edge of a window and side occurs."""

from __future__ import annotations

import random

import numpy as np

from loantrail.signals import kernel_state as k
from loantrail.signals.model import Given

EDGES_US = (0, 1, k.DAY_US - 1, k.DAY_US, 3 * k.DAY_US, 7 * k.DAY_US, 30 * k.DAY_US, 90 * k.DAY_US)


def random_given(
    chance: random.Random, events: int, accounts: int = 5, loans: int = 3, pairs: int = 3
) -> Given:
    borrowers = chance.randint(1, loans)
    loan_borrower = [chance.randrange(borrowers) for _ in range(loans)]
    sides = [
        sorted(chance.sample(range(borrowers), chance.choice((0, 0, 1, min(2, borrowers)))))
        for _ in range(accounts)
    ]
    side_start = np.concatenate([[0], np.cumsum([len(side) for side in sides])]).astype(np.int32)
    at, now = [], 1_700_000_000_000_000
    # Real clocks, or one in which the edges of windows are met all the time.
    for _ in range(events):
        now += (
            chance.choice(EDGES_US) // chance.choice((1, 1, 2))
            if chance.random() < 0.6
            else chance.randrange(k.DAY_US)
        )
        at.append(now)
    debit, credit, amount, payer, payee = [], [], [], [], []
    actions: list[tuple[int, int, int, int, int, int]] = []
    wanted: list[tuple[int, int, int, int]] = []
    action_start, row_start = [0], [0]
    pair_loan = [chance.randrange(loans) for _ in range(pairs)]
    large = chance.random() < 0.1
    for _ in range(events):
        if chance.random() < 0.1:
            one = other = -1
            amount.append(0)
            payer.append(-1)
            payee.append(-1)
        else:
            one, other = chance.sample(range(-1, accounts), 2)
            amount.append(chance.randrange(1, 1 << 55) if large else chance.randrange(1, 2_000_000))
            payer.append(chance.randrange(-1, 4))
            payee.append(chance.randrange(-1, 4))
        debit.append(one)
        credit.append(other)
        mine = []
        for _ in range(chance.choice((0, 0, 1, 2, 4))):
            loan, fen = chance.randrange(loans), chance.randrange(1, 1_000_000)
            kind = chance.randrange(7)
            pair, group, gate = chance.randrange(accounts), 0, 0
            if kind == k.PAIR:
                pair, group = chance.randrange(pairs), chance.randrange(k.PAIR_SUMS)
                loan = pair_loan[pair]
            elif kind == k.ADD:
                gate = chance.randrange(4)
                group = k.RETURNED if gate in (k.OPEN_OR_QUICK, k.QUICK) else chance.randrange(k.GROUPS)
                pair = chance.randrange(pairs)
                loan = pair_loan[pair] if gate else loan
                fen = -fen if not gate and chance.random() < 0.3 else fen
            elif kind in (k.HOLD, k.IDLE):
                fen = chance.choice((fen, -fen))
            mine.append((fen, loan, pair, group, kind, gate))
        actions += sorted(mine, key=lambda action: action[4])
        action_start.append(len(actions))
        for _ in range(chance.choice((0, 1, 1, 2))):
            wanted.append((chance.randrange(loans), one, other, payee[-1]))
        row_start.append(len(wanted))
    table = k.empty_pool(k.ACTION_ROW, len(actions))
    for i, action in enumerate(actions):
        table[i] = action
    rows = k.empty_pool(k.WANTED_ROW, len(wanted))
    for i, row in enumerate(wanted):
        rows[i] = row
    return Given(
        events=k.Events(
            at_us=np.array(at, np.int64),
            debit=np.array(debit, np.int32),
            credit=np.array(credit, np.int32),
            amount_fen=np.array(amount, np.int64),
            payer=np.array(payer, np.int32),
            payee=np.array(payee, np.int32),
            handed_on_ppm=np.array([chance.choice((500_000, 700_000)) for _ in at], np.int64),
            action_start=np.array(action_start, np.int64),
            actions=table,
            row_start=np.array(row_start, np.int64),
            wanted=rows,
            side_start=side_start,
            side_borrower=np.array([one for side in sides for one in side], np.int32),
            loan_borrower=np.array(loan_borrower, np.int32),
        ),
        opening_fen=np.array([chance.randrange(-1000, 1_000_000) for _ in range(accounts)], np.int64),
        on_side=np.diff(side_start) > 0,
        borrowers=borrowers,
        loans=loans,
        tied=np.array([chance.random() < 0.2 for _ in range(pairs)], np.bool_),
    )

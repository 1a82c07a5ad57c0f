"""What a loan's network needs to know of the future: which reversals cancel, and which money is worth following."""

from __future__ import annotations

from typing import Final

import numpy as np

from loantrail.jit import jit
from loantrail.tracing.model import IN_TRANSIT, OUTSIDE, Bool, Int8, Int32, Int64

MODE_CONTRACT: Final = 1
"""The reversal gives back part of its original as if that had never left the payer."""
MODE_EITHER: Final = 2
"""The payee keeps no lots: the money may have ended there or come back."""


@jit
def plan_reversals(
    debit: Int32,
    credit: Int32,
    amount: Int64,
    opening: Int64,
    lotless: Bool,
    destination: Bool,
    unlimited: Bool,
    earlier: Int32,
    later: Int32,
) -> tuple[Int64, Int8]:
    """How each reversal pair (`earlier`, `later` events, sorted by `later`) enters the network.

    Returns the fen that it takes back and its mode, 0 for a pair that stays an ordinary transfer. A pair contracts
    when the payee had no other event in between (reversals of the same original apart), was not overdrawn and the
    reversal is within what is left of the original.
    """
    pairs = len(later)
    fen = np.zeros(pairs, np.int64)
    mode = np.zeros(pairs, np.uint8)
    accounts = len(opening)
    touches = np.zeros(accounts, np.int64)
    balance = opening.copy()
    by_earlier = np.argsort(earlier)
    touches_then = np.zeros(pairs, np.int64)
    balance_then = np.zeros(pairs, np.int64)
    next_earlier = 0
    next_later = 0
    taken_back = np.zeros(pairs, np.int64)  # by the first pair (in `by_earlier`) of the original
    contracted = np.zeros(pairs, np.int64)
    first_of = np.zeros(pairs, np.int64)
    for place in range(pairs):
        pair = by_earlier[place]
        same = place > 0 and earlier[pair] == earlier[by_earlier[place - 1]]
        first_of[pair] = first_of[by_earlier[place - 1]] if same else pair
    for event in range(len(debit)):
        payer, payee, moved = int(debit[event]), int(credit[event]), int(amount[event])
        if next_later < pairs and later[next_later] == event:
            pair = next_later
            next_later += 1
            first = first_of[pair]
            fen[pair] = min(moved, amount[earlier[pair]] - taken_back[first])
            taken_back[first] += fen[pair]
            if payer < 0 or lotless[payer]:
                mode[pair] = MODE_EITHER if fen[pair] > 0 else 0
            if payer >= 0 and fen[pair] == moved:
                quiet = touches[payer] - touches_then[pair] == contracted[first]
                covered = unlimited[payer] or balance_then[pair] >= 0
                if quiet and (destination[payer] or (covered and not lotless[payer])):
                    mode[pair] = MODE_CONTRACT
                    contracted[first] += 1
        if payer >= 0:
            touches[payer] += 1
        while next_earlier < pairs and earlier[by_earlier[next_earlier]] == event:
            pair = by_earlier[next_earlier]
            next_earlier += 1
            if payee >= 0:
                touches_then[pair] = touches[payee] + 1
                balance_then[pair] = balance[payee]
        if payee >= 0:
            touches[payee] += 1
            balance[payee] += moved
        if payer >= 0:
            balance[payer] -= moved
    return fen, mode


@jit
def worth_following(
    debit: Int32,
    credit: Int32,
    special: Int32,
    disburses: Int32,
    opens_slot: Bool,
    carries: Int32,
    terminal: Bool,
    destination: Bool,
    outside_counts: bool,
    pair_later: Int32,
    pair_mode: Int8,
    reversals_count: bool,
) -> Bool:
    """Events `[n]` after which the money that they brought may still reach one of the accounts in `destination`,
    balances left aside. Money that a reversal takes back comes to the payer of its original, which is followed for
    that anyway. With `reversals_count` a reversal is worth reaching too: it may change a use."""
    accounts = len(terminal)
    may = np.zeros(accounts + len(disburses), np.bool_)
    worth = np.zeros(len(debit), np.bool_)
    pairs = len(pair_later)
    last_later = pairs - 1
    for event in range(len(debit) - 1, -1, -1):
        payer, payee, row = int(debit[event]), int(credit[event]), int(special[event])
        carried = int(carries[row]) if row >= 0 else -1
        opens = row >= 0 and opens_slot[row]
        if payee == OUTSIDE:
            useful = outside_counts
        elif payee == IN_TRANSIT:
            useful = opens and may[accounts + row]
        elif destination[payee]:
            useful = True
        elif terminal[payee]:
            useful = opens and may[accounts + row]
        else:
            useful = may[payee]
        around = False
        if last_later >= 0 and pair_later[last_later] == event:
            around = pair_mode[last_later] != 0
            useful = useful or (reversals_count and not around)
            last_later -= 1
        worth[event] = useful
        # Money lent again ends; a reversal that goes around its payer takes nothing else from it
        lent_again = row >= 0 and disburses[row] >= 0
        useful_to_payer = useful and not around and not lent_again
        if useful_to_payer and carried >= 0:
            may[accounts + carried] = True
        elif useful_to_payer and payer >= 0:
            may[payer] = True
    return worth

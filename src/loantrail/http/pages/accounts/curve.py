"""From what changed at an account to its curve: balance, and whose loan money lay there. Touches nothing outside."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LOANS_SHOWN_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Lines:
    """Balance after each time; None where it is not known."""

    times: list[datetime.datetime]
    balance_fen: list[int | None]
    labelled_fen: list[int]
    loans: list[tuple[str | None, list[int]]]
    """The loans with the highest peaks, the highest first, then None: all others together."""
    loan_count: int


def running_balances(
    moved: Sequence[tuple[datetime.datetime, int, int | None]], opening_fen: int | None
) -> list[tuple[datetime.datetime, int]]:
    """The balance after each row of `(time, moved, stated balance)`, which stand in order: stated ones as they are,
    the others counted on from the one before.

    Without a stated balance at all the count starts with `opening_fen`, and without that with the least opening
    balance that never overdraws.
    """
    first = next((place for place, row in enumerate(moved) if row[2] is not None), None)
    if first is None:
        totals: list[int] = []
        for _, change, _ in moved:
            totals.append((totals[-1] if totals else 0) + change)
        start = max(0, -min(totals, default=0)) if opening_fen is None else opening_fen
        return [(row[0], start + total) for row, total in zip(moved, totals, strict=True)]
    # Counted back from the first stated one.
    balance = (moved[first][2] or 0) - sum(row[1] for row in moved[: first + 1])
    found: list[tuple[datetime.datetime, int]] = []
    for at, change, stated in moved:
        balance = balance + change if stated is None else stated
        found.append((at, balance))
    return found


def drawn(
    balances: Sequence[tuple[datetime.datetime, int | None]],
    flows: Sequence[tuple[datetime.datetime, str, int]],
    loans_shown: int = LOANS_SHOWN_MAX,
) -> Lines:
    """The curve over all times of both; `balances` may name a time more than once: the last one counts.

    Each loan's line is the running sum of its flows, so that it equals the money of its lots at every time.
    """
    last = dict(balances)
    changes: defaultdict[datetime.datetime, dict[str, int]] = defaultdict(dict)
    for at, loan, change_fen in flows:
        changes[at][loan] = changes[at].get(loan, 0) + change_fen
    times = sorted(last.keys() | changes.keys())
    held: defaultdict[str, int] = defaultdict(int)
    peak: defaultdict[str, int] = defaultdict(int)
    for at in times:
        for loan, change_fen in changes.get(at, {}).items():
            held[loan] += change_fen
            peak[loan] = max(peak[loan], held[loan])
    shown = sorted(peak, key=lambda loan: (-peak[loan], loan))[:loans_shown]
    lines: dict[str, list[int]] = {loan: [] for loan in shown}
    others: list[int] = []
    total: list[int] = []
    balance: list[int | None] = []
    now = dict.fromkeys(shown, 0)
    rest = 0
    for at in times:
        for loan, change_fen in changes.get(at, {}).items():
            if loan in now:
                now[loan] += change_fen
            else:
                rest += change_fen
        for loan in shown:
            lines[loan].append(now[loan])
        others.append(rest)
        total.append(sum(now.values()) + rest)
        balance.append(last[at] if at in last else (balance[-1] if balance else None))
    named: list[tuple[str | None, list[int]]] = [(loan, lines[loan]) for loan in shown]
    if len(peak) > len(shown):
        named.append((None, others))
    return Lines(times, balance, total, named, len(peak))

"""Small sets of statement lines that compete with each other."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from hypothesis import strategies as st

from loantrail.ids import seeded_random
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.pairing_model import PAIR_SCHEMA, PairingParameters
from loantrail.monitor.tail import LINES

# A Tuesday: the next five days are off, and Saturday the 11th is worked. Midnight of the business zone is 16:00 UTC.
FIRST_DAY = datetime.datetime(2024, 4, 30, tzinfo=datetime.UTC)
TIMES = (
    datetime.timedelta(hours=1),
    datetime.timedelta(hours=9, minutes=30, microseconds=5),
    datetime.timedelta(hours=15, minutes=59, seconds=59, microseconds=999_999),
    datetime.timedelta(hours=16),
)
DIRECTIONS = ("debit", "credit")
REFERENCES = (None, "R1", "R1", "R2", " R1 ", "\u3000R1\n")
ODDITIES: tuple[dict[str, Any], ...] = (
    *({"amount_fen": fen} for fen in (200, None)),
    *({"currency": currency} for currency in ("USD", None)),
    *({"account": account} for account in ("A", "B", None)),
    *({"counterparty_account": number} for number in ("", "62**01", "A＊", "X", "A", "B", None)),
    *({"counterparty_elsewhere": elsewhere} for elsewhere in (True, False)),
    *(
        {"reference": reference}
        for reference in (
            *("\x1fR1", "r1", "", "NONREF", " nonref ", "NotProvided", "not provided", "None", "n/a", "-"),
            *(" 0", "  ", "\u00a0", "\u2003R1\u202f", "\x1c0"),
        )
    ),
)
"""What may stand in a line besides the usual."""


Pick = Callable[[Sequence[Any]], Any]
"""Takes one of these."""


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Lines as the tail of the live road holds them."""
    return pl.DataFrame(rows, schema=LINES)


def competing(pick: Pick) -> list[dict[str, Any]]:
    """Up to some dozens of lines in any order, mostly of few amounts between two or three accounts. How often something odd
    stands in them is picked for the whole set."""
    accounts = pick(("AB", "ABC", "ABC"))
    # Each account mostly pays or mostly receives.
    turns = ("debit", "credit", pick(DIRECTIONS))
    usual = {one: pick((turn, turn, *DIRECTIONS)) for one, turn in zip(accounts, turns, strict=False)}
    amounts = pick(((100,), (100,), (100, 200)))
    days = pick((1, 3, 7, 17))
    times = TIMES[: pick((1, 2, 3, 4))]
    odd_in_twelve = pick((0, 0, 1, 4))
    silent = pick(((False, True), (False,), (False, False, True), (False, True, True), (True,)))
    references = pick(((None,), ("R1",), ("R1", "R1", None), REFERENCES))
    rows: list[dict[str, Any]] = []
    for _ in range(pick((3, 4, 5, 6, 8, 12, 20, 2, 1, 0))):
        account = pick(accounts)
        row: dict[str, Any] = {
            "booked_at": FIRST_DAY + datetime.timedelta(days=pick(range(days))) + pick(times),
            "sequence": pick((0, 1)),
            "account": account,
            "direction": pick((usual[account], usual[account], usual[account], *DIRECTIONS)),
            "amount_fen": pick(amounts),
            "currency": "CNY",
            "counterparty_account": None
            if pick(silent)
            else pick([one for one in accounts if one != account]),
            "reference": pick(references),
        }
        rows.append(row | pick(ODDITIES) if pick(range(12)) < odd_in_twelve else row)
    if pick((False, True)):
        # Other sides of the same: what pairs with the lines, as often as it goes.
        for row in rows[: pick(range(len(rows) + 1))]:
            turned = {"debit": "credit", "credit": "debit"}[row["direction"]]
            other = {"account": row["counterparty_account"] or "C", "counterparty_account": row["account"]}
            rows.append(row | other | {"direction": turned})
    return rows


def named(rows: list[dict[str, Any]], names: Sequence[int]) -> pl.DataFrame:
    """The lines under ids that do not follow their order."""
    for position, (row, name) in enumerate(zip(rows, names, strict=True), start=1):
        row |= {"line_id": f"line {name:04d}", "source_file": "bank.csv", "position": position}
    return frame_of(rows)


@st.composite
def line_sets(draw: st.DrawFn) -> pl.DataFrame:
    """One such set."""
    rows = competing(lambda options: draw(st.sampled_from(options)))
    return named(rows, draw(st.permutations(range(len(rows)))))


def line_sets_of_many_amounts(seed: int, count: int, amounts_apart: int = 1_000) -> pl.DataFrame:
    """So many sets beside each other, each of amounts of its own: no pair crosses amounts. With `amounts_apart` 0 they compete too."""
    dice = seeded_random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        for row in competing(dice.choice):
            fen = row["amount_fen"]
            rows.append(row | {"amount_fen": None if fen is None else amounts_apart * number + fen})
    dice.shuffle(rows)
    return named(rows, dice.sample(range(len(rows)), len(rows)))


def pairing_parameters() -> st.SearchStrategy[PairingParameters]:
    return st.builds(
        PairingParameters,
        window_days=st.sampled_from((3, 3, 1, 0)),
        reference_window_days=st.sampled_from((10, 2, 0)),
        lead_days=st.sampled_from((1, 0, 2)),
    )


def statements(pick: Pick) -> pl.DataFrame:
    """Such a set with all that a statement tells: files, texts, what a line takes back."""
    rows = competing(pick)
    taken_back = pick(
        ((None,), (None, "R1", "D1", "1", "2"), (None, None, None, "R1", "1", "3", "nowhere", ""))
    )
    odd_in_twelve = pick((0, 0, 2))
    positions = list(range(1, len(rows) + 1))
    for row in rows:
        # The order of a file need not be that of the times in it.
        position = pick(positions)
        positions.remove(position)
        row |= {
            "line_id": f"line {position * 37 % 101:03d}",
            "source_file": pick(("one.csv", "two.csv")),
            "position": position,
            "counterparty_name": pick((None, "甲", "乙")),
            "purpose_text": pick((None, "货款", "")),
            "document_no": pick((None, None, "D1", "R1", "2")),
            "account_name": pick((None, "A", "B")),
            "reverses": pick(taken_back),
        }
        if pick(range(12)) < odd_in_twelve:
            row.update(pick(ODDITIES))
    return frame_of(rows)


def pairs_by_hand(pick: Pick, frame: pl.DataFrame) -> pl.DataFrame:
    """Some debits with some credits, whatever they say: orders that contradict each other."""
    directions = frame.get_column("direction").to_list()
    credits = [row for row, direction in enumerate(directions) if direction == "credit"]
    found: list[tuple[int, int, str]] = []
    for row, direction in enumerate(directions):
        if direction == "debit" and credits and pick((True, True, False)):
            credit = pick(credits)
            credits.remove(credit)
            found.append((row, credit, pick(("by_hand", "reference"))))
    return pl.DataFrame(found, schema=PAIR_SCHEMA, orient="row")


OWN = (None, (), ("A",), ("A", "B", "C", "X"), ("A", "C", None))
"""Accounts that statements are given of, where the lines do not say it."""


def transfer_cases(pick: Pick) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series | None]:
    """What transfers are built from: lines, pairs, own accounts."""
    frame = statements(pick)
    pairs = pairs_by_hand(pick, frame) if pick((True, False)) else pair_lines(frame, tie="line_id").pairs
    if pick((False, False, True)):
        frame = frame.drop("reference", "document_no", "account_name")
    own = pick(OWN)
    return frame, pairs, None if own is None else pl.Series("account", own, pl.String)

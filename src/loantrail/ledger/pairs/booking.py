"""Pairs what is new in the books, checks the balances it touches, and lets a person mend a pairing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from loantrail.clock import now
from loantrail.errors import InputError
from loantrail.ledger.pairing import PairingParameters, pair_lines
from loantrail.ledger.pairs import store, store_balances, store_mending
from loantrail.ledger.reconcile import REPORT_COLUMNS, REPORT_SCHEMA, reconcile
from loantrail.ledger.transfers import transfer_id, transfer_ids

LINES_AT_ONCE: Final = 2_000_000
ACCOUNTS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Mending:
    transfer_id: str
    superseded: int
    """Pairings that this one ended."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """Keys that stand for another account than before: what was written with them is looked at again."""

    keys: Sequence[str]
    recheck: Sequence[str]
    """Accounts that lost or gained lines by it."""
    why: str
    """What is noted of pairings that it ends."""


def settle(
    connection: store.type_of_connection,
    parameters: PairingParameters | None = None,
    on_paired: Callable[[], object] = lambda: None,
    renamed: Renamed | None = None,
) -> pl.DataFrame:
    """Pair new lines with each other and with old ones, link reversals, reconcile the accounts touched; commits.
    `on_paired` is called between pairing and reconciling.

    Returns the report of those accounts (`reconcile.REPORT_COLUMNS`). Lines that are noted as new and not yet
    settled stay so when this is interrupted. Lines of `renamed` are settled with them. The result is that of one pairing over all lines of the books: no pair
    crosses (amount, currency), and of each one that new lines have, all lines are looked at.
    """
    store.lock_pairing(connection)
    ids, _ = store.note_touched(
        connection, renamed.keys if renamed else (), renamed.recheck if renamed else ()
    )
    if not ids and renamed is None:
        connection.commit()
        return pl.DataFrame(schema=REPORT_SCHEMA)
    parts = store.count_lines_estimate(connection) // LINES_AT_ONCE + 1
    for part in range(parts):
        _pair_part(connection, part, parts, parameters, renamed.why if renamed else "other lines came")
    if renamed is not None:
        store.unlink_reversals(connection)
    store.link_reversals(connection, now())
    on_paired()
    report = _reconcile(connection)
    store.forget_notes(connection, ids)
    connection.commit()
    return report


def _pair_part(
    connection: store.type_of_connection,
    part: int,
    parts: int,
    parameters: PairingParameters | None,
    why: str,
) -> None:
    lines = store.lines_of_touched_amounts(connection, part, parts)
    pairing = pair_lines(lines, parameters, tie="line_id")
    store.book_pairings(connection, computed_pairings(lines, pairing.pairs), part, parts, now(), why)
    rows, groups = pairing.ambiguous.get_column("row"), pairing.ambiguous.get_column("group")
    ambiguous = pl.DataFrame(
        {
            "line_id": lines.get_column("line_id").gather(rows),
            "group_id": lines.get_column("line_id").gather(groups),
            "reason": pairing.ambiguous.get_column("reason"),
            "booked_at": lines.get_column("booked_at").gather(rows),
            "unit_id": lines.get_column("unit_id").gather(rows),
        }
    )
    store.book_ambiguous(connection, ambiguous, part, parts, now())


def computed_pairings(lines: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """`store.COMPUTED_COLUMNS` of pairs given by row numbers; accounts as the lines are written."""
    told = lines.select(
        "line_id",
        pl.col("written_account").alias("account"),
        "booked_at",
        "amount_fen",
        "currency",
        "unit_id",
    )
    debit = told.select(pl.all().gather(pairs.get_column("debit")))
    credit = told.select("line_id", "account", "booked_at").select(
        pl.all().gather(pairs.get_column("credit")).name.prefix("credit_")
    )
    both = pl.concat([debit, credit, pairs.select("basis")], how="horizontal").rename(
        {
            "line_id": "debit_line",
            "account": "debit_account",
            "booked_at": "debit_booked_at",
            "credit_line_id": "credit_line",
        }
    )
    ids = transfer_ids(both.get_column("debit_line"), both.get_column("credit_line"))
    return both.with_columns(ids).select(store.COMPUTED_COLUMNS)


def _reconcile(connection: store.type_of_connection) -> pl.DataFrame:
    accounts = store_balances.touched_accounts(connection)
    silent = store_balances.book_without_balances(connection, now())
    zero = pl.lit(0, pl.Int64)
    reports = [
        silent.select(
            pl.lit(None, REPORT_SCHEMA[name]).alias(name) if name not in silent.columns else pl.col(name)
            for name in REPORT_COLUMNS
        ).with_columns(
            pl.lit("no_balances").alias("state"), zero.alias("balance_count"), zero.alias("difference_count")
        )
    ]
    for first in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        report = reconcile(
            store_balances.lines_of_accounts(connection, accounts[first : first + ACCOUNTS_AT_ONCE])
        )
        store_balances.book_reconciliation(connection, report, now())
        reports.append(report)
    return pl.concat(reports)


# By hand -----------------------------------------------------------------------------------------------------


def pair_by_hand(
    connection: store.type_of_connection, debit_line: str, credit_line: str, reason: str, by: str
) -> Mending:
    """Pair two lines although, or because, the rules did not; whatever they were paired with before is ended.

    InputError when the lines are not a debit and a credit of one amount in two accounts, or no reason is given.
    """
    debit, credit = _line(connection, debit_line, "debit"), _line(connection, credit_line, "credit")
    _reason_given(reason)
    if debit[4:6] != credit[4:6]:
        raise InputError(
            f"the amounts differ: {debit[4]} {debit[5]} and {credit[4]} {credit[5]} (fen)",
            remedy="Two lines of one transfer have the same amount and currency",
        )
    if debit[7] == credit[7]:
        raise InputError("both lines stand in the same account", remedy="A transfer connects two accounts")
    return _mend(connection, debit, credit, reason, by)


def keep_apart(connection: store.type_of_connection, line_id: str, reason: str, by: str) -> Mending:
    """Have a line stand alone, whatever the rules say; its partner, if any, is free again. InputError as above."""
    _reason_given(reason)
    line = _line(connection, line_id, None)
    alone = (line, None) if line[3] == "debit" else (None, line)
    return _mend(connection, *alone, reason, by)


def release(connection: store.type_of_connection, transfer_id: str, reason: str, by: str) -> Mending | None:
    """Hand a pairing made by hand, or a line kept apart, back to the rules; None where it is none. `transfer_id` of the
    result is the transaction of its debit now (of its credit where it has no debit). InputError without a reason."""
    _reason_given(reason)
    store.lock_pairing(connection)
    lines = store_mending.lines_of_manual(connection, transfer_id)
    if not lines:
        return None
    store.note_lines(connection, lines)
    ended = store.supersede_of_lines(connection, lines, now(), reason, by)
    connection.commit()
    settle(connection)
    return Mending(store_mending.transfer_of_line(connection, lines[0]), ended)


def _mend(
    connection: store.type_of_connection,
    debit: tuple[Any, ...] | None,
    credit: tuple[Any, ...] | None,
    reason: str,
    by: str,
) -> Mending:
    store.lock_pairing(connection)
    at = now()
    lines = [str(line[0]) for line in (debit, credit) if line is not None]
    # A partner that is set free may find another one.
    store.note_lines(connection, lines)
    ended = store.supersede_of_lines(connection, lines, at, reason, by)
    made = transfer_id(lines[0], lines[1]) if len(lines) == 2 else lines[0]
    store.add_manual(connection, made, debit, credit, reason, by, at)
    connection.commit()
    settle(connection)
    return Mending(made, ended)


def _line(connection: store.type_of_connection, line_id: str, direction: str | None) -> tuple[Any, ...]:
    found = store.find_line(connection, line_id)
    if found is None:
        raise InputError(
            f"there is no statement line {line_id}", remedy="published.statement_line shows the ids"
        )
    if direction is not None and found[3] != direction:
        raise InputError(
            f"line {line_id} is a {found[3]}, not a {direction}", remedy="Name the debit line first"
        )
    return found


def _reason_given(reason: str) -> None:
    if not reason.strip():
        raise InputError("no reason is given", remedy="A pairing made by hand says why")

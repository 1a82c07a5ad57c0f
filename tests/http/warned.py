"""Warnings of the bank of three loans: 甲's money in securities is red, 乙's idle money blue."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Final

import polars as pl
from tests.http.bank import BROKER, LOAN, LOT_FEN, QUIET_LOAN, moment, transfer_id

from loantrail.early_warning.hits import HITS, PROVEN, Level
from loantrail.early_warning.taking import Payees, Taken, take_hits, thread_id_of
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection

DAY: Final = datetime.date(2025, 3, 20)
RULES: Final = ("FLOW_SECURITIES", "IDLE_FUNDS", "ROUND_TRIP")
THREAD, QUIET_THREAD = thread_id_of(LOAN), thread_id_of(QUIET_LOAN)
Row = dict[str, object]


def hit_row(
    rule: str = "FLOW_SECURITIES",
    level: Level = Level.RED,
    yuan: int = 300_000,
    loan: str = LOAN,
    movement: str = "入市",
    day: int = 6,
    use: str = "securities",
) -> Row:
    """One hit as a run gives it."""
    return {
        "hit_id": f"{rule}-{loan}",
        "rule_code": rule,
        "rule_version": "0.1.0",
        "loan_id": loan,
        "at": moment(day),
        "level": level.value,
        "amount_fen": yuan * LOT_FEN,
        "share_ppm": yuan,
        "destination_class": use,
        "transaction_ids": [transfer_id(movement)],
        "explanation": f"{yuan:,} yuan of the loan came to securities",
        "explanation_chinese": f"贷款中 {yuan:,} 元 流向证券、基金",
    }


QUIET_HIT: Final = hit_row("IDLE_FUNDS", Level.BLUE, 300_000, QUIET_LOAN, "乙放款", 10, "held_by_borrower")


def take_rows(
    connection: type_of_connection,
    rows: Sequence[Row],
    codes: Collection[str] = RULES,
    day: datetime.date = DAY,
) -> Taken:
    """Take hits as a run does; commits."""
    hits = pl.DataFrame(list(rows), schema=pl.Schema(HITS))
    proven = pl.DataFrame([(LOAN, "securities", 25_000_000)], schema=pl.Schema(PROVEN), orient="row")
    payees = Payees(
        pl.DataFrame({"transaction_id": [transfer_id("入市")], "account": [BROKER], "party_id": ["P4"]}),
        pl.DataFrame({"loan_id": [LOAN, QUIET_LOAN], "party_id": ["P1", "P5"]}),
    )
    taken = take_hits(connection, hits, codes, proven, payees, shipped_parameters(), day)
    connection.commit()
    return taken


def write_warnings(connection: type_of_connection) -> None:
    """A second member of staff, and the warnings."""
    connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
    take_rows(connection, [hit_row(), QUIET_HIT])

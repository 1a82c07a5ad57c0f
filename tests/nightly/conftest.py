"""A bank that delivers, and the books that take its files in."""

from __future__ import annotations

import datetime
from pathlib import Path

import psycopg
import pytest
from tests.nightly.bank import Bank

from loantrail.nightly.running import Night, run_night
from loantrail.postgres.connection import Database

CONTENT = (
    "SELECT loan_id, balance_fen, state FROM ledger.loan_note ORDER BY 1",
    "SELECT party_id, name FROM parties.party ORDER BY 1",
    "SELECT line_id, amount_fen, account FROM ledger.statement_line ORDER BY 1",
    "SELECT transfer_id, state FROM ledger.transfer ORDER BY 1, 2",
    "SELECT record_type, record_key, reason FROM ledger.record_version ORDER BY 1, 2, 3",
    "SELECT count(*) FROM ledger.refusal",
    "SELECT data_date FROM published.nightly_data_date",
)


class Books:
    """A database that nights are run on."""

    def __init__(self, url: str, bank: Bank) -> None:
        self.url = url
        self.bank = bank

    def night(
        self, day: datetime.date, *, again: bool = False, accepted: tuple[str, ...] = (), traces: bool = False
    ) -> Night:
        return run_night(
            Database(self.url), self.bank.root, day, again=again, accepted=accepted, traces=traces
        )

    def ask(self, query: str, *parameters: object) -> list[tuple]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]  constants of the tests

    def content(self) -> list[list[tuple]]:
        """All that good data is."""
        return [self.ask(query) for query in CONTENT]

    def codes(self, state: str = "open") -> set[str]:
        return {
            code for (code,) in self.ask("SELECT code FROM published.nightly_alarm WHERE state = %s", state)
        }


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(tmp_path / "nightly")


@pytest.fixture
def books(database_url: str, bank: Bank) -> Books:
    return Books(database_url, bank)

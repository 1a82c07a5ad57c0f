"""What a group brings is told to who judges it as the books hold it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.http.bank import BORROWER, RELATED, SUPPLIER, moment
from tests.monitor.test_deciding import line

from loantrail.monitor import store_step
from loantrail.monitor.arrived import Arrived
from loantrail.monitor.committing import commit_group
from loantrail.monitor.hosting import Hosting
from loantrail.monitor.model import RowDecision
from loantrail.monitor.payload import JSON, read_payload
from loantrail.postgres.connection import type_of_connection

pytestmark = pytest.mark.database


class Onlooker:
    """A judge that keeps what it is told, and what the books hold at that moment."""

    is_behind = owes = False

    def __init__(self) -> None:
        self.hosting = Hosting()
        self.told: list[Arrived] = []
        self.books: list[Any] = []

    def lets_pass(self, asked: object) -> bool:
        del asked
        return False

    def judge(self, connection: Any, arrived: Arrived, tells: object) -> dict[str, RowDecision]:
        assert tells is None
        self.told.append(arrived)
        footing = arrived.footing
        self.books.append(store_step.lines_after(connection, footing.last_arrival, arrived.last_arrival))
        return {}

    def catch_up(self, connection: Any) -> None: ...

    def judge_owed(self, connection: Any) -> None: ...

    def committed(self) -> None: ...

    def lost(self) -> None: ...


def test_lines_are_told_as_the_books_hold_them(bank: type_of_connection) -> None:
    onlooker = Onlooker()
    rows = [
        line("A1", BORROWER, 100, counterparty_account=SUPPLIER, counterparty_name='棉"纱\\厂', purpose_text="货款\t一"),
        line("A2", BORROWER, 7, currency="USD", balance_fen=500, document_no="D-1", account_name="甲公司"),
        line("A3", RELATED, 8, direction="credit", reverses="A1", sequence=77, institution="ABCDCNBJ"),
        line("A4", RELATED, 9, counterparty_account=BORROWER, counterparty_institution="OTHRCNBJ"),
        line("A5", RELATED, 9, counterparty_account=BORROWER, counterparty_institution="ABCDCNBJ210"),
        line("A6", RELATED, 9, counterparty_account=BORROWER, counterparty_institution="102100099996"),
        line("", RELATED, 10, counterparty_name="O'Neill, \"x\"; -- 中", booked_at=moment(12).isoformat()),
    ]  # fmt: skip
    bank.execute(
        "UPDATE ledger.account SET institution = 'ABCDCNBJ', has_lines = true WHERE account = %s", (BORROWER,)
    )
    bank.commit()

    for group in (rows[:2], rows[2:]):
        commit_group(bank, [read_payload(json.dumps(group).encode(), JSON, "test")], onlooker)

    assert [len(arrived.entered) for arrived in onlooker.told] == [2, 5]
    for arrived, books in zip(onlooker.told, onlooker.books, strict=True):
        assert arrived.lines().equals(books)
        assert arrived.lines().schema == books.schema
    assert onlooker.told[1].lines()["counterparty_elsewhere"].to_list() == [False, True, False, False, False]
    first, second = (arrived.footing for arrived in onlooker.told)
    assert second.last_arrival == onlooker.told[0].last_arrival > first.last_arrival
    assert first.run_id is not None

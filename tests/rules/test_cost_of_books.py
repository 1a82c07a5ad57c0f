"""What an evaluation of the books says that the cost of rules is told of."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from tests.http.bank import write_books

from loantrail.postgres.connection import type_of_connection
from loantrail.rules import store_hits
from loantrail.tracing import snapshots
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database


def test_an_evaluation_is_told_of_the_loans_that_were_paid_out_and_of_the_days_with_lines(
    connection: type_of_connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    snapshots.forget()
    write_books(connection)
    connection.commit()
    trace_books(connection)

    rows = store_hits.evaluations(connection).values()
    days = (datetime.date(2025, 3, 3), datetime.date(2025, 3, 10))
    assert {(row["first_date"], row["last_date"]) for row in rows} == {days}
    assert {row["loans"] for row in rows} == {1}, "of the three notes one was paid out"
    assert store_hits.span(connection) == days

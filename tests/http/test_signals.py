"""The signals of a loan, as a run keeps them and as its page is told."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import polars as pl
import psycopg
import pytest
from tests.early_warning.bank import Bank, at
from tests.http.bank import LOAN, QUIET_LOAN, RUN, UNTRACED_LOAN, write_books, write_trace
from tests.http.conftest import application, client_of
from tests.http.opened_sheets import sheet
from tests.postgres_fixtures import address_of, copied

from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.signals import store
from loantrail.signals.catalogue import FIELDS
from loantrail.signals.rows import all_rows

pytestmark = pytest.mark.database


def _rows() -> pl.DataFrame:
    """LOAN put 30 of 100 into securities and paid 5 in cash; QUIET_LOAN was paid out."""
    bank = Bank()
    bank.party("B")
    bank.party("Q")
    paid_out = bank.loan(100, loan=LOAN)
    bank.loan(50, loan=QUIET_LOAN, borrower="Q")
    bank.move(paid_out, "B.main", "BROKER", 30, 2, use="securities", loan=LOAN)
    bank.move(paid_out, "B.main", None, 5, 3, use="cash", loan=LOAN)
    frames = bank.frames()
    return all_rows(frames, shipped_parameters(), (at(3).date(), at(3).date()))


@pytest.fixture(scope="module")
def books_url(database_server: Database, template_database: str) -> Iterator[str]:
    """Address of a database with the traced bank and its signals, kept in two parts."""
    with copied(database_server, template_database) as name:
        url = address_of(database_server, name)
        with psycopg.connect(url) as connection:
            write_books(connection)
            write_trace(connection)
            rows = _rows()
            parts = [rows.head(2), rows.slice(2)]
            handed_on = list(store.kept(connection, RUN, parts))
            connection.commit()
            assert [part.equals(given) for part, given in zip(handed_on, parts, strict=True)] == [True, True]
        yield url


@pytest.fixture(scope="module")
def signals_client(books_url: str) -> Iterator[httpx.Client]:
    with application(books_url) as address, client_of(address) as opened:
        yield opened


@pytest.fixture
def connection(books_url: str) -> Iterator[type_of_connection]:
    with psycopg.connect(books_url) as opened:
        yield opened


def test_the_catalogue_tells_every_signal(signals_client: httpx.Client) -> None:
    families = signals_client.get("/api/v1/signals/catalogue").json()["families"]
    names = [field["name"] for family in families for field in family["fields"]]

    assert sorted(names) == sorted(field.name for field in FIELDS)
    securities = next(family for family in families if family["stem"] == "securities_fen")
    assert (securities["chinese"], securities["unit"], securities["grain"]) == ("流向证券投资", "fen", "both")
    assert [field["window"] for field in securities["fields"]] == [
        "disbursement",
        "1d",
        "3d",
        "7d",
        "30d",
        "90d",
    ]


def test_the_rows_of_a_loan_come_newest_first_and_paged(signals_client: httpx.Client) -> None:
    address = f"/api/v1/loans/{LOAN}/signals"
    first = signals_client.get(address, params={"limit": 2}).json()
    second = signals_client.get(address, params={"limit": 2, "offset": 2}).json()

    assert first["total_count"] == second["total_count"] == 4
    assert [row["occasion"] for row in first["rows"]] == ["day", "movement"]
    assert [row["at"] for row in first["rows"] + second["rows"]] == sorted(
        (row["at"] for row in first["rows"] + second["rows"]), reverse=True
    )
    cash = first["rows"][1]["values"]
    assert cash["cash_fen"] == "5000000"
    assert cash["securities_share_ppm"] == "300000"
    assert cash["is_cash"] is True
    assert "idle_fen" not in cash
    assert first["rows"][0]["values"]["idle_fen"] == "65000000"
    assert "amount_fen" not in first["rows"][0]["values"]


def test_the_rows_of_a_loan_leave_as_a_sheet_with_every_signal(signals_client: httpx.Client) -> None:
    rows = signals_client.get(f"/api/v1/loans/{LOAN}/signals").json()["rows"]
    called = {field.name: field.english for field in FIELDS}

    head, *told = sheet(signals_client, f"/loans/{LOAN}/signals.xlsx", language="en")
    days = sheet(signals_client, f"/loans/{LOAN}/signals.xlsx", occasion="day")[1:]

    assert len(head) == 3 + len(FIELDS)
    assert [row[head.index("Business date")].isoformat() for row in told] == [
        one["business_date"] for one in rows
    ]
    cash = told[1]
    assert cash[head.index(f"{called['cash_fen']} (CNY)")] == 50_000
    assert cash[head.index(called["securities_share_ppm"])] == 0.3
    assert cash[head.index(called["is_cash"])] == "yes"
    assert cash[head.index(f"{called['idle_fen']} (CNY)")] == "", "what a row does not have is empty"
    assert len(days) == 1


def test_rows_of_one_occasion_can_be_asked_for(signals_client: httpx.Client) -> None:
    found = signals_client.get(f"/api/v1/loans/{LOAN}/signals", params={"occasion": "day"}).json()

    assert [row["business_date"] for row in found["rows"]] == ["2025-03-06"]


def test_a_loan_without_rows_has_none_and_an_unknown_loan_is_not_found(signals_client: httpx.Client) -> None:
    none = signals_client.get(f"/api/v1/loans/{UNTRACED_LOAN}/signals").json()

    assert (none["total_count"], none["rows"]) == (0, [])
    assert signals_client.get("/api/v1/loans/nowhere/signals").status_code == 404


def test_what_is_kept_is_what_was_counted(
    connection: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _rows()

    assert store.rows_of_run(connection, RUN).sort("at", "loan_id").equals(rows.sort("at", "loan_id"))

    monkeypatch.setattr(store, "BLOCK_ROWS", 1)
    list(store.kept(connection, RUN, [rows]))
    blocks = connection.execute("SELECT first_loan, last_loan FROM signals.block ORDER BY block").fetchall()
    assert blocks == [(LOAN, LOAN), (QUIET_LOAN, QUIET_LOAN)]
    assert store.rows_of_loan(connection, RUN, LOAN).equals(rows.filter(pl.col("loan_id") == LOAN))


def test_rows_go_with_their_run(connection: type_of_connection) -> None:
    connection.execute("DELETE FROM tracing.run WHERE run_id = %s", (RUN,))

    assert connection.execute("SELECT count(*) FROM signals.block").fetchone() == (0,)
    assert list(store.kept(connection, RUN, [])) == []

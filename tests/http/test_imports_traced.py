"""What comes in through the page is traced without a terminal."""

from __future__ import annotations

from pathlib import Path

import httpx
import psycopg
import pytest
from tests.disputes.bank import ACCOUNT, DISBURSEMENT, LINES, LOAN, NOTE
from tests.http.test_imports import BAD, GOOD, HEADER, begun, imported, rested
from tests.ledger.statement_lines import lines
from tests.ledger.test_importing import CONTRACT, PARTY, UNIT, Books

from loantrail import clock

pytestmark = pytest.mark.database


def _evaluation(client: httpx.Client) -> dict[str, object]:
    for _ in range(600):
        found = client.get("/api/v1/evaluation").json()
        if found["state"] in ("idle", "failed"):
            return found
        clock.sleep(0.05)
    raise AssertionError(found)


def test_lines_that_come_by_the_page_are_in_the_trace_soon_after(
    own_client: httpx.Client, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    books = Books(database_url, tmp_path)
    books.take(
        books.records("organisation_unit", UNIT),
        books.records("party", PARTY),
        books.records("account", ACCOUNT),
        books.records("loan_contract", CONTRACT),
        books.records("loan_note", NOTE),
        books.records("disbursement", DISBURSEMENT),
    )
    file = books.write("rows.parquet", lines(LINES)).read_bytes()
    begun_id = begun(own_client)
    put = own_client.put(f"/api/v1/imports/{begun_id}/files/rows.parquet", content=file, headers=_BYTES)
    assert put.status_code == 200, put.text
    assert own_client.post(f"/api/v1/imports/{begun_id}/start", json={}).status_code == 202
    assert rested(own_client, begun_id)["stage"] == "finished"

    found = _evaluation(own_client)
    assert (found["state"], found["requested"], found["evaluated"]) == ("idle", 1, 1), found
    with psycopg.connect(database_url) as connection:
        uses = connection.execute(
            "SELECT use, amount_fen FROM published.trace_statement WHERE loan_id = %s AND use = 'securities'",
            (LOAN,),
        ).fetchall()
    assert uses == [("securities", 30_000)]
    signals = own_client.get(f"/api/v1/loans/{LOAN}/signals").json()["rows"]
    assert signals[0]["values"]["securities_fen"] == "30000"
    assert {row["occasion"] for row in signals} == {"movement", "day"}


_BYTES = {"Content-Type": "application/octet-stream"}


def test_lines_of_a_bank_without_loans_ask_for_no_trace(own_client: httpx.Client) -> None:
    imported(own_client, lines=HEADER + GOOD + BAD)
    assert own_client.get("/api/v1/evaluation").json()["requested"] == 0

"""The interface of dispute sheets and reports, over a traced bank on a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from click.testing import CliRunner
from psycopg_pool import ConnectionPool
from python_calamine import CalamineWorkbook
from tests.disputes.bank import LOAN
from tests.http.running import running
from tests.ledger.test_importing import Books
from tests.signing_in import Client, write_operator

from loantrail.cli.dispute import command as dispute
from loantrail.cli.report import command as report
from loantrail.postgres.connection import Database, Pool, configure, type_of_connection

pytestmark = pytest.mark.database


@pytest.fixture
def client(bank: Books) -> Iterator[httpx.Client]:
    with (
        ConnectionPool[type_of_connection](
            bank.url, min_size=1, max_size=4, timeout=5, configure=configure, open=True
        ) as connections,
        ConnectionPool[type_of_connection](
            Database(bank.url).web_url(), min_size=1, max_size=4, timeout=5, configure=configure, open=True
        ) as web_connections,
        running(Pool(connections), Pool(web_connections)) as address,
        Client(address, bank.url) as opened,
    ):
        with psycopg.connect(bank.url) as connection:
            write_operator(connection)
        yield opened


def test_a_sheet_is_made_read_printed_and_computed_again(client: httpx.Client, tmp_path: Path) -> None:
    made = client.post(f"/api/v1/loans/{LOAN}/disputes", json={"use": "securities", "made_by": "核查员"})
    assert made.status_code == 200, made.text
    sheet = made.json()
    address = f"/api/v1/disputes/{sheet['sheet_id']}"
    assert client.get(address).json() == sheet
    assert sheet["content"]["subject"]["amount_fen"] == "30000"
    listed = client.get(f"/api/v1/loans/{LOAN}/dispute-sheets").json()["items"]
    assert [one["number"] for one in listed] == [sheet["number"]]
    for language in ("zh", "en"):
        printed = client.get(f"{address}/sheet.pdf", params={"language": language})
        assert printed.content.startswith(b"%PDF-")
        assert sheet["number"] in printed.headers["content-disposition"]
    saved = client.get(f"{address}/sheet.json")
    assert json.loads(saved.content) == sheet
    again = client.post(f"{address}/verification", json={}).json()
    assert (again["identical"], again["stored"], again["differences"]) == (True, True, [])
    path = tmp_path / "saved.json"
    path.write_bytes(saved.content)
    assert CliRunner().invoke(dispute, ["verify", str(path)]).output.startswith("identical")
    forged = sheet | {"made_by": "别人"}
    path.write_text(json.dumps(forged), encoding="utf-8")
    said = CliRunner().invoke(dispute, ["verify", str(path)])
    assert (said.exit_code, "not the sheet that was made" in said.output) == (1, True)


def test_what_cannot_be_disputed_is_said(client: httpx.Client) -> None:
    for loan, body, status in (
        ("L9", {"use": "securities"}, 404),
        (LOAN, {"use": "futures"}, 422),
        (LOAN, {"use": "securities", "amount_fen": "30001"}, 422),
        (LOAN, {"use": "securities", "amount_fen": "0"}, 422),
        (LOAN, {"use": "securities", "transfer_id": "x"}, 422),
    ):
        answer = client.post(f"/api/v1/loans/{loan}/disputes", json=body)
        assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert client.get(f"/api/v1/disputes/{'0' * 32}").status_code == 404


def test_the_report_of_a_loan_is_printed_and_computed_with(client: httpx.Client, tmp_path: Path) -> None:
    printed = client.get(f"/api/v1/loans/{LOAN}/report.pdf", params={"language": "en"})
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.content.startswith(b"%PDF-")
    # The report asked for the bounds that no one had asked for before.
    [line] = [
        one
        for one in client.get(f"/api/v1/loans/{LOAN}").json()["statement"]
        if one["use"] == "held_by_borrower"
    ]
    assert line["least_fen"] is not None
    path = tmp_path / "report.xlsx"
    path.write_bytes(client.get(f"/api/v1/loans/{LOAN}/report.xlsx").content)
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("用途表").to_python()
    assert rows[-1][2:4] == [1000.0, 100_000.0]
    assert client.get("/api/v1/loans/L9/report.pdf").status_code == 404
    said = CliRunner().invoke(report, [LOAN, "-o", str(tmp_path / "report.pdf")])
    assert (said.exit_code, (tmp_path / "report.pdf").read_bytes()[:5]) == (0, b"%PDF-")
    assert CliRunner().invoke(report, [LOAN, "-o", str(tmp_path / "report.doc")]).exit_code == 2

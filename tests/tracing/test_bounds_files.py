"""`loantrail bounds` and its Python twin: files and tables in, one answer out."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

import loantrail
from loantrail.cli.bounds import command
from loantrail.errors import FileUnreadable, ValueRefused

TRANSACTIONS = """transaction_id,booked_at,sequence,debit_account,credit_account,amount_fen
t1,2026-03-02T09:00:00,1,,borrower,70000
t2,2026-03-02T10:00:00,2,borrower,supplier,50000
t3,2026-03-03T09:00:00,3,,borrower,50000
t4,2026-03-03T10:00:00,4,borrower,broker,60000
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS)
    (tmp_path / "disbursements.csv").write_text("loan_id,transaction_id\nL1,t1\n")
    (tmp_path / "balances.csv").write_text("account,balance_fen\nborrower,30000\n")
    (tmp_path / "destinations.csv").write_text("account\nbroker\n")
    return tmp_path


def run(folder: Path, *more: str, destinations: str = "destinations.csv", loans: str = "L1") -> Result:
    arguments = ["--transactions", str(folder / "transactions.csv")]
    arguments += ["--disbursements", str(folder / "disbursements.csv")]
    arguments += ["--destinations", str(folder / destinations), "--loans", loans, *more]
    return CliRunner().invoke(command, arguments)


def test_one_line_of_json_with_given_balances(folder: Path) -> None:
    found = run(folder, "--balances", str(folder / "balances.csv"))
    assert found.exit_code == 0
    assert found.stdout.count("\n") == 1
    assert json.loads(found.stdout) == {
        "loans": ["L1"],
        "disbursed_fen": 70000,
        "least_fen": 0,
        "most_fen": 50000,
        "proven": True,
        "opening": "given",
        "outer": False,
    }


def test_without_balances_nothing_is_proven(folder: Path) -> None:
    found = json.loads(run(folder).stdout)
    assert (found["least_fen"], found["most_fen"]) == (0, 60000)
    assert (found["proven"], found["opening"]) == (False, "inferred")


def test_money_that_left_for_the_outside_can_count(folder: Path) -> None:
    with (folder / "transactions.csv").open("a") as stream:
        stream.write("t5,2026-03-04T10:00:00,5,broker,,60000\n")
    (folder / "nowhere.csv").write_text("account\n")
    balances = str(folder / "balances.csv")
    closed = json.loads(run(folder, "--balances", balances, destinations="nowhere.csv").stdout)
    counted = json.loads(run(folder, "--balances", balances, "--outside", destinations="nowhere.csv").stdout)
    assert (closed["least_fen"], closed["most_fen"]) == (0, 0)
    assert (counted["least_fen"], counted["most_fen"]) == (0, 50000)


def test_a_destination_that_no_transaction_names_is_reported(folder: Path) -> None:
    (folder / "both.csv").write_text("account\nbroker\nstranger\n")
    found = run(folder, "--strict", destinations="both.csv")
    assert found.exit_code == 3
    assert json.loads(found.stdout)["most_fen"] == 60000
    assert "stranger" in found.stderr
    assert "row 2" in found.stderr


def test_a_loan_that_was_not_paid_out_is_an_error(folder: Path) -> None:
    found = run(folder, loans="L1,L9")
    assert isinstance(found.exception, ValueRefused)
    assert "L9" in str(found.exception)


def test_a_missing_file_is_an_error(folder: Path) -> None:
    found = run(folder, destinations="absent.csv")
    assert isinstance(found.exception, FileUnreadable)
    assert "absent.csv" in str(found.exception)


def test_the_same_from_python_tables(folder: Path) -> None:
    tables = {
        name: pl.read_csv(folder / f"{name}.csv") for name in ("transactions", "disbursements", "balances")
    }
    found = loantrail.bounds(
        tables["transactions"],
        tables["disbursements"].to_arrow(),
        tables["balances"].to_pandas(),
        loans="L1",
        destinations=["broker", "supplier"],
    )
    assert (found.least_fen, found.most_fen, found.proven) == (30000, 70000, True)
    assert found.problems == []
    inferred = loantrail.bounds(
        tables["transactions"], tables["disbursements"], loans=["L1"], destinations=["broker"]
    )
    assert inferred.reasons == ("opening_inferred",)

"""Deliveries that are wrong: each raises its alarm and leaves the books exactly as they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.nightly.bank import DAY, NEXT, THIRD, Bank, chain, changes, loan
from tests.nightly.conftest import Books

pytestmark = pytest.mark.database


def edit(folder: Path, change: Callable[[dict], object]) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def entry(content: dict, table: str) -> dict:
    return next(one for one in content["files"] if one["table"] == table)


def without_flag(folder: Path) -> None:
    (folder / "READY").unlink()


def wrong_count(folder: Path) -> None:
    edit(folder, lambda content: entry(content, "statement_line").update(rows=7))


def wrong_total(folder: Path) -> None:
    edit(folder, lambda content: entry(content, "loan_note")["totals"].update(balance_fen="299999"))


def wrong_hash(folder: Path) -> None:
    edit(folder, lambda content: entry(content, "party").update(sha256="0" * 64))


def half_a_parquet_file(folder: Path) -> None:
    path = folder / "statement_line.parquet"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    edit(folder, lambda content: entry(content, "statement_line").pop("sha256"))


def half_a_csv_file(folder: Path) -> None:
    path = folder / "general_ledger.csv"
    path.write_text("subject,unit_id,currency,balance_fen\n1303,U1")
    edit(folder, lambda content: entry(content, "general_ledger").pop("sha256"))


def file_gone(folder: Path) -> None:
    (folder / "account.parquet").unlink()


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def half_a_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text()[:300])


def date_of_yesterday(folder: Path) -> None:
    edit(folder, lambda content: content.update(business_date="20260302"))


def table_gone(folder: Path) -> None:
    edit(
        folder,
        lambda content: content.update(
            files=[one for one in content["files"] if one["table"] != "disbursement"]
        ),
    )


def lines_of_tomorrow(folder: Path) -> None:
    path = folder / "statement_line.parquet"
    later = pl.read_parquet(path).with_columns(pl.col("booked_at") + pl.duration(days=1))
    later.write_parquet(path)
    edit(folder, lambda content: entry(content, "statement_line").pop("sha256"))


def file_outside_the_folder(folder: Path) -> None:
    edit(folder, lambda content: entry(content, "party").update(file="../20260302/party.parquet"))


def all_gone(folder: Path) -> None:
    shutil.rmtree(folder)


HARMS = {
    without_flag: "flag_missing",
    wrong_count: "row_count_differs",
    wrong_total: "total_differs",
    wrong_hash: "hash_differs",
    half_a_parquet_file: "file_unreadable",
    half_a_csv_file: "ledger_unusable",
    file_gone: "file_missing",
    no_manifest: "manifest_missing",
    half_a_manifest: "manifest_unreadable",
    date_of_yesterday: "wrong_business_date",
    table_gone: "table_missing",
    lines_of_tomorrow: "lines_dated_later",
    file_outside_the_folder: "manifest_unreadable",
    all_gone: "folder_missing",
}
CONTRADICTIONS = [
    ("incremental", changes(("U", loan(1)), ("X", loan(2))), "operation_unknown"),
    ("incremental", changes(("U", loan(1))).drop("op"), "control_missing"),
    ("chain", chain((loan(1), DAY, THIRD), (loan(1, 5), NEXT, None)), "chain_broken"),
    ("chain", chain((loan(1), NEXT, DAY)), "chain_broken"),
    ("chain", chain((loan(1), DAY, None)).drop("end_date"), "control_missing"),
]


def test_bad_deliveries_are_held_back_whole(loaded: Books, bank: Bank):
    before = loaded.content()
    bank.loans[0] = loan(1, 1)
    for harm, code in HARMS.items():
        harm(bank.deliver(NEXT))
        night = loaded.night(NEXT)
        assert night.state == "held", harm.__name__
        assert code in {alarm.code for alarm in night.alarms}, harm.__name__
        assert loaded.content() == before, harm.__name__
        assert code in loaded.codes(), harm.__name__
    # The bank delivers as it should: the date is taken in and its alarms are resolved.
    bank.deliver(NEXT)
    assert loaded.night(NEXT).state == "complete"
    assert loaded.codes() == set()
    assert loaded.content() != before


@pytest.mark.heavy
def test_changes_that_contradict_themselves_are_held_back(loaded: Books, bank: Bank):
    before = loaded.content()
    for mode, rows, code in CONTRADICTIONS:
        bank.deliver_loans(NEXT, mode, rows)
        night = loaded.night(NEXT)
        assert (night.state, {alarm.code for alarm in night.alarms}) == ("held", {code})
        assert loaded.content() == before


@pytest.fixture
def loaded(books: Books, bank: Bank) -> Books:
    """Books that hold the first date."""
    bank.deliver(DAY)
    assert books.night(DAY).state == "complete"
    return books


def test_yesterdays_files_again_are_held_back(loaded: Books, bank: Bank):
    before = loaded.content()
    folder = bank.root / f"{NEXT:%Y%m%d}"
    shutil.copytree(bank.root / f"{DAY:%Y%m%d}", folder)
    edit(folder, lambda content: content.update(business_date="20260303"))
    night = loaded.night(NEXT)
    assert (night.state, {alarm.code for alarm in night.alarms}) == ("held", {"repeated_delivery"})
    assert night.alarms[0].parameters == {"other_date": "2026-03-02"}
    assert loaded.content() == before


def test_files_that_change_after_they_were_taken_in_are_held_back(loaded: Books, bank: Bank):
    before = loaded.content()
    bank.loans[0] = loan(1, 5)
    bank.deliver(DAY)
    night = loaded.night(DAY)
    assert (night.state, [alarm.code for alarm in night.alarms]) == ("held", ["changed_after_load"])
    assert "loan_note.parquet" in night.alarms[0].words("en")
    assert loaded.content() == before
    assert loaded.ask("SELECT state, loaded_run_id <> run_id FROM published.nightly_date") == [("held", True)]


def test_a_gap_between_dates_is_held_back_until_the_missing_one_came(loaded: Books, bank: Bank):
    before = loaded.content()
    bank.deliver(THIRD)
    night = loaded.night(THIRD)
    assert (night.state, [(alarm.code, alarm.expected) for alarm in night.alarms]) == (
        "held",
        [("date_gap", "2026-03-03")],
    )
    assert loaded.content() == before
    bank.deliver(NEXT)
    assert loaded.night(NEXT).state == "complete"
    assert loaded.night(THIRD).state == "complete"


@pytest.mark.heavy
def test_half_a_full_table_is_held_back_even_where_its_own_counts_agree(books: Books, bank: Bank):
    bank.parties += [
        {"party_id": f"P{n}", "unit_id": "U1", "kind": "individual", "name": f"人{n}"} for n in range(4, 34)
    ]
    bank.loans = [loan(n) for n in range(1, 34)]
    bank.deliver(DAY)
    assert books.night(DAY).state == "complete"
    before = books.content()
    bank.loans = bank.loans[:16]
    bank.deliver(NEXT)
    night = books.night(NEXT)
    assert [(alarm.code, alarm.expected, alarm.actual) for alarm in night.alarms] == [
        ("table_shrunk", "33", "16")
    ]
    assert books.content() == before


@pytest.mark.parametrize("table", ["statement_line", "general_ledger", "loan_note"])
def test_a_header_that_was_cut_off_is_told_although_no_rows_were_declared(
    books: Books, bank: Bank, table: str
):
    """A quiet day's whole header passes."""
    mode = {"statement_line": "append", "general_ledger": "totals"}.get(table, "incremental")
    rows = {"statement_line": bank.lines(DAY), "general_ledger": bank.ledger(), "loan_note": changes()}[
        table
    ].clear()
    delivery = bank.begin(DAY)
    path = delivery.add(table, mode, rows, "csv")
    folder = delivery.close()
    assert books.night(DAY).state == "complete"
    edit(folder, lambda content: entry(content, table).pop("sha256"))
    path.write_text(path.read_text()[:20])
    night = books.night(DAY, again=True)
    assert (night.state, [alarm.code for alarm in night.alarms]) == ("held", ["control_missing"])

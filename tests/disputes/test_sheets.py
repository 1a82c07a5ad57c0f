"""Dispute sheets say what the screens say, are kept unchanged, and give the same figures when computed again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import polars as pl
import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.disputes.bank import BROKER_NAME, LATER, LOAN, trace
from tests.ledger.test_importing import Books

import loantrail
from loantrail.cli.dispute import command
from loantrail.destinations.dictionary import shipped_dictionary
from loantrail.disputes import composing, printing, rules
from loantrail.disputes.composing import Wanted
from loantrail.disputes.making import make_sheet
from loantrail.disputes.sheet import Sheet
from loantrail.disputes.verifying import verify
from loantrail.errors import InputError
from loantrail.ledger.pairs.booking import keep_apart
from loantrail.reports.document import Table
from loantrail.tracing import books as traced_books
from loantrail.tracing import snapshots

pytestmark = pytest.mark.database


def _sheet(bank: Books, use: str, transfer_id: str | None = None, amount_fen: int | None = None) -> Sheet:
    with bank.database.connect() as connection:
        return make_sheet(connection, Wanted(LOAN, use, transfer_id, amount_fen), "核查员")


def _broker_payment(bank: Books) -> str:
    [(transfer_id,)] = bank.ask("SELECT transfer_id FROM published.transfer WHERE credit_account = 'X'")
    return transfer_id


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def _before_payments(sheet: Sheet) -> list[tuple[str, str]]:
    """Text and note of the printed balances before each payment."""
    column = "付款前余额"
    return [
        (row.cells[place].text, row.cells[place].below)
        for block in printing.sheet_document(sheet, "zh").blocks
        if isinstance(block, Table)
        for place, one in enumerate(block.columns)
        if one.title.startswith(column)
        for row in block.rows
    ]


def test_a_sheet_holds_everything_that_the_amount_rests_on(bank: Books) -> None:
    payment = _broker_payment(bank)
    sheet = _sheet(bank, "securities", payment)
    content = sheet.content
    assert (content.line_fen, content.counted_fen, content.subject.amount_fen) == (30_000, 30_000, 30_000)
    [arrival] = content.arrivals
    disbursed, paid = arrival.paths[0].steps
    assert (disbursed.moved_fen, paid.moved_fen) == (100_000, 30_000)
    assert (paid.balance_before_fen, paid.balance_known) == (120_000, True)
    assert paid.to_account.name == BROKER_NAME
    assert ("1,200.00", "") in _before_payments(sheet)
    # Where own money is not known, what the trace knows of the balance is no figure to print.
    arrival.paths[0].steps[1] = paid.model_copy(update={"balance_known": False})
    printed = _before_payments(sheet)
    assert ("", "自有资金不明") in printed
    assert "1,200.00" not in [text for text, _ in printed]
    [window] = content.windows
    assert (window.balance_before_fen, window.inflow_fen, window.outflow_fen) == (50_000, 130_000, 90_000)
    assert window.balance_after_fen == 90_000
    assert [(one.amount_fen, one.this_loan_fen) for one in window.inflows] == [
        (100_000, 100_000),
        (30_000, 0),
    ]
    assert [(one.kind, one.amount_fen, one.this_loan_fen) for one in content.likenesses] == [
        ("same_amount", 30_000, 0)
    ]
    # Own money can have paid all of it; nothing else is certain.
    assert content.transfer_limits is not None
    assert (content.transfer_limits.least_fen, content.transfer_limits.most_fen) == (0, 30_000)
    assert content.standing == "possible"
    counted = {one.convention: one.transfer_fen for one in content.counted}
    assert (counted["fifo"], counted["lifo"], counted["loan_first"]) == (30_000, 0, 30_000)
    assert content.vouchers.document_numbers == ["V1"]
    assert [(one.destination_class, one.basis) for one in content.classes] == [("securities", "name")]
    assert "account at another bank" in {reason for one in content.not_seen for reason in one.reasons}
    assert content.versions.last_arrival == 8
    [(stored,)] = bank.ask("SELECT amount_fen FROM published.trace_statement WHERE use = 'securities'")
    assert stored == content.line_fen


def test_the_same_dispute_is_one_sheet_and_no_sheet_is_ever_changed(bank: Books) -> None:
    first, again, part = (
        _sheet(bank, "securities"),
        _sheet(bank, "securities"),
        _sheet(bank, "securities", None, 12_345),
    )
    assert (again.sheet_id, again.made_at) == (first.sheet_id, first.made_at)
    assert (part.number > first.number, part.content.subject.is_part) == (True, True)
    for change in (
        "UPDATE disputes.sheet SET made_by = 'x'",
        "DELETE FROM disputes.sheet",
        "TRUNCATE disputes.sheet",
    ):
        with psycopg.connect(bank.url) as connection, pytest.raises(psycopg.Error, match="never changed"):
            connection.execute(change)


def test_what_the_statement_does_not_hold_makes_no_sheet(bank: Books) -> None:
    for use, transfer_id, amount_fen, problem in (
        ("futures", None, None, "no line futures"),
        ("securities", "0" * 32, None, "rests on the transaction"),
        ("securities", None, 30_001, "not a part"),
    ):
        with pytest.raises(InputError, match=problem):
            _sheet(bank, use, transfer_id, amount_fen)
    assert bank.ask("SELECT count(*) FROM published.dispute_sheet") == [(0,)]


def test_a_sheet_is_the_same_after_more_lines_came_and_a_pairing_was_mended(bank: Books) -> None:
    sheet = _sheet(bank, "securities", _broker_payment(bank))
    made = [sheet, _sheet(bank, "held_by_borrower")]
    bank.take_lines(LATER, "later.parquet")
    [(line,)] = bank.ask(
        "SELECT line_id FROM published.statement_line WHERE account = 'S' AND direction = 'debit'"
    )
    with bank.database.connect() as connection:
        keep_apart(connection, line, "不是同一笔", "核查员")
    trace(bank)
    snapshots.forget()
    # The present statement says something else by now.
    assert bank.ask("SELECT amount_fen FROM published.trace_statement WHERE use = 'securities'") == [
        (20_000,)
    ]
    for one in made:
        said = _run("verify", one.number)
        assert said.output.startswith("identical"), said.output
        assert said.exit_code == 0


def test_a_sheet_is_the_same_after_records_changed(bank: Books) -> None:
    sheet = _sheet(bank, "securities", _broker_payment(bank))
    with psycopg.connect(bank.url) as connection:
        for kind, table, key, change in (
            ("party", "parties.party", "party_id", "name = '改名有限公司'"),
            ("account", "ledger.account", "account", "opening_balance_fen = 30000, kind = 'pooled'"),
        ):
            where = f"{key} IN ('P1', 'A')"
            connection.execute(
                "INSERT INTO ledger.record_version (record_type, record_key, content, superseded_at, reason) "
                f"SELECT '{kind}', jsonb_build_array({key})::text, to_jsonb(t), now(), 'changed' FROM {table} t WHERE {where}"
            )
            connection.execute(f"UPDATE {table} SET {change} WHERE {where}")
    snapshots.forget()
    said = _run("verify", sheet.number)
    assert (said.exit_code, said.output.startswith("identical")) == (0, True), said.output
    # One made now of the same run says the same too: it is the same sheet.
    assert _sheet(bank, "securities", _broker_payment(bank)) == sheet
    with psycopg.connect(bank.url) as connection:
        connection.execute("DELETE FROM ledger.record_version")
    said = _run("verify", sheet.number)
    assert (said.exit_code, "the data differ" in said.output) == (1, True), said.output


def test_a_number_that_was_altered_is_named(bank: Books, tmp_path: Path) -> None:
    sheet = _sheet(bank, "securities", _broker_payment(bank))
    plain = sheet.model_dump(mode="json")
    path = tmp_path / "sheet.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert _run("verify", str(path)).output.startswith("identical")
    plain["content"]["windows"][0]["balance_before_fen"] = "49999"
    path.write_text(json.dumps(plain), encoding="utf-8")
    said = _run("verify", str(path))
    assert said.exit_code == 1
    assert "windows[0].balance_before_fen: stated 49999, computed 50000" in said.output
    assert "it was altered" in said.output
    assert "the data differ" not in said.output


def test_a_file_that_is_no_sheet_is_refused_in_words(bank: Books, tmp_path: Path) -> None:
    path = tmp_path / "sheet.json"
    for text in ("", "{", "[1]", '{"content": {}, "sha256": "x"}', '{"content": 1}'):
        path.write_text(text, encoding="utf-8")
        with bank.database.connect() as connection, pytest.raises(InputError, match="sheet"):
            verify(connection, str(path))
    with bank.database.connect() as connection, pytest.raises(InputError, match="no dispute sheet"):
        verify(connection, "ZY1")


def test_changed_rules_are_named(bank: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = _sheet(bank, "securities")
    package = tmp_path / "rules"
    for folder in rules.FOLDERS:
        shutil.copytree(Path(loantrail.__file__).parent / folder, package / folder)
    with (package / "destinations" / "dictionaries" / "finance.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    monkeypatch.setattr(composing, "rule_files", lambda: rules.rule_files(package))
    said = _run("verify", sheet.number)
    assert (said.exit_code, "the rules differ" in said.output) == (0, True)
    assert "versions.rules.destinations/dictionaries/finance.csv" in said.output
    # A dictionary that no longer knows brokers: the payment is judged otherwise, and the line is gone.
    without = shipped_dictionary()
    terms = without.terms.filter(pl.col("kind") != "name", pl.col("kind") != "remark")
    monkeypatch.setattr(traced_books, "shipped_dictionary", lambda: dataclasses.replace(without, terms=terms))
    said = _run("verify", sheet.number)
    assert said.exit_code == 1
    assert "line_fen: stated 30000" in said.output
    assert "the judgement of the same facts differs" in said.output
    assert "the data differ" not in said.output

"""Nights that go as they should: taken in once, changed in place, compared with the general ledger."""

from __future__ import annotations

import datetime

import polars as pl
import psycopg
import pytest
from tests.nightly.bank import DAY, NEXT, THIRD, YUAN, Bank, chain, changes, loan
from tests.nightly.conftest import Books

from loantrail.clock import now
from loantrail.ledger.store_versions import records_as_of
from loantrail.nightly import store, store_alarms

pytestmark = pytest.mark.database


def balances(books: Books) -> dict[str, tuple[int, str]]:
    rows = books.ask("SELECT loan_id, balance_fen / 100, state FROM published.loan_note ORDER BY 1")
    return {loan_id: (yuan, state) for loan_id, yuan, state in rows}


def test_two_nights_are_taken_in_and_traced(books: Books, bank: Bank):
    bank.deliver(DAY)
    first = books.night(DAY, traces=True)
    assert (first.state, first.alarms) == ("complete", [])
    assert first.counts["lines"]["accepted"] == 3
    assert first.counts["trace"]["loans"] == 3
    bank.loans[0] = loan(1, 900)
    bank.deliver(NEXT, form="csv")
    second = books.night(NEXT, traces=True)
    assert (second.state, second.alarms) == ("complete", [])
    assert second.counts["master"]["changed"] == 1
    assert balances(books)["JJ1"] == (900, "outstanding")
    assert books.ask("SELECT data_date, complete_date FROM published.nightly_data_date") == [(NEXT, NEXT)]
    steps = books.ask(
        "SELECT step, state FROM published.nightly_step WHERE run_id = %s ORDER BY ordinal", second.run_id
    )
    assert steps == [
        (name, "done") for name in ("check", "master", "lines", "pair", "reconcile", "ledger", "trace")
    ]
    assert books.ask("SELECT count(*) FROM published.transfer WHERE basis <> 'unpaired'") == [(3,)]


def test_the_same_files_again_double_nothing(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    before = books.content()
    assert books.night(DAY).state == "known"
    again = books.night(DAY, again=True)
    assert (again.state, again.attempt) == ("complete", 2)
    assert again.counts["lines"]["duplicate"] == 3
    assert again.counts["master"]["same"] == 16
    assert books.content() == before


def test_earlier_contents_can_be_read_as_of_an_instant(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    before_change = now()
    bank.parties.append({"party_id": "P4", "unit_id": "U1", "kind": "company", "name": "新公司"})
    bank.parties[0] = {**bank.parties[0], "name": "改名公司"}
    bank.loans[1] = loan(2, 400, state="overdue")
    bank.ledger_yuan = 2400
    bank.deliver(NEXT)
    books.night(NEXT)
    with psycopg.connect(books.url) as connection:
        then = records_as_of(connection, "party", before_change)
        today = records_as_of(connection, "party", now())
        loans = records_as_of(connection, "loan_note", before_change)
    assert then["name"].to_list() == ["甲1公司", "甲2公司", "甲3公司"]
    assert then["is_customer"].to_list() == [True, True, True]
    assert today["name"].to_list() == ["改名公司", "甲2公司", "甲3公司", "新公司"]
    assert loans.row(1, named=True)["balance_fen"] == 1000 * YUAN
    assert loans["issued_on"].to_list() == [DAY] * 3
    versions = books.ask(
        "SELECT record_key, reason FROM published.record_version WHERE record_type = 'party' ORDER BY 1"
    )
    assert versions == [('["P1"]', "changed"), ('["P4"]', "new")]


@pytest.mark.heavy
def test_changes_come_as_inserts_updates_and_deletes(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    bank.loans = [loan(1, 700), loan(3)]
    bank.deliver_loans(
        NEXT, "incremental", changes(("U", loan(1, 800)), ("U", loan(1, 700)), ("D", loan(2, 0)))
    )
    night = books.night(NEXT)
    assert {alarm.code for alarm in night.alarms} == {"loans_vanished"}
    assert balances(books) == {
        "JJ1": (700, "outstanding"),
        "JJ2": (0, "settled"),
        "JJ3": (1000, "outstanding"),
    }


def test_a_history_chain_moves_records_on_and_keeps_their_periods(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    bank.loans[0] = loan(1, 600)
    bank.deliver_loans(NEXT, "chain", chain((loan(1), DAY, NEXT), (loan(1, 600), NEXT, None)))
    night = books.night(NEXT)
    assert (night.alarms, balances(books)["JJ1"]) == ([], (600, "outstanding"))
    # The next day the loan is paid back and its chain ends; another has not changed.
    bank.loans = [loan(2), loan(3)]
    bank.deliver_loans(THIRD, "chain", chain((loan(1, 600), NEXT, THIRD)))
    assert {alarm.code for alarm in books.night(THIRD).alarms} == {"loans_vanished"}
    assert balances(books)["JJ1"] == (0, "settled")
    periods = books.ask(
        "SELECT (content ->> 'balance_fen')::bigint / 100, valid_from, valid_to FROM published.record_version "
        "WHERE record_type = 'loan_note' AND NOT was_current ORDER BY valid_from"
    )
    assert periods == [(1000, DAY, NEXT), (600, NEXT, THIRD)]


@pytest.mark.heavy
def test_records_that_vanish_from_a_full_table_are_marked_not_deleted(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    bank.loans = [loan(1), loan(3)]
    bank.deliver(NEXT)
    night = books.night(NEXT)
    assert balances(books)["JJ2"] == (0, "settled")
    assert {alarm.code for alarm in night.alarms} == {"records_vanished", "loans_vanished"}
    bank.deliver(THIRD)
    assert books.night(THIRD).alarms == []


def test_a_difference_with_the_general_ledger_is_told_and_the_data_kept(books: Books, bank: Bank):
    bank.ledger_yuan = 2900
    bank.deliver(DAY)
    night = books.night(DAY)
    assert night.state == "complete"
    (alarm,) = night.alarms
    assert (alarm.code, alarm.expected, alarm.actual) == ("ledger_difference", "290000", "300000")
    assert "1303" in alarm.words("zh") and "difference CNY +100.00" in alarm.words("en")
    assert books.ask(
        "SELECT subject, unit_id, ledger_fen, loans_fen, difference_fen, differs FROM published.nightly_ledger"
    ) == [("1303", "U1", 290000, 300000, 10000, True)]
    assert len(balances(books)) == 3
    # The bank corrects its ledger and the date is run again.
    bank.ledger_yuan = None
    bank.deliver(DAY)
    assert books.night(DAY).state == "held"
    assert books.night(DAY, again=True).alarms == []
    assert books.codes() == set()


def test_a_row_that_points_nowhere_is_quarantined_and_the_rest_taken_in(books: Books, bank: Bank):
    bank.loans.append(loan(9, 50))
    bank.deliver(DAY)
    night = books.night(DAY)
    assert night.state == "complete"
    assert {alarm.code for alarm in night.alarms} == {"rows_refused", "ledger_difference"}
    assert books.ask("SELECT reason, source_file, position FROM published.refusal") == [
        ("unknown_reference", "20260302/loan_note.parquet", 4)
    ]
    assert len(balances(books)) == 3


@pytest.mark.heavy
def test_a_late_older_date_brings_its_lines_and_leaves_newer_records_alone(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    bank.loans[0] = loan(1, 500)
    bank.deliver(THIRD)
    assert books.night(THIRD, accepted=("date_gap",)).state == "complete"
    bank.loans[0] = loan(1, 950)
    bank.deliver(NEXT)
    late = books.night(NEXT)
    assert (late.state, [alarm.code for alarm in late.alarms]) == ("complete", ["older_date"])
    assert late.counts["lines"]["accepted"] == 6
    assert balances(books)["JJ1"] == (500, "outstanding")
    assert books.ask("SELECT data_date FROM published.nightly_data_date") == [(THIRD,)]


@pytest.mark.heavy
def test_a_corrected_delivery_brings_what_was_missing(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    whole = bank.lines(NEXT)
    for lines in (whole[:4], whole, whole[:5]):
        delivery = bank.begin(NEXT)
        for name, rows in bank.tables().items():
            delivery.add(name, "full", rows)
        delivery.add("statement_line", "append", lines)
        delivery.add("general_ledger", "totals", bank.ledger(), "csv")
        delivery.close()
        night = books.night(NEXT, again=True)
    assert [alarm.code for alarm in night.alarms] == ["lines_withdrawn"]
    assert books.ask("SELECT count(*) FROM ledger.statement_line") == [(9,)]


@pytest.mark.heavy
def test_a_person_acknowledges_an_alarm_and_it_stays_acknowledged(books: Books, bank: Bank):
    bank.ledger_yuan = 1
    bank.deliver(DAY)
    books.night(DAY)
    with psycopg.connect(books.url) as connection:
        (alarm,) = store_alarms.list_alarms(connection, "open")
        assert store_alarms.acknowledge_alarm(connection, alarm.alarm_id, "u1", "在途", now())
        assert not store_alarms.acknowledge_alarm(connection, alarm.alarm_id, "u1", None, now())
        connection.commit()
        (date,) = store.list_dates(connection)
    assert (date.business_date, date.state, date.lines_accepted, date.open_alarm_count) == (
        DAY,
        "complete",
        3,
        0,
    )
    books.night(DAY, again=True)
    assert books.codes("acknowledged") == {"ledger_difference"}


@pytest.mark.heavy
def test_amounts_may_be_declared_in_yuan_and_columns_named_otherwise(books: Books, bank: Bank):
    delivery = bank.begin(DAY)
    for name, rows in bank.tables().items():
        if name != "loan_note":
            delivery.add(name, "full", rows)
    table = chain((loan(1), DAY, None), (loan(2), DAY, None), (loan(3), DAY, None)).rename(
        {"start_date": "begin_dt", "end_date": "end_dt"}
    )
    path = delivery.folder / "loan_note.csv"
    table.with_columns(pl.col("begin_dt", "end_dt").dt.strftime("%Y%m%d")).write_csv(path)
    delivery.declare(
        path, "loan_note", "chain", 3, {"balance_fen": 300000}, columns={"start": "begin_dt", "end": "end_dt"}
    )
    delivery.add("statement_line", "append", bank.lines(DAY))
    delivery.add("general_ledger", "totals", bank.ledger(), "csv")
    folder = delivery.close(previous_date="20260227")
    manifest = folder / "manifest.json"
    text = manifest.read_text().replace('"balance_fen": "300000"', '"balance_fen": "3000.00"')
    for name, yuan in (("amount_fen", "3000"), ("opening_balance_fen", "0")):
        text = text.replace(f'"{name}": "300000"', f'"{name}": "{yuan}"').replace(
            f'"{name}": "0"', f'"{name}": "0.00"'
        )
    manifest.write_text(text.replace('"amount_unit": "fen"', '"amount_unit": "yuan"'))
    night = books.night(DAY)
    assert (night.state, [alarm.words("en") for alarm in night.alarms]) == ("complete", [])


@pytest.mark.heavy
def test_dates_may_skip_days_that_the_bank_says_it_does_not_deliver(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    bank.deliver(THIRD + datetime.timedelta(days=3), previous_date=f"{DAY:%Y%m%d}")
    assert books.night(THIRD + datetime.timedelta(days=3)).alarms == []


def test_a_full_table_in_two_files_makes_nothing_vanish(books: Books, bank: Bank):
    bank.deliver(DAY)
    books.night(DAY)
    delivery = bank.begin(NEXT)
    for name, rows in bank.tables().items():
        parts = (rows[:1], rows[1:]) if name == "loan_note" else (rows,)
        for number, part in enumerate(parts):
            delivery.add(name, "full", part, file=f"{name}_{number}.parquet")
    delivery.add("statement_line", "append", bank.lines(NEXT))
    delivery.add("general_ledger", "totals", bank.ledger(), "csv")
    delivery.close()
    assert books.night(NEXT).alarms == []
    assert balances(books)["JJ3"] == (1000, "outstanding")

"""Files into the books: what is new is taken once, what is wrong is named and kept, nothing is lost."""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import psycopg
import pytest
from click.testing import CliRunner
from tests.ledger.statement_lines import lines

from loantrail.cli import import_
from loantrail.errors import StorageExhausted
from loantrail.ids import seeded_random
from loantrail.ledger.importing import import_files
from loantrail.ledger.intake import RECORD_TYPES
from loantrail.ledger.pairing import pair_lines
from loantrail.ledger.pairs.booking import keep_apart, pair_by_hand
from loantrail.ledger.quarantine import store as quarantine
from loantrail.ledger.quarantine.replaying import correct, find, replay
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.records import Kind
from loantrail.sources.columns import polars_schema
from loantrail.sources.dry_run import Outcome
from loantrail.sources.files import open_files

pytestmark = pytest.mark.database


class Books:
    """A database and a folder of files to import."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database = Database(url)
        self.url = url
        self.folder = folder

    def write(self, name: str, frame: pl.DataFrame) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        frame.drop("source_file", strict=False).write_parquet(path)
        return path

    def take(self, *paths: Path) -> Outcome:
        return import_files(open_files(paths), books=self.database)

    def take_lines(self, text: str, name: str = "rows.parquet") -> Outcome:
        return self.take(self.write(name, lines(text)))

    def ask(self, query: str) -> list[tuple]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def records(self, name: str, *rows: dict[str, object], file: str | None = None) -> Path:
        """A canonical file of records; what a row leaves out is null or the default."""
        record_type = RECORD_TYPES[name]
        schema = polars_schema(record_type)
        filled = [
            {field.name: row.get(field.name, field.default) for field in record_type.fields} for row in rows
        ]
        for row in filled:
            for field in record_type.fields:
                if field.kind is Kind.BOOLEAN and row[field.name] is not None:
                    row[field.name] = bool(row[field.name])
        return self.write(file or f"{name}.parquet", pl.DataFrame(filled, schema=schema))

    def pairs(self) -> set[tuple[str, int, str, int]]:
        """Valid pairings as (file, position) of debit and credit."""
        return set(
            self.ask(
                "SELECT d.source_file, d.position, c.source_file, c.position FROM published.transfer t "
                "JOIN published.statement_line d ON d.line_id = t.debit_line "
                "JOIN published.statement_line c ON c.line_id = t.credit_line"
            )
        )

    def facts(self) -> list[tuple]:
        """All that is true of the lines, however they came."""
        return self.ask(
            "SELECT line_id, account, direction, amount_fen, booked_at, counterparty_account FROM published.statement_line "
            "ORDER BY line_id"
        )


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    return Books(database_url, tmp_path)


@pytest.fixture
def connection(books: Books) -> Iterable[type_of_connection]:
    with books.database.connect() as opened:
        yield opened


TWO_SIDES = """
    03-01 09:00 | A | debit  | 100 | to=B ref=R1
    03-01 09:01 | B | credit | 100 | to=A ref=R1
    03-31 17:00 | A | debit  | 250 | to=X name=Supplier
    04-01 09:00 | A | credit | 900 | bal=900
"""


def test_lines_stand_in_the_partition_of_their_month_and_pair(books: Books):
    outcome = books.take_lines(TWO_SIDES)
    assert outcome.accepted["statement_line"] == 4
    found = books.ask(
        "SELECT tableoid::regclass::text, count(*) FROM ledger.statement_line GROUP BY 1 ORDER BY 1"
    )
    assert found == [("ledger.statement_line_2024_03", 3), ("ledger.statement_line_2024_04", 1)]
    assert books.pairs() == {("rows.parquet", 1, "rows.parquet", 2)}
    outside = books.ask(
        "SELECT debit_account, credit_account, basis FROM published.transfer WHERE amount_fen = 250"
    )
    assert outside == [("A", "X", "unpaired")]


def test_a_file_whose_name_is_written_as_windows_does_stands_in_the_books_by_its_chinese_name(books: Books):
    written = books.folder / os.fsdecode("流水.csv".encode("gbk"))
    written.write_text("booked_at,account,direction,amount_fen\n2024-03-01T09:00:00+08:00,A,debit,100\n")

    assert books.take(written).accepted["statement_line"] == 1

    assert books.ask("SELECT name FROM ledger.import_file") == [("流水.csv",)]


def test_the_same_file_again_changes_nothing(books: Books):
    books.take_lines(TWO_SIDES)
    before = books.facts()
    again = books.take_lines(TWO_SIDES)
    renamed = books.take_lines(TWO_SIDES, "other name.parquet")
    assert again.duplicate["statement_line"] == renamed.duplicate["statement_line"] == 4
    assert again.accepted["statement_line"] == renamed.accepted["statement_line"] == 0
    assert books.facts() == before


def test_an_overlapping_file_adds_only_what_is_new(books: Books):
    books.take_lines(TWO_SIDES)
    outcome = books.take_lines(
        """
        03-01 09:01 | B | credit | 100 | to=A ref=R1
        04-01 09:00 | A | credit | 900 | bal=900
        04-02 09:00 | A | debit  | 10
        """,
        "later.parquet",
    )
    assert (outcome.accepted["statement_line"], outcome.duplicate["statement_line"]) == (1, 2)


def test_two_equal_rows_without_reference_are_two(books: Books):
    equal = """
        03-01 09:00 | A | debit | 100 | to=X
        03-01 09:00 | A | debit | 100 | to=X
    """
    assert books.take_lines(equal).accepted["statement_line"] == 2
    assert books.take_lines(equal, "again.parquet").duplicate["statement_line"] == 2
    assert len(books.facts()) == 2


def test_the_same_row_twice_under_one_reference_is_one(books: Books):
    outcome = books.take_lines("""
        03-01 09:00 | A | debit | 100 | to=X ref=R1
        03-01 09:00 | A | debit | 100 | to=X ref=R1
    """)
    assert (outcome.accepted["statement_line"], outcome.duplicate["statement_line"]) == (1, 1)


@pytest.mark.parametrize("same_file", [True, False])
def test_the_same_reference_with_another_amount_is_refused(books: Books, same_file: bool):
    first = "03-01 09:00 | A | debit | 100 | to=X ref=R1"
    second = "03-01 09:00 | A | debit | 101 | to=X ref=R1"
    if same_file:
        outcome = books.take_lines(f"{first}\n{second}")
    else:
        books.take_lines(first)
        outcome = books.take_lines(second, "later.parquet")
    assert outcome.refused == {"same_key_other_content": 1}
    assert books.ask("SELECT amount_fen FROM ledger.statement_line") == [(100,)]
    assert books.ask("SELECT record ->> 'amount_fen' FROM ledger.refusal") == [("101",)]


def test_balances_prove_that_a_fee_shares_the_number_of_its_payment(books: Books):
    text = """
        03-01 08:00 | A | credit | 1000 | ref=R0 bal=1000
        03-01 09:00 | A | debit  | 100 | to=X ref=R1 bal=900
        03-01 09:00 | A | debit  | 2   | to=X ref=R1 bal=898
    """
    assert books.take_lines(text).accepted["statement_line"] == 3
    assert books.take_lines(text, "again.parquet").duplicate["statement_line"] == 3


def test_a_difference_in_the_running_balance_is_reported_with_its_first_row(books: Books):
    outcome = books.take_lines("""
        03-01 08:00 | A | credit | 1000 | bal=1000
        03-01 09:00 | A | debit  | 100  | bal=800
        03-01 10:00 | A | debit  | 100  | bal=700
        03-01 10:00 | B | debit  | 100  | bal=700
        03-01 10:00 | C | debit  | 100
    """)
    assert (outcome.accounts_reconciled, outcome.accounts_without_balances) == (1, 1)
    assert [(one["account"], one["first_position"], one["expected_fen"]) for one in outcome.differences] == [
        ("A", 2, 900)
    ]
    assert books.ask(
        "SELECT first_position, expected_fen, actual_fen FROM ledger.reconciliation WHERE account = 'A'"
    ) == [(2, 900, 800)]


def test_accounts_that_lines_open_without_a_record_are_counted_and_the_first_named(books: Books):
    books.take(books.records("account", {"account": "K", "account_number": "K"}))

    outcome = books.take_lines(
        "03-01 08:00 | K | credit | 1 | to=X\n03-01 08:00 | X | credit | 2\n03-01 09:00 | A | credit | 3"
    )
    later = books.take_lines(
        "03-02 08:00 | X | credit | 4\n03-02 08:00 | A | credit | 5 | to=Y", "later.parquet"
    )

    # X was known as one that was paid, not by a record of the bank.
    assert (outcome.new_accounts, outcome.first_new_accounts) == (2, ["X", "A"])
    assert (later.new_accounts, later.first_new_accounts) == (0, [])


def test_the_command_says_how_many_accounts_lines_opened_without_a_record(
    books: Books, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", books.url)
    books.write("a.parquet", lines("03-01 08:00 | A | credit | 1"))
    books.write("b.parquet", lines("03-02 08:00 | A | credit | 1\n03-02 08:00 | B | credit | 1"))

    first = CliRunner().invoke(import_.command, ["a.parquet"], catch_exceptions=False)
    second = CliRunner().invoke(import_.command, ["--json", "b.parquet"], catch_exceptions=False)
    again = CliRunner().invoke(import_.command, ["b.parquet"], catch_exceptions=False)

    assert "accounts opened that the books had no record of: 1 (" in first.output
    assert json.loads(second.stdout)["new_accounts"] == 1
    assert "accounts opened" not in again.output


def test_lines_of_an_account_without_balances_are_counted_on(books: Books):
    counts = "SELECT account, state, line_count FROM ledger.reconciliation ORDER BY account"
    books.take_lines("03-01 08:00 | A | credit | 1000")
    books.take_lines(
        """
        03-02 09:00 | A | debit  | 100
        03-02 10:00 | A | debit  | 200
        03-02 10:00 | B | credit | 200
        """,
        "later.parquet",
    )
    assert books.ask(counts) == [("A", "no_balances", 3), ("B", "no_balances", 1)]

    books.take_lines("03-03 10:00 | A | debit | 5 | bal=695", "balance.parquet")
    assert books.ask(counts) == [("A", "reconciled", 4), ("B", "no_balances", 1)]


def test_the_second_line_may_come_in_a_later_file(books: Books):
    books.take_lines("03-01 09:01 | B | credit | 100 | to=A", "b.parquet")
    assert books.pairs() == set()
    books.take_lines("03-01 09:00 | A | debit | 100 | to=B", "a.parquet")
    assert books.pairs() == {("a.parquet", 1, "b.parquet", 1)}
    assert books.ask("SELECT count(*), sum(amount_fen) FROM published.transfer") == [(1, 100)]


def test_a_pairing_that_later_lines_make_doubtful_is_ended_not_deleted(books: Books):
    books.take_lines("03-01 09:00 | A | debit | 100 | to=B\n03-01 09:00 | B | credit | 100 | to=A")
    assert len(books.pairs()) == 1
    books.take_lines("03-01 09:00 | A | debit | 100 | to=B text=second", "later.parquet")
    assert books.pairs() == set()
    assert books.ask("SELECT state, version FROM ledger.transfer") == [("superseded", 1)]
    assert books.ask("SELECT count(*) FROM ledger.ambiguous_pairing") == [(3,)]
    books.take_lines("03-01 09:00 | B | credit | 100 | to=A text=second", "last.parquet")
    assert len(books.pairs()) == 2
    assert books.ask("SELECT count(*) FROM ledger.ambiguous_pairing") == [(0,)]


def test_a_person_mends_a_pairing_and_it_stays_mended(books: Books, connection: type_of_connection):
    books.take_lines("""
        03-01 09:00 | A | debit  | 100 | to=B
        03-01 09:00 | B | credit | 100 | to=A
        03-01 12:00 | C | debit  | 100
    """)
    ids = dict(books.ask("SELECT position, line_id FROM published.statement_line"))
    pair_by_hand(connection, ids[3], ids[2], "the customer's letter of 4 March", "u1")
    assert books.pairs() == {("rows.parquet", 3, "rows.parquet", 2)}
    books.take_lines("03-02 09:00 | A | debit | 100 | to=X", "later.parquet")
    assert books.pairs() == {("rows.parquet", 3, "rows.parquet", 2)}
    keep_apart(connection, ids[3], "the letter was false", "u1")
    assert books.pairs() == {("rows.parquet", 1, "rows.parquet", 2)}
    history = books.ask(
        "SELECT basis, state, reason, changed_by FROM ledger.transfer ORDER BY created_at, version"
    )
    assert ("manual", "superseded", "the customer's letter of 4 March", "u1") in history
    assert books.ask("SELECT count(*) FROM published.transfer") == [(3,)]


def test_a_line_that_takes_another_back_is_linked_to_it(books: Books):
    books.take_lines("03-02 09:00 | A | credit | 100 | to=X ref=R2 reverses=R1", "later.parquet")
    books.take_lines("03-01 09:00 | A | debit | 100 | to=X ref=R1")
    assert books.ask(
        "SELECT r.source_file, o.source_file FROM ledger.reversal v "
        "JOIN published.statement_line r ON r.line_id = replace(v.reversing_line::text, '-', '') "
        "JOIN published.statement_line o ON o.line_id = replace(v.original_line::text, '-', '')"
    ) == [("later.parquet", "rows.parquet")]


def test_an_account_that_lines_named_gives_way_to_the_banks_record(books: Books):
    books.take_lines("03-01 09:00 | 6222 0001 | debit | 100 | to=X".replace("6222 0001", "62220001"))
    assert books.ask("SELECT account, kind, has_lines FROM ledger.account ORDER BY account") == [
        ("62220001", "unknown", True),
        ("X", "external", False),
    ]
    outcome = books.take(
        books.records("account", {"account": "6222 0001", "kind": "settlement", "name": "Firm"})
    )
    assert outcome.accepted["account"] == 1
    assert books.ask(
        "SELECT kind, name, has_lines, auto_created FROM ledger.account WHERE account = '62220001'"
    ) == [("settlement", "Firm", True, False)]


def test_one_number_in_two_currencies_is_two_accounts(books: Books):
    books.take_lines("03-01 09:00 | A | debit | 100 |\n03-01 09:00 | A | debit | 100 | ccy=USD")
    assert books.ask("SELECT account, account_number, currency FROM ledger.account ORDER BY account") == [
        ("A", "A", "CNY"),
        ("A/USD", "A", "USD"),
    ]


UNIT = {"unit_id": "0101", "name": "城中支行", "kind": "sub_branch"}
PARTY = {
    "party_id": "P1", "unit_id": "0101", "kind": "company", "name": "远山机械有限公司",
    "identity_kind": "unified_social_credit_code", "identity_number": "91110000600037341L",
}  # fmt: skip
CONTRACT = {
    "contract_id": "C1", "borrower_party_id": "P1", "product": "working_capital_loan", "purpose_text": "采购钢材",
    "payment_mode": "entrusted_payment", "amount_fen": 100_000, "currency": "CNY",
    "signed_on": datetime.date(2024, 1, 5), "unit_id": "0101",
}  # fmt: skip


def test_what_found_its_reference_in_the_same_import_is_not_among_the_first_refused(
    books: Books,
):
    lost = PARTY | {
        "party_id": "P2",
        "unit_id": "0999",
        "identity_number": "91310000132207927C",
    }
    outcome = books.take(books.records("party", PARTY, lost), books.records("organisation_unit", UNIT))
    assert (outcome.accepted["party"], outcome.refused) == (1, {"unknown_reference": 1})
    assert [row.position for row in outcome.first_refused] == [2]
    assert books.ask("SELECT refusal_id FROM ledger.refusal WHERE state = 'open'") == [
        (row.refusal_id,) for row in outcome.first_refused
    ]


def test_a_record_waits_for_what_it_points_to_and_comes_in_by_itself(books: Books):
    outcome = books.take(books.records("loan_contract", CONTRACT))
    assert outcome.refused == {"unknown_reference": 1}
    assert books.ask("SELECT field, state, record ->> 'contract_id' FROM ledger.refusal") == [
        ("borrower_party_id", "open", "C1")
    ]
    books.take(books.records("organisation_unit", UNIT), books.records("party", PARTY))
    assert books.ask("SELECT contract_id, signed_on FROM ledger.loan_contract") == [
        ("C1", datetime.date(2024, 1, 5))
    ]
    assert books.ask("SELECT state, changed_by FROM ledger.refusal") == [("replayed", "intake")]


def test_the_order_of_files_does_not_matter_within_one_import(books: Books):
    outcome = books.take(
        books.records("loan_contract", CONTRACT),
        books.records("party", PARTY),
        books.records("organisation_unit", UNIT),
    )
    assert outcome.refused == {}
    assert outcome.accepted == {"loan_contract": 1, "party": 1, "organisation_unit": 1}


def test_a_wrong_credit_code_is_refused_corrected_and_replayed(books: Books, connection: type_of_connection):
    wrong = {**PARTY, "identity_number": "91110000600037341M"}
    outcome = books.take(books.records("organisation_unit", UNIT), books.records("party", wrong))
    assert outcome.refused == {"identity_number_invalid": 1}
    [(refusal_id,)] = books.ask("SELECT refusal_id FROM ledger.refusal")
    assert replay(connection, [find(connection, refusal_id)], "u1")[0].outcome == "refused"
    correct(
        connection,
        find(connection, refusal_id[:8]),
        {"identity_number": "91110000600037341L"},
        "u1",
        "typing error",
    )
    assert replay(connection, [find(connection, refusal_id)], "u1")[0].outcome == "accepted"
    assert books.ask("SELECT identity_number FROM parties.party") == [("91110000600037341L",)]
    assert books.ask("SELECT state, changed_by, note FROM ledger.refusal") == [
        ("replayed", "u1", "typing error")
    ]


def test_a_changed_party_under_the_same_number_is_refused(books: Books):
    books.take(books.records("organisation_unit", UNIT), books.records("party", PARTY))
    outcome = books.take(books.records("party", {**PARTY, "name": "别名"}, file="party.later.parquet"))
    assert outcome.refused == {"same_key_other_content": 1}


def test_a_relation_that_ends_before_it_begins_is_refused(books: Books):
    other = {**PARTY, "party_id": "P2", "identity_kind": None, "identity_number": None}
    relation = {
        "from_party_id": "P1", "to_party_id": "P2", "kind": "shareholder", "share_ppm": 600_000, "unit_id": "0101",
        "valid_from": datetime.date(2024, 1, 5), "valid_to": datetime.date(2023, 1, 5),
    }  # fmt: skip
    books.take(books.records("organisation_unit", UNIT), books.records("party", PARTY, other))
    assert books.take(books.records("party_relation", relation)).refused == {"period_reversed": 1}
    right = {**relation, "valid_to": datetime.date(2025, 1, 5)}
    assert books.take(books.records("party_relation", right)).accepted["party_relation"] == 1


def test_two_imports_of_the_same_lines_at_once_book_them_once(books: Books):
    text = "\n".join(f"03-{1 + n % 28:02d} 09:00 | A{n % 7} | debit | {n + 1} | ref=R{n}" for n in range(400))
    paths = [books.write(f"copy{n}/rows.parquet", lines(text)) for n in range(2)]
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda path=path: outcomes.append(books.take(path))) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome.accepted["statement_line"] for outcome in outcomes) == 400
    assert sum(outcome.duplicate["statement_line"] for outcome in outcomes) == 400
    assert len(books.facts()) == 400


def test_a_full_disk_is_named_and_the_import_goes_on_later(books: Books):
    with psycopg.connect(books.url) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER full_disk AFTER INSERT ON ledger.intake_key EXECUTE FUNCTION full_disk()"
        )
    with pytest.raises(StorageExhausted, match="disk is full"):
        books.take_lines(TWO_SIDES)
    assert books.facts() == []
    with psycopg.connect(books.url) as connection:
        connection.execute("DROP TRIGGER full_disk ON ledger.intake_key")
    assert books.take_lines(TWO_SIDES).accepted["statement_line"] == 4
    assert books.ask("SELECT count(*) FROM ledger.import_file") == [(1,)]


def test_pairing_piece_by_piece_equals_pairing_at_once(books: Books):
    chance = seeded_random(7)
    text: list[str] = []
    for number in range(140):
        one, other = chance.sample("ABC", 2)
        text.append(
            f"03-{chance.randint(1, 20):02d} {chance.randint(8, 17):02d}:00 | {one} | "
            f"{chance.choice(['debit', 'credit'])} | {chance.choice([100, 200, 300])} |"
            + (f" to={other}" if number % 5 else "")
            + (f" ref=R{chance.randint(1, 9)}" if number % 4 == 0 else "")
        )
    whole = lines("\n".join(text))
    for piece in range(5):
        books.take(books.write(f"{(piece * 3) % 5}.parquet", whole[piece::5]))
    frame = pl.DataFrame(
        books.ask(
            "SELECT line_id, account, direction, amount_fen, currency, booked_at, sequence, counterparty_account, "
            "reference FROM published.statement_line"
        ),
        schema=["line_id", "account", "direction", "amount_fen", "currency", "booked_at", "sequence",
                "counterparty_account", "reference"],
        orient="row",
    ).with_columns(pl.col("booked_at").cast(pl.Datetime("us", "UTC")))  # fmt: skip
    at_once = pair_lines(frame, tie="line_id")
    ids = frame.get_column("line_id").to_list()
    expected = {(ids[debit], ids[credit], basis) for debit, credit, basis in at_once.pairs.iter_rows()}
    assert (
        set(
            books.ask(
                "SELECT debit_line, credit_line, basis FROM published.transfer WHERE basis <> 'unpaired'"
            )
        )
        == expected
    )
    assert len(expected) > 10
    assert {
        line for (line,) in books.ask("SELECT replace(line_id::text, '-', '') FROM ledger.ambiguous_pairing")
    } == {ids[row] for row in at_once.ambiguous.get_column("row")}


def test_the_bytes_of_what_an_adapter_refused_are_kept_once(books: Books):
    path = books.folder / "party.csv"
    path.write_text(
        "party_id,unit_id,kind,name\nP1,0101,company,Firm\nP2,0101,dragon,Cave\n", encoding="utf-8"
    )
    books.take(books.records("organisation_unit", UNIT))
    for _ in range(2):
        outcome = books.take(path)
        assert outcome.refused == {"choice_unknown": 1}
    with books.database.connect() as connection:
        [refusal] = quarantine.list_refusals(connection)
    assert b"dragon" in refusal.original
    assert (refusal.source_file, refusal.position, refusal.field) == ("party.csv", 2, "kind")

"""What records said before: kept when an import or a nightly file changes them, read as of an instant."""

from __future__ import annotations

import datetime
from pathlib import Path

import polars as pl
import pytest
from tests.nightly.bank import DAY, loan, records

from loantrail.clock import now
from loantrail.ledger.importing import import_files
from loantrail.ledger.intake import RECORD_TYPES
from loantrail.ledger.store_versions import Origin, records_as_of
from loantrail.ledger.updating import Rows, Updated, update_records
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.sources.files import open_files

pytestmark = pytest.mark.database


def party(number: int, **more: object) -> dict[str, object]:
    return {"party_id": f"P{number}", "kind": "company", "name": f"公司{number}", **more}


def update(connection: type_of_connection, name: str, rows: pl.DataFrame, **more: object) -> Updated:
    origin = Origin(now(), DAY, "test", None)
    done = update_records(connection, RECORD_TYPES[name], Rows(rows, **more), origin)  # type: ignore[arg-type]  named fields
    connection.commit()
    return done


def test_an_import_after_a_trace_notes_what_was_not_there_before(
    connection: type_of_connection, database_url: str, tmp_path: Path
):
    def take(*rows: dict[str, object]) -> None:
        records("party", *rows).write_parquet(tmp_path / "party.parquet")
        import_files(open_files([tmp_path / "party.parquet"]), books=Database(database_url))

    take(party(1))
    before_trace = now()
    connection.execute(
        "INSERT INTO tracing.run (run_id, convention, data_version, software_version, opening, created_at, loan_count, "
        "event_count, hop_count) VALUES ('r', 'fifo', '', '', '', now(), 0, 0, 0)"
    )
    connection.commit()
    take(party(1), party(2))
    assert records_as_of(connection, "party", before_trace)["party_id"].to_list() == ["P1"]
    assert records_as_of(connection, "party", now())["party_id"].to_list() == ["P1", "P2"]


def test_each_content_is_kept_with_the_time_it_stood(connection: type_of_connection):
    moments: list[datetime.datetime] = []
    for name in ("甲", "乙", "乙", "丙"):
        update(connection, "party", records("party", party(1, name=name)))
        moments.append(now())
    names = [records_as_of(connection, "party", at)["name"].to_list() for at in moments]
    assert names == [["甲"], ["乙"], ["乙"], ["丙"]]
    kept = connection.execute(
        "SELECT content ->> 'name', recorded_at IS NULL FROM published.record_version ORDER BY superseded_at"
    ).fetchall()
    assert kept == [("甲", True), ("乙", False)]


def test_a_removed_record_leaves_its_table_and_can_still_be_read(connection: type_of_connection):
    relation = {"kind": "spouse", "valid_from": DAY, "from_party_id": "P1", "to_party_id": "P2"}
    update(connection, "party", records("party", party(1), party(2)))
    update(connection, "contract_party", records("contract_party"))
    update(connection, "party_relation", records("party_relation", relation))
    at = now()
    done = update(
        connection, "party_relation", records("party_relation"), removed=records("party_relation", relation)
    )
    assert done.removed == 1
    assert records_as_of(connection, "party_relation", now()).is_empty()
    assert len(records_as_of(connection, "party_relation", at)) == 1
    again = update(connection, "party_relation", records("party_relation", relation))
    assert (again.new, len(records_as_of(connection, "party_relation", now()))) == (1, 1)
    # A party is pointed to by others: it is never taken out.
    update(connection, "party", records("party"), removed=records("party", party(1)))
    assert len(records_as_of(connection, "party", now())) == 2


def test_the_later_of_two_contents_of_one_record_is_refused(connection: type_of_connection):
    done = update(connection, "party", records("party", party(1), party(1, name="别名"), party(1), party(2)))
    assert [(place, one.reason) for place, one in done.broken] == [(1, "same_key_other_content")]
    assert (done.new, done.same) == (2, 1)


def test_a_record_refused_for_what_it_points_to_has_not_vanished(connection: type_of_connection):
    update(connection, "party", records("party", party(1)))
    update(connection, "account", records("account", {"account": "6201", "party_id": "P1"}))
    bad = records("account", {"account": "6201", "party_id": "P9"})
    done = update(connection, "account", bad, is_whole=True)
    assert ([one.reason for _, one in done.broken], done.vanished) == (["unknown_reference"], 0)
    assert connection.execute("SELECT party_id, closed_on FROM ledger.account").fetchall() == [("P1", None)]


def test_an_opening_balance_is_not_forgotten(connection: type_of_connection):
    update(connection, "account", records("account", {"account": "6201", "opening_balance_fen": 500}))
    update(connection, "account", records("account", {"account": "6201", "name": "甲"}))
    assert connection.execute("SELECT name, opening_balance_fen FROM ledger.account").fetchall() == [
        ("甲", 500)
    ]


def test_loans_cannot_stand_without_their_contract(connection: type_of_connection):
    assert [
        one.reason for _, one in update(connection, "loan_note", records("loan_note", loan(1))).broken
    ] == ["unknown_reference"]

"""The books are read for a trace at a moment when nobody writes, so that what was read can be read again."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path

import psycopg
import pytest
from tests.ledger.test_importing import PARTY, Books

from loantrail import clock
from loantrail.ledger import store_moments
from loantrail.ledger.books.tracing_inputs import AsOf, TracingInputs, tracing_inputs
from loantrail.ledger.store_moments import begin_writing, one_moment
from loantrail.tracing import store as tracing

pytestmark = pytest.mark.database

FIRST = "03-01 09:00 | A | credit | 100 | bal=100"
SLOW = "03-02 09:00 | A | credit | 7 | bal=107"


@pytest.fixture
def books(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store_moments, "PATIENCE", "100ms")
    monkeypatch.setattr(store_moments, "PAUSE_SECONDS", 0.02)
    return Books(database_url, tmp_path)


def _read(books: Books, as_of: AsOf | None = None) -> TracingInputs:
    with books.database.connect() as connection, one_moment(connection):
        return tracing_inputs(connection, as_of=as_of)


def _count(inputs: TracingInputs) -> int:
    return len(inputs.transactions)


def test_a_reading_waits_for_an_import_that_has_its_numbers_and_is_not_committed(books: Books) -> None:
    """Otherwise the line, with its lower number, would look as if that reading had seen it."""
    books.take_lines(FIRST)
    with psycopg.connect(books.url) as importing:
        # What an import does, and stays in the middle of.
        begin_writing(importing)
        importing.execute(
            "INSERT INTO ledger.statement_line (line_id, file_id, unit_id, booked_at, sequence, account, direction, "
            "amount_fen, currency, position) SELECT gen_random_uuid(), file_id, unit_id, booked_at, sequence + 1, "
            "account, direction, 7, currency, position + 1 FROM ledger.statement_line"
        )
        found: list[TracingInputs] = []
        reading = threading.Thread(target=lambda: found.append(_read(books)))
        reading.start()
        # Beyond its patience, so that it came and went in the queue.
        reading.join(0.5)
        assert not found
        importing.commit()
    reading.join(10)
    [seen] = found
    assert _count(seen) == 2
    assert _count(_read(books, AsOf(seen.last_arrival, seen.read_at))) == 2


def test_lines_that_come_live_do_not_wait_behind_a_reading_that_waits_for_a_long_pairing(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_moments, "PATIENCE", "30s")
    monkeypatch.setattr(store_moments, "SOON_SECONDS", 0.2)
    books.take_lines(FIRST)
    with psycopg.connect(books.url) as pairing:
        begin_writing(pairing)
        clock.sleep(0.4)
        found: list[TracingInputs] = []
        reading = threading.Thread(target=lambda: found.append(_read(books)))
        reading.start()
        with psycopg.connect(books.url) as live:
            live.execute("SET lock_timeout = '500ms'")
            for _group in range(5):
                begin_writing(live)
                live.commit()
                clock.sleep(0.05)
        assert not found
        pairing.commit()
    reading.join(10)
    assert len(found) == 1


def test_a_reading_waits_its_turn_after_all_where_one_long_work_follows_upon_the_other(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_moments, "PATIENCE", "5s")
    monkeypatch.setattr(store_moments, "SOON_SECONDS", 0.05)
    monkeypatch.setattr(store_moments, "STANDS_ASIDE_SECONDS", 0.3)
    books.take_lines(FIRST)
    found: list[TracingInputs] = []
    reading = threading.Thread(target=lambda: found.append(_read(books)))
    works: list[psycopg.Connection[tuple[object, ...]]] = [psycopg.connect(books.url) for _ in range(2)]
    begin_writing(works[0])
    clock.sleep(0.1)
    reading.start()
    clock.sleep(0.6)  # by now it stands in the queue

    following = threading.Thread(target=begin_writing, args=(works[1],))
    following.start()
    clock.sleep(0.1)
    works[0].commit()

    reading.join(10)
    following.join(10)
    assert len(found) == 1
    for work in works:
        work.close()


def test_what_is_written_after_a_reading_began_is_not_in_it_and_does_not_wait_for_its_end(
    books: Books,
) -> None:
    books.take_lines(FIRST)
    with books.database.connect() as connection, one_moment(connection):
        books.take_lines(SLOW, "slow.parquet")
        seen = tracing_inputs(connection)
    assert _count(seen) == 1
    assert _count(_read(books)) == 2
    assert _count(_read(books, AsOf(seen.last_arrival, seen.read_at))) == 1


def test_a_reading_that_fails_does_not_keep_writers_out(books: Books) -> None:
    books.take_lines(FIRST)
    with books.database.connect() as connection:
        with pytest.raises(ZeroDivisionError), one_moment(connection):
            _ = 1 // 0
        books.take_lines(SLOW, "slow.parquet")
        assert _count(_read(books)) == 2


def test_a_line_without_partner_that_was_refused_first_gives_the_books_another_name(books: Books) -> None:
    """No file counts it, and no pairing tells of it."""
    books.take_lines(FIRST)
    with books.database.connect() as connection:
        before = tracing.data_version(connection)
        connection.execute(
            "INSERT INTO ledger.statement_line (line_id, file_id, unit_id, booked_at, sequence, account, direction, "
            "amount_fen, currency, position) SELECT gen_random_uuid(), file_id, unit_id, booked_at, sequence + 1, "
            "account, direction, 7, currency, position + 1 FROM ledger.statement_line"
        )
        assert tracing.data_version(connection) != before


def test_times_of_changes_lie_behind_every_reading_that_did_not_see_them(books: Books) -> None:
    """A correction that waited for a reading takes its time after the wait."""
    from loantrail.destinations import store

    books.take(books.records("party", PARTY))
    times: list[datetime.datetime] = []

    def correct() -> None:
        with psycopg.connect(books.url) as connection:
            connection.execute("SELECT 1")  # its transaction begins before the reading ends to wait
            times.append(store.lock(connection))

    with psycopg.connect(books.url) as reader:
        reader.execute("SELECT pg_advisory_lock(hashtext('loantrail.ledger.writing'))")
        correcting = threading.Thread(target=correct)
        correcting.start()
        correcting.join(0.2)
        row = reader.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        assert not times
    correcting.join(10)
    assert times[0] > row[0]

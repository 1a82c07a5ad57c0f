"""Pairing and runs over the books in a process beside this one, which goes on judging meanwhile and stands on what that one left."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal
from tests.http.bank import BORROWER, RELATED
from tests.monitor.test_deciding import line, post, standing, to_securities
from tests.tracing.histories import assert_equal_histories

from loantrail.errors import InputError, Stopping
from loantrail.ledger.pairs.store import lock_pairing
from loantrail.monitor import held as holding
from loantrail.monitor import keeping, settling
from loantrail.monitor.beside import Beside, BesideEnded
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.monitor.remembered import KEPT, ends_of_last_day
from loantrail.monitor.settling import Settling
from loantrail.monitor.wiring import step_of, tracer_of
from loantrail.policy.reading import parameters_in_force
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.signals import store as signals
from loantrail.tracing import database as tracing
from loantrail.tracing import kept_ground, retrace, store_evaluation
from loantrail.tracing.database import trace_anew, trace_books
from loantrail.tracing.ground import Ground, read_ground, write_ground
from loantrail.tracing.model import Convention
from loantrail.tracing.retrace import Retracing, RetracingBeside
from loantrail.tracing.store import current_run_id

pytestmark = pytest.mark.database


@pytest.fixture
def beside(books: Database) -> Iterator[Beside]:
    with Beside(books.url) as made:
        yield made


def is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def process_of(beside: Beside) -> int:
    process = beside._pairing._process
    assert process is not None
    return process.pid


Begin = Callable[[], tuple[Retracing, Deciding]]


@pytest.fixture
def begun(books: Database, beside: Beside) -> Iterator[Begin]:
    """What makes runs and what judges, as a process that takes in live lines begins."""
    working: list[Settling] = []

    def begin() -> tuple[Retracing, Deciding]:
        sessions = Connecting(books)
        tracer = tracer_of(sessions, beside)
        deciding, settling = step_of(sessions, tracer, beside)
        working.append(settling)
        deciding.want()
        deciding.wait()
        return tracer, deciding

    yield begin
    for one in working:
        one.stop()
        one.wait()


def have_run_made(bank: type_of_connection, tracer: Retracing) -> None:
    store_evaluation.request(bank)
    bank.commit()
    tracer.start()
    tracer.wait()


def is_evaluated(asked: psycopg.Connection[tuple[object, ...]]) -> bool:
    return asked.execute("SELECT requested = evaluated FROM tracing.evaluation").fetchone() == (True,)


def test_what_a_run_left_is_the_same_where_it_is_read(bank: type_of_connection, tmp_path: Path) -> None:
    left = trace_anew(bank, Convention.FIFO).ground
    folder = tmp_path / "run"
    folder.mkdir()

    write_ground(left, folder)
    found = read_ground(folder, parameters_in_force(bank))

    assert (found.run_id, found.books.data_version) == (left.run_id, left.books.data_version)
    for one, other in ((left.books.read, found.books.read), (left.frames(), found.frames())):
        for item in fields(one):
            before, after = getattr(one, item.name), getattr(other, item.name)
            if item.name == "references":
                before = before.clear()  # nobody who stands on a run looks for them
            if isinstance(before, pl.DataFrame):
                assert_frame_equal(after, before)
            elif item.name not in ("own", "recent"):
                assert after == before, item.name
    assert found.books.read.own.to_list() == left.books.read.own.to_list()
    assert_frame_equal(found.books.read.recent.lines, left.books.read.recent.lines)
    assert_frame_equal(found.leads, left.leads)
    assert_frame_equal(found.over, left.over)
    assert_equal_histories(found.books.named, left.books.named)


def test_the_ends_of_the_last_day_that_are_stored_of_a_run_are_those_that_are_counted_anew(
    bank: type_of_connection,
) -> None:
    run_id = trace_books(bank).run_id

    stored = signals.ends_of_last_day(bank, run_id, KEPT)

    anew = ends_of_last_day(trace_anew(bank, Convention.FIFO).ground)
    assert stored is not None
    assert len(stored) == 1
    assert_frame_equal(stored, anew.select(KEPT))


@pytest.mark.parametrize("cuts", [(), (-5,), (-7,), (-3,), (-6, -4, -1)], ids=str)
def test_ends_of_the_last_day_are_found_however_the_rows_of_a_run_were_cut(
    bank: type_of_connection, cuts: tuple[int, ...]
) -> None:
    run_id = trace_books(bank).run_id
    rows = signals.rows_of_run(bank, run_id)
    moved, end = (rows.filter(pl.col("occasion") == occasion) for occasion in ("movement", "day"))
    days = pl.concat([end.with_columns(loan_id=pl.lit(f"LOAN-{number}")) for number in range(5)])
    in_order = pl.concat([moved, days])
    places = [0, *(len(in_order) + cut for cut in cuts), len(in_order)]
    list(signals.kept(bank, run_id, [in_order[start:stop] for start, stop in itertools.pairwise(places)]))

    stored = signals.ends_of_last_day(bank, run_id, KEPT)

    assert stored is not None
    assert_frame_equal(stored, days.select(KEPT), check_row_order=False)


def test_of_a_run_whose_rows_cannot_be_read_no_end_of_a_day_is_known(bank: type_of_connection) -> None:
    run_id = trace_books(bank).run_id
    bank.execute("UPDATE signals.block SET content = 'PAR1 and no more' WHERE run_id = %s", (run_id,))

    assert signals.ends_of_last_day(bank, run_id, KEPT) is None
    bank.rollback()


def test_of_a_run_of_which_nothing_is_stored_no_end_of_a_day_is_known(bank: type_of_connection) -> None:
    assert signals.ends_of_last_day(bank, "run-of-nobody", KEPT) is None


def test_a_folder_that_is_not_whole_is_no_ground(bank: type_of_connection, tmp_path: Path) -> None:
    write_ground(trace_anew(bank, Convention.FIFO).ground, tmp_path)
    (tmp_path / "hops.arrow").write_bytes(b"ARROW1 and then the disk was full")

    with pytest.raises(InputError, match="cannot be read"):
        read_ground(tmp_path, parameters_in_force(bank))


def test_a_history_that_does_not_fit_its_transactions_is_no_ground(bank: type_of_connection) -> None:
    parameters, run_id = parameters_in_force(bank), current_run_id(bank)
    assert kept_ground.of(bank, run_id, parameters) is not None
    path = kept_ground._folder() / str(run_id) / "history-events.arrow"
    events = pl.read_ipc(path.read_bytes())

    events.with_columns(debit=pl.lit(10**6, pl.Int32)).write_ipc(path)

    with pytest.raises(InputError, match="do not fit"):
        read_ground(path.parent, parameters)
    assert kept_ground.of(bank, run_id, parameters) is None


def test_the_state_stands_on_a_run_of_the_process_beside_and_judges_as_a_run_does(
    bank: type_of_connection,
    books: Database,
    beside: Beside,
    begun: Begin,
    asked: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracer, deciding = begun()
    first = deciding._held
    post(
        bank, deciding, to_securities("S1", 20_000), line("T1", BORROWER, 5_000, counterparty_account=RELATED)
    )
    post(bank, deciding, line("T1", RELATED, 5_000, direction="credit", counterparty_account=BORROWER))
    beside.pair()
    store_evaluation.request(bank)
    bank.commit()

    # From here on this process reads no books.
    monkeypatch.setattr(holding, "trace_anew", lambda *_: pytest.fail("the books were read here"))
    tracer.start()
    tracer.wait()
    [after] = post(bank, deciding, to_securities("S2", 60_000, day=13))

    assert deciding._held is not first
    assert after.decision == "review"
    assert tracer.last_seconds > 0
    assert is_evaluated(asked)
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_a_process_that_starts_stands_on_what_the_last_run_left_and_reads_no_books(
    bank: type_of_connection,
    books: Database,
    begun: Begin,
    asked: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracer, _ = begun()
    post(bank, None, to_securities("S1", 20_000))
    have_run_made(bank, tracer)
    post(bank, None, line("K1", BORROWER, 30_000, purpose_text="取现"))
    monkeypatch.setattr(holding, "trace_anew", lambda *_: pytest.fail("the books were read here"))

    _, deciding = begun()
    [after] = post(bank, deciding, to_securities("S2", 60_000, day=13))

    assert after.decision == "review"
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_what_another_version_left_or_what_broke_is_not_used(
    bank: type_of_connection, tmp_path: Path
) -> None:
    parameters, run_id = parameters_in_force(bank), current_run_id(bank)
    facts = tmp_path / "ground" / str(run_id) / "ground.json"
    told = json.loads(facts.read_text())
    assert kept_ground.of(bank, run_id, parameters) is not None

    facts.write_text(json.dumps(told | {"software_version": "0.0.9"}))

    assert kept_ground.of(bank, run_id, parameters) is None
    facts.write_text("{")
    assert kept_ground.of(bank, run_id, parameters) is None
    assert kept_ground.of(bank, "another", parameters) is None
    facts.write_text(json.dumps(told | {"read_at": "2020-01-01T00:00:00+00:00"}))
    assert kept_ground.of(bank, run_id, parameters) is None
    facts.unlink()
    facts.mkdir()
    assert kept_ground.of(bank, run_id, parameters) is None


def test_two_runs_are_kept_and_nothing_of_those_that_were_killed_on_their_way(
    bank: type_of_connection, tmp_path: Path
) -> None:
    folder = tmp_path / "ground"
    left, recent = folder / ".left", folder / ".recent"
    for made in (left, recent):
        made.mkdir()
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left, (two_days_ago, two_days_ago))

    for number in range(3):
        post(bank, None, line(f"A{number}", BORROWER, 10))
        trace_books(bank)

    assert len(list(folder.glob("[!.]*"))) == 2
    assert list(folder.glob(".*")) == [recent]
    assert folder.stat().st_mode & 0o077 == 0
    assert kept_ground.of(bank, current_run_id(bank), parameters_in_force(bank)) is not None


def test_without_room_for_what_a_run_left_the_run_stands(
    bank: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_ground, "write_ground", is_full)
    post(bank, None, line("A1", BORROWER, 10))

    found = trace_books(bank)

    assert current_run_id(bank) == found.run_id
    assert kept_ground.of(bank, found.run_id, parameters_in_force(bank)) is None


def test_where_nobody_asked_for_decisions_what_a_run_left_is_not_read(
    bank: type_of_connection,
    books: Database,
    beside: Beside,
    asked: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = Connecting(books)
    tracer = tracer_of(sessions, beside)
    step_of(sessions, tracer, beside)
    monkeypatch.setattr(kept_ground, "of", lambda *_: pytest.fail("it was read"))
    have_run_made(bank, tracer)

    assert is_evaluated(asked)
    assert tracer.last_seconds > 0


def test_a_run_that_fails_beside_stands_as_failed_and_the_state_of_before_goes_on(
    bank: type_of_connection, begun: Begin, asked: psycopg.Connection[tuple[object, ...]]
) -> None:
    asked.execute("ALTER TABLE tracing.run ADD CONSTRAINT none_more CHECK (event_count < 0) NOT VALID")
    tracer, deciding = begun()
    first = deciding._held
    post(bank, deciding, to_securities("S1"))
    have_run_made(bank, tracer)
    [after] = post(bank, deciding, to_securities("S2", 60_000, day=13))

    row = asked.execute("SELECT failed = requested, problem FROM tracing.evaluation").fetchone()
    assert row is not None
    assert row[0] is True
    assert "none_more" in str(row[1])
    assert deciding._held is first
    assert after.decision == "review"


def test_a_run_whose_process_dies_each_time_counts_as_failed(
    bank: type_of_connection,
    books: Database,
    asked: psycopg.Connection[tuple[object, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrace, "AGAIN_SECONDS", 0.0)
    tries: list[int] = []

    def dies() -> bool:
        tries.append(1)
        raise BesideEnded("the process for make_runs ended with status -9", remedy="It is tried again")

    store_evaluation.request(bank)
    bank.commit()
    tracer = RetracingBeside(Connecting(books), dies)

    tracer.start()
    tracer.wait()

    assert len(tries) == 3
    row = asked.execute("SELECT failed = requested, problem FROM tracing.evaluation").fetchone()
    assert row == (True, "the process for make_runs ended with status -9")


def test_a_run_that_somebody_else_did_not_finish_is_made_when_that_one_is_gone(
    bank: type_of_connection,
    books: Database,
    beside: Beside,
    asked: psycopg.Connection[tuple[object, ...]],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrace, "AGAIN_SECONDS", 0.1)
    store_evaluation.request(bank)
    bank.commit()
    with psycopg.connect(database_url, autocommit=True) as other:
        assert store_evaluation.lock(other)
        tracer = tracer_of(Connecting(books), beside)
        tracer.start()
        time.sleep(1)

    tracer.wait()

    assert is_evaluated(asked)


def test_what_a_run_left_lies_there_from_the_moment_that_screens_show_it(
    bank: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []
    as_ever = tracing.warn

    def warn(connection: type_of_connection, *rest: Any) -> Any:
        # Screens show the run by now, and it is not over yet.
        run_id = current_run_id(connection)
        found.append(kept_ground.of(connection, run_id, parameters_in_force(connection)) is not None)
        return as_ever(connection, *rest)

    monkeypatch.setattr(tracing, "warn", warn)
    post(bank, None, line("A1", BORROWER, 10))

    trace_books(bank)

    assert found == [True]


def test_a_run_that_comes_while_a_state_is_made_of_the_one_before_is_not_taken_for_it(
    bank: type_of_connection, begun: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current_run_id(bank)
    as_ever = keeping.held_on

    def held_on(connection: Any, ground: Ground, run_id: str | None) -> Any:
        if not lines:
            lines.append(post(bank, None, line("A1", BORROWER, 10)))
            trace_books(bank)
        return as_ever(connection, ground, run_id)

    lines: list[object] = []
    monkeypatch.setattr(keeping, "held_on", held_on)
    _, deciding = begun()

    assert deciding._held is not None
    assert deciding._held.run_id == before != current_run_id(bank)
    post(bank, deciding, line("A2", BORROWER, 10))
    deciding.wait()
    assert deciding._held is not None
    assert deciding._held.run_id == current_run_id(bank)


def test_what_too_many_lines_came_after_is_not_stood_on(
    bank: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = holding.first_ground(bank)
    post(bank, None, *(line(f"A{number}", BORROWER, 10) for number in range(3)))
    monkeypatch.setattr(holding, "LINES_AT_ONCE", 2)

    anew = holding.first_ground(bank)

    assert anew.books.read.last_arrival == kept.books.read.last_arrival + 3


def test_numbers_that_no_line_has_are_no_lines_that_came(
    bank: type_of_connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = holding.first_ground(bank)
    for _ in range(3):
        post(bank, None, line("A1", BORROWER, 10))
    post(bank, None, line("A2", BORROWER, 10))
    monkeypatch.setattr(holding, "LINES_AT_ONCE", 2)

    anew = holding.first_ground(bank)

    assert anew.books.read.last_arrival == kept.books.read.last_arrival


def test_where_another_process_makes_the_run_this_one_leaves_it_to_that_one(
    bank: type_of_connection, beside: Beside, asked: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    store_evaluation.request(bank)
    bank.commit()
    assert store_evaluation.lock(asked)

    assert not beside.make_runs()


def test_one_that_was_killed_is_told_and_started_again(bank: type_of_connection, beside: Beside) -> None:
    beside.pair()
    first = process_of(beside)
    bank.execute("SELECT pg_advisory_xact_lock(1)")
    answers: list[object] = []
    os.kill(first, signal.SIGSTOP)

    def ask() -> None:
        try:
            answers.append(beside.pair())
        except BesideEnded as problem:
            answers.append(problem)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.2)
    os.kill(first, signal.SIGKILL)
    asking.join(20)

    assert [type(one) for one in answers] == [BesideEnded]
    beside.pair()
    assert process_of(beside) != first


def test_a_pairing_beside_whose_session_is_ended_is_told_in_a_line_in_both_logs_and_tried_again(
    books: Database,
    bank: type_of_connection,
    beside: Beside,
    asked: psycopg.Connection[Any],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settling, "AGAIN_SECONDS", 0.01)
    post(bank, None, line("A1", BORROWER, 10))
    lock_pairing(bank)  # so that the one beside waits until its session is ended
    working = Settling(
        Connecting(books), lambda: None, trace_seconds=0.0, pair_seconds=0.0, pair=lambda _: beside.pair()
    )

    working.start()
    end_who_waits_for_a_lock(asked)
    bank.rollback()
    working.wait()

    assert asked.execute("SELECT unpaired_lines FROM published.live_waiting").fetchone() == (0,)
    [here] = [one for one in caplog.records if one.name == settling.__name__]
    assert (here.levelname, here.exc_info) == ("WARNING", None)
    assert "terminating connection due to administrator command" in here.getMessage()
    [there] = capfd.readouterr().err.splitlines()
    assert " WARNING loantrail.monitor.beside_process: pair failed; it is tried again: " in there
    assert "terminating connection due to administrator command" in there


def end_who_waits_for_a_lock(asked: psycopg.Connection[Any]) -> None:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        ended = asked.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchall()
        if ended:
            return
        time.sleep(0.02)
    pytest.fail("nobody waited")


def test_who_is_closed_while_it_works_ends_at_once_and_says_so(
    books: Database, bank: type_of_connection, tmp_path: Path
) -> None:
    beside = Beside(books.url)
    beside.pair()
    process_id = process_of(beside)
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(beside.pair())
        except Stopping as problem:
            answers.append(problem)

    # Pairing waits for what this transaction holds.
    bank.execute("LOCK TABLE ledger.pairing_pending IN ACCESS EXCLUSIVE MODE")
    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    begun = time.monotonic()
    beside.__exit__(None, None, None)
    asking.join(20)

    assert [type(one) for one in answers] == [Stopping]
    assert time.monotonic() - begun < 5
    assert not is_alive(process_id)
    with pytest.raises(Stopping):
        beside.pair()


def test_it_ends_with_the_process_that_started_it_however_that_ends(books: Database, tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import json, sys, time
        from loantrail.monitor.beside import Beside
        url = json.loads(sys.stdin.readline())
        beside = Beside(lambda: url)
        beside.pair()
        print(beside._pairing._process.pid, flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(json.dumps(books.url()) + "\n")
    parent.stdin.flush()
    process_id = int(parent.stdout.readline())
    assert is_alive(process_id)

    parent.kill()
    parent.communicate(timeout=20)

    limit = time.monotonic() + 10
    while is_alive(process_id) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not is_alive(process_id)

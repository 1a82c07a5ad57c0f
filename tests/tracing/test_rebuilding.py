"""Everything computed anew against what stands, in a real database: equal, or named, or put right."""

from __future__ import annotations

import io
import json
from pathlib import Path
from string import ascii_letters
from typing import Any

import polars as pl
import psycopg
import pytest
from click.testing import CliRunner
from tests.http.bank import BROKER, LOAN, LOT_FEN, QUIET, QUIET_LOAN, moment, write_books
from tests.http.warned import QUIET_THREAD, THREAD, hit_row, take_rows

from loantrail.cli.rebuild import command
from loantrail.early_warning.acting_on import act_on
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import Dispose, Disposition
from loantrail.errors import InputError
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import type_of_connection
from loantrail.tracing import snapshots
from loantrail.tracing.comparing import Compared
from loantrail.tracing.database import line_bounds, trace_books
from loantrail.tracing.rebuilding import KINDS, Outdated, Rebuilt, rebuild

pytestmark = pytest.mark.database


@pytest.fixture
def bank(
    connection: type_of_connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> type_of_connection:
    """The bank of three loans, traced."""
    monkeypatch.setenv("LOANTRAIL_HOME", str(tmp_path))
    snapshots.forget()
    write_books(connection)
    connection.execute("INSERT INTO parties.staff VALUES ('S2', 'U1', '风险经理二', 'risk_manager')")
    connection.commit()
    trace_books(connection)
    return connection


def did(connection: type_of_connection, statement: str, *values: object) -> None:
    assert connection.execute(statement.encode(), values).rowcount == 1
    connection.commit()


def transfer_to(connection: type_of_connection, account: str) -> str:
    row = connection.execute(
        "SELECT transfer_id FROM tracing.hop WHERE to_account = %s", (account,)
    ).fetchone()
    assert row is not None
    return row[0]


def kind(done: Rebuilt, name: str) -> Compared:
    return next(one for one in done.compared if one.name == name)


def counts(one: Compared) -> tuple[int, int, int]:
    return one.missing, one.extra, one.different


def unequal(done: Rebuilt) -> set[str]:
    return {one.name for one in done.compared if not one.is_equal}


def all_that_stands(connection: type_of_connection) -> list[list[Any]]:
    tables = (
        "tracing.run", "tracing.hop", "tracing.statement", "tracing.loan_summary", "tracing.lead", "signals.block",
        "rules.hit", "rules.evaluation", "early_warning.hit", "early_warning.thread", "early_warning.thread_event",
        "early_warning.outbox", "tracing.evaluation",
    )  # fmt: skip
    found = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
    connection.rollback()
    return found


def alter_signal(connection: type_of_connection) -> None:
    """One figure of one row of a block, the block whole and readable."""
    row = connection.execute("SELECT content FROM signals.block").fetchone()
    assert row is not None
    rows = pl.read_parquet(io.BytesIO(row[0]))
    changed = rows.with_columns(
        amount_fen=pl.when(pl.int_range(pl.len()) == 2).then(1).otherwise("amount_fen")
    )
    content = io.BytesIO()
    changed.write_parquet(content)
    did(connection, "UPDATE signals.block SET content = %s", content.getvalue())


def test_after_a_run_everything_is_equal_and_nothing_is_stored(bank: type_of_connection) -> None:
    line_bounds(bank, LOAN)
    before = all_that_stands(bank)
    done = rebuild(bank, stores=False)
    assert done.is_equal, [one for one in done.compared if not one.is_equal]
    assert [one.name for one in done.compared] == [one.name for one in KINDS]
    assert {one.name for one in done.compared if one.equal == 0} == {"bounds_on_request"}
    assert all_that_stands(bank) == before
    # Where all is equal there is nothing to replace.
    assert rebuild(bank) == done
    assert all_that_stands(bank) == before


def test_what_was_altered_is_named_and_put_right(bank: type_of_connection) -> None:
    row = bank.execute("SELECT version FROM early_warning.thread WHERE thread_id = %s", (THREAD,)).fetchone()
    assert row is not None
    act = Dispose(Disposition.TRUE_POSITIVE)
    act_on(bank, THREAD, act, "S1", row[0], "key-disposed", shipped_parameters())
    take_rows(
        bank,
        [hit_row("IDLE_FUNDS", Level.BLUE, 300_000, QUIET_LOAN, "乙放款", 10, "held_by_borrower")],
        codes=("IDLE_FUNDS",),
    )
    transfer = transfer_to(bank, BROKER)
    did(bank, "UPDATE tracing.hop SET to_account = 'X' WHERE to_account = %s", BROKER)
    did(bank, "DELETE FROM tracing.statement WHERE loan_id = %s AND use = 'cash'", LOAN)
    did(bank, "UPDATE tracing.loan_summary SET lead_count = 7")
    did(bank, "UPDATE rules.hit SET level = 'blue' WHERE rule_code = 'FLOW_SECURITIES'")
    did(bank, "UPDATE early_warning.hit SET amount_fen = 1 WHERE rule_code = 'CASH_OUT'")
    alter_signal(bank)

    before = all_that_stands(bank)
    found = rebuild(bank, stores=False)
    assert all_that_stands(bank) == before

    assert unequal(found) == {
        "hop", "statement", "bounds", "loan_summary", "signal", "rule_hit", "warning_hit",
    }  # fmt: skip
    hop = kind(found, "hop")
    assert (hop.equal, *counts(hop)) == (6, 0, 0, 1)
    assert hop.differences[0].names == {"loan_id": LOAN, "transfer_id": transfer}
    assert hop.differences[0].columns == (("to_account", "X", BROKER),)
    assert counts(kind(found, "statement")) == (1, 0, 0)
    assert kind(found, "statement").differences[0].names == {"loan_id": LOAN, "use": "cash"}
    assert kind(found, "loan_summary").differences[0].columns == (("lead_count", "7", "2"),)
    signal = kind(found, "signal")
    assert (signal.equal, *counts(signal)) == (7, 0, 0, 1)
    assert signal.differences[0].names["loan_id"] == LOAN
    assert [(name, old) for name, old, _ in signal.differences[0].columns] == [("amount_fen", "1")]
    assert [one.columns[0][:2] for one in kind(found, "rule_hit").differences] == [("level", "blue")]
    warned = kind(found, "warning_hit")
    assert counts(warned) == (0, 1, 1)
    assert [(one.state, one.names["rule_code"], one.names["loan_id"]) for one in warned.differences] == [
        ("different", "CASH_OUT", LOAN),
        ("extra", "IDLE_FUNDS", QUIET_LOAN),
    ]

    put_right = rebuild(bank)
    assert put_right.replaced
    assert put_right.unsettled == ()
    assert unequal(put_right) == unequal(found)
    again = rebuild(bank, stores=False)
    assert again.is_equal
    assert [one.digest for one in again.compared] == [one.digest for one in found.compared]

    threads = bank.execute(
        "SELECT thread_id, state, superseded, disposition, disposed_by FROM early_warning.thread"
    ).fetchall()
    assert sorted(threads) == sorted(
        [
            (THREAD, "open", False, "true_positive", "S1"),
            (QUIET_THREAD, "superseded", True, None, ""),
        ]
    )
    row = bank.execute("SELECT amount_fen FROM early_warning.hit WHERE rule_code = 'CASH_OUT'").fetchone()
    assert row == (10_000_000,)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signals.block SET content = 'no Parquet'",
        "UPDATE signals.block SET content = substring(content FROM 1 FOR 900)",
        "UPDATE signals.block SET row_count = row_count + 1",
        "UPDATE signals.block SET last_loan = last_loan || '9'",
    ],
)
def test_a_block_that_cannot_be_read_is_named_and_replaced(bank: type_of_connection, statement: str) -> None:
    did(bank, statement)
    found = rebuild(bank)
    assert unequal(found) == {"signal"}
    signal = kind(found, "signal")
    assert counts(signal) == (8, 0, 0)
    assert (signal.differences[0].state, signal.differences[0].names) == (
        "unreadable",
        {"part": "0", "block": "0"},
    )
    assert found.unsettled == ()
    assert rebuild(bank, stores=False).is_equal


@pytest.mark.heavy
def test_bounds_that_somebody_asked_for_are_compared_too(bank: type_of_connection) -> None:
    did(
        bank,
        "INSERT INTO ledger.disbursement (disbursement_id, loan_id, account, amount_fen, booked_at, reference,"
        " payment_mode, unit_id) VALUES ('FK2', %s, %s, %s, %s, '乙放款', 'autonomous_payment', 'U1')",
        QUIET_LOAN,
        QUIET,
        300_000 * LOT_FEN,
        moment(10),
    )
    trace_books(bank, anew=True)
    bank.execute("DELETE FROM tracing.lead WHERE loan_id = %s", (QUIET_LOAN,))
    assert kind(rebuild(bank, stores=False), "bounds_on_request").equal == 0
    assert line_bounds(bank, QUIET_LOAN)
    asked = kind(rebuild(bank, stores=False), "bounds_on_request")
    assert (asked.equal, asked.is_equal) == (1, True)
    did(bank, "UPDATE tracing.statement SET most_fen = most_fen + 1 WHERE loan_id = %s", QUIET_LOAN)
    assert unequal(rebuild(bank, stores=False)) == {"bounds_on_request"}
    done = rebuild(bank)
    assert (unequal(done), done.unsettled) == ({"bounds_on_request"}, ())
    # They go with the run, and are computed anew when somebody asks.
    assert kind(rebuild(bank, stores=False), "bounds_on_request").equal == 0


def test_a_run_that_is_out_of_date_is_brought_up_to_date_before_it_is_compared(
    bank: type_of_connection,
) -> None:
    did(
        bank,
        "INSERT INTO ledger.import_file (run_id, name, adapter, content_hash, size_bytes, software_version, started_at,"
        " rows_accepted) VALUES ('I1', '流水2.csv', 'test', '', 0, '0', now(), 1)",
    )
    did(bank, "UPDATE tracing.hop SET to_account = 'X' WHERE to_account = %s", BROKER)
    before = all_that_stands(bank)
    checked = rebuild(bank, stores=False)
    assert (checked.outdated, checked.compared, checked.is_equal) == ((Outdated.DATA,), (), False)
    assert all_that_stands(bank) == before
    done = rebuild(bank)
    assert (done.outdated, done.is_equal, done.replaced) == ((Outdated.DATA,), True, False)
    assert done.run_id != before[0][0][0]
    assert rebuild(bank, stores=False).outdated == ()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE tracing.run SET software_version = '0.0.1'", Outdated.SOFTWARE),
        ("UPDATE tracing.evaluation SET requested = requested + 1", Outdated.REQUESTED),
        (
            "INSERT INTO rules.event (rule_id, kind, at, by) SELECT min(rule_id), 'retire', now(), 'S1' FROM rules.rule_version",
            Outdated.RULES,
        ),
        (
            "INSERT INTO lists.entry (entry_id, request_key, list, scope, subject, reason, expires_on, content_hash, maker, made_at,"
            " checker, checked_at) VALUES ('E1', 'K1', 'black', 'account', '6204', '测试', now()::date - 2, repeat('0', 64), 'S1', now(),"
            " 'S2', now())",
            Outdated.LISTS,
        ),
    ],
)
def test_what_else_makes_a_run_out_of_date(
    bank: type_of_connection, statement: str, reason: Outdated
) -> None:
    # As if it had been traced some days ago: before the shipped rules were entered, which stand in the timeline too.
    early = {Outdated.RULES} if reason is Outdated.LISTS else set[Outdated]()
    if early:
        bank.execute("UPDATE rules.evaluation SET at = at - interval '5 days'")
    did(bank, statement)
    assert set(rebuild(bank, stores=False).outdated) == {reason} | early
    done = rebuild(bank)
    assert (set(done.outdated), done.is_equal) == ({reason} | early, True)


def test_books_that_were_never_traced_are_not_compared(connection: type_of_connection) -> None:
    write_books(connection)
    connection.commit()
    with pytest.raises(InputError, match="not been traced"):
        rebuild(connection)


def test_the_command_says_it_in_both_languages_and_by_its_status(
    bank: type_of_connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANTRAIL_DATABASE_URL", database_url)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    equal = CliRunner().invoke(command, ["--check"])
    assert (equal.exit_code, equal.stdout.splitlines()[-1]) == (0, "全部一致。")
    assert "资金流动：一致 7，缺少 0，多出 0，不同 0" in equal.stdout
    steps = equal.stderr.splitlines()
    assert (steps[0], steps[-1]) == ("读取账簿", "比对预警")
    assert not any(letter in "".join(steps) for letter in ascii_letters)
    transfer = transfer_to(bank, BROKER)
    did(bank, "UPDATE tracing.hop SET to_account = 'X' WHERE to_account = %s", BROKER)
    chinese = CliRunner().invoke(command, ["--check"])
    assert chinese.exit_code == 1
    assert f"不同：借据 {LOAN}，交易 {transfer}；to_account：现存 X，重算 {BROKER}" in chinese.stdout
    english = CliRunner().invoke(command, ["--check", "--english"])
    assert english.stderr.startswith("reading the books\njudging destinations\n")
    assert f"different: loan {LOAN}, transfer {transfer}; to_account: X stands, {BROKER} computed" in (
        english.stdout
    )
    told = json.loads(CliRunner().invoke(command, ["--json"]).stdout)
    assert (told["equal"], told["replaced"], told["unsettled"]) == (False, True, [])
    again = json.loads(CliRunner().invoke(command, ["--json", "--check"]).stdout)
    assert again["equal"]
    assert [one["digest"] for one in again["kinds"]] == [one["digest"] for one in told["kinds"]]
    did(bank, "UPDATE tracing.evaluation SET requested = requested + 1")
    outdated = CliRunner().invoke(command, ["--check", "--english"])
    assert (outdated.exit_code, "a change waits" in outdated.stdout) == (1, True)
    assert CliRunner().invoke(command, []).exit_code == 0


@pytest.mark.heavy
def test_nobody_else_traces_meanwhile(bank: type_of_connection, database_url: str) -> None:
    seen: list[bool] = []

    def look(_text: str) -> None:
        with psycopg.connect(database_url) as other:
            row = other.execute(
                "SELECT pg_try_advisory_lock(hashtext('loantrail.tracing.evaluation'))"
            ).fetchone()
            assert row is not None
            seen.append(row[0])

    rebuild(bank, stores=False, say=look)
    assert seen
    assert not any(seen)

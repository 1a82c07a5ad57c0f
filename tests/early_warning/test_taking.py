"""Hits of a run in the database: nothing is counted twice, nothing that a person did is lost."""

from __future__ import annotations

import threading
from typing import Any

import polars as pl
import psycopg
import pytest
from tests.http.bank import BROKER, LOAN, QUIET_LOAN, transfer_id, write_books
from tests.http.warned import (
    DAY,
    QUIET_HIT,
    QUIET_THREAD,
    THREAD,
    hit_row,
    take_rows,
    write_warnings,
)

from loantrail import clock
from loantrail.early_warning import store
from loantrail.early_warning.acting_on import ActRefused, ThreadChanged, act_on, assign_all
from loantrail.early_warning.frames import LEADS
from loantrail.early_warning.hits import PROVEN, Level, hits_of_leads
from loantrail.early_warning.model import (
    Act,
    ApproveLowering,
    Assign,
    Close,
    Dispose,
    Disposition,
    ProposeLowering,
    Snooze,
)
from loantrail.early_warning.taking import Payees, suppressed, sweep
from loantrail.errors import InputError
from loantrail.lists.acting import EntryRefused, approve, end, propose
from loantrail.lists.model import ListName, ListScope, Proposal
from loantrail.parameters import shipped_parameters
from loantrail.postgres.connection import configure, type_of_connection

pytestmark = pytest.mark.database
BOOK = shipped_parameters()
TRUE = Dispose(Disposition.TRUE_POSITIVE)
OTHER = "f" * 64


@pytest.fixture
def bank(connection: type_of_connection) -> type_of_connection:
    write_books(connection)
    write_warnings(connection)
    return connection


def everything(connection: type_of_connection) -> list[list[Any]]:
    """All that the warnings hold."""
    found = [
        connection.execute("SELECT * FROM early_warning.thread ORDER BY 1").fetchall(),
        connection.execute("SELECT * FROM early_warning.thread_event ORDER BY 1, 2").fetchall(),
        connection.execute("SELECT * FROM early_warning.hit ORDER BY 1").fetchall(),
        connection.execute("SELECT * FROM early_warning.outbox ORDER BY 1").fetchall(),
    ]
    connection.rollback()
    return found


def one(connection: type_of_connection, columns: str, thread_id: str = THREAD) -> tuple[Any, ...]:
    row = connection.execute(
        f"SELECT {columns} FROM early_warning.thread WHERE thread_id = %s", (thread_id,)
    ).fetchone()
    connection.rollback()
    assert row is not None
    return row


def did(connection: type_of_connection, act: Act, by: str = "S1", key: str = "") -> int:
    version = one(connection, "version")[0]
    done = act_on(connection, THREAD, act, by, version, key or f"key-{version:08}", BOOK)
    connection.commit()
    return done.thread.version


def test_a_night_that_is_run_again_changes_nothing(bank: type_of_connection) -> None:
    before = everything(bank)
    taken = take_rows(bank, [QUIET_HIT, hit_row()])
    assert (taken.opened, taken.changed) == (0, 0)
    assert everything(bank) == before


def test_hits_of_a_loan_gather_in_one_thread_with_what_is_proven(bank: type_of_connection) -> None:
    take_rows(
        bank,
        [
            hit_row(),
            hit_row("ROUND_TRIP", Level.YELLOW, 50_000, movement="回流", use="own_account"),
            QUIET_HIT,
        ],
    )
    assert one(bank, "level, amount_fen, proven_fen, rule_codes, version, unit_id") == (
        "red", 30_000_000, 25_000_000, ["FLOW_SECURITIES", "ROUND_TRIP"], 3, "U1",
    )  # fmt: skip
    hits = bank.execute(
        "SELECT payee_accounts, proven_fen, thread_id FROM early_warning.hit WHERE loan_id = %s ORDER BY rule_code",
        (LOAN,),
    ).fetchall()
    assert hits == [([BROKER], 25_000_000, THREAD), ([], None, THREAD)]


def test_what_is_no_longer_found_is_marked_and_what_people_did_stays(bank: type_of_connection) -> None:
    did(bank, TRUE)
    take_rows(bank, [])
    assert one(bank, "state, superseded, disposition, amount_fen") == ("open", True, "true_positive", 0)
    assert one(bank, "state, superseded", QUIET_THREAD) == ("superseded", True)
    assert bank.execute("SELECT count(*) FROM early_warning.hit WHERE standing").fetchone() == (0,)
    take_rows(bank, [hit_row(), QUIET_HIT])
    assert one(bank, "state, superseded, amount_fen") == ("open", False, 30_000_000)
    assert one(bank, "state, superseded", QUIET_THREAD) == ("open", False)


def test_the_outbox_tells_of_new_and_raised_ones(bank: type_of_connection) -> None:
    take_rows(bank, [hit_row(), hit_row("IDLE_FUNDS", Level.ORANGE, 300_000, QUIET_LOAN, "乙放款", 10)])
    told = bank.execute(
        "SELECT kind, thread_id, level FROM early_warning.outbox ORDER BY outbox_id"
    ).fetchall()
    assert told[-1] == ("raised", QUIET_THREAD, "orange")
    assert [row[0] for row in told] == ["new", "new", "raised"]


def test_a_timeline_cannot_be_changed_even_in_the_database(bank: type_of_connection) -> None:
    for statement in (
        "UPDATE early_warning.thread_event SET by = 'S2'",
        "DELETE FROM early_warning.thread_event",
        "TRUNCATE early_warning.thread_event",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
            bank.execute(statement)
        bank.rollback()


def test_nobody_approves_the_own_proposal_even_in_the_database(bank: type_of_connection) -> None:
    did(bank, ProposeLowering(Level.BLUE, "已核实"))
    with pytest.raises(ActRefused) as refused:
        did(bank, ApproveLowering(OTHER))
    assert refused.value.code == "maker_is_checker"
    bank.rollback()
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(
            "INSERT INTO early_warning.thread_event (thread_id, version, kind, at, by) "
            "VALUES (%s, 4, 'lowering_approved', now(), 'S1')",
            (THREAD,),
        )
    bank.rollback()
    [(asked,)] = bank.execute(
        "SELECT content_hash FROM published.waiting_approval WHERE kind = 'warning_lowering'"
    ).fetchall()
    with pytest.raises(ActRefused) as other:
        did(bank, ApproveLowering(OTHER), "S2")
    assert other.value.code == "content_changed"
    bank.rollback()
    with pytest.raises(psycopg.errors.CheckViolation, match="what was proposed"):
        bank.execute(
            "INSERT INTO early_warning.thread_event (thread_id, version, kind, at, by, data) "
            "VALUES (%s, 4, 'lowering_approved', now(), 'S2', jsonb_build_object('level', 'blue', 'content_hash', %s::text))",
            (THREAD, OTHER),
        )
    bank.rollback()
    did(bank, ApproveLowering(asked), "S2")
    assert one(bank, "level, lowering_by") == ("blue", "")


def test_an_act_sent_twice_is_one_and_an_old_view_is_told(bank: type_of_connection) -> None:
    first = act_on(bank, THREAD, TRUE, "S1", 2, "key-00000001", BOOK)
    again = act_on(bank, THREAD, TRUE, "S1", 2, "key-00000001", BOOK)
    bank.commit()
    assert (first.new, again.new) == (True, False)
    assert first.thread == again.thread
    with pytest.raises(ThreadChanged):
        act_on(bank, THREAD, Assign("S2"), "S2", 2, "key-00000002", BOOK)
    bank.rollback()
    with pytest.raises(InputError, match="used for something else"):
        act_on(bank, THREAD, Assign("S2"), "S1", 3, "key-00000001", BOOK)


def test_of_many_who_act_at_once_on_what_they_saw_one_does(
    bank: type_of_connection, database_url: str
) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(8)

    def act(number: int) -> None:
        with psycopg.connect(database_url) as own:
            configure(own)
            ready.wait()
            try:
                done = act_on(own, THREAD, TRUE, "S1", 2, f"key-{number // 2:08}", BOOK)
                own.commit()
                outcomes.append("new" if done.new else "again")
            except ThreadChanged:
                outcomes.append("changed")

    clients = [threading.Thread(target=act, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sorted(outcomes) == ["again", *["changed"] * 6, "new"]
    assert one(bank, "version") == (3,)


def test_several_are_assigned_at_once_and_what_cannot_be_is_said(bank: type_of_connection) -> None:
    did(bank, Assign("S2"))
    for _ in range(2):
        assert assign_all(bank, [THREAD, QUIET_THREAD], "S2", "S1", "bulk-00001", BOOK) == {
            THREAD: "assigned_already",
            QUIET_THREAD: "",
        }
        bank.commit()
    assert one(bank, "assignee, version", QUIET_THREAD) == ("S2", 3)
    with pytest.raises(InputError, match="nobody with the number"):
        assign_all(bank, [THREAD], "S9", "S1", "bulk-00002", BOOK)


def entry(
    bank: type_of_connection, scope: ListScope, subject: str, rule: str = "FLOW_SECURITIES"
) -> tuple[str, str]:
    """A proposal: `(its id, its hash)`."""
    until = clock.business_date(clock.now()) + (DAY - DAY.replace(day=1))
    wanted = Proposal(
        ListName.ALLOW, scope, subject, "每月代客理财", until, "S1", f"allow-{scope}-{subject}", rule, THREAD
    )
    made, new = propose(bank, wanted, BOOK)
    assert new
    assert propose(bank, wanted, BOOK) == (made, False)
    bank.commit()
    return made.entry_id, made.content_hash


@pytest.mark.parametrize(
    ("scope", "subject", "kept_out"),
    [
        (ListScope.LOAN, LOAN, True),
        (ListScope.ACCOUNT, BROKER, True),
        (ListScope.PARTY, "P1", True),
        (ListScope.PARTY, "P4", True),
        (ListScope.LOAN, QUIET_LOAN, False),
        (ListScope.PARTY, "P5", False),
    ],
)
def test_an_entry_in_force_keeps_its_hits_out_and_they_stay_visible(
    bank: type_of_connection, scope: ListScope, subject: str, kept_out: bool
) -> None:
    entry_id, proposed = entry(bank, scope, subject)
    assert take_rows(bank, [hit_row(), QUIET_HIT]).suppressed == 0  # proposed is not approved
    with pytest.raises(EntryRefused, match="same person"):
        approve(bank, entry_id, "S1", proposed)
    bank.rollback()
    approve(bank, entry_id, "S2", proposed)
    bank.commit()
    assert take_rows(bank, [hit_row(), QUIET_HIT]).suppressed == int(kept_out)
    assert one(bank, "state, amount_fen") == (("superseded", 0) if kept_out else ("open", 30_000_000))
    kept = bank.execute(
        "SELECT standing, suppressed_by FROM early_warning.hit WHERE loan_id = %s", (LOAN,)
    ).fetchone()
    assert kept == (True, entry_id if kept_out else None)
    end(bank, entry_id, "S2", "不再适用")
    bank.commit()
    take_rows(bank, [hit_row(), QUIET_HIT])
    assert one(bank, "state, amount_fen") == ("open", 30_000_000)


def test_a_hit_of_which_only_a_part_went_to_an_allowed_payee_still_warns(bank: type_of_connection) -> None:
    entry_id, proposed = entry(bank, ListScope.ACCOUNT, BROKER)
    approve(bank, entry_id, "S2", proposed)
    bank.commit()
    both = {**hit_row(), "transaction_ids": [transfer_id("入市"), transfer_id("取现")]}
    assert take_rows(bank, [both, QUIET_HIT]).suppressed == 0


@pytest.mark.parametrize(("party", "kept_out_by"), [("P9", "entry-1"), ("P8", None)])
def test_entries_for_all_payees_of_a_hit_together_keep_it_out(party: str, kept_out_by: str | None) -> None:
    hit = pl.DataFrame(
        {
            "hit_id": ["H"],
            "rule_code": ["FLOW_SECURITIES"],
            "loan_id": ["L"],
            "transaction_ids": [["T1", "T2"]],
        }
    )
    paid = pl.DataFrame(
        {"transaction_id": ["T1", "T2"], "account": ["A1", "A2"], "party_id": [None, "P9"]},
        schema={"transaction_id": pl.String, "account": pl.String, "party_id": pl.String},
    )
    allowed = pl.DataFrame(
        {
            "entry_id": ["entry-1", "entry-2"],
            "rule_code": ["FLOW_SECURITIES"] * 2,
            "scope": ["account", "party"],
            "subject": ["A1", party],
        }
    )
    borrowers = pl.DataFrame(schema={"loan_id": pl.String, "party_id": pl.String})
    told = suppressed(hit, allowed, Payees(paid, borrowers))
    assert told["suppressed_by"].to_list() == [kept_out_by]


def test_time_brings_back_what_was_put_aside(bank: type_of_connection) -> None:
    today = clock.business_date(clock.now())
    act_on(
        bank,
        QUIET_THREAD,
        Snooze(today + (DAY - DAY.replace(day=19)), "等合同"),
        "S1",
        2,
        "key-00000009",
        BOOK,
    )
    bank.commit()
    assert sweep(bank, BOOK, DAY) == 0
    bank.execute(
        "UPDATE early_warning.thread SET snoozed_until = current_date - 3 WHERE thread_id = %s",
        (QUIET_THREAD,),
    )
    bank.execute("ALTER TABLE early_warning.thread_event DISABLE TRIGGER thread_event_stays")
    bank.execute(
        "UPDATE early_warning.thread_event SET data = data || '{\"until\": \"2025-03-25\"}' WHERE kind = 'snoozed'"
    )
    assert sweep(bank, BOOK, DAY) == 1
    bank.commit()
    assert one(bank, "state", QUIET_THREAD) == ("open",)


def test_closing_takes_a_second_person_in_the_database_too(bank: type_of_connection) -> None:
    did(bank, Dispose(Disposition.FALSE_ALARM, "refund"))
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(
            "INSERT INTO early_warning.thread_event (thread_id, version, kind, at, by) "
            "VALUES (%s, 4, 'closed', now(), 'S1')",
            (THREAD,),
        )
    bank.rollback()
    did(bank, Close("已核实"), "S2")
    assert one(bank, "state") == ("closed",)
    assert store.threads_to_tick(bank, clock.now()) == []


LEAD_LEVELS = [
    # pattern, share in permille, proven permille, basis, level
    ("FLOW_SECURITIES", 99, None, "name", "yellow"),
    ("FLOW_SECURITIES", 100, None, "name", "orange"),
    ("FLOW_SECURITIES", 300, None, "account_kind", "red"),
    ("FLOW_SECURITIES", 300, None, "remark", "orange"),
    ("FLOW_SECURITIES", 50, None, "remark", "blue"),
    ("ROUND_TRIP", 299, None, "relation", "yellow"),
    ("ROUND_TRIP", 900, 299, "relation", "orange"),
    ("ROUND_TRIP", 900, 300, "relation", "red"),
    ("RAPID_IN_OUT", 900, 900, "document", "blue"),
    ("STRUCTURING", 900, None, "none", "yellow"),
]


@pytest.mark.parametrize(("pattern", "share", "proven", "basis", "level"), LEAD_LEVELS)
def test_a_lead_has_the_level_of_its_share_and_certainty(
    pattern: str, share: int, proven: int | None, basis: str, level: str
) -> None:
    loan_fen = 100_000_000
    leads = pl.DataFrame(
        [(LOAN, pattern, loan_fen * share // 1000, share * 1000, "securities", ["t1", "t2"], "x", "某")],
        schema=pl.Schema(LEADS),
        orient="row",
    )
    least = [] if proven is None else [(LOAN, "securities", loan_fen * proven // 1000)]
    times = pl.DataFrame(
        {
            "transaction_id": ["t1", "t2"],
            "booked_at": [clock.now().replace(hour=1), clock.now().replace(hour=2)],
        }
    )
    bases = pl.DataFrame({"transaction_id": ["t1", "t2"], "basis": [basis, basis]})
    found = hits_of_leads(
        leads, times, bases, pl.DataFrame(least, schema=pl.Schema(PROVEN), orient="row"), BOOK, DAY, "1"
    )
    assert found["level"].to_list() == [level]
    assert found["at"][0].hour == 2

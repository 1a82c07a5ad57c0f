"""Lines of strangers are committed while a borrower's line is being judged; they commute with it."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, RELATED
from tests.monitor.held_up import JudgingTakesLong, decisions, send
from tests.monitor.test_deciding import line, standing, to_securities
from tests.monitor.test_shown_later import (
    PAYEE,
    PAYER,
    among_strangers,
    assert_state_is_that_of_the_books,
    held_by,
)

from loantrail.monitor import committing, store
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.outstanding import judge_outstanding
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.waiting import Result
from loantrail.monitor.writing import Writer
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.tracing.database import trace_books

pytestmark = pytest.mark.database


def test_strangers_do_not_wait_for_a_borrowers_line_that_is_being_judged(
    writer: Writer,
    bank: type_of_connection,
    deciding: Deciding,
    slow: JudgingTakesLong,
    asked: psycopg.Connection[Any],
    database_url: str,
) -> None:
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)

    meanwhile = [send(writer, *among_strangers(f"N{number}", yuan=77 + number)) for number in range(3)]
    answered = [decisions(one) for one in meanwhile]
    is_judged = suspect.done()
    slow.goes_on.set()

    assert answered == [["allow", "allow"]] * 3
    assert not is_judged
    assert decisions(suspect) == ["review"]
    assert held_by(deciding).later_count == 6
    assert decisions(send(writer, to_securities("S2", 1_000, day=13))) != [None]
    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_whoever_has_to_do_with_what_is_being_judged_waits_for_it(
    writer: Writer, deciding: Deciding, slow: JudgingTakesLong, database_url: str
) -> None:
    suspect = send(
        writer, line("T1", BORROWER, 50_000, counterparty_account=PAYER, counterparty_name="某公司")
    )
    assert slow.has_begun.wait(30)

    from_payee = send(writer, line("T2", PAYER, 49_000, counterparty_account=PAYEE))
    of_one_amount = send(writer, line("T3", PAYEE, 50_000, direction="credit", counterparty_account="777"))
    of_one_side = send(writer, line("T4", RELATED, 5))
    stranger = send(writer, *among_strangers("N1", yuan=4_321)[1:], line("N2", "6400000000000003", 9))
    assert decisions(send(writer, line("N3", "6400000000000004", 11))) == ["allow"]
    waiting = [one.done() for one in (from_payee, of_one_amount, of_one_side, suspect)]
    slow.goes_on.set()

    assert waiting == [False] * 4
    for one in (suspect, from_payee, of_one_amount, of_one_side, stranger):
        assert None not in decisions(one)
    assert_state_is_that_of_the_books(deciding, database_url)


def test_guests_stay_in_the_books_when_their_host_fails(
    writer: Writer, deciding: Deciding, slow: JudgingTakesLong, database_url: str
) -> None:
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]

    slow.problem = psycopg.OperationalError("the server is away")
    slow.goes_on.set()
    with pytest.raises(Exception, match="the server is away"):
        suspect.result(30)
    slow.problem = None

    assert decisions(send(writer, to_securities("S1"))) == ["review"]
    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def shown_or_waiting(deciding: Deciding) -> list[str]:
    """Lines (ids) that the state knows, as often as it does."""
    held = held_by(deciding)
    later = held.later.first(held.later.groups)
    return [*held.lines.lines["line_id"].to_list(), *later["line_id"].to_list()]


def test_a_host_whose_commit_was_not_answered_is_found_in_the_books_and_its_guests_once(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)
    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    as_ever = deciding.committed

    def unanswered() -> None:
        if threading.current_thread().name == "live judging":
            raise psycopg.OperationalError("the answer to the commit was lost")
        as_ever()

    with monkeypatch.context() as broken:
        broken.setattr(deciding, "committed", unanswered)
        slow.goes_on.set()
        with pytest.raises(Exception, match="the answer to the commit was lost"):
            suspect.result(30)

    assert decisions(send(writer, to_securities("S2", 1_000, day=13))) == ["review"]
    known = shown_or_waiting(deciding)
    assert len(known) == len(set(known))
    assert_state_is_that_of_the_books(deciding, database_url)


def test_lines_that_pass_are_taken_once_however_soon_others_look(
    writer: Writer, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    is_committed, goes_on = threading.Event(), threading.Event()
    as_ever = deciding.committed

    def committed() -> None:
        if threading.current_thread().name == "live intake":
            is_committed.set()
            assert goes_on.wait(30)
        as_ever()

    monkeypatch.setattr(deciding, "committed", committed)
    passing = send(writer, *among_strangers("N1"))
    assert is_committed.wait(30)
    with Database(database_url).connect() as other:
        looking = threading.Thread(target=judge_outstanding, args=(other, deciding))
        looking.start()
        looking.join(0.5)
        goes_on.set()
        looking.join(30)

    assert decisions(passing) == ["allow", "allow"]
    known = shown_or_waiting(deciding)
    assert len(known) == len(set(known))


def test_a_group_of_which_it_cannot_be_told_who_may_pass_is_judged(
    writer: Writer, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: object) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(deciding, "lets_pass", breaks)

    assert decisions(send(writer, *among_strangers("N1"))) == ["allow", "allow"]
    assert writer.waiting()["rows"] == 0


def test_a_guest_that_would_have_to_wait_is_committed_after_its_host(
    writer: Writer,
    deciding: Deciding,
    slow: JudgingTakesLong,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    monkeypatch.setattr(store, "GUEST_PATIENCE", "50ms")
    suspect = send(writer, to_securities("S1"))
    assert slow.has_begun.wait(30)

    with psycopg.connect(database_url) as other:
        # Somebody else is half way through entering the same account.
        other.execute(
            "INSERT INTO ledger.account (account, account_number, institution, currency, has_lines, kind, auto_created) "
            "VALUES (%s, %s, '', 'CNY', true, 'unknown', true)",
            (PAYER, PAYER),
        )
        guest = send(writer, *among_strangers("N1"))
        with pytest.raises(TimeoutError):
            guest.result(1)
        other.rollback()
    slow.goes_on.set()

    assert decisions(suspect) == ["review"]
    assert decisions(guest) == ["allow", "allow"]
    assert decisions(send(writer, to_securities("S2", 1_000, day=13))) != [None]
    assert_state_is_that_of_the_books(deciding, database_url)


def test_a_request_that_is_repeated_while_it_is_judged_gets_the_same_answer(
    writer: Writer, bank: type_of_connection, slow: JudgingTakesLong
) -> None:
    body = json.dumps([to_securities("S1")]).encode()

    def keyed() -> Future[Result]:
        read = read_payload(body, JSON, "test")
        return writer.submit(committing.replace(read, key="K1", content_hash="c"))

    first = keyed()
    assert slow.has_begun.wait(30)
    other = writer.submit(
        committing.replace(
            read_payload(json.dumps(among_strangers("N1")).encode(), JSON, "test"), key="K1", content_hash="d"
        )
    )
    again = keyed()
    assert decisions(send(writer, line("N3", "6400000000000004", 11))) == ["allow"]
    slow.goes_on.set()

    assert decisions(first) == decisions(again) == ["review"]
    assert type(other.result(30)).__name__ == "KeyReused"
    lines = bank.execute(
        "SELECT count(*) FROM ledger.statement_line WHERE reference IN ('S1', 'N1-D')"
    ).fetchone()
    bank.rollback()
    assert lines == (1,)

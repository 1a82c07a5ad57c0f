"""Lines that can say nothing of any loan are answered at once and shown when others come that can, or when it is quiet."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, moment
from tests.monitor.test_deciding import line, post, standing, to_securities

from loantrail.monitor import deciding as module
from loantrail.monitor import passing
from loantrail.monitor.bystanders import View
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.held import Held
from loantrail.monitor.leading import Connecting
from loantrail.monitor.outstanding import judge_outstanding
from loantrail.monitor.payment import Decided, Payment
from loantrail.monitor.standing import Standing
from loantrail.postgres.connection import Database, type_of_connection

pytestmark = pytest.mark.database
PAYER, PAYEE = "6400000000000001", "6400000000000002"


def among_strangers(reference: str, yuan: int = 4_321, **values: Any) -> list[dict[str, Any]]:
    return [
        line(f"{reference}-D", PAYER, yuan, counterparty_account=PAYEE, **values),
        line(f"{reference}-C", PAYEE, yuan, counterparty_account=PAYER, **values) | {"direction": "credit"},
    ]


def held_by(deciding: Deciding) -> Held:
    assert deciding._held is not None
    return deciding._held


def assert_state_is_that_of_the_books(deciding: Deciding, database_url: str) -> None:
    fresh = Deciding(Connecting(Database(database_url)))
    fresh.want()
    fresh.wait()
    mine, theirs = held_by(deciding).standing, held_by(fresh).standing
    assert mine.index.transactions.all().equals(theirs.index.transactions.all())
    assert balances_of(mine) == balances_of(theirs)


def balances_of(standing: Standing) -> dict[str, int]:
    """Of the accounts that hold something: one that was only asked about has a number, too."""
    fen = standing.trace.result().balance_fen.tolist()
    return {name: held for name, held in zip(standing.known.names, fen, strict=True) if held}


def test_lines_of_strangers_wait_until_one_comes_that_concerns_a_loan(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    transactions = held_by(deciding).standing.index.transaction_count

    quiet = post(bank, deciding, *among_strangers("N1"))
    waiting, shown = held_by(deciding).later_count, held_by(deciding).standing.index.transaction_count
    [flagged] = post(bank, deciding, to_securities("S1"))

    assert [row.decision for row in quiet] == ["allow", "allow"]
    assert (waiting, shown) == (2, transactions)
    assert flagged.decision == "review"
    assert held_by(deciding).later_count == 0
    assert held_by(deciding).standing.index.transaction_count == transactions + 2
    assert_state_is_that_of_the_books(deciding, database_url)


def test_they_are_shown_when_it_is_quiet(
    bank: type_of_connection, deciding: Deciding, database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))
    post(bank, deciding, *among_strangers("N2", yuan=77))

    judge_outstanding(bank, deciding)

    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def test_they_do_not_grow_without_end(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(module, "SHOWN_FROM", 5)

    waiting: list[int] = []
    for number in range(4):
        post(bank, deciding, *among_strangers(f"N{number}", yuan=1_000 + number))
        held_by(deciding).finish_showing()
        waiting.append(held_by(deciding).later_count)

    assert waiting == [2, 4, 0, 2]
    post(bank, deciding, to_securities("S1"))
    assert_state_is_that_of_the_books(deciding, database_url)


def test_while_some_are_shown_others_are_answered_and_wait(
    bank: type_of_connection, deciding: Deciding, held_up: threading.Event, database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))
    assert held_by(deciding).showing is not None

    meanwhile = post(bank, deciding, *among_strangers("N2", yuan=77))
    asked = deciding.decide(Payment(moment(13), moment(13), PAYER, 5_500, counterparty_account=PAYEE))
    waiting = held_by(deciding).later_count
    held_up.set()
    held_by(deciding).finish_showing()

    assert [row.decision for row in meanwhile] == ["allow", "allow"]
    assert asked is not None
    assert asked.decision == "allow"
    assert (waiting, held_by(deciding).later_count) == (4, 2)
    post(bank, deciding, to_securities("S1"))
    assert_state_is_that_of_the_books(deciding, database_url)


def test_who_may_concern_a_loan_waits_until_the_others_are_shown(
    bank: type_of_connection, deciding: Deciding, held_up: threading.Event, database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))
    threading.Timer(0.3, held_up.set).start()

    [flagged] = post(bank, deciding, to_securities("S1"))

    assert flagged.decision == "review"
    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def test_questions_do_not_take_the_connection_that_showing_needs(
    bank: type_of_connection, books: Database, held_up: threading.Event
) -> None:
    with books.pool(most=3, wait_seconds=5.0) as pool:
        deciding = Deciding(pool)
        deciding.want()
        deciding.wait()
        post(bank, deciding, *among_strangers("N1"))
        suspect = Payment(moment(13), moment(13), BORROWER, 12_000_000, counterparty_account="310099000077")
        answers: list[object] = []
        asking = [threading.Thread(target=lambda: answers.append(deciding.decide(suspect))) for _ in range(4)]
        for one in asking:
            one.start()
        threading.Timer(0.5, held_up.set).start()
        for one in asking:
            one.join(20)

    assert len(answers) == 4
    assert all(isinstance(one, Decided) for one in answers)


def test_no_more_wait_than_may_while_others_are_shown(
    bank: type_of_connection,
    deciding: Deciding,
    held_up: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    for where in (module, passing):
        monkeypatch.setattr(where, "LATER_MOST", 3)
    post(bank, deciding, *among_strangers("N1"))
    threading.Timer(0.3, held_up.set).start()

    post(bank, deciding, *among_strangers("N2", yuan=77))

    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def test_a_state_that_broke_while_it_was_shown_lines_is_built_anew(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(module, "SHOWN_FROM", 2)
    with monkeypatch.context() as broken:
        broken.setattr(Standing, "settle", breaks)
        post(bank, deciding, *among_strangers("N1"))
        showing = held_by(deciding).showing
        assert showing is not None
        with pytest.raises(RuntimeError):
            showing.outcome()

    [taken] = post(bank, deciding, to_securities("S1"))
    deciding.want()
    deciding.wait()
    [judged] = post(bank, deciding, to_securities("S2", yuan=9_000))

    assert (taken.outcome, taken.decision) == ("accepted", None)
    assert judged.decision == "review"
    assert_state_is_that_of_the_books(deciding, database_url)


def test_lines_that_say_something_after_all_are_left_to_who_may_judge_them(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    monkeypatch.setattr(module, "SHOWN_FROM", 1)
    with monkeypatch.context() as careless:
        careless.setattr(View, "are_all", lambda *_: True)
        post(bank, deciding, to_securities("S1"))
        held_by(deciding).finish_showing()
        assert held_by(deciding).is_to_judge
        post(bank, deciding, *among_strangers("N1"))

    assert "FLOW_SECURITIES" in {row[1] for row in standing(asked)}
    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def test_those_that_could_not_be_committed_do_not_wait(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("loantrail.monitor.store.keep_answers", fail)
        post(bank, deciding, *among_strangers("N2", yuan=77))
    waiting = held_by(deciding).later_count
    post(bank, deciding, *among_strangers("N2", yuan=77))

    assert waiting == 2
    assert held_by(deciding).later_count == 4
    post(bank, deciding, to_securities("S1"))
    assert_state_is_that_of_the_books(deciding, database_url)


def test_a_question_about_strangers_is_answered_without_looking(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))
    hits = standing(asked)

    strangers = deciding.decide(Payment(moment(13), moment(13), PAYER, 5_500, counterparty_account=PAYEE))
    waiting = held_by(deciding).later_count
    broker = {"counterparty_account": "310099000077", "counterparty_name": "华东证券股份有限公司"}
    suspect = deciding.decide(
        Payment(moment(13), moment(13), BORROWER, 12_000_000, **broker, purpose_text="银证转账")
    )

    assert strangers is not None
    assert suspect is not None
    assert (strangers.decision, strangers.traced, suspect.decision) == ("allow", (), "review")
    assert (waiting, held_by(deciding).later_count) == (2, 0)
    assert standing(asked) == hits
    assert_state_is_that_of_the_books(deciding, database_url)


def test_who_follows_another_process_has_nothing_waiting(
    bank: type_of_connection, deciding: Deciding, database_url: str
) -> None:
    post(bank, deciding, *among_strangers("N1"))
    post(bank, None, *among_strangers("N2", yuan=77))

    with Database(database_url).connect() as connection:
        deciding.follow(connection)

    assert held_by(deciding).later_count == 0
    assert_state_is_that_of_the_books(deciding, database_url)


def test_who_follows_another_process_goes_on_when_lines_were_sent_again_to_it(
    bank: type_of_connection, deciding: Deciding, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINES_AT_ONCE", 3)
    for _ in range(3):
        post(bank, None, *among_strangers("N1"))
    post(bank, None, line("N2", PAYER, 77))

    with Database(database_url).connect() as connection:
        deciding.follow(connection)

    assert deciding.is_ready
    assert_state_is_that_of_the_books(deciding, database_url)

"""Who asks about a payment keeps nobody from the state while it is judged, and is told what judging it at once tells."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from tests.http.bank import BORROWER, QUIET, RELATED, SUPPLIER, moment
from tests.monitor.test_deciding import BROKER_OUTSIDE, post, standing, to_securities
from tests.monitor.two_writers import wait_for

from loantrail import clock
from loantrail.errors import LimitExceeded, Place
from loantrail.ledger.booked_ahead import BOOKED_AHEAD_MOST
from loantrail.monitor.asking import Aside
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.judging import Look
from loantrail.monitor.payment import BEHIND_MOST, BooksAhead, Decided, Payment
from loantrail.monitor.standing import Standing
from loantrail.monitor.tail import Lines
from loantrail.postgres.connection import type_of_connection
from loantrail.tracing.live_digest import state_digest

pytestmark = pytest.mark.database


def payment(yuan: int, **more: Any) -> Payment:
    return Payment(moment(12), moment(12), more.pop("account", BORROWER), yuan * 100, **more)


FINE = payment(5_000, counterparty_account="98762", counterparty_name="保证金", purpose_text="存入保证金")
"""The loan is looked at, as it becomes margin, but it is little."""
SUSPECT = payment(
    120_000,
    counterparty_account=BROKER_OUTSIDE,
    counterparty_name="华东证券股份有限公司",
    purpose_text="银证转账",
)
OTHERS = (
    payment(10_000, counterparty_account=SUPPLIER, purpose_text="棉纱货款"),
    payment(50_000, purpose_text="取现"),
    payment(250_000, purpose_text="现金支取"),
    payment(100_000, counterparty_account=RELATED),
    payment(3, account=QUIET, counterparty_account="999", counterparty_name="食堂"),
    payment(30_000, counterparty_account="98761", counterparty_name="王小明", purpose_text="利息"),
)


class Judged:
    """Judging what was taken aside begins, and goes on when a test lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun, self.goes_on = threading.Event(), threading.Event()
        as_ever = Aside.decided

        def decided(aside: Aside) -> Decided | None:
            self.has_begun.set()
            assert self.goes_on.wait(30)
            return as_ever(aside)

        monkeypatch.setattr(Aside, "decided", decided)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Judged]:
    made = Judged(monkeypatch)
    yield made
    made.goes_on.set()


def begun(work: Callable[[], object]) -> tuple[threading.Thread, list[Any]]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()
    return thread, answers


def test_lines_are_judged_and_questions_answered_while_a_question_is_judged(
    bank: type_of_connection, deciding: Deciding, judged: Judged
) -> None:
    thread, answers = begun(lambda: deciding.decide(FINE))
    assert judged.has_begun.wait(20)

    [line] = post(bank, deciding, to_securities("S1"))
    other = deciding.decide(OTHERS[4])

    assert answers == []
    judged.goes_on.set()
    thread.join(20)
    assert line.decision == "review"
    assert other is not None
    assert other.decision == "allow"
    [fine] = answers
    assert fine.decision == "allow"
    assert [one.amount_fen for one in fine.traced] == [500_000], "of the moment at which it was asked"


def test_a_payment_that_a_hit_rests_on_is_told_from_the_state_as_it_is_by_then(
    bank: type_of_connection, deciding: Deciding, judged: Judged
) -> None:
    thread, answers = begun(lambda: deciding.decide(SUSPECT))
    assert judged.has_begun.wait(20)
    before = deciding._put(SUSPECT, aside=False)
    post(bank, deciding, to_securities("S1", 100_000))
    judged.goes_on.set()
    thread.join(20)

    [suspect] = answers
    assert suspect.decision == "review"
    assert suspect == deciding._put(SUSPECT, aside=False) != before


def test_what_is_told_aside_is_what_is_told_at_once(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    held = deciding._held
    assert held is not None
    digest, hits = state_digest(held.standing.trace), standing(asked)

    told = {one: deciding.decide(one) for one in (FINE, SUSPECT, *OTHERS)}

    assert {one: deciding._put(one, aside=False) for one in told} == told
    assert {said.decision for said in told.values() if said is not None} == {"allow", "review"}
    assert sum(isinstance(deciding._put(one, aside=True), Aside) for one in told) > 2
    assert state_digest(held.standing.trace) == digest
    assert standing(asked) == hits


def test_what_goes_wrong_while_a_question_is_judged_is_told_and_the_state_stays(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_look: Look) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Look, "judged", broken)
        with pytest.raises(ZeroDivisionError):
            deciding.decide(FINE)

    wait_for(lambda: deciding.is_ready)
    again = deciding.decide(FINE)
    assert again is not None
    assert again.decision == "allow"
    assert post(bank, deciding, to_securities("S1"))[0].decision == "review"


def told_of(deciding: Deciding, asked: Payment) -> Decided:
    """What is decided once there is a state."""
    for _ in range(5):
        if (told := deciding.decide(asked)) is not None:
            return told
    raise AssertionError("no state came to be")


def strangers(yuan: int, at: datetime.datetime) -> dict[str, Any]:
    """A line that says nothing of any loan."""
    return {
        "booked_at": at.isoformat(), "account": "7000001", "direction": "debit", "amount_fen": yuan * 100,
        "reference": f"Z{yuan}", "counterparty_account": "7000002",
    }  # fmt: skip


def test_a_payment_is_told_for_the_instant_that_it_is_judged_for_and_not_long_before_a_line_of_the_books(
    bank: type_of_connection, deciding: Deciding
) -> None:
    told = told_of(deciding, SUSPECT)
    assert (told.decision, told.at) == ("review", SUSPECT.at)

    post(bank, deciding, strangers(1, SUSPECT.at + BEHIND_MOST))
    later = told_of(deciding, SUSPECT)
    assert (later.decision, later.at) == ("review", SUSPECT.at + BEHIND_MOST)

    post(bank, deciding, strangers(2, SUSPECT.at + BEHIND_MOST + datetime.timedelta(minutes=1)))
    with pytest.raises(BooksAhead, match="2025-03"):
        told_of(deciding, SUSPECT)


def test_where_lines_of_strangers_cannot_be_shown_no_decision_is_given_by_a_state_that_broke_off(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(bank, deciding, strangers(1, SUSPECT.at))
    assert deciding._held is not None
    assert deciding._held.later_count

    def breaks_off(_standing: Standing, _lines: Lines) -> Any:
        raise LimitExceeded("a balance would be too large", Place(), "Check the amounts")

    with monkeypatch.context() as patch:
        patch.setattr(Standing, "show", breaks_off)
        with pytest.raises(LimitExceeded):
            deciding.decide(FINE)
        assert deciding._held is None

    assert told_of(deciding, SUSPECT).decision == "review"


def test_a_line_far_ahead_of_now_and_of_the_books_is_refused(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = clock.now() + BOOKED_AHEAD_MOST
    early, late = (soon + datetime.timedelta(minutes=one) for one in (-1, 1))

    told = post(bank, deciding, strangers(1, late), strangers(2, early), strangers(3, SUSPECT.at))

    assert [(one.outcome, one.field, one.reason) for one in told] == [
        ("refused", "booked_at", "booked_in_future"),
        ("accepted", None, None),
        ("accepted", None, None),
    ]
    # A clock that went back refuses nothing that stands near the books' last line.
    monkeypatch.setattr(clock, "now", lambda: SUSPECT.at)
    [later] = post(bank, None, strangers(4, late))
    assert later.outcome == "accepted"

"""Lines are judged in the transaction that brings them into the books: a warning stands when the sender has its answer."""

from __future__ import annotations

import datetime
import json
import threading
from typing import Any

import psycopg
import pytest
from tests.decided import decide_parameter
from tests.http.bank import BORROWER, LOAN, QUIET, QUIET_LOAN, RELATED, SUPPLIER, moment

from loantrail.clock import business_date
from loantrail.errors import InputError
from loantrail.monitor import judging
from loantrail.monitor.committing import commit_group
from loantrail.monitor.deciding import Deciding
from loantrail.monitor.leading import Connecting
from loantrail.monitor.model import Answered, RowAnswer
from loantrail.monitor.outstanding import judge_outstanding
from loantrail.monitor.payload import JSON, read_payload
from loantrail.monitor.payment import Payment
from loantrail.postgres.connection import Database, type_of_connection
from loantrail.rules.evaluate import ReadyRules
from loantrail.tracing import database as tracing
from loantrail.tracing.database import trace_anew, trace_books
from loantrail.tracing.ground import Ground
from loantrail.tracing.live_digest import state_digest
from loantrail.tracing.model import Convention

pytestmark = pytest.mark.database
BROKER_OUTSIDE = "310099000077"
HITS = (
    "SELECT hit_id, rule_code, loan_id, level, amount_fen, share_ppm, destination_class, transaction_ids, explanation, "
    "explanation_chinese FROM early_warning.hit WHERE standing ORDER BY hit_id"
)


def line(reference: str, account: str, yuan: int, day: int = 12, **values: Any) -> dict[str, Any]:
    return {
        "booked_at": moment(day).isoformat(),
        "account": account,
        "direction": "debit",
        "amount_fen": yuan * 100,
        "reference": reference,
        **values,
    }


def to_securities(reference: str, yuan: int = 120_000, **values: Any) -> dict[str, Any]:
    names = {"counterparty_account": BROKER_OUTSIDE, "counterparty_name": "华东证券股份有限公司"}
    return line(reference, BORROWER, yuan, purpose_text="银证转账", **names, **values)


def post(connection: type_of_connection, judge: Deciding | None, *rows: dict[str, Any]) -> list[RowAnswer]:
    [answer] = commit_group(connection, [read_payload(json.dumps(rows).encode(), JSON, "test")], judge)
    assert isinstance(answer, Answered)
    return list(answer.rows)


def standing(asked: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return asked.execute(HITS).fetchall()


def codes(rows: list[tuple[Any, ...]], loan: str = LOAN) -> set[str]:
    return {row[1] for row in rows if row[2] == loan}


def test_loan_money_on_its_way_into_securities_is_to_be_reviewed(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    harmless = line("A1", QUIET, 20, counterparty_name="食堂", counterparty_account="999")

    flagged, quiet = post(bank, deciding, to_securities("S1"), harmless)

    assert (flagged.decision, quiet.decision) == ("review", "allow")
    assert "FLOW_SECURITIES" in {hit.rule_code for hit in flagged.hits}
    assert all(hit.loan_id == LOAN for hit in flagged.hits)
    hit = next(row for row in standing(asked) if row[1] == "FLOW_SECURITIES" and row[2] == LOAN)
    assert flagged.line_id in hit[7]


def test_what_was_judged_live_is_what_a_run_over_the_books_finds(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, to_securities("S1", 20_000), line("K1", BORROWER, 30_000, purpose_text="取现"))
    post(bank, deciding, to_securities("S2", 60_000, day=13))
    post(bank, deciding, line("K2", QUIET, 250_000, day=14, purpose_text="现金支取"))
    live = standing(asked)

    trace_books(bank)

    run = standing(asked)
    judged = [row for row in live if row[2] in (LOAN, QUIET_LOAN)]
    assert judged == run


def test_whom_a_line_names_first_is_known_by_that_name(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    """What a person is lent counts from a larger sum on than what a lender gets, and only the name says that this is a person."""
    person = {"counterparty_account": "310099000088", "counterparty_name": "吴六"}

    [lent] = post(bank, deciding, line("W1", BORROWER, 15_000, 12, purpose_text="借款", **person))

    assert lent.decision == "allow"
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_a_transfer_within_the_bank_is_judged_when_both_its_lines_are_there(
    bank: type_of_connection, deciding: Deciding
) -> None:
    debit = line("T1", BORROWER, 100_000, counterparty_account=RELATED)
    credit = line("T1", RELATED, 100_000, direction="credit", counterparty_account=BORROWER)

    [alone] = post(bank, deciding, debit)
    [both] = post(bank, deciding, credit)
    [onward] = post(
        bank, deciding, line("T2", RELATED, 100_000, day=13, counterparty_account=BROKER_OUTSIDE,
                             counterparty_name="华东证券股份有限公司", purpose_text="银证转账")
    )  # fmt: skip

    assert (alone.decision, both.decision) == ("allow", "allow")
    assert onward.decision == "review"
    assert {hit.loan_id for hit in onward.hits} == {LOAN}


def test_without_a_state_rows_are_taken_in_and_judged_by_the_next_run(
    bank: type_of_connection, database_url: str, asked: psycopg.Connection[Any]
) -> None:
    cold = Deciding(Connecting(Database(database_url)))

    [row] = post(bank, cold, to_securities("S1"))

    assert (row.outcome, row.decision) == ("accepted", None)
    cold.wait()
    trace_books(bank)
    assert row.line_id in [one for hit in standing(asked) for one in hit[7]]


def test_a_group_that_is_rolled_back_leaves_no_warning_and_the_next_one_is_right(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = standing(asked)

    def torn(self: object) -> None:
        raise psycopg.OperationalError("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(Deciding, "committed", torn)
        patch.setattr(psycopg.Connection, "commit", torn)
        with pytest.raises(Exception, match="broke"):
            post(bank, deciding, to_securities("S1"))
    bank.rollback()
    assert standing(asked) == before

    [again] = post(bank, deciding, to_securities("S1"))

    assert again.decision == "review"
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_a_run_over_earlier_books_leaves_the_warnings_of_later_lines_alone(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    earlier = trace_anew(bank, Convention.FIFO)
    bank.rollback()

    post(bank, deciding, to_securities("S1"))
    tracing.store_traced(bank, earlier)

    hit = next(row for row in standing(asked) if row[1] == "FLOW_SECURITIES" and row[2] == LOAN)
    assert hit[4] >= 120_000 * 100


def test_lines_of_an_import_are_judged_when_they_are_there(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    post(bank, None, to_securities("S1"))
    assert "FLOW_SECURITIES" not in {row[1] for row in standing(asked) if 12_000_000 <= row[4] < 30_000_000}

    judge_outstanding(bank, deciding)

    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_numbers_that_the_bank_decided_are_judged_by_from_their_day_on_without_a_restart(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    day = moment(13).date()
    for name in ("misuse_final_use_retail_fen", "misuse_final_use_company_fen"):
        decide_parameter(asked, name, 10**14, day)
    decide_parameter(asked, "misuse_final_use_share_ppm", 100_000_000, day)
    asked.commit()

    [before] = post(bank, deciding, to_securities("S1", 60_000))
    [after] = post(bank, deciding, to_securities("S2", 60_000, day=13))

    assert "FLOW_SECURITIES" in {hit.rule_code for hit in before.hits}
    assert after.decision is not None
    assert "FLOW_SECURITIES" not in {hit.rule_code for hit in after.hits}
    live = standing(asked)
    asked.rollback()
    trace_books(bank)
    assert live == standing(asked), "a run over the books finds the same"


def test_the_state_is_made_anew_on_the_day_a_number_changes(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    decide_parameter(asked, "payroll_payees_same_day", 7, moment(13).date())
    asked.commit()
    assert post(bank, deciding, to_securities("S1"))[0].decision is not None
    assert post(bank, deciding, to_securities("S2", 1_000, day=13))[0].decision is not None

    [row] = post(bank, deciding, to_securities("S3", 1_000, day=13))

    assert row.decision is None, "what was judged before is judged by the new number first"
    deciding.wait()
    assert post(bank, deciding, to_securities("S4", 1_000, day=13))[0].decision is not None


def test_a_payment_not_made_yet_is_judged_and_leaves_nothing_behind(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    hits = standing(asked)
    lines = asked.execute("SELECT count(*) FROM ledger.statement_line").fetchone()
    held = deciding._held
    assert held is not None
    digest, transactions = state_digest(held.standing.trace), held.standing.index.transactions.all()
    broker = {"counterparty_account": BROKER_OUTSIDE, "counterparty_name": "华东证券股份有限公司"}

    suspect = deciding.decide(
        Payment(moment(12), moment(12), BORROWER, 12_000_000, **broker, purpose_text="银证转账")
    )
    fine = deciding.decide(
        Payment(
            moment(12),
            moment(12),
            BORROWER,
            1_000_000,
            counterparty_account=SUPPLIER,
            purpose_text="棉纱货款",
        )
    )

    assert suspect is not None
    assert fine is not None
    assert suspect.decision == "review"
    assert [(one.loan_id, one.amount_fen, one.use) for one in suspect.traced] == [
        (LOAN, 12_000_000, "securities")
    ]
    assert fine.decision == "allow"
    assert [one.amount_fen for one in fine.traced] == [1_000_000]
    assert standing(asked) == hits
    assert asked.execute("SELECT count(*) FROM ledger.statement_line").fetchone() == lines
    assert held.standing.index.transactions.all().equals(transactions)
    assert state_digest(held.standing.trace) == digest
    with pytest.raises(InputError, match="no statement"):
        deciding.decide(Payment(moment(12), moment(12), "nobody", 100))


def test_who_asks_first_does_not_wait_for_the_rules_to_be_read_and_of_each_day_they_are_read_once(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    days: list[datetime.date] = []
    read = judging.ready_rules

    def reading(*asked: Any) -> ReadyRules:
        days.append(asked[1])
        return read(*asked)

    monkeypatch.setattr(judging, "ready_rules", reading)
    broker = {"counterparty_account": BROKER_OUTSIDE, "counterparty_name": "华东证券股份有限公司"}
    assert deciding._held is not None
    now = deciding._held.standing.index.as_of

    def decision(at: datetime.datetime) -> str | None:
        found = deciding.decide(Payment(at, at, BORROWER, 12_000_000, **broker))
        return found and found.decision

    assert decision(now) == "review"
    assert days == []
    later = [decision(now + datetime.timedelta(days=day)) for day in (3, 0, 3, 0)]
    assert later == ["review"] * 4
    assert days == [business_date(now) + datetime.timedelta(days=3)]


def test_half_a_transfer_raises_no_warning_when_another_line_comes(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    before = codes(standing(asked))
    half = line("T1", BORROWER, 140_000, counterparty_account=RELATED, purpose_text="银证转账")

    [alone] = post(bank, deciding, half)
    [other] = post(bank, deciding, line("T2", BORROWER, 10, day=13, counterparty_account="999"))

    assert (alone.decision, alone.undecided, other.decision) == (None, "half", "allow")
    assert codes(standing(asked)) == before


def test_a_payment_is_judged_whatever_halves_of_transfers_came_before_it(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    half = {"counterparty_account": RELATED, "purpose_text": "银证转账"}
    post(bank, deciding, line("T1", BORROWER, 60_000, **half))

    [whole] = post(bank, deciding, to_securities("S1", 60_000, day=13))
    told = standing(asked)
    [again] = post(bank, deciding, line("T2", BORROWER, 40_000, day=14, **half))

    assert (whole.decision, again.decision, again.undecided) == ("review", None, "half")
    assert "FLOW_SECURITIES" in {hit.rule_code for hit in whole.hits}
    assert standing(asked) == told


def test_halves_that_a_run_took_for_payments_keep_nothing_back(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    [alone] = post(
        bank, deciding, line("T1", BORROWER, 60_000, counterparty_account=RELATED, purpose_text="银证转账")
    )
    trace_books(bank)
    deciding.wait()
    [other] = post(bank, deciding, line("T2", BORROWER, 10, day=13, counterparty_account="999"))
    deciding.wait()
    run = standing(asked)

    [whole] = post(bank, deciding, to_securities("S1", 30_000, day=13))

    assert other.undecided != "half"
    assert whole.decision == "review"
    [hit] = [row for row in standing(asked) if row[1] == "FLOW_SECURITIES" and row[2] == LOAN]
    [before] = [row for row in run if row[1] == "FLOW_SECURITIES" and row[2] == LOAN]
    assert set(hit[7]) == {*before[7], whole.line_id}
    assert alone.line_id in before[7]


def test_a_question_waits_for_the_commit_of_lines_that_are_being_judged(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = {"counterparty_account": BROKER_OUTSIDE, "counterparty_name": "华东证券股份有限公司"}
    question = Payment(moment(12), moment(12), BORROWER, 1_000_000, **broker)
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(deciding.decide(question)))
    judged = Deciding.committed

    def asked_meanwhile(self: Deciding) -> None:
        thread.start()
        thread.join(0.5)
        assert answers == []
        judged(self)

    with monkeypatch.context() as patch:
        patch.setattr(Deciding, "committed", asked_meanwhile)
        post(bank, deciding, to_securities("S1", 60_000))
    thread.join(20)
    post(bank, deciding, to_securities("S2", 30_000, day=13))

    assert len(answers) == 1
    live = standing(asked)
    trace_books(bank)
    assert standing(asked) == live


def test_a_state_that_another_run_replaced_judges_no_more_until_it_is_made_anew(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any]
) -> None:
    post(bank, deciding, to_securities("S1", 60_000))
    trace_books(bank)

    [unjudged] = post(bank, deciding, to_securities("S2", 30_000, day=13))
    deciding.wait()
    [judged] = post(bank, deciding, line("S3", BORROWER, 10, day=14, counterparty_account="999"))

    assert (unjudged.decision, judged.decision) == (None, "allow")
    trace_books(bank)
    assert "FLOW_SECURITIES" in codes(standing(asked))


def test_while_the_state_of_a_run_made_here_is_being_made_the_one_before_goes_on_judging(
    bank: type_of_connection, deciding: Deciding, asked: psycopg.Connection[Any], database_url: str
) -> None:
    with Database(database_url).connect() as tracing_connection:

        def traced(connection: type_of_connection, found: Ground) -> None:
            # The run stands by now, and its state is yet to be made.
            [between] = post(bank, deciding, to_securities("S1", 60_000))
            assert between.decision == "review"
            deciding.rebase(connection, found)

        deciding.expect(True)
        trace_books(tracing_connection, on_traced=traced)
        deciding.expect(False)

    [later] = post(bank, deciding, to_securities("S2", 30_000, day=13))
    live = [row for row in standing(asked) if row[2] == LOAN]
    trace_books(bank)

    assert later.decision == "review"
    assert live == [row for row in standing(asked) if row[2] == LOAN]


def test_an_error_in_judging_does_not_keep_the_line_out(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise psycopg.DataError("a value that does not fit")

    with monkeypatch.context() as patch:
        patch.setattr("loantrail.monitor.deciding.take_hits", broken)
        [row] = post(bank, deciding, to_securities("S1"))

    assert (row.outcome, row.decision) == ("accepted", None)
    [again] = post(bank, deciding, to_securities("S1"))
    assert again.outcome == "duplicate"


def test_more_lines_than_can_be_judged_at_once_are_left_to_the_next_run(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 2)
    many = [
        to_securities("S1", 60_000),
        *(line(f"A{one}", BORROWER, 1, counterparty_account="999") for one in range(3)),
    ]

    rows = post(bank, deciding, *many)

    assert {(row.outcome, row.decision) for row in rows} == {("accepted", None)}
    trace_books(bank)
    hit = next(row for row in standing(asked) if row[1] == "FLOW_SECURITIES" and row[2] == LOAN)
    assert rows[0].line_id in hit[7]
    deciding.want()
    post(bank, deciding, line("B1", BORROWER, 1, day=13, counterparty_account="999"))
    deciding.wait()
    [again] = post(bank, deciding, to_securities("S2", 30_000, day=14))
    assert again.decision == "review"


def test_more_lines_than_can_be_judged_at_once_are_judged_some_at_a_time_when_it_is_quiet(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 2)
    many = [line(f"A{one}", BORROWER, 1, counterparty_account="999") for one in range(4)]
    rows = post(bank, deciding, *many, to_securities("S1", 60_000))
    [behind] = post(bank, deciding, line("B1", BORROWER, 1, counterparty_account="999"))

    judge_outstanding(bank, deciding)
    hit = next(row for row in standing(asked) if row[1] == "FLOW_SECURITIES" and row[2] == LOAN)
    [again] = post(bank, deciding, to_securities("S2", 30_000, day=13))

    assert {row.decision for row in (*rows, behind)} == {None}
    assert rows[4].line_id in hit[7]
    assert again.decision == "review"
    live = standing(asked)
    trace_books(bank)
    assert [row for row in live if row[2] == LOAN] == [row for row in standing(asked) if row[2] == LOAN]


def test_lines_that_are_sent_again_put_nothing_between_the_next_ones_and_their_decision(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 3)
    monkeypatch.setattr("loantrail.monitor.deciding.OVERRUN_LINES", 6)
    rows = [line(f"A{one}", BORROWER, 1, counterparty_account="999") for one in range(3)]
    assert {row.decision for row in post(bank, deciding, *rows)} == {"allow"}
    for _ in range(3):
        assert {row.outcome for row in post(bank, deciding, *rows)} == {"duplicate"}

    [own_alone] = post(bank, deciding, to_securities("S1", 60_000))
    for _ in range(3):
        post(bank, deciding, *rows)
    post(bank, None, line("B1", BORROWER, 1, day=13, counterparty_account="999"))  # by another process
    for _ in range(3):
        post(bank, deciding, *rows)
    [behind_another] = post(bank, deciding, to_securities("S2", 30_000, day=13))

    assert (own_alone.decision, behind_another.decision) == ("review", "review")
    assert not deciding.is_behind
    live = standing(asked)
    trace_books(bank)
    assert [row for row in live if row[2] == LOAN] == [row for row in standing(asked) if row[2] == LOAN]


def test_lines_that_are_many_are_judged_some_at_a_time_although_numbers_between_them_are_of_no_line(
    bank: type_of_connection,
    deciding: Deciding,
    asked: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 2)
    monkeypatch.setattr("loantrail.monitor.deciding.CAUGHT_UP_AT_ONCE", 1)
    monkeypatch.setattr("loantrail.monitor.deciding.OVERRUN_LINES", 4)
    rows = [line(f"A{one}", BORROWER, 1, counterparty_account="999") for one in range(3)]
    post(bank, None, *rows)
    for _ in range(2):
        post(bank, None, *rows)
    post(bank, None, to_securities("S1", 60_000))

    judge_outstanding(bank, deciding)

    assert deciding.is_ready
    live = standing(asked)
    assert "FLOW_SECURITIES" in codes(live)
    trace_books(bank)
    assert [row for row in live if row[2] == LOAN] == [row for row in standing(asked) if row[2] == LOAN]


def test_more_lines_than_are_ever_caught_up_with_are_left_to_a_run(
    bank: type_of_connection, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loantrail.monitor.deciding.JUDGED_AT_ONCE", 2)
    monkeypatch.setattr("loantrail.monitor.deciding.OVERRUN_LINES", 3)
    post(bank, None, *(line(f"A{one}", BORROWER, 1, counterparty_account="999") for one in range(4)))

    judge_outstanding(bank, deciding)

    assert not deciding.is_ready

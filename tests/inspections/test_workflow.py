"""What people do about a check, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest
from tests.inspections import told as setting
from tests.inspections.told import (
    DUE,
    LINES,
    NOW,
    SECURITIES,
    SUPPLIER,
    TAX,
    YUAN,
    all_genuine,
    created,
    done,
    judged,
    material,
    told,
)

from loantrail.inspections.model import (
    AskFor,
    Assign,
    Check,
    CheckState,
    Close,
    Conclusion,
    Event,
    Judge,
    JudgePlain,
    Kind,
    Line,
    LineJudgement,
    Refusal,
    Reopen,
    Return,
    Submit,
)
from loantrail.inspections.timeline import check_of
from loantrail.inspections.workflow import decide, makers


def submitted(check: Check | None = None, by: str = "S1") -> Check:
    return done(check or all_genuine(), Submit(Conclusion.AS_AGREED, "符合", "zh"), by)


def test_from_made_to_closed_by_two_persons() -> None:
    check = submitted()
    assert (check.state, check.submission.by if check.submission else "") == (CheckState.SUBMITTED, "S1")
    closed = done(check, Close(), "S9")
    assert (closed.state, closed.reviewed_by, closed.closed_at) == (CheckState.CLOSED, "S9", NOW)
    assert closed.version == 1 + 4 + 1 + 1


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (Judge("supplier", LineJudgement.NOT_GENUINE), Refusal.REASON_MISSING),
        (Judge("supplier", LineJudgement.MORE_PAPERS, "  "), Refusal.REASON_MISSING),
        (Judge("securities", LineJudgement.GENUINE), Refusal.VOUCHER_OR_REASON),
        (Judge("held_by_borrower", LineJudgement.GENUINE), Refusal.LINE_UNKNOWN),
        (Judge("futures", LineJudgement.GENUINE), Refusal.LINE_UNKNOWN),
        (Submit(Conclusion.UNDETERMINED, "写了", "zh"), Refusal.NOT_ALL_JUDGED),
        (Close(), Refusal.NOT_SUBMITTED),
        (Return("不对"), Refusal.NOT_SUBMITTED),
        (Reopen("再看"), Refusal.NOT_CLOSED),
        (AskFor("要看"), Refusal.NOT_TAKEN_OVER),
        (Assign("S1"), Refusal.ASSIGNED_ALREADY),
    ],
)
def test_what_an_open_check_refuses(act: Judge, refusal: Refusal) -> None:
    assert told(created(), act) is refusal


def test_a_voucher_stands_for_the_reason_of_a_restricted_use() -> None:
    lines = tuple(
        dataclasses.replace(line, vouchers=1) if line.use == "securities" else line for line in LINES
    )
    check = done(created(), Judge("securities", LineJudgement.GENUINE), lines=lines)
    assert check.judgements["securities"].judgement is LineJudgement.GENUINE


def test_plain_lines_are_judged_together_and_no_others() -> None:
    suspected = dataclasses.replace(TAX, use="payroll", suspected=True)
    lacking = dataclasses.replace(SUPPLIER, use="utilities", lacking=True)
    check = done(created(), JudgePlain(), lines=(*LINES, suspected, lacking))
    assert sorted(check.judgements) == ["supplier", "tax"]
    assert told(check, JudgePlain(), lines=(*LINES, suspected, lacking)) is Refusal.NOTHING_TO_JUDGE


def test_the_last_judgement_of_a_line_stands() -> None:
    check = judged(created(), supplier="genuine")
    check = judged(check, supplier="not_genuine: 发票作废")
    assert check.judgements["supplier"].reason == "发票作废"
    assert check.judged_fen(LineJudgement.NOT_GENUINE) == 600_000 * YUAN


def test_a_line_that_grew_beyond_what_was_judged_is_judged_again() -> None:
    check = all_genuine()
    grown = tuple(
        dataclasses.replace(line, amount_fen=line.amount_fen * 111 // 100) if line == SUPPLIER else line
        for line in LINES
    )
    assert told(check, Submit(Conclusion.AS_AGREED, "符合", "zh"), lines=grown) is Refusal.NOT_ALL_JUDGED
    little = tuple(
        dataclasses.replace(line, amount_fen=line.amount_fen * 110 // 100) if line == SUPPLIER else line
        for line in LINES
    )
    assert isinstance(told(check, Submit(Conclusion.AS_AGREED, "符合", "zh"), lines=little), Check)


def test_another_conclusion_than_proposed_wants_a_reason() -> None:
    check = all_genuine()
    assert told(check, Submit(Conclusion.UNDETERMINED, "再看", "zh")) is Refusal.OTHER_THAN_PROPOSED
    assert told(check, Submit(Conclusion.AS_AGREED, " ", "zh")) is Refusal.TEXT_MISSING
    done(check, Submit(Conclusion.UNDETERMINED, "再看", "zh", "现场未看"))


def test_who_made_it_never_reviews_it() -> None:
    check = submitted(judged(all_genuine(), by="S2", tax="genuine"))
    assert makers(check) == {"S1", "S2"}
    for maker in ("S1", "S2"):
        assert told(check, Close(), maker) is Refusal.MAKER_IS_CHECKER
        assert told(check, Return("缺"), maker) is Refusal.MAKER_IS_CHECKER


def test_a_returned_check_is_open_again_with_its_judgements() -> None:
    check = done(submitted(), Return("补发票"), "S9")
    assert (check.state, check.returned, check.returned_count) == (CheckState.OPEN, True, 1)
    assert check.return_reason == "补发票"
    again = submitted(check)
    assert (again.returned, again.return_reason, again.returned_count) == (False, "", 1)


def test_a_submitted_check_is_not_worked_on() -> None:
    check = submitted()
    assert told(check, Judge("tax", LineJudgement.GENUINE)) is Refusal.NOT_OPEN
    assert told(check, JudgePlain()) is Refusal.NOT_OPEN
    assert told(check, Submit(Conclusion.AS_AGREED, "符合", "zh")) is Refusal.NOT_OPEN


def test_a_closed_check_is_opened_again_with_a_new_deadline() -> None:
    closed = done(submitted(), Close(), "S9")
    again = done(closed, Reopen("资金去向有变"), "S9")
    assert (again.state, again.due_on, again.reviewed_by, again.closed_at) == (
        CheckState.OPEN,
        DUE.on,
        "",
        None,
    )
    assert again.return_reason == "资金去向有变"


def test_a_loan_that_was_taken_over_is_checked_when_somebody_asks() -> None:
    data = {
        "check_kind": "first",
        "paid_out_on": "2024-01-01",
        "assignee": "S1",
        "reviewer": "",
    }
    check = check_of([Event(Kind.TAKEN_OVER, NOW, "", data)])
    assert (check.state, check.due_on) == (CheckState.TAKEN_OVER, None)
    assert told(check, JudgePlain()) is Refusal.NOT_OPEN
    assert told(check, AskFor("")) is Refusal.REASON_MISSING
    asked = done(check, AskFor("监管抽查"))
    assert (asked.state, asked.due_on) == (CheckState.OPEN, DUE.on)


def test_a_loan_that_was_not_traced_cannot_be_judged() -> None:
    assert told(created(), JudgePlain(), lines=None) is Refusal.NOT_TRACED


def test_a_suspicion_names_the_warning_that_it_belongs_to() -> None:
    suspicion = Judge("securities", LineJudgement.NOT_GENUINE, "转入证券账户")
    events = decide(created(), suspicion, "S1", NOW, material(thread_id="t1"), setting.POLICY)
    assert not isinstance(events, Refusal)
    assert events[0].data["thread_id"] == "t1"
    honest = decide(
        created(), Judge("tax", LineJudgement.GENUINE), "S1", NOW, material(thread_id="t1"), setting.POLICY
    )
    assert not isinstance(honest, Refusal)
    assert "thread_id" not in honest[0].data


def test_the_submission_holds_the_statement_it_stands_on() -> None:
    check = submitted()
    assert check.submission is not None
    assert check.submission.figures == {line.use: line.amount_fen for line in LINES}
    assert SECURITIES.restricted
    assert not Line("property_purchase", "documented", 1).restricted

"""What may be done with a warning thread, row by row; and what stays true whatever is done."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loantrail.early_warning.deadlines import due_is_provisional, level_of, working_days_later
from loantrail.early_warning.duty import Lent
from loantrail.early_warning.gathering import take, tick
from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import (
    Act,
    ApproveFinding,
    ApproveLowering,
    Assign,
    Close,
    Dispose,
    Disposition,
    Event,
    Found,
    Kind,
    ProposeFinding,
    ProposeLowering,
    RecordHearing,
    Refusal,
    RefuseFinding,
    RefuseLowering,
    Reopen,
    Snooze,
    TakeMeasure,
    Thread,
    ThreadState,
    Wake,
    policy_of,
)
from loantrail.early_warning.timeline import after, thread_of
from loantrail.early_warning.workflow import decide
from loantrail.parameters import shipped_parameters
from loantrail.working_days import published_until

ZONE = datetime.timezone(datetime.timedelta(hours=8))
FRIDAY = datetime.datetime(2025, 6, 6, 15, 0, tzinfo=ZONE)
POLICY = policy_of(shipped_parameters(), FRIDAY.date())
RULES = ("FLOW_SECURITIES", "ROUND_TRIP", "IDLE_FUNDS", "RAPID_IN_OUT", "REPAY_SOURCE_ODD")
WAN = 1_000_000
LI, WANG = "员工李", "员工王"
LARGE = Lent("company", "working_capital_loan", 500 * WAN, "CNY")


def hit(rule: str = "FLOW_SECURITIES", level: Level = Level.ORANGE, wan: int = 50) -> Found:
    return Found(f"hit-{rule}", rule, level, wan * WAN, FRIDAY - datetime.timedelta(days=1))


def gathered(thread: Thread | None, *found: Found, at: datetime.datetime = FRIDAY) -> list[Event]:
    return take(thread, found, RULES, at, POLICY)


def opened(*found: Found) -> Thread:
    return thread_of(gathered(None, *(found or (hit(),))))


def then(thread: Thread, *events: Event) -> Thread:
    for event in events:
        thread = after(thread, event)
    return thread


def named(thread: Thread, act: Act) -> Act:
    """The act with the hash of what is proposed, where it approves that as it was read."""
    match act:
        case ApproveLowering(content_hash="as read") if thread.lowering:
            return ApproveLowering(thread.lowering.content_hash)
        case ApproveFinding(content_hash="as read") if thread.finding:
            return ApproveFinding(thread.finding.content_hash)
        case _:
            return act


def did(thread: Thread, act: Act, by: str = LI, at: datetime.datetime = FRIDAY) -> Thread:
    events = decide(WARNING, thread, named(thread, act), by, at, POLICY)
    assert not isinstance(events, Refusal), events
    return then(thread, *events)


def kinds(events: list[Event]) -> list[Kind]:
    return [event.kind for event in events]


WARNING = "0" * 32
AS_READ, OTHER = "as read", "f" * 64
TRUE = Dispose(Disposition.TRUE_POSITIVE)
FALSE = Dispose(Disposition.FALSE_ALARM, "refund")
PENDING = Dispose(Disposition.PENDING)
RED = opened(hit(level=Level.RED))


@pytest.mark.parametrize(
    ("level", "due"),
    [
        (Level.BLUE, "2025-06-13T23:59:59+08:00"),
        (Level.YELLOW, "2025-06-11T23:59:59+08:00"),
        (Level.ORANGE, "2025-06-10T23:59:59+08:00"),
        (Level.RED, "2025-06-07T15:00:00+08:00"),
    ],
)
def test_each_level_has_its_deadline_in_working_days_and_red_a_day(level: Level, due: str) -> None:
    assert opened(hit(level=level)).due_at.isoformat() == due


def test_a_weekend_counts_from_the_friday_before() -> None:
    sunday = FRIDAY + datetime.timedelta(days=2)
    assert working_days_later(sunday, 1, POLICY.calendar).date() == datetime.date(2025, 6, 9)


def test_days_off_of_a_holiday_do_not_count_and_make_up_days_do() -> None:
    eve = datetime.datetime(2025, 9, 26, 15, tzinfo=ZONE)
    # Sunday the 28th is worked for the National Day, 1 to 8 October are off.
    due = [working_days_later(eve, days, POLICY.calendar).date() for days in (1, 2, 3, 4)]
    assert due == [datetime.date(2025, *day) for day in ((9, 28), (9, 29), (9, 30), (10, 9))]


@pytest.mark.parametrize(
    ("level", "disposition", "years", "is_told"),
    [
        (Level.YELLOW, None, 1, True),
        (Level.YELLOW, None, 0, False),
        (Level.RED, None, 1, False),
        (Level.RED, Disposition.TRUE_POSITIVE, 1, True),
    ],
    ids=["into the next year", "this year", "in hours", "measures of a red one"],
)
def test_a_deadline_of_a_year_that_is_not_made_known_is_provisional(
    level: Level, disposition: Disposition | None, years: int, is_told: bool
) -> None:
    due = datetime.datetime(published_until() + years, 1, 5, 23, 59, 59, tzinfo=ZONE)
    assert due_is_provisional(level, disposition, due) is is_told


def test_the_same_hits_again_change_nothing() -> None:
    thread = opened(hit(), hit("ROUND_TRIP"))
    assert gathered(thread, hit("ROUND_TRIP"), hit()) == []


def test_a_level_rises_with_a_graver_hit_and_the_deadline_with_it() -> None:
    thread = opened(hit(level=Level.YELLOW))
    events = gathered(thread, hit(level=Level.YELLOW), hit("ROUND_TRIP", Level.RED))
    assert kinds(events) == [Kind.HIT_ADDED, Kind.LEVEL_RAISED]
    risen = then(thread, *events)
    assert (risen.level, risen.due_at) == (Level.RED, FRIDAY + datetime.timedelta(hours=24))


def test_a_later_graver_hit_never_puts_the_deadline_off() -> None:
    thread = opened(hit(level=Level.BLUE))
    late = FRIDAY + datetime.timedelta(days=6)
    events = gathered(thread, hit(level=Level.BLUE), hit("ROUND_TRIP", Level.YELLOW), at=late)
    assert then(thread, *events).due_at == thread.due_at


@pytest.mark.parametrize(("weak", "level"), [(1, Level.BLUE), (2, Level.BLUE), (3, Level.YELLOW)])
def test_three_weak_signals_are_yellow(weak: int, level: Level) -> None:
    signals = [hit(rule, Level.BLUE) for rule in ("IDLE_FUNDS", "RAPID_IN_OUT", "REPAY_SOURCE_ODD")[:weak]]
    assert opened(*signals).level is level
    thread = opened(signals[0])
    assert then(thread, *gathered(thread, *signals)).level is level


def test_a_hit_that_shrinks_is_told_and_lowers_nothing() -> None:
    thread = opened(hit(level=Level.RED, wan=90))
    events = gathered(thread, hit(level=Level.YELLOW, wan=10))
    assert kinds(events) == [Kind.HIT_SHRANK]
    assert then(thread, *events).level is Level.RED


def test_what_nobody_touched_leaves_the_queue_when_nothing_of_it_is_found_any_more() -> None:
    thread = opened()
    gone = then(thread, *gathered(thread))
    assert (gone.state, gone.superseded, gone.standing) == (ThreadState.SUPERSEDED, True, {})
    assert gathered(gone) == []
    back = then(gone, *gathered(gone, hit()))
    assert (back.state, back.superseded) == (ThreadState.OPEN, False)


BLACK_LISTED = Found("hit-BLACK", "ROUND_TRIP", Level.ORANGE, 20 * WAN, FRIDAY, payments=1, rule_version="1")


@pytest.mark.parametrize(
    ("before", "found", "level"),
    [
        (Level.RED, [BLACK_LISTED], Level.ORANGE),
        (Level.RED, [hit("IDLE_FUNDS", Level.BLUE)], Level.BLUE),
        (Level.RED, [hit(rule, Level.BLUE) for rule in ("IDLE_FUNDS", "RAPID_IN_OUT", "REPAY_SOURCE_ODD")], Level.YELLOW),
        (Level.RED, [hit(level=Level.RED)], Level.RED),
        (Level.RED, [hit(level=Level.ORANGE)], Level.ORANGE),
        (Level.YELLOW, [BLACK_LISTED], Level.ORANGE),
    ],
    ids=["another rule", "a weak signal", "three weak signals", "the same hit", "the same, milder", "a graver one"],
)  # fmt: skip
def test_what_nobody_touched_comes_back_as_a_new_one_would(
    before: Level, found: list[Found], level: Level
) -> None:
    thread = opened(hit(level=before))
    gone = then(thread, *gathered(thread))
    monday = FRIDAY + datetime.timedelta(days=3)
    events = gathered(gone, *found, at=monday)
    back = then(gone, *events)
    new = thread_of(gathered(None, *found, at=monday))
    assert (back.state, back.level, back.due_at) == (ThreadState.OPEN, level, new.due_at)
    assert gathered(back, *found, at=monday) == []
    [reopened] = [event for event in events if event.kind is Kind.REOPENED]
    fell = level.rank < before.rank
    assert (reopened.data["level"], reopened.data.get("before")) == (
        (level, before) if fell else (before, None)
    )


@pytest.mark.parametrize("act", [TRUE, FALSE, PENDING, Assign(WANG)], ids=lambda act: type(act).__name__)
def test_what_a_person_acted_on_keeps_its_level_when_other_hits_come(act: Act) -> None:
    thread = did(RED, act)
    gone = then(thread, *gathered(thread))
    assert then(gone, *gathered(gone, BLACK_LISTED)).level is Level.RED


def test_what_two_people_closed_comes_back_at_the_level_that_they_knew() -> None:
    closed = did(did(RED, FALSE), Close("已核实"), WANG)
    gone = then(closed, *gathered(closed))
    back = then(gone, *gathered(gone, BLACK_LISTED))
    assert (back.state, back.level) == (ThreadState.OPEN, Level.RED)


def test_what_a_person_judged_stays_and_is_marked() -> None:
    thread = did(opened(), TRUE)
    gone = then(thread, *gathered(thread))
    assert (gone.state, gone.superseded, gone.disposition) == (
        ThreadState.OPEN,
        True,
        Disposition.TRUE_POSITIVE,
    )


def test_hits_of_rules_that_the_run_did_not_look_with_are_left_alone() -> None:
    thread = opened(hit(), replace(hit(), hit_id="sql", rule_code="SQL_RULE"))
    assert kinds(gathered(thread, hit())) == []
    assert kinds(take(thread, [hit()], ("SQL_RULE",), FRIDAY, POLICY)) == [Kind.HIT_SUPERSEDED]


@pytest.mark.parametrize(("wan", "reopens"), [(50, False), (55, False), (56, True)])
def test_a_closed_warning_opens_again_when_its_hit_grew_beyond_what_was_judged(
    wan: int, reopens: bool
) -> None:
    closed = did(did(opened(hit(wan=50)), FALSE), Close("已核实"), WANG)
    events = gathered(closed, hit(wan=wan))
    assert (Kind.REOPENED in kinds(events)) is reopens
    assert then(closed, *events).state is (ThreadState.OPEN if reopens else ThreadState.CLOSED)


def paid(times: int, wan: int = 50, hit_id: str = "hit-BLACK") -> Found:
    """A hit of a rule that each of so many payments met, the largest of so much."""
    return replace(hit("ROUND_TRIP", wan=wan), hit_id=hit_id, payments=times, rule_version="1")


@pytest.mark.parametrize(
    ("judged", "now", "reopens"),
    [(1, 1, False), (1, 2, True), (9, 10, True), (10, 11, False), (20, 22, False)],
)
def test_a_closed_warning_opens_again_when_more_payments_met_its_rule(
    judged: int, now: int, reopens: bool
) -> None:
    closed = did(did(opened(paid(judged)), FALSE), Close("已核实"), WANG)
    events = gathered(closed, paid(now))
    assert kinds(events) == ([Kind.HIT_GREW, Kind.REOPENED] if reopens else [])
    assert gathered(then(closed, *events), paid(now)) == []


def test_another_payment_is_told_of_an_open_warning_and_wakes_one_put_aside() -> None:
    assert kinds(gathered(opened(paid(1)), paid(2))) == [Kind.HIT_GREW]
    aside = did(opened(paid(1)), Snooze(datetime.date(2025, 6, 20), "等合同"))
    assert kinds(gathered(aside, paid(2))) == [Kind.HIT_GREW, Kind.WOKEN]


def test_drops_that_were_told_one_by_one_ask_again_when_together_they_are_many() -> None:
    thread = did(opened(paid(10)), FALSE)
    assert gathered(thread, paid(11)) == []
    assert kinds(gathered(thread, paid(12))) == [Kind.HIT_GREW, Kind.REOPENED]


@pytest.mark.parametrize(
    ("found", "reopens"), [(paid(1, 50), False), (paid(1, 60), True), (paid(2, 50), True)]
)
def test_another_version_of_a_rule_that_says_the_same_leaves_a_judgement_as_it_is(
    found: Found, reopens: bool
) -> None:
    thread = did(opened(paid(1)), FALSE)
    found = replace(found, hit_id="hit-BLACK-2", rule_version="2")
    events = gathered(thread, found)
    assert kinds(events)[:2] == [Kind.HIT_ADDED, Kind.HIT_SUPERSEDED]
    assert (Kind.REOPENED in kinds(events)) is reopens
    became = then(thread, *events)
    assert gathered(became, found) == []
    again = then(thread, *gathered(thread, replace(paid(1), hit_id="hit-BLACK-2", rule_version="2")))
    assert Kind.REOPENED in kinds(gathered(again, replace(paid(2), hit_id="hit-BLACK-2", rule_version="2")))


def test_a_version_that_speaks_of_another_payment_than_before_is_news() -> None:
    thread = did(opened(paid(1)), FALSE)
    assert Kind.REOPENED in kinds(gathered(thread, replace(paid(1), hit_id="hit-BLACK-of-another")))


def test_a_payment_in_the_place_of_one_that_was_taken_back_is_news() -> None:
    thread = did(opened(paid(2)), FALSE)
    fewer = gathered(thread, paid(1))
    assert kinds(fewer) == [Kind.HIT_SHRANK]
    assert kinds(gathered(then(thread, *fewer), paid(2))) == [Kind.HIT_GREW, Kind.REOPENED]


def test_what_one_version_came_to_counts_when_another_one_comes_back() -> None:
    second = replace(paid(1, 80), hit_id="hit-BLACK-2", rule_version="2")
    thread = opened(paid(1, 50))
    judged = did(then(thread, *gathered(thread, second)), FALSE)
    assert Kind.REOPENED not in kinds(gathered(judged, paid(1, 80)))


def test_a_new_hit_asks_again_about_a_false_alarm() -> None:
    thread = did(opened(), FALSE)
    events = gathered(thread, hit(), hit("ROUND_TRIP", Level.YELLOW))
    assert kinds(events) == [Kind.HIT_ADDED, Kind.REOPENED]
    assert then(thread, *events).disposition is None


def test_a_graver_hit_wakes_what_was_put_aside() -> None:
    thread = did(opened(hit(level=Level.YELLOW)), Snooze(datetime.date(2025, 6, 20), "等合同"))
    risen = then(thread, *gathered(thread, hit(level=Level.RED, wan=90)))
    assert (risen.state, risen.level) == (ThreadState.OPEN, Level.RED)


def test_time_wakes_and_escalates() -> None:
    thread = did(opened(hit(level=Level.BLUE)), Snooze(datetime.date(2025, 6, 20), "等合同"))
    day = datetime.datetime(2025, 6, 20, 0, 1, tzinfo=ZONE)
    assert tick(thread, LARGE, day - datetime.timedelta(minutes=2), POLICY) == []
    events = tick(thread, LARGE, day, POLICY)
    assert kinds(events) == [Kind.WOKEN, Kind.ESCALATED]
    assert events[1].data["roles"] == ["relationship_manager", "branch_manager"]
    assert tick(then(thread, *events), LARGE, day, POLICY) == []


def test_a_red_warning_is_told_further_up_a_day_after_its_deadline_though_nobody_works() -> None:
    eve = datetime.datetime(2025, 9, 30, 20, 0, tzinfo=ZONE)  # eight days off follow
    thread = thread_of(gathered(None, hit(level=Level.RED), at=eve))
    late = eve + datetime.timedelta(hours=48)
    assert tick(thread, LARGE, late, POLICY) == []
    assert kinds(tick(thread, LARGE, late + datetime.timedelta(seconds=1), POLICY)) == [Kind.ESCALATED]
    confirmed = did(thread, TRUE, at=eve)
    assert tick(confirmed, LARGE, late + datetime.timedelta(days=6), POLICY) == []


def test_what_was_put_aside_is_not_put_aside_for_ever() -> None:
    aside = did(opened(), Snooze(datetime.date(2025, 6, 20), "等合同"))
    july = datetime.datetime(2025, 7, 5, 9, 0, tzinfo=ZONE)
    until = Snooze(datetime.date(2025, 7, 6), "仍在等合同")
    assert did(aside, until, at=july).snoozed_until == until.until
    later = replace(until, until=datetime.date(2025, 7, 7))
    assert decide(WARNING, aside, later, LI, july, POLICY) is Refusal.SNOOZE_DATE
    assert decide(WARNING, did(aside, PENDING), later, LI, july, POLICY) is Refusal.SNOOZE_DATE
    # What is new is a reason to wait anew.
    more = then(aside, *gathered(aside, hit(), hit("IDLE_FUNDS", Level.BLUE)))
    assert did(more, later, at=july).snoozed_until == later.until


def test_a_suspicion_that_is_doubted_again_waits_for_an_answer_as_before() -> None:
    thread = opened()
    confirmed = did(thread, TRUE)
    measures_due_at = working_days_later(FRIDAY, POLICY.measure_days, POLICY.calendar)
    assert (confirmed.due_at, confirmed.answer_due_at) == (measures_due_at, thread.due_at)
    for doubt in (PENDING, FALSE):
        assert did(confirmed, doubt).due_at == thread.due_at
    later = FRIDAY + datetime.timedelta(days=5)
    again = did(did(confirmed, PENDING, at=later), TRUE, at=later)
    assert again.due_at == measures_due_at


def test_measures_of_what_was_opened_again_have_their_days_anew() -> None:
    closed = did(did(did(opened(), TRUE), TakeMeasure("verify")), Close("已核实"), WANG)
    later = FRIDAY + datetime.timedelta(days=30)
    again = did(did(closed, Reopen("再看"), WANG, later), TRUE, at=later)
    assert again.due_at == working_days_later(later, POLICY.measure_days, POLICY.calendar)


PROPOSED = ProposeLowering(Level.BLUE, "金额已核实")
FOUND = did(did(opened(), TRUE), ProposeFinding("挪用 50 万元"))
HEARD = did(FOUND, RecordHearing(FRIDAY.date(), "借款人承认"))
CLOSED = did(did(opened(), FALSE), Close("已核实"), WANG)
SNOOZED = did(opened(), Snooze(datetime.date(2025, 6, 20), "等合同"))

REFUSED: list[tuple[Thread, Act, str, Refusal]] = [
    (CLOSED, TRUE, LI, Refusal.CLOSED),
    (CLOSED, Assign(WANG), LI, Refusal.CLOSED),
    (CLOSED, PROPOSED, LI, Refusal.CLOSED),
    (CLOSED, Reopen(" "), LI, Refusal.REASON_MISSING),
    (opened(), Reopen("再看"), LI, Refusal.NOT_CLOSED),
    (did(opened(), PROPOSED), ApproveLowering(AS_READ), LI, Refusal.MAKER_IS_CHECKER),
    (did(opened(), PROPOSED), RefuseLowering("不同意"), LI, Refusal.MAKER_IS_CHECKER),
    (did(opened(), PROPOSED), RefuseLowering(""), WANG, Refusal.REASON_MISSING),
    (did(opened(), PROPOSED), PROPOSED, WANG, Refusal.ALREADY_PROPOSED),
    (opened(), ApproveLowering(AS_READ), WANG, Refusal.NOTHING_PROPOSED),
    (opened(), RefuseLowering("不同意"), WANG, Refusal.NOTHING_PROPOSED),
    (opened(), ProposeLowering(Level.ORANGE, "同级"), LI, Refusal.NOT_LOWER),
    (opened(), ProposeLowering(Level.RED, "更高"), LI, Refusal.NOT_LOWER),
    (opened(), ProposeLowering(Level.BLUE, " "), LI, Refusal.REASON_MISSING),
    (opened(), Dispose(Disposition.FALSE_ALARM), LI, Refusal.REASON_MISSING),
    (opened(), Dispose(Disposition.FALSE_ALARM, "because"), LI, Refusal.REASON_UNKNOWN),
    (opened(), Dispose(Disposition.PENDING, "refund"), LI, Refusal.REASON_UNKNOWN),
    (opened(), TakeMeasure("shout"), LI, Refusal.MEASURE_UNKNOWN),
    (opened(), Close("已核实"), WANG, Refusal.NOT_DISPOSED),
    (did(opened(), Dispose(Disposition.PENDING)), Close("已核实"), WANG, Refusal.NOT_DISPOSED),
    (did(opened(), FALSE), Close("已核实"), LI, Refusal.MAKER_IS_CHECKER),
    (did(opened(), FALSE), Close(" "), WANG, Refusal.REASON_MISSING),
    (did(opened(), TRUE), Close("已核实"), WANG, Refusal.MEASURE_MISSING),
    (did(did(opened(), FALSE), PROPOSED), Close("已核实"), WANG, Refusal.PROPOSAL_OPEN),
    (did(FOUND, TakeMeasure("verify")), Close("已核实"), WANG, Refusal.PROPOSAL_OPEN),
    (FOUND, FALSE, LI, Refusal.PROPOSAL_OPEN),
    (FOUND, PENDING, LI, Refusal.PROPOSAL_OPEN),
    (HEARD, PENDING, LI, Refusal.PROPOSAL_OPEN),
    (did(HEARD, ApproveFinding(AS_READ), WANG), PENDING, LI, Refusal.ALREADY_FOUND),
    (opened(), ProposeFinding("挪用"), LI, Refusal.NOT_TRUE),
    (did(opened(), FALSE), ProposeFinding("挪用"), LI, Refusal.NOT_TRUE),
    (did(opened(), TRUE), ProposeFinding(" "), LI, Refusal.REASON_MISSING),
    (FOUND, ProposeFinding("挪用"), WANG, Refusal.ALREADY_PROPOSED),
    (FOUND, ApproveFinding(AS_READ), WANG, Refusal.BORROWER_NOT_HEARD),
    (FOUND, ApproveFinding(AS_READ), LI, Refusal.MAKER_IS_CHECKER),
    (HEARD, ApproveFinding(AS_READ), LI, Refusal.MAKER_IS_CHECKER),
    (HEARD, RefuseFinding("证据不足"), LI, Refusal.MAKER_IS_CHECKER),
    (HEARD, RefuseFinding(" "), WANG, Refusal.REASON_MISSING),
    (did(opened(), TRUE), ApproveFinding(AS_READ), WANG, Refusal.NOTHING_PROPOSED),
    (FOUND, RecordHearing(datetime.date(2025, 6, 7), "明天"), LI, Refusal.HEARING_DATE),
    (FOUND, RecordHearing(datetime.date(2025, 6, 4), "借款人承认"), LI, Refusal.HEARING_EARLY),
    (FOUND, RecordHearing(FRIDAY.date(), ""), LI, Refusal.REASON_MISSING),
    (did(HEARD, ApproveFinding(AS_READ), WANG), ProposeFinding("再来"), LI, Refusal.ALREADY_FOUND),
    (did(HEARD, ApproveFinding(AS_READ), WANG), FALSE, LI, Refusal.ALREADY_FOUND),
    (did(opened(), PROPOSED), ApproveLowering(OTHER), WANG, Refusal.CONTENT_CHANGED),
    (HEARD, ApproveFinding(OTHER), WANG, Refusal.CONTENT_CHANGED),
    (RED, Snooze(datetime.date(2025, 6, 9), "等合同"), LI, Refusal.RED_NOT_SNOOZED),
    (opened(), Snooze(FRIDAY.date(), "等合同"), LI, Refusal.SNOOZE_DATE),
    (opened(), Snooze(datetime.date(2025, 7, 7), "等合同"), LI, Refusal.SNOOZE_DATE),
    (opened(), Snooze(datetime.date(2025, 6, 9), " "), LI, Refusal.REASON_MISSING),
    (opened(), Wake(), LI, Refusal.NOT_SNOOZED),
    (did(opened(), Assign(WANG)), Assign(WANG), LI, Refusal.ASSIGNED_ALREADY),
]


@pytest.mark.parametrize(("thread", "act", "by", "refusal"), REFUSED)
def test_what_cannot_be_done_is_refused_by_name(thread: Thread, act: Act, by: str, refusal: Refusal) -> None:
    assert decide(WARNING, thread, act, by, FRIDAY, POLICY) is refusal


def test_every_refusal_is_tried() -> None:
    assert {refusal for *_, refusal in REFUSED} == set(Refusal)


def test_a_level_falls_by_a_second_person() -> None:
    lowered = did(did(RED, PROPOSED), ApproveLowering(AS_READ), WANG)
    assert (lowered.level, lowered.lowering) == (Level.BLUE, None)
    assert lowered.due_at == working_days_later(FRIDAY, 5, POLICY.calendar)
    kept = did(did(RED, PROPOSED), RefuseLowering("金额不符"), WANG)
    assert (kept.level, kept.lowering) == (Level.RED, None)


def test_what_is_approved_is_what_was_proposed() -> None:
    read = did(RED, PROPOSED).lowering
    assert read is not None
    again = did(
        did(did(RED, PROPOSED), RefuseLowering("金额不符"), WANG), ProposeLowering(Level.YELLOW, "金额已核实")
    )
    assert (
        decide(WARNING, again, ApproveLowering(read.content_hash), WANG, FRIDAY, POLICY)
        is Refusal.CONTENT_CHANGED
    )
    # Whoever could write a timeline cannot put another proposal beside the hash of the one that was read.
    forged = replace(did(RED, PROPOSED), lowering=replace(read, level=Level.YELLOW))
    assert (
        decide(WARNING, forged, ApproveLowering(read.content_hash), WANG, FRIDAY, POLICY)
        is Refusal.CONTENT_CHANGED
    )
    assert (
        decide("1" * 32, did(RED, PROPOSED), ApproveLowering(read.content_hash), WANG, FRIDAY, POLICY)
        is Refusal.CONTENT_CHANGED
    )


def test_a_proposal_that_did_not_know_of_a_graver_hit_lapses() -> None:
    thread = did(opened(), PROPOSED)
    risen = then(thread, *gathered(thread, hit(), hit("ROUND_TRIP", Level.RED)))
    assert (risen.level, risen.lowering) == (Level.RED, None)


def test_a_finding_takes_two_and_the_borrower_heard() -> None:
    found = did(HEARD, ApproveFinding(AS_READ), WANG)
    assert found.finding is not None
    assert (found.finding.by, found.finding.approved_by, found.finding.heard_on) == (LI, WANG, FRIDAY.date())


def test_a_confirmed_suspicion_gives_time_for_its_measures() -> None:
    thread = did(opened(), TRUE)
    assert thread.due_at == working_days_later(FRIDAY, 10, POLICY.calendar)
    closed = did(did(thread, TakeMeasure("special_inspection", "已安排")), Close("措施已落实"), WANG)
    assert (closed.state, closed.measures) == (ThreadState.CLOSED, ("special_inspection",))
    again = did(closed, Reopen("有新情况"), WANG)
    assert (again.state, again.disposition, again.level) == (ThreadState.OPEN, None, Level.ORANGE)


def test_what_was_put_aside_can_be_taken_up() -> None:
    assert did(SNOOZED, Wake()).state is ThreadState.OPEN
    assert did(SNOOZED, TRUE).state is ThreadState.OPEN


# ---- whatever is done ----

people = st.sampled_from([LI, WANG, "员工赵"])
texts = st.sampled_from(["", "原因"])
acts = st.one_of(
    st.builds(Assign, people),
    st.builds(Snooze, st.dates(datetime.date(2025, 6, 1), datetime.date(2025, 8, 1)), texts),
    st.just(Wake()),
    st.builds(Dispose, st.sampled_from(list(Disposition)), st.sampled_from(["", "refund"]), texts),
    st.builds(TakeMeasure, st.sampled_from(["verify", "shout"])),
    st.builds(ProposeLowering, st.sampled_from(LEVELS), texts),
    st.builds(ApproveLowering, st.sampled_from([AS_READ, OTHER])),
    st.builds(RefuseLowering, texts),
    st.builds(ProposeFinding, texts),
    st.builds(RecordHearing, st.just(datetime.date(2025, 6, 3)), texts),
    st.builds(ApproveFinding, st.sampled_from([AS_READ, OTHER])),
    st.builds(RefuseFinding, texts),
    st.builds(Close, texts),
    st.builds(Reopen, texts),
)
runs = st.lists(
    st.builds(hit, st.sampled_from(RULES), st.sampled_from(LEVELS), st.integers(1, 100)),
    max_size=3,
    unique_by=lambda one: one.hit_id,
)
steps = st.lists(st.one_of(st.tuples(people, acts), runs, st.integers(1, 400)), max_size=25)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=runs.filter(bool), done=steps)
def test_whatever_is_done_a_level_that_a_person_acted_on_falls_only_when_another_approves(
    first: list[Found], done: list[object]
) -> None:
    now = FRIDAY
    timeline = gathered(None, *first)
    for step in done:
        thread = thread_of(timeline)
        if isinstance(step, int):
            now += datetime.timedelta(hours=step)
            events = tick(thread, LARGE, now, POLICY)
        elif isinstance(step, tuple):
            by, act = step
            answer = decide(WARNING, thread, named(thread, act), by, now, POLICY)
            events = [] if isinstance(answer, Refusal) else answer
        else:
            assert isinstance(step, list)
            events = take(thread, step, RULES, now, POLICY)
            # Taking the same hits once more is nothing new.
            assert take(then(thread, *events), step, RULES, now, POLICY) == []
        for event in events:
            before, thread = thread, after(thread, event)
            if event.kind is Kind.REOPENED and thread.level.rank < before.level.rank:
                assert (event.by, before.state, before.touched) == ("", ThreadState.SUPERSEDED, False)
                assert thread.level is level_of([one.level for one in thread.standing.values()], POLICY)
            elif thread.level.rank < before.level.rank:
                assert event.kind is Kind.LOWERING_APPROVED
                assert before.lowering is not None
                assert event.by not in ("", before.lowering.by)
                assert thread.level is before.lowering.level
            if event.kind is Kind.FINDING_APPROVED:
                assert before.finding is not None
                assert before.finding.heard_on is not None
                assert event.by not in ("", before.finding.by)
            if event.kind is Kind.CLOSED:
                assert event.by not in ("", before.disposed_by)
            assert thread.version == before.version + 1
        # A timeline only grows: what it came to before is still its beginning.
        timeline = [*timeline, *events]
        assert thread_of(timeline) == thread
    if thread_of(timeline).state is ThreadState.SUPERSEDED:
        assert not thread_of(timeline).touched

"""The early warnings: the queue, one warning laid out for a decision, what they cost, who can work them."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query

from loantrail import clock
from loantrail.early_warning import store as threads
from loantrail.early_warning.deadlines import aside_until_most
from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import LIVE, Disposition, Thread, ThreadState, policy_of
from loantrail.http.access import Person as SignedIn
from loantrail.http.access import Reading, allowed
from loantrail.http.pages import store as pages
from loantrail.http.pages.routes import LIST_PROBLEMS, LOAN_PROBLEMS, PRINTABLE, Limit, LoanId, Offset
from loantrail.http.pages.warnings import store, store_volume
from loantrail.http.pages.warnings.evidence import evidence_of, relations_of_hit
from loantrail.http.pages.warnings.judging import duty_for, judging
from loantrail.http.pages.warnings.model import (
    Channels,
    ChannelState,
    DeliveryRow,
    Earlier,
    LoanWarning,
    NextWarning,
    PersonList,
    RuleCost,
    RuleWords,
    TimelineEntry,
    VolumeMonth,
    WarningChoices,
    WarningCount,
    WarningFinding,
    WarningHit,
    WarningList,
    WarningLowering,
    WarningRow,
    WarningThread,
    WarningVolume,
)
from loantrail.http.pages.warnings.story import doubts, story
from loantrail.http.problems import NotFound, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.parameters import ParameterBook
from loantrail.policy.reading import parameters_in_force
from loantrail.rules.store_volume import volume as all_that_warns
from loantrail.settings import read_settings
from loantrail.tracing.verdict_words import PATTERN

router = APIRouter(tags=["warnings"])

EARLIER_MOST: Final = 8
MONTHS_SHOWN: Final = 12

ThreadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Id = Annotated[str, Query(max_length=128, pattern=PRINTABLE)]


def _wanted(
    connection: Reading,
    person: SignedIn,
    level: Annotated[list[Level], Query(max_length=4, description="Any of these; all without one.")] = [],  # noqa: B006  never changed
    state: Annotated[
        Literal["open", "review", "snoozed", "closed", "superseded", "all"],
        Query(description="`review` waits for a second person."),
    ] = "open",
    unit: Id = "",
    owner: Annotated[
        str, Query(max_length=128, pattern=PRINTABLE, description="A staff id, or `none` for nobody's.")
    ] = "",
    rule: Annotated[str, Query(max_length=64, pattern="^[A-Za-z0-9_]*$")] = "",
    overdue: Annotated[bool, Query(description="Only those past their deadline.")] = False,
    ours: Annotated[bool, Query(description="Only those that one's roles answer for.")] = False,
    search: Annotated[
        str, Query(max_length=100, pattern=PRINTABLE, description="Part of the borrower's name or the loan.")
    ] = "",
) -> store.Wanted:
    levels = tuple(one.value for one in level)
    return store.Wanted(
        levels,
        state,
        unit,
        owner,
        rule,
        overdue,
        search.strip(),
        judging(connection, person) if ours else None,
    )


Filters = Annotated[store.Wanted, Depends(_wanted)]


@router.get("/warnings", dependencies=[allowed(Ability.READ_WARNINGS)], responses=LIST_PROBLEMS)
def list_warnings(connection: Reading, wanted: Filters, offset: Offset = 0, limit: Limit = 50) -> WarningList:
    """The queue by deadline, then the proven amount, with counts by level, state, unit and rule."""
    now = clock.now()
    rows, total = store.queue(connection, wanted, now, offset, limit)
    counts = store.counts(connection, wanted, now)

    def listed(name: str, order: tuple[str, ...] = ()) -> list[WarningCount]:
        found: dict[str, int] = counts[name]
        return [WarningCount(value=value, count=found.get(value, 0)) for value in order or found]

    return WarningList(
        items=[WarningRow.model_validate(row) for row in rows],
        total_count=total,
        overdue_count=counts["overdue"],
        levels=listed("levels", tuple(level.value for level in reversed(LEVELS))),
        states=listed("states", store.STATES),
        units=listed("units"),
        rules=listed("rules"),
        rule_words=_rules(connection, counts["rules"]),
        unit_names=dict(store.unit_names(connection, counts["units"])),
        owner_names=dict(store.people_names(connection, [wanted.owner, *(row["assignee"] for row in rows)])),
        last_event=store.last_event(connection),
        now=now,
        offset=offset,
        limit=limit,
    )


@router.get("/warnings/next", dependencies=[allowed(Ability.READ_WARNINGS)], responses=LIST_PROBLEMS)
def next_warning(
    connection: Reading,
    wanted: Filters,
    after: Annotated[str, Query(pattern="^([0-9a-f]{32})?$", description="Not this one.")] = "",
) -> NextWarning:
    """The most urgent warning of the queue, but for one that was just worked on."""
    rows, total = store.queue(connection, wanted, clock.now(), 0, 2)
    found = next((row["thread_id"] for row in rows if row["thread_id"] != after), None)
    return NextWarning(thread_id=found, left_count=total)


@router.get("/warnings/volume", dependencies=[allowed(Ability.READ_WARNINGS)], responses=LIST_PROBLEMS)
def volume(connection: Reading) -> WarningVolume:
    """New warnings a month against what staff can work, and what each rule adds."""
    book, today = parameters_in_force(connection), clock.business_date(clock.now())
    whole = all_that_warns(connection)
    costs = [
        RuleCost.model_validate(row | {"threads_milli": whole.milli(row["threads"])})
        for row in store_volume.rules(connection)
    ]
    return WarningVolume(
        loans=whole.loans,
        threads_milli=whole.threads_milli,
        severe_milli=whole.severe_milli,
        months=[VolumeMonth.model_validate(row) for row in store_volume.months(connection, MONTHS_SHOWN)],
        budget=book.at_or_first("warning_threads_per_thousand_loans", today).number,
        severe_budget=book.at_or_first("warning_threads_severe_per_thousand_loans", today).number,
        rules=costs,
        rule_words=_rules(connection, [one.rule_code for one in costs]),
    )


@router.get("/warnings/channels", dependencies=[allowed(Ability.READ_WARNINGS)], responses=LIST_PROBLEMS)
def list_channels(connection: Reading) -> Channels:
    """The mails and webhooks by which warnings leave, and what could not be sent."""
    states, unsent = store.channels(connection)
    return Channels(
        channels=[ChannelState.model_validate(row) for row in states],
        unsent=[DeliveryRow.model_validate(row) for row in unsent],
    )


@router.get(
    "/people", dependencies=[allowed(Ability.READ_WARNINGS, Ability.READ_PEOPLE)], responses=LIST_PROBLEMS
)
def list_people(
    connection: Reading,
    search: Annotated[
        str,
        Query(max_length=100, pattern=PRINTABLE, description="Part of the name, its pinyin or the number."),
    ] = "",
    unit: Id = "",
    offset: Offset = 0,
    limit: Limit = 50,
) -> PersonList:
    """The bank's staff: to give warnings to, and to make persons of."""
    rows, total = store.people(connection, search.strip(), unit, offset, limit)
    return PersonList.model_validate(
        {"items": rows, "total_count": total, "operator": read_settings().operator}
    )


@router.get(
    "/loans/{loan_id}/warning", dependencies=[allowed(Ability.READ_WARNINGS)], responses=LOAN_PROBLEMS
)
def warning_of_loan(connection: Reading, loan_id: LoanId) -> LoanWarning:
    """The warning of one loan, where it has one that is not settled."""
    if pages.loan_facts(connection, loan_id) is None:
        raise NotFound(f"There is no loan {loan_id}", remedy="Search the list of loans")
    row = store.of_loan(connection, loan_id, clock.now())
    live = row is not None and ThreadState(row["state"]) in LIVE
    return LoanWarning(
        thread=WarningRow.model_validate(row) if live else None,
        rule_words=_rules(connection, row["rule_codes"] if row else []),
    )


@router.get(
    "/warnings/{thread_id}",
    dependencies=[allowed(Ability.READ_WARNINGS)],
    responses=problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def one_warning(connection: Reading, person: SignedIn, thread_id: ThreadId) -> WarningThread:
    """One warning, laid out for a decision of five minutes."""
    row = store.one(connection, thread_id, clock.now())
    if row is None:
        raise NotFound(f"There is no warning {thread_id}", remedy="Open the list of warnings")
    thread = threads.threads(connection, [thread_id])[thread_id][1]
    facts = store.loan_facts(connection, row["loan_id"])
    hits = store.hits(connection, row["loan_id"])
    telling = [hit for hit in hits if hit["standing"] and hit["suppressed_by"] is None]
    evidence, nodes = evidence_of(connection, row["loan_id"], telling)
    timeline = store.events(connection, thread_id)
    before = store.earlier(
        connection,
        thread_id,
        facts["borrower_party_id"],
        sorted({account for hit in telling for account in hit["payee_accounts"]}),
        row["rule_codes"],
        EARLIER_MOST,
    )
    names = store.people_names(
        connection, [*(one["by"] for one in (*timeline, *before)), *_assigned(timeline)]
    )
    words = _rules(
        connection,
        [*(hit["rule_code"] for hit in hits), *(code for one in before for code in one["rule_codes"])],
    )
    chinese, english = story(
        row,
        telling,
        {code: (one.chinese, one.english) for code, one in words.items()},
        relations_of_hit(evidence),
    )
    return WarningThread(
        row=WarningRow.model_validate(row),
        rule_words=words,
        story_chinese=chinese,
        story_english=english,
        purpose_text=facts["purpose_text"] or "",
        managers=facts["managers"],
        borrower_party_id=facts["borrower_party_id"],
        disposed_by=thread.disposed_by,
        disposed_by_name=names.get(thread.disposed_by, thread.disposed_by),
        disposition_reason=thread.disposition_reason,
        snoozed_until=thread.snoozed_until,
        measures=list(thread.measures),
        lowering=WarningLowering(
            level=thread.lowering.level,
            by=thread.lowering.by,
            by_name=names.get(thread.lowering.by, thread.lowering.by),
            reason=thread.lowering.reason,
            content_hash=thread.lowering.content_hash,
        )
        if thread.lowering
        else None,
        finding=WarningFinding(
            text=thread.finding.text,
            by=thread.finding.by,
            by_name=names.get(thread.finding.by, thread.finding.by),
            heard_on=thread.finding.heard_on,
            approved_by=thread.finding.approved_by,
            content_hash=thread.finding.content_hash,
        )
        if thread.finding
        else None,
        hits=[WarningHit.model_validate(_without(hit, "payee_accounts")) for hit in hits],
        evidence=evidence,
        flow_nodes=nodes,
        doubts=doubts(telling, [line.model_dump() for line in evidence if line.of_hit]),
        earlier=[
            Earlier.model_validate(
                _without(one, "of_borrower", "of_payee", "of_rule")
                | {
                    "by_name": names.get(one["by"], one["by"]),
                    "shared": [name for name in ("borrower", "payee", "rule") if one[f"of_{name}"]],
                }
            )
            for one in before
        ],
        timeline=[
            TimelineEntry.model_validate(
                one | {"by_name": names.get(one["by"], one["by"]), "data": _named(one["data"], names)}
            )
            for one in timeline
        ],
        choices=_choices(thread, parameters_in_force(connection)),
        duty=duty_for(connection, thread_id, thread, person),
        may_close=thread.state in LIVE
        and thread.disposition in (Disposition.TRUE_POSITIVE, Disposition.FALSE_ALARM),
    )


def _rules(connection: Reading, codes: Iterable[str]) -> dict[str, RuleWords]:
    found = store.rule_words(connection, [code for code in codes if code not in PATTERN])
    return {code: RuleWords.model_validate(row) for code, row in found.items()}


def _choices(thread: Thread, book: ParameterBook) -> WarningChoices:
    today = clock.business_date(clock.now())
    policy = policy_of(book, today)
    called_for = policy.measures[thread.level]
    most = aside_until_most(thread.aside_since, today, policy)
    every = dict.fromkeys([*called_for, *(one for level in LEVELS for one in policy.measures[level])])
    return WarningChoices(
        measures=list(every),
        called_for=list(called_for),
        false_alarm_reasons=list(policy.false_alarm_reasons),
        snooze_until_most=most if most > today else None,
        allow_days=book.at_or_first("warning_allow_entry_days_most", today).number,
    )


def _assigned(timeline: list[pages.Row]) -> list[str]:
    return [
        one["data"].get(name, "")
        for one in timeline
        for name in ("to", "before")
        if one["kind"] == "assigned"
    ]


def _named(data: dict[str, Any], names: Any) -> dict[str, Any]:
    to = data.get("to")
    return data if not isinstance(to, str) else data | {"to_name": names.get(to, to)}


def _without(row: pages.Row, *names: str) -> pages.Row:
    return {name: value for name, value in row.items() if name not in names}

"""Rules: read, written, checked while they are written, and led through approval."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from loantrail.clock import business_date, now
from loantrail.early_warning.patterns import PATTERNS
from loantrail.http.access import Acting, Person, Reading, Recording, allowed, demand
from loantrail.http.connections import Lending
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, once, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.policy.reading import parameters_in_force
from loantrail.policy.store import names_of
from loantrail.rules import acting, answers, store, store_backtest, store_hits, store_volume, workflow
from loantrail.rules.answers import (
    RuleActed,
    RuleDetail,
    RuleEvent,
    RuleHit,
    RuleList,
    RuleRow,
    WantedRuleAct,
    WantedRuleChange,
    WantedRuleDraft,
    pattern_cost,
)
from loantrail.rules.model import RuleVersion, State, in_force
from loantrail.rules.periods import period_of
from loantrail.rules.telling import budget_on, found_of, on_trial, people_of, version_row
from loantrail.tracing import store_evaluation
from loantrail.tracing.routes_evaluation import Tracer

if TYPE_CHECKING:
    from psycopg import Connection

_BY_A_SECOND_PERSON: Final = frozenset(("approve", "refuse", "retire"))
_BY_EITHER: Final = frozenset(("propose_retire", "keep"))
"""Acts of whoever may write rules or approve them; what somebody else proposed is kept by who may approve."""
_JUDGES_OTHERWISE: Final = frozenset(("to_shadow", "to_draft", "approve", "retire"))
"""Acts after which other versions judge than before."""

router = APIRouter(tags=["rules"])

RuleCode = Annotated[str, Path(pattern=r"^[A-Z][A-Z0-9_]{2,39}$")]
RuleId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_READ: Final = problem_responses(
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
)
_READ_ONE: Final = problem_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


def with_shipped(request: Request, connections: Lending) -> None:
    """The shipped rules are entered before rules are first shown."""
    if not getattr(request.app.state, "rules_entered", False):
        with connections.connection() as connection:
            acting.enter_shipped(connection)
        request.app.state.rules_entered = True


@router.get("/rules", dependencies=[allowed(Ability.READ_RULES)], responses=_READ)
def list_rules(request: Request, connections: Lending) -> RuleList:
    """Every rule: the version in force, else the newest, and what it costs against the volume that staff can work; the built-in
    patterns with theirs; and what all that warns costs together."""
    with_shipped(request, connections)
    with connections.connection() as connection:
        versions = store.all_versions(connection)
        evaluations = store_hits.evaluations(connection)
        whole, found = store_volume.volume(connection), store_volume.threads_of_codes(connection)
        parameters = parameters_in_force(connection)
    today = business_date(now())
    forced = {one.code: one for one in in_force(versions, today)}
    rows: list[RuleRow] = []
    for code in sorted({one.code for one in versions}):
        own = [one for one in versions if one.code == code]
        shown = forced.get(code) or on_trial(own) or own[-1]
        newer = own[-1] if own[-1].version > shown.version else None
        rows.append(
            RuleRow(
                code=code,
                chinese=shown.content.chinese,
                english=shown.content.english,
                rule_id=shown.rule_id,
                version=shown.version,
                state=shown.state,
                level=shown.content.levels[0].level if shown.content.levels else None,
                occasion=answers.content_answer(shown.content).occasion,
                pattern=shown.content.pattern,
                waiting=newer.state if newer and newer.state is not State.RETIRED else None,
                retirement_waits=any(one.retirement_waits for one in own),
                found=found_of(evaluations.get(shown.rule_id), shown.content.occasion),
            )
        )
    speaking = {row.code for row in rows if row.code in forced and not (row.found and row.found.stopped)}
    budget = budget_on(parameters, today)
    return RuleList(
        rules=rows,
        patterns=[pattern_cost(code, code in speaking, found.get(code, (0, 0)), whole) for code in PATTERNS],
        budget_threads_milli=budget[0],
        budget_severe_milli=budget[1],
        warning_threads_milli=whole.threads_milli,
        warning_severe_milli=whole.severe_milli,
    )


@router.get("/rules/{code}", dependencies=[allowed(Ability.READ_RULES)], responses=_READ_ONE)
def one_rule(request: Request, connections: Lending, code: RuleCode) -> RuleDetail:
    """A rule with all its versions, what was done with it, and its back-tests."""
    with_shipped(request, connections)
    with connections.connection() as connection:
        versions = store.versions_of(connection, code)
        if not versions:
            raise NotFound(f"There is no rule {code}", "Choose one of the list")
        evaluations = store_hits.evaluations(connection)
        events = store.events_of(connection, code)
        backtests = store_backtest.of_rule(connection, code)
        tried = store_backtest.tried(connection, code)
        period = period_of(connection)
        parameters = parameters_in_force(connection)
        people = {
            *(person for one in versions for person in people_of(one)),
            *(str(one["by"]) for one in events),
            *(str(one["requested_by"]) for one in backtests),
        }
        names = names_of(connection, people)
    today = business_date(now())
    budget = budget_on(parameters, today)
    return RuleDetail(
        code=code,
        versions=[
            version_row(one, versions, evaluations, today, parameters, one.rule_id in tried)
            for one in answers.newest_first(versions)
        ],
        events=[RuleEvent.model_validate(one) for one in events],
        backtests=[answers.BacktestBrief.model_validate(one) for one in backtests],
        budget_threads_milli=budget[0],
        budget_severe_milli=budget[1],
        period_from=period[0] if period else None,
        period_to=period[1] if period else None,
        names=names,
    )


@router.post(
    "/rules",
    dependencies=[allowed(Ability.WRITE_RULES)],
    responses={**once(RuleActed), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def make_draft(
    connections: Lending, record: Recording, by: Acting, wanted: WantedRuleDraft, response: Response
) -> RuleActed:
    """A new draft: of a new rule, or from a version of one. It may still have problems; they are shown with it."""
    with connections.connection() as connection:
        pattern = ""
        if wanted.based_on is not None:
            for one in store.versions_of(connection, wanted.content.code):
                pattern = one.content.pattern if one.version == wanted.based_on else pattern
        content = wanted.content.content(pattern)
        try:
            made, new = acting.draft(connection, content, by, wanted.request_key, wanted.based_on)
        except acting.Conflicting as refused:
            raise conflicting(refused) from refused
        except acting.VersionMissing as missing:
            raise NotFound(missing.problem, missing.remedy) from missing
        answer = _acted(connection, made, new)
        if new:
            record(
                connection,
                "rule.draft",
                "rule_version",
                made.rule_id,
                after=wanted.content.model_dump(mode="json"),
            )
    if not new:
        response.status_code = HTTPStatus.OK
    return answer


@router.put("/rule-versions/{rule_id}", dependencies=[allowed(Ability.WRITE_RULES)], responses=_STATUSES)
def change_draft(
    connections: Lending, record: Recording, by: Acting, rule_id: RuleId, wanted: WantedRuleChange
) -> RuleActed:
    """Write a draft anew. 409 where somebody else changed it since it was read."""

    def decide(version: RuleVersion, at: datetime.datetime) -> RuleVersion | workflow.Refusal:
        del at
        return workflow.edit(version, wanted.content.content(version.content.pattern), by)

    return _do(connections, record, rule_id, wanted.revision, "changed", by, wanted.request_key, decide)


@router.post(
    "/rule-versions/{rule_id}/acts",
    dependencies=[allowed(Ability.WRITE_RULES, Ability.APPROVE_RULES)],
    responses=_STATUSES,
)
def act(
    connections: Lending,
    tracer: Tracer,
    person: Person,
    record: Recording,
    by: Acting,
    rule_id: RuleId,
    wanted: WantedRuleAct,
) -> RuleActed:
    """Lead a version on: `to_shadow`, `to_draft`, `propose`, `approve`, `refuse`; and end a published one: `propose_retire`,
    then `retire` or `keep` by another person (`keep` by who proposed it: withdrawn). Where other versions judge from then on,
    the books are evaluated anew. 409 with the name of the refusal as `code` where the act cannot be done now, or somebody
    else changed the version since it was read."""
    if wanted.act not in _BY_EITHER:
        demand(person, Ability.APPROVE_RULES if wanted.act in _BY_A_SECOND_PERSON else Ability.WRITE_RULES)
    with connections.connection() as connection:
        found = store.one(connection, rule_id)
        latest = None if found is None else acting.latest_effective(connection, found.code)
        tried = found is not None and rule_id in store_backtest.tried(connection, found.code)
        parameters = parameters_in_force(connection)

    def decide(version: RuleVersion, at: datetime.datetime) -> RuleVersion | workflow.Refusal:
        today = business_date(at)
        match wanted:
            case answers.RuleApproveAct():
                return workflow.approve(version, by, at, today, wanted.effective_from, latest)
            case answers.RuleReasonedAct(act="refuse"):
                return workflow.refuse(version, by, at, wanted.reason)
            case answers.RuleReasonedAct(act="propose_retire"):
                return workflow.propose_retirement(version, by, at, wanted.reason)
            case answers.RuleReasonedAct():
                if version.retirement_proposed_by != by:
                    demand(person, Ability.APPROVE_RULES)
                return workflow.keep(version, by, wanted.reason)
            case answers.RulePlainAct(act="to_shadow"):
                return workflow.to_shadow(version, acting.is_sound(version, parameters), by)
            case answers.RulePlainAct(act="retire"):
                return workflow.retire(version, by, today)
            case answers.RulePlainAct():
                return workflow.to_draft(version, by)
            case answers.RuleProposeAct():
                return workflow.propose(version, tried, by, wanted.reason)

    reason = ""
    if isinstance(wanted, (answers.RuleReasonedAct, answers.RuleProposeAct)):
        reason = wanted.reason
    elif wanted.act == "retire" and found is not None:
        # Who confirms agrees to what was proposed, and why; another proposal is another revision.
        reason = found.retirement_reason or ""
    done = _do(
        connections, record, rule_id, wanted.revision, wanted.act, by, wanted.request_key, decide, reason
    )
    if done.new and wanted.act in _JUDGES_OTHERWISE:
        tracer.start()
    return done


@router.get(
    "/rule-versions/{rule_id}/hits",
    dependencies=[allowed(Ability.READ_RULES, protected=True)],
    responses=_READ_ONE,
)
def hits(
    connection: Reading,
    person: Person,
    rule_id: RuleId,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[RuleHit]:
    """What the version found in the rows of the last trace, the latest first: of the loans within reach."""
    if store.one(connection, rule_id) is None:
        raise NotFound(f"There is no version {rule_id}", "Read the rule again")
    if not person.may(Ability.READ_LOANS):
        return []
    return [RuleHit.model_validate(one) for one in store_hits.hits_of(connection, rule_id, offset, limit)]


def _do(
    connections: Lending,
    record: Recording,
    rule_id: str,
    revision: int,
    kind: str,
    by: str,
    request_key: str,
    decide: Any,
    reason: str = "",
) -> RuleActed:
    with connections.connection() as connection:
        before = store.one(connection, rule_id)
        try:
            done = acting.act(connection, rule_id, revision, kind, by, request_key, decide, reason)
        except acting.Conflicting as refused:
            raise conflicting(refused) from refused
        if done is None:
            raise NotFound(f"There is no version {rule_id}", "Read the rule again")
        answer = _acted(connection, *done)
        if done[1] and kind in _JUDGES_OTHERWISE:
            store_evaluation.request_for_records(connection)
        if done[1] and before is not None:
            record(
                connection,
                f"rule.{kind}",
                "rule_version",
                rule_id,
                before=_on_record(before),
                after=_on_record(done[0]),
                why=reason,
            )
        return answer


def _on_record(version: RuleVersion) -> dict[str, Any]:
    names = ("state", "revision", "retirement_proposed_by", "retirement_reason")
    return {name: getattr(version, name) for name in names} | {"content": asdict(version.content)}


def _acted(connection: Connection[Any], version: RuleVersion, new: bool) -> RuleActed:
    versions = store.versions_of(connection, version.code)
    stored = next(one for one in versions if one.rule_id == version.rule_id)
    evaluations = store_hits.evaluations(connection)
    tried = stored.rule_id in store_backtest.tried(connection, version.code)
    parameters = parameters_in_force(connection)
    return RuleActed(
        version=version_row(stored, versions, evaluations, business_date(now()), parameters, tried),
        new=new,
    )


def version_of(connection: Connection[Any], rule_id: str) -> RuleVersion:
    """A version that an address names; NotFound without one."""
    found = store.one(connection, rule_id)
    if found is None:
        raise NotFound(f"There is no version {rule_id}", "Read the rule again")
    return found

"""Back-tests: asked for, watched, cancelled."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from loantrail.clock import business_date, now
from loantrail.errors import InputError, Place
from loantrail.http.access import Acting, NotingAccess, Opening, Opens, Person, Recording, allowed
from loantrail.http.connections import Connections, Lending
from loantrail.http.problems import WRITE_STATUSES, NotFound, conflicting, once, problem_responses
from loantrail.http.processes import of_the_monitor
from loantrail.http.store_third_parties import loans_within_reach
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.ids import new_id
from loantrail.policy.reading import parameters_in_force
from loantrail.rules import acting, store, store_backtest
from loantrail.rules.answers_backtest import BacktestBrief, BacktestRow, WantedBacktest
from loantrail.rules.backtesting import Backtesting
from loantrail.rules.model import RuleVersion, in_force
from loantrail.rules.periods import period_of, refuse_period
from loantrail.rules.routes import RuleId, version_of
from loantrail.rules.telling import on_trial

router = APIRouter(tags=["rules"])
BacktestId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
_STATUSES: Final = problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *WRITE_STATUSES)


def no_backtest(backtest_id: str) -> NotFound:
    """What is said of a back-test that is not there."""
    return NotFound(f"There is no back-test {backtest_id}", "Open the rule again")


@of_the_monitor
def backtesting_of(request: Request) -> Backtesting:
    """The one background worker of this application."""
    state = request.app.state
    if getattr(state, "backtesting", None) is None:
        state.backtesting = Backtesting(state.connections)
    return state.backtesting


Backtester = Annotated[Backtesting, Depends(backtesting_of)]


@router.post(
    "/rule-versions/{rule_id}/backtests",
    dependencies=[allowed(Ability.WRITE_RULES)],
    responses={**once(BacktestBrief), **_STATUSES},
    status_code=HTTPStatus.CREATED,
)
def start_backtest(
    connections: Lending,
    backtester: Backtester,
    record: Recording,
    by: Acting,
    rule_id: RuleId,
    wanted: WantedBacktest,
    response: Response,
) -> BacktestBrief:
    """Try a version, a draft too, over a period of history, beside another one: that which is asked for, else the one in force, else
    the one on trial. It runs in the background."""
    with connections.connection() as connection:
        version = version_of(connection, rule_id)
        before = store_backtest.by_request(connection, wanted.request_key)
        if before is not None:
            if (before["rule_id"], before["from_date"], before["to_date"]) != (
                rule_id,
                wanted.from_date,
                wanted.to_date,
            ):
                raise conflicting(
                    acting.Conflicting(
                        "this request key was used for another back-test",
                        remedy="Make a new key for each back-test",
                    )
                )
            response.status_code = HTTPStatus.OK
            return BacktestBrief.model_validate(before)
        refuse_period(wanted.from_date, wanted.to_date, period_of(connection))
        if not acting.is_sound(version, parameters_in_force(connection)):
            raise InputError(
                "the conditions of this version have errors",
                Place(field="rule_id"),
                "Correct what is marked first",
            )
        current = _beside(store.versions_of(connection, version.code), version, wanted.compare_with)
        backtest_id = new_id()
        store_backtest.insert(
            connection,
            {
                "backtest_id": backtest_id,
                "request_key": wanted.request_key,
                "rule_id": rule_id,
                "compared_with": current.rule_id if current else None,
                "content_hash": store.content_hash_of(connection, rule_id),
                "from_date": wanted.from_date,
                "to_date": wanted.to_date,
                "requested_by": by,
            },
        )
        row = store_backtest.one(connection, backtest_id)
        record(
            connection,
            "backtest.start",
            "rule_version",
            rule_id,
            after={"from": str(wanted.from_date), "to": str(wanted.to_date)},
        )
    assert row is not None
    backtester.start()
    return BacktestBrief.model_validate(row)


def _beside(
    versions: tuple[RuleVersion, ...], version: RuleVersion, wanted: int | None
) -> RuleVersion | None:
    """What a version is compared with; None where there is nothing. NotFound where what is asked for is no other version."""
    others = [one for one in versions if one.rule_id != version.rule_id]
    if wanted is None:
        forced = in_force(versions, business_date(now()))
        return next((one for one in forced if one.rule_id != version.rule_id), None) or on_trial(others)
    found = next((one for one in others if one.version == wanted), None)
    if found is None:
        raise NotFound(f"There is no other version {wanted} of {version.code}", "Read the rule again")
    return found


def backtest_told(
    connections: Connections, opens: Opens, person: Signed, backtest_id: str
) -> BacktestRow | None:
    """A back-test as this person may see it: its figures, and of the loans that it names those that they reach. None without
    one."""
    with connections.connection() as connection:
        row = store_backtest.one(connection, backtest_id)
        named = store_backtest.naming(connection, backtest_id)
    if row is None:
        return None
    if named is None or row["result"] is None:
        return BacktestRow.model_validate({**row, "result": None})
    loans = {
        *named["only_new_loans"],
        *named["only_old_loans"],
        *(one["loan_id"] for one in named["examples"]),
    }
    seen = _within_reach(opens, person, loans)
    examples = [one for one in named["examples"] if one["loan_id"] in seen]
    within: dict[str, Any] = {
        "only_new_loans": [one for one in named["only_new_loans"] if one in seen],
        "only_old_loans": [one for one in named["only_old_loans"] if one in seen],
        "examples": examples,
        "hidden_examples": len(named["examples"]) - len(examples),
    }
    return BacktestRow.model_validate({**row, "result": row["result"] | within})


def _within_reach(opens: Opens, person: Signed, loans: set[str]) -> set[str]:
    """Those of the loans that this person may open: row-level security answers it."""
    if not loans or not person.may(Ability.READ_LOANS):
        return set()
    with opens() as connection:
        return loans_within_reach(connection, loans)


@router.get(
    "/backtests/{backtest_id}",
    dependencies=[allowed(Ability.READ_RULES)],
    responses=problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def one_backtest(
    connections: Lending,
    opens: Opening,
    backtester: Backtester,
    person: Person,
    note_access: NotingAccess,
    backtest_id: BacktestId,
) -> BacktestRow:
    """How far a back-test is, and what it found: figures, and of the loans those within reach. One that a stopped server left is
    marked interrupted."""
    told = backtest_told(connections, opens, person, backtest_id)
    if told is None:
        raise no_backtest(backtest_id)
    if told.state in ("queued", "running"):
        backtester.start()
    if told.result is not None:
        # Before its end it shows no loan, and the page asks again and again.
        note_access()
    return told


@router.post(
    "/backtests/{backtest_id}/cancellation", dependencies=[allowed(Ability.WRITE_RULES)], responses=_STATUSES
)
def cancel_backtest(
    connections: Lending, record: Recording, by: Acting, backtest_id: BacktestId
) -> BacktestBrief:
    """Stop a back-test; stopping twice is stopping once."""
    with connections.connection() as connection:
        store_backtest.cancel(connection, backtest_id, by)
        row = store_backtest.one(connection, backtest_id)
        if row is not None:
            record(connection, "backtest.cancel", "backtest", backtest_id)
    if row is None:
        raise no_backtest(backtest_id)
    return BacktestBrief.model_validate(row)

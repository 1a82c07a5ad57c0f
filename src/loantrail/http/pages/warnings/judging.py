"""Who answers for a warning, and what of the warnings who asks may judge, by the parameters of today."""

from __future__ import annotations

from loantrail import clock
from loantrail.early_warning import store as threads
from loantrail.early_warning.duty import acting_roles, answering, duty_of
from loantrail.early_warning.hits import Level
from loantrail.early_warning.model import Policy, Thread, policy_of
from loantrail.http.access import Reading
from loantrail.http.pages.warnings.model import WarningDuty
from loantrail.http.pages.warnings.store_judging import Judging
from loantrail.identity.abilities import Ability
from loantrail.identity.model import Signed
from loantrail.policy.reading import parameters_in_force


def _policy(connection: Reading) -> Policy:
    return policy_of(parameters_in_force(connection), clock.business_date(clock.now()))


def judging(connection: Reading, person: Signed) -> Judging:
    """What this person has to do with the warnings."""
    policy = _policy(connection)
    return Judging(answering(person.roles, policy), policy.head_office_from, acting_roles(policy))


def duty_for(connection: Reading, thread_id: str, thread: Thread, person: Signed) -> WarningDuty:
    """Who answers for a warning as it stands, and what of it this person may do."""
    policy = _policy(connection)
    duty = duty_of(thread.level, threads.lent_of(connection, [thread_id])[thread_id], policy)
    judges = duty.is_of(person.roles) and person.may(Ability.ACT_ON_WARNINGS)
    checks = judges and person.may(Ability.CHECK_WARNINGS)
    return WarningDuty(
        owner_roles=list(duty.owner_roles),
        because=duty.because,
        head_office_fen=policy.head_office_from.number,
        response_days=policy.response_days.get(thread.level),
        response_hours=policy.red_hours if thread.level is Level.RED else None,
        escalates_to=list(duty.told_next),
        may_judge=judges,
        may_check=checks,
        may_close=judges and (checks or thread.level is Level.BLUE),
    )

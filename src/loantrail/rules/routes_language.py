"""The rule language for the editor: its vocabulary, a check of a condition, what may be written at the cursor."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter

from loantrail.http.access import Reading, allowed
from loantrail.http.problems import WRITE_STATUSES, problem_responses
from loantrail.identity.abilities import Ability
from loantrail.ledger.model import PRODUCTS
from loantrail.parties.model import PARTY_KINDS
from loantrail.policy.reading import parameters_in_force
from loantrail.rules.answers import (
    CheckedCondition,
    ProposalRow,
    RuleField,
    RuleFunction,
    Vocabulary,
    WantedCompletion,
    WantedConditionCheck,
    part_answer,
    problem_answer,
)
from loantrail.rules.completing import complete
from loantrail.rules.fields import FUNCTIONS, SHIPPED
from loantrail.rules.language import check
from loantrail.rules.model import OWNER_ROLES, known_actions
from loantrail.rules.words import explain

router = APIRouter(tags=["rules"])

_READ: Final = problem_responses(
    HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
)


@router.get("/rule-language", dependencies=[allowed(Ability.READ_RULES)], responses=_READ)
def vocabulary(connection: Reading) -> Vocabulary:
    """What a rule can be made of: fields, functions, and the values of its other parts."""
    return Vocabulary(
        fields=[
            RuleField(**{name: getattr(field, name) for name in RuleField.model_fields})
            for field in SHIPPED.values()
        ],
        functions=[
            RuleFunction(**{name: getattr(one, name) for name in RuleFunction.model_fields})
            for one in FUNCTIONS.values()
        ],
        products=list(PRODUCTS),
        customer_kinds=list(PARTY_KINDS),
        owner_roles=list(OWNER_ROLES),
        actions=list(known_actions(parameters_in_force(connection))),
    )


@router.post(
    "/rule-language/check",
    dependencies=[allowed(Ability.READ_RULES)],
    responses=problem_responses(*WRITE_STATUSES),
)
def check_condition(connection: Reading, wanted: WantedConditionCheck) -> CheckedCondition:
    """Every problem of a condition with its place; without any, the condition in words."""
    parameters = parameters_in_force(connection)
    checked = check(wanted.condition, parameters, wanted.occasion)
    return CheckedCondition(
        problems=[problem_answer(one) for one in checked.problems],
        reading=None if checked.root is None else part_answer(explain(checked, parameters)),
        fields=list(checked.fields),
        parameters=list(checked.parameters),
    )


@router.post(
    "/rule-language/completions",
    dependencies=[allowed(Ability.READ_RULES)],
    responses=problem_responses(*WRITE_STATUSES),
)
def completions(connection: Reading, wanted: WantedCompletion) -> list[ProposalRow]:
    """What may be written at the cursor."""
    found = complete(wanted.text, wanted.cursor, parameters_in_force(connection), wanted.occasion)
    return [ProposalRow(**{name: getattr(one, name) for name in ProposalRow.model_fields}) for one in found]

"""Roles of a bank's people and what each may do. Pure.

Who sees which loans is another question: a role is held in a unit, and row-level security of the database answers it
(docs/concepts/access.md). An ability says what kind of thing a person may do with what they see. Source: design, roles;
domain facts G1 (roles and visibility).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A role, held in a unit with all below it."""

    RELATIONSHIP_MANAGER = "relationship_manager"
    POST_LOAN_INSPECTOR = "post_loan_inspector"
    BRANCH_MANAGER = "branch_manager"
    RISK_MANAGER = "risk_manager"
    HEAD_OFFICE_RISK = "head_office_risk"
    LEGAL = "legal"
    AML_OFFICER = "aml_officer"
    EXECUTIVE = "executive"
    INTERNAL_AUDITOR = "internal_auditor"
    RULE_AUTHOR = "rule_author"
    IT_OPERATOR = "it_operator"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"


ADMINISTRATORS: Final = frozenset(
    (Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR)
)
"""Separate persons: who holds one of them holds no other role."""


class Ability(StrEnum):
    """What a route asks for."""

    READ_LOANS = "read_loans"
    """Loans, customers, accounts, flows within reach."""
    READ_PORTFOLIO = "read_portfolio"
    """Sums over units, industries, products; no personal data."""
    READ_WARNINGS = "read_warnings"
    ACT_ON_WARNINGS = "act_on_warnings"
    ASSIGN_WARNINGS = "assign_warnings"
    CHECK_WARNINGS = "check_warnings"
    """Be the second person of an act on a warning."""
    ACT_ON_CHECKS = "act_on_checks"
    """Judge statement lines, bring vouchers, close a loan check."""
    REVIEW_CHECKS = "review_checks"
    CORRECT_BOOKS = "correct_books"
    """Classes of payees, pairings, accounts that are one."""
    APPROVE_CORRECTIONS = "approve_corrections"
    """Be the second person of a correction of a payee's class."""
    MAKE_DISPUTES = "make_disputes"
    READ_RULES = "read_rules"
    WRITE_RULES = "write_rules"
    APPROVE_RULES = "approve_rules"
    EDIT_LISTS = "edit_lists"
    APPROVE_LISTS = "approve_lists"
    READ_DATA = "read_data"
    """Sources, imports, reconciliation, quarantine, nightly dates."""
    TAKE_DATA = "take_data"
    """Start imports and nightly runs, correct refusals."""
    SEND_LIVE = "send_live"
    """Live lines and payments to decide on; what the bank's systems do with a key."""
    APPROVE = "approve"
    """See the inbox of what waits for a second person."""
    EXPORT = "export"
    SEE_IDENTIFIERS = "see_identifiers"
    """Identity numbers and telephone numbers in clear, each time on record."""
    SEE_THIRD_PARTIES = "see_third_parties"
    """Who stands beyond the first payee, in clear."""
    REQUEST_UNMASKING = "request_unmasking"
    APPROVE_UNMASKING = "approve_unmasking"
    READ_SUSPICIONS = "read_suspicions"
    """Suspicious-report matters; nobody outside compliance."""
    READ_AUDIT = "read_audit"
    READ_PEOPLE = "read_people"
    EDIT_PEOPLE = "edit_people"
    """Make persons, hand out roles: takes effect when a security administrator approves."""
    APPROVE_PEOPLE = "approve_people"
    EDIT_PARAMETERS = "edit_parameters"
    APPROVE_PARAMETERS = "approve_parameters"
    RUN_SYSTEM = "run_system"
    """Health, jobs, channels, keys of systems."""


_A = Ability
_BUSINESS: Final = frozenset((_A.READ_LOANS, _A.READ_WARNINGS, _A.READ_RULES, _A.READ_PORTFOLIO))

ABILITIES: Final[Mapping[Role, frozenset[Ability]]] = {
    Role.RELATIONSHIP_MANAGER: _BUSINESS
    | {_A.ACT_ON_WARNINGS, _A.ACT_ON_CHECKS, _A.CORRECT_BOOKS, _A.MAKE_DISPUTES, _A.EXPORT, _A.SEE_IDENTIFIERS,
       _A.REQUEST_UNMASKING, _A.EDIT_LISTS},
    Role.POST_LOAN_INSPECTOR: _BUSINESS
    | {_A.ACT_ON_WARNINGS, _A.ACT_ON_CHECKS, _A.REVIEW_CHECKS, _A.CORRECT_BOOKS, _A.MAKE_DISPUTES, _A.EXPORT, _A.SEE_IDENTIFIERS,
       _A.REQUEST_UNMASKING, _A.EDIT_LISTS},
    Role.BRANCH_MANAGER: _BUSINESS
    | {_A.ACT_ON_WARNINGS, _A.ASSIGN_WARNINGS, _A.CHECK_WARNINGS, _A.APPROVE_CORRECTIONS, _A.REVIEW_CHECKS, _A.APPROVE, _A.APPROVE_UNMASKING,
       _A.APPROVE_LISTS, _A.EXPORT, _A.MAKE_DISPUTES, _A.REQUEST_UNMASKING},
    Role.RISK_MANAGER: _BUSINESS
    | {_A.ACT_ON_WARNINGS, _A.ASSIGN_WARNINGS, _A.CHECK_WARNINGS, _A.APPROVE_CORRECTIONS, _A.REVIEW_CHECKS, _A.CORRECT_BOOKS, _A.MAKE_DISPUTES,
       _A.WRITE_RULES, _A.EDIT_LISTS, _A.APPROVE_LISTS, _A.APPROVE, _A.APPROVE_UNMASKING, _A.EXPORT, _A.READ_DATA,
       _A.REQUEST_UNMASKING},
    Role.HEAD_OFFICE_RISK: _BUSINESS
    | {_A.ACT_ON_WARNINGS, _A.ASSIGN_WARNINGS, _A.CHECK_WARNINGS, _A.APPROVE_CORRECTIONS, _A.REVIEW_CHECKS, _A.CORRECT_BOOKS, _A.MAKE_DISPUTES,
       _A.WRITE_RULES, _A.APPROVE_RULES, _A.EDIT_LISTS, _A.APPROVE_LISTS, _A.APPROVE, _A.APPROVE_UNMASKING, _A.EXPORT,
       _A.READ_DATA, _A.SEE_THIRD_PARTIES, _A.SEE_IDENTIFIERS, _A.EDIT_PARAMETERS, _A.APPROVE_PARAMETERS},
    Role.LEGAL: frozenset((_A.READ_LOANS, _A.READ_WARNINGS, _A.ACT_ON_WARNINGS, _A.CHECK_WARNINGS, _A.MAKE_DISPUTES,
                           _A.EXPORT, _A.SEE_IDENTIFIERS, _A.REQUEST_UNMASKING)),
    Role.AML_OFFICER: _BUSINESS
    | {_A.SEE_THIRD_PARTIES, _A.SEE_IDENTIFIERS, _A.READ_SUSPICIONS, _A.EDIT_LISTS, _A.APPROVE_LISTS, _A.APPROVE, _A.EXPORT},
    Role.EXECUTIVE: frozenset((_A.READ_PORTFOLIO,)),
    Role.INTERNAL_AUDITOR: _BUSINESS | {_A.READ_DATA, _A.READ_AUDIT, _A.READ_PEOPLE, _A.SEE_THIRD_PARTIES, _A.EXPORT},
    Role.RULE_AUTHOR: frozenset((_A.READ_RULES, _A.WRITE_RULES, _A.READ_PORTFOLIO)),
    Role.IT_OPERATOR: frozenset((_A.READ_DATA, _A.TAKE_DATA, _A.RUN_SYSTEM)),
    Role.SYSTEM_ADMINISTRATOR: frozenset((_A.READ_PEOPLE, _A.EDIT_PEOPLE, _A.RUN_SYSTEM)),
    Role.SECURITY_ADMINISTRATOR: frozenset((_A.READ_PEOPLE, _A.APPROVE_PEOPLE, _A.APPROVE)),
    Role.AUDIT_ADMINISTRATOR: frozenset((_A.READ_AUDIT, _A.READ_PEOPLE)),
}  # fmt: skip

KEY_ABILITIES: Final = frozenset(
    (_A.SEND_LIVE, _A.READ_LOANS, _A.READ_WARNINGS, _A.READ_DATA, _A.TAKE_DATA, _A.RUN_SYSTEM)
)
"""What a key of a system may be made for: nothing that needs a person's judgement."""

WHOLE_BANK: Final = frozenset(
    (Role.HEAD_OFFICE_RISK, Role.AML_OFFICER, Role.EXECUTIVE, Role.INTERNAL_AUDITOR, Role.LEGAL)
)
"""Roles that see the whole bank wherever they are held. Legal staff see it until cases are handed over one by one."""
OWN_LOANS: Final = frozenset((Role.RELATIONSHIP_MANAGER,))
"""Roles that see the loans they manage."""
NO_LOANS: Final = ADMINISTRATORS | {Role.IT_OPERATOR, Role.RULE_AUTHOR}
"""Roles that see no loan at all. The others see the loans of their unit and of those below it."""


def abilities_of(roles: Iterable[Role]) -> frozenset[Ability]:
    """All that the holder of these roles may do."""
    return frozenset().union(*(ABILITIES[role] for role in roles))


def conflict_of(roles: Iterable[Role]) -> str | None:
    """Why one person cannot hold these roles together; None where they can."""
    held = set(roles)
    if held & ADMINISTRATORS and len(held) > 1:
        return "an administrator holds no other role: system, security and audit administrators are separate persons"
    if {Role.INTERNAL_AUDITOR} < held:
        return "an internal auditor holds no other role: nobody examines their own acts"
    return None

"""What a value must be for the product to go on working by it. Pure.

These are no numbers of policy: a bank chooses within them as it likes. Outside of them nobody could sign in, propose or be warned any
more, or two numbers would contradict each other.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final

from loantrail.destinations.model import BY_NAME
from loantrail.early_warning.model import policy_of as warning_policy
from loantrail.identity.abilities import ABILITIES, Ability, Role
from loantrail.identity.decide import limits_on
from loantrail.inspections.model import policy_of as check_policy
from loantrail.parameters import ParameterBook
from loantrail.rules.model import known_actions

MOST: Final = 10**15
"""Ten thousand billion yuan in fen; no number of any unit is larger."""
_MOST_OF: Final[Mapping[str, int]] = {
    "ppm": 100_000_000,
    "permille": 100_000,
    "minutes": 527_040,
    "hours": 87_840,
    "days": 36_600,
    "working_days": 26_000,
    "months": 1_200,
    "years": 100,
    "count": 1_000_000_000,
}
_LEAST: Final[Mapping[str, int]] = {
    "approval_waiting_days": 1,
    "api_key_days_most": 1,
    "check_voucher_mebibytes_most": 1,
    "delegation_days_most": 1,
    "export_open_days": 1,
    "one_time_password_days": 1,
    "password_days_most": 1,
    "password_length_least": 8,
    "password_kinds_least": 1,
    "portfolio_least_loans": 1,
    "sign_in_address_attempts": 5,
    "sign_in_address_minutes": 1,
    "sign_in_idle_minutes": 1,
    "sign_in_lock_out_attempts": 1,
    "sign_in_lock_out_minutes": 1,
    "sign_in_session_hours": 1,
    "unmasking_days": 1,
    "warning_allow_entry_days_most": 1,
    "warning_snooze_days_most": 1,
}
_MOST_NAMED: Final[Mapping[str, int]] = {
    "check_voucher_mebibytes_most": 1_000,
    "password_kinds_least": 4,
    "password_length_least": 64,
    "password_history_count": 100,
    "sign_in_lock_out_attempts": 100,
    "sign_in_lock_out_minutes": 1_440,
    "sign_in_session_hours": 24,
}
_WHO_CAN: Final[Mapping[str, Ability]] = {
    "warning_blue_owner_roles": Ability.ACT_ON_WARNINGS,
    "warning_yellow_owner_roles": Ability.ACT_ON_WARNINGS,
    "warning_orange_owner_roles": Ability.ACT_ON_WARNINGS,
    "warning_red_owner_roles": Ability.CHECK_WARNINGS,
    "warning_red_branch_owner_roles": Ability.CHECK_WARNINGS,
    "warning_manager_roles": Ability.ACT_ON_WARNINGS,
    "check_reviewer_roles": Ability.REVIEW_CHECKS,
}
"""Lists of roles -> what their holders must be able to do. Nobody stands behind the owners of red warnings, so they must close them."""
_LEAST_PART: Final = "_least_"
_MOST_PART: Final = "_most_"
"""`x_least_ppm` is never more than `x_most_ppm`."""


def span(name: str, unit: str) -> tuple[int, int]:
    """The least and the most that a number of this name may be."""
    most = _MOST_NAMED.get(name, _MOST_OF.get(unit, MOST))
    return _LEAST.get(name, 0), most


def choices(shipped: ParameterBook, name: str) -> tuple[str, ...]:
    """What a list of names may be made of, sorted; empty for a number."""
    periods = shipped.periods(name)
    if periods[0].unit != "classes":
        return ()
    known = {one for period in periods for one in period.names}
    if name.endswith("_roles"):
        needed = _WHO_CAN.get(name)
        known |= {role.value for role in Role if needed is None or needed in ABILITIES[role]}
    elif name.endswith("_measures"):
        known |= set(known_actions(shipped))
    elif name == "final_classes":
        known |= set(BY_NAME)
    elif "_uses_" in name or name.endswith("_uses"):
        known |= set(BY_NAME) | {
            one for other in shipped.names if "_uses" in other and shipped.periods(other)[0].unit == "classes"
            for period in shipped.periods(other) for one in period.names
        }  # fmt: skip
    elif name.endswith("_rules"):
        known |= {
            one for other in shipped.names if other.endswith("_rules") and shipped.periods(other)[0].unit == "classes"
            for period in shipped.periods(other) for one in period.names
        }  # fmt: skip
    return tuple(sorted(known))


def contradiction(book: ParameterBook, name: str, on_date: datetime.date) -> tuple[str, str] | None:
    """The two names whose values contradict each other on that day or later, the smaller one first; None where there are none."""
    low, high = name.replace(_MOST_PART, _LEAST_PART), name.replace(_LEAST_PART, _MOST_PART)
    if low == high or not {low, high} <= set(book.names):
        return None
    beginnings = {one.effective_from for one in (*book.periods(low), *book.periods(high))}
    for day in sorted({on_date, *(one for one in beginnings if one > on_date)}):
        if book.at_or_first(low, day).number > book.at_or_first(high, day).number:
            return low, high
    return None


def tried(book: ParameterBook, day: datetime.date) -> None:
    """Make everything out of the book that is made of it on a day. ConfigurationError, ValueError, OverflowError where that fails."""
    limits_on(book, day)
    warning_policy(book, day)
    check_policy(book, day)

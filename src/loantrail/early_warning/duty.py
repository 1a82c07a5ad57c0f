"""Who answers for a warning, who may judge it, and whom the next step up tells. Pure.

Source: domain facts B4, column `who`: the level says whose a warning is; a red one is worked by the head office's risk department
and legal staff, of retail and of small loans by the branch. Who answers for a graver level may act on a milder one too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from loantrail.early_warning.hits import LEVELS, Level
from loantrail.early_warning.model import Policy
from loantrail.early_warning.view import RETAIL_PRODUCTS

YUAN: Final = "CNY"
MANAGER: Final = "relationship_manager"


class Because(StrEnum):
    """Why these roles answer for a warning."""

    LEVEL = "level"
    RETAIL = "retail"
    SMALL_LOAN = "small_loan"


@dataclass(frozen=True, slots=True)
class Lent:
    """What of a loan decides who answers for its red warnings."""

    borrower_kind: str
    product: str
    amount_fen: int
    currency: str

    @property
    def is_retail(self) -> bool:
        return self.borrower_kind == "individual" or self.product in RETAIL_PRODUCTS


@dataclass(frozen=True, slots=True)
class Duty:
    """Who answers for a warning."""

    owner_roles: tuple[str, ...]
    because: Because
    acting_roles: frozenset[str]
    """Who may judge it and take it to its end: the owners, those of graver levels, and who does a relationship manager's work."""
    told_next: tuple[str, ...]
    """Who is told when nobody answered in time."""

    def is_of(self, roles: Iterable[str]) -> bool:
        """Whether the holder of these roles may judge it."""
        return not self.acting_roles.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of warnings: of loans whose red warnings the branch works, and of the others."""

    of_branch: tuple[Level, ...]
    of_others: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Answering:
    """What the holder of some roles has to do with warnings."""

    owned: Levels
    """Answers for them."""
    told: Levels
    """Is told of them when nobody answered in time."""
    judged: Levels
    """May judge them."""


def exception_of(lent: Lent, policy: Policy) -> Because:
    """Why the branch works the red warnings of a loan; LEVEL where it does not. In another currency than yuan a loan counts as
    no small one: nothing here turns its amount into yuan."""
    if lent.is_retail:
        return Because.RETAIL
    small = lent.currency == YUAN and not policy.head_office_from.reached_by(lent.amount_fen)
    return Because.SMALL_LOAN if small else Because.LEVEL


def duty_of(level: Level, lent: Lent, policy: Policy) -> Duty:
    """Who answers for a warning of that level about that loan."""
    return _duty(level, exception_of(lent, policy), policy)


def _duty(level: Level, exception: Because, policy: Policy) -> Duty:
    rungs = _rungs(exception is not Because.LEVEL, policy)
    here = LEVELS.index(level)
    owners = rungs[here]
    return Duty(
        owner_roles=owners,
        because=exception if level is Level.RED else Because.LEVEL,
        acting_roles=_with_managers((role for rung in rungs[here:] for role in rung), policy),
        # Those who answer already learn nothing from being told.
        told_next=next((one for one in rungs[here + 1 :] if set(one) != set(owners)), owners),
    )


def answering(roles: Collection[str], policy: Policy) -> Answering:
    """What the holder of these roles has to do with warnings, level by level."""

    def levels(wanted: Callable[[Duty], bool]) -> Levels:
        branch, others = (
            tuple(level for level in LEVELS if wanted(_duty(level, exception, policy)))
            for exception in (Because.RETAIL, Because.LEVEL)
        )
        return Levels(branch, others)

    def holds(owners: tuple[str, ...]) -> bool:
        return not _with_managers(owners, policy).isdisjoint(roles)

    return Answering(
        owned=levels(lambda duty: holds(duty.owner_roles)),
        told=levels(lambda duty: holds(duty.told_next)),
        judged=levels(lambda duty: duty.is_of(roles)),
    )


def acting_roles(policy: Policy) -> dict[str, dict[str, list[str]]]:
    """Level -> `branch` (loans whose red warnings the branch works) or `others` -> the roles that may judge a warning of it, sorted."""
    return {
        level: {
            name: sorted(_duty(level, exception, policy).acting_roles)
            for name, exception in (("branch", Because.RETAIL), ("others", Because.LEVEL))
        }
        for level in LEVELS
    }


def _rungs(by_branch: bool, policy: Policy) -> list[tuple[str, ...]]:
    """The owners of each level, and behind them those of red ones that the branch does not work."""
    owners = [policy.owner_roles[level] for level in LEVELS]
    return [*owners[:-1], policy.branch_owner_roles, owners[-1]] if by_branch else owners


def _with_managers(owners: Iterable[str], policy: Policy) -> frozenset[str]:
    roles = frozenset(owners)
    return roles | frozenset(policy.manager_roles) if MANAGER in roles else roles

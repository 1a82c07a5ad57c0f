"""Why a rule judges nothing: it hits too much, says what is no rule any more, or broke while it was at work. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from loantrail.defects import DEFECTS, told
from loantrail.errors import LoantrailError, unforeseen
from loantrail.parameters import ParameterBook
from loantrail.rules.model import RuleVersion
from loantrail.rules.numbers import PPM


@dataclass(frozen=True, slots=True)
class Stopped:
    """A rule whose hits were thrown away: `runaway` where it hits too large a share of the loans, `content` where its
    conditions no longer pass their check (a field or a parameter is gone), `defect` where it broke while it was judged or
    explained."""

    rule_code: str
    rule_version: str
    reason: str
    loans_hit: int
    loans: int
    limit_ppm: int


def runaway_of(
    version: RuleVersion, hit: int, loans: int, parameters: ParameterBook, on_date: datetime.date | None
) -> Stopped | None:
    """Why a rule that hits so many of so many loans is stopped; None where it is not."""
    if on_date is None or loans == 0:
        return None
    limit = parameters.at_or_first("rule_runaway_share_ppm", on_date)
    least = parameters.at_or_first("rule_runaway_loans", on_date)
    if not (least.reached_by(hit) and limit.reached_by(hit * PPM // loans)):
        return None
    return Stopped(version.code, str(version.version), "runaway", hit, loans, limit.number)


@dataclass(frozen=True, slots=True)
class Broken:
    """A version that broke while it was made ready, judged or explained, and what was raised."""

    version: RuleVersion
    problem: BaseException


class RulesBroken(LoantrailError):
    """Versions that broke: without them the same can be judged."""

    code = "rule_broken"

    def __init__(self, broken: Sequence[Broken]) -> None:
        self.broken = tuple(broken)
        version, cause = self.broken[0].version, told(self.broken[0].problem)
        super().__init__(
            f"the rule {version.code}, version {version.version}, could not be judged: {unforeseen(cause)}",
            remedy="Change its conditions; if it stays, send the server's log to its maintainers",
        )


@contextmanager
def naming(version: RuleVersion) -> Generator[None]:
    """What breaks in the block is told as this version's: RulesBroken."""
    try:
        yield
    except DEFECTS as problem:
        raise RulesBroken([Broken(version, problem)]) from problem

"""Versions of rules as the interface tells them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from loantrail.parameters import ParameterBook
from loantrail.rules import answers, store_hits
from loantrail.rules.answers import RuleFound, RuleVersionRow, part_answer
from loantrail.rules.cost import Span
from loantrail.rules.model import RuleVersion, State, check_content, differing, in_force
from loantrail.rules.volume import per_thousand_a_month
from loantrail.rules.words import explain
from loantrail.signals.catalogue import DAY


def on_trial(versions: Sequence[RuleVersion]) -> RuleVersion | None:
    """The newest version that runs in shadow or waits for approval; `versions`: of one rule, the oldest first."""
    return next((one for one in reversed(versions) if one.state in (State.SHADOW, State.PROPOSED)), None)


def people_of(version: RuleVersion) -> set[str]:
    """Who wrote, proposed, decided or ended it."""
    acted = (version.proposed_by, version.checker, version.retired_by, version.retirement_proposed_by)
    return {version.maker, *version.editors, *(person for person in acted if person)}


def version_row(
    version: RuleVersion,
    versions: tuple[RuleVersion, ...],
    evaluations: dict[str, store_hits.Row],
    today: datetime.date,
    parameters: ParameterBook,
    tried: bool,
) -> RuleVersionRow:
    """A version as it is shown; `tried`: a back-test of it as it stands came to its end."""
    checked = check_content(version.content, parameters)
    before = [one for one in versions if one.version < version.version]
    forced = in_force(versions, today)
    return RuleVersionRow(
        rule_id=version.rule_id,
        version=version.version,
        revision=version.revision,
        state=version.state,
        content=answers.content_answer(version.content),
        maker=version.maker,
        editors=list(version.editors),
        made_at=version.made_at,
        based_on=version.based_on,
        proposed_by=version.proposed_by,
        checker=version.checker,
        decided_at=version.decided_at,
        refusal_reason=version.refusal_reason,
        effective_from=version.effective_from,
        retired_on=version.retired_on,
        retired_by=version.retired_by,
        retirement_proposed_by=version.retirement_proposed_by,
        retirement_proposed_at=version.retirement_proposed_at,
        retirement_reason=version.retirement_reason,
        shipped=version.shipped,
        in_force=any(one.rule_id == version.rule_id for one in forced),
        tried=tried,
        differs=list(differing(before[-1].content, version.content)) if before else [],
        reading=None
        if checked.condition.root is None
        else part_answer(explain(checked.condition, parameters)),
        problems=[one.field for one in checked.problems],
        found=found_of(evaluations.get(version.rule_id), version.content.occasion),
    )


def found_of(row: store_hits.Row | None, occasion: str) -> RuleFound | None:
    """What the last evaluation found of a version, and what that costs; None where it was not evaluated, or changed since."""
    if row is None:
        return None
    # What is stopped warns of nothing.
    no_month = occasion == DAY or row["stopped"] is not None
    days = Span(row["first_date"], row["last_date"]).days if row["first_date"] and row["last_date"] else 0
    return RuleFound(
        at=row["at"],
        loans=row["loans"],
        loans_hit=row["loans_hit"],
        severe_loans=row["severe_loans"],
        threads_milli=None if no_month else per_thousand_a_month(row["loans_hit"], row["loans"], days),
        severe_milli=None if no_month else per_thousand_a_month(row["severe_loans"], row["loans"], days),
        milliseconds=row["microseconds"] // 1_000,
        stopped=row["stopped"],
    )


def budget_on(parameters: ParameterBook, on_date: datetime.date) -> tuple[int, int]:
    """Threads, and grave ones, per 1,000 loans a month that staff can work, in thousandths."""
    return (
        parameters.at_or_first("warning_threads_per_thousand_loans", on_date).number * 1_000,
        parameters.at_or_first("warning_threads_severe_per_thousand_loans", on_date).number * 1_000,
    )

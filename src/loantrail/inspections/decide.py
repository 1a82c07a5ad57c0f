"""When a first check is due, what its judgements come to, and what changed since it was submitted.

Source of the deadlines: domain facts A5 (15 calendar days after payment; 7 for first-time borrowers of large loans and for
borrower-directed payment beyond its limit; 30 for retail). They are parameters.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loantrail.inspections.model import (
    NOT_USED,
    RETAIL_KINDS,
    Conclusion,
    FiguresChange,
    Judged,
    Line,
    LineJudgement,
    Policy,
)
from loantrail.parameters import ParameterBook

_MILLION: Final = 1_000_000
NOT_SEEN: Final = frozenset(
    (
        "outside", "other_bank", "same_name_other_bank", "payment_institution", "group_cash_pool", "pooled",
        "bank_internal", "currency_exchange", "untraced",
    )
)  # fmt: skip
"""Lines of money that was not followed to a use: at other banks, in pooled accounts, outside."""
_AUTONOMOUS_LIMIT: Final[dict[str, str]] = {
    "working_capital_loan": "entrusted_above_working_capital_loan_fen",
    "fixed_asset_loan": "entrusted_above_fixed_asset_loan_fen",
    "project_finance": "entrusted_above_fixed_asset_loan_fen",
}
"""Product -> the amount above which a payment is not the borrower's to direct."""


@dataclass(frozen=True, slots=True)
class PaidOut:
    """What decides about the first check of a loan. `autonomous_fen`: the largest payment that the borrower directed."""

    product: str
    borrower_kind: str
    currency: str
    amount_fen: int
    paid_out_on: datetime.date
    autonomous_fen: int = 0
    first_time: bool = False
    """The books hold no earlier loan of the borrower."""


@dataclass(frozen=True, slots=True)
class Due:
    """`regular_on` is counted from the payment by practice, `on` is the day that binds; `rule` names the parameter."""

    regular_on: datetime.date
    on: datetime.date
    rule: str


def first_check_due(loan: PaidOut, made_on: datetime.date, policy: Policy, parameters: ParameterBook) -> Due:
    """The deadline of a first check that is made on a business date. Staff has at least `least_days` from that date: what
    came late into the books is not overdue at once."""
    rule = _due_rule(loan, parameters)
    regular = loan.paid_out_on + datetime.timedelta(
        days=parameters.at_or_first(rule, loan.paid_out_on).number
    )
    return Due(regular, max(regular, made_on + datetime.timedelta(days=policy.least_days)), rule)


def _due_rule(loan: PaidOut, parameters: ParameterBook) -> str:
    if loan.borrower_kind in RETAIL_KINDS:
        return "first_inspection_retail_days"
    strict = "first_inspection_company_strict_days"
    if loan.currency == "CNY":
        large = parameters.at_or_first("first_inspection_strict_above_fen", loan.paid_out_on)
        if loan.first_time and large.reached_by(loan.amount_fen):
            return strict
        limit = _AUTONOMOUS_LIMIT.get(loan.product)
        if limit and parameters.at_or_first(limit, loan.paid_out_on).reached_by(loan.autonomous_fen):
            return strict
    return "first_inspection_company_days"


def is_taken_over(paid_out_on: datetime.date, first_data_date: datetime.date, policy: Policy) -> bool:
    """Whether a loan was old already when Loantrail began."""
    return (first_data_date - paid_out_on).days > policy.take_over_days


def still_holds(judged: Judged, line: Line, policy: Policy) -> bool:
    """Whether what was judged still covers the line: it has not grown by more than the parameter since."""
    return line.amount_fen * _MILLION <= judged.amount_fen * (_MILLION + policy.growth_ppm)


def unjudged(lines: Sequence[Line], judgements: Mapping[str, Judged], policy: Policy) -> list[Line]:
    """The lines that a person must still judge."""
    return [
        line
        for line in lines
        if line.wants_judgement
        and not (line.use in judgements and still_holds(judgements[line.use], line, policy))
    ]


def proposal(lines: Sequence[Line], judgements: Mapping[str, Judged], policy: Policy) -> Conclusion:
    """The conclusion that judgements and figures suggest. What nobody judged yet leaves it undetermined."""
    used = [line for line in lines if line.use not in NOT_USED]
    used_fen = sum(line.amount_fen for line in used)
    whole_fen = sum(line.amount_fen for line in lines)
    said = {use: one.judgement for use, one in judgements.items()}
    untrue_fen = sum(line.amount_fen for line in used if said.get(line.use) is LineJudgement.NOT_GENUINE)
    if untrue_fen:
        much = untrue_fen * _MILLION >= used_fen * policy.not_as_agreed_ppm
        return Conclusion.NOT_AS_AGREED if much else Conclusion.PARTLY_AS_AGREED
    # A line that a person calls genuine is known, wherever the trace lost it.
    open_fen = sum(
        line.amount_fen
        for line in used
        if line.use in NOT_SEEN and said.get(line.use) is not LineJudgement.GENUINE
    )
    if (
        not used_fen
        or unjudged(lines, judgements, policy)
        or LineJudgement.MORE_PAPERS in {said.get(line.use) for line in used}
        or open_fen * _MILLION > whole_fen * policy.unseen_ppm
    ):
        return Conclusion.UNDETERMINED
    return Conclusion.AS_AGREED


def differences(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Use -> fen that a statement has more, or less, than another; in the order of uses."""
    found = {use: now.get(use, 0) - before.get(use, 0) for use in sorted({*before, *now})}
    return {use: fen for use, fen in found.items() if fen}


def change_of(before: Mapping[str, int], now: Mapping[str, int]) -> FiguresChange:
    """What became of the figures: money that lay unused was used since, or what was known became another."""
    found = differences(before, now)
    if not found:
        return FiguresChange.NO
    moved = sum(found.values()) == 0 and all(fen > 0 or use in NOT_USED for use, fen in found.items())
    return FiguresChange.MOVED_ON if moved else FiguresChange.REVISED

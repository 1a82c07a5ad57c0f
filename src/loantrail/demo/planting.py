"""Which story is told about which loan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Final

from loantrail.demo import look_alikes, misuse_circular, misuse_forbidden, misuse_payees
from loantrail.demo.stage import Case, Stage

Planter = Callable[[Stage, Case, int], None]

MISUSE: Final[dict[str, Planter]] = {
    "FLOW_SECURITIES": misuse_forbidden.plant_securities,
    "FLOW_REALESTATE": misuse_forbidden.plant_real_estate,
    "ROLLOVER_OTHER_DEBT": misuse_forbidden.plant_other_debt,
    "PRIVATE_LENDING": misuse_forbidden.plant_private_lending,
    "ACCEPTANCE_MARGIN": misuse_forbidden.plant_acceptance_margin,
    "CASH_OUT": misuse_forbidden.plant_cash_out,
    "IDLE_FUNDS": misuse_forbidden.plant_idle,
    "SAME_NAME_OUT": misuse_forbidden.plant_same_name_out,
    "ROUND_TRIP": misuse_circular.plant_round_trip,
    "RETURN_TO_GUARANTOR": misuse_circular.plant_return_to_guarantor,
    "RELATED_PARTY": misuse_circular.plant_related_party,
    "RAPID_IN_OUT": misuse_circular.plant_rapid_in_out,
    "COUNTERPARTY_LOOP": misuse_circular.plant_loop,
    "STRUCTURING": misuse_payees.plant_structuring,
    "PAYEE_MISMATCH": misuse_payees.plant_mismatch,
    "NEW_SHELL_PAYEE": misuse_payees.plant_shell,
}
"""MULTI_BORROWER_POOL is told about a group of loans; REPAY_SOURCE_ODD where repayments are made."""

ALIKE: Final[dict[str, Planter]] = {
    "money_market_sweep": look_alikes.money_market_sweep,
    "wallet_top_up": look_alikes.wallet_top_up,
    "group_cash_pool": look_alikes.group_cash_pool,
    "owner_card_till": look_alikes.owner_card_till,
    "refund": look_alikes.refund,
    "payroll_several_banks": look_alikes.payroll_several_banks,
    "common_payee": look_alikes.common_payee,
    "round_sums": look_alikes.round_sums,
}


def plant_all(stage: Stage) -> None:
    """Tell every story that the casting of the loans asks for."""
    turns: defaultdict[str, int] = defaultdict(int)
    groups: defaultdict[int, list[Case]] = defaultdict(list)
    for loan in range(len(stage.loans)):
        pattern, alike = stage.loans.pattern[loan], stage.loans.look_alike[loan]
        name = pattern or alike
        if not name:
            continue
        if pattern == "MULTI_BORROWER_POOL":
            groups[int(stage.loans.group[loan])].append(stage.case(loan))
        planter = MISUSE.get(pattern) or ALIKE.get(alike)
        if planter is None:
            continue
        planter(stage, stage.case(loan), turns[name])
        turns[name] += 1
    for group, cases in sorted(groups.items()):
        misuse_payees.plant_gathering(stage, cases, group)
    look_alikes.sweeping_households(stage)

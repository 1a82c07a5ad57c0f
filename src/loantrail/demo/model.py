"""Sizes, dates and the pattern names of the demo bank."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

FIRST_DAY: Final = datetime.date(2025, 4, 1)
"""Day 0. The books cover one year from here."""
DAYS: Final = 365
MONTHS: Final = 12
YUAN: Final = 100
"""Fen in a yuan."""
WAN: Final = 10_000 * YUAN


@dataclass(frozen=True, slots=True)
class Size:
    """How large a bank: `transactions` is the target, the rest are exact counts."""

    name: str
    transactions: int
    branches: int
    companies: int
    individuals: int
    loans: int
    outside_companies: int
    outside_individuals: int
    per_pattern: int
    """Loans that each misuse pattern is planted in."""
    pool_groups: int
    """Groups of borrowers whose money is gathered in one account."""
    per_look_alike: int


SIZES: Final[dict[str, Size]] = {
    size.name: size
    for size in (
        Size("small", 50_000, 2, 130, 380, 340, 260, 200, 2, 1, 4),
        Size("medium", 1_000_000, 8, 1_700, 7_400, 4_200, 4_000, 4_000, 8, 3, 30),
        Size("large", 10_000_000, 24, 16_000, 72_000, 34_000, 30_000, 40_000, 44, 12, 200),
    )
}

PATTERNS: Final = (
    "FLOW_SECURITIES",
    "FLOW_REALESTATE",
    "ROLLOVER_OTHER_DEBT",
    "ROUND_TRIP",
    "RETURN_TO_GUARANTOR",
    "RELATED_PARTY",
    "PRIVATE_LENDING",
    "ACCEPTANCE_MARGIN",
    "CASH_OUT",
    "STRUCTURING",
    "RAPID_IN_OUT",
    "IDLE_FUNDS",
    "SAME_NAME_OUT",
    "MULTI_BORROWER_POOL",
    "PAYEE_MISMATCH",
    "NEW_SHELL_PAYEE",
    "COUNTERPARTY_LOOP",
    "REPAY_SOURCE_ODD",
)
"""Every misuse pattern of the catalogue."""

LOOK_ALIKES: Final = (
    "money_market_sweep",
    "wallet_top_up",
    "group_cash_pool",
    "owner_card_till",
    "refund",
    "payroll_several_banks",
    "common_payee",
    "round_sums",
)
"""Honest behaviour that resembles misuse and must not warn."""

HELD_BY_BORROWER: Final = "held_by_borrower"
HELD_BY_RELATED_PARTY: Final = "held_by_related_party"
HELD_BY_THIRD_PARTY: Final = "held_by_third_party"
"""True uses of money that reached no final payee; the other uses are destination classes."""

"""The catalogue of misuse patterns: code -> function, and all of them at once.

Each function takes the prepared view and gives leads. Thresholds are parameters (`docs/concepts/parameters.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

import polars as pl

from loantrail.early_warning.debts import LENDER_CLASSES
from loantrail.early_warning.excluded import cannot_have
from loantrail.early_warning.frames import LEADS, Frames
from loantrail.early_warning.handing_on import handed_on
from loantrail.early_warning.moves import is_few
from loantrail.early_warning.near_in_time import soon_paid
from loantrail.early_warning.patterns_identity import new_shell_payee, payee_mismatch
from loantrail.early_warning.patterns_lending import private_lending
from loantrail.early_warning.patterns_loan import idle_funds, repay_source_odd
from loantrail.early_warning.patterns_loop import counterparty_loop
from loantrail.early_warning.patterns_payee import (
    multi_borrower_pool,
    rapid_in_out,
    structuring,
)
from loantrail.early_warning.patterns_related import related_party
from loantrail.early_warning.patterns_return import (
    return_to_guarantor,
    round_trip,
)
from loantrail.early_warning.patterns_use import (
    CASH_CLASSES,
    FORBIDDEN_CLASSES,
    MARGIN_CLASSES,
    OTHER_DEBT_CLASSES,
    REAL_ESTATE_CLASSES,
    SAME_NAME_CLASSES,
    SECURITIES_CLASSES,
    acceptance_margin,
    cash_out,
    flow_real_estate,
    flow_securities,
    forbidden_use,
    rollover_other_debt,
    same_name_out,
)
from loantrail.early_warning.view import View, prepare
from loantrail.few_rows import empty
from loantrail.parameters import ParameterBook

PATTERNS: Final[dict[str, Callable[[View], pl.DataFrame]]] = {
    "FLOW_SECURITIES": flow_securities,
    "FLOW_REALESTATE": flow_real_estate,
    "ROLLOVER_OTHER_DEBT": rollover_other_debt,
    "ROUND_TRIP": round_trip,
    "RETURN_TO_GUARANTOR": return_to_guarantor,
    "RELATED_PARTY": related_party,
    "PRIVATE_LENDING": private_lending,
    "ACCEPTANCE_MARGIN": acceptance_margin,
    "CASH_OUT": cash_out,
    "STRUCTURING": structuring,
    "RAPID_IN_OUT": rapid_in_out,
    "IDLE_FUNDS": idle_funds,
    "SAME_NAME_OUT": same_name_out,
    "MULTI_BORROWER_POOL": multi_borrower_pool,
    "PAYEE_MISMATCH": payee_mismatch,
    "NEW_SHELL_PAYEE": new_shell_payee,
    "COUNTERPARTY_LOOP": counterparty_loop,
    "REPAY_SOURCE_ODD": repay_source_odd,
    "FORBIDDEN_USE": forbidden_use,
}


NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "FLOW_SECURITIES": SECURITIES_CLASSES,
    "FLOW_REALESTATE": REAL_ESTATE_CLASSES,
    "ROLLOVER_OTHER_DEBT": (*OTHER_DEBT_CLASSES, *LENDER_CLASSES),
    "ACCEPTANCE_MARGIN": MARGIN_CLASSES,
    "CASH_OUT": CASH_CLASSES,
    "SAME_NAME_OUT": SAME_NAME_CLASSES,
    "FORBIDDEN_USE": FORBIDDEN_CLASSES,
}
"""Patterns that find nothing unless money came to one of these classes: by the trace, or by time and amount."""


def _classes_present(view: View) -> set[str | None]:
    parts = (
        view.arrivals["arrived"], soon_paid(view)["destination_class"], handed_on(view)["destination_class"],
    )  # fmt: skip
    return set(pl.concat([one.cast(pl.String).alias("class") for one in parts]).unique().to_list())


def _lacking_classes(view: View) -> frozenset[str]:
    present = _classes_present(view)
    return frozenset(code for code, classes in NEEDS.items() if present.isdisjoint(classes))


def find_leads(frames: Frames, parameters: ParameterBook, codes: Sequence[str] | None = None) -> pl.DataFrame:
    """The leads of all patterns, or of `codes`: schema LEADS, sorted by loan and pattern, at most one row each.

    KeyError when a code is not in PATTERNS.
    """
    return leads_of(prepare(frames, parameters), codes)


def leads_of(
    view: View, codes: Sequence[str] | None = None, loans: Collection[str] | None = None
) -> pl.DataFrame:
    """`find_leads` over a view that is prepared already; `loans`: of these alone."""
    asked = list(PATTERNS if codes is None else codes)
    excluded = cannot_have(view, NEEDS, asked, loans) if is_few(view) else _lacking_classes(view)
    found = [PATTERNS[code](view) for code in asked if code not in excluded]
    if not found:
        return empty(LEADS)
    leads = pl.concat([pl.DataFrame(schema=LEADS), *found]).sort("loan_id", "pattern", "amount_fen")
    return leads if loans is None else leads.filter(pl.col("loan_id").is_in(list(loans)))

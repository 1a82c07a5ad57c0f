"""The use-of-proceeds statement: where every fen of a loan is, by use. It sums to what was paid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from loantrail.destinations.model import CLASSES
from loantrail.errors import ConservationBroken
from loantrail.tracing import kernel
from loantrail.tracing.model import (
    IN_TRANSIT,
    OUTSIDE,
    USE_NONE,
    USE_OTHER_DEBT,
    USE_OUTSIDE,
    USE_OVERDRAFT,
    USE_OWN_INSTALMENT,
    USE_RELENT,
    USE_UNTRACED,
    Bool,
    Convention,
    History,
    Holdings,
    Int64,
    Trace,
)
from loantrail.tracing.trace import events_of

USE_NAMES: Final[dict[int, str]] = {
    USE_NONE: "",
    **{row.code: row.name for row in CLASSES},
    USE_OWN_INSTALMENT: "own_instalment",
    USE_OTHER_DEBT: "other_debt_repaid",
    USE_OVERDRAFT: "overdraft_repaid",
    USE_RELENT: "relent",
    USE_OUTSIDE: "outside",
    USE_UNTRACED: "untraced",
}
USE_CODES: Final[dict[str, int]] = {name: code for code, name in USE_NAMES.items() if name}

HELD_BY_BORROWER: Final = "held_by_borrower"
HELD_BY_RELATED_PARTY: Final = "held_by_related_party"
HELD_BY_THIRD_PARTY: Final = "held_by_third_party"
IN_TRANSIT_LINE: Final = "in_transit"

PROHIBITED: Final = frozenset(
    (
        "securities", "futures", "wealth_management", "insurance_investment", "time_deposit", "developer",
        "property_purchase", "mortgage_elsewhere", "lender", "guarantee_pawn", "other_bank_loan",
        "card_repayment", "bill_discount", "acceptance_margin", "virtual_assets", "gambling",
        "underground_bank", "equity_investment", "dividend",
    )
)  # fmt: skip
"""Uses that the measures of 2024 forbid or restrict for most products (domain facts, A3); which of them matters
for a loan depends on its product and purpose, so a line in this group is a lead, never a verdict."""

PURPOSE_OF_PRODUCT: Final[dict[str, frozenset[str]]] = {
    "mortgage_loan": frozenset(("developer", "property_purchase")),
    "acquisition_loan": frozenset(("equity_investment",)),
}
"""Uses in PROHIBITED that are what a product is for (domain facts, A3)."""

LINE_GROUPS: Final[dict[str, str]] = {
    **{row.name: "prohibited" if row.name in PROHIBITED else "documented" for row in CLASSES},
    "leasing_factoring": "debt",
    "cash": "other",
    "own_instalment": "debt",
    "other_debt_repaid": "debt",
    "overdraft_repaid": "debt",
    "relent": "other",
    "outside": "left_bank",
    "other_bank": "left_bank",
    "same_name_other_bank": "left_bank",
    "payment_institution": "pooled",
    "group_cash_pool": "pooled",
    "pooled": "pooled",
    "bank_internal": "pooled",
    "currency_exchange": "other",
    "untraced": "other",
    HELD_BY_BORROWER: "held",
    HELD_BY_RELATED_PARTY: "held",
    HELD_BY_THIRD_PARTY: "held",
    IN_TRANSIT_LINE: "other",
}
"""Statement line -> group: documented, prohibited, held, debt, left_bank, pooled, other."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Where labelled money came to rest: one row per ended hop, holding and dropped label. Shapes `[rests]`."""

    loan: Int64
    line: list[str]
    amount_fen: Int64
    hop: Int64
    """Hop that brought it, or -1."""
    account: Int64
    """Account index, OUTSIDE or IN_TRANSIT."""
    held: Bool
    """Still in an account that can pay it on."""


def holding_lines(history: History, holdings: Holdings, related: Int64 | None = None) -> list[str]:
    """The statement line of each holding. `related`: sorted `loan * accounts + account` of each account that
    belongs to a related party of the loan's borrower."""
    on_side = np.zeros(len(holdings.loan), np.bool_)
    kernel.mark_borrowers_sides(
        events_of(history), holdings.account.astype(np.int64), holdings.loan.astype(np.int64), on_side
    )
    keys = holdings.loan.astype(np.int64) * history.account_count + holdings.account
    is_related = np.isin(keys, related) if related is not None else np.zeros(len(keys), np.bool_)
    lines: list[str] = []
    for account, use, borrowers, relatives in zip(
        holdings.account.tolist(),
        holdings.use.tolist(),
        on_side.tolist(),
        is_related.tolist(),
        strict=True,
    ):
        if use != USE_NONE:
            lines.append(USE_NAMES[use])
        elif account == IN_TRANSIT:
            lines.append(IN_TRANSIT_LINE)
        elif account == OUTSIDE:
            lines.append(USE_NAMES[USE_OUTSIDE])
        elif history.terminal[account]:
            lines.append("pooled")
        elif borrowers:
            lines.append(HELD_BY_BORROWER)
        elif relatives:
            lines.append(HELD_BY_RELATED_PARTY)
        else:
            lines.append(HELD_BY_THIRD_PARTY)
    return lines


def rests(history: History, trace: Trace, related: Int64 | None = None) -> Rest:
    """Every place where labelled money came to rest."""
    hops, holdings, untraced = trace.hops, trace.holdings, trace.untraced
    ended = np.flatnonzero(hops.ended)
    ended_lines = [
        USE_NAMES[use] if use != USE_NONE else _no_use(history, int(account))
        for use, account in zip(
            hops.use[ended].tolist(), history.credit[hops.event[ended]].tolist(), strict=True
        )
    ]
    account = holdings.account.astype(np.int64)
    lots = (
        (account >= 0) & ~history.terminal[np.maximum(account, 0)] if len(history.terminal) else account >= 0
    )
    return Rest(
        loan=np.concatenate([hops.loan[ended], holdings.loan, untraced.loan]).astype(np.int64),
        line=[*ended_lines, *holding_lines(history, holdings, related), *["untraced"] * len(untraced.loan)],
        amount_fen=np.concatenate([hops.amount_fen[ended], holdings.amount_fen, untraced.amount_fen]),
        hop=np.concatenate([ended, holdings.hop, np.full(len(untraced.loan), -1)]).astype(np.int64),
        account=np.concatenate([history.credit[hops.event[ended]], account, untraced.account]).astype(
            np.int64
        ),
        held=np.concatenate([np.zeros(len(ended), np.bool_), lots, np.zeros(len(untraced.loan), np.bool_)]),
    )


def _no_use(history: History, account: int) -> str:
    """An ended slice without a use: only a borrower's own terminal account can be."""
    return "pooled" if account >= 0 and history.terminal[account] else USE_NAMES[USE_OUTSIDE]


def disbursed_fen(history: History) -> Int64:
    """[loans] what was paid out."""
    total = np.zeros(history.loan_count, np.int64)
    events = np.flatnonzero(history.special >= 0)
    loans = history.specials.disburses[history.special[events]]
    np.add.at(total, loans[loans >= 0], history.amount_fen[events[loans >= 0]])
    return total


def statement(history: History, trace: Trace, loans: list[str], related: Int64 | None = None) -> pl.DataFrame:
    """`loan_id, use, amount_fen`, in order of loans, then of use.

    Raises ConservationBroken when a loan's lines do not sum to its disbursement (never for POISON, which
    over-counts by nature).
    """
    return statement_of(rests(history, trace, related), history, trace.convention, loans)


def statement_of(rest: Rest, history: History, convention: Convention, loans: list[str]) -> pl.DataFrame:
    """As `statement`, from the rests."""
    lines = (
        pl.DataFrame(
            {"loan": rest.loan, "use": pl.Series(rest.line, dtype=pl.String), "amount_fen": rest.amount_fen}
        )
        .group_by("loan", "use")
        .agg(pl.col("amount_fen").sum())
        .filter(pl.col("amount_fen") > 0)
        .sort("loan", "use")
    )
    if convention != Convention.POISON:
        totals = np.zeros(history.loan_count, np.int64)
        np.add.at(totals, rest.loan, rest.amount_fen)
        wrong = np.flatnonzero(totals != disbursed_fen(history))
        if len(wrong):
            raise ConservationBroken(
                f"the statement of loan {loans[int(wrong[0])]} sums to {int(totals[wrong[0]])} fen, not to the "
                f"{int(disbursed_fen(history)[wrong[0]])} fen paid out"
            )
    return lines.select(
        pl.Series("loan_id", loans, dtype=pl.String).gather(lines["loan"]), "use", "amount_fen"
    )

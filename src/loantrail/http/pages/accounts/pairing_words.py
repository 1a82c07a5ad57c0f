"""How a line stands in the pairing, and what speaks for two lines being one transfer. Touches nothing outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from loantrail.clock import business_date
from loantrail.http.pages.accounts.model import PairingState

CANDIDATES_SHOWN_MAX: Final = 12
_WEIGHT: Final = {
    "same_reference": 60,
    "names_each_other": 50,
    "names_this": 25,
    "named_by_this": 25,
    "same_name": 10,
    "same_instant": 12,
    "same_day": 8,
    "near_in_time": 0,
}
TAKEN_BEHIND: Final = 1000
"""Lines that are paired already stand behind all that are free."""


def pairing_state(row: Mapping[str, Any]) -> PairingState:
    """From `pairing_basis, has_partner, ambiguous, other_is_ours`: an unpaired line that names no account of ours has
    nothing to be paired with, as far as it says."""
    if row["pairing_basis"] == "manual":
        return PairingState.MANUAL if row["has_partner"] else PairingState.APART
    if row["has_partner"]:
        return PairingState.PAIRED
    if row["ambiguous"]:
        return PairingState.AMBIGUOUS
    return PairingState.UNPAIRED if row["other_is_ours"] else PairingState.OUTSIDE


def reasons(line: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What speaks for `other` being the other side of `line`, the strongest first."""
    found: list[str] = []
    if line["reference"] and line["reference"] == other["reference"]:
        found.append("same_reference")
    names_this = bool(other["counterparty_now"]) and other["counterparty_now"] == line["account_now"]
    named = bool(line["counterparty_now"]) and line["counterparty_now"] == other["account_now"]
    if names_this and named:
        found.append("names_each_other")
    elif names_this:
        found.append("names_this")
    elif named:
        found.append("named_by_this")
    if not (names_this or named) and (
        (line["counterparty_name"] and line["counterparty_name"] == other["account_name"])
        or (line["account_name"] and line["account_name"] == other["counterparty_name"])
    ):
        found.append("same_name")
    if line["booked_at"] == other["booked_at"]:
        found.append("same_instant")
    elif business_date(line["booked_at"]) == business_date(other["booked_at"]):
        found.append("same_day")
    else:
        found.append("near_in_time")
    return found


def strength(line: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """How strongly `other` speaks for itself; only the order of two strengths means anything."""
    days = abs((business_date(line["booked_at"]) - business_date(other["booked_at"])).days)
    taken = TAKEN_BEHIND if other["has_partner"] or other["pairing_basis"] == "manual" else 0
    return sum(_WEIGHT[reason] for reason in reasons(line, other)) - days - taken

"""Sums of units put together: by the units below the head office for who sees the whole bank, else unit by unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loantrail.http.pages.workbench.model import BankShares, UnitStanding
from loantrail.http.pages.workbench.store_loans import SUMS

Row = Mapping[str, Any]


def branch_of(unit_id: str, units: Mapping[str, Row]) -> str:
    """The unit at or above this one that stands right below the head office; itself where none does."""
    here, seen = unit_id, {unit_id}
    while (parent := units.get(here, {}).get("parent_unit_id")) is not None and parent not in seen:
        if units.get(parent, {}).get("parent_unit_id") is None:
            return here
        here = parent
        seen.add(here)
    return here


def together(rows: Iterable[Row], unit_id: str | None, name: str | None) -> UnitStanding:
    """One standing of all rows."""
    sums = dict.fromkeys(SUMS, 0)
    for row in rows:
        for field in SUMS:
            sums[field] += row[field]
    return UnitStanding(unit_id=unit_id, unit_name=name, **sums)


def by_unit(rows: Iterable[Row], units: Mapping[str, Row], whole_bank: bool) -> list[UnitStanding]:
    """The standings of the units, the largest share of overdue balance first. Empty where there is one alone: it would
    say what the total says."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        unit = branch_of(row["unit_id"], units) if whole_bank else row["unit_id"]
        groups.setdefault(unit, []).append(row)
    if len(groups) < 2:
        return []
    found = [together(group, unit, units.get(unit, {}).get("name")) for unit, group in groups.items()]
    return sorted(found, key=lambda one: (-shares(one).overdue_ppm, -one.balance_fen, one.unit_id or ""))


def shares(one: UnitStanding) -> BankShares:
    """The parts that a standing comes to."""
    return BankShares(
        overdue_ppm=_ppm(one.overdue_balance_fen, one.balance_fen),
        suspected_ppm=_ppm(one.suspected_count, one.loan_count),
    )


def _ppm(part: int, whole: int) -> int:
    return part * 1_000_000 // whole if whole else 0

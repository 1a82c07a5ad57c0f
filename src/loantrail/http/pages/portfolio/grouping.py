"""Puts raw codes together to the groups of one level: units below units, divisions below sections, counties below provinces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.http.pages.ledgers.model import Label
from loantrail.http.pages.portfolio.model import ALONE, NONE, PortfolioBy, Within
from loantrail.http.pages.store import Row
from loantrail.parties.industries import SECTION_OF, SECTIONS, industry_named
from loantrail.parties.regions import COUNTY_DIGITS, PREFECTURE_DIGITS, PROVINCE_DIGITS, region_named

COUNTS: Final = {
    "loan_count": ("balance_fen",),
    "traced_count": ("disbursed_fen", "seen_fen"),
    "overdue_count": ("overdue_fen",),
    "red_count": (),
    "orange_count": (),
    "yellow_count": (),
    "blue_count": (),
    "new_warning_count": (),
    "suspected_count": ("suspected_fen",),
    "proven_count": ("proven_fen",),
    "found_count": (),
    "idle_count": ("idle_fen",),
    "check_due_count": (),
    "check_overdue_count": (),
}
"""A count, and the amounts that stand for the same loans: hidden with it."""
UNTRACED: Final = "untraced_count"
"""Loans that no trace was made of: what is left of all loans beside those traced, so that it is told with them."""
BEFORE: Final = {"loan_count": ("balance_fen",), "overdue_count": ("overdue_fen",)}
"""The same of the earlier day."""

Figures = dict[str, int]


@dataclass(frozen=True, slots=True)
class Units:
    """The bank's units: names, and who stands above whom."""

    names: Mapping[str, str]
    parents: Mapping[str, str | None]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Units:
        return cls(
            {row["unit_id"]: row["name"] for row in rows},
            {row["unit_id"]: row["parent_unit_id"] for row in rows},
        )

    def below(self, unit: str, above: str | None) -> str:
        """The unit right below `above` (the top, without one) that `unit` belongs to; `above` with a mark for its own loans;
        the unit itself where it stands elsewhere."""
        way = [unit]
        while (parent := self.parents.get(way[-1])) is not None and parent not in way:
            way.append(parent)
        if above is None:
            # The head office is the whole bank: what one looks at first are those below it.
            return way[-2] if len(way) > 1 else f"{way[-1]}{ALONE}" if self.has_below(way[-1]) else way[-1]
        if unit == above:
            return f"{above}{ALONE}" if self.has_below(above) else above
        return way[way.index(above) - 1] if above in way else unit

    def has_below(self, unit: str) -> bool:
        return unit in self.parents.values()


class Grouping:
    """How the raw codes of one request make groups."""

    def __init__(self, by: PortfolioBy, within: Sequence[Within], units: Units) -> None:
        self._by = by
        self._units = units
        own = [one for one in within if one.by is by]
        self._inside = own[-1] if own else None

    def value(self, code: str) -> str:
        """The group that a raw code belongs to."""
        inside = self._inside
        match self._by:
            case PortfolioBy.UNIT:
                if inside is not None and inside.alone:
                    return f"{inside.value}{ALONE}"
                return self._units.below(code, inside.value if inside else None)
            case PortfolioBy.INDUSTRY:
                if code not in SECTION_OF:
                    return NONE
                return code if inside is not None and inside.value != NONE else SECTION_OF[code]
            case PortfolioBy.REGION:
                digits = self._digits()
                return code[:digits] if len(code) >= PROVINCE_DIGITS else NONE
            case PortfolioBy.PRODUCT | PortfolioBy.CLASS | PortfolioBy.LEVEL:
                return code

    def deeper(self, value: str) -> bool:
        """Whether a group can be divided further by the same."""
        if value == NONE:
            return False
        match self._by:
            case PortfolioBy.UNIT:
                return not value.endswith(ALONE) and self._units.has_below(value)
            case PortfolioBy.INDUSTRY:
                return value in SECTIONS
            case PortfolioBy.REGION:
                return len(value) < COUNTY_DIGITS
            case PortfolioBy.PRODUCT | PortfolioBy.CLASS | PortfolioBy.LEVEL:
                return False

    def _digits(self) -> int:
        inside = self._inside
        if inside is None or inside.is_none:
            return PROVINCE_DIGITS
        return PREFECTURE_DIGITS if len(inside.value) == PROVINCE_DIGITS else COUNTY_DIGITS


def label(by: PortfolioBy, value: str, units: Units) -> Label | None:
    """What a group is called, where no list of words names it."""
    match by:
        case PortfolioBy.UNIT:
            name = units.names.get(value.removesuffix(ALONE), value.removesuffix(ALONE))
            if not value.endswith(ALONE):
                return Label(chinese=name, english=name)
            return Label(chinese=f"{name}（本级）", english=f"{name} (itself)")
        case PortfolioBy.INDUSTRY:
            named = industry_named(value)
            return Label(chinese=named.chinese, english=named.english) if named else None
        case PortfolioBy.REGION:
            region = region_named(value)
            return Label(chinese=region[0], english=region[1]) if region else None
        case PortfolioBy.PRODUCT | PortfolioBy.CLASS | PortfolioBy.LEVEL:
            return None


def added(rows: Sequence[Mapping[str, Any]], grouping: Grouping) -> dict[str, Figures]:
    """Group -> its figures, from rows by raw code."""
    groups: dict[str, Figures] = {}
    for row in rows:
        figures = groups.setdefault(grouping.value(row["code"]), {})
        for name, value in row.items():
            if name != "code":
                figures[name] = figures.get(name, 0) + int(value)
    for figures in groups.values():
        if "traced_count" in figures:
            figures[UNTRACED] = figures["loan_count"] - figures["traced_count"]
    return groups


def total(groups: Mapping[str, Figures]) -> Figures:
    """The sums over all groups."""
    sums: Figures = {}
    for figures in groups.values():
        for name, value in figures.items():
            sums[name] = sums.get(name, 0) + value
    return sums

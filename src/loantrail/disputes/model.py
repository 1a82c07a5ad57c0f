"""What makes a sheet comparable: one text of its content, its fingerprint, and how two contents differ. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from loantrail.ids import content_hash

FORMAT: Final = 1
"""Changes when the fields of a sheet do."""

DATA_FIELDS: Final = (
    "versions.data_sha256",
    "versions.data_version",
    "versions.last_arrival",
    "versions.read_at",
)
RULE_FIELDS: Final = ("versions.rules", "versions.rules_sha256")
SOFTWARE_FIELDS: Final = ("versions.software_version",)
JUDGEMENT_FIELDS: Final = ("versions.judgement_sha256",)
FIGURES_FIRST: Final = "versions"
"""Everything outside this part of a content is a figure or a reason."""

Standing = Literal["certain", "within_least", "possible", "beyond"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field whose values differ; None where one side lacks it."""

    field: str
    stated: str | None
    found: str | None


def canonical_text(content: Mapping[str, Any]) -> str:
    """The one text of a content: sorted keys, no spaces, every character as itself."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text, as hexadecimal digits."""
    return content_hash([canonical_text(content).encode()])


def differences(stated: object, found: object, field: str = "") -> list[Difference]:
    """Every field, by its path such as `windows[0].inflow_fen`, in which two contents differ, in the order of the
    first."""
    if isinstance(stated, dict) and isinstance(found, dict):
        first, second = cast("dict[str, object]", stated), cast("dict[str, object]", found)
        names = [*first, *(name for name in second if name not in first)]
        parts: list[Difference] = []
        for name in names:
            inner = f"{field}.{name}" if field else name
            if name not in first or name not in second:
                parts.append(Difference(inner, _shown(first, name), _shown(second, name)))
            else:
                parts += differences(first[name], second[name], inner)
        return parts
    if isinstance(stated, list) and isinstance(found, list):
        ours, theirs = cast("list[object]", stated), cast("list[object]", found)
        parts = []
        for place in range(max(len(ours), len(theirs))):
            inner = f"{field}[{place}]"
            if place >= len(ours):
                parts.append(Difference(inner, None, _text(theirs[place])))
            elif place >= len(theirs):
                parts.append(Difference(inner, _text(ours[place]), None))
            else:
                parts += differences(ours[place], theirs[place], inner)
        return parts
    return [] if stated == found else [Difference(field, _text(stated), _text(found))]


def _shown(content: Mapping[str, object], name: str) -> str | None:
    return _text(content[name]) if name in content else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a recomputed content compares with the stated one."""

    differences: tuple[Difference, ...]

    def _any(self, fields: Sequence[str]) -> bool:
        return any(
            one.field == name or one.field.startswith((f"{name}.", f"{name}["))
            for one in self.differences
            for name in fields
        )

    @property
    def figures(self) -> tuple[Difference, ...]:
        """Differences outside the versions: of amounts, reasons and texts."""
        return tuple(one for one in self.differences if not one.field.startswith(f"{FIGURES_FIRST}."))

    @property
    def data_changed(self) -> bool:
        """Other lines, pairings, order or opening balances than the sheet was made from."""
        return self._any(DATA_FIELDS)

    @property
    def rules_changed(self) -> bool:
        """Other parameters or dictionaries."""
        return self._any(RULE_FIELDS)

    @property
    def software_changed(self) -> bool:
        return self._any(SOFTWARE_FIELDS)

    @property
    def judgement_changed(self) -> bool:
        """The same facts are judged otherwise: by changed rules, corrections, or parties and documents on record."""
        return self._any(JUDGEMENT_FIELDS)

    @property
    def identical(self) -> bool:
        return not self.differences

    @property
    def same_figures(self) -> bool:
        return not self.figures


def compare(stated: Mapping[str, Any], found: Mapping[str, Any]) -> Comparison:
    """The stated content against the recomputed one."""
    return Comparison(tuple(differences(dict(stated), dict(found))))


def standing(amount_fen: int, least_fen: int, most_fen: int, proven: bool) -> Standing:
    """What bounds say of an amount: certain whichever way one counts, at most possible, or beyond what can be."""
    if amount_fen > most_fen:
        return "beyond"
    if amount_fen <= least_fen:
        return "certain" if proven else "within_least"
    return "possible"

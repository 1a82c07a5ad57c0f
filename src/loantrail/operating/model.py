"""What an examination of an installation finds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `check` is a stable name; `message` is what was found; `remedy` what to do about it."""

    check: str
    level: Level
    message: str
    remedy: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """The level of the most severe finding; OK where there is none."""
    order = list(Level)
    return max((one.level for one in findings), key=order.index, default=Level.OK)

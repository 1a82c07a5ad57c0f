"""The packages that this product runs on, against those that it was tested with (requirements.lock)."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

PRODUCT: Final = "loantrail"
LOCK: Final = "requirements.lock"
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_REQUIREMENT: Final = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?")
_EXTRA: Final = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


def lock_text() -> str | None:
    """The lock file that was delivered with the product, or lies beside its sources; None where neither is there."""
    delivered = resources.files("loantrail.operating").joinpath(LOCK)
    if delivered.is_file():
        return delivered.read_text("utf-8")
    beside = Path(__file__).resolve().parents[3] / LOCK
    return beside.read_text("utf-8") if beside.is_file() else None


def locked_versions(lock: str) -> Mapping[str, frozenset[str]]:
    """Name -> versions: several where systems or Pythons differ."""
    found: dict[str, set[str]] = {}
    for name, version in _PINNED.findall(lock):
        found.setdefault(_canonical(name), set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}


def needed(product: str = PRODUCT) -> Mapping[str, str | None]:
    """Name -> installed version of every package that the product needs on this machine, directly or through others; None
    where one is missing that every machine needs. One that is missing and needed on some machines alone is left out."""
    found: dict[str, str | None] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting: list[tuple[str, frozenset[str], bool]] = [(product, frozenset(), False)]
    while waiting:
        name, extras, conditional = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if not conditional:
                found[name] = None
            continue
        if name != product:
            found[name] = distribution.version
        waiting += [one for text in distribution.requires or () if (one := _wanted(text, extras))]
    return found


def _wanted(text: str, extras: frozenset[str]) -> tuple[str, frozenset[str], bool] | None:
    """`(name, extras, whether only some machines need it)`; None for what no extra in force asks for."""
    parts = _REQUIREMENT.match(text)
    if parts is None:
        return None
    marker = text.partition(";")[2]
    asked = _EXTRA.findall(marker)
    if asked and not extras & set(asked):
        return None
    own = frozenset(one.strip() for one in (parts[2] or "").split(",") if one.strip())
    return _canonical(parts[1]), own, bool(_EXTRA.sub("", marker).strip(" ()and"))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

"""The rules that come with the software, from `catalogue/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import yaml

from loantrail.early_warning.hits import Level
from loantrail.errors import ConfigurationError, Place
from loantrail.ids import derived_id
from loantrail.rules.model import CONTENT_FIELDS, Content, LevelRule, State

_REMEDY: Final = "Mend the file of rules; docs/concepts/rules.md gives its layout"
_TEXTS: Final = (
    "code", "chinese", "english", "legal_basis", "occasion", "condition", "amount_field", "owner_role", "doubt_chinese",
    "doubt_english", "pattern",
)  # fmt: skip
_LISTS: Final = ("products", "customer_kinds", "actions")


@dataclass(frozen=True, slots=True)
class Shipped:
    """A rule as it comes; `state` is published, or shadow where it only counts until the bank decides."""

    content: Content
    state: State


def content_hash(content: Content) -> str:
    """Equal for equal contents, whatever version they stand in."""
    parts: list[str | int | None] = []
    for name in CONTENT_FIELDS:
        value = getattr(content, name)
        if name == "levels":
            parts += [len(value), *(text for one in value for text in (one.level.value, one.condition))]
        elif isinstance(value, tuple):
            parts += [len(value), *cast("tuple[str, ...]", value)]
        else:
            parts.append(str(value))
    return derived_id("rule content", *parts)


def parse_rules(text: str, file: str) -> list[Shipped]:
    """The rules of one YAML text. Raises ConfigurationError naming file and field; conditions are not checked here."""
    try:
        loaded: object = yaml.safe_load(text)
    except yaml.YAMLError as cause:
        raise ConfigurationError(f"the file is not YAML: {cause}", Place(file), _REMEDY) from cause
    if not isinstance(loaded, list):
        raise ConfigurationError("the file must be a list of rules", Place(file), _REMEDY)
    return [_rule(raw, Place(file, number)) for number, raw in enumerate(cast("list[object]", loaded), 1)]


def _rule(raw: object, place: Place) -> Shipped:
    if not isinstance(raw, dict):
        raise ConfigurationError("a rule must be a map", place, _REMEDY)
    entry = cast("Mapping[str, Any]", raw)
    unknown = set(entry) - {*_TEXTS, *_LISTS, "levels", "state"}
    if unknown:
        raise ConfigurationError(f"unknown fields: {', '.join(sorted(unknown))}", place, _REMEDY)
    try:
        levels = tuple(LevelRule(Level(str(one["level"])), str(one["condition"])) for one in entry["levels"])
        said: dict[str, Any] = {name: str(entry.get(name, "")).strip() for name in _TEXTS}
        said |= {name: tuple(str(one) for one in entry.get(name, ())) for name in _LISTS}
        return Shipped(Content(levels=levels, **said), State(str(entry.get("state", State.SHADOW.value))))
    except (KeyError, TypeError, ValueError) as cause:
        raise ConfigurationError(f"the rule cannot be read: {cause}", place, _REMEDY) from cause


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[Shipped, ...]:
    """All rules that come with this software, in the order of their codes."""
    found: dict[str, Shipped] = {}
    folder = resources.files("loantrail.rules").joinpath("catalogue")
    for source in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not source.name.endswith(".yaml"):
            continue
        for one in parse_rules(source.read_text(encoding="utf-8"), source.name):
            if one.content.code in found:
                raise ConfigurationError(
                    f"the rule {one.content.code} stands twice", Place(source.name), _REMEDY
                )
            found[one.content.code] = one
    return tuple(found[code] for code in sorted(found))

"""What each parameter means and what it belongs to, in both languages."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import yaml

_FILES: Final = "parameter_values"
_CHINESE: Final = "parameter_words.yaml"


@lru_cache(maxsize=1)
def meanings() -> dict[str, tuple[str, str]]:
    """Parameter -> (what it belongs to, what it means), in the order of the files."""
    found: dict[str, tuple[str, str]] = {}
    folder = resources.files("loantrail").joinpath(_FILES)
    for source in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".yaml"):
            group = source.name.removesuffix(".yaml")
            for name, entry in _read(source.read_text("utf-8")).items():
                found[name] = (group, str(entry.get("meaning", name)))
    return found


_COUNTING_FIXED: Final = frozenset(
    ("approvals", "destinations", "early_warning", "identity", "inspections", "large_exposure")
)


def counting_is_fixed(name: str) -> bool:
    """Whether it stays as shipped if the threshold itself counts: so for limits of what people and the product do themselves.
    Thresholds of patterns, rules and law can be set either way."""
    return meanings()[name][0] in _COUNTING_FIXED


def meaning_of(name: str) -> tuple[str, str]:
    """What a parameter means: Chinese, English."""
    return _chinese()["meanings"].get(name, name), meanings().get(name, ("", name))[1]


def basis_chinese(basis: str) -> str:
    """A shipped basis in Chinese; one that has no other words stands as it is."""
    return _chinese()["bases"].get(basis, basis)


@lru_cache(maxsize=1)
def _chinese() -> dict[str, dict[str, str]]:
    """`meanings` by parameter, `bases` by their English text."""
    text = resources.files(__package__ or "").joinpath(_CHINESE).read_text("utf-8")
    return cast("dict[str, dict[str, str]]", _read(text))


def _read(text: str) -> dict[str, dict[str, Any]]:
    # The loader in C where there is one: the files are ours, and a page waits.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast("dict[str, dict[str, Any]]", yaml.load(text, loader))  # noqa: S506  both loaders are safe ones

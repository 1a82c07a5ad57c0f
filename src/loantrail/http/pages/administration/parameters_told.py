"""The book of parameters as people read it: what each means, in both languages, and which period holds today."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import yaml

from loantrail.http.pages.administration.model import ParameterPeriod, ParameterRow
from loantrail.parameters import Parameter, ParameterBook

_FILES: Final = "parameter_values"
_CHINESE: Final = "parameter_words.yaml"


def told(book: ParameterBook, today: datetime.date) -> list[ParameterRow]:
    """Every parameter of `book`, by what it belongs to, in the order of the files; a bank's own come last."""
    english, chinese = meanings(), _chinese()
    order = {name: place for place, name in enumerate(english)}
    names = sorted(book.names, key=lambda name: (order.get(name, len(order)), name))
    return [
        ParameterRow(
            name=name,
            group=english[name][0] if name in english else "own",
            unit=book.periods(name)[0].unit,
            meaning=english[name][1] if name in english else name,
            meaning_chinese=chinese["meanings"].get(name, name),
            periods=[_period(one, today, chinese["bases"]) for one in book.periods(name)],
        )
        for name in names
    ]


def _period(one: Parameter, today: datetime.date, bases: Mapping[str, str]) -> ParameterPeriod:
    ended = one.effective_to is not None and one.effective_to < today
    return ParameterPeriod(
        number=str(one.value) if isinstance(one.value, int) else None,
        names=[] if isinstance(one.value, int) else list(one.value),
        inclusive=one.inclusive,
        effective_from=one.effective_from,
        effective_to=one.effective_to,
        legal_basis=one.legal_basis,
        legal_basis_chinese=bases.get(one.legal_basis, one.legal_basis),
        verified="V" if one.verified == "V" else "K",
        in_force=one.effective_from <= today and not ended,
    )


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


@lru_cache(maxsize=1)
def _chinese() -> dict[str, dict[str, str]]:
    """`meanings` by parameter, `bases` by their English text."""
    text = resources.files(__package__ or "").joinpath(_CHINESE).read_text("utf-8")
    return cast("dict[str, dict[str, str]]", _read(text))


def _read(text: str) -> dict[str, dict[str, Any]]:
    # The loader in C where there is one: the files are ours, and a page waits.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast("dict[str, dict[str, Any]]", yaml.load(text, loader))  # noqa: S506  both loaders are safe ones

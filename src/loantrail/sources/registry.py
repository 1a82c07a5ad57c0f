"""All adapters, those of the product and those that a bank adds, and which of them reads a given file."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, cast

import polars as pl

from loantrail.errors import ConfigurationError, FileUnreadable, Place
from loantrail.sources.model import Adapter
from loantrail.sources.tables import read_head

ENTRY_POINT_GROUP: Final = "loantrail.sources"

BUILT_IN: Final = (
    "loantrail.sources.iso20022",
    "loantrail.sources.mt940",
    "loantrail.sources.icbc",
    "loantrail.sources.ccb",
    "loantrail.sources.alipay",
    "loantrail.sources.wechat",
    "loantrail.sources.berka",
    "loantrail.sources.canonical",
    "loantrail.sources.mapped",
)
"""Modules that each expose `ADAPTERS: tuple[Adapter, ...]`."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """Every adapter: plug-ins first, so that a bank can replace a built-in one by its own of the same name.

    Raises ConfigurationError when a plug-in cannot be loaded, naming it.
    """
    found: list[Adapter] = []
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        found += _plugged_in(entry.name, entry.value, entry.load)
    for module_name in BUILT_IN:
        if importlib.util.find_spec(module_name) is None:
            continue
        found += cast(Iterable[Adapter], importlib.import_module(module_name).ADAPTERS)
    names: set[str] = set()
    return tuple(adapter for adapter in found if not (adapter.name in names or names.add(adapter.name)))


def _plugged_in(name: str, value: str, load: object) -> Sequence[Adapter]:
    try:
        thing = load() if callable(load) else load
    except Exception as problem:
        raise ConfigurationError(
            f"the plug-in {name} ({value}) cannot be loaded: {problem}",
            remedy="Repair or uninstall the package that declares it",
        ) from problem
    if isinstance(thing, type):
        thing = thing()
    offered = cast(Sequence[object], thing if isinstance(thing, (tuple, list)) else (thing,))
    for adapter in offered:
        if not all(hasattr(adapter, part) for part in ("name", "chinese", "recognises", "read")):
            raise ConfigurationError(
                f"the plug-in {name} ({value}) is no adapter",
                remedy="An adapter has name, chinese, recognises(path, head) and read(source)",
            )
    return cast(Sequence[Adapter], offered)


def named(name: str) -> Adapter:
    """The adapter called `name`. Raises ConfigurationError naming the known ones."""
    for adapter in adapters():
        if adapter.name == name:
            return adapter
    known = ", ".join(adapter.name for adapter in adapters())
    raise ConfigurationError(f"there is no adapter called {name}", remedy=f"Known are {known}")


def recognise(path: Path, name: str = "") -> Adapter:
    """The adapter that is surest to read the file, by its first bytes.

    `name` is how messages call the file. Raises FileUnreadable when the file is missing, empty or of no known
    format.
    """
    shown = name or str(path)
    head = read_head(path, shown)
    if not head.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise FileUnreadable("the file is empty", Place(shown), "Export it again")
    ranked = [(adapter.recognises(path, head), adapter) for adapter in adapters()]
    confidence, best = max(ranked, key=lambda pair: pair[0], default=(0, None))
    if best is None or confidence <= 0:
        if head.startswith(b"PAR1"):
            check_parquet(path, shown)
        tried = ", ".join(adapter.name for adapter in adapters())
        raise FileUnreadable(
            "the format is not recognised",
            Place(shown),
            f"Tried {tried}. For a CSV or Parquet file of your own layout write a mapping file and give --mapping",
        )
    return best


def check_parquet(path: Path, name: str) -> None:
    """Raises FileUnreadable when the Parquet file has no readable footer."""
    try:
        pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise FileUnreadable(
            f"the Parquet file is damaged or cut off ({str(problem).splitlines()[0]})",
            Place(name),
            "Copy or export it again",
        ) from None

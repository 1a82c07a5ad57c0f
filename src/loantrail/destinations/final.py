"""Which classes are final: arrival there sets the use of loan money that has none yet. A parameter decides."""

from __future__ import annotations

import datetime

import polars as pl

from loantrail.destinations.model import BY_NAME
from loantrail.errors import ConfigurationError
from loantrail.parameters import ParameterBook


def final_classes(parameters: ParameterBook, on_date: datetime.date) -> frozenset[str]:
    """Names of the classes that are final on a business date; ConfigurationError when one does not exist."""
    names = parameters.at_or_first("final_classes", on_date).names
    for name in names:
        if name not in BY_NAME:
            raise ConfigurationError(
                f"the parameter 'final_classes' names {name!r}, which is no destination class",
                remedy="Choose from docs/concepts/destinations.md",
            )
    return frozenset(names)


def arrival_use(classes: pl.Series, final: frozenset[str]) -> pl.Series:
    """The code of the use that arrival in each class gives (UInt8), 0 where the class is not final or null."""
    codes = {name: BY_NAME[name].code if name in final else 0 for name in BY_NAME}
    return classes.cast(pl.String).replace_strict(codes, default=0, return_dtype=pl.UInt8).fill_null(0)

"""Numbers of rules and practice: each with its unit, validity, legal basis, and whether the text was read.

Data files `parameter_values/*.yaml` map a name to a list of periods:

    name:
      unit: fen | usd_cent | ppm | permille | days | working_days | minutes | hours | months | years | count | classes
      meaning: one line
      periods:
        - {value: 1, inclusive: true, from: 2024-07-01, to: 2025-03-20, basis: text, verified: V | K}

`to` is the last day (left out: still in force); the next period starts the day after. `inclusive` says whether
the threshold itself already counts (at least) or only more does. Verified V: read in a published source; K: professional
knowledge, to be confirmed by the bank's compliance department.
"""

from __future__ import annotations

import datetime
import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import yaml

from loantrail.errors import ConfigurationError, Place

UNITS: Final = (
    "fen",
    "usd_cent",
    "ppm",
    "permille",
    "days",
    "working_days",
    "minutes",
    "hours",
    "months",
    "years",
    "count",
    "classes",
)
_REMEDY: Final = "Mend the parameter file; docs/concepts/parameters.md gives the layout"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value in one period. `value` is a whole number of `unit`, or class names for the unit `classes`."""

    name: str
    value: int | tuple[str, ...]
    unit: str
    inclusive: bool
    effective_from: datetime.date
    effective_to: datetime.date | None
    legal_basis: str
    verified: str

    @property
    def number(self) -> int:
        """The value as a whole number; ConfigurationError when it is a list of names."""
        if isinstance(self.value, int):
            return self.value
        raise ConfigurationError(f"the parameter {self.name!r} is a list, not a number", remedy=_REMEDY)

    @property
    def names(self) -> tuple[str, ...]:
        """The value as a list of names; ConfigurationError when it is a number."""
        if isinstance(self.value, tuple):
            return self.value
        raise ConfigurationError(f"the parameter {self.name!r} is a number, not a list", remedy=_REMEDY)

    def reached_by(self, amount: int) -> bool:
        """Whether `amount` meets the threshold: at least the value when inclusive, else more than it."""
        return amount >= self.number if self.inclusive else amount > self.number


class ParameterBook:
    """All parameters; periods of one name follow each other without gap or overlap."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        periods: dict[str, list[Parameter]] = {}
        for parameter in parameters:
            periods.setdefault(parameter.name, []).append(parameter)
        for name, group in periods.items():
            group.sort(key=lambda parameter: parameter.effective_from)
            _check_periods(name, group)
        self._periods = periods
        self._beginnings = sorted({one.effective_from for group in periods.values() for one in group})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._periods))

    def periods(self, name: str) -> tuple[Parameter, ...]:
        """All periods of a name, oldest first; ConfigurationError when there is none of that name."""
        try:
            return tuple(self._periods[name])
        except KeyError:
            raise ConfigurationError(
                f"there is no parameter {name!r}", remedy="Choose one of docs/concepts/parameters.md"
            ) from None

    def at(self, name: str, on_date: datetime.date) -> Parameter:
        """The value in force on that business date; ConfigurationError when none was."""
        for parameter in self.periods(name):
            if parameter.effective_from <= on_date and (
                parameter.effective_to is None or on_date <= parameter.effective_to
            ):
                return parameter
        raise ConfigurationError(
            f"the parameter {name!r} has no value on {on_date.isoformat()}",
            remedy="Add a period that covers this date",
        )

    def at_or_first(self, name: str, on_date: datetime.date) -> Parameter:
        """As `at`; before the first period its value: a bank's practice also judges older records. Not for law."""
        first = self.periods(name)[0]
        return first if on_date < first.effective_from else self.at(name, on_date)

    def changes_between(self, first: datetime.date, last: datetime.date) -> bool:
        """Whether any number begins after the first day and up to the last."""
        return bisect_right(self._beginnings, first) < bisect_right(self._beginnings, last)


def _check_periods(name: str, group: Sequence[Parameter]) -> None:
    if len({parameter.unit for parameter in group}) > 1:
        raise ConfigurationError(f"the periods of {name!r} differ in unit", remedy=_REMEDY)
    for parameter in group:
        if parameter.effective_to is not None and parameter.effective_to < parameter.effective_from:
            raise ConfigurationError(
                f"a period of {name!r} ends on {parameter.effective_to} before it starts", remedy=_REMEDY
            )
    for earlier, later in itertools.pairwise(group):
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
            raise ConfigurationError(
                f"periods of {name!r} overlap on {later.effective_from.isoformat()}", remedy=_REMEDY
            )
        gap_starts = earlier.effective_to + datetime.timedelta(days=1)
        if gap_starts != later.effective_from:
            raise ConfigurationError(
                f"{name!r} has no value from {gap_starts.isoformat()} until {later.effective_from.isoformat()}",
                remedy=_REMEDY,
            )


def _value(raw: object, unit: str, place: Place) -> int | tuple[str, ...]:
    if unit == "classes":
        if isinstance(raw, list) and all(isinstance(item, str) for item in cast("list[object]", raw)):
            return tuple(cast("list[str]", raw))
        raise ConfigurationError("the value must be a list of class names", place, _REMEDY)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    raise ConfigurationError(f"the value {raw!r} is not a whole number", place, _REMEDY)


def _date(raw: object, place: Place) -> datetime.date:
    if isinstance(raw, datetime.date) and not isinstance(raw, datetime.datetime):
        return raw
    raise ConfigurationError(f"{raw!r} is not a date such as 2024-07-01", place, _REMEDY)


def parse_parameters(text: str, file: str) -> list[Parameter]:
    """The parameters of one YAML text. Raises ConfigurationError naming file and field."""
    try:
        loaded: object = yaml.safe_load(text)
    except yaml.YAMLError as cause:
        raise ConfigurationError(f"the file is not YAML: {cause}", Place(file), _REMEDY) from cause
    if not isinstance(loaded, dict):
        raise ConfigurationError("the file must map names to parameters", Place(file), _REMEDY)
    parameters: list[Parameter] = []
    for name, raw_entry in cast("Mapping[str, Any]", loaded).items():
        place = Place(file, field=str(name))
        if not isinstance(raw_entry, dict):
            raise ConfigurationError("the parameter must have unit and periods", place, _REMEDY)
        entry = cast("Mapping[str, Any]", raw_entry)
        unit = str(entry.get("unit"))
        if unit not in UNITS:
            raise ConfigurationError(f"unit {unit!r} is not one of {', '.join(UNITS)}", place, _REMEDY)
        periods = entry.get("periods")
        if not isinstance(periods, list) or not periods:
            raise ConfigurationError("the parameter has no periods", place, _REMEDY)
        for raw_period in cast("list[object]", periods):
            if not isinstance(raw_period, dict):
                raise ConfigurationError("a period must give value, from, basis and verified", place, _REMEDY)
            period = cast("Mapping[str, Any]", raw_period)
            verified = period.get("verified")
            basis = period.get("basis")
            inclusive = period.get("inclusive", True)
            if verified not in ("V", "K"):
                raise ConfigurationError("verified must be V or K", place, _REMEDY)
            if not isinstance(basis, str) or not basis:
                raise ConfigurationError("a period must name its basis", place, _REMEDY)
            if not isinstance(inclusive, bool):
                raise ConfigurationError("inclusive must be true or false", place, _REMEDY)
            parameters.append(
                Parameter(
                    name=str(name),
                    value=_value(period.get("value"), unit, place),
                    unit=unit,
                    inclusive=inclusive,
                    effective_from=_date(period.get("from"), place),
                    effective_to=None if period.get("to") is None else _date(period["to"], place),
                    legal_basis=basis,
                    verified=str(verified),
                )
            )
    return parameters


@lru_cache(maxsize=1)
def shipped_parameters() -> ParameterBook:
    """The shipped parameters, read once. What the bank decided stands over them: whoever has a connection reads
    `loantrail.policy.reading.parameters_in_force`."""
    found: dict[str, list[Parameter]] = {}
    folder = resources.files("loantrail").joinpath("parameter_values")
    for source in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".yaml"):
            own: dict[str, list[Parameter]] = {}
            for parameter in parse_parameters(source.read_text(encoding="utf-8"), source.name):
                own.setdefault(parameter.name, []).append(parameter)
            for name in own.keys() & found.keys():
                raise ConfigurationError(f"the parameter {name!r} stands twice", Place(source.name), _REMEDY)
            found |= own
    return ParameterBook([parameter for group in found.values() for parameter in group])

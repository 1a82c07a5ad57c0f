"""The lines that a group brings, and what the books stood on before them: told to who judges them, so that nothing is read back
from the database. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from loantrail.monitor.model import Entered
from loantrail.monitor.tail import LINES

_OF_ENTERED: Final = ("line_id", "arrival_number", "sequence")
_OF_GROUP: Final = ("source_file", "position", "counterparty_elsewhere")
_OF_LINE: Final = tuple(name for name in LINES if name not in (*_OF_ENTERED, *_OF_GROUP))


@dataclass(frozen=True, slots=True)
class Footing:
    """What the books stand on at one moment."""

    run_id: str | None
    """The run over the books that screens show."""
    last_change: str
    """Names the state of what the bank decided about parameters (`policy.store.last_change`)."""
    last_arrival: int
    """The highest arrival number of a line, 0 without lines; before the group's own."""
    rules: str | None = None
    """Names the state of the rules (`store_step.rules_state`), where it was asked for."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one group brings into the books."""

    footing: Footing
    entered: Sequence[Entered]
    """In order of arrival; never empty."""
    source_file: str
    elsewhere: Set[str] = field(default_factory=frozenset[str])
    """Lines (ids) whose counterparty's account is known to be with another institution than they say."""

    @property
    def last_arrival(self) -> int:
        """The arrival number of its last line."""
        return self.entered[-1].arrival_number

    def lines(self) -> pl.DataFrame:
        """LINES, as the books hold them."""
        entered = self.entered
        columns: dict[str, Any] = {name: [getattr(one, name) for one in entered] for name in _OF_ENTERED}
        for name in _OF_LINE:
            columns[name] = [getattr(one.line, name) for one in entered]
        columns["position"] = columns["arrival_number"]
        columns["source_file"] = [self.source_file] * len(entered)
        columns["counterparty_elsewhere"] = [one.line_id in self.elsewhere for one in entered]
        return pl.DataFrame({name: pl.Series(name, columns[name], LINES[name]) for name in LINES})

"""Versions of rules that broke as loans were judged: they judge nothing until a run over the books looks again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from loantrail.rules.stopping import Broken

_LOG: Final = logging.getLogger(__name__)


class BrokenRules:
    """Those of one state of the books."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._unsaid: set[str] = set()

    @property
    def unsaid(self) -> frozenset[str]:
        """Those that no judgement in the books says."""
        return frozenset(self._unsaid)

    def add(self, broken: Iterable[Broken]) -> bool:
        """Whether any of them is new."""
        new = [one for one in broken if one.version.rule_id not in self.ids]
        for one in new:
            code, number = one.version.code, one.version.version
            _LOG.error("the rule %s, version %d, broke and is stopped", code, number, exc_info=one.problem)
        ids = {one.version.rule_id for one in new}
        self.ids |= ids
        self._unsaid |= ids
        return bool(ids)

    def say(self, ids: Iterable[str]) -> None:
        """The books say it of these."""
        self._unsaid.difference_update(ids)

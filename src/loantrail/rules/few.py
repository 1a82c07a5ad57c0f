"""Whether any of a few rows meets conditions: row by row with slow.Judging, as the expressions of all rules cost more than that.
Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from loantrail.defects import DEFECTS
from loantrail.parameters import ParameterBook
from loantrail.rules import tree
from loantrail.rules.compiling import DATE
from loantrail.rules.model import CheckedContent
from loantrail.rules.slow import Judging

_KINDS = ("occasion", "product", "customer_kind")


class _MatchedText(Exception):
    """A pattern was to be looked for in a text."""


class _WithoutPatterns(Judging):
    def matches(self, node: tree.Matches) -> bool | None:
        raise _MatchedText(node.pattern)


def met_by_any(
    contents: Sequence[CheckedContent], rows: pl.DataFrame, asked: Collection[str], parameters: ParameterBook
) -> list[bool | None]:
    """Of each of the contents, which have no problems, whether any of the rows (as `evaluate.ReadyRules.found`) meets it. None
    where that depends on a pattern in a text: the expressions look for it, which costs less than a text at a time; and where one
    breaks. `asked`: all fields that they look at."""
    fields = {*_KINDS, DATE, *asked}
    told = zip(*(rows.get_column(name).to_list() for name in fields), strict=True)
    named: list[dict[str, Any]] = [dict(zip(fields, row, strict=True)) for row in told]
    judged = [(row, _WithoutPatterns(row, parameters)) for row in named]
    return [_is_met(one, judged) for one in contents]


def _is_met(checked: CheckedContent, judged: Iterable[tuple[Mapping[str, Any], Judging]]) -> bool | None:
    content, root = checked.content, checked.condition.root
    assert root is not None
    try:
        # The rows a rule looks at are those of meeting.conditions_of.
        return any(
            row["occasion"] == content.occasion
            and (not content.products or row["product"] in content.products)
            and (not content.customer_kinds or row["customer_kind"] in content.customer_kinds)
            and judging.meets(root)
            for row, judging in judged
        )
    except DEFECTS:  # _MatchedText among them: what breaks here is told when the rule is judged by itself
        return None

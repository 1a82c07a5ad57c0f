"""A condition over one row, value by value in plain Python: what an explanation shows, and the twin of the compiled form.

Patterns in texts are looked for by the engine of the compiled form (compiling.is_in).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Final

from loantrail.errors import ConfigurationError
from loantrail.parameters import Parameter, ParameterBook
from loantrail.rules import tree
from loantrail.rules.compiling import DATE, is_in
from loantrail.rules.numbers import PPM, in_64, in_days, quotient
from loantrail.rules.tree import Node

Value = int | str | bool | None
Row = Mapping[str, object]
_COMPARED: Final = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


class Judging:
    """One row under the parameters of its business date."""

    def __init__(self, row: Row, parameters: ParameterBook) -> None:
        self._row = row
        self._parameters = parameters
        on_date = row.get(DATE)
        self._date = on_date if isinstance(on_date, datetime.date) else None
        self._looked: dict[tuple[str, str, bool], bool] = {}
        """Texts and patterns that were looked for in them, and whether that is a regular expression: an explanation asks of a part
        again for each that it is within."""

    def in_force(self, name: str) -> Parameter | None:
        """The parameter on the row's date; None where none is in force then."""
        if self._date is None:
            return None
        try:
            return self._parameters.at(name, self._date)
        except ConfigurationError:
            return None

    def meets(self, node: Node) -> bool:
        """Whether the condition certainly holds; what cannot change that is not looked at."""
        if isinstance(node, tree.All):
            return all(self.meets(one) for one in node.parts)
        if isinstance(node, tree.AnyOf):
            return any(self.meets(one) for one in node.parts)
        return self.holds(node) is True

    def holds(self, node: Node) -> bool | None:
        """Whether the condition holds; None where that is not known."""
        if isinstance(node, tree.All):
            return both([self.holds(one) for one in node.parts])
        if isinstance(node, tree.AnyOf):
            return opposite(both([opposite(self.holds(one)) for one in node.parts]))
        if isinstance(node, tree.Not):
            return opposite(self.holds(node.part))
        if isinstance(node, tree.Truth):
            return node.value
        if isinstance(node, tree.IsNull):
            return self.value(node.value) is None
        if isinstance(node, tree.IsTruth):
            return self.holds(node.part) is node.wanted
        if isinstance(node, tree.Compare):
            return _compared(node.operator, self.value(node.left), self.value(node.right))
        if isinstance(node, tree.Between):
            value = self.value(node.value)
            return both(
                [_compared(">=", value, self.value(node.low)), _compared("<=", value, self.value(node.high))]
            )
        if isinstance(node, tree.Reaches):
            period = self.in_force(node.parameter.name)
            if period is None:
                return None
            operator = ("<" if node.upper else ">") + ("=" if period.inclusive else "")
            return _compared(operator, self.value(node.value), period.number)
        if isinstance(node, tree.OneOf):
            value = self.value(node.value)
            found = [self._is_item(value, item) for item in node.items]
            return opposite(both([opposite(one) for one in found]))
        if isinstance(node, tree.Matches):
            return self.matches(node)
        value = self.value(node)
        return None if value is None else bool(value)

    def matches(self, node: tree.Matches) -> bool | None:
        """Whether a text is like a pattern; None where there is none."""
        value = self.value(node.value)
        if value is None:
            return None
        key = str(value), node.pattern, node.regular
        found = self._looked.get(key)
        if found is None:
            found = self._looked[key] = is_in(key[0], node)
        return found

    def _is_item(self, value: Value, item: Node) -> bool | None:
        if isinstance(item, tree.ParameterOf) and item.unit == tree.CLASSES:
            period = self.in_force(item.name)
            return None if value is None or period is None else value in period.names
        return _compared("=", value, self.value(item))

    def value(self, node: Node) -> Value:
        """The value of a field, a constant, a parameter or a calculation."""
        if isinstance(node, tree.FieldOf):
            found = self._row.get(node.name)
            return found if isinstance(found, (int, str)) else None
        if isinstance(node, (tree.Number, tree.Text)):
            return node.value
        if isinstance(node, tree.ParameterOf):
            period = self.in_force(node.name)
            return None if period is None or node.unit == tree.CLASSES else period.number
        if isinstance(node, tree.Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, tree.Call):
            return self._call(node)
        return self.holds(node)

    def _number(self, node: Node) -> int | None:
        found = self.value(node)
        return found if isinstance(found, int) else None

    def _arithmetic(self, node: tree.Arithmetic) -> int | None:
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return None
        if node.operator == "/":
            return in_64(quotient(left, right))
        return in_64(
            left + right if node.operator == "+" else left - right if node.operator == "-" else left * right
        )

    def _call(self, node: tree.Call) -> int | None:
        values = [self._number(one) for one in node.arguments]
        if node.name == "coalesce":
            return next((one for one in values if one is not None), None)
        known = [one for one in values if one is not None]
        if len(known) < len(values):
            return None
        if node.name == "share_ppm":
            return in_64(quotient(known[0] * PPM, known[1]))
        if node.name == "abs":
            return in_64(abs(known[0]))
        if node.name == "in_days":
            return in_64(in_days(known[0], node.arguments[0].type))
        return min(known) if node.name == "least" else max(known)


def both(values: list[bool | None]) -> bool | None:
    """AND in three values: false as soon as one is false, else null as soon as one is null."""
    if any(one is False for one in values):
        return False
    return None if any(one is None for one in values) else True


def opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def _compared(operator: str, left: Value, right: Value) -> bool | None:
    if left is None or right is None:
        return None
    return bool(_COMPARED[operator](left, right))

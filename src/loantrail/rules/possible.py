"""Whether rows of which a few fields are known can meet a condition at all, whatever their other fields say. Pure.

Kleene logic over sets: a field that is not known may be anything. What is said to be impossible is; what is said to be
possible need not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final

from loantrail.parameters import ParameterBook
from loantrail.rules import tree
from loantrail.rules.tree import Node

Value = int | str | bool | None
Values = frozenset[Value]
Flags = frozenset[bool | None]
ANY: Final[Flags] = frozenset((True, False, None))
_NULL: Final[Flags] = frozenset((None,))


def can_be_met(root: Node, known: Mapping[str, Values], parameters: ParameterBook) -> bool:
    """Whether a row whose fields `known` have one of these values each may meet the condition."""
    return True in _Reading(known, parameters).flag(root)


class _Reading:
    def __init__(self, known: Mapping[str, Values], parameters: ParameterBook) -> None:
        self._known = known
        self._parameters = parameters

    def flag(self, node: Node) -> Flags:
        """What the condition may come to."""
        if isinstance(node, tree.All):
            return self._joined(node.parts, stops=False)
        if isinstance(node, tree.AnyOf):
            return self._joined(node.parts, stops=True)
        if isinstance(node, tree.Not):
            return frozenset(None if one is None else not one for one in self.flag(node.part))
        if isinstance(node, tree.Truth):
            return frozenset((node.value,))
        if isinstance(node, tree.FieldOf):
            found = self._known.get(node.name)
            return ANY if found is None else frozenset(None if one is None else bool(one) for one in found)
        if isinstance(node, tree.IsNull):
            values = self._values(node.value)
            return ANY if values is None else frozenset(one is None for one in values)
        if isinstance(node, tree.IsTruth):
            return frozenset(one is node.wanted for one in self.flag(node.part))
        if isinstance(node, tree.Reaches):
            return self._reaches(node)
        if isinstance(node, tree.Compare):
            return self._compared(node)
        if isinstance(node, tree.Between | tree.OneOf | tree.Matches):
            return _NULL if self._values(node.value) == _NULL else ANY
        return ANY

    def _joined(self, parts: tuple[Node, ...], *, stops: bool) -> Flags:
        found: Flags = frozenset((not stops,))
        for part in parts:
            other = self.flag(part)
            found = frozenset(_and_or(one, two, stops) for one, two in product(found, other))
        return found

    def _values(self, node: Node) -> Values | None:
        """What the value may be; None where it may be anything."""
        if isinstance(node, tree.FieldOf):
            return self._known.get(node.name)
        if isinstance(node, tree.Number | tree.Text):
            return frozenset((node.value,))
        return None

    def _reaches(self, node: tree.Reaches) -> Flags:
        values = self._values(node.value)
        if values is None:
            return ANY
        found: set[bool | None] = {None}
        for value, period in product(values, self._parameters.periods(node.parameter.name)):
            if isinstance(value, int):
                beyond = value < period.number if node.upper else value > period.number
                found.add(beyond or (period.inclusive and value == period.number))
        return frozenset(found)

    def _compared(self, node: tree.Compare) -> Flags:
        left, right = self._values(node.left), self._values(node.right)
        if _NULL in (left, right):
            return _NULL
        if left is None or right is None:
            return ANY
        return frozenset(_compare(node.operator, one, other) for one, other in product(left, right))


def _and_or(one: bool | None, other: bool | None, stops: bool) -> bool | None:
    if stops in (one, other):
        return stops
    return None if None in (one, other) else not stops


def _compare(operator: str, one: Value, other: Value) -> bool | None:
    if one is None or other is None:
        return None
    if operator in ("=", "<>"):
        return (one == other) == (operator == "=")
    if not (isinstance(one, int) and isinstance(other, int)):
        return None
    if operator in ("<", "<="):
        return one < other or (operator == "<=" and one == other)
    return one > other or (operator == ">=" and one == other)

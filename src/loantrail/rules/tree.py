"""A checked condition as a tree. Every node knows where in the text it stands and of what type its value is.

Types: the units of fields and parameters (`fen`, `ppm`, `days`, ...), `number` for a bare whole number that takes the unit of
what it meets, `flag`, `class`, `text`, and `any` for what could not be checked because a part of it is refused already.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

NUMBER: Final = "number"
FLAG: Final = "flag"
CLASS: Final = "class"
TEXT: Final = "text"
CLASSES: Final = "classes"
ANY: Final = "any"
UNITS: Final = frozenset("fen usd_cent ppm permille count days working_days hours months years".split())
"""Types whose values are whole numbers with a unit."""


@dataclass(frozen=True, slots=True)
class Node:
    """`start` and `end` (exclusive) count characters of the text."""

    start: int
    end: int

    @property
    def type(self) -> str:
        return FLAG

    def children(self) -> tuple[Node, ...]:
        """The nodes right below, in the order of the text."""
        found: list[Node] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Node):
                found.append(value)
            elif isinstance(value, tuple):
                found += [one for one in value if isinstance(one, Node)]
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Wrong(Node):
    """What was refused; nothing more is said about it."""

    @property
    def type(self) -> str:
        return ANY


@dataclass(frozen=True, slots=True)
class FieldOf(Node):
    name: str
    kind: str

    @property
    def type(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class ParameterOf(Node):
    """The value in force on the row's business date; null on a date without one."""

    name: str
    unit: str

    @property
    def type(self) -> str:
        return self.unit


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: int
    unit: str = NUMBER

    @property
    def type(self) -> str:
        return self.unit


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str

    @property
    def type(self) -> str:
        return TEXT


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """TRUE, FALSE, or NULL (None)."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`operator` is + - * /; a result beyond 64 bits, or a division by zero, is null. Division cuts toward zero."""

    operator: str
    left: Node
    right: Node
    unit: str

    @property
    def type(self) -> str:
        return self.unit


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function that gives a number: share_ppm, abs, least, greatest, coalesce, in_days."""

    name: str
    arguments: tuple[Node, ...]
    unit: str

    @property
    def type(self) -> str:
        return self.unit


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`operator` is = <> < <= > >=."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Reaches(Node):
    """`reaches(value, :least)` and, where `upper`, `within(value, :most)`: whether the parameter's own value still counts is
    the parameter's to say."""

    value: Node
    parameter: ParameterOf
    upper: bool


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """`value IN (...)`; items are numbers, texts, or parameters that are lists of classes."""

    value: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Matches(Node):
    """The text fits a pattern of LIKE (% and _), or holds what a regular expression describes."""

    value: Node
    pattern: str
    regular: bool


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class IsTruth(Node):
    """`part IS TRUE` or `part IS FALSE`: never null."""

    part: Node
    wanted: bool


@dataclass(frozen=True, slots=True)
class Not(Node):
    part: Node


@dataclass(frozen=True, slots=True)
class All(Node):
    """AND of two or more parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """OR of two or more parts."""

    parts: tuple[Node, ...]


def within_each_other(root: Node, most: int) -> tuple[Node, ...]:
    """The smallest parts of a condition in which more than `most` calculations that need an operand more than once (divisions,
    shares, least, greatest) stand within each other, in the order of the text."""
    found: list[Node] = []

    def levels(node: Node) -> int:
        below = max(map(levels, node.children()), default=0)
        again = (isinstance(node, Arithmetic) and node.operator == "/") or (
            isinstance(node, Call) and node.name in ("share_ppm", "least", "greatest")
        )
        if again and below == most:
            found.append(node)
        return below + again

    levels(root)
    return tuple(found)


def names_of(node: Node, kind: type[FieldOf] | type[ParameterOf]) -> tuple[str, ...]:
    """The names of all fields, or of all parameters, below and at the node: distinct and sorted."""
    found: set[str] = set()
    waiting: list[Node] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            found.add(one.name)
        waiting += one.children()
    return tuple(sorted(found))

"""A checked condition as one polars expression over signal rows: true, false, or null where something is not known.

No calculation stands in the expression twice: what an operator needs more than once is calculated `_once`. Its copies would be
planned each for themselves, and copies within copies are more than any machine plans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import and_, or_
from typing import Final

import polars as pl

from loantrail.parameters import Parameter, ParameterBook
from loantrail.rules import tree
from loantrail.rules.numbers import DAYS_IN, PPM
from loantrail.rules.tree import Node

DATE = "business_date"
"""The column whose date decides which value of a parameter is in force."""
_PLAIN: Final = (tree.FieldOf, tree.Number, tree.Text, tree.ParameterOf)
"""What is no calculation."""


def compiled(root: Node, parameters: ParameterBook) -> pl.Expr:
    """Needs the fields of the condition and DATE. Arithmetic is exact: a result beyond 64 bits is null."""
    return _Compiling(parameters).flag(root)


class _Compiling:
    def __init__(self, parameters: ParameterBook) -> None:
        self._parameters = parameters

    def flag(self, node: Node) -> pl.Expr:
        if isinstance(node, tree.All):
            return _joined(and_, [self.flag(one) for one in node.parts])
        if isinstance(node, tree.AnyOf):
            return _joined(or_, [self.flag(one) for one in node.parts])
        if isinstance(node, tree.Not):
            return ~self.flag(node.part)
        if isinstance(node, tree.Truth):
            return pl.lit(node.value, pl.Boolean)
        if isinstance(node, tree.FieldOf):
            return pl.col(node.name)
        if isinstance(node, tree.Compare):
            return _compared(node.operator, self.value(node.left), self.value(node.right))
        if isinstance(node, tree.Between):
            return self._once(
                lambda value, low, high: (value >= low) & (value <= high),
                (node.value, node.low, node.high),
                (node.value,),
            )
        if isinstance(node, tree.Reaches):
            return self._reaches(node)
        if isinstance(node, tree.OneOf):
            return self._once(
                lambda value: _joined(or_, [self._is_item(value, item) for item in node.items]),
                (node.value,),
            )
        if isinstance(node, tree.Matches):
            return self.value(node.value).str.contains(_regular(node), strict=True)
        if isinstance(node, tree.IsNull):
            return self.value(node.value).is_null()
        if isinstance(node, tree.IsTruth):
            part = self.flag(node.part)
            return part.fill_null(value=False) if node.wanted else ~part.fill_null(value=True)
        raise AssertionError(f"{type(node).__name__} is no condition")

    def value(self, node: Node) -> pl.Expr:
        if isinstance(node, tree.FieldOf):
            return pl.col(node.name)
        if isinstance(node, tree.Number):
            return pl.lit(node.value, pl.Int64)
        if isinstance(node, tree.Text):
            return pl.lit(node.value, pl.String)
        if isinstance(node, tree.ParameterOf):
            return self._in_force(node, lambda one: pl.lit(one.number, pl.Int64), pl.Int64())
        if isinstance(node, tree.Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, tree.Call):
            return self._call(node)
        return self.flag(node)

    def _in_force(
        self, node: tree.ParameterOf, then: Callable[[Parameter], pl.Expr], dtype: pl.DataType
    ) -> pl.Expr:
        """What each period of a parameter comes to on the dates of that period; null on all others."""
        found = pl.lit(None, dtype)
        for period in self._parameters.periods(node.name):
            inside = pl.col(DATE) >= pl.lit(period.effective_from)
            if period.effective_to is not None:
                inside &= pl.col(DATE) <= pl.lit(period.effective_to)
            found = pl.when(inside).then(then(period)).otherwise(found)
        return found

    def _once(
        self, operate: Callable[..., pl.Expr], operands: Sequence[Node], again: Sequence[Node] | None = None
    ) -> pl.Expr:
        """What `operate` makes of the operands; of those that it asks for `again`, all unless they are named, each calculation is
        done one time. Columns and constants may stand more than once."""
        values = [self.value(one) for one in operands]
        if all(isinstance(one, _PLAIN) for one in (operands if again is None else again)):
            return operate(*values)
        names = [str(number) for number in range(len(values))]
        calculated = pl.struct(value.alias(name) for name, value in zip(names, values, strict=True))
        found = operate(*map(pl.field, names)).alias("found")
        return calculated.struct.with_fields(found).struct.field("found")

    def _reaches(self, node: tree.Reaches) -> pl.Expr:
        def reached(value: pl.Expr) -> pl.Expr:
            def against(period: Parameter) -> pl.Expr:
                operator = ("<" if node.upper else ">") + ("=" if period.inclusive else "")
                return _compared(operator, value, pl.lit(period.number, pl.Int64))

            return self._in_force(node.parameter, against, pl.Boolean())

        return self._once(reached, (node.value,))

    def _is_item(self, value: pl.Expr, item: Node) -> pl.Expr:
        if isinstance(item, tree.ParameterOf) and item.unit == tree.CLASSES:
            return self._in_force(
                item,
                lambda one: pl.when(value.is_not_null()).then(value.is_in(one.names)),
                pl.Boolean(),
            )
        return value == self.value(item)

    def _arithmetic(self, node: tree.Arithmetic) -> pl.Expr:
        if node.operator == "/":
            return _in_64(self._once(_quotient, (node.left, node.right)))
        left, right = self.value(node.left).cast(pl.Int128), self.value(node.right).cast(pl.Int128)
        return _in_64(
            left + right if node.operator == "+" else left - right if node.operator == "-" else left * right
        )

    def _call(self, node: tree.Call) -> pl.Expr:
        if node.name == "share_ppm":
            return _in_64(self._once(lambda part, whole: _quotient(part, whole, PPM), node.arguments))
        if node.name in ("least", "greatest"):
            return self._once(lambda *values: _extreme(values, node.name), node.arguments)
        values = [self.value(one) for one in node.arguments]
        if node.name == "abs":
            return _in_64(values[0].cast(pl.Int128).abs())
        if node.name == "coalesce":
            return pl.coalesce(values)
        assert node.name == "in_days"
        over, under = DAYS_IN[node.arguments[0].type]
        return _in_64((values[0].cast(pl.Int128) * over + (under - 1)) // under)


def _joined(join: Callable[[pl.Expr, pl.Expr], pl.Expr], parts: Sequence[pl.Expr]) -> pl.Expr:
    """All of the parts joined, in halves: a chain as long as they are many is planned in their square."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(_joined(join, parts[:half]), _joined(join, parts[half:]))


def _extreme(values: Sequence[pl.Expr], name: str) -> pl.Expr:
    known = _joined(and_, [value.is_not_null() for value in values])
    found = pl.min_horizontal(values) if name == "least" else pl.max_horizontal(values)
    return pl.when(known).then(found)


def _compared(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    if operator == "=":
        return left == right
    if operator == "<>":
        return left != right
    if operator in ("<", "<="):
        return left < right if operator == "<" else left <= right
    return left > right if operator == ">" else left >= right


def _quotient(over: pl.Expr, under: pl.Expr, times: int = 1) -> pl.Expr:
    """`times` the one by the other, cut toward zero; null where there is no divisor."""
    left, right = over.cast(pl.Int128) * times, under.cast(pl.Int128)
    size = left.abs() // pl.when(right != 0).then(right.abs())
    return pl.when((left < 0) == (right < 0)).then(size).otherwise(pl.lit(0, pl.Int128) - size)


def _in_64(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int64, strict=False)


def is_in(text: str, node: tree.Matches) -> bool:
    """Whether one text is like a pattern, as `compiled` says it of a column. Polars' engine alone looks for patterns of rules: it
    is linear in the text, and what it takes another one need not know, or may understand otherwise."""
    return bool(pl.Series([text], dtype=pl.String).str.contains(_regular(node), strict=True).item())


def _regular(node: tree.Matches) -> str:
    return node.pattern if node.regular else like_pattern(node.pattern)


def like_pattern(pattern: str) -> str:
    """The regular expression of a pattern of LIKE: % any text, _ one character, all else itself."""
    parts = (".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern)
    return f"(?s)^{''.join(parts)}$"

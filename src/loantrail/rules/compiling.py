"""A checked condition as one polars expression over signal rows: true, false, or null where something is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce

import polars as pl

from loantrail.parameters import Parameter, ParameterBook
from loantrail.rules import tree
from loantrail.rules.numbers import DAYS_IN, PPM
from loantrail.rules.tree import Node

DATE = "business_date"
"""The column whose date decides which value of a parameter is in force."""


def compiled(root: Node, parameters: ParameterBook) -> pl.Expr:
    """Needs the fields of the condition and DATE. Arithmetic is exact: a result beyond 64 bits is null."""
    return _Compiling(parameters).flag(root)


class _Compiling:
    def __init__(self, parameters: ParameterBook) -> None:
        self._parameters = parameters

    def flag(self, node: Node) -> pl.Expr:
        if isinstance(node, tree.All):
            return reduce(lambda one, other: one & other, map(self.flag, node.parts))
        if isinstance(node, tree.AnyOf):
            return reduce(lambda one, other: one | other, map(self.flag, node.parts))
        if isinstance(node, tree.Not):
            return ~self.flag(node.part)
        if isinstance(node, tree.Truth):
            return pl.lit(node.value, pl.Boolean)
        if isinstance(node, tree.FieldOf):
            return pl.col(node.name)
        if isinstance(node, tree.Compare):
            return _compared(node.operator, self.value(node.left), self.value(node.right))
        if isinstance(node, tree.Between):
            value = self.value(node.value)
            return (value >= self.value(node.low)) & (value <= self.value(node.high))
        if isinstance(node, tree.Reaches):
            return self._reaches(node)
        if isinstance(node, tree.OneOf):
            value = self.value(node.value)
            return reduce(lambda one, other: one | other, (self._is_item(value, item) for item in node.items))
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

    def _reaches(self, node: tree.Reaches) -> pl.Expr:
        value = self.value(node.value)

        def against(period: Parameter) -> pl.Expr:
            operator = ("<" if node.upper else ">") + ("=" if period.inclusive else "")
            return _compared(operator, value, pl.lit(period.number, pl.Int64))

        return self._in_force(node.parameter, against, pl.Boolean())

    def _is_item(self, value: pl.Expr, item: Node) -> pl.Expr:
        if isinstance(item, tree.ParameterOf) and item.unit == tree.CLASSES:
            return self._in_force(
                item,
                lambda one: pl.when(value.is_not_null()).then(value.is_in(one.names)),
                pl.Boolean(),
            )
        return value == self.value(item)

    def _arithmetic(self, node: tree.Arithmetic) -> pl.Expr:
        left, right = self.value(node.left).cast(pl.Int128), self.value(node.right).cast(pl.Int128)
        if node.operator == "/":
            return _in_64(_quotient(left, right))
        return _in_64(
            left + right if node.operator == "+" else left - right if node.operator == "-" else left * right
        )

    def _call(self, node: tree.Call) -> pl.Expr:
        values = [self.value(one) for one in node.arguments]
        if node.name == "share_ppm":
            return _in_64(_quotient(values[0].cast(pl.Int128) * PPM, values[1].cast(pl.Int128)))
        if node.name == "abs":
            return _in_64(values[0].cast(pl.Int128).abs())
        if node.name == "coalesce":
            return pl.coalesce(values)
        if node.name == "in_days":
            over, under = DAYS_IN[node.arguments[0].type]
            return _in_64((values[0].cast(pl.Int128) * over + (under - 1)) // under)
        return _extreme(values, node.name)


def _extreme(values: Sequence[pl.Expr], name: str) -> pl.Expr:
    known = reduce(lambda one, other: one & other, (value.is_not_null() for value in values))
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


def _quotient(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Cut toward zero; null where there is no divisor."""
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

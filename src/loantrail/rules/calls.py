"""The functions of conditions: how many values each takes, and of what type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import polars as pl
from sqlglot import exp

from loantrail.defects import DEFECTS
from loantrail.rules import tree
from loantrail.rules.fields import FUNCTIONS
from loantrail.rules.numbers import DAYS_IN, MOST_64, unified
from loantrail.rules.reading import span
from loantrail.rules.refusing import TYPES
from loantrail.rules.tree import Node, Wrong

if TYPE_CHECKING:
    from loantrail.rules.language import Checking

CONSTANTS: Final = {"wan": (1_000_000, "fen"), "yuan": (100, "fen"), "percent": (10_000, "ppm")}
"""Readable constants: how many of the unit one is."""
LONGEST_PATTERN: Final = 200
MOST_REPEATED: Final = 100
_BRACES: Final = re.compile(r"\\[xuUpP]\{[^{}\n]*\}|\\.|\{([^{}]*)\}", re.DOTALL)
"""What stands in braces as a repetition, or may: a character by its number and a class by its name do not, nor does a brace that
is meant itself."""


def call_of(checking: Checking, node: exp.Anonymous, name: str) -> Node:
    """The checked call of a function that exists."""
    arguments: list[exp.Expr] = list(node.expressions)
    start, end = _whole(checking, node)
    counts = {
        "share_ppm": 2,
        "reaches": 2,
        "within": 2,
        "matches": 2,
        "least": 0,
        "greatest": 0,
        "coalesce": 0,
    }
    wanted = counts.get(name, 1)
    if (wanted and len(arguments) != wanted) or (not wanted and len(arguments) < 2):
        return checking.wrong(node, "arguments", name=name, usage=FUNCTIONS[name].usage)
    if name in CONSTANTS:
        return _constant(checking, node, arguments[0], name, (start, end))
    if name == "matches":
        return _matches(checking, arguments, (start, end))
    if name in ("reaches", "within"):
        return _reaches(checking, node, arguments, name, (start, end))
    values = tuple(checking.number(one) for one in arguments)
    if any(one.type == tree.ANY for one in values):
        return Wrong(start, end)
    if name == "in_days":
        if values[0].type not in DAYS_IN:
            return checking.wrong(arguments[0], "arguments", name=name, usage=FUNCTIONS[name].usage)
        return tree.Call(start, end, name, values, "days")
    unit: str | None = values[0].type
    for one in values[1:]:
        joined = unified(unit, one.type)
        if joined is None:
            words = {"left": TYPES[unit][1], "left_chinese": TYPES[unit][0]}
            return checking.wrong(
                node, "units", **words, right=TYPES[one.type][1], right_chinese=TYPES[one.type][0]
            )
        unit = joined
    if name == "share_ppm":
        if isinstance(values[1], tree.Number) and values[1].value == 0:
            return checking.wrong(arguments[1], "division_by_zero")
        unit = "ppm"
    return tree.Call(start, end, name, values, unit)


def _whole(checking: Checking, node: exp.Anonymous) -> tuple[int, int]:
    """From the name to the bracket that closes the call."""
    start, end = span(node)
    close = checking.text.find(")", end)
    return start, close + 1 if close >= 0 else end


def _constant(
    checking: Checking, node: exp.Anonymous, argument: exp.Expr, name: str, place: tuple[int, int]
) -> Node:
    value = checking.value(argument)
    if isinstance(value, Wrong):
        return value
    if not isinstance(value, tree.Number) or value.unit != tree.NUMBER:
        return checking.wrong(node, "arguments", name=name, usage=FUNCTIONS[name].usage)
    factor, unit = CONSTANTS[name]
    if abs(value.value) * factor > MOST_64:
        return checking.wrong(argument, "too_large", name=str(value.value))
    return tree.Number(*place, value.value * factor, unit)


def _reaches(
    checking: Checking, node: exp.Anonymous, arguments: list[exp.Expr], name: str, place: tuple[int, int]
) -> Node:
    value, limit = checking.number(arguments[0]), checking.value(arguments[1])
    if tree.ANY in (value.type, limit.type):
        return Wrong(*place)
    if not isinstance(limit, tree.ParameterOf) or limit.unit == tree.CLASSES:
        return checking.wrong(arguments[1], "arguments", name=name, usage=FUNCTIONS[name].usage)
    if unified(value.type, limit.unit) is None:
        words = {"left": TYPES[value.type][1], "left_chinese": TYPES[value.type][0]}
        return checking.wrong(
            node, "units", **words, right=TYPES[limit.unit][1], right_chinese=TYPES[limit.unit][0]
        )
    return tree.Reaches(*place, value, limit, upper=name == "within")


def _matches(checking: Checking, arguments: list[exp.Expr], place: tuple[int, int]) -> Node:
    value, pattern = checking.textual(arguments[0]), checking.value(arguments[1])
    if not isinstance(pattern, tree.Text):
        if isinstance(pattern, Wrong):
            return pattern
        return checking.wrong(arguments[1], "arguments", name="matches", usage=FUNCTIONS["matches"].usage)
    refused = regular_expression_problem(pattern.value)
    if refused is None:
        return tree.Matches(*place, value, pattern.value, regular=True)
    if not refused:
        return checking.wrong(
            arguments[1], "regular_expression_large", limit=LONGEST_PATTERN, repeat=MOST_REPEATED
        )
    return checking.wrong(arguments[1], "regular_expression", reason=refused)


def regular_expression_problem(pattern: str) -> str | None:
    """None where polars takes the pattern (its engine is linear in the text: nothing runs for ever); an empty text where
    the pattern is too large; else what is wrong with it."""
    if len(pattern) > LONGEST_PATTERN:
        return ""
    total = 1
    for inside in _BRACES.findall(pattern):
        # Blanks may stand between the figures; comments too, and then the number goes on behind what looks like its end.
        bare = re.sub(r"\s", "", inside)
        count = max((int(one) for one in re.findall(r"[0-9]+", bare) if bare[0] in "0123456789,"), default=1)
        total *= max(count, 1)
        if count > MOST_REPEATED or total > MOST_REPEATED**2 or "#" in inside:
            return ""
    try:
        pl.select(pl.lit("x").str.contains(pattern, strict=True))
    except DEFECTS as cause:
        told = [line.strip() for line in str(cause).splitlines() if line.strip()]
        reason = next((line for line in told if line.startswith("error: ")), told[-1] if told else "")
        return reason.removeprefix("error: ")[:120] or "?"
    return None

"""The language of rule conditions: a text is read, checked against the fields and the parameters, and becomes a tree.

A condition is a SQL boolean expression over the fields of one row. SQL's three-valued logic holds: what is not known makes a
comparison null, and null is no hit. docs/concepts/rules.md says what may be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from sqlglot import exp

from loantrail.errors import ConfigurationError
from loantrail.parameters import ParameterBook
from loantrail.rules import tree
from loantrail.rules.calls import call_of
from loantrail.rules.fields import AGGREGATES, FUNCTIONS, SHIPPED, Catalogue, values_of
from loantrail.rules.numbers import arithmetic_unit, is_number, unified
from loantrail.rules.reading import read, span
from loantrail.rules.refusing import TYPES, Problem, problem
from loantrail.rules.tree import Node, Wrong

LARGEST: Final = 2**63 - 1
MOST_WITHIN_EACH_OTHER: Final = 8
"""Calculations that need an operand more than once; each level is planned anew for all below it."""
_COMPARISONS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: Final[dict[type[exp.Expr], str]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
GRAINS: Final = {"movement": ("资金变动", "on movements"), "day": ("日终", "at the end of a day")}


@dataclass(frozen=True, slots=True)
class Checked:
    """`root` is None where there are problems; they stand in the order of the text."""

    text: str
    root: Node | None
    problems: tuple[Problem, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return () if self.root is None else tree.names_of(self.root, tree.FieldOf)

    @property
    def parameters(self) -> tuple[str, ...]:
        return () if self.root is None else tree.names_of(self.root, tree.ParameterOf)


def check(
    text: str, parameters: ParameterBook, occasion: str = "", catalogue: Catalogue = SHIPPED
) -> Checked:
    """The tree of a condition, or every problem that it has. `occasion` (movement, day) also refuses fields that rows of
    that occasion do not have."""
    found = read(text)
    if isinstance(found, Problem):
        return Checked(text, None, (found,))
    checking = Checking(text, parameters, occasion, catalogue)
    root = checking.condition(found)
    for node in tree.within_each_other(root, MOST_WITHIN_EACH_OTHER):
        checking.problems.append(
            problem(text, "calculation_too_deep", node.start, node.end, limit=MOST_WITHIN_EACH_OTHER)
        )
    problems = tuple(sorted(checking.problems, key=lambda one: (one.start, one.length, one.code)))
    return Checked(text, None if problems else root, problems)


class Checking:
    """One text on its way to a tree; gathers problems, so that an editor can show all of them at once."""

    def __init__(self, text: str, parameters: ParameterBook, occasion: str, catalogue: Catalogue) -> None:
        self.text = text
        self.parameters = parameters
        self.occasion = occasion
        self.catalogue = catalogue
        self.problems: list[Problem] = []

    def wrong(self, node: exp.Expr, code: str, names: tuple[str, ...] = (), /, **said: str | int) -> Wrong:
        start, end = span(node)
        self.problems.append(problem(self.text, code, start, end, names, **said))
        return Wrong(start, end)

    def near(self, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        close = get_close_matches(name.lower(), known, n=3, cutoff=0.6)
        return tuple(close or [one for one in known if name and name.lower() in one][:3])

    # Conditions ------------------------------------------------------------------------------------------------

    def condition(self, node: exp.Expr) -> Node:
        """A node whose value is a flag."""
        made = self.part(node)
        if made.type not in (tree.FLAG, tree.ANY):
            return self.wrong(node, "type", **_wanted("flag", made.type))
        return made

    def part(self, node: exp.Expr) -> Node:
        start, end = span(node)
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, (exp.And, exp.Or)):
            parts = tuple(self.condition(one) for one in _flat(node, type(node)))
            return (tree.All if isinstance(node, exp.And) else tree.AnyOf)(start, end, parts)
        if isinstance(node, exp.Not):
            return tree.Not(start, end, self.condition(node.this))
        if isinstance(node, exp.Boolean):
            return tree.Truth(start, end, bool(node.this))
        if isinstance(node, exp.Null):
            return tree.Truth(start, end, None)
        if type(node) in _COMPARISONS:
            return self._compare(node)
        if isinstance(node, exp.Between):
            return self._between(node)
        if isinstance(node, exp.In):
            return self._one_of(node)
        if isinstance(node, exp.Like):
            return self._like(node)
        if isinstance(node, exp.Is):
            return self._is(node)
        return self.value(node)

    def _compare(self, node: exp.Expr) -> Node:
        start, end = span(node)
        if isinstance(node.this, exp.Null) or isinstance(node.expression, exp.Null):
            return self.wrong(node, "null_comparison")
        left, right = self.part(node.this), self.part(node.expression)
        operator = _COMPARISONS[type(node)]
        if tree.ANY in (left.type, right.type):
            return Wrong(start, end)
        if (
            tree.CLASS in (left.type, right.type)
            or tree.TEXT in (left.type, right.type)
            or tree.FLAG in (left.type, right.type)
        ):
            return self._compare_names(node, operator, left, right)
        if unified(left.type, right.type) is None:
            return self.wrong(node, "units", **_two(left.type, right.type))
        return tree.Compare(start, end, operator, left, right)

    def _compare_names(self, node: exp.Expr, operator: str, left: Node, right: Node) -> Node:
        """Classes, texts and flags are equal or they are not."""
        start, end = span(node)
        kinds = {left.type, right.type}
        if operator not in ("=", "<>") or not (len(kinds) == 1 or kinds == {tree.CLASS, tree.TEXT}):
            return self.wrong(node, "units", **_two(left.type, right.type))
        for field, literal, place in ((left, right, node.expression), (right, left, node.this)):
            if (
                isinstance(field, tree.FieldOf)
                and field.kind == tree.CLASS
                and isinstance(literal, tree.Text)
            ):
                self._known_class(field.name, literal.value, place)
        return tree.Compare(start, end, operator, left, right)

    def _known_class(self, field: str, value: str, place: exp.Expr) -> None:
        known = values_of(field)
        if known and value not in known:
            shown = "、".join(known[:6]) + (" …" if len(known) > 6 else "")
            self.wrong(
                place, "unknown_class", self.near(value, known), name=value, field=field,
                known=shown.replace("、", ", "), known_chinese=shown,
            )  # fmt: skip

    def _between(self, node: exp.Between) -> Node:
        start, end = span(node)
        value, low, high = (self.number(one) for one in (node.this, node.args["low"], node.args["high"]))
        for limit in (low, high):
            if tree.ANY not in (value.type, limit.type) and unified(value.type, limit.type) is None:
                return self.wrong(node, "units", **_two(value.type, limit.type))
        return tree.Between(start, end, value, low, high)

    def _one_of(self, node: exp.In) -> Node:
        start, end = span(node)
        value = self.value(node.this)
        if not node.expressions:
            return self.wrong(node, "incomplete")
        items: list[Node] = []
        for one in node.expressions:
            if isinstance(one, exp.Null):
                self.wrong(one, "null_comparison")
                continue
            item = self.value(one)
            items.append(item)
            if isinstance(item, Wrong) or value.type == tree.ANY:
                continue
            if value.type in (tree.CLASS, tree.TEXT):
                if not isinstance(item, tree.Text) and item.type != tree.CLASSES:
                    self.wrong(one, "type", **_wanted("literal", item.type))
                elif (
                    isinstance(item, tree.Text)
                    and isinstance(value, tree.FieldOf)
                    and value.kind == tree.CLASS
                ):
                    self._known_class(value.name, item.value, one)
            elif unified(value.type, item.type) is None:
                self.wrong(one, "units", **_two(value.type, item.type))
        return tree.OneOf(start, end, value, tuple(items))

    def _like(self, node: exp.Like) -> Node:
        start, end = span(node)
        value = self.textual(node.this)
        pattern = self.value(node.expression)
        if not isinstance(pattern, tree.Text):
            return (
                pattern
                if isinstance(pattern, Wrong)
                else self.wrong(node.expression, "type", **_wanted("literal", pattern.type))
            )
        return tree.Matches(start, end, value, pattern.value, regular=False)

    def _is(self, node: exp.Is) -> Node:
        start, end = span(node)
        against = node.expression
        if isinstance(against, exp.Null):
            return tree.IsNull(start, end, self.part(node.this))
        if isinstance(against, exp.Boolean):
            return tree.IsTruth(start, end, self.condition(node.this), bool(against.this))
        return self.wrong(node, "unsupported", name="IS")

    # Values ----------------------------------------------------------------------------------------------------

    def value(self, node: exp.Expr) -> Node:
        start, end = span(node)
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
            return self._field(node)
        if isinstance(node, exp.Placeholder):
            return self.parameter(node)
        if isinstance(node, exp.Literal):
            return tree.Text(start, end, str(node.this)) if node.is_string else self._literal(node)
        if isinstance(node, exp.Neg):
            return self._negative(node)
        if type(node) in _ARITHMETIC:
            return self._arithmetic(node)
        if isinstance(node, exp.Anonymous):
            return self._call(node)
        if type(node) in _COMPARISONS or isinstance(
            node, (exp.And, exp.Or, exp.Not, exp.In, exp.Like, exp.Is, exp.Between, exp.Boolean, exp.Null)
        ):
            return self.part(node)
        written = self.text[start:end] or type(node).__name__
        return self.wrong(node, "unsupported", name=written[:30])

    def number(self, node: exp.Expr) -> Node:
        """A node whose value is a whole number of some unit."""
        made = self.value(node)
        if made.type != tree.ANY and not is_number(made.type):
            return self.wrong(node, "type", **_wanted("number", made.type))
        return made

    def textual(self, node: exp.Expr) -> Node:
        """A node whose value is a text or the name of a class."""
        made = self.value(node)
        if made.type not in (tree.TEXT, tree.CLASS, tree.ANY):
            return self.wrong(node, "type", **_wanted("text", made.type))
        return made

    def _field(self, node: exp.Column) -> Node:
        start, end = span(node)
        name = self.text[start:end] if node.args.get("table") else str(node.this.this)
        field = self.catalogue.get(name)
        if field is None:
            return self.wrong(node, "unknown_field", self.near(name, tuple(self.catalogue)), name=name)
        if self.occasion and field.grain not in ("both", self.occasion):
            chinese, english = GRAINS[field.grain]
            return self.wrong(node, "wrong_occasion", name=name, grain=english, grain_chinese=chinese)
        return tree.FieldOf(start, end, name, field.kind)

    def parameter(self, node: exp.Placeholder) -> Node:
        start, end = span(node)
        name = str(node.this or "")
        try:
            unit = self.parameters.periods(name)[0].unit
        except ConfigurationError:
            return self.wrong(node, "unknown_parameter", self.near(name, self.parameters.names), name=name)
        return tree.ParameterOf(start, end, name, unit)

    def _literal(self, node: exp.Literal) -> Node:
        start, end = span(node)
        written = str(node.this)
        if not (written.isascii() and written.isdigit()):
            return self.wrong(node, "not_whole", name=written)
        if int(written) > LARGEST:
            return self.wrong(node, "too_large", name=written)
        return tree.Number(start, end, int(written))

    def _negative(self, node: exp.Neg) -> Node:
        _, end = span(node)
        start = self.text.rfind("-", 0, span(node)[0] or 1)
        operand = self.number(node.this)
        if isinstance(operand, tree.Number):
            return tree.Number(max(start, 0), end, -operand.value, operand.unit)
        return tree.Arithmetic(
            max(start, 0), end, "-", tree.Number(max(start, 0), max(start, 0), 0), operand, operand.type
        )

    def _arithmetic(self, node: exp.Expr) -> Node:
        start, end = span(node)
        operator = _ARITHMETIC[type(node)]
        left, right = self.number(node.this), self.number(node.expression)
        if operator == "/" and isinstance(right, tree.Number) and right.value == 0:
            return self.wrong(node.expression, "division_by_zero")
        if tree.ANY in (left.type, right.type):
            return Wrong(start, end)
        unit = arithmetic_unit(operator, left.type, right.type)
        if unit is None:
            return self.wrong(node, "units", **_two(left.type, right.type))
        return tree.Arithmetic(start, end, operator, left, right, unit)

    def _call(self, node: exp.Anonymous) -> Node:
        name = str(node.this).lower() if isinstance(node.this, str) else str(node.name).lower()
        start, _ = span(node)
        self_end = start + len(name)
        if name in AGGREGATES:
            self.problems.append(problem(self.text, "aggregate", start, self_end, name=name))
            return Wrong(start, self_end)
        if name not in FUNCTIONS:
            near = self.near(name, tuple(FUNCTIONS))
            self.problems.append(
                problem(self.text, "unknown_function", start, self_end, near, name=name, known=", ".join(FUNCTIONS),
                        known_chinese="、".join(FUNCTIONS))
            )  # fmt: skip
            return Wrong(start, self_end)
        return call_of(self, node, name)


def _flat(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of a chain of AND or of OR, brackets within it opened, in the order of the text."""
    found: list[exp.Expr] = []
    waiting = [node]
    while waiting:
        one = waiting.pop()
        inner = one
        while isinstance(inner, exp.Paren):
            inner = inner.this
        if type(inner) is kind:
            waiting += [inner.args["expression"], inner.this]
        else:
            found.append(one)
    return found


def _wanted(wanted: str, found: str) -> dict[str, str]:
    return {
        "wanted": TYPES[wanted][1], "wanted_chinese": TYPES[wanted][0],
        "found": TYPES[found][1], "found_chinese": TYPES[found][0],
    }  # fmt: skip


def _two(left: str, right: str) -> dict[str, str]:
    return {
        "left": TYPES[left][1], "left_chinese": TYPES[left][0],
        "right": TYPES[right][1], "right_chinese": TYPES[right][0],
    }  # fmt: skip

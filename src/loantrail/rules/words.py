"""A condition in words, and with a row beside it: each part, the value that it saw, and whether it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loantrail.parameters import ParameterBook
from loantrail.rules import tree
from loantrail.rules.fields import SHIPPED, Catalogue, Known, value_name
from loantrail.rules.language import Checked
from loantrail.rules.model import CheckedContent
from loantrail.rules.slow import Judging, Row, Value
from loantrail.rules.tree import Node

_OPERATORS: Final = {
    "=": ("等于", "is"), "<>": ("不等于", "is not"), "<": ("小于", "is below"), "<=": ("不超过", "is at most"),
    ">": ("大于", "is above"), ">=": ("不低于", "is at least"),
}  # fmt: skip
_UNITS: Final = {
    "days": ("天", "days"), "hours": ("小时", "hours"), "months": ("个月", "months"), "years": ("年", "years"),
    "working_days": ("个工作日", "working days"),
}  # fmt: skip
_NOT_KNOWN: Final = ("未知", "not known")
_YES_NO: Final = {True: ("是", "yes"), False: ("否", "no")}
_VERB_CHINESE: Final = re.compile(r"(收款方|)(是|有|在|)")
_VERB_ENGLISH: Final = re.compile(r"(payee )?(is|has)\b")
_DENIED: Final = {"是": ("非", "不是"), "有": ("无", "没有"), "在": ("不在", "不在"), "": ("非", "非")}
"""A verb -> it denied, where it begins and behind a subject."""
Said = tuple[str, str]
"""Chinese and English."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A field that a part of the condition looks at, and its value in the row."""

    name: str
    chinese: str
    english: str
    value_chinese: str
    value_english: str


@dataclass(frozen=True, slots=True)
class Part:
    """`kind` is all, any, not or test. `holds` is None where it is not known, and where there is no row."""

    kind: str
    source: str
    chinese: str
    english: str
    holds: bool | None
    seen: tuple[Seen, ...]
    parts: tuple[Part, ...]
    brief: Said = ("", "")
    """The test as one sentence about a hit says it; empty where it says nothing of what happened."""
    aside: Said = ("", "")
    """What a part of no such sentence saw, or what it is; empty for one that always holds."""


def explain(
    checked: Checked, parameters: ParameterBook, row: Row | None = None, catalogue: Catalogue = SHIPPED
) -> Part:
    """The condition part by part; with a row, what each part found there. The condition must have passed its check."""
    assert checked.root is not None
    return _Telling(checked.text, parameters, row, catalogue).part(checked.root)


def held(part: Part) -> Iterator[Part]:
    """The tests that made the condition hold, in the order of the text."""
    if part.holds is not True:
        return
    if part.kind in ("all", "any"):
        for one in part.parts:
            yield from held(one)
    else:
        yield part


def sentence(part: Part) -> Said:
    """What made the condition hold, in one sentence of each language; empty where its tests say nothing of what happened."""
    return _together([one.brief for one in held(part)])


def hit_sentence(checked: CheckedContent, part: Part, row: Row) -> Said:
    """What is said of a rule's hit in each language, never empty. `part`: the rule's condition explained with `row`, which also holds
    the rule's amount field. Where no test says what happened, the values that were seen and the amount do."""
    said = sentence(part)
    if said[0]:
        return said
    content = checked.content
    seen = [one.aside for one in held(part)]
    if content.amount_field and content.amount_field not in checked.condition.fields:
        seen.append(_with_value(SHIPPED[content.amount_field], row.get(content.amount_field)))
    said = _together(seen)
    return (
        said
        if said[0]
        else (f"满足规则“{content.chinese}”的条件", f"meets the condition of the rule “{content.english}”")
    )


def _together(said: Sequence[Said]) -> Said:
    told = [one for one in said if one[0]]
    return "；".join(chinese for chinese, _ in told), "; ".join(english for _, english in told)


def _with_value(field: Known, value: object) -> Said:
    chinese, english = value_words(value if isinstance(value, (int, str)) else None, field.kind, field.name)
    return f"{field.chinese} {chinese}", f"{field.english} {english}"


def part_json(part: Part) -> dict[str, Any]:
    """An explanation as JSON."""
    seen = [
        {
            "name": one.name,
            "chinese": one.chinese,
            "english": one.english,
            "value_chinese": one.value_chinese,
            "value_english": one.value_english,
        }
        for one in part.seen
    ]
    return {
        "kind": part.kind,
        "source": part.source,
        "chinese": part.chinese,
        "english": part.english,
        "holds": part.holds,
        "seen": seen,
        "parts": [part_json(one) for one in part.parts],
    }


def value_words(value: Value, kind: str, field: str = "") -> Said:
    """A value with its unit; that of a class as its field calls it."""
    if value is None:
        return _NOT_KNOWN
    if kind == tree.FLAG or isinstance(value, bool):
        return _YES_NO[bool(value)]
    if isinstance(value, str):
        return value_name(field, value) if kind == tree.CLASS else (f"“{value}”", f"“{value}”")
    if kind == "fen":
        sign, size = ("-" if value < 0 else ""), abs(value)
        exact = f"{sign}{size // 100:,}.{size % 100:02d}"
        return (
            f"{sign}{size // 1_000_000:,} 万元" if size and size % 1_000_000 == 0 else f"{exact} 元"
        ), f"{exact} yuan"
    if kind == "ppm":
        percent = (
            f"{value // 10_000}.{value % 10_000:04d}".rstrip("0").rstrip(".")
            if value >= 0
            else f"{value} ppm"
        )
        return (f"{percent}%", f"{percent}%") if value >= 0 else (percent, percent)
    if kind == "permille":
        return f"{value}‰", f"{value}‰"
    chinese, english = _UNITS.get(kind, ("", ""))
    return f"{value:,} {chinese}".strip(), f"{value:,} {english}".strip()


class _Telling:
    def __init__(self, text: str, parameters: ParameterBook, row: Row | None, catalogue: Catalogue) -> None:
        self._text = text
        self._parameters = parameters
        self._judging = None if row is None else Judging(row, parameters)
        self._catalogue = catalogue

    def part(self, node: Node) -> Part:
        if isinstance(node, tree.All):
            return self._made(node, "all", ("同时满足", "all of"), tuple(map(self.part, node.parts)))
        if isinstance(node, tree.AnyOf):
            return self._made(node, "any", ("满足其一", "any of"), tuple(map(self.part, node.parts)))
        if isinstance(node, tree.Not) and isinstance(node.part, (tree.All, tree.AnyOf)):
            return self._made(node, "not", ("不满足", "not"), (self.part(node.part),))
        return self._made(node, "test", self._test(node), ())

    def _made(self, node: Node, kind: str, said: Said, parts: tuple[Part, ...]) -> Part:
        holds = None if self._judging is None else self._judging.holds(node)
        source = _balanced(self._text, node.start, node.end)
        if kind != "test":
            aside = self._whole(node) if kind == "not" else ("", "")
            return Part(kind, source, *said, holds, (), parts, aside=aside)
        brief = self._brief(node, said)
        aside = ("", "") if brief[0] else self._aside(node, said)
        return Part(kind, source, *said, holds, self._seen(node), parts, brief, aside)

    def _brief(self, node: Node, said: Said) -> Said:
        inner = node.part if isinstance(node, tree.Not) else node
        if isinstance(inner, (tree.FieldOf, tree.Truth, tree.IsNull, tree.IsTruth)) or (
            isinstance(inner, tree.Compare) and isinstance(inner.right, tree.Truth)
        ):
            return "", ""
        if (
            isinstance(inner, tree.Compare)
            and isinstance(inner.right, tree.Number)
            and inner.right.value == 0
        ):
            return "", ""
        if isinstance(inner, (tree.Compare, tree.OneOf)):
            value = inner.left if isinstance(inner, tree.Compare) else inner.value
            if isinstance(value, tree.FieldOf) and value.kind == tree.CLASS:
                return self._named(value)
        return said

    def _aside(self, node: Node, said: Said) -> Said:
        if isinstance(node, tree.Truth):
            return "", ""
        if isinstance(node, tree.FieldOf):
            return self._called(node)
        if isinstance(node, tree.Not) and isinstance(node.part, tree.FieldOf):
            return self._denied(node.part)
        if isinstance(node, tree.IsTruth) and isinstance(node.part, tree.FieldOf):
            return self._called(node.part) if node.wanted else self._denied(node.part)
        if isinstance(node, tree.Compare) and isinstance(node.right, tree.Truth):
            holds = node.right.value is (node.operator == "=")
            return self._whole(node.left) if holds else self._denied(node.left)
        inner = node.part if isinstance(node, tree.Not) else node
        value = (
            inner.left
            if isinstance(inner, tree.Compare)
            else inner.value
            if isinstance(inner, tree.IsNull)
            else None
        )
        return self._named(value) if isinstance(value, tree.FieldOf) else said

    def _whole(self, node: Node) -> Said:
        """A condition with all that it is made of."""
        if isinstance(node, tree.FieldOf):
            return self._called(node)
        if isinstance(node, tree.Not) and isinstance(node.part, (tree.All, tree.AnyOf)):
            return self._denied(node.part)
        if not isinstance(node, (tree.All, tree.AnyOf)):
            return self._test(node)
        parts = [self._whole(one) for one in node.parts]
        chinese, english = (" 且 ", " and ") if isinstance(node, tree.All) else (" 或 ", " or ")
        return f"（{chinese.join(one for one, _ in parts)}）", f"({english.join(one for _, one in parts)})"

    def _denied(self, node: Node) -> Said:
        said = self._whole(node)
        return _negated(said) if isinstance(node, tree.FieldOf) else (f"并非{said[0]}", f"not {said[1]}")

    def _called(self, node: tree.FieldOf) -> Said:
        field = self._catalogue[node.name]
        return field.chinese, field.english

    def _seen(self, node: Node) -> tuple[Seen, ...]:
        found: list[Seen] = []
        for name in tree.names_of(node, tree.FieldOf):
            field = self._catalogue[name]
            value = ("", "")
            if self._judging is not None:
                value = value_words(
                    self._judging.value(tree.FieldOf(0, 0, name, field.kind)), field.kind, name
                )
            found.append(Seen(name, field.chinese, field.english, *value))
        return tuple(found)

    def _test(self, node: Node) -> Said:
        if isinstance(node, tree.Not) and isinstance(node.part, tree.FieldOf):
            return self._denied(node.part)
        if isinstance(node, tree.Not) and isinstance(node.part, tree.Reaches):
            operators = ("超过", "exceeds") if node.part.upper else ("未达到", "does not reach")
            return _join(self.value(node.part.value), operators, self.value(node.part.parameter))
        if isinstance(node, tree.Not):
            inner = self._test(node.part)
            return f"并非（{inner[0]}）", f"not ({inner[1]})"
        if isinstance(node, tree.Truth):
            return ("总是成立", "always") if node.value else ("从不成立", "never")
        if isinstance(node, tree.FieldOf):
            chinese, english = self._named(node)
            return chinese, english
        if isinstance(node, tree.Compare):
            return _join(
                self.value(node.left),
                _OPERATORS[node.operator],
                self.value(node.right, node.left.type, _name(node.left)),
            )
        if isinstance(node, tree.Reaches):
            operators = ("不超过", "is within") if node.upper else ("达到", "reaches")
            return _join(self.value(node.value), operators, self.value(node.parameter))
        if isinstance(node, tree.Between):
            value, low, high = (
                self.value(node.value),
                self.value(node.low, node.value.type),
                self.value(node.high, node.value.type),
            )
            return (
                f"{value[0]} 在 {low[0]} 与 {high[0]} 之间",
                f"{value[1]} is between {low[1]} and {high[1]}",
            )
        if isinstance(node, tree.OneOf):
            items = [self.value(one, node.value.type, _name(node.value)) for one in node.items]
            return _join(
                self.value(node.value), ("属于", "is one of"),
                ("、".join(one[0] for one in items), ", ".join(one[1] for one in items)),
            )  # fmt: skip
        if isinstance(node, tree.Matches):
            verbs = ("含有", "holds") if node.regular else ("形如", "is like")
            return _join(self.value(node.value), verbs, (f"“{node.pattern}”", f"“{node.pattern}”"))
        if isinstance(node, tree.IsNull):
            return _join(self.value(node.value), ("没有值", "has no value"), ("", ""))
        if isinstance(node, tree.IsTruth):
            inner = (
                self._test(node.part)
                if not isinstance(node.part, (tree.All, tree.AnyOf))
                else ("条件", "condition")
            )
            return f"（{inner[0]}）{_YES_NO[node.wanted][0]}", f"({inner[1]}) is {str(node.wanted).lower()}"
        return self._text[node.start : node.end], self._text[node.start : node.end]

    def value(self, node: Node, beside: str = "", field: str = "") -> Said:
        """A value in words. `beside`: the type of what it is compared with, which gives a bare number its unit; `field`: its
        name, which says what its classes are called."""
        if isinstance(node, tree.FieldOf):
            return self._named(node)
        if isinstance(node, tree.Number):
            return value_words(node.value, beside if node.unit == tree.NUMBER else node.unit)
        if isinstance(node, tree.Text):
            return value_words(node.value, beside or tree.TEXT, field)
        if isinstance(node, tree.Truth):
            return _NOT_KNOWN if node.value is None else _YES_NO[node.value]
        if isinstance(node, tree.ParameterOf):
            return self._parameter(node)
        if isinstance(node, tree.Arithmetic):
            left, right = self.value(node.left, node.unit), self.value(node.right, "")
            return f"（{left[0]} {node.operator} {right[0]}）", f"({left[1]} {node.operator} {right[1]})"
        if isinstance(node, tree.Call):
            said = [self.value(one, node.unit) for one in node.arguments]
            found = self._computed(node)
            if node.name == "share_ppm":
                return f"{said[0][0]} 占 {said[1][0]}{found[0]}", f"{said[0][1]} over {said[1][1]}{found[1]}"
            listed = ("、".join(one[0] for one in said), ", ".join(one[1] for one in said))
            names = {"least": ("最小值", "least"), "greatest": ("最大值", "greatest"), "coalesce": ("首个有值", "first known"), "abs": ("绝对值", "size")}.get(node.name, ("", ""))  # fmt: skip
            return f"{names[0]}（{listed[0]}）{found[0]}", f"{names[1]}({listed[1]}){found[1]}"
        return self._test(node)

    def _computed(self, node: Node) -> Said:
        if self._judging is None:
            return "", ""
        chinese, english = value_words(self._judging.value(node), node.type)
        return f"（{chinese}）", f" ({english})"

    def _named(self, node: tree.FieldOf) -> Said:
        if self._judging is None:
            return self._called(node)
        return _with_value(self._catalogue[node.name], self._judging.value(node))

    def _parameter(self, node: tree.ParameterOf) -> Said:
        period = (
            self._parameters.periods(node.name)[-1]
            if self._judging is None
            else self._judging.in_force(node.name)
        )
        if period is None:
            return f"{_NOT_KNOWN[0]}（参数 {node.name}）", f"{_NOT_KNOWN[1]} (parameter {node.name})"
        if node.unit == tree.CLASSES:
            return f"参数 {node.name} 的清单", f"the list of the parameter {node.name}"
        chinese, english = value_words(period.number, node.unit)
        return f"{chinese}（参数 {node.name}）", f"{english} (parameter {node.name})"


def _negated(said: Said) -> Said:
    """What a yes-or-no is called, denied at its verb; all of it where it has none."""
    found = _VERB_CHINESE.match(said[0])
    subject, verb = found.groups() if found and found[2] else ("", "")
    chinese = subject + _DENIED[verb][bool(subject)] + said[0][len(subject + verb) :]
    verb_english = _VERB_ENGLISH.match(said[1])
    return (
        chinese,
        f"{verb_english[0]} not{said[1][verb_english.end() :]}" if verb_english else f"not {said[1]}",
    )


def _name(node: Node) -> str:
    return node.name if isinstance(node, tree.FieldOf) else ""


def _join(left: Said, verb: Said, right: Said) -> Said:
    return f"{left[0]} {verb[0]} {right[0]}".rstrip(), f"{left[1]} {verb[1]} {right[1]}".rstrip()


def _balanced(text: str, start: int, end: int) -> str:
    """The text of a node with the brackets that its leaves do not cover."""
    missing = text.count("(", start, end) - text.count(")", start, end)
    while missing > 0 and (close := text.find(")", end)) >= 0:
        end, missing = close + 1, missing - 1
    while missing < 0 and (opened := text.rfind("(", 0, start)) >= 0:
        start, missing = opened, missing + 1
    return text[start:end]

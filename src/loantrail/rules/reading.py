"""Reads a text into the tree of sqlglot, in a dialect that knows only what a condition needs and keeps every position."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Final

from sqlglot import exp, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from loantrail.rules.refusing import Problem, problem

LONGEST: Final = 4_000
DEEPEST: Final = 40
_SUBQUERY: Final = frozenset(("SELECT", "WITH", "FROM", "EXISTS", "VALUES", "UNION", "JOIN"))
_STATEMENTS: Final = frozenset(
    "SET LET UPDATE INSERT DELETE CREATE DROP ALTER TRUNCATE COPY CALL EXECUTE GRANT REVOKE MERGE BEGIN COMMIT WHERE".split()
)
_WIDE: Final = dict(zip("（），；＞＜＝＋－＊／％：“”‘’。、　", ["(", ")", ",", ";", ">", "<", "=", "+", "-", "*", "/", "%", ":", "'", "'", "'", "'", ".", ",", " "], strict=True))  # fmt: skip
_QUOTED_OR_COMMENT: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--|/\*|['\"]")


def _placeholder(reading: Any) -> exp.Expr | None:
    """A parameter with its place; the usual one keeps none."""
    colon = reading._prev
    if not reading._match_set(reading.COLON_PLACEHOLDER_TOKENS):
        return None
    name = reading._prev
    return exp.Placeholder(this=name.text).update_positions(
        line=colon.line, col=name.col, start=colon.start, end=name.end
    )


def _constant(kind: Callable[[], exp.Expr]) -> Callable[[Any, Token], exp.Expr]:
    return lambda reading, token: reading.expression(kind(), token)


class Condition(Dialect):
    """Conditions of rules. Words that are no operator here are plain names, so that no other syntax comes in by them."""

    class Tokenizer(tokens.Tokenizer):
        COMMENTS: ClassVar[list[Any]] = []
        KEYWORDS: ClassVar[dict[str, TokenType]] = {
            "AND": TokenType.AND,
            "OR": TokenType.OR,
            "NOT": TokenType.NOT,
            "IN": TokenType.IN,
            "IS": TokenType.IS,
            "BETWEEN": TokenType.BETWEEN,
            "LIKE": TokenType.LIKE,
            "NULL": TokenType.NULL,
            "TRUE": TokenType.TRUE,
            "FALSE": TokenType.FALSE,
            "<=": TokenType.LTE,
            ">=": TokenType.GTE,
            "<>": TokenType.NEQ,
            "!=": TokenType.NEQ,
            "==": TokenType.EQ,
            ":=": TokenType.COLON_EQ,
            "::": TokenType.DCOLON,
            "||": TokenType.DPIPE,
        }

    class Parser(parser.Parser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {}
        PLACEHOLDER_PARSERS: ClassVar[dict[Any, Any]] = {TokenType.COLON: _placeholder}
        PRIMARY_PARSERS: ClassVar[dict[Any, Any]] = {
            **parser.Parser.PRIMARY_PARSERS,
            TokenType.NULL: _constant(exp.Null),
            TokenType.TRUE: _constant(lambda: exp.Boolean(this=True)),
            TokenType.FALSE: _constant(lambda: exp.Boolean(this=False)),
        }


def read(text: str) -> exp.Expr | Problem:
    """The tree, with `start` and `end` (the last character) in the meta data of its leaves; or why there is none."""
    if len(text) > LONGEST:
        return problem(text, "too_long", LONGEST, len(text), count=len(text), limit=LONGEST)
    if not text.strip():
        return problem(text, "empty", 0, len(text))
    refused = _characters(text)
    if refused is not None:
        return refused
    try:
        words = Condition().tokenize(text)
    except TokenError as cause:
        start = cause.start or 0
        return problem(
            text, "syntax", start, cause.end or len(text), name=text[start : cause.end].strip()[:20]
        )
    refused = _words(text, words)
    if refused is not None:
        return refused
    try:
        trees = Condition().parser().parse(words, text)
        deep = len(trees) == 1 and trees[0] is not None and _too_deep(trees[0])
    except ParseError as cause:
        return _unread(text, words, cause)
    except RecursionError:
        deep, trees = True, []
    if deep:
        return problem(text, "too_deep", 0, len(text), limit=DEEPEST)
    if len(trees) != 1 or trees[0] is None:
        return problem(text, "incomplete", len(text.rstrip()), len(text.rstrip()))
    return trees[0]


def _characters(text: str) -> Problem | None:
    """Comments, texts that do not end, full-width signs: looked for before anything is taken apart."""
    outside = list(text)
    for found in _QUOTED_OR_COMMENT.finditer(text):
        written = found.group()
        if written in ("--", "/*"):
            close = text.find("\n" if written == "--" else "*/", found.end())
            end = len(text) if close < 0 else close + (0 if written == "--" else 2)
            return problem(text, "comment", found.start(), end)
        if written in ("'", '"'):
            return problem(text, "unclosed_text", found.start(), len(text))
        outside[found.start() : found.end()] = " " * len(written)
    for place, letter in enumerate(outside):
        if letter in _WIDE:
            return problem(text, "wide_character", place, place + 1, name=letter, proposal=_WIDE[letter])
        if ord(letter) < 32 and letter not in "\n\r\t":
            return problem(text, "syntax", place, place + 1, name=repr(letter)[1:-1])
    return None


def _words(text: str, words: list[Token]) -> Problem | None:
    """Whole constructs that a single word gives away, so that the answer names them rather than a place in their midst."""
    for number, token in enumerate(words):
        start, end, upper = token.start, token.end + 1, token.text.upper()
        if token.token_type == TokenType.SEMICOLON:
            return problem(text, "several_statements", start, len(text))
        if token.token_type == TokenType.COLON_EQ:
            return problem(text, "assignment", start, end)
        if token.token_type != TokenType.VAR:
            continue
        if upper in _SUBQUERY:
            return problem(text, "subquery", start, end)
        if upper in _STATEMENTS and number == 0:
            return problem(text, "statement", start, end, name=token.text)
    return None


def _unread(text: str, words: list[Token], cause: ParseError) -> Problem:
    """Where the reading stopped: at the word that the library names, or at the end where something is missing."""
    told = cause.errors[0] if cause.errors else {}
    line, column, written = told.get("line") or 1, told.get("col") or 1, str(told.get("highlight") or "")
    at = next((one for one in words if (one.line, one.col) == (line, column) and one.text), None)
    missing = "missing" in str(told.get("description", "")) or "Expecting" in str(told.get("description", ""))
    if at is not None and at.token_type == TokenType.COLON:
        return problem(text, "parameter_without_name", at.start, at.end + 1)
    if at is None or (missing and words and at.end == words[-1].end):
        return problem(text, "incomplete", words[-1].start if words else 0, len(text.rstrip()))
    return problem(text, "syntax", at.start, at.end + 1, name=written or text[at.start : at.end + 1])


def _too_deep(tree: exp.Expr) -> bool:
    """Chains of AND and of OR count as one level."""
    waiting: list[tuple[exp.Expr, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            return True
        for child in node.iter_expressions():
            same = type(child) is type(node) and isinstance(node, (exp.And, exp.Or))
            waiting.append((child, depth if same else depth + 1))
    return False


def span(node: exp.Expr) -> tuple[int, int]:
    """Start and end (exclusive) of a node in the text, from its leaves."""
    starts: list[int] = []
    ends: list[int] = []
    for one in node.walk():
        if "start" in one.meta:
            starts.append(int(one.meta["start"]))
            ends.append(int(one.meta["end"]) + 1)
    return (min(starts), max(ends)) if starts else (0, 0)

"""The one road to the XML parser: streaming, without entities, network or document type declarations."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, cast

# The library carries no types; what is used of it stands in the two protocols below.
_etree: Final[Any] = importlib.import_module("lxml.etree")


class Element(Protocol):
    """An XML element, as far as it is used here."""

    tag: str
    text: str | None

    def get(self, key: str) -> str | None: ...
    def __iter__(self) -> Iterator[Element]: ...
    def __delitem__(self, index: int) -> None: ...
    def getparent(self) -> Element | None: ...
    def getprevious(self) -> Element | None: ...
    def clear(self, *, keep_tail: bool = False) -> None: ...


class Parser(Protocol):
    """A parser that is fed piece by piece."""

    def feed(self, data: bytes) -> None: ...
    def close(self) -> object: ...
    def read_events(self) -> Iterable[tuple[str, Element]]: ...


class XmlBroken(Exception):
    """The XML cannot be read on; where (1-based) and why."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"{reason} at line {line}, column {column}")


def new_parser(heard: Sequence[str]) -> Parser:
    """A parser that reports start and end of the elements called `heard`, in any namespace.

    Tree limits stay on (depth, length of one text), so that no single element can fill the memory.
    """
    return _etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in heard],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )


def feed(parser: Parser, chunk: bytes) -> XmlBroken | None:
    """Give the parser more; what is wrong with it, or None. Elements completed before a break can be read."""
    try:
        parser.feed(chunk)
    except _etree.XMLSyntaxError as problem:
        return _broken(problem)
    return None


def finish(parser: Parser) -> XmlBroken | None:
    """Say that there is no more; what is missing, or None."""
    try:
        parser.close()
    except _etree.XMLSyntaxError as problem:
        return _broken(problem)
    return None


def _broken(problem: Any) -> XmlBroken:
    line, column = problem.position or (0, 0)
    reason = str(problem.msg or "the XML is broken").split("\n")[0].strip()
    return XmlBroken(reason, line or 0, column or 0)


def has_declaration(element: Element) -> bool:
    """Whether the element's document has a document type declaration."""
    information = cast(Any, element).getroottree().docinfo
    return bool(information.doctype) or information.internalDTD is not None


def as_bytes(element: Element) -> bytes:
    """The element as it stands in the file, for a refusal's original."""
    return _etree.tostring(element, with_tail=False)


def forget(element: Element) -> None:
    """Free an element and all that came before it under the same parent."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]

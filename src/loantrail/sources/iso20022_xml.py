"""A streaming reader of large XML messages: only the wanted paths become values, everything else is passed over.

The reader knows records (an entry, a balance, a transfer) that stand inside anchors (a statement, a payment message).
Each completed record is handed on as a flat dictionary from path to text and then forgotten, so that memory does not
grow with the file. A document type declaration is refused before any entity could be declared; nothing is fetched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from xml.parsers import expat

DEPTH_MAX: Final = 256
TEXT_CHARACTERS_MAX: Final = 1_048_576
"""Longest text of one element."""
TOKEN_BYTES_MAX: Final = 16_777_216
"""Longest tag or comment; the parser must hold it as a whole."""
ORIGINAL_BYTES_KEPT: Final = 8_388_608
"""Of a record longer than this (a very large batch) the original bytes are no longer at hand."""
NAMES_REMEMBERED: Final = 512
CURRENCY: Final = "@Ccy"
"""Added to the path of an amount: its currency."""

_DECLARED: Final = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NATIVE: Final = frozenset(
    ("utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "iso-8859-1")
)

Values = dict[str, str]


class Declared(Exception):
    """The file has a document type declaration."""


class XmlBroken(Exception):
    """The XML cannot be read on; where (1-based) and why."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(f"{reason} at line {line}, column {column}")


class Node:
    """One element name in the tree of wanted paths."""

    __slots__ = ("anchor", "currency", "key", "many", "named", "record")

    def __init__(self) -> None:
        self.named: dict[str, Node | None] = {}
        """Children by name as written, prefix included; None: seen and not wanted."""
        self.key = ""
        """Path below the record under which the text is kept; empty: the text is not wanted."""
        self.many = False
        """Texts of repeated elements are kept, a line each; else the first counts."""
        self.currency = False
        self.record = ""
        """Name of the record that begins here; empty: none does."""
        self.anchor = False
        """Records stand in it; its own bytes are not kept."""

    def below(self, name: str) -> Node:
        """The child of that name, made when it is not there."""
        node = self.named.get(name)
        if node is None:
            node = self.named[name] = Node()
        return node

    def find(self, name: str) -> Node | None:
        """The child for a name as the file writes it, not looked for before; a namespace prefix is put aside."""
        found = self.named.get(name.rpartition(":")[2])
        if len(self.named) < NAMES_REMEMBERED:
            self.named[name] = found
        return found


def want(node: Node, record: str, paths: Iterable[str], *, anchor: bool = False) -> Node:
    """Make `node` begin `record` with these paths of texts below it.

    `A/B` keeps the first text under its path, `A/B=name` under `name`, where several paths may share one; `A/B*`
    keeps all of them, a line each; `A/Amt$` keeps the attribute `Ccy` too; `.` is the record's own text.
    """
    node.record = record
    node.anchor = anchor
    for path in paths:
        target = node
        written, _, alias = path.partition("=")
        plain = written.rstrip("*$")
        for name in plain.split("/"):
            target = target if name == "." else target.below(name)
        target.key = alias or plain
        target.many = written.endswith("*")
        target.currency = written.endswith("$")
    return node


class RecordReader:
    """Fed with the bytes of a message, calls `began` and `ended` for the records in it.

    `anchors` are the elements that records stand in, by name. `began(name)` comes for anchors alone; `ended(name,
    values)` for records, innermost first, and for anchors. An element counts as an anchor only right below one whose
    name matches `above`.
    """

    def __init__(
        self,
        anchors: Mapping[str, Node],
        above: str,
        began: Callable[[str], None],
        ended: Callable[[str, Values], None],
    ) -> None:
        self._anchors = anchors
        self._above = re.compile(above)
        self._began = began
        self._ended = ended
        self._parser: expat.XMLParserType | None = None
        self._decode: Callable[[bytes, bool], str] | None = None
        self._nodes: list[Node | None] = []
        self._node: Node | None = None
        self._outer: list[str] = []
        """Names of the elements above the anchor."""
        self._records: list[tuple[Node, Values, int]] = []
        self._values: Values = {}
        self._pieces: list[str] = []
        self._characters = 0
        self._passed_over = 0
        """Depth inside an element that is not wanted."""
        self._kept = bytearray()
        self._kept_from = 0
        self._fed = 0

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        """Read on. Raises XmlBroken, or Declared for a document type declaration."""
        parser = self._parser
        if parser is None:
            parser = self._open(chunk)
        if self._decode is not None:
            try:
                chunk = self._decode(chunk, final).encode()
            except UnicodeError as problem:
                reason = getattr(problem, "reason", str(problem))
                raise XmlBroken(
                    f"not the declared encoding: {reason}",
                    parser.CurrentLineNumber,
                    parser.CurrentColumnNumber + 1,
                ) from None
        self._keep(chunk)
        try:
            parser.Parse(chunk, final)
        except expat.ExpatError as problem:
            raise XmlBroken(
                expat.errors.messages.get(problem.code, str(problem)), problem.lineno, problem.offset + 1
            ) from None
        if self._fed - parser.CurrentByteIndex > TOKEN_BYTES_MAX:
            raise self._too_long("a tag or comment")

    def original(self) -> bytes:
        """The bytes of the record that ends now (as UTF-8 where the file is in another encoding); empty when it is
        longer than ORIGINAL_BYTES_KEPT."""
        assert self._parser is not None
        start = self._records[-1][2] - self._kept_from
        if start < 0:
            return b""
        end = self._kept.find(b">", self._parser.CurrentByteIndex - self._kept_from)
        return bytes(self._kept[start : end + 1])

    def _open(self, chunk: bytes) -> expat.XMLParserType:
        declared = _DECLARED.search(chunk[:512])
        encoding = declared[1].decode().lower() if declared is not None else "utf-8"
        if encoding in _NATIVE:
            parser = expat.ParserCreate()
        else:
            self._decode = _decoder(encoding)
            parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = 65_536
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = _refuse_declaration
        self._parser = parser
        return parser

    def _keep(self, chunk: bytes) -> None:
        """Hold on to the bytes from the outermost open record on."""
        self._fed += len(chunk)
        oldest = self._fed - len(chunk)
        if self._parser is not None and self._fed > len(chunk):
            oldest = max(self._parser.CurrentByteIndex, 0)
        for node, _, start in self._records:
            if not node.anchor:
                oldest = min(oldest, start)
                break
        if self._fed - oldest > ORIGINAL_BYTES_KEPT:
            oldest = self._fed - len(chunk)
        if oldest > self._kept_from:
            del self._kept[: oldest - self._kept_from]
            self._kept_from = oldest
        self._kept += chunk

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._passed_over:
            self._passed_over += 1
            if self._passed_over > DEPTH_MAX:
                raise self._too_long("the nesting of elements")
            return
        node = self._node
        if node is None:
            self._start_outside(name)
            return
        try:
            found = node.named[name]
        except KeyError:
            found = node.find(name)
        if found is None:
            self._passed_over = 1
            return
        self._nodes.append(node)
        self._node = found
        if self._pieces:
            self._pieces.clear()
            self._characters = 0
        if found.currency:
            for index in range(0, len(attributes), 2):
                if attributes[index] == "Ccy":
                    self._values.setdefault(found.key + CURRENCY, attributes[index + 1])
        if found.record:
            self._open_record(found)

    def _start_outside(self, name: str) -> None:
        plain = name.rpartition(":")[2]
        anchor = self._anchors.get(plain)
        if anchor is not None and self._above.fullmatch(self._outer[-1] if self._outer else ""):
            self._nodes.append(None)
            self._node = anchor
            self._open_record(anchor)
            self._began(anchor.record)
            return
        self._outer.append(plain)
        if len(self._outer) > DEPTH_MAX:
            raise self._too_long("the nesting of elements")

    def _open_record(self, node: Node) -> None:
        assert self._parser is not None
        self._records.append((node, self._values, self._parser.CurrentByteIndex))
        self._values = {}

    def _end(self, name: str) -> None:
        del name
        if self._passed_over:
            self._passed_over -= 1
            return
        node = self._node
        if node is None:
            self._outer.pop()
            return
        pieces = self._pieces
        if pieces:
            if node.key:
                text = (pieces[0] if len(pieces) == 1 else "".join(pieces)).strip()
                if text:
                    self._take(node, text)
            pieces.clear()
            self._characters = 0
        if node.record:
            self._ended(node.record, self._values)
            self._values = self._records.pop()[1]
        self._node = self._nodes.pop()

    def _take(self, node: Node, text: str) -> None:
        values, key = self._values, node.key
        if key not in values:
            values[key] = text
        elif node.many and len(values[key]) < TEXT_CHARACTERS_MAX:
            values[key] += "\n" + text

    def _data(self, text: str) -> None:
        node = self._node
        if node is not None and node.key and not self._passed_over:
            self._pieces.append(text)
            if len(self._pieces) > 1:
                self._characters += len(text)
                if self._characters > TEXT_CHARACTERS_MAX:
                    raise self._too_long("a text")

    def _too_long(self, what: str) -> XmlBroken:
        assert self._parser is not None
        reason = f"{what} is longer or deeper than any message has it"
        return XmlBroken(reason, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)


def _decoder(encoding: str) -> Callable[[bytes, bool], str]:
    """What turns the bytes of a file into text, piece by piece. XmlBroken where the name is none of an encoding of texts: Python
    knows others under such names, of bytes and of host names."""
    try:
        b"<".decode(encoding)
        return codecs.getincrementaldecoder(encoding)().decode
    except (LookupError, UnicodeError):
        raise XmlBroken(f"there is no encoding called {encoding}", 1, 1) from None


def _refuse_declaration(*_: object) -> None:
    raise Declared

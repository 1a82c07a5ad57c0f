"""SWIFT MT940 (statement) and MT942 (report of the day so far), read line by line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from loantrail.errors import ConfigurationError, FileUnreadable, Place
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.mt940_statement import Message, finish_message, take_field
from loantrail.sources.statement_lines import LineGatherer

LINE_BYTES_MAX: Final = 65_536
"""SWIFT lines have 65 characters; some banks do not wrap theirs."""
FIELD_LINES_MAX: Final = 1_000

_TAG: Final = re.compile(r":(13D?|20|21|25P?|28C?|34F|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS):(.*)", re.DOTALL)
_RECOGNISED: Final = re.compile(rb"(?:^|[\r\n}])\s*:(20|25P?|28C?|60[FM]|61|62[FM]|64|86|NS):")
_STRONG: Final = re.compile(rb"(?:^|[\r\n])\s*:(60[FM]|61|62[FM]|34F|90[CD]):")
_TIME_CUT: Final = re.compile(r":(?:13|20|21|25|28):\d\d(?:\D|$)")
"""A time of day that was wrapped in the middle looks like one of the short tags."""
_ENVELOPE: Final = re.compile(r"\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_BLANK: Final = " \t\x01\x03"
"""White space, and the marks that begin and end a transmission."""
_ONE_BYTE: Final = "latin-1"


def decode_line(raw: bytes, encoding: str | None = None) -> str:
    """As `encoding` says; without it UTF-8; else GB18030 where all high bytes pair up as Chinese characters do; else ISO 8859-1, which SWIFT files
    of European banks use."""
    if encoding:
        return raw.decode(encoding, errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    if re.fullmatch(rb"(?:[\x00-\x7f]|[\x81-\xfe][\xa1-\xfe])*", raw):
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return raw.decode(_ONE_BYTE)


class _Reader:
    """The fields of a file, put together from its lines."""

    def __init__(self, source: SourceFile) -> None:
        self.lines = LineGatherer(source)
        self.account = source.options.get("account")
        self.currency = source.options.get("currency")
        self.message: Message | None = None
        self.messages = 0
        self.position = 1
        self.tag = ""
        self.content: list[str] = []
        self.line_number = 0
        self.field_line = 0
        self.fields = 0

    def take_line(self, line: str) -> None:
        """One line of text, without its end."""
        self.line_number += 1
        line = _ENVELOPE.sub("", line)
        if "{4:" in line:
            self.end_message()
            line = line.partition("{4:")[2]
        stripped = line.strip(_BLANK)
        if stripped in ("-", "-}", "}"):
            self.end_message()
            return
        if stripped == ":" and self.content[-1:] != [":"]:
            self.content.append(":")  # a tag that was wrapped behind its first colon
            return
        if self.content[-1:] == [":"]:
            self.content.pop()
            line = ":" + line.lstrip()
        found = _TAG.fullmatch(line.lstrip(" \ufeff"))
        if found is not None and not self._is_cut_time(found[0]):
            self.end_field()
            if found[1] == "20":
                self.finish()
            self.tag, self.content, self.field_line = found[1], [found[2].rstrip()], self.line_number
            return
        if not stripped:
            return
        if self.tag and len(self.content) < FIELD_LINES_MAX:
            self.content.append(line.rstrip())

    def _is_cut_time(self, line: str) -> bool:
        before = self.content[-1] if self.content else ""
        return self.tag == "86" and _TIME_CUT.match(line) is not None and before[-2:].isdigit()

    def end_field(self) -> None:
        """The field gathered so far is complete."""
        tag, content = self.tag, "\n".join(self.content)
        self.tag, self.content = "", []
        if not tag:
            return
        self.fields += 1
        if self.message is None:
            self.messages += 1
            self.message = Message(self.messages, self.field_line, self.account, self.currency)
        self.position = take_field(self.message, tag, content, self.position, self.lines)

    def end_message(self) -> None:
        """The message is complete."""
        self.end_field()
        self.finish()

    def finish(self) -> None:
        if self.message is not None:
            self.position = finish_message(self.message, self.position, self.lines)
            self.message = None


class Mt940Adapter:
    """Reads MT940 and MT942."""

    name = "mt940"
    chinese = "SWIFT MT940/MT942 对账单"

    def recognises(self, path: Path, head: bytes) -> int:
        if _STRONG.search(head) and _RECOGNISED.search(head):
            return 90
        if _RECOGNISED.search(head[:512]):
            return (
                70
                if path.suffix.lower() in (".sta", ".mt940", ".mt942", ".940", ".942", ".fin", ".txt")
                else 30
            )
        return 0

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines of the file, at most 10,000 a batch. A broken field is refused or reported by name, the
        rest is kept.

        Raises FileUnreadable for an empty file and one without a single field of these messages.
        """
        reader = _Reader(source)
        encoding = source.options.get("encoding")
        if encoding:
            try:
                codecs.lookup(encoding)
            except LookupError:
                remedy = "Name one that Python knows, such as cp852 or gb18030"
                raise ConfigurationError(f"there is no encoding called {encoding}", remedy=remedy) from None
        bytes_read = 0
        try:
            with source.path.open("rb") as stream:
                while raw := stream.readline(LINE_BYTES_MAX):
                    bytes_read += len(raw)
                    if len(raw) == LINE_BYTES_MAX and not raw.endswith(b"\n"):
                        bytes_read += self._pass_over(stream.readline, reader, raw)
                        continue
                    for part in decode_line(raw, encoding).rstrip("\r\n").split("\r"):
                        reader.take_line(part)
                    yield from reader.lines.batches(bytes_read)
        except OSError as problem:
            raise FileUnreadable(
                f"cannot be read ({problem.strerror})", Place(source.name), "Check the path"
            ) from None
        reader.end_message()
        if bytes_read == 0:
            raise FileUnreadable("the file is empty", Place(source.name), "Export it again")
        if reader.fields == 0:
            raise FileUnreadable(
                "no field of an MT940 or MT942 (:20:, :25:, :61:, ...) found",
                Place(source.name),
                "Check that it is a SWIFT statement in UTF-8, GB18030 or ISO 8859-1",
            )
        yield from reader.lines.batches(bytes_read, final=True)

    @staticmethod
    def _pass_over(readline: Callable[[int], bytes], reader: _Reader, raw: bytes) -> int:
        """Refuse a line without an end and read on behind it; how many bytes that took."""
        passed = 0
        while more := readline(LINE_BYTES_MAX):
            passed += len(more)
            if more.endswith(b"\n"):
                break
        reader.line_number += 1
        reader.lines.notice(
            "",
            "line_too_long",
            f"line {reader.line_number} has {len(raw) + passed} bytes, SWIFT lines have 65 characters; it is passed over",
            raw[:1024],
        )
        if reader.message is not None:
            reader.message.followed = False
        return passed


ADAPTERS: Final[tuple[Adapter, ...]] = (Mt940Adapter(),)

"""ISO 20022 cash messages as files of any size: camt.052, camt.053, camt.054 (versions 1 to 13) and pacs.008.

The file is parsed while it is read; each entry is forgotten once it is handed on, so that memory does not grow with
the file. Document type declarations are refused, entities are never expanded, and nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loantrail.errors import FileUnreadable, Place
from loantrail.sources.iso20022_entries import DETAILS_KEPT_MAX, Statement, entry_lines, read_detail
from loantrail.sources.iso20022_parts import local_name
from loantrail.sources.iso20022_payments import PaymentMessage, transfer_lines
from loantrail.sources.iso20022_xml import (
    Element,
    Parser,
    XmlBroken,
    feed,
    finish,
    forget,
    has_declaration,
    new_parser,
)
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.statement_lines import LineGatherer

CHUNK_BYTES: Final = 262_144
VERSION_NEWEST: Final = 13
TAIL_BYTES: Final = 512
"""How much of the file before a break is shown with it."""

_NAMESPACE: Final = re.compile(rb"(camt\.05[234]|pacs\.008)\.001\.(\d\d)")
_ROOT: Final = re.compile(rb"<(?:\w+:)?(BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\w*|FIToFICstmrCdtTrf)[\s>/]")
_FIRST_ELEMENT: Final = re.compile(rb"<\w")
_STATEMENTS: Final = frozenset(("Stmt", "Rpt", "Ntfctn"))
_HEARD: Final = (
    "Stmt", "Rpt", "Ntfctn", "Acct", "Bal", "CreDtTm", "TxDtls", "Ntry", "GrpHdr", "CdtTrfTxInf", "FIToFICstmrCdtTrf",
    "Document", "AppHdr",
)  # fmt: skip


def _plain(head: bytes) -> bytes:
    """The beginning of an XML file with the zero bytes of UTF-16 taken out; enough to recognise it."""
    return head.replace(b"\x00", b"")


def message_kind(head: bytes) -> str:
    """`camt.053.001.08` and the like, from the first bytes of a file; empty when it is none of ours."""
    plain = _plain(head)
    if b"<" not in plain[:512]:
        return ""
    found = _NAMESPACE.search(plain)
    if found is not None:
        return found[0].decode()
    root = _ROOT.search(plain)
    return root[1].decode() if root is not None else ""


@dataclass(slots=True)
class _Reading:
    """What is known in the middle of a file."""

    lines: LineGatherer
    default_account: str | None
    position: int = 1
    statements: int = 0
    statement: Statement | None = None
    payments: PaymentMessage | None = None
    messages: int = 0
    checked: bool = False
    """Whether the document was found free of a document type declaration."""

    def start(self, element: Element, name: str) -> None:
        if name in _STATEMENTS:
            self.statements += 1
            self.statement = Statement(self.statements)
        elif name == "FIToFICstmrCdtTrf":
            self.messages += 1
            self.payments = PaymentMessage()
        del element

    def end(self, element: Element, name: str) -> None:
        """Take what an element that is now complete says, and forget it."""
        statement = self.statement
        if name == "TxDtls" and statement is not None:
            keep = len(statement.details) < DETAILS_KEPT_MAX
            statement.details.append(read_detail(element, keep=keep))
            if not keep:
                element.clear()
        elif name == "Ntry" and statement is not None:
            self.position = entry_lines(element, statement, self.position, self.lines, self.default_account)
            forget(element)
        elif name == "CdtTrfTxInf" and self.payments is not None:
            self.position = transfer_lines(element, self.payments, self.position, self.lines)
            forget(element)
        elif name in _STATEMENTS and statement is not None:
            statement.check_balances(self.lines)
            self.statement = None
            forget(element)
        elif name == "FIToFICstmrCdtTrf" and self.payments is not None:
            self.payments.check_totals(self.lines)
            self.payments = None
        elif name in ("Document", "AppHdr"):
            forget(element)
        else:
            self._read_head(element, name)

    def _read_head(self, element: Element, name: str) -> None:
        parent = element.getparent()
        above = "" if parent is None else local_name(parent.tag)
        if name == "GrpHdr" and self.payments is not None:
            self.payments.read_header(element)
        elif self.statement is None or above not in _STATEMENTS:
            return
        elif name == "Acct":
            self.statement.read_account(element)
        elif name == "Bal":
            self.statement.read_balance(element)
        elif name == "CreDtTm":
            self.statement.created_at = (element.text or "").strip() or None


class Iso20022Adapter:
    """Reads camt.052, camt.053, camt.054 and pacs.008."""

    name = "iso20022"
    chinese = "ISO 20022 报文 (camt.052/053/054, pacs.008)"

    def recognises(self, path: Path, head: bytes) -> int:
        del path
        kind = message_kind(head)
        if not kind:
            return 0
        return 95 if "." in kind else 80

    def read(self, source: SourceFile) -> Iterator[Batch]:
        """Statement lines of the file, at most 10,000 a batch.

        Raises FileUnreadable for an empty file, one that is not XML, one with a document type declaration, and one
        that holds no statement, report, notification or credit transfer. Where a file breaks off, what came before
        is kept and a refusal `xml_broken` at position 0 names the line where it broke.
        """
        lines = LineGatherer(source)
        reading = _Reading(lines, source.options.get("account"))
        bytes_read, tail = 0, b""
        parser = new_parser(_HEARD)
        try:
            with source.path.open("rb") as stream:
                while chunk := stream.read(CHUNK_BYTES):
                    if bytes_read == 0:
                        _refuse_what_is_no_message(chunk, source.name, lines)
                    bytes_read += len(chunk)
                    tail = (tail + chunk)[-TAIL_BYTES:]
                    broken = feed(parser, chunk)
                    yield from _batches(parser, reading, bytes_read)
                    if broken is not None:
                        yield _last_batch(broken, reading, source.name, tail, bytes_read)
                        return
        except OSError as problem:
            raise FileUnreadable(
                f"cannot be read ({problem.strerror})", Place(source.name), "Check the path"
            ) from None
        if bytes_read == 0:
            raise FileUnreadable("the file is empty", Place(source.name), "Export it again")
        broken = finish(parser)
        yield from _batches(parser, reading, bytes_read)
        if broken is not None:
            yield _last_batch(broken, reading, source.name, tail, bytes_read)
            return
        if reading.statements == 0 and reading.messages == 0:
            raise FileUnreadable(
                "the message holds no statement (Stmt), report (Rpt), notification (Ntfctn) or credit transfer",
                Place(source.name),
                "Ask the bank for the complete message",
            )
        yield lines.batch(bytes_read)


def _refuse_what_is_no_message(chunk: bytes, name: str, lines: LineGatherer) -> None:
    plain = _plain(chunk)
    root = _FIRST_ELEMENT.search(plain)
    if b"<!DOCTYPE" in plain[: len(plain) if root is None else root.start()]:
        raise _declaration_refused(name)
    found = _NAMESPACE.search(plain)
    if found is not None and not 1 <= int(found[2]) <= VERSION_NEWEST:
        lines.notice(
            "xmlns",
            "version_not_known",
            f"{found[0].decode()} is not among the versions 1 to {VERSION_NEWEST}; it is read as the nearest one, "
            "compare its totals",
        )


def _declaration_refused(name: str) -> FileUnreadable:
    return FileUnreadable(
        "the file has a document type declaration, through which entities can grow without limit",
        Place(name, field="DOCTYPE"),
        "No ISO 20022 message has one; ask the sender for the message itself",
    )


def _batches(parser: Parser, reading: _Reading, bytes_read: int) -> Iterator[Batch]:
    """Work through what the parser has completed; a batch whenever one is full."""
    for event, element in parser.read_events():
        name = local_name(element.tag)
        if not reading.checked:
            reading.checked = True
            if has_declaration(element):
                raise _declaration_refused(reading.lines.source_file)
        if event == "start":
            reading.start(element, name)
            continue
        reading.end(element, name)
        if reading.lines.full:
            yield reading.lines.batch(bytes_read)


def _last_batch(broken: XmlBroken, reading: _Reading, name: str, tail: bytes, bytes_read: int) -> Batch:
    """The last batch of a file that breaks off, with the refusal that says where."""
    if reading.statements == 0 and reading.messages == 0:
        raise FileUnreadable(
            f"not a readable XML message: {broken.reason}",
            Place(name, row=broken.line or None),
            "Transfer the file again, or ask the bank for it",
        )
    statement = reading.statement
    inside = (
        "" if statement is None else f" in statement {statement.number} of account {statement.account or '?'}"
    )
    reading.lines.notice(
        "xml",
        "xml_broken",
        f"the file breaks off at line {broken.line}, column {broken.column}{inside}, before position "
        f"{reading.position}: {broken.reason}; what came before is kept, ask for the rest",
        tail,
    )
    return reading.lines.batch(bytes_read)


ADAPTERS: Final[tuple[Adapter, ...]] = (Iso20022Adapter(),)

"""ISO 20022 cash messages as files of any size: camt.052, camt.053, camt.054 (versions 1 to 13) and pacs.008.

The file is parsed while it is read; each entry is forgotten once it is handed on, so that memory does not grow with
the file. Document type declarations are refused, entities are never expanded, and nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loantrail.errors import FileUnreadable, Place
from loantrail.sources.iso20022_entries import (
    ACCOUNT_PATHS,
    BALANCE_PATHS,
    DETAIL_PATHS,
    DETAILS_KEPT_MAX,
    ENTRY_PATHS,
    Statement,
    entry_lines,
    read_detail,
)
from loantrail.sources.iso20022_payments import HEADER_PATHS, TRANSFER_PATHS, PaymentMessage, transfer_lines
from loantrail.sources.iso20022_xml import Declared, Node, RecordReader, Values, XmlBroken, want
from loantrail.sources.model import Adapter, Batch, SourceFile
from loantrail.sources.statement_lines import LineGatherer

CHUNK_BYTES: Final = 262_144
VERSION_NEWEST: Final = 13
TAIL_BYTES: Final = 512
"""How much of the file before a break is shown with it."""

_NAMESPACE: Final = re.compile(rb"(camt\.05[234]|pacs\.008)\.001\.(\d\d)")
_ROOT: Final = re.compile(rb"<(?:\w+:)?(BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\w*|FIToFICstmrCdtTrf)[\s>/]")
_STATEMENTS: Final = ("Stmt", "Rpt", "Ntfctn")
_PAYMENTS: Final = "FIToFICstmrCdtTrf"


def _wanted() -> dict[str, Node]:
    """The elements that records stand in, each with what is read below it."""
    statement = want(Node(), "statement", (), anchor=True)
    want(statement.below("CreDtTm"), "CreDtTm", (".",))
    want(statement.below("Acct"), "Acct", ACCOUNT_PATHS)
    want(statement.below("Bal"), "Bal", BALANCE_PATHS)
    entry = want(statement.below("Ntry"), "Ntry", ENTRY_PATHS)
    detail = want(entry.below("NtryDtls").below("TxDtls"), "TxDtls", DETAIL_PATHS)
    entry.named["TxDtls"] = detail  # version 1 has no NtryDtls
    payments = want(Node(), "payments", (), anchor=True)
    want(payments.below("GrpHdr"), "GrpHdr", HEADER_PATHS)
    want(payments.below("CdtTrfTxInf"), "CdtTrfTxInf", TRANSFER_PATHS)
    return {**dict.fromkeys(_STATEMENTS, statement), _PAYMENTS: payments}


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


class _Reading:
    """What is known in the middle of a file."""

    def __init__(self, source: SourceFile) -> None:
        self.lines = LineGatherer(source)
        self.default_account = source.options.get("account")
        self.position = 1
        self.statements = 0
        self.statement: Statement | None = None
        self.messages = 0
        self.payments = PaymentMessage()
        self.xml = RecordReader(_wanted(), r"BkToCstmr\w+|Document", self.began, self.ended)

    def began(self, name: str) -> None:
        if name == "statement":
            self.statements += 1
            self.statement = Statement(self.statements)
        else:
            self.messages += 1
            self.payments = PaymentMessage()

    def ended(self, name: str, values: Values) -> None:
        """Take what a record that is now complete says."""
        statement = self.statement
        if name == "CdtTrfTxInf":
            self.position = transfer_lines(
                values, self.xml.original(), self.payments, self.position, self.lines
            )
        elif name == "GrpHdr":
            self.payments.read_header(values)
        elif name == "payments":
            self.payments.check_totals(self.lines)
        elif statement is None:
            return
        elif name == "TxDtls":
            keep = len(statement.details) < DETAILS_KEPT_MAX
            statement.details.append(read_detail(values, self.xml.original() if keep else b""))
        elif name == "Ntry":
            original = self.xml.original()
            self.position = entry_lines(
                values, original, statement, self.position, self.lines, self.default_account
            )
        elif name == "Acct":
            statement.read_account(values)
        elif name == "CreDtTm":
            statement.created_at = values.get(".")
        elif name == "Bal":
            statement.read_balance(values)
        else:
            statement.check_balances(self.lines)
            self.statement = None


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
        reading = _Reading(source)
        bytes_read, tail = 0, b""
        try:
            with source.path.open("rb") as stream:
                final = False
                while not final:
                    chunk = stream.read(CHUNK_BYTES)
                    final = not chunk
                    if bytes_read == 0:
                        _look_at_version(chunk, reading.lines)
                    bytes_read += len(chunk)
                    tail = (tail + chunk)[-TAIL_BYTES:]
                    if bytes_read:
                        reading.xml.feed(chunk, final=final)
                    yield from reading.lines.batches(bytes_read)
        except Declared:
            raise FileUnreadable(
                "the file has a document type declaration, through which entities can grow without limit",
                Place(source.name, field="DOCTYPE"),
                "No ISO 20022 message has one; ask the sender for the message itself",
            ) from None
        except XmlBroken as broken:
            _note_break(broken, reading, source.name, tail)
        except OSError as problem:
            raise FileUnreadable(
                f"cannot be read ({problem.strerror})", Place(source.name), "Check the path"
            ) from None
        if bytes_read == 0:
            raise FileUnreadable("the file is empty", Place(source.name), "Export it again")
        if reading.statements == 0 and reading.messages == 0:
            raise FileUnreadable(
                "the message holds no statement (Stmt), report (Rpt), notification (Ntfctn) or credit transfer",
                Place(source.name),
                "Ask the bank for the complete message",
            )
        yield from reading.lines.batches(bytes_read, final=True)


def _look_at_version(chunk: bytes, lines: LineGatherer) -> None:
    found = _NAMESPACE.search(_plain(chunk))
    if found is not None and not 1 <= int(found[2]) <= VERSION_NEWEST:
        lines.notice(
            "xmlns",
            "version_not_known",
            f"{found[0].decode()} is not among the versions 1 to {VERSION_NEWEST}; it is read as the nearest one, "
            "compare its totals",
        )


def _note_break(broken: XmlBroken, reading: _Reading, name: str, tail: bytes) -> None:
    """Say where a file breaks off. Raises FileUnreadable when that is before anything could be read."""
    if reading.statements == 0 and reading.messages == 0:
        raise FileUnreadable(
            f"not a readable XML message: {broken.reason} at line {broken.line}, column {broken.column}",
            Place(name, row=broken.line or None),
            "Correct the message there and send it whole, or ask its sender to",
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


ADAPTERS: Final[tuple[Adapter, ...]] = (Iso20022Adapter(),)

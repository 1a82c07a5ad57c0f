"""Reads the script that pg_restore makes of a dump: entries of statements, and rows for COPY.

    --
    -- Name: loan_note within_reach; Type: POLICY; Schema: ledger; Owner: -
    --

    CREATE POLICY within_reach ON ledger.loan_note ...;

An entry begins with such a comment. What comes before the first one sets the session.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

COPY: Final = re.compile(rb"COPY .* FROM stdin;\n")
END_OF_ROWS: Final = b"\\.\n"
CHUNK_BYTES: Final = 1 << 20
FIRST_WITH_MAINTAIN: Final = 170000
_HEADER: Final = re.compile(rb"-- (?:Data for )?Name: (.*); Type: ([^;]*); Schema: ([^;]*); Owner: .*\n")
_OF_PSQL: Final = (b"\\restrict ", b"\\unrestrict ")
_SET: Final = re.compile(rb"SET (\w+) = .*;\n")


@dataclass(slots=True)
class Entry:
    """Statements that belong together. `kind` is empty before the first entry."""

    name: str = ""
    kind: str = ""
    text: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a COPY statement is given, in chunks of whole rows."""

    statement: bytes
    chunks: Iterator[bytes]


def read_script(lines: Iterable[bytes]) -> Iterator[Entry | Rows]:
    """The parts of a script in their order. The chunks of `Rows` must be taken before the next part is."""
    stream = iter(lines)
    entry = Entry()
    for line in stream:
        header = _HEADER.fullmatch(line) if line.startswith(b"-- ") else None
        if header is not None:
            yield entry
            entry = Entry(header[1].decode(), header[2].decode())
        elif line.startswith(b"COPY ") and COPY.fullmatch(line):
            yield entry
            entry = Entry(entry.name, entry.kind)
            yield Rows(line, _rows(stream))
        elif line != b"--\n" and not line.startswith(_OF_PSQL):
            entry.text += line
    yield entry


def _rows(stream: Iterator[bytes]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for line in stream:
        if line == END_OF_ROWS:
            break
        chunk.append(line)
        size += len(line)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    if chunk:
        yield b"".join(chunk)


@dataclass(frozen=True, slots=True)
class Target:
    """The server that a script is for."""

    settings: frozenset[str]
    """Names of those that it knows."""
    version: int
    """Such as 150018."""


def fitted(entry: Entry, owners: Sequence[str], target: Target) -> bytes | None:
    """The statements as the server takes them; None for what is not restored.

    Extensions belong to the server. The schema `public` is there. What concerns the role that owned the tables is for the one
    that owns them now. Settings and rights that an older server does not know are left out.
    """
    if entry.kind == "EXTENSION" or (entry.kind == "COMMENT" and entry.name.startswith("EXTENSION ")):
        return None
    if entry.kind == "SCHEMA" and entry.name == "public":
        return None
    text = bytes(entry.text)
    if entry.kind in ("POLICY", "ACL"):
        for owner in owners:
            text = _of_new_owner(text, owner)
    if entry.kind == "ACL" and target.version < FIRST_WITH_MAINTAIN:
        text = text.replace(b",MAINTAIN", b"")
    if not entry.kind:
        text = b"".join(
            line
            for line in text.splitlines(keepends=True)
            if (found := _SET.fullmatch(line)) is None or found[1].decode() in target.settings
        )
    return text if text.strip() else None


def _of_new_owner(text: bytes, owner: str) -> bytes:
    """Policies and grants for that role, for the one that runs them."""
    named = re.escape(owner.encode())
    text = re.sub(rb"^(CREATE POLICY .*? TO )" + named + rb"(?=[ ;,])", rb"\1CURRENT_USER", text, flags=re.M)
    return re.sub(
        rb"^((?:GRANT|REVOKE) .* (?:TO|FROM) )" + named + rb"(?=;| WITH )",
        rb"\1CURRENT_USER",
        text,
        flags=re.M,
    )

"""Heads of the chain in files, to be kept where nobody who can write the database can write: one line of JSON each."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from loantrail.audit.model import Head
from loantrail.errors import FileUnreadable, Place, ValueRefused

KIND: Final = "loantrail-audit-head"


class _Line(msgspec.Struct, kw_only=True):
    kind: Literal["loantrail-audit-head"]
    batch_no: int
    entry_no: int
    algorithm: str
    head: str
    made_at_us: int = 0
    written_at: str = ""


def head_line(head: Head, written_at: datetime.datetime) -> str:
    """The head as a line of a file, without its end."""
    line = _Line(
        kind=KIND,
        batch_no=head.batch_no,
        entry_no=head.entry_no,
        algorithm=head.algorithm,
        head=head.head,
        made_at_us=head.made_at_us,
        written_at=written_at.isoformat(),
    )
    return msgspec.json.encode(line).decode()


def read_heads(path: Path) -> list[Head]:
    """The heads of a file, one line each; empty lines do not count.

    FileUnreadable for a file that cannot be read or holds no head, ValueRefused with its line for one that is no head.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no UTF-8 text"
        raise FileUnreadable(
            f"the file of heads cannot be read: {reason}", Place(str(path)), "Check its name and rights"
        ) from problem
    heads = [
        _read(line, Place(str(path), number))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]
    if not heads:
        raise FileUnreadable(
            "the file holds no head", Place(str(path)), "Give a file that `loantrail audit head` wrote"
        )
    return heads


def _read(line: str, place: Place) -> Head:
    try:
        known = msgspec.json.decode(line.encode(), type=_Line)
    except (msgspec.DecodeError, UnicodeEncodeError) as problem:
        raise ValueRefused(
            f"this line is no head of an audit log ({problem})",
            place,
            "Give a file that `loantrail audit head` wrote",
        ) from problem
    is_empty = known.entry_no == 0 and known.batch_no == 0 and known.head == ""
    if not is_empty and (known.entry_no < known.batch_no or known.batch_no < 1 or not _is_hash(known.head)):
        raise ValueRefused(
            "the numbers or the hash of this head cannot be",
            place,
            "Give a file that `loantrail audit head` wrote",
        )
    return Head(known.batch_no, known.entry_no, known.algorithm, known.head, known.made_at_us)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")

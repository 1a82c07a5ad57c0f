"""Which encoding a text file is in: UTF-8, UTF-8 with a byte order mark, or GB18030. Decoding is strict."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from loantrail.errors import FileUnreadable, Place
from loantrail.sources.model import HEAD_BYTES

UTF_8: Final = "utf-8"
UTF_8_BOM: Final = "utf-8-sig"
GB18030: Final = "gb18030"
ENCODINGS: Final = (UTF_8, UTF_8_BOM, GB18030)

_SEARCH_BYTES: Final = 2**20
_REMEDY: Final = "Save the file as UTF-8 or GB18030, or name its encoding in a mapping file"


def recognise_encoding(head: bytes, file: str = "") -> str:
    """The encoding of a file that begins with `head` (which may end inside a character).

    Raises FileUnreadable naming the first row that fits none, for UTF-16 and for binary content.
    """
    if head.startswith(b"\xef\xbb\xbf"):
        return UTF_8_BOM
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileUnreadable("the text is in UTF-16", Place(file), _REMEDY)
    failures: dict[str, int] = {}
    for encoding in (UTF_8, GB18030):
        at = undecodable_at(head, encoding)
        if at is None:
            return encoding
        failures[encoding] = at
    # a single damaged byte must not cost the file: the encoding that gets past most lines is the file's own
    best = max(failures, key=lambda encoding: _readable_lines(head, encoding))
    lines = head.count(b"\n") + 1
    if b"\x00" not in head and _readable_lines(head, best) * 2 > lines:
        return best
    at = max(failures.values())
    row = head.count(b"\n", 0, at) + 1
    raise FileUnreadable("the text is neither UTF-8 nor GB18030", Place(file, row), _REMEDY)


def recognise_file_encoding(path: Path, head: bytes, file: str = "") -> str:
    """As `recognise_encoding`; a file that begins in ASCII is read on to its first other character."""
    if not head.isascii():
        return recognise_encoding(head, file)
    with path.open("rb") as stream:
        while piece := stream.read(_SEARCH_BYTES):
            if not piece.isascii():
                first = next(index for index, byte in enumerate(piece) if byte > 127)
                begin = piece.rfind(b"\n", 0, first) + 1
                try:
                    return recognise_encoding(piece[begin : begin + HEAD_BYTES], file)
                except FileUnreadable:
                    return UTF_8  # its lines are refused one by one
    return UTF_8


def undecodable_at(data: bytes, encoding: str) -> int | None:
    """Offset of the first byte that `encoding` cannot read; None when all is well, a cut end included."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError as problem:
        if problem.end >= len(data) - 1 and len(data) - problem.start < 4:
            # GB18030 and UTF-8 characters have at most four bytes: this one is only cut off
            return None if _could_continue(data[problem.start :], encoding) else problem.start
        return problem.start
    return None


def _could_continue(tail: bytes, encoding: str) -> bool:
    """Whether `tail` is the beginning of a character."""
    completions = (
        (b"\x80", b"\x80\x80", b"\x80\x80\x80") if encoding != GB18030 else (b"\x40", b"\x81\x30", b"\x30")
    )
    for completion in completions:
        try:
            (tail + completion).decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _readable_lines(data: bytes, encoding: str) -> int:
    readable = 0
    for line in data.split(b"\n"):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        readable += 1
    return readable


def decode_text(data: bytes, file: str = "", encoding: str | None = None) -> str:
    """The whole content as text, the byte order mark taken off.

    Raises FileUnreadable naming the row that `encoding` (by default the recognised one) cannot read.
    """
    chosen = encoding or recognise_encoding(data, file)
    try:
        return data.decode(chosen)
    except UnicodeDecodeError as problem:
        row = data.count(b"\n", 0, problem.start) + 1
        raise FileUnreadable(f"a byte is not {chosen}", Place(file, row), _REMEDY) from None
    except LookupError:
        raise FileUnreadable(f"there is no encoding called {chosen}", Place(file), _REMEDY) from None

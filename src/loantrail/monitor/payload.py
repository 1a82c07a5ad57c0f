"""From the bytes of a request or message to rows: JSON, NDJSON and ISO 20022 XML.

A row that cannot be read is refused by itself where the rest can still be told apart; otherwise the whole is
(InputError, with line and column). Fields are those of the record type statement_line.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from loantrail.errors import InputError, LimitExceeded, Place
from loantrail.ids import content_hash
from loantrail.ledger.model import STATEMENT_LINE
from loantrail.monitor.model import Delivery, Refused, Sent, Value
from loantrail.sources.files import Opened, read_batches
from loantrail.sources.iso20022 import Iso20022Adapter
from loantrail.sources.model import SourceFile

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
XML: Final = "application/xml"
MEDIA_TYPES: Final = {JSON: JSON, NDJSON: NDJSON, "application/ndjson": NDJSON, XML: XML, "text/xml": XML}
"""What may be sent, and what it is read as."""
ROWS_MAX: Final = 8_192
BYTES_MAX: Final = 16 * 2**20
COMMAS_FEW: Final = 32 * ROWS_MAX
"""More than rows have, so many as are taken at once; elements so few are kept at first, as that is quicker."""
ORIGINAL_BYTES: Final = 65_536
"""How much of a row that cannot be read is kept."""
FIELDS: Final = tuple(
    item.name for item in STATEMENT_LINE.fields if item.name not in ("source_file", "position")
)
_KNOWN: Final = frozenset(FIELDS)
_GIVEN_HERE: Final = frozenset({"source_file", "position"})
_AT_BYTE: Final = re.compile(r" ?\(byte (\d+)\)")
_BROKEN: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
_BOM: Final = b"\xef\xbb\xbf"
_UTF_8: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})

_written: Final = msgspec.json.encode
_raw_row: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_row: Final = msgspec.json.Decoder(dict[str, Value])
_value: Final = msgspec.json.Decoder(Value)
_rows: Final = msgspec.json.Decoder(list[msgspec.Raw])
_all_rows: Final = msgspec.json.Decoder(list[dict[str, Value]])


@cache
def _first_rows() -> msgspec.json.Decoder[Any]:
    """Reads of an array no more elements than tell that they are too many. What is behind them is looked at as JSON and not kept: as a
    list, what two bytes send takes more than a hundred."""
    names = [(f"row_{number}", msgspec.Raw, None) for number in range(1, ROWS_MAX + 2)]
    return msgspec.json.Decoder(msgspec.defstruct("_FirstRows", names, array_like=True))


def _elements(text: bytes) -> list[bytes]:
    """The elements of an array of JSON. LimitExceeded where they are more than `ROWS_MAX`."""
    found: list[msgspec.Raw]
    if text.count(b",") < COMMAS_FEW:
        found = _rows.decode(text)
    else:
        found = [part for part in msgspec.structs.astuple(_first_rows().decode(text)) if part is not None]
    if len(found) > ROWS_MAX:
        raise too_many_rows()
    return [bytes(part) for part in found]


def too_many_rows() -> LimitExceeded:
    return LimitExceeded(
        f"the request has more than {ROWS_MAX} rows, the most that are taken at once",
        remedy=f"Send it in parts of at most {ROWS_MAX} rows, or import a file with `loantrail import`",
    )


def read_payload(body: bytes, media_type: str, source: str, charset: str = "") -> Delivery:
    """The rows of a body of one of `MEDIA_TYPES`.

    InputError when nothing of it can be told apart, LimitExceeded when it has more than `ROWS_MAX` rows.
    """
    if charset.strip("\"' ").lower() not in _UTF_8 and media_type != XML:
        raise InputError(f"the body is in {charset}", Place(field="body"), "Send it in UTF-8")
    body = body.removeprefix(_BOM)
    if not body.strip():
        raise InputError("the body is empty", Place(field="body"), "Send at least one row")
    if media_type == XML:
        return _read_xml(body, source)
    if media_type == NDJSON:
        return _read_lines(body, source)
    return _read_json(body, source)


def _read_json(body: bytes, source: str) -> Delivery:
    text = body.lstrip()
    skipped = len(body) - len(text)
    try:
        if text[:1] == b"[":
            parts = _elements(text)
        elif text[:1] == b"{":
            msgspec.json.decode(text, type=msgspec.Raw)
            parts = [text]
        else:
            _refuse_other_than_utf_8(text)
            raise InputError(
                "the body is neither a JSON object nor an array of them",
                Place(field="body"),
                "Send one row as an object, or several in an array",
            )
    except _BROKEN as problem:
        _refuse_other_than_utf_8(text)
        why, line, column = _where(problem, text, body[:skipped])
        raise InputError(
            f"the body is no JSON: {why} at line {line}, column {column}",
            Place(field="body"),
            "Correct it there; nothing of it was taken in",
        ) from None
    if not parts:
        raise InputError("the array is empty", Place(field="body"), "Send at least one row")
    for number, part in enumerate(parts, start=1):
        if part.lstrip()[:1] != b"{":
            raise InputError(
                f"element {number} of the array is no object",
                Place(field="body"),
                "A row is an object of field names and values",
            )
    quick = _sound(_at_once(text, lines=False) if text[:1] == b"[" else None, text, parts)
    if quick is not None:
        return Delivery(source, quick, size_bytes=len(body))
    sent: list[Sent] = []
    refused: list[Refused] = []
    for number, part in enumerate(parts, start=1):
        _add(number, part, sent, refused)
    return Delivery(source, sent, refused=refused, size_bytes=len(body))


def _at_once(text: bytes, *, lines: bool) -> list[dict[str, Value]] | None:
    """All rows, read in one go; None where one of them cannot be read."""
    try:
        return _row.decode_lines(text) if lines else _all_rows.decode(text)
    except (msgspec.ValidationError, *_BROKEN):
        return None


def _sound(rows: list[dict[str, Value]] | None, text: bytes, parts: Sequence[bytes]) -> list[Sent] | None:
    """The rows of the text with their bytes, where there is nothing to refuse; `_add` looks at them one by one otherwise."""
    if rows is None or len(rows) != len(parts) or not all(row.keys() <= _KNOWN for row in rows):
        return None
    if not _holds_all(text, rows) and any(_named_twice(*one) for one in zip(parts, rows, strict=True)):
        return None
    return [
        Sent(number, row, part[:ORIGINAL_BYTES])
        for number, (row, part) in enumerate(zip(rows, parts, strict=True), start=1)
    ]


def _holds_all(text: bytes, read: object) -> bool:
    """Whether what was read is certain to hold all names of the text: where a name stands twice, the last value alone is read.

    A text of JSON has two marks of quotation for each of its names and strings, whatever stands between them; what was read is
    written again to count its own, which costs less than half a microsecond a row.
    """
    marks = _quotation_marks(text)
    return marks is not None and marks == _quotation_marks(_written(read))


def _quotation_marks(text: bytes) -> int | None:
    """Those that begin or end a string; None where a backslash is itself escaped, which takes reading from the beginning."""
    if b"\\" not in text:
        return text.count(b'"')
    if b"\\\\" in text:
        return None
    return text.count(b'"') - text.count(b'\\"')


def _named_twice(part: bytes, values: dict[str, Value]) -> str | None:
    """The name that stands more than once in an object that was read, the first such one."""
    if _holds_all(part, values):
        return None
    # Numbers are of no concern here, and may have more digits than Python reads.
    pairs = json.loads(part.decode(), object_pairs_hook=list, parse_int=str, parse_float=str)
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            return name
        names.add(name)
    return None


def _read_lines(body: bytes, source: str) -> Delivery:
    count = body.count(b"\n") + 1
    if count <= ROWS_MAX:
        parts = [line.strip() for line in body.removesuffix(b"\n").split(b"\n")]
        # Where each line begins and ends an object, and there are as many objects as lines, each line is one.
        whole = all(line[:1] == b"{" and line[-1:] == b"}" for line in parts)
        quick = _sound(_at_once(body, lines=True), body, parts) if whole else None
        if quick is not None:
            return Delivery(source, quick, size_bytes=len(body))
    sent: list[Sent] = []
    refused: list[Refused] = []
    for number, line in enumerate(body.split(b"\n") if count <= 4 * ROWS_MAX else _lines(body), start=1):
        if not line.strip():
            continue
        if len(sent) + len(refused) >= ROWS_MAX:
            raise too_many_rows()
        _add(number, line, sent, refused)
    return Delivery(source, sent, refused=refused, size_bytes=len(body))


def _lines(body: bytes) -> Iterator[bytes]:
    """Without a list of them all."""
    at = 0
    while at <= len(body):
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        yield body[at:end]
        at = end + 1


def _add(number: int, part: bytes, sent: list[Sent], refused: list[Refused]) -> None:
    """Read one row; what cannot be read goes to `refused`."""
    kept = part.strip()[:ORIGINAL_BYTES]
    try:
        values = _row.decode(part)
    except _BROKEN as problem:
        refused.append(_unread(number, part, kept, problem))
        return
    twice = _named_twice(part, values)
    if twice is not None:
        refused.append(_twice(number, twice[:200], kept))
        return
    for name in values:
        if name not in _KNOWN:
            what = (
                "is given here, not by the sender"
                if name in _GIVEN_HERE
                else "is no field of a statement line"
            )
            refused.append(
                Refused(
                    number,
                    name[:200],
                    "field_unknown",
                    f"{name[:200]!r} {what}; known are {', '.join(FIELDS)}",
                    kept,
                )
            )
            return
    sent.append(Sent(number, values, kept))


def _unread(number: int, part: bytes, kept: bytes, problem: Exception) -> Refused:
    """The refusal of a row that could not be read."""
    if isinstance(problem, msgspec.ValidationError):
        try:
            return _not_plain(number, part, kept)
        except _BROKEN as behind:
            problem = behind  # the row is no JSON behind the value that was met first
    if not _is_in(part, "utf-8"):
        what = f"the row is {_not_utf_8(part)}"
        return Refused(number, "", "json_malformed", f"{what}; send it in UTF-8", kept)
    why, line, column = _where(problem, part)
    return Refused(
        number,
        "",
        "json_malformed",
        f"the row is no JSON: {why} at line {line}, column {column}; correct it there and send the row again",
        kept,
    )


def _not_plain(number: int, part: bytes, kept: bytes) -> Refused:
    """The refusal of a row for its first value that is none of `Value`, or for being no object. One of `_BROKEN` where it is no JSON."""
    if part.lstrip()[:1] != b"{":
        return Refused(
            number,
            "",
            "value_not_plain",
            "the row is no object; a row is an object of field names and values",
            kept,
        )
    values = _raw_row.decode(part)
    for name, value in values.items():
        if bytes(value).lstrip()[:1] in (b"{", b"["):
            return Refused(
                number,
                name[:200],
                "value_not_plain",
                f"{name[:200]!r} in the row is no text, number, true, false or null; send plain values, whole numbers below 2^63",
                kept,
            )
        if not _is_in_range(value):
            return Refused(
                number,
                name[:200],
                "value_not_plain",
                f"{name[:200]!r} in the row is a number out of range; correct the row and send it again",
                kept,
            )
    # Of a name that stands twice the last value alone is among these, and that one is plain.
    return _twice(number, (_named_twice(part, {}) or "")[:200], kept)


def _is_in_range(value: msgspec.Raw) -> bool:
    try:
        _value.decode(value)
    except msgspec.ValidationError:
        return False
    return True


def _twice(number: int, name: str, kept: bytes) -> Refused:
    return Refused(
        number,
        name,
        "field_twice",
        f"{name!r} stands more than once in the row; send each field once",
        kept,
    )


def _refuse_other_than_utf_8(text: bytes) -> None:
    """What is wrong with such a body is its encoding, whatever else it seems to be."""
    if not _is_in(text, "utf-8"):
        raise InputError(f"the body is {_not_utf_8(text)}", Place(field="body"), "Send it in UTF-8")


def _not_utf_8(text: bytes) -> str:
    return "not UTF-8 and may be GBK or GB18030" if _is_in(text, "gb18030") else "not UTF-8"


def _is_in(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _where(problem: Exception, text: bytes, before: bytes = b"") -> tuple[str, int, int]:
    """What is wrong, and its line and column, both from 1."""
    if isinstance(problem, RecursionError):
        return "it is nested too deeply", 1, 1
    why = str(problem)
    found = _AT_BYTE.search(why)
    at = int(found[1]) if found else len(text)
    read = before + text[:at]
    reason = _AT_BYTE.sub("", why).removeprefix("JSON is malformed: ")
    return reason[:1].lower() + reason[1:], read.count(b"\n") + 1, len(read) - (read.rfind(b"\n") + 1) + 1


def _read_xml(body: bytes, source: str) -> Delivery:
    """As a file is read, by the adapter of files: what it could not foresee refuses the message."""
    frames: list[pl.DataFrame] = []
    refused: list[Refused] = []
    rows = 0
    told_by = content_hash([body])
    with tempfile.TemporaryDirectory(prefix="loantrail-live-") as folder:
        path = Path(folder) / "message.xml"
        path.write_bytes(body)
        for batch in read_batches(Opened(SourceFile(path, source), Iso20022Adapter(), len(body))):
            frames.append(batch.rows)
            rows += len(batch.rows) + len(batch.refusals)
            if rows > ROWS_MAX:
                raise too_many_rows()
            refused += [
                Refused(
                    one.position,
                    one.field,
                    one.reason,
                    one.message,
                    one.original[:ORIGINAL_BYTES],
                    "" if one.original else f"{told_by} {one.message}",
                )
                for one in batch.refusals
            ]
    typed = pl.concat(frames) if frames else None
    return Delivery(source, typed=typed, refused=refused, size_bytes=len(body))

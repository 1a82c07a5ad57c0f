"""A refused row's bytes as a person reads them, and the fields that a correction starts from."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from loantrail.errors import LoantrailError
from loantrail.http.pages.imports.model_refusals import RecordField
from loantrail.ledger.quarantine.replaying import editable_record
from loantrail.ledger.quarantine.store import StoredRefusal
from loantrail.records import RecordType
from loantrail.sources.encoding import ENCODINGS, UTF_8, recognise_encoding

_HEADER_BYTES: Final = 65_536
# Never set by hand: a line's place in its file.
_FILLED: Final = frozenset({"source_file", "position", "sequence"})


def recognised_text(original: bytes) -> tuple[str, str]:
    """`(encoding, text)`. Bytes that no encoding reads are written as `\\xNN`, and the encoding is empty."""
    if not original:
        return "", ""
    for encoding in (UTF_8, *ENCODINGS):
        try:
            return encoding, original.decode(encoding)
        except UnicodeDecodeError:
            continue
    try:
        likely = recognise_encoding(original)
    except LoantrailError:
        likely = UTF_8
    return "", original.decode(likely, errors="backslashreplace")


def record_fields(
    refusal: StoredRefusal, record_type: RecordType | None, stored: Path | None
) -> tuple[str, list[str], list[RecordField]]:
    """`(told_by, header, fields)`: where the values come from, the columns of the file, the fields with what is
    known of each. Nothing for a refusal of a whole file."""
    if record_type is None:
        return "nothing", [], []
    header = _header(stored)
    values: Mapping[str, Any] = editable_record(refusal)
    told_by = "correction" if refusal.corrected is not None else "record" if values else "nothing"
    if not values:
        values = _cells(refusal.original, header, record_type)
        told_by = "row" if values else "nothing"
    fields = [
        RecordField(
            name=item.name,
            chinese=item.chinese,
            kind=item.kind.value,
            required=item.required and item.default is None,
            is_key=item.name in record_type.key,
            choices=list(item.choices),
            references=item.references,
            value=_as_text(values.get(item.name)),
        )
        for item in record_type.fields
        if item.name not in _FILLED
    ]
    return told_by, header, fields


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _header(stored: Path | None) -> list[str]:
    """Column names of a delimited file that is still kept."""
    if stored is None:
        return []
    with stored.open("rb") as stream:
        head = stream.read(_HEADER_BYTES)
    line = head.partition(b"\n")[0].rstrip(b"\r")
    _, text = recognised_text(line.removeprefix(b"\xef\xbb\xbf"))
    cells = next(csv.reader([text]), [])
    return [cell.strip() for cell in cells] if len(cells) > 1 and text.isprintable() else []


def _cells(original: bytes, header: list[str], record_type: RecordType) -> dict[str, str]:
    """The row's cells by field, where its file has the fields as columns and the row as many cells as columns."""
    if not header or not set(header) <= set(record_type.field_names):
        return {}
    _, text = recognised_text(original)
    try:
        rows = list(csv.reader([text.rstrip("\r\n")], strict=True))
    except csv.Error:
        return {}
    if len(rows) != 1 or len(rows[0]) != len(header):
        return {}
    return {name: cell for name, cell in zip(header, rows[0], strict=True) if name not in _FILLED}

"""Whether the bytes of a voucher are what is taken: PDF, JPEG, PNG or a workbook without macros; told by content, never by
name. Nothing of it is drawn or run here."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import Final

from loantrail.errors import InputError, LimitExceeded, Place

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg"),
    PNG: (".png",),
    XLSX: (".xlsx",),
}
"""Media type -> endings of names; the first is put where a name has another."""
MEBIBYTE: Final = 1 << 20

_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PDF_TAIL: Final = 4096
_CONTENT_TYPES: Final = "[Content_Types].xml"
_CONTENT_TYPES_MOST: Final = MEBIBYTE
_ENTRIES_MOST: Final = 10_000
_REMEDY: Final = "Hand over a PDF, a JPEG or PNG picture, or an Excel workbook (.xlsx) without macros"


@dataclass(frozen=True, slots=True)
class VoucherFile:
    """Bytes that were taken, what they are, and the name that they are saved under."""

    name: str
    media_type: str
    content: bytes
    sha256: str


def voucher_file(name: str, content: bytes, mebibytes_most: int) -> VoucherFile:
    """The file with the media type of its content. `name` is safe for a file system already; its ending becomes that of the
    content. Raises InputError for what is none of the kinds, LimitExceeded above the size."""
    if len(content) > mebibytes_most * MEBIBYTE:
        raise too_large(mebibytes_most)
    media_type = media_type_of(content)
    return VoucherFile(
        with_ending(name, media_type), media_type, content, hashlib.sha256(content).hexdigest()
    )


def too_large(mebibytes_most: int) -> LimitExceeded:
    """A voucher may have so many mebibytes."""
    return LimitExceeded(
        f"the file is larger than {mebibytes_most} MiB", Place(field="file"), "Hand over a smaller copy"
    )


def media_type_of(content: bytes) -> str:
    """What the bytes are. Raises InputError for anything else."""
    if not content:
        raise _refused("the file is empty")
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-_PDF_TAIL:]:
            raise _refused("the PDF breaks off before its end")
        return PDF
    if content.startswith(b"\xff\xd8\xff"):
        if b"\xff\xd9" not in content[2:]:
            raise _refused("the picture breaks off before its end")
        return JPEG
    if content.startswith(_PNG_START):
        if content[12:16] != b"IHDR" or b"IEND" not in content[-64:]:
            raise _refused("the picture breaks off before its end")
        return PNG
    if content.startswith(b"PK\x03\x04"):
        _check_workbook(content)
        return XLSX
    raise _refused("the file is none of the kinds that are taken")


def _check_workbook(content: bytes) -> None:
    """Only the table of contents is read, and one small part of it: nothing large is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _ENTRIES_MOST:
                raise _refused("the workbook has too many parts")
            names = {entry.filename for entry in entries}
            types = next((entry for entry in entries if entry.filename == _CONTENT_TYPES), None)
            if types is None or "xl/workbook.xml" not in names:
                raise _refused("the file is none of the kinds that are taken")
            if types.file_size > _CONTENT_TYPES_MOST:
                raise _refused("the workbook cannot be read")
            told = archive.read(types)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as cause:
        raise _refused("the workbook cannot be read") from cause
    except zipfile.LargeZipFile as cause:
        raise _refused("the workbook cannot be read") from cause
    if b"macroEnabled" in told or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refused("the workbook holds macros")
    if b"spreadsheetml.sheet.main+xml" not in told:
        raise _refused("the file is none of the kinds that are taken")


def with_ending(name: str, media_type: str) -> str:
    """The name, ending as its content says: nothing that is saved runs as something else."""
    endings = ENDINGS[media_type]
    if name.lower().endswith(endings):
        return name
    stem = name.rpartition(".")[0] or name
    return f"{stem}{endings[0]}"


def _refused(problem: str) -> InputError:
    return InputError(problem, Place(field="file"), _REMEDY)

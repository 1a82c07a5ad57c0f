"""Files of vouchers are told by content."""

from __future__ import annotations

import io
import zipfile

import pytest

from loantrail.errors import InputError, LimitExceeded
from loantrail.inspections.files import JPEG, PDF, PNG, XLSX, media_type_of, voucher_file, with_ending

PDF_BYTES = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPEG_BYTES = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 30 + b"\xff\xd9"
PNG_BYTES = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 30 + b"\x00\x00\x00\x00IEND\xaeB`\x82"


def workbook(*names: str, types: str = "spreadsheetml.sheet.main+xml") -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr(
            "[Content_Types].xml", f"<Types><Override ContentType='application/{types}'/></Types>"
        )
        for name in names:
            archive.writestr(name, "<x/>")
    return kept.getvalue()


XLSX_BYTES = workbook("xl/workbook.xml")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF_BYTES, PDF), (JPEG_BYTES, JPEG), (PNG_BYTES, PNG), (XLSX_BYTES, XLSX)],
)
def test_the_content_says_what_it_is(content: bytes, media_type: str) -> None:
    file = voucher_file("凭证.exe", content, 1)
    assert file.media_type == media_type
    assert not file.name.endswith(".exe")
    assert len(file.sha256) == 64


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "none of the kinds"),
        (b"MZ\x90\x00", "none of the kinds"),
        (b"GIF89a", "none of the kinds"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "none of the kinds"),
        (b"\n%PDF-1.7\n%%EOF", "none of the kinds"),
        (b"%PDF-1.7\nno end", "breaks off"),
        (b"\xff\xd8\xff\xe0 no end", "breaks off"),
        (PNG_BYTES[:-20], "breaks off"),
        (b"PK\x03\x04 broken", "cannot be read"),
        (workbook(), "none of the kinds"),
        (workbook("word/document.xml"), "none of the kinds"),
        (workbook("xl/workbook.xml", types="ms-excel.sheet.macroEnabled.main+xml"), "macros"),
        (workbook("xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
    ],
)
def test_anything_else_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(InputError) as refused:
        media_type_of(content)
    assert problem in refused.value.problem


def test_a_file_above_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="1 MiB"):
        voucher_file("a.pdf", PDF_BYTES + b"\n" * (1 << 20), 1)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("合同.pdf", "合同.pdf"), ("合同.PDF", "合同.PDF"), ("合同", "合同.pdf"), ("a.b.html", "a.b.pdf")],
)
def test_the_name_ends_as_the_content_says(name: str, kept: str) -> None:
    assert with_ending(name, PDF) == kept

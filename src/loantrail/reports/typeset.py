"""Typeset a document as PDF with typst, in a font that has Chinese."""

from __future__ import annotations

import datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import noto_cjk_sans_otc
import typst

from loantrail.reports.document import Document

_TEMPLATE: Final = "document.typ"


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[Path(str(noto_cjk_sans_otc.FONT_PATH)).parent],
    )


def pdf(document: Document, made_at: datetime.datetime) -> bytes:
    """The document as PDF. `made_at` is written as its date of creation; else the same document gives the same
    bytes."""
    folder = resources.files("loantrail.reports").joinpath("templates")
    with resources.as_file(folder) as templates:
        compiler = typst.Compiler(
            templates / _TEMPLATE,
            root=templates,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"document": msgspec.json.encode(document).decode()},
        )
        made = compiler.compile(format="pdf", timestamp=made_at.replace(microsecond=0))
    assert isinstance(made, bytes)
    return made

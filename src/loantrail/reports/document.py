"""What a printed document is made of: blocks of text, facts and tables. The template typesets them.

Texts are final: in the reader's language, amounts already in words of money. The template adds no text of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Tone = Literal["normal", "quiet", "verdict", "warning"]
Align = Literal["left", "right"]


class Heading(msgspec.Struct, tag_field="kind", tag="heading", frozen=True):
    text: str
    level: int = 1


class Paragraph(msgspec.Struct, tag_field="kind", tag="paragraph", frozen=True):
    text: str
    tone: Tone = "normal"


class Fact(msgspec.Struct, frozen=True):
    """`wide` takes a whole line."""

    label: str
    value: str
    wide: bool = False


class Facts(msgspec.Struct, tag_field="kind", tag="facts", frozen=True):
    items: tuple[Fact, ...]


class Column(msgspec.Struct, frozen=True):
    """`width`: `auto`, parts of what is left such as `2fr`, or millimetres such as `26mm`."""

    title: str
    align: Align = "left"
    width: str = "1fr"


class Cell(msgspec.Struct, frozen=True):
    text: str
    below: str = ""


class Row(msgspec.Struct, tag_field="type", tag="row", frozen=True):
    """A `detail` row runs over all columns, one line of text per cell."""

    cells: tuple[Cell, ...]
    kind: Literal["normal", "total", "detail"] = "normal"


class Table(msgspec.Struct, tag_field="kind", tag="table", frozen=True):
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


class Signatures(msgspec.Struct, tag_field="kind", tag="signatures", frozen=True):
    items: tuple[str, ...]


Block = Heading | Paragraph | Facts | Table | Signatures


class Document(msgspec.Struct, frozen=True):
    """A whole document. `page_text` holds `{page}` and `{pages}`."""

    language: str
    title: str
    subtitle: str
    running_head: str
    running_mark: str
    footer: str
    page_text: str
    blocks: tuple[Block, ...]


def row(*texts: str | Cell, kind: Literal["normal", "total", "detail"] = "normal") -> Row:
    """A row of plain texts."""
    return Row(tuple(Cell(text) if isinstance(text, str) else text for text in texts), kind)


def facts(pairs: Sequence[tuple[str, str]], wide: Sequence[str] = ()) -> Facts:
    """Facts out of (label, value); the labels in `wide` take a whole line."""
    return Facts(tuple(Fact(label, value, label in wide) for label, value in pairs))

"""Tables that banks and wallets hand to their customers: facts above, a heading, rows, a footer; CSV, XLS or XLSX."""

from __future__ import annotations

import csv
import datetime
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import python_calamine

from loantrail.errors import FileUnreadable, Place
from loantrail.sources.encoding import recognise_encoding
from loantrail.sources.model import HEAD_BYTES, SourceFile

EXPORT_BYTES_MAX: Final = 268_435_456
"""An export is read as a whole: its order and its footer count for every row."""
HEADING_WITHIN: Final = 100
"""Rows in which the heading must come."""
SPREADSHEETS: Final = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")
EXACT_FIGURES: Final = 15
"""A binary number of a spreadsheet stands for exactly one decimal number of so many figures."""


@dataclass(slots=True)
class Row:
    """One record below the heading. `cells` by column name, white space taken off."""

    position: int
    cells: dict[str, str]
    original: bytes

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def text(self, column: str) -> str | None:
        """The cell, or None where it is empty or a dash or stroke that stands for nothing."""
        value = self.cells.get(column, "")
        return value if value and value not in ("/", "-", "--") else None


@dataclass(slots=True)
class Export:
    """A table as found: everything above its heading as text, its columns, rows and footers."""

    above: list[list[str]]
    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list[Row])
    footers: list[Row] = field(default_factory=list[Row])
    undecodable: list[Row] = field(default_factory=list[Row])
    ignored_sheets: list[str] = field(default_factory=list[str])
    bytes_read: int = 0

    def fact(self, *names: str) -> str | None:
        """What stands behind one of the names above the heading, in the same cell (`名称：值`) or the next."""
        for row in self.above:
            for index, cell in enumerate(row):
                plain = "".join(cell.split())
                for name in names:
                    if not plain.startswith(name):
                        continue
                    value = plain.removeprefix(name).lstrip("：:").strip("[]")
                    if not value and index + 1 < len(row):
                        value = row[index + 1].strip()
                    if value:
                        return value
        return None


def heading_score(path: Path, head: bytes, columns: Sequence[str]) -> int:
    """90 when the file begins with a table of these columns, else 0; never raises."""
    try:
        if head.startswith(SPREADSHEETS):
            if path.stat().st_size > EXPORT_BYTES_MAX:
                return 0
            sheets = (rows for _, rows in _sheets(path, path.name))
            return 90 if any(_heading_at(rows, columns) is not None for rows in sheets) else 0
        text = head.decode(recognise_encoding(head), errors="replace")
    except (FileUnreadable, OSError):
        return 0
    return 90 if all(column in text for column in columns) else 0


def read_export(source: SourceFile, columns: Sequence[str], footer_marks: Sequence[str] = ()) -> Export:
    """The table with these columns. A row that begins with one of `footer_marks` is a footer.

    Raises FileUnreadable for an empty file, one that is too large or of no known encoding, and one without the
    heading.
    """
    place = Place(source.name)
    try:
        size = source.path.stat().st_size
        if size > EXPORT_BYTES_MAX:
            raise FileUnreadable(
                f"the export has {size} bytes, at most {EXPORT_BYTES_MAX} can be read",
                place,
                "Export fewer months",
            )
        data = source.path.read_bytes()
    except OSError as problem:
        raise FileUnreadable(f"cannot be read ({problem.strerror})", place, "Check the path") from None
    if not data.strip():
        raise FileUnreadable("the file is empty", place, "Export it again")
    export: Export | None = None
    if data.startswith(SPREADSHEETS):
        for name, rows in _sheets(source.path, source.name):
            at = _heading_at(rows, columns)
            if at is not None and export is None:
                export = _table(rows, at, footer_marks)
            elif at is not None and export is not None:
                export.ignored_sheets.append(name)
    else:
        encoding = source.options.get("encoding") or recognise_encoding(data[:HEAD_BYTES], source.name)
        try:
            rows = list(_csv_rows(data.decode(encoding, errors="replace")))
        except LookupError:
            raise FileUnreadable(
                f"there is no encoding called {encoding}", place, "Use utf-8 or gb18030"
            ) from None
        at = _heading_at(rows, columns)
        export = None if at is None else _table(rows, at, footer_marks)
    if export is None:
        raise FileUnreadable(
            f"no heading with the columns {', '.join(columns)}", place, "Export it again, without changing it"
        )
    export.bytes_read = size
    return export


_Cells = tuple[list[str], bytes]


def _csv_rows(text: str) -> Iterator[_Cells]:
    lines = text.splitlines(keepends=True)
    reader = csv.reader(lines)
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = ["\ufffd"]  # unreadable as a row: refused as such
        original = "".join(lines[before : reader.line_num]).encode()
        before = reader.line_num
        yield [cell.strip(" \t\r\n\ufeff\u3000") for cell in cells], original


def _sheets(path: Path, name: str) -> Iterator[tuple[str, list[_Cells]]]:
    """The sheets of a workbook, each with its rows as text."""
    damaged = FileUnreadable("the workbook is damaged or protected", Place(name), "Export it again")
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(part.file_size for part in archive.infolist()) > EXPORT_BYTES_MAX:
                    raise FileUnreadable(
                        "the workbook unpacks to too much", Place(name), "Export fewer months"
                    )
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        for sheet in workbook.sheet_names:
            table = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            rows = [[_cell_text(cell) for cell in row] for row in cast("list[list[object]]", table)]
            yield sheet, [(row, "\t".join(row).encode()) for row in rows]
    except (FileUnreadable, GeneratorExit):
        raise
    except Exception:
        raise damaged from None
    except BaseException as problem:
        # the reader's own failures on damaged files come as a panic, which is no Exception
        if type(problem).__name__ != "PanicException":
            raise
        raise damaged from None


def _cell_text(cell: object) -> str:
    """A cell as text. Numbers are stored in binary; their shortest decimal form is what was typed, up to 15
    figures. A longer one is left unreadable on purpose."""
    if isinstance(cell, float):
        shown = repr(cell)
        if sum(figure.isdigit() for figure in shown.partition("e")[0]) > EXACT_FIGURES + 2:
            return f"{shown} (not exact)"
        return shown.removesuffix(".0")
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    return str(cell).strip(" \t\r\n\ufeff\u3000")


def _heading_at(rows: Sequence[_Cells], columns: Sequence[str]) -> int | None:
    for index, (cells, _) in enumerate(rows[:HEADING_WITHIN]):
        if all(column in cells for column in columns):
            return index
    return None


def _table(rows: Sequence[_Cells], at: int, footer_marks: Sequence[str]) -> Export:
    columns = tuple(rows[at][0])
    export = Export([cells for cells, _ in rows[:at]], columns)
    position = 0
    for cells, original in rows[at + 1 :]:
        first = next((cell for cell in cells if cell), "")
        if not first or set(first) <= {"-"}:
            continue
        named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        if first.startswith(tuple(footer_marks)) or ("合计" in first and not first[0].isdigit()):
            export.footers.append(Row(0, named, original))
            continue
        position += 1
        row = Row(position, named, original)
        (export.undecodable if any("\ufffd" in cell for cell in cells) else export.rows).append(row)
    return export


def newest_first(moments: Sequence[str]) -> bool:
    """Whether the rows run from new to old: more steps go back than forward."""
    steps = [(earlier > later) - (earlier < later) for earlier, later in itertools.pairwise(moments)]
    return sum(steps) > 0

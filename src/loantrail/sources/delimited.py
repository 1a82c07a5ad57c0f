"""Delimited text (CSV) of any size as blocks of text columns; the memory it takes does not grow with the file.

A block without quotes, whose lines all have as many fields as the header, goes through polars at once. Any other
is read line by line, so that a damaged line is refused by itself and costs none of its neighbours.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, overload

import numpy as np
import polars as pl

from loantrail.errors import FileUnreadable, Place
from loantrail.sources.encoding import GB18030, UTF_8, UTF_8_BOM, recognise_encoding, undecodable_at
from loantrail.sources.model import HEAD_BYTES, Refusal

BLOCK_BYTES: Final = 16 * 2**20
LINE_BYTES_MAX: Final = 16 * 2**20
"""A longer line is refused without being held in memory."""
RECORD_LINES_MAX: Final = 1000
"""Physical lines that one record with line breaks in quotes may span."""
ORIGINAL_BYTES_MAX: Final = 64 * 2**10
"""How much of a refused line is kept."""
DELIMITERS: Final = ",;\t|"
_END: Final = "\x01end of block"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of a file are cut."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    header_lines: int
    """Physical lines before the first record."""
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records of a file."""

    texts: pl.DataFrame
    """One String column per column of the layout; an empty value is null."""
    positions: pl.Series
    """1-based number of each record in the file, header and blank lines not counted."""
    originals: Sequence[bytes]
    refusals: tuple[Refusal, ...]
    bytes_read: int


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Header cells as names: stripped, and a name that occurs again gets `.1`, `.2`, ..."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for cell in cells:
        name = cell.strip().strip("\ufeff")
        count = seen.get(name, 0)
        seen[name] = count + 1
        names.append(f"{name}.{count}" if count else name)
    return tuple(names)


def find_layout(
    head: bytes,
    name: str,
    *,
    is_header: Callable[[tuple[str, ...]], bool] = lambda columns: len(columns) > 1,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Layout | None:
    """The layout of a file that begins with `head`: its header is the first of its first 100 lines whose columns
    `is_header` accepts. None when there is none. Raises FileUnreadable when the encoding is not known."""
    encoding = encoding or recognise_encoding(head, name)
    text = head.decode(encoding, errors="replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:100]
    for number, line in enumerate(lines):
        if not line.strip() or len(line) > ORIGINAL_BYTES_MAX:
            continue
        for candidate in (delimiter,) if delimiter else DELIMITERS:
            try:
                cells = next(csv.reader([line], delimiter=candidate), [])
            except csv.Error:
                continue
            columns = column_names(cells)
            if is_header(columns):
                return Layout(encoding, candidate, columns, header_lines=number + 1)
    return None


def read_delimited(path: Path, name: str, layout: Layout, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The records of the file, block by block, in order.

    Raises FileUnreadable when the file cannot be opened or holds a header and no record.
    """
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise FileUnreadable(
            f"cannot be opened ({problem.strerror})", Place(name), "Check the path"
        ) from None
    with stream:
        reader = _Reader(name, layout)
        for data, bytes_read, is_last in _blocks(stream, layout, block_bytes, reader):
            block = reader.block(data, bytes_read, is_last=is_last)
            if block is not None:
                yield block
        if reader.pending:
            block = reader.block(b"", stream.tell(), is_last=True)
            if block is not None:
                yield block
        if reader.records == 0:
            raise FileUnreadable("the file has a header and no record", Place(name), "Export it again")


def _blocks(
    stream: BinaryIO, layout: Layout, block_bytes: int, reader: _Reader
) -> Iterator[tuple[bytes, int, bool]]:
    """Whole lines of about `block_bytes`, line ends as LF, the header's lines left out."""
    skip = layout.header_lines
    if layout.encoding == UTF_8_BOM:
        stream.read(3)
    first = stream.read(min(block_bytes, HEAD_BYTES))
    only_cr = b"\r" in first and b"\n" not in first
    rest = b""
    piece = first
    while piece or rest:
        if only_cr:
            piece = piece.replace(b"\r", b"\n")
        data = rest + piece
        is_last = not piece
        end = len(data) if is_last else data.rfind(b"\n") + 1
        if end == 0 and len(data) > LINE_BYTES_MAX:
            reader.refuse_long_line(data)
            rest = _skip_line(stream)
            piece = stream.read(block_bytes)
            continue
        lines, rest = data[:end], data[end:]
        while skip and lines:
            _, _, lines = lines.partition(b"\n")
            skip -= 1
        if lines or (is_last and reader.carried):
            yield lines.replace(b"\r\n", b"\n"), stream.tell() - len(rest), is_last
        if is_last:
            return
        piece = stream.read(block_bytes)
    if reader.carried:
        yield b"", stream.tell(), True


def _skip_line(stream: BinaryIO) -> bytes:
    """Read on past the end of the line, holding one piece of it at a time; what follows it in that piece."""
    while piece := stream.read(BLOCK_BYTES):
        _, found, after = piece.partition(b"\n")
        if found:
            return after
    return b""


@dataclass(slots=True)
class _Reader:
    name: str
    layout: Layout
    records: int = 0
    carried: bytes = b""
    """The beginning of a record whose quotes were still open at the end of a block."""
    pending: list[Refusal] = field(default_factory=list[Refusal])

    def refuse(self, column: int, reason: str, message: str, original: bytes) -> None:
        """Count one record and refuse it for what is wrong at the column of that index."""
        self.records += 1
        name = self.layout.columns[min(max(column, 0), len(self.layout.columns) - 1)]
        self.pending.append(
            Refusal(self.name, self.records, name, reason, message, original[:ORIGINAL_BYTES_MAX])
        )

    def refuse_long_line(self, data: bytes) -> None:
        self.refuse(
            data[:LINE_BYTES_MAX].count(self.layout.delimiter.encode()),
            "line_too_long",
            f"the line is longer than {LINE_BYTES_MAX // 2**20} MiB; check the file's line ends",
            data,
        )

    def block(self, lines: bytes, bytes_read: int, *, is_last: bool) -> Block | None:
        data, self.carried = self.carried + lines, b""
        first = self.records + 1
        texts = self._all_at_once(data)
        if texts is not None:
            self.records += len(texts)
            numbers = pl.Series("position", range(first, first + len(texts)), dtype=pl.Int64)
            originals: Sequence[bytes] = Lines(data)
        else:
            rows, numbers_found, found = self._line_by_line(data, is_last=is_last)
            width = len(self.layout.columns)
            by_column = list(zip(*rows, strict=True)) if rows else [()] * width
            texts = pl.DataFrame(
                {
                    column: pl.Series(values, dtype=pl.String)
                    for column, values in zip(self.layout.columns, by_column, strict=True)
                }
            )
            numbers, originals = pl.Series("position", numbers_found, dtype=pl.Int64), found
        refusals, self.pending = tuple(self.pending), []
        if texts.is_empty() and not refusals:
            return None
        return Block(texts, numbers, originals, refusals, bytes_read)

    def _all_at_once(self, data: bytes) -> pl.DataFrame | None:
        """The block through polars, when nothing in it needs a closer look."""
        if not data or (self.layout.quoted and b'"' in data) or b"\r" in data:
            return None
        encoding = self.layout.encoding
        if encoding in (UTF_8, UTF_8_BOM):
            utf_8 = data
        else:
            try:
                utf_8 = data.decode(encoding).encode()
            except UnicodeDecodeError:
                return None
        if not self._is_regular(utf_8):
            return None
        try:
            texts = pl.read_csv(
                BytesIO(utf_8),
                has_header=False,
                separator=self.layout.delimiter,
                quote_char=None,
                schema=dict.fromkeys(self.layout.columns, pl.String),
            )
        except pl.exceptions.PolarsError:
            return None  # bytes that are not UTF-8: the closer look names their lines
        empty = pl.all().is_null() | (pl.all().str.strip_chars() == "")
        first_empty = texts.filter(pl.first().is_null() | (pl.first().str.strip_chars() == ""))
        if first_empty.select(pl.all_horizontal(empty).any()).item():
            return None  # lines of nothing but delimiters are blank lines
        return texts

    def _is_regular(self, data: bytes) -> bool:
        """Whether every line has as many fields as the header, and none is blank."""
        content = np.frombuffer(data, dtype=np.uint8)
        ends = np.flatnonzero(content == ord("\n"))
        starts = np.concatenate(([0], ends + 1))
        if starts[-1] == len(content):
            starts = starts[:-1]
        lengths = np.diff(np.concatenate((starts, [len(content)])))
        if not len(starts) or int(lengths.max()) > LINE_BYTES_MAX or int(lengths.min()) < 2:
            return False
        wanted = len(self.layout.columns) - 1
        if data.count(self.layout.delimiter.encode()) != wanted * len(starts):
            return False
        # as many as all lines need together: each has its own when none begins or ends outside its line
        delimiters = np.flatnonzero(content == ord(self.layout.delimiter)).reshape(-1, max(wanted, 1))
        if wanted == 0:
            return True
        return bool((delimiters[:, 0] >= starts).all() and (delimiters[:, -1] < starts + lengths).all())

    def _line_by_line(
        self, data: bytes, *, is_last: bool
    ) -> tuple[list[list[str | None]], list[int], list[bytes]]:
        lines = data.split(b"\n")
        if lines and not lines[-1]:
            lines.pop()
        texts = [self._decoded(line) for line in lines]
        rows: list[list[str | None]] = []
        numbers: list[int] = []
        originals: list[bytes] = []
        at = 0
        while at < len(lines):
            for cells, begin, end, closed in self._records(texts, at):
                at = end
                if not closed and end == len(lines) and not is_last and end - begin < RECORD_LINES_MAX:
                    self.carried = b"\n".join(lines[begin:]) + b"\n"
                    break
                if not closed or (end - begin > 1 and len(cells) != len(self.layout.columns)):
                    # only the first line is to blame: what follows it is read again
                    self.refuse(
                        lines[begin].partition(b'"')[0].count(self.layout.delimiter.encode()),
                        "quote_not_closed",
                        "a quotation mark opens a field and does not close it; correct the line",
                        lines[begin],
                    )
                    at = begin + 1
                    break
                if texts[begin] is None:
                    self._refuse_encoding(lines[begin])
                elif self._refuse_shape(cells, b"\n".join(lines[begin:end])):
                    pass
                elif any(cell.strip() for cell in cells):
                    self.records += 1
                    rows.append([cell or None for cell in cells])
                    numbers.append(self.records)
                    originals.append(b"\n".join(lines[begin:end]))
            else:
                at = len(lines)
            if self.carried:
                break
        return rows, numbers, originals

    def _decoded(self, line: bytes) -> str | None:
        encoding = UTF_8 if self.layout.encoding == UTF_8_BOM else self.layout.encoding
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            return None

    def _refuse_encoding(self, line: bytes) -> None:
        other = GB18030 if self.layout.encoding in (UTF_8, UTF_8_BOM) else UTF_8
        at = undecodable_at(line + b"\n", self.layout.encoding) or 0
        self.refuse(
            line[:at].count(self.layout.delimiter.encode()),
            "encoding_wrong",
            f"the line is not {self.layout.encoding}, in which the file begins; if it is {other}, convert it",
            line,
        )

    def _refuse_shape(self, cells: list[str], original: bytes) -> bool:
        """Refuse a record that has another number of fields than the header, or is too long."""
        width = len(self.layout.columns)
        if len(original) > LINE_BYTES_MAX:
            self.refuse_long_line(original)
        elif len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]  # a delimiter at the end of the line is a habit of many exports
            return False
        elif len(cells) != width and any(cell.strip() for cell in cells):
            reason = "fields_too_many" if len(cells) > width else "fields_too_few"
            self.refuse(
                len(cells),
                reason,
                f"the line has {len(cells)} fields, the header {width}; correct it",
                original,
            )
        elif len(cells) != width:
            cells.clear()
            return False
        else:
            return False
        return True

    def _records(self, texts: list[str | None], at: int) -> Iterator[tuple[list[str], int, int, bool]]:
        """Cells, first line, line after the last, and whether quotes were closed, from line `at` on."""
        taken = begin = at
        stopped = False

        def feed() -> Iterator[str]:
            nonlocal taken, stopped
            while taken < len(texts):
                if taken - begin >= RECORD_LINES_MAX:
                    stopped = True
                    return
                text = texts[taken]
                taken += 1
                yield "\n" if text is None else text + "\n"
            yield _END

        quoting = csv.QUOTE_MINIMAL if self.layout.quoted else csv.QUOTE_NONE
        reader = csv.reader(feed(), delimiter=self.layout.delimiter, quoting=quoting)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error:
                yield [], begin, taken, False
                return
            if cells is None or cells == [_END]:
                return
            closed = not stopped and not (cells and cells[-1].endswith(_END))
            yield cells, begin, taken, closed
            if not closed:
                return
            begin = taken


class Lines(Sequence[bytes]):
    """The lines of a block; their ends are only looked for when one is asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines: list[bytes] | None = None

    def _all(self) -> list[bytes]:
        if self._lines is None:
            self._lines = self._data.removesuffix(b"\n").split(b"\n")
        return self._lines

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

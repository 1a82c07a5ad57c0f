"""Delimited text of any size: a damaged line is refused by itself and costs none of its neighbours."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from loantrail.errors import FileUnreadable
from loantrail.sources import delimited
from loantrail.sources.delimited import Block, find_layout, read_delimited
from loantrail.sources.encoding import decode_text, recognise_encoding, recognise_file_encoding
from loantrail.sources.model import HEAD_BYTES


def blocks_of(path: Path, block_bytes: int = delimited.BLOCK_BYTES) -> list[Block]:
    head = path.read_bytes()[:HEAD_BYTES]
    encoding = recognise_file_encoding(path, head, path.name)
    layout = find_layout(head, path.name, encoding=encoding)
    assert layout is not None
    return list(read_delimited(path, path.name, layout, block_bytes))


def rows_of(blocks: list[Block]) -> list[tuple[object, ...]]:
    """(position, cells...) of every record."""
    return [
        (position, *row)
        for block in blocks
        for position, row in zip(block.positions.to_list(), block.texts.iter_rows(), strict=True)
    ]


def refused(blocks: list[Block]) -> list[tuple[int, str, str]]:
    return [(r.position, r.field, r.reason) for block in blocks for r in block.refusals]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "lines.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("block_bytes", [7, 64, delimited.BLOCK_BYTES])
def test_quotes_blank_lines_and_line_ends_are_read_whatever_the_block_size(
    tmp_path: Path, block_bytes: int
) -> None:
    text = 'a,b\r\n1,x\r\n\r\n2,"y, ""z"""\r\n3,"two\r\nlines"\r\n   \r\n4,\r\n'
    blocks = blocks_of(write(tmp_path, text.encode()), block_bytes)
    assert rows_of(blocks) == [(1, "1", "x"), (2, "2", 'y, "z"'), (3, "3", "two\nlines"), (4, "4", None)]
    assert refused(blocks) == []


@settings(max_examples=25, deadline=None)
@given(
    rows=some.lists(
        some.tuples(*[some.text(alphabet='ab甲,;"\n ', max_size=6)] * 3), min_size=1, max_size=20
    ),
    encoding=some.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    block_bytes=some.integers(min_value=1, max_value=200),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    encoding: str,
    block_bytes: int,
) -> None:
    rows = [("甲", "x", "y"), *rows]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("一", "二", "三"), *rows])
    path = tmp_path_factory.mktemp("written") / "rows.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    blocks = blocks_of(path, block_bytes)
    kept = [tuple(cell or None for cell in row) for row in rows if any(cell.strip() for cell in row)]
    assert [row[1:] for row in rows_of(blocks)] == kept
    assert [row[0] for row in rows_of(blocks)] == list(range(1, len(kept) + 1))
    assert refused(blocks) == []


@pytest.mark.parametrize("block_bytes", [16, delimited.BLOCK_BYTES])
def test_a_damaged_line_costs_none_of_its_neighbours(tmp_path: Path, block_bytes: int) -> None:
    lines = [b"a,b,c", b"1,x,y", b"2,x", b"3,x,y,z", b'4,x,"open', b"5,x,y", b"6,\xff\xfe,y", b"7,x,y,,"]
    blocks = blocks_of(write(tmp_path, b"\n".join(lines)), block_bytes)
    assert rows_of(blocks) == [(1, "1", "x", "y"), (5, "5", "x", "y"), (7, "7", "x", "y")]
    assert refused(blocks) == [
        (2, "c", "fields_too_few"),
        (3, "c", "fields_too_many"),
        (4, "c", "quote_not_closed"),
        (6, "b", "encoding_wrong"),
    ]
    originals = {r.position: r.original for block in blocks for r in block.refusals}
    assert originals == {2: lines[2], 3: lines[3], 4: lines[4], 6: lines[6]}


def test_an_open_quote_does_not_swallow_the_rest_of_the_file(tmp_path: Path) -> None:
    lines = ["a,b", '1,"open', *(f"{number},x" for number in range(2, 5000))]
    blocks = blocks_of(write(tmp_path, "\n".join(lines).encode()))
    assert refused(blocks) == [(1, "b", "quote_not_closed")]
    assert [row[0] for row in rows_of(blocks)] == list(range(2, 5000))


def test_a_line_that_never_ends_is_refused_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "LINE_BYTES_MAX", 1000)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 500)
    path = write(tmp_path, b"a,b\n1,x\n2," + b"y" * 50_000 + b"\n3,z\n4," + b"w" * 2000)
    blocks = blocks_of(path, 500)
    assert rows_of(blocks) == [(1, "1", "x"), (3, "3", "z")]
    assert refused(blocks) == [(2, "b", "line_too_long"), (4, "b", "line_too_long")]
    assert all(len(r.original) < 3000 for block in blocks for r in block.refusals)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("账号,金额\n".encode(), "utf-8"),
        ("账号,金额\n".encode("utf-8-sig"), "utf-8-sig"),
        ("账号,金额\n".encode("gb18030"), "gb18030"),
        (b"plain,ascii\n", "utf-8"),
        ("账号".encode() + "账".encode()[:2], "utf-8"),
        ("账号".encode("gb18030") + "账".encode("gb18030")[:1], "gb18030"),
        ("账号,金额\n".encode("gb18030") * 50 + b"\xff\xff\n", "gb18030"),
    ],
)
def test_the_encoding_is_recognised(content: bytes, encoding: str) -> None:
    assert recognise_encoding(content) == encoding


def test_an_encoding_that_is_neither_is_named_with_its_row() -> None:
    with pytest.raises(FileUnreadable, match=r"old\.csv, row 2: .*neither UTF-8 nor GB18030"):
        recognise_encoding(b"a,b\n\xff\xff\xff,\xff\n\xff\xff\n", "old.csv")
    with pytest.raises(FileUnreadable, match="UTF-16"):
        recognise_encoding("账号".encode("utf-16"), "excel.csv")
    with pytest.raises(FileUnreadable, match=r"mixed\.txt, row 3: a byte is not utf-8"):
        decode_text("甲\n乙\n".encode() + "丙".encode("gb18030"), "mixed.txt", "utf-8")


def test_a_file_that_begins_in_ascii_is_read_on_to_its_first_chinese_character(tmp_path: Path) -> None:
    content = "a,b\n" + "1,x\n" * 40_000 + "2,货款\n"
    path = write(tmp_path, content.encode("gb18030"))
    assert len(content) > HEAD_BYTES
    blocks = blocks_of(path)
    assert rows_of(blocks)[-1] == (40_001, "2", "货款")
    assert refused(blocks) == []


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (block,) = blocks_of(write(tmp_path, b"Account,Bank,Account\n1,2,3\n"))
    assert block.texts.columns == ["Account", "Bank", "Account.1"]
    assert block.texts.schema == dict.fromkeys(block.texts.columns, pl.String)


def test_a_header_without_a_record_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="header and no record"):
        blocks_of(write(tmp_path, b"a,b\n\n"))
